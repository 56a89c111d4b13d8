/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/system/dropins: which files count, in which order, and what becomes of those that cannot be read. */

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/system/dropins.h"
#include "run.h"

#define MAIN "dohmouse/dohmouse.conf"
#define D "dohmouse/dohmouse.conf.d/"

static char root[64];
static char said[4096];

static void setup(void)
{
        strcpy(root, "/tmp/dohmouse-dropins-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(root));
        said[0] = 0;
}

static void teardown(void)
{
        pid_t pid = fork();

        if (pid == 0) {
                execlp("rm", "rm", "-rf", root, NULL);
                _exit(127);
        }
        waitpid(pid, NULL, 0);
}

static void take_message(void *userdata, const ConfigMessage *m)
{
        size_t n = strlen(said);

        (void) userdata;
        snprintf(said + n, sizeof(said) - n, "%s:%u: %s\n",
                 m->file ? m->file + (m->file[0] == '/' ? strlen(root) : 0) : "-", m->line, m->text);
}

/* The path below the root, with its directories. */
static const char *place(const char *path)
{
        static char whole[256];

        snprintf(whole, sizeof(whole), "%s/%s", root, path);
        for (char *p = whole + strlen(root) + 1; (p = strchr(p, '/')); p++) {
                *p = 0;
                mkdir(whole, 0755);
                *p = '/';
        }
        return whole;
}

static void put(const char *path, const char *text)
{
        FILE *f = fopen(place(path), "we");

        ck_assert_ptr_nonnull(f);
        fputs(text, f);
        fclose(f);
}

static void put_link(const char *path, const char *target)
{
        ck_assert_int_eq(symlink(target, place(path)), 0);
}

static void finds(const char *expected)
{
        char found[4096] = "";
        unsigned errors = 0;
        FileList l;

        ck_assert_int_eq(dropins_find(root, take_message, NULL, &errors, &l), 0);
        for (size_t i = 0; i < l.n; i++) {
                strcat(found, l.paths[i] + strlen(root) + 1);
                strcat(found, "\n");
        }
        file_list_deinit(&l);
        ck_assert_str_eq(found, expected);
}

static Config *load(const char *file, unsigned expected_errors)
{
        Config *c = NULL;
        unsigned errors = 0;

        ck_assert_int_eq(config_load(root, file, take_message, NULL, &c, &errors), 0);
        ck_assert_msg(errors == expected_errors, "expected %u errors, not %u:\n%s", expected_errors, errors, said);
        return c;
}

#define QUAD9 "[Upstream quad9]\nURL=https://dns.quad9.net/dns-query\nAddress=9.9.9.9\n"

START_TEST(nothing_is_found_where_there_is_nothing)
{
        finds("");
}
END_TEST

START_TEST(the_first_main_file_counts_and_comes_first)
{
        put("usr/lib/" MAIN, "#");
        put("run/" D "a.conf", "#");
        finds("usr/lib/" MAIN "\nrun/" D "a.conf\n");
        put("run/" MAIN, "#");
        finds("run/" MAIN "\nrun/" D "a.conf\n");
        put("etc/" MAIN, "#");
        finds("etc/" MAIN "\nrun/" D "a.conf\n");
}
END_TEST

START_TEST(drop_ins_come_by_name_across_directories)
{
        put("usr/lib/" D "30.conf", "#");
        put("etc/" D "20.conf", "#");
        put("usr/local/lib/" D "10.conf", "#");
        put("run/" D "a.conf", "#");
        put("run/" D "B.conf", "#");
        finds("usr/local/lib/" D "10.conf\netc/" D "20.conf\nusr/lib/" D "30.conf\nrun/" D "B.conf\nrun/" D "a.conf\n");
}
END_TEST

START_TEST(of_two_with_one_name_the_nearer_counts)
{
        put("usr/lib/" D "a.conf", "#");
        put("usr/local/lib/" D "a.conf", "#");
        finds("usr/local/lib/" D "a.conf\n");
        put("run/" D "a.conf", "#");
        finds("run/" D "a.conf\n");
        put("etc/" D "a.conf", "#");
        finds("etc/" D "a.conf\n");
}
END_TEST

START_TEST(a_link_to_dev_null_masks)
{
        put("usr/lib/" MAIN, "#");
        put("usr/lib/" D "a.conf", "#");
        put("usr/lib/" D "b.conf", "#");
        put_link("etc/" D "a.conf", "/dev/null");
        finds("usr/lib/" MAIN "\nusr/lib/" D "b.conf\n");
        put_link("etc/" MAIN, "/dev/null");
        finds("usr/lib/" D "b.conf\n");
}
END_TEST

START_TEST(an_empty_file_masks)
{
        put("usr/lib/" D "a.conf", "#");
        put("run/" D "a.conf", "");
        finds("");
}
END_TEST

START_TEST(only_names_that_end_in_conf_count)
{
        put("etc/" D "a.conf~", "#");
        put("etc/" D ".hidden.conf", "#");
        put("etc/" D ".conf", "#");
        put("etc/" D "a.conf.dpkg-old", "#");
        put("etc/" D "README", "#");
        put("etc/" D "a.CONF", "#");
        finds("");
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error_with_its_name)
{
        put("etc/" D "a.conf", QUAD9);
        put_link("etc/" D "b.conf", "/nowhere");
        ck_assert_int_eq(mkdir(place("etc/" D "c.conf"), 0755), 0);
        ck_assert_int_eq(mkfifo(place("etc/" D "d.conf"), 0644), 0);
        config_unref(load(NULL, 3));
        ck_assert_ptr_nonnull(strstr(said, "/etc/" D "b.conf:0: "));
        ck_assert_ptr_nonnull(strstr(said, "/etc/" D "c.conf:0: "));
        ck_assert_ptr_nonnull(strstr(said, "/etc/" D "d.conf:0: "));
}
END_TEST

#define DEFAULT QUAD9 "Default=yes\n"

/* No default upstream is used, and the error is the one about `path`. */
static void hides_the_default(const char *path, const char *why)
{
        char expected[512];
        unsigned errors;
        Config *c;

        said[0] = 0;
        ck_assert_int_eq(config_load(root, NULL, take_message, NULL, &c, &errors), 0);
        snprintf(expected, sizeof(expected), "%s:0: %s\n", path, why);
        ck_assert_msg(strstr(said, expected), "expected %sto be said:\n%s", expected, said);
        ck_assert_msg(c->n_upstreams == 0 && c->unusable, "the default upstream is used in spite of %s", path);
        config_unref(c);
}

START_TEST(what_cannot_be_read_does_not_bring_the_default_upstream)
{
        put("usr/lib/" D "00-default.conf", DEFAULT);
        put_link("etc/" D "a.conf", "/nowhere");
        hides_the_default("/etc/" D "a.conf", "No such file or directory");
        unlink(place("etc/" D "a.conf"));
        put_link("etc/" MAIN, "nowhere");
        hides_the_default("/etc/" MAIN, "No such file or directory");
        unlink(place("etc/" MAIN));
        rmdir(place("etc/dohmouse/dohmouse.conf.d"));
        put("etc/dohmouse/dohmouse.conf.d", "[Upstream a]\n");
        hides_the_default("/etc/dohmouse/dohmouse.conf.d", "Not a directory");
        unlink(place("etc/dohmouse/dohmouse.conf.d"));
        put_link("etc/dohmouse/dohmouse.conf.d", "/nowhere");
        hides_the_default("/etc/dohmouse/dohmouse.conf.d", "No such file or directory");
        unlink(place("etc/dohmouse/dohmouse.conf.d"));
        rmdir(place("etc/dohmouse"));
        put_link("etc/dohmouse", "/nowhere");
        hides_the_default("/etc/dohmouse/dohmouse.conf.d", "No such file or directory");
        unlink(place("etc/dohmouse"));
        put("etc/dohmouse", "a file");
        hides_the_default("/etc/dohmouse/dohmouse.conf.d", "Not a directory");
        unlink(place("etc/dohmouse"));
        config_unref(load(NULL, 0));
}
END_TEST

/* Root may read everything, so that another user has to try. */
static void as_nobody(bool yes)
{
        if (getuid() == 0)
                ck_assert_int_eq(seteuid(yes ? 65534 : 0), 0);
}

START_TEST(what_this_user_may_not_read_does_not_bring_the_default_upstream)
{
        static const struct {
                const char *closed, *named;
        } rows[] = {
                { "etc/" D "a.conf", "/etc/" D "a.conf" },
                { "etc/dohmouse/dohmouse.conf.d", "/etc/dohmouse/dohmouse.conf.d" },
                { "etc/dohmouse", "/etc/" MAIN },
        };

        ck_assert_int_eq(chmod(root, 0755), 0);
        put("usr/lib/" D "00-default.conf", DEFAULT);
        put("etc/" D "a.conf", "[Upstream a]\nURL=https://a.test/\nAddress=192.0.2.1\n");
        as_nobody(true);
        config_unref(load(NULL, 0));
        as_nobody(false);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                ck_assert_int_eq(chmod(place(rows[i].closed), 0), 0);
                as_nobody(true);
                hides_the_default(rows[i].named, "Permission denied");
                as_nobody(false);
                ck_assert_int_eq(chmod(place(rows[i].closed), 0755), 0);
        }
}
END_TEST

