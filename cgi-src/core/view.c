/*
 * view.c -- the set of templates: found in their directories, compiled once, kept for ever.
 * Owns: the set. Never: renders, looks into values.
 * A template and all it includes are loaded from a work list, so templates may include each other
 * in a circle; whether that ends is for view_html.c (strict) and the depth limit of view_render.c.
 */
#include "view_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TEMPLATE_BYTES = 1 << 20, MAX_FOLDERS = 16, COMPILE_BYTES = 16 << 20 };

static struct {
    struct str directories; /* colon-separated */
    struct arena *kept;
    struct view **by_name; /* by name_id; NULL: not asked for yet */
    size_t cap;
    bool is_lax;
    bool is_complete; /* every template there is has been compiled */
} set;

void view_strict(bool is_strict) { set.is_lax = !is_strict; }

void view_directories(const char *dirs)
{
    arena_free(set.kept);
    set.kept = arena_new(512U << 20);
    set.directories = arena_str(set.kept, str_of(dirs));
    view_words_forget();
    set.by_name = NULL;
    set.cap = 0;
    set.is_complete = false;
}

struct str view_error(struct arena *a, const struct view *v, unsigned line, const char *fmt, ...)
{
    char text[1000];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return arena_printf(a, "%s:%u: %s", v->file, line, text);
}

/* ---- finding ---- */

/* Names are paths below a template directory and nothing else: dynamic names come from data. */
static bool is_template_name(struct str name)
{
    if (!name.n || name.n > 200)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
        bool is_joint = (c == '/' || c == '.') && i > 0 && name.p[i - 1] != '/' &&
                        name.p[i - 1] != '.' && i + 1 < name.n;
        if (!is_word && !is_joint)
            return false;
    }
    return true;
}

/* The whole file, in the kept memory. ERR_NOT_FOUND: there is none; ERR_INVALID: it cannot be read
 * or is too large. */
static enum err read_whole(const char *path, struct str *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_INVALID;
    struct stat st;
    enum err e = ERR_INVALID;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAX_TEMPLATE_BYTES) {
        size_t size = (size_t)st.st_size, n = 0;
        char *p = arena_alloc(set.kept, size + 1);
        ssize_t got;
        while (n < size && (got = read(fd, p + n, size - n)) > 0)
            n += (size_t)got;
        *out = (struct str){p, n};
        e = n == size ? OK : ERR_INVALID;
    }
    close(fd);
    return e;
}

struct arena *view_kept(void) { return set.kept; }

enum err view_read(struct str name, struct str *file, struct str *source)
{
    struct str rest = set.directories;
    *file = *source = S("");
    while (rest.n) {
        struct str dir = str_cut(&rest, ':');
        *file = arena_printf(set.kept, "%.*s/%.*s", (int)dir.n, dir.p, (int)name.n, name.p);
        enum err e = read_whole(file->p, source);
        if (e != ERR_NOT_FOUND)
            return e;
    }
    return ERR_NOT_FOUND;
}

/* The source of a template, in the words of its language, and the file it stands in. */
static enum err find_source(struct view *v, struct str *source)
{
    struct str file;
    enum err e = view_read(arena_printf(set.kept, "%.*s.mustache", (int)v->base.n, v->base.p),
                           &file, source);
    v->file = e == ERR_NOT_FOUND ? arena_cstr(set.kept, v->base) : file.p;
    if (!e)
        v->has_words = memmem(source->p, source->n, "{{#say}}", 8) != NULL;
    return e;
}

/* ---- loading ---- */

static struct view **place_of(name_id id)
{
    if (id >= set.cap) {
        size_t cap = (size_t)id * 2 + 64;
        struct view **more = arena_alloc(set.kept, cap * sizeof *more);
        if (set.cap)
            memcpy(more, set.by_name, set.cap * sizeof *more);
        set.by_name = more;
        set.cap = cap;
    }
    return &set.by_name[id];
}

struct work {
    struct view **view;
    size_t n, cap;
    struct arena *scratch;
};

