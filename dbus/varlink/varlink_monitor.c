/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/varlink/varlink_monitor.h"

#include <string.h>
#include <unistd.h>

#include "dbus/varlink/varlink_internal.h"
#include "dbus/varlink/varlink_status.h"
#include "io/clock.h"

typedef struct Subscriber {
        List in_monitor;
        VarlinkClient *client;
} Subscriber;

/* --- subscribers */

static void varlink_monitor_unwatch(VarlinkMonitor *m);

static void varlink_subscriber_free(Subscriber *s)
{
        list_remove(&s->in_monitor);
        free(s);
}

static Subscriber *varlink_subscriber_find(const List *list, const VarlinkClient *c)
{
        LIST_FOREACH(l, list) {
                Subscriber *s = container_of(l, Subscriber, in_monitor);

                if (s->client == c)
                        return s;
        }
        return NULL;
}

/* Stops watching what nobody is subscribed to. */
static void varlink_monitor_rest(VarlinkMonitor *m)
{
        if (!list_empty(&m->told))
                return;
        if (list_empty(&m->subscribers[VARLINK_QUERY_RESULTS]))
                list_remove(&m->observer.in_daemon);
        if (list_empty(&m->subscribers[VARLINK_CONFIGURATION]))
                varlink_monitor_unwatch(m);
}

void varlink_monitor_gone(VarlinkMonitor *m, const VarlinkClient *c)
{
        Subscriber *s = varlink_subscriber_find(&m->told, c);

        for (size_t i = 0; i < VARLINK_SUBJECTS && !s; i++)
                s = varlink_subscriber_find(&m->subscribers[i], c);
        if (s)
                varlink_subscriber_free(s);
        varlink_monitor_rest(m);
}

/* Each of them may be gone once it, or another one, has been told. */
static void varlink_monitor_tell(VarlinkMonitor *m, VarlinkSubject subject, const char *text)
{
        List *l;

        while ((l = list_first(&m->subscribers[subject]))) {
                list_remove(l);
                list_append(&m->told, l);
                varlink_client_notify(container_of(l, Subscriber, in_monitor)->client, BYTES(text, strlen(text)));
        }
        while ((l = list_first(&m->told))) {
                list_remove(l);
                list_append(&m->subscribers[subject], l);
        }
        varlink_monitor_rest(m);
}

static void varlink_monitor_subscribe(const VarlinkCall *call, VarlinkSubject subject, const char *first)
{
        Subscriber *s = first ? calloc(1, sizeof(*s)) : NULL;

        if (!s) {
                varlink_send(call->client, NULL);
                return;
        }
        s->client = call->client;
        list_init(&s->in_monitor);
        list_append(&call->varlink->monitor.subscribers[subject], &s->in_monitor);
        varlink_client_notify(call->client, BYTES(first, strlen(first)));
}

/* --- the results of queries */

static const char *varlink_query_state(const Answer *a, AnswerOrigin origin, NetworkState network)
{
        static const char *const states[LOOKUP_ERRORS] = {
                [LOOKUP_NO_NAME_SERVERS] = "no-servers",  [LOOKUP_NETWORK_DOWN] = "network-down",
                [LOOKUP_BUSY] = "attempts-max-reached",   [LOOKUP_TIMEOUT] = "timeout",
                [LOOKUP_CNAME_LOOP] = "success",          [LOOKUP_NO_DATA] = "success",
                [LOOKUP_DNSSEC_FAILED] = "dnssec-failed", [LOOKUP_DNS_ERROR] = "rcode-failure",
        };

        return states[lookup_judge(a, origin, network)];
}

static json_t *varlink_query_result(const Answer *a, AnswerOrigin origin, NetworkState network)
{
        const char *state = varlink_query_state(a, origin, network);
        json_t *o = json_pack("{s:s}", "state", state);

        if (strcmp(state, "rcode-failure") == 0)
                json_object_set_new(o, "rcode", json_integer(a->rcode));
        if (strcmp(state, "dnssec-failed") == 0)
                json_object_set_new(o, "result", json_string("upstream-failure"));
        if (a->ede != EDE_NONE)
                json_object_set_new(o, "extendedDNSErrorCode", json_integer(a->ede));
        json_object_set_new(
                o, "question",
                json_pack("[o]", varlink_encode_key(a->message.qname, a->message.qtype, a->message.qclass)));
        if (a->message.ancount > 0)
                json_object_set_new(o, "answer", varlink_encode_answer(&a->message));
        return o;
}

