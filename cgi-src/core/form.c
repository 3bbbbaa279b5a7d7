/*
 * form.c -- checks typed values against declared fields.
 * Owns: the rules of each kind of field and their plain default messages.
 * Never: decides what needs the database (is the phone number real, is the slot free).
 */
#include "form.h"

#include "crypto.h"

enum { DEFAULT_MAX_TEXT = 200, DEFAULT_MAX_LONG = 10000 };

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static bool has_control(struct str s, bool allow_lines)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool line = allow_lines && (c == '\n' || c == '\t');
        if ((c < 0x20 && !line) || c == 0x7f)
            return true;
    }
    return false;
}

/* Digits of s from..from+n as a number, -1 when any is not a digit. */
static int digits(struct str s, size_t from, size_t n)
{
    int value = 0;
    if (from + n > s.n)
        return -1;
    for (size_t i = from; i < from + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        value = value * 10 + (s.p[i] - '0');
    }
    return value;
}

bool date_ok(struct str s)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
        return false;
    int year = digits(s, 0, 4), month = digits(s, 5, 2), day = digits(s, 8, 2);
    if (year < 1000 || month < 1 || month > 12 || day < 1 || day > month_days[month - 1])
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month != 2 || day < 29 || leap;
}

static bool is_time(struct str s)
{
    if (s.n != 5 || s.p[2] != ':')
        return false;
    int hour = digits(s, 0, 2), minute = digits(s, 3, 2);
    return hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
}

static bool is_local(struct str s)
{
    return s.n == 16 && (s.p[10] == 'T' || s.p[10] == ' ') && date_ok(str_part(s, 0, 10)) &&
           is_time(str_part(s, 11, 5));
}

/* SECURITY.md X-09: one '@', local part up to 64 octets, 254 in all, a dotted domain, no blanks. */
static bool is_email(struct str s)
{
    struct str domain = s;
    struct str local = str_cut(&domain, '@');
    if (s.n > 254 || local.n == 0 || local.n > 64 || domain.n < 3)
        return false;
    if (memchr(domain.p, '@', domain.n) || !memchr(domain.p, '.', domain.n))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c == 0x7f || strchr("<>()[],;:\\\"", c))
            return false;
    }
    if (local.p[0] == '.' || local.p[local.n - 1] == '.')
        return false;
    for (struct str rest = domain; rest.n > 0;) {
        struct str label = str_cut(&rest, '.');
        if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
    }
    return domain.p[domain.n - 1] != '.';
}

static bool is_phone(struct str s)
{
    size_t found = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9')
            found++;
        else if (c == '\0' || !strchr("+ ()-./", c))
            return false;
    }
    return found >= 7 && found <= 15;
}

static bool has_capital(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return true;
    return false;
}

static bool is_choice(struct str s, const char *choices)
{
    struct str rest = str_of(choices);
    while (rest.n > 0)
        if (str_eq(str_cut(&rest, '|'), s))
            return true;
    return false;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    c == '-' || c == '_';
        if (!fine)
            return false;
    }
    return true;
}

static bool is_good(const struct field *f, struct str s)
{
    int64_t number;
    int64_t max = f->max ? f->max : f->kind == FIELD_LONG ? DEFAULT_MAX_LONG : DEFAULT_MAX_TEXT;

    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_LONG:
    case FIELD_PASSWORD:
        return (int64_t)characters(s) <= max && (int64_t)characters(s) >= f->min &&
               !has_control(s, f->kind == FIELD_LONG);
    case FIELD_EMAIL:
        return is_email(s);
    case FIELD_PHONE:
        return is_phone(s);
    case FIELD_DATE:
        return date_ok(s);
    case FIELD_TIME:
        return is_time(s);
    case FIELD_LOCAL:
        return is_local(s);
    case FIELD_INT:
        return str_int(s, &number) == OK && number >= f->min && number <= f->max;
    case FIELD_UUID:
        return uuid_ok(s) && !has_capital(s); /* what is sealed compares bytes */
    case FIELD_UUIDS:
        return false; /* check_uuids */
    case FIELD_CHOICE:
        return is_choice(s, f->choices);
    case FIELD_BOOL:
        return true;
    case FIELD_TOKEN:
        return (int64_t)s.n <= max && is_token(s);
    }
    return false;
}

static const char *missing_message(const struct field *f)
{
    if (f->missing)
        return f->missing;
    switch (f->kind) {
    case FIELD_CHOICE:
    case FIELD_UUID:
        return "Please choose one.";
    case FIELD_BOOL:
        return "Please tick this to go on.";
    default:
        return "Please fill this in.";
    }
}

