/*
 * booking_page.c -- how the public booking page is set: the sites that may show it in a frame, and what keeps
 * machines from it. Owns: those settings. Never: says what can be booked.
 */
#include "features.h"

static const struct field page_fields[] = {
    {"frame_origins", FIELD_LONG, .max = 2000},
    {"booking_seconds", FIELD_INT, .required = true, .max = 30, .bad = "Choose 0 to 30 seconds."},
    {"booking_code", FIELD_BOOL},
    {0},
};

const struct page booking_page_pages[] = {
    {GET, "/settings/booking", CAN(settings_write), .show = {{"value", Q_booking_page_own}},
     .view = "booking_page/settings", .title = "The booking page"},
    {POST, "/settings/booking", CAN(settings_write), .action = "booking_page.change",
     .fields = page_fields, .save = Q_booking_page_change, .then = "/settings/booking?saved=1",
     .again = "/settings/booking", .title = "The booking page: save"},
    {0},
};
