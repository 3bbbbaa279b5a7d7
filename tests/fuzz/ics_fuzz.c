/*
 * ics_fuzz.c -- the texts of a calendar entry: no text can end its line and begin another property.
 * What we read is tried by ics_read_fuzz.c.
 */
#include "fuzz.h"
#include "ics.h"

/* Content lines without their folds; every line of the file is checked on the way. */
static struct str unfolded(struct arena *a, struct str text)
{
    struct buf b = buf_in(a, text.n + 1);
    size_t octets = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        MUST(c >= ' ' || c == '\r' || c == '\n' || c == '\t');
        MUST(c != '\r' || (i + 1 < text.n && text.p[i + 1] == '\n'));
        MUST(c != '\n' || (i > 0 && text.p[i - 1] == '\r'));
        if (c == '\r') {
            MUST(octets <= 75);
            octets = 0;
            bool folded = i + 2 < text.n && (text.p[i + 2] == ' ' || text.p[i + 2] == '\t');
            i += folded ? 2 : 1;
            octets = folded ? 1 : 0;
            if (!folded)
                buf_addc(&b, '\n');
            continue;
        }
        octets++;
        buf_addc(&b, (char)c);
    }
    return buf_str(&b);
}

/* TEXT of RFC 5545 section 3.3.11, back as it was. */
static struct str plain(struct arena *a, struct str s)
{
    struct buf b = buf_in(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\\') {
            MUST(s.p[i] != ';' && s.p[i] != ',');
            buf_addc(&b, s.p[i]);
            continue;
        }
        MUST(++i < s.n);
        MUST(strchr("nN\\;,", s.p[i]) && s.p[i]);
        buf_addc(&b, s.p[i] == 'n' || s.p[i] == 'N' ? '\n' : s.p[i]);
    }
    return buf_str(&b);
}

/* What must come back: lines as LF, other controls gone. */
static struct str as_text(struct arena *a, struct str s)
{
    struct buf b = buf_in(a, s.n + 1);
    s = arena_plain_lines(a, s);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= ' ' ? s.p[i] != 0x7f : s.p[i] == '\n' || s.p[i] == '\t')
            buf_addc(&b, s.p[i]);
    return buf_str(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const known[] = {"BEGIN",   "END",      "VERSION",     "PRODID",
                                        "METHOD",  "UID",      "SEQUENCE",    "DTSTAMP",
                                        "DTSTART", "DTEND",    "SUMMARY",     "STATUS",
                                        "TRANSP",  "LOCATION", "DESCRIPTION", "LAST-MODIFIED"};
    struct arena *a = fuzz_arena();
    struct str in = {(const char *)data, size}, rest = in, place = str_cut(&rest, 0x1e);
    int seen[COUNT_OF(known)] = {0};

    if (!str_utf8_ok(in))
        return 0;
    struct ics_visit v = {.uid = S("1@glow.example"),
                          .summary = place,
                          .place = place,
                          .text = rest,
                          .starts_at = 1796137200,
                          .ends_at = 1796140800,
                          .changed_at = 1795000000,
                          .version = 3,
                          .is_cancelled = size & 1};
    struct str text = ics_write(a, &v);
    struct str lines = unfolded(a, text);
    MUST(is_text(lines));
    while (lines.n > 0) {
        struct str line = str_cut(&lines, '\n'), name = str_cut(&line, ':');
        size_t i = 0;
        while (i < COUNT_OF(known) && !str_is(name, known[i]))
            i++;
        MUST(i < COUNT_OF(known));
        seen[i]++;
        if (str_is(name, "SUMMARY") || str_is(name, "LOCATION"))
            MUST(str_eq(plain(a, line), as_text(a, place)));
        if (str_is(name, "DESCRIPTION"))
            MUST(str_eq(plain(a, line), as_text(a, rest)));
    }
    for (size_t i = 2; i < COUNT_OF(known); i++)
        MUST(seen[i] <= 1);
    MUST(seen[0] == 2 && seen[1] == 2);
    return 0;
}
