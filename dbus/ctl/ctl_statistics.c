/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "ctl.h"

#define BAR_MAX 40

typedef struct Bar {
        uint64_t bound; /* usec: upper bound */
        uint64_t n;
} Bar;

typedef struct Histogram {
        Bar *bars;
        size_t n;
        uint64_t sum; /* of all bars */
} Histogram;

static int statistics_read_histogram(sd_bus_message *m, Histogram *ret)
{
        uint64_t bound, n;
        int r = sd_bus_message_enter_container(m, 'v', "a(tt)");

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(tt)");
        while (r >= 0 && (r = sd_bus_message_read(m, "(tt)", &bound, &n)) > 0) {
                Bar *bars = reallocarray(ret->bars, ret->n + 1, sizeof(*bars));

                if (!bars)
                        return -ENOMEM;
                ret->bars = bars;
                bars[ret->n++] = (Bar) { .bound = bound, .n = n };
                ret->sum += n;
        }
        return r;
}

/* A bound, rounded: each is twice the previous one, so that digits do not matter. */
static const char *statistics_bound_text(uint64_t usec, char ret[static SPAN_TEXT_MAX])
{
        if (usec < USEC_PER_MSEC)
                snprintf(ret, SPAN_TEXT_MAX, "%llu us", (unsigned long long) usec);
        else if (usec < USEC_PER_SEC)
                snprintf(ret, SPAN_TEXT_MAX, "%.0f ms", (double) usec / USEC_PER_MSEC);
        else
                snprintf(ret, SPAN_TEXT_MAX, "%.0f s", (double) usec / USEC_PER_SEC);
        return ret;
}

static void statistics_print_bar(const Ctl *c, const Bar *b, const Histogram *h, uint64_t most, unsigned room,
                                 const char *range)
{
        unsigned length = (unsigned) ((b->n * room + most - 1) / most);

        printf("%19s  %s", range, c->terminal.green);
        for (unsigned i = 0; i < room; i++)
                fputs(i >= length ? " " : c->terminal.utf8 ? "█" : "#", stdout);
        printf("%s %8llu %5.1f%%\n", c->terminal.normal, (unsigned long long) b->n,
               100.0 * (double) b->n / (double) h->sum);
}

/* The smallest bound that at least `permille` of all answers are below. */
static uint64_t statistics_quantile(const Histogram *h, unsigned permille)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < h->n; i++) {
                sum += h->bars[i].n;
                if (sum * 1000 >= h->sum * permille)
                        return h->bars[i].bound;
        }
        return UINT64_MAX;
}

static void statistics_print_quantile(const char *what, uint64_t bound, uint64_t last, const char *end)
{
        char text[SPAN_TEXT_MAX];

        if (bound == UINT64_MAX)
                printf("%s over %s%s", what, statistics_bound_text(last, text), end);
        else
                printf("%s within %s%s", what, statistics_bound_text(bound, text), end);
}

static void statistics_print_histogram(const Ctl *c, const Histogram *h, uint64_t latency_sum)
{
        char mean[SPAN_TEXT_MAX];
        size_t first = 0, end = h->n;
        uint64_t most = 0, last;
        unsigned room = c->terminal.columns == UINT_MAX ? BAR_MAX : MIN(c->terminal.columns - 38u, BAR_MAX + 0u);

        if (c->terminal.columns < 48)
                room = 10;
        for (size_t i = 0; i < h->n; i++)
                most = MAX(most, h->bars[i].n);
        printf("\n%sLatency of answers%s\n", c->terminal.bold, c->terminal.normal);
        if (most == 0) {
                puts("  No answers yet.");
                return;
        }
        while (h->bars[first].n == 0)
                first++;
        while (h->bars[end - 1].n == 0)
                end--;
        for (size_t i = first; i < end; i++) {
                char range[2 * SPAN_TEXT_MAX + 8], low[SPAN_TEXT_MAX], high[SPAN_TEXT_MAX];

                if (i == 0)
                        snprintf(range, sizeof(range), "under %s", statistics_bound_text(h->bars[i].bound, high));
                else if (h->bars[i].bound == UINT64_MAX)
                        snprintf(range, sizeof(range), "%s or more", statistics_bound_text(h->bars[i - 1].bound, low));
                else
                        snprintf(range, sizeof(range), "%s - %s", statistics_bound_text(h->bars[i - 1].bound, low),
                                 statistics_bound_text(h->bars[i].bound, high));
                statistics_print_bar(c, &h->bars[i], h, most, room, range);
        }
        last = h->n > 1 ? h->bars[h->n - 2].bound : 0;
        printf("  Mean %s, ", delay_text(latency_sum / h->sum, mean));
        statistics_print_quantile("50%", statistics_quantile(h, 500), last, ", ");
        statistics_print_quantile("95%", statistics_quantile(h, 950), last, ", ");
        statistics_print_quantile("99%", statistics_quantile(h, 990), last, ".\n");
}

static int statistics_print_counters(sd_bus_message *m, uint64_t *ret_latency_sum)
{
        int r = sd_bus_message_enter_container(m, 'v', "a{st}");

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{st}");
        while (r >= 0) {
                const char *name;
                uint64_t value;

                r = sd_bus_message_read(m, "{st}", &name, &value);
                if (r <= 0)
                        break;
                /* It is shown as the mean below the histogram. */
                if (strcmp(name, "latency-sum-usec") == 0)
                        *ret_latency_sum = value;
                else
                        printf("%30s: %llu\n", name, (unsigned long long) value);
        }
        return r;
}

static bool statistics_get(Ctl *c, const char *property, sd_bus_message **ret)
{
        return ctl_call(c, MANAGER_PATH, DBUS_PROPERTIES, "Get", ret, "ss", MANAGER_INTERFACE, property);
}

static int statistics_print_json(const Ctl *c, sd_bus_message *counters, sd_bus_message *latency)
{
        _cleanup_(json_decrefp) json_t *statistics = NULL, *buckets = NULL;
        int r = ctl_json_from_bus(counters, &statistics);

        if (r >= 0)
                r = ctl_json_from_bus(latency, &buckets);
        if (r >= 0)
                ctl_put_json(c, json_pack("{s:O, s:O}", "Statistics", statistics, "Latency", buckets));
        return r;
}

int ctl_statistics(Ctl *c, int argc, char *argv[])
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *counters = NULL, *latency = NULL;
        Histogram h = { 0 };
        uint64_t latency_sum = 0;
        int r;

        if (!statistics_get(c, "Statistics", &counters) || !statistics_get(c, "Latency", &latency))
                return EXIT_FAILURE;
        if (c->json)
                r = statistics_print_json(c, counters, latency);
        else {
                r = statistics_print_counters(counters, &latency_sum);
                if (r >= 0)
                        r = statistics_read_histogram(latency, &h);
                if (r >= 0)
                        statistics_print_histogram(c, &h, latency_sum);
        }
        free(h.bars);
        if (r < 0)
                return ctl_bad_reply(r);
        return c->reset ? ctl_reset_statistics(c, argc, argv) : EXIT_SUCCESS;
}

int ctl_reset_statistics(Ctl *c, _unused_ int argc, _unused_ char *argv[])
{
        return ctl_change(c, MANAGER_PATH, MANAGER_INTERFACE, "ResetStatistics", NULL, NULL) ? EXIT_SUCCESS
                                                                                             : EXIT_FAILURE;
}
