/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/lookup/lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/dns/reply.h"
#include "dbus/lookup/lookup_result.h"
#include "io/clock.h"

#define FLAGS_ALWAYS_PERMITTED                                                                                \
        (FLAG_DNS | FLAG_LLMNR_MDNS | FLAG_NO_CNAME | FLAG_NO_VALIDATE | FLAG_NO_SYNTHESIZE | FLAG_NO_CACHE | \
         FLAG_NO_ZONE | FLAG_NO_TRUST_ANCHOR | FLAG_NO_NETWORK | FLAG_NO_STALE)

/* --- life */

void lookups_init(Lookups *s, Daemon *d, Calls *calls, const CallLimits *limits, const LookupFront *front)
{
        *s = (Lookups) { .daemon = d, .calls = calls, .limits = limits, .front = front };
        list_init(&s->list);
}

static void lookup_free_question(Question *q)
{
        calls_forget(q->lookup->lookups->calls, q->call);
        list_remove(&q->in_lookup);
        packet_unref(q->packet);
        free(q);
}

static void lookup_clear(Lookup *l)
{
        while (!list_empty(&l->questions))
                lookup_free_question(container_of(list_first(&l->questions), Question, in_lookup));
        l->pending = 0;
}

void lookup_drop(Lookup *l)
{
        lookup_clear(l);
        list_remove(&l->in_lookups);
        l->lookups->front->release(l->call);
        free(l);
}

void lookups_forget_all(Lookups *s)
{
        while (!list_empty(&s->list))
                lookup_drop(container_of(list_first(&s->list), Lookup, in_lookups));
}

static Lookup *lookup_new(Lookups *s, uid_t user, void *call)
{
        Lookup *l = calloc(1, sizeof(*l));

        if (!l)
                return NULL;
        *l = (Lookup) { .lookups = s, .user = user, .call = call, .adding = true };
        list_init(&l->questions);
        list_init(&l->in_lookups);
        list_append(&s->list, &l->in_lookups);
        return l;
}

/* --- questions */

static void lookup_answered(Lookup *l);

/* Lets the lookup continue if all its questions are answered. It may be freed. */
static void lookup_continue(Lookup *l)
{
        if (l->adding || l->pending > 0)
                return;
        l->adding = true;
        lookup_answered(l);
}

void lookup_start(Lookup *l)
{
        l->adding = false;
        lookup_continue(l);
}

static void lookup_on_answer(_unused_ sd_bus_message *call, void *userdata, AnswerOrigin origin, Packet *answer)
{
        Question *q = userdata;
        Lookup *l = q->lookup;

        must(l->pending > 0);
        q->call = 0;
        q->packet = answer ? packet_ref(answer) : NULL;
        q->origin = origin;
        l->pending--;
        lookup_continue(l);
}

static bool lookup_has_servers(const Lookup *l)
{
        const Link *link = link_table_find(daemon_links(l->lookups->daemon), l->ifindex);

        return l->ifindex == 0 || (link && link->n_servers > 0);
}

void lookup_ask(Lookup *l, Bytes name, uint16_t type, uint16_t class)
{
        bool reachable = lookup_has_servers(l);
        uint16_t flags = DNS_RD | DNS_AD | (l->flags & FLAG_NO_VALIDATE ? DNS_CD : 0);
        Client client = { .kind = CLIENT_BUS,
                          .bus.no_cache = l->flags & FLAG_NO_CACHE || !reachable,
                          .bus.no_network = l->flags & FLAG_NO_NETWORK || !reachable };
        _cleanup_(packet_unrefp) Packet *query = reply_upstream_query(name, type, class, flags, false, false);
        Question *q = query ? calloc(1, sizeof(*q)) : NULL;

        if (!q)
                return;
        *q = (Question) { .lookup = l, .n = name.n, .type = type, .class = class };
        memcpy(q->name, name.p, name.n);
        list_init(&q->in_lookup);
        list_append(&l->questions, &q->in_lookup);
        client.bus.call = q->call =
                calls_add(l->lookups->calls, NULL, l->user, l->lookups->limits, lookup_on_answer, q);
        q->refused = !q->call;
        if (q->refused)
                return;
        l->pending++;
        /* As over TCP, the answer is never truncated. */
        engine_query(daemon_engine(l->lookups->daemon), &client, TRANSPORT_TCP, packet_bytes(query), clock_now());
}

void lookup_ask_addresses(Lookup *l, Bytes name)
{
        if (l->family != AF_INET6)
                lookup_ask(l, name, TYPE_A, CLASS_IN);
        if (l->family != AF_INET)
                lookup_ask(l, name, TYPE_AAAA, CLASS_IN);
}

