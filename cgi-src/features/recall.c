/*
 * recall.c -- who received a lot: the list, the list as a file, a letter to each, kept until it is
 * sent, and one on paper to those whom no e-mail reaches. Never: names the product in a subject.
 */
#include "crypto.h"
#include "features.h"

static const struct field letter_fields[] = {
    {"body", FIELD_LONG, .required = true, .max = 4000, .missing = "Write what they shall read."},
    {0},
};

static const struct field paper_fields[] = {
    {"paper_body", FIELD_LONG, .required = true, .max = 4000,
     .missing = "Write what they shall read."},
    {0},
};

/* A file holds all of them or is refused; letters are written so many at a time, and the page says when there are more. */
enum { EXPORT_MOST = 50000, LETTERS_MOST = 500 };

static enum err download(struct req *r)
{
    static const char *const columns[] = {"client",         "phone",      "email",
                                          "last_treatment", "treatments", "message"};
    struct rows *lot = req_query(r, Q_recall_lot);
    struct rows *total = lot ? req_query(r, Q_recall_count) : NULL;
    if (!total)
        return req_error(r);
    if (rows_int(total, 0, "n_received") > EXPORT_MOST)
        return reply_too_long(r, EXPORT_MOST);
    struct rows *rows = req_query(r, Q_recall_export);
    return reply_csv(r, rows, columns, COUNT_OF(columns), "recall.csv");
}

static enum err keep_letter(struct req *r, struct str client, struct str to)
{
    struct arena *a = req_arena(r);
    struct str id = uuid_new(a);
    enum err e = req_set_sealed(r, "body_bytes", client, "app.message", "body_sealed", id,
                                req_value(r, "body"));
    if (e)
        return e;
    req_set(r, "letter_client", client);
    req_set(r, "letter_id", id);
    req_set(r, "to_address", to);
    req_set(r, "subject", S("A message about your treatment"));
    return req_query(r, Q_recall_keep) ? OK : req_error(r);
}

static enum err prepare(struct req *r)
{
    struct rows *lot = req_query(r, Q_recall_lot);
    struct rows *clients = lot ? req_query(r, Q_recall_to_write) : NULL;
    if (!clients)
        return req_error(r);
    size_t n = rows_count(clients);
    const char *more = n > LETTERS_MOST ? "&more=1" : "";
    n = n > LETTERS_MOST ? LETTERS_MOST : n;
    for (size_t i = 0; i < n; i++) {
        enum err e =
            keep_letter(r, rows_text(clients, i, "client_id"), rows_text(clients, i, "email"));
        if (e)
            return e;
    }
    struct str said =
        n == 0 ? S("nobody=1") : arena_printf(req_arena(r), "prepared=%zu%s", n, more);
    return reply_redirect(r, arena_printf(req_arena(r), "/recalls/%.*s/letters?%.*s",
                                          (int)req_value(r, "lot_id").n, req_value(r, "lot_id").p,
                                          (int)said.n, said.p));
}

#define ONE "/recalls/{lot_id:uuid}"
#define LETTERS ONE "/letters"

const struct page recall_pages[] = {
    {GET, ONE, CAN(chart_read), .action = "recall.read",
     .show = {{"lot", Q_recall_lot}, {"total", Q_recall_count}, {"received", Q_recall_clients}},
     .view = "recall/one", .title = "Who received a lot"},
    {GET, "/recalls", CAN(chart_read), .show = {{"lots", Q_recall_find}}, .view = "recall/find",
     .title = "Recalls: find a lot"},
    {GET, ONE "/unreached", CAN(chart_read), .action = "recall.read",
     .show = {{"lot", Q_recall_lot},
              {"unreached", Q_recall_unreached},
              {"papers", Q_recall_papers}},
     .view = "recall/unreached", .title = "A recall: whom no letter reaches"},
    {GET, ONE "/paper/{paper_id:uuid}", CAN(chart_read), .action = "recall.paper",
     .show = {{"paper", Q_recall_paper}, {"letters", Q_recall_paper_to}}, .view = "recall/paper",
     .title = "A recall: letters to print"},
    {GET, ONE "/list.csv", CAN(chart_read), .step_up = true, .action = "recall.export",
     .run = download, .title = "Who received a lot, as a file"},
    {GET, LETTERS, CAN(message_write),
     .show = {{"lot", Q_recall_lot}, {"letters", Q_recall_letters}}, .view = "recall/letters",
     .title = "A recall: the letters"},
    {POST, ONE "/paper", CAN(message_write), .action = "recall.print", .fields = paper_fields,
     .save = Q_recall_print, .then = "/recalls/{lot_id}/paper/{paper_id}", .again = LETTERS,
     .title = "A recall: write to those whom no e-mail reaches"},
    {POST, ONE "/prepare", CAN(message_write), .action = "recall.prepare", .fields = letter_fields,
     .run = prepare, .again = LETTERS, .title = "A recall: prepare a letter to each"},
    {POST, ONE "/send", CAN(message_write), .action = "recall.send", .save = Q_recall_send,
     .then = "/recalls/{lot_id}/letters?sent={sent}", .again = LETTERS,
     .title = "A recall: send the letters"},
    {0},
};
