/*
 * render_command.c -- `foyer render [--templates DIR[:DIR]] NAME < data.json`: one template to standard
 * output. The static site is built with it.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"
#include "view.h"

int command_render(int argc, char **argv)
{
    const char *dirs = "templates", *name = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--templates") == 0 && i + 1 < argc)
            dirs = argv[++i];
        else
            name = argv[i];
    }
    if (!name) {
        fprintf(stderr, "usage: foyer render [--templates DIR[:DIR]] NAME < data.json\n");
        return 64;
    }
    struct json_object *data = isatty(STDIN_FILENO) ? NULL : json_object_from_fd(STDIN_FILENO);
    struct arena *a = arena_new(256u << 20);
    struct str why = S("");
    view_strict(false);
    view_directories(dirs);
    const struct view *v = view_get(name, a, &why);
    if (!v) {
        fprintf(stderr, "foyer render: %.*s\n", (int)why.n, why.p);
        arena_free(a);
        return EXIT_FAILURE;
    }
    struct buf out = buf_in(a, 65536);
    const struct frame *frame = json_frame(a, data);
    view_render(v, &frame, 1, a, &out);
    fwrite(out.p, 1, out.n, stdout);
    json_object_put(data);
    arena_free(a);
    return EXIT_SUCCESS;
}
