/*
 * json_read.h -- JSON that comes from outside, read strictly. Implementation: cgi-src/core/json_read.c, over json-c.
 */
#ifndef FOYER_JSON_READ_H
#define FOYER_JSON_READ_H
#include "base.h"

struct json_object;
/*
 * json_read -- a text that is one JSON object and nothing besides.
 * In:     most, bytes; nesting, levels.
 * Out:    *out, released with the arena.
 * Errors: ERR_INVALID anything else: too long or deep, no UTF-8, not an object; ERR_INTERNAL no memory.
 */
enum err MUST_CHECK json_read(struct arena *a, struct str text, size_t most, int nesting,
                              struct json_object **out);
/* The same where something else bounds the text: sixteen levels, and NULL for whatever is wrong. */
struct json_object *json_object_in(struct arena *a, struct str text);
/* A member that is a text; "" when it is missing, something else, or holds a NUL. It lives as the object does. */
struct str json_member(struct json_object *object, const char *name);
/* The same of a value. */
struct str json_text(struct json_object *value);
#endif
