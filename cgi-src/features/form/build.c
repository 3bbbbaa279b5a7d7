/*
 * build.c -- Settings, Forms: how a studio writes its forms: drafts, questions, languages, what is published and withdrawn, of whom a
 * form is asked. Owns: the forms of these pages, and the preview. The rules stand in sql/lib/094_forms.sql.
 * Never: changes what is published. Who saves over what somebody else saved meanwhile is told, and both texts stay.
 */
#include "account.h"
#include "features/schedule_pages.h"
#include "pages.h"
#include "qr.h"

enum { MAX_WORDING = 40000, MAX_OPTIONS = 8000, MAX_BODY = 256 * 1024 };

#define KINDS                                                                                      \
    "text|long|choice|multi|yes_no|date|number|allergies|medications|body|initials|acknowledge|"   \
    "file|signature"

static const struct field reminder_fields[] = {
    {"form_reminder_hours", FIELD_INT, .min = 2, .max = 336,
     .bad = "Give 2 to 336 hours, or nothing for no reminder."},
    {"form_reminder_days", FIELD_INT, .min = 1, .max = 90,
     .bad = "Give 1 to 90 days, or nothing for no reminder."},
    {0},
};
static const struct field new_fields[] = {
    {"name", FIELD_TEXT, .max = 120},
    {"kind", FIELD_CHOICE, .required = true, .choices = "intake|consent",
     .missing = "Is it about the client, or about what the client agrees to?"},
    {"start", FIELD_TOKEN, .max = 40},
    {0},
};
static const struct field form_fields[] = {
    {"seen_edition", FIELD_INT, .required = true, .max = 1000000000},
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give the form a name."},
    {"validity", FIELD_CHOICE, .required = true, .choices = "visit|days|life"},
    {"valid_days", FIELD_INT, .min = 1, .max = 3650, .bad = "Give 1 to 3650 days."},
    {"asked_with", FIELD_CHOICE, .required = true, .choices = "services|first_visit|every_visit"},
    {"for_whom", FIELD_CHOICE, .required = true, .choices = "everybody|minors|adults|guarded"},
    {"services", FIELD_UUIDS},
    {"needs_code", FIELD_BOOL},
    {0},
};
static const struct field wording_fields[] = {
    {"seen_edition", FIELD_INT, .max = 1000000000},
    {"title", FIELD_TEXT, .required = true, .max = 160, .missing = "Give it a title."},
    {"body", FIELD_LONG, .max = MAX_WORDING},
    {0},
};
static const struct field authorisation_fields[] = {
    {"seen_edition", FIELD_INT, .required = true, .max = 1000000000},
    {"described", FIELD_LONG, .max = 1000},
    {"used_by", FIELD_LONG, .max = 1000},
    {"used_for", FIELD_LONG, .max = 1000},
    {"used_until", FIELD_LONG, .max = 1000},
    {"taking_back", FIELD_LONG, .max = 1000},
    {0},
};
static const struct field question_fields[] = {
    {"seen_edition", FIELD_INT, .max = 1000000000},
    {"kind", FIELD_CHOICE, .required = true, .choices = KINDS},
    {"label", FIELD_TEXT, .required = true, .max = 300, .missing = "Write the question."},
    {"help", FIELD_TEXT, .max = 500},
    {"options", FIELD_LONG, .max = MAX_OPTIONS},
    {"is_required", FIELD_BOOL},
    {"follow_up", FIELD_TEXT, .max = 300},
    {"number_min", FIELD_TEXT, .max = 20},
    {"number_max", FIELD_TEXT, .max = 20},
    {"unit", FIELD_TEXT, .max = 20},
    {"purpose", FIELD_CHOICE,
     .choices = "photo_chart|photo_teaching|photo_website|email_service|sms_service|phone_service|"
                "email_news|sms_news|phone_news"},
    {"shown_when", FIELD_TEXT, .max = 400},
    {"none_option", FIELD_TEXT, .max = 300},
    {0},
};
static const struct field said_fields[] = {
    {"label", FIELD_TEXT, .required = true, .max = 300, .missing = "Write the question."},
    {"help", FIELD_TEXT, .max = 500},
    {"options", FIELD_LONG, .max = MAX_OPTIONS},
    {"follow_up", FIELD_TEXT, .max = 300},
    {"unit", FIELD_TEXT, .max = 20},
    {0},
};
static const struct field language_fields[] = {
    {"language", FIELD_TOKEN, .required = true, .max = 10, .missing = "Choose a language."},
    {0},
};
static const struct field move_fields[] = {
    {"direction", FIELD_CHOICE, .required = true, .choices = "up|down"},
    {0},
};
static const struct field copy_fields[] = {
    {"is_without_health", FIELD_BOOL},
    {"copy_attached", FIELD_BOOL},
    {0},
};
static const struct field publish_fields[] = {
    {"seen_draft", FIELD_TOKEN, .required = true, .max = 24},
    {"asks_again", FIELD_BOOL},
    {0},
};
static const struct field withdraw_fields[] = {
    {"why", FIELD_TEXT, .required = true, .max = 500,
     .missing = "Say why: it stands beside the version."},
    {0},
};

