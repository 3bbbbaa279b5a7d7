/*
 * view_fuzz.c -- the template compiler and renderer: three templates of one input (a page, what it
 * includes, its layout), over values that are themselves hostile.
 * Whatever compiles under the strict rules renders, or says why not; no value gets out unescaped.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "view.h"

static char folder[] = "/dev/shm/foyer-view-XXXXXX";
static const char hostile[] = "\x01<b onclick='x'>\"&=`/";

static void clean(void)
{
    static const char *const names[] = {"page", "part", "layout"};
    char path[100];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s/%s.mustache", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void put(const char *name, struct str text)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s.mustache", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    MUST(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
    close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    MUST(mkdtemp(folder));
    atexit(clean);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = fuzz_arena();
    struct str rest = {(const char *)data, size}, why = S("");
    if (size > 4096)
        return 0;
    put("page", str_cut(&rest, 0x1e));
    put("part", str_cut(&rest, 0x1e));
    put("layout", rest);

    for (int strict = 0; strict < 2; strict++) {
        view_strict(strict);
        view_directories(folder);
        const struct view *v = view_get("page", a, &why);
        if (!v) {
            MUST(why.n > 0);
            continue;
        }
        struct kv_frame inner;
        struct kv items[] = {
            {name_intern(S("a")), {.kind = VAL_TEXT, .s = str_of(hostile)}},
            {name_intern(S("b")), {.kind = VAL_BOOL, .b = true}},
            {name_intern(S("c")), {.kind = VAL_NULL}},
            {name_intern(S("n")), {.kind = VAL_INT, .i = INT64_MIN}},
            {name_intern(S("p")), {.kind = VAL_TEXT, .s = S("part")}},
        };
        inner = kv_frame_of(items, COUNT_OF(items));
        const struct frame *frames[] = {&inner.base};
        struct buf out = buf_in(a, 256);
        if (view_render(v, frames, 1, a, &out))
            continue;
        /* The value's first byte is one that no template of ours writes. A page that writes it itself
         * proves nothing. */
        if (!strict || memchr(data, 1, size))
            continue;
        for (size_t i = 0; i + 1 < out.n; i++)
            if (out.p[i] == 1)
                MUST(out.p[i + 1] != '<' && out.p[i + 1] != '"');
    }
    return 0;
}
