/*
 * routes_command.c -- `foyer routes [--json|--nginx]`: the page table for people, tests and nginx.
 * Owns: nothing. The tests walk the JSON; nginx's choice of pool is generated, never typed twice.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "route.h"

/* "/v/{link_id:uuid}" as a regular expression for nginx. */
static void print_pattern(const char *path)
{
    static const struct {
        const char *kind, *expression;
    } kinds[] = {{"uuid", "[0-9a-f-]{36}"},
                 {"date", "[0-9-]{10}"},
                 {"int", "[0-9]{1,10}"},
                 {"slug", "[a-z0-9_-]{1,80}"},
                 {"token", "[A-Za-z0-9_-]{1,128}"},
                 {"ics", "[A-Za-z0-9_-]{1,128}\\.ics"}};
    struct str rest = str_of(path);
    putchar('^');
    while (rest.n > 0) {
        struct str text = str_cut(&rest, '{');
        for (size_t i = 0; i < text.n; i++)
            printf(text.p[i] == '.' ? "\\." : "%c", text.p[i]);
        if (rest.n == 0)
            break;
        struct str inner = str_cut(&rest, '}');
        str_cut(&inner, ':');
        for (size_t k = 0; k < COUNT_OF(kinds); k++)
            if (str_is(inner, kinds[k].kind))
                printf("%s", kinds[k].expression);
    }
    putchar('$');
}

/* Whether an earlier row has the same path: nginx chooses by path, so a path has one pool. */
static bool printed_before(const struct feature *f, const struct page *p)
{
    for (const struct feature *g = all_features; g->name; g++)
        for (const struct page *q = g->pages; q->path; q++) {
            if (g == f && q == p)
                return false;
            if (strcmp(q->path, p->path) == 0 && q->pool == p->pool)
                return true;
        }
    return false;
}

/* Files are larger than what nginx takes elsewhere; of all rows of a path the largest counts. They stay in memory, too. */
static void print_size(const struct page *p)
{
    enum { ELSEWHERE = 1024 * 1024 };
    size_t most = 0;
    for (const struct feature *g = all_features; g->name; g++)
        for (const struct page *q = g->pages; q->path; q++)
            if (strcmp(q->path, p->path) == 0 && q->pool == p->pool && q->max_body > most)
                most = q->max_body;
    if (most > ELSEWHERE)
        printf("client_max_body_size %zu; client_body_buffer_size %zu; limit_conn uploads 4; "
               "limit_conn all_uploads 16; ",
               most, most);
}

static void print_nginx(void)
{
    for (const struct feature *f = all_features; f->name; f++)
        for (const struct page *p = f->pages; p->path; p++) {
            if (p->pool == POOL_STAFF || p->realm == REALM_SITE || printed_before(f, p))
                continue;
            printf("location ~ \"");
            print_pattern(p->path);
            bool has_token = strstr(p->path, ":token}") || strstr(p->path, ":ics}");
            printf("\" { ");
            print_size(p);
            printf("include fastcgi_%s%s.conf; }\n",
                   !has_token                   ? ""
                   : p->pool == POOL_PUBLIC ? "token"
                                            : "token_",
                   has_token && p->pool == POOL_PUBLIC ? "" : pool_word(p->pool));
        }
}

static void print_json(void)
{
    struct json_object *all = json_object_new_array();
    for (const struct feature *f = all_features; f->name; f++)
        for (const struct page *p = f->pages; p->path; p++) {
            struct json_object *o = json_object_new_object(), *shows = json_object_new_array(),
                               *fields = json_object_new_array();
            json_object_object_add(o, "feature", json_object_new_string(f->name));
            json_object_object_add(o, "method",
                                   json_object_new_string(p->method == GET ? "GET" : "POST"));
            json_object_object_add(o, "path", json_object_new_string(p->path));
            json_object_object_add(o, "realm", json_object_new_string(realm_word(p->realm)));
            json_object_object_add(o, "door", json_object_new_string(door_word(p->door)));
            json_object_object_add(
                o, "permission",
                json_object_new_string(p->can == PERM_self ? "" : perm_name[p->can]));
            json_object_object_add(o, "step_up", json_object_new_boolean(p->step_up));
            json_object_object_add(o, "framed", json_object_new_boolean(p->is_framable));
            json_object_object_add(o, "purpose",
                                   p->purpose ? json_object_new_string(p->purpose) : NULL);
            json_object_object_add(o, "pool", json_object_new_string(pool_word(p->pool)));
            json_object_object_add(o, "action",
                                   p->action ? json_object_new_string(p->action) : NULL);
            json_object_object_add(o, "kind",
                                   json_object_new_string(p->run    ? "run"
                                                          : p->save ? "save"
                                                                    : "show"));
            json_object_object_add(o, "view", p->view ? json_object_new_string(p->view) : NULL);
            json_object_object_add(o, "again", p->again ? json_object_new_string(p->again) : NULL);
            json_object_object_add(o, "then", p->then ? json_object_new_string(p->then) : NULL);
            json_object_object_add(o, "title", p->title ? json_object_new_string(p->title) : NULL);
            json_object_object_add(
                o, "max_body",
                json_object_new_int64(p->max_body ? (int64_t)p->max_body : 64 * 1024));
            json_object_object_add(o, "idempotent", json_object_new_boolean(!p->no_idempotency));
            for (size_t i = 0; i < COUNT_OF(p->show) && p->show[i].name; i++)
                json_object_array_add(shows,
                                      json_object_new_string(query_table[p->show[i].query].name));
            json_object_object_add(o, "queries", shows);
            for (const struct field *d = p->fields; d && d->name; d++)
                json_object_array_add(fields, json_object_new_string(d->name));
            json_object_object_add(o, "fields", fields);
            json_object_array_add(all, o);
        }
    puts(json_object_to_json_string_ext(all,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(all);
}

static void print_table(void)
{
    for (const struct feature *f = all_features; f->name; f++)
        for (const struct page *p = f->pages; p->path; p++)
            printf("%-4s %-44s %-8s %-13s %-15s %s\n", p->method == GET ? "GET" : "POST", p->path,
                   realm_word(p->realm), door_word(p->door), perm_name[p->can],
                   p->title ? p->title : "");
}

int command_routes(int argc, char **argv)
{
    struct arena *a = arena_new(1 << 20);
    struct str why = S("");
    if (!routes_check(all_features, a, &why)) {
        fprintf(stderr, "foyer routes: %.*s\n", (int)why.n, why.p);
        arena_free(a);
        return EXIT_FAILURE;
    }
    if (argc > 1 && strcmp(argv[1], "--json") == 0)
        print_json();
    else if (argc > 1 && strcmp(argv[1], "--nginx") == 0)
        print_nginx();
    else
        print_table();
    arena_free(a);
    return EXIT_SUCCESS;
}
