/*
 * config_test.c -- one file, environment overrides, and one clear line for what is wrong.
 */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64], said[512];

/* Loads a file with this content; what it printed is in said. */
static enum err load(const char *content)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
    FILE *caught = tmpfile();
    assert_non_null(caught);
    fflush(stderr);
    int keep = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
    enum err err = config_load(path);
    fflush(stderr);
    dup2(keep, STDERR_FILENO);
    close(keep);
    rewind(caught);
    said[fread(said, 1, sizeof said - 1, caught)] = '\0';
    fclose(caught);
    return err;
}

static void assert_refused(const char *content, const char *words)
{
    assert_int_equal(load(content), ERR_INVALID);
    if (!strstr(said, words)) {
        fail_msg("not found: <%s> in <%s>", words, said);
    }
    char *newline = strchr(said, '\n');
    assert_non_null(newline);
    assert_int_equal(newline[1], '\0'); /* one line */
}

static void test_standard_values(void **state)
{
    (void)state;
    assert_int_equal(load(""), OK);
    assert_string_equal(config_text("domain"), "foyer.localhost");
    assert_int_equal(config_int("port"), 8443);
    assert_int_equal(config_int("workers_slow"), 4);
    assert_string_equal(config_text("smtp_url"), "");
    assert_string_equal(said, "");
}

static void test_file(void **state)
{
    (void)state;
    assert_int_equal(load("# comment\n\n  port =  9443  \nsmtp_url = smtp://u:p=#x@h\n"
                          "domain=studio.example.com\r\nlog =\n"
                          "listen_staff = unix:/run/a.sock, tcp:127.0.0.1:9001\n"),
                     OK);
    assert_int_equal(config_int("port"), 9443);
    assert_string_equal(config_text("port"), "9443");
    assert_string_equal(config_text("smtp_url"), "smtp://u:p=#x@h");
    assert_string_equal(config_text("domain"), "studio.example.com");
    assert_string_equal(config_text("log"), "");
}

static void test_environment_wins(void **state)
{
    (void)state;
    setenv("FOYER_PORT", "7443", 1);
    setenv("FOYER_MEMORY_CAP_MB", "16", 1);
    assert_int_equal(load("port = 9443\n"), OK);
    assert_int_equal(config_int("port"), 7443);
    assert_int_equal(config_int("memory_cap_mb"), 16);
    setenv("FOYER_PORT", "none", 1);
    assert_refused("", "FOYER_PORT:1: 'port' must be a number from 1 to 65535");
    unsetenv("FOYER_PORT");
    unsetenv("FOYER_MEMORY_CAP_MB");
    assert_int_equal(load("port = 9443\n"), OK);
    assert_int_equal(config_int("port"), 9443);
}

static void test_path_from_environment(void **state)
{
    (void)state;
    assert_int_equal(load("port = 9999\n"), OK);
    setenv("FOYER_CONFIG", path, 1);
    assert_int_equal(config_load(NULL), OK);
    assert_int_equal(config_int("port"), 9999);
    unsetenv("FOYER_CONFIG");
    assert_int_equal(config_load(NULL), OK);
    assert_int_equal(config_int("port"), 8443);
}

static void test_refusals(void **state)
{
    (void)state;
    assert_refused("port = 1\nportt = 2\n", ":2: unknown key 'portt'; ");
    assert_refused("port\n", ":1: no '='; ");
    assert_refused("\nport = 1\nport = 2\n", ":3: 'port' stands here a second time");
    assert_refused("port = 0\n", ":1: 'port' must be a number from 1 to 65535");
    assert_refused("port = 12x\n", ":1: 'port' must be a number");
    assert_refused("port =\n", ":1: 'port' must be a number");
    assert_refused("domain = Foyer.Example\n", ":1: 'domain' is no host name");
    assert_refused("domain = a..b\n", ":1: 'domain' is no host name");
    assert_refused("domain = a-.b\n", ":1: 'domain' is no host name");
    assert_refused("listen_slow = /run/x\n", ":1: 'listen_slow' is no address");
    assert_refused("listen_slow = tcp:127.0.0.1\n", ":1: 'listen_slow' is no address");
    assert_refused("listen_slow = tcp:127.0.0.1:0\n", ":1: 'listen_slow' is no address");
    assert_refused("listen_slow = unix:\n", ":1: 'listen_slow' is no address");
    assert_refused("mail_from = \xff\n", ":1: 'mail_from' is not UTF-8");
    unlink(path);
    assert_int_equal(config_load(path), ERR_INVALID);
}

/* What is printed loads again, and holds no password. */
static void test_printing(void **state)
{
    (void)state;
    static char printed[8192];
    assert_int_equal(load("smtp_url = smtp://u:pass@h\nport = 9443\n"), OK);
    FILE *f = tmpfile();
    assert_non_null(f);
    config_print(f);
    rewind(f);
    printed[fread(printed, 1, sizeof printed - 1, f)] = '\0';
    fclose(f);
    assert_null(strstr(printed, "pass@"));
    assert_non_null(strstr(printed, "\nport = 9443\n"));
    assert_int_equal(load(printed), OK);
    assert_int_equal(config_int("port"), 9443);
}

/* V-22: what systemd hands to a unit wins over the file, and is never printed. */
static void credentials_win(void **state)
{
    (void)state;
    char dir[] = "/tmp/foyer-credentials-XXXXXX", file[96];
    assert_non_null(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/smtp_url", dir);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs("smtp://somebody:hidden@mail.example:25\n", f);
    fclose(f);
    setenv("CREDENTIALS_DIRECTORY", dir, 1);
    assert_int_equal(
        load("smtp_url = smtp://other:25\nmaster_key = /etc/foyer/secret/master.key\n"), OK);
    assert_string_equal(config_text("smtp_url"), "smtp://somebody:hidden@mail.example:25");
    assert_string_equal(config_text("master_key"), "/etc/foyer/secret/master.key");
    char printed[8192] = "";
    FILE *out = tmpfile();
    config_print(out);
    rewind(out);
    printed[fread(printed, 1, sizeof printed - 1, out)] = '\0';
    fclose(out);
    assert_null(strstr(printed, "hidden"));

    char key[96];
    snprintf(key, sizeof key, "%s/master.key", dir);
    f = fopen(key, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(load("master_key = /etc/foyer/secret/master.key\n"), OK);
    assert_string_equal(config_text("master_key"), key);
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink(key);
    unlink(file);
    rmdir(dir);
    assert_int_equal(load("smtp_url = smtp://other:25\n"), OK);
    assert_string_equal(config_text("smtp_url"), "smtp://other:25");
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/config_test.XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0) {
        return 1;
    }
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_win),
        cmocka_unit_test(test_standard_values),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_environment_wins),
        cmocka_unit_test(test_path_from_environment),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_printing),
    };
    int failed = cmocka_run_group_tests_name("config", tests, NULL, NULL);
    unlink(path);
    return failed;
}
