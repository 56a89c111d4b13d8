/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chooses the upstream for a query and decides when to hedge, fail over, retry or give up.
 */

#include <stdio.h>

#include "core/query/query_doh.h"
#include "core/query/query_internal.h"

#define RETRY_FIRST (50 * USEC_PER_MSEC) /* pause after all upstreams have failed temporarily; doubles each time */
#define RETRY_MAX (800 * USEC_PER_MSEC)
#define HEDGE_COST 10 /* tenths of a hedged query */

static bool doh_was_tried(const Query *q, const Upstream *u)
{
        for (unsigned i = 0; i < q->n_tried; i++)
                if (q->tried[i] == u->handle)
                        return true;
        return false;
}

/* Returns true if asking its upstream again would be of no use: it is not overdue, or would use the same connection. */
static bool doh_is_pending(const Exchange *x, uint64_t now)
{
        return !x->over && (!x->late || !upstream_may_ask_again(x, now));
}

static bool doh_is_pending_at(const Query *q, const Upstream *u, uint64_t now)
{
        LIST_FOREACH(l, &q->exchanges) {
                const Exchange *x = container_of(l, Exchange, in_query);

                if (x->upstream == u && doh_is_pending(x, now))
                        return true;
        }
        return false;
}

static bool doh_any_under_way(const Query *q)
{
        LIST_FOREACH(l, &q->exchanges) {
                const Exchange *x = container_of(l, Exchange, in_query);

                if (!x->over)
                        return true;
        }
        return false;
}

/* Returns true if an exchange in flight is not overdue: there is no need for another. */
static bool doh_any_hopeful(const Query *q)
{
        LIST_FOREACH(l, &q->exchanges) {
                const Exchange *x = container_of(l, Exchange, in_query);

                if (!x->over && !x->late)
                        return true;
        }
        return false;
}

/*
 * Returns the time for `u` before another upstream is asked: its usual time, but not more than its share of the time
 * left. With the limit of HEALTH.md alone, which is up to 3 s, a third upstream would be asked after the deadline.
 */
static uint64_t doh_server_timeout(const Query *q, const Upstream *u, uint64_t now)
{
        const UpstreamSet *s = q->common->upstreams;
        unsigned others = 0;

        for (size_t i = 0; i < s->n; i++)
                others += s->members[i] != u && health_usable(&s->members[i]->health) &&
                          !doh_is_pending_at(q, s->members[i], now);
        return MIN(upstream_answer_time(u), query_time_left(q, now) / (1 + others));
}

/* Shares the time left again, since an upstream whose exchange has failed may be asked once more. */
static void doh_share_time(Query *q, uint64_t now)
{
        LIST_FOREACH(l, &q->exchanges) {
                Exchange *x = container_of(l, Exchange, in_query);

                if (doh_is_pending(x, now))
                        exchange_set_late_at(x, MIN(x->late_at, now + doh_server_timeout(q, x->upstream, now)));
        }
}

/* Starts an exchange with `u`. Returns false, with the failure noted, if that is not possible. */
static bool doh_ask(Query *q, Upstream *u, Purpose purpose, uint64_t now)
{
        Outbox *o = q->common->outbox;
        Exchange *x;

        if (!doh_was_tried(q, u) && q->n_tried < QUERY_TRIED_MAX)
                q->tried[q->n_tried++] = u->handle;
        if (q->attempts >= QUERY_ATTEMPTS_MAX || (doh_any_under_way(q) && !query_has_room(q->common)))
                return false;
        x = exchange_new(o, q, u, q->wire, purpose);
        if (!x) {
                q->failure = FAILURE_RESOURCES;
                return false;
        }
        list_append(&q->exchanges, &x->in_query);
        exchange_set_late_at(x, now + doh_server_timeout(q, u, now));
        o->counters.attempts++;
        o->counters.retries += q->attempts > 0;
        o->counters.hedges += doh_any_under_way(q) && list_first(&q->exchanges) != &x->in_query;
        q->attempts++;
        if (!upstream_submit(u, x, now)) {
                upstream_exchange_free(x);
                q->failure = FAILURE_QUEUE_FULL;
                return false;
        }
        q->hedge_at = now + upstream_hedge_delay(u);
        return true;
}

static bool doh_was_tried_by(const Upstream *u, const void *query)
{
        return doh_was_tried(query, u);
}

/* Returns the best usable upstream that this query has not tried in this round, or NULL. */
static Upstream *doh_select_untried(Query *q, uint64_t now)
{
        return upstream_set_select(q->common->upstreams, doh_was_tried_by, q, q->n_tried == 0, now);
}

