/*
 * demo_data.h -- the demo businesses: what they offer, who works there, and the people they serve.
 * Owns: nothing at run time. Read only by `foyer demo`.
 */
#ifndef FOYER_DEMO_DATA_H
#define FOYER_DEMO_DATA_H
#include "base.h"

enum { MAX_LOCATIONS = 2, MAX_STAFF = 16, MAX_SERVICES = 10, MAX_ROOMS = 8, MAX_QUESTIONS = 12 };

struct demo_location {
    const char *name, *street, *city, *region, *postal_code, *zone, *phone;
};
struct demo_staff {
    const char *name, *email, *title, *role;
    bool provides;
    int location;           /* home location of a provider */
    const char *services;   /* names of what she does, "|" between; NULL: everything */
};
struct demo_service {
    const char *name, *category, *description;
    int minutes, before, after, price_cents;
    const char *color;
    bool needs_device_room; /* shared room such as the laser room: one provider a location does it */
};
struct demo_question {
    const char *key, *kind, *label, *help, *options; /* options: "|" between */
    bool is_required;
    const char *follow_up;
};
struct demo_form {
    const char *name, *kind, *title, *body;
    struct demo_question questions[MAX_QUESTIONS];
};
struct demo_studio {
    const char *slug, *name, *kind, *accent, *phone, *email, *tagline;
    struct demo_location locations[MAX_LOCATIONS];
    struct demo_staff staff[MAX_STAFF];       /* ended by a NULL name */
    struct demo_service services[MAX_SERVICES];
    const char *rooms[MAX_ROOMS];             /* names at each location; the last is the device room */
    struct demo_form forms[3];
    const char *privacy_title, *privacy_body, *terms_title, *terms_body;
    const char *note_lines[6];                /* what a provider's note may say */
    bool has_due_dates;
};
extern const struct demo_studio demo_studios[2];
/* Whether a provider does a service; both are indices into the studio. */
bool demo_does(const struct demo_studio *s, size_t staff, size_t service);

extern const char *const demo_first_names[];
extern const size_t demo_first_names_n;
extern const char *const demo_last_names[];
extern const size_t demo_last_names_n;
extern const char *const demo_whole_names[]; /* names that do not split into two */
extern const size_t demo_whole_names_n;
extern const char *const demo_allergies[][2]; /* substance, reaction */
extern const size_t demo_allergies_n;

/* Numbers that look random and are the same each time (splitmix64). */
struct demo_random {
    uint64_t state;
};
uint64_t demo_next(struct demo_random *r);
size_t demo_below(struct demo_random *r, size_t n); /* 0 .. n-1 */
bool demo_chance(struct demo_random *r, unsigned percent);
struct str demo_uuid(struct demo_random *r, struct arena *a);

#endif
