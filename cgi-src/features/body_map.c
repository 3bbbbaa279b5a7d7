/*
 * body_map.c -- where on face or body something was given: points on drawings, of one treatment, over
 * those of the others, which can be repeated. Never: changes a point; one that is moved is followed by
 * another, one entered in error is marked so.
 */
#include "chart_mark.h"
#include "features.h"

static const struct field point_fields[] = {
    {"drawing", FIELD_CHOICE, .required = true,
     .choices = "face_front|face_left|face_right|body_front|body_back"},
    {"region", FIELD_TEXT, .max = 60},
    {"x", FIELD_INT, .max = 1000, .bad = "Give a number from 0 to 1000."},
    {"y", FIELD_INT, .max = 1000, .bad = "Give a number from 0 to 1000."},
    {"lot_id", FIELD_UUID},
    {"amount", FIELD_TEXT, .max = 12},
    {"depth", FIELD_CHOICE, .choices = "intradermal|subcutaneous|intramuscular|on_the_bone"},
    {"remark", FIELD_TEXT, .max = 200},
    {0},
};

static const struct field void_fields[] = {VOID_REASON, {0}};

static const struct field repeat_fields[] = {
    {"drawing", FIELD_CHOICE, .required = true,
     .choices = "face_front|face_left|face_right|body_front|body_back"},
    {"under", FIELD_UUID, .required = true, .missing = "Choose whose points."},
    {"lot_id", FIELD_UUID},
    {0},
};

/* to_x, to_y: not the names of the form for a new point, which stands on the same page. */
static const struct field move_fields[] = {
    {"drawing", FIELD_CHOICE, .required = true,
     .choices = "face_front|face_left|face_right|body_front|body_back"},
    {"to_x", FIELD_INT, .required = true, .max = 1000, .bad = "Give a number from 0 to 1000."},
    {"to_y", FIELD_INT, .required = true, .max = 1000, .bad = "Give a number from 0 to 1000."},
    {0},
};

/* The point that follows has an id of its own, to which its note is sealed. */
static enum err move(struct req *r)
{
    struct str client = req_value(r, "client_id"), encounter = req_value(r, "encounter_id");
    struct rows *point = req_query(r, Q_body_map_point);
    if (!point)
        return req_error(r);
    if (rows_bool(point, 0, "is_signed")) {
        req_refuse(r, "",
                   "This treatment is signed, and stays as it is. Write an addendum instead.");
        return ERR_INVALID;
    }
    enum err e = req_set_sealed(r, "remark_sealed", client, "app.body_point", "remark_sealed",
                                req_value(r, "new_id"), rows_text(point, 0, "remark_sealed"));
    if (e)
        return e == ERR_GONE ? ERR_NOT_FOUND : e;
    struct rows *made = req_query(r, Q_body_map_move);
    if (!made)
        return req_error(r);
    struct str drawing = rows_text(made, 0, "drawing");
    return reply_redirect(r, arena_printf(req_arena(r),
                                          "/clients/%.*s/encounters/%.*s/map?drawing=%.*s",
                                          (int)client.n, client.p, (int)encounter.n, encounter.p,
                                          (int)drawing.n, drawing.p));
}

static enum err repeat(struct req *r)
{
    struct str client = req_value(r, "client_id"), encounter = req_value(r, "encounter_id");
    struct str drawing = req_value(r, "drawing"), under = req_value(r, "under");
    struct rows *made = req_query(r, Q_body_map_repeat);
    if (!made)
        return req_error(r);
    if (rows_count(made) == 0) {
        req_refuse(r, "under",
                   "Nothing was added: these points are here already, or none of them was of the "
                   "lot's product.");
        return ERR_INVALID;
    }
    return reply_redirect(
        r, arena_printf(req_arena(r), "/clients/%.*s/encounters/%.*s/map?drawing=%.*s&under=%.*s",
                        (int)client.n, client.p, (int)encounter.n, encounter.p, (int)drawing.n,
                        drawing.p, (int)under.n, under.p));
}

static enum err void_point(struct req *r)
{
    struct str client = req_value(r, "client_id"), encounter = req_value(r, "encounter_id");
    enum err e = chart_mark(r, "void_reason", "app.body_point", "point_id", Q_body_map_void);
    return e ? e
             : reply_redirect(r,
                              arena_printf(req_arena(r), "/clients/%.*s/encounters/%.*s/map",
                                           (int)client.n, client.p, (int)encounter.n, encounter.p));
}

#define MAP "/clients/{client_id:uuid}/encounters/{encounter_id:uuid}/map"
#define THEN .then = "/clients/{client_id}/encounters/{encounter_id}/map?drawing={drawing}#place"

const struct page body_map_pages[] = {
    {GET, MAP, CAN(chart_read), .action = "chart.read",
     .show = {{"encounter", Q_encounter_one},
              {"allergies", Q_client_allergy},
              {"medications", Q_health_medications},
              {"conditions", Q_health_conditions},
              {"drawings", Q_body_map_drawings},
              {"regions", Q_body_map_regions},
              {"points", Q_body_map_points},
              {"moves", Q_body_map_moves},
              {"has_moves", Q_body_map_moves, .by = "encounter_id", .once = true},
              {"lots", Q_body_map_lots},
              {"unders", Q_body_map_under},
              {"has_under", Q_body_map_under, .by = "encounter_id", .once = true},
              {"depths", Q_body_map_depths}},
     .view = "body_map/one", .title = "Chart: face and body map of a treatment"},
    {POST, MAP, CAN(chart_write), .action = "encounter.change", .fields = point_fields,
     .save = Q_body_map_add, THEN, .again = MAP, .title = "Chart: a point on the map"},
    {POST, MAP "/repeat", CAN(chart_write), .action = "encounter.change", .fields = repeat_fields,
     .run = repeat, .again = MAP, .title = "Chart: repeat the points of another treatment"},
    {POST, MAP "/{point_id:uuid}/move", CAN(chart_write), .action = "encounter.change",
     .fields = move_fields, .run = move, .again = MAP, .title = "Chart: move a point on the map"},
    {POST, MAP "/{point_id:uuid}/void", CAN(chart_write), .action = "encounter.change",
     .fields = void_fields, .run = void_point, .again = MAP,
     .title = "Chart: a point entered in error"},
    {0},
};
