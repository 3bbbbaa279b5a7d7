/* field_fuzz.c -- one typed value against every kind of field: a good one is what the kind says. */
#include "core/form.h"
#include "crypto.h"
#include "fuzz.h"

static const struct field fields[] = {
    {"v", FIELD_TEXT, .max = 60},
    {"v", FIELD_LONG, .max = 300},
    {"v", FIELD_EMAIL},
    {"v", FIELD_PHONE},
    {"v", FIELD_DATE},
    {"v", FIELD_TIME},
    {"v", FIELD_LOCAL},
    {"v", FIELD_INT, .min = -5, .max = 99},
    {"v", FIELD_UUID},
    {"v", FIELD_UUIDS},
    {"v", FIELD_UUIDS, .required = true},
    {"v", FIELD_CHOICE, .choices = "a|bc|d e"},
    {"v", FIELD_BOOL},
    {"v", FIELD_PASSWORD, .min = 12, .max = 200},
    {"v", FIELD_TOKEN, .max = 43},
    {"v", FIELD_TEXT, .required = true},
};

static bool only(struct str s, const char *allowed)
{
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || !strchr(allowed, s.p[i]))
            return false;
    return true;
}

static void good(const struct field *f, struct str s)
{
    size_t characters = 0;
    bool has_control = false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        characters += (c & 0xC0) != 0x80;
        has_control |=
            c == 0x7f || (c < ' ' && !(f->kind == FIELD_LONG && (c == '\n' || c == '\t')));
    }
    MUST(is_text(s) && !has_control);
    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_LONG:
    case FIELD_PASSWORD:
        MUST((int64_t)characters <= (f->max ? f->max : 200) && (int64_t)characters >= f->min);
        break;
    case FIELD_EMAIL: {
        struct str domain = s, local = str_cut(&domain, '@');
        MUST(s.n <= 254 && local.n > 0 && local.n <= 64 && domain.n > 2 &&
             !memchr(domain.p, '@', domain.n));
        break;
    }
    case FIELD_PHONE:
        MUST(only(s, "0123456789+ ()-./") && s.n >= 7);
        break;
    case FIELD_DATE:
        MUST(s.n == 10 && only(s, "0123456789-"));
        break;
    case FIELD_TIME:
        MUST(s.n == 5 && only(s, "0123456789:"));
        break;
    case FIELD_LOCAL:
        MUST(s.n == 16 && only(s, "0123456789-: T"));
        break;
    case FIELD_INT: {
        int64_t n;
        MUST(str_int(s, &n) == OK && n >= f->min && n <= f->max);
        break;
    }
    case FIELD_UUID:
        MUST(s.n == 36 && only(s, "0123456789abcdef-"));
        break;
    case FIELD_UUIDS: /* of one value, so a list of one or none */
        MUST(str_is(s, "{}") ||
             (s.n == 38 && s.p[0] == '{' && s.p[37] == '}' && uuid_ok(str_part(s, 1, 36)) &&
              only(str_part(s, 1, 36), "0123456789abcdef-")));
        break;
    case FIELD_CHOICE:
        MUST(str_is(s, "a") || str_is(s, "bc") || str_is(s, "d e"));
        break;
    case FIELD_BOOL:
        MUST(str_is(s, "true") || str_is(s, "false"));
        break;
    case FIELD_TOKEN:
        MUST(s.n <= 43);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = fuzz_arena();
    struct str in = {(const char *)data, size};
    struct pair pair = {S("v"), in};
    struct pairs pairs = {&pair, 1};

    if (!str_utf8_ok(in)) /* http_pairs lets nothing else in */
        return 0;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct field row[2] = {fields[i]};
        struct form form;
        form_check(a, row, &pairs, &form);
        struct form_value *v = &form.values[0];
        MUST(is_text(v->message) && form.has_error == (v->message.n > 0));
        MUST(!(v->is_good && v->message.n > 0));
        bool is_kept = row[0].kind != FIELD_PASSWORD && row[0].kind != FIELD_UUIDS;
        MUST(is_kept ? str_eq(v->typed, in) : v->typed.n == 0);
        MUST(v->is_good || v->message.n > 0 || v->clean.n == 0);
        MUST(!row[0].required || v->is_good || v->message.n > 0);
        if (v->is_good)
            good(row, v->clean);
        /* Checked again, a good value is the same good value; a list is written otherwise than sent. */
        if (v->is_good && row[0].kind != FIELD_BOOL && row[0].kind != FIELD_UUIDS) {
            struct pair once = {S("v"), v->clean};
            struct pairs more = {&once, 1};
            struct form second;
            form_check(a, row, &more, &second);
            MUST(second.values[0].is_good && str_eq(second.values[0].clean, v->clean));
        }
    }
    return 0;
}
