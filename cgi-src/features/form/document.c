/*
 * document.c -- what is signed, as one exact text, and back into its parts.
 * Owns: the formats "1" to "3" and "paper-1" of signed forms. A change is a new number; old texts stay readable and are written the same again.
 * Never: looks outside its arguments, so that the same form gives the same bytes years later.
 */
#include "form_document.h"

#include "crypto.h"

#define OLDEST "1"
#define NEWEST "3"
#define ON_PAPER "paper-1"

const char form_statement[] =
    "I have read this form. What I have answered is true and complete as far as I know. I sign it "
    "electronically, of my own will, and my signature counts like one made by hand.";

static const char paper_statement[] =
    "This form was signed by hand, on paper. What was answered and signed stands on the paper, of "
    "which a picture is kept; below is what the studio wrote down of it.";

/* ---- writing ---- */

/* Line ends as LF, none at the end. */
static struct str plain(struct arena *a, struct str s)
{
    struct str lines = arena_plain_lines(a, s);
    while (lines.n > 0 && lines.p[lines.n - 1] == '\n')
        lines.n--;
    return lines;
}

static void part(struct buf *b, const char *label, struct str content)
{
    struct str rest = plain(b->arena, content);
    buf_printf(b, "%s%s\n", b->n ? "\n" : "", label);
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        if (line.n > 0) {
            buf_addz(b, "  ");
            buf_add(b, line);
        }
        buf_addc(b, '\n');
    }
}

static void numbered_part(struct buf *b, const char *label, size_t n, struct str content)
{
    part(b, arena_cstr(b->arena, arena_printf(b->arena, "%s %zu", label, n)), content);
}

static void part_if(struct buf *b, const char *label, struct str content)
{
    if (content.n > 0)
        part(b, label, content);
}

/* The names of what follows the answer of a question that is answered by a signature: "Answer 3, signed by". */
static const char *const clause_parts[] = {", key", ", signed by", ", method", ", strokes"};

static void clause_part(struct buf *b, size_t n, const char *end, struct str content)
{
    part_if(b, arena_cstr(b->arena, arena_printf(b->arena, "Answer %zu%s", n, end)), content);
}

static void answer_parts(struct buf *b, const struct form_document_answer *answer, size_t n,
                         bool has_clauses)
{
    numbered_part(b, "Question", n, answer->question);
    numbered_part(b, "Answer", n, answer->answer);
    if (!has_clauses || answer->signer.n == 0)
        return;
    clause_part(b, n, clause_parts[0], answer->key);
    clause_part(b, n, clause_parts[1], answer->signer);
    clause_part(b, n, clause_parts[2], answer->method);
    clause_part(b, n, clause_parts[3], answer->strokes);
}

static void signature_parts(struct buf *b, const struct form_document *d, bool is_oldest)
{
    part(b, "Signed by", d->signer);
    if (!is_oldest) {
        part(b, "Signed as", d->role);
        part_if(b, "Guardian", d->guardian);
        part_if(b, "Guardian, relation", d->relation);
        part_if(b, "Witness", d->witness);
        part(b, "Place", d->place);
        part(b, "Signed at", d->signed_at);
        part_if(b, "Noted by", d->noted_by);
        part_if(b, "Noted at", d->noted_at);
    }
    part(b, "Method", d->method);
    part_if(b, "Strokes, SHA-256", d->strokes_sha256);
}

struct str form_document_text(struct arena *a, const struct form_document *d)
{
    struct buf b = buf_in(a, 8192);
    bool is_oldest = str_is(d->format, OLDEST);
    bool has_clauses = !is_oldest && !str_is(d->format, "2");
    bool is_paper = str_is(d->format, ON_PAPER);
    part(&b, "Signed form, format", d->format.n > 0 ? d->format : S(NEWEST));
    part(&b, "Studio", d->studio);
    part(&b, "Client", d->client);
    part(&b, "Form", d->title);
    part(&b, "Version", d->version);
    if (!is_oldest) {
        part(&b, "Language", d->language_words);
        part(&b, "Language, code", d->language);
    }
    for (size_t i = 0; i < d->n_answers; i++)
        answer_parts(&b, &d->answers[i], i + 1, has_clauses);
    part_if(&b, "Wording", d->wording);
    if (!is_paper) {
        part(&b, "Signing electronically, version", d->disclosure_version);
        part(&b, "Signing electronically", d->disclosure);
    }
    part(&b, "Statement",
         is_paper             ? str_of(paper_statement)
         : d->statement.n > 0 ? d->statement
                              : str_of(form_statement));
    if (d->signer.n == 0)
        return buf_str(&b);

