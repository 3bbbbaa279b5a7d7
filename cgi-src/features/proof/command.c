/*
 * command.c -- `foyer form verify FILE.pdf`: whether a signed copy is as it was sealed, and what it says. Needs the authority's
 * certificate and nothing else: no database, no secret.
 * Owns: how the answer is worded. Never: says that a copy is good when one byte of it, or of the text in it, is not.
 */
#include <json-c/json.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/commands.h"
#include "core/operator.h"
#include "proof.h"

enum { MOST_BYTES = 64 << 20, NOT_GOOD = 1 };

static bool read_whole(struct arena *a, const char *path, struct str *out)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    struct buf b = buf_in(a, 1 << 20);
    char part[1 << 16];
    size_t n;
    while ((n = fread(part, 1, sizeof part, f)) > 0 && b.n < MOST_BYTES)
        buf_add(&b, (struct str){part, n});
    bool good = !ferror(f) && b.n < MOST_BYTES;
    fclose(f);
    *out = buf_str(&b);
    return good;
}

static X509 *read_certificate(const char *path)
{
    FILE *f = fopen(path, "re");
    X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
    if (f)
        fclose(f);
    return x;
}

/* The certificate of an authority of this installation, by the hash of the one in the file. */
static X509 *known_authority(struct arena *a, struct str hash)
{
    if (hash.n < 16)
        return NULL;
    return read_certificate(
        arena_cstr(a, arena_printf(a, "%s/documents-%.16s.pem", config_text("keys"), hash.p)));
}

static struct str attached(const struct pdf_checked *c, const char *name)
{
    for (size_t i = 0; i < c->n_attachments; i++)
        if (str_is(c->attachments[i].name, name))
            return c->attachments[i].bytes;
    return S("");
}

static struct str member(struct json_object *o, const char *in, const char *name)
{
    struct json_object *part, *v;
    if (!json_object_object_get_ex(o, in, &part) || !json_object_object_get_ex(part, name, &v) ||
        !json_object_is_type(v, json_type_string))
        return S("");
    return (struct str){json_object_get_string(v), (size_t)json_object_get_string_len(v)};
}

static void line(const char *label, struct str s)
{
    printf("%-12s", label);
    for (size_t i = 0; i < s.n; i++) /* a name may hold what a terminal would carry out */
        putchar((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? '?' : s.p[i]);
    putchar('\n');
}

/* What the record says of the text must be what the text is. */
static const char *contradiction(struct arena *a, struct json_object *record, struct str text)
{
    struct form_document d;
    struct str strokes = member(record, "signature", "strokes");
    if (!str_eq(text, member(record, "document", "text")))
        return "the attached text is not the one in the record";
    if (!str_eq(form_document_hash(a, text), member(record, "document", "sha256")))
        return "the attached text has not the hash in the record";
    if (form_document_read(a, text, &d))
        return "the attached text is not a signed form";
    const struct form_document beside = {.role = member(record, "signature", "signer"),
                                         .place = member(record, "signature", "place"),
                                         .method = member(record, "signature", "method"),
                                         .language = member(record, "signature", "language"),
                                         .signed_at = member(record, "signature", "at")};
    if (!form_document_agrees(&d, &beside) ||
        !(str_is(d.format, "1") || str_eq(d.witness, member(record, "signature", "witness"))))
        return "the record does not say of who signed what the text says";
    if (d.strokes_sha256.n && !str_eq(form_document_hash(a, strokes), d.strokes_sha256))
        return "the drawn strokes are not those that were signed";
    return NULL;
}

static int say(struct arena *a, const struct pdf_checked *c, bool is_known)
{
    struct str text = attached(c, "document.txt"), json = attached(c, "record.json");
    struct json_object *record = json_tokener_parse(arena_cstr(a, json));
    const char *wrong =
        !record ? "the attached record cannot be read" : contradiction(a, record, text);
    if (wrong) {
        printf("NOT GOOD: %s\n", wrong);
        json_object_put(record);
        return NOT_GOOD;
    }
    puts("Good: not one byte was changed since it was sealed.");
    line("Form", member(record, "document", "title"));
    line("Studio", member(record, "studio", "name"));
    line("Client", member(record, "client", "name"));
    line("Signed by", member(record, "signature", "name"));
    line("Signed at", member(record, "signature", "at"));
    line("Sealed", c->said_at);
    line("By", c->signer);
    line("Text", member(record, "document", "sha256"));
    line("Authority", c->authority);
    if (!is_known)
        puts("The authority is the one that comes in the file: this says that nothing was changed, "
             "not who sealed it.");
    json_object_put(record);
    return EXIT_SUCCESS;
}

static int verify(struct arena *a, const char *path, const char *authority_file)
{
    struct str pdf;
    struct pdf_checked c;
    X509 *authority = NULL;
    if (!read_whole(a, path, &pdf)) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return EXIT_USAGE;
    }
    enum err e = pdf_check_seal(a, pdf, NULL, &c);
    if (authority_file && !(authority = read_certificate(authority_file))) {
        fprintf(stderr, "%s: no certificate in PEM can be read there\n", authority_file);
        return EXIT_USAGE;
    }
    if (!authority)
        authority = known_authority(a, c.authority);
    if (!e && authority)
        e = pdf_check_seal(a, pdf, authority, &c);
    bool is_known = authority != NULL;
    X509_free(authority);
    if (e) {
        printf("NOT GOOD: %.*s\n", (int)c.why.n, c.why.p);
        return NOT_GOOD;
    }
    return say(a, &c, is_known);
}

int command_form(int argc, char **argv)
{
    const char *authority = NULL;
    bool is_good = argc >= 3 && strcmp(argv[1], "verify") == 0;
    if (is_good && argc == 5 && strcmp(argv[3], "--authority") == 0)
        authority = argv[4];
    else
        is_good = is_good && argc == 3;
    if (!is_good) {
        fprintf(stderr, "usage: foyer form verify FILE.pdf [--authority CERTIFICATE.pem]\n");
        return EXIT_USAGE;
    }
    struct arena *a = arena_new(4 * (size_t)MOST_BYTES);
    int code = verify(a, argv[2], authority);
    arena_free(a);
    return code;
}
