/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trace.h"

#include <stdio.h>
#include <string.h>

#include "core/dns/message.h"

/* FNV-1a */
static void add_bytes(Trace *t, const void *p, size_t n)
{
        const uint8_t *bytes = p;

        for (size_t i = 0; i < n; i++)
                t->hash = (t->hash ^ bytes[i]) * UINT64_C(0x100000001b3);
}

static void add_number(Trace *t, uint64_t n)
{
        add_bytes(t, &n, sizeof(n));
}

static void add_text(Trace *t, const char *text)
{
        add_bytes(t, text, strlen(text) + 1);
}

/* The OPT without what is for people or for the size only: its fixed part, the codes of its options, and the INFO-CODE
 * of an extended error. */
static void add_edns(Trace *t, const Edns *edns)
{
        Bytes rest = edns->options;

        add_number(t, (uint64_t) edns->version << 40 | (uint64_t) edns->extended_rcode << 32 |
                              (uint64_t) edns->udp_size << 8 | edns->dnssec_ok);
        while (rest.n >= 4) {
                uint16_t code = wire_read16(rest.p), n = wire_read16(rest.p + 2);

                add_number(t, code);
                if (code == EDNS_OPTION_EDE && n >= 2)
                        add_number(t, wire_read16(rest.p + 4));
                rest = BYTES(rest.p + 4 + n, rest.n - 4 - n);
        }
}

static void add_message(Trace *t, const Packet *b)
{
        Message m;

        if (!b || message_parse(&m, packet_bytes(b)) != MESSAGE_OK) {
                add_number(t, b ? 1 : 0);
                return;
        }
        if (!m.edns.present) {
                add_bytes(t, m.wire.p, m.wire.n);
                return;
        }
        add_bytes(t, m.wire.p, m.opt_offset);
        add_bytes(t, m.wire.p + m.opt_end, m.wire.n - m.opt_end);
        add_edns(t, &m.edns);
}

void trace_add_action(Trace *t, const Action *a, uint64_t now)
{
        add_number(t, now);
        add_number(t, a->type);
        add_number(t, a->upstream);
        add_number(t, a->connection);
        add_number(t, a->exchange);
        switch (a->type) {
        case ACTION_ANSWER:
                add_message(t, a->answer.message);
                break;
        case ACTION_CONNECT:
                add_number(t, a->connect.address);
                add_text(t, purpose_name(a->connect.purpose));
                break;
        case ACTION_OFFER:
        case ACTION_SEND:
                add_message(t, a->send.message);
                add_number(t, a->send.ping);
                break;
        case ACTION_DO53_SEND:
                add_message(t, a->do53.message);
                add_number(t, a->do53.transport);
                break;
        case ACTION_STATE:
                add_text(t, health_state_name(a->state.from));
                add_text(t, health_state_name(a->state.to));
                add_text(t, health_admin_name(a->state.admin));
                add_text(t, failure_name(a->state.reason));
                add_text(t, purpose_name(a->state.purpose));
                add_number(t, a->state.retry_at);
                break;
        case ACTION_NETWORK:
                add_text(t, network_state_name(a->network));
                break;
        case ACTION_PROBED:
                add_number(t, a->probed.cookie);
                add_text(t, failure_name(a->probed.failure));
                add_number(t, a->probed.took);
                add_number(t, a->probed.resumed);
                break;
        default:
                break;
        }
}

void trace_add(Trace *t, Trace other)
{
        add_number(t, other.hash);
}

void trace_print(const Action *a)
{
        Trace detail = TRACE_INIT;

        trace_add_action(&detail, a, 0);
        printf("             action %d: upstream %x, connection %x, exchange %x, trace %016llx\n", (int) a->type,
               a->upstream, a->connection, a->exchange, (unsigned long long) detail.hash);
}