static void work_add(struct work *w, struct view *v)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 32;
        struct view **more = arena_alloc(w->scratch, w->cap * sizeof(struct view *));
        if (w->n)
            memcpy(more, w->view, w->n * sizeof(struct view *));
        w->view = more;
    }
    w->view[w->n++] = v;
}

/* The template of this name; a new one is parsed and put on the list. */
static struct view *load(struct work *w, struct str name)
{
    name_id id = name_intern(name);
    struct view **place = place_of(id);
    if (*place)
        return *place;
    struct view *v = arena_alloc(set.kept, sizeof *v);
    *place = v;
    v->name = v->language = name_text(id);
    v->base = str_cut(&v->language, '@');
    v->is_text = v->base.n > 4 && str_is(str_part(v->base, v->base.n - 4, 4), ".txt");
    struct str source = S("");
    enum err e = is_template_name(v->base) ? find_source(v, &source) : ERR_NOT_FOUND;
    if (!v->file)
        v->file = arena_cstr(set.kept, name);
    v->is_missing = e == ERR_NOT_FOUND;
    if (v->is_missing)
        v->error = arena_printf(set.kept,
                                "template '%s' is not in %s; add %s.mustache, or correct the name",
                                v->file, set.directories.p, v->file);
    else if (e)
        v->error = view_error(set.kept, v, 1,
                              "cannot be read; make it a readable file of under %d "
                              "bytes",
                              MAX_TEMPLATE_BYTES);
    else if ((set.is_lax || view_say(v, &source, v->language, set.kept)) &&
             view_parse(v, source, !set.is_lax, set.kept, w->scratch))
        work_add(w, v);
    return v;
}

/* Follows the partials and parents of one template. */
static void link_targets(struct work *w, struct view *v)
{
    for (size_t i = 0; i < v->n && !v->error.n; i++) {
        struct instruction *in = &v->code[i];
        if ((in->code != CODE_PARTIAL && in->code != CODE_PARENT) || in->is_dynamic)
            continue;
        struct view *target = load(
            w, v->language.n == 0 ? in->name
                                  : arena_printf(w->scratch, "%.*s@%.*s", (int)in->name.n,
                                                 in->name.p, (int)v->language.n, v->language.p));
        if (target->is_missing && !set.is_lax)
            v->error = view_error(set.kept, v, in->line,
                                  "partial '%.*s' does not exist; add %.*s.mustache to %s, or "
                                  "correct the name",
                                  (int)in->name.n, in->name.p, (int)in->name.n, in->name.p,
                                  set.directories.p);
        else if (target->is_text && !v->is_text)
            v->error = view_error(set.kept, v, in->line,
                                  "'%.*s' is plain text, which is not escaped; a page cannot "
                                  "include it",
                                  (int)in->name.n, in->name.p);
        else if (!target->is_missing && target->error.n)
            v->error = target->error;
        else if (!target->is_missing)
            in->target = target;
    }
}

static struct view *compile(struct str name, struct arena *scratch)
{
    if (!set.kept)
        view_directories("templates");
    struct work w = {.scratch = scratch};
    struct view *v = load(&w, name);
    for (size_t i = 0; i < w.n; i++)
        link_targets(&w, w.view[i]);
    for (size_t i = 0; i < w.n && !set.is_lax; i++) {
        if (!w.view[i]->error.n)
            w.view[i]->error = view_html_check(w.view[i], set.kept);
    }
    /* An error of what is included is an error of what includes it. */
    for (size_t i = 0; i < w.n && !v->error.n; i++)
        v->error = w.view[i]->error;
    return v;
}

const struct view *view_get(const char *name, struct arena *a, struct str *why)
{
    name_id id = name_find(str_of(name));
    const struct view *v = id && id < set.cap ? set.by_name[id] : NULL;
    if (!v)
        v = compile(str_of(name), a);
    if (!v->error.n)
        return v;
    *why = arena_str(a, v->error);
    return NULL;
}

bool view_is_complete(void) { return set.is_complete; }

bool view_has_words(const struct view *v) { return v->has_words; }

