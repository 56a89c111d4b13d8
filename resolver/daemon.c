/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "config_check.h"
#include "core/base/pool.h"
#include "handover.h"
#include "io/client/unanswered.h"
#include "io/clock.h"
#include "io/system/clock_watch.h"
#include "io/system/hosts_file.h"
#include "io/system/last_good_time.h"
#include "io/journal.h"
#include "io/system/netlink.h"
#include "io/system/network_files.h"
#include "io/system/network_manager.h"
#include "io/system/networkd.h"
#include "io/system/resolv_conf_watch.h"
#include "io/upstream/do53_client.h"
#include "io/upstream/portal_page.h"
#include "io/system/sleep.h"
#include "io/upstream/transport.h"
#include "io/upstream/trusted_time.h"
#include "link_keeper.h"
#include "listeners.h"
#include "passed.h"
#include "report.h"
#include "service.h"

#define STOP_MAX (5 * USEC_PER_SEC) /* all queries have been answered by then */
#define TIMER_MAX_MSEC (24 * 3600 * 1000)

struct Daemon {
        uv_loop_t *loop;
        const char *config_file;
        Engine *engine;
        LinkKeeper *links;
        UpstreamTransport *transport;
        Do53Client *do53_client;
        PortalPages *portal_pages;
        Network *network;
        ClockWatch *clock_watch; /* NULL: not supported by the kernel */
        LastGoodTime last_good_time;
        HostsSource *hosts;
        ResolvConfWatch *resolv_conf;
        Bus *bus;
        Sleep sleep;
        NetworkManager network_manager;
        Networkd networkd;
        Service service;
        Unanswered *unanswered; /* NULL: nothing outlives the process */
        Listeners listeners;
        Passed passed;
        DaemonObserver observer;
        List query_observers;
        uv_prepare_t prepare;
        uv_check_t check;
        uv_timer_t timer;
        uv_signal_t signals[3];
        uint64_t suspended; /* usec, since boot, as last seen */
        uint64_t noted_at;  /* when the last query was read for which that was looked at */
        bool reload;        /* requested by signals; those of one turn count as one */
        uint64_t network_changes, changes_told;
        bool busy; /* there is work in progress */
        bool stopping;
        uint64_t stop_at;
        bool closed;
};

/* --- status */

static void daemon_update_status(Daemon *d)
{
        const char *unusable = config_unusable(engine_config(d->engine));
        char summary[REPORT_SUMMARY_MAX];

        if (d->stopping)
                service_status(&d->service, "Stopping");
        else if (unusable)
                service_status(&d->service, "Configuration error: %s", unusable);
        else {
                report_summary(d->engine, summary);
                service_status(&d->service, "%s", summary);
        }
}

/* --- the turn */

/* The clock is behind: tells the engine which names may be resolved without encryption, and by whom. */
static void daemon_tell_clock_names(Daemon *d)
{
        const Config *c = engine_config(d->engine);
        _cleanup_(freep) char *names = c->clock_names ? strdup(c->clock_names) : network_files_ntp_names(NULL);
        bool chosen = c->clock_servers && *c->clock_servers, used;
        _cleanup_(freep) char *servers = chosen ? strdup(c->clock_servers) : link_keeper_network_servers(d->links);

        used = engine_set_clock_names(d->engine, names ?: "", servers ?: "", clock_now());
        /* ClockNames= without a name is off. */
        if (!c->clock_names || *c->clock_names)
                report_clock_names(names ?: "", servers ?: "", used);
}

