/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/lookup/lookup_result.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define SRV_TARGET 6 /* offset in the RDATA (RFC 2782) */

bool lookup_read(const Question *q, Answer *ret)
{
        return q->packet && answer_read(ret, q->packet, BYTES(q->name, q->n), q->type) && !ret->loop &&
               ret->rcode == RCODE_NOERROR && answer_has_data(ret);
}

/* --- addresses */

static int question_family(const Question *q)
{
        return q->type == TYPE_A ? AF_INET : q->type == TYPE_AAAA ? AF_INET6 : AF_UNSPEC;
}

void address_walk_init(AddressWalk *w, const Lookup *l, Bytes name)
{
        *w = (AddressWalk) { .lookup = l, .name = name, .at = &l->questions };
        if (l->is_literal)
                inet_ntop(l->literal.v6 ? AF_INET6 : AF_INET, l->literal.octets, w->canonical, sizeof(w->canonical));
        else
                name_to_text(name, w->canonical);
}

/* Begins with the next answer that has addresses of the name. */
static bool address_walk_continue(AddressWalk *w)
{
        for (w->at = w->at->next; w->at != &w->lookup->questions; w->at = w->at->next) {
                const Question *q = container_of(w->at, Question, in_lookup);

                if (question_family(q) == AF_UNSPEC || !name_equal(BYTES(q->name, q->n), w->name) ||
                    !lookup_read(q, &w->answer))
                        continue;
                name_to_text(BYTES(w->answer.name, w->answer.n), w->canonical);
                w->records = ANSWER_WALK(&w->answer);
                return true;
        }
        return false;
}

static bool address_walk_take(const AddressWalk *w, int family, int ifindex, Bytes octets, FoundAddress *ret)
{
        if ((w->lookup->family != AF_UNSPEC && w->lookup->family != family) || octets.n != (family == AF_INET ? 4 : 16))
                return false;
        *ret = (FoundAddress) { .family = family, .ifindex = ifindex, .n = octets.n };
        memcpy(ret->octets, octets.p, octets.n);
        return true;
}

bool address_walk_next(AddressWalk *w, FoundAddress *ret)
{
        const Lookup *l = w->lookup;
        Record r;

        if (l->is_literal) {
                int family = l->literal.v6 ? AF_INET6 : AF_INET;

                if (w->reading)
                        return false;
                w->reading = true;
                return address_walk_take(w, family, l->literal_ifindex,
                                         BYTES(l->literal.octets, family == AF_INET ? 4 : 16), ret);
        }
        for (;;) {
                if (!w->reading && !address_walk_continue(w))
                        return false;
                w->reading = true;
                while (answer_next(&w->answer, &w->records, &r))
                        if (address_walk_take(w, question_family(container_of(w->at, Question, in_lookup)), 0, r.rdata,
                                              ret))
                                return true;
                w->reading = false;
        }
}

Bytes lookup_found_name(const Lookup *l)
{
        Bytes name = BYTES(l->name, l->n);
        Answer a;

        LIST_FOREACH(i, &l->questions) {
                const Question *q = container_of(i, Question, in_lookup);

                if (lookup_read(q, &a))
                        name = BYTES(q->name, q->n);
        }
        return name;
}

/* --- records */

bool found_walk_init(FoundWalk *w, const Lookup *l)
{
        const List *first = list_first(&l->questions);

        w->n = 0;
        if (!first || !lookup_read(container_of(first, Question, in_lookup), &w->answer))
                return false;
        w->records = ANSWER_WALK(&w->answer);
        return true;
}

bool found_walk_next_name(FoundWalk *w, char ret[NAME_TEXT_MAX])
{
        uint8_t name[DNS_NAME_MAX];
        Record r;
        size_t n;

        while (answer_next(&w->answer, &w->records, &r)) {
                n = answer_rdata_name(&w->answer, &r, 0, name);
                if (!n)
                        continue;
                name_to_text(BYTES(name, n), ret);
                return true;
        }
        return false;
}

bool found_walk_next_record(FoundWalk *w, Record *ret, uint8_t *wire, size_t *ret_n)
{
        while (answer_next(&w->answer, &w->records, ret)) {
                *ret_n = answer_write_record(&w->answer, ret, wire, ANSWER_RECORD_MAX);
                if (*ret_n)
                        return true;
        }
        return false;
}

bool found_walk_next_service(FoundWalk *w, FoundService *ret)
{
        Record r;

        while (w->n < LOOKUP_TARGETS_MAX && answer_next(&w->answer, &w->records, &r)) {
                ret->n = answer_rdata_name(&w->answer, &r, SRV_TARGET, ret->name);
                /* "." is no target. */
                if (ret->n <= 1)
                        continue;
                ret->priority = wire_read16(r.rdata.p);
                ret->weight = wire_read16(r.rdata.p + 2);
                ret->port = wire_read16(r.rdata.p + 4);
                name_to_text(BYTES(ret->name, ret->n), ret->text);
                w->n++;
                return true;
        }
        return false;
}

int lookup_each_text(const Lookup *l, int (*each)(void *userdata, Bytes text), void *userdata)
{
        LIST_FOREACH(i, &l->questions) {
                const Question *q = container_of(i, Question, in_lookup);
                RecordWalk w;
                Record r;
                Answer a;

                if (q->type != TYPE_TXT || !lookup_read(q, &a))
                        continue;
                w = ANSWER_WALK(&a);
                while (answer_next(&a, &w, &r))
                        for (size_t at = 0; at < r.rdata.n && at + 1 + r.rdata.p[at] <= r.rdata.n;
                             at += 1 + (size_t) r.rdata.p[at]) {
                                int k = each(userdata, BYTES(r.rdata.p + at + 1, r.rdata.p[at]));

                                if (k < 0)
                                        return k;
                        }
        }
        return 0;
}
