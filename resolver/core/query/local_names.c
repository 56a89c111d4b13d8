/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/local_names.h"

#include <string.h>

/* --- names, label by label */

#define LABELS_MAX 127

/* The offsets of the labels of a name. */
typedef struct Labels {
        Bytes name;
        uint8_t at[LABELS_MAX];
        unsigned n; /* not counting the root */
} Labels;

static void local_find_labels(Bytes name, Labels *ret)
{
        ret->name = name;
        ret->n = 0;
        for (size_t at = 0; name.p[at] && ret->n < LABELS_MAX; at += 1 + (size_t) name.p[at])
                ret->at[ret->n++] = (uint8_t) at;
}

/* Returns the last `n` labels with the root. The name has that many. */
static Bytes local_suffix(const Labels *l, unsigned n)
{
        size_t at = n ? l->at[l->n - n] : l->name.n - 1;

        return BYTES(l->name.p + at, l->name.n - at);
}

/* Returns label `i`, counted from the end and from 0. */
static Bytes local_label(const Labels *l, unsigned i)
{
        const uint8_t *p = l->name.p + l->at[l->n - 1 - i];

        return BYTES(p + 1, *p);
}

/* --- reverse names (RFC 1035 3.5, 3596 2.5) */

typedef struct Reverse {
        uint8_t octets[16];
        unsigned size;   /* octets of the address: 4 or 16; 0: not a reverse name */
        unsigned bits;   /* bits of the address that the name specifies */
        unsigned labels; /* labels that this took, including those of the tree */
} Reverse;

/* Parses a decimal number from 0 to 255 without leading zeros. Returns -1 if it is not one. */
static int local_decimal(Bytes b)
{
        int v = 0;

        if (b.n < 1 || b.n > 3 || (b.n > 1 && b.p[0] == '0'))
                return -1;
        for (size_t i = 0; i < b.n; i++) {
                if (b.p[i] < '0' || b.p[i] > '9')
                        return -1;
                v = v * 10 + (b.p[i] - '0');
        }
        return v <= 255 ? v : -1;
}

