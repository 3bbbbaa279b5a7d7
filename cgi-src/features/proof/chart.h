/*
 * chart.h -- what stands in a chart that is printed, between who gathers it with the rights of who asks and the job that sets it.
 * A list of lines, kept as JSON: [["kind","text","value"],...].
 */
#ifndef FOYER_PROOF_CHART_H
#define FOYER_PROOF_CHART_H
#include "web.h"

#define CHART_TITLE "title"     /* the client's name; value: the studio */
#define CHART_MADE "made"       /* seconds since 1970; value: the country */
#define CHART_FOOT "foot"       /* at the foot of each page */
#define CHART_HEADING "heading" /* a section */
#define CHART_ENTRY "entry"     /* a smaller heading: one note */
#define CHART_FACT "fact"       /* label and value */
#define CHART_MAP "map" /* a drawing (app.drawings) and its words; value: its points, "x y number" with semicolons */
#define CHART_TEXT "text"
#define CHART_SMALL "small"

/* The lines of :client_id's chart, as :actor's roles show them. Errors: those of the statements. */
enum err MUST_CHECK chart_gather(struct req *r, struct str *lines);

#endif
