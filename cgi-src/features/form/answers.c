/*
 * answers.c -- the answers of one form: loaded, taken from the post, checked, kept.
 * Owns: the names of the posted fields (q-KEY, q-KEY-more; lists: lines.c), how answers are spelled in
 * app.form_answer, and which questions are asked at all: one with a condition only when an earlier one
 * has the answer that opens it. What is not asked is not kept, whatever was posted.
 * Never: keeps an answer in the open; shows HTML.
 */
#include "core/form.h"
#include <math.h>
#include <stdlib.h>

#include "crypto.h"
#include "filling.h"

enum { MAX_TEXT = 300, MAX_LONG = 4000, MAX_DETAIL = 2000, MAX_INITIALS = 8, MAX_NUMBER = 20 };

bool question_is(const struct question *q, const char *kind) { return str_is(q->kind, kind); }

#define is_kind question_is

static bool is_of_options(const struct question *q)
{
    return is_kind(q, "multi") || is_kind(q, "body");
}

/* ---- loading ---- */

/* ---- conditions ---- */

/* Whether one of the lines of an answer is this. */
static bool has_line(struct str answer, struct str value)
{
    while (answer.n > 0)
        if (str_eq(str_cut(&answer, '\n'), value))
            return true;
    return false;
}

/* A question is asked when the one it hangs on is asked and has the answer that opens it. Those come before
 * it in the form: publishing sees to that. */
static bool is_opened(const struct filling *f, size_t i)
{
    const struct question *q = &f->questions[i];
    if (q->when_key.n == 0)
        return true;
    for (size_t k = 0; k < i; k++)
        if (str_eq(f->questions[k].key, q->when_key))
            return !f->questions[k].is_hidden && has_line(f->questions[k].answer, q->when_value);
    return true;
}

/* Marks what is not asked, and forgets its answer. */
static void hide_unasked(struct filling *f, size_t i)
{
    struct question *q = &f->questions[i];
    q->is_hidden = !is_opened(f, i);
    if (!q->is_hidden)
        return;
    q->answer = q->detail = q->message = q->detail_message = S("");
    q->n_lines = 0;
}

static void load_options(struct arena *a, const struct filling *f, const struct rows *rows,
                         size_t i, struct question *q)
{
    size_t n_face;
    if (is_kind(q, "body")) {
        q->n_options = body_regions(a, f->language, &q->options, &q->shown, &n_face);
        return;
    }
    q->n_options = rows_array(rows, a, i, "options", &q->options);
    if (rows_array(rows, a, i, "options_shown", &q->shown) != q->n_options)
        q->shown = q->options;
}

static enum err load_questions(struct req *r, struct filling *f, enum query query)
{
    struct arena *a = req_arena(r);
    struct rows *rows = req_query(r, query);
    if (!rows)
        return req_error(r);
    f->n = rows_count(rows);
    f->questions = arena_alloc(a, (f->n + 1) * sizeof *f->questions);
    for (size_t i = 0; i < f->n; i++) {
        struct question *q = &f->questions[i];
        *q = (struct question){
            .id = rows_text(rows, i, "question_id"),
            .key = rows_text(rows, i, "question_key"),
            .kind = rows_text(rows, i, "kind"),
            .label = rows_text(rows, i, "label"),
            .help = rows_text(rows, i, "help"),
            .follow_up_label = rows_text(rows, i, "follow_up_label"),
            .unit = rows_text(rows, i, "unit"),
            .number_min = rows_text(rows, i, "number_min"),
            .number_max = rows_text(rows, i, "number_max"),
            .none_option = rows_text(rows, i, "none_option"),
            .when_key = rows_text(rows, i, "when_key"),
            .when_value = rows_text(rows, i, "when_value"),
            .is_required = rows_bool(rows, i, "is_required"),
        };
        if (query == Q_form_questions) {
            q->kept = q->answer = rows_text(rows, i, "answer_sealed");
            q->kept_detail = q->detail = rows_text(rows, i, "detail_sealed");
        }
        load_options(a, f, rows, i, q);
        if (is_list(q))
            lines_split(a, q);
        hide_unasked(f, i);
    }
    return OK;
}

