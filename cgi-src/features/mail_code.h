/*
 * mail_code.h -- six digits by e-mail, that prove who reads an address: for a booking, for a signature.
 * Implementation: cgi-src/features/mail_code.c. What a code is good for, how long and how often is the database's.
 */
#ifndef FOYER_MAIL_CODE_H
#define FOYER_MAIL_CODE_H
#include "web.h"

/* Six digits, each as likely as another. */
struct str mail_code_new(struct arena *a);
/* The digits of what was typed: "123 456". */
struct str mail_code_digits(struct arena *a, struct str typed);
/* Sets code_mac, what is kept of a code: a MAC of tenant, subject and code under the key of a purpose, so it opens no other. */
void mail_code_set_mac(struct req *r, const char *purpose, struct str subject, struct str code);
/*
 * mail_code_set_letter -- renders a view with the value code_sent and sets message_id, subject, body_sealed (under the business's
 * key) and dedupe_key. false: the view has no subject, or it cannot be sealed.
 */
bool MUST_CHECK mail_code_set_letter(struct req *r, const char *view, struct str code);
/* Says that a code was wrong: beside the field "code" how many tries are left; when none is, the words of over, beside a field of the
 * caller's ("": above the form). */
void mail_code_refuse(struct req *r, int64_t tries_left, const char *over_field, const char *over);
#endif