static int local_nibble(Bytes b)
{
        uint8_t c = b.n == 1 ? b.p[0] : 0;

        return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static Reverse local_read_reverse(const Labels *l)
{
        static const uint8_t v4[] = "\7in-addr\4arpa", v6[] = "\3ip6\4arpa";
        Reverse r = { .labels = 2 };
        unsigned step;
        int v;

        if (l->n < 2)
                return r;
        if (name_equal(local_suffix(l, 2), BYTES(v4, sizeof(v4))))
                r.size = 4;
        else if (name_equal(local_suffix(l, 2), BYTES(v6, sizeof(v6))))
                r.size = 16;
        step = r.size == 4 ? 8 : 4;
        for (; r.labels < l->n && r.bits < 8 * r.size; r.labels++, r.bits += step) {
                v = step == 8 ? local_decimal(local_label(l, r.labels)) : local_nibble(local_label(l, r.labels));
                if (v < 0)
                        break;
                r.octets[r.bits / 8] |= (uint8_t) (step == 4 && r.bits % 8 == 0 ? v << 4 : v);
        }
        return r;
}

/* Returns the whole address of a reverse name, or an empty slice if the name has more or less. */
static Bytes local_reverse_address(const Labels *l, const Reverse *r)
{
        bool whole = r->size && r->bits == 8 * r->size && r->labels == l->n;

        return BYTES(r->octets, whole ? r->size : 0);
}

/* --- the tables */

/* How names in a zone are answered. */
typedef enum ZoneKind {
        ZONE_ABSENT, /* not in the root zone: NXDOMAIN, including the zone's own name */
        ZONE_EMPTY,  /* the zone's own name exists, names below do not */
        ZONE_BARE,   /* all names exist, without records */
} ZoneKind;

typedef struct Zone {
        Bytes name;
        unsigned labels;
        ZoneKind kind;
        size_t enabled; /* offset of its setting in LocalConfig */
        const char *reason;
        ForwardMatch gives_way; /* the first match that takes precedence; FORWARD_NONE: none does */
} Zone;

#define WIRE(text) { .p = (const uint8_t *) (text), .n = sizeof(text) }
#define SWITCH(field) offsetof(LocalConfig, field)
#define BY(key) "answered locally: see " key "= in [Local]"

/* localhost is missing: it has addresses. */
static const Zone zones[] = {
        /* RFC 6761 6.4 */
        { WIRE("\7invalid"), 1, ZONE_ABSENT, SWITCH(invalid), BY("Invalid"), FORWARD_NONE },
        /* RFC 7686 2 */
        { WIRE("\5onion"), 1, ZONE_ABSENT, SWITCH(onion), BY("Onion"), FORWARD_NONE },
        /* RFC 9476 2 */
        { WIRE("\3alt"), 1, ZONE_ABSENT, SWITCH(alt), BY("Alt"), FORWARD_NONE },
        /* RFC 9462 6.1, 6.4: no data, so that the upstream's designated resolver is not taken for ours */
        { WIRE("\10resolver\4arpa"), 2, ZONE_BARE, SWITCH(resolver_arpa), BY("ResolverArpa"), FORWARD_NONE },
        /* RFC 6762 22.1: of multicast DNS; some networks serve it by unicast DNS and say so */
        { WIRE("\5local"), 1, ZONE_ABSENT, SWITCH(local), BY("Local"), FORWARD_DOMAIN },
        /* ICANN resolution 2024.07.29.06: reserved for private use */
        { WIRE("\10internal"), 1, ZONE_ABSENT, SWITCH(internal), BY("Internal"), FORWARD_ALL },
        /* RFC 8375 4 */
        { WIRE("\4home\4arpa"), 2, ZONE_EMPTY, SWITCH(home_arpa), BY("HomeArpa"), FORWARD_ALL },
};

static const Zone private_reverse = {
        .kind = ZONE_EMPTY, .enabled = SWITCH(private_reverse), .reason = BY("PrivateReverse"), .gives_way = FORWARD_ALL
};

static const Zone single_label = {
        .kind = ZONE_ABSENT, .enabled = SWITCH(single_label), .reason = BY("SingleLabel"), .gives_way = FORWARD_DOMAIN
};

/* IANA's registry of locally served DNS zones. The name of a zone is made of the first `zone_bits` bits of the
 * address. */
typedef struct ReverseZone {
        uint8_t octets[16];
        unsigned size;
        unsigned bits; /* of the network */
        unsigned zone_bits;
} ReverseZone;

static const ReverseZone reverse_zones[] = {
        /* RFC 6303 4.1: RFC 1918 */
        { { 10 }, 4, 8, 8 },
        { { 172, 16 }, 4, 12, 16 },
        { { 192, 168 }, 4, 16, 16 },
        /* RFC 7793: shared address space (RFC 6598) */
        { { 100, 64 }, 4, 10, 16 },
        /* RFC 6303 4.2: this network, loopback, link-local, documentation, broadcast */
        { { 0 }, 4, 8, 8 },
        { { 127 }, 4, 8, 8 },
        { { 169, 254 }, 4, 16, 16 },
        { { 192, 0, 2 }, 4, 24, 24 },
        { { 198, 51, 100 }, 4, 24, 24 },
        { { 203, 0, 113 }, 4, 24, 24 },
        { { 255, 255, 255, 255 }, 4, 32, 32 },
        /* RFC 6303 4.3: unspecified, loopback */
        { { 0 }, 16, 128, 128 },
        { { [15] = 1 }, 16, 128, 128 },
        /* RFC 6303 4.4: locally assigned ULA */
        { { 0xfd }, 16, 8, 8 },
        /* RFC 6303 4.5: link-local */
        { { 0xfe, 0x80 }, 16, 10, 12 },
        /* RFC 6303 4.6: documentation */
        { { 0x20, 0x01, 0x0d, 0xb8 }, 16, 32, 32 },
};

static bool local_same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
        uint8_t mask = (uint8_t) (0xff << (8 - bits % 8));

        return memcmp(a, b, bits / 8) == 0 && (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0);
}

/* Returns the number of labels of the local zone that contains a reverse name, or 0. */
static unsigned local_find_reverse_zone(const Reverse *r)
{
        for (size_t i = 0; i < ELEMENTS(reverse_zones); i++) {
                const ReverseZone *z = &reverse_zones[i];

                if (r->size == z->size && r->bits >= z->zone_bits && local_same_bits(r->octets, z->octets, z->bits))
                        return 2 + z->zone_bits / (z->size == 4 ? 8 : 4);
        }
        return 0;
}

/* --- answers */

static const uint8_t localhost[] = "\11localhost", loopback_v4[4] = { 127, 0, 0, 1 }, loopback_v6[16] = { [15] = 1 };

