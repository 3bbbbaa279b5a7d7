/*
 * form.h -- what was typed, checked against declared fields. Missing, bad and good are three
 * different answers; what was typed is kept in every case.
 */
#ifndef FOYER_FORM_H
#define FOYER_FORM_H
#include "http.h"
#include "web.h"

struct form_value {
    const struct field *field;
    struct str typed;     /* as it came in, for showing again */
    struct str clean;     /* trimmed and checked; valid only when is_good */
    bool is_good;         /* present and fine: may be used as a parameter */
    struct str message;   /* for people; "" when there is nothing to say */
};
struct form {
    struct form_value *values;
    size_t n;
    struct str message;   /* above the form */
    bool has_error;
};

/* Checks pairs against fields (ended by a row without a name). */
void form_check(struct arena *a, const struct field *fields, const struct pairs *pairs,
                struct form *out);
struct form_value *form_value(struct form *f, struct str name);
/* Adds a message; an unknown or empty field puts it above the form. */
void form_refuse(struct arena *a, struct form *f, struct str field, struct str message);

#endif
