/*
 * strokes.c -- a signature drawn by hand, read from hostile bytes.
 * Owns: the bounds of what counts as strokes. Never: trusts a number, a count or a size.
 */
#include "strokes.h"

#include <json-c/json.h>

#include "json_read.h"

enum { MAX_JSON = 160 * 1024, MAX_NESTING = 6 };

static bool int_within(struct json_object *value, int max, int *out)
{
    if (!json_object_is_type(value, json_type_int))
        return false;
    int64_t n = json_object_get_int64(value);
    *out = (int)n;
    return n >= 0 && n <= max;
}

static bool member_is(struct json_object *object, const char *name, int expected)
{
    struct json_object *value;
    int n;
    return json_object_object_get_ex(object, name, &value) && int_within(value, expected, &n) &&
           n == expected;
}

static enum err parse_point(struct json_object *json, struct stroke_point *p)
{
    if (!json_object_is_type(json, json_type_array) || json_object_array_length(json) != 4)
        return ERR_INVALID;
    bool fine = int_within(json_object_array_get_idx(json, 0), STROKES_WIDTH, &p->x) &&
                int_within(json_object_array_get_idx(json, 1), STROKES_HEIGHT, &p->y) &&
                int_within(json_object_array_get_idx(json, 2), STROKES_MAX_TIME, &p->time) &&
                int_within(json_object_array_get_idx(json, 3), STROKES_MAX_PRESSURE, &p->pressure);
    return fine ? OK : ERR_INVALID;
}

static enum err parse_stroke(struct arena *a, struct json_object *json, size_t *room,
                             struct stroke *out)
{
    if (!json_object_is_type(json, json_type_array))
        return ERR_INVALID;
    size_t n = json_object_array_length(json);
    if (n == 0 || n > *room)
        return ERR_INVALID;
    *room -= n;
    struct stroke_point *points = arena_alloc(a, n * sizeof *points);
    for (size_t i = 0; i < n; i++)
        if (parse_point(json_object_array_get_idx(json, i), &points[i]))
            return ERR_INVALID;
    *out = (struct stroke){points, n};
    return OK;
}

enum err strokes_parse(struct arena *a, struct str text, struct strokes *out)
{
    struct json_object *object, *list;
    enum err e = json_read(a, text, MAX_JSON, MAX_NESTING, &object);
    if (e)
        return e;
    if (!member_is(object, "v", 1) || !member_is(object, "w", STROKES_WIDTH) ||
        !member_is(object, "h", STROKES_HEIGHT) ||
        !json_object_object_get_ex(object, "strokes", &list) ||
        !json_object_is_type(list, json_type_array))
        return ERR_INVALID;

    size_t n = json_object_array_length(list), room = STROKES_MAX_POINTS;
    if (n > STROKES_MAX)
        return ERR_INVALID;
    *out = (struct strokes){arena_alloc(a, (n + 1) * sizeof *out->items), n};
    for (size_t i = 0; i < n; i++)
        if (parse_stroke(a, json_object_array_get_idx(list, i), &room, &out->items[i]))
            return ERR_INVALID;
    return OK;
}

bool strokes_blank(const struct strokes *s)
{
    int left = STROKES_WIDTH, right = 0, top = STROKES_HEIGHT, bottom = 0;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->items[i].n; k++) {
            const struct stroke_point *p = &s->items[i].points[k];
            left = p->x < left ? p->x : left;
            right = p->x > right ? p->x : right;
            top = p->y < top ? p->y : top;
            bottom = p->y > bottom ? p->y : bottom;
        }
    return right - left < STROKES_MIN_SPAN && bottom - top < STROKES_MIN_SPAN;
}

struct str strokes_json(struct arena *a, const struct strokes *s)
{
    struct buf b = buf_in(a, 4096);
    buf_printf(&b, "{\"v\":1,\"w\":%d,\"h\":%d,\"strokes\":[", STROKES_WIDTH, STROKES_HEIGHT);
    for (size_t i = 0; i < s->n; i++) {
        buf_addz(&b, i ? ",[" : "[");
        for (size_t k = 0; k < s->items[i].n; k++) {
            const struct stroke_point *p = &s->items[i].points[k];
            buf_printf(&b, "%s[%d,%d,%d,%d]", k ? "," : "", p->x, p->y, p->time, p->pressure);
        }
        buf_addc(&b, ']');
    }
    buf_addz(&b, "]}");
    return buf_str(&b);
}

struct str stroke_points(struct arena *a, const struct stroke *s)
{
    struct buf b = buf_in(a, s->n * 8 + 16);
    for (size_t i = 0; i < s->n; i++)
        buf_printf(&b, "%s%d,%d", i ? " " : "", s->points[i].x, s->points[i].y);
    if (s->n == 1) /* a dot: a line to itself, drawn by its round ends */
        buf_printf(&b, " %d,%d", s->points[0].x, s->points[0].y);
    return buf_str(&b);
}
