/* chart_data.h -- what stands in demo clients' charts beside notes and allergies. */
#ifndef FOYER_DEMO_CHART_DATA_H
#define FOYER_DEMO_CHART_DATA_H
#include "signatures.h"

/* Medications, conditions, and who knows of none; after the allergies. */
void load_health(struct loader *l, const struct demo_client *clients, size_t n);
/* Treatment plans of some. */
void load_plans(struct loader *l, const struct demo_client *clients, size_t n);
/* The register of products; treatments with lots, points and aftercare, signed but for the latest; after the visits. */
void load_encounters(struct loader *l, const struct demo_client *clients, size_t n);

#endif
