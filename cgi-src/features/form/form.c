/*
 * form.c -- what a client's link of purpose "form" opens: the list of what is due, the questions,
 * and her copies; and the signed form on the chart.
 * Owns: the pages. answers.c keeps the answers, sign.c takes the signature, document.c makes the
 * text that is signed.
 * Never: lets script decide; each page works without it, and only the server's checks count.
 */
#include "features/features.h"
#include "pages.h"

enum { MAX_ANSWERS = 512 * 1024, MAX_SIGNATURE = 512 * 1024, ONE_DAY = 86400 };

#define HER_LINK "/v/{link_id:uuid}"
#define LIST HER_LINK "/forms"
#define QUESTIONS LIST "/{assignment_id:uuid}"
#define CONSENT QUESTIONS "/consent"
#define FILES QUESTIONS "/files"
#define ATTACH FILES "/{question_key:slug}"
#define HER_FILE FILES "/{media_id:uuid}"
#define CLIENT "/clients/{client_id:uuid}"
#define ONE_FORM CLIENT "/forms/{assignment_id:uuid}"
#define ASK CLIENT "/forms/ask"
#define SIGNATURE CLIENT "/signatures/{signature_id:uuid}"
#define FILE_OF CLIENT "/files/{media_id:uuid}"
/* Where the store of files is. */
#define SLOW .pool = POOL_SLOW
#define SLOW_LINK .door = DOOR_LINK, .purpose = "form", SLOW

struct str form_path(struct req *r, const char *end)
{
    struct str link = req_value(r, "link_id"), form = req_value(r, "assignment_id");
    return arena_printf(req_arena(r), "/v/%.*s/forms/%.*s%s", (int)link.n, link.p, (int)form.n,
                        form.p, end);
}

enum err form_signed_already(struct req *r, const char *copy_query)
{
    const struct str *sent;
    if (req_values(r, "csrf", &sent) == 0)
        return reply_redirect(r, form_path(r, copy_query));
    return reply_view(r, 409, "form/already");
}

/* ---- the questions ---- */

static enum err show_questions(struct req *r)
{
    struct filling f;
    enum err e = filling_load(r, &f);
    if (e)
        return e;
    if (filling_is_declined(&f))
        return reply_view(r, 200, "form/declined");
    if (filling_is_signed(&f))
        return form_signed_already(r, "/copy");
    if (f.n == 0)
        return reply_redirect(r, form_path(r, "/consent"));

    const struct str *intent, *keys;
    bool is_typed = req_values(r, "intent", &intent) > 0;
    bool is_from_signing = !is_typed && req_values(r, "csrf", &keys) > 0;
    bool is_good = !is_typed || filling_take(r, &f);
    bool is_stale = is_typed && filling_is_stale(r, &f);
    bool has_opened = is_typed && !is_stale && filling_has_opened(&f);
    if (is_stale || has_opened) /* what has just come into sight is asked before it is missed */
        is_good = false;
    else if (is_typed ? str_is(intent[0], "next") : is_from_signing || req_has(r, "check"))
        is_good = filling_complete(&f) && is_good;
    if (!is_good)
        req_refuse(
            r, "",
            is_stale ? "Answers were changed on another phone or screen after you opened this "
                       "page, so nothing was kept just now. Where yours differ, what is kept "
                       "stands beside it. Change what should be different, then send the "
                       "page again: what stands in it then counts."
            : is_from_signing ? "Some answers are missing, so this cannot be signed yet."
            : has_opened ? "What you answered opens more questions below. Please answer them too."
                         : "");
    e = form_event(r, "opened", "", ONE_DAY);
    if (!e)
        e = form_event(r, "shown", "questions", 0);
    if (e)
        return e;
    req_set(r, "is_stale", is_stale ? S("yes") : S(""));
    req_set(r, "text_dir", language_dir(f.language));
    req_set_list(r, "questions", filling_shown(r, &f, req_has(r, "more") ? 3 : 1, is_stale));
    if (!req_show(r, "languages", Q_form_languages, NULL))
        return req_error(r);
    filling_say(r, &f);
    return reply_view(r, 200, "form/questions");
}

/* Back to the list that more lines were asked for ("more-KEY"; "more": the first), with more to write on. */
static enum err more_lines(struct req *r, const struct filling *f, struct str intent)
{
    struct str key = intent.n > 5 ? str_part(intent, 5, intent.n - 5) : S("");
    for (size_t i = 0; i < f->n; i++)
        if (is_list(&f->questions[i]) && (key.n == 0 || str_eq(f->questions[i].key, key)))
            return reply_redirect(r,
                                  arena_printf(req_arena(r), "%s?more=1#q-%.*s",
                                               arena_cstr(req_arena(r), form_path(r, "")),
                                               (int)f->questions[i].key.n, f->questions[i].key.p));
    return reply_redirect(r, form_path(r, ""));
}

