/*
 * chart_gather.c -- a chart as lines to be printed: read with the rights of who asks, so that a file shows no more than the page.
 * Owns: the sections and their order. One more section is one more row of the table.
 * Never: words of its own for what the record says.
 */
#include "chart.h"
#include "form_file.h"

struct gathering {
    struct req *r;
    struct arena *a;
    struct buf b;
    const struct rows *head;
};

static void add(struct gathering *g, const char *kind, struct str text, struct str value)
{
    const struct str parts[] = {str_of(kind), text, value};
    buf_addz(&g->b, g->b.n > 1 ? ",[" : "[");
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_addz(&g->b, i ? ",\"" : "\"");
        esc_json(&g->b, parts[i]);
        buf_addc(&g->b, '"');
    }
    buf_addc(&g->b, ']');
}

static struct str cell(const struct rows *rows, size_t i, const char *column)
{
    return rows_text(rows, i, column);
}

/* Dates and times as the pages show them. */
static struct str shown(struct gathering *g, const struct rows *rows, size_t i, const char *column,
                        const char *as)
{
    int col = rows_column_find(rows, column);
    struct val v = col < 0 ? (struct val){.kind = VAL_NULL} : rows_val(rows, i, (size_t)col);
    return v.kind == VAL_NULL ? S("") : view_text(g->a, v, as);
}

static struct str join(struct arena *a, struct str one, const char *between, struct str two)
{
    return two.n == 0 ? one
           : one.n == 0
               ? two
               : arena_printf(a, "%.*s%s%.*s", (int)one.n, one.p, between, (int)two.n, two.p);
}

static void fact_if(struct gathering *g, const char *label, struct str value)
{
    if (value.n > 0)
        add(g, CHART_FACT, str_of(label), value);
}

/* Who noted something, and when. */
static struct str said(struct gathering *g, const struct rows *rows, size_t i)
{
    return arena_printf(g->a, "noted %s by %s",
                        arena_cstr(g->a, shown(g, rows, i, "said_on", "date")),
                        arena_cstr(g->a, cell(rows, i, "said_by")));
}

/* ---- sections ---- */

static void more_contacts(struct gathering *g, const struct rows *rows)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        bool is_phone = rows_bool(rows, i, "is_phone");
        struct str label = cell(rows, i, "label");
        add(g, CHART_FACT, label.n ? label : str_of(is_phone ? "Further phone" : "Further e-mail"),
            is_phone ? shown(g, rows, i, "value", "phone") : cell(rows, i, "value"));
    }
}

static void guardians(struct gathering *g, const struct rows *rows)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct str who = join(g->a, cell(rows, i, "name"), ", ", cell(rows, i, "relation_words")),
                   born = shown(g, rows, i, "birth_date", "short_date"),
                   until = shown(g, rows, i, "ended_on", "short_date");
        who = join(g->a, who, ", born ", born);
        who = join(g->a, who, ", ", shown(g, rows, i, "phone", "phone"));
        who = join(g->a, who, ", ", cell(rows, i, "email"));
        add(g, CHART_FACT, S("Guardian"), join(g->a, who, ", until ", until));
    }
}

/* What a signed form asked her to allow, as it stands. */
static void allowed(struct gathering *g, const struct rows *rows)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct str back = shown(g, rows, i, "withdrawn", "short_date"),
                   since = shown(g, rows, i, "since", "short_date");
        add(g, CHART_FACT, cell(rows, i, "words"),
            rows_bool(rows, i, "stands") ? join(g->a, S("Allowed since"), " ", since)
            : back.n                     ? join(g->a, S("Not allowed, taken back"), " ", back)
                                         : join(g->a, S("Not allowed, said"), " ", since));
    }
}

