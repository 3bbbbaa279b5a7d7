/*
 * answers.c -- the answers of one form: loaded, taken from the post, checked, kept.
 * Owns: the names of the posted fields (q-KEY, q-KEY-more, q-KEY-substance, -reaction, -severity)
 * and how answers are spelled in app.form_answer.
 * Never: keeps an answer in the open; shows HTML.
 */
#include "core/form.h"
#include "crypto.h"
#include "filling.h"
#include "shown.h"

enum { MAX_TEXT = 300, MAX_LONG = 4000, MAX_DETAIL = 2000, MAX_SUBSTANCE = 120 };

static const char severities[] = "mild|moderate|severe";

static bool is_kind(const struct question *q, const char *kind) { return str_is(q->kind, kind); }

/* ---- loading ---- */

/* The lines of a kept allergy answer; none for "none", "some" and "". */
static void split_allergies(struct arena *a, struct question *q)
{
    q->allergies = arena_alloc(a, ALLERGIES_MAX * sizeof *q->allergies);
    struct str rest = q->answer;
    if (str_is(rest, "none") || str_is(rest, "some"))
        return;
    while (rest.n > 0 && q->n_allergies < ALLERGIES_MAX) {
        struct str line = str_cut(&rest, '\n');
        struct allergy *one = &q->allergies[q->n_allergies++];
        one->substance = str_cut(&line, '\t');
        one->reaction = str_cut(&line, '\t');
        one->severity = line;
    }
}

static enum err load_questions(struct req *r, struct filling *f)
{
    struct arena *a = req_arena(r);
    struct rows *rows = req_query(r, Q_form_questions);
    if (!rows)
        return req_error(r);
    f->n = rows_count(rows);
    f->questions = arena_alloc(a, (f->n + 1) * sizeof *f->questions);
    for (size_t i = 0; i < f->n; i++) {
        struct question *q = &f->questions[i];
        *q = (struct question){.id = rows_text(rows, i, "question_id"),
                               .key = rows_text(rows, i, "question_key"),
                               .kind = rows_text(rows, i, "kind"),
                               .label = rows_text(rows, i, "label"),
                               .help = rows_text(rows, i, "help"),
                               .follow_up_label = rows_text(rows, i, "follow_up_label"),
                               .is_required = rows_bool(rows, i, "is_required"),
                               .answer = rows_text(rows, i, "answer_sealed"),
                               .detail = rows_text(rows, i, "detail_sealed")};
        q->n_options = rows_array(rows, a, i, "options", &q->options);
        if (is_kind(q, "allergies"))
            split_allergies(a, q);
    }
    return OK;
}

enum err filling_load(struct req *r, struct filling *f)
{
    *f = (struct filling){.form = req_show(r, "form", Q_form_assignment, NULL)};
    if (!f->form)
        return req_error(r);
    if (str_is(rows_text(f->form, 0, "state"), "withdrawn"))
        return ERR_GONE;
    static const char *const params[] = {"client_id", "form_version_id", "answered_version_id"};
    for (size_t i = 0; i < COUNT_OF(params); i++)
        req_set(r, params[i], rows_text(f->form, 0, params[i]));
    return load_questions(r, f);
}

bool filling_is_signed(const struct filling *f)
{
    return str_is(rows_text(f->form, 0, "state"), "signed");
}

/* ---- taking ---- */

static size_t posted(struct req *r, const struct question *q, const char *part,
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
    return posted(r, q, part, &values) > 0 ? values[0] : S("");
}

/* Puts a typed text into *value as it is kept, and says what is wrong with it. */
static struct str check_text(struct req *r, struct field rule, struct str typed, struct str *value)
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
    size_t n = posted(r, q, "", &values);
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

/* The typed lines as they are kept. Lines without any text are left out. */
static void join_allergies(struct arena *a, struct question *q, struct str says)
{
    if (q->n_allergies == 0 || str_is(says, "none")) {
        q->answer = says;
        return;
    }
    struct buf b = buf_in(a, 256);
    for (size_t i = 0; i < q->n_allergies; i++) {
        const struct allergy *one = &q->allergies[i];
        buf_printf(&b, "%s%.*s\t%.*s\t%.*s", i ? "\n" : "", (int)one->substance.n, one->substance.p,
                   (int)one->reaction.n, one->reaction.p, (int)one->severity.n, one->severity.p);
    }
    q->answer = buf_str(&b);
}

