/*
 * loader.h -- writing the demo rows: statements with values, and COPY for many rows.
 * Any error ends the program with one line; the transaction is gone with it.
 */
#ifndef FOYER_DEMO_LOADER_H
#define FOYER_DEMO_LOADER_H
#include <libpq-fe.h>

#include "demo_data.h"

struct loader {
    PGconn *conn;
    struct arena *arena;    /* for the whole run */
    struct arena *scratch;  /* reset after each batch of rows */
    struct demo_random random;
    struct buf row;
    const struct demo_studio *studio;
    struct str tenant_id;
    struct str locations[MAX_LOCATIONS], staff[MAX_STAFF], services[MAX_SERVICES],
        rooms[MAX_LOCATIONS][MAX_ROOMS], forms[3], versions[3];
    size_t n_locations, n_staff, n_services, n_rooms, n_forms;
    long clients;
};

/* values: texts, NULL for null, as many as $n in sql. Returns the first column of the first row. */
struct str load_run(struct loader *l, const char *sql, size_t n, const char *const *values);
#define LOAD(l, sql, ...)                                                                          \
    load_run(l, sql, COUNT_OF(((const char *const[]){__VA_ARGS__})),                               \
             (const char *const[]){__VA_ARGS__})
void load_plain(struct loader *l, const char *sql);

void load_copy_begin(struct loader *l, const char *table_and_columns);
void load_text(struct loader *l, struct str value);
void load_null(struct loader *l);
void load_bytes(struct loader *l, struct str value);
void load_row_end(struct loader *l);
void load_copy_end(struct loader *l);

/* Clients, their visits, charts, forms and messages (people.c). */
void load_people(struct loader *l);
/* Devices, hours, licences, extras and rules, and visits that need them (schedule.c). */
void load_schedule(struct loader *l);
/* A series of visits, and who waits for a time (series.c). */
void load_series(struct loader *l);
/* Tags, second phones, a child and her guardian, somebody who is there twice (person.c). */
void load_person(struct loader *l);
/* Hours, holidays, time off, licences, add-ons (settings.c). */
void load_settings(struct loader *l);
/* The same text in the loader's arena, terminated. */
const char *load_z(struct loader *l, struct str s);

#endif
