/*
 * audit_verify.h -- comparing the trail with what was sealed: between audit_verify.c, which does it,
 * and the commands that ask for it (audit_command.c, audit_retire.c).
 */
#ifndef FOYER_AUDIT_VERIFY_H
#define FOYER_AUDIT_VERIFY_H
#include "seal.h"

enum { MONTH_CHARS = 7 }; /* "2019-03" */

/* What stands before and behind heads in a mail. */
#define HEADS_BEGIN "-----BEGIN FOYER HEADS-----"
#define HEADS_END "-----END FOYER HEADS-----"

/* A head, from the table or from the file. */
struct head {
    uint64_t size;
    const char *tenant_id, *root, *time, *key_id, *signature;
    int line;       /* of the file; 0: from the table */
    bool is_signed; /* or there is a finding already, and its root says nothing */
};

/* Months that are about to be retired: what they hold is handed over, a call a tenant and month. */
struct audit_retiring {
    const char *const *months;
    size_t n_months;
    void (*take)(void *self, const char *tenant_id, const char *month, uint64_t leaves,
                 const char *root);
    void *self;
};

struct audit_question {
    const char *tenant; /* slug or id; NULL: all */
    const char *since;  /* rows older than that are not compared; NULL: all are */
    const char *heads;  /* file of heads; NULL: the installation's own, if it is there */
    const struct audit_retiring *retiring;
};
struct audit_result {
    unsigned long findings, rows, signatures, waiting;
};

/* Prints each finding as a line. false: it could not be done, and a line on stderr says why. */
bool audit_verify(const struct audit_question *q, struct audit_result *result);

/* A connection on which all is read as at one moment; NULL: a line was printed. */
PGconn *audit_look(void);
bool audit_head_signed(struct arena *a, const struct head *h);
bool audit_number(const char *text, uint64_t *out);
/* What is signed of a month's retirement. */
struct str audit_retired_text(struct arena *a, const char *tenant_id, const char *month,
                              uint64_t leaves, const char *root, const char *time);

/* audit_retire.c: subcommands of `foyer audit`. */
int audit_retire(int argc, char **argv);
int audit_keep(int argc, char **argv);
int audit_mend(int argc, char **argv);
int audit_usage(const char *text);

#endif