static struct str bad_message(struct arena *a, const struct field *f, struct str s)
{
    if (f->bad)
        return str_of(f->bad);
    int64_t max = f->max ? f->max : f->kind == FIELD_LONG ? DEFAULT_MAX_LONG : DEFAULT_MAX_TEXT;
    switch (f->kind) {
    case FIELD_EMAIL:
        return S("Please check this e-mail address; it should look like name@example.com.");
    case FIELD_PHONE:
        return S("Please check this phone number; use digits, with the area code.");
    case FIELD_DATE:
        return S("Please give a real date.");
    case FIELD_TIME:
        return S("Please give a time such as 14:30.");
    case FIELD_LOCAL:
        return S("Please give a date and a time.");
    case FIELD_INT:
        return arena_printf(a, "Please give a number from %lld to %lld.", (long long)f->min,
                            (long long)f->max);
    case FIELD_CHOICE:
    case FIELD_UUID:
    case FIELD_UUIDS:
        return S("Please choose one of the list.");
    default:
        if ((int64_t)characters(s) > max)
            return arena_printf(a, "This is too long: %zu characters, and at most %lld fit.",
                                characters(s), (long long)max);
        if ((int64_t)characters(s) < f->min)
            return arena_printf(a, "This is too short: at least %lld characters.",
                                (long long)f->min);
        return S("This contains characters that cannot be kept; please type it again.");
    }
}

/* Every value of the name, as the text of an array; none is a good answer. */
static void check_uuids(struct arena *a, const struct field *f, const struct pairs *pairs,
                        struct form_value *v)
{
    struct buf list = buf_in(a, 64);
    buf_addc(&list, '{');
    v->is_good = true;
    for (size_t i = 0; i < pairs->n; i++) {
        struct str one = pairs->items[i].value;
        if (!str_is(pairs->items[i].name, f->name) || one.n == 0)
            continue;
        v->is_good = v->is_good && uuid_ok(one) && !has_capital(one);
        if (list.n > 1)
            buf_addc(&list, ',');
        buf_add(&list, one);
    }
    bool is_missing = f->required && list.n == 1;
    buf_addc(&list, '}');
    v->clean = buf_str(&list);
    if (is_missing)
        v->message = str_of(missing_message(f));
    else if (!v->is_good)
        v->message = bad_message(a, f, v->clean);
    v->is_good = v->is_good && !is_missing;
}

static void check_one(struct arena *a, const struct field *f, const struct pairs *pairs,
                      struct form_value *v)
{
    struct str typed = {"", 0};
    bool present = pairs_get(pairs, str_of(f->name), &typed);

    *v = (struct form_value){.field = f, .message = S("")};
    if (f->kind == FIELD_UUIDS) {
        check_uuids(a, f, pairs, v);
        return;
    }
    if (f->kind == FIELD_PASSWORD) {
        v->clean = typed;
    } else {
        v->typed = typed;
        v->clean = f->kind == FIELD_LONG ? str_trim(arena_plain_lines(a, typed)) : str_trim(typed);
    }
    if (f->kind == FIELD_BOOL) {
        v->clean = present && v->clean.n > 0 ? S("true") : S("false");
        v->is_good = !f->required || str_is(v->clean, "true");
        if (!v->is_good)
            v->message = str_of(missing_message(f));
        return;
    }
    if (v->clean.n == 0) {
        if (f->required)
            v->message = str_of(missing_message(f));
        return;
    }
    v->is_good = is_good(f, v->clean);
    if (!v->is_good)
        v->message = bad_message(a, f, v->clean);
}

void form_check(struct arena *a, const struct field *fields, const struct pairs *pairs,
                struct form *out)
{
    size_t n = 0;
    while (fields[n].name)
        n++;
    *out = (struct form){
        .values = arena_alloc(a, (n + 1) * sizeof(struct form_value)), .n = n, .message = S("")};
    for (size_t i = 0; i < n; i++) {
        check_one(a, &fields[i], pairs, &out->values[i]);
        out->has_error |= out->values[i].message.n > 0;
    }
}

struct form_value *form_value(struct form *f, struct str name)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_is(name, f->values[i].field->name))
            return &f->values[i];
    return NULL;
}

void form_refuse(struct arena *a, struct form *f, struct str field, struct str message)
{
    struct form_value *v = field.n ? form_value(f, field) : NULL;
    if (v)
        v->message = arena_str(a, message);
    else
        f->message = arena_str(a, message);
    f->has_error = true;
}
