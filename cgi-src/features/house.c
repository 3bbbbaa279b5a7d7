/*
 * house.c -- the operator's page of how the installation is, and the samples that it draws.
 * Owns: what a sample holds: counters of the pools' boards, lengths of the queues.
 * Never: holds anything of a request, a client or a business.
 */
#include "house.h"

#include <inttypes.h>

#include "core/board.h"
#include "core/status.h"
#include "features.h"
#include "log.h"

static void add_counters(struct buf *b, const char *name, const counter *counters, size_t n)
{
    buf_printf(b, ",\"%s\":[", name);
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%s%" PRIu64, i ? "," : "", board_get(&counters[i]));
    buf_addc(b, ']');
}

static void add_pages(struct buf *b, const char *pool, const struct board *board)
{
    for (size_t i = 0; i < board->n_pages; i++) {
        const struct board_page *p = &board->pages[i];
        uint64_t answers = 0;
        for (size_t c = 0; c < BOARD_CLASSES; c++)
            answers += board_get(&p->status[c]);
        if (answers == 0)
            continue;
        /* Routes are our own patterns: no quotes, no backslashes. */
        buf_printf(b, "%s{\"pool\":\"%s\",\"method\":\"%s\",\"route\":\"%s\"",
                   b->p[b->n - 1] == '[' ? "" : ",", pool, p->method, p->route);
        add_counters(b, "statuses", p->status, BOARD_CLASSES);
        add_counters(b, "buckets", p->bucket, BOARD_BUCKETS);
        buf_printf(b, ",\"us\":%" PRIu64 ",\"database_us\":%" PRIu64 "}", board_get(&p->us),
                   board_get(&p->database_us));
    }
}

static void add_pool(struct buf *b, const char *pool, const struct board *board)
{
    uint64_t in[SLOT_BUSY + 1] = {0};
    for (size_t i = 0; i < BOARD_SLOTS; i++) {
        uint64_t state = board_get(&board->slots[i]);
        in[state <= SLOT_BUSY ? state : SLOT_FREE]++;
    }
    buf_printf(b,
               "%s{\"pool\":\"%s\",\"is_up\":%s,\"version\":\"%.63s\",\"started\":%" PRIu64
               ",\"idle\":%" PRIu64 ",\"busy\":%" PRIu64 ",\"starting\":%" PRIu64
               ",\"deaths\":%" PRIu64 ",\"reloads\":%" PRIu64 "}",
               b->p[b->n - 1] == '[' ? "" : ",", pool, status_pool_is_up(board) ? "true" : "false",
               board->version, board_get(&board->started), in[SLOT_IDLE], in[SLOT_BUSY],
               in[SLOT_STARTING], board_get(&board->deaths), board_get(&board->reloads));
}

/* All boards as one JSON object. */
static const char *read_boards(struct arena *a, const char *directory)
{
    static const char *const pools[] = {"staff", "public", "slow"};
    const struct board *boards[COUNT_OF(pools)];
    struct buf b = buf_in(a, 32 * 1024);
    buf_addz(&b, "{\"pools\":[");
    for (size_t i = 0; i < COUNT_OF(pools); i++) {
        boards[i] = board_read(directory, pools[i]);
        if (boards[i])
            add_pool(&b, pools[i], boards[i]);
    }
    buf_addz(&b, "],\"pages\":[");
    for (size_t i = 0; i < COUNT_OF(pools); i++) {
        if (boards[i])
            add_pages(&b, pools[i], boards[i]);
        board_drop(boards[i]);
    }
    buf_addz(&b, "]}");
    return arena_cstr(a, buf_str(&b));
}

void house_sample(struct db *db, struct arena *a, const char *boards)
{
    struct db_error error;
    struct str why;
    arena_reset(a);
    if (db_ready(db, a, &why) != OK)
        return;
    const char *const values[] = {read_boards(a, boards), status_destinations(a)};
    db_send_sql(
        db, a, "house_note",
        "SELECT app.house_note($1::jsonb, w.jobs_due, w.jobs_running, w.jobs_dead,"
        " w.oldest_due_seconds, w.messages_failed, w.sealing_lag_seconds,"
        " (SELECT count(*) FROM audit.watch_stopped()), h.unsent, h.failing,"
        " b.backup_age, b.drill_age, audit.house_held())"
        " FROM audit.watch() w, audit.house_backups() b,"
        " (SELECT max(unsent_seconds) AS unsent, count(*) FILTER (WHERE is_failing) AS failing"
        "  FROM audit.heads_watch($2)) AS h",
        values, COUNT_OF(values));
    if (db_commit(db, a, &error) != OK)
        log_error("house.sample", "sqlstate", error.sqlstate, NULL);
}

const struct page house_pages[] = {
    {GET, "/house", .realm = REALM_OPERATOR, CAN(house_read),
     .show = {{"now", Q_house_now},
              {"sums", Q_house_sums},
              {"pools", Q_house_pools},
              {"bins", Q_house_bins},
              {"durations", Q_house_durations},
              {"rows", Q_house_pages},
              {"bars", Q_house_page_bars, .by = "page_key"}},
     .view = "house/now", .title = "How the installation is"},
    {0},
};
