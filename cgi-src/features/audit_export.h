/*
 * audit_export.h -- the format of a copy of the trail: between audit_export.c, which writes it, and
 * audit_export_verify.c, which checks it.
 */
#ifndef FOYER_AUDIT_EXPORT_H
#define FOYER_AUDIT_EXPORT_H
#include "base.h"

#define EXPORT_FORMAT "foyer-trail-export-1"

/* What is signed of a copy: its first line, how many rows, their places as "1,2,3", and when. */
struct str export_signed_text(struct arena *a, const char *tenant, struct str header, uint64_t rows,
                              struct str indexes, const char *time);
/* A subcommand of `foyer audit`. */
int audit_verify_export(int argc, char **argv);

#endif
