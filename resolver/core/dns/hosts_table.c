/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/dns/hosts_table.h"

#include <string.h>

#include "core/base/address.h"
#include "core/base/siphash.h"
#include "core/dns/name.h"

#define WORD_MAX 256 /* octets with a NUL; no name and no address is longer */

/* Indices into the arrays below are stored plus one: 0 is none. */
typedef struct HostName {
        uint32_t at;    /* in `names` */
        uint32_t first; /* link */
} HostName;

typedef struct HostLink {
        uint32_t address;
        uint32_t next; /* link */
} HostLink;

typedef struct HostAddress {
        uint8_t octets[16];
        uint8_t size;  /* 4 or 16 */
        uint32_t name; /* what it is called */
} HostAddress;

/* A hash table of indices: open addressing, at most half full, a power of two. */
typedef struct Slots32 {
        uint32_t *slots;
        size_t mask;
} Slots32;

struct Hosts {
        unsigned refs;
        uint8_t key[16];
        uint8_t *names; /* each a length octet and a wire name in lower case */
        size_t names_n;
        uint64_t sizes[(DNS_NAME_MAX + 1) / 64]; /* a bit for each size that a name has */
        HostName *list;
        size_t n;
        HostLink *links;
        size_t n_links;
        HostAddress *addresses;
        size_t n_addresses;
        Slots32 by_name, by_address;
};

/* --- life */

Hosts *hosts_ref(Hosts *h)
{
        if (h)
                h->refs++;
        return h;
}

Hosts *hosts_unref(Hosts *h)
{
        if (!h || --h->refs > 0)
                return NULL;
        free(h->names);
        free(h->list);
        free(h->links);
        free(h->addresses);
        free(h->by_name.slots);
        free(h->by_address.slots);
        free(h);
        return NULL;
}

static bool hosts_make_slots(Slots32 *s, size_t n)
{
        size_t size = 8;

        while (size < 2 * n)
                size *= 2;
        s->slots = calloc(size, sizeof(*s->slots));
        s->mask = size - 1;
        return s->slots;
}

/* --- looking up */

/* Most tables have a handful of names, and most names that are looked up are in none: their size alone tells. */
static bool hosts_has_size(const Hosts *h, size_t size)
{
        return h->sizes[size / 64] >> size % 64 & 1;
}

static Bytes hosts_name_at(const Hosts *h, uint32_t index)
{
        const uint8_t *p = h->names + h->list[index - 1].at;

        return BYTES(p + 1, *p);
}

/* Returns the slot of a name in lower case: the one it is in, or the empty one that it would take. */
static uint32_t *hosts_find_name(const Hosts *h, Bytes name)
{
        size_t i = (size_t) siphash(h->key, name) & h->by_name.mask;

        for (;; i = (i + 1) & h->by_name.mask) {
                uint32_t *slot = &h->by_name.slots[i];
                Bytes there;

                if (!*slot)
                        return slot;
                there = hosts_name_at(h, *slot);
                if (there.n == name.n && memcmp(there.p, name.p, name.n) == 0)
                        return slot;
        }
}

static uint32_t *hosts_find_address(const Hosts *h, Bytes address)
{
        size_t i = (size_t) siphash(h->key, address) & h->by_address.mask;

        for (;; i = (i + 1) & h->by_address.mask) {
                uint32_t *slot = &h->by_address.slots[i];
                const HostAddress *a;

                if (!*slot)
                        return slot;
                a = &h->addresses[*slot - 1];
                if (a->size == address.n && memcmp(a->octets, address.p, address.n) == 0)
                        return slot;
        }
}

static bool hosts_find_folded(const Hosts *h, Bytes name, HostsWalk *ret)
{
        uint8_t lower[DNS_NAME_MAX];
        uint32_t index;

        name_lower(name, lower);
        index = *hosts_find_name(h, BYTES(lower, name.n));
        if (!index)
                return false;
        *ret = (HostsWalk) { .hosts = h, .next = h->list[index - 1].first };
        return true;
}

bool hosts_find(const Hosts *h, Bytes name, HostsWalk *ret)
{
        return h && name.n <= DNS_NAME_MAX && hosts_has_size(h, name.n) && hosts_find_folded(h, name, ret);
}

