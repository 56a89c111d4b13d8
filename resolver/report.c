/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/journal.h"

#define FIELD_MAX 320

static int report_level_of(HealthState s)
{
        return s == HEALTH_FAILED ? LOG_WARNING : LOG_NOTICE;
}

void report_state(const Action *a)
{
        char upstream[96], state[48], from[48], admin[32], reason[64], purpose[40], status[40],
                reason_detail[FAILURE_DETAIL_MAX + 32];
        const FailureDetail *detail = &a->state.detail;
        const char *fields[] = { upstream,
                                 state,
                                 from,
                                 admin,
                                 purpose,
                                 reason,
                                 *detail->text ? reason_detail : NULL,
                                 detail->http_status ? status : NULL,
                                 NULL };
        const char *name = a->state.name, *to = health_state_name(a->state.to);

        snprintf(upstream, sizeof(upstream), "DOHMOUSE_UPSTREAM=%s", name);
        snprintf(state, sizeof(state), "DOHMOUSE_STATE=%s", to);
        snprintf(from, sizeof(from), "DOHMOUSE_STATE_BEFORE=%s", health_state_name(a->state.from));
        snprintf(admin, sizeof(admin), "DOHMOUSE_ADMIN=%s", health_admin_name(a->state.admin));
        snprintf(purpose, sizeof(purpose), "DOHMOUSE_PURPOSE=%s", purpose_name(a->state.purpose));
        snprintf(reason, sizeof(reason), "DOHMOUSE_REASON=%s", failure_name(a->state.reason));
        snprintf(reason_detail, sizeof(reason_detail), "DOHMOUSE_REASON_DETAIL=%s", detail->text);
        snprintf(status, sizeof(status), "DOHMOUSE_HTTP_STATUS=%u", detail->http_status);
        if (a->state.admin != a->state.admin_before)
                journal_fields(LOG_NOTICE, MESSAGE_UPSTREAM_ADMIN, fields,
                               "Upstream %s was set %s by the administrator.", name, health_admin_name(a->state.admin));
        else if (a->state.reason)
                journal_fields(report_level_of(a->state.to), MESSAGE_UPSTREAM_STATE, fields,
                               "Upstream %s is %s: %s%s%s (detected by a %s).", name, to, failure_text(a->state.reason),
                               *detail->text ? ", " : "", detail->text, purpose_name(a->state.purpose));
        else
                journal_fields(report_level_of(a->state.to), MESSAGE_UPSTREAM_STATE, fields, "Upstream %s is %s.", name,
                               to);
}

void report_forward_state(const Action *a)
{
        char forward[96], state[48], from[48], reason[64], server[ADDRESS_TEXT_MAX + 24], text[ADDRESS_TEXT_MAX];
        const char *fields[] = { forward, state, from, reason, a->forward.server.port ? server : NULL, NULL };
        const char *name = a->forward.name, *to = health_state_name(a->forward.to);
        int level = a->forward.from == HEALTH_FAILED ? LOG_NOTICE : LOG_INFO;

        address_to_text(&a->forward.server, text);
        snprintf(forward, sizeof(forward), "DOHMOUSE_FORWARD=%s", name);
        snprintf(state, sizeof(state), "DOHMOUSE_STATE=%s", to);
        snprintf(from, sizeof(from), "DOHMOUSE_STATE_BEFORE=%s", health_state_name(a->forward.from));
        snprintf(reason, sizeof(reason), "DOHMOUSE_REASON=%s", failure_name(a->forward.reason));
        snprintf(server, sizeof(server), "DOHMOUSE_SERVER=%s", text);
        if (a->forward.to == HEALTH_FAILED)
                journal_fields(LOG_WARNING, MESSAGE_FORWARD_STATE, fields,
                               "Forward zone %s is %s: none of its servers answers (%s: %s).", name, to, text,
                               failure_text(a->forward.reason));
        else if (a->forward.to == HEALTH_HEALTHY)
                journal_fields(level, MESSAGE_FORWARD_STATE, fields, "Forward zone %s is %s: %s answers.", name, to,
                               text);
        else
                journal_fields(level, MESSAGE_FORWARD_STATE, fields, "Forward zone %s is %s: the network changed.",
                               name, to);
}