/* Which language was asked for: by a button ("lang-es"), by the form that was sent, or by the address. */
static void take_language(struct req *r)
{
    const struct str *values;
    if (req_values(r, "intent", &values) > 0 && str_starts(values[0], S("lang-")))
        req_set(r, "lang", str_part(values[0], 5, values[0].n - 5));
    else if (req_values(r, "lang", &values) > 0)
        req_set(r, "lang", values[0]);
}

enum err filling_load_version(struct req *r, struct filling *f)
{
    *f = (struct filling){.language = req_value(r, "language")};
    return load_questions(r, f, Q_form_build_shown);
}

enum err filling_load(struct req *r, struct filling *f)
{
    take_language(r);
    *f = (struct filling){.form = req_show(r, "form", Q_form_assignment, NULL)};
    if (!f->form)
        return req_error(r);
    if (str_is(rows_text(f->form, 0, "state"), "withdrawn"))
        return ERR_GONE;
    static const char *const params[] = {"client_id", "form_version_id", "answered_version_id",
                                         "language"};
    for (size_t i = 0; i < COUNT_OF(params); i++)
        req_set(r, params[i], rows_text(f->form, 0, params[i]));
    f->language = rows_text(f->form, 0, "language");
    enum err e = load_questions(r, f, Q_form_questions);
    return e ? e : attached_load(r, f);
}

void filling_say(struct req *r, const struct filling *f)
{
    if (str_is(f->language, "en") || view_speaks(f->language))
        req_say_in(r, f->language);
}

bool filling_is_signed(const struct filling *f)
{
    return str_is(rows_text(f->form, 0, "state"), "signed");
}

/* ---- taking ---- */

size_t question_posted(struct req *r, const struct question *q, const char *part,
                       const struct str **values)
{
    return req_values(r,
                      arena_cstr(req_arena(r), arena_printf(req_arena(r), "q-%.*s%s", (int)q->key.n,
                                                            q->key.p, part)),
                      values);
}

static struct str posted_one(struct req *r, const struct question *q, const char *part)
{
    const struct str *values;
    return question_posted(r, q, part, &values) > 0 ? values[0] : S("");
}

struct str question_check(struct req *r, struct field rule, struct str typed, struct str *value)
{
    struct form form;
    rule.name = "x";
    const struct field fields[] = {rule, {0}};
    struct pair pair = {S("x"), typed};
    form_check(req_arena(r), fields, &(struct pairs){&pair, 1}, &form);
    struct form_value *checked = form_value(&form, S("x"));
    *value = checked->clean;
    return checked->message;
}

static bool is_option(const struct question *q, struct str value)
{
    for (size_t i = 0; i < q->n_options; i++)
        if (str_eq(q->options[i], value))
            return true;
    return false;
}

static const char choose_listed[] = "Please choose from the list.";

static void take_multi(struct req *r, struct question *q)
{
    const struct str *values;
    size_t n = question_posted(r, q, "", &values);
    struct buf b = buf_in(req_arena(r), 128);
    for (size_t k = 0; k < n; k++)
        if (!is_option(q, values[k]))
            q->message = str_of(choose_listed);
    for (size_t i = 0; i < q->n_options; i++)
        for (size_t k = 0; k < n; k++)
            if (str_eq(q->options[i], values[k])) {
                if (b.n)
                    buf_addc(&b, '\n');
                buf_add(&b, values[k]);
                break;
            }
    q->answer = buf_str(&b);
}

/* A number as it is kept: digits with a point, whatever was typed; false: it is none. */
static bool plain_number(struct arena *a, struct str typed, struct str *kept)
{
    struct buf b = buf_in(a, 32);
    size_t n_digits = 0, n_points = 0;
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        if (c >= '0' && c <= '9')
            n_digits++;
        else if ((c == '.' || c == ',') && n_points++ == 0 && n_digits > 0)
            c = '.';
        else if (c != '-' || i > 0)
            return false;
        buf_addc(&b, c);
    }
    *kept = buf_str(&b);
    return n_digits > 0 && kept->p[kept->n - 1] != '.';
}

