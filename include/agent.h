/*
 * agent.h -- what a User-Agent header says, in words. Implementation: cgi-src/core/agent.c.
 */
#ifndef FOYER_AGENT_H
#define FOYER_AGENT_H
#include "base.h"

/* "Firefox on Windows", "Safari on an iPhone"; "A browser on Linux" or "An unknown browser" where it
 * does not say. It is what the browser claims, and anybody may claim anything. */
void agent_words(struct buf *out, struct str agent);
#endif
