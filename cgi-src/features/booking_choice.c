/*
 * booking_choice.c -- what a visitor has chosen so far, carried by the pages themselves: no cookie, no account.
 * Owns: the lists in addresses, and the seal around a due date. Never: puts a due date into an address as it is.
 */
#include "booking_choice.h"

#include <stdlib.h>
#include <time.h>

#include "crypto.h"

enum { DUE_LIFE = 2 * 24 * 3600, DATE_CHARS = 10, UUID_CHARS = 36 };

/* Whether a list "a,b" holds this one. */
static bool list_holds(struct str list, struct str one)
{
    while (list.n > 0)
        if (str_eq(str_cut(&list, ','), one))
            return true;
    return false;
}

/* "a,b" of uuids, each once: the list as it goes on, and as an array for statements. */
static void read_services(struct req *r)
{
    struct str rest = req_value(r, "also");
    struct buf list = buf_in(req_arena(r), 256), array = buf_in(req_arena(r), 256);
    size_t n = 0;
    buf_addc(&array, '{');
    while (rest.n > 0 && n < CHOICE_SERVICES) {
        struct str one = str_cut(&rest, ',');
        if (!uuid_ok(one) || list_holds(buf_str(&list), one))
            continue;
        buf_printf(&list, "%s%.*s", n ? "," : "", (int)one.n, one.p);
        buf_printf(&array, "%s%.*s", n ? "," : "", (int)one.n, one.p);
        n++;
    }
    buf_addc(&array, '}');
    req_set(r, "also_list", buf_str(&list));
    req_set(r, "also", buf_str(&array));
}

/* Which part of the visit a service is, from 2 on; 0: none, it was left out again. */
static int part_of(struct req *r, struct str service)
{
    struct str rest = req_value(r, "also_list");
    for (int part = 2; rest.n > 0; part++)
        if (str_eq(str_cut(&rest, ','), service))
            return part;
    return 0;
}

/*
 * "a,SERVICE.b": an add-on of the first service by its id alone, one of another with that service before it. The list as
 * it goes on; as two arrays, which add-ons and with which part each goes.
 */
static void read_addons(struct req *r)
{
    struct str rest = req_value(r, "addons");
    struct buf list = buf_in(req_arena(r), 256), array = buf_in(req_arena(r), 256),
               parts = buf_in(req_arena(r), 64);
    size_t n = 0;
    buf_addc(&array, '{');
    buf_addc(&parts, '{');
    while (rest.n > 0 && n < CHOICE_ADDONS) {
        struct str one = str_cut(&rest, ','), addon = one;
        int part = 1;
        if (one.n > UUID_CHARS && one.p[UUID_CHARS] == '.') {
            part = part_of(r, str_part(one, 0, UUID_CHARS));
            addon = str_part(one, UUID_CHARS + 1, one.n - UUID_CHARS - 1);
        }
        if (part == 0 || !uuid_ok(addon) || list_holds(buf_str(&list), one))
            continue;
        buf_printf(&list, "%s%.*s", n ? "," : "", (int)one.n, one.p);
        buf_printf(&array, "%s%.*s", n ? "," : "", (int)addon.n, addon.p);
        buf_printf(&parts, "%s%d", n ? "," : "", part);
        n++;
    }
    buf_addc(&array, '}');
    buf_addc(&parts, '}');
    req_set(r, "addon_list", buf_str(&list));
    req_set(r, "addons", buf_str(&array));
    req_set(r, "addon_at", buf_str(&parts));
}

void choice_read(struct req *r)
{
    if (req_has(r, "is_choice_read"))
        return;
    req_set(r, "is_choice_read", S("true"));
    struct str token = req_value(r, "due"), due = choice_open_due(r, token);
    read_services(r);
    read_addons(r);
    req_set(r, "due_token", due.n > 0 ? token : S(""));
    req_set(r, "due", due);
    if (due.n == 0)
        req_set_null(r, "due");
}

struct str choice_kept(struct req *r, const char *without)
{
    static const struct {
        const char *name, *value;
    } carried[] = {{"place", "place"},
                   {"who", "who"},
                   {"also", "also_list"},
                   {"addons", "addon_list"},
                   {"due", "due_token"}};
    struct buf b = buf_in(req_arena(r), 256);
    for (size_t i = 0; i < COUNT_OF(carried); i++) {
        struct str value = req_value(r, carried[i].value);
        if (value.n == 0 || (without && strcmp(without, carried[i].name) == 0))
            continue;
        buf_printf(&b, "&%s=%.*s", carried[i].name, (int)value.n, value.p);
    }
    return buf_str(&b);
}

static struct str due_aad(struct req *r)
{
    struct str host = req_value(r, "host");
    return arena_printf(req_arena(r), "%.*s|booking|due", (int)host.n, host.p);
}

struct str choice_seal_due(struct req *r, struct str date)
{
    unsigned char key[KEY_BYTES];
    struct arena *a = req_arena(r);
    struct str plain = arena_printf(a, "%.*s %lld", (int)date.n, date.p, (long long)time(NULL));
    purpose_key("booking-due", key);
    struct str sealed = seal(a, key, due_aad(r), plain);
    secret_wipe(key, sizeof key);
    struct buf b = buf_in(a, 128);
    esc_base64url(&b, sealed);
    return buf_str(&b);
}

struct str choice_open_due(struct req *r, struct str token)
{
    unsigned char key[KEY_BYTES];
    struct str sealed, plain;
    int64_t made;
    if (token.n == 0 || token.n > 200 || unesc_base64url(req_arena(r), token, &sealed))
        return S("");
    purpose_key("booking-due", key);
    enum err e = open_sealed(req_arena(r), key, due_aad(r), sealed, &plain);
    secret_wipe(key, sizeof key);
    if (e || plain.n <= DATE_CHARS + 1)
        return S("");
    struct str stamp = str_part(plain, DATE_CHARS + 1, plain.n - DATE_CHARS - 1);
    if (str_int(stamp, &made) || (int64_t)time(NULL) - made > DUE_LIFE)
        return S("");
    return str_part(plain, 0, DATE_CHARS);
}
