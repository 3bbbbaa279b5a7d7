/* tag.c -- the words by which a business sorts its clients: its list of them. Who has which: person.c. */
#include "features.h"

static const struct field tag_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 40, .missing = "Give the tag a name."},
    {"color", FIELD_CHOICE, .required = true, .choices = "plain|good|info|warn|bad"},
    {"tag_active", FIELD_BOOL},
    {0},
};

#define TAG "/settings/tags/{tag_id:uuid}"

const struct page tag_pages[] = {
    {GET, "/settings/tags", CAN(settings_write),
     .show = {{"tags", Q_tag_list}, {"colors", Q_tag_color}}, .view = "tag/list", .title = "Tags"},
    {POST, "/settings/tags", CAN(settings_write), .action = "tag.change", .fields = tag_fields,
     .save = Q_tag_add, .then = "/settings/tags/{tag_id}?saved=1", .again = "/settings/tags",
     .title = "Tags: add one"},
    {GET, TAG, CAN(settings_write),
     .show = {{"tag", Q_tag_one}, {"value", Q_tag_one}, {"colors", Q_tag_color}}, .view = "tag/one",
     .title = "A tag"},
    {POST, TAG, CAN(settings_write), .action = "tag.change", .fields = tag_fields,
     .save = Q_tag_save, .then = "/settings/tags/{tag_id}?saved=1", .again = TAG,
     .title = "A tag: save"},
    {0},
};
