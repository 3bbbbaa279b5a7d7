/*
 * encounter.c -- treatments: service, provider, products by their lots, devices as they were set,
 * aftercare.
 * Owns: what is noted of a treatment, and its signing. Never: changes a line; one entered in error is
 * marked so. Of a signed treatment the tables refuse any other change.
 */
#include "chart_mark.h"
#include "crypto.h"
#include "features.h"

static const struct field encounter_fields[] = {
    {"appointment_id", FIELD_UUID},
    {"service_id", FIELD_UUID},
    {"provider_id", FIELD_UUID},
    {"done_on", FIELD_DATE},
    {"aftercare", FIELD_LONG, .max = 2000},
    {0},
};

static const struct field aftercare_fields[] = {
    {"aftercare", FIELD_LONG, .required = true, .max = 2000,
     .missing = "Write what the client was told."},
    {0},
};

static const struct field void_fields[] = {VOID_REASON, {0}};

/* seen: app.encounter_state as the page showed it. */
static const struct field sign_fields[] = {
    {"seen", FIELD_TEXT, .max = 64},
    {0},
};

static const struct field addendum_fields[] = {
    {"addendum", FIELD_LONG, .required = true, .missing = "Write what is to be added first."},
    {0},
};

static const struct field product_fields[] = {
    {"lot_id", FIELD_UUID, .required = true, .missing = "Choose the lot."},
    {"amount", FIELD_TEXT, .required = true, .max = 12, .missing = "How much?"},
    {"area", FIELD_TEXT, .max = 120},
    {0},
};

static const struct field device_fields[] = {
    {"device_id", FIELD_UUID, .required = true, .missing = "Choose the device."},
    {"settings", FIELD_LONG, .required = true, .max = 1000, .missing = "How was it set?"},
    {0},
};

/* A line of its own about what she was told; encounter: of which treatment. */
static enum err add_advice(struct req *r, struct str encounter)
{
    struct str id = uuid_new(req_arena(r));
    req_set(r, "advice_id", id);
    req_set(r, "encounter_id", encounter);
    enum err e =
        req_set_sealed(r, "advice_sealed", req_value(r, "client_id"), "app.encounter_advice",
                       "advice_sealed", id, req_value(r, "aftercare"));
    if (e)
        return e == ERR_GONE ? ERR_NOT_FOUND : e;
    return req_query(r, Q_encounter_advice_add) ? OK : req_error(r);
}

static enum err to_treatment(struct req *r)
{
    struct str client = req_value(r, "client_id"), encounter = req_value(r, "encounter_id");
    return reply_redirect(r, arena_printf(req_arena(r), "/clients/%.*s/encounters/%.*s",
                                          (int)client.n, client.p, (int)encounter.n, encounter.p));
}

static enum err add(struct req *r)
{
    struct rows *made = req_query(r, Q_encounter_add);
    if (!made)
        return req_error(r);
    bool has_advice = req_has(r, "aftercare");
    if (!rows_bool(made, 0, "is_new") && (has_advice || rows_bool(made, 0, "is_other"))) {
        req_refuse(
            r, "appointment_id",
            arena_cstr(req_arena(r),
                       arena_printf(
                           req_arena(r),
                           "%s has noted the treatment of this visit meanwhile. Open it from "
                           "the chart and add there what is missing; what you typed is still here.",
                           arena_cstr(req_arena(r), rows_text(made, 0, "noted_by")))));
        return ERR_INVALID;
    }
    struct str encounter = rows_text(made, 0, "encounter_id");
    req_set(r, "encounter_id", encounter);
    enum err e = has_advice ? add_advice(r, encounter) : OK;
    return e ? e : to_treatment(r);
}

static enum err advise(struct req *r)
{
    enum err e = add_advice(r, req_value(r, "encounter_id"));
    return e ? e : to_treatment(r);
}

static enum err void_product(struct req *r)
{
    enum err e =
        chart_mark(r, "void_reason", "app.encounter_product", "line_id", Q_encounter_product_void);
    return e ? e : to_treatment(r);
}

static enum err void_device(struct req *r)
{
    enum err e =
        chart_mark(r, "void_reason", "app.encounter_device", "setting_id", Q_encounter_device_void);
    return e ? e : to_treatment(r);
}

