/*
 * smtp.c -- mail out, by libcurl.
 * Owns: the shape of a mail (headers, MIME parts). Never: decides whether to send; retries.
 */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <time.h>

#include "mail.h"

enum { ENCODED_CHUNK = 39, SEND_SECONDS = 30, CONNECT_SECONDS = 10 };
enum { GO_ON = 354 }; /* the server's last word before it has the mail (RFC 5321, DATA) */

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e)
            return false;
    return true;
}

static bool breaks_header(struct str s)
{
    return memchr(s.p, '\r', s.n) || memchr(s.p, '\n', s.n) || memchr(s.p, '\0', s.n);
}

struct str mail_header(struct arena *a, struct str text)
{
    if (is_plain(text))
        return text;
    struct buf b = buf_in(a, text.n * 2 + 32);
    size_t at = 0;
    while (at < text.n) {
        size_t n = text.n - at < ENCODED_CHUNK ? text.n - at : ENCODED_CHUNK;
        /* An encoded word holds whole characters (RFC 2047 section 5). */
        while (at + n < text.n && n > 1 && ((unsigned char)text.p[at + n] & 0xC0) == 0x80)
            n--;
        unsigned char out[ENCODED_CHUNK / 3 * 4 + 8];
        EVP_EncodeBlock(out, (const unsigned char *)text.p + at, (int)n);
        buf_printf(&b, "%s=?UTF-8?B?%s?=", at ? "\r\n " : "", (char *)out);
        at += n;
    }
    return buf_str(&b);
}

static struct curl_slist *add_header(struct curl_slist *list, struct arena *a, const char *name,
                                     struct str value)
{
    struct str line = arena_printf(a, "%s: %.*s", name, (int)value.n, value.p);
    return curl_slist_append(list, arena_cstr(a, line));
}

/* "Name" <address>; the name is quoted when plain, encoded when not. */
static struct str from_of(struct arena *a, const struct mail *m)
{
    if (m->from_name.n == 0)
        return m->from;
    struct str name = mail_header(a, m->from_name);
    bool quote = is_plain(m->from_name);
    if (quote && (memchr(name.p, '"', name.n) || memchr(name.p, '\\', name.n)))
        return m->from;
    return arena_printf(a, "%s%.*s%s <%.*s>", quote ? "\"" : "", (int)name.n, name.p,
                        quote ? "\"" : "", (int)m->from.n, m->from.p);
}

static struct curl_slist *headers_of(struct arena *a, const struct mail *m)
{
    char date[64];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);

    struct curl_slist *list = NULL;
    list = add_header(list, a, "Date", str_of(date));
    list = add_header(list, a, "From", from_of(a, m));
    list = add_header(list, a, "To", m->to);
    list = add_header(list, a, "Subject", mail_header(a, m->subject));
    list = add_header(list, a, "Message-ID",
                      arena_printf(a, "<%.*s>", (int)m->message_id.n, m->message_id.p));
    return add_header(list, a, "Auto-Submitted", S("auto-generated"));
}

static void add_text(curl_mime *to, struct arena *a, const struct mail *m)
{
    curl_mimepart *part = curl_mime_addpart(to);
    curl_mime_data(part, arena_cstr(a, m->text), CURL_ZERO_TERMINATED);
    curl_mime_type(part, "text/plain; charset=utf-8");
    curl_mime_encoder(part, "quoted-printable");
}

static void add_attachment(curl_mime *to, struct str pdf)
{
    curl_mimepart *part = curl_mime_addpart(to);
    curl_mime_data(part, pdf.p, pdf.n);
    curl_mime_type(part, "application/pdf");
    curl_mime_filename(part, "signed-form.pdf");
    curl_mime_encoder(part, "base64");
}

/* The entry stands beside the text as another way to say the same, with its method in the type: by that mail programs put it
 * into the calendar, or change what they have there (RFC 6047, 2.4). Once more as a file, for those that do not. */
static void add_parts(CURL *curl, curl_mime *mime, struct arena *a, const struct mail *m)
{
    if (m->calendar.n == 0) {
        add_text(mime, a, m);
        if (m->attachment.n > 0)
            add_attachment(mime, m->attachment);
        return;
    }
    curl_mime *ways = curl_mime_init(curl);
    add_text(ways, a, m);
    curl_mimepart *part = curl_mime_addpart(ways);
    curl_mime_data(part, m->calendar.p, m->calendar.n);
    curl_mime_type(part, arena_cstr(a, arena_printf(a, "text/calendar; charset=utf-8; method=%.*s",
                                                    (int)m->method.n, m->method.p)));
    curl_mime_encoder(part, "base64");
    part = curl_mime_addpart(mime);
    curl_mime_subparts(part, ways);
    curl_mime_type(part, "multipart/alternative");
    part = curl_mime_addpart(mime);
    curl_mime_data(part, m->calendar.p, m->calendar.n);
    curl_mime_type(part, "application/ics");
    curl_mime_filename(part, "appointment.ics");
    curl_mime_encoder(part, "base64");
}

/* Whether the server is on this machine: by the whole name between user and port. */
static bool is_local(const char *url)
{
    const char *host = strstr(url, "://");
    if (!host)
        return false;
    host += 3;
    size_t n = strcspn(host, "/");
    for (const char *at = memchr(host, '@', n); at; at = memchr(host, '@', n)) {
        n -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    struct str name = {host, n};
    if (n > 0 && host[0] == '[')
        return str_starts(name, S("[::1]"));
    name = str_cut(&name, ':');
    return str_is(name, "127.0.0.1") || str_is(name, "localhost");
}

/* Whether the server has refused this mail, and not us: a wrong password or a missing certificate is
 * put right by the operator, and the mail must still be there then. */
static bool is_final(CURLcode code, long smtp_status)
{
    return smtp_status >= 500 && smtp_status < 600 && code != CURLE_LOGIN_DENIED &&
           code != CURLE_REMOTE_ACCESS_DENIED && code != CURLE_USE_SSL_FAILED;
}

enum mail_end mail_send(struct arena *a, const char *url, const struct mail *m, struct str *why)
{
    *why = S("");
    if (breaks_header(m->to) || breaks_header(m->subject) || breaks_header(m->from) ||
        breaks_header(m->from_name)) {
        *why = S("a header of this mail contains a line break");
        return MAIL_REFUSED;
    }
    CURL *curl = curl_easy_init();
    if (!curl) {
        *why = S("no memory for a connection");
        return MAIL_LATER;
    }
    struct curl_slist *headers = headers_of(a, m);
    struct curl_slist *to = curl_slist_append(NULL, arena_cstr(a, m->to));
    curl_mime *mime = curl_mime_init(curl);
    add_parts(curl, mime, a, m);

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)SEND_SECONDS);
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long)(is_local(url) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    if (is_local(url)) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, arena_cstr(a, m->from));
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);

    CURLcode code = curl_easy_perform(curl);
    long smtp_status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &smtp_status);
    curl_mime_free(mime);
    curl_slist_free_all(to);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK)
        return MAIL_TAKEN;
    *why = arena_printf(a, "%s (status %ld)", curl_easy_strerror(code), smtp_status);
    if (smtp_status == GO_ON)
        return MAIL_UNKNOWN;
    return is_final(code, smtp_status) ? MAIL_REFUSED : MAIL_LATER;
}
