/*
 * view_modifiers.c -- values made readable: {{starts_at:time}}. English as in the United States; dates and times in the other languages
 * by the patterns and names of their catalogues (words/LANGUAGE.po).
 * Owns: the table of modifiers. Never: asks the system for a time zone; a local time is shown as it
 * comes, an instant in UTC and says so. A value of a kind that a modifier does not take is shown
 * as if the modifier were not there: a typed "25:99" stays what was typed.
 */
#include "view_internal.h"

#include "agent.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t SECOND = 1000000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/* ---- calendar ---- */

struct civil {
    int64_t year;
    int month, day; /* 1.. */
    int weekday;    /* 0: Sunday */
};

/* Proleptic Gregorian date of a day counted from 2000-01-01. Years begin in March, so that the leap
 * day is the last; an era is 400 years of 146097 days. */
static struct civil civil_of(int64_t days)
{
    int64_t since = days + 730425; /* from 0000-03-01 */
    int64_t era = (since >= 0 ? since : since - 146096) / 146097;
    int64_t day_of_era = since - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0: March */
    return (struct civil){
        .year = year_of_era + era * 400 + (month >= 10 ? 1 : 0),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
        .weekday = (int)(((days + 6) % 7 + 7) % 7), /* 2000-01-01 was a Saturday */
    };
}

static int64_t days_of(struct val v)
{
    if (v.kind == VAL_DATE)
        return v.i;
    return v.i >= 0 ? v.i / DAY : -((-(v.i + 1)) / DAY) - 1;
}

/* Microseconds since midnight. */
static int64_t clock_of(struct val v)
{
    return v.kind == VAL_TIME ? v.i : v.i % DAY + (v.i % DAY < 0 ? DAY : 0);
}

/* Names as a catalogue has them: all of them in one text. */
static const char weekdays[] = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday";
static const char short_weekdays[] = "Sun Mon Tue Wed Thu Fri Sat";
static const char months[] = "January February March April May June July August September October "
                             "November December";
static const char short_months[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";

/* The n-th name, from 0, in a language. */
static void add_name(struct buf *out, struct str language, const char *names, int n)
{
    struct str rest = view_words(out->arena, language, str_of(names));
    while (n-- > 0)
        str_cut(&rest, ' ');
    buf_add(out, str_cut(&rest, ' '));
}

/* ---- digits: written by hand, for every row of a page has some ---- */

static void add_number(struct buf *out, uint64_t n, size_t min_digits)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n || sizeof digits - at < min_digits);
    buf_add(out, (struct str){digits + at, sizeof digits - at});
}

static uint64_t size_of(int64_t i) { return i < 0 ? 0 - (uint64_t)i : (uint64_t)i; }

static void add_int(struct buf *out, int64_t i)
{
    if (i < 0)
        buf_addc(out, '-');
    add_number(out, size_of(i), 1);
}

/* 1234567 as 1,234,567 */
static void add_grouped(struct buf *out, uint64_t n)
{
    if (n >= 1000) {
        add_grouped(out, n / 1000);
        buf_addc(out, ',');
    }
    add_number(out, n % 1000, n >= 1000 ? 3 : 1);
}

/* ---- dates and times ---- */

static void add_zone(struct buf *out, struct val v)
{
    if (v.kind == VAL_INSTANT)
        buf_add(out, S(" UTC"));
}

/* A pattern of a catalogue with its {parts}, each written by add. */
static void add_pattern(struct buf *out, struct str language, struct str pattern,
                        void (*add)(struct buf *out, struct str language, struct str part,
                                    const void *of),
                        const void *of)
{
    struct str rest = view_words(out->arena, language, pattern);
    while (rest.n) {
        buf_add(out, str_cut(&rest, '{'));
        if (rest.n)
            add(out, language, str_cut(&rest, '}'), of);
    }
}

static void add_clock_part(struct buf *out, struct str language, struct str part, const void *of)
{
    (void)language, (void)part; /* {clock} is its only one */
    int64_t minutes = *(const int64_t *)of, hour = minutes / 60;
    add_number(out, (uint64_t)(hour % 12 ? hour % 12 : 12), 1);
    buf_addc(out, ':');
    add_number(out, (uint64_t)(minutes % 60), 2);
}

