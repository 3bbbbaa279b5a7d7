/*
 * json_read.c -- JSON that comes from outside: strict, bounded, whole.
 * Owns: nothing; what is read goes with the arena.
 */
#include "json_read.h"

#include <json-c/json.h>

static void release(void *what) { json_object_put(what); }

enum err json_read(struct arena *a, struct str text, size_t most, int nesting,
                   struct json_object **out)
{
    if (text.n == 0 || text.n > most || text.n > INT32_MAX || !str_utf8_ok(text))
        return ERR_INVALID;
    struct json_tokener *tokener = json_tokener_new_ex(nesting);
    if (!tokener)
        return ERR_INTERNAL;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    struct json_object *object = json_tokener_parse_ex(tokener, text.p, (int)text.n);
    bool whole = json_tokener_get_error(tokener) == json_tokener_success &&
                 json_tokener_get_parse_end(tokener) == text.n;
    json_tokener_free(tokener);
    if (object)
        arena_defer(a, release, object);
    *out = object;
    return whole && json_object_is_type(object, json_type_object) ? OK : ERR_INVALID;
}

struct json_object *json_object_in(struct arena *a, struct str text)
{
    struct json_object *object;
    return json_read(a, text, INT32_MAX, 16, &object) == OK ? object : NULL;
}

struct str json_text(struct json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return S("");
    struct str s = {json_object_get_string(value), (size_t)json_object_get_string_len(value)};
    return memchr(s.p, '\0', s.n) ? S("") : s;
}

struct str json_member(struct json_object *object, const char *name)
{
    struct json_object *value;
    return json_object_object_get_ex(object, name, &value) ? json_text(value) : S("");
}
