/* product.c -- the register of products and their lots: what treatments may name. */
#include "schedule_pages.h"

static const struct field product_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give the product a name."},
    {"product_kind", FIELD_CHOICE, .required = true,
     .choices = "toxin|filler|topical|peel|consumable|other"},
    {"unit", FIELD_CHOICE, .required = true, .choices = "units|ml|mg|g|pieces"},
    {0},
};

static const struct field lot_fields[] = {
    {"lot", FIELD_TEXT, .required = true, .max = 60,
     .missing = "Give the lot's number, as it stands on the pack."},
    {"expires_on", FIELD_DATE, .required = true, .missing = "When does it expire?"},
    {"received_on", FIELD_DATE},
    {0},
};

static const struct field received_fields[] = {
    {"came_on", FIELD_DATE, .required = true, .missing = "When did it come?"},
    {0},
};

#define LIST "/settings/products"
#define ONE LIST "/{product_id:uuid}"
#define THEN .then = LIST "/{product_id}?saved=1"
#define CHOICES                                                                                    \
    {"kinds", Q_product_kinds}, { "units", Q_product_units }

const struct page product_pages[] = {
    {GET, LIST, SCHEDULE, .show = {{"products", Q_product_list}}, .view = "product/list",
     .title = "Products and lots"},
    {GET, LIST "/new", SCHEDULE, .show = {CHOICES}, .view = "product/new",
     .title = "A new product"},
    {POST, LIST "/new", SCHEDULE, .action = "product.create", .fields = product_fields,
     .save = Q_product_add, THEN, .again = LIST "/new", .title = "A new product: save"},
    {GET, ONE, SCHEDULE,
     .show =
         {{"product", Q_product_one}, {"value", Q_product_one}, {"lots", Q_product_lots}, CHOICES},
     .view = "product/one", .title = "A product and its lots"},
    {POST, ONE, SCHEDULE, .action = "product.change", .fields = product_fields,
     .save = Q_product_change, THEN, .again = ONE, .title = "A product: save"},
    {POST, ONE "/put", SCHEDULE, .action = "product.put", .fields = put_fields,
     .save = Q_product_put, THEN, .again = ONE, .title = "A product: put away or bring back"},
    {POST, ONE "/lots", SCHEDULE, .action = "product.lot", .fields = lot_fields,
     .save = Q_product_lot_add, THEN, .again = ONE, .title = "A product: register a lot"},
    {POST, ONE "/lots/{lot_id:uuid}/put", SCHEDULE, .action = "product.lot_put",
     .fields = put_fields, .save = Q_product_lot_put, THEN, .again = ONE,
     .title = "A product: a lot is used up"},
    {POST, ONE "/lots/{lot_id:uuid}/received", SCHEDULE, .action = "product.lot_received",
     .fields = received_fields, .save = Q_product_lot_received, THEN, .again = ONE,
     .title = "A product: correct when a lot came"},
    {0},
};