/* Sends the query to where health allows it now. Returns false if there is no new upstream. */
static bool doh_route(Query *q, uint64_t now)
{
        UpstreamSet *s = q->common->upstreams;
        HealthDecision d;
        Upstream *u;

        if (!s->n || q->attempts >= QUERY_ATTEMPTS_MAX)
                return false;
        d = health_query(&s->common.health, now);
        for (size_t i = 0; i < s->n; i++)
                upstream_demand(s->members[i], now);
        if ((u = upstream_set_member(s, d.background)))
                upstream_start_trial(u, now);
        switch (d.route) {
        case ROUTE_LAST_RESORT:
                u = upstream_set_member(s, d.upstream);
                upstream_start_trial(u, now);
                return doh_ask(q, u, PURPOSE_TRIAL, now);
        case ROUTE_JOIN:
                u = upstream_set_member(s, d.upstream);
                return doh_is_pending_at(q, u, now) || doh_ask(q, u, PURPOSE_TRIAL, now);
        case ROUTE_NORMAL:
                /* If a queue is full, try the next upstream; each turn marks one as tried. */
                for (size_t i = 0; i < s->n && (u = doh_select_untried(q, now)); i++)
                        if (doh_ask(q, u, PURPOSE_QUERY, now))
                                return true;
                return false;
        case ROUTE_FAIL_FAST:
                break;
        }
        return false;
}

/* Starts a new round: all upstreams may be asked again, except where that would be of no use. An upstream whose
 * answer is overdue may have lost the question. */
static void doh_begin_round(Query *q, uint64_t now)
{
        q->rounds++;
        q->n_tried = 0;
        LIST_FOREACH(l, &q->exchanges) {
                const Exchange *x = container_of(l, Exchange, in_query);

                if (doh_is_pending(x, now) && q->n_tried < QUERY_TRIED_MAX)
                        q->tried[q->n_tried++] = x->upstream->handle;
        }
}

static void doh_pause(Query *q, uint64_t pause, uint64_t now)
{
        doh_begin_round(q, now);
        q->hedge_at = USEC_NEVER;
        q->retry_at = now + pause;
        query_arm(q);
}

/* The clock is behind, and io is about to tell the names that go elsewhere: this may be one of them. */
static bool doh_awaits_clock_names(const Query *q)
{
        const QueryCommon *common = q->common;

        return common->outbox->network == NETWORK_CLOCK && !common->clock_names_known && q->rounds == 0 &&
               query_is_wanted(q);
}

/* Handles a query without an untried upstream and with nothing but overdue exchanges: starts a new round after a
 * pause if an upstream is usable and time is left. Otherwise gives up. */
static void doh_stuck(Query *q, uint64_t now)
{
        uint64_t pause = MIN(RETRY_FIRST << MIN(q->rounds, 8u), RETRY_MAX);
        bool waits = query_awaits_network(q, now);

        if (doh_awaits_clock_names(q)) {
                doh_pause(q, pause, now);
                return;
        }

        /* Nothing has left the machine. */
        if (waits)
                q->attempts = 0;
        if (!upstream_set_usable(q->common->upstreams) || (failure_class(q->failure) == CLASS_LOCALNET && !waits) ||
            q->fallback || q->attempts >= QUERY_ATTEMPTS_MAX || !query_is_wanted(q)) {
                if (!doh_any_under_way(q)) {
                        query_give_up(q, now);
                        return;
                }
                /* An overdue answer may still arrive, and an upstream may recover meanwhile. */
                pause = RETRY_MAX;
                if (list_empty(&q->pending) || q->attempts >= QUERY_ATTEMPTS_MAX) {
                        query_arm(q);
                        return;
                }
        }
        doh_pause(q, pause, now);
}

static void doh_try_again(Query *q, uint64_t now)
{
        if (doh_route(q, now) || doh_any_hopeful(q))
                query_arm(q);
        else
                doh_stuck(q, now);
}

static void doh_start(Query *q, uint64_t now)
{
        QueryCommon *common = q->common;

        common->hedge_tokens = MIN(common->hedge_tokens + 1, (unsigned) QUERY_HEDGE_BURST);
        doh_try_again(q, now);
}

