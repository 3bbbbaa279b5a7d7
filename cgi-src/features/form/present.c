/*
 * present.c -- the questions and answers of a form as its pages show them, and as the document that is signed.
 * Never: shows a question that is not asked as if it were; puts one into the document.
 */
#include "filling.h"
#include "form_file.h"
#include "shown.h"

static struct val shown_options(struct arena *a, const struct question *q)
{
    struct shown_item *items = arena_alloc(a, (q->n_options + 1) * sizeof *items);
    for (size_t i = 0; i < q->n_options; i++) {
        bool is_chosen = false;
        for (struct str rest = q->answer; rest.n > 0 && !is_chosen;)
            is_chosen = str_eq(str_cut(&rest, '\n'), q->options[i]);
        shown_text(&items[i], "option", q->options[i]);
        shown_text(&items[i], "option_words", q->shown[i]);
        shown_flag(&items[i], "is_chosen", is_chosen);
    }
    return shown_items(a, items, q->n_options);
}

static struct val shown_lines(struct arena *a, struct str language, const struct question *q,
                              size_t blank)
{
    static const struct line none = {{"", 0}, {"", 0}, {"", 0}, {"", 0}};
    size_t n = q->n_lines + blank < 3 ? 3 : q->n_lines + blank;
    if (n > LINES_MAX)
        n = LINES_MAX;
    struct shown_item *items = arena_alloc(a, (n + 1) * sizeof *items);
    for (size_t i = 0; i < n; i++) {
        const struct line *one = i < q->n_lines ? &q->lines[i] : &none;
        shown_text(&items[i], "line", arena_printf(a, "%zu", i + 1));
        shown_text(&items[i], "first", one->first);
        shown_text(&items[i], "second", one->second);
        shown_text(&items[i], "third", one->third);
        shown_flag(&items[i], "is_mild", str_is(one->third, "mild"));
        shown_flag(&items[i], "is_moderate", str_is(one->third, "moderate"));
        shown_flag(&items[i], "is_severe", str_is(one->third, "severe"));
        shown_text(&items[i], "line_message", view_words(a, language, one->message));
    }
    return shown_items(a, items, n);
}

static bool has_marked_line(const struct question *q)
{
    for (size_t i = 0; i < q->n_lines; i++)
        if (q->lines[i].message.n > 0)
            return true;
    return false;
}

/* Ids of what explains a field: its help, its error. */
static struct str described_by(struct arena *a, const struct question *q, bool is_beside)
{
    struct buf b = buf_in(a, 128);
    if (q->help.n > 0)
        buf_printf(&b, "q-%.*s-help", (int)q->key.n, q->key.p);
    if (q->message.n > 0)
        buf_printf(&b, "%sq-%.*s-error", b.n ? " " : "", (int)q->key.n, q->key.p);
    if (is_beside)
        buf_printf(&b, "%sq-%.*s-kept", b.n ? " " : "", (int)q->key.n, q->key.p);
    return buf_str(&b);
}

/* What is kept of a question, in words. */
static struct str kept_words(struct arena *a, struct str language, const struct question *q)
{
    struct question was = *q;
    was.answer = is_list(q) && str_is(q->kept, "some") ? S("") : q->kept;
    was.n_lines = 0;
    if (is_list(q))
        lines_split(a, &was);
    struct str words = answer_words(a, language, &was);
    return q->kept_detail.n == 0 ? words
                                 : arena_printf(a, "%.*s\n%.*s", (int)words.n, words.p,
                                                (int)q->kept_detail.n, q->kept_detail.p);
}

