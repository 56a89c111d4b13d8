/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/upstream/http_response: what the fields of a response mean. The IDs are those of FAULTS.md, 4.4. */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/upstream/http_response.h"
#include "run.h"

#define NOW 1764000000 /* Mon, 24 Nov 2025 16:00:00 GMT */

/* Fields as text, "name: value" a line, "STATUS" first. */
static HttpResponse response(const char *text)
{
        HttpResponse r = HTTP_RESPONSE_INIT;

        while (*text) {
                const char *end = strchrnul(text, '\n');
                size_t n = (size_t) (end - text);
                const char *colon = n ? memchr(text + 1, ':', n - 1) : NULL;

                if (colon)
                        http_response_field(&r, BYTES(text, colon - text), BYTES(colon + 1, end - colon - 1), NOW);
                else
                        http_response_field(&r, BYTES(":status", 7), BYTES(text, end - text), NOW);
                text = *end ? end + 1 : end;
        }
        return r;
}

typedef struct Case {
        const char *fields;
        size_t body;
        FailureReason failure;
} Case;

#define TYPE "content-type: application/dns-message"
#define OK "200\n" TYPE "\n"

static void means(const Case *cases, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                HttpResponse r = response(cases[i].fields);
                FailureReason f = http_response_failure(&r, cases[i].body);

                ck_assert_msg(f == cases[i].failure, "\"%s\" with %zu octets means \"%s\", not \"%s\"", cases[i].fields,
                              cases[i].body, failure_name(cases[i].failure), failure_name(f));
        }
}

/* The same body for all of these statuses, each with what would be an answer. */
static void statuses_mean(const unsigned *statuses, size_t n, FailureReason failure)
{
        for (size_t i = 0; i < n; i++) {
                char fields[128];
                Case c = { .fields = fields, .body = 100, .failure = failure };

                snprintf(fields, sizeof(fields), "%03u\n" TYPE "\n", statuses[i]);
                means(&c, 1);
        }
}

#define STATUSES_MEAN(failure, ...) \
        statuses_mean((const unsigned[]) { __VA_ARGS__ }, ELEMENTS(((const unsigned[]) { __VA_ARGS__ })), failure)

START_TEST(any_2xx_with_a_dns_message_may_be_an_answer)
{
        STATUSES_MEAN(FAILURE_NONE, 200, 201, 202, 203, 206, 226, 299);
}
END_TEST

START_TEST(p01_interim_statuses_are_not_final)
{
        STATUSES_MEAN(FAILURE_HTTP_SERVER, 100, 101, 103, 199);
}
END_TEST

START_TEST(p02_redirects_are_never_followed)
{
        static const Case cases[] = {
                { "302\nlocation: https://other.example/dns-query\n" TYPE, 100, FAILURE_HTTP_REDIRECT },
                { "308\nlocation: http://doh.example/\n", 0, FAILURE_HTTP_REDIRECT },
        };

        STATUSES_MEAN(FAILURE_HTTP_REDIRECT, 300, 301, 302, 303, 304, 307, 308, 399);
        means(cases, ELEMENTS(cases));
}
END_TEST

START_TEST(p03_p04_statuses_for_a_wrong_url_or_method_are_configuration_errors)
{
        STATUSES_MEAN(FAILURE_HTTP_CONFIG, 400, 401, 403, 404, 405, 406, 410, 413, 414, 415, 451, 499);
        ck_assert(failure_class(FAILURE_HTTP_CONFIG) == CLASS_CONFIG &&
                  failure_class(FAILURE_HTTP_REDIRECT) == CLASS_CONFIG);
}
END_TEST

START_TEST(p05_statuses_of_a_gateway_are_retried)
{
        STATUSES_MEAN(FAILURE_HTTP_RETRY, 408, 421, 425, 502, 504);
}
END_TEST

START_TEST(p06_statuses_of_an_overloaded_server)
{
        STATUSES_MEAN(FAILURE_HTTP_OVERLOAD, 429, 503);
        ck_assert(failure_class(FAILURE_HTTP_OVERLOAD) == CLASS_OVERLOAD);
}
END_TEST