static void doh_join(Query *q, uint64_t now)
{
        /* A client that joins late gets the full number of attempts. */
        q->resent = false;
        q->attempts = 0;
        if (doh_any_hopeful(q) || (q->retry_at != USEC_NEVER && !doh_any_under_way(q))) {
                query_arm(q);
                return;
        }
        /* The exchanges in flight are overdue: the new client gets new attempts. */
        q->n_tried = q->rounds = 0;
        q->retry_at = USEC_NEVER;
        doh_try_again(q, now);
}

/*
 * Sends the question to the same upstream again, once, after the connection was lost or was the wrong one. What the
 * peer has not processed (RFC 9113 8.7) is sent again without limit while the client waits: a server that accepts ten
 * requests per connection rejects most of a burst several times.
 */
static bool doh_resend(Query *q, const Exchange *x, uint64_t now)
{
        FailureClass class = failure_class(x->reason);
        bool free = class == CLASS_STALE || class == CLASS_NO_FAULT || x->reason == FAILURE_CONNECTION_LOST ||
                    x->reason == FAILURE_HTTP_RETRY;

        if (!free || (x->unprocessed ? !query_is_wanted(q) : q->resent) || x->reason == FAILURE_CANCELLED ||
            x->upstream->retired || !health_usable(&x->upstream->health))
                return false;
        if (x->unprocessed)
                q->attempts -= q->attempts > 0;
        else
                q->resent = true;
        return doh_ask(q, x->upstream, PURPOSE_QUERY, now);
}

void query_doh_exchange_over(Exchange *x, uint64_t now)
{
        Query *q = x->query;
        bool again;

        if (x->reason != FAILURE_CANCELLED)
                q->failure = x->reason;
        again = doh_resend(q, x, now);
        upstream_exchange_free(x);
        if (!query_is_wanted(q) && !doh_any_under_way(q))
                query_give_up(q, now);
        else if (again || doh_any_hopeful(q)) {
                doh_share_time(q, now);
                query_arm(q);
        } else
                doh_try_again(q, now);
}

void query_doh_answered(Exchange *x, const Message *answer, const HttpResponse *http, uint64_t now)
{
        Query *q = x->query;

        q->answered_by = x->upstream->handle;
        upstream_exchange_free(x);
        if (message_rcode(answer) == RCODE_REFUSED && !q->fallback && query_has_room(q->common)) {
                query_set_fallback(q, packet_copy(answer->wire));
                if (doh_route(q, now) || doh_any_under_way(q)) {
                        query_arm(q);
                        return;
                }
        }
        query_deliver(q, answer, http->age, http->has_max_age ? http->max_age : UINT32_MAX, now);
}

void query_doh_epoch(Query *q, uint64_t now)
{
        if (q->retry_at == USEC_NEVER)
                return;
        q->retry_at = now;
        query_arm(q);
}

/* --- time passes */

/* Asks a second upstream in addition, if nothing proves that the first one is alive or if Hedge=always. */
static void doh_hedge(Query *q, uint64_t now)
{
        QueryCommon *common = q->common;
        const Exchange *last = NULL;
        bool doubt, suspect;
        Upstream *u;

        q->hedge_at = USEC_NEVER;
        LIST_FOREACH(l, &q->exchanges)
                last = container_of(l, Exchange, in_query);
        if (!last || common->config->hedge == HEDGE_NO)
                return;
        doubt = upstream_unproven(last);
        suspect = last->upstream->health.state == HEALTH_SUSPECT || last->upstream->health.state == HEALTH_TRIAL;
        if (!doubt && !suspect && common->config->hedge != HEDGE_ALWAYS)
                return;
        /* In doubt, this is an early failover. Otherwise it uses up the budget, which keeps the load from doubling. */
        if (!doubt && common->hedge_tokens < HEDGE_COST)
                return;
        u = doh_select_untried(q, now);
        if (!u || !doh_ask(q, u, PURPOSE_QUERY, now))
                return;
        if (!doubt)
                common->hedge_tokens -= HEDGE_COST;
}

static uint64_t doh_late_at(const Exchange *x)
{
        return x->late || x->over ? USEC_NEVER : x->late_at;
}

/* Marks overdue exchanges and counts them against their upstream, once. Returns true if there was one. */
static bool doh_note_late(Query *q, uint64_t now)
{
        bool any = false;

        LIST_FOREACH(l, &q->exchanges) {
                Exchange *x = container_of(l, Exchange, in_query);

                if (doh_late_at(x) <= now) {
                        upstream_late(x, now);
                        any = true;
                }
        }
        return any;
}

