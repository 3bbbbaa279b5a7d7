/*
 * view_walk.c -- a compiled template walked without rendering it, for checks.
 * Owns: nothing. Never: changes what it walks.
 */
#include "view_internal.h"

/* A template that is being walked, and how many sections and blocks stood open where it began. */
struct visit {
    const struct visit *outer;
    const struct view *view;
    size_t depth;
};

struct walk {
    bool (*f)(void *, const struct step *);
    void *self;
    size_t depth; /* sections and blocks that are open */
};

const struct scope *scope_find(const struct scope *s, name_id block, size_t *argument)
{
    const struct scope *found = NULL;
    for (; s; s = s->outer) {
        const struct instruction *code = s->view->code;
        for (size_t i = s->parent + 1; code[i].code == CODE_ARGUMENT; i = code[i].end + 1) {
            if (code[i].block != block)
                continue;
            found = s;
            *argument = i;
            break;
        }
    }
    return found;
}

static bool walk_part(struct walk *w, struct view *v, size_t from, size_t to,
                      const struct scope *scope, const struct visit *visit);

static bool walk_target(struct walk *w, struct view *v, struct instruction *in,
                        const struct scope *scope, const struct visit *visit)
{
    struct step step = {v, in, false, false, false};
    for (const struct visit *o = visit; o && in->target; o = o->outer) {
        if (o->view == in->target) {
            step.is_inside_itself = true;
            step.is_unconditional = o->depth == w->depth;
            break;
        }
    }
    if (!w->f(w->self, &step))
        return false;
    struct visit here = {visit, in->target, w->depth};
    return !in->target || step.is_inside_itself ||
           walk_part(w, in->target, 0, in->target->n, scope, &here);
}

/* Every argument of that name is of use, also one that an outer one goes before. */
static void mark_used(const struct scope *s, name_id block)
{
    size_t argument;
    for (; s; s = s->outer) {
        struct scope alone = *s;
        alone.outer = NULL;
        if (scope_find(&alone, block, &argument))
            s->view->code[argument].is_used = true;
    }
}

/* A parent inside itself is not entered, so its blocks are not known here. */
static bool walk_parent(struct walk *w, struct view *v, size_t parent, const struct scope *scope,
                        const struct visit *visit)
{
    struct instruction *in = &v->code[parent];
    struct scope inner = {scope, v, parent, visit};
    if (!walk_target(w, v, in, &inner, visit))
        return false;
    for (const struct visit *o = visit; o; o = o->outer) {
        if (o->view == in->target)
            return true;
    }
    for (size_t i = parent + 1; v->code[i].code == CODE_ARGUMENT; i = v->code[i].end + 1) {
        struct step step = {.view = v, .instruction = &v->code[i], .is_unused = true};
        if (!v->code[i].is_used && !w->f(w->self, &step))
            return false;
    }
    return true;
}

static bool walk_block(struct walk *w, struct view *v, size_t i, const struct scope *scope,
                       const struct visit *visit)
{
    size_t argument;
    mark_used(scope, v->code[i].block);
    const struct scope *by = scope_find(scope, v->code[i].block, &argument);
    w->depth++;
    /* An argument was written in the template of its parent tag, so it is visited as a part of
     * that: the same layout may stand in it once more. */
    bool goes_on = by ? walk_part(w, (struct view *)by->view, argument + 1,
                                  by->view->code[argument].end, by->outer, by->visit)
                      : walk_part(w, v, i + 1, v->code[i].end, scope, visit);
    w->depth--;
    return goes_on;
}

static bool walk_part(struct walk *w, struct view *v, size_t from, size_t to,
                      const struct scope *scope, const struct visit *visit)
{
    for (size_t i = from; i < to; i++) {
        struct instruction *in = &v->code[i];
        bool goes_on = true;
        switch (in->code) {
        case CODE_PARTIAL:
            goes_on = walk_target(w, v, in, scope, visit);
            break;
        case CODE_PARENT:
            goes_on = walk_parent(w, v, i, scope, visit);
            i = in->end;
            break;
        case CODE_BLOCK:
            goes_on = walk_block(w, v, i, scope, visit);
            i = in->end;
            break;
        default:
            w->depth += in->code == CODE_SECTION || in->code == CODE_INVERTED;
            w->depth -= in->code == CODE_END;
            goes_on = w->f(w->self, &(struct step){.view = v, .instruction = in});
        }
        if (!goes_on)
            return false;
    }
    return true;
}

bool view_steps(struct view *v, bool (*f)(void *, const struct step *), void *self)
{
    struct walk w = {f, self, 0};
    struct visit visit = {NULL, v, 0};
    return walk_part(&w, v, 0, v->n, NULL, &visit);
}

/* ---- the public walk ---- */

struct public_walk {
    bool (*f)(void *, const struct view_visit *);
    void *self;
};

static bool show_step(void *self, const struct step *step)
{
    static const enum view_op op_of[] = {
        [CODE_TEXT] = OP_TEXT,       [CODE_NAME] = OP_NAME,         [CODE_RAW] = OP_RAW,
        [CODE_SECTION] = OP_SECTION, [CODE_INVERTED] = OP_INVERTED, [CODE_END] = OP_END,
        [CODE_PARTIAL] = OP_PARTIAL, [CODE_PARENT] = OP_PARTIAL,
    };
    const struct public_walk *w = self;
    if (step->is_unused)
        return true;
    const struct instruction *in = step->instruction;
    struct view_visit visit = {
        .op = in->is_dynamic ? OP_DYNAMIC : op_of[in->code],
        .name = in->name,
        .modifier = in->modifier ? str_of(in->modifier->name) : S(""),
        .file = step->view->file,
        .line = in->line,
    };
    return w->f(w->self, &visit);
}

void view_walk(const struct view *v, bool (*f)(void *, const struct view_visit *), void *self)
{
    struct public_walk w = {f, self};
    (void)view_steps((struct view *)v, show_step, &w);
}
