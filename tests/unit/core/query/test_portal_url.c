/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pages of a captive portal lead to: the URL, and where it stands in a response. */

#include <check.h>
#include <string.h>

#include "core/query/portal_url.h"
#include "run.h"

static PortalUrl url;

static bool reads(const char *text)
{
        return portal_url_read(BYTES(text, strlen(text)), &url);
}

static void leads_to(const char *text, bool tls, const char *host, unsigned port, const char *target)
{
        ck_assert_msg(reads(text), "\"%s\" is a URL", text);
        ck_assert_int_eq(url.tls, tls);
        ck_assert_str_eq(url.host, host);
        ck_assert_uint_eq(url.port, port);
        ck_assert_str_eq(url.target, target);
}

START_TEST(urls_are_read)
{
        leads_to("http://portal.example/", false, "portal.example", 80, "/");
        leads_to("http://portal.example", false, "portal.example", 80, "/");
        leads_to("HTTP://Portal.Example:8080/login?to=http://a.test/#top", false, "Portal.Example", 8080,
                 "/login?to=http://a.test/");
        leads_to("https://portal.example/a", true, "portal.example", 443, "/a");
        leads_to("http://portal.example?x=1", false, "portal.example", 80, "/?x=1");
        leads_to("http://10.0.0.1:8000/p", false, "10.0.0.1", 8000, "/p");
        leads_to("http://portal.example:/", false, "portal.example", 80, "/");
}
END_TEST

START_TEST(what_is_no_url_of_a_host_is_refused)
{
        static const char *const texts[] = {
                "",
                "/login",
                "ftp://a.test/",
                "http://",
                "http:///x",
                "https:",
                "http://:80/",
                "http://a.test:0/",
                "http://a.test:65536/",
                "http://a.test:x/",
                "http://u@a.test/",
                "http://a test/",
                "http://[::1]/",
                "http://\xc3\xa4.test/",
                "javascript:alert(1)",
                "http://a.test:-1/",
        };

        for (size_t i = 0; i < ELEMENTS(texts); i++)
                ck_assert_msg(!reads(texts[i]), "\"%s\" is no URL of a host", texts[i]);
        ck_assert(!portal_url_read(BYTES("http://a\0b.test/", 16), &url));
}
END_TEST

START_TEST(a_target_that_would_break_the_request_is_not_used)
{
        char text[2000] = "http://portal.example/";

        leads_to("http://portal.example/a b", false, "portal.example", 80, "/");
        leads_to("http://portal.example/a\r\nX: y", false, "portal.example", 80, "/");
        memset(text + strlen(text), 'a', 1500);
        leads_to(text, false, "portal.example", 80, "/");
}
END_TEST

static bool response_leads(const char *text)
{
        return portal_url_of_response(BYTES(text, strlen(text)), &url);
}

START_TEST(the_location_is_found_in_the_header_alone)
{
        ck_assert(response_leads("HTTP/1.1 302 Found\r\nServer: x\r\nLOCATION: \thttp://portal.example/l \r\n\r\n"));
        ck_assert_str_eq(url.host, "portal.example");
        ck_assert_str_eq(url.target, "/l");
        ck_assert(response_leads("HTTP/1.0 200 OK\nLocation:https://a.test\n\n"));
        ck_assert_str_eq(url.host, "a.test");
        ck_assert(!response_leads("HTTP/1.1 302 Found\r\n\r\nLocation: http://portal.example/\r\n"));
        ck_assert(!response_leads("HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n"));
        ck_assert(!response_leads("HTTP/1.1 302 Found\r\nX-Location: http://portal.example/\r\n\r\n"));
        ck_assert(!response_leads("HTTP/1.1 204 No Content\r\n\r\n"));
        ck_assert(!response_leads("SSH-2.0-OpenSSH\r\nLocation: http://portal.example/\r\n"));
        /* Cut off in the middle of the line: the host may be another one. */
        ck_assert(!response_leads("HTTP/1.1 302 Found\r\nLocation: http://portal.exam"));
        ck_assert(!response_leads(""));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("portal_url");
        TCase *t = tcase_create("portal_url");

        tcase_add_test(t, urls_are_read);
        tcase_add_test(t, what_is_no_url_of_a_host_is_refused);
        tcase_add_test(t, a_target_that_would_break_the_request_is_not_used);
        tcase_add_test(t, the_location_is_found_in_the_header_alone);
        suite_add_tcase(s, t);
        return run_suite(s);
}