/* --- the end */

static uint64_t lookup_result_flags(const Lookup *l)
{
        const Engine *e = daemon_engine(l->lookups->daemon);
        uint64_t flags = FLAG_DNS | FLAG_AUTHENTICATED | FLAG_CONFIDENTIAL | (l->is_literal ? FLAG_SYNTHETIC : 0);
        Answer a;

        LIST_FOREACH(i, &l->questions) {
                const Question *q = container_of(i, Question, in_lookup);

                if (!lookup_read(q, &a))
                        continue;
                if (q->origin == ORIGIN_LOCAL) {
                        flags |= FLAG_SYNTHETIC;
                        continue;
                }
                flags |= q->origin == ORIGIN_CACHE ? FLAG_FROM_CACHE : FLAG_FROM_NETWORK;
                if (!(a.message.flags & DNS_AD))
                        flags &= ~(uint64_t) FLAG_AUTHENTICATED;
                if (engine_is_forwarded(e, BYTES(q->name, q->n)))
                        flags &= ~(uint64_t) FLAG_CONFIDENTIAL;
        }
        return flags;
}

void lookup_succeed(Lookup *l)
{
        l->result_flags = lookup_result_flags(l);
        l->lookups->front->found(l, l->call);
        lookup_drop(l);
}

void lookup_fail_with(Lookup *l, const LookupError *e)
{
        l->lookups->front->failed(l->call, e);
        lookup_drop(l);
}

/* --- errors */

