/*
 * paper.c -- forms on paper: a version as a sheet to be printed and filled in by hand, and noting that one was signed so, with a picture of it.
 * Owns: the text "paper-1" that stands for such a form (form_document.h).
 * Never: makes it look as if somebody had signed electronically: no terms, no link, no certificate. app.signature sees to that as well.
 */
#include "core/http.h"
#include "crypto.h"
#include "features/features.h"
#include "form_file.h"
#include "pages.h"
#include "shown.h"

#define PAPER "/forms/{assignment_id:uuid}/paper"
#define SHEET "/settings/forms/{form_id:uuid}/versions/{form_version_id:uuid}/paper"

/* ---- the sheet ---- */

static enum err show_sheet(struct req *r)
{
    struct filling f;
    struct rows *sheet = req_show(r, "sheet", Q_form_paper_sheet, NULL);
    if (!sheet)
        return req_error(r);
    req_set(r, "language", rows_text(sheet, 0, "language"));
    req_set(r, "text_dir", language_dir(rows_text(sheet, 0, "language")));
    enum err e = filling_load_version(r, &f);
    if (e)
        return e;
    if (!req_show(r, "words", Q_form_paper_words, NULL) ||
        !req_show(r, "languages", Q_form_languages, NULL))
        return req_error(r);
    req_set_list(r, "questions", filling_shown(r, &f, 3, false));
    return reply_view(r, 200, "form/sheet");
}

/* ---- signed on paper ---- */

static const struct field paper_fields[] = {
    {"signed_on", FIELD_DATE, .required = true, .missing = "Which day stands on the paper?"},
    {"signer_name", FIELD_TEXT, .required = true, .min = 2, .max = 120,
     .missing = "Write the name that stands on the paper."},
    {"guardian_id", FIELD_UUID},
    {"witness_id", FIELD_UUID},
    {"lang", FIELD_TOKEN, .max = 16}, /* of the paper, where the form is there in several */
    {"file", FIELD_TEXT},             /* (no text: only for the message beside it) */
    {0},
};

/* One of the rows, by its id; no such row: the index past the last one. */
static size_t row_of(const struct rows *rows, const char *column, struct str id)
{
    size_t i = 0;
    while (i < rows_count(rows) && !str_eq(rows_text(rows, i, column), id))
        i++;
    return i;
}

/* The pictures of the paper, looked at before one of them is kept. */
static enum err look_at(struct req *r, const struct upload *files, size_t n,
                        struct form_file_taken *taken, const char **why)
{
    *why = NULL;
    if (n == 0)
        *why = "Add a picture or a PDF of the paper.";
    else if (n > FORM_FILES_MOST)
        *why = "Five files at most. Put the pages into one PDF, or leave some out.";
    for (size_t i = 0; i < n && !*why; i++) {
        if (files[i].bytes.n == 0) {
            *why = "This file is empty. Please choose another.";
            break;
        }
        enum err e = form_file_take(r, files[i].bytes, &taken[i], why);
        if (e && e != ERR_INVALID)
            return e;
    }
    return *why ? ERR_INVALID : OK;
}

/* What is ticked on the paper for a purpose; "": not said. */
static struct str said_of(struct req *r, struct str purpose)
{
    const struct str *said;
    const char *name =
        arena_cstr(req_arena(r), arena_printf(req_arena(r), "p-%.*s", (int)purpose.n, purpose.p));
    bool is_said =
        req_values(r, name, &said) > 0 && (str_is(said[0], "yes") || str_is(said[0], "no"));
    return is_said ? said[0] : S("");
}

/* What is ticked on the paper of what the form asks to be allowed: into the text, and as lists for the ledger. false: one was left out. */
static bool take_purposes(struct req *r, const struct rows *asked,
                          struct form_document_answer *answers)
{
    struct arena *a = req_arena(r);
    struct buf purposes = buf_in(a, 128), givens = buf_in(a, 64);
    buf_addc(&purposes, '{');
    buf_addc(&givens, '{');
    for (size_t i = 0; i < rows_count(asked); i++) {
        struct str purpose = rows_text(asked, i, "purpose"), said = said_of(r, purpose);
        if (said.n == 0)
            return false;
        bool is_yes = str_is(said, "yes");
        buf_printf(&purposes, "%s%.*s", i ? "," : "", (int)purpose.n, purpose.p);
        buf_printf(&givens, "%s%s", i ? "," : "", is_yes ? "t" : "f");
        answers[i].question = rows_text(asked, i, "label");
        answers[i].answer = view_words(a, req_value(r, "language"), is_yes ? S("Yes") : S("No"));
    }
    buf_addc(&purposes, '}');
    buf_addc(&givens, '}');
    req_set(r, "purposes", buf_str(&purposes));
    req_set(r, "givens", buf_str(&givens));
    return true;
}