enum err form_to_question(struct req *r, struct str key)
{
    return reply_redirect(r, arena_printf(req_arena(r), "%s%s%.*s",
                                          arena_cstr(req_arena(r), form_path(r, "")),
                                          key.n > 0 ? "#q-" : "", (int)key.n, key.p));
}

/* To the page on which files are attached to a question ("files-KEY"). */
static enum err to_files(struct req *r, const struct filling *f, struct str key)
{
    for (size_t i = 0; i < f->n; i++)
        if (question_is(&f->questions[i], "file") && !f->questions[i].is_hidden &&
            str_eq(f->questions[i].key, key))
            return reply_redirect(r, arena_printf(req_arena(r), "%s/files/%.*s",
                                                  arena_cstr(req_arena(r), form_path(r, "")),
                                                  (int)key.n, key.p));
    return form_to_question(r, S(""));
}

/* The question that has this file; "": none has. */
static struct str question_of(const struct filling *f, struct str file)
{
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->questions[i].n_files; k++)
            if (str_eq(f->questions[i].files[k].id, file))
                return f->questions[i].key;
    return S("");
}

static bool intent_is(struct str intent, struct str verb, struct str *what)
{
    *what = S("");
    if (!str_starts(intent, verb))
        return false;
    *what = str_part(intent, verb.n, intent.n - verb.n);
    return true;
}

/* Where to go after the draft is kept. Without an intent it was kept by form.js, which only wants
 * to know that it was. */
static enum err after_keeping(struct req *r, struct filling *f, struct str intent)
{
    if (intent.n == 0)
        return reply_bytes(r, 200, "text/plain; charset=utf-8", S("kept\n"), NULL);
    struct str what;
    if (str_starts(intent, S("lang-")))
        return req_query(r, Q_manage_language) ? reply_redirect(r, form_path(r, "")) : req_error(r);
    if (str_starts(intent, S("more")))
        return more_lines(r, f, intent);
    if (intent_is(intent, S("files-"), &what))
        return to_files(r, f, what);
    if (intent_is(intent, S("drop-"), &what))
        return form_to_question(r, question_of(f, what));
    if (str_is(intent, "save")) {
        struct str link = req_value(r, "link_id");
        return reply_redirect(
            r, arena_printf(req_arena(r), "/v/%.*s/forms?kept=1", (int)link.n, link.p));
    }
    if (!filling_has_opened(f) && filling_complete(f))
        return reply_redirect(r, form_path(r, "/consent"));
    /* What she typed so far is kept, although the page comes back with what is missing. */
    enum err e = req_commit(r);
    return e ? e : reply_again(r, QUESTIONS);
}

/* The answer to form.js, which keeps what is typed by itself: a sentence, for the place beside the buttons. */
static enum err reply_words(struct req *r, int status, struct str words)
{
    return reply_bytes(r, status, "text/plain; charset=utf-8", words, NULL);
}

/* Names what could not be kept, after the rest was. */
static enum err reply_left_out(struct req *r, const struct filling *f)
{
    struct buf b = buf_in(req_arena(r), 256);
    for (size_t i = 0; i < f->n; i++) {
        const struct question *q = &f->questions[i];
        if (q->message.n == 0 && q->detail_message.n == 0)
            continue;
        struct str name = q->message.n > 0 ? q->label : q->follow_up_label;
        if (b.n > 0)
            buf_addz(&b, ", ");
        else
            buf_add(&b, view_words(req_arena(r), f->language,
                                   S("Kept, but not this, which needs a change: ")));
        buf_printf(&b, "“%.*s”", (int)name.n, name.p);
    }
    return reply_words(r, 422, buf_str(&b));
}

/* What another page changed meanwhile stays; both are shown. */
static enum err refuse_stale(struct req *r, struct str language, struct str intent,
                             bool has_dropped)
{
    if (intent.n == 0)
        return reply_words(
            r, 409,
            view_words(req_arena(r), language,
                       S("Not kept: answers were changed on another phone or screen. "
                         "Press “Save for later” to see both.")));
    enum err e = has_dropped ? req_commit(r) : OK;
    return e ? e : reply_again(r, QUESTIONS);
}

