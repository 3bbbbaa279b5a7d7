/*
 * sso_job.c -- what foyer-jobs does for single sign-on: looks a provider up, and gives a code for the word on who somebody is.
 * Owns: the order that gives a code away once: 'working' is committed before the provider is spoken to, so that a runner
 * that dies loses this try and nothing else. A provider that did not answer is left alone for a minute, so that it cannot
 * hold up the other jobs.
 * Never: tries a log-in again by itself; somebody waits, and can begin anew.
 */
#include <time.h>

#include "config.h"
#include "features.h"
#include "job.h"
#include "json_read.h"
#include "jwt.h"
#include "log.h"
#include "oidc.h"

/* The provider as it is set up, in memory that outlives the transaction. */
struct known {
    struct str issuer, client, secret, token_endpoint, jwks_uri, jwks, userinfo_endpoint;
    bool in_body, is_found, has_new_keys, is_held;
};

static bool load(struct req *r, struct known *k)
{
    struct arena *a = req_arena(r);
    struct rows *p = req_query(r, Q_sso_provider);
    if (!p || rows_count(p) == 0)
        return false;
    *k = (struct known){
        .issuer = arena_str(a, rows_text(p, 0, "issuer")),
        .client = arena_str(a, rows_text(p, 0, "sso_client")),
        .secret = arena_str(a, rows_text(p, 0, "secret_sealed")),
        .token_endpoint = arena_str(a, rows_text(p, 0, "token_endpoint")),
        .jwks_uri = arena_str(a, rows_text(p, 0, "jwks_uri")),
        .jwks = arena_str(a, rows_text(p, 0, "jwks")),
        .userinfo_endpoint = arena_str(a, rows_text(p, 0, "userinfo_endpoint")),
        .in_body = rows_bool(p, 0, "takes_secret_in_body"),
        .is_found = rows_bool(p, 0, "is_found"),
        .has_new_keys = rows_bool(p, 0, "has_new_keys"),
        .is_held = rows_bool(p, 0, "is_held"),
    };
    req_set(r, "issuer", k->issuer);
    return true;
}

static struct str flag(bool b) { return b ? S("true") : S("false"); }

/* Its addresses and keys, asked for and kept. */
static enum oidc_end discover(struct req *r, struct oidc *o, struct known *k)
{
    struct oidc_provider found;
    enum oidc_end e = oidc_discover(o, k->issuer, &found);
    if (!e)
        e = oidc_keys(o, found.jwks_uri, &k->jwks);
    if (e)
        return e;
    k->token_endpoint = found.token_endpoint;
    k->jwks_uri = found.jwks_uri;
    k->userinfo_endpoint = found.userinfo_endpoint;
    k->in_body = found.takes_secret_in_body;
    req_set(r, "authorization_endpoint", found.authorization_endpoint);
    req_set(r, "token_endpoint", found.token_endpoint);
    req_set(r, "jwks_uri", found.jwks_uri);
    req_set(r, "userinfo_endpoint", found.userinfo_endpoint);
    req_set(r, "takes_secret_in_body", flag(found.takes_secret_in_body));
    req_set(r, "says_iss", flag(found.says_iss));
    req_set(r, "jwks", k->jwks);
    o->why = S("the database did not keep what was found");
    return req_query(r, Q_sso_found) && req_query(r, Q_sso_keys) ? OIDC_GOOD : OIDC_AWAY;
}

static bool note_problem(struct req *r, struct str words, bool is_away)
{
    req_set(r, "problem", words);
    req_set(r, "is_away", flag(is_away));
    return req_query(r, Q_sso_problem) != NULL;
}

enum job_end sso_discover(struct req *r, const struct job *job, struct str *why)
{
    (void)job;
    struct known k;
    if (!load(r, &k)) {
        *why = S("no provider is set up");
        return JOB_DONE;
    }
    /* (a transaction is not held open while somebody else is asked) */
    if (job_commit(r))
        return JOB_LATER;
    struct oidc o = oidc_new(req_arena(r), config_text("sso_own_hosts"));
    enum oidc_end e = discover(r, &o, &k);
    if (!e)
        return JOB_DONE;
    *why = o.why;
    return note_problem(r, o.why, false) ? JOB_DONE : JOB_LATER;
}