const struct view *view_dynamic(struct str name, struct arena *a)
{
    name_id id = name_find(name);
    const struct view *v = id && id < set.cap ? set.by_name[id] : NULL;
    if (!v && !set.is_complete && is_template_name(name))
        v = compile(name, a);
    return v && !v->error.n ? v : NULL;
}

/* ---- all of them ---- */

static bool compile_folder(struct str dir, struct str below, int depth, struct arena *a,
                           struct str *why);

/* A template in each language that there is a catalogue for, so that a text without words is found when a program begins. */
static bool compile_languages(const char *name, struct arena *a, struct str *why)
{
    struct str rest = set.directories;
    while (rest.n) {
        struct str dir = str_cut(&rest, ':'),
                   words = arena_printf(a, "%.*s/words", (int)dir.n, dir.p);
        struct dirent **entries;
        int n = scandir(words.p, &entries, NULL, alphasort);
        bool is_good = true;
        for (int i = 0; i < n; i++) {
            struct str file = str_of(entries[i]->d_name);
            if (is_good && file.n > 3 && str_is(str_part(file, file.n - 3, 3), ".po"))
                is_good = view_get(arena_cstr(a, arena_printf(a, "%s@%.*s", name, (int)file.n - 3,
                                                              file.p)),
                                   a, why) != NULL;
            free(entries[i]);
        }
        if (n >= 0)
            free(entries);
        if (!is_good)
            return false;
    }
    return true;
}

static bool compile_entry(struct str dir, struct str below, const char *entry, int depth,
                          struct arena *a, struct str *why)
{
    static const char ending[] = ".mustache";
    size_t n = strlen(entry), n_ending = sizeof ending - 1;
    struct str name = arena_printf(a, "%.*s%s%s", (int)below.n, below.p, below.n ? "/" : "", entry);
    struct str path = arena_printf(a, "%.*s/%s", (int)dir.n, dir.p, name.p);
    struct stat st;
    if (entry[0] == '.' || stat(path.p, &st) != 0)
        return true;
    if (S_ISDIR(st.st_mode))
        return compile_folder(dir, name, depth + 1, a, why);
    if (n <= n_ending || strcmp(entry + n - n_ending, ending) != 0)
        return true;
    /* What one needs while it is compiled goes before the next, however many there are. */
    struct arena *scratch = arena_new(COMPILE_BYTES);
    const char *plain = arena_cstr(scratch, str_part(name, 0, name.n - n_ending));
    struct str said = S("");
    const struct view *v = view_get(plain, scratch, &said);
    bool is_good = v && (!v->has_words || compile_languages(plain, scratch, &said));
    if (!is_good)
        *why = arena_str(a, said);
    arena_free(scratch);
    return is_good;
}

static bool compile_folder(struct str dir, struct str below, int depth, struct arena *a,
                           struct str *why)
{
    struct str path = arena_printf(a, "%.*s/%.*s", (int)dir.n, dir.p, (int)below.n, below.p);
    if (depth > MAX_FOLDERS) {
        *why =
            arena_printf(a, "%s: folders nest deeper than %d; flatten them", path.p, MAX_FOLDERS);
        return false;
    }
    struct dirent **entries;
    int n = scandir(path.p, &entries, NULL, alphasort);
    if (n < 0) {
        *why = arena_printf(a, "%s: %s; set 'templates' to directories that exist", path.p,
                            strerror(errno));
        return false;
    }
    bool is_good = true;
    for (int i = 0; i < n; i++) {
        is_good = is_good && compile_entry(dir, below, entries[i]->d_name, depth, a, why);
        free(entries[i]);
    }
    free(entries);
    return is_good;
}

bool view_compile_all(struct arena *a, struct str *why)
{
    if (!set.kept)
        view_directories("templates");
    struct str rest = set.directories;
    while (rest.n) {
        if (!compile_folder(str_cut(&rest, ':'), S(""), 0, a, why))
            return false;
    }
    *why = view_words_check(a);
    set.is_complete = why->n == 0;
    return set.is_complete;
}
