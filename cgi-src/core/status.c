/*
 * status.c -- how the house is, for machines that watch it: Prometheus text format 0.0.4.
 * Owns: nothing; reads the pools' boards, and asks the database for audit.watch().
 * Never: shows anything of a request or a client. Labels are pools, methods, route patterns, status
 * classes; the number of series has a bound. Served by pool `status` through nginx's inner server.
 */
#include "status.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <time.h>

#include "board.h"
#include "config.h"
#include "log.h"

enum { SEALING_LATE_SECONDS = 60, HEADS_LATE_SECONDS = 15 * 60 };
enum { BACKUP_LATE_SECONDS = 26 * 3600, DRILL_LATE_SECONDS = 8 * 86400 };

static const char *const pools[] = {"staff", "public", "slow"};

struct house {
    const struct board *boards[COUNT_OF(pools)];
    bool is_up[COUNT_OF(pools)];
    bool has_database;
    double answered_in;
    struct rows *watch;
    struct rows *stopped; /* trees that stand still */
    struct rows *heads;   /* destinations outside, in the order of the settings */
    struct rows *backups; /* NULL where none are configured */
};

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t workers_in(const struct board *b, enum slot_state state)
{
    uint64_t n = 0;
    for (size_t i = 0; i < BOARD_SLOTS; i++)
        n += board_get(&b->slots[i]) == state;
    return n;
}

bool status_pool_is_up(const struct board *b)
{
    pid_t master = (pid_t)board_get(&b->master);
    return master > 1 && (kill(master, 0) == 0 || errno == EPERM) &&
           workers_in(b, SLOT_IDLE) + workers_in(b, SLOT_BUSY) > 0;
}

/* Where signed heads go outside: setting heads_copy, then each address of heads_mail. */
const char *status_destinations(struct arena *a)
{
    struct buf b = buf_in(a, 256);
    struct str rest = str_of(config_text("heads_mail"));
    buf_addz(&b, *config_text("heads_copy") ? "{file" : "{");
    while (rest.n > 0) {
        struct str address = str_trim(str_cut(&rest, ','));
        if (address.n > 0 && !memchr(address.p, '"', address.n) &&
            !memchr(address.p, '\\', address.n))
            buf_printf(&b, "%s\"%.*s\"", b.n > 1 ? "," : "", (int)address.n, address.p);
    }
    buf_addc(&b, '}');
    return arena_cstr(a, buf_str(&b));
}

static void look(struct house *h, struct db *db, struct arena *a, const char *boards)
{
    struct str why;
    struct db_error error;
    for (size_t i = 0; i < COUNT_OF(pools); i++) {
        h->boards[i] = board_read(boards, pools[i]);
        h->is_up[i] = h->boards[i] && status_pool_is_up(h->boards[i]);
    }
    double began = seconds_now();
    if (db_ready(db, a, &why) != OK)
        return;
    h->watch = db_send_sql(db, a, "watch", "SELECT * FROM audit.watch()", NULL, 0);
    const char *const values[] = {status_destinations(a)};
    h->stopped =
        db_send_sql(db, a, "stopped", "SELECT name, why FROM audit.watch_stopped()", NULL, 0);
    h->heads = db_send_sql(
        db, a, "heads", "SELECT place, unsent_seconds, is_failing, why FROM audit.heads_watch($1)",
        values, COUNT_OF(values));
    if (*config_text("backup_dir"))
        h->backups =
            db_send_sql(db, a, "watch_backups", "SELECT * FROM audit.watch_backups()", NULL, 0);
    h->has_database = db_commit(db, a, &error) == OK && rows_count(h->watch) == 1;
    if (!h->has_database)
        log_error("watch.failed", "sqlstate", error.sqlstate, NULL);
    h->answered_in = seconds_now() - began;
}

/* ---- metrics ---- */

static void family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static uint64_t answers(const struct board_page *p)
{
    uint64_t n = 0;
    for (size_t i = 0; i < BOARD_BUCKETS; i++)
        n += board_get(&p->bucket[i]);
    return n;
}

