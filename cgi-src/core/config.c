/*
 * config.c -- the settings of an installation: one file, overridden by FOYER_<KEY>. What is secret may
 * come as a credential of the unit instead: $CREDENTIALS_DIRECTORY/smtp_url, or the file of a key.
 * Owns: the list of keys, their defaults and what each may be; the values read at start.
 * Never: changes a value after start; gives a key that is not in the list.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum kind {
    TEXT,   /* anything on one line */
    SECRET, /* the same, but may hold a password: never printed */
    KEYFILE, /* a file with a key; one of the same name among the unit's credentials is taken instead */
    HOST,   /* a lower-case DNS name */
    NUMBER, /* decimal, least..most */
    LISTEN  /* "unix:/path" or "tcp:address:port", several with commas */
};

static const struct key {
    const char *name;
    enum kind kind;
    const char *standard;
    long least, most;
    const char *meaning;
} keys[] = {
    {"domain", HOST, "foyer.localhost", 0, 0, "apex; studios live at SLUG.domain"},
    {"port", NUMBER, "8443", 1, 65535, "HTTPS port that people see in addresses"},
    {"database", SECRET, "dbname=foyer", 0, 0, "libpq conninfo without user"},
    {"keys", TEXT, "var/keys", 0, 0, "key store directory, outside the database's backups"},
    {"master_key", KEYFILE, "var/master.key", 0, 0, "file with the master key, mode 0600"},
    {"media", TEXT, "var/media", 0, 0, "directory of pictures and files, each of them sealed"},
    {"heads_file", TEXT, "", 0, 0, "signed heads of the trail; empty: heads, beside the keys"},
    {"heads_mail", TEXT, "", 0, 0, "addresses that signed heads are mailed to, with commas"},
    {"heads_copy", TEXT, "", 0, 0, "file that heads are appended to, on another machine's disk"},
    {"heads_minutes", NUMBER, "10", 1, 15, "how often heads are mailed"},
    {"trail_years", NUMBER, "6", 6, 100, "how long the audit trail is kept at least"},
    {"tombstones", TEXT, "", 0, 0, "erasures and opt-outs, for a restore; empty: beside the keys"},
    {"backup_dir", TEXT, "", 0, 0, "where backups go, already encrypted; empty: none are made"},
    {"backup_recipients", TEXT, "", 0, 0, "file of age public keys to which backups are encrypted"},
    {"templates", TEXT, "templates", 0, 0, "directories of templates, dir:dir, first one wins"},
    {"log", TEXT, "-", 0, 0, "log file; - is standard error"},
    {"listen_staff", LISTEN, "unix:var/run/staff.sock", 0, 0, "FastCGI address of pool staff"},
    {"listen_public", LISTEN, "unix:var/run/public.sock", 0, 0, "FastCGI address of pool public"},
    {"listen_slow", LISTEN, "unix:var/run/slow.sock", 0, 0, "FastCGI address of pool slow"},
    {"listen_status", LISTEN, "unix:var/run/status.sock", 0, 0,
     "FastCGI address of health and metrics"},
    {"boards", TEXT, "var/run", 0, 0, "directory of the pools' counters"},
    {"workers_staff", NUMBER, "8", 1, 1000, "processes of pool staff"},
    {"workers_public", NUMBER, "8", 1, 1000, "processes of pool public"},
    {"workers_slow", NUMBER, "4", 1, 1000, "processes of pool slow"},
    {"studio_share", NUMBER, "75", 1, 100,
     "of 100 workers of a pool, so many for one studio at once while others are there"},
    {"memory_cap_mb", NUMBER, "64", 1, 4096, "most memory one request may take"},
    {"max_requests", NUMBER, "10000", 1, 100000000, "a worker is renewed after so many"},
    {"max_growth_mb", NUMBER, "100", 0, 100000, "or when it has grown by so much"},
    {"smtp_url", SECRET, "", 0, 0, "smtp[s]://user:password@host:port; empty: messages are kept"},
    {"mail_from", TEXT, "no-reply@foyer.localhost", 0, 0, "sender of mail"},
    {"operator_inbox", TEXT, "", 0, 0, "addresses that demo requests are mailed to, with commas"},
    {"sso_own_hosts", TEXT, "", 0, 0,
     "hosts of identity providers inside one's own network, with commas"},
    {"calendar_own_hosts", TEXT, "", 0, 0,
     "hosts of people's calendars inside one's own network, with commas"},
    {"sso_ca", TEXT, "", 0, 0,
     "file of certificates (PEM) that identity providers may show besides the system's; empty: "
     "none"},
    {"sql_dir", TEXT, "sql", 0, 0, "directory of migrations and functions"},
    {"house_seconds", NUMBER, "60", 1, 120, "how often the operator's page gets new numbers"},
    {"jobs_poll_ms", NUMBER, "1000", 10, 600000, "how often jobs look without being woken"},
};

