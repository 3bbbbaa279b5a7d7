/*
 * pdf_outline.c -- the lines of a drawing as a page holds it (SVG), as strokes that can be drawn on paper.
 * Owns: the few words of SVG that our own drawings are written in: path with M L H V C S Z, and a group that mirrors.
 * Never: guesses; whatever else stands there is ERR_INVALID, and the unit test reads every drawing that there is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pdf.h"

enum { MOST_POINTS = 4096, MOST_STROKES = 128, PARTS = 12 };

struct reading {
    struct str d; /* what is left of a path */
    struct pdf_point at, begun,
        bend; /* where the pen is; where its stroke began; the second handle of the curve before */
    bool was_curve, is_bad;
    struct pdf_point *points;
    size_t n_points, stroke_from;
    struct pdf_stroke *strokes;
    size_t n_strokes;
};

static void put(struct reading *g, struct pdf_point to)
{
    if (g->n_points == MOST_POINTS) {
        g->is_bad = true;
        return;
    }
    g->points[g->n_points++] = g->at = to;
}

static void lift(struct reading *g)
{
    if (g->n_points == g->stroke_from)
        return;
    if (g->n_strokes == MOST_STROKES) {
        g->is_bad = true;
        return;
    }
    g->strokes[g->n_strokes++] =
        (struct pdf_stroke){g->points + g->stroke_from, g->n_points - g->stroke_from};
    g->stroke_from = g->n_points;
}

static void blanks(struct reading *g)
{
    while (g->d.n > 0 && strchr(" ,\t\n", g->d.p[0]))
        g->d.p++, g->d.n--;
}

static bool is_number_next(struct reading *g)
{
    blanks(g);
    return g->d.n > 0 && strchr("+-.0123456789", g->d.p[0]);
}

/* Whole digits and a fraction: "-.5", "12", "3.25". */
static double number(struct reading *g)
{
    char text[24];
    size_t n = 0;
    if (is_number_next(g) && (g->d.p[0] == '-' || g->d.p[0] == '+'))
        text[n++] = *g->d.p++, g->d.n--;
    for (bool has_dot = false; g->d.n > 0 && n + 1 < sizeof text; g->d.p++, g->d.n--) {
        char c = g->d.p[0];
        if (c == '.' ? has_dot : c < '0' || c > '9')
            break;
        has_dot |= c == '.';
        text[n++] = c;
    }
    text[n] = '\0';
    char *end;
    double x = strtod(text, &end);
    if (n == 0 || *end)
        g->is_bad = true;
    return x;
}

static struct pdf_point pair(struct reading *g, bool is_relative)
{
    double x = number(g), y = number(g);
    return (struct pdf_point){is_relative ? g->at.x + x : x, is_relative ? g->at.y + y : y};
}

static void curve(struct reading *g, struct pdf_point one, struct pdf_point two,
                  struct pdf_point to)
{
    struct pdf_point from = g->at;
    for (int i = 1; i <= PARTS; i++) {
        double t = (double)i / PARTS, u = 1 - t;
        put(g, (struct pdf_point){u * u * u * from.x + 3 * u * u * t * one.x +
                                      3 * u * t * t * two.x + t * t * t * to.x,
                                  u * u * u * from.y + 3 * u * u * t * one.y +
                                      3 * u * t * t * two.y + t * t * t * to.y});
    }
    g->bend = two;
}

/* One command with one set of its numbers. */
static void step(struct reading *g, char command, bool is_relative)
{
    struct pdf_point one, two;
    switch (command) {
    case 'M':
        lift(g);
        put(g, pair(g, is_relative));
        g->begun = g->at;
        break;
    case 'L':
        put(g, pair(g, is_relative));
        break;
    case 'H':
        one.x = number(g);
        put(g, (struct pdf_point){is_relative ? g->at.x + one.x : one.x, g->at.y});
        break;
    case 'V':
        one.y = number(g);
        put(g, (struct pdf_point){g->at.x, is_relative ? g->at.y + one.y : one.y});
        break;
    case 'C':
        one = pair(g, is_relative);
        two = pair(g, is_relative);
        curve(g, one, two, pair(g, is_relative));
        break;
    case 'S': /* its first handle is the mirror image of the one before */
        one = g->was_curve ? (struct pdf_point){2 * g->at.x - g->bend.x, 2 * g->at.y - g->bend.y}
                           : g->at;
        two = pair(g, is_relative);
        curve(g, one, two, pair(g, is_relative));
        break;
    default:
        g->is_bad = true;
    }
    g->was_curve = command == 'C' || command == 'S';
}

static void path(struct reading *g)
{
    g->at = g->begun = (struct pdf_point){0, 0};
    g->was_curve = false;
    for (blanks(g); g->d.n > 0 && !g->is_bad; blanks(g)) {
        char c = *g->d.p++, command = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        bool is_relative = c != command;
        g->d.n--;
        if (command == 'Z') {
            put(g, g->begun);
            lift(g);
            g->was_curve = false;
            continue;
        }
        if (command != 'M' &&
            g->n_points == g->stroke_from) /* goes on where the closed one began */
            put(g, g->at);
        do {
            step(g, command, is_relative);
            command = command == 'M' ? 'L' : command;
        } while (!g->is_bad && is_number_next(g));
    }
    lift(g);
}

/* What follows begin in *s, up to the next quote; *s goes on behind it. */
static bool quoted(struct str *s, const char *begin, struct str *value)
{
    size_t n = strlen(begin);
    for (size_t i = 0; i + n <= s->n; i++) {
        if (memcmp(s->p + i, begin, n) != 0)
            continue;
        const char *from = s->p + i + n, *end = memchr(from, '"', s->n - i - n);
        if (!end)
            return false;
        *value = (struct str){from, (size_t)(end - from)};
        *s = (struct str){end + 1, (size_t)(s->p + s->n - end - 1)};
        return true;
    }
    return false;
}

static bool is_element(struct str s, const char *name)
{
    size_t n = strlen(name);
    return s.n > n && memcmp(s.p, name, n) == 0 && (s.p[n] == ' ' || s.p[n] == '>');
}

static bool holds_only_paths(struct str svg)
{
    for (size_t i = 0; i < svg.n; i++) {
        struct str rest = {svg.p + i, svg.n - i};
        if (svg.p[i] == '<' && !is_element(rest, "<path") && !is_element(rest, "<g") &&
            !is_element(rest, "</g"))
            return false;
    }
    return true;
}

enum err pdf_outlines(struct arena *a, struct str svg, double width,
                      const struct pdf_stroke **strokes, size_t *n)
{
    struct reading g = {.points = arena_alloc(a, MOST_POINTS * sizeof *g.points),
                        .strokes = arena_alloc(a, MOST_STROKES * sizeof *g.strokes)};
    struct str rest = svg, transform = S("");
    bool is_mirrored = quoted(&rest, " transform=\"", &transform);
    char mirror[48];
    snprintf(mirror, sizeof mirror, "translate(%.0f 0) scale(-1 1)", width);
    if (!holds_only_paths(svg) || (is_mirrored && !str_is(transform, mirror)))
        return ERR_INVALID;
    for (rest = svg; quoted(&rest, " d=\"", &g.d) && !g.is_bad;)
        path(&g);
    if (g.is_bad || g.n_strokes == 0)
        return ERR_INVALID;
    for (size_t i = 0; is_mirrored && i < g.n_points; i++)
        g.points[i].x = width - g.points[i].x;
    *strokes = g.strokes;
    *n = g.n_strokes;
    return OK;
}
