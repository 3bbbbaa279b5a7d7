/* features.c -- the rooms of the house: every feature's page table, once. */
#include "features.h"

const struct feature all_features[] = {
    {"login", login_pages},
    {"device", device_pages},
    {"second_factor", second_factor_pages},
    {"passkey", passkey_pages},
    {"confirm", confirm_pages},
    {"factor_reset", factor_reset_pages},
    {"brand", brand_pages},
    {"audit", audit_pages},
    {"looked", looked_pages},
    {"review", review_pages},
    {"demo", demo_pages},
    {"house", house_pages},
    {"message", message_pages},
    {"settings", settings_pages},
    {"calendar", calendar_pages},
    {"appointment", appointment_pages},
    {"client", client_pages},
    {"chart", chart_pages},
    {"form", form_pages},
    {"booking", booking_pages},
    {"manage", manage_pages},
    {"privacy", privacy_pages},
    {NULL, NULL},
};
