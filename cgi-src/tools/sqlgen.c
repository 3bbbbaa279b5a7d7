/*
 * sqlgen.c -- turns sql/queries/FEATURE.sql into an enum and a table of statements, at build time.
 * Usage: sqlgen [QUERIES_DIR [OUT_DIR]]      defaults: sql/queries build/gen
 * Writes OUT_DIR/queries.h and OUT_DIR/queries.c, and touches neither when nothing changed.
 * Understands headers, quotes, comments and parameter names. Never: understands SQL; the server is
 * the only judge of it. The first mistake ends it with "file:line: what; what to do" and status 1.
 *
 *   -- name: booking_day :many            :one | :maybe | :many | :page N | :exec
 *   -- The day's appointments by provider.
 *   -- seals: chart_note                  optional; the table its sealed parameters belong to
 *   -- clients: seen                      optional; its client_id is app.seen(...); none: it has none
 *   -- keeps: reference                   optional; the result follows from its parameters and from
 *                                         what the business set up: a worker may keep it
 *   SELECT ... WHERE starts_at >= :day;
 */
#include "sqlgen.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct text read_file(const char *path)
{
    struct text t = {0};
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "sqlgen: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    char block[8192];
    size_t n;
    while ((n = fread(block, 1, sizeof block, f)) > 0) {
        text_add(&t, block, n);
    }
    if (ferror(f)) {
        fprintf(stderr, "sqlgen: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    fclose(f);
    return t;
}

static void read_queries(const char *dir, const char *base)
{
    struct text path = {0};
    text_printf(&path, "%s/%s", dir, base);
    char *feature = copy(base, strlen(base) - 4);
    if (!is_lower_name(feature, strlen(feature))) {
        refuse(path.p, 1, "the file's name is no feature; call it lower_case.sql");
    }
    struct text content = read_file(path.p);
    read_statements(path.p, &content, feature);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_directory(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d) {
        fprintf(stderr, "sqlgen: %s: %s; run it from the top of the tree\n", dir, strerror(errno));
        exit(1);
    }
    char **names = NULL;
    size_t n = 0;
    for (struct dirent *e; (e = readdir(d));) {
        size_t length = strlen(e->d_name);
        if (length > 4 && e->d_name[0] != '.' && strcmp(e->d_name + length - 4, ".sql") == 0) {
            names = grow(names, (n + 1) * sizeof *names);
            names[n++] = copy(e->d_name, length);
        }
    }
    closedir(d);
    if (n > 0) {
        qsort(names, n, sizeof *names, by_name);
    }
    for (size_t i = 0; i < n; i++) {
        read_queries(dir, names[i]);
    }
    free(names);
}

/* ---- output ---- */

/* A C string literal, a line of SQL to a line of C. */
static void add_literal(struct text *t, const char *text, const char *indent)
{
    text_addz(t, "\"");
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\') {
            text_add(t, "\\", 1);
            text_add(t, p, 1);
        } else if (*p == '\n') {
            text_addz(t, "\\n\"");
            text_addz(t, indent);
            text_addz(t, "\"");
        } else if (*p == '?') {
            text_addz(t, "\\?"); /* no trigraphs */
        } else if ((unsigned char)*p < ' ') {
            text_printf(t, "\\%03o", (unsigned)*p);
        } else {
            text_add(t, p, 1);
        }
    }
    text_addz(t, "\"");
}

#define GENERATED "/* Made by sqlgen from sql/queries. Do not edit: change the SQL instead. */\n"

static struct text header_text(void)
{
    struct text t = {0};
    text_addz(&t, GENERATED "#ifndef FOYER_QUERIES_H\n#define FOYER_QUERIES_H\n\n"
                            "enum query {\n    Q_none = 0,\n");
    for (size_t i = 0; i < n_statements; i++) {
        text_printf(&t, "    Q_%s,\n", statements[i].name);
    }
    text_addz(&t, "    QUERY_COUNT\n};\n\n#endif\n");
    return t;
}

