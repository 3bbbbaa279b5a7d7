/*
 * audit_export_verify.c -- `foyer audit verify-export FILE`: whether a copy of the trail is whole and
 * as it was signed. Needs the public key and nothing else: no database, no settings with --key.
 * Owns: what is wrong with a copy, and how it is worded. Never: prints what is in a row.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit_export.h"
#include "audit_verify.h"
#include "core/commands.h"
#include "core/operator.h"

enum { LINE_ARENA = 64 << 20 };

struct copy {
    struct arena *kept, *line;
    const char *key_file;
    struct head head;
    struct str header; /* the first line, as it stands */
    uint64_t *found;   /* places of the rows, in the order of the file */
    size_t n, cap;
    uint64_t rows_good;
    unsigned long findings;
    bool has_end;
};

static void finding(struct copy *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void finding(struct copy *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vprintf(fmt, args);
    putchar('\n');
    va_end(args);
    c->findings++;
}

static const char *text_of(struct json_object *o, const char *name)
{
    struct json_object *v;
    return json_object_object_get_ex(o, name, &v) && json_object_is_type(v, json_type_string)
               ? json_object_get_string(v)
               : "";
}

static bool number_of(struct json_object *o, const char *name, uint64_t *out)
{
    struct json_object *v;
    if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_int) ||
        json_object_get_int64(v) < 0)
        return false;
    *out = (uint64_t)json_object_get_int64(v);
    return true;
}

static bool list_of(struct json_object *o, const char *name, struct json_object **out)
{
    return json_object_object_get_ex(o, name, out) && json_object_is_type(*out, json_type_array);
}

static bool is_signed(struct copy *c, const char *key_id, struct str text, const char *hex)
{
    unsigned char signature[SIGNATURE_BYTES];
    if (!seal_unhex(str_of(hex), signature, sizeof signature))
        return false;
    struct str raw = {(const char *)signature, sizeof signature};
    return c->key_file ? seal_signature_ok_by(c->key_file, key_id, text, raw)
                       : seal_signature_ok(key_id, text, raw);
}

/* ---- the first line ---- */

static bool read_header(struct copy *c, struct str line, struct json_object *o)
{
    struct json_object *h;
    if (strcmp(text_of(o, "format"), EXPORT_FORMAT) != 0 ||
        !json_object_object_get_ex(o, "head", &h) || !number_of(h, "size", &c->head.size)) {
        finding(c, "line 1: is not the first line of a copy of a trail");
        return false;
    }
    c->header = arena_str(c->kept, line);
    c->head.tenant_id = arena_cstr(c->kept, str_of(text_of(o, "tenant")));
    c->head.root = arena_cstr(c->kept, str_of(text_of(h, "root")));
    c->head.time = arena_cstr(c->kept, str_of(text_of(h, "time")));
    c->head.key_id = arena_cstr(c->kept, str_of(text_of(h, "key")));
    c->head.signature = arena_cstr(c->kept, str_of(text_of(h, "signature")));
    if (!is_signed(
            c, c->head.key_id,
            seal_head_text(c->kept, c->head.tenant_id, c->head.size, c->head.root, c->head.time),
            c->head.signature))
        finding(c, "line 1: the head of the tree is not signed with this key");
    return true;
}

/* ---- a row ---- */

static bool row_is_good(struct copy *c, struct json_object *o, uint64_t index)
{
    struct json_object *fields, *path;
    struct str texts[SEAL_FIELDS];
    unsigned char leaf[HASH_BYTES], root[HASH_BYTES], steps[MERKLE_HEIGHT][HASH_BYTES];
    if (!list_of(o, "fields", &fields) || json_object_array_length(fields) != SEAL_FIELDS ||
        !list_of(o, "path", &path) || json_object_array_length(path) > MERKLE_HEIGHT)
        return false;
    for (size_t i = 0; i < SEAL_FIELDS; i++) {
        struct json_object *f = json_object_array_get_idx(fields, i);
        if (f && !json_object_is_type(f, json_type_string))
            return false;
        texts[i] =
            f ? (struct str){json_object_get_string(f), (size_t)json_object_get_string_len(f)}
              : (struct str){NULL, 0};
    }
    size_t length = json_object_array_length(path);
    for (size_t i = 0; i < length; i++) {
        struct json_object *p = json_object_array_get_idx(path, i);
        if (!p || !json_object_is_type(p, json_type_string) ||
            !seal_unhex(str_of(json_object_get_string(p)), steps[i], HASH_BYTES))
            return false;
    }
    seal_leaf_of(c->line, texts, index, leaf);
    return texts[0].p && str_is(texts[0], c->head.tenant_id) &&
           seal_unhex(str_of(c->head.root), root, sizeof root) &&
           merkle_path_ok(leaf, index, c->head.size, (const unsigned char(*)[HASH_BYTES])steps,
                          length, root);
}

static void keep_place(struct copy *c, uint64_t index)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 1024;
        uint64_t *more = realloc(c->found, c->cap * sizeof *more);
        if (!more)
            abort();
        c->found = more;
    }
    c->found[c->n++] = index;
}