static double value_of(struct arena *a, struct str number)
{
    return number.n > 0 ? strtod(arena_cstr(a, number), NULL) : NAN;
}

static struct str range_message(struct arena *a, struct str language, const struct question *q)
{
    struct str blank = q->unit.n > 0 ? S(" ") : S("");
    struct str min = q->number_min, max = q->number_max;
    bool has_both = min.n > 0 && max.n > 0;
    struct str last =
        arena_printf(a, "%.*s%.*s%.*s", (int)(max.n > 0 ? max : min).n, (max.n > 0 ? max : min).p,
                     (int)blank.n, blank.p, (int)q->unit.n, q->unit.p);
    const struct view_part parts[] = {{"1", has_both ? min : last}, {"2", last}};
    return view_words_with(a, language,
                           has_both    ? S("Please give a number from {1} to {2}.")
                           : min.n > 0 ? S("Please give {1} or more.")
                                       : S("Please give {1} or less."),
                           parts, COUNT_OF(parts));
}

static void take_number(struct req *r, struct str language, struct question *q)
{
    struct arena *a = req_arena(r);
    struct str kept;
    q->message = question_check(r, (struct field){.kind = FIELD_TEXT, .max = MAX_NUMBER},
                                posted_one(r, q, ""), &q->answer);
    if (q->message.n > 0 || q->answer.n == 0)
        return;
    if (!plain_number(a, q->answer, &kept)) {
        q->message = S("Please give a number, such as 62 or 62.5.");
        return;
    }
    q->answer = kept;
    double value = value_of(a, kept);
    if (value < value_of(a, q->number_min) || value > value_of(a, q->number_max))
        q->message = range_message(a, language, q);
}

static struct field rule_of(const struct question *q)
{
    if (is_kind(q, "long"))
        return (struct field){.kind = FIELD_LONG, .max = MAX_LONG};
    if (is_kind(q, "date"))
        return (struct field){.kind = FIELD_DATE};
    if (is_kind(q, "yes_no"))
        return (struct field){.kind = FIELD_CHOICE, .choices = "yes|no"};
    if (is_kind(q, "acknowledge"))
        return (struct field){.kind = FIELD_CHOICE, .choices = "yes"};
    if (is_kind(q, "initials"))
        return (struct field){.kind = FIELD_TEXT, .max = MAX_INITIALS};
    return (struct field){.kind = FIELD_TEXT, .max = MAX_TEXT};
}

static void take_question(struct req *r, struct str language, struct question *q)
{
    q->message = q->detail_message = S("");
    if (is_of_options(q)) {
        take_multi(r, q);
        return;
    }
    if (is_list(q)) {
        lines_take(r, q);
        return;
    }
    if (is_clause(q)) {
        clause_take(r, q);
        return;
    }
    if (is_kind(q, "number")) {
        take_number(r, language, q);
        return;
    }
    if (is_kind(q, "file")) { /* no value of the form: they are attached on a page of their own */
        attached_take(req_arena(r), q);
        return;
    }
    q->message = question_check(r, rule_of(q), posted_one(r, q, ""), &q->answer);
    if (is_kind(q, "choice") && q->answer.n > 0 && !is_option(q, q->answer))
        q->message = str_of(choose_listed);
    q->detail = S("");
    if (q->follow_up_label.n > 0 && !str_is(q->answer, "no"))
        q->detail_message = question_check(r, (struct field){.kind = FIELD_LONG, .max = MAX_DETAIL},
                                           posted_one(r, q, "-more"), &q->detail);
}

/* Whether the page that was posted showed this question: it says so of those with a condition. */
static bool was_on_page(struct req *r, const struct question *q)
{
    const struct str *keys;
    size_t n = req_values(r, "shown", &keys);
    for (size_t i = 0; i < n; i++)
        if (str_eq(keys[i], q->key))
            return true;
    return false;
}

