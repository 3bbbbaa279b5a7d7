/*
 * view_modifiers.c -- {{starts_at:time}}: how a value is written for people.
 * Owns: the table of modifiers, US English. Times are as SQL gave them: nothing here knows a zone.
 */
#include <stdio.h>

#include "view_internal.h"

#define KIND(k) (1u << VAL_##k)
#define DAY_MICROS 86400000000ll

struct civil {
    int64_t year;
    unsigned month, day, weekday; /* weekday 0: Sunday */
    unsigned hour, minute, second;
};

/* Days since 2000-01-01 to a date of the proleptic Gregorian calendar (H. Hinnant's algorithm). */
static struct civil civil_of_days(int64_t days)
{
    int64_t z = days + 10957 + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    struct civil c = {0};
    c.day = doy - (153 * mp + 2) / 5 + 1;
    c.month = mp < 10 ? mp + 3 : mp - 9;
    c.year = (int64_t)yoe + era * 400 + (c.month <= 2);
    c.weekday = (unsigned)(((days + 6) % 7 + 7) % 7);
    return c;
}

static struct civil civil_of(struct val v)
{
    int64_t days = 0, micros = 0;
    if (v.kind == VAL_DATE) {
        days = v.i;
    } else if (v.kind == VAL_TIME) {
        micros = v.i;
    } else {
        days = v.i / DAY_MICROS;
        micros = v.i % DAY_MICROS;
        if (micros < 0) {
            micros += DAY_MICROS;
            days--;
        }
    }
    struct civil c = civil_of_days(days);
    c.hour = (unsigned)(micros / 3600000000ll);
    c.minute = (unsigned)(micros / 60000000ll % 60);
    c.second = (unsigned)(micros / 1000000ll % 60);
    return c;
}

static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};

static void add_time(struct buf *b, const struct civil *c)
{
    unsigned hour = c->hour % 12 ? c->hour % 12 : 12;
    buf_printf(b, "%u:%02u %s", hour, c->minute, c->hour < 12 ? "am" : "pm");
}

static void add_date(struct buf *b, const struct civil *c)
{
    buf_printf(b, "%.3s %u %.3s %lld", day_names[c->weekday], c->day, month_names[c->month - 1],
               (long long)c->year);
}

static void as_time(struct buf *b, struct val v)
{
    struct civil c = civil_of(v);
    add_time(b, &c);
}

static void as_date(struct buf *b, struct val v)
{
    struct civil c = civil_of(v);
    add_date(b, &c);
}

static void as_day(struct buf *b, struct val v)
{
    struct civil c = civil_of(v);
    buf_printf(b, "%s %u %s", day_names[c.weekday], c.day, month_names[c.month - 1]);
}

static void as_short_date(struct buf *b, struct val v)
{
    struct civil c = civil_of(v);
    buf_printf(b, "%u %.3s", c.day, month_names[c.month - 1]);
}

static void as_datetime(struct buf *b, struct val v)
{
    struct civil c = civil_of(v);
    add_date(b, &c);
    buf_addz(b, ", ");
    add_time(b, &c);
}

static void as_iso(struct buf *b, struct val v)
{
    struct civil c = civil_of(v);
    if (v.kind != VAL_TIME)
        buf_printf(b, "%04lld-%02u-%02u", (long long)c.year, c.month, c.day);
    if (v.kind == VAL_LOCAL || v.kind == VAL_INSTANT)
        buf_addc(b, 'T');
    if (v.kind != VAL_DATE)
        buf_printf(b, "%02u:%02u", c.hour, c.minute);
    if (v.kind == VAL_INSTANT)
        buf_printf(b, ":%02uZ", c.second);
}

/* 1234567 as 1,234,567. */
static void add_grouped(struct buf *b, uint64_t n)
{
    if (n >= 1000) {
        add_grouped(b, n / 1000);
        buf_printf(b, ",%03u", (unsigned)(n % 1000));
    } else {
        buf_printf(b, "%u", (unsigned)n);
    }
}

static uint64_t magnitude(int64_t i) { return i < 0 ? 0 - (uint64_t)i : (uint64_t)i; }

static void as_money(struct buf *b, struct val v)
{
    uint64_t cents = magnitude(v.i);
    buf_addz(b, v.i < 0 ? "-$" : "$");
    add_grouped(b, cents / 100);
    buf_printf(b, ".%02u", (unsigned)(cents % 100));
}

static void as_count(struct buf *b, struct val v)
{
    if (v.i < 0)
        buf_addc(b, '-');
    add_grouped(b, magnitude(v.i));
}