START_TEST(a_directory_that_cannot_be_opened_is_an_error_with_its_name)
{
        put("usr/lib/" D "a.conf", QUAD9);
        place("etc/dohmouse/");
        put_link("etc/dohmouse/dohmouse.conf.d", "dohmouse.conf.d");
        config_unref(load(NULL, 1));
        ck_assert_str_eq(said, "/etc/dohmouse/dohmouse.conf.d:0: Too many levels of symbolic links\n");
}
END_TEST

START_TEST(a_file_that_is_too_large_is_an_error)
{
        FILE *f;

        put("usr/lib/" D "a.conf", QUAD9);
        put("etc/" MAIN, "");
        f = fopen(place("etc/" MAIN), "we");
        for (unsigned i = 0; i <= 4 << 20; i += 16)
                fputs("###############\n", f);
        fclose(f);
        config_unref(load(NULL, 1));
        ck_assert_str_eq(said, "/etc/" MAIN ":0: File too large\n");
}
END_TEST

START_TEST(errors_name_the_file)
{
        Config *c;

        put("usr/lib/" MAIN, QUAD9);
        put("etc/" D "a.conf", "[Cache]\nSize=1M\n");
        put("etc/" D "b.conf", "[Cache]\nSize=8X\n");
        c = load(NULL, 1);
        ck_assert_uint_eq(c->cache_size, 1 << 20);
        ck_assert_uint_eq(c->n_upstreams, 1);
        ck_assert_msg(strncmp(said, "/etc/" D "b.conf:2: [Cache] Size=8X:",
                              strlen("/etc/" D "b.conf:2: [Cache] Size=8X:")) == 0,
                      "what was said: %s", said);
        ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
        config_unref(c);
}
END_TEST

