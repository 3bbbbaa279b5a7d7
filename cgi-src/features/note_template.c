/* note_template.c -- what providers' notes may begin with; a note is a copy, and knows nothing of its template. */
#include "schedule_pages.h"

static const struct field template_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 80, .missing = "Give the template a name."},
    {"body", FIELD_LONG, .required = true, .max = 8000,
     .missing = "Write what a note begins with."},
    {"place_in_list", FIELD_INT, .min = 1, .max = 9999},
    {0},
};

#define LIST "/settings/note-templates"
#define ONE LIST "/{template_id:uuid}"
#define THEN .then = LIST "/{template_id}?saved=1"

const struct page note_template_pages[] = {
    {GET, LIST, SCHEDULE, .show = {{"templates", Q_note_template_list}},
     .view = "note_template/list", .title = "Templates for notes"},
    {GET, LIST "/new", SCHEDULE, .show = {{"value", Q_note_template_blank}},
     .view = "note_template/new", .title = "A new template for notes"},
    {POST, LIST "/new", SCHEDULE, .action = "note_template.create", .fields = template_fields,
     .save = Q_note_template_add, THEN, .again = LIST "/new",
     .title = "A new template for notes: save"},
    {GET, ONE, SCHEDULE,
     .show = {{"template", Q_note_template_one}, {"value", Q_note_template_one}},
     .view = "note_template/one", .title = "A template for notes"},
    {POST, ONE, SCHEDULE, .action = "note_template.change", .fields = template_fields,
     .save = Q_note_template_change, THEN, .again = ONE, .title = "A template for notes: save"},
    {POST, ONE "/put", SCHEDULE, .action = "note_template.put", .fields = put_fields,
     .save = Q_note_template_put, THEN, .again = ONE,
     .title = "A template for notes: put away or bring back"},
    {0},
};
