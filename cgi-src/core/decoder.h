/*
 * decoder.h -- what reads a hostile file (a picture, a document) in a process that can do nothing else (SECURITY.md H-04).
 *
 * A worker starts its decoder before it enters its sandbox, where it may not fork any more. The decoder is a process that
 * waits; for each file it forks a child, which has two pipes and nothing else: bytes in, bytes out. The child may read the one,
 * write the other, take memory and end. What breaks it breaks nobody: the worker is told that the file is no good.
 */
#ifndef FOYER_DECODER_H
#define FOYER_DECODER_H
#include "base.h"

/*
 * decode_fn -- runs in the child: reads what was given from `in` to its end, writes what comes of it to `out`. Libraries must have been
 * used once before decoder_start, for the child opens no file; threads cannot be made. Returns 0, or 1 to 99: this file will not do.
 */
typedef int decode_fn(int in, int out);

struct decoder_limits {
    size_t memory_mb;     /* address space of the child, its program included; 0: 512 */
    unsigned cpu_seconds; /* 0: 10 */
};

struct decoder;

/*
 * decoder_start -- starts the process that waits. It ends when this process does. Before sandbox_enter.
 * Out: NULL, logged, when there is no process or memory for it. SIGPIPE is ignored from here on.
 */
struct decoder *decoder_start(decode_fn *decode, const struct decoder_limits *limits);
/*
 * decoder_start_program -- the same, but the waiting process executes a program, which calls decoder_serve: so it holds none of the
 * worker's memory, keys above all, and the worker none of the libraries. A program that cannot be executed shows at the first file.
 */
struct decoder *decoder_start_program(const char *program);
/* In that program, once its libraries were used: waits for files until the worker ends. */
_Noreturn void decoder_serve(decode_fn *decode, const struct decoder_limits *limits);
void decoder_stop(struct decoder *d);

/*
 * decoder_run -- one file through a child of its own. Also from inside a sandbox.
 * In:     the file; most_out: so many bytes may come of it.
 * Out:    what came of it, in the arena.
 * Errors: ERR_INVALID: the child refused the file, or died of it; ERR_TOO_LARGE: more came of it than most_out;
 *         ERR_UNAVAILABLE: no process or memory just now, or the decoder is gone.
 */
enum err MUST_CHECK decoder_run(struct decoder *d, struct arena *a, struct str file,
                                size_t most_out, struct str *out);

/* How the last child ended, as waitpid says. */
int decoder_status(const struct decoder *d);
/* The waiting process has ended; only a new worker has another. */
bool decoder_is_gone(const struct decoder *d);

/* For each thing that a child must not do, and those that it must, a child that tries; for sandbox_selftest. Returns how many went wrong. */
int decoder_selftest(struct decoder *d);
decode_fn decoder_attempt; /* what that decoder runs */

#endif