static void daemon_carry_out(Daemon *d, const Action *a)
{
        switch (a->type) {
        case ACTION_ANSWER:
                query_observers_tell(&d->query_observers, a);
                if (a->answer.client.kind == CLIENT_UDP && d->unanswered)
                        unanswered_remove(d->unanswered, a->answer.client.udp.mark);
                if (a->answer.client.kind == CLIENT_BUS)
                        d->observer.answer(d->observer.userdata, &a->answer.client, a->answer.route.origin,
                                           a->answer.message);
                else if (a->answer.reply)
                        listener_answer(&a->answer.client, a->answer.reply);
                else
                        listener_dismiss(&a->answer.client);
                break;
        case ACTION_STATE:
                report_state(a);
                break;
        case ACTION_FORWARD_STATE:
                report_forward_state(a);
                break;
        case ACTION_NETWORK:
                report_network(a->network);
                if (a->network == NETWORK_CLOCK)
                        daemon_tell_clock_names(d);
                break;
        case ACTION_PROBED:
                if (d->observer.probed)
                        d->observer.probed(d->observer.userdata, a);
                break;
        case ACTION_DO53_SEND:
        case ACTION_DO53_CANCEL:
                do53_client_act(d->do53_client, a);
                break;
        case ACTION_PORTAL_OPEN:
                report_portal_open();
                break;
        case ACTION_PORTAL_LOOK:
                portal_pages_act(d->portal_pages, a);
                break;
        default:
                transport_act(d->transport, a);
                break;
        }
}

/* Has the machine been suspended? Timers do not tell, because those of libuv stand still meanwhile. */
static void daemon_note_suspend(Daemon *d)
{
        uint64_t suspended = clock_suspended();
        uint64_t slept = usec_sub(suspended, d->suspended);

        d->suspended = suspended;
        if (slept < SLEEP_MIN)
                return;
        engine_resume(d->engine, slept, clock_now());
        network_manager_refresh(&d->network_manager);
}

/* Is there work in progress? When there is none any longer, what a burst took is given back to the kernel. */
static void daemon_note_work(Daemon *d)
{
        bool busy = engine_next_time(d->engine) != USEC_NEVER;

        service_busy(&d->service, busy);
        if (d->busy && !busy) {
                pool_clear();
                malloc_trim(0);
        }
        d->busy = busy;
}

static void daemon_finish(Daemon *d);

