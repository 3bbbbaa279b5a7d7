/*
 * resume.c -- a form that was sent after its session had ended, shown again after logging in.
 * Owns: the two addresses, one for each pool that has forms. How: cgi-src/core/resume.c.
 */
#include "features.h"

enum { MOST = 96 * 1024 };

#define AGAIN .realm = REALM_STAFFED, SELF, .run = reply_resumed, .form_cookie = true

const struct page resume_pages[] = {
    {POST, "/resume", AGAIN, .max_body = MOST, .no_idempotency = true,
     .title = "What was typed, again"},
    {POST, "/resume/slow", AGAIN, .pool = POOL_SLOW, .max_body = MOST, .no_idempotency = true,
     .title = "What was typed, again"},
    {0},
};
