#include "core/engine_internal.h"
#include "core/upstream/upstream_internal.h"

/* A probe of a suspicion is repeated by timer only if somebody asked as recently. */
#define DEMAND_TIME (5 * USEC_PER_SEC)

Packet *upstream_probe_message(const Upstream *u)
{
        static const uint8_t root[1] = { 0 };

        return reply_upstream_query(BYTES(root, 1), TYPE_NS, CLASS_IN, DNS_RD, false, u->engine->config->padding);
}

/* Takes the check's bookkeeping away. An exchange of it that is still under way and that no query wants is given up. */
static void probe_end(Upstream *u, bool failed, uint64_t now)
{
        Exchange *x = u->check.exchange;

        u->check.active = false;
        u->check.exchange = NULL;
        timer_set(&u->engine->timers, &u->check.timer, USEC_NEVER);
        if (!x)
                return;
        if (failed && x->connection)
                x->connection->state = CONNECTION_DRAINING;
        if (!x->query && !x->posted)
                exchange_cancel(x, now);
}

static void probe_say_probed(Upstream *u, const Check *check, FailureReason f, uint64_t now)
{
        Action *a = check->cookie ? engine_act(u->engine, ACTION_PROBED) : NULL;

        if (!a)
                return;
        a->upstream = u->number;
        a->probed.cookie = check->cookie;
        a->probed.failure = f;
        a->probed.took = now - check->started_at;
        LIST_FOREACH(l, &u->connections)
                a->probed.resumed = container_of(l, Connection, in_upstream)->resumed;
}

/* Makes room for the next one; health knows of that already. */
static void probe_supersede(Upstream *u, uint64_t now)
{
        if (!u->check.active)
                return;
        probe_say_probed(u, &u->check, FAILURE_CANCELLED, now);
        probe_end(u, false, now);
}

void upstream_check(Upstream *u, Purpose purpose, bool suspicion, uint64_t now)
{
        Engine *e = u->engine;

        if (u->check.active && (purpose != PURPOSE_TRIAL || u->check.purpose == PURPOSE_TRIAL))
                return;
        probe_supersede(u, now);
        if (purpose == PURPOSE_TRIAL && u->connect.active && u->connect.started_at < u->health.changed_at)
                upstream_connect_abandon(u, now);
        u->check = (Check) {
                .active = true,
                .purpose = purpose,
                .suspicion = suspicion,
                .started_at = now,
                .timer = u->check.timer,
        };
        u->probe_at = USEC_NEVER;
        u->probes++;
        timer_set(&e->timers, &u->check.timer, now + e->config->probe_timeout);
        if (!u->connect.active)
                upstream_connect(u, purpose, now);
        else if (u->connect.purpose == PURPOSE_QUERY || u->connect.purpose == PURPOSE_RACE)
                u->connect.purpose = purpose;
}

void upstream_check_ready(Upstream *u, Connection *c, uint64_t now)
{
        _cleanup_(packet_unrefp) Packet *wire = NULL;
        Exchange *x;

        if (!list_empty(&u->queue)) {
                x = container_of(list_first(&u->queue), Exchange, in_place);
                x->purpose = u->check.purpose;
                u->check.exchange = x;
                return;
        }
        wire = upstream_probe_message(u);
        x = wire ? exchange_new(u->engine, NULL, u, wire, u->check.purpose) : NULL;
        if (!x) {
                upstream_check_done(u, FAILURE_RESOURCES, 0, now);
                return;
        }
        u->check.exchange = x;
        connection_send(c, x, now);
}

/* A trial that ends without an answer has failed, even where a query would just be sent again. */
static FailureReason probe_as_counted(FailureReason f)
{
        FailureClass class = failure_class(f);

        return class == CLASS_STALE || class == CLASS_NO_FAULT ? FAILURE_CONNECTION_LOST : f;
}

