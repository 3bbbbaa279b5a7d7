/*
 * health.c -- what is known of a client's health: allergies, medications, conditions, or that there
 * is none, which somebody said.
 * Owns: the lists. Never: forgets a line; what no longer holds is ended.
 */
#include "chart_mark.h"
#include "features.h"

static const struct field allergy_fields[] = {
    {"substance", FIELD_TEXT, .required = true, .max = 120,
     .missing = "Say what the client is allergic to."},
    {"reaction", FIELD_TEXT, .max = 200},
    {"severity", FIELD_CHOICE, .required = true, .choices = "mild|moderate|severe|unknown"},
    {0},
};

static const struct field medication_fields[] = {
    {"medication", FIELD_TEXT, .required = true, .max = 120,
     .missing = "Say what the client takes."},
    {"dose", FIELD_TEXT, .max = 80},
    {"taken_since", FIELD_TEXT, .max = 40},
    {0},
};

static const struct field condition_fields[] = {
    {"condition", FIELD_TEXT, .required = true, .max = 120,
     .missing = "Say what the client lives with."},
    {"had_since", FIELD_TEXT, .max = 40},
    {"remark", FIELD_TEXT, .max = 300},
    {0},
};

static const struct field none_known_fields[] = {
    {"known_kind", FIELD_CHOICE, .required = true, .choices = "allergy|medication|condition"},
    {0},
};

static const struct field end_fields[] = {{"end_reason", FIELD_TEXT, .max = 200}, {0}};

static enum err to_chart(struct req *r, enum err e)
{
    struct str client = req_value(r, "client_id");
    return e ? e
             : reply_redirect(
                   r, arena_printf(req_arena(r), "/clients/%.*s/chart", (int)client.n, client.p));
}

static enum err end_allergy(struct req *r)
{
    return to_chart(r,
                    chart_mark(r, "end_reason", "app.allergy", "allergy_id", Q_health_allergy_end));
}

static enum err end_medication(struct req *r)
{
    return to_chart(
        r, chart_mark(r, "end_reason", "app.medication", "medication_id", Q_health_medication_end));
}

static enum err end_condition(struct req *r)
{
    return to_chart(r, chart_mark(r, "end_reason", "app.health_condition", "condition_id",
                                  Q_health_condition_end));
}

#define CLIENT "/clients/{client_id:uuid}"
#define CHART .then = "/clients/{client_id}/chart", .again = CLIENT "/chart"

const struct page health_pages[] = {
    {POST, CLIENT "/allergies", CAN(chart_write), .action = "allergy.create",
     .fields = allergy_fields, .save = Q_health_allergy_add, CHART,
     .title = "Chart: note an allergy"},
    {POST, CLIENT "/allergies/{allergy_id:uuid}/end", CAN(chart_write), .action = "allergy.end",
     .fields = end_fields, .run = end_allergy, .again = CLIENT "/chart",
     .title = "Chart: end an allergy"},
    {POST, CLIENT "/medications", CAN(chart_write), .action = "medication.create",
     .fields = medication_fields, .save = Q_health_medication_add, CHART,
     .title = "Chart: note a medication"},
    {POST, CLIENT "/medications/{medication_id:uuid}/end", CAN(chart_write),
     .action = "medication.end", .fields = end_fields, .run = end_medication,
     .again = CLIENT "/chart", .title = "Chart: end a medication"},
    {POST, CLIENT "/conditions", CAN(chart_write), .action = "condition.create",
     .fields = condition_fields, .save = Q_health_condition_add, CHART,
     .title = "Chart: note a condition"},
    {POST, CLIENT "/conditions/{condition_id:uuid}/end", CAN(chart_write),
     .action = "condition.end", .fields = end_fields, .run = end_condition,
     .again = CLIENT "/chart", .title = "Chart: end a condition"},
    {POST, CLIENT "/none-known", CAN(chart_write), .action = "health.none_known",
     .fields = none_known_fields, .save = Q_health_none_known, CHART,
     .title = "Chart: note that nothing is known"},
    {POST, CLIENT "/none-known/end", CAN(chart_write), .action = "health.none_known",
     .fields = none_known_fields, .save = Q_health_none_known_end, CHART,
     .title = "Chart: take back that nothing is known"},
    {0},
};
