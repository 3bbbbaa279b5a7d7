/* schedule_pages.h -- what the tables of pages about what can be booked, and when, have in common. */
#ifndef FOYER_SCHEDULE_PAGES_H
#define FOYER_SCHEDULE_PAGES_H
#include "features.h"

#define SCHEDULE .realm = REALM_STUDIO, CAN(settings_write)

/* Nothing is deleted that visits hang on: it is put away, and can be brought back. */
static const struct field put_fields[] = {
    {"put", FIELD_CHOICE, .required = true, .choices = "away|back"},
    {0},
};
#endif
