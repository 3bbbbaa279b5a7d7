/*
 * settings.c -- the studio's own texts: privacy, terms of signing, cancellation (PROMISES B02), and how long
 * a session of its staff lasts.
 * Owns: publishing a new version. An old one stays as it was, for somebody accepted it.
 */
#include "features.h"

static const struct field policy_fields[] = {
    {"kind", FIELD_CHOICE, .required = true, .choices = "privacy|terms|cancellation|agreement"},
    {"title", FIELD_TEXT, .required = true, .max = 160, .missing = "Give the text a title."},
    {"body", FIELD_LONG, .required = true, .max = 40000, .missing = "Write the text."},
    {"effective_on", FIELD_DATE, .required = true, .missing = "From which day does it hold?"},
    {"lang", FIELD_TOKEN, .min = 2, .max = 3, .bad = "Choose a language of the list."},
    {0},
};

static const struct field entry_fields[] = {
    {"idle_minutes", FIELD_INT, .required = true, .min = 5, .max = 30,
     .bad = "Choose 5 to 30 minutes."},
    {"absolute_hours", FIELD_INT, .required = true, .min = 1, .max = 12,
     .bad = "Choose 1 to 12 hours."},
    {"session_days", FIELD_INT, .required = true, .min = 30, .max = 2200,
     .bad = "Choose 30 to 2200 days."},
    {0},
};

const struct page settings_pages[] = {
    {GET, "/settings", .realm = REALM_STAFFED, CAN(settings_write),
     .show = {{"policies", Q_settings_policies},
              {"support", Q_support_hub},
              {"sso", Q_sso_here},
              {"schedule", Q_settings_schedule},
              {"licences", Q_licence_ending}},
     .view = "settings/home", .title = "Settings"},
    {GET, "/settings/texts/{kind:slug}", .realm = REALM_STAFFED, CAN(settings_write),
     .show = {{"value", Q_settings_policy_latest},
              {"languages", Q_settings_policy_languages},
              {"versions", Q_settings_policy_versions}},
     .view = "settings/text", .title = "A text of the studio"},
    {POST, "/settings/texts/{kind:slug}", .realm = REALM_STAFFED, CAN(settings_write),
     .fields = policy_fields, .save = Q_settings_policy_publish,
     .then = "/settings/texts/{kind}?lang={lang}", .again = "/settings/texts/{kind:slug}",
     .title = "Publish a new version of a text"},
    {GET, "/settings/entry", .realm = REALM_STAFFED, CAN(settings_write),
     .show = {{"value", Q_settings_entry}}, .view = "settings/entry", .title = "Sessions"},
    {POST, "/settings/entry", .realm = REALM_STAFFED, CAN(settings_write), .action = "entry.change",
     .fields = entry_fields, .save = Q_settings_entry_change, .then = "/settings/entry",
     .again = "/settings/entry", .title = "Change how long a session lasts"},
    {0},
};