/* Appends ", 2 healthy", or nothing if there are none. */
static void report_append_count(char *text, unsigned count, const char *word)
{
        size_t n = strlen(text);

        if (count > 0)
                snprintf(text + n, REPORT_SUMMARY_MAX - n, "%s%u %s", text[n - 1] == ' ' ? "" : ", ", count, word);
}

void report_summary(const Engine *e, char ret[static REPORT_SUMMARY_MAX])
{
        static const HealthState states[] = { HEALTH_HEALTHY, HEALTH_UNKNOWN, HEALTH_SUSPECT, HEALTH_TRIAL,
                                              HEALTH_FAILED };
        unsigned by_state[ELEMENTS(states)] = { 0 }, by_admin[] = { [ADMIN_UP] = 0, [ADMIN_DOWN] = 0 };
        UpstreamInfo u;
        size_t n;

        for (size_t i = 0; engine_upstream(e, i, &u); i++)
                if (u.health->admin != ADMIN_AUTO)
                        by_admin[u.health->admin]++;
                else
                        by_state[u.health->state]++;
        snprintf(ret, REPORT_SUMMARY_MAX, "Upstreams: ");
        report_append_count(ret, by_admin[ADMIN_UP], health_admin_name(ADMIN_UP));
        for (size_t i = 0; i < ELEMENTS(states); i++)
                report_append_count(ret, by_state[states[i]], health_state_name(states[i]));
        report_append_count(ret, by_admin[ADMIN_DOWN], health_admin_name(ADMIN_DOWN));
        n = strlen(ret);
        if (ret[n - 1] == ' ')
                n = (size_t) snprintf(ret, REPORT_SUMMARY_MAX, "No upstream is configured");
        snprintf(ret + n, REPORT_SUMMARY_MAX - n, " (network %s)", network_state_name(engine_network_state(e)));
}

void report_network(NetworkState state)
{
        static const char *const texts[] = {
                [NETWORK_ONLINE] = "The network is up.",
                [NETWORK_OFFLINE] = "There is no network: no default route, or no route to an upstream.",
                [NETWORK_PORTAL] =
                        "The network intercepts connections: it may require a login, or the clock may be wrong.",
                [NETWORK_CLOCK] = "The clock is behind, so no upstream can be used: its certificate is not valid yet.",
        };
        char field[48];
        const char *fields[] = { field, NULL };

        snprintf(field, sizeof(field), "DOHMOUSE_NETWORK=%s", network_state_name(state));
        journal_fields(state == NETWORK_ONLINE ? LOG_INFO : LOG_WARNING, MESSAGE_NETWORK_STATE, fields, "%s",
                       texts[state]);
}

void report_clock_names(const char *names, const char *servers, bool used)
{
        static char said[1536];
        char names_field[1024], servers_field[512], now[sizeof(said)];
        const char *fields[] = { names_field, servers_field, NULL };

        /* Once, however often a change of the network interrupts the state. */
        snprintf(now, sizeof(now), "%s by %s", names, servers);
        if (strcmp(now, said) == 0)
                return;
        memcpy(said, now, sizeof(said));
        snprintf(names_field, sizeof(names_field), "DOHMOUSE_CLOCK_NAMES=%s", names);
        snprintf(servers_field, sizeof(servers_field), "DOHMOUSE_CLOCK_SERVERS=%s", servers);
        if (used)
                journal_fields(
                        LOG_NOTICE, MESSAGE_CLOCK, fields,
                        "Until the clock is set, the names of time servers (%s) are resolved without encryption by "
                        "%s.",
                        names, servers);
        else if (!*names)
                journal_fields(LOG_WARNING, MESSAGE_CLOCK, fields,
                               "No names of time servers are known that could be resolved without encryption "
                               "(ClockNames=).");
        else
                journal_fields(
                        LOG_WARNING, MESSAGE_CLOCK, fields,
                        "The names of time servers (%s) cannot be resolved, because no DNS server of the network "
                        "is known (ClockServers=).",
                        names);
}

void report_clock_set(void)
{
        journal_fields(LOG_NOTICE, MESSAGE_CLOCK, NULL, "The clock was set.");
}