static bool take_allergy(struct req *r, struct allergy *one, struct str substance,
                         struct str reaction, struct str severity)
{
    const struct field text = {.kind = FIELD_TEXT, .max = MAX_SUBSTANCE};
    const struct field choice = {.kind = FIELD_CHOICE, .choices = severities};
    struct str first = check_text(r, text, substance, &one->substance);
    struct str second = check_text(r, text, reaction, &one->reaction);
    struct str third = check_text(r, choice, severity, &one->severity);
    one->message = first.n ? first : second.n ? second : third;
    return one->substance.n || one->reaction.n || one->severity.n;
}

static void take_allergies(struct req *r, struct question *q)
{
    const struct str *substances, *reactions, *strengths;
    size_t n = posted(r, q, "-substance", &substances);
    size_t n_reactions = posted(r, q, "-reaction", &reactions);
    size_t n_strengths = posted(r, q, "-severity", &strengths);
    struct str says = posted_one(r, q, "");
    q->n_allergies = 0;

    if (n != n_reactions || n != n_strengths || n > ALLERGIES_MAX) {
        q->message = S("Please list no more than 30 allergies here, and tell us about the others.");
        n = 0;
    }
    if (says.n > 0 && !str_is(says, "none") && !str_is(says, "some")) {
        q->message = str_of(choose_listed);
        says = S("");
    }
    for (size_t i = 0; i < n; i++) {
        struct allergy *one = &q->allergies[q->n_allergies];
        if (take_allergy(r, one, substances[i], reactions[i], strengths[i]))
            q->n_allergies++;
        if (one->message.n)
            q->message = S("Please look at the marked line again.");
    }
    /* "None" beside a named allergy is a contradiction that nobody but her may settle. */
    if (str_is(says, "none") && q->n_allergies > 0) {
        q->message =
            S("You chose \"No known allergies\" and also named one. Please change either.");
        says = S("some");
    }
    join_allergies(req_arena(r), q, says);
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
    return (struct field){.kind = FIELD_TEXT, .max = MAX_TEXT};
}

static void take_question(struct req *r, struct question *q)
{
    q->message = q->detail_message = S("");
    if (is_kind(q, "multi")) {
        take_multi(r, q);
        return;
    }
    if (is_kind(q, "allergies")) {
        take_allergies(r, q);
        return;
    }
    q->message = check_text(r, rule_of(q), posted_one(r, q, ""), &q->answer);
    if (is_kind(q, "choice") && q->answer.n > 0 && !is_option(q, q->answer))
        q->message = str_of(choose_listed);
    q->detail = S("");
    if (q->follow_up_label.n > 0 && !str_is(q->answer, "no"))
        q->detail_message = check_text(r, (struct field){.kind = FIELD_LONG, .max = MAX_DETAIL},
                                       posted_one(r, q, "-more"), &q->detail);
}

bool filling_take(struct req *r, struct filling *f)
{
    bool all_good = true;
    for (size_t i = 0; i < f->n; i++) {
        take_question(r, &f->questions[i]);
        all_good &= f->questions[i].message.n == 0 && f->questions[i].detail_message.n == 0;
    }
    return all_good;
}

/* ---- completeness ---- */

static struct str missing_message(const struct question *q)
{
    if (is_kind(q, "choice") || is_kind(q, "yes_no"))
        return S("Please choose one.");
    if (is_kind(q, "multi"))
        return S("Please tick what applies.");
    if (is_kind(q, "acknowledge"))
        return S("Please tick this to go on.");
    if (is_kind(q, "date"))
        return S("Please give the date.");
    if (is_kind(q, "allergies"))
        return S("Please name your allergies, or choose \"No known allergies\".");
    return S("Please fill this in.");
}

static void complete_allergies(struct question *q)
{
    if (str_is(q->answer, "some"))
        q->message = missing_message(q);
    for (size_t i = 0; i < q->n_allergies; i++) {
        struct allergy *one = &q->allergies[i];
        if (one->message.n == 0 && one->substance.n == 0)
            one->message = S("Please name what you are allergic to.");
        else if (one->message.n == 0 && one->severity.n == 0)
            one->message = S("Please choose how strong the reaction is.");
        if (one->message.n > 0)
            q->message = S("Please look at the marked line again.");
    }
}