static void add_clock(struct buf *out, struct val v, struct str language)
{
    int64_t minutes = clock_of(v) / MINUTE;
    add_pattern(out, language, minutes / 60 % 24 < 12 ? S("{clock} am") : S("{clock} pm"),
                add_clock_part, &minutes);
}

static void modify_time(struct buf *out, struct val v, struct str language)
{
    add_clock(out, v, language);
    add_zone(out, v);
}

static void add_date_part(struct buf *out, struct str language, struct str part, const void *of)
{
    const struct civil *c = of;
    if (str_is(part, "day"))
        add_number(out, (uint64_t)c->day, 1);
    else if (str_is(part, "year"))
        add_int(out, c->year);
    else if (str_is(part, "wkd"))
        add_name(out, language, short_weekdays, c->weekday);
    else if (str_is(part, "weekday"))
        add_name(out, language, weekdays, c->weekday);
    else if (str_is(part, "mon"))
        add_name(out, language, short_months, c->month - 1);
    else
        add_name(out, language, months, c->month - 1);
}

static void add_date(struct buf *out, struct civil c, struct str language, struct str pattern)
{
    add_pattern(out, language, pattern, add_date_part, &c);
}

static void add_weekday_date(struct buf *out, struct val v, struct str language)
{
    add_date(out, civil_of(days_of(v)), language, S("{wkd} {day} {mon} {year}"));
}

static void modify_date(struct buf *out, struct val v, struct str language)
{
    add_weekday_date(out, v, language);
    add_zone(out, v);
}

static void modify_short_date(struct buf *out, struct val v, struct str language)
{
    add_date(out, civil_of(days_of(v)), language, S("{day} {mon} {year}"));
    add_zone(out, v);
}

static void modify_day(struct buf *out, struct val v, struct str language)
{
    add_date(out, civil_of(days_of(v)), language, S("{weekday} {day} {month}"));
    add_zone(out, v);
}

/* For days and months in a row: Sat, Nov, November 2026. */
static void modify_weekday(struct buf *out, struct val v, struct str language)
{
    add_name(out, language, short_weekdays, civil_of(days_of(v)).weekday);
}

static void modify_month(struct buf *out, struct val v, struct str language)
{
    add_name(out, language, short_months, civil_of(days_of(v)).month - 1);
}

static void modify_month_year(struct buf *out, struct val v, struct str language)
{
    add_date(out, civil_of(days_of(v)), language, S("{month} {year}"));
}

static void modify_datetime(struct buf *out, struct val v, struct str language)
{
    add_weekday_date(out, v, language);
    buf_add(out, S(", "));
    add_clock(out, v, language);
    add_zone(out, v);
}

struct str view_date_words(struct arena *a, struct str language, struct str date)
{
    struct str rest = date, year = str_cut(&rest, '-'), month = str_cut(&rest, '-');
    int64_t y, m, d;
    if (date.n != 10 || str_int(year, &y) || str_int(month, &m) || str_int(rest, &d) || m < 1 ||
        m > 12)
        return date;
    struct buf out = buf_in(a, 32);
    add_date(&out, (struct civil){.year = y, .month = (int)m, .day = (int)d}, language,
             S("{day} {month} {year}"));
    return buf_str(&out);
}

static void add_iso_date(struct buf *out, int64_t days)
{
    struct civil c = civil_of(days);
    if (c.year < 0)
        buf_addc(out, '-');
    add_number(out, size_of(c.year), 4);
    buf_addc(out, '-');
    add_number(out, (uint64_t)c.month, 2);
    buf_addc(out, '-');
    add_number(out, (uint64_t)c.day, 2);
}