static void read_row(struct copy *c, int number, struct json_object *o)
{
    uint64_t n = 0, index = 0;
    if (!number_of(o, "n", &n) || !number_of(o, "index", &index)) {
        finding(c, "line %d: is not a row", number);
        return;
    }
    if (c->n > 0 && index <= c->found[c->n - 1])
        finding(c,
                "line %d: row %" PRIu64 ": reordered: its place %" PRIu64 " stands behind %" PRIu64,
                number, n, index, c->found[c->n - 1]);
    if (row_is_good(c, o, index))
        c->rows_good++;
    else
        finding(c,
                "line %d: row %" PRIu64 " (place %" PRIu64 "): altered: it is not what was sealed",
                number, n, index);
    keep_place(c, index);
}

/* ---- the last line ---- */

static bool has_place(const uint64_t *places, size_t n, uint64_t wanted)
{
    for (size_t i = 0; i < n; i++)
        if (places[i] == wanted)
            return true;
    return false;
}

static void compare_places(struct copy *c, const uint64_t *signed_places, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!has_place(c->found, c->n, signed_places[i]))
            finding(c, "place %" PRIu64 ": deleted: it was in the copy that was signed",
                    signed_places[i]);
    for (size_t i = 0; i < c->n; i++)
        if (!has_place(signed_places, n, c->found[i]))
            finding(c, "place %" PRIu64 ": added: it was not in the copy that was signed",
                    c->found[i]);
        else if (has_place(c->found, i, c->found[i]))
            finding(c, "place %" PRIu64 ": stands there twice", c->found[i]);
}

static void read_end(struct copy *c, int number, struct json_object *o)
{
    struct json_object *list;
    uint64_t rows = 0;
    c->has_end = true;
    if (!number_of(o, "rows", &rows) || !list_of(o, "indexes", &list)) {
        finding(c, "line %d: is not the last line of a copy", number);
        return;
    }
    size_t n = json_object_array_length(list);
    uint64_t *places = arena_alloc(c->kept, (n + 1) * sizeof *places);
    struct buf text = buf_in(c->kept, 4096);
    for (size_t i = 0; i < n; i++) {
        places[i] = (uint64_t)json_object_get_int64(json_object_array_get_idx(list, i));
        buf_printf(&text, "%s%" PRIu64, i ? "," : "", places[i]);
    }
    const char *key_id = text_of(o, "key");
    if (rows != n || !is_signed(c, key_id,
                                export_signed_text(c->kept, c->head.tenant_id, c->header, rows,
                                                   buf_str(&text), text_of(o, "time")),
                                text_of(o, "signature")))
        finding(c,
                "line %d: the signature over the copy does not hold: its first or its last line "
                "was altered, or it is another key's",
                number);
    compare_places(c, places, n);
}

/* ---- the file ---- */

/* One line; false: nothing behind it can be read. */
static bool read_line(struct copy *c, int number, struct str line)
{
    struct json_object *unused, *o = NULL;
    struct json_tokener *t = json_tokener_new_ex(8);
    json_tokener_set_flags(t, JSON_TOKENER_STRICT);
    o = json_tokener_parse_ex(t, line.p, (int)line.n);
    bool good = json_tokener_get_error(t) == json_tokener_success &&
                json_tokener_get_parse_end(t) == line.n && json_object_is_type(o, json_type_object);
    json_tokener_free(t);
    if (!good)
        finding(c, "line %d: is not a line of a copy", number);
    else if (number == 1)
        good = read_header(c, line, o);
    else if (c->has_end)
        finding(c, "line %d: stands behind the last one", number);
    else if (json_object_object_get_ex(o, "rows", &unused))
        read_end(c, number, o);
    else
        read_row(c, number, o);
    json_object_put(o);
    return good || number > 1;
}

static bool read_copy(struct copy *c, const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        fprintf(stderr, "foyer audit: %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t cap = 0;
    char *line = NULL;
    ssize_t n;
    bool goes_on = true;
    for (int number = 1; goes_on && (n = getline(&line, &cap, f)) >= 0; number++) {
        struct str text = {line, (size_t)n};
        if (n > 0 && line[n - 1] == '\n')
            text.n--;
        goes_on = read_line(c, number, text);
        arena_reset(c->line);
    }
    free(line);
    fclose(f);
    if (goes_on && !c->has_end)
        finding(c, "cut off: the last line is missing, behind %zu rows", c->n);
    return true;
}

int audit_verify_export(int argc, char **argv)
{
    struct copy c = {0};
    const struct option_row options[] = {{"--key", &c.key_file, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 2)
        return audit_usage("verify-export FILE [--key PUBLIC_KEY.pem]");
    c.kept = arena_new(1 << 28);
    c.line = arena_new(LINE_ARENA);
    bool good = read_copy(&c, argv[1]);
    if (good)
        printf("%zu rows, %" PRIu64 " of them as they were sealed under the head over %" PRIu64
               ": %lu finding%s\n",
               c.n, c.rows_good, c.head.size, c.findings, c.findings == 1 ? "" : "s");
    free(c.found);
    arena_free(c.line);
    arena_free(c.kept);
    return good && c.findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