/* Where this preview is, with an end such as "?step=sign". */
static struct str preview_path(struct req *r, const char *end)
{
    struct str form = req_value(r, "form_id"), version = req_value(r, "form_version_id");
    return arena_printf(req_arena(r), "/settings/forms/%.*s/versions/%.*s%s", (int)form.n, form.p,
                        (int)version.n, version.p, end);
}

/* The same page as a square for a phone's camera; who opens it there logs in there. */
static enum err show_square(struct req *r)
{
    struct arena *a = req_arena(r);
    struct str url =
        account_url(a, req_value(r, "tenant_slug"), arena_cstr(a, preview_path(r, "")), S(""));
    struct str path;
    int side;
    enum err e = qr_path(a, url, &path, &side);
    if (e)
        return e;
    req_set(r, "qr_path", path);
    req_set(r, "qr_side", arena_printf(a, "%d", side));
    req_set(r, "preview_url", url);
    return OK;
}

/* Takes what was tried as a client's page would; nothing of it is kept. false: something is missing, or was opened just now. */
static bool try_answers(struct req *r, struct filling *f)
{
    bool is_good = filling_take(r, f);
    if (filling_has_opened(f)) {
        req_refuse(r, "", "This answer opens more questions, as a client would see now.");
        return false;
    }
    is_good = filling_complete(f) && is_good;
    if (!is_good)
        req_refuse(r, "", "A client would be told here what is missing.");
    return is_good;
}

static enum err load_version(struct req *r, struct filling *f)
{
    const struct str *values;
    if (req_values(r, "lang", &values) > 0)
        req_set(r, "lang", values[0]);
    struct rows *version = req_show(r, "version", Q_form_build_version, NULL);
    if (!version)
        return req_error(r);
    req_set(r, "language", rows_text(version, 0, "language"));
    return filling_load_version(r, f);
}

/* A version as a client would see it; its questions answer to nobody. */
static enum err show_version(struct req *r)
{
    struct filling f = {0};
    const struct str *values;
    enum err e = load_version(r, &f);
    if (!e)
        e = show_square(r);
    if (e)
        return e;
    if (!req_show(r, "languages", Q_form_languages, NULL) ||
        !req_show(r, "terms", Q_form_build_terms, NULL))
        return req_error(r);
    if (req_values(r, "intent", &values) > 0)
        (void)try_answers(r, &f);
    bool is_signing = str_is(req_value(r, "step"), "sign");
    req_set(r, "is_signing", is_signing ? S("yes") : S(""));
    req_set(r, "text_dir", language_dir(f.language));
    req_set_list(r, "questions", filling_shown(r, &f, 1, false));
    return reply_view(r, 200, "form_build/version");
}

#define VERSION "/settings/forms/{form_id:uuid}/versions/{form_version_id:uuid}"

static enum err try_version(struct req *r)
{
    struct filling f;
    enum err e = load_version(r, &f);
    if (e)
        return e;
    if (!try_answers(r, &f))
        return reply_again(r, VERSION);
    struct str language = req_value(r, "language");
    return reply_redirect(r, arena_printf(req_arena(r), "%.*s%.*s#signing",
                                          (int)preview_path(r, "?step=sign&lang=").n,
                                          preview_path(r, "?step=sign&lang=").p, (int)language.n,
                                          language.p));
}

