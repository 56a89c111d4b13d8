/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/system/network_files: which time servers and DNS servers other programs have written down. */

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/system/network_files.h"
#include "run.h"

static char root[64];

static void setup(void)
{
        strcpy(root, "/tmp/dohmouse-files-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(root));
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

static void put(const char *path, const char *text)
{
        char whole[256];
        FILE *f;

        snprintf(whole, sizeof(whole), "%s%s", root, path);
        for (char *p = whole + strlen(root) + 1; (p = strchr(p, '/')); p++) {
                *p = 0;
                mkdir(whole, 0755);
                *p = '/';
        }
        f = fopen(whole, "w");
        ck_assert_ptr_nonnull(f);
        fputs(text, f);
        fclose(f);
}

static void expect(char *(*read)(const char *root), const char *wanted)
{
        char *text = read(root);

        ck_assert_ptr_nonnull(text);
        ck_assert_str_eq(text, wanted);
        free(text);
}

#define expect_names(wanted) expect(network_files_ntp_names, wanted)
#define expect_servers(wanted) expect(network_files_dns_servers, wanted)

START_TEST(a_machine_without_any_of_them_has_none)
{
        expect_names("");
        expect_servers("");
}
END_TEST

START_TEST(timesyncd_is_read_with_its_dropins_and_what_a_link_told)
{
        put("/etc/systemd/timesyncd.conf",
            "[Time]\n#NTP=comment.example\nNTP=a.example 192.0.2.1\n# NTP=x.example\nFallbackNTP= f.example\n");
        put("/etc/systemd/timesyncd.conf.d/x.conf", "[Time]\nNTP=b.example A.example 2001:db8::1\n");
        put("/etc/systemd/timesyncd.conf.d/x.conf.bak", "[Time]\nNTP=no.example\n");
        put("/run/systemd/netif/links/2", "ADMIN_STATE=configured\nDNS=192.0.2.53\nNTP=link.example\n");
        expect_names("a.example f.example b.example link.example");
}
END_TEST

START_TEST(the_compiled_in_servers_of_timesyncd_are_those_that_its_file_shows)
{
        put("/etc/systemd/timesyncd.conf", "[Time]\n#NTP=\n#FallbackNTP=0.debian.pool.ntp.org 1.debian.pool.ntp.org\n");
        expect_names("0.debian.pool.ntp.org 1.debian.pool.ntp.org");
        put("/etc/systemd/timesyncd.conf.d/own.conf", "[Time]\nNTP=own.example\n");
        expect_names("own.example");
}
END_TEST

START_TEST(chrony_is_read_with_what_it_includes)
{
        put("/etc/chrony/chrony.conf",
            "# server no.example\npool 2.debian.pool.ntp.org iburst\n  server 192.0.2.1\npeer peer.example\n"
            "confdir /etc/chrony/conf.d\nsourcedir /run/chrony-dhcp /etc/chrony/sources.d\n"
            "makestep 1 3\ninclude /etc/chrony/chrony.conf\n");
        put("/etc/chrony/conf.d/a.conf", "server conf.example\n");
        put("/run/chrony-dhcp/eth0.sources", "server dhcp.example iburst\n");
        put("/etc/chrony/sources.d/own.sources", "pool own.example\n");
        put("/etc/chrony/sources.d/README", "server readme.example\n");
        expect_names("2.debian.pool.ntp.org peer.example conf.example dhcp.example own.example");
}
END_TEST

START_TEST(ntpd_and_openntpd_are_read)
{
        put("/etc/ntpsec/ntp.conf",
            "driftfile /x\ntos minclock 4\npool 0.debian.pool.ntp.org iburst\nrestrict default\n");
        put("/etc/openntpd/ntpd.conf",
            "servers pool.ntp.org\nserver time.example weight 5\nconstraint from \"x.example\"\n");
        expect_names("0.debian.pool.ntp.org pool.ntp.org time.example");
}
END_TEST

START_TEST(what_is_no_name_is_left_out)
{
        put("/etc/ntp.conf", "server 127.127.1.0\nserver bad/name\nserver\nserver b\xc3\xbc"
                             "cher.example\nserver a..example\nserver good.example");
        expect_names("good.example");
}
END_TEST

START_TEST(the_servers_of_the_network_are_those_that_its_managers_know)
{
        put("/run/systemd/netif/links/2", "DNS=192.0.2.1 2001:db8::53\nNTP=192.0.2.9\nDOMAINS=x\n");
        put("/run/NetworkManager/no-stub-resolv.conf",
            "# Generated\nsearch lan\nnameserver 192.168.1.1\nnameserver 127.0.0.53\n");
        put("/run/resolvconf/interface/eth0.dhclient",
            "nameserver 192.168.1.1\nnameserver fe80::1\nnameserver fe80::1%eth0\n");
        put("/etc/resolv.conf.before-dohmouse", "nameserver 10.9.9.9\n");
        expect_servers("192.0.2.1 2001:db8::53 192.168.1.1 fe80::1%eth0");
}
END_TEST

START_TEST(of_dhclient_the_last_lease_counts)
{
        put("/var/lib/dhcp/dhclient.eth0.leases",
            "lease {\n  option domain-name-servers 10.0.0.1;\n}\n"
            "lease {\n  option routers 10.0.1.254;\n  option domain-name-servers 10.0.1.1, 10.0.1.2;\n}\n");
        expect_servers("10.0.1.1 10.0.1.2");
}
END_TEST

START_TEST(what_enable_replaced_is_the_last_resort)
{
        put("/etc/resolv.conf.before-dohmouse", "nameserver 127.0.0.1\nnameserver 10.9.9.9\n");
        expect_servers("10.9.9.9");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("network files");
        TCase *c = tcase_create("files");

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, a_machine_without_any_of_them_has_none);
        tcase_add_test(c, timesyncd_is_read_with_its_dropins_and_what_a_link_told);
        tcase_add_test(c, the_compiled_in_servers_of_timesyncd_are_those_that_its_file_shows);
        tcase_add_test(c, chrony_is_read_with_what_it_includes);
        tcase_add_test(c, ntpd_and_openntpd_are_read);
        tcase_add_test(c, what_is_no_name_is_left_out);
        tcase_add_test(c, the_servers_of_the_network_are_those_that_its_managers_know);
        tcase_add_test(c, of_dhclient_the_last_lease_counts);
        tcase_add_test(c, what_enable_replaced_is_the_last_resort);
        suite_add_tcase(s, c);
        return run_suite(s);
}
