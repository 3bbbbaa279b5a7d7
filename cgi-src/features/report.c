/*
 * report.c -- how busy people and rooms are, who did not come, how long before visits are booked, and the
 * busiest hours: of a period, of one place or of all; each table also as a file.
 * Owns: which days a report is of, as far as they were typed, and the files.
 * Never: shows a client. What is counted is what the person's calendar reaches: row security decides.
 */
#include "features.h"

enum { FIRST_TABLE = 2 }; /* of a page's queries: before it stand the period and the places */

/*
 * The days and the place of this report: from_day and to_day for the statements that follow, keep for
 * links to the same days at the same place. *is_good false: the days do not do, and the page says why.
 */
static enum err read_period(struct req *r, bool *is_good)
{
    struct arena *a = req_arena(r);
    struct str from = req_value(r, "from"), to = req_value(r, "to");
    req_set(r, "has_days", from.n || to.n ? S("true") : S("false"));
    req_set(r, "typed_from", date_ok(from) ? from : S(""));
    req_set(r, "typed_to", date_ok(to) ? to : S(""));
    struct rows *period = req_show(r, "period", Q_report_period, NULL);
    if (!period)
        return req_error(r);
    if (rows_count(period) == 0)
        return ERR_NOT_FOUND;
    *is_good = rows_text(period, 0, "problem").n == 0;
    struct str first = rows_text(period, 0, "from_text"), last = rows_text(period, 0, "to_text");
    req_set(r, "from_day", first);
    req_set(r, "to_day", last);
    struct str at = rows_text(period, 0, "place_id");
    req_set(r, "at_place", at.n ? arena_printf(a, "&location=%.*s", (int)at.n, at.p) : S(""));
    if (*is_good)
        req_set(r, "keep",
                arena_printf(a, "?from=%.*s&to=%.*s%s%.*s", (int)first.n, first.p, (int)last.n,
                             last.p, at.n ? "&location=" : "", (int)at.n, at.p));
    return OK;
}

/* The page's tables, and has_rows: whether there is anything in the first of them. */
static enum err show_report(struct req *r)
{
    const struct page *page = req_page(r);
    bool is_good = false;
    enum err e = read_period(r, &is_good);
    if (e)
        return e;
    for (const struct show *s = page->show; s->name; s++) {
        if (s->query == Q_report_period || (!is_good && s->query != Q_report_place))
            continue;
        struct rows *rows = req_show(r, s->name, s->query, s->by);
        if (!rows)
            return req_error(r);
        if (strcmp(s->name, page->show[FIRST_TABLE].name) == 0 && rows_count(rows) > 0)
            req_set(r, "has_rows", S("true"));
    }
    return reply_view(r, is_good ? 200 : 422, page->view);
}

/* ---- files ---- */

#define USE "available", "booked", "buffer", "percent"
#define MISSED                                                                                     \
    "what", "planned", "coming", "came", "missed", "missed_percent", "cancelled",                  \
        "cancelled_percent", "late", "due_cents", "waived", "waived_cents"

static const struct table {
    const char *name;
    enum query query;
    const char *columns[12];
} tables[] = {
    {"providers", Q_report_provider, {"provider", USE}},
    {"rooms", Q_report_unit, {"unit", "place", USE}},
    {"days", Q_report_day, {"day", USE}},
    {"each-day", Q_report_each, {"day", "place", "kind", "name", USE}},
    {"missed-services", Q_report_missed_service, {MISSED}},
    {"missed-providers", Q_report_missed_provider, {MISSED}},
    {"missed-weekdays", Q_report_missed_weekday, {MISSED}},
    {"ahead", Q_report_ahead_sum, {"what", "visits", "quarter", "half", "three_quarters"}},
    {"ahead-steps", Q_report_ahead_step, {"what", "online", "desk", "both"}},
    {"hours",
     Q_report_hour_file,
     {"hour", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
      "together"}},
};

static enum err download(struct req *r)
{
    struct arena *a = req_arena(r);
    const struct table *t = NULL;
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        if (str_is(req_value(r, "table"), tables[i].name))
            t = &tables[i];
    if (!t)
        return ERR_NOT_FOUND;
    bool is_good = false;
    enum err e = read_period(r, &is_good);
    if (e)
        return e;
    if (!is_good) /* no link leads here: the pages offer files of good days only */
        return ERR_NOT_FOUND;
    struct rows *rows = req_query(r, t->query);
    struct str from = req_value(r, "from_day"), to = req_value(r, "to_day");
    return reply_csv(r, rows, t->columns, COUNT_OF(t->columns),
                     arena_cstr(a, arena_printf(a, "%s-%.*s-%.*s.csv", t->name, (int)from.n, from.p,
                                                (int)to.n, to.p)));
}

#define REPORT CAN(report_read), .pool = POOL_SLOW, .action = "report.read", .run = show_report
#define OF_WHEN                                                                                    \
    {"period", Q_report_period}, { "places", Q_report_place }
#define GIVES "keep at_place has_rows"

const struct page report_pages[] = {
    {GET, "/reports", REPORT,
     .show = {OF_WHEN,
              {"providers", Q_report_provider},
              {"units", Q_report_unit},
              {"who", Q_report_who},
              {"days", Q_report_day}},
     .view = "report/use", .gives = GIVES, .title = "Reports: how busy people and rooms are"},
    {GET, "/reports/missed", REPORT,
     .show = {OF_WHEN,
              {"services", Q_report_missed_service},
              {"providers", Q_report_missed_provider},
              {"weekdays", Q_report_missed_weekday}},
     .view = "report/missed", .gives = GIVES, .title = "Reports: who did not come"},
    {GET, "/reports/ahead", REPORT,
     .show = {OF_WHEN, {"sums", Q_report_ahead_sum}, {"steps", Q_report_ahead_step}},
     .view = "report/ahead", .gives = GIVES, .title = "Reports: how long before visits are booked"},
    {GET, "/reports/hours", REPORT,
     .show = {OF_WHEN, {"hours", Q_report_hour}, {"cells", Q_report_hour_cell, .by = "hour"}},
     .view = "report/hours", .gives = GIVES, .title = "Reports: the busiest hours"},
    {GET, "/reports/{table:slug}/report.csv", CAN(report_read), .pool = POOL_SLOW,
     .action = "report.export", .run = download, .title = "Reports: a table as a file"},
    {0},
};