bool filling_complete(struct filling *f)
{
    bool all_there = true;
    for (size_t i = 0; i < f->n; i++) {
        struct question *q = &f->questions[i];
        if (q->message.n == 0 && q->answer.n == 0 && q->is_required)
            q->message = missing_message(q);
        if (is_kind(q, "allergies") && q->message.n == 0)
            complete_allergies(q);
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
        if (q->answer.n == 0 && q->detail.n == 0)
            continue;
        struct str id = uuid_new(a);
        add_id(&lists[0], id);
        add_id(&lists[1], q->id);
        enum err e = add_sealed(r, &lists[2], "answer_sealed", id, q->answer);
        if (!e)
            e = add_sealed(r, &lists[3], "detail_sealed", id, q->detail);
        if (e)
            return e;
    }
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        buf_addc(&lists[i], '}');
        req_set(r, names[i], buf_str(&lists[i]));
    }
    return req_query(r, Q_form_answers_put) ? OK : req_error(r);
}

enum err filling_keep(struct req *r, const struct filling *f)
{
    /* First the draft: whoever saves at the same moment waits here. The answers then belong to the
     * version that is in force, whichever the page was opened with. */
    if (!req_query(r, Q_form_draft_touch) || !req_query(r, Q_form_answers_clear))
        return req_error(r);
    return put_answers(r, f);
}

/* ---- showing ---- */

static struct val shown_options(struct arena *a, const struct question *q)
{
    struct shown_item *items = arena_alloc(a, (q->n_options + 1) * sizeof *items);
    for (size_t i = 0; i < q->n_options; i++) {
        bool is_chosen = false;
        for (struct str rest = q->answer; rest.n > 0 && !is_chosen;)
            is_chosen = str_eq(str_cut(&rest, '\n'), q->options[i]);
        shown_text(&items[i], "option", q->options[i]);
        shown_flag(&items[i], "is_chosen", is_chosen);
    }
    return shown_items(a, items, q->n_options);
}

static struct val shown_allergies(struct arena *a, const struct question *q, size_t blank)
{
    static const struct allergy none = {{"", 0}, {"", 0}, {"", 0}, {"", 0}};
    size_t n = q->n_allergies + blank < 3 ? 3 : q->n_allergies + blank;
    if (n > ALLERGIES_MAX)
        n = ALLERGIES_MAX;
    struct shown_item *items = arena_alloc(a, (n + 1) * sizeof *items);
    for (size_t i = 0; i < n; i++) {
        const struct allergy *one = i < q->n_allergies ? &q->allergies[i] : &none;
        shown_text(&items[i], "line", arena_printf(a, "%zu", i + 1));
        shown_text(&items[i], "substance", one->substance);
        shown_text(&items[i], "reaction", one->reaction);
        shown_flag(&items[i], "is_mild", str_is(one->severity, "mild"));
        shown_flag(&items[i], "is_moderate", str_is(one->severity, "moderate"));
        shown_flag(&items[i], "is_severe", str_is(one->severity, "severe"));
        shown_text(&items[i], "line_message", one->message);
    }
    return shown_items(a, items, n);
}

static bool has_marked_line(const struct question *q)
{
    for (size_t i = 0; i < q->n_allergies; i++)
        if (q->allergies[i].message.n > 0)
            return true;
    return false;
}

/* Ids of what explains a field: its help, its error. */
static struct str described_by(struct arena *a, const struct question *q)
{
    struct buf b = buf_in(a, 128);
    if (q->help.n > 0)
        buf_printf(&b, "q-%.*s-help", (int)q->key.n, q->key.p);
    if (q->message.n > 0)
        buf_printf(&b, "%sq-%.*s-error", b.n ? " " : "", (int)q->key.n, q->key.p);
    return buf_str(&b);
}

static void show_question(struct arena *a, const struct question *q, size_t blank,
                          struct shown_item *item)
{
    static const char *const kinds[] = {"text", "long",   "choice",    "multi",
                                        "date", "yes_no", "allergies", "acknowledge"};
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        shown_flag(item, arena_cstr(a, arena_printf(a, "is_%s", kinds[i])), is_kind(q, kinds[i]));
    shown_text(item, "key", q->key);
    shown_text(item, "label", q->label);
    shown_text(item, "help", q->help);
    shown_flag(item, "is_required", q->is_required);
    shown_text(item, "answer", q->answer);
    shown_flag(item, "says_yes", str_is(q->answer, "yes"));
    shown_flag(item, "says_no", str_is(q->answer, "no"));
    shown_flag(item, "says_none", str_is(q->answer, "none"));
    shown_flag(item, "says_some", str_is(q->answer, "some") || q->n_allergies > 0);
    shown_text(item, "follow_up_label", q->follow_up_label);
    shown_text(item, "detail", q->detail);
    shown_text(item, "described_by", described_by(a, q));
    shown_text(item, "message", q->message);
    shown_text(item, "detail_message", q->detail_message);
    shown_list(item, "options", shown_options(a, q));
    if (is_kind(q, "allergies")) {
        shown_flag(item, "has_marked_line", has_marked_line(q));
        shown_list(item, "lines", shown_allergies(a, q, blank));
    }
}

