/*
 * send.c -- the letter with the link to a signed copy.
 * Never: names the form, or attaches the copy of one that may hold something about health (the database would refuse the message):
 * a mail passes through strangers' machines.
 */
#include "outbox.h"
#include "proof_jobs.h"

enum err proof_send(struct req *r)
{
    struct rows *to = req_show(r, "to", Q_proof_to, NULL);
    if (!to)
        return req_error(r);
    if (rows_count(to) == 0 || rows_text(to, 0, "email").n == 0 || !rows_bool(to, 0, "can_prove"))
        return OK;
    struct new_link link;
    struct str client_id = rows_text(to, 0, "client_id");
    if (rows_text(to, 0, "made_guardian").n > 0)
        req_set(r, "made_guardian", rows_text(to, 0, "made_guardian"));
    enum err e = outbox_link(r, "form", client_id, S(""), &link);
    if (e)
        return e;
    struct letter letter = {
        .kind = "form_copy",
        .client_id = client_id,
        .to = rows_text(to, 0, "email"),
        .link = link.url,
        .ics = S(""),
        .attached_copy = rows_text(to, 0, "attached_copy"),
        .dedupe_key = arena_printf(req_arena(r), "form_copy:%.*s", (int)link.id.n, link.id.p)};
    bool goes = false;
    e = outbox_send(r, &letter);
    if (!e)
        e = outbox_goes(r, &goes);
    req_set(r, "assignment_id", rows_text(to, 0, "assignment_id"));
    req_set(r, "event", S("copy_sent"));
    if (!e && goes && !req_query(r, Q_proof_event))
        e = req_error(r);
    return e;
}