static enum err void_advice(struct req *r)
{
    enum err e =
        chart_mark(r, "void_reason", "app.encounter_advice", "advice_id", Q_encounter_advice_void);
    return e ? e : to_treatment(r);
}

static enum err void_whole(struct req *r)
{
    struct str client = req_value(r, "client_id");
    enum err e = chart_mark(r, "void_reason", "app.encounter", "encounter_id", Q_encounter_void);
    return e ? e
             : reply_redirect(
                   r, arena_printf(req_arena(r), "/clients/%.*s/chart", (int)client.n, client.p));
}

#define CLIENT "/clients/{client_id:uuid}"
#define NEW CLIENT "/encounters/new"
#define ONE CLIENT "/encounters/{encounter_id:uuid}"
#define THEN .then = "/clients/{client_id}/encounters/{encounter_id}", .again = ONE
#define CHANGES CAN(chart_write), .action = "encounter.change"

const struct page encounter_pages[] = {
    {GET, NEW, CAN(chart_write), .action = "chart.read",
     .show = {{"client", Q_client_one},
              {"allergies", Q_client_allergy},
              {"medications", Q_health_medications},
              {"conditions", Q_health_conditions},
              {"visits", Q_encounter_visits},
              {"services", Q_encounter_services},
              {"providers", Q_encounter_providers}},
     .view = "encounter/new", .title = "Chart: a new treatment"},
    {POST, NEW, CAN(chart_write), .action = "encounter.create", .fields = encounter_fields,
     .run = add, .again = NEW, .title = "Chart: note a treatment"},
    {GET, ONE, CAN(chart_read), .action = "chart.read",
     .show = {{"encounter", Q_encounter_one},
              {"allergies", Q_client_allergy},
              {"medications", Q_health_medications},
              {"conditions", Q_health_conditions},
              {"products", Q_encounter_products, .by = "encounter_id"},
              {"devices", Q_encounter_devices, .by = "encounter_id"},
              {"advices", Q_encounter_advices, .by = "encounter_id"},
              {"faults", Q_encounter_errors, .by = "encounter_id"},
              {"addenda", Q_encounter_addenda, .by = "encounter_id"},
              {"points", Q_body_map_points_of_client, .by = "encounter_id"},
              {"lots", Q_encounter_lots},
              {"units", Q_encounter_units}},
     .view = "encounter/one", .title = "Chart: a treatment"},
    {POST, ONE "/aftercare", CHANGES, .fields = aftercare_fields, .run = advise, .again = ONE,
     .title = "Chart: aftercare of a treatment"},
    {POST, ONE "/aftercare/{advice_id:uuid}/void", CHANGES, .fields = void_fields,
     .run = void_advice, .again = ONE, .title = "Chart: aftercare entered in error"},
    {POST, ONE "/products", CHANGES, .fields = product_fields, .save = Q_encounter_product_add,
     THEN, .title = "Chart: a product that was used"},
    {POST, ONE "/products/{line_id:uuid}/void", CHANGES, .fields = void_fields, .run = void_product,
     .again = ONE, .title = "Chart: a product entered in error"},
    {POST, ONE "/devices", CHANGES, .fields = device_fields, .save = Q_encounter_device_add, THEN,
     .title = "Chart: a device that was used"},
    {POST, ONE "/devices/{setting_id:uuid}/void", CHANGES, .fields = void_fields,
     .run = void_device, .again = ONE, .title = "Chart: a device entered in error"},
    {POST, ONE "/sign", CAN(chart_write), .action = "encounter.sign", .fields = sign_fields,
     .save = Q_encounter_sign, THEN, .title = "Chart: sign a treatment"},
    {POST, ONE "/addendum", CAN(chart_write), .action = "encounter.sign", .fields = addendum_fields,
     .save = Q_encounter_addendum_add, THEN, .title = "Chart: add to a signed treatment"},
    {POST, ONE "/void", CAN(chart_write), .action = "encounter.void", .fields = void_fields,
     .run = void_whole, .again = ONE, .title = "Chart: a treatment entered in error"},
    {0},
};
