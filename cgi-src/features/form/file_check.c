/*
 * file_check.c -- names and PDFs as clients send them: what of a name is kept, and which PDF is taken (form_file.h).
 * Owns: the words for a PDF that is refused.
 * Never: decides by a name what a file is.
 */
#include "form_file.h"

enum { END_BYTES = 1024, KEPT_END = 12 };

/* ---- names ---- */

/* One character at s.p[*i], which is UTF-8: its code point; *i goes behind it. */
static uint32_t next_char(struct str s, size_t *i)
{
    unsigned char c = (unsigned char)s.p[(*i)++];
    size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? c : c & (0x3fu >> more);
    for (; more > 0 && *i < s.n; more--)
        code = code << 6 | ((unsigned char)s.p[(*i)++] & 0x3f);
    return code;
}

/* Control characters, line ends, marks of direction, and what takes no room: none of them belongs into a name that is shown and signed. */
static bool misleads(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } left_out[] = {{0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
                    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                    {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}};
    for (size_t i = 0; i < COUNT_OF(left_out); i++)
        if (c >= left_out[i].from && c <= left_out[i].to)
            return true;
    return false;
}

/* Browsers write a quote and a line end in a name as %22, %0D and %0A. */
static struct str without_escapes(struct arena *a, struct str s)
{
    struct buf b = buf_in(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        struct str at = str_part(s, i, s.n - i);
        bool is_quote = str_starts(at, S("%22"));
        if (is_quote || str_starts(at, S("%0D")) || str_starts(at, S("%0A"))) {
            buf_addc(&b, is_quote ? '"' : ' ');
            i += 2;
        } else {
            buf_addc(&b, s.p[i]);
        }
    }
    return buf_str(&b);
}

static size_t count_chars(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; n++)
        (void)next_char(s, &i);
    return n;
}

/* The first characters and the last ones, with an ellipsis between. */
static struct str shortened(struct arena *a, struct str s)
{
    size_t n = count_chars(s), at = 0, head = 0, tail = 0;
    if (n <= FORM_FILE_NAME_CHARS)
        return s;
    for (size_t i = 0; i < n - KEPT_END; i++) {
        (void)next_char(s, &at);
        if (i + 1 == FORM_FILE_NAME_CHARS - KEPT_END - 1)
            head = at;
    }
    tail = at;
    return arena_printf(a, "%.*s…%.*s", (int)head, s.p, (int)(s.n - tail), s.p + tail);
}

struct str form_file_name(struct arena *a, struct str sent)
{
    struct str s = without_escapes(a, sent);
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '/' || s.p[i - 1] == '\\') {
            s = str_part(s, i, s.n - i);
            break;
        }
    struct buf b = buf_in(a, s.n + 1);
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        if (!misleads(next_char(s, &i)))
            buf_add(&b, str_part(s, from, i - from));
    }
    struct str name = str_trim(shortened(a, str_trim(buf_str(&b))));
    return name.n > 0 ? name : S("file");
}

/* ---- PDFs ---- */

static bool has(struct str s, struct str what)
{
    return s.n >= what.n && memmem(s.p, s.n, what.p, what.n) != NULL;
}

const char *form_file_pdf_refusal(struct str bytes)
{
    struct str end = bytes.n > END_BYTES ? str_part(bytes, bytes.n - END_BYTES, END_BYTES) : bytes;
    if (!(str_starts(bytes, S("%PDF-1.")) || str_starts(bytes, S("%PDF-2."))) ||
        !has(end, S("startxref")) || !has(end, S("%%EOF")))
        return "This PDF is not whole. Please save it again and choose that one, or choose "
               "another.";
    if (has(bytes, S("/Encrypt")))
        return "This PDF is locked with a password, so nobody here could read it. Please save it "
               "without one.";
    return NULL;
}

/* ---- sizes ---- */

struct str form_file_size(struct arena *a, int64_t bytes)
{
    enum { KB = 1000, MB = 1000 * 1000 };
    long long n = (long long)bytes;
    if (n < KB)
        return arena_printf(a, "%lld bytes", n);
    if (n < MB)
        return arena_printf(a, "%lld KB", (n + KB / 2) / KB);
    return arena_printf(a, "%lld.%lld MB", n / MB, n % MB / (MB / 10));
}
