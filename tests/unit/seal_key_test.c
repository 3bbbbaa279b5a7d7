/*
 * seal_key_test.c -- the key that signs the audit trail: made once, kept whole, refused when it is not what it says.
 * The master key has no directory in its name here: sealer.key then stands where the program does.
 */
#include "seal.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

static char dir[64];
static const struct str text = {"foyer-sth-v1\n", 13};

/* In a process of its own, for a key that was opened stays open: 0 opened, 1 refused. */
static int opens(void)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        enum err e = seal_key_open();
        if (e == OK && seal_key_open() != OK)
            _exit(9); /* it stays */
        _exit(e == OK ? 0 : e == ERR_INVALID ? 1 : 2);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const char *public_file(const char *id)
{
    static char path[128];
    snprintf(path, sizeof path, "seal-%s.pub", id);
    return path;
}

static void write_key(const char *path, const char *type, bool is_secret)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, type);
    FILE *f = fopen(path, "w");
    assert_true(key && f);
    assert_int_equal(is_secret ? PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) : PEM_write_PUBKEY(f, key), 1);
    fclose(f);
    EVP_PKEY_free(key);
    chmod(path, 0600);
}

static void the_key_is_made_once_and_refused_when_it_is_not_right(void **state)
{
    (void)state;
    assert_int_equal(opens(), 0);
    struct stat st;
    assert_int_equal(stat("sealer.key", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(chmod("sealer.key", 0644), 0);
    assert_int_equal(opens(), 1);
    assert_int_equal(rename("sealer.key", "kept.key"), 0);

    assert_int_equal(symlink("kept.key", "sealer.key"), 0);
    assert_int_equal(opens(), 1);
    unlink("sealer.key");
    write_key("sealer.key", "X25519", true); /* a key that signs nothing */
    assert_int_equal(opens(), 1);
    int fd = open("sealer.key", O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "garbage\n", 8), 8);
    close(fd);
    assert_int_equal(opens(), 1);
    unlink("sealer.key");
    assert_int_equal(rename("kept.key", "sealer.key"), 0);
    assert_int_equal(chmod("sealer.key", 0600), 0);
    assert_int_equal(opens(), 0);
}

static void a_signature_is_good_by_its_own_key_alone(void **state)
{
    (void)state;
    unsigned char made[SIGNATURE_BYTES];
    char other[SEAL_KEY_ID_CHARS + 1] = "0123456789abcdef";
    assert_int_equal(seal_key_open(), OK);
    seal_sign(text, made);
    struct str signature = {(const char *)made, sizeof made};
    const char *id = seal_key_id();

    /* no such name, none at all, nobody's, and a file under another key's name */
    assert_false(seal_signature_ok("0123", text, signature));
    assert_false(seal_signature_ok("../../../etc/pass", text, signature));
    assert_false(seal_signature_ok("0123456789ABCDEF", text, signature));
    assert_false(seal_signature_ok(other, text, signature));
    assert_int_equal(link(public_file(id), "copy.pub"), 0);
    assert_int_equal(rename("copy.pub", public_file(other)), 0);
    assert_false(seal_signature_ok(other, text, signature));
    unlink(public_file(other));
    write_key(public_file(other), "X25519", false);
    assert_false(seal_signature_ok(other, text, signature));
    unlink(public_file(other));

    assert_true(seal_signature_ok(id, text, signature));
    assert_true(seal_signature_ok(id, text, signature)); /* remembered */
    assert_false(seal_signature_ok(other, text, signature)); /* and not for another */
    made[0] ^= 1;
    assert_false(seal_signature_ok(id, text, signature));
}

static void hex_is_read_exactly(void **state)
{
    (void)state;
    unsigned char out[2];
    assert_true(seal_unhex(S("00af"), out, 2));
    assert_true(seal_unhex(S("9f10"), out, 2));
    assert_int_equal(out[0], 0x9f);
    for (const char *c = "/:`gA"; *c; c++) {
        char wrong[] = {'0', *c, '0', '0'};
        assert_false(seal_unhex((struct str){wrong, 4}, out, 2));
    }
    assert_false(seal_unhex(S("00a"), out, 2));
    assert_false(seal_unhex(S("00af00"), out, 2));
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/seal_key_test.XXXXXX");
    if (!mkdtemp(dir) || chdir(dir) != 0)
        return -1;
    setenv("FOYER_KEYS", ".", 1);
    setenv("FOYER_MASTER_KEY", "master.key", 1);
    return config_load(NULL) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return chdir("/") == 0 ? system(command) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_is_made_once_and_refused_when_it_is_not_right),
        cmocka_unit_test(a_signature_is_good_by_its_own_key_alone),
        cmocka_unit_test(hex_is_read_exactly),
    };
    return cmocka_run_group_tests_name("A-06: the key of the trail", tests, setup, teardown);
}
