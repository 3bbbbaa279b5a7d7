/*
 * config.h -- settings from one file (key = value, # comments), each overridable by FOYER_<KEY>
 * in the environment. An unknown key or an impossible value stops the program with one clear line.
 * The list of keys, with defaults and meaning, is the table in cgi-src/core/config.c.
 */
#ifndef FOYER_CONFIG_H
#define FOYER_CONFIG_H
#include <stdio.h>

#include "base.h"

/* path NULL: $FOYER_CONFIG. On error prints "file:line: what is wrong and what to do" to stderr and
 * returns ERR_INVALID. */
enum err MUST_CHECK config_load(const char *path);
const char *config_text(const char *key);  /* "" when empty; an unknown key is a bug: aborts */
long config_int(const char *key);
/* Every key with its meaning and its value in force, as a settings file; passwords are left out. */
void config_print(FILE *f);
#endif
