/*
 * booking_choice.h -- what a visitor has chosen so far, as the addresses and forms of the booking pages carry it:
 * place, person, more services, add-ons, and her due date, sealed. Implementation: cgi-src/features/booking_choice.c.
 */
#ifndef FOYER_BOOKING_CHOICE_H
#define FOYER_BOOKING_CHOICE_H
#include "web.h"

enum { CHOICE_SERVICES = 5 /* besides the first */, CHOICE_ADDONS = 12 };

/*
 * choice_read -- makes values of what was sent as also, addons and due: also and addons as arrays for statements (never
 * NULL), addon_at beside addons (with which part of the visit each goes, from 1 on), due as a date or NULL, and also_list, addon_list, due_token as texts for links and forms. What is none is left
 * out. Reading it again changes nothing.
 */
void choice_read(struct req *r);

/* "&place=...&who=...": what links carry along, without the named one (NULL: all). */
struct str choice_kept(struct req *r, const char *without);

/* A date (YYYY-MM-DD) as a text that only this installation can read, for two days: it may stand in an address. */
struct str choice_seal_due(struct req *r, struct str date);
/* The date of such a text; "" when it is none, or too old. */
struct str choice_open_due(struct req *r, struct str token);
#endif