/* The pictures as the text names them: form_answer_words of "file". */
static struct str named(struct req *r, const struct upload *files, size_t n,
                        const struct form_file_taken *taken)
{
    struct arena *a = req_arena(r);
    struct buf b = buf_in(a, 256);
    for (size_t i = 0; i < n; i++) {
        struct str name = form_file_name(a, files[i].filename);
        struct str hash = form_document_hash(a, taken[i].whole);
        buf_printf(&b, "%s%.*s\t%s\t%zu\t%.*s", i ? "\n" : "", (int)name.n, name.p, taken[i].type,
                   taken[i].whole.n, (int)hash.n, hash.p);
    }
    return form_answer_words(a, S("file"), buf_str(&b));
}

static enum err keep(struct req *r, const struct rows *due, struct str text)
{
    struct arena *a = req_arena(r);
    struct str id = uuid_new(a), client = req_value(r, "client_id");
    unsigned char hash[HASH_BYTES];
    enum err e =
        req_set_sealed(r, "document_bytes", client, "app.signature", "document_sealed", id, text);
    if (!e)
        e = req_set_sealed(r, "signer_name_bytes", client, "app.signature", "signer_name_sealed",
                           id, req_value(r, "signer_name"));
    if (e)
        return e;
    sha256(text, hash);
    req_set_bytes(r, "document_sha256", (struct str){(const char *)hash, sizeof hash});
    req_set_bytes(r, "wording_sha256", rows_text(due, 0, "wording_sha256"));
    req_set(r, "signature_id", id);
    return req_query(r, Q_form_paper_sign) ? OK : req_error(r);
}

static struct form_document document_of(struct req *r, const struct rows *due,
                                        const struct rows *guardians, const struct rows *witnesses)
{
    struct form_document d = {.format = S("paper-1"),
                              .studio = rows_text(due, 0, "studio"),
                              .client = rows_text(due, 0, "client_name"),
                              .title = rows_text(due, 0, "title"),
                              .language = rows_text(due, 0, "language"),
                              .language_words = rows_text(due, 0, "language_words"),
                              .wording = rows_text(due, 0, "wording"),
                              .signer = req_value(r, "signer_name"),
                              .role = S("client"),
                              .place = S("paper"),
                              .method = S("paper"),
                              .signed_at = req_value(r, "signed_on"),
                              .noted_by = rows_text(due, 0, "noter_name"),
                              .noted_at = rows_text(due, 0, "now_utc")};
    d.version = arena_printf(req_arena(r), "%lld", (long long)rows_int(due, 0, "version"));
    size_t guardian = row_of(guardians, "guardian_id", req_value(r, "guardian_id"));
    if (guardian < rows_count(guardians)) {
        d.role = S("guardian");
        d.guardian = rows_text(guardians, guardian, "guardian_name");
        d.relation = rows_text(guardians, guardian, "relation");
    }
    size_t witness = row_of(witnesses, "staff_id", req_value(r, "witness_id"));
    if (witness < rows_count(witnesses))
        d.witness = rows_text(witnesses, witness, "name");
    return d;
}

/* Nobody chosen is nobody. */
static void set_absent(struct req *r)
{
    static const char *const optional[] = {"guardian_id", "witness_id"};
    for (size_t i = 0; i < COUNT_OF(optional); i++)
        if (!req_has(r, optional[i]))
            req_set_null(r, optional[i]);
}

/* What the other queries and the row of the signature take of it. */
static void set_due(struct req *r, const struct rows *due)
{
    static const char *const columns[] = {"client_id", "form_version_id", "language"};
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        req_set(r, columns[i], rows_text(due, 0, columns[i]));
}

/* What the form asks to be allowed, with what was ticked on a page that came back. */
static struct val shown_asked(struct req *r, const struct rows *asked)
{
    struct arena *a = req_arena(r);
    struct shown_item *items = arena_alloc(a, (rows_count(asked) + 1) * sizeof *items);
    for (size_t i = 0; i < rows_count(asked); i++) {
        struct str said = said_of(r, rows_text(asked, i, "purpose"));
        shown_text(&items[i], "purpose", rows_text(asked, i, "purpose"));
        shown_text(&items[i], "label", rows_text(asked, i, "label"));
        shown_text(&items[i], "label_language", req_value(r, "language"));
        shown_flag(&items[i], "says_yes", str_is(said, "yes"));
        shown_flag(&items[i], "says_no", str_is(said, "no"));
    }
    return shown_items(a, items, rows_count(asked));
}