START_TEST(p06_retry_after_is_from_1_to_300_seconds)
{
        static const struct {
                const char *value;
                unsigned seconds; /* 0: as if absent */
        } cases[] = {
                { "30", 30 },
                { " 30 \t", 30 },
                { "0", 1 },
                { "1", 1 },
                { "300", 300 },
                { "301", 300 },
                { "4294967297", 300 },
                { "18446744073709551617", 300 },
                { "100000000000000000000000000000000", 300 },
                { "", 0 },
                { "-1", 0 },
                { "+1", 0 },
                { "1.5", 0 },
                { "30s", 0 },
                { "30, 60", 0 },
                { "soon", 0 },
                /* dates */
                { "Mon, 24 Nov 2025 16:00:42 GMT", 42 },
                { "Mon, 24 Nov 2025 16:00:00 GMT", 1 },
                { "Mon, 24 Nov 2025 15:59:00 GMT", 1 },
                { "Sun, 06 Nov 1994 08:49:37 GMT", 1 },
                { "Fri, 31 Dec 9999 23:59:60 GMT", 300 },
                { "Monday, 24-Nov-25 16:02:00 GMT", 120 },
                { "Sunday, 06-Nov-94 08:49:37 GMT", 1 },
                { "Saturday, 24-Nov-75 16:00:00 GMT", 300 },
                { "Wednesday, 24-Nov-76 16:00:00 GMT", 1 },
                { "Mon Nov 24 16:03:00 2025", 180 },
                { "Sun Nov  6 08:49:37 1994", 1 },
                /* what is no date is as if absent */
                { "Mon, 24 Nov 2025 16:00:42", 0 },
                { "Mon, 24 Nov 2025 16:00:42 UTC", 0 },
                { "Mon, 24 Nov 2025 16:00:42 GMT ish", 0 },
                { "Mon, 24 Foo 2025 16:00:42 GMT", 0 },
                { "Mon, 00 Nov 2025 16:00:42 GMT", 0 },
                { "Mon, 32 Nov 2025 16:00:42 GMT", 0 },
                { "Mon, 24 Nov 2025 24:00:42 GMT", 0 },
                { "Mon, 24 Nov 2025 16:60:42 GMT", 0 },
                { "Mon, 24 Nov 2025 16:00:61 GMT", 0 },
                { "Mon, 24 Nov 2025 hh:mm:ss GMT", 0 },
                { "Mon, 2a Nov 2025 16:00:42 GMT", 0 },
                { "Mon, 24 Nov", 0 },
                { "Mon, 24 No", 0 },
                { "Mon,", 0 },
                { "Mo", 0 },
                { ",", 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char fields[128];
                HttpResponse r;

                snprintf(fields, sizeof(fields), "503\nretry-after:%s", cases[i].value);
                r = response(fields);
                ck_assert_msg(r.has_retry_after == (cases[i].seconds != 0) &&
                                      (!r.has_retry_after || r.retry_after == cases[i].seconds),
                              "Retry-After \"%s\" is %u s, not %u", cases[i].value, cases[i].seconds,
                              r.has_retry_after ? r.retry_after : 0);
        }
}
END_TEST

/* Days are right over leap years and centuries: each date is one second ahead. */
START_TEST(p06_retry_after_dates_fall_on_the_right_day)
{
        static const struct {
                const char *date;
                int64_t time;
        } cases[] = {
                { "Thu, 01 Jan 1970 00:00:01 GMT", 1 },          { "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
                { "Wed, 01 Mar 2000 00:00:00 GMT", 951868800 },  { "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199 },
                { "Fri, 01 Mar 2024 00:00:00 GMT", 1709251200 }, { "Tue, 31 Dec 2024 23:59:59 GMT", 1735689599 },
                { "Wed, 01 Jan 2025 00:00:00 GMT", 1735689600 }, { "Mon, 01 Mar 2100 00:00:00 GMT", 4107542400 },
                { "Thu, 15 Jan 2026 12:00:00 GMT", 1768478400 }, { "Sun, 15 Feb 2026 12:00:00 GMT", 1771156800 },
                { "Sun, 15 Mar 2026 12:00:00 GMT", 1773576000 }, { "Wed, 15 Apr 2026 12:00:00 GMT", 1776254400 },
                { "Fri, 15 May 2026 12:00:00 GMT", 1778846400 }, { "Mon, 15 Jun 2026 12:00:00 GMT", 1781524800 },
                { "Wed, 15 Jul 2026 12:00:00 GMT", 1784116800 }, { "Sat, 15 Aug 2026 12:00:00 GMT", 1786795200 },
                { "Tue, 15 Sep 2026 12:00:00 GMT", 1789473600 }, { "Thu, 15 Oct 2026 12:00:00 GMT", 1792065600 },
                { "Sun, 15 Nov 2026 12:00:00 GMT", 1794744000 }, { "Tue, 15 Dec 2026 12:00:00 GMT", 1797336000 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                for (int ahead = 1; ahead <= 7; ahead += 6) {
                        HttpResponse r = HTTP_RESPONSE_INIT;

                        http_response_field(&r, BYTES("retry-after", 11), BYTES(cases[i].date, strlen(cases[i].date)),
                                            cases[i].time - ahead);
                        ck_assert_msg(r.has_retry_after && r.retry_after == (unsigned) ahead,
                                      "%s is %d s ahead, not %u", cases[i].date, ahead, r.retry_after);
                }
}
END_TEST

START_TEST(p07_server_errors_and_invalid_statuses)
{
        static const Case cases[] = {
                { TYPE, 100, FAILURE_HTTP_SERVER },
                { "\n" TYPE, 100, FAILURE_HTTP_SERVER },
                { "2OO\n" TYPE, 100, FAILURE_HTTP_SERVER },
                { "20\n" TYPE, 100, FAILURE_HTTP_SERVER },
                { "2000\n" TYPE, 100, FAILURE_HTTP_SERVER },
                { "+20\n" TYPE, 100, FAILURE_HTTP_SERVER },
                { "200 OK\n" TYPE, 100, FAILURE_HTTP_SERVER },
                { "200\n200\n" TYPE, 100, FAILURE_HTTP_SERVER },
                { "200\n503\n" TYPE, 100, FAILURE_HTTP_SERVER },
                { "503\n200\n" TYPE, 100, FAILURE_HTTP_SERVER },
                { "200\n200\n200\n" TYPE, 100, FAILURE_HTTP_SERVER },
        };

        STATUSES_MEAN(FAILURE_HTTP_SERVER, 0, 99, 500, 501, 505, 507, 599, 600, 999);
        STATUSES_MEAN(FAILURE_HTTP_PORTAL, 511);
        means(cases, ELEMENTS(cases));
}
END_TEST

START_TEST(p08_only_dns_messages_are_accepted)
{
        static const Case cases[] = {
                { OK, 100, FAILURE_NONE },
                { "200\ncontent-type: application/dns-message; x=y", 100, FAILURE_NONE },
                { "200\ncontent-type: application/dns-message;charset=\"utf-8\"", 100, FAILURE_NONE },
                { "200\ncontent-type: application/dns-message ; x", 100, FAILURE_NONE },
                { "200\ncontent-type: application/dns-message;", 100, FAILURE_NONE },
                { "200\ncontent-type: Application/DNS-Message", 100, FAILURE_NONE },
                { "200\ncontent-type:\tapplication/dns-message ", 100, FAILURE_NONE },
                { "200", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type:", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: text/html", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: application/dns-json", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: application/dns-messages", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: application/dns-messag", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: application/ dns-message", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: application/oblivious-dns-message", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: text/html; a=application/dns-message", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: ;application/dns-message", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: application/dns-message, text/html", 100, FAILURE_CONTENT_TYPE },
                { OK TYPE, 100, FAILURE_CONTENT_TYPE },
                { OK "content-type: text/html", 100, FAILURE_CONTENT_TYPE },
                { "200\ncontent-type: text/html\n" TYPE, 100, FAILURE_CONTENT_TYPE },
                { OK TYPE "\n" TYPE, 100, FAILURE_CONTENT_TYPE },
                /* the status is said first, whatever the type */
                { "503\ncontent-type: text/html", 100, FAILURE_HTTP_OVERLOAD },
                { "503\n" TYPE "\n" TYPE, 100, FAILURE_HTTP_OVERLOAD },
        };

        means(cases, ELEMENTS(cases));
}
END_TEST

START_TEST(p09_an_empty_body_is_rejected)
{
        static const Case cases[] = {
                { "204", 0, FAILURE_BODY_SIZE }, { "204\n" TYPE, 0, FAILURE_BODY_SIZE },
                { OK, 0, FAILURE_BODY_SIZE },    { OK "content-length: 0", 0, FAILURE_BODY_SIZE },
                { "200", 0, FAILURE_BODY_SIZE },
        };

        means(cases, ELEMENTS(cases));
}
END_TEST

START_TEST(p10_p11_p12_the_body_must_have_the_announced_length)
{
        static const Case cases[] = {
                { OK, 100, FAILURE_NONE },
                { OK "content-length: 100", 100, FAILURE_NONE },
                { OK "content-length: 0100", 100, FAILURE_NONE },
                { OK "content-length: 100\ncontent-length: 100", 100, FAILURE_NONE },
                { OK "content-length: 99", 100, FAILURE_BODY_SIZE },
                { OK "content-length: 101", 100, FAILURE_BODY_SIZE },
                { OK "content-length: 100\ncontent-length: 99", 100, FAILURE_BODY_SIZE },
                { OK "content-length: 99\ncontent-length: 100", 100, FAILURE_BODY_SIZE },
                { OK "content-length: x\ncontent-length: 100", 100, FAILURE_BODY_SIZE },
                { OK "content-length: 99\ncontent-length: 100\ncontent-length: 100", 100, FAILURE_BODY_SIZE },
                { OK "content-length: 100\ncontent-length: x", 100, FAILURE_BODY_SIZE },
                { OK "content-length:", 100, FAILURE_BODY_SIZE },
                { OK "content-length: -100", 100, FAILURE_BODY_SIZE },
                { OK "content-length: 0x64", 100, FAILURE_BODY_SIZE },
                { OK "content-length: 100, 100", 100, FAILURE_BODY_SIZE },
                { OK "content-length: 18446744073709551716", 100, FAILURE_BODY_SIZE }, /* 2^64 + 100 */
                { "503\ncontent-length: x", 100, FAILURE_HTTP_OVERLOAD },
                { "503\ncontent-length: 5", 100, FAILURE_HTTP_OVERLOAD },
        };

        means(cases, ELEMENTS(cases));
}
END_TEST

START_TEST(p13_encoded_bodies_are_refused)
{
        static const Case cases[] = {
                { OK "content-encoding: identity", 100, FAILURE_NONE },
                { OK "content-encoding: Identity, identity", 100, FAILURE_NONE },
                { OK "content-encoding:", 100, FAILURE_NONE },
                { OK "content-encoding: , identity,,", 100, FAILURE_NONE },
                { OK "content-encoding: gzip", 100, FAILURE_CONTENT_ENCODING },
                { OK "content-encoding: br", 100, FAILURE_CONTENT_ENCODING },
                { OK "content-encoding: identity, gzip", 100, FAILURE_CONTENT_ENCODING },
                { OK "content-encoding: gzip\ncontent-encoding: identity", 100, FAILURE_CONTENT_ENCODING },
                { OK "content-encoding: identity\ncontent-encoding: zstd", 100, FAILURE_CONTENT_ENCODING },
        };

        means(cases, ELEMENTS(cases));
}
END_TEST

START_TEST(p14_bodies_have_from_12_to_65535_octets)
{
        static const Case cases[] = {
                { OK, 1, FAILURE_BODY_SIZE }, { OK, 11, FAILURE_BODY_SIZE },    { OK, 12, FAILURE_NONE },
                { OK, 65535, FAILURE_NONE },  { OK, 65536, FAILURE_BODY_SIZE }, { OK, SIZE_MAX, FAILURE_BODY_SIZE },
        };

        means(cases, ELEMENTS(cases));
}
END_TEST

START_TEST(p15_p18_other_fields_change_nothing)
{
        HttpResponse plain = response(OK);
        HttpResponse more = response(
                OK "set-cookie: a=b\nalt-svc: h3=\":443\"; ma=86400\nserver: x\nx-age: 7\nage-x: 7\nag: 7\nexpires: 0\n"
                   "vary: *\nstatus: 503\n:path: /\nwarning: 110\npragma: no-cache\nretry: 9");

        ck_assert_int_eq(http_response_failure(&more, 100), FAILURE_NONE);
        ck_assert_mem_eq(&plain, &more, sizeof(plain));
}
END_TEST

START_TEST(p16_age_is_the_first_of_a_list_and_invalid_values_are_ignored)
{
        static const struct {
                const char *fields;
                uint32_t age;
        } cases[] = {
                { OK, 0 },
                { OK "age: 0", 0 },
                { OK "age: 300", 300 },
                { OK "age: 2147483647", INT32_MAX },
                { OK "age: 2147483648", INT32_MAX },
                { OK "age: 4294967296", INT32_MAX },
                { OK "age: 18446744073709551616", INT32_MAX },
                { OK "age: 1000000000000000000000000000000", INT32_MAX },
                { OK "age: -1", 0 },
                { OK "age: 1e30", 0 },
                { OK "age: 1.5", 0 },
                { OK "age:", 0 },
                { OK "age: old", 0 },
                { OK "age: \"5\"", 0 },
                { OK "age: 5, 600", 5 },
                { OK "age: 600 , 5", 600 },
                { OK "age: , 5", 0 },
                { OK "age: 5\nage: 600", 5 },
                { OK "age: x\nage: 600", 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                HttpResponse r = response(cases[i].fields);

                ck_assert_msg(r.age == cases[i].age, "\"%s\" is %u s old, not %u", cases[i].fields, cases[i].age,
                              r.age);
                ck_assert_msg(http_response_failure(&r, 100) == FAILURE_NONE, "\"%s\" is an answer whatever its age",
                              cases[i].fields);
        }
}
END_TEST

START_TEST(p17_cache_control_limits_the_lifetime_of_an_answer)
{
        static const struct {
                const char *fields;
                int64_t max_age; /* -1: not said */
        } cases[] = {
                { OK, -1 },
                { OK "cache-control: max-age=60", 60 },
                { OK "cache-control: max-age=0", 0 },
                { OK "cache-control: MAX-AGE=60", 60 },
                { OK "cache-control: private, max-age=60 , must-revalidate", 60 },
                { OK "cache-control: max-age=\"60\"", 60 },
                { OK "cache-control: max-age=99999999999999999999", INT32_MAX },
                { OK "cache-control: no-store", 0 },
                { OK "cache-control: no-cache", 0 },
                { OK "cache-control: no-cache=\"set-cookie, age\"", 0 },
                { OK "cache-control: max-age=60, no-store", 0 },
                { OK "cache-control: No-Store, max-age=60", 0 },
                { OK "cache-control: max-age=60, max-age=30", 30 },
                { OK "cache-control: max-age=30\ncache-control: max-age=60", 30 },
                { OK "cache-control: public", -1 },
                { OK "cache-control:", -1 },
                { OK "cache-control: ,,,", -1 },
                /* garbage is ignored */
                { OK "cache-control: max-age", -1 },
                { OK "cache-control: max-age=", -1 },
                { OK "cache-control: max-age=-1", -1 },
                { OK "cache-control: max-age=soon", -1 },
                { OK "cache-control: max-age=60s", -1 },
                { OK "cache-control: max-age=\"60", -1 },
                { OK "cache-control: max-age=60\"", -1 },
                { OK "cache-control: x-max-age=60", -1 },
                { OK "cache-control: s-maxage=60", -1 },
                { OK "cache-control: max-agex=60", -1 },
                { OK "cache-control: x=\"a, no-store, max-age=5\"", -1 },
                { OK "cache-control: x=\"a\\\", no-store\", max-age=60", 60 },
                { OK "cache-control: x=\"a, max-age=60", -1 },
                { OK "cache-control: x=\"\\", -1 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                HttpResponse r = response(cases[i].fields);
                int64_t max_age = r.has_max_age ? (int64_t) r.max_age : -1;

                ck_assert_msg(max_age == cases[i].max_age, "\"%s\" is fresh for %jd s, not %jd", cases[i].fields,
                              (intmax_t) cases[i].max_age, (intmax_t) max_age);
        }
}
END_TEST

START_TEST(status_and_field_that_show_the_reason_are_told)
{
        static const struct {
                const char *fields;
                size_t body;
                const char *detail;
        } cases[] = {
                { "421\n", 300, "status 421" },
                { "302\nlocation: /\n", 0, "status 302" },
                { "\n", 0, "no status" },
                { OK, 0, "status 200, 0 octets" },
                { OK "content-length: 30\n", 29, "status 200, 29 octets with content-length 30" },
                { OK "content-length: -1\n", 29, "status 200, 29 octets with a bad content-length" },
                { "200\ncontent-type: text/html; charset=utf-8\n", 300,
                  "status 200, content-type text/html; charset=utf-8" },
                { "200\ncontent-type: text/\1\xff\n", 300, "status 200, content-type text/" },
                { "200\n", 300, "status 200, no content-type" },
                { OK "content-encoding: gzip\n", 300, "status 200, content-encoding gzip" },
                { OK, 11, "status 200, 11 octets" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                HttpResponse r = response(cases[i].fields);
                FailureReason f = http_response_failure(&r, cases[i].body);
                FailureDetail d = http_response_detail(&r, cases[i].body, f);

                ck_assert_int_ne(f, FAILURE_NONE);
                ck_assert_int_eq(d.reason, f);
                ck_assert_uint_eq(d.http_status, r.status);
                ck_assert_str_eq(d.text, cases[i].detail);
        }
}
END_TEST

/* P19 is nghttp2's; but nothing here trusts it to be there. */
START_TEST(p19_field_values_of_any_octets_are_harmless)
{
        static const char *const names[] = { ":status", "content-type",  "content-encoding", "content-length",
                                             "age",     "cache-control", "retry-after" };
        uint64_t random = 1;

        for (unsigned i = 0; i < 200000; i++) {
                static const char alphabet[] = "0123456789,;=\"\\ \tGMTNov-:amx\0\xff";
                const char *name = names[i % ELEMENTS(names)];
                HttpResponse r = HTTP_RESPONSE_INIT;
                size_t n = (size_t) (random >> 60);
                char *value = malloc(n); /* exactly as long, for AddressSanitizer */

                for (size_t k = 0; k < n; k++) {
                        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
                        value[k] = alphabet[(random >> 33) % (sizeof(alphabet) - 1)];
                }
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
                http_response_field(&r, BYTES(name, strlen(name)), BYTES(value, n), NOW);
                /* ck_assert() writes to a file each time. */
                if (r.status > 999 || r.retry_after > 300 || r.age > INT32_MAX || r.max_age > INT32_MAX ||
                    http_response_failure(&r, 100) == FAILURE_NONE)
                        ck_abort_msg("%s: %.*s", name, (int) n, value);
                free(value);
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("http");
        TCase *t = tcase_create("http");

        tcase_add_test(t, any_2xx_with_a_dns_message_may_be_an_answer);
        tcase_add_test(t, p01_interim_statuses_are_not_final);
        tcase_add_test(t, p02_redirects_are_never_followed);
        tcase_add_test(t, p03_p04_statuses_for_a_wrong_url_or_method_are_configuration_errors);
        tcase_add_test(t, p05_statuses_of_a_gateway_are_retried);
        tcase_add_test(t, p06_statuses_of_an_overloaded_server);
        tcase_add_test(t, p06_retry_after_is_from_1_to_300_seconds);
        tcase_add_test(t, p06_retry_after_dates_fall_on_the_right_day);
        tcase_add_test(t, p07_server_errors_and_invalid_statuses);
        tcase_add_test(t, p08_only_dns_messages_are_accepted);
        tcase_add_test(t, p09_an_empty_body_is_rejected);
        tcase_add_test(t, p10_p11_p12_the_body_must_have_the_announced_length);
        tcase_add_test(t, p13_encoded_bodies_are_refused);
        tcase_add_test(t, p14_bodies_have_from_12_to_65535_octets);
        tcase_add_test(t, p15_p18_other_fields_change_nothing);
        tcase_add_test(t, p16_age_is_the_first_of_a_list_and_invalid_values_are_ignored);
        tcase_add_test(t, p17_cache_control_limits_the_lifetime_of_an_answer);
        tcase_add_test(t, p19_field_values_of_any_octets_are_harmless);
        tcase_add_test(t, status_and_field_that_show_the_reason_are_told);
        suite_add_tcase(s, t);
        return run_suite(s);
}