static enum err contact(struct gathering *g, const struct rows *h)
{
    const struct rows *about = req_query(g->r, Q_person_about);
    const struct rows *further = about ? req_query(g->r, Q_person_contact) : NULL;
    const struct rows *adults = further ? req_query(g->r, Q_person_guardian) : NULL;
    const struct rows *own = adults ? req_query(g->r, Q_client_field_value) : NULL;
    const struct rows *consents = own ? req_query(g->r, Q_form_consents) : NULL;
    if (!consents)
        return req_error(g->r);
    fact_if(g, "Name", cell(h, 0, "name"));
    fact_if(g, "Called", cell(h, 0, "preferred_name"));
    fact_if(g, "Pronouns", cell(about, 0, "pronouns"));
    fact_if(g, "Date of birth", cell(h, 0, "born"));
    fact_if(g, "Due date", cell(h, 0, "due"));
    fact_if(g, "Phone", shown(g, h, 0, "phone", "phone"));
    fact_if(g, "E-mail", cell(h, 0, "email"));
    more_contacts(g, further);
    fact_if(g, "Address", cell(about, 0, "address"));
    fact_if(g, "Language", cell(about, 0, "language_words"));
    fact_if(g, "Preferred way", cell(about, 0, "way_words"));
    fact_if(g, "Best time", cell(about, 0, "best_time"));
    struct str call = join(g->a, cell(about, 0, "emergency_contact_name"), ", ",
                           cell(about, 0, "emergency_contact_relation"));
    fact_if(g, "In an emergency",
            join(g->a, call, ", ", shown(g, about, 0, "emergency_contact_phone", "phone")));
    guardians(g, adults);
    for (size_t i = 0; i < rows_count(own); i++)
        add(g, CHART_FACT, cell(own, i, "field_name"), cell(own, i, "value_sealed"));
    allowed(g, consents);
    return OK;
}

/* A list of what she has: unknown, none, or each. */
static void health(struct gathering *g, const struct rows *rows, const char *what,
                   const char *first, const char *second)
{
    if (rows_count(rows) == 0)
        add(g, CHART_TEXT, S("Not known: nobody has asked yet."), S(""));
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (rows_bool(rows, i, "is_none")) {
            add(g, CHART_TEXT, join(g->a, S("None known, "), "", said(g, rows, i)), S(""));
            continue;
        }
        struct str more = join(g->a, cell(rows, i, first), ", ", cell(rows, i, second));
        add(g, CHART_FACT, cell(rows, i, what), join(g->a, more, "; ", said(g, rows, i)));
    }
}

static void allergies(struct gathering *g, const struct rows *rows)
{
    health(g, rows, "substance_sealed", "severity_words", "reaction_sealed");
}

static void medications(struct gathering *g, const struct rows *rows)
{
    health(g, rows, "medication_sealed", "dose_sealed", "taken_since_sealed");
}

static void conditions(struct gathering *g, const struct rows *rows)
{
    health(g, rows, "condition_sealed", "had_since_sealed", "remark_sealed");
}

/* What was ended: whatever kind of line it is, it has a text, perhaps more of it, and perhaps why. */
static void before(struct gathering *g, const struct rows *rows)
{
    static const char *const texts[][3] = {
        {"substance_sealed", "reaction_sealed", "allergy_reason"},
        {"medication_sealed", "dose_sealed", "medication_reason"},
        {"condition_sealed", "remark_sealed", "condition_reason"}};
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct str what = S(""), why = S("");
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            what = join(g->a, what, "",
                        join(g->a, cell(rows, i, texts[k][0]), ", ", cell(rows, i, texts[k][1])));
            why = join(g->a, why, "", cell(rows, i, texts[k][2]));
        }
        struct str ended = arena_printf(g->a, "ended %s by %s",
                                        arena_cstr(g->a, shown(g, rows, i, "ended_on", "date")),
                                        arena_cstr(g->a, cell(rows, i, "ended_by")));
        ended = join(g->a, join(g->a, said(g, rows, i), "; ", ended), ": ", why);
        add(g, CHART_FACT, cell(rows, i, "kind"), join(g->a, what, "; ", ended));
    }
}

/* What of a list belongs to one line of another: "what: value", each on a line of its own. */
static void parts_of(struct gathering *g, const struct rows *parts, const char *key, struct str id,
                     void (*write)(struct gathering *g, const struct rows *parts, size_t i))
{
    for (size_t i = 0; i < rows_count(parts); i++)
        if (str_eq(cell(parts, i, key), id))
            write(g, parts, i);
}

static void product_used(struct gathering *g, const struct rows *rows, size_t i)
{
    struct str lot =
        arena_printf(g->a, "lot %s, expires %s", arena_cstr(g->a, cell(rows, i, "lot")),
                     arena_cstr(g->a, shown(g, rows, i, "expires_on", "date")));
    struct str much = join(g->a, cell(rows, i, "amount"), ", ", cell(rows, i, "area_sealed"));
    add(g, CHART_FACT, cell(rows, i, "product"), join(g->a, much, "; ", lot));
}

static void advice(struct gathering *g, const struct rows *rows, size_t i)
{
    add(g, CHART_FACT, S("Told to do afterwards"), cell(rows, i, "advice_sealed"));
}