static enum err save_answers(struct req *r)
{
    struct filling f = {0};
    const struct str *intents;
    struct str intent = req_values(r, "intent", &intents) > 0 ? intents[0] : S("");
    /* Whoever saves or signs at the same moment waits, and then sees what this one kept. */
    enum err e = req_query(r, Q_form_file_hold) ? filling_load(r, &f) : req_error(r);
    if (e)
        return e;
    if (filling_is_signed(&f) || filling_is_declined(&f))
        return intent.n > 0
                   ? reply_again(r, QUESTIONS)
                   : reply_words(r, 409,
                                 view_words(req_arena(r), f.language,
                                            S("Not kept: this form is not open any more.")));
    struct str dropped;
    bool drops = intent_is(intent, S("drop-"), &dropped);
    if (drops && (e = attached_drop(r, dropped)))
        return e;
    bool is_good = filling_take(r, &f);
    if (filling_is_stale(r, &f))
        return refuse_stale(r, f.language, intent, drops);
    /* The answers belong to the version that is in force, whichever the page was opened with. */
    e = filling_keep(r, &f);
    /* What an answer closed goes with its files; not while she still types, for she may open it again. */
    if (!e && intent.n > 0 && is_good)
        e = attached_drop_unasked(r, &f);
    if (!e)
        e = form_event(r, "kept", "", 30);
    if (e || is_good)
        return e ? e : after_keeping(r, &f, intent);
    e = req_commit(r); /* what is good is kept, although the answer is an error */
    return e ? e : intent.n == 0 ? reply_left_out(r, &f) : reply_again(r, QUESTIONS);
}

static const struct field decline_fields[] = {
    {"reason", FIELD_LONG, .max = 1000},
    {0},
};

static const struct field no_fields[] = {{0}};
static const struct field revoke_fields[] = {
    {"reason", FIELD_LONG, .max = 1000},
    {0},
};
static const struct field drop_fields[] = {
    {"reason", FIELD_TEXT, .required = true, .max = 500,
     .missing = "Say why the form is not needed."},
    {0},
};
static const struct field ask_fields[] = {
    {"form_id", FIELD_UUID, .required = true, .missing = "Choose a form."},
    {"appointment_id", FIELD_UUID},
    {0},
};