void report_portal_open(void)
{
        journal_fields(
                LOG_NOTICE, MESSAGE_PORTAL_OPEN, NULL,
                "For up to 5 minutes, the DNS servers of the network are queried for connectivity checks and the "
                "login page that they lead to.");
}

void report_config(_unused_ void *userdata, const ConfigMessage *m)
{
        char file[FIELD_MAX], line[40];
        const char *fields[] = { file, m->line ? line : NULL, NULL };
        int level = m->severity == CONFIG_ERROR ? LOG_ERR : LOG_WARNING;

        snprintf(file, sizeof(file), "DOHMOUSE_CONFIG_FILE=%s", m->file ? m->file : "");
        snprintf(line, sizeof(line), "DOHMOUSE_CONFIG_LINE=%u", m->line);
        if (m->file && m->line)
                journal_fields(level, MESSAGE_CONFIG, fields, "%s:%u: %s", m->file, m->line, m->text);
        else if (m->file)
                journal_fields(level, MESSAGE_CONFIG, fields, "%s: %s", m->file, m->text);
        else
                journal_fields(level, MESSAGE_CONFIG, NULL, "%s", m->text);
}

void report_unusable(const Config *c)
{
        const char *why = config_unusable(c);
        char unusable[FIELD_MAX];
        const char *fields[] = { unusable, NULL };

        if (!why)
                return;
        snprintf(unusable, sizeof(unusable), "DOHMOUSE_UNUSABLE=%s", why);
        journal_fields(LOG_ERR, MESSAGE_CONFIG, fields,
                       "Queries are answered with SERVFAIL until the configuration is corrected and reloaded: %s", why);
}

void report_reload(int error, unsigned errors)
{
        if (error < 0)
                journal_fields(LOG_ERR, MESSAGE_RELOADED, NULL, "Configuration was not reloaded: %s", strerror(-error));
        else if (errors)
                journal_fields(LOG_ERR, MESSAGE_RELOADED, NULL,
                               "Configuration was not reloaded: it has %u error%s. The previous one remains in use.",
                               errors, errors == 1 ? "" : "s");
        else
                journal_fields(LOG_INFO, MESSAGE_RELOADED, NULL, "Configuration was reloaded.");
}

static const UpstreamConfig *report_find_upstream(const Config *c, const char *name)
{
        for (size_t i = 0; c && i < c->n_upstreams; i++)
                if (strcmp(c->upstreams[i].name, name) == 0)
                        return &c->upstreams[i];
        return NULL;
}

static void report_upstream(const UpstreamConfig *u, const UpstreamConfig *before)
{
        char upstream[96], url[FIELD_MAX];
        const char *fields[] = { upstream, url, NULL };

        snprintf(upstream, sizeof(upstream), "DOHMOUSE_UPSTREAM=%s", u->name);
        snprintf(url, sizeof(url), "DOHMOUSE_URL=%s", u->url);
        journal_fields(LOG_INFO, MESSAGE_UPSTREAM_ADDED, fields, "Upstream %s %s %s (%zu address%s).", u->name,
                       before ? "changed to" : "is", u->url, u->n_addresses, u->n_addresses == 1 ? "" : "es");
}

void report_upstreams(const Config *before, const Config *after)
{
        for (size_t i = 0; before && i < before->n_upstreams; i++) {
                char upstream[96];
                const char *fields[] = { upstream, NULL };

                snprintf(upstream, sizeof(upstream), "DOHMOUSE_UPSTREAM=%s", before->upstreams[i].name);
                if (!report_find_upstream(after, before->upstreams[i].name))
                        journal_fields(LOG_INFO, MESSAGE_UPSTREAM_REMOVED, fields, "Upstream %s was removed.",
                                       before->upstreams[i].name);
        }
        for (size_t i = 0; i < after->n_upstreams; i++) {
                const UpstreamConfig *u = &after->upstreams[i], *old = report_find_upstream(before, u->name);

                if (!old || !upstream_config_equal(old, u))
                        report_upstream(u, old);
        }
}