static void print_statuses(struct buf *out, const char *pool, const struct board_page *p)
{
    for (size_t c = 0; c < BOARD_CLASSES; c++)
        if (board_get(&p->status[c]))
            buf_printf(
                out,
                "foyer_requests_total{pool=\"%s\",method=\"%s\",route=\"%s\",status=\"%zuxx\"} "
                "%" PRIu64 "\n",
                pool, p->method, p->route, c, board_get(&p->status[c]));
}

static void print_durations(struct buf *out, const char *pool, const struct board_page *p)
{
    uint64_t n = 0;
    for (size_t i = 0; i < BOARD_BUCKETS; i++) {
        n += board_get(&p->bucket[i]);
        buf_printf(out, "foyer_request_seconds_bucket{pool=\"%s\",method=\"%s\",route=\"%s\",le=\"",
                   pool, p->method, p->route);
        if (i < BOARD_BUCKETS - 1)
            buf_printf(out, "%g", (double)board_bounds[i] / 1e6);
        else
            buf_addz(out, "+Inf");
        buf_printf(out, "\"} %" PRIu64 "\n", n);
    }
    buf_printf(out, "foyer_request_seconds_sum{pool=\"%s\",method=\"%s\",route=\"%s\"} %.6f\n",
               pool, p->method, p->route, (double)board_get(&p->us) / 1e6);
    buf_printf(out,
               "foyer_request_seconds_count{pool=\"%s\",method=\"%s\",route=\"%s\"} %" PRIu64 "\n",
               pool, p->method, p->route, n);
}

static void print_database_time(struct buf *out, const char *pool, const struct board_page *p)
{
    buf_printf(
        out, "foyer_request_database_seconds_total{pool=\"%s\",method=\"%s\",route=\"%s\"} %.6f\n",
        pool, p->method, p->route, (double)board_get(&p->database_us) / 1e6);
}

/* Pages that were asked for at least once. */
static void print_pages(struct buf *out, const struct house *h,
                        void (*print)(struct buf *, const char *, const struct board_page *))
{
    for (size_t i = 0; i < COUNT_OF(pools); i++)
        for (size_t p = 0; h->boards[i] && p < h->boards[i]->n_pages; p++)
            if (answers(&h->boards[i]->pages[p]) > 0)
                print(out, pools[i], &h->boards[i]->pages[p]);
}

static void print_counter(struct buf *out, const struct house *h, const char *name,
                          const char *help, size_t offset)
{
    family(out, name, "counter", help);
    for (size_t i = 0; i < COUNT_OF(pools); i++)
        if (h->boards[i])
            buf_printf(
                out, "%s{pool=\"%s\"} %" PRIu64 "\n", name, pools[i],
                board_get((const counter *)(const void *)((const char *)h->boards[i] + offset)));
}

static void print_pools(struct buf *out, const struct house *h)
{
    static const struct {
        enum slot_state state;
        const char *word;
    } states[] = {{SLOT_STARTING, "starting"}, {SLOT_IDLE, "idle"}, {SLOT_BUSY, "busy"}};
    family(out, "foyer_pool_up", "gauge",
           "Whether a pool has a master and a worker that is ready.");
    for (size_t i = 0; i < COUNT_OF(pools); i++)
        buf_printf(out, "foyer_pool_up{pool=\"%s\"} %d\n", pools[i], h->is_up[i]);
    family(out, "foyer_build_info", "gauge", "The release that a pool's master runs.");
    for (size_t i = 0; i < COUNT_OF(pools); i++)
        if (h->boards[i])
            buf_printf(out, "foyer_build_info{pool=\"%s\",version=\"%.63s\"} 1\n", pools[i],
                       h->boards[i]->version);
    family(out, "foyer_workers", "gauge", "Workers by what they do at this moment.");
    for (size_t i = 0; i < COUNT_OF(pools); i++)
        for (size_t s = 0; h->boards[i] && s < COUNT_OF(states); s++)
            buf_printf(out, "foyer_workers{pool=\"%s\",state=\"%s\"} %" PRIu64 "\n", pools[i],
                       states[s].word, workers_in(h->boards[i], states[s].state));
    print_counter(out, h, "foyer_worker_deaths_total", "Workers ended by a signal.",
                  offsetof(struct board, deaths));
    print_counter(out, h, "foyer_reloads_total", "Times a pool took over new workers.",
                  offsetof(struct board, reloads));
    print_counter(out, h, "foyer_reloads_refused_total", "Reloads refused as unfit.",
                  offsetof(struct board, refused));
    print_counter(out, h, "foyer_crowded_total", "Requests past a studio's share of workers.",
                  offsetof(struct board, crowded));
}

