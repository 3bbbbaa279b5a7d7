/*
 * view_test.c -- what the product asks of templates beyond the specification: errors that say
 * where, no variable where escaping cannot help (SECURITY.md V-01), truth, lists bound to rows,
 * indentation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "view.h"

static char folder[] = "/tmp/view_test_XXXXXX";
static struct arena *arena;
static struct json_object *data;

struct file {
    const char *name, *text;
};

static struct str path_of(const char *name)
{
    return arena_printf(arena, "%s/%s.mustache", folder, name);
}

/* The templates of one check, and nothing of the last. */
static void put(const struct file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        FILE *f = fopen(path_of(files[i].name).p, "wb");
        assert_non_null(f);
        fputs(files[i].text, f);
        fclose(f);
    }
    view_directories(folder);
}

static void take_away(const struct file *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        unlink(path_of(files[i].name).p);
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    view_strict(true);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    json_object_put(data);
    data = NULL;
    arena_free(arena);
    return 0;
}

/* The first file rendered over JSON; an error's text without the folder. */
static const char *shown(const struct file *files, size_t n, const char *json)
{
    struct str why = S("");
    put(files, n);
    const struct view *v = view_get(files[0].name, arena, &why);
    take_away(files, n);
    if (!v)
        return arena_cstr(arena, why) + (str_starts(why, str_of(folder)) ? sizeof folder : 0);
    json_object_put(data);
    data = json_tokener_parse(json);
    struct buf out = buf_in(arena, 64);
    const struct frame *frame = json_frame(arena, data);
    assert_int_equal(view_render(v, &frame, 1, arena, &out), OK);
    return arena_cstr(arena, buf_str(&out));
}

#define FILES(...)                                                                                 \
    (const struct file[]){__VA_ARGS__}, COUNT_OF(((const struct file[]){__VA_ARGS__}))
#define assert_shown(json, expected, ...)                                                          \
    assert_string_equal(shown(FILES(__VA_ARGS__), json), expected)

static const char *page(const char *text, const char *json)
{
    return shown(&(struct file){"page", text}, 1, json);
}

static void assert_refused(const char *text, const char *reason)
{
    const char *got = page(text, "{}");
    if (strncmp(got, "page.mustache:", 14) != 0 || !strstr(got, reason))
        fail_msg("%s\n  gives: %s\n  not: %s", text, got, reason);
}

static void assert_accepted(const char *text)
{
    const char *got = page(text, "{}");
    if (strncmp(got, "page.mustache:", 14) == 0)
        fail_msg("%s\n  is refused: %s", text, got);
}

static void errors_say_where_what_and_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"a\n\n{{#slots}}\nb", "page.mustache:3: section 'slots' is not closed; add {{/slots}}"},
        {"{{$b}}x", "page.mustache:1: block 'b' is not closed; add {{/b}}"},
        {"a\n{{/x}}", "page.mustache:2: {{/x}} closes nothing; remove it, or open it before"},
        {"{{#a}}\n{{#b}}\n{{/a}}", "page.mustache:3: {{/a}} stands where section 'b' of line 2 is "
                                   "still open; close that first"},
        {"a\n{{name", "page.mustache:2: this tag is not closed; add '}}'"},
        {"{{{a_html}}", "page.mustache:1: this tag is not closed; add '}}}'"},
        {"{{}}",
         "page.mustache:1: a tag has no name; write {{name}}, or {{.}} for the item itself"},
        {"{{a b}}", "page.mustache:1: 'a b' is not a name: a name has no blanks"},
        {"{{a..b}}", "page.mustache:1: 'a..b' is not a name: a part between dots is empty"},
        {"{{=x=}}", "page.mustache:1: delimiters cannot be 'x'; write {{=<% %>=}}"},
        {"{{!\n\n}}{{at:tim}}",
         "page.mustache:3: modifier 'tim' of 'at' is not known; there are: time, date, day, "
         "short_date, weekday, month, month_year, datetime, iso, hour, five, money, minutes, count, s, phone, hex, "
         "initials, upper, url, id, agent, say, zone"},
        {"\xFF", "page.mustache:1: the file is not UTF-8; save it as UTF-8"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(page(cases[i].text, "{}"), cases[i].error);
}

