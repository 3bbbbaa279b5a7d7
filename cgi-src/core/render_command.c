/*
 * render_command.c -- `foyer render [--strict] [--templates DIR] NAME < data.json`.
 * Prints a template filled with the data.
 * Owns: nothing. Never: needs a configuration or a database, so the static site can be built with
 * it and the Mustache specification run against it.
 */
#include "commands.h"
#include "view.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_BAD_USE = 64, EXIT_BAD_DATA = 65, EXIT_BROKEN = 70, EXIT_NO_OUTPUT = 74 };

struct wish {
    const char *directories, *name;
    bool is_strict;
};

static bool read_wish(int argc, char **argv, struct wish *wish)
{
    const char *from_environment = getenv("FOYER_TEMPLATES");
    *wish = (struct wish){.directories = from_environment ? from_environment : "templates"};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--strict") == 0)
            wish->is_strict = true;
        else if (strcmp(argv[i], "--templates") == 0 && i + 1 < argc)
            wish->directories = argv[++i];
        else if (argv[i][0] != '-' && !wish->name)
            wish->name = argv[i];
        else
            return false;
    }
    return wish->name != NULL;
}

static struct str read_input(struct arena *a)
{
    struct buf b = buf_in(a, 1 << 16);
    char piece[1 << 14];
    ssize_t n;
    while ((n = read(STDIN_FILENO, piece, sizeof piece)) > 0)
        buf_add(&b, (struct str){piece, (size_t)n});
    return buf_str(&b);
}

static void release_json(void *json) { json_object_put(json); }

/* The data; nothing at all counts as {}. */
static bool parse(struct arena *a, struct str text, struct json_object **json)
{
    *json = NULL;
    if (str_trim(text).n == 0)
        return true;
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    /* the terminating byte tells the tokener that a number at the end is complete */
    *json = json_tokener_parse_ex(tokener, arena_cstr(a, text), (int)text.n + 1);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    arena_defer(a, release_json, *json);
    if (error == json_tokener_success && end <= text.n &&
        str_trim(str_part(text, end, text.n - end)).n > 0)
        error = json_tokener_error_parse_unexpected;
    if (error != json_tokener_success)
        fprintf(stderr, "foyer render: standard input: byte %zu: %s; give one JSON value\n", end,
                json_tokener_error_desc(error));
    return error == json_tokener_success;
}

static int render(struct arena *a, const struct wish *wish)
{
    struct json_object *json;
    if (!parse(a, read_input(a), &json))
        return EXIT_BAD_DATA;
    view_strict(wish->is_strict);
    view_directories(wish->directories);
    struct str why;
    const struct view *v = view_get(wish->name, a, &why);
    if (!v) {
        fprintf(stderr, "%.*s\n", (int)why.n, why.p);
        return EXIT_BAD_DATA;
    }
    const struct frame *frame = json_frame(a, json);
    struct buf out = buf_in(a, 1 << 16);
    if (view_render(v, &frame, 1, a, &out) != OK)
        return EXIT_BROKEN;
    if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0) {
        perror("foyer render: standard output");
        return EXIT_NO_OUTPUT;
    }
    return 0;
}

int command_render(int argc, char **argv)
{
    struct wish wish;
    if (!read_wish(argc, argv, &wish)) {
        fprintf(stderr,
                "usage: foyer render [--strict] [--templates DIR[:DIR]] NAME < data.json\n");
        return EXIT_BAD_USE;
    }
    struct arena *a = arena_new(256U << 20);
    int status = render(a, &wish);
    arena_free(a);
    return status;
}
