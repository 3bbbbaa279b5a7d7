/*
 * view_json.c -- a json-c object as a frame, for `foyer render` and the specification's tests.
 * Owns: what JSON values mean to a template: false, null, "" and [] are false; 0 prints and is true.
 */
#include <json-c/json.h>

#include "view.h"

struct json_view {
    struct frame base;
    struct json_object *object;
    struct arena *arena;
};

static const struct frame *frame_of(struct arena *a, struct json_object *o);

static const struct frame *item(struct arena *a, const void *self, size_t i,
                                const struct frame *outer)
{
    (void)outer;
    return frame_of(a, json_object_array_get_idx((struct json_object *)(uintptr_t)self, i));
}

static struct val val_of(struct arena *a, struct json_object *o)
{
    static const struct list_ops list_ops = {item};
    switch (json_object_get_type(o)) {
    case json_type_boolean:
        return (struct val){.kind = VAL_BOOL, .b = json_object_get_boolean(o)};
    case json_type_int:
        return (struct val){.kind = VAL_INT, .i = json_object_get_int64(o)};
    case json_type_double:
        return (struct val){.kind = VAL_REAL, .d = json_object_get_double(o)};
    case json_type_string:
        return (struct val){.kind = VAL_TEXT,
                            .s = {json_object_get_string(o),
                                  (size_t)json_object_get_string_len(o)}};
    case json_type_array:
        return (struct val){.kind = VAL_LIST,
                            .list = {&list_ops, o, json_object_array_length(o)}};
    case json_type_object:
        return (struct val){.kind = VAL_FRAME, .frame = frame_of(a, o)};
    default:
        return (struct val){.kind = VAL_NULL};
    }
}

static struct val find(const struct frame *f, name_id name)
{
    const struct json_view *j = (const struct json_view *)f;
    struct json_object *value;
    if (json_object_get_type(j->object) != json_type_object ||
        !json_object_object_get_ex(j->object, arena_cstr(j->arena, name_text(name)), &value))
        return (struct val){.kind = VAL_MISSING};
    return val_of(j->arena, value);
}

static struct val itself(const struct frame *f)
{
    const struct json_view *j = (const struct json_view *)f;
    return val_of(j->arena, j->object);
}

static const struct frame *frame_of(struct arena *a, struct json_object *o)
{
    static const struct frame_ops ops = {find, itself};
    struct json_view *j = arena_alloc(a, sizeof *j);
    *j = (struct json_view){{&ops}, o, a};
    return &j->base;
}

const struct frame *json_frame(struct arena *a, void *json_object) { return frame_of(a, json_object); }
