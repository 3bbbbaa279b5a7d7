/*
 * agent.c -- a User-Agent header in words, for the person who shall know her own computer by it.
 * Owns: the two lists. Never: decides anything; the header is what the browser claims to be.
 */
#include "agent.h"

struct word {
    const char *mark, *words;
};

/* The first that is found counts: each stands before those whose mark it carries as well. */
static const struct word browsers[] = {
    {"Edg/", "Edge"},
    {"EdgA/", "Edge"},
    {"EdgiOS/", "Edge"},
    {"OPR/", "Opera"},
    {"SamsungBrowser/", "Samsung Internet"},
    {"Vivaldi/", "Vivaldi"},
    {"FxiOS/", "Firefox"},
    {"Firefox/", "Firefox"},
    {"CriOS/", "Chrome"},
    {"HeadlessChrome/", "Chrome"},
    {"Chrome/", "Chrome"},
    {"Safari/", "Safari"},
};
static const struct word systems[] = {
    {"iPhone", "an iPhone"},  {"iPad", "an iPad"},   {"Android", "Android"}, {"Windows", "Windows"},
    {"CrOS", "a Chromebook"}, {"Mac OS X", "a Mac"}, {"Linux", "Linux"},
};

static const char *first(struct str agent, const struct word *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (agent.n > 0 && memmem(agent.p, agent.n, list[i].mark, strlen(list[i].mark)))
            return list[i].words;
    return NULL;
}

void agent_words(struct buf *out, struct str agent)
{
    const char *browser = first(agent, browsers, COUNT_OF(browsers));
    const char *system = first(agent, systems, COUNT_OF(systems));
    if (!browser && !system) {
        buf_addz(out, "An unknown browser");
        return;
    }
    buf_addz(out, browser ? browser : "A browser");
    if (system)
        buf_printf(out, " on %s", system);
}
