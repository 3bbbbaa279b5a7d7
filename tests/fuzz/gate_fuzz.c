/*
 * gate_fuzz.c -- the bytes of a FastCGI request as a worker gets them: through a socket and libfcgi
 * into a request, through the gate as far as it goes without a database, and back as an answer.
 * The first byte says what follows: a set of parameters (length-coded, as in the protocol) and a
 * body, or a whole stream of records that nginx would never send.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fastcgi.h"
#include "crypto.h"
#include "features/features.h"
#include "fuzz.h"
#include "log.h"

static char folder[] = "/dev/shm/foyer-gate-XXXXXX", where[100], master[100];
static struct gate gate;
static int listener;
static char *body_buffer;

/* The database is away (the linker puts this in db_ready's place): nobody here waits for it. */
enum err __wrap_db_ready(struct db *db, struct arena *a, struct str *why);
enum err __wrap_db_ready(struct db *db, struct arena *a, struct str *why)
{
    (void)db;
    (void)a;
    *why = S("away");
    return ERR_UNAVAILABLE;
}

/* libfcgi forgets a little of a stream that breaks off within its parameters. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfcgi.so\n"; }

static void clean(void)
{
    unlink(where);
    unlink(master);
    rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct str why = S("");
    (void)argc;
    (void)argv;
    signal(SIGPIPE, SIG_IGN);
    MUST(mkdtemp(folder));
    atexit(clean);
    snprintf(where, sizeof where, "%s/s", folder);
    snprintf(master, sizeof master, "%s/m", folder);
    int fd = open(master, O_WRONLY | O_CREAT, 0600);
    MUST(fd >= 0 &&
         write(fd, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64) == 64);
    close(fd);
    MUST(keystore_open(folder, master) == OK);
    MUST(log_open("/dev/null", "fuzz", "") == OK);
    view_directories("templates:build/templates");
    gate = (struct gate){.features = all_features,
                         .pool = POOL_PUBLIC,
                         .arena = arena_new(64u << 20),
                         .db = db_new("host=/nonexistent", "nobody"),
                         .domain = "foyer.localhost",
                         .authority = ":8443"};
    MUST(gate_check(all_features, gate.arena, &why));
    body_buffer = malloc(FASTCGI_MAX_BODY + 1);
    FCGX_Init();
    listener = FCGX_OpenSocket(where, 5);
    fcntl(listener, F_SETFL, O_RDWR | O_NONBLOCK);
    return 0;
}

static int dial(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", where);
    MUST(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

static void record(struct buf *b, int type, struct str content)
{
    while (content.n > 0) {
        size_t n = content.n > 60000 ? 60000 : content.n;
        const char head[] = {1, (char)type, 0, 1, (char)(n >> 8), (char)n, 0, 0};
        buf_add(b, (struct str){head, sizeof head});
        buf_add(b, str_part(content, 0, n));
        content = str_part(content, n, content.n - n);
    }
    if (type != 1) {
        const char end[] = {1, (char)type, 0, 1, 0, 0, 0, 0};
        buf_add(b, (struct str){end, sizeof end});
    }
}

static struct str stream(struct arena *a, const uint8_t *data, size_t size)
{
    struct buf b = buf_in(a, size + 64);
    struct str rest = {(const char *)data + 1, size - 1};
    if (data[0] == 0xff)
        return rest;
    size_t split = data[0] == 0 ? rest.n : (size_t)data[0] * 4 % (rest.n + 1);
    record(&b, 1, (struct str){"\0\1\0\0\0\0\0\0", 8});
    record(&b, 4, str_part(rest, 0, split));
    record(&b, 5, str_part(rest, split, rest.n - split));
    return buf_str(&b);
}

static void text_ok(struct str s, bool printable)
{
    for (size_t i = 0; i < s.n; i++)
        MUST((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f &&
             (!printable || (unsigned char)s.p[i] < 0x7f));
}

/* What would go back into nginx: nothing that could be taken for another header. */
static void look(const struct reply *r, const struct page *page)
{
    static const int statuses[] = {200, 303, 400, 401, 403, 404, 405, 413, 503};
    size_t i = 0;
    while (i < COUNT_OF(statuses) && statuses[i] != r->status)
        i++;
    MUST(i < COUNT_OF(statuses));
    MUST(r->status != 503 || page); /* without a database no page opens, */
    MUST(r->status != 200);         /* so nothing was answered well */
    MUST(is_text(r->body));
    text_ok(r->location, true);
    text_ok(r->allow, true);
    text_ok(r->disposition, true);
    struct str lines = buf_str(&r->cookies);
    while (lines.n > 0) {
        struct str line = str_cut(&lines, '\n');
        MUST(line.n > 12 && line.p[line.n - 1] == '\r' && str_starts(line, S("Set-Cookie: __")));
        text_ok(str_part(line, 0, line.n - 1), true);
    }
}

/*
 * libfcgi 2.4.2 ends the process when it cannot get the memory that a length asks for. nginx alone
 * can connect, and the master starts another worker; here such lengths would only end the search.
 * A length over 127 has its highest bit set.
 */
static bool lengths_are_sane(const uint8_t *data, size_t size)
{
    if (data[0] == 0xff) {
        for (size_t i = 1; i < size; i++)
            if (data[i] & 0x80)
                return false;
        return true;
    }
    for (size_t at = 1; at < size;) {
        size_t length[2];
        for (int i = 0; i < 2; i++) {
            if (at >= size)
                return true;
            if (data[at] < 0x80) {
                length[i] = data[at++];
                continue;
            }
            if (at + 4 > size)
                return true;
            length[i] = (size_t)(data[at] & 0x7f) << 24 | (size_t)data[at + 1] << 16 |
                        (size_t)data[at + 2] << 8 | data[at + 3];
            at += 4;
        }
        if (length[0] > 65535 || length[1] > 65535)
            return false;
        at += length[0] + length[1];
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request in;
    struct reply reply;
    FCGX_Request f;
    char sink[65536];
    if (size < 1 || size > 60000 || !lengths_are_sane(data, size))
        return 0;
    struct arena *a = fuzz_arena();
    struct str bytes = stream(a, data, size);
    int client = dial();
    MUST(write(client, bytes.p, bytes.n) == (ssize_t)bytes.n);
    shutdown(client, SHUT_WR);
    MUST(FCGX_InitRequest(&f, listener, FCGI_FAIL_ACCEPT_ON_INTR) == 0);
    int e = FCGX_Accept_r(&f);
    if (e == 0) {
        bool is_whole = fastcgi_read(&f, body_buffer, FASTCGI_MAX_BODY, &in);
        if (is_whole) {
            MUST(in.body.n <= FASTCGI_MAX_BODY);
            const struct page *page = gate_handle(&gate, &in, &reply);
            look(&reply, page);
        } else {
            reply =
                (struct reply){.status = 413, .type = "text/plain; charset=utf-8", .body = S("x")};
        }
        fastcgi_send(&f, gate.arena, &reply, is_whole);
        arena_reset(gate.arena);
    } else {
        MUST(e == -EAGAIN || e == -EWOULDBLOCK);
    }
    FCGX_Free(&f, 1);
    while (read(client, sink, sizeof sink) > 0)
        ;
    close(client);
    return 0;
}