static void local_add(LocalReply *ret, uint16_t type, uint32_t ttl, Bytes rdata)
{
        if (ret->n < ELEMENTS(ret->records))
                ret->records[ret->n++] = (LocalRecord) { .type = type, .ttl = ttl, .rdata = rdata };
}

/* As in RFC 6303 3, except for the TTL: the smaller of TTL and MINIMUM applies (RFC 2308 5). */
static Bytes local_make_soa(LocalReply *ret, Bytes zone)
{
        static const uint8_t nobody[] = "\6nobody\7invalid";
        static const uint32_t numbers[] = { 1, 3600, 1200, 604800, 10800 };
        size_t n = zone.n;

        memcpy(ret->soa, zone.p, n);
        memcpy(ret->soa + n, nobody, sizeof(nobody));
        n += sizeof(nobody);
        for (size_t i = 0; i < ELEMENTS(numbers); i++, n += 4)
                wire_write32(ret->soa + n, numbers[i]);
        return BYTES(ret->soa, n);
}

static void local_deny(LocalReply *ret, unsigned rcode, Bytes zone, uint32_t ttl, const char *reason)
{
        ret->rcode = rcode;
        ret->reason = reason;
        local_add(ret, TYPE_SOA, ttl, local_make_soa(ret, zone));
        ret->records[ret->n - 1].authority = true;
        ret->records[ret->n - 1].owner = zone;
}

static bool local_wants(const Message *q, uint16_t type)
{
        return q->qtype == type || q->qtype == TYPE_ANY;
}

static void local_add_address(LocalReply *ret, const Message *q, uint32_t ttl, Bytes address)
{
        uint16_t type = address.n == 4 ? TYPE_A : TYPE_AAAA;

        if (local_wants(q, type))
                local_add(ret, type, ttl, address);
}

static bool local_answer_localhost(const LocalNames *names, const Labels *l, const Message *q, LocalReply *ret)
{
        if (!names->config->localhost || !name_equal(local_suffix(l, 1), BYTES(localhost, sizeof(localhost))))
                return false;
        local_add_address(ret, q, LOCAL_ZONE_TTL, BYTES(loopback_v4, sizeof(loopback_v4)));
        local_add_address(ret, q, LOCAL_ZONE_TTL, BYTES(loopback_v6, sizeof(loopback_v6)));
        if (!ret->n)
                local_deny(ret, RCODE_NOERROR, local_suffix(l, 1), LOCAL_ZONE_TTL, BY("Localhost"));
        return true;
}

/* A name in the tables has the addresses given there, and no other types and no other address family. */
static bool local_answer_hosts(const LocalNames *names, const Message *q, LocalReply *ret)
{
        const char *reason = BY("HostsFile");
        HostsWalk w;
        Bytes address;

        if (!hosts_find(names->file, q->qname, &w)) {
                reason = BY("Hostname");
                if (!hosts_find(names->own, q->qname, &w))
                        return false;
        }
        while (hosts_next(&w, &address))
                local_add_address(ret, q, LOCAL_HOSTS_TTL, address);
        if (!ret->n)
                local_deny(ret, RCODE_NOERROR, q->qname, LOCAL_HOSTS_TTL, reason);
        return true;
}

static bool local_answer_pointer(const LocalNames *names, Bytes address, const Message *q, LocalReply *ret)
{
        const uint8_t *loopback = address.n == 4 ? loopback_v4 : loopback_v6;
        const char *reason = BY("HostsFile");
        Bytes name = hosts_name(names->file, address);
        uint32_t ttl = LOCAL_HOSTS_TTL;

        if (!name.n) {
                name = hosts_name(names->own, address);
                reason = BY("Hostname");
        }
        if (!name.n && names->config->localhost && memcmp(address.p, loopback, address.n) == 0) {
                name = BYTES(localhost, sizeof(localhost));
                reason = BY("Localhost");
                ttl = LOCAL_ZONE_TTL;
        }
        if (!name.n)
                return false;
        if (local_wants(q, TYPE_PTR))
                local_add(ret, TYPE_PTR, ttl, name);
        else
                local_deny(ret, RCODE_NOERROR, q->qname, ttl, reason);
        return true;
}