static void varlink_monitor_on_answered(QueryObserver *o, const AnsweredQuery *q)
{
        VarlinkMonitor *m = container_of(o, VarlinkMonitor, observer);
        _cleanup_(freep) char *text = NULL;
        Answer a;

        if (answer_read(&a, q->packet, q->reply->qname, q->reply->qtype))
                text = varlink_encode_text_of(varlink_encode_continued(
                        varlink_query_result(&a, q->route->origin, engine_network_state(daemon_engine(m->daemon)))));
        if (text)
                varlink_monitor_tell(m, VARLINK_QUERY_RESULTS, text);
}

static void varlink_subscribe_query_results(const VarlinkCall *call)
{
        VarlinkMonitor *m = &call->varlink->monitor;
        _cleanup_(freep) char *ready = varlink_encode_text_of(varlink_encode_continued(json_pack("{s:b}", "ready", 1)));

        varlink_monitor_subscribe(call, VARLINK_QUERY_RESULTS, ready);
        if (list_empty(&m->observer.in_daemon) && !list_empty(&m->subscribers[VARLINK_QUERY_RESULTS]))
                daemon_observe_queries(m->daemon, &m->observer);
}

/* --- the configuration */

static void varlink_monitor_on_link(void *userdata, _unused_ LinkEvent event, _unused_ int ifindex)
{
        ((VarlinkMonitor *) userdata)->changed = true;
}

static void varlink_monitor_on_network(void *userdata, _unused_ bool online)
{
        ((VarlinkMonitor *) userdata)->changed = true;
}

/* Without netlink, changes are noticed with the next one of other kinds. */
static void varlink_monitor_watch(VarlinkMonitor *m)
{
        if (!m->links && link_watch_new(daemon_loop(m->daemon), varlink_monitor_on_link, m, &m->links) < 0)
                m->links = NULL;
        if (!m->network && network_new(daemon_loop(m->daemon), varlink_monitor_on_network, m, &m->network) < 0)
                m->network = NULL;
}

static void varlink_monitor_unwatch(VarlinkMonitor *m)
{
        m->links = link_watch_free(m->links);
        m->network = network_free(m->network);
        free(m->configuration);
        m->configuration = NULL;
}

static uint64_t varlink_monitor_hash(uint64_t hash, uint64_t v)
{
        return (hash ^ v) * 0x100000001b3; /* FNV */
}

static uint64_t varlink_monitor_hash_servers(const Engine *e)
{
        uint64_t hash = 0;
        const Forward *f;
        UpstreamInfo u;

        for (size_t i = 0; engine_upstream(e, i, &u); i++)
                hash = varlink_monitor_hash(hash, u.health->state | (uint64_t) u.health->admin << 8);
        for (size_t i = 0; (f = engine_forward(e, i)); i++) {
                hash = varlink_monitor_hash(hash, f->good);
                for (size_t k = 0; k < f->n_servers; k++)
                        hash = varlink_monitor_hash(hash, f->servers[k].state);
        }
        return hash;
}

/* Has anything changed that the configuration is made of? */
static bool varlink_monitor_look(VarlinkMonitor *m)
{
        const Engine *e = daemon_engine(m->daemon);
        typeof(m->seen) now = {
                .links = daemon_links_version(m->daemon),
                .resolv_conf = daemon_resolv_conf_mode(m->daemon),
                .network = engine_network_state(e),
                .servers = varlink_monitor_hash_servers(e),
        };
        bool changed = m->changed || now.links != m->seen.links || now.resolv_conf != m->seen.resolv_conf ||
                       now.network != m->seen.network || now.servers != m->seen.servers;

        m->seen = now;
        m->changed = false;
        return changed;
}

void varlink_monitor_sync(VarlinkMonitor *m)
{
        _cleanup_(freep) char *text = NULL;

        if (list_empty(&m->subscribers[VARLINK_CONFIGURATION]) || !varlink_monitor_look(m))
                return;
        text = varlink_encode_text_of(varlink_encode_continued(varlink_configuration(m->daemon)));
        if (!text || (m->configuration && strcmp(text, m->configuration) == 0))
                return;
        free(m->configuration);
        m->configuration = strdup(text);
        varlink_monitor_tell(m, VARLINK_CONFIGURATION, text);
}

