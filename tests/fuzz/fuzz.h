/*
 * fuzz.h -- what the fuzz targets share: an arena for one input, and a claim that must hold.
 * A broken claim ends the program, so that libFuzzer keeps the input.
 */
#ifndef FOYER_FUZZ_H
#define FOYER_FUZZ_H
#include <stdio.h>

#include "base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define MUST(claim)                                                                                \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);             \
            __builtin_trap();                                                                      \
        }                                                                                          \
    } while (0)

/* The arena, empty again. */
static inline struct arena *fuzz_arena(void)
{
    static struct arena *a;
    if (!a)
        a = arena_new(256u << 20);
    arena_reset(a);
    return a;
}

/* Well-formed UTF-8 holds no NUL: str_utf8_ok refuses it. */
static inline bool is_text(struct str s) { return str_utf8_ok(s) && !memchr(s.p, 0, s.n); }

#endif
