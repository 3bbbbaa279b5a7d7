/* plan.c -- treatment plans: what is intended over several visits, and how far it has come. */
#include "features.h"

static const struct field plan_fields[] = {
    {"title", FIELD_TEXT, .required = true, .max = 120, .missing = "What is the plan for?"},
    {"service_id", FIELD_UUID, .required = true, .missing = "Choose the service."},
    {"visits", FIELD_INT, .required = true, .min = 1, .max = 24, .bad = "Choose 1 to 24 visits."},
    {"every_days", FIELD_INT, .required = true, .max = 730, .bad = "Choose 0 to 730 days."},
    {0},
};

static const struct field step_fields[] = {
    {"service_id", FIELD_UUID, .required = true, .missing = "Choose the service."},
    {"every_days", FIELD_INT, .required = true, .max = 730, .bad = "Choose 0 to 730 days."},
    {0},
};

static const struct field state_fields[] = {
    {"state", FIELD_CHOICE, .required = true, .choices = "open|done|dropped"},
    {0},
};

#define PLANS "/clients/{client_id:uuid}/plans"
#define ONE PLANS "/{plan_id:uuid}"
#define CHANGES CAN(chart_write), .action = "plan.change"
#define THEN .then = "/clients/{client_id}/plans", .again = PLANS

const struct page plan_pages[] = {
    {GET, PLANS, CAN(chart_read), .action = "chart.read",
     .show = {{"client", Q_client_one},
              {"allergies", Q_client_allergy},
              {"medications", Q_health_medications},
              {"conditions", Q_health_conditions},
              {"plans", Q_plan_of_client},
              {"steps", Q_plan_steps, .by = "plan_id"},
              {"services", Q_encounter_services}},
     .view = "plan/list", .title = "Chart: treatment plans"},
    {POST, PLANS, CAN(chart_write), .action = "plan.create", .fields = plan_fields,
     .save = Q_plan_add, THEN, .title = "Chart: a treatment plan"},
    {POST, ONE "/steps", CHANGES, .fields = step_fields, .save = Q_plan_step_add, THEN,
     .title = "Chart: one more step of a plan"},
    {POST, ONE "/steps/{step_id:uuid}", CHANGES, .fields = state_fields, .save = Q_plan_step_state,
     THEN, .title = "Chart: a step of a plan is done"},
    {POST, ONE "/end", CHANGES, .save = Q_plan_end, THEN, .title = "Chart: a plan is over"},
    {0},
};