void upstream_check_done(Upstream *u, FailureReason f, uint64_t retry_after, uint64_t now)
{
        Check check = u->check;
        Engine *e = u->engine;
        uint64_t next;

        probe_say_probed(u, &check, f, now);
        if (check.purpose == PURPOSE_TRIAL && u->health.state == HEALTH_TRIAL) {
                probe_end(u, f != FAILURE_NONE, now);
                if (f == FAILURE_NONE)
                        health_ok(&u->health, now, true);
                else
                        upstream_failure(u, probe_as_counted(f), ++e->next_incident, false, retry_after, check.purpose,
                                         now);
        } else {
                bool suspect = u->health.state == HEALTH_SUSPECT;

                next = health_probe_done(&u->health, now, f, retry_after);
                probe_end(u, f != FAILURE_NONE, now);
                u->failures += suspect && f != FAILURE_NONE;
                if (suspect && next != USEC_NEVER) {
                        u->probe_at = next;
                        if (now - u->demand_at < DEMAND_TIME)
                                timer_set(&e->timers, &u->active, next);
                } else if (!suspect && f == FAILURE_NONE)
                        health_ok(&u->health, now, true);
                else if (!suspect && !check.suspicion)
                        upstream_failure(u, f, ++e->next_incident, false, retry_after, check.purpose, now);
        }
        upstream_announce(u, check.purpose, now);
        upstream_plan_active(u, now);
}

void upstream_check_abandon(Upstream *u, uint64_t now)
{
        if (u->check.active)
                health_probe_abandon(&u->health, now);
        probe_supersede(u, now);
}

void upstream_check_due(Timer *t, uint64_t now)
{
        Upstream *u = container_of(t, Upstream, check.timer);

        /* Where it has no connection yet, connecting has failed: one incident, not a second one once that has had its
         * time, too. */
        if (!u->check.exchange && u->connect.active)
                upstream_connect_expire(u, now);
        else
                upstream_check_done(u, FAILURE_TIMEOUT, 0, now);
}

bool upstream_probe(Upstream *u, uint64_t cookie, uint64_t now)
{
        if (u->check.active && u->check.cookie)
                return false;
        if (!u->check.active) {
                bool trial = u->health.state == HEALTH_FAILED && health_trial_start(&u->health, now, false);

                if (!trial)
                        health_probe_start(&u->health);
                upstream_check(u, trial ? PURPOSE_TRIAL : PURPOSE_PROBE, false, now);
                upstream_announce(u, PURPOSE_PROBE, now);
        }
        u->check.cookie = cookie;
        return true;
}

void upstream_demand(Upstream *u, uint64_t now)
{
        u->demand_at = now;
        if (u->probe_at <= now && u->health.state == HEALTH_SUSPECT && health_probe_start(&u->health))
                upstream_check(u, PURPOSE_PROBE, true, now);
}

void upstream_plan_active(Upstream *u, uint64_t now)
{
        uint64_t interval = u->engine->config->active_interval;

        if (u->health.mode != MODE_ACTIVE || u->health.admin != ADMIN_AUTO || u->retired || u->active.at != USEC_NEVER)
                return;
        timer_set(&u->engine->timers, &u->active,
                  now + engine_random(u->engine, interval / 10 * 9, interval / 10 * 11));
}

/* The next probe of a suspicion, or active mode's turn: a look at the healthy, a trial of the failed. */
void upstream_active_due(Timer *t, uint64_t now)
{
        Upstream *u = container_of(t, Upstream, active);

        if (u->health.state == HEALTH_SUSPECT) {
                if (u->probe_at <= now && health_probe_start(&u->health))
                        upstream_check(u, PURPOSE_PROBE, true, now);
        } else if (u->health.mode == MODE_ACTIVE) {
                if (u->health.state == HEALTH_FAILED)
                        health_trial_start(&u->health, now, true);
                if (u->health.state == HEALTH_TRIAL && !u->check.active)
                        upstream_check(u, PURPOSE_TRIAL, false, now);
                else if (u->health.state != HEALTH_FAILED && u->health.state != HEALTH_TRIAL &&
                         health_probe_start(&u->health))
                        upstream_check(u, PURPOSE_PROBE, false, now);
                upstream_announce(u, PURPOSE_PROBE, now);
        }
        upstream_plan_active(u, now);
}