struct val filling_shown(struct arena *a, const struct filling *f, size_t blank)
{
    struct shown_item *items = arena_alloc(a, (f->n + 1) * sizeof *items);
    for (size_t i = 0; i < f->n; i++)
        show_question(a, &f->questions[i], blank, &items[i]);
    return shown_items(a, items, f->n);
}

/* ---- what becomes of the answers ---- */

struct form_document filling_document(struct arena *a, const struct filling *f)
{
    struct form_document_answer *answers = arena_alloc(a, (f->n * 2 + 1) * sizeof *answers);
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct question *q = &f->questions[i];
        answers[n++] =
            (struct form_document_answer){q->label, form_answer_words(a, q->kind, q->answer)};
        if (q->follow_up_label.n > 0 && q->detail.n > 0)
            answers[n++] = (struct form_document_answer){q->follow_up_label, q->detail};
    }
    return (struct form_document){
        .studio = rows_text(f->form, 0, "studio"),
        .client = rows_text(f->form, 0, "client_name"),
        .title = rows_text(f->form, 0, "title"),
        .version = arena_printf(a, "%lld", (long long)rows_int(f->form, 0, "version")),
        .answers = answers,
        .n_answers = n,
        .wording = rows_text(f->form, 0, "wording"),
        .disclosure = rows_text(f->form, 0, "disclosure"),
        .disclosure_version =
            arena_printf(a, "%lld", (long long)rows_int(f->form, 0, "disclosure_version"))};
}

/* Whether two names of a substance are the same, whatever their case (ASCII; better listed twice
 * than left out). */
static bool same_substance(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i], y = b.p[i];
        if (x >= 'A' && x <= 'Z')
            x = (char)(x - 'A' + 'a');
        if (y >= 'A' && y <= 'Z')
            y = (char)(y - 'A' + 'a');
        if (x != y)
            return false;
    }
    return true;
}

/* The same substance at another severity is news, and is noted beside the old line. */
static bool is_listed(const struct rows *known, const struct allergy *one)
{
    for (size_t i = 0; i < rows_count(known); i++)
        if (same_substance(rows_text(known, i, "substance_sealed"), one->substance) &&
            str_eq(rows_text(known, i, "severity"), one->severity))
            return true;
    return false;
}

static enum err note_allergy(struct req *r, const struct allergy *one)
{
    struct str id = uuid_new(req_arena(r)), client = req_value(r, "client_id"), sealed;
    enum err e =
        req_seal(r, client, "app.allergy", "substance_sealed", id, one->substance, &sealed);
    if (e)
        return e;
    req_set(r, "allergy_id", id);
    req_set(r, "severity", one->severity);
    req_set_bytes(r, "substance_bytes", sealed);
    req_set_null(r, "reaction_bytes");
    if (one->reaction.n > 0) {
        e = req_seal(r, client, "app.allergy", "reaction_sealed", id, one->reaction, &sealed);
        if (e)
            return e;
        req_set_bytes(r, "reaction_bytes", sealed);
    }
    return req_query(r, Q_form_allergy_put) ? OK : req_error(r);
}

enum err filling_note_allergies(struct req *r, const struct filling *f)
{
    struct rows *known = NULL;
    for (size_t i = 0; i < f->n; i++) {
        const struct question *q = &f->questions[i];
        for (size_t k = 0; k < q->n_allergies; k++) {
            if (!known && !(known = req_query(r, Q_form_allergies)))
                return req_error(r);
            enum err e =
                is_listed(known, &q->allergies[k]) ? OK : note_allergy(r, &q->allergies[k]);
            if (e)
                return e;
        }
    }
    return OK;
}

enum err filling_note_due_date(struct req *r, const struct filling *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct question *q = &f->questions[i];
        if (!str_is(q->key, "due_date") || !str_is(q->kind, "date") || q->answer.n == 0)
            continue;
        req_set(r, "due_told", q->answer);
        return req_query(r, Q_form_due_date) ? OK : req_error(r);
    }
    return OK;
}