/* Tells the others, too, if anything has changed. */
static void varlink_subscribe_configuration(const VarlinkCall *call)
{
        VarlinkMonitor *m = &call->varlink->monitor;

        varlink_monitor_watch(m);
        varlink_monitor_sync(m);
        if (!m->configuration) {
                varlink_monitor_look(m);
                m->configuration = varlink_encode_text_of(varlink_encode_continued(varlink_configuration(m->daemon)));
        }
        varlink_monitor_subscribe(call, VARLINK_CONFIGURATION, m->configuration);
}

/* --- methods that reply once */

static void varlink_dump_statistics(const VarlinkCall *call)
{
        varlink_send(call->client, varlink_encode_reply(varlink_statistics(call->varlink->daemon)));
}

static void varlink_dump_cache(const VarlinkCall *call)
{
        varlink_send(call->client, varlink_encode_reply(varlink_cache(call->varlink->daemon)));
}

static void varlink_dump_server_state(const VarlinkCall *call)
{
        varlink_send(call->client, varlink_encode_reply(varlink_server_states(call->varlink->daemon)));
}

static void varlink_reset_statistics(const VarlinkCall *call)
{
        daemon_reset_statistics(call->varlink->daemon);
        varlink_send(call->client, varlink_encode_reply(json_object()));
}

static void varlink_flush_caches(const VarlinkCall *call)
{
        engine_flush_cache(daemon_engine(call->varlink->daemon));
        varlink_send(call->client, varlink_encode_reply(json_object()));
}

static void varlink_reset_server_features(const VarlinkCall *call)
{
        engine_forget_forwards(daemon_engine(call->varlink->daemon), clock_now());
        varlink_send(call->client, varlink_encode_reply(json_object()));
}

/* --- who may */

static const struct {
        const char *name;
        void (*call)(const VarlinkCall *call);
        bool more; /* replies several times */
} monitor_methods[] = {
        { "DumpCache", varlink_dump_cache, false },
        { "DumpServerState", varlink_dump_server_state, false },
        { "DumpStatistics", varlink_dump_statistics, false },
        { "FlushCaches", varlink_flush_caches, false },
        { "ResetServerFeatures", varlink_reset_server_features, false },
        { "ResetStatistics", varlink_reset_statistics, false },
        { "SubscribeDNSConfiguration", varlink_subscribe_configuration, true },
        { "SubscribeQueryResults", varlink_subscribe_query_results, true },
};

/* Returns the first parameter that is not as it should be, or NULL. */
static const char *varlink_monitor_bad_parameter(const json_t *parameters)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *) parameters, key,
                            value) if (strcmp(key, "allowInteractiveAuthentication") != 0 ||
                                       (!json_is_boolean(value) && !json_is_null(value))) return key;
        return NULL;
}

/* The order of checks is that of systemd-resolved. */
bool varlink_monitor_call(const VarlinkCall *call)
{
        const char *bad = varlink_monitor_bad_parameter(call->parameters), *name = call->method;
        uid_t user = varlink_client_user(call->client);
        size_t i = 0, n = strlen(VARLINK_MONITOR ".");

        if (strncmp(name, VARLINK_MONITOR ".", n) != 0)
                return false;
        while (i < ELEMENTS(monitor_methods) && strcmp(monitor_methods[i].name, name + n) != 0)
                i++;
        if (i == ELEMENTS(monitor_methods))
                return false;
        if (monitor_methods[i].more && !call->more)
                varlink_send(call->client, varlink_encode_error(VARLINK_SERVICE ".ExpectedMore", NULL));
        else if (bad)
                varlink_fail(call->client, VARLINK_SERVICE ".InvalidParameter", "parameter", bad);
        else if (user != 0 && user != geteuid())
                varlink_send(call->client, varlink_encode_error(VARLINK_SERVICE ".PermissionDenied", NULL));
        else
                monitor_methods[i].call(call);
        return true;
}

/* --- life */

void varlink_monitor_init(VarlinkMonitor *m, Daemon *d)
{
        *m = (VarlinkMonitor) { .daemon = d, .observer.answered = varlink_monitor_on_answered };
        list_init(&m->observer.in_daemon);
        for (size_t i = 0; i < VARLINK_SUBJECTS; i++)
                list_init(&m->subscribers[i]);
        list_init(&m->told);
}

void varlink_monitor_deinit(VarlinkMonitor *m)
{
        for (size_t i = 0; i < VARLINK_SUBJECTS; i++)
                while (!list_empty(&m->subscribers[i]))
                        varlink_subscriber_free(container_of(list_first(&m->subscribers[i]), Subscriber, in_monitor));
        varlink_monitor_unwatch(m);
        list_remove(&m->observer.in_daemon);
}
