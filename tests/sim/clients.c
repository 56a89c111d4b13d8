/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clients.h"

#include <stdio.h>
#include <string.h>

#include "servers.h"
#include "sim_links.h"

#define SLACK (2 * USEC_PER_MSEC)
#define CALM (5 * USEC_PER_SEC)
#define CROWD 50
/* README's promise: a second, whatever became of connections meanwhile; and the time that servers may take for
 * thinking. */
#define PROMPT (1000 * USEC_PER_MSEC + SERVERS_THINK_MAX)

uint32_t clients_address_of(uint32_t name)
{
        return 0x0a000000 | (name * 2654435761u >> 8);
}

static Packet *make_query(uint32_t name, uint16_t id, bool edns)
{
        uint8_t b[64] = { 0 };
        size_t n = DNS_HEADER_SIZE;
        int k;

        wire_write16(b, id);
        wire_write16(b + 2, DNS_RD);
        wire_write16(b + 4, 1);
        k = snprintf((char *) b + n + 1, 16, "n%u", name);
        b[n] = (uint8_t) k;
        n += 1 + (size_t) k;
        for (const char *p = links_domain_of(name); *p; p += b[n] + (p[b[n]] == '.'), n += 1 + (size_t) b[n]) {
                b[n] = (uint8_t) strcspn(p, ".");
                memcpy(b + n + 1, p, b[n]);
        }
        memcpy(b + n, "\0\0\1\0\1", 5);
        n += 5;
        if (edns) {
                wire_write16(b + 10, 1);
                memcpy(b + n, "\0\0\x29\x10\0\0\0\0\0\0\0", 11);
                n += 11;
        }
        return packet_copy(BYTES(b, n));
}

/* The servers that are GOOD, can be reached, and are configured and not held to be failed, as a set. */
static unsigned in_order(const World *w)
{
        unsigned set = 0;
        UpstreamInfo u;

        for (unsigned i = 0; engine_upstream(w->engine, i, &u); i++)
                if (w->online && w->servers[w->listed[i]].behaviour == GOOD && health_usable(u.health))
                        set |= 1u << w->listed[i];
        return set;
}

void clients_ask(World *w, uint32_t name)
{
        Asked *a;
        Client c = { 0 };
        _cleanup_(packet_unrefp) Packet *q = NULL;

        if (w->n_asked == QUERIES_MAX)
                return;
        a = &w->asked[w->n_asked];
        *a = (Asked) {
                .at = w->now,
                .deadline = w->now + w->config->query_timeout,
                .name = name,
                .calm = w->now - w->trouble_at > CALM && w->n_open < CROWD && !links_have(w, name),
                .cover = links_have(w, name) ? 0 : in_order(w),
        };
        a->id = (uint16_t) world_draw(w);
        a->edns = world_below(w, 2);
        a->transport = world_below(w, 8) == 0 ? TRANSPORT_TCP : TRANSPORT_UDP;
        c.test.number = w->n_asked++;
        w->n_open++;
        w->demand_at = w->now;
        world_say(w, "query %llu for n%u", (unsigned long long) c.test.number, name);
        q = make_query(name, a->id, a->edns);
        if (!engine_query(w->engine, &c, a->transport, packet_bytes(q), w->now))
                world_violated(w, "I1: a well-formed query was ignored");
}

/* ByteBuffer of a name that somebody asked for, in what is said of a failure? */
static bool names_a_name(Bytes text)
{
        for (size_t i = 0; i + 3 <= text.n; i++)
                if (memcmp(text.p + i, "sim", 3) == 0)
                        return true;
        return false;
}

/*
 * That a question could not be answered is remembered for a second (RFC 9520), and nobody is asked meanwhile; it is so
 * from when nobody waits for a late answer any longer, which is after two.
 */
static bool is_remembered(const World *w, const Asked *a)
{
        return w->config->cache && a->at == w->now && a->name < NAMES_AGAIN && w->failed_at[a->name] &&
               w->now - w->failed_at[a->name] <= 3 * USEC_PER_SEC;
}

/* SERVFAIL of our own (a server's has AA here, and is an answer like any other): said with its reason to who can hear
 * it, and only where there was no other way. */
static void check_failure(World *w, const Asked *a, unsigned long long number, const Message *m)
{
        w->failed++;
        world_say(w, "query %llu failed after %.3f s", number, (double) (w->now - a->at) / 1e6);
        if (a->edns && m->edns.options.n < 6)
                world_violated(w, "I1: query %llu failed, and its client was not told why", number);
        if (names_a_name(BYTES(m->wire.p + m->question_end, m->wire.n - m->question_end)))
                world_violated(w, "I7: a name is in an error");
        if (is_remembered(w, a))
                return;
        if (a->cover)
                world_violated(w, "I5: query %llu failed though an upstream was good all the time", number);
        if (a->name < NAMES_AGAIN)
                w->failed_at[a->name] = w->now;
}

void clients_take_answer(World *w, const Client *c, const Packet *answer)
{
        Asked *a = &w->asked[c->test.number];
        unsigned long long number = c->test.number;
        Message m;
        Record r;
        RecordWalk walk;

        if (a->done)
                world_violated(w, "I1: query %llu was answered twice", number);
        a->done = true;
        w->n_open--;
        while (w->first_open < w->n_asked && w->asked[w->first_open].done)
                w->first_open++;
        if (w->now > a->deadline + SLACK)
                world_violated(w, "I2: query %llu was answered %.3f s after its deadline", number,
                               (double) (w->now - a->deadline) / 1e6);
        if (message_parse(&m, packet_bytes(answer)) != MESSAGE_OK)
                world_violated(w, "I3: a client got a malformed answer");
        if (m.id != a->id || m.edns.present != a->edns)
                world_violated(w, "I3: a client got somebody else's answer");
        walk = RECORD_WALK(&m);
        if (message_rcode(&m) == RCODE_SERVFAIL && !(m.flags & DNS_AA))
                check_failure(w, a, number, &m);
        else if (message_rcode(&m) == RCODE_NOERROR) {
                if (!record_next(&walk, &r) || r.type != TYPE_A || r.rdata.n != 4)
                        world_violated(w, "I3: a client got wrong data");
                links_check_address(w, a->name, wire_read32(r.rdata.p));
                w->answered++;
                if (a->calm && w->trouble_at < a->at && w->now - MAX(a->at, w->lost_at) > PROMPT)
                        world_violated(w, "query %llu took %.3f s, and all was well", number,
                                       (double) (w->now - a->at) / 1e6);
                w->worst = MAX(w->worst, w->now - a->at);
        }
}

void clients_note_coverage(World *w)
{
        unsigned now = in_order(w), all = 0;

        for (unsigned i = 0; i < w->n_listed; i++)
                all |= 1u << w->listed[i];
        if (now != all)
                w->trouble_at = w->now;
        for (size_t i = w->first_open; i < w->n_asked; i++)
                if (!w->asked[i].done)
                        w->asked[i].cover &= now;
}

void clients_uncover(World *w, unsigned server)
{
        w->trouble_at = w->now;
        for (size_t i = w->first_open; i < w->n_asked; i++)
                w->asked[i].cover &= ~(1u << server);
}