static void device_set(struct gathering *g, const struct rows *rows, size_t i)
{
    add(g, CHART_FACT, cell(rows, i, "device"), cell(rows, i, "settings_sealed"));
}

/* How much of a product a treatment took in all. */
static void total(struct gathering *g, const struct rows *rows, size_t i)
{
    struct str lines = cell(rows, i, "by_lines"), points = cell(rows, i, "by_points");
    if (points.n)
        points = arena_printf(g->a, "%.*s at %lld points", (int)points.n, points.p,
                              (long long)rows_int(rows, i, "n_points"));
    if (points.n && lines.n)
        lines = join(g->a, lines, " ", S("as noted above"));
    add(g, CHART_FACT, join(g->a, S("In all:"), " ", cell(rows, i, "product")),
        join(g->a, lines, ", ", points));
}

static void point(struct gathering *g, const struct rows *rows, size_t i)
{
    struct str product = cell(rows, i, "product"), lot = cell(rows, i, "lot");
    struct str what = join(g->a, product, ", ", cell(rows, i, "amount"));
    what = join(g->a, what, ", ", cell(rows, i, "near_region"));
    what = join(g->a, what, ", ", cell(rows, i, "depth_words"));
    what = join(g->a, what, ", ", cell(rows, i, "remark_sealed"));
    if (lot.n)
        what = arena_printf(g->a, "%.*s; lot %.*s, expires %s", (int)what.n, what.p, (int)lot.n,
                            lot.p, arena_cstr(g->a, shown(g, rows, i, "expires_on", "date")));
    add(g, CHART_FACT,
        arena_printf(g->a, "%s %lld", arena_cstr(g->a, cell(rows, i, "drawing_words")),
                     (long long)rows_int(rows, i, "number")),
        arena_printf(g->a, "%.*s%s%lld, %lld", (int)what.n, what.p, what.n ? "; at " : "At ",
                     (long long)rows_int(rows, i, "x"), (long long)rows_int(rows, i, "y")));
}

/* The maps of one treatment: the drawing, then its points as words. */
static void maps_of(struct gathering *g, const struct rows *maps, const struct rows *points,
                    struct str id)
{
    for (size_t m = 0; m < rows_count(maps); m++) {
        if (!str_eq(cell(maps, m, "encounter_id"), id))
            continue;
        struct buf marks = buf_in(g->a, 256);
        struct str key = cell(maps, m, "map_key");
        for (size_t i = 0; i < rows_count(points); i++)
            if (str_eq(cell(points, i, "map_key"), key))
                buf_printf(&marks, "%s%lld %lld %lld", marks.n ? ";" : "",
                           (long long)rows_int(points, i, "x"), (long long)rows_int(points, i, "y"),
                           (long long)rows_int(points, i, "number"));
        add(g, CHART_MAP, join(g->a, cell(maps, m, "drawing"), " ", cell(maps, m, "drawing_words")),
            buf_str(&marks));
        parts_of(g, points, "map_key", key, point);
    }
}

/* What was added to a treatment or a note after it was signed. */
static void added(struct gathering *g, const struct rows *rows, size_t i, const char *text)
{
    struct str by =
        join(g->a, cell(rows, i, "author"), ", ", shown(g, rows, i, "signed", "datetime"));
    add(g, CHART_SMALL, join(g->a, S("Added by"), " ", by), S(""));
    add(g, CHART_TEXT, cell(rows, i, text), S(""));
}

static void addendum(struct gathering *g, const struct rows *rows, size_t i)
{
    added(g, rows, i, "addendum_sealed");
}

static void addendum_to_note(struct gathering *g, const struct rows *rows, size_t i)
{
    added(g, rows, i, "body_sealed");
}

/* Who noted a treatment, and who signed it, each with the time. */
static struct str signed_words(struct gathering *g, const struct rows *rows, size_t i)
{
    struct str noted =
        arena_printf(g->a, "Noted by %s, %s", arena_cstr(g->a, cell(rows, i, "noted_by")),
                     arena_cstr(g->a, shown(g, rows, i, "noted", "datetime")));
    if (!rows_bool(rows, i, "is_signed"))
        return join(g->a, noted, ". ", S("Not signed"));
    return join(g->a, join(g->a, noted, ". Signed by ", cell(rows, i, "signed_by")), ", ",
                shown(g, rows, i, "signed", "datetime"));
}