/* `labels`: number of labels of the zone's name, which is a suffix of the question's. */
static bool local_answer_zone(const LocalNames *names, const Zone *z, unsigned labels, const Labels *l,
                              const Message *q, ForwardMatch forwarded, LocalReply *ret)
{
        bool is_top = l->n == labels && z->kind != ZONE_ABSENT;
        Bytes zone = local_suffix(l, z->kind == ZONE_ABSENT ? 0 : labels);

        if (!*((const bool *) ((const char *) names->config + z->enabled)) ||
            (z->gives_way && forwarded >= z->gives_way))
                return false;
        if (is_top && q->qtype == TYPE_DS)
                return false;
        if (is_top && local_wants(q, TYPE_NS))
                local_add(ret, TYPE_NS, LOCAL_ZONE_TTL, zone);
        if (is_top && local_wants(q, TYPE_SOA))
                local_add(ret, TYPE_SOA, LOCAL_ZONE_TTL, local_make_soa(ret, zone));
        if (!ret->n)
                local_deny(ret, is_top || z->kind == ZONE_BARE ? RCODE_NOERROR : RCODE_NXDOMAIN, zone, LOCAL_ZONE_TTL,
                           z->reason);
        return true;
}

/* Whether a name may end as localhost, a zone of the table or a reverse name does, by the length and the first letter
 * of its last label: most names do not, and are not compared further. */
static bool local_may_be_reserved(const Labels *l)
{
        static const char starts[][3] = { "\3a", "\4a", "\5l", "\5o", "\7i", "\10i", "\11l" };
        const uint8_t *label = l->name.p + l->at[l->n - 1];

        for (size_t i = 0; i < ELEMENTS(starts); i++)
                if (label[0] == (uint8_t) starts[i][0] && (label[1] | 0x20) == (uint8_t) starts[i][1])
                        return true;
        return false;
}

static const Zone *local_find_zone(const Labels *l)
{
        /* No zone has more labels than two. */
        const Bytes suffixes[] = { [1] = local_suffix(l, 1), [2] = local_suffix(l, MIN(l->n, 2U)) };

        for (size_t i = 0; i < ELEMENTS(zones); i++) {
                const Zone *z = &zones[i];

                if (suffixes[z->labels].n == z->name.n && name_equal(suffixes[z->labels], z->name))
                        return z;
        }
        return NULL;
}

/* Types that resolve a host. For a single label, other types concern a top-level domain: NS, DS, SOA. */
static bool local_is_for_host(uint16_t type)
{
        return type == TYPE_A || type == TYPE_AAAA || type == TYPE_SVCB || type == TYPE_HTTPS;
}

static bool local_answer_name(const LocalNames *names, const Labels *l, const Message *q, ForwardMatch forwarded,
                              LocalReply *ret)
{
        bool reserved = local_may_be_reserved(l);
        const Zone *zone;
        Reverse r;
        Bytes address;

        if ((reserved && local_answer_localhost(names, l, q, ret)) || local_answer_hosts(names, q, ret))
                return true;
        zone = reserved ? local_find_zone(l) : NULL;
        if (zone)
                return local_answer_zone(names, zone, zone->labels, l, q, forwarded, ret);
        r = reserved ? local_read_reverse(l) : (Reverse) { 0 };
        if (r.size) {
                unsigned labels = local_find_reverse_zone(&r);

                address = local_reverse_address(l, &r);
                return (address.n && local_answer_pointer(names, address, q, ret)) ||
                       (labels && local_answer_zone(names, &private_reverse, labels, l, q, forwarded, ret));
        }
        return l->n == 1 && local_is_for_host(q->qtype) &&
               local_answer_zone(names, &single_label, 1, l, q, forwarded, ret);
}

/* In other classes there is no data, but the name itself is private: it does not leave the machine in any class. */
static bool local_refuse_class(const LocalNames *names, const Labels *l, const Message *q, ForwardMatch forwarded,
                               LocalReply *ret)
{
        Message in = *q;

        in.qclass = CLASS_IN;
        in.qtype = TYPE_A;
        if (!local_answer_name(names, l, &in, forwarded, ret))
                return false;
        ret->rcode = RCODE_REFUSED;
        ret->reason = "locally answered names have no data in this class";
        ret->n = 0;
        return true;
}

bool local_answer(const LocalNames *names, const Message *q, ForwardMatch forwarded, LocalReply *ret)
{
        _unset_ Labels l;

        local_find_labels(q->qname, &l);
        if (!l.n)
                return false;
        ret->rcode = RCODE_NOERROR;
        ret->reason = NULL;
        ret->n = 0;
        if (q->qclass == CLASS_IN || q->qclass == CLASS_ANY)
                return local_answer_name(names, &l, q, forwarded, ret);
        return local_refuse_class(names, &l, q, forwarded, ret);
}