    struct str shown = form_document_hash(a, buf_str(&b));
    if (!is_paper) /* nobody knows what was read there */
        part(&b, "Shown to the signer, SHA-256", shown);
    signature_parts(&b, d, is_oldest);
    return buf_str(&b);
}

bool form_document_is_erased(struct str text) { return str_is(text, "(erased)"); }

struct str form_document_hash(struct arena *a, struct str text)
{
    unsigned char hash[HASH_BYTES];
    sha256(text, hash);
    struct buf hex = buf_in(a, HASH_BYTES * 2 + 1);
    esc_hex(&hex, (struct str){(const char *)hash, sizeof hash});
    return buf_str(&hex);
}

/* ---- reading ---- */

/* Takes the next part off *rest: a label, and its content with the indentation gone. */
static enum err take_part(struct arena *a, struct str *rest, struct str *label, struct str *content)
{
    *label = str_cut(rest, '\n');
    if (label->n == 0 || label->p[0] == ' ')
        return ERR_INVALID;
    struct buf b = buf_in(a, 256);
    while (rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == '\n')) {
        struct str line = str_cut(rest, '\n');
        if (line.n > 0 && !str_starts(line, S("  ")))
            return ERR_INVALID;
        if (line.n > 0)
            buf_add(&b, str_part(line, 2, line.n - 2));
        buf_addc(&b, '\n');
    }
    while (b.n > 0 && b.p[b.n - 1] == '\n')
        b.n--;
    *content = buf_str(&b);
    return OK;
}

static size_t count_answers(struct str text)
{
    size_t n = 0;
    for (struct str rest = text; rest.n > 0;)
        n += str_starts(str_cut(&rest, '\n'), S("Answer "));
    return n;
}

static bool str_ends(struct str s, const char *end)
{
    struct str e = str_of(end);
    return s.n >= e.n && str_eq(str_part(s, s.n - e.n, e.n), e);
}

/* An answer, or what a signature under it says; of formats before "3" that is no part at all. */
static void keep_answer(struct form_document *d, struct form_document_answer *answers,
                        struct str label, struct str content)
{
    if (memchr(label.p, ',', label.n) == NULL) {
        answers[d->n_answers++].answer = content;
        return;
    }
    if (d->n_answers == 0 || str_is(d->format, OLDEST) || str_is(d->format, "2"))
        return;
    struct form_document_answer *last = &answers[d->n_answers - 1];
    struct str *const into[] = {&last->key, &last->signer, &last->method, &last->strokes};
    for (size_t i = 0; i < COUNT_OF(into); i++)
        if (str_ends(label, clause_parts[i]))
            *into[i] = content;
}

static void keep_part(struct form_document *d, struct form_document_answer *answers,
                      struct str label, struct str content)
{
    const struct {
        const char *label;
        struct str *into;
        bool is_newer; /* than format "1" */
    } single[] = {
        {"Studio", &d->studio},
        {"Client", &d->client},
        {"Form", &d->title},
        {"Version", &d->version},
        {"Wording", &d->wording},
        {"Signing electronically", &d->disclosure},
        {"Signing electronically, version", &d->disclosure_version},
        {"Statement", &d->statement},
        {"Signed by", &d->signer},
        {"Method", &d->method},
        {"Strokes, SHA-256", &d->strokes_sha256},
        {"Shown to the signer, SHA-256", &d->shown_sha256},
        {"Language", &d->language_words, true},
        {"Language, code", &d->language, true},
        {"Signed as", &d->role, true},
        {"Guardian", &d->guardian, true},
        {"Guardian, relation", &d->relation, true},
        {"Witness", &d->witness, true},
        {"Place", &d->place, true},
        {"Signed at", &d->signed_at, true},
        {"Noted by", &d->noted_by, true},
        {"Noted at", &d->noted_at, true},
    };
    if (str_starts(label, S("Question "))) {
        answers[d->n_answers].question = content;
        return;
    }
    if (str_starts(label, S("Answer "))) {
        keep_answer(d, answers, label, content);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(single); i++)
        if (str_is(label, single[i].label) && !(single[i].is_newer && str_is(d->format, OLDEST)))
            *single[i].into = content;
}