/* As <time datetime> and the date and time inputs of HTML take it; seconds if there are any. */
static void modify_iso(struct buf *out, struct val v, struct str language)
{
    (void)language;
    if (v.kind != VAL_TIME)
        add_iso_date(out, days_of(v));
    if (v.kind == VAL_DATE)
        return;
    if (v.kind != VAL_TIME)
        buf_addc(out, 'T');
    int64_t clock = clock_of(v), seconds = clock / SECOND % 60;
    add_number(out, (uint64_t)(clock / HOUR), 2);
    buf_addc(out, ':');
    add_number(out, (uint64_t)(clock / MINUTE % 60), 2);
    if (seconds) {
        buf_addc(out, ':');
        add_number(out, (uint64_t)seconds, 2);
    }
    if (v.kind == VAL_INSTANT)
        buf_addc(out, 'Z');
}

/* For grids of hours and steps of five minutes: 14, 5. */
static void modify_hour(struct buf *out, struct val v, struct str language)
{
    (void)language;
    add_number(out, (uint64_t)(clock_of(v) / HOUR), 1);
}

static void modify_five(struct buf *out, struct val v, struct str language)
{
    (void)language;
    add_number(out, (uint64_t)(clock_of(v) / MINUTE % 60 / 5 * 5), 1);
}

/* ---- numbers ---- */

static void modify_money(struct buf *out, struct val v, struct str language)
{
    (void)language;
    buf_addz(out, v.i < 0 ? "-$" : "$");
    add_grouped(out, size_of(v.i) / 100);
    buf_addc(out, '.');
    add_number(out, size_of(v.i) % 100, 2);
}

static void modify_minutes(struct buf *out, struct val v, struct str language)
{
    (void)language;
    uint64_t n = size_of(v.i);
    if (v.i < 0)
        buf_addc(out, '-');
    if (n >= 60) {
        add_grouped(out, n / 60);
        buf_addz(out, n % 60 ? " h " : " h");
    }
    if (n % 60 || n == 0) {
        add_number(out, n % 60, 1);
        buf_addz(out, " min");
    }
}

static void modify_count(struct buf *out, struct val v, struct str language)
{
    (void)language;
    if (v.i < 0)
        buf_addc(out, '-');
    add_grouped(out, size_of(v.i));
}

/* The ending of an English noun after a number: "1 row", "2 rows". */
static void modify_s(struct buf *out, struct val v, struct str language)
{
    (void)language; /* of English alone: a text with a count in it is said as two */
    if (v.i != 1)
        buf_addc(out, 's');
}

/* ---- texts ---- */

/* Digits of the country code at the beginning of an international number (ITU-T E.164). */
static size_t country_code_digits(const char *digits, size_t n)
{
    static const char two_digits[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 "
                                     "53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 "
                                     "93 94 95 98";
    if (n < 4)
        return n;
    if (digits[0] == '1' || digits[0] == '7')
        return 1;
    for (size_t i = 0; i + 1 < sizeof two_digits; i += 3) {
        if (memcmp(two_digits + i, digits, 2) == 0)
            return 2;
    }
    return 3;
}

/* +12125550123 as (212) 555-0123; another country's as +44 207 946 0018. Anything that is not
 * E.164 stays as it is. */
static void modify_phone(struct buf *out, struct val v, struct str language)
{
    (void)language;
    struct str s = v.s;
    bool is_e164 = s.n >= 5 && s.n <= 16 && s.p[0] == '+';
    for (size_t i = 1; i < s.n; i++)
        is_e164 = is_e164 && s.p[i] >= '0' && s.p[i] <= '9';
    if (!is_e164) {
        buf_add(out, s);
        return;
    }
    if (s.n == 12 && s.p[1] == '1') {
        buf_addc(out, '(');
        buf_add(out, str_part(s, 2, 3));
        buf_add(out, S(") "));
        buf_add(out, str_part(s, 5, 3));
        buf_addc(out, '-');
        buf_add(out, str_part(s, 8, 4));
        return;
    }
    size_t at = 1 + country_code_digits(s.p + 1, s.n - 1);
    buf_add(out, str_part(s, 0, at));
    while (at < s.n) {
        size_t left = s.n - at, group = left > 4 ? 3 : left;
        if (left == 5)
            group = 2; /* not 3 and 2 */
        buf_addc(out, ' ');
        buf_add(out, str_part(s, at, group));
        at += group;
    }
}

static void modify_hex(struct buf *out, struct val v, struct str language)
{
    (void)language;
    esc_hex(out, v.s);
}

static void modify_url(struct buf *out, struct val v, struct str language)
{
    (void)language;
    struct buf plain = buf_in(out->arena, 32);
    if (v.kind != VAL_TEXT)
        val_print(&plain, v, NULL, S(""));
    esc_url(out, v.kind == VAL_TEXT ? v.s : buf_str(&plain));
}

/* Bytes of the character that s begins with; 1 where it is not UTF-8. */
static size_t character(struct str s)
{
    for (size_t n = 1; n <= 4 && n <= s.n; n++) {
        if (str_utf8_ok(str_part(s, 0, n)))
            return n;
    }
    return s.n ? 1 : 0;
}

/* Letters a-z, and those of Latin-1, which are the accented ones of western names. */
static void add_upper(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool is_latin =
            i > 0 && (unsigned char)s.p[i - 1] == 0xC3 && c >= 0xA0 && c <= 0xBE && c != 0xB7;
        bool is_small = is_latin || (c >= 'a' && c <= 'z');
        buf_addc(out, (char)(is_small ? c - 32 : c));
    }
}

