/*
 * visit_message.c -- what a client is told about her visit, and the calendar entry with it.
 * Owns: the words' occasions (templates/message/) and the entry's contents.
 * Never: names the service: a message passes through strangers' machines and lock screens.
 */
#include "visit.h"

#include "config.h"
#include "outbox.h"

static struct rows *visit_row(struct req *r, struct str appointment_id)
{
    req_set(r, "visit_id", appointment_id);
    return req_show(r, "visit", Q_visit_message, NULL);
}

struct ics_visit visit_entry(struct req *r, const struct rows *visits, size_t i,
                             struct str language)
{
    struct arena *a = req_arena(r);
    struct str id = rows_text(visits, i, "appointment_id"), host = req_value(r, "host"),
               studio = req_value(r, "tenant_name"),
               what = view_words(a, language, S("appointment"));
    return (struct ics_visit){
        .uid = arena_printf(a, "%.*s@%.*s", (int)id.n, id.p, (int)host.n, host.p),
        .summary = arena_printf(a, "%.*s: %.*s", (int)studio.n, studio.p, (int)what.n, what.p),
        .place = rows_text(visits, i, "address"),
        .text =
            view_words(a, language, S("To move or cancel, use the link in our latest message.")),
        .starts_at = rows_int(visits, i, "starts_epoch"),
        .ends_at = rows_int(visits, i, "ends_epoch"),
        .changed_at = rows_int(visits, i, "changed_epoch"),
        .version = rows_int(visits, i, "version"),
        .is_cancelled = rows_bool(visits, i, "is_cancelled"),
        .organizer_name = studio,
        .organizer = str_of(config_text("mail_from")),
    };
}

struct str visit_ics(struct req *r, const struct rows *visit)
{
    struct ics_visit entry = visit_entry(r, visit, 0, req_language(r));
    return ics_write(req_arena(r), &entry);
}

/* As it goes with a mail: of its reader it has nothing but the address that the mail is to. */
static struct str mailed_ics(struct req *r, const struct rows *visit, struct str language)
{
    struct ics_visit entry = visit_entry(r, visit, 0, language);
    entry.attendee = rows_text(visit, 0, "email");
    return ics_write(req_arena(r), &entry);
}

enum err visit_tell(struct req *r, const char *kind, struct str appointment_id)
{
    struct rows *visit = visit_row(r, appointment_id);
    if (!visit)
        return req_error(r);
    struct str language;
    enum err e = outbox_language(r, rows_text(visit, 0, "client_id"), &language);
    if (e)
        return e;
    struct letter letter = {
        .kind = kind,
        .client_id = rows_text(visit, 0, "client_id"),
        .to = rows_text(visit, 0, "email"),
        .ics = mailed_ics(r, visit, language),
        .dedupe_key = arena_printf(req_arena(r), "%s-%.*s-%lld", kind, (int)appointment_id.n,
                                   appointment_id.p, (long long)rows_int(visit, 0, "version")),
    };
    return outbox_invite(r, "manage", appointment_id, letter);
}

/* A letter with one link to all that is due for a visit; none is due: no letter. */
static enum err forms_letter(struct req *r, const char *kind, struct str appointment_id)
{
    struct rows *visit = visit_row(r, appointment_id);
    if (!visit)
        return req_error(r);
    if (rows_int(visit, 0, "forms_due") == 0)
        return OK;
    struct letter letter = {
        .kind = kind,
        .client_id = rows_text(visit, 0, "client_id"),
        .to = rows_text(visit, 0, "email"),
        .ics = S(""),
        .dedupe_key =
            arena_printf(req_arena(r), "%s-%.*s", kind, (int)appointment_id.n, appointment_id.p),
    };
    return outbox_invite(r, "form", appointment_id, letter);
}

enum err visit_ask_for_forms(struct req *r, struct str appointment_id)
{
    return forms_letter(r, "forms", appointment_id);
}

enum err visit_remind_of_forms(struct req *r, struct str appointment_id)
{
    return forms_letter(r, "forms_due", appointment_id);
}