static char *values[COUNT_OF(keys)]; /* NULL: the standard value */
static long numbers[COUNT_OF(keys)];

static int key_find(const char *name, size_t n)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (strlen(keys[i].name) == n && memcmp(keys[i].name, name, n) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const char *value_of(size_t i) { return values[i] ? values[i] : keys[i].standard; }

static bool is_host(const char *s)
{
    size_t n = strlen(s);
    for (size_t i = 0; i < n; i++) {
        bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9');
        bool edge = i == 0 || i + 1 == n || s[i - 1] == '.' || s[i + 1] == '.';
        if (!letter && (edge || (s[i] != '-' && s[i] != '.'))) {
            return false;
        }
    }
    return n > 0 && n <= 253;
}

static bool is_port(struct str s)
{
    int64_t port;
    return str_int(s, &port) == OK && port >= 1 && port <= 65535;
}

static bool is_listen_list(const char *text)
{
    struct str rest = str_of(text);
    do {
        struct str one = str_trim(str_cut(&rest, ','));
        if (str_starts(one, S("unix:"))) {
            /* sockaddr_un has room for 107 bytes */
            if (one.n <= 5 || one.n - 5 > 107) {
                return false;
            }
        } else if (str_starts(one, S("tcp:"))) {
            size_t colon = one.n;
            while (colon > 4 && one.p[colon - 1] != ':') {
                colon--;
            }
            if (colon <= 5 || !is_port(str_part(one, colon, one.n - colon))) {
                return false;
            }
        } else {
            return false;
        }
    } while (rest.n > 0);
    return true;
}

/* What is wrong with the value of key i, or NULL. Remembers numbers. */
static const char *complaint(size_t i)
{
    const struct key *k = &keys[i];
    const char *v = value_of(i);
    static char text[160];
    if (!str_utf8_ok(str_of(v))) {
        return "is not UTF-8; write it as plain text";
    }
    if (k->kind == HOST && !is_host(v)) {
        return "is no host name; write it in lower case, such as studio.example.com";
    }
    if (k->kind == LISTEN && !is_listen_list(v)) {
        return "is no address; write unix:/path (to 107 characters) or tcp:127.0.0.1:9001";
    }
    if (k->kind == NUMBER) {
        int64_t n;
        if (str_int(str_of(v), &n) != OK || n < k->least || n > k->most) {
            snprintf(text, sizeof text, "must be a number from %ld to %ld", k->least, k->most);
            return text;
        }
        numbers[i] = (long)n;
    }
    return NULL;
}

static void set(size_t i, const char *value, size_t n)
{
    free(values[i]);
    values[i] = strndup(value, n);
    if (!values[i]) {
        abort();
    }
}

/* One line of the file: blank, # comment, or key = value. */
static enum err read_line(const char *path, int number, struct str line, bool seen[])
{
    line = str_trim(line);
    if (line.n == 0 || line.p[0] == '#') {
        return OK;
    }
    if (!memchr(line.p, '=', line.n)) {
        fprintf(stderr, "%s:%d: no '='; write 'key = value', or '# ...' for a comment\n", path,
                number);
        return ERR_INVALID;
    }
    struct str name = str_trim(str_cut(&line, '='));
    struct str value = str_trim(line);
    int i = key_find(name.p, name.n);
    if (i < 0) {
        fprintf(stderr, "%s:%d: unknown key '%.*s'; 'foyer config' lists the keys\n", path, number,
                (int)name.n, name.p);
        return ERR_INVALID;
    }
    if (seen[i]) {
        fprintf(stderr, "%s:%d: '%s' stands here a second time; remove one\n", path, number,
                keys[i].name);
        return ERR_INVALID;
    }
    seen[i] = true;
    set((size_t)i, value.p, value.n);
    const char *wrong = complaint((size_t)i);
    if (wrong) {
        fprintf(stderr, "%s:%d: '%s' %s\n", path, number, keys[i].name, wrong);
        return ERR_INVALID;
    }
    return OK;
}

static enum err read_file(const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        fprintf(stderr, "%s: %s; set FOYER_CONFIG to the settings file\n", path, strerror(errno));
        return ERR_INVALID;
    }
    bool seen[COUNT_OF(keys)] = {false};
    enum err err = OK;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    for (int number = 1; err == OK && (n = getline(&line, &cap, f)) >= 0; number++) {
        err = read_line(path, number, (struct str){line, (size_t)n}, seen);
    }
    if (err == OK && ferror(f)) {
        fprintf(stderr, "%s: cannot be read; it must be a text file\n", path);
        err = ERR_INVALID;
    }
    free(line);
    fclose(f);
    return err;
}