bool filling_take(struct req *r, struct filling *f)
{
    bool all_good = true;
    for (size_t i = 0; i < f->n; i++) {
        take_question(r, f->language, &f->questions[i]);
        f->questions[i].was_shown = was_on_page(r, &f->questions[i]);
        hide_unasked(f, i);
        all_good &= f->questions[i].message.n == 0 && f->questions[i].detail_message.n == 0;
    }
    return all_good;
}

bool filling_has_opened(const struct filling *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->questions[i].when_key.n > 0 && !f->questions[i].is_hidden &&
            !f->questions[i].was_shown)
            return true;
    return false;
}

/* ---- completeness ---- */

static struct str missing_message(const struct question *q)
{
    if (is_kind(q, "choice") || is_kind(q, "yes_no"))
        return S("Please choose one.");
    if (is_of_options(q))
        return S("Please tick what applies.");
    if (is_kind(q, "acknowledge"))
        return S("Please tick this to go on.");
    if (is_kind(q, "date"))
        return S("Please give the date.");
    if (is_kind(q, "allergies"))
        return S("Please name your allergies, or choose \"No known allergies\".");
    if (is_kind(q, "medications"))
        return S("Please name your medicines, or choose \"I take none\".");
    if (is_kind(q, "initials"))
        return S("Please write your initials.");
    if (is_clause(q))
        return S("Please sign here.");
    if (is_kind(q, "file"))
        return S("Please attach a picture or a PDF.");
    return S("Please fill this in.");
}

/* "None of these", and one of these. */
static bool is_none_and_more(const struct question *q)
{
    struct str answer = q->answer;
    size_t n = 0;
    bool has_none = false;
    for (; q->none_option.n > 0 && answer.n > 0; n++)
        has_none |= str_eq(str_cut(&answer, '\n'), q->none_option);
    return has_none && n > 1;
}

bool filling_complete(struct filling *f)
{
    bool all_there = true;
    for (size_t i = 0; i < f->n; i++) {
        struct question *q = &f->questions[i];
        if (q->is_hidden)
            continue;
        if (q->message.n == 0 && q->answer.n == 0 && q->is_required)
            q->message = missing_message(q);
        if (q->message.n == 0 && is_none_and_more(q))
            q->message = S("Tick what applies, or that none does, but not both.");
        if (is_clause(q))
            clause_complete(q);
        if (is_list(q) && q->message.n == 0) {
            if (str_is(q->answer, "some"))
                q->message = missing_message(q);
            lines_complete(q);
        }
        if (q->follow_up_label.n > 0 && str_is(q->answer, "yes") && q->detail.n == 0 &&
            q->detail_message.n == 0)
            q->detail_message = S("Please tell us a little more, because you answered yes.");
        all_there &= q->message.n == 0 && q->detail_message.n == 0;
    }
    return all_there;
}

/* ---- keeping ---- */

/* One element of a bytea[] literal. */
static enum err add_sealed(struct req *r, struct buf *list, const char *column, struct str row,
                           struct str plain)
{
    struct str sealed;
    if (list->n > 1)
        buf_addc(list, ',');
    if (plain.n == 0) {
        buf_addz(list, "NULL");
        return OK;
    }
    enum err e =
        req_seal(r, req_value(r, "client_id"), "app.form_answer", column, row, plain, &sealed);
    if (e)
        return e;
    buf_addz(list, "\"\\\\x");
    esc_hex(list, sealed);
    buf_addc(list, '"');
    return OK;
}

static void add_id(struct buf *list, struct str id)
{
    if (list->n > 1)
        buf_addc(list, ',');
    buf_add(list, id);
}

bool question_differs(const struct question *q)
{
    return !question_is(q, "file") &&
           (q->message.n > 0 || q->detail_message.n > 0 || !str_eq(q->answer, q->kept) ||
            !str_eq(q->detail, q->kept_detail));
}