bool hosts_next(HostsWalk *w, Bytes *ret)
{
        const HostAddress *a;
        const HostLink *l;

        if (!w->next)
                return false;
        l = &w->hosts->links[w->next - 1];
        a = &w->hosts->addresses[l->address - 1];
        *ret = BYTES(a->octets, a->size);
        w->next = l->next;
        return true;
}

Bytes hosts_name(const Hosts *h, Bytes address)
{
        uint32_t index = h ? *hosts_find_address(h, address) : 0;

        return index && h->addresses[index - 1].name ? hosts_name_at(h, h->addresses[index - 1].name) : BYTES(NULL, 0);
}

/* --- reading */

/* Takes the next line from `text`, without its comment; false after the last one. */
static bool hosts_next_line(Bytes *text, Bytes *ret)
{
        const uint8_t *end, *hash;

        if (!text->n)
                return false;
        end = memchr(text->p, '\n', text->n);
        *ret = BYTES(text->p, end ? (size_t) (end - text->p) : text->n);
        *text = BYTES(text->p + ret->n + (end ? 1 : 0), text->n - ret->n - (end ? 1 : 0));
        hash = memchr(ret->p, '#', ret->n);
        if (hash)
                ret->n = (size_t) (hash - ret->p);
        return true;
}

/* Lines have no newline. */
static bool hosts_is_blank(uint8_t c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool hosts_next_word(Bytes *line, Bytes *ret)
{
        size_t start = 0, end;

        while (start < line->n && hosts_is_blank(line->p[start]))
                start++;
        for (end = start; end < line->n && !hosts_is_blank(line->p[end]);)
                end++;
        *ret = BYTES(line->p + start, end - start);
        *line = BYTES(line->p + end, line->n - end);
        return ret->n > 0;
}

/* Copies a word to a NUL-terminated text; false if it is too long or contains a NUL. */
static bool hosts_word_to_text(Bytes word, char ret[WORD_MAX])
{
        if (word.n >= WORD_MAX || memchr(word.p, 0, word.n))
                return false;
        memcpy(ret, word.p, word.n);
        ret[word.n] = 0;
        return true;
}

static bool hosts_read_address(Bytes word, HostAddress *ret)
{
        char text[WORD_MAX], *zone;
        Address a;

        if (!hosts_word_to_text(word, text) || text[0] == '[')
                return false;
        if (strchr(text, ':') && (zone = strchr(text, '%')))
                *zone = 0;
        /* An IPv4 address with a colon has a port, which is not allowed here. */
        if (!address_from_text(text, 0, &a) || a.v6 != (strchr(text, ':') != NULL))
                return false;
        *ret = (HostAddress) { .size = a.v6 ? 16 : 4 };
        memcpy(ret->octets, a.octets, ret->size);
        return true;
}

/* Returns the name in wire form and lower case, or an empty slice. */
static Bytes hosts_read_name(Bytes word, uint8_t ret[DNS_NAME_MAX])
{
        char text[WORD_MAX];
        size_t n;

        if (!hosts_word_to_text(word, text) || strchr(text, '\\'))
                return BYTES(NULL, 0);
        n = name_from_text(text, ret);
        if (n <= 1)
                return BYTES(NULL, 0);
        name_lower(BYTES(ret, n), ret);
        return BYTES(ret, n);
}

/* Return the index of an address or name, which is added if it is new; 0 if there are too many. */
static uint32_t hosts_add_address(Hosts *h, const HostAddress *a, HostsReport *report)
{
        uint32_t *slot = hosts_find_address(h, BYTES(a->octets, a->size));

        if (*slot)
                return *slot;
        if (h->n_addresses >= HOSTS_ADDRESSES_MAX) {
                report->too_many = true;
                return 0;
        }
        h->addresses[h->n_addresses++] = *a;
        return *slot = (uint32_t) h->n_addresses;
}

static uint32_t hosts_add_name(Hosts *h, Bytes name, HostsReport *report)
{
        uint32_t *slot = hosts_find_name(h, name);

        if (*slot)
                return *slot;
        if (h->n >= HOSTS_NAMES_MAX) {
                report->too_many = true;
                return 0;
        }
        h->list[h->n++] = (HostName) { .at = (uint32_t) h->names_n };
        h->names[h->names_n++] = (uint8_t) name.n;
        h->sizes[name.n / 64] |= UINT64_C(1) << name.n % 64;
        memcpy(h->names + h->names_n, name.p, name.n);
        h->names_n += name.n;
        return *slot = (uint32_t) h->n;
}

/* Gives a name an address. False if it has as many others as it may. */
static bool hosts_link_address(Hosts *h, uint32_t name, uint32_t address, HostsReport *report)
{
        uint32_t *next = &h->list[name - 1].first;

        for (unsigned i = 0; *next; i++) {
                HostLink *l = &h->links[*next - 1];

                if (l->address == address)
                        return true;
                if (i + 1 >= HOSTS_ADDRESSES_OF_NAME_MAX) {
                        report->too_many = true;
                        return false;
                }
                next = &l->next;
        }
        h->links[h->n_links++] = (HostLink) { .address = address };
        *next = (uint32_t) h->n_links;
        return true;
}

/* Reads one line. False if a part of it is invalid, which is ignored. */
static bool hosts_read_line(Hosts *h, Bytes line, HostsReport *report)
{
        static const uint8_t unspecified[16];
        uint32_t index = 0, name;
        uint8_t octets[DNS_NAME_MAX];
        size_t n_good = 0, n_bad = 0;
        HostAddress address;
        Bytes word, wire;

        if (!hosts_next_word(&line, &word))
                return true;
        if (!hosts_read_address(word, &address))
                return false;
        while (hosts_next_word(&line, &word)) {
                wire = hosts_read_name(word, octets);
                if (!wire.n) {
                        n_bad++;
                        continue;
                }
                n_good++;
                index = index ?: hosts_add_address(h, &address, report);
                name = index ? hosts_add_name(h, wire, report) : 0;
                if (!name || !hosts_link_address(h, name, index, report))
                        continue;
                if (!h->addresses[index - 1].name && memcmp(address.octets, unspecified, address.size) != 0)
                        h->addresses[index - 1].name = name;
        }
        return n_good && !n_bad;
}

/* Allocates room for everything that the text can contain, so that nothing grows while it is read. Pages that are never
 * written cost no memory. */
static bool hosts_make_room(Hosts *h, Bytes text)
{
        size_t n_lines = 0, n_words = 0;
        Bytes rest = text, line, word;

        while (hosts_next_line(&rest, &line))
                if (hosts_next_word(&line, &word)) {
                        n_lines++;
                        while (hosts_next_word(&line, &word))
                                n_words++;
                }
        /* A name in wire form has two octets more than its text, and one for its length before it. */
        h->names = malloc(text.n + 3 * n_words + 1);
        h->list = calloc(MIN(n_words, (size_t) HOSTS_NAMES_MAX) + 1, sizeof(*h->list));
        h->links = calloc(n_words + 1, sizeof(*h->links));
        n_lines = MIN(n_lines, (size_t) HOSTS_ADDRESSES_MAX);
        h->addresses = calloc(n_lines + 1, sizeof(*h->addresses));
        return h->names && h->list && h->links && h->addresses &&
               hosts_make_slots(&h->by_name, MIN(n_words, (size_t) HOSTS_NAMES_MAX)) &&
               hosts_make_slots(&h->by_address, n_lines);
}

Hosts *hosts_new(Bytes text, const uint8_t key[16], HostsReport *ret)
{
        _cleanup_(hosts_unrefp) Hosts *h = text.n <= HOSTS_TEXT_MAX ? calloc(1, sizeof(*h)) : NULL;
        uint8_t *fitting;
        Bytes line;

        *ret = (HostsReport) { 0 };
        if (!h)
                return NULL;
        h->refs = 1;
        memcpy(h->key, key, sizeof(h->key));
        if (!hosts_make_room(h, text))
                return NULL;
        for (size_t number = 1; hosts_next_line(&text, &line); number++)
                if (!hosts_read_line(h, line, ret) && ret->bad_lines++ == 0)
                        ret->first_bad = number;
        fitting = realloc(h->names, h->names_n + 1);
        h->names = fitting ?: h->names;
        ret->names = h->n;
        return take_pointer(h);
}
