/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's life, played from one seed: a fake clock, network, upstreams and clients, with suspends, roams, freezes,
 * floods, failures, and an administrator; after each step the invariants of FAULTS.md hold (I1-I7 as far as they are
 * the engine's). Nothing here sleeps: five minutes of a life in which all goes wrong that can take a millisecond.
 *
 * usage: sim [--seeds N] [--first SEED] [--verbose] [--traces]     a failing seed is printed; `sim --first SEED --seeds
 * 1 --verbose` replays it;
 * --traces prints the trace of each life (trace.h), to find the first in which two builds differ
 */

#include <getopt.h>
#include <stdio.h>

#include "administrator.h"
#include "clients.h"
#include "invariants.h"
#include "machine.h"
#include "servers.h"
#include "sim_links.h"

#define LIFE (300 * USEC_PER_SEC)
#define REST (200 * USEC_PER_SEC) /* longer than any idle connection is kept */

static uint64_t total_answered, total_failed, total_worst;
static Trace total_trace = TRACE_INIT;
static bool print_traces;

void world_carry_out(World *w)
{
        unsigned n = 0;
        Action a;

        while (engine_next_action(w->engine, &a)) {
                if (++n > 100000)
                        world_violated(w, "I6: one event made more than 100000 actions");
                trace_add_action(&w->trace, &a, w->now);
                if (verbose)
                        trace_print(&a);
                switch (a.type) {
                case ACTION_ANSWER:
                        clients_take_answer(w, &a.answer.client, a.answer.message);
                        break;
                case ACTION_CONNECT:
                        invariants_take_connect(w, &a);
                        servers_connect(w, &a);
                        break;
                case ACTION_SEND:
                        servers_send(w, &a);
                        break;
                case ACTION_DO53_SEND:
                        links_send(w, &a);
                        break;
                case ACTION_PING:
                        servers_ping(w, &a);
                        break;
                case ACTION_CLOSE:
                        servers_close(w, &a);
                        break;
                case ACTION_STATE:
                        invariants_take_state(w, &a);
                        break;
                case ACTION_PROBED:
                        administrator_take_outcome(w, &a);
                        break;
                case ACTION_UPSTREAM_GONE:
                        servers_forget_upstream(w, a.upstream);
                        break;
                default:
                        break;
                }
        }
}

/* --- what happens */

static void happen(World *w, Event *e)
{
        switch (e->type) {
        case EV_QUERY:
                if (w->quiet)
                        break;
                clients_ask(w, (uint32_t) (world_below(w, 4) ? w->n_asked : world_below(w, NAMES_AGAIN)));
                world_schedule(w,
                               world_below(w, 50) == 0 ? world_below(w, 60 * USEC_PER_SEC)
                                                       : world_below(w, 2 * USEC_PER_SEC),
                               EV_QUERY);
                break;
        case EV_FLOOD:
                if (w->quiet)
                        break;
                world_say(w, "flood");
                for (uint64_t i = 100 + world_below(w, 900); i > 0; i--)
                        clients_ask(w, (uint32_t) (100000 + w->n_asked));
                break;
        case EV_BEHAVIOUR:
                servers_set_behaviour(w, (unsigned) world_below(w, w->n_servers),
                                      w->quiet || world_below(w, 3) == 0
                                              ? GOOD
                                              : (ServerBehaviour) world_below(w, _SERVER_BEHAVIOURS));
                world_schedule(w, (1 + world_below(w, 40)) * USEC_PER_SEC, EV_BEHAVIOUR);
                break;
        case EV_ROAM:
                machine_roam(w);
                world_schedule(w, (20 + world_below(w, 200)) * USEC_PER_SEC, EV_ROAM);
                break;
        case EV_SUSPEND:
                machine_suspend(w);
                world_schedule(w, (20 + world_below(w, 400)) * USEC_PER_SEC, EV_SUSPEND);
                break;
        case EV_OFFLINE:
                machine_offline(w);
                world_schedule(w, (1 + world_below(w, 30)) * USEC_PER_SEC, EV_ONLINE);
                break;
        case EV_ONLINE:
                machine_online(w);
                world_schedule(w, (20 + world_below(w, 400)) * USEC_PER_SEC, EV_OFFLINE);
                break;
        case EV_ADMINISTRATOR:
                administrator_act(w);
                world_schedule(w, world_below(w, 60 * USEC_PER_SEC), EV_ADMINISTRATOR);
                break;
        case EV_LINK:
                links_act(w);
                world_schedule(w, world_below(w, 40 * USEC_PER_SEC), EV_LINK);
                break;
        case EV_DO53:
        case EV_DO53_FAILED:
                links_event(w, e);
                break;
        default:
                servers_event(w, e);
                break;
        }
        packet_unref(e->body);
}

/* --- a life */

static void step(World *w)
{
        uint64_t timer = engine_next_time(w->engine);
        uint64_t event = w->n_events ? w->events[0].at : USEC_NEVER;

        if (MIN(timer, event) > w->until) {
                w->now = w->until;
                return;
        }
        if (timer <= event) {
                if (timer > w->now)
                        w->now = timer;
                clients_note_coverage(w);
                engine_run(w->engine, w->now);
        } else {
                Event e = world_next_event(w);

                w->now = MAX(w->now, e.at);
                happen(w, &e);
                clients_note_coverage(w);
        }
        world_carry_out(w);
        invariants_check(w);
}

static void begin(World *w, uint64_t seed)
{
        uint8_t secret[16];

        *w = (World) { .trace = TRACE_INIT,
                       .seed = seed,
                       .random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1,
                       .online = true };
        w->now = (1 + world_below(w, 1000000)) * USEC_PER_SEC;
        w->connects_since = w->demand_at = w->trouble_at = w->now;
        w->links = link_table_new();
        w->events = calloc(EVENTS_MAX, sizeof(*w->events));
        w->asked = calloc(QUERIES_MAX, sizeof(*w->asked));
        w->n_servers = 1 + (unsigned) world_below(w, SERVERS_MAX);
        for (unsigned i = 0; i < w->n_servers; i++)
                w->servers[i] = (Server) { .behaviour = GOOD, .rtt = (1 + world_below(w, 80)) * USEC_PER_MSEC };
        w->config = administrator_configure(w, true);
        for (size_t i = 0; i < sizeof(secret); i++)
                secret[i] = (uint8_t) world_draw(w);
        w->engine = w->config ? engine_new(w->config, secret, w->now) : NULL;
        if (!w->links || !w->events || !w->asked || !w->engine)
                world_violated(w, "out of memory, or the configuration is wrong");
        administrator_learn_numbers(w);
        world_schedule(w, 0, EV_QUERY);
        world_schedule(w, world_below(w, 40 * USEC_PER_SEC), EV_BEHAVIOUR);
        world_schedule(w, world_below(w, 200 * USEC_PER_SEC), EV_ROAM);
        world_schedule(w, world_below(w, 400 * USEC_PER_SEC), EV_SUSPEND);
        world_schedule(w, world_below(w, 400 * USEC_PER_SEC), EV_OFFLINE);
        world_schedule(w, world_below(w, 4 * LIFE), EV_FLOOD);
        world_schedule(w, world_below(w, 60 * USEC_PER_SEC), EV_ADMINISTRATOR);
        /* In every second life, links stay as they are: without any. */
        if (world_below(w, 2))
                world_schedule(w, world_below(w, 100 * USEC_PER_SEC), EV_LINK);
}

static void drop_events(World *w)
{
        while (w->n_events) {
                Event e = world_next_event(w);

                packet_unref(e.body);
        }
}

static void play(World *w, uint64_t time)
{
        w->until = w->now + time;
        while (w->now < w->until)
                step(w);
}

static void live(uint64_t seed)
{
        World w;

        begin(&w, seed);
        play(&w, LIFE);
        w.quiet = true;
        play(&w, REST);
        /* Nobody asks any more, and what the world does is over: the engine must come to rest. */
        drop_events(&w);
        play(&w, REST);
        invariants_check_end(&w);
        drop_events(&w);
        world_say(&w, "answered %llu, failed %llu, slowest %.3f s", (unsigned long long) w.answered,
                  (unsigned long long) w.failed, (double) w.worst / 1e6);
        total_answered += w.answered;
        total_failed += w.failed;
        total_worst = MAX(total_worst, w.worst);
        trace_add(&total_trace, w.trace);
        if (print_traces)
                printf("seed %llu trace %016llx\n", (unsigned long long) seed, (unsigned long long) w.trace.hash);
        engine_free(w.engine);
        links_free(&w);
        config_unref(w.config);
        free(w.events);
        free(w.asked);
}

int main(int argc, char *argv[])
{
        static const struct option options[] = {
                { "seeds", required_argument, NULL, 'n' },
                { "first", required_argument, NULL, 'f' },
                { "verbose", no_argument, NULL, 'v' },
                { "traces", no_argument, NULL, 't' },
                { NULL, 0, NULL, 0 },
        };
        const char *wanted = getenv("DOHMOUSE_SIM_SEEDS");
        uint64_t seeds = wanted ? strtoull(wanted, NULL, 10) : 2000, first = 1;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'n':
                        seeds = strtoull(optarg, NULL, 10);
                        break;
                case 'f':
                        first = strtoull(optarg, NULL, 10);
                        break;
                case 'v':
                        verbose = true;
                        break;
                case 't':
                        print_traces = true;
                        break;
                default:
                        return 2;
                }
        for (uint64_t seed = first; seed < first + seeds; seed++)
                live(seed);
        printf("%llu lives: %llu queries answered, %llu failed where no upstream could answer, slowest answer %.3f s\n",
               (unsigned long long) seeds, (unsigned long long) total_answered, (unsigned long long) total_failed,
               (double) total_worst / 1e6);
        printf("trace %016llx\n", (unsigned long long) total_trace.hash);
        return 0;
}