const struct page form_pages[] = {
    {GET, LIST, LINK("form"), .action = "form.read",
     .show = {{"desk", Q_form_desk}, {"forms", Q_form_list}}, .view = "form/list",
     .title = "Forms of a visit"},
    {GET, QUESTIONS, LINK("form"), .action = "form.read", .run = show_questions,
     .show = {{"form", Q_form_assignment},
              {"kept", Q_form_questions},
              {"languages", Q_form_languages}},
     .view = "form/questions", .gives = "questions is_stale text_dir",
     .title = "Form: the questions"},
    {POST, QUESTIONS, LINK("form"), .action = "form.save", .run = save_answers, .again = QUESTIONS,
     .no_idempotency = true, .max_body = MAX_ANSWERS, .title = "Form: keep the answers"},
    {GET, ATTACH, SLOW_LINK, .action = "form.read", .show = {{"room", Q_form_file_room}},
     .view = "form/files", .title = "Form: attach files to a question"},
    {POST, ATTACH, SLOW_LINK, .action = "form.attach", .fields = form_file_fields,
     .run = form_attach, .again = ATTACH, .max_body = FORM_FILES_BODY,
     .title = "Form: attach files"},
    {GET, HER_FILE "/whole", SLOW_LINK, .action = "form.file", .run = form_file_whole,
     .title = "Form: a file that she attached"},
    {GET, HER_FILE "/small", SLOW_LINK, .action = "form.file", .run = form_file_small,
     .title = "Form: a picture that she attached, small"},
    {GET, FILE_OF "/whole", CAN(chart_read), SLOW, .action = "consent.file",
     .run = form_file_of_whole, .title = "Chart: a file attached to a signed form"},
    {GET, FILE_OF "/small", CAN(chart_read), SLOW, .action = "consent.file",
     .run = form_file_of_small, .title = "Chart: a picture attached to a signed form, small"},
    {GET, CONSENT, LINK("form"), .action = "form.read", .run = form_show_consent,
     .show = {{"form", Q_form_assignment},
              {"kept", Q_form_questions},
              {"languages", Q_form_languages},
              {"signer", Q_form_signer},
              {"guardians", Q_form_guardians},
              {"code", Q_form_code}},
     .view = "form/consent", .gives = "document document_sha256 is_stale is_hers can_sign text_dir",
     .title = "Form: read and sign"},
    {POST, CONSENT, LINK("form"), .action = "form.sign", .run = form_sign, .again = CONSENT,
     .max_body = MAX_SIGNATURE, .title = "Form: sign"},
    {POST, QUESTIONS "/language", LINK("form"), .action = "form.read",
     .fields = form_typed_fields, .run = form_language, .again = CONSENT, .no_idempotency = true,
     .max_body = MAX_SIGNATURE, .title = "Form: read and sign in another language"},
    {POST, QUESTIONS "/code", LINK("form"), .action = "form.code", .fields = form_typed_fields,
     .run = form_code_send, .replay = form_code_sent, .again = CONSENT, .max_body = MAX_SIGNATURE,
     .title = "Form: have a code sent"},
    {GET, QUESTIONS "/copy", LINK("form"), .action = "form.copy", .run = form_show_copy,
     .show = {{"copy", Q_form_copy}, {"proof", Q_proof_mine}, {"files", Q_form_file_copy}},
     .view = "form/copy", .gives = "document strokes", .title = "Form: the client's copy"},
    {POST, QUESTIONS "/decline", LINK("form"), .action = "form.decline", .fields = decline_fields,
     .save = Q_form_decline, .then = "/v/{link_id}/forms?declined=1", .again = CONSENT,
     .title = "Form: decline to sign"},
    {POST, ONE_FORM "/again", CAN(booking_write), .action = "form.again", .fields = no_fields,
     .save = Q_form_again, .then = "/clients/{client_id}#forms", .again = CLIENT,
     .title = "Client: ask for a declined form again"},
    {POST, ONE_FORM "/drop", CAN(booking_write), .action = "form.drop", .fields = drop_fields,
     .save = Q_form_drop, .then = "/clients/{client_id}#forms", .again = CLIENT,
     .title = "Client: a form is not needed"},
    {GET, ASK, CAN(booking_write), .action = "client.read",
     .show = {{"client", Q_form_ask_head},
              {"forms", Q_form_ask_forms},
              {"visits", Q_form_ask_visits}},
     .view = "form/ask", .title = "Client: ask for a form"},
    {POST, ASK, CAN(booking_write), .action = "form.ask", .fields = ask_fields, .save = Q_form_ask,
     .then = "/clients/{client_id}#forms", .again = ASK, .title = "Client: a form is asked for"},
    {GET, HER_LINK "/allowed", LINK(NULL), .action = "consent.list",
     .show = {{"head", Q_looked_head},
              {"allowed", Q_form_allowed},
              {"signed", Q_form_signed},
              {"messages", Q_messaging_mine}},
     .view = "form/allowed", .title = "What she allowed"},
    {POST, HER_LINK "/signed/{signature_id:uuid}/withdraw", LINK(NULL),
     .action = "signature.withdraw", .fields = revoke_fields, .save = Q_form_revoke,
     .then = "/v/{link_id}/allowed?revoked=1#signed", .again = HER_LINK "/allowed",
     .title = "Take back a signed form"},
    {POST, SIGNATURE "/withdraw", CAN(chart_write), .action = "signature.withdraw",
     .fields = revoke_fields, .save = Q_form_revoke_for,
     .then = "/clients/{client_id}/signatures/{signature_id}", .again = SIGNATURE,
     .title = "Chart: write down that a signed form is taken back"},
    {POST, HER_LINK "/allowed", LINK(NULL), .action = "consent.withdraw",
     .fields = form_withdraw_fields, .save = Q_form_withdraw,
     .then = "/v/{link_id}/allowed?done={purpose}", .again = HER_LINK "/allowed",
     .title = "Take back what she allowed"},
    {POST, "/clients/{client_id:uuid}/consents/withdraw", CAN(chart_write),
     .action = "consent.withdraw", .fields = form_withdraw_fields, .save = Q_form_withdraw_for,
     .then = "/clients/{client_id}/chart#consents", .again = "/clients/{client_id:uuid}/chart",
     .title = "Chart: write down that a consent is withdrawn"},
    {GET, SIGNATURE, CAN(chart_read), .action = "consent.read", .run = form_show_signature,
     .show = {{"signature", Q_form_signature},
              {"revoked", Q_form_revoked},
              {"proof", Q_proof_of},
              {"files", Q_form_file_signed}},
     .view = "form/signature", .gives = "document strokes text is_intact",
     .title = "Chart: a signed form"},
    {0},
};
