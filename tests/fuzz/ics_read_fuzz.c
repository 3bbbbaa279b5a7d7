/*
 * ics_read_fuzz.c -- calendars that somebody else wrote: whatever they hold, what is found stays within its bounds, is text, and
 * was found in time (libFuzzer's -timeout).
 */
#include "fuzz.h"
#include "ics_read.h"

enum { FOUND_MOST = 2000 };

/* "2026-11-21 14:05:00" */
static bool is_wall(struct str s)
{
    if (s.n != 19)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char wanted = "0000-00-00 00:00:00"[i];
        if (wanted == '0' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != wanted)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ics_bounds bounds = {64 * 1024, 200, FOUND_MOST, 20700, 21100}; /* 2026-09 to 2027-10 */
    struct arena *a = fuzz_arena();
    struct ics_reading reading;
    struct str text = {(const char *)data, size};
    if (ics_read(a, text, &bounds, size & 1, &reading) != ICS_GOOD)
        return 0;
    MUST(size <= bounds.bytes);
    MUST(reading.n <= FOUND_MOST);
    for (size_t i = 0; i < reading.n; i++) {
        const struct ics_found *f = &reading.found[i];
        MUST(is_wall(f->starts));
        MUST(f->until.n == 0 || is_wall(f->until));
        MUST(is_text(f->uid) && is_text(f->summary) && is_text(f->zone));
        MUST(f->is_exception || f->seconds > 0);
        MUST(f->seconds <= 401LL * 86400);
        MUST(f->offset > -200000 && f->offset < 200000);
    }
    MUST(is_text(ics_found_json(a, &reading)));
    return 0;
}