static void modify_upper(struct buf *out, struct val v, struct str language)
{
    (void)language;
    add_upper(out, v.s);
}

/* First letters of the first and the last word. */
static void modify_initials(struct buf *out, struct val v, struct str language)
{
    (void)language;
    struct str rest = str_trim(v.s), first = str_cut(&rest, ' ');
    add_upper(out, str_part(first, 0, character(first)));
    struct str last = S("");
    while (rest.n) {
        struct str word = str_cut(&rest, ' ');
        if (word.n)
            last = word;
    }
    add_upper(out, str_part(last, 0, character(last)));
}

/* The first eight characters: enough of a uuid or hash to tell it by. */
static void modify_id(struct buf *out, struct val v, struct str language)
{
    (void)language;
    size_t at = 0;
    for (int i = 0; i < 8 && at < v.s.n; i++)
        at += character(str_part(v.s, at, v.s.n - at));
    buf_add(out, str_part(v.s, 0, at));
}

/* A text of the database in the language of the page: as a whole, or a sentence after the other. */
static void modify_say(struct buf *out, struct val v, struct str language)
{
    struct str whole = view_words(out->arena, language, v.s), rest = v.s;
    if (language.n == 0 || !str_eq(whole, v.s)) {
        buf_add(out, whole);
        return;
    }
    for (size_t n; rest.n > 0; rest = str_part(rest, n, rest.n - n)) {
        const char *end = memmem(rest.p, rest.n, ". ", 2);
        n = end ? (size_t)(end - rest.p) + 1 : rest.n;
        buf_add(out, view_words(out->arena, language, str_part(rest, 0, n)));
        if (end) {
            buf_addc(out, ' ');
            n++;
        }
    }
}

/* "New York time" */
static void modify_zone(struct buf *out, struct val v, struct str language)
{
    const struct str time = S(" time");
    struct str place = v.s;
    if (place.n <= time.n || !str_eq(str_part(place, place.n - time.n, time.n), time)) {
        buf_add(out, v.s);
        return;
    }
    const struct view_part part = {"place", str_part(place, 0, place.n - time.n)};
    buf_add(out, view_words_with(out->arena, language, S("{place} time"), &part, 1));
}

static void modify_agent(struct buf *out, struct val v, struct str language)
{
    (void)language;
    agent_words(out, v.s);
}

/* ---- the table ---- */

#define KIND(kind) (1U << VAL_##kind)
#define DATES (KIND(DATE) | KIND(LOCAL) | KIND(INSTANT))
#define CLOCKS (KIND(TIME) | KIND(LOCAL) | KIND(INSTANT))