static enum err treatments(struct gathering *g, const struct rows *rows)
{
    const struct rows *products = req_query(g->r, Q_encounter_products);
    const struct rows *devices = products ? req_query(g->r, Q_encounter_devices) : NULL;
    const struct rows *totals = devices ? req_query(g->r, Q_encounter_totals) : NULL;
    const struct rows *maps = totals ? req_query(g->r, Q_body_map_of_client) : NULL;
    const struct rows *points = maps ? req_query(g->r, Q_body_map_points_of_client) : NULL;
    const struct rows *advices = points ? req_query(g->r, Q_encounter_advices) : NULL;
    const struct rows *addenda = advices ? req_query(g->r, Q_encounter_addenda) : NULL;
    if (!addenda)
        return req_error(g->r);
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct str id = cell(rows, i, "encounter_id");
        struct str what = join(g->a, cell(rows, i, "service"), ", ", cell(rows, i, "provider"));
        add(g, CHART_ENTRY, join(g->a, shown(g, rows, i, "done_on", "date"), ": ", what), S(""));
        add(g, CHART_SMALL, signed_words(g, rows, i), S(""));
        parts_of(g, products, "encounter_id", id, product_used);
        parts_of(g, totals, "encounter_id", id, total);
        maps_of(g, maps, points, id);
        parts_of(g, devices, "encounter_id", id, device_set);
        fact_if(g, "Told to do afterwards", cell(rows, i, "aftercare_sealed"));
        parts_of(g, advices, "encounter_id", id, advice);
        parts_of(g, addenda, "encounter_id", id, addendum);
    }
    return OK;
}

static void plan_step(struct gathering *g, const struct rows *rows, size_t i)
{
    struct str on = shown(g, rows, i, "changed_on", "date");
    add(g, CHART_FACT, cell(rows, i, "service"),
        join(g->a, cell(rows, i, "state_words"), ", ",
             on.n ? on : shown(g, rows, i, "due_on", "date")));
}

static enum err plans(struct gathering *g, const struct rows *rows)
{
    const struct rows *steps = req_query(g->r, Q_plan_steps);
    if (!steps)
        return req_error(g->r);
    for (size_t i = 0; i < rows_count(rows); i++) {
        add(g, CHART_ENTRY, cell(rows, i, "title_sealed"), S(""));
        parts_of(g, steps, "plan_id", cell(rows, i, "plan_id"), plan_step);
    }
    return OK;
}

static void visits(struct gathering *g, const struct rows *rows)
{
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct str what = join(g->a, cell(rows, i, "service"), ", ", cell(rows, i, "provider"));
        what = join(g->a, what, ", ", cell(rows, i, "location_name"));
        add(g, CHART_FACT, shown(g, rows, i, "starts", "datetime"),
            join(g->a, what, ": ", cell(rows, i, "status_words")));
    }
}

static void attached(struct gathering *g, const struct rows *rows, size_t i)
{
    add(g, CHART_FACT, S("Attached"),
        join(g->a, cell(rows, i, "name_sealed"), ", ",
             form_file_size(g->a, rows_int(rows, i, "bytes"))));
}

static enum err forms(struct gathering *g, const struct rows *rows)
{
    const struct rows *files = req_query(g->r, Q_form_file_of_client);
    if (!files)
        return req_error(g->r);
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (!rows_bool(rows, i, "is_signed"))
            continue;
        bool is_paper = rows_bool(rows, i, "is_paper");
        struct str signed_on =
            join(g->a, is_paper ? S("signed on paper,") : S("signed"), " ",
                 shown(g, rows, i, "signed", is_paper ? "date" : "datetime"));
        add(g, CHART_FACT, cell(rows, i, "form"),
            join(g->a,
                 join(g->a, signed_on,
                      ", taken back ", shown(g, rows, i, "revoked", "datetime")),
                 "; ", join(g->a, S("envelope"), " ", cell(rows, i, "signature_id"))));
        parts_of(g, files, "signature_id", cell(rows, i, "signature_id"), attached);
    }
    return OK;
}

static enum err notes(struct gathering *g, const struct rows *rows)
{
    const struct rows *addenda = req_query(g->r, Q_chart_addendum);
    if (!addenda)
        return req_error(g->r);
    if (rows_bool(g->head, 0, "has_hidden_notes"))
        add(g, CHART_TEXT, S("Who had this made may not read notes."), S(""));
    for (size_t i = 0; i < rows_count(rows); i++) {
        add(g, CHART_ENTRY,
            join(g->a, shown(g, rows, i, "written", "datetime"), ", ", cell(rows, i, "author")),
            S(""));
        add(g, CHART_SMALL,
            rows_bool(rows, i, "is_draft")
                ? S("A draft, not signed")
                : join(g->a, S("Signed"), " ", shown(g, rows, i, "signed", "datetime")),
            S(""));
        add(g, CHART_TEXT, cell(rows, i, "body_sealed"), S(""));
        parts_of(g, addenda, "note_id", cell(rows, i, "note_id"), addendum_to_note);
    }
    return OK;
}

