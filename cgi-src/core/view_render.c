/*
 * view_render.c -- runs a template's instructions over frames.
 * Owns: nothing outside one rendering. Never: fails on data; what is missing shows as nothing.
 */
#include "view_internal.h"

#include <stdio.h>

struct render {
    struct arena *arena;
    struct buf *out;
    struct buf scratch;         /* a value before it is escaped */
    const struct frame **frame; /* innermost last */
    size_t n_frames, cap_frames;
    struct str indent;       /* before each line of the template */
    bool skips_indent;       /* the next line has begun already */
    const struct view *view; /* the page, for messages */
    unsigned depth;
    bool is_stopped;
};

/* A value that is neither row nor list, entered by a section: gives {{.}} and no names. */
struct scalar_frame {
    struct frame base;
    struct val val;
};

static struct val scalar_find(const struct frame *f, name_id name)
{
    (void)f;
    (void)name;
    return (struct val){.kind = VAL_MISSING};
}
static struct val scalar_itself(const struct frame *f)
{
    return ((const struct scalar_frame *)(const void *)f)->val;
}
static const struct frame_ops scalar_ops = {scalar_find, scalar_itself};

static struct val kv_find(const struct frame *f, name_id name)
{
    const struct kv_frame *kv = (const void *)f;
    for (size_t i = 0; i < kv->n; i++) {
        if (kv->items[i].name == name)
            return kv->items[i].val;
    }
    return (struct val){.kind = VAL_MISSING};
}

struct kv_frame kv_frame_of(const struct kv *items, size_t n)
{
    static const struct frame_ops ops = {kv_find, NULL};
    return (struct kv_frame){{&ops}, items, n};
}

/* ---- names ---- */

/* The frame a list compares its rows with: the innermost that has names. */
static const struct frame *naming_frame(const struct render *r)
{
    size_t i = r->n_frames;
    while (i > 0 && r->frame[i - 1]->ops == &scalar_ops)
        i--;
    return i ? r->frame[i - 1] : NULL;
}

/* The first item of a list from i on; *i becomes the number behind it. NULL: there is none. */
static const struct frame *next_item(const struct render *r, struct list list, size_t *i,
                                     const struct frame *outer)
{
    for (; *i < list.n; ++*i) {
        if (list.ops->next)
            *i = list.ops->next(list.self, *i, outer);
        const struct frame *f = *i < list.n ? list.ops->item(r->arena, list.self, *i, outer) : NULL;
        if (f) {
            ++*i;
            return f;
        }
    }
    return NULL;
}

/* A name inside a value: of an object, or of the first row of a list. */
static struct val inside(const struct render *r, struct val v, name_id name)
{
    size_t i = 0;
    const struct frame *f = v.kind == VAL_FRAME  ? v.frame
                            : v.kind == VAL_LIST ? next_item(r, v.list, &i, naming_frame(r))
                                                 : NULL;
    return f ? f->ops->find(f, name) : (struct val){.kind = VAL_MISSING};
}

/* Value of a name in the innermost frame that has it. */
static struct val find(const struct render *r, name_id name)
{
    for (size_t i = r->n_frames; i > 0; i--) {
        const struct frame *f = r->frame[i - 1];
        struct val v = f->ops->find(f, name);
        if (v.kind != VAL_MISSING)
            return v;
    }
    return (struct val){.kind = VAL_MISSING};
}

static struct val look_up(const struct render *r, struct path path)
{
    if (path.n == 1)
        return find(r, path.part[0]);
    if (path.n == 0) {
        const struct frame *top = r->n_frames ? r->frame[r->n_frames - 1] : NULL;
        return top && top->ops->itself ? top->ops->itself(top) : (struct val){.kind = VAL_MISSING};
    }
    struct val v = find(r, path.part[0]);
    for (size_t i = 1; i < path.n; i++)
        v = inside(r, v, path.part[i]);
    return v;
}