static void show_question(struct req *r, const struct filling *f, const struct question *q,
                          size_t blank, bool beside_kept, struct shown_item *item)
{
    struct arena *a = req_arena(r);
    bool is_beside = beside_kept && !q->is_hidden && question_differs(q);
    static const char *const kinds[] = {
        "text",      "long",        "choice", "multi",    "date",        "number", "yes_no",
        "allergies", "medications", "body",   "initials", "acknowledge", "file",   "signature"};
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        shown_flag(item, arena_cstr(a, arena_printf(a, "is_%s", kinds[i])),
                   question_is(q, kinds[i]));
    shown_text(item, "key", q->key);
    shown_text(item, "label", q->label);
    shown_text(item, "help", q->help);
    shown_flag(item, "is_required", q->is_required);
    shown_text(item, "answer", q->answer);
    shown_flag(item, "says_yes", str_is(q->answer, "yes"));
    shown_flag(item, "says_no", str_is(q->answer, "no"));
    shown_flag(item, "says_none", str_is(q->answer, "none"));
    shown_flag(item, "says_some", str_is(q->answer, "some") || q->n_lines > 0);
    shown_text(item, "follow_up_label", q->follow_up_label);
    shown_text(item, "detail", q->detail);
    shown_text(item, "described_by", described_by(a, q, is_beside));
    shown_text(item, "message", view_words(a, f->language, q->message));
    shown_text(item, "detail_message", view_words(a, f->language, q->detail_message));
    shown_text(item, "kept_words", is_beside ? kept_words(a, f->language, q) : S(""));
    shown_list(item, "options", shown_options(a, q));
    shown_text(item, "unit", q->unit);
    shown_text(item, "when_key", q->when_key);
    shown_text(item, "when_value", q->when_value);
    shown_flag(item, "is_hidden", q->is_hidden);
    if (is_list(q)) {
        shown_flag(item, "has_marked_line", has_marked_line(q));
        shown_list(item, "lines", shown_lines(a, f->language, q, blank));
    }
    if (is_clause(q)) {
        struct clause c = clause_of(q->answer);
        shown_text(item, "sign_name", c.name);
        shown_text(item, "sign_strokes", c.strokes);
    }
    if (question_is(q, "file")) {
        shown_flag(item, "has_files", q->n_files > 0);
        shown_list(item, "files", attached_shown(r, f, q));
        shown_flag(item, "has_room", q->n_files < FORM_FILES_MOST);
        shown_flag(item, "is_preview", f->form == NULL);
    }
}

struct val filling_shown(struct req *r, const struct filling *f, size_t blank, bool beside_kept)
{
    struct arena *a = req_arena(r);
    struct shown_item *items = arena_alloc(a, (f->n + 1) * sizeof *items);
    for (size_t i = 0; i < f->n; i++)
        show_question(r, f, &f->questions[i], blank, beside_kept, &items[i]);
    return shown_items(a, items, f->n);
}

struct form_document filling_document(struct arena *a, const struct filling *f)
{
    struct form_document_answer *answers = arena_alloc(a, (f->n * 2 + 1) * sizeof *answers);
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct question *q = &f->questions[i];
        if (q->is_hidden)
            continue;
        answers[n].question = q->label;
        answers[n].answer = answer_words(a, f->language, q);
        if (is_clause(q) && q->answer.n > 0) {
            struct clause c = clause_of(q->answer);
            answers[n].key = q->key;
            answers[n].signer = c.name;
            answers[n].method = c.method;
            answers[n].strokes = c.strokes;
        }
        n++;
        if (q->follow_up_label.n > 0 && q->detail.n > 0) {
            answers[n].question = q->follow_up_label;
            answers[n++].answer = q->detail;
        }
    }
    return (struct form_document){
        .studio = rows_text(f->form, 0, "studio"),
        .client = rows_text(f->form, 0, "client_name"),
        .title = rows_text(f->form, 0, "title"),
        .version = arena_printf(a, "%lld", (long long)rows_int(f->form, 0, "version")),
        .language = f->language,
        .language_words = rows_text(f->form, 0, "language_words"),
        .statement = view_words(a, f->language, str_of(form_statement)),
        .answers = answers,
        .n_answers = n,
        .wording = rows_text(f->form, 0, "wording"),
        .disclosure = rows_text(f->form, 0, "disclosure"),
        .disclosure_version =
            arena_printf(a, "%lld", (long long)rows_int(f->form, 0, "disclosure_version"))};
}