static void doh_due(Query *q, uint64_t now)
{
        bool late = doh_note_late(q, now);

        if (q->retry_at <= now || (late && !list_empty(&q->pending))) {
                q->retry_at = USEC_NEVER;
                if (late)
                        q->failure = FAILURE_TIMEOUT;
                if (late && !doh_select_untried(q, now))
                        doh_begin_round(q, now);
                doh_try_again(q, now);
                return;
        }
        if (q->hedge_at <= now)
                doh_hedge(q, now);
        query_arm(q);
}

static uint64_t doh_next_time(const Query *q)
{
        uint64_t at = MIN(q->hedge_at, q->retry_at);

        LIST_FOREACH(l, &q->exchanges)
                at = MIN(at, doh_late_at(container_of(l, Exchange, in_query)));
        return at;
}

/* Exchanges that were not sent would occupy the place of others that are still needed. */
static void doh_unwanted(Query *q, uint64_t now)
{
        LIST_FOREACH(l, &q->exchanges) {
                Exchange *x = container_of(l, Exchange, in_query);

                if (!x->connection && !x->over)
                        upstream_cancel(x, now);
        }
}

static void doh_cancel(Query *q, uint64_t now)
{
        LIST_FOREACH(l, &q->exchanges)
                upstream_cancel(container_of(l, Exchange, in_query), now);
}

static void doh_shift(Query *q, uint64_t slept)
{
        q->hedge_at = usec_add(q->hedge_at, slept);
        q->retry_at = usec_add(q->retry_at, slept);
        LIST_FOREACH(l, &q->exchanges)
                exchange_shift(container_of(l, Exchange, in_query), slept);
}

/* Returns the last failure or, for a query that no upstream was asked, that of a failed upstream. */
static FailureReason doh_last_failure(const Query *q)
{
        const Upstream *u;

        for (size_t i = 0; !q->failure && (u = upstream_set_member(q->common->upstreams, i)); i++)
                if (u->health.state == HEALTH_FAILED)
                        return u->health.reason;
        return q->failure;
}

/* Writes ": temporary HTTP error, status 421"; nothing for FAILURE_NONE. */
static void doh_describe_failure(const Query *q, FailureReason failure, char *ret_text, size_t size)
{
        const char *detail = "";
        const Upstream *u;

        for (size_t i = 0; (u = upstream_set_member(q->common->upstreams, i)); i++)
                if (u->detail.reason == failure)
                        detail = u->detail.text;
        *ret_text = 0;
        if (failure)
                snprintf(ret_text, size, ": %s%s%s", failure_text(failure), *detail ? ", " : "", detail);
}

static int doh_explain(const Query *q, uint64_t now, char *ret_text, size_t size)
{
        FailureReason last = doh_last_failure(q);
        char failure[160];
        uint64_t retry_at = health_retry_at(&q->common->upstreams->common.health);
        const char *unusable = config_unusable(q->common->config);
        FailureClass class = failure_class(q->failure);

        doh_describe_failure(q, last, failure, sizeof(failure));
        if (unusable) {
                snprintf(ret_text, size, "configuration error: %s", unusable);
                return EDE_OTHER;
        }
        if (q->failure == FAILURE_RESOURCES || q->failure == FAILURE_QUEUE_FULL || q->failure == FAILURE_TRUST_STORE) {
                snprintf(ret_text, size, "%s", failure_text(q->failure));
                return EDE_OTHER;
        }
        if (class == CLASS_LOCALNET) {
                snprintf(ret_text, size, "%s", failure_text(q->failure));
                return EDE_NETWORK_ERROR;
        }
        if (last == FAILURE_CERTIFICATE_NOT_YET_VALID)
                snprintf(ret_text, size, "no upstream can be trusted: the clock is behind (%s)", failure_text(last));
        else if (q->common->outbox->network == NETWORK_PORTAL)
                snprintf(ret_text, size,
                         "no upstream can be trusted: the network may ask for a login, or the clock is wrong");
        else if (retry_at != USEC_NEVER)
                snprintf(ret_text, size, "no upstream has answered%s; next attempt in %u s", failure,
                         (unsigned) (usec_sub(retry_at, now) / USEC_PER_SEC + 1));
        else
                snprintf(ret_text, size, "no upstream has answered%s", failure);
        return EDE_NO_REACHABLE_AUTHORITY;
}

const QueryRoute query_doh_route = {
        .start = doh_start,
        .join = doh_join,
        .due = doh_due,
        .next_time = doh_next_time,
        .under_way = doh_any_under_way,
        .unwanted = doh_unwanted,
        .cancel = doh_cancel,
        .shift = doh_shift,
        .explain = doh_explain,
};
