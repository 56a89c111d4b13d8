/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plays the walks that health_walk.py wrote down, and agrees with the model event for event: states, counters, times,
 * wishes and decisions. The first disagreement is told, with what led to it, and ends the run.
 *
 * A walk:      walk SEED UPSTREAMS PARAMETER...
 * Its events:  EVENT TIME UPSTREAM ARGUMENT... | RESULT... | JITTER... | LAST_RESORT_AT LAST_RESORT_GAP, and of each
 * upstream STATE CONSECUTIVE LEVEL RETRY_AT PROBING PROBE_FAILURES SUCCESSES
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/health/health.h"

#define MEMBERS_MAX 4
#define NUMBERS_MAX 32
#define LINE_SIZE 1024
#define HISTORY 8 /* events told before a disagreement */

typedef struct Numbers {
        long long v[NUMBERS_MAX];
        unsigned n;
} Numbers;

typedef struct Walk {
        HealthParameters parameters;
        HealthGroup group;
        Health members[MEMBERS_MAX], *pointers[MEMBERS_MAX];
        unsigned long long seed, step;
        Numbers jitter;
        unsigned drawn;
        char history[HISTORY][LINE_SIZE];
} Walk;

static Walk w;

_printf_(1, 2) static void disagree(const char *format, ...)
{
        unsigned long long first = w.step >= HISTORY ? w.step - HISTORY + 1 : 1;
        va_list args;

        printf("seed %llu, event %llu: ", w.seed, w.step);
        va_start(args, format);
        vprintf(format, args);
        va_end(args);
        printf("\nevent, usec, upstream, arguments | result | jitter | last resort at, its gap; of each upstream: "
               "state, incidents in a row, level, retry at, probing, failed probes, successes\n");
        for (unsigned long long i = first; i <= w.step; i++)
                printf("%6llu  %s", i, w.history[i % HISTORY]);
        printf("replay: make check TESTS=tests/unit/core/health/health-agrees-with-the-model DOHMOUSE_HEALTH_FIRST=%llu "
               "DOHMOUSE_HEALTH_WALKS=1\n",
               w.seed);
        exit(EXIT_FAILURE);
}

static void agree(const char *what, size_t upstream, long long model, long long ours)
{
        if (model != ours)
                disagree("%s of upstream %zu is %lld in the model, %lld in health.c", what, upstream, model, ours);
}

/* The numbers up to what is none; *text moves there. */
static Numbers numbers(char **text)
{
        Numbers r = { .n = 0 };
        char *end;

        for (;; *text = end) {
                long long v = strtoll(*text, &end, 10);

                if (end == *text || r.n == NUMBERS_MAX)
                        return r;
                r.v[r.n++] = v;
        }
}

static Numbers section(char **text)
{
        Numbers r = numbers(text);

        *text += strspn(*text, " ");
        if (**text == '|')
                ++*text;
        return r;
}

static int32_t noted_draw(_unused_ HealthGroup *g)
{
        if (w.drawn == w.jitter.n)
                disagree("health.c draws a jitter, the model none");
        return (int32_t) w.jitter.v[w.drawn++];
}

static void start(char *text)
{
        Numbers p = numbers(&text);

        if (p.n != 22 || p.v[1] < 1 || p.v[1] > MEMBERS_MAX) {
                printf("no walk: %s\n", w.history[0]);
                exit(EXIT_FAILURE);
        }
        w.seed = (unsigned long long) p.v[0];
        w.step = 0;
        w.parameters = (HealthParameters) {
                .ratio_percent = 50,
                .jitter_percent = 20,
                .fail_consecutive = (unsigned) p.v[2],
                .ratio_min = (unsigned) p.v[3],
                .window = (uint64_t) p.v[4],
                .probe_max = (unsigned) p.v[5],
                .probes_at_once = (unsigned) p.v[6],
                .probe_gap = (uint64_t) p.v[7],
                .backoff = (uint64_t) p.v[8],
                .backoff_max = (uint64_t) p.v[9],
                .last_resort_gap = (uint64_t) p.v[10],
                .last_resort_max = (uint64_t) p.v[11],
                .backoff_correlated = (uint64_t) p.v[12],
                .rise = (unsigned) p.v[13],
                .flap_trips = (unsigned) p.v[14],
                .flap_window = (uint64_t) p.v[15],
                .flap_rise = (unsigned) p.v[16],
                .decay = (uint64_t) p.v[17],
                .pool_grace = (uint64_t) p.v[18],
                .correlation = (uint64_t) p.v[19],
                .overload_default = (uint64_t) p.v[20],
                .overload_max = (uint64_t) p.v[21],
        };
        health_group_init(&w.group, &w.parameters, 1);
        w.group.draw = noted_draw;
        w.group.members = w.pointers;
        w.group.n = (size_t) p.v[1];
        for (size_t i = 0; i < w.group.n; i++) {
                w.pointers[i] = &w.members[i];
                health_init(&w.members[i], &w.group, MODE_LAZY, 1);
        }
}

static long long index_or_none(size_t i)
{
        return i == SIZE_MAX ? -1 : (long long) i;
}

static void play_query(uint64_t now, const Numbers *result)
{
        static const char *const words[] = { "normal", "last resort", "join", "fail fast" };
        HealthDecision d = health_query(&w.group, now);

        if (result->v[0] != (long long) d.route)
                disagree("a query's way is \"%s\" in the model, \"%s\" in health.c", words[result->v[0]],
                         words[d.route]);
        if (result->v[1] != index_or_none(d.upstream))
                disagree("a query goes to upstream %lld in the model, %lld in health.c", result->v[1],
                         index_or_none(d.upstream));
        if (result->v[2] != index_or_none(d.background))
                disagree("the trial beside a query is of %lld in the model, %lld in health.c", result->v[2],
                         index_or_none(d.background));
}