#define LIST "/settings/forms"
#define FORM LIST "/{form_id:uuid}"
#define DRAFT FORM "/draft"
#define QUESTION DRAFT "/questions/{question_id:uuid}"
#define LANGUAGE DRAFT "/languages/{language:slug}"
#define SAID LANGUAGE "/questions/{question_id:uuid}"
#define AUTHORISATION DRAFT "/authorisation/{language:slug}"
#define QUESTION_CHOICES                                                                           \
    {"kinds", Q_form_build_kinds}, {"purposes", Q_form_build_purposes},                            \
    {                                                                                              \
        "conditions", Q_form_build_conditions                                                      \
    }

const struct page form_build_pages[] = {
    {GET, LIST, SCHEDULE,
     .show = {{"forms", Q_form_build_list},
              {"value", Q_form_build_reminder},
              {"terms_missing", Q_form_build_terms_missing}},
     .view = "form_build/list", .title = "Forms of the studio"},
    {POST, LIST, SCHEDULE, .action = "form.reminder", .fields = reminder_fields,
     .save = Q_form_build_remind, .then = LIST "?saved=1", .again = LIST,
     .title = "Forms: when clients are reminded"},
    {GET, LIST "/new", SCHEDULE, .show = {{"library", Q_form_build_library}},
     .view = "form_build/new", .title = "A new form"},
    {POST, LIST "/new", SCHEDULE, .action = "form.create", .fields = new_fields,
     .save = Q_form_build_create, .then = "/settings/forms/{form_id}/draft", .again = LIST "/new",
     .title = "A new form: begin"},
    {GET, FORM, SCHEDULE,
     .show = {{"form", Q_form_build_one},
              {"value", Q_form_build_one},
              {"validities", Q_form_build_validity},
              {"asked", Q_form_build_asked},
              {"whom", Q_form_build_whom},
              {"services", Q_form_build_services},
              {"versions", Q_form_build_versions}},
     .view = "form_build/one", .title = "A form of the studio"},
    {POST, FORM, SCHEDULE, .action = "form.change", .fields = form_fields,
     .save = Q_form_build_save, .then = "/settings/forms/{form_id}?saved=1", .again = FORM,
     .title = "A form: validity and rules"},
    {POST, FORM "/put", SCHEDULE, .action = "form.put", .fields = put_fields,
     .save = Q_form_build_put, .then = "/settings/forms/{form_id}?saved=1", .again = FORM,
     .title = "A form: put away or bring back"},
    {POST, FORM "/withdraw", SCHEDULE, .action = "form.withdraw", .fields = withdraw_fields,
     .save = Q_form_build_withdraw, .then = "/settings/forms/{form_id}?saved=1", .again = FORM,
     .title = "A form: withdraw"},
    {GET, VERSION, SCHEDULE, .run = show_version,
     .show = {{"version", Q_form_build_version},
              {"languages", Q_form_languages},
              {"terms", Q_form_build_terms}},
     .view = "form_build/version",
     .gives = "questions text_dir is_signing qr_path qr_side preview_url",
     .title = "A version, as on a phone"},
    {POST, VERSION, SCHEDULE, .action = "form.try", .run = try_version, .again = VERSION,
     .no_idempotency = true, .max_body = 2 * MAX_BODY, .title = "A version: try its questions"},
    {POST, DRAFT, SCHEDULE, .action = "form.draft", .save = Q_form_build_begin,
     .then = "/settings/forms/{form_id}/draft", .again = FORM, .title = "A form: begin a draft"},
    {POST, DRAFT "/drop", SCHEDULE, .action = "form.draft", .save = Q_form_build_drop,
     .then = "/settings/forms/{form_id}?saved=1", .again = FORM,
     .title = "A form: throw the draft away"},
    {POST, DRAFT "/copy", SCHEDULE, .action = "form.draft", .fields = copy_fields,
     .save = Q_form_build_copy, .then = "/settings/forms/{form_id}/draft?saved=1#copy",
     .again = DRAFT, .title = "A form: how its signed copy is sent"},
    {GET, DRAFT, SCHEDULE,
     .show = {{"draft", Q_form_build_draft},
              {"value", Q_form_build_draft},
              {"questions", Q_form_build_questions},
              {"translations", Q_form_build_translations},
              {"authorised", Q_form_build_authorised},
              {"others", Q_form_build_other},
              {"terms_missing", Q_form_build_terms_missing}},
     .view = "form_build/draft", .title = "The draft of a form"},
    {POST, DRAFT "/wording", SCHEDULE, .action = "form.draft", .fields = wording_fields,
     .save = Q_form_build_wording, .then = "/settings/forms/{form_id}/draft?saved=1",
     .again = DRAFT, .max_body = MAX_BODY, .title = "The draft of a form: its text"},
    {POST, DRAFT "/publish", SCHEDULE, .action = "form.publish", .fields = publish_fields,
     .save = Q_form_build_publish, .then = "/settings/forms/{form_id}?published={n_asked}",
     .again = DRAFT, .title = "The draft of a form: publish"},
    {GET, DRAFT "/questions/new", SCHEDULE,
     .show = {{"draft", Q_form_build_draft},
              {"value", Q_form_build_question_blank},
              QUESTION_CHOICES},
     .view = "form_build/question_new", .title = "A new question"},
    {POST, DRAFT "/questions/new", SCHEDULE, .action = "form.draft", .fields = question_fields,
     .save = Q_form_build_question_save, .then = "/settings/forms/{form_id}/draft?saved=1",
     .again = DRAFT "/questions/new", .title = "A new question: add"},
    {GET, QUESTION, SCHEDULE,
     .show = {{"draft", Q_form_build_draft},
              {"question", Q_form_build_question},
              {"value", Q_form_build_question},
              QUESTION_CHOICES},
     .view = "form_build/question", .title = "A question"},
    {POST, QUESTION, SCHEDULE, .action = "form.draft", .fields = question_fields,
     .save = Q_form_build_question_save, .then = "/settings/forms/{form_id}/draft?saved=1",
     .again = QUESTION, .title = "A question: save"},
    {POST, QUESTION "/move", SCHEDULE, .action = "form.draft", .fields = move_fields,
     .save = Q_form_build_question_move, .then = "/settings/forms/{form_id}/draft", .again = DRAFT,
     .title = "A question: up or down"},
    {POST, QUESTION "/drop", SCHEDULE, .action = "form.draft", .save = Q_form_build_question_drop,
     .then = "/settings/forms/{form_id}/draft?saved=1", .again = DRAFT,
     .title = "A question: take out"},
    {POST, DRAFT "/languages", SCHEDULE, .action = "form.translate", .fields = language_fields,
     .save = Q_form_build_translate_begin,
     .then = "/settings/forms/{form_id}/draft/languages/{language}", .again = DRAFT,
     .title = "The draft of a form: a further language"},
    {GET, LANGUAGE, SCHEDULE,
     .show = {{"translation", Q_form_build_translation},
              {"value", Q_form_build_translation},
              {"questions", Q_form_build_translated}},
     .view = "form_build/language", .title = "A form in another language"},
    {POST, LANGUAGE, SCHEDULE, .action = "form.translate", .fields = wording_fields,
     .save = Q_form_build_translate,
     .then = "/settings/forms/{form_id}/draft/languages/{language}?saved=1", .again = LANGUAGE,
     .max_body = MAX_BODY, .title = "A form in another language: its text"},
    {POST, LANGUAGE "/drop", SCHEDULE, .action = "form.translate",
     .save = Q_form_build_translation_drop, .then = "/settings/forms/{form_id}/draft?saved=1",
     .again = DRAFT, .title = "A form in another language: take out"},
    {GET, AUTHORISATION, SCHEDULE,
     .show = {{"authorisation", Q_form_build_authorisation},
              {"value", Q_form_build_authorisation}},
     .view = "form_build/authorisation", .title = "What a form's permissions say"},
    {POST, AUTHORISATION, SCHEDULE, .action = "form.draft", .fields = authorisation_fields,
     .save = Q_form_build_authorise, .then = "/settings/forms/{form_id}/draft?saved=1#permissions",
     .again = AUTHORISATION, .title = "What a form's permissions say: save"},
    {GET, SAID, SCHEDULE,
     .show = {{"said", Q_form_build_question_own}, {"value", Q_form_build_question_own}},
     .view = "form_build/said", .title = "A question in another language"},
    {POST, SAID, SCHEDULE, .action = "form.translate", .fields = said_fields,
     .save = Q_form_build_question_translate,
     .then = "/settings/forms/{form_id}/draft/languages/{language}?saved=1", .again = SAID,
     .title = "A question in another language: save"},
    {0},
};
