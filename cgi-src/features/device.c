/*
 * device.c -- the browsers that somebody has logged in with, and her open sessions.
 * Owns: the cookie __Host-device, and the mail about a browser that is new to an account.
 * Never: takes that cookie for a proof of who somebody is.
 */
#include "crypto.h"
#include "entry.h"
#include "features.h"
#include "outbox.h"

/* As long as browsers keep a cookie; each log-in begins it anew. */
enum { DEVICE_SECONDS = 400 * 24 * 3600 };

struct str entry_device(struct req *r)
{
    struct str raw;
    return token_read(req_arena(r), req_cookie(r, "__Host-device"), &raw) ? raw : S("");
}

static enum err tell(struct req *r, struct rows *seen)
{
    struct arena *a = req_arena(r);
    struct str session = rows_text(seen, 0, "session_id");
    return outbox_staff(r,
                        &(struct staff_letter){
                            .kind = "account_new_device",
                            .staff_id = rows_text(seen, 0, "staff_id"),
                            .to = rows_text(seen, 0, "to_address"),
                            .link = req_url(r, S("/account/devices")),
                            .dedupe_key = arena_printf(a, "device-%.*s", (int)session.n, session.p),
                        });
}

enum err entry_device_keep(struct req *r)
{
    struct str device = req_cookie(r, "__Host-device"), raw = entry_device(r);
    if (raw.n == 0) {
        device = token_new(req_arena(r));
        if (unesc_base64url(req_arena(r), device, &raw))
            return ERR_INTERNAL;
    }
    req_set_bytes(r, "device", raw);
    reply_cookie(r, "__Host-device", device, "/", DEVICE_SECONDS, true);
    return OK;
}

enum err entry_done(struct req *r, struct str token)
{
    reply_cookie(r, "__Host-sid", token, "/", 0, true);
    enum err e = entry_device_keep(r);
    if (e)
        return e;
    struct rows *seen = req_show(r, "opened", Q_device_seen, NULL);
    if (!seen)
        return req_error(r);
    e = rows_bool(seen, 0, "is_new") ? tell(r, seen) : OK;
    if (e)
        return e;
    if (req_cookie(r, "__Host-login").n > 0)
        entry_ticket_cookie(r, S(""));
    if (req_cookie(r, "__Host-was").n > 0) /* forms of whoever was logged in here before */
        reply_cookie(r, "__Host-was", S(""), "/", -1, true);
    return OK;
}

static const struct field end_fields[] = {
    {"ended_id", FIELD_UUID, .required = true},
    {0},
};

const struct page device_pages[] = {
    {GET, "/account/devices", .realm = REALM_STAFFED, SELF,
     .show = {{"sessions", Q_device_sessions}}, .view = "device/mine", .title = "My sessions"},
    {POST, "/account/devices/end", .realm = REALM_STAFFED, SELF, .fields = end_fields,
     .save = Q_device_end, .then = "/account/devices", .again = "/account/devices",
     .title = "End one of my sessions"},
    {POST, "/account/devices/end-others", .realm = REALM_STAFFED, SELF, .save = Q_device_end_others,
     .then = "/account/devices", .title = "End all of my other sessions"},
    {GET, "/people/{staff_id:uuid}/sessions", .realm = REALM_STAFFED, CAN(staff_write),
     .action = "session.list",
     .show = {{"person", Q_device_person}, {"sessions", Q_device_person_sessions}},
     .view = "device/person", .title = "Somebody's sessions"},
    {POST, "/people/{staff_id:uuid}/sessions/end", .realm = REALM_STAFFED, CAN(staff_write),
     .save = Q_device_person_end, .then = "/people/{staff_id}/sessions",
     .title = "End somebody's sessions"},
    {0},
};
