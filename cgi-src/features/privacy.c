/*
 * privacy.c -- a studio's own privacy text, in the version in force and in every earlier one (B02).
 * Owns: nothing but these two pages; the texts are written in settings.c.
 */
#include "features.h"

const struct page privacy_pages[] = {
    {GET, "/privacy", ANYBODY,
     .show = {{"policy", Q_privacy_in_force}, {"versions", Q_privacy_versions}},
     .view = "privacy/text", .title = "The studio's privacy text"},
    {GET, "/privacy/{version:int}", ANYBODY,
     .show = {{"policy", Q_privacy_version}, {"versions", Q_privacy_versions}},
     .view = "privacy/text", .title = "One version of the studio's privacy text"},
    {0},
};