void report_listening(const Listener *l)
{
        char text[ADDRESS_TEXT_MAX], listen[ADDRESS_TEXT_MAX + 24], protocol[32];
        const char *fields[] = { listen, protocol, NULL };
        bool tcp = listener_transport(l) == TRANSPORT_TCP;
        Address address;

        listener_address(l, &address);
        address_to_text(&address, text);
        snprintf(listen, sizeof(listen), "DOHMOUSE_LISTEN=%s", text);
        snprintf(protocol, sizeof(protocol), "DOHMOUSE_PROTOCOL=%s", tcp ? "tcp" : "udp");
        journal_fields(LOG_INFO, MESSAGE_PLAIN, fields, "Listening on %s (%s).", text, tcp ? "TCP" : "UDP");
}

void report_socket_useless(int fd, int error)
{
        char descriptor[32], number[24];
        const char *fields[] = { descriptor, number, NULL };

        snprintf(descriptor, sizeof(descriptor), "DOHMOUSE_FD=%d", fd);
        snprintf(number, sizeof(number), "ERRNO=%d", -error);
        journal_fields(LOG_ERR, MESSAGE_LISTEN, fields,
                       "Socket %d passed by the service manager cannot be used: %s. "
                       "It must be bound to an IP address with ListenDatagram= (UDP) or ListenStream= (TCP).",
                       fd, strerror(-error));
}

void report_half(bool streams)
{
        const char *fields[] = { streams ? "DOHMOUSE_PROTOCOL=udp" : "DOHMOUSE_PROTOCOL=tcp", NULL };

        journal_fields(LOG_WARNING, MESSAGE_LISTEN, fields, "The service manager passed no %s socket: %s.",
                       streams ? "UDP" : "TCP",
                       streams ? "most programs will get no answers"
                               : "answers that are too large for UDP cannot be retrieved");
}

void report_cannot_listen(const Address *address, int error)
{
        const char *hint = "";
        char text[ADDRESS_TEXT_MAX], listen[ADDRESS_TEXT_MAX + 24], number[24];
        const char *fields[] = { listen, number, NULL };

        address_to_text(address, text);
        snprintf(listen, sizeof(listen), "DOHMOUSE_LISTEN=%s", text);
        snprintf(number, sizeof(number), "ERRNO=%d", -error);
        if (error == -ENODEV)
                hint = ". It will be retried until the interface exists.";
        else if (error == -EADDRINUSE)
                hint = ". Another resolver is using the address; run \"ss -lnp 'sport = :53'\" to show which one.";
        journal_fields(LOG_ERR, MESSAGE_LISTEN, fields, "Failed to listen on %s: %s%s", text, strerror(-error), hint);
}

void report_dropped(const ListenerStats *stats)
{
        static ListenerStats said;
        char source[64], answers[64], flood[64];
        const char *fields[] = { source, answers, flood, NULL };
        bool more = stats->dropped_source > said.dropped_source || stats->dropped_send > said.dropped_send ||
                    stats->dropped_flood > said.dropped_flood;

        /* The counters are lower after the statistics were reset, which is not reported. */
        said = *stats;
        if (!more)
                return;
        snprintf(source, sizeof(source), "DOHMOUSE_DROPPED_QUERIES=%llu", (unsigned long long) stats->dropped_source);
        snprintf(answers, sizeof(answers), "DOHMOUSE_DROPPED_ANSWERS=%llu", (unsigned long long) stats->dropped_send);
        snprintf(flood, sizeof(flood), "DOHMOUSE_DROPPED_FLOOD=%llu", (unsigned long long) stats->dropped_flood);
        journal_fields(LOG_WARNING, MESSAGE_DROPPED, fields,
                       "Dropped since the start: %llu queries from addresses that may not query (AllowFrom=), "
                       "%llu queries from clients that sent too many, %llu answers that the kernel did not accept.",
                       (unsigned long long) stats->dropped_source, (unsigned long long) stats->dropped_flood,
                       (unsigned long long) stats->dropped_send);
}

void report_queries_taken(unsigned n)
{
        char count[48];
        const char *fields[] = { count, NULL };

        snprintf(count, sizeof(count), "DOHMOUSE_QUERIES=%u", n);
        journal_fields(LOG_NOTICE, MESSAGE_PLAIN, fields,
                       "The previous process ended before it answered %u quer%s, which are asked again.", n,
                       n == 1 ? "y" : "ies");
}
