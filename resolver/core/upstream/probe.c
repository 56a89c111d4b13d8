/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/probe.h"

void probe_init(Probe *p, Outbox *o, void (*due)(Timer *t, uint64_t now))
{
        *p = (Probe) { .outbox = o, .timer = TIMER_INIT(due) };
}

void probe_start(Probe *p, Purpose purpose, bool suspicion, uint64_t now, uint64_t deadline)
{
        must(!p->active && !p->exchange);
        p->active = true;
        p->purpose = purpose;
        p->suspicion = suspicion;
        p->started_at = now;
        p->cookie = 0;
        timer_set(&p->outbox->timers, &p->timer, deadline);
}

void probe_set_exchange(Probe *p, Exchange *x)
{
        p->exchange = x;
}

void probe_set_cookie(Probe *p, uint64_t cookie)
{
        p->cookie = cookie;
}

Exchange *probe_end(Probe *p)
{
        Exchange *x = p->exchange;

        p->active = false;
        p->exchange = NULL;
        timer_set(&p->outbox->timers, &p->timer, USEC_NEVER);
        return x;
}

void probe_report(const Probe *p, const ConnectionPool *pool, uint32_t upstream, FailureReason reason, uint64_t now)
{
        Action *a = p->cookie ? outbox_act(p->outbox, ACTION_PROBED) : NULL;

        if (!a)
                return;
        a->upstream = upstream;
        a->probed.cookie = p->cookie;
        a->probed.failure = reason;
        a->probed.took = now - p->started_at;
        LIST_FOREACH(l, &pool->connections)
                a->probed.resumed = container_of(l, Connection, in_pool)->resumed;
}