/* What the browser brought back, sealed by the page. */
struct asked {
    struct str code, verifier, nonce, redirect_uri;
};

static bool open_asked(struct req *r, struct str try_id, struct str sealed, struct asked *out)
{
    struct str plain;
    if (req_open_own(r, "sec.sso_try", "asked_sealed", try_id, sealed, &plain))
        return false;
    struct json_object *o = json_object_in(req_arena(r), plain);
    if (!o)
        return false;
    *out = (struct asked){json_member(o, "code"), json_member(o, "verifier"),
                          json_member(o, "nonce"), json_member(o, "redirect_uri")};
    return true;
}

/* The token's word, with the keys that are kept; with new ones when it is signed by a key that is not among them, but not more often
 * than once a minute. */
static enum jwt_end check(struct req *r, struct oidc *o, struct known *k, struct str token,
                          struct str nonce, struct id_token *who)
{
    const struct id_token_wanted wanted = {k->issuer, k->client, nonce, (int64_t)time(NULL)};
    enum jwt_end end = id_token_check(req_arena(r), token, k->jwks, &wanted, who, &o->why);
    if (end != JWT_NO_KEY || k->has_new_keys)
        return end;
    struct str fresh;
    if (oidc_keys(o, k->jwks_uri, &fresh))
        return end;
    req_set(r, "jwks", fresh);
    if (!req_query(r, Q_sso_keys))
        return end;
    return id_token_check(req_arena(r), token, fresh, &wanted, who, &o->why);
}

/* Asks the provider and believes or not. NULL: believed; else the problem's word. */
static const char *talk(struct req *r, struct known *k, const struct asked *asked,
                        struct id_token *who, struct str *why)
{
    struct oidc o = oidc_new(req_arena(r), config_text("sso_own_hosts"));
    struct str token, access;
    enum oidc_end e = k->is_held ? OIDC_AWAY : OIDC_GOOD;
    if (k->is_held)
        o.why = S("the provider did not answer a moment ago");
    else if (!k->is_found)
        e = discover(r, &o, k);
    if (!e)
        e = oidc_exchange(&o,
                          &(struct oidc_code){k->token_endpoint, k->client, k->secret, asked->code,
                                              asked->verifier, asked->redirect_uri, k->in_body},
                          &token, &access);
    bool is_believed = !e && check(r, &o, k, token, asked->nonce, who) == JWT_GOOD;
    *why = o.why;
    /* Who she is, is certain; her e-mail is only for the first time. */
    if (is_believed && who->email.n == 0 && k->userinfo_endpoint.n > 0 && access.n > 0 &&
        oidc_userinfo(&o, k->userinfo_endpoint, access, who->subject, &who->email,
                      &who->is_email_verified))
        *why = o.why;
    if (is_believed)
        return NULL;
    if (!k->is_held && !note_problem(r, o.why, e == OIDC_AWAY))
        *why = S("the database did not keep why the provider was not believed");
    return e == OIDC_AWAY ? "away" : "refused";
}

static bool fail(struct req *r, const char *problem)
{
    req_set(r, "problem", str_of(problem));
    return req_query(r, Q_sso_fail) != NULL;
}

enum job_end sso_exchange(struct req *r, const struct job *job, struct str *why)
{
    struct known k;
    struct asked asked;
    struct id_token who;
    req_set(r, "try_id", job->subject_id);
    struct rows *taken = req_query(r, Q_sso_take);
    if (!taken)
        return JOB_LATER;
    if (rows_count(taken) == 0) {
        *why = S("its code was taken before, and what came of it is unknown");
        return fail(r, "lost") ? JOB_DONE : JOB_LATER;
    }
    if (!load(r, &k) || !open_asked(r, job->subject_id, rows_text(taken, 0, "asked"), &asked)) {
        *why = S("the provider is no longer set up, or the code cannot be opened");
        return fail(r, "off") ? JOB_DONE : JOB_LATER;
    }
    if (job_commit(r))
        return JOB_LATER;
    const char *problem = talk(r, &k, &asked, &who, why);
    if (problem)
        return fail(r, problem) ? JOB_DONE : JOB_LATER;
    req_set(r, "subject", who.subject);
    req_set(r, "email", who.email);
    req_set(r, "is_verified", flag(who.is_email_verified));
    return req_query(r, Q_sso_settle) ? JOB_DONE : JOB_LATER;
}