static bool is_true(const struct render *r, struct val v)
{
    switch (v.kind) {
    case VAL_MISSING:
    case VAL_NULL:
        return false;
    case VAL_BOOL:
        return v.b;
    case VAL_INT:
        return v.i != 0;
    case VAL_REAL:
        return v.d < 0 || v.d > 0;
    case VAL_TEXT:
        return v.s.n > 0;
    case VAL_LIST:
        return next_item(r, v.list, &(size_t){0}, naming_frame(r)) != NULL;
    default:
        return true; /* midnight and 1 January 2000 are as true as any other time */
    }
}

/* ---- output ---- */

/* Text of the template, with the indentation before each line that is not empty. */
static void add_indented(struct render *r, struct str s, bool is_line_start)
{
    while (s.n) {
        const char *end = memchr(s.p, '\n', s.n);
        size_t n = end ? (size_t)(end - s.p) + 1 : s.n;
        bool is_empty = s.p[0] == '\n' || (s.p[0] == '\r' && n == 2);
        if (is_line_start && !is_empty && !r->skips_indent)
            buf_add(r->out, r->indent);
        if (is_line_start)
            r->skips_indent = false;
        buf_add(r->out, str_part(s, 0, n));
        s = str_part(s, n, s.n - n);
        is_line_start = true;
    }
}

static void add_text(struct render *r, const struct instruction *in)
{
    if (!r->indent.n) {
        buf_add(r->out, in->text);
    } else if (in->text.n) {
        add_indented(r, in->text, in->is_line_start);
    } else { /* a tag begins the line */
        if (!r->skips_indent)
            buf_add(r->out, r->indent);
        r->skips_indent = false;
    }
}

/* Whether a value may begin an address: no scheme, or one that runs nothing. */
static bool is_harmless_address(struct str s)
{
    static const char *const schemes[] = {"https", "http", "mailto", "tel", "sms"};
    size_t n = 0;
    while (n < s.n && s.p[n] != ':' && s.p[n] != '/' && s.p[n] != '?' && s.p[n] != '#')
        n++;
    if (n == s.n || s.p[n] != ':')
        return true;
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (n == strlen(schemes[i]) && strncasecmp(s.p, schemes[i], n) == 0)
            return true;
    }
    return false;
}

static void add_value(struct render *r, const struct instruction *in)
{
    struct val v = look_up(r, in->path);
    struct str s;
    if (v.kind == VAL_TEXT && !in->modifier) {
        s = v.s;
    } else {
        r->scratch.n = 0;
        val_print(&r->scratch, v, in->modifier, r->view->language);
        s = buf_str(&r->scratch);
    }
    if (in->is_address && !is_harmless_address(s))
        s = S("about:invalid");
    if (in->is_escaped)
        esc_html(r->out, s);
    else
        buf_add(r->out, s);
}

/* ---- instructions ---- */

static void run(struct render *r, const struct view *v, size_t from, size_t to,
                const struct scope *scope);

/* One level deeper; past the limit rendering stops. */
static void run_inner(struct render *r, const struct view *v, size_t from, size_t to,
                      const struct scope *scope)
{
    if (r->depth >= MAX_DEPTH) {
        fprintf(stderr,
                "view: rendering '%s' stopped in %s: partials and sections nest deeper than %d; "
                "end the recursion with a section that becomes false\n",
                r->view->name.p, v->file, MAX_DEPTH);
        r->is_stopped = true;
        return;
    }
    r->depth++;
    run(r, v, from, to, scope);
    r->depth--;
}

static void run_in_frame(struct render *r, const struct frame *f, const struct view *v, size_t i,
                         const struct scope *scope)
{
    if (r->n_frames == r->cap_frames) {
        r->cap_frames *= 2;
        const struct frame **more = arena_alloc(r->arena, r->cap_frames * sizeof *more);
        memcpy(more, r->frame, r->n_frames * sizeof *more);
        r->frame = more;
    }
    r->frame[r->n_frames++] = f;
    run_inner(r, v, i + 1, v->code[i].end, scope);
    r->n_frames--;
}

