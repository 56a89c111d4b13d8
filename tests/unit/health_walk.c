/*
 * Plays what health_walk.py wrote down, and agrees with the model event for event: states, counters, wishes and decisions.
 */

#include <stdio.h>
#include <string.h>

#include "core/health.h"

#define MEMBERS_MAX 4
#define DRAWS_MAX 8

static Health members[MEMBERS_MAX], *pointers[MEMBERS_MAX];
static HealthGroup group;
static HealthParameters parameters;
static double draws[DRAWS_MAX];
static unsigned n_draws, drawn, run;
static unsigned long line_number;
static char line[4096], words[4096];

static void disagree(const char *what, const char *model, const char *ours)
{
        printf("run %u, line %lu: %s: the model says %s, health.c %s\n  %s\n", run, line_number, what, model, ours, words);
        exit(EXIT_FAILURE);
}

static void agree(const char *what, long long model, long long ours)
{
        char a[32], b[32];

        if (model == ours)
                return;
        snprintf(a, sizeof(a), "%lld", model);
        snprintf(b, sizeof(b), "%lld", ours);
        disagree(what, a, b);
}

static double next_draw(HealthGroup *g)
{
        (void) g;
        return drawn < n_draws ? draws[drawn++] : 0;
}

static void start(unsigned n)
{
        run++;
        health_group_init(&group, &parameters, 1);
        group.uniform = next_draw;
        for (unsigned i = 0; i < n; i++) {
                pointers[i] = &members[i];
                health_init(&members[i], &group, MODE_LAZY, 0);
        }
        group.members = pointers;
        group.n = n;
}

static void play_query(uint64_t now, const char *route, int upstream, int background)
{
        static const char *const routes[] = { "normal", "last-resort", "join", "fail-fast" };
        HealthDecision d = health_query(&group, now);

        if (strcmp(routes[d.route], route) != 0)
                disagree("where a query goes", route, routes[d.route]);
        agree("which upstream it goes to", upstream, d.upstream == SIZE_MAX ? -1 : (long long) d.upstream);
        agree("which trial starts beside it", background, d.background == SIZE_MAX ? -1 : (long long) d.background);
}

static void play(uint64_t now, const char *event)
{
        char route[32];
        int a = 0, b = 0, c = 0, d = 0;

        if (sscanf(event, "ok %d %d", &a, &b) == 2)
                health_ok(&members[a], now, b);
        else if (sscanf(event, "soft %d %d %d %d", &a, &b, &c, &d) == 4)
                agree("wish for a probe", d, health_fault(&members[a], now, FAULT_TIMEOUT, (uint64_t) b, c, 0) == WISH_PROBE);
        else if (sscanf(event, "hard %d %d %d", &a, &b, &c) == 3)
                agree("wish for a probe", c,
                      health_fault(&members[a], now, b ? FAULT_CERTIFICATE_NAME : FAULT_REFUSED, 0, true, 0) == WISH_PROBE);
        else if (sscanf(event, "probe %d %d", &a, &b) == 2)
                health_probe_done(&members[a], now, b ? FAULT_NONE : FAULT_TIMEOUT);
        else if (sscanf(event, "start_probe %d %d", &a, &b) == 2)
                agree("start of a probe", b, health_probe_start(&members[a]));
        else if (sscanf(event, "stale %d", &a) == 1)
                health_fault(&members[a], now, FAULT_SILENT, 0, false, 0);
        else if (sscanf(event, "localnet %d", &a) == 1)
                health_fault(&members[a], now, FAULT_NO_ROUTE, 0, true, 0);
        else if (sscanf(event, "overload %d %d", &a, &b) == 2)
                health_fault(&members[a], now, FAULT_HTTP_OVERLOAD, 0, false, (uint64_t) b * USEC_PER_SEC);
        else if (strncmp(event, "epoch", 5) == 0)
                health_epoch(&group, now);
        else if (sscanf(event, "query %31s %d %d", route, &a, &b) == 3)
                play_query(now, route, a, b);
        else
                disagree("event", event, "knows it not");
}

static void compare(char *expected)
{
        char *save = NULL, *word = strtok_r(expected, " \n", &save);

        for (size_t i = 0; i < group.n; i++) {
                const Health *h = &members[i];
                const char *state = health_state_name(h->state);
                uint64_t retry_at;

                if (!word || strcasecmp(word, state) != 0)
                        disagree("state", word ? word : "nothing", state);
                agree("incidents in a row", atoll(strtok_r(NULL, " \n", &save)), h->consecutive);
                agree("back-off level", atoll(strtok_r(NULL, " \n", &save)), h->level);
                agree("probe or trial under way", atoll(strtok_r(NULL, " \n", &save)), h->probing);
                retry_at = strtoull(strtok_r(NULL, " \n", &save), NULL, 10);
                /* The model adds in floating point: the last digit is not to be held against anybody, and is made the same. */
                if (h->state == HEALTH_FAILED && (retry_at > h->retry_at ? retry_at - h->retry_at : h->retry_at - retry_at) > 1)
                        agree("retry_at", (long long) retry_at, (long long) h->retry_at);
                if (h->state == HEALTH_FAILED)
                        members[i].retry_at = retry_at;
                word = strtok_r(NULL, " \n", &save);
        }
}

int main(void)
{
        unsigned long events = 0;
        unsigned n;

        parameters = health_defaults;
        parameters.last_resort_gap = USEC_PER_SEC;
        parameters.last_resort_max = 5 * USEC_PER_SEC;
        while (fgets(line, sizeof(line), stdin)) {
                char *jitter, *expected, *end;
                uint64_t now;

                line_number++;
                memcpy(words, line, sizeof(words));
                if (sscanf(line, "start %u", &n) == 1) {
                        start(n);
                        continue;
                }
                jitter = strchr(line, '|');
                expected = jitter ? strchr(jitter + 1, '|') : NULL;
                if (!expected)
                        return EXIT_FAILURE;
                *jitter++ = *expected++ = 0;
                n_draws = drawn = 0;
                for (double v; n_draws < DRAWS_MAX && (v = strtod(jitter, &end), end != jitter); jitter = end)
                        draws[n_draws++] = v;
                now = strtoull(line, &end, 10);
                play(now, end + 1);
                compare(expected);
                events++;
        }
        printf("%u runs, %lu events: health.c agrees with the model\n", run, events);
        return run == 0;
}