static void print_database(struct buf *out, const struct house *h)
{
    static const struct {
        const char *column, *name, *label, *help;
    } counts[] = {
        {"jobs_ready", "foyer_jobs", "{state=\"ready\"}",
         "Jobs by state; due: ready and its time has come."},
        {"jobs_due", "foyer_jobs", "{state=\"due\"}", NULL},
        {"jobs_running", "foyer_jobs", "{state=\"running\"}", NULL},
        {"jobs_dead", "foyer_jobs", "{state=\"dead\"}", NULL},
        {"oldest_due_seconds", "foyer_jobs_oldest_due_seconds", "",
         "How long the oldest due job waits."},
        {"messages_failed", "foyer_messages_failed", "",
         "Messages of the last seven days that failed, or whose fate is unknown."},
        {"sealing_lag_seconds", "foyer_sealing_lag_seconds", "",
         "Age of the oldest row of the trail that is not sealed."},
    };
    family(out, "foyer_database_up", "gauge", "Whether the database answers.");
    buf_printf(out, "foyer_database_up %d\n", h->has_database);
    if (!h->has_database)
        return;
    family(out, "foyer_database_answer_seconds", "gauge", "How long it took to answer this page.");
    buf_printf(out, "foyer_database_answer_seconds %.6f\n", h->answered_in);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        int64_t n = rows_int(h->watch, 0, counts[i].column);
        if (n < 0)
            continue; /* there is no sealing here */
        if (counts[i].help)
            family(out, counts[i].name, "gauge", counts[i].help);
        buf_printf(out, "%s%s %" PRId64 "\n", counts[i].name, counts[i].label, n);
    }
}

static void print_heads(struct buf *out, const struct house *h)
{
    static const struct {
        const char *name, *column, *help;
    } gauges[] = {{"foyer_heads_unsent_seconds", "unsent_seconds",
                   "Age of the oldest signed head that is not yet outside."},
                  {"foyer_heads_failing", "is_failing", "Whether heads cannot be brought there."}};
    family(out, "foyer_sealing_stopped", "gauge", "Businesses whose trail is not sealed.");
    buf_printf(out, "foyer_sealing_stopped %zu\n", rows_count(h->stopped));
    for (size_t g = 0; g < COUNT_OF(gauges) && rows_count(h->heads) > 0; g++) {
        family(out, gauges[g].name, "gauge", gauges[g].help);
        for (size_t i = 0; i < rows_count(h->heads); i++)
            buf_printf(out, "%s{destination=\"%" PRId64 "\"} %" PRId64 "\n", gauges[g].name,
                       rows_int(h->heads, i, "place"),
                       g == 0 ? rows_int(h->heads, i, gauges[g].column)
                              : (int64_t)rows_bool(h->heads, i, gauges[g].column));
    }
}

static struct status_answer metrics(const struct house *h, struct arena *a)
{
    struct buf out = buf_in(a, 64 * 1024);
    family(&out, "foyer_requests_total", "counter", "Answers by page and class of status.");
    print_pages(&out, h, print_statuses);
    family(&out, "foyer_request_seconds", "histogram",
           "Time in a worker, from accept to the last byte.");
    print_pages(&out, h, print_durations);
    family(&out, "foyer_request_database_seconds_total", "counter",
           "Time waited for the database.");
    print_pages(&out, h, print_database_time);
    print_pools(&out, h);
    print_database(&out, h);
    if (h->has_database)
        print_heads(&out, h);
    return (struct status_answer){200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&out)};
}

/* ---- health ---- */