static struct text table_text(void)
{
    struct text t = {0};
    text_addz(&t, GENERATED "#include \"db.h\"\n\n");
    for (size_t i = 0; i < n_statements; i++) {
        const struct statement *q = &statements[i];
        text_printf(&t, "static const char *const params_%s[] = {", q->name);
        for (size_t j = 0; j < q->n_params; j++) {
            text_printf(&t, "\"%s\", ", q->params[j]);
        }
        text_addz(&t, "NULL};\n");
    }
    text_addz(&t, "static const char *const params_none[] = {NULL};\n\n"
                  "const struct query_def query_table[QUERY_COUNT] = {\n"
                  "    [Q_none] = {.name = \"\", .feature = \"\", .meaning = \"\", .sql = \"\", "
                  ".params = params_none, .file = \"\"},\n");
    for (size_t i = 0; i < n_statements; i++) {
        const struct statement *q = &statements[i];
        text_printf(&t, "    [Q_%s] = {\n        .name = \"%s\",\n        .feature = \"%s\",\n",
                    q->name, q->name, q->feature);
        text_addz(&t, "        .meaning = ");
        add_literal(&t, q->meaning, "");
        text_addz(&t, ",\n        .sql = ");
        add_literal(&t, q->sql.p, "\n               ");
        text_printf(&t, ",\n        .params = params_%s,\n", q->name);
        if (q->seals) {
            text_printf(&t, "        .seals = \"%s\",\n", q->seals);
        }
        text_printf(&t, "        .clients = %s,\n        .is_kept = %s,\n", q->clients,
                    q->is_kept ? "true" : "false");
        text_printf(&t, "        .kind = %s,\n        .page_size = %d,\n        .file = ", q->kind,
                    q->page_size);
        add_literal(&t, q->file, "");
        text_printf(&t, ",\n        .line = %d,\n    },\n", q->line);
    }
    text_addz(&t, "};\n");
    return t;
}

static bool has_content(const char *path, const struct text *t)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        return false;
    }
    fclose(f);
    struct text old = read_file(path);
    bool same = old.n == t->n && (t->n == 0 || memcmp(old.p, t->p, t->n) == 0);
    free(old.p);
    return same;
}

/* Written beside and renamed, so that a build cut short leaves no half file. */
static void write_changed(const char *dir, const char *name, struct text t)
{
    struct text path = {0}, fresh = {0};
    text_printf(&path, "%s/%s", dir, name);
    if (!has_content(path.p, &t)) {
        text_printf(&fresh, "%s.new", path.p);
        FILE *f = fopen(fresh.p, "wb");
        if (!f || fwrite(t.p, 1, t.n, f) != t.n || fclose(f) != 0 || rename(fresh.p, path.p) != 0) {
            fprintf(stderr, "sqlgen: %s: %s\n", path.p, strerror(errno));
            exit(1);
        }
    }
    free(path.p);
    free(fresh.p);
    free(t.p);
}

static void make_directories(const char *dir)
{
    char *path = copy(dir, strlen(dir));
    for (char *p = path + 1;; p++) {
        if (*p == '/' || *p == '\0') {
            char c = *p;
            *p = '\0';
            if (mkdir(path, 0777) != 0 && errno != EEXIST) {
                fprintf(stderr, "sqlgen: %s: %s\n", path, strerror(errno));
                exit(1);
            }
            *p = c;
            if (c == '\0') {
                break;
            }
        }
    }
    free(path);
}

int main(int argc, char **argv)
{
    if (argc > 3) {
        fputs("usage: sqlgen [QUERIES_DIR [OUT_DIR]]\n", stderr);
        return 1;
    }
    const char *from = argc > 1 ? argv[1] : "sql/queries";
    const char *to = argc > 2 ? argv[2] : "build/gen";
    read_directory(from);
    make_directories(to);
    write_changed(to, "queries.h", header_text());
    write_changed(to, "queries.c", table_text());
    return 0;
}
