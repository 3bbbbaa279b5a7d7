/*
 * encounter.c -- treatments: service, provider, products by their lots, devices as they were set,
 * aftercare.
 * Owns: what is noted of a treatment. Never: changes a line; one entered in error is marked so.
 */
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
    {"id", FIELD_UUID, .required = true},
    {"aftercare", FIELD_LONG, .max = 2000},
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

#define CLIENT "/clients/{client_id:uuid}"
#define NEW CLIENT "/encounters/new"
#define ONE CLIENT "/encounters/{encounter_id:uuid}"
#define THEN .then = "/clients/{client_id}/encounters/{encounter_id}", .again = ONE
#define CHANGES CAN(chart_write), .action = "encounter.change"

const struct page encounter_pages[] = {
    {GET, NEW, CAN(chart_write), .action = "chart.read",
     .show = {{"client", Q_client_one},
              {"allergies", Q_client_allergy},
              {"visits", Q_encounter_visits},
              {"services", Q_encounter_services},
              {"providers", Q_encounter_providers}},
     .view = "encounter/new", .title = "Chart: a new treatment"},
    {POST, NEW, CAN(chart_write), .action = "encounter.create", .fields = encounter_fields,
     .save = Q_encounter_add, .then = "/clients/{client_id}/encounters/{encounter_id}",
     .again = NEW, .title = "Chart: note a treatment"},
    {GET, ONE, CAN(chart_read), .action = "chart.read",
     .show = {{"encounter", Q_encounter_one},
              {"allergies", Q_client_allergy},
              {"products", Q_encounter_products, .by = "encounter_id"},
              {"devices", Q_encounter_devices, .by = "encounter_id"},
              {"lots", Q_encounter_lots},
              {"units", Q_encounter_units}},
     .view = "encounter/one", .title = "Chart: a treatment"},
    {POST, ONE "/aftercare", CHANGES, .fields = aftercare_fields, .save = Q_encounter_aftercare,
     THEN, .title = "Chart: aftercare of a treatment"},
    {POST, ONE "/products", CHANGES, .fields = product_fields, .save = Q_encounter_product_add,
     THEN, .title = "Chart: a product that was used"},
    {POST, ONE "/products/{line_id:uuid}/void", CHANGES, .save = Q_encounter_product_void, THEN,
     .title = "Chart: a product entered in error"},
    {POST, ONE "/devices", CHANGES, .fields = device_fields, .save = Q_encounter_device_add, THEN,
     .title = "Chart: a device that was used"},
    {POST, ONE "/devices/{setting_id:uuid}/void", CHANGES, .save = Q_encounter_device_void, THEN,
     .title = "Chart: a device entered in error"},
    {POST, ONE "/void", CAN(chart_write), .action = "encounter.void", .save = Q_encounter_void,
     .then = "/clients/{client_id}/chart", .again = ONE,
     .title = "Chart: a treatment entered in error"},
    {0},
};