static void daemon_set_timer(Daemon *d)
{
        uint64_t next = MIN(engine_next_time(d->engine), journal_next_time()), now = clock_now(), msec;

        if (d->stopping)
                next = MIN(next, d->stop_at);
        else
                next = MIN(next, listeners_next_time(&d->listeners));
        if (next == USEC_NEVER) {
                uv_timer_stop(&d->timer);
                return;
        }
        msec = (usec_sub(next, now) + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
        uv_update_time(d->loop);
        uv_timer_start(&d->timer, d->timer.timer_cb, MIN(msec, (uint64_t) TIMER_MAX_MSEC), 0);
}

/* Has every query that was read been answered? */
static bool daemon_is_done(const Daemon *d)
{
        return listeners_are_done(&d->listeners) && engine_waiting(d->engine) == 0;
}

/* Which servers containers are told depends on the links, the files of network managers and the listeners. */
static void daemon_tell_containers(Daemon *d)
{
        uint64_t changes = link_keeper_version(d->links) + d->network_changes + d->listeners.n;
        _cleanup_(freep) char *own = NULL, *network = NULL;

        if (changes == d->changes_told)
                return;
        d->changes_told = changes;
        own = listeners_addresses(&d->listeners);
        network = link_keeper_network_servers(d->links);
        if (own && network)
                resolv_conf_watch_set_servers(d->resolv_conf, own, network);
}

void daemon_turn(Daemon *d)
{
        Action a;

        if (d->closed)
                return;
        daemon_note_suspend(d);
        if (d->reload) {
                d->reload = false;
                daemon_reload(d, NULL, NULL);
        }
        if (!d->stopping)
                listeners_retry(&d->listeners, clock_now());
        link_keeper_apply(d->links, d->engine, d->resolv_conf, clock_now());
        daemon_tell_containers(d);
        engine_run(d->engine, clock_now());
        while (engine_next_action(d->engine, &a))
                daemon_carry_out(d, &a);
        transport_flush(d->transport);
        listener_flush_all();
        report_dropped(&d->listeners.stats);
        journal_run();
        last_good_time_save(&d->last_good_time, trusted_time_last_good(), false);
        daemon_update_status(d);
        if (d->observer.turned)
                d->observer.turned(d->observer.userdata);
        bus_flush(d->bus);
        if (d->stopping && (daemon_is_done(d) || clock_now() >= d->stop_at)) {
                handover_save(d->engine);
                daemon_finish(d);
                return;
        }
        daemon_note_work(d);
        daemon_set_timer(d);
}

static void daemon_on_prepare(uv_prepare_t *p)
{
        daemon_turn(p->data);
}

/* The timer only ends the sleep of the loop: the turn that follows does what is due. */
static void daemon_on_timer(uv_timer_t *t)
{
        (void) t;
}

static void daemon_on_query(void *userdata, const Client *client, Transport transport, Bytes query, uint64_t now)
{
        Daemon *d = userdata;
        size_t waiting = engine_waiting(d->engine);
        Client marked = *client;
        Address address;

        /* The clock is read once for all queries that were read together: to read it for each took a quarter of our own
         * time for an answer from the cache. */
        if (now != d->noted_at)
                daemon_note_suspend(d);
        d->noted_at = now;
        bus_retry(d->bus, now);
        if (d->unanswered && client->kind == CLIENT_UDP)
                marked.udp.mark = unanswered_next(d->unanswered);
        if (!engine_query(d->engine, &marked, transport, query, now))
                listener_dismiss(client);
        else if (marked.kind == CLIENT_UDP && marked.udp.mark && engine_waiting(d->engine) > waiting) {
                listener_address(listener_of(client), &address);
                unanswered_add(d->unanswered, &marked, &address, query);
        }
}

static void daemon_on_network(void *userdata, bool online)
{
        Daemon *d = userdata;

        d->network_changes++;
        listeners_retry_soon(&d->listeners);
        hosts_source_addresses_changed(d->hosts);
        engine_network_changed(d->engine, online, clock_now());
        network_manager_refresh(&d->network_manager);
        transport_network_changed(d->transport);
}

static void daemon_on_clock_set(void *userdata)
{
        Daemon *d = userdata;

        if (engine_network_state(d->engine) == NETWORK_CLOCK)
                report_clock_set();
        engine_clock_set(d->engine, clock_now());
}

static void daemon_on_connectivity(void *userdata, const Connectivity *c)
{
        Daemon *d = userdata;

        engine_set_connectivity(d->engine, c, clock_now());
}

static void daemon_on_networkd(void *userdata)
{
        daemon_links_changed(userdata);
}

static void daemon_on_hosts(void *userdata, Hosts *file, Hosts *own)
{
        Daemon *d = userdata;

        engine_set_hosts(d->engine, file, own);
}

static void daemon_on_sleep(void *userdata, bool before)
{
        Daemon *d = userdata;

        journal_log(LOG_DEBUG, before ? "About to suspend." : "Back from suspend.");
        if (before)
                engine_sleep(d->engine, clock_now());
        else
                daemon_note_suspend(d);
}

/* --- the end */

void daemon_stop(Daemon *d)
{
        if (d->stopping)
                return;
        d->stopping = true;
        d->stop_at = clock_now() + STOP_MAX;
        service_stopping(&d->service);
        listeners_stop(&d->listeners);
}

static void daemon_close_handle(uv_handle_t *h)
{
        if (h->loop && !uv_is_closing(h))
                uv_close(h, NULL);
}

/* Everything has been answered: closes our handles, so that the loop ends once the connections are closed. */
static void daemon_finish(Daemon *d)
{
        d->closed = true;
        last_good_time_save(&d->last_good_time, trusted_time_last_good(), true);
        last_good_time_deinit(&d->last_good_time);
        listeners_close(&d->listeners);
        d->transport = transport_free(d->transport);
        d->do53_client = do53_client_free(d->do53_client);
        d->portal_pages = portal_pages_free(d->portal_pages);
        d->network = network_free(d->network);
        link_keeper_stop(d->links);
        d->clock_watch = clock_watch_free(d->clock_watch);
        d->hosts = hosts_source_free(d->hosts);
        d->resolv_conf = resolv_conf_watch_free(d->resolv_conf);
        d->bus = bus_free(d->bus);
        if (d->observer.finished)
                d->observer.finished(d->observer.userdata);
        service_close(&d->service);
        daemon_close_handle((uv_handle_t *) &d->prepare);
        daemon_close_handle((uv_handle_t *) &d->timer);
        for (size_t i = 0; i < ELEMENTS(d->signals); i++)
                daemon_close_handle((uv_handle_t *) &d->signals[i]);
}

Daemon *daemon_free(Daemon *d)
{
        if (!d)
                return NULL;
        engine_free(d->engine);
        link_keeper_free(d->links);
        unanswered_free(d->unanswered);
        listeners_deinit(&d->listeners);
        passed_deinit(&d->passed);
        free(d);
        return NULL;
}

/* --- the beginning */

static void daemon_on_signal(uv_signal_t *s, int number)
{
        Daemon *d = s->data;

        if (number == SIGHUP)
                d->reload = true;
        else
                daemon_stop(d);
}

/* Findings are logged, and reported to whoever requested the reload. */
typedef struct Findings {
        ConfigReport report;
        void *userdata;
} Findings;

static void daemon_on_finding(void *userdata, const ConfigMessage *m)
{
        const Findings *f = userdata;

        report_config(NULL, m);
        if (f->report)
                f->report(f->userdata, m);
}

int daemon_reload(Daemon *d, ConfigReport report, void *userdata)
{
        _cleanup_(config_unrefp) Config *config = NULL, *before = config_ref((Config *) engine_config(d->engine));
        Findings findings = { .report = report, .userdata = userdata };
        unsigned errors = 0;
        bool apply;
        int r;

        service_reloading(&d->service);
        r = config_check_load(d->config_file, daemon_on_finding, &findings, &config, &errors);
        /* Without any upstream there is nothing to preserve: then errors have the effect that they have at start. */
        apply = r >= 0 && (errors == 0 || before->n_upstreams == 0);
        if (apply) {
                transport_reload(d->transport);
                r = engine_reload(d->engine, config, clock_now());
                apply = r >= 0;
        }
        report_reload(r, apply ? 0 : errors);
        if (apply) {
                listeners_set_limits(&d->listeners, config);
                report_unusable(config);
                journal_set_level(config->log_level);
                report_upstreams(before, config);
                hosts_source_reload(d->hosts, config);
                link_keeper_note_change(d->links);
        }
        service_ready(&d->service);
        return r < 0 ? r : (int) errors;
}

static int daemon_start_handles(Daemon *d)
{
        static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

        service_init(&d->service, d->loop);
        uv_prepare_init(d->loop, &d->prepare);
        uv_timer_init(d->loop, &d->timer);
        d->timer.timer_cb = daemon_on_timer;
        d->prepare.data = d->timer.data = d;
        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                int r = uv_signal_init(d->loop, &d->signals[i]);

                if (r < 0)
                        return r;
                d->signals[i].data = d;
                uv_signal_start(&d->signals[i], daemon_on_signal, numbers[i]);
        }
        return 0;
}

