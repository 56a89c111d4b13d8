/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generated_zone.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/dns/message.h"

#define RECORDS_MAX 24
#define RECORD_SIZE_MAX 320 /* in wire form */
#define CHAIN_MAX 3
#define CHAIN_TOO_LONG 18

/* --- random numbers */

uint64_t dice_roll(Dice *d)
{
        uint64_t x = *d += UINT64_C(0x9e3779b97f4a7c15);

        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
        return x ^ x >> 31;
}

unsigned dice_upto(Dice *d, unsigned sides)
{
        return (unsigned) (dice_roll(d) % sides);
}

static Dice dice_of_question(uint64_t seed, const char *name, uint16_t type)
{
        Dice d = seed ^ (uint64_t) type << 48;

        for (; *name; name++)
                d = (d ^ (uint8_t) *name) * UINT64_C(0x100000001b3);
        return d;
}

/* --- records */

typedef struct Entry {
        Section section;
        uint8_t wire[RECORD_SIZE_MAX];
        size_t n;
        bool counts; /* is a part of the result: its RDATA */
        uint8_t rdata[16];
        char target[TEXT_MAX];
} Entry;

typedef struct Zone {
        Dice dice;
        const char *qname;
        uint16_t type;
        char owner[TEXT_MAX]; /* of the data */
        Entry entries[RECORDS_MAX];
        unsigned n;
} Zone;

static size_t put_name(uint8_t *p, const char *name)
{
        size_t n = 0;

        while (*name) {
                size_t label = strcspn(name, ".");

                p[n++] = (uint8_t) label;
                memcpy(p + n, name, label);
                n += label;
                name += label + (name[label] == '.');
        }
        p[n++] = 0;
        return n;
}

/* Letters in any case: they make no difference. */
static void spell(Dice *d, char *name)
{
        for (; *name; name++)
                if (dice_upto(d, 4) == 0)
                        *name = (char) toupper((unsigned char) *name);
}

static Entry *zone_add(Zone *z, Section section, const char *owner, uint16_t type, uint16_t class, Bytes rdata)
{
        Entry *e = &z->entries[z->n++];
        char spelled[TEXT_MAX];
        uint8_t *fixed;

        must(z->n <= RECORDS_MAX);
        *e = (Entry) { .section = section };
        if (strcmp(owner, z->qname) == 0 && dice_upto(&z->dice, 2)) {
                wire_write16(e->wire, 0xc00c);
                e->n = 2;
        } else {
                snprintf(spelled, sizeof(spelled), "%s", owner);
                spell(&z->dice, spelled);
                e->n = put_name(e->wire, spelled);
        }
        must(e->n + RECORD_FIXED + rdata.n <= sizeof(e->wire));
        fixed = e->wire + e->n;
        wire_write16(fixed + RECORD_TYPE, type);
        wire_write16(fixed + RECORD_CLASS, class);
        wire_write32(fixed + RECORD_TTL, dice_upto(&z->dice, 300));
        wire_write16(fixed + RECORD_RDLENGTH, (unsigned) rdata.n);
        if (rdata.n)
                memcpy(fixed + RECORD_FIXED, rdata.p, rdata.n);
        e->n += RECORD_FIXED + rdata.n;
        return e;
}

static void zone_add_alias(Zone *z, const char *owner, const char *target)
{
        uint8_t rdata[DNS_NAME_MAX];

        zone_add(z, SECTION_ANSWER, owner, TYPE_CNAME, CLASS_IN, BYTES(rdata, put_name(rdata, target)));
}

static void zone_add_data(Zone *z, Section section, const char *owner, uint16_t type, uint16_t class, size_t size)
{
        bool good = section == SECTION_ANSWER && owner == z->owner && type == z->type && class == CLASS_IN;
        uint8_t rdata[DNS_NAME_MAX];
        char target[TEXT_MAX];
        Entry *e;

        for (size_t i = 0; i < size; i++)
                rdata[i] = (uint8_t) dice_roll(&z->dice);
        snprintf(target, sizeof(target), "r%x." ZONE_FORWARD, (unsigned) dice_roll(&z->dice));
        if (type == TYPE_PTR && size)
                size = put_name(rdata, target);
        e = zone_add(z, section, owner, type, class, BYTES(rdata, size));
        e->counts = good && (type == TYPE_PTR ? size > 0 : size == (type == TYPE_A ? 4 : 16));
        memcpy(e->rdata, rdata, sizeof(e->rdata));
        memcpy(e->target, target, sizeof(e->target));
}

/* One record of the answer, which may be wrong in any way. */
static void zone_add_any(Zone *z)
{
        uint16_t others[] = { TYPE_A, TYPE_AAAA, TYPE_PTR, TYPE_TXT };
        uint16_t other = others[dice_upto(&z->dice, ELEMENTS(others))];
        size_t size = z->type == TYPE_A ? 4 : 16;

        switch (dice_upto(&z->dice, 16)) {
        case 0: /* of a size that is wrong */
                zone_add_data(z, SECTION_ANSWER, z->owner, z->type, CLASS_IN, dice_upto(&z->dice, 20));
                break;
        case 1: /* of the size of the other family */
                zone_add_data(z, SECTION_ANSWER, z->owner, z->type, CLASS_IN, 20 - size);
                break;
        case 2: /* of a type that was not asked, also if it has the size */
        case 3:
                zone_add_data(z, SECTION_ANSWER, z->owner, other, CLASS_IN, dice_upto(&z->dice, 2) ? size : 20 - size);
                break;
        case 4: /* of another class */
                zone_add_data(z, SECTION_ANSWER, z->owner, z->type, CLASS_IN + 2, size);
                break;
        case 5: /* of another name */
                zone_add_data(z, SECTION_ANSWER, "other." ZONE_FORWARD, z->type, CLASS_IN, size);
                break;
        case 6: /* not in the answer */
                zone_add_data(z, SECTION_AUTHORITY, z->owner, z->type, CLASS_IN, size);
                break;
        case 7:
                zone_add_data(z, SECTION_ADDITIONAL, z->owner, z->type, CLASS_IN, size);
                break;
        default:
                zone_add_data(z, SECTION_ANSWER, z->owner, z->type, CLASS_IN, size);
        }
}