static const char *const rcode_names[] = { "NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                                           "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE" };

static bool lookup_is_dnssec_failure(int ede)
{
        return ede == 1 || ede == 2 || (ede >= 5 && ede <= 12);
}

/* How much an outcome explains: that of several questions which explains most is reported. */
typedef enum Explains { EXPLAINS_NO_DATA, EXPLAINS_NXDOMAIN, EXPLAINS_FAILURE } Explains;

static Explains lookup_weigh(const Answer *a)
{
        return a->rcode == RCODE_NOERROR && !a->loop ? EXPLAINS_NO_DATA
               : a->rcode == RCODE_NXDOMAIN          ? EXPLAINS_NXDOMAIN
                                                     : EXPLAINS_FAILURE;
}

static void lookup_set_error(LookupError *e, LookupErrorCode code, const char *format, ...) _printf_(3, 4);

static void lookup_set_error(LookupError *e, LookupErrorCode code, const char *format, ...)
{
        va_list ap;

        e->code = code;
        va_start(ap, format);
        vsnprintf(e->text, sizeof(e->text), format, ap);
        va_end(ap);
}

/* An error of dohmouse's own: no server was asked, or none answered. */
static LookupErrorCode lookup_judge_own(const Answer *a, NetworkState network)
{
        return a->ede == EDE_NOT_READY      ? LOOKUP_NO_NAME_SERVERS
               : network == NETWORK_OFFLINE ? LOOKUP_NETWORK_DOWN
               : a->ede == EDE_OTHER        ? LOOKUP_BUSY
                                            : LOOKUP_TIMEOUT;
}

LookupErrorCode lookup_judge(const Answer *a, AnswerOrigin origin, NetworkState network)
{
        if (a->loop)
                return LOOKUP_CNAME_LOOP;
        if (a->rcode == RCODE_NOERROR)
                return LOOKUP_NO_DATA;
        if (a->rcode == RCODE_SERVFAIL && (origin == ORIGIN_NONE || a->ede == EDE_CACHED_ERROR))
                return lookup_judge_own(a, network);
        if (a->rcode == RCODE_SERVFAIL && lookup_is_dnssec_failure(a->ede))
                return LOOKUP_DNSSEC_FAILED;
        return LOOKUP_DNS_ERROR;
}

static void lookup_explain(const Lookup *l, const Question *q, const Answer *a, LookupError *e)
{
        static const char *const texts[LOOKUP_ERRORS] = {
                [LOOKUP_NO_NAME_SERVERS] = "No appropriate name servers or networks for name found",
                [LOOKUP_NO_SOURCE] = "All suitable resolution sources turned off",
                [LOOKUP_NETWORK_DOWN] = "Network is down",
                [LOOKUP_BUSY] = "Too many queries are pending",
                [LOOKUP_TIMEOUT] = "All attempts to contact name servers or networks failed",
        };
        LookupErrorCode code = lookup_judge(a, q->origin, engine_network_state(daemon_engine(l->lookups->daemon)));

        e->rcode = a->rcode;
        e->ede = a->ede;
        if (code == LOOKUP_NO_NAME_SERVERS && l->flags & FLAG_NO_NETWORK)
                code = LOOKUP_NO_SOURCE;
        if (code == LOOKUP_CNAME_LOOP)
                lookup_set_error(e, code, "CNAME loop detected, or CNAME resolving disabled on '%s'", l->text);
        else if (code == LOOKUP_NO_DATA)
                lookup_set_error(e, code, "Name '%s' does not have any RR of the requested type", l->text);
        else if (code == LOOKUP_DNSSEC_FAILED)
                lookup_set_error(e, code, "DNSSEC validation failed: the upstream server reports error %d", a->ede);
        else if (texts[code])
                lookup_set_error(e, code, "%s", texts[code]);
        else if (a->rcode == RCODE_NXDOMAIN)
                lookup_set_error(e, code, "Name '%s' not found", l->text);
        else
                lookup_set_error(e, code, "Could not resolve '%s', server or network returned error %s", l->text,
                                 lookup_rcode_name(a->rcode) ?: "");
}

const char *lookup_rcode_name(unsigned rcode)
{
        return rcode < ELEMENTS(rcode_names) ? rcode_names[rcode] : NULL;
}

void lookup_fail(Lookup *l)
{
        const Question *most = NULL;
        Answer worst = { 0 }, a;
        bool refused = list_empty(&l->questions);
        LookupError e = { .ede = EDE_NONE };

        LIST_FOREACH(i, &l->questions) {
                const Question *q = container_of(i, Question, in_lookup);

                refused = refused || q->refused;
                if (!q->packet || !answer_read(&a, q->packet, BYTES(q->name, q->n), q->type))
                        continue;
                a.loop = a.loop || (l->flags & FLAG_NO_CNAME && a.aliases);
                if (!most || lookup_weigh(&a) > lookup_weigh(&worst)) {
                        most = q;
                        worst = a;
                }
        }
        if (refused)
                lookup_set_error(&e, LOOKUP_BUSY, "Too many calls are waiting for an answer");
        else if (!most)
                lookup_set_error(&e, LOOKUP_INVALID_REPLY, "Received invalid reply");
        else
                lookup_explain(l, most, &worst, &e);
        lookup_fail_with(l, &e);
}

/* --- arguments */

bool lookup_refuse(LookupError *ret, const char *parameter, const char *format, ...)
{
        va_list ap;

        *ret = (LookupError) { .code = LOOKUP_INVALID, .parameter = parameter, .ede = EDE_NONE };
        va_start(ap, format);
        vsnprintf(ret->text, sizeof(ret->text), format, ap);
        va_end(ap);
        return false;
}

static bool lookup_refuse_as(LookupError *ret, LookupErrorCode code, const char *text)
{
        *ret = (LookupError) { .code = code, .ede = EDE_NONE };
        snprintf(ret->text, sizeof(ret->text), "%s", text);
        return false;
}

size_t lookup_read_name(const char *text, uint8_t *ret)
{
        size_t n = name_from_text(text, ret);

        for (size_t at = 0; at < n && ret[at]; at += 1 + (size_t) ret[at])
                for (size_t i = 1; i <= ret[at]; i++)
                        if (ret[at + i] < ' ' || ret[at + i] == 0x7f)
                                return 0;
        return n;
}

static void lookup_set_name(Lookup *l, size_t n)
{
        l->n = n;
        name_to_text(BYTES(l->name, n), l->text);
}

/* Reads "192.0.2.1" or "fe80::1%eth0". */
static bool lookup_read_literal(const char *text, Lookup *l)
{
        const char *zone = strchr(text, '%');
        char address[INET6_ADDRSTRLEN + 1];
        size_t n = zone ? (size_t) (zone - text) : strlen(text);
        int ifindex = zone ? (int) if_nametoindex(zone + 1) : 0;
        Address a = { 0 };

        if (n >= sizeof(address) || (zone && ifindex == 0))
                return false;
        memcpy(address, text, n);
        address[n] = 0;
        a.v6 = inet_pton(AF_INET6, address, a.octets) == 1;
        if (!a.v6 && (zone || inet_pton(AF_INET, address, a.octets) != 1))
                return false;
        l->is_literal = true;
        l->literal = a;
        l->literal_ifindex = ifindex;
        return true;
}

static bool lookup_read_hostname(const LookupRequest *r, Lookup *l, LookupError *ret)
{
        size_t n;

        if (lookup_read_literal(r->name, l)) {
                if (l->family != AF_UNSPEC && l->family != (l->literal.v6 ? AF_INET6 : AF_INET))
                        return lookup_refuse_as(ret, LOOKUP_NO_DATA,
                                                "The specified address is not of the requested family.");
                if (l->ifindex > 0 && l->literal_ifindex > 0 && l->literal_ifindex != l->ifindex)
                        return lookup_refuse_as(ret, LOOKUP_NO_DATA,
                                                "The specified address is not of the requested interface.");
                l->literal_ifindex = l->literal_ifindex ?: l->ifindex;
                return true;
        }
        n = lookup_read_name(r->name, l->name);
        if (!n)
                return lookup_refuse(ret, "name", "Invalid hostname");
        /* A final dot says that the name is complete. */
        if (r->name[0] && r->name[strlen(r->name) - 1] == '.')
                l->flags |= FLAG_NO_SEARCH;
        lookup_set_name(l, n);
        return true;
}

static size_t lookup_reverse_name(const uint8_t *octets, size_t n, uint8_t *ret)
{
        char text[80];
        size_t at = 0;

        for (size_t i = n; i-- > 0;)
                if (n == 16)
                        at += (size_t) snprintf(text + at, sizeof(text) - at, "%x.%x.", octets[i] & 0xf,
                                                octets[i] >> 4);
                else
                        at += (size_t) snprintf(text + at, sizeof(text) - at, "%u.", octets[i]);
        snprintf(text + at, sizeof(text) - at, n == 16 ? "ip6.arpa" : "in-addr.arpa");
        return name_from_text(text, ret);
}

static bool lookup_read_address(const LookupRequest *r, Lookup *l, LookupError *ret)
{
        if (r->n_address != (r->family == AF_INET ? 4 : 16))
                return lookup_refuse_as(ret, LOOKUP_INVALID_ADDRESS_SIZE, "Invalid address size");
        lookup_set_name(l, lookup_reverse_name(r->address, r->n_address, l->name));
        return true;
}

static bool lookup_read_record(const LookupRequest *r, Lookup *l, LookupError *ret)
{
        size_t n = lookup_read_name(r->name, l->name);

        if (!n)
                return lookup_refuse(ret, "name", "Invalid name");
        if (r->type == TYPE_AXFR || r->type == TYPE_IXFR)
                return lookup_refuse_as(ret, LOOKUP_ZONE_TRANSFER,
                                        "Zone transfers not permitted via this programming interface.");
        if (r->type == 0 || r->type == TYPE_OPT || r->type == TYPE_TSIG || r->type == TYPE_TKEY) {
                lookup_refuse_as(ret, LOOKUP_INVALID_TYPE, "");
                snprintf(ret->text, sizeof(ret->text), "Specified resource record type %u may not be used in a query.",
                         r->type);
                return false;
        }
        l->type = r->type;
        l->class = r->class;
        lookup_set_name(l, n);
        return true;
}

/* Checks what all calls have. */
static bool lookup_read_common(const LookupRequest *r, LookupError *ret)
{
        static const uint64_t permitted[LOOKUP_KINDS] = {
                [LOOKUP_HOSTNAME] = FLAG_NO_SEARCH, [LOOKUP_SERVICE] = FLAG_NO_TXT | FLAG_NO_ADDRESS
        };

        if (r->kind == LOOKUP_ADDRESS && r->family == AF_UNSPEC)
                return lookup_refuse(ret, "family", "Unknown address family 0");
        if (r->ifindex < 0 || r->ifindex > INT32_MAX)
                return lookup_refuse(ret, "ifindex", "Invalid interface index");
        if (r->family != AF_UNSPEC && r->family != AF_INET && r->family != AF_INET6)
                return lookup_refuse(ret, "family", "Unknown address family %lld", (long long) r->family);
        if (r->flags & ~(FLAGS_ALWAYS_PERMITTED | permitted[r->kind]))
                return lookup_refuse(ret, "flags", "Invalid flags parameter");
        /* LLMNR and mDNS are not spoken. */
        if (r->flags & FLAG_LLMNR_MDNS && !(r->flags & FLAG_DNS))
                return lookup_refuse_as(ret, LOOKUP_NO_NAME_SERVERS,
                                        "No appropriate name servers or networks for name found");
        return true;
}

/* Reads the arguments into `l`. */
static bool lookup_read_request(const LookupRequest *r, Lookup *l, LookupError *ret)
{
        static bool (*const read[LOOKUP_KINDS])(const LookupRequest *r, Lookup *l, LookupError *ret) = {
                [LOOKUP_HOSTNAME] = lookup_read_hostname,
                [LOOKUP_ADDRESS] = lookup_read_address,
                [LOOKUP_RECORD] = lookup_read_record,
                [LOOKUP_SERVICE] = lookup_service_read,
        };

        if (!lookup_read_common(r, ret))
                return false;
        l->kind = r->kind;
        l->ifindex = (int) r->ifindex;
        l->family = (int) r->family;
        l->flags = r->flags;
        return read[r->kind](r, l, ret);
}

bool lookup_check(const LookupRequest *r, LookupError *ret)
{
        Lookup scratch = { 0 };

        return lookup_read_request(r, &scratch, ret);
}

/* --- the course of a lookup */

static void lookup_ask_first(Lookup *l)
{
        switch (l->kind) {
        case LOOKUP_HOSTNAME:
                if (!l->is_literal)
                        lookup_ask_addresses(l, BYTES(l->name, l->n));
                break;
        case LOOKUP_ADDRESS:
                lookup_ask(l, BYTES(l->name, l->n), TYPE_PTR, CLASS_IN);
                break;
        case LOOKUP_RECORD:
                lookup_ask(l, BYTES(l->name, l->n), l->type, l->class);
                break;
        default:
                lookup_service_ask(l);
        }
}

Lookup *lookup_begin(Lookups *s, const LookupRequest *r, uid_t user, void *call)
{
        LookupError e = { .code = LOOKUP_BUSY, .ede = EDE_NONE, .text = "Out of memory" };
        Lookup *l = lookup_new(s, user, call);

        if (!l) {
                s->front->failed(call, &e);
                s->front->release(call);
                return NULL;
        }
        if (!lookup_read_request(r, l, &e)) {
                lookup_fail_with(l, &e);
                return NULL;
        }
        lookup_ask_first(l);
        if (l->pending > 0) {
                l->adding = false;
                return l;
        }
        lookup_start(l);
        return NULL;
}

/* Is there data, with no alias if these are not wanted? */
static bool lookup_found(const Lookup *l)
{
        Answer a;

        LIST_FOREACH(i, &l->questions)
                if (lookup_read(container_of(i, Question, in_lookup), &a) && !(l->flags & FLAG_NO_CNAME && a.aliases))
                        return true;
        return l->is_literal;
}

/* Gets search domain `i`, in wire form, of those that the C library finds in the stub file, and of those of links,
 * which may not be there yet. Its size is 0 if it is not valid. Returns false if there is none. */
static bool lookup_search_domain(const Lookup *l, unsigned i, uint8_t ret[DNS_NAME_MAX], size_t *ret_n)
{
        const char *word = daemon_search_domains(l->lookups->daemon);
        const LinkTable *t = daemon_links(l->lookups->daemon);

        for (size_t n; *(word += strspn(word, " \t")); word += n) {
                _cleanup_(freep) char *text = NULL;

                n = strcspn(word, " \t");
                if (i-- > 0)
                        continue;
                text = strndup(word, n);
                *ret_n = text ? lookup_read_name(text, ret) : 0;
                return true;
        }
        for (size_t k = 0; k < t->n; k++)
                for (size_t d = 0; d < t->links[k]->n_domains; d++) {
                        const LinkDomain *domain = &t->links[k]->domains[d];

                        if (domain->route_only || i-- > 0)
                                continue;
                        *ret_n = domain->domain.n;
                        memcpy(ret, domain->domain.name, *ret_n);
                        return true;
                }
        return false;
}

/* Asks for the name in the next search domain. Returns false if there is none. */
static bool lookup_search(Lookup *l)
{
        bool single_label = l->n > 1 && (size_t) l->name[0] + 2 == l->n;
        uint8_t domain[DNS_NAME_MAX];
        size_t n;

        if (!single_label || l->flags & FLAG_NO_SEARCH)
                return false;
        while (l->searched < LOOKUP_SEARCH_MAX && lookup_search_domain(l, l->searched, domain, &n)) {
                uint8_t name[2 * DNS_NAME_MAX];

                l->searched++;
                /* The name has been asked for in the root. */
                if (n <= 1 || l->n - 1 + n > DNS_NAME_MAX)
                        continue;
                memcpy(name, l->name, l->n - 1);
                memcpy(name + l->n - 1, domain, n);
                lookup_ask_addresses(l, BYTES(name, l->n - 1 + n));
                return true;
        }
        return false;
}

static void lookup_answered(Lookup *l)
{
        if (l->kind == LOOKUP_SERVICE)
                lookup_service_answered(l);
        else if (lookup_found(l))
                lookup_succeed(l);
        else if (l->kind == LOOKUP_HOSTNAME && lookup_search(l))
                lookup_start(l);
        else
                lookup_fail(l);
}