static enum err show_paper(struct req *r)
{
    set_absent(r);
    const struct rows *due = req_show(r, "due", Q_form_paper_due, NULL), *asked = NULL;
    if (!due)
        return req_error(r);
    set_due(r, due);
    if (!req_show(r, "guardians", Q_form_paper_guardians, NULL) ||
        !req_show(r, "witnesses", Q_form_paper_witnesses, NULL) ||
        !req_show(r, "languages", Q_form_languages, NULL) ||
        !(asked = req_query(r, Q_form_paper_purposes)))
        return req_error(r);
    req_set_list(r, "asked", shown_asked(r, asked));
    return reply_view(r, 200, "form/paper");
}

static enum err note_paper(struct req *r)
{
    struct arena *a = req_arena(r);
    const struct upload *files;
    size_t n = form_files_sent(r, &files);
    struct form_file_taken *taken = arena_alloc(a, (n + 1) * sizeof *taken);
    const char *why;
    set_absent(r);
    const struct rows *due = req_query(r, Q_form_paper_due);
    if (!due)
        return req_error(r);
    set_due(r, due);
    const struct rows *languages = req_query(r, Q_form_languages);
    const struct rows *guardians = languages ? req_query(r, Q_form_paper_guardians) : NULL;
    const struct rows *witnesses = guardians ? req_query(r, Q_form_paper_witnesses) : NULL;
    const struct rows *asked = witnesses ? req_query(r, Q_form_paper_purposes) : NULL;
    if (!asked)
        return req_error(r);
    struct form_document_answer *answers =
        arena_alloc(a, (rows_count(asked) + 2) * sizeof *answers);
    enum err e = look_at(r, files, n, taken, &why);
    if (e && e != ERR_INVALID)
        return e;
    if (e)
        req_refuse(r, "file", why);
    bool is_whole = take_purposes(r, asked, answers);
    if (!is_whole)
        req_refuse(r, "purposes", "Say for each what is ticked on the paper.");
    bool is_said =
        rows_count(languages) == 0 || str_eq(req_value(r, "lang"), req_value(r, "language"));
    if (!is_said)
        req_refuse(r, "lang", "Say in which language the paper is.");
    if (e || !is_whole || !is_said)
        return reply_again(r, PAPER);
    struct form_document d = document_of(r, due, guardians, witnesses);
    d.answers = answers;
    d.n_answers = rows_count(asked) + 1;
    answers[rows_count(asked)].question =
        view_words(a, req_value(r, "language"), S("The signed paper, as a picture"));
    answers[rows_count(asked)].answer = named(r, files, n, taken);
    for (size_t i = 0; i < n; i++) {
        e = form_file_keep(r, &taken[i], files[i].filename, Q_form_paper_file);
        if (e)
            return e;
    }
    e = keep(r, due, form_document_text(a, &d));
    struct str client = rows_text(due, 0, "client_id");
    return e ? e
             : reply_redirect(r, arena_printf(a, "/clients/%.*s#forms", (int)client.n, client.p));
}

const struct page form_paper_pages[] = {
    {GET, SHEET, .realm = REALM_STUDIO, CAN(client_read), .run = show_sheet,
     .show = {{"sheet", Q_form_paper_sheet},
              {"words", Q_form_paper_words},
              {"languages", Q_form_languages}},
     .view = "form/sheet", .gives = "questions text_dir", .title = "A form as a sheet of paper"},
    {GET, PAPER, CAN(booking_write), .pool = POOL_SLOW, .action = "form.read", .run = show_paper,
     .show = {{"due", Q_form_paper_due},
              {"guardians", Q_form_paper_guardians},
              {"witnesses", Q_form_paper_witnesses},
              {"languages", Q_form_languages}},
     .view = "form/paper", .gives = "asked", .title = "A form that was signed on paper"},
    {POST, PAPER, CAN(booking_write), .pool = POOL_SLOW, .action = "form.paper",
     .fields = paper_fields, .run = note_paper, .again = PAPER, .max_body = FORM_FILES_BODY,
     .title = "Note that a form was signed on paper"},
    {0},
};