static void as_minutes(struct buf *b, struct val v)
{
    int64_t hours = v.i / 60, rest = v.i % 60;
    if (hours)
        buf_printf(b, "%lld h", (long long)hours);
    if (hours && rest)
        buf_addc(b, ' ');
    if (rest || !hours)
        buf_printf(b, "%lld min", (long long)rest);
}

static void as_phone(struct buf *b, struct val v)
{
    struct str s = v.s;
    if (s.n == 12 && s.p[0] == '+' && s.p[1] == '1') {
        buf_printf(b, "(%.3s) %.3s-%.4s", s.p + 2, s.p + 5, s.p + 8);
        return;
    }
    if (s.n < 8 || s.p[0] != '+') {
        buf_add(b, s);
        return;
    }
    buf_printf(b, "%.3s", s.p);
    for (size_t i = 3; i < s.n; i += 3) {
        size_t left = s.n - i, n = left == 4 || left < 3 ? left : 3;
        buf_addc(b, ' ');
        buf_add(b, str_part(s, i, n));
        if (n == 4)
            break;
    }
}

static void as_hex(struct buf *b, struct val v) { esc_hex(b, v.s); }
static void as_url(struct buf *b, struct val v) { esc_url(b, v.s); }
static void as_id(struct buf *b, struct val v) { buf_add(b, str_part(v.s, 0, v.s.n < 8 ? v.s.n : 8)); }

static void as_upper(struct buf *b, struct val v)
{
    for (size_t i = 0; i < v.s.n; i++) {
        char c = v.s.p[i];
        buf_addc(b, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
}

/* First characters of the first and the last word. */
static void as_initials(struct buf *b, struct val v)
{
    struct str rest = str_trim(v.s), last = {"", 0};
    bool is_first = true;
    while (rest.n > 0) {
        struct str word = str_cut(&rest, ' ');
        if (word.n == 0)
            continue;
        size_t n = 1;
        while (n < word.n && ((unsigned char)word.p[n] & 0xC0) == 0x80)
            n++;
        last = str_part(word, 0, n);
        if (is_first)
            buf_add(b, last);
        if (!is_first && str_trim(rest).n == 0)
            buf_add(b, last);
        is_first = false;
    }
}

static const struct modifier modifiers[] = {
    {"time", KIND(TIME) | KIND(LOCAL) | KIND(INSTANT), as_time},
    {"date", KIND(DATE) | KIND(LOCAL) | KIND(INSTANT), as_date},
    {"day", KIND(DATE) | KIND(LOCAL) | KIND(INSTANT), as_day},
    {"short_date", KIND(DATE) | KIND(LOCAL) | KIND(INSTANT), as_short_date},
    {"datetime", KIND(LOCAL) | KIND(INSTANT), as_datetime},
    {"iso", KIND(DATE) | KIND(TIME) | KIND(LOCAL) | KIND(INSTANT), as_iso},
    {"money", KIND(INT), as_money},
    {"count", KIND(INT), as_count},
    {"minutes", KIND(INT), as_minutes},
    {"phone", KIND(TEXT), as_phone},
    {"hex", KIND(TEXT), as_hex},
    {"initials", KIND(TEXT), as_initials},
    {"url", KIND(TEXT), as_url},
    {"upper", KIND(TEXT), as_upper},
    {"id", KIND(TEXT), as_id},
};

const struct modifier *modifier_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(modifiers); i++)
        if (str_is(name, modifiers[i].name))
            return &modifiers[i];
    return NULL;
}

struct str modifier_list(struct arena *a)
{
    struct buf b = buf_in(a, 128);
    for (size_t i = 0; i < COUNT_OF(modifiers); i++)
        buf_printf(&b, "%s%s", i ? ", " : "", modifiers[i].name);
    return buf_str(&b);
}

void val_print(struct buf *out, struct val v, const struct modifier *m)
{
    if (m && (m->kinds & (1u << v.kind))) {
        m->apply(out, v);
        return;
    }
    switch (v.kind) {
    case VAL_TEXT:
        buf_add(out, v.s);
        break;
    case VAL_INT:
        buf_printf(out, "%lld", (long long)v.i);
        break;
    case VAL_REAL:
        buf_printf(out, "%.15g", v.d);
        break;
    case VAL_BOOL:
        buf_addz(out, v.b ? "true" : "false");
        break;
    case VAL_DATE:
    case VAL_TIME:
    case VAL_LOCAL:
    case VAL_INSTANT:
        as_iso(out, v);
        break;
    default:
        break;
    }
}