/* Adds the chain of aliases. Returns whether it has an end. */
static bool zone_add_chain(Zone *z)
{
        unsigned kind = dice_upto(&z->dice, 64),
                 length = dice_upto(&z->dice, 2) ? dice_upto(&z->dice, CHAIN_MAX + 1) : 0;
        char target[TEXT_MAX];

        if (kind == 0)
                length = CHAIN_TOO_LONG;
        for (unsigned i = 0; i < length; i++) {
                snprintf(target, sizeof(target), "c%u-%x." ZONE_FORWARD, i, (unsigned) dice_roll(&z->dice));
                zone_add_alias(z, z->owner, target);
                memcpy(z->owner, target, sizeof(z->owner));
        }
        if (kind == 1 && length)
                zone_add_alias(z, z->owner, z->qname);
        return kind > 1 || (kind == 1 && !length);
}

static void zone_shuffle(Zone *z)
{
        for (unsigned i = z->n; i > 1; i--) {
                unsigned k = dice_upto(&z->dice, i);
                Entry e = z->entries[i - 1];

                z->entries[i - 1] = z->entries[k];
                z->entries[k] = e;
        }
}

/* --- messages */

static size_t zone_write(const Zone *z, unsigned rcode, Bytes question, uint8_t *ret)
{
        unsigned counts[3] = { 0 };
        size_t n = DNS_HEADER_SIZE;

        if (question.n)
                memcpy(ret + n, question.p, question.n);
        n += question.n;
        for (Section s = SECTION_ANSWER; s <= SECTION_ADDITIONAL; s++)
                for (unsigned i = 0; i < z->n; i++)
                        if (z->entries[i].section == s) {
                                memcpy(ret + n, z->entries[i].wire, z->entries[i].n);
                                n += z->entries[i].n;
                                counts[s]++;
                        }
        wire_write16(ret, 0);
        wire_write16(ret + 2, DNS_QR | DNS_RD | DNS_RA | rcode);
        wire_write16(ret + 4, 1);
        for (Section s = SECTION_ANSWER; s <= SECTION_ADDITIONAL; s++)
                wire_write16(ret + 6 + 2 * (unsigned) s, counts[s]);
        return n;
}

static void zone_note(const Zone *z, Expected *ret)
{
        for (unsigned i = 0; i < z->n; i++) {
                const Entry *e = &z->entries[i];

                if (!e->counts)
                        continue;
                must(ret->n < EXPECTED_MAX);
                memcpy(ret->addresses[ret->n], e->rdata, sizeof(e->rdata));
                memcpy(ret->names[ret->n], e->target, sizeof(e->target));
                ret->n++;
        }
}

size_t zone_answer(uint64_t seed, const char *name, uint16_t type, Bytes question, uint8_t ret[ZONE_MESSAGE_MAX],
                   Expected *expected)
{
        Zone z = { .dice = dice_of_question(seed, name, type), .qname = name, .type = type };
        bool denied = dice_upto(&z.dice, 16) == 0;
        unsigned records = dice_upto(&z.dice, 5);
        bool ends;

        *expected = (Expected) { 0 };
        snprintf(z.owner, sizeof(z.owner), "%s", name);
        ends = zone_add_chain(&z);
        for (unsigned i = 0; i < records; i++)
                zone_add_any(&z);
        zone_shuffle(&z);
        memcpy(expected->canonical, z.owner, sizeof(z.owner));
        if (ends && !denied)
                zone_note(&z, expected);
        return zone_write(&z, denied ? RCODE_NXDOMAIN : RCODE_NOERROR, question, ret);
}

void zone_expect(uint64_t seed, const char *name, uint16_t type, Expected *ret)
{
        uint8_t message[ZONE_MESSAGE_MAX];

        zone_answer(seed, name, type, BYTES(NULL, 0), message, ret);
}

/* --- the hosts file */

void zone_expect_hosts(uint64_t seed, unsigned i, int family, Expected *ret)
{
        Dice d = dice_of_question(seed, ZONE_HOSTS, (uint16_t) i);
        unsigned kind = dice_upto(&d, 4);

        *ret = (Expected) { 0 };
        snprintf(ret->canonical, sizeof(ret->canonical), "h%u." ZONE_HOSTS, i);
        /* Of one family, of both, or twice. */
        if (kind != (family == AF_INET ? 1 : 0))
                ret->n = kind == 3 ? 2 : 1;
        for (unsigned k = 0; k < ret->n; k++) {
                uint8_t *a = ret->addresses[k];

                memset(a, 0, sizeof(ret->addresses[k]));
                a[0] = family == AF_INET ? 10 : 0xfd;
                a[1] = (uint8_t) k;
                a[2] = (uint8_t) (i >> 8);
                a[3] = (uint8_t) i;
        }
}

void zone_print_hosts(uint64_t seed)
{
        for (unsigned i = 0; i < ZONE_HOSTS_MAX; i++)
                for (int family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0) {
                        Expected e;

                        zone_expect_hosts(seed, i, family, &e);
                        for (unsigned k = 0; k < e.n; k++) {
                                char text[INET6_ADDRSTRLEN];

                                inet_ntop(family, e.addresses[k], text, sizeof(text));
                                printf("%s %s\n", text, e.canonical);
                        }
                }
}