static void statement(struct gathering *g, const struct rows *rows, size_t i)
{
    struct str what =
        rows_bool(rows, i, "is_rebuttal") ? S("Answer to it") : S("Statement of disagreement");
    add(g, CHART_FACT, what,
        join(g->a, cell(rows, i, "statement_sealed"), "; ", shown(g, rows, i, "said", "datetime")));
}

/* Corrections that were refused, with what was said of it since. */
static enum err disputes(struct gathering *g, const struct rows *rows)
{
    const struct rows *statements = req_query(g->r, Q_correction_statements);
    if (!statements)
        return req_error(g->r);
    for (size_t i = 0; i < rows_count(rows); i++) {
        add(g, CHART_FACT, cell(rows, i, "field_words"),
            join(g->a, cell(rows, i, "words_sealed"), "; ",
                 shown(g, rows, i, "asked", "datetime")));
        add(g, CHART_FACT, S("Refused"),
            join(g->a, cell(rows, i, "reason_sealed"), "; ",
                 shown(g, rows, i, "decided", "datetime")));
        parts_of(g, statements, "correction_id", cell(rows, i, "correction_id"), statement);
    }
    return OK;
}

static const struct section {
    const char *title;
    enum query query;
    void (*write)(struct gathering *g, const struct rows *rows);
    enum err (*write_more)(struct gathering *g,
                           const struct rows *rows); /* one that asks for more */
    const char *empty; /* what stands there without rows; NULL: write says it */
} sections[] = {
    {"Contact", Q_proof_chart_head, NULL, contact, NULL},
    {"Allergies", Q_client_allergy, allergies, NULL, NULL},
    {"Medications", Q_health_medications, medications, NULL, NULL},
    {"Conditions", Q_health_conditions, conditions, NULL, NULL},
    {"What no longer holds", Q_health_before, before, NULL, "Nothing was ended."},
    {"Treatments", Q_encounter_of_client, NULL, treatments, "No treatment is noted."},
    {"Treatment plans", Q_plan_of_client, NULL, plans, "Nothing is planned."},
    {"Visits", Q_client_visit, visits, NULL, "No visits."},
    {"Notes", Q_chart_note, NULL, notes, "No notes."},
    {"Signed forms", Q_client_form, NULL, forms, "No forms."},
    {"Corrections that were refused", Q_correction_disputed, NULL, disputes, "None."},
};

enum err chart_gather(struct req *r, struct str *lines)
{
    struct gathering g = {.r = r, .a = req_arena(r), .b = buf_in(req_arena(r), 32 << 10)};
    g.head = req_query(r, Q_proof_chart_head);
    if (!g.head)
        return req_error(r);
    if (rows_count(g.head) == 0)
        return ERR_NOT_FOUND;
    buf_addc(&g.b, '[');
    add(&g, CHART_TITLE, cell(g.head, 0, "name"), cell(g.head, 0, "studio"));
    add(&g, CHART_MADE, arena_printf(g.a, "%lld", (long long)rows_int(g.head, 0, "asked_epoch")),
        cell(g.head, 0, "country"));
    add(&g, CHART_FOOT,
        arena_printf(g.a, "Made for %s, %s, %s", arena_cstr(g.a, cell(g.head, 0, "asker")),
                     arena_cstr(g.a, cell(g.head, 0, "asked_local")),
                     arena_cstr(g.a, cell(g.head, 0, "zone_words"))),
        S(""));
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        const struct section *s = &sections[i];
        const struct rows *rows = req_query(r, s->query);
        if (!rows)
            return req_error(r);
        add(&g, CHART_HEADING, str_of(s->title), S(""));
        if (rows_count(rows) == 0 && s->empty)
            add(&g, CHART_TEXT, str_of(s->empty), S(""));
        enum err e = OK;
        if (s->write_more)
            e = s->write_more(&g, rows);
        else
            s->write(&g, rows);
        if (e)
            return e;
    }
    buf_addc(&g.b, ']');
    *lines = buf_str(&g.b);
    return OK;
}