static enum err read_environment(void)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        char name[64];
        int n = snprintf(name, sizeof name, "FOYER_%s", keys[i].name);
        for (int j = 0; j < n; j++) {
            name[j] = (char)toupper((unsigned char)name[j]);
        }
        const char *value = getenv(name);
        if (value) {
            set(i, value, strlen(value));
        }
        const char *wrong = complaint(i);
        if (wrong) {
            fprintf(stderr, "%s:1: '%s' %s\n", value ? name : "standard value", keys[i].name,
                    wrong);
            return ERR_INVALID;
        }
    }
    return OK;
}

/* The first line of a small file, in text. False: there is none, or it is empty. */
static bool first_line(const char *path, char text[1024])
{
    FILE *f = fopen(path, "re");
    bool found = f && fgets(text, 1024, f);
    if (f) {
        fclose(f);
    }
    if (found) {
        text[strcspn(text, "\r\n")] = '\0';
    }
    return found && *text;
}

static enum err read_credentials(const char *directory)
{
    for (size_t i = 0; directory && i < COUNT_OF(keys); i++) {
        char path[512], text[1024];
        const char *slash = strrchr(value_of(i), '/');
        const char *name =
            keys[i].kind == KEYFILE ? (slash ? slash + 1 : value_of(i)) : keys[i].name;
        snprintf(path, sizeof path, "%s/%s", directory, name);
        if (keys[i].kind == KEYFILE && access(path, R_OK) == 0) {
            set(i, path, strlen(path));
        } else if (keys[i].kind == SECRET && first_line(path, text)) {
            set(i, text, strlen(text));
            explicit_bzero(text, sizeof text);
        }
        const char *wrong = complaint(i);
        if (wrong) {
            fprintf(stderr, "%s:1: '%s' %s\n", path, keys[i].name, wrong);
            return ERR_INVALID;
        }
    }
    return OK;
}

enum err config_load(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        free(values[i]);
        values[i] = NULL;
    }
    if (!path) {
        path = getenv("FOYER_CONFIG");
    }
    if (path && *path) {
        enum err err = read_file(path);
        if (err != OK) {
            return err;
        }
    }
    enum err err = read_environment();
    return err ? err : read_credentials(getenv("CREDENTIALS_DIRECTORY"));
}

static size_t key_or_abort(const char *name)
{
    int i = key_find(name, strlen(name));
    if (i < 0) {
        fprintf(stderr, "config: the program asks for an unknown key '%s'\n", name);
        abort();
    }
    return (size_t)i;
}

const char *config_text(const char *key) { return value_of(key_or_abort(key)); }

long config_int(const char *key)
{
    size_t i = key_or_abort(key);
    if (keys[i].kind != NUMBER) {
        fprintf(stderr, "config: '%s' is no number\n", key);
        abort();
    }
    return numbers[i];
}

void config_print(FILE *f)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const char *value = value_of(i);
        bool is_hidden = keys[i].kind == SECRET && values[i] && *value;
        fprintf(f, "# %s\n%s%s = %s\n", keys[i].meaning, is_hidden ? "# " : "", keys[i].name,
                is_hidden ? "(set, not shown)" : value);
    }
}