static void run_section(struct render *r, const struct view *v, size_t i, const struct scope *scope)
{
    struct val val = look_up(r, v->code[i].path);
    if (val.kind == VAL_LIST) {
        const struct frame *outer = naming_frame(r);
        const struct frame *f;
        for (size_t k = 0; !r->is_stopped && (f = next_item(r, val.list, &k, outer));)
            run_in_frame(r, f, v, i, scope);
    } else if (val.kind == VAL_FRAME) {
        run_in_frame(r, val.frame, v, i, scope);
    } else if (is_true(r, val)) {
        struct scalar_frame scalar = {{&scalar_ops}, val};
        if (val.kind == VAL_BOOL)
            run_inner(r, v, i + 1, v->code[i].end, scope);
        else
            run_in_frame(r, &scalar.base, v, i, scope);
    }
}

static struct str joined(struct render *r, struct str a, struct str b)
{
    if (!a.n || !b.n)
        return a.n ? a : b;
    struct buf both = buf_in(r->arena, a.n + b.n);
    buf_add(&both, a);
    buf_add(&both, b);
    return buf_str(&both);
}

/* A partial, or a parent with its arguments in scope. */
static void run_target(struct render *r, const struct view *v, const struct instruction *in,
                       const struct scope *scope)
{
    const struct view *target = in->target;
    if (in->is_dynamic) {
        r->scratch.n = 0;
        val_print(&r->scratch, look_up(r, in->path), NULL, S(""));
        target = view_dynamic(buf_str(&r->scratch), r->arena);
        if (target && target->is_text && !v->is_text)
            target = NULL;
    }
    if (!target)
        return;
    struct str indent = r->indent;
    r->indent = in->is_standalone ? joined(r, indent, in->text) : S("");
    run_inner(r, target, 0, target->n, scope);
    r->indent = indent;
}

static void run_block(struct render *r, const struct view *v, size_t i, const struct scope *scope)
{
    const struct instruction *in = &v->code[i];
    size_t argument;
    const struct scope *by = scope_find(scope, in->block, &argument);
    if (!by) {
        run_inner(r, v, i + 1, in->end, scope);
        return;
    }
    struct str indent = r->indent;
    r->indent = joined(r, indent, in->text);
    r->skips_indent = !in->is_standalone;
    /* What stands in the argument was written where the parent tag stands, so only the arguments
     * around that one replace its blocks. */
    run_inner(r, by->view, argument + 1, by->view->code[argument].end, by->outer);
    r->skips_indent = false;
    r->indent = indent;
}

static void run(struct render *r, const struct view *v, size_t from, size_t to,
                const struct scope *scope)
{
    for (size_t i = from; i < to && !r->is_stopped; i++) {
        const struct instruction *in = &v->code[i];
        switch (in->code) {
        case CODE_TEXT:
            add_text(r, in);
            break;
        case CODE_NAME:
        case CODE_RAW:
            add_value(r, in);
            break;
        case CODE_SECTION:
            run_section(r, v, i, scope);
            i = in->end;
            break;
        case CODE_INVERTED:
            if (!is_true(r, look_up(r, in->path)))
                run_inner(r, v, i + 1, in->end, scope);
            i = in->end;
            break;
        case CODE_BLOCK:
            run_block(r, v, i, scope);
            i = in->end;
            break;
        case CODE_PARENT:
            run_target(r, v, in, &(struct scope){scope, v, i, NULL});
            i = in->end;
            break;
        case CODE_PARTIAL:
            run_target(r, v, in, scope);
            break;
        case CODE_ARGUMENT:
        case CODE_END:
            break;
        }
    }
}

enum err view_render(const struct view *v, const struct frame *const *frames, size_t n_frames,
                     struct arena *a, struct buf *out)
{
    struct render r = {.arena = a, .out = out, .view = v};
    r.scratch = buf_in(a, 256);
    r.cap_frames = n_frames + 32;
    r.frame = arena_alloc(a, r.cap_frames * sizeof *r.frame);
    if (n_frames)
        memcpy(r.frame, frames, n_frames * sizeof *r.frame);
    r.n_frames = n_frames;
    run(&r, v, 0, v->n, NULL);
    return r.is_stopped ? ERR_INTERNAL : OK;
}