enum err form_document_read(struct arena *a, struct str text, struct form_document *d)
{
    struct form_document_answer *answers =
        arena_alloc(a, (count_answers(text) + 1) * sizeof *answers);
    struct str rest = text, label, content;

    *d = (struct form_document){.answers = answers};
    if (take_part(a, &rest, &label, &content) || !str_is(label, "Signed form, format") ||
        !(str_is(content, OLDEST) || str_is(content, "2") || str_is(content, NEWEST) ||
          str_is(content, ON_PAPER)))
        return ERR_INVALID;
    d->format = content;
    while (rest.n > 0) {
        if (take_part(a, &rest, &label, &content))
            return ERR_INVALID;
        keep_part(d, answers, label, content);
    }
    return OK;
}

bool form_document_agrees(const struct form_document *d, const struct form_document *beside)
{
    return str_eq(d->method, beside->method) &&
           (str_is(d->format, OLDEST) ||
            (str_eq(d->role, beside->role) && str_eq(d->place, beside->place) &&
             str_eq(d->language, beside->language) && str_eq(d->signed_at, beside->signed_at)));
}

/* ---- answers in words ---- */

/* A date YYYY-MM-DD as day, month and year; anything else as it is. */
static struct str date_words(struct arena *a, struct str date)
{
    static const char *const months[12] = {"January",   "February", "March",    "April",
                                           "May",       "June",     "July",     "August",
                                           "September", "October",  "November", "December"};
    int64_t year, month, day;
    if (date.n != 10 || str_int(str_part(date, 0, 4), &year) ||
        str_int(str_part(date, 5, 2), &month) || str_int(str_part(date, 8, 2), &day) || month < 1 ||
        month > 12)
        return date;
    return arena_printf(a, "%lld %s %lld", (long long)day, months[month - 1], (long long)year);
}

/* A line each: the first text, the second after a colon, the third in brackets. */
static struct str list_words(struct arena *a, struct str answer)
{
    struct buf b = buf_in(a, answer.n + 64);
    while (answer.n > 0) {
        struct str line = str_cut(&answer, '\n');
        struct str substance = str_cut(&line, '\t'), reaction = str_cut(&line, '\t');
        if (b.n)
            buf_addc(&b, '\n');
        buf_add(&b, substance);
        if (reaction.n)
            buf_printf(&b, ": %.*s", (int)reaction.n, reaction.p);
        if (line.n)
            buf_printf(&b, " (%.*s)", (int)line.n, line.p);
    }
    return buf_str(&b);
}

/* Of each file its name, what it is and how large, and the hash of what is kept: a line each, so that none can pass for another. */
static struct str file_words(struct arena *a, struct str answer)
{
    struct buf b = buf_in(a, answer.n + 128);
    while (answer.n > 0) {
        struct str line = str_cut(&answer, '\n'), name = str_cut(&line, '\t');
        struct str type = str_cut(&line, '\t'), bytes = str_cut(&line, '\t');
        buf_printf(&b, "%s%.*s\n%s, %.*s bytes\nSHA-256 %.*s", b.n ? "\n\n" : "", (int)name.n,
                   name.p, str_is(type, "application/pdf") ? "PDF" : "JPEG", (int)bytes.n, bytes.p,
                   (int)line.n, line.p);
    }
    return buf_str(&b);
}

struct str form_answer_words(struct arena *a, struct str kind, struct str answer)
{
    if (answer.n == 0)
        return S("Not answered");
    if (str_is(kind, "yes_no"))
        return str_is(answer, "yes") ? S("Yes") : S("No");
    if (str_is(kind, "acknowledge"))
        return S("Confirmed");
    if (str_is(kind, "date"))
        return date_words(a, answer);
    if (str_is(kind, "allergies"))
        return str_is(answer, "none") ? S("No known allergies") : list_words(a, answer);
    if (str_is(kind, "medications"))
        return str_is(answer, "none") ? S("None") : list_words(a, answer);
    if (str_is(kind, "signature")) {
        str_cut(&answer, '\t');
        struct str name = str_cut(&answer, '\t');
        return arena_printf(a, "Signed: %.*s", (int)name.n, name.p);
    }
    if (str_is(kind, "file"))
        return file_words(a, answer);
    return answer;
}
