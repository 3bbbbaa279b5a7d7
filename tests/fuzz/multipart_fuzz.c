/* multipart_fuzz.c -- bodies of multipart/form-data: parts lie within the body, texts are texts. */
#include "core/http.h"
#include "fuzz.h"

static void look(struct arena *a, struct str type, struct str body)
{
    struct pairs fields;
    struct uploads files;
    if (http_multipart(a, type, body, &fields, &files))
        return;
    MUST(fields.n + files.n <= HTTP_MAX_PARTS);
    for (size_t i = 0; i < fields.n; i++) {
        MUST(is_text(fields.items[i].name) && is_text(fields.items[i].value));
        MUST(fields.items[i].name.n > 0 && fields.items[i].name.n <= HTTP_MAX_NAME);
    }
    for (size_t i = 0; i < files.n; i++) {
        struct upload *u = &files.items[i];
        MUST(u->bytes.p >= body.p && u->bytes.p + u->bytes.n <= body.p + body.n);
        MUST(is_text(u->name) && (u->filename.n == 0 || is_text(u->filename)));
        MUST(u->name.n > 0 && u->name.n <= HTTP_MAX_NAME);
        MUST(!memmem(u->bytes.p, u->bytes.n, "\r\n--XX", 6) ||
             !str_is(type, "multipart/form-data; boundary=XX"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = fuzz_arena();
    struct str rest = {(const char *)data, size};
    look(a, S("multipart/form-data; boundary=XX"), rest);
    /* The first line as the content type, for boundaries that are no boundaries. */
    struct str type = str_cut(&rest, '\n');
    look(a, arena_printf(a, "multipart/form-data%.*s", (int)type.n, type.p), rest);
    return 0;
}