static uint64_t play_over(Health *h, uint64_t now, const Numbers *arguments)
{
        static const FailureReason outcomes[] = { FAILURE_NONE, FAILURE_TIMEOUT, FAILURE_HTTP_OVERLOAD,
                                                  FAILURE_CERTIFICATE_NAME, FAILURE_NO_ROUTE };

        return health_probe_done(h, outcomes[arguments->v[2]], (uint64_t) arguments->v[3], now);
}

static bool play_failure(const char *event, Health *h, uint64_t now, const Numbers *a, bool *ret_probe)
{
        static const struct {
                const char *event;
                FailureReason failure;
        } failures[] = {
                { "soft", FAILURE_TIMEOUT },
                { "refused", FAILURE_REFUSED },
                { "verify", FAILURE_CERTIFICATE_EXPIRED },
                { "config", FAILURE_HTTP_CONFIG },
                { "rest", FAILURE_HTTP_OVERLOAD },
                { "local", FAILURE_NO_ROUTE },
                { "stale", FAILURE_SILENT },
                { "in_order", FAILURE_GOAWAY },
        };

        for (size_t i = 0; i < ELEMENTS(failures); i++) {
                bool soft = failures[i].failure == FAILURE_TIMEOUT;

                if (strcmp(failures[i].event, event) != 0)
                        continue;
                *ret_probe = health_failure(h, failures[i].failure, soft ? (uint64_t) a->v[2] : 0, soft && a->v[3],
                                            failures[i].failure == FAILURE_HTTP_OVERLOAD ? (uint64_t) a->v[2] : 0,
                                            now) == HEALTH_REQUEST_PROBE;
                return true;
        }
        return false;
}

static void play(const char *event, const Numbers *a, const Numbers *result)
{
        uint64_t now = (uint64_t) a->v[0], next;
        size_t i = (size_t) a->v[1];
        Health *h = &w.members[i];
        bool yes = false;

        if (strcmp(event, "query") == 0) {
                play_query(now, result);
                return;
        }
        if (strcmp(event, "over") == 0) {
                next = play_over(h, now, a);
                agree("the next probe's time", i, result->v[0], next == USEC_NEVER ? -1 : (long long) next);
                return;
        }
        if (strcmp(event, "ok") == 0)
                health_ok(h, a->v[2], now);
        else if (strcmp(event, "start") == 0)
                yes = health_probe_start(h);
        else if (strcmp(event, "abandon") == 0)
                health_probe_abandon(h, now);
        else if (strcmp(event, "trial") == 0)
                yes = health_trial_start(h, a->v[2], now);
        else if (strcmp(event, "epoch") == 0)
                health_epoch(&w.group, now);
        else if (!play_failure(event, h, now, a, &yes))
                disagree("an event that is not known");
        agree("whether it starts, or a probe is wished,", i, result->v[0], yes);
}

static void compare(char *text)
{
        static const char letters[] = "UHSFT";
        Numbers group = numbers(&text);

        if (group.n != 2)
                disagree("no state after it");
        if (w.drawn != w.jitter.n)
                disagree("the model draws %u jitters, health.c %u", w.jitter.n, w.drawn);
        if (group.v[0] != (long long) w.group.last_resort_at)
                disagree("the next last resort is at %lld in the model, %llu in health.c", group.v[0],
                         (unsigned long long) w.group.last_resort_at);
        if (group.v[1] != (long long) w.group.last_resort_gap)
                disagree("the gap of last resorts is %lld in the model, %llu in health.c", group.v[1],
                         (unsigned long long) w.group.last_resort_gap);
        for (size_t i = 0; i < w.group.n; i++) {
                const Health *h = &w.members[i];
                const char *letter;
                Numbers n;

                text += strspn(text, " ");
                letter = *text ? strchr(letters, *text) : NULL;
                if (!letter)
                        disagree("not a state: %s", text);
                if ((HealthState) (letter - letters) != h->state)
                        disagree("upstream %zu is %s in the model, %s in health.c", i,
                                 health_state_name((HealthState) (letter - letters)), health_state_name(h->state));
                text++;
                n = numbers(&text);
                if (n.n != 6)
                        disagree("half a state after it");
                agree("the number of incidents in a row", i, n.v[0], h->consecutive);
                agree("the back-off level", i, n.v[1], h->level);
                agree("retry_at", i, n.v[2], (long long) h->retry_at);
                agree("whether a probe or trial flies", i, n.v[3], h->probing);
                agree("the number of failed probes", i, n.v[4], h->probe_failures);
                agree("the number of successes", i, n.v[5], h->successes);
        }
}

int main(void)
{
        unsigned long long walks = 0, events = 0;
        char line[LINE_SIZE];

        while (fgets(line, sizeof(line), stdin)) {
                char *text = line, *event = strsep(&text, " ");
                Numbers arguments, result;

                if (!text)
                        break;
                if (strcmp(event, "walk") == 0) {
                        snprintf(w.history[0], LINE_SIZE, "%s", text);
                        start(text);
                        walks++;
                        continue;
                }
                w.step++;
                snprintf(w.history[w.step % HISTORY], LINE_SIZE, "%-8s %s", event, text);
                arguments = section(&text);
                result = section(&text);
                w.jitter = section(&text);
                w.drawn = 0;
                play(event, &arguments, &result);
                compare(text);
                events++;
        }
        printf("%llu walks, %llu events: health.c agrees with the model\n", walks, events);
        return walks && events ? EXIT_SUCCESS : EXIT_FAILURE;
}
