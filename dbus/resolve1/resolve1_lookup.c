/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/resolve1/lookup_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/dns/reply.h"
#include "io/clock.h"

#define FLAGS_ALWAYS_PERMITTED                                                                                \
        (FLAG_DNS | FLAG_LLMNR_MDNS | FLAG_NO_CNAME | FLAG_NO_VALIDATE | FLAG_NO_SYNTHESIZE | FLAG_NO_CACHE | \
         FLAG_NO_ZONE | FLAG_NO_TRUST_ANCHOR | FLAG_NO_NETWORK | FLAG_NO_STALE)

/* --- life */

static void question_free(Question *q)
{
        list_remove(&q->in_lookup);
        packet_unref(q->packet);
        free(q);
}

static void lookup_clear(Lookup *l)
{
        while (!list_empty(&l->questions))
                question_free(container_of(list_first(&l->questions), Question, in_lookup));
}

void lookup_drop(Lookup *l)
{
        lookup_clear(l);
        list_remove(&l->in_resolve1);
        sd_bus_message_unref(l->call);
        free(l);
}

void lookup_forget_all(Resolve1 *r)
{
        calls_forget_all(r->calls);
        while (!list_empty(&r->lookups))
                lookup_drop(container_of(list_first(&r->lookups), Lookup, in_resolve1));
}

Lookup *lookup_new(Resolve1 *r, sd_bus_message *call, uid_t user, uint64_t flags, void (*answered)(Lookup *l))
{
        Lookup *l = calloc(1, sizeof(*l));

        if (!l)
                return NULL;
        l->resolve1 = r;
        l->call = sd_bus_message_ref(call);
        l->user = user;
        l->flags = flags;
        l->answered = answered;
        l->adding = true;
        list_init(&l->questions);
        list_init(&l->in_resolve1);
        list_append(&r->lookups, &l->in_resolve1);
        return l;
}

/* --- questions */

/* Lets the lookup continue if all its questions are answered. It may be freed. */
static void lookup_continue(Lookup *l)
{
        if (l->adding || l->pending > 0)
                return;
        l->adding = true;
        l->answered(l);
}

int lookup_start(Lookup *l)
{
        l->adding = false;
        lookup_continue(l);
        return 1;
}

static void question_on_answer(_unused_ sd_bus_message *call, void *userdata, AnswerOrigin origin, Packet *answer)
{
        Question *q = userdata;
        Lookup *l = q->lookup;

        must(l->pending > 0);
        q->packet = answer ? packet_ref(answer) : NULL;
        q->origin = origin;
        l->pending--;
        lookup_continue(l);
}

void lookup_ask(Lookup *l, Bytes name, uint16_t type, uint16_t class)
{
        uint16_t flags = DNS_RD | DNS_AD | (l->flags & FLAG_NO_VALIDATE ? DNS_CD : 0);
        Client client = { .kind = CLIENT_BUS,
                          .bus.no_cache = l->flags & FLAG_NO_CACHE,
                          .bus.no_network = l->flags & FLAG_NO_NETWORK };
        _cleanup_(packet_unrefp) Packet *query = reply_upstream_query(name, type, class, flags, false, false);
        Question *q = query ? calloc(1, sizeof(*q)) : NULL;

        if (!q)
                return;
        *q = (Question) { .lookup = l, .n = name.n, .type = type, .class = class };
        memcpy(q->name, name.p, name.n);
        list_init(&q->in_lookup);
        list_append(&l->questions, &q->in_lookup);
        client.bus.call = calls_add(l->resolve1->calls, l->call, l->user, question_on_answer, q);
        q->refused = !client.bus.call;
        if (q->refused)
                return;
        l->pending++;
        /* As over TCP, the answer is never truncated. */
        engine_query(daemon_engine(l->resolve1->daemon), &client, TRANSPORT_TCP, packet_bytes(query), clock_now());
}

