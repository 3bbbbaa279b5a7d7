/* signatures.h -- forms that demo clients have filled in and signed. */
#ifndef FOYER_DEMO_SIGNATURES_H
#define FOYER_DEMO_SIGNATURES_H
#include "loader.h"

struct demo_client {
    struct str id, name, wrapped;
    unsigned char key[32];
};

/* Seals one cell of a client's row; in the loader's scratch arena. */
struct str demo_seal(struct loader *l, const struct demo_client *c, const char *table,
                     const char *column, struct str row, struct str plain);
/* Signs the forms of past visits, and half of those to come. */
void load_signatures(struct loader *l, const struct demo_client *clients, size_t n);

/* A form about photographs that some have signed, and a minor with her guardian (consents.c). */
void load_consents(struct loader *l, const struct demo_client *clients, size_t n);

/* A form that asks for pictures, with what one attached (attached.c); before load_consents, which writes the trail of all signatures. */
void load_attached(struct loader *l, const struct demo_client *clients, size_t n);

#endif
