/*
 * view_json.c -- a json-c value as a frame of a template, for `foyer render` and the tests.
 * Owns: nothing; the JSON must outlive the frame. Never: used for the product's own pages, which
 * are bound to query results without a copy.
 */
#include "view_internal.h"

#include <json-c/json.h>

struct json_item {
    struct frame base;
    struct arena *arena;
    struct json_object *json;
};

static struct val json_val(struct arena *a, struct json_object *json);

static struct val json_find(const struct frame *f, name_id name)
{
    const struct json_item *item = (const void *)f;
    struct json_object *found;
    if (!json_object_is_type(item->json, json_type_object) ||
        !json_object_object_get_ex(item->json, name_text(name).p, &found))
        return (struct val){.kind = VAL_MISSING};
    return json_val(item->arena, found);
}

static struct val json_itself(const struct frame *f)
{
    const struct json_item *item = (const void *)f;
    return json_val(item->arena, item->json);
}

const struct frame *json_frame(struct arena *a, void *json_object)
{
    static const struct frame_ops ops = {json_find, json_itself};
    struct json_item *item = arena_alloc(a, sizeof *item);
    *item = (struct json_item){{&ops}, a, json_object};
    return &item->base;
}

static const struct frame *json_list_item(struct arena *a, const void *self, size_t i,
                                          const struct frame *outer)
{
    (void)outer;
    return json_frame(a, json_object_array_get_idx(self, i));
}

static struct val json_val(struct arena *a, struct json_object *json)
{
    static const struct list_ops list_ops = {json_list_item};
    switch (json_object_get_type(json)) {
    case json_type_boolean:
        return (struct val){.kind = VAL_BOOL, .b = json_object_get_boolean(json)};
    case json_type_double:
        return (struct val){.kind = VAL_REAL, .d = json_object_get_double(json)};
    case json_type_int:
        return (struct val){.kind = VAL_INT, .i = json_object_get_int64(json)};
    case json_type_string:
        return (struct val){
            .kind = VAL_TEXT,
            .s = {json_object_get_string(json), (size_t)json_object_get_string_len(json)}};
    case json_type_array:
        return (struct val){.kind = VAL_LIST,
                            .list = {&list_ops, json, json_object_array_length(json)}};
    case json_type_object:
        return (struct val){.kind = VAL_FRAME, .frame = json_frame(a, json)};
    default:
        return (struct val){.kind = VAL_NULL};
    }
}
