/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of keys, the shipped configuration and dohmouse.conf(5) say the same. */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config_parser.h"
#include "core/config/units.h"
#include "run.h"

#define PROVIDERS "units/providers/"

static char *read_source(const char *name)
{
        char path[512], *text = calloc(1, 1 << 16);
        FILE *f;

        snprintf(path, sizeof(path), SOURCE_DIR "/%s", name);
        f = fopen(path, "re");
        ck_assert_msg(f, "%s can be read", path);
        ck_assert_uint_lt(fread(text, 1, 1 << 16, f), (1 << 16) - 1);
        fclose(f);
        return text;
}

/* --- dohmouse.conf */

static const char *next_line(const char *p)
{
        p = strchr(p, '\n');
        return p ? p + 1 : NULL;
}

/* Is it a section of which there may be several? */
static bool has_name(const ConfigKey *k)
{
        return strcmp(k->section, CONFIG_SECTION_UPSTREAM) == 0 || strcmp(k->section, CONFIG_SECTION_FORWARD) == 0;
}

/* The value of "#Key=value" in a section of units/dohmouse.conf. */
static bool find_default(const char *conf, const ConfigKey *k, char ret[128])
{
        bool inside = false, found = false;
        char section[64], line[256];
        size_t n = strlen(k->name);

        snprintf(section, sizeof(section), has_name(k) ? "[%s NAME]" : "[%s]", k->section);
        for (const char *p = conf; p && *p; p = next_line(p)) {
                snprintf(line, sizeof(line), "%.*s", (int) strcspn(p, "\n"), p);
                if (line[0] == '[' || line[1] == '[')
                        inside = strcmp(line + (line[0] == '#'), section) == 0;
                else if (inside && line[0] == '#' && strncmp(line + 1, k->name, n) == 0 && line[n + 1] == '=') {
                        ck_assert_msg(!found, "%s= is there once", k->name);
                        snprintf(ret, 128, "%s", line + n + 2);
                        found = true;
                }
        }
        return found;
}

static void print_message(void *userdata, const ConfigMessage *m)
{
        snprintf(userdata, 256, "%s:%u: %s", m->file ?: "-", m->line, m->text);
}

static Config *parse(const char *name, const char *text)
{
        ConfigText t = { .name = name, .text = text, .n = strlen(text) };
        char said[256] = "";
        unsigned errors;
        Config *c = config_parse(&t, 1, print_message, said, &errors);

        ck_assert_msg(!*said, "nothing is said; but: %s", said);
        return c;
}

START_TEST(every_key_is_in_the_shipped_configuration)
{
        _cleanup_(freep) char *conf = read_source("units/dohmouse.conf.in");
        char value[128];

        for (const ConfigKey *k = config_keys; k->name; k++)
                ck_assert_msg(find_default(conf, k, value), "units/dohmouse.conf.in has #%s= in [%s]", k->name,
                              k->section);
}
END_TEST