static int daemon_start(Daemon *d, uv_loop_t *loop, const DaemonOptions *options)
{
        _cleanup_(config_unrefp) Config *config = NULL;
        unsigned errors = 0;
        uint8_t seed[16];
        int r;

        r = config_check_load(options->config_file, report_config, NULL, &config, &errors);
        if (r < 0 || !config)
                return EX_OSERR;
        journal_set_level(config->log_level);
        last_good_time_load(&d->last_good_time, getenv("STATE_DIRECTORY"));
        trusted_time_start(d->last_good_time.saved);
        if (getrandom(seed, sizeof(seed), GRND_INSECURE) != sizeof(seed))
                return EX_OSERR;
        d->links = link_keeper_new(loop, getenv("RUNTIME_DIRECTORY"));
        d->engine = d->links ? engine_new(config, seed, clock_now()) : NULL;
        d->transport = d->engine ? transport_new(loop, d->engine) : NULL;
        d->do53_client = d->engine ? do53_client_new(loop, d->engine) : NULL;
        d->portal_pages = d->engine ? portal_pages_new(loop, d->engine) : NULL;
        if (!d->transport || !d->do53_client || !d->portal_pages)
                return EX_OSERR;
        listeners_init(&d->listeners, loop, daemon_on_query, d);
        if (passed_init(&d->passed) < 0)
                return EX_OSERR;
        r = listeners_start(&d->listeners, &d->passed, config, clock_now());
        if (r != 0)
                return r;
        handover_load(d->engine, d->passed.cache);
        d->unanswered = handover_keep_queries(d->passed.queries);
        d->hosts = hosts_source_new(loop, config, seed, daemon_on_hosts, d);
        if (!d->hosts)
                return EX_OSERR;
        d->resolv_conf = resolv_conf_watch_new(loop, &resolv_conf_paths);
        if (!d->resolv_conf)
                return EX_OSERR;
        r = network_new(loop, daemon_on_network, d, &d->network);
        if (r < 0)
                journal_fields(LOG_NOTICE, MESSAGE_PLAIN, (const char *[]) { "DOHMOUSE_WATCH=network", NULL },
                               "Failed to watch for network changes, they are noticed by their effects: %s",
                               strerror(-r));
        r = clock_watch_new(loop, daemon_on_clock_set, d, &d->clock_watch);
        if (r < 0)
                journal_fields(LOG_NOTICE, MESSAGE_PLAIN, (const char *[]) { "DOHMOUSE_WATCH=clock", NULL },
                               "Failed to watch for clock changes, certificates are checked again later: %s",
                               strerror(-r));
        d->bus = bus_new(loop);
        if (!d->bus)
                return EX_OSERR;
        sleep_init(&d->sleep, d->bus, daemon_on_sleep, d);
        network_manager_init(&d->network_manager, d->bus, daemon_on_connectivity, d);
        networkd_init(&d->networkd, loop, d->bus, daemon_links(d), daemon_on_networkd, d);
        uv_prepare_start(&d->prepare, daemon_on_prepare);
        for (size_t i = 0; i < d->listeners.n; i++)
                report_listening(d->listeners.all[i]);
        report_upstreams(NULL, config);
        report_unusable(config);
        handover_take_queries(d->engine, d->unanswered, &d->listeners);
        daemon_update_status(d);
        service_ready(&d->service);
        return 0;
}