static void what_does_not_exist_is_an_error_only_in_strict_mode(void **state)
{
    (void)state;
    assert_refused("\n{{>part/none}}", "page.mustache:2: partial 'part/none' does not exist; add "
                                       "part/none.mustache");
    assert_refused("{{<none}}{{/none}}", "does not exist");
    assert_refused("{{>../page}}", "does not exist");
    assert_accepted("{{>*none}}");
    assert_refused("{{{note}}}", "which only names ending in _html may");
    assert_refused("{{&note}}", "which only names ending in _html may");
    view_strict(false);
    assert_string_equal(page("[{{>none}}{{{note}}}]", "{\"note\":\"<b>\"}"), "[<b>]");
    view_strict(true);
    struct str why;
    view_directories(folder);
    assert_null(view_get("none", arena, &why));
    assert_non_null(strstr(arena_cstr(arena, why), "template 'none' is not in"));
    assert_null(view_get("../../etc/passwd", arena, &why));
}

static void an_error_in_a_partial_is_one_of_the_page(void **state)
{
    (void)state;
    assert_shown("{}", "inner.mustache:2: section 'x' is not closed; add {{/x}}",
                 {"outer", "{{>middle}}"}, {"middle", "{{>inner}}"}, {"inner", "\n{{#x}}"});
    assert_shown("{}",
                 "inner.mustache:1: variable 'x': its attribute's value is not quoted; write "
                 "it in double quotes",
                 {"outer", "<a class={{>inner}}>"}, {"inner", "{{x}}"});
}

static void values_are_escaped_for_text_and_attributes(void **state)
{
    (void)state;
    assert_string_equal(page("{{x}}|{{{x_html}}}|<a title='{{x}}'>",
                             "{\"x\":\"<b a='1'>&\\\"\",\"x_html\":\"<i>\"}"),
                        "&lt;b a&#61;&#39;1&#39;&gt;&amp;&quot;|<i>|"
                        "<a title='&lt;b a&#61;&#39;1&#39;&gt;&amp;&quot;'>");
    assert_string_equal(page("{{x:upper}}", "{\"x\":\"<b>\"}"), "&lt;B&gt;");
    assert_string_equal(page("{{x}}", "{\"x\":\"{{y}}\",\"y\":1}"), "{{y}}");
}

static void variables_stand_only_where_escaping_helps(void **state)
{
    (void)state;
    assert_refused("<a class={{x}}>", "not quoted");
    assert_refused("<a class=a{{x}}>", "not quoted");
    assert_refused("<a {{x}}>", "not in a tag");
    assert_refused("<a{{x}}>", "not in a tag");
    assert_refused("<{{x}}>", "not in a tag");
    assert_refused("<a data-{{x}}=\"1\">", "not in a tag");
    assert_refused("<script>var a = '{{x}}'</script>", "<script>");
    assert_refused("<SCRIPT type='application/json'>{{x}}</SCRIPT>", "<script>");
    assert_refused("<script>a('</b>'); {{#y}}{{x}}{{/y}}</script>", "<script>");
    assert_refused("<style>.a { color: {{accent}} }</style>", "<style>");
    assert_refused("<a onclick=\"f('{{x}}')\">", "handler");
    assert_refused("<a ONmouseover = 'f({{x}})'>", "handler");
    assert_refused("<a style=\"color: {{x}}\">", "handler, style");
    assert_refused("<iframe srcdoc=\"{{x}}\">", "srcdoc");
    assert_refused("<p title=\"{{{x_html}}}\">", "in text only");
    assert_refused("<textarea>{{{x_html}}}</textarea>", "in text only");
    assert_accepted("<script src='/a.js'></script><p>{{x}}</p>");
    assert_accepted("<style>a > b {}</style>{{x}}<textarea>{{x}}</textarea><title>{{x}}</title>");
    assert_accepted("<!-- it's a <script> \" -->{{x}}<!doctype html>{{x}}<br/>{{x}}");
    assert_accepted("<p data-x=\"{{x}}\" title = '{{x}}' aria-label=\"a > b {{x}}\">1 < 2 {{x}}");
    assert_accepted("<option {{#on}}selected{{/on}} value=\"{{x}}\">{{x}}</option>");
    assert_accepted("<p class=\"a{{#on}} b{{/on}}\" {{#on}}title=\"{{x}}\"{{/on}}>");
}