/* Of a "#[Section]" or "#Key=value", the "#" is taken away. */
static void uncomment(char *conf)
{
        for (char *p = conf; p; p = (char *) next_line(p)) {
                size_t n = strspn(p + (*p == '#'), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

                if (*p == '#' && (p[1] == '[' || (n && p[1 + n] == '=')))
                        *p = ' ';
        }
}

#define TOUCHED \
        "[Upstream NAME]\nURL=https://q.test/\nAddress=192.0.2.1\n[Forward NAME]\nDomains=corp.example\nDNS=192.0.2.2\n"

/* Each field of the table is compared by itself, so that a wrong default has a name. */
START_TEST(the_shipped_configuration_has_the_real_defaults)
{
        _cleanup_(freep) char *conf = read_source("units/dohmouse.conf.in"), *text = NULL;
        _cleanup_(config_unrefp) Config *untouched = parse("untouched", TOUCHED), *shipped = NULL;

        uncomment(conf);
        text = calloc(1, strlen(conf) + sizeof(TOUCHED));
        strcpy(text, conf);
        strcat(text, TOUCHED);
        shipped = parse("units/dohmouse.conf.in", text);
        for (const ConfigKey *k = config_keys; k->name; k++)
                if (k->type->size && !has_name(k))
                        ck_assert_msg(memcmp((char *) untouched + k->offset, (char *) shipped + k->offset,
                                             k->type->size) == 0,
                                      "#%s= in units/dohmouse.conf.in is the default", k->name);
        ck_assert_ptr_null(shipped->trust_anchors);
        ck_assert_uint_eq(shipped->n_listen, untouched->n_listen);
        ck_assert(address_equal(&shipped->listen[0], &untouched->listen[0]));
        ck_assert_uint_eq(shipped->n_upstreams, 1);
        ck_assert(upstream_config_equal(&shipped->upstreams[0], &untouched->upstreams[0]));
        ck_assert_uint_eq(shipped->n_forwards, 1);
        ck_assert(forward_config_equal(&shipped->forwards[0], &untouched->forwards[0]));
}
END_TEST

START_TEST(the_shipped_configuration_says_nothing_until_it_is_touched)
{
        _cleanup_(freep) char *conf = read_source("units/dohmouse.conf.in");

        for (const char *p = conf; p && *p; p = next_line(p))
                ck_assert_msg(strchr("#\n[", *p), "a comment, a section or nothing: %.40s", p);
}
END_TEST

/* --- dohmouse.conf(5) */

/* The row of a key: all up to the next key. */
static char *find_row(const char *manual, const ConfigKey *k)
{
        char heading[64], item[64];
        const char *section, *row, *end;

        snprintf(heading, sizeof(heading), has_name(k) ? "\n.Sh [%s NAME] SECTION\n" : "\n.Sh [%s] SECTION\n",
                 k->section);
        snprintf(item, sizeof(item), "\n.It Va %s=\n", k->name);
        section = strstr(manual, heading);
        ck_assert_msg(section, "dohmouse.conf(5) has a section [%s]", k->section);
        row = strstr(section, item);
        end = strstr(section, "\n.El\n");
        ck_assert_msg(row && row < end, "dohmouse.conf(5) has a row for %s= in [%s]", k->name, k->section);
        row += strlen(item);
        if (strstr(row, "\n.It ") && strstr(row, "\n.It ") < end)
                end = strstr(row, "\n.It ");
        return strndup(row, (size_t) (end - row) + 1);
}

/* Keys without which their section is of no use: the manual says so instead of a default. */
static bool is_required(const ConfigKey *k)
{
        static const char *const keys[][2] = {
                { "Upstream", "URL" }, { "Upstream", "Address" }, { "Forward", "Domains" }, { "Forward", "DNS" }
        };

        for (size_t i = 0; i < ELEMENTS(keys); i++)
                if (strcmp(k->section, keys[i][0]) == 0 && strcmp(k->name, keys[i][1]) == 0)
                        return true;
        return false;
}

static unsigned count(const char *text, const char *what)
{
        unsigned n = 0;

        for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
                n++;
        return n;
}

START_TEST(every_key_is_in_the_manual_with_its_default)
{
        _cleanup_(freep) char *conf = read_source("units/dohmouse.conf.in"),
                              *manual = read_source("man/dohmouse.conf.5");

        for (const ConfigKey *k = config_keys; k->name; k++) {
                _cleanup_(freep) char *row = find_row(manual, k);
                char value[128] = "", expected[160];

                find_default(conf, k, value);
                if (*value)
                        snprintf(expected, sizeof(expected), "\nDefaults to %s.\n", value);
                else
                        snprintf(expected, sizeof(expected),
                                 is_required(k) ? "\nThis setting is required" : "\nUnset by default");
                ck_assert_msg(strstr(row, expected), "the row for %s= in dohmouse.conf(5) has \"%s\"", k->name,
                              expected + 1);
                ck_assert_msg(count(row, "\nDefaults to ") + count(row, "\nUnset by default") +
                                              count(row, "\nThis setting is required") ==
                                      1,
                              "the row for %s= in dohmouse.conf(5) has one default", k->name);
        }
}
END_TEST

static bool starts_with(const char *text, const char *start)
{
        return strncmp(text, start, strlen(start)) == 0;
}

/* "Takes a time span from 500ms to 1min.": the first line ends in `range`. */
static bool starts_with_range(const char *row, const char *range)
{
        size_t n = strcspn(row, "\n") + 1;

        return starts_with(row, "Takes a ") && n > strlen(range) && starts_with(row + n - strlen(range), range);
}

START_TEST(every_range_and_every_choice_is_in_the_manual)
{
        _cleanup_(freep) char *manual = read_source("man/dohmouse.conf.5");

        for (const ConfigKey *k = config_keys; k->name; k++) {
                _cleanup_(freep) char *row = find_row(manual, k);
                const char *range = strstr(k->expected, "from ");
                char expected[160];
                bool listed;

                ck_assert_msg(starts_with(row, "Takes "),
                              "the row for %s= in dohmouse.conf(5) starts with what it takes", k->name);
                if (k->high) {
                        ck_assert_msg(range, "what is expected of %s= has its range", k->name);
                        snprintf(expected, sizeof(expected), " %s.\n", range);
                        ck_assert_msg(starts_with_range(row, expected),
                                      "the row for %s= in dohmouse.conf(5) starts with \"Takes a ...%.*s\"", k->name,
                                      (int) strlen(expected) - 1, expected);
                }
                for (size_t i = 0; k->words && k->words[i]; i++) {
                        ck_assert_msg(strstr(k->expected, k->words[i]), "what is expected of %s= has %s", k->name,
                                      k->words[i]);
                        snprintf(expected, sizeof(expected), "\n.Cm %s\n", k->words[i]);
                        listed = strstr(row, expected);
                        snprintf(expected, sizeof(expected), "\n.Cm %s ", k->words[i]);
                        ck_assert_msg(listed || strstr(row, expected), "the row for %s= in dohmouse.conf(5) has .Cm %s",
                                      k->name, k->words[i]);
                }
                if (strcmp(k->expected, "yes or no") == 0)
                        ck_assert_msg(starts_with(row, "Takes a boolean argument.\n"),
                                      "the row for %s= in dohmouse.conf(5) starts with \"Takes a boolean argument.\"",
                                      k->name);
        }
}
END_TEST

/* "a time span from 500ms to 1min" is what the table's low and high are. */
START_TEST(what_is_expected_is_what_is_checked)
{
        for (const ConfigKey *k = config_keys; k->name; k++) {
                const char *range = strstr(k->expected, "from ");
                char low[32], high[32];
                uint64_t l, h;

                if (!k->high)
                        continue;
                ck_assert_int_eq(sscanf(range, "from %31s to %31s", low, high), 2);
                if (strstr(k->expected, "time span"))
                        ck_assert(parse_time_span(low, &l) && parse_time_span(high, &h));
                else
                        ck_assert(parse_size(low, &l) && parse_size(high, &h));
                ck_assert_msg(l == k->low && h == k->high, "%s= is checked to be %s", k->name, range);
        }
}
END_TEST

/* --- providers */

static const char *const providers[] = { "adguard", "cloudflare", "dns4eu",          "google",
                                         "mullvad", "quad9",      "quad9-unfiltered" };

START_TEST(every_provider_is_whole_and_named_after_its_file)
{
        _cleanup_(freep) char *manual = read_source("man/dohmouse.conf.5");

        for (size_t i = 0; i < ELEMENTS(providers); i++) {
                char path[128], item[64];
                bool v4 = false, v6 = false;
                const UpstreamConfig *u;

                snprintf(path, sizeof(path), PROVIDERS "%s.conf", providers[i]);
                _cleanup_(freep) char *text = read_source(path);
                _cleanup_(config_unrefp) Config *c = parse(path, text);

                ck_assert_uint_eq(c->n_upstreams, 1);
                u = &c->upstreams[0];
                ck_assert_str_eq(u->name, providers[i]);
                ck_assert_str_eq(u->path, "/dns-query");
                for (size_t k = 0; k < u->n_addresses; k++) {
                        ck_assert_uint_eq(u->addresses[k].port, 443);
                        v4 = v4 || !u->addresses[k].v6;
                        v6 = v6 || u->addresses[k].v6;
                }
                ck_assert_msg(v4 && v6, "%s has addresses of both families", providers[i]);
                snprintf(item, sizeof(item), "\n.It Pa %s Ta ", providers[i]);
                ck_assert_msg(strstr(manual, item), "dohmouse.conf(5) names %s", providers[i]);
        }
}
END_TEST

/* As installed, and as an administrator then links two of them. */
START_TEST(the_default_provider_makes_way_for_a_chosen_one)
{
        _cleanup_(freep) char *quad9 = read_source(PROVIDERS "quad9.conf"),
                              *mullvad = read_source(PROVIDERS "mullvad.conf"), *first = NULL;
        ConfigText t[3];
        unsigned errors;
        Config *c;

        first = calloc(1, strlen(quad9) + 16);
        strcpy(first, quad9);
        strcat(first, "Default=yes\n");
        t[0] = (ConfigText) { .name = "00-default.conf", .text = first, .n = strlen(first) };
        t[1] = (ConfigText) { .name = "10-mullvad.conf", .text = mullvad, .n = strlen(mullvad) };
        t[2] = (ConfigText) { .name = "20-quad9.conf", .text = quad9, .n = strlen(quad9) };
        c = config_parse(t, 1, NULL, NULL, &errors);
        ck_assert_uint_eq(c->n_upstreams, 1);
        ck_assert_str_eq(c->upstreams[0].name, "quad9");
        config_unref(c);
        c = config_parse(t, 2, NULL, NULL, &errors);
        ck_assert_uint_eq(c->n_upstreams, 1);
        ck_assert_str_eq(c->upstreams[0].name, "mullvad");
        config_unref(c);
        c = config_parse(t, 3, NULL, NULL, &errors);
        ck_assert_uint_eq(c->n_upstreams, 2);
        ck_assert_str_eq(c->upstreams[0].name, "mullvad");
        ck_assert_uint_eq(c->upstreams[1].n_addresses, 4);
        config_unref(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("config_manual");
        TCase *t = tcase_create("config_manual");

        tcase_add_test(t, every_key_is_in_the_shipped_configuration);
        tcase_add_test(t, the_shipped_configuration_has_the_real_defaults);
        tcase_add_test(t, the_shipped_configuration_says_nothing_until_it_is_touched);
        tcase_add_test(t, every_key_is_in_the_manual_with_its_default);
        tcase_add_test(t, every_range_and_every_choice_is_in_the_manual);
        tcase_add_test(t, what_is_expected_is_what_is_checked);
        tcase_add_test(t, every_provider_is_whole_and_named_after_its_file);
        tcase_add_test(t, the_default_provider_makes_way_for_a_chosen_one);
        suite_add_tcase(s, t);
        return run_suite(s);
}