int daemon_new(uv_loop_t *loop, const DaemonOptions *options, Daemon **ret)
{
        Daemon *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return EX_OSERR;
        *ret = d;
        d->loop = loop;
        d->config_file = options->config_file;
        list_init(&d->query_observers);
        d->suspended = clock_suspended();
        r = daemon_start_handles(d) < 0 ? EX_OSERR : daemon_start(d, loop, options);
        if (r != 0)
                daemon_finish(d);
        return r;
}

void daemon_observe(Daemon *d, const DaemonObserver *observer)
{
        d->observer = *observer;
}

void daemon_observe_queries(Daemon *d, QueryObserver *o)
{
        list_append(&d->query_observers, &o->in_daemon);
}

void daemon_reset_statistics(Daemon *d)
{
        d->listeners.stats = (ListenerStats) { .tcp_open = d->listeners.stats.tcp_open };
        transport_reset_stats(d->transport);
        engine_reset_statistics(d->engine);
}

LinkTable *daemon_links(Daemon *d)
{
        return link_keeper_table(d->links);
}

uint64_t daemon_links_version(const Daemon *d)
{
        return link_keeper_version(d->links);
}

void daemon_links_changed(Daemon *d)
{
        link_keeper_note_change(d->links);
}

bool daemon_is_network_manager(const Daemon *d, const char *unique_name)
{
        return network_manager_is(&d->network_manager, unique_name);
}

Bus *daemon_bus(Daemon *d)
{
        return d->bus;
}

Engine *daemon_engine(Daemon *d)
{
        return d->engine;
}

uv_loop_t *daemon_loop(Daemon *d)
{
        return d->loop;
}

const ListenerStats *daemon_listener_stats(const Daemon *d)
{
        return &d->listeners.stats;
}

const H2Stats *daemon_connection_stats(const Daemon *d)
{
        return transport_stats(d->transport);
}

ResolvConfMode daemon_resolv_conf_mode(const Daemon *d)
{
        return resolv_conf_watch_mode(d->resolv_conf);
}

const char *daemon_search_domains(const Daemon *d)
{
        return resolv_conf_watch_search(d->resolv_conf);
}

int daemon_take_varlink_socket(Daemon *d)
{
        return passed_take_varlink(&d->passed);
}
