/*
 * closure_import.c -- closures from a calendar file, such as a list of holidays: first shown, then closed.
 * Owns: the bounds of such a file. Reading it again closes nothing twice.
 */
#include <time.h>

#include "core/http.h"
#include "ics_read.h"
#include "schedule_pages.h"

enum { FILE_MOST = 256 * 1024, EVENTS_MOST = 1000, FOUND_MOST = 3000, DAYS_AHEAD = 731 };

static const struct field file_fields[] = {{"location_id", FIELD_UUID}, {0}};
static const struct field found_fields[] = {
    {"location_id", FIELD_UUID},
    {"found", FIELD_LONG, .required = true, .max = 900000, .missing = "Choose the file again."},
    {0},
};

/* The one file of the form; false: none, or an empty one. */
static bool the_file(struct req *r, struct str *bytes)
{
    const struct upload *files;
    size_t n = req_uploads(r, &files);
    for (size_t i = 0; i < n; i++) {
        if (!str_is(files[i].name, "file") || files[i].bytes.n == 0)
            continue;
        *bytes = files[i].bytes;
        return true;
    }
    return false;
}

static enum err refuse(struct req *r, const char *message)
{
    req_refuse(r, "", message);
    return reply_again(r, "/settings/closures/import");
}

static enum err preview(struct req *r)
{
    struct str bytes;
    struct ics_reading reading;
    int64_t today = (int64_t)time(NULL) / 86400;
    const struct ics_bounds bounds = {FILE_MOST, EVENTS_MOST, FOUND_MOST, today - 1,
                                      today + DAYS_AHEAD};
    if (!the_file(r, &bytes))
        return refuse(r, "Choose a calendar file, such as holidays.ics.");
    enum ics_end e = ics_read(req_arena(r), bytes, &bounds, true, &reading);
    if (e == ICS_LARGE)
        return refuse(r, "This file is too large: up to 256 KB and 1,000 events are read.");
    if (e == ICS_CONTENT)
        return refuse(r, "This is not a calendar file. It begins with BEGIN:VCALENDAR.");
    req_set(r, "found", ics_found_json(req_arena(r), &reading));
    if (reading.n_left_out > 0)
        req_set(r, "is_partial", S("1"));
    if (!req_has(r, "location_id"))
        req_set_null(r, "location_id");
    if (!req_show(r, "closures", Q_closure_found, NULL) ||
        !req_show(r, "where", Q_closure_places, NULL))
        return req_error(r);
    return reply_view(r, 200, "opening/preview");
}

const struct page closure_import_pages[] = {
    {GET, "/settings/closures/import", SCHEDULE, .show = {{"where", Q_closure_places}},
     .view = "opening/import", .title = "Read a holiday calendar"},
    {POST, "/settings/closures/import", SCHEDULE, .action = "closure.preview",
     .fields = file_fields, .run = preview,
     .show = {{"closures", Q_closure_found}, {"where", Q_closure_places}},
     .view = "opening/preview", .gives = "found is_partial location_id",
     .again = "/settings/closures/import", .max_body = 300 * 1024, .no_idempotency = true,
     .title = "Look at what a holiday calendar would close"},
    {POST, "/settings/closures/imported", SCHEDULE, .action = "closure.import",
     .fields = found_fields, .save = Q_closure_import, .then = "/settings/hours?saved=1",
     .again = "/settings/closures/import", .max_body = 1000 * 1024,
     .title = "Close what a holiday calendar says"},
    {0},
};