static const struct modifier modifiers[] = {
    {"time", CLOCKS, modify_time},                              /* 2:05 pm */
    {"date", DATES, modify_date},                               /* Sat 21 Nov 2026 */
    {"day", DATES, modify_day},                                 /* Saturday 21 November */
    {"short_date", DATES, modify_short_date},                   /* 21 Nov 2026 */
    {"weekday", DATES, modify_weekday},                         /* Sat */
    {"month", DATES, modify_month},                             /* Nov */
    {"month_year", DATES, modify_month_year},                   /* November 2026 */
    {"datetime", KIND(LOCAL) | KIND(INSTANT), modify_datetime}, /* Sat 21 Nov 2026, 2:05 pm */
    {"iso", DATES | KIND(TIME), modify_iso},                    /* 2026-11-21T14:05 */
    {"hour", CLOCKS, modify_hour},                              /* 14 */
    {"five", CLOCKS, modify_five},                              /* 5 */
    {"money", KIND(INT), modify_money},                         /* cents: $1,234.50 */
    {"minutes", KIND(INT), modify_minutes},                     /* 1 h 15 min */
    {"count", KIND(INT), modify_count},                         /* 1,234 */
    {"s", KIND(INT), modify_s},                                 /* s, but nothing for 1 */
    {"phone", KIND(TEXT), modify_phone},                        /* (212) 555-0123 */
    {"hex", KIND(TEXT), modify_hex},                            /* bytes: 00ff */
    {"initials", KIND(TEXT), modify_initials},                  /* AL */
    {"upper", KIND(TEXT), modify_upper},                        /* EST */
    {"url", DATES | CLOCKS | KIND(TEXT) | KIND(INT) | KIND(REAL) | KIND(BOOL),
     modify_url},                        /* a%20b */
    {"id", KIND(TEXT), modify_id},       /* 3fa9c1d2 */
    {"agent", KIND(TEXT), modify_agent}, /* Firefox on Windows */
    {"say", KIND(TEXT), modify_say},     /* its words in the language of the page */
    {"zone", KIND(TEXT), modify_zone},   /* New York time, hora de New York */
};

const struct modifier *modifier_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(modifiers); i++) {
        if (str_is(name, modifiers[i].name))
            return &modifiers[i];
    }
    return NULL;
}

bool view_modifier_takes(struct str modifier, enum val_kind kind)
{
    const struct modifier *m = modifier_find(modifier);
    return m && m->kinds & 1U << kind;
}

struct str modifier_list(struct arena *a)
{
    struct buf list = buf_in(a, 200);
    for (size_t i = 0; i < COUNT_OF(modifiers); i++) {
        buf_addz(&list, i ? ", " : "");
        buf_addz(&list, modifiers[i].name);
    }
    buf_addc(&list, '\0');
    return (struct str){list.p, list.n - 1};
}

/* The shortest decimal that is this number. */
static void add_real(struct buf *out, double d)
{
    char text[40];
    if (!isfinite(d))
        return;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, d);
        double back = strtod(text, NULL);
        if (back >= d && back <= d)
            break;
    }
    buf_addz(out, text);
}

void val_print(struct buf *out, struct val v, const struct modifier *m, struct str language)
{
    if (m && m->kinds & 1U << v.kind) {
        m->apply(out, v, language);
        return;
    }
    switch (v.kind) {
    case VAL_BOOL:
        buf_addz(out, v.b ? "true" : "false");
        break;
    case VAL_INT:
        add_int(out, v.i);
        break;
    case VAL_REAL:
        add_real(out, v.d);
        break;
    case VAL_TEXT:
        buf_add(out, v.s);
        break;
    case VAL_DATE:
    case VAL_TIME:
    case VAL_LOCAL:
    case VAL_INSTANT:
        modify_iso(out, v, language);
        break;
    case VAL_MISSING:
    case VAL_NULL:
    case VAL_LIST:
    case VAL_FRAME:
        break;
    }
}

struct str view_text(struct arena *a, struct val v, const char *modifier)
{
    struct buf out = buf_in(a, 40);
    val_print(&out, v, modifier ? modifier_find(str_of(modifier)) : NULL, S(""));
    return buf_str(&out);
}
