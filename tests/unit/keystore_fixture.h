/*
 * keystore_fixture.h -- an open key store of a test's own: a new directory with a master key in it.
 * Owns: the directory, until keystore_fixture_close. Whatever else the test put into it is the test's to remove before.
 */
#ifndef FOYER_KEYSTORE_FIXTURE_H
#define FOYER_KEYSTORE_FIXTURE_H
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto.h"

static char keystore_dir[64];

/* 0, or -1 when there is none: what cmocka wants of a set-up. */
static int keystore_fixture_open(void)
{
    char file[96];
    snprintf(keystore_dir, sizeof keystore_dir, "/tmp/foyer_unit.XXXXXX");
    if (!mkdtemp(keystore_dir))
        return -1;
    snprintf(file, sizeof file, "%s/master.key", keystore_dir);
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return -1;
    bool is_whole = write(fd, "0123456789abcdef0123456789abcdef", 32) == 32;
    close(fd);
    return is_whole && keystore_open(keystore_dir, file) == OK ? 0 : -1;
}

/* -1 when something is left in the directory. */
static int keystore_fixture_close(void)
{
    char file[96];
    snprintf(file, sizeof file, "%s/master.key", keystore_dir);
    unlink(file);
    return rmdir(keystore_dir);
}

#endif