bool filling_is_stale(struct req *r, const struct filling *f)
{
    const struct str *seen, *editor;
    struct str newest =
        arena_printf(req_arena(r), "%lld", (long long)rows_int(f->form, 0, "edition"));
    if (str_eq(req_values(r, "edition", &seen) > 0 ? seen[0] : S("0"), newest))
        return false;
    if (req_values(r, "editor", &editor) > 0 && editor[0].n > 0 &&
        str_eq(editor[0], rows_text(f->form, 0, "editor")))
        return false;
    for (size_t i = 0; i < f->n; i++)
        if (question_differs(&f->questions[i]))
            return true;
    return false;
}

/* What is kept of a question: nothing of what is wrong. */
static void kept_of(const struct question *q, struct str *answer, struct str *detail)
{
    *answer = q->message.n > 0 ? S("") : q->answer;
    *detail = q->message.n > 0 || q->detail_message.n > 0 ? S("") : q->detail;
}

/* Whether it is kept already, as an answer to this version. */
static bool is_kept(const struct filling *f, const struct question *q)
{
    struct str answer, detail;
    kept_of(q, &answer, &detail);
    return str_eq(rows_text(f->form, 0, "form_version_id"),
                  rows_text(f->form, 0, "answered_version_id")) &&
           str_eq(answer, q->kept) && str_eq(detail, q->kept_detail);
}

static enum err put_answers(struct req *r, const struct filling *f)
{
    struct arena *a = req_arena(r);
    struct buf lists[4]; /* ids, question ids, answers, details */
    static const char *const names[] = {"answer_ids", "question_ids", "answers", "details"};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        lists[i] = buf_in(a, 256);
        buf_addc(&lists[i], '{');
    }
    for (size_t i = 0; i < f->n; i++) {
        const struct question *q = &f->questions[i];
        struct str answer, detail;
        kept_of(q, &answer, &detail);
        if (is_kind(q, "file") || (answer.n == 0 && detail.n == 0) || is_kept(f, q))
            continue;
        struct str id = uuid_new(a);
        add_id(&lists[0], id);
        add_id(&lists[1], q->id);
        enum err e = add_sealed(r, &lists[2], "answer_sealed", id, answer);
        if (!e)
            e = add_sealed(r, &lists[3], "detail_sealed", id, detail);
        if (e)
            return e;
    }
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        buf_addc(&lists[i], '}');
        req_set(r, names[i], buf_str(&lists[i]));
    }
    return req_query(r, Q_form_answers_put) ? OK : req_error(r);
}

/* The questions whose answers change, as :changed; false: none does. */
static bool set_changed(struct req *r, const struct filling *f)
{
    struct buf list = buf_in(req_arena(r), 256);
    buf_addc(&list, '{');
    for (size_t i = 0; i < f->n; i++)
        if (!is_kind(&f->questions[i], "file") && !is_kept(f, &f->questions[i]))
            add_id(&list, f->questions[i].id);
    bool is_any = list.n > 1;
    buf_addc(&list, '}');
    req_set(r, "changed", buf_str(&list));
    return is_any;
}

static enum err touch_draft(struct req *r, bool has_changed)
{
    const struct str *editor;
    bool has_editor = req_values(r, "editor", &editor) > 0 && uuid_ok(editor[0]);
    req_set(r, "has_changed", has_changed ? S("true") : S("false"));
    if (has_editor)
        req_set(r, "editor", editor[0]);
    else
        req_set_null(r, "editor");
    return req_query(r, Q_form_draft_touch) ? OK : req_error(r);
}

enum err filling_keep_language(struct req *r, const struct filling *f)
{
    return str_eq(rows_text(f->form, 0, "draft_language"), f->language) ? OK
                                                                        : touch_draft(r, false);
}

enum err filling_keep(struct req *r, const struct filling *f)
{
    if (!set_changed(r, f))
        return rows_bool(f->form, 0, "has_draft") ? filling_keep_language(r, f)
                                                  : touch_draft(r, false);
    enum err e = touch_draft(r, true);
    if (e)
        return e;
    return req_query(r, Q_form_answers_clear) ? put_answers(r, f) : req_error(r);
}