void lookup_ask_addresses(Lookup *l, Bytes name)
{
        if (l->family != AF_INET6)
                lookup_ask(l, name, TYPE_A, CLASS_IN);
        if (l->family != AF_INET)
                lookup_ask(l, name, TYPE_AAAA, CLASS_IN);
}

/* --- answers */

bool lookup_read(const Question *q, Answer *ret)
{
        return q->packet && answer_read(ret, q->packet, BYTES(q->name, q->n), q->type) && !ret->loop &&
               ret->rcode == RCODE_NOERROR && answer_has_data(ret);
}

uint64_t lookup_result_flags(const Lookup *l)
{
        const Engine *e = daemon_engine(l->resolve1->daemon);
        uint64_t flags = FLAG_DNS | FLAG_AUTHENTICATED | FLAG_CONFIDENTIAL;
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

void lookup_finish(Lookup *l, sd_bus_message *reply, int r)
{
        if (r >= 0)
                sd_bus_send(NULL, reply, NULL);
        else
                sd_bus_reply_method_errno(l->call, r, NULL);
        sd_bus_message_unref(reply);
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

/* An error of dohmouse's own: no server was asked, or none answered. */
static void lookup_fail_own(Lookup *l, const Answer *a)
{
        if (l->flags & FLAG_NO_NETWORK && a->ede == EDE_NOT_READY)
                sd_bus_reply_method_errorf(l->call, RESOLVE1_ERROR("NoSource"),
                                           "All suitable resolution sources turned off");
        else if (a->ede == EDE_NOT_READY)
                sd_bus_reply_method_errorf(l->call, RESOLVE1_ERROR("NoNameServers"),
                                           "No appropriate name servers or networks for name found");
        else if (engine_network_state(daemon_engine(l->resolve1->daemon)) == NETWORK_OFFLINE)
                sd_bus_reply_method_errorf(l->call, RESOLVE1_ERROR("NetworkDown"), "Network is down");
        else if (a->ede == EDE_OTHER)
                sd_bus_reply_method_errorf(l->call, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many queries are pending");
        else
                sd_bus_reply_method_errorf(l->call, SD_BUS_ERROR_TIMEOUT,
                                           "All attempts to contact name servers or networks failed");
}

static void lookup_fail_answer(Lookup *l, const Question *q, const Answer *a)
{
        const char *word = a->rcode < ELEMENTS(rcode_names) ? rcode_names[a->rcode] : NULL;
        char name[80];

        if (a->loop) {
                sd_bus_reply_method_errorf(l->call, RESOLVE1_ERROR("CNameLoop"),
                                           "CNAME loop detected, or CNAME resolving disabled on '%s'", l->text);
                return;
        }
        if (a->rcode == RCODE_NOERROR) {
                sd_bus_reply_method_errorf(l->call, RESOLVE1_ERROR("NoSuchRR"),
                                           "Name '%s' does not have any RR of the requested type", l->text);
                return;
        }
        if (a->rcode == RCODE_SERVFAIL && (q->origin == ORIGIN_NONE || a->ede == EDE_CACHED_ERROR)) {
                lookup_fail_own(l, a);
                return;
        }
        if (a->rcode == RCODE_SERVFAIL && lookup_is_dnssec_failure(a->ede)) {
                sd_bus_reply_method_errorf(l->call, RESOLVE1_ERROR("DnssecFailed"),
                                           "DNSSEC validation failed: the upstream server reports error %d", a->ede);
                return;
        }
        if (word)
                snprintf(name, sizeof(name), RESOLVE1_ERROR("DnsError.%s"), word);
        else
                snprintf(name, sizeof(name), RESOLVE1_ERROR("DnsError.%u"), a->rcode);
        if (a->rcode == RCODE_NXDOMAIN)
                sd_bus_reply_method_errorf(l->call, name, "Name '%s' not found", l->text);
        else
                sd_bus_reply_method_errorf(l->call, name, "Could not resolve '%s', server or network returned error %s",
                                           l->text, word ?: "");
}

void lookup_fail(Lookup *l)
{
        const Question *most = NULL;
        Answer worst = { 0 }, a;
        bool refused = list_empty(&l->questions);

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
                sd_bus_reply_method_errorf(l->call, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                           "Too many calls are waiting for an answer");
        else if (!most)
                sd_bus_reply_method_errorf(l->call, RESOLVE1_ERROR("InvalidReply"), "Received invalid reply");
        else
                lookup_fail_answer(l, most, &worst);
        lookup_drop(l);
}

/* --- arguments */

int lookup_check(_unused_ Resolve1 *r, int ifindex, int family, uint64_t flags, uint64_t permitted, sd_bus_error *error)
{
        if (ifindex < 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid interface index");
        if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Unknown address family %d", family);
        if (flags & ~(FLAGS_ALWAYS_PERMITTED | permitted))
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid flags parameter");
        /* LLMNR and mDNS are not spoken. */
        if (flags & FLAG_LLMNR_MDNS && !(flags & FLAG_DNS))
                return sd_bus_error_set(error, RESOLVE1_ERROR("NoNameServers"),
                                        "No appropriate name servers or networks for name found");
        return 0;
}

static void lookup_set_name(Lookup *l, Bytes name)
{
        memcpy(l->name, name.p, name.n);
        l->n = name.n;
        name_to_text(name, l->text);
}

/* --- ResolveHostname */

int lookup_append_addresses(Lookup *l, sd_bus_message *reply, Bytes name, char ret_canonical[NAME_TEXT_MAX])
{
        int k = sd_bus_message_open_container(reply, 'a', "(iiay)");

        name_to_text(name, ret_canonical);
        LIST_FOREACH(i, &l->questions) {
                const Question *q = container_of(i, Question, in_lookup);
                Address address = { 0 };
                RecordWalk w;
                Record r;
                Answer a;

                if ((q->type != TYPE_A && q->type != TYPE_AAAA) || !name_equal(BYTES(q->name, q->n), name) ||
                    !lookup_read(q, &a))
                        continue;
                name_to_text(BYTES(a.name, a.n), ret_canonical);
                w = ANSWER_WALK(&a);
                while (k >= 0 && answer_next(&a, &w, &r)) {
                        /* Whatever a server sends, the address has the size of its family. */
                        if (r.rdata.n != (q->type == TYPE_A ? 4 : 16))
                                continue;
                        address.v6 = q->type == TYPE_AAAA;
                        memcpy(address.octets, r.rdata.p, r.rdata.n);
                        k = resolve1_append_server(reply, false, 0, &address, 0, NULL);
                }
        }
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

/* Is there data, with no alias if these are not wanted? */
static bool lookup_found(const Lookup *l)
{
        Answer a;

        LIST_FOREACH(i, &l->questions)
                if (lookup_read(container_of(i, Question, in_lookup), &a) && !(l->flags & FLAG_NO_CNAME && a.aliases))
                        return true;
        return false;
}

/* Returns search domain `i` of the links, or NULL. */
static const LinkDomain *lookup_search_domain(const Lookup *l, unsigned i)
{
        const LinkTable *t = daemon_links(l->resolve1->daemon);

        for (size_t k = 0; k < t->n; k++)
                for (size_t d = 0; d < t->links[k]->n_domains; d++)
                        if (!t->links[k]->domains[d].route_only && i-- == 0)
                                return &t->links[k]->domains[d];
        return NULL;
}

/* Asks for the name in the next search domain. Returns false if there is none. */
static bool lookup_search(Lookup *l)
{
        bool single_label = l->n > 1 && (size_t) l->name[0] + 2 == l->n;
        const LinkDomain *d;

        while (single_label && !(l->flags & FLAG_NO_SEARCH) && l->searched < LOOKUP_SEARCH_MAX &&
               (d = lookup_search_domain(l, l->searched++))) {
                uint8_t name[2 * DNS_NAME_MAX];
                size_t n = l->n - 1 + d->domain.n;

                if (n > DNS_NAME_MAX)
                        continue;
                memcpy(name, l->name, l->n - 1);
                memcpy(name + l->n - 1, d->domain.name, d->domain.n);
                lookup_ask_addresses(l, BYTES(name, n));
                return true;
        }
        return false;
}

static void lookup_answered_hostname(Lookup *l)
{
        sd_bus_message *reply = NULL;
        char canonical[NAME_TEXT_MAX];
        Bytes name = BYTES(NULL, 0);
        int k;

        if (!lookup_found(l)) {
                if (lookup_search(l))
                        lookup_start(l);
                else
                        lookup_fail(l);
                return;
        }
        LIST_FOREACH(i, &l->questions) {
                const Question *q = container_of(i, Question, in_lookup);
                Answer a;

                if (lookup_read(q, &a))
                        name = BYTES(q->name, q->n);
        }
        k = sd_bus_message_new_method_return(l->call, &reply);
        if (k >= 0)
                k = lookup_append_addresses(l, reply, name, canonical);
        if (k >= 0)
                k = sd_bus_message_append(reply, "st", canonical, lookup_result_flags(l));
        lookup_finish(l, reply, k);
}

/* Reads "192.0.2.1" or "fe80::1%eth0". */
static bool lookup_read_literal(const char *text, Address *ret, int *ret_ifindex)
{
        const char *zone = strchr(text, '%');
        char address[INET6_ADDRSTRLEN + 1];
        size_t n = zone ? (size_t) (zone - text) : strlen(text);

        *ret = (Address) { 0 };
        *ret_ifindex = zone ? (int) if_nametoindex(zone + 1) : 0;
        if (n >= sizeof(address) || (zone && *ret_ifindex == 0))
                return false;
        memcpy(address, text, n);
        address[n] = 0;
        ret->v6 = inet_pton(AF_INET6, address, ret->octets) == 1;
        return ret->v6 || (!zone && inet_pton(AF_INET, address, ret->octets) == 1);
}

/* Replies with an address that is given instead of a name. */
static int lookup_reply_literal(sd_bus_message *call, const Address *address, int ifindex, int family,
                                sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        char canonical[INET6_ADDRSTRLEN];
        int k;

        if (family != AF_UNSPEC && family != (address->v6 ? AF_INET6 : AF_INET))
                return sd_bus_error_set(error, RESOLVE1_ERROR("NoSuchRR"),
                                        "The specified address is not of the requested family.");
        inet_ntop(address->v6 ? AF_INET6 : AF_INET, address->octets, canonical, sizeof(canonical));
        k = sd_bus_message_new_method_return(call, &reply);
        if (k >= 0)
                k = sd_bus_message_open_container(reply, 'a', "(iiay)");
        if (k >= 0)
                k = resolve1_append_server(reply, false, ifindex, address, 0, NULL);
        if (k >= 0)
                k = sd_bus_message_close_container(reply);
        if (k >= 0)
                k = sd_bus_message_append(reply, "st", canonical,
                                          (uint64_t) FLAG_DNS | FLAG_AUTHENTICATED | FLAG_CONFIDENTIAL |
                                                  FLAG_SYNTHETIC);
        return k < 0 ? k : sd_bus_send(NULL, reply, NULL);
}

static int lookup_hostname(void *userdata, sd_bus_message *call, uid_t user, _unused_ uint64_t argument,
                           _unused_ sd_bus_error *error)
{
        uint8_t name[DNS_NAME_MAX];
        int32_t ifindex, family;
        const char *text;
        uint64_t flags;
        Lookup *l;
        size_t n;
        int k = sd_bus_message_rewind(call, true);

        if (k >= 0)
                k = sd_bus_message_read(call, "isit", &ifindex, &text, &family, &flags);
        if (k < 0)
                return k;
        n = name_from_text(text, name);
        l = lookup_new(userdata, call, user, flags, lookup_answered_hostname);
        if (!l)
                return -ENOMEM;
        /* A final dot says that the name is complete. */
        if (text[0] && text[strlen(text) - 1] == '.')
                l->flags |= FLAG_NO_SEARCH;
        l->family = family;
        lookup_set_name(l, BYTES(name, n));
        lookup_ask_addresses(l, BYTES(name, n));
        return lookup_start(l);
}

static int lookup_refuse_name(const char *what, sd_bus_error *error)
{
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid %s", what);
}

int lookup_on_hostname(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        Resolve1 *r = userdata;
        uint8_t name[DNS_NAME_MAX];
        int32_t ifindex, family;
        const char *text;
        uint64_t flags;
        Address literal;
        int zone, k = sd_bus_message_read(call, "isit", &ifindex, &text, &family, &flags);

        if (k >= 0)
                k = lookup_check(r, ifindex, family, flags, FLAG_NO_SEARCH, error);
        if (k < 0)
                return k;
        if (lookup_read_literal(text, &literal, &zone))
                return lookup_reply_literal(call, &literal, zone, family, error);
        if (!resolve1_read_name(text, name))
                return lookup_refuse_name("hostname", error);
        return polkit_check(r->polkit, call, NULL, lookup_hostname, r, 0);
}

/* --- ResolveAddress */

static void lookup_answered_address(Lookup *l)
{
        sd_bus_message *reply = NULL;
        Answer a;
        int k;

        if (!lookup_found(l)) {
                lookup_fail(l);
                return;
        }
        k = sd_bus_message_new_method_return(l->call, &reply);
        if (k >= 0)
                k = sd_bus_message_open_container(reply, 'a', "(is)");
        if (k >= 0 && lookup_read(container_of(list_first(&l->questions), Question, in_lookup), &a)) {
                RecordWalk w = ANSWER_WALK(&a);
                Record r;

                while (k >= 0 && answer_next(&a, &w, &r)) {
                        uint8_t name[DNS_NAME_MAX];
                        char text[NAME_TEXT_MAX];
                        size_t n = answer_rdata_name(&a, &r, 0, name);

                        if (!n)
                                continue;
                        name_to_text(BYTES(name, n), text);
                        k = sd_bus_message_append(reply, "(is)", 0, text);
                }
        }
        if (k >= 0)
                k = sd_bus_message_close_container(reply);
        if (k >= 0)
                k = sd_bus_message_append(reply, "t", lookup_result_flags(l));
        lookup_finish(l, reply, k);
}

/* Reads all arguments of ResolveAddress. */
static int lookup_read_address(sd_bus_message *call, int32_t *ret_ifindex, int32_t *ret_family,
                               const uint8_t **ret_octets, size_t *ret_n, uint64_t *ret_flags)
{
        int k = sd_bus_message_read(call, "ii", ret_ifindex, ret_family);

        if (k >= 0)
                k = sd_bus_message_read_array(call, 'y', (const void **) ret_octets, ret_n);
        return k < 0 ? k : sd_bus_message_read(call, "t", ret_flags);
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

static int lookup_address(void *userdata, sd_bus_message *call, uid_t user, _unused_ uint64_t argument,
                          _unused_ sd_bus_error *error)
{
        uint8_t name[DNS_NAME_MAX];
        int32_t ifindex, family;
        const uint8_t *octets;
        uint64_t flags;
        size_t n;
        Lookup *l;
        int k = sd_bus_message_rewind(call, true);

        if (k >= 0)
                k = lookup_read_address(call, &ifindex, &family, &octets, &n, &flags);
        if (k < 0)
                return k;
        l = lookup_new(userdata, call, user, flags, lookup_answered_address);
        if (!l)
                return -ENOMEM;
        n = lookup_reverse_name(octets, n, name);
        lookup_set_name(l, BYTES(name, n));
        lookup_ask(l, BYTES(name, n), TYPE_PTR, CLASS_IN);
        return lookup_start(l);
}

int lookup_on_address(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        Resolve1 *r = userdata;
        int32_t ifindex, family;
        const uint8_t *octets;
        uint64_t flags;
        size_t n;
        int k = lookup_read_address(call, &ifindex, &family, &octets, &n, &flags);

        if (k < 0)
                return k;
        if (family == AF_UNSPEC)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Unknown address family 0");
        k = lookup_check(r, ifindex, family, flags, 0, error);
        if (k < 0)
                return k;
        if (n != (family == AF_INET ? 4 : 16))
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid address size");
        return polkit_check(r->polkit, call, NULL, lookup_address, r, 0);
}

/* --- ResolveRecord */

static void lookup_answered_record(Lookup *l)
{
        _cleanup_(freep) uint8_t *wire = malloc(ANSWER_RECORD_MAX);
        sd_bus_message *reply = NULL;
        Answer a;
        int k;

        if (!lookup_found(l)) {
                lookup_fail(l);
                return;
        }
        k = wire ? sd_bus_message_new_method_return(l->call, &reply) : -ENOMEM;
        if (k >= 0)
                k = sd_bus_message_open_container(reply, 'a', "(iqqay)");
        if (k >= 0 && lookup_read(container_of(list_first(&l->questions), Question, in_lookup), &a)) {
                RecordWalk w = ANSWER_WALK(&a);
                Record r;

                while (k >= 0 && answer_next(&a, &w, &r)) {
                        size_t n = answer_write_record(&a, &r, wire, ANSWER_RECORD_MAX);

                        if (!n)
                                continue;
                        k = sd_bus_message_open_container(reply, 'r', "iqqay");
                        if (k >= 0)
                                k = sd_bus_message_append(reply, "iqq", 0, r.class, r.type);
                        if (k >= 0)
                                k = sd_bus_message_append_array(reply, 'y', wire, n);
                        if (k >= 0)
                                k = sd_bus_message_close_container(reply);
                }
        }
        if (k >= 0)
                k = sd_bus_message_close_container(reply);
        if (k >= 0)
                k = sd_bus_message_append(reply, "t", lookup_result_flags(l));
        lookup_finish(l, reply, k);
}

static int lookup_record(void *userdata, sd_bus_message *call, uid_t user, _unused_ uint64_t argument,
                         _unused_ sd_bus_error *error)
{
        uint8_t name[DNS_NAME_MAX];
        uint16_t class, type;
        const char *text;
        uint64_t flags;
        int32_t ifindex;
        Lookup *l;
        int k = sd_bus_message_rewind(call, true);

        if (k >= 0)
                k = sd_bus_message_read(call, "isqqt", &ifindex, &text, &class, &type, &flags);
        if (k < 0)
                return k;
        l = lookup_new(userdata, call, user, flags, lookup_answered_record);
        if (!l)
                return -ENOMEM;
        lookup_set_name(l, BYTES(name, name_from_text(text, name)));
        lookup_ask(l, BYTES(l->name, l->n), type, class);
        return lookup_start(l);
}

int lookup_on_record(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        Resolve1 *r = userdata;
        uint8_t name[DNS_NAME_MAX];
        uint16_t class, type;
        const char *text;
        uint64_t flags;
        int32_t ifindex;
        int k = sd_bus_message_read(call, "isqqt", &ifindex, &text, &class, &type, &flags);

        if (k >= 0)
                k = lookup_check(r, ifindex, AF_UNSPEC, flags, 0, error);
        if (k < 0)
                return k;
        if (!resolve1_read_name(text, name))
                return lookup_refuse_name("name", error);
        if (type == TYPE_AXFR || type == TYPE_IXFR)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "Zone transfers not permitted via this programming interface.");
        if (type == 0 || type == TYPE_OPT || type == TYPE_TSIG || type == TYPE_TKEY)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "Specified resource record type %u may not be used in a query.", type);
        return polkit_check(r->polkit, call, NULL, lookup_record, r, 0);
}