static void addresses_cannot_become_code(void **state)
{
    (void)state;
    assert_refused("<a href=\"{{x}}\">", "could be javascript:");
    assert_refused("<img src='{{x}}/y'>", "could be javascript:");
    assert_refused("<a href=\"java{{x}}\">", "could be javascript:");
    assert_refused("<form action=\"{{#y}}/a{{/y}}{{x}}\">", "could be javascript:");
    assert_refused("<a href=\"javascript:f('{{x}}')\">", "scheme that may run code");
    assert_refused("<a href=\"data:text/html,{{x}}\">", "scheme that may run code");
    assert_refused("<a href=\"javascript&#58;{{x}}\">", "scheme that may run code");
    assert_accepted("<a href=\"/clients/{{x}}\"><a href=\"?day={{x}}\"><a href='#{{x}}'>");
    assert_accepted("<a href=\"mailto:{{x}}\"><a href=\"tel:{{x}}\"><a href=\"https://{{x}}/\">");
    assert_accepted("<a href=\"{{x:url}}\"><a href=\"{{a.web_url}}\"><form action=\"{{path}}\">");
    assert_accepted("<a href=\"{{origin_url}}{{path}}?x={{x}}\">");
    static const struct {
        const char *value, *expected;
    } values[] = {
        {"javascript:alert(1)", "about:invalid"},
        {"JavaScript:alert(1)", "about:invalid"},
        {"java\\nscript:alert(1)", "about:invalid"},
        {" javascript:alert(1)", "about:invalid"},
        {"data:text/html,x", "about:invalid"},
        {"vbscript:x", "about:invalid"},
        {":x", "about:invalid"},
        {"/a:b", "&#47;a:b"},
        {"HTTPS://a.b", "HTTPS:&#47;&#47;a.b"},
        {"mailto:a@b.c", "mailto:a@b.c"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        const char *json = arena_printf(arena, "{\"a_url\":\"%s\"}", values[i].value).p;
        const char *expected = arena_printf(arena, "<a href=\"%s\">", values[i].expected).p;
        assert_string_equal(page("<a href=\"{{a_url}}\">", json), expected);
    }
}

static void every_way_through_layouts_is_judged(void **state)
{
    (void)state;
    assert_shown("{}",
                 "page.mustache:2: variable 'x': nothing can be escaped safely in <script> or "
                 "<style>; put it into a data- attribute",
                 {"page", "{{<layout}}\n{{$late}}{{x}}{{/late}}{{/layout}}"},
                 {"layout", "<p>{{$main}}{{/main}}</p><script>{{$late}}{{/late}}</script>"});
    assert_shown("{}",
                 "page.mustache:1: variable 'x': nothing can be escaped safely in <script> or "
                 "<style>; put it into a data- attribute",
                 {"page", "{{<card}}{{$body}}{{<card}}{{$body}}<script>{{x}}</script>{{/body}}"
                          "{{/card}}{{/body}}{{/card}}"},
                 {"card", "<p>{{$body}}{{/body}}</p>"});
    assert_shown("{}",
                 "page.mustache:1: block 'mian' is not one of this parent's; correct the "
                 "name, or remove it",
                 {"page", "{{<layout}}{{$mian}}x{{/mian}}{{/layout}}"},
                 {"layout", "{{$main}}{{/main}}"});
    assert_shown("{}",
                 "page.mustache:1: only blocks are shown inside {{<layout}}; put this into "
                 "one: {{$name}}..{{/name}}",
                 {"page", "{{<layout}}lost{{/layout}}"}, {"layout", "{{$main}}{{/main}}"});
    assert_refused("{{#a}}<a href=\"{{/a}}", "ends in another part of the markup");
    assert_refused("<p title=\"{{#a}}\">{{/a}}", "ends in another part of the markup");
    assert_refused("<a class=\"{{>*x}}\">", "in text only");
    assert_refused("{{<*x}}{{/*x}}", "cannot be named by data");
    assert_refused("a{{>page}}", "includes itself without end");
    assert_shown("{\"n\":{\"n\":{\"n\":false}}}", "aa", {"page", "{{#n}}a{{>page}}{{/n}}"});
}

static void a_page_fills_its_own_layouts_blocks_only(void **state)
{
    (void)state;
    /* the card inside the page has a block of the same name as the layout */
    assert_shown("{}", "<h1>Day</h1><h2>Card</h2>",
                 {"page", "{{<layout}}{{$title}}Day{{/title}}{{$main}}{{<card}}{{$title}}Card"
                          "{{/title}}{{/card}}{{/main}}{{/layout}}"},
                 {"layout", "<h1>{{$title}}{{/title}}</h1>{{$main}}{{/main}}"},
                 {"card", "<h2>{{$title}}{{/title}}</h2>"});
    assert_shown("{}", "x", {"page", "{{<layout}}{{$a}}{{$a}}x{{/a}}{{/a}}{{/layout}}"},
                 {"layout", "{{$a}}{{/a}}"});
}

static void plain_text_is_not_escaped_and_stays_out_of_pages(void **state)
{
    (void)state;
    assert_shown("{\"name\":\"O'Brien & Co\"}", "Dear O'Brien & Co, <{{name}}>\n",
                 {"mail.txt", "{{=| |=}}Dear |name|, <{{name}}>\n"});
    assert_shown("{}",
                 "page.mustache:1: 'mail.txt' is plain text, which is not escaped; a page "
                 "cannot include it",
                 {"page", "{{>mail.txt}}"}, {"mail.txt", "{{x}}"});
    assert_shown("{\"t\":\"mail.txt\",\"x\":\"<\"}", "[]", {"page", "[{{>*t}}]"},
                 {"mail.txt", "{{x}}"});
}

static void truth_comes_from_the_kind(void **state)
{
    (void)state;
    static const struct {
        const char *json, *expected;
    } cases[] = {
        {"{\"x\":true}", "yes"},      {"{\"x\":false}", "no"},
        {"{\"x\":null}", "no"},       {"{}", "no"},
        {"{\"x\":[]}", "no"},         {"{\"x\":{}}", "yes"},
        {"{\"x\":\"\"}", "no"},       {"{\"x\":\"f\"}", "yes"},
        {"{\"x\":\"false\"}", "yes"}, {"{\"x\":\"0\"}", "yes"},
        {"{\"x\":0}", "no"},          {"{\"x\":-1}", "yes"},
        {"{\"x\":0.0}", "no"},        {"{\"x\":0.5}", "yes"},
        {"{\"x\":[0]}", "yes"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(page("{{#x}}yes{{/x}}{{^x}}no{{/x}}", cases[i].json),
                            cases[i].expected);
}

static void midnight_is_true(void **state)
{
    (void)state;
    const struct file file = {"page", "{{#at}}{{at:time}}{{/at}}"};
    put(&file, 1);
    struct str why;
    const struct view *v = view_get("page", arena, &why);
    take_away(&file, 1);
    const struct kv items[] = {{name_intern(S("at")), {.kind = VAL_LOCAL, .i = 0}}};
    struct kv_frame kv = kv_frame_of(items, 1);
    const struct frame *frames[] = {&kv.base};
    struct buf out = buf_in(arena, 0);
    assert_int_equal(view_render(v, frames, 1, arena, &out), OK);
    assert_string_equal(arena_cstr(arena, buf_str(&out)), "12:00 am");
}

/* ---- lists from C ---- */

struct slot {
    struct frame base;
    int64_t room, number;
};
static name_id n_room, n_number;

static struct val slot_find(const struct frame *f, name_id name)
{
    const struct slot *s = (const void *)f;
    if (name == n_room)
        return (struct val){.kind = VAL_INT, .i = s->room};
    if (name == n_number)
        return (struct val){.kind = VAL_INT, .i = s->number};
    return (struct val){.kind = VAL_MISSING};
}
static const struct frame_ops slot_ops = {slot_find, NULL};
static const struct slot slots[] = {
    {{&slot_ops}, 1, 10}, {{&slot_ops}, 2, 20}, {{&slot_ops}, 1, 30}, {{&slot_ops}, 9, 90}};

static const struct frame *slot_of_room(struct arena *a, const void *self, size_t i,
                                        const struct frame *outer)
{
    const struct slot *all = self;
    (void)a;
    bool belongs = outer && outer->ops->find(outer, n_room).i == all[i].room;
    return belongs ? &all[i].base : NULL;
}

static void rows_belong_to_the_row_around_them(void **state)
{
    (void)state;
    static const struct list_ops ops = {slot_of_room};
    n_room = name_intern(S("room"));
    n_number = name_intern(S("number"));
    const struct file file = {"page", "{{#room}}{{#slots}}{{number}} {{/slots}}{{^slots}}none"
                                      "{{/slots}}|{{slots.number}}{{/room}}"};
    put(&file, 1);
    struct str why;
    const struct view *v = view_get("page", arena, &why);
    take_away(&file, 1);
    static const char *const expected[] = {"10 30 |10", "20 |20", "none|"};
    for (int64_t room = 1; room <= 3; room++) {
        const struct kv items[] = {
            {n_room, {.kind = VAL_INT, .i = room}},
            {name_intern(S("slots")), {.kind = VAL_LIST, .list = {&ops, slots, COUNT_OF(slots)}}}};
        struct kv_frame kv = kv_frame_of(items, 2);
        const struct frame *frames[] = {&kv.base};
        struct buf out = buf_in(arena, 0);
        assert_int_equal(view_render(v, frames, 1, arena, &out), OK);
        assert_string_equal(arena_cstr(arena, buf_str(&out)), expected[room - 1]);
    }
}

static void indentation_goes_before_lines_of_the_template_only(void **state)
{
    (void)state;
    assert_shown("{\"x\":\"1\\n2\",\"rows\":[1,2]}",
                 "<ul>\n  <li>\n    <p>1\n2</p>\n\n    <b>1</b>\n  </li>\n  <li>\n"
                 "    <p>1\n2</p>\n\n    <b>2</b>\n  </li>\n</ul>\n",
                 {"page", "<ul>\n{{#rows}}\n  {{>row}}\n{{/rows}}\n</ul>\n"},
                 {"row", "<li>\n  {{>cell}}\n</li>\n"}, {"cell", "<p>{{x}}</p>\n\n<b>{{.}}</b>\n"});
    assert_shown("{}", "<main>\n  <p>a</p>\n  <p>b</p>\n</main>\n",
                 {"page", "{{<layout}}\n{{$main}}\n      <p>a</p>\n      <p>b</p>\n{{/main}}\n"
                          "{{/layout}}\n"},
                 {"layout", "<main>\n  {{$main}}\n  {{/main}}\n</main>\n"});
}

/* The first file in Spanish by this catalogue, over JSON; an error's text without the folder. */
static const char *in_spanish(const char *catalogue, const struct file *files, size_t n,
                              const char *json)
{
    const char *words = arena_printf(arena, "%s/words", folder).p;
    const char *path = arena_printf(arena, "%s/es.po", words).p;
    assert_int_equal(mkdir(words, 0700), 0);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(catalogue, f);
    fclose(f);
    put(files, n);
    struct str why = S(""), name = arena_printf(arena, "%s@es", files[0].name);
    const struct view *v = view_get(name.p, arena, &why);
    assert_true(view_speaks(S("es")));
    assert_false(view_speaks(S("fr")));
    assert_false(view_speaks(S("../es")));
    take_away(files, n);
    unlink(path);
    rmdir(words);
    if (!v)
        return arena_cstr(arena, why) + sizeof folder;
    json_object_put(data);
    data = json_tokener_parse(json);
    struct buf out = buf_in(arena, 64);
    const struct frame *frame = json_frame(arena, data);
    assert_int_equal(view_render(v, &frame, 1, arena, &out), OK);
    return arena_cstr(arena, buf_str(&out));
}

static void a_template_is_said_in_another_language(void **state)
{
    (void)state;
    static const char good[] = "# a comment\nmsgid \"en\"\nmsgstr \"es\"\n\n"
                               "msgid \"Hello {{x}}, \"\n\"you\"\nmsgstr \"Hola,\"\n\" {{x}}\"\n\n"
                               "# message\nmsgid \"A \\\"b\\\"\"\nmsgstr \"Un \\\"b\\\"\"\n\n"
                               "msgid \"Bye\"\nmsgstr \"Adiós\"";
    const struct file files[] = {
        {"page", "<p lang=\"{{#say}}en{{/say}}\">{{#say}}Hello {{x}}, you{{/say}}{{>part}}</p>"},
        {"part", " {{#say}}Bye{{/say}}{{#x}}!{{/x}}"}};
    assert_string_equal(shown(files, 2, "{\"x\":\"<Ana>\"}"),
                        "<p lang=\"en\">Hello &lt;Ana&gt;, you Bye!</p>");
    assert_string_equal(in_spanish(good, files, 2, "{\"x\":\"<Ana>\"}"),
                        "<p lang=\"es\">Hola, &lt;Ana&gt; Adiós!</p>");
    assert_true(str_is(view_words(arena, S("es"), S("A \"b\"")), "Un \"b\""));
    assert_true(str_is(view_words(arena, S("es"), S("Something else")), "Something else"));
    assert_true(str_is(view_words(arena, S(""), S("Bye")), "Bye"));

    const struct file bye[] = {{"page", "{{#say}}Bye{{/say}}"}};
    const struct {
        const char *catalogue, *why;
    } bad[] = {
        {"msgid \"en\"\nmsgstr \"es\"\n",
         "page.mustache: “Bye” has no words in 'es'; add it to words/es.po"},
        {"msgid \"Bye {{x}}\"\nmsgstr \"Adiós {{y}}\"\n",
         "words/es.po:3: this is no text with its translation, whose tags are the same"},
        {"msgid \"Bye\"\nmsgid \"x\"\n",
         "words/es.po:2: this is no text with its translation, whose tags are the same"},
        {"msgid \"Bye\"\nmsgstr \"\"\n",
         "words/es.po:3: this is no text with its translation, whose tags are the same"},
        {"msgid \"Bye\"\nmsgstr \"A\\x\"\n",
         "words/es.po:2: this is no text with its translation, whose tags are the same"},
        {"msgid \"Bye\"\nmsgstr \"A\"\n\nmsgid \"Bye\"\nmsgstr \"B\"\n",
         "words/es.po: “Bye” stands twice"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_string_equal(in_spanish(bad[i].catalogue, bye, 1, "{}"), bad[i].why);
}

/* Dates, times and database words of a page, sentences with numbers, and which language a browser asks for. */
static void dates_numbers_and_browsers_are_said_in_another_language(void **state)
{
    (void)state;
    static const char good[] =
        "msgid \"en\"\nmsgstr \"es\"\n\nmsgid \"Sun Mon Tue Wed Thu Fri Sat\"\n"
        "msgstr \"dom lun mar mié jue vie sáb\"\n\n"
        "msgid \"January February March April May June July August September October November "
        "December\"\nmsgstr \"enero febrero marzo abril mayo junio julio agosto septiembre octubre "
        "noviembre diciembre\"\n\nmsgid \"{day} {month} {year}\"\nmsgstr \"{day} de {month} de "
        "{year}\"\n\nmsgid \"{place} time\"\nmsgstr \"hora de {place}\"\n\n"
        "msgid \"Kept: {name}\"\nmsgstr \"{name}, guardado\"\n\n"
        "msgid \"Booked\"\nmsgstr \"Reservada\"\n\n"
        "msgid \"You can try {1} more times.\"\nmsgstr \"Puede intentarlo {1} veces más.\"\n\n"
        "msgid \"From {1} to {2}.\"\nmsgstr \"Hasta {2}, desde {1}.\"\n\n"
        "msgid \"First “{1}”, {2} days.\"\nmsgstr \"{2} días, “{1}”.\"\n";
    const struct file files[] = {
        {"page", "{{#say}}en{{/say}} {{state:say}} {{other:say}} {{zone:zone}} {{odd:zone}}"}};
    static const char json[] =
        "{\"state\":\"Booked\",\"other\":\"Glow\",\"zone\":\"New York time\",\"odd\":\"x\"}";
    assert_string_equal(shown(files, 1, json), "en Booked Glow New York time x");
    assert_string_equal(in_spanish(good, files, 1, json), "es Reservada Glow hora de New York x");
    const struct str es = S("es");
    assert_true(str_is(view_words(arena, es, S("You can try 4 more times.")),
                       "Puede intentarlo 4 veces más."));
    assert_true(str_is(view_words(arena, es, S("From 1.5 to 12.")), "Hasta 12, desde 1.5."));
    assert_true(str_is(view_words(arena, es, S("From 1 to 2 of 3 in 4 by 5 at 6, 7.")),
                       "From 1 to 2 of 3 in 4 by 5 at 6, 7."));
    assert_true(str_is(view_words(arena, es, S("First “Peel {2} 30”, 5 days.")),
                       "5 días, “Peel {2} 30”."));
    assert_true(str_is(view_words(arena, es, S("First “”, 5 days.")), "First “”, 5 days."));
    assert_true(str_is(view_words(arena, es, S("First “Peel, 5 days.")), "First “Peel, 5 days."));
    assert_true(str_is(view_words(arena, es, S("First “")), "First “"));
    assert_true(str_is(view_words(arena, es, S("")), ""));
    const struct view_part name = {"name", S("{name} {x}")};
    assert_true(
        str_is(view_words_with(arena, es, S("Kept: {name}"), &name, 1), "{name} {x}, guardado"));
    assert_true(
        str_is(view_words_with(arena, S(""), S("Kept: {name} {"), &name, 1), "Kept: {name} {x} {"));
    assert_true(str_is(view_date_words(arena, es, S("1990-05-03")), "3 de mayo de 1990"));
    assert_true(str_is(view_date_words(arena, S(""), S("1990-05-03")), "3 May 1990"));
    assert_true(str_is(view_date_words(arena, es, S("1990-13-03")), "1990-13-03"));
    assert_true(str_is(view_date_words(arena, es, S("soon")), "soon"));
    static const char *const asked[][2] = {{"es", "es"},
                                           {"ES-mx", "es"},
                                           {"fr, es;q=0.5", "es"},
                                           {"en-US,en;q=0.9,es;q=0.8", "en"},
                                           {"es;q=0.2, en;q=0.3", "en"},
                                           {"es;q=0", ""},
                                           {"fr", ""},
                                           {"", ""},
                                           {"*", ""},
                                           {"es;q=1.000, en;q=0.999", "es"},
                                           {"../es", ""},
                                           {",,;q=,es ; q=0.001", "es"}};
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        assert_true(str_is(view_language_of(arena, str_of(asked[i][0])), asked[i][1]));
    const struct view_language *all;
    assert_int_equal(view_languages(arena, &all), 2);
    assert_true(str_is(all[0].code, "en") && str_is(all[1].code, "es"));
}

/* A program does not begin with a catalogue that lacks what another has. */
static void each_catalogue_has_the_texts_of_the_others(void **state)
{
    (void)state;
    const char *words = arena_printf(arena, "%s/words", folder).p;
    assert_int_equal(mkdir(words, 0700), 0);
    const struct file page[] = {{"page", "{{#say}}Bye{{/say}}"}};
    static const char *const catalogues[][2] = {
        {"es.po", "msgid \"Bye\"\nmsgstr \"Adiós\"\n\n# message\nmsgid \"More\"\nmsgstr \"Más\"\n"},
        {"fr.po", "msgid \"Bye\"\nmsgstr \"Au revoir\"\n"}};
    for (size_t i = 0; i < COUNT_OF(catalogues); i++) {
        FILE *f = fopen(arena_printf(arena, "%s/%s", words, catalogues[i][0]).p, "wb");
        assert_non_null(f);
        fputs(catalogues[i][1], f);
        fclose(f);
    }
    put(page, 1);
    struct str why = S("");
    assert_false(view_compile_all(arena, &why));
    assert_true(str_is(why, "“More” has no words in 'fr'; add it to words/fr.po"));
    take_away(page, 1);
    for (size_t i = 0; i < COUNT_OF(catalogues); i++)
        unlink(arena_printf(arena, "%s/%s", words, catalogues[i][0]).p);
    rmdir(words);
}

static void endless_recursion_stops_with_an_error(void **state)
{
    (void)state;
    view_strict(false);
    const struct file file = {"page", "{{#x}}a{{>page}}{{/x}}"};
    put(&file, 1);
    struct str why;
    const struct view *v = view_get("page", arena, &why);
    take_away(&file, 1);
    data = json_tokener_parse("{\"x\":true}");
    const struct frame *frame = json_frame(arena, data);
    struct buf out = buf_in(arena, 0);
    int standard_error = dup(STDERR_FILENO);
    assert_non_null(freopen("/dev/null", "w", stderr));
    enum err e = view_render(v, &frame, 1, arena, &out);
    fflush(stderr);
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    assert_int_equal(e, ERR_INTERNAL);
    assert_true(out.n <= 400);
}

static void all_templates_are_found_in_their_folders(void **state)
{
    (void)state;
    const char *sub = arena_printf(arena, "%s/sub", folder).p;
    assert_int_equal(mkdir(sub, 0700), 0);
    const struct file good[] = {{"a", "{{>sub/b}}"}, {"sub/b", "b"}, {"sub/c", "{{x}}"}};
    struct str why = S("");
    put(good, COUNT_OF(good));
    assert_true(view_compile_all(arena, &why));
    take_away(good, COUNT_OF(good));
    assert_non_null(view_get("sub/c", arena, &why)); /* compiled, so the file is not needed */
    const struct file bad[] = {{"sub/d", "{{#x}}"}};
    put(bad, 1);
    assert_false(view_compile_all(arena, &why));
    assert_non_null(strstr(arena_cstr(arena, why), "/sub/d.mustache:1: section 'x' is not closed"));
    take_away(bad, 1);
    rmdir(sub);
    view_directories("/nowhere/at/all");
    assert_false(view_compile_all(arena, &why));
}

static void the_first_directory_goes_before_the_second(void **state)
{
    (void)state;
    const char *sub = arena_printf(arena, "%s/sub", folder).p;
    assert_int_equal(mkdir(sub, 0700), 0);
    const struct file files[] = {{"a", "outer"}, {"sub/a", "inner"}, {"b", "b"}};
    put(files, COUNT_OF(files));
    view_directories(arena_printf(arena, "%s:%s", sub, folder).p);
    struct str why;
    struct buf out = buf_in(arena, 0);
    assert_int_equal(view_render(view_get("a", arena, &why), NULL, 0, arena, &out), OK);
    assert_int_equal(view_render(view_get("b", arena, &why), NULL, 0, arena, &out), OK);
    assert_string_equal(arena_cstr(arena, buf_str(&out)), "innerb");
    take_away(files, COUNT_OF(files));
    rmdir(sub);
}

static bool note_visit(void *self, const struct view_visit *visit)
{
    static const char *const words[] = {"text", "name", "raw",     "section",
                                        "not",  "end",  "partial", "dynamic"};
    if (visit->op != OP_TEXT)
        buf_printf(self, "%s %.*s%s%.*s %u\n", words[visit->op], (int)visit->name.n, visit->name.p,
                   visit->modifier.n ? ":" : "", (int)visit->modifier.n, visit->modifier.p,
                   visit->line);
    return !str_is(visit->name, "stop");
}

static void a_walk_follows_partials_and_layouts(void **state)
{
    (void)state;
    const struct file files[] = {
        {"page", "{{<layout}}{{$main}}\n{{#a.b}}{{c:time}}{{/a.b}}{{>part}}{{/main}}{{/layout}}"},
        {"layout", "{{$title}}{{t}}{{/title}}{{$main}}{{never}}{{/main}}{{stop}}{{after}}"},
        {"part", "{{^n}}{{{n_html}}}{{/n}}{{>*dyn}}{{#again}}{{>part}}{{/again}}"}};
    put(files, COUNT_OF(files));
    struct str why;
    struct buf seen = buf_in(arena, 0);
    view_walk(view_get("page", arena, &why), note_visit, &seen);
    take_away(files, COUNT_OF(files));
    assert_string_equal(arena_cstr(arena, buf_str(&seen)),
                        "partial layout 1\nname t 1\nsection a.b 2\nname c:time 2\nend a.b 2\n"
                        "partial part 2\nnot n 1\nraw n_html 1\nend n 1\ndynamic dyn 1\n"
                        "section again 1\npartial part 1\nend again 1\nname stop 1\n");
}

static void names_are_interned_once(void **state)
{
    (void)state;
    name_id first = name_intern(S("a name of this test"));
    for (int i = 0; i < 3000; i++)
        assert_int_not_equal(name_intern(arena_printf(arena, "name %d", i)), first);
    assert_int_equal(name_intern(S("a name of this test")), first);
    assert_true(str_is(name_text(first), "a name of this test"));
    assert_true(str_is(name_text(0), ""));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        TEST(errors_say_where_what_and_what_to_do),
        TEST(what_does_not_exist_is_an_error_only_in_strict_mode),
        TEST(an_error_in_a_partial_is_one_of_the_page),
        TEST(values_are_escaped_for_text_and_attributes),
        TEST(variables_stand_only_where_escaping_helps),
        TEST(addresses_cannot_become_code),
        TEST(every_way_through_layouts_is_judged),
        TEST(a_page_fills_its_own_layouts_blocks_only),
        TEST(plain_text_is_not_escaped_and_stays_out_of_pages),
        TEST(truth_comes_from_the_kind),
        TEST(midnight_is_true),
        TEST(rows_belong_to_the_row_around_them),
        TEST(indentation_goes_before_lines_of_the_template_only),
        TEST(all_templates_are_found_in_their_folders),
        TEST(the_first_directory_goes_before_the_second),
        TEST(a_walk_follows_partials_and_layouts),
        TEST(names_are_interned_once),
        TEST(a_template_is_said_in_another_language),
        TEST(dates_numbers_and_browsers_are_said_in_another_language),
        TEST(each_catalogue_has_the_texts_of_the_others),
        TEST(endless_recursion_stops_with_an_error),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