/* What is wrong with the trail, a line each; where heads go outside, how they stand. */
static void print_trail(struct buf *out, const struct house *h)
{
    for (size_t i = 0; i < rows_count(h->stopped); i++) {
        struct str name = rows_text(h->stopped, i, "name"), why = rows_text(h->stopped, i, "why");
        buf_printf(out, "sealing ALARM (%.*s stands still: %.*s)\n", (int)name.n, name.p,
                   (int)why.n, why.p);
    }
    for (size_t i = 0; i < rows_count(h->heads); i++) {
        int64_t unsent = rows_int(h->heads, i, "unsent_seconds");
        bool fails = rows_bool(h->heads, i, "is_failing");
        struct str why = rows_text(h->heads, i, "why");
        buf_printf(out, "heads outside %" PRId64 " %s (%" PRId64 " s%s%.*s)\n",
                   rows_int(h->heads, i, "place"),
                   fails || unsent >= HEADS_LATE_SECONDS ? "ALARM" : "ok", unsent,
                   fails ? ", " : "", fails ? (int)why.n : 0, why.p);
    }
}

/* An alarm each for an archive that refuses WAL, a backup that is late, a drill that is late (K-01, K-03). */
static void print_backups(struct buf *out, struct rows *b)
{
    int64_t waits = rows_int(b, 0, "archive_waits_seconds"),
            backup = rows_int(b, 0, "backup_age_seconds");
    int64_t drill = rows_int(b, 0, "drill_age_seconds"),
            first = rows_int(b, 0, "first_backup_age_seconds");
    bool is_archiving = rows_bool(b, 0, "is_archiving");
    buf_printf(out, "archive %s (%" PRId64 " s)\n", is_archiving && waits == 0 ? "ok" : "ALARM",
               waits);
    buf_printf(out, "backup %s (%" PRId64 " s)\n",
               backup >= 0 && backup < BACKUP_LATE_SECONDS ? "ok" : "ALARM", backup);
    /* The first drill is due when the first backup is eight days old. */
    buf_printf(out, "drill %s (%" PRId64 " s)\n",
               (drill >= 0 ? drill : first) < DRILL_LATE_SECONDS && first >= 0 ? "ok" : "ALARM",
               drill);
}

/* 503 takes this host out of service; sealing that is late only raises an alarm. */
static struct status_answer ready(const struct house *h, struct arena *a)
{
    struct buf out = buf_in(a, 256);
    bool all = h->has_database;
    buf_printf(&out, "database %s\n", h->has_database ? "ok" : "away");
    for (size_t i = 0; i < COUNT_OF(pools); i++) {
        buf_printf(&out, "pool %s %s\n", pools[i], h->is_up[i] ? "ok" : "down");
        all &= h->is_up[i];
    }
    if (h->has_database) {
        int64_t lag = rows_int(h->watch, 0, "sealing_lag_seconds");
        if (lag >= 0)
            buf_printf(&out, "sealing %s (%" PRId64 " s)\n",
                       lag >= SEALING_LATE_SECONDS ? "ALARM" : "ok", lag);
        print_trail(&out, h);
        if (h->backups && rows_count(h->backups) == 1)
            print_backups(&out, h->backups);
    }
    return (struct status_answer){all ? 200 : 503, "text/plain; charset=utf-8", buf_str(&out)};
}

struct status_answer status_handle(struct db *db, struct arena *a, const char *boards,
                                   struct str path)
{
    struct status_answer answer = {404, "text/plain; charset=utf-8", S("There is no such page.\n")};
    struct house h = {.has_database = false};
    if (str_is(path, "/health/live"))
        return (struct status_answer){200, "text/plain; charset=utf-8", S("ok\n")};
    bool is_metrics = str_is(path, "/metrics");
    if (!is_metrics && !str_is(path, "/health/ready"))
        return answer;
    look(&h, db, a, boards);
    answer = is_metrics ? metrics(&h, a) : ready(&h, a);
    for (size_t i = 0; i < COUNT_OF(pools); i++)
        board_drop(h.boards[i]);
    return answer;
}