START_TEST(a_single_file_is_read_alone)
{
        char path[256];
        Config *c;

        put("etc/" MAIN, "[Cache]\nSize=1M\n");
        put("single", QUAD9);
        snprintf(path, sizeof(path), "%s", place("single"));
        c = load(path, 0);
        ck_assert_uint_eq(c->n_upstreams, 1);
        ck_assert_uint_eq(c->cache_size, 8 << 20);
        config_unref(c);
}
END_TEST

START_TEST(a_single_file_may_be_a_pipe)
{
        char path[32];
        int ends[2];
        Config *c;

        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(write(ends[1], QUAD9, strlen(QUAD9)), (int) strlen(QUAD9));
        close(ends[1]);
        snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
        c = load(path, 0);
        ck_assert_uint_eq(c->n_upstreams, 1);
        config_unref(c);
        close(ends[0]);
}
END_TEST

START_TEST(a_single_file_that_is_not_there_gives_defaults_and_errors)
{
        Config *c = load("nowhere.conf", 2);

        ck_assert_uint_eq(c->n_upstreams, 0);
        ck_assert_ptr_nonnull(strstr(said, "nowhere.conf:0: No such file or directory\n"));
        config_unref(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("dropins");
        TCase *t = tcase_create("dropins");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, nothing_is_found_where_there_is_nothing);
        tcase_add_test(t, the_first_main_file_counts_and_comes_first);
        tcase_add_test(t, drop_ins_come_by_name_across_directories);
        tcase_add_test(t, of_two_with_one_name_the_nearer_counts);
        tcase_add_test(t, a_link_to_dev_null_masks);
        tcase_add_test(t, an_empty_file_masks);
        tcase_add_test(t, only_names_that_end_in_conf_count);
        tcase_add_test(t, what_cannot_be_read_is_an_error_with_its_name);
        tcase_add_test(t, what_cannot_be_read_does_not_bring_the_default_upstream);
        tcase_add_test(t, what_this_user_may_not_read_does_not_bring_the_default_upstream);
        tcase_add_test(t, a_directory_that_cannot_be_opened_is_an_error_with_its_name);
        tcase_add_test(t, a_file_that_is_too_large_is_an_error);
        tcase_add_test(t, errors_name_the_file);
        tcase_add_test(t, a_single_file_is_read_alone);
        tcase_add_test(t, a_single_file_may_be_a_pipe);
        tcase_add_test(t, a_single_file_that_is_not_there_gives_defaults_and_errors);
        suite_add_tcase(s, t);
        return run_suite(s);
}
