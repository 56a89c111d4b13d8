/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/cache.h"

#include <string.h>

#include "core/base/siphash.h"

/*
 * Two queues (S3-FIFO: Yang et al., SOSP 2023). A new entry enters the small queue. At its head, it moves to the main
 * queue if it was used meanwhile, and is evicted otherwise: a flood of names that are used once passes through a tenth
 * of the cache. A name that returns soon after its eviction is recognized by a fingerprint and enters the main queue at
 * once.
 */

#define SMALL_TENTHS 1              /* of the limit */
#define SMALL_MOST_TENTHS 5         /* while the oldest entry of the main queue has expired */
#define HITS_MAX 3                  /* extra rounds in the main queue */
#define TURNS_MAX 1024              /* to find an entry to evict: about 50 us */
#define BYTES_PER_BUCKET 256        /* about one entry: each one in a chain is another cache miss of the CPU */
#define BYTES_PER_GHOST 128         /* about 1.5 per entry */
#define PREFETCH_TENTHS 1           /* of the lifetime left */
#define PREFETCH_MIN 10             /* seconds; shorter lifetimes are not worth a refresh */
#define TYPES_APART 64              /* buckets in a row that have the types of a name */
#define TYPE_ALL 0                  /* NXDOMAIN applies to all types of the name (RFC 2308 5) */
#define RECHECK (30 * USEC_PER_SEC) /* RFC 8767 5: the failure recheck timer */

typedef struct Entry {
        struct Entry *next; /* in the same bucket */
        List in_queue;
        uint64_t hash;        /* of name and class */
        int64_t born;         /* usec; negative: before this boot, in another cache */
        uint64_t expires;     /* usec; 0: before this boot */
        uint64_t gone;        /* usec; end of the stale time */
        uint64_t recheck_at;  /* usec; earliest next refresh after a failed one */
        uint32_t failures_of; /* `failures` of the cache at that time, or when a failure was stored */
        uint32_t life;        /* seconds; its whole lifetime */
        uint32_t wire_size;
        uint16_t qtype; /* or TYPE_ALL */
        uint16_t qclass;
        uint8_t name_size;
        uint8_t kind; /* Lifetime */
        uint8_t hits;
        bool dnssec_ok, checking_disabled, epoch_bound;
        bool main;  /* in the main queue */
        bool asked; /* used while fresh */
        bool prefetched;
        uint8_t data[]; /* name, then wire */
} Entry;

struct Cache {
        CacheLimits limits;
        uint8_t key[16];
        Entry **buckets;
        size_t n_buckets; /* a power of two */
        uint16_t *ghosts;
        size_t n_ghosts;
        List small, main;
        size_t small_bytes;
        uint32_t failures; /* generation of failures: those of earlier ones are invalid */
        CacheStats stats;
};

static size_t cache_cost(size_t name, size_t wire)
{
        return (sizeof(Entry) + name + wire + MALLOC_OVERHEAD + 15) / 16 * 16;
}

static size_t cache_entry_cost(const Entry *e)
{
        return cache_cost(e->name_size, e->wire_size);
}

static size_t cache_fixed_cost(size_t n_buckets, size_t n_ghosts)
{
        return sizeof(Cache) + n_buckets * sizeof(Entry *) + n_ghosts * sizeof(uint16_t) + 3 * MALLOC_OVERHEAD;
}

static size_t cache_power_of_two(size_t n)
{
        size_t p = 16;

        while (p * 2 <= n)
                p *= 2;
        return p;
}

static bool cache_make_index(Cache *c, size_t size)
{
        size_t n_buckets = cache_power_of_two(size / BYTES_PER_BUCKET),
               n_ghosts = cache_power_of_two(size / BYTES_PER_GHOST);
        Entry **buckets = calloc(n_buckets, sizeof(*buckets));
        uint16_t *ghosts = calloc(n_ghosts, sizeof(*ghosts));

        if (!buckets || !ghosts) {
                free(buckets);
                free(ghosts);
                return false;
        }
        free(c->buckets);
        free(c->ghosts);
        c->buckets = buckets;
        c->n_buckets = n_buckets;
        c->ghosts = ghosts;
        c->n_ghosts = n_ghosts;
        return true;
}

Cache *cache_new(const CacheLimits *limits, const uint8_t seed[16])
{
        Cache *c = calloc(1, sizeof(*c));

        if (!c)
                return NULL;
        list_init(&c->small);
        list_init(&c->main);
        memcpy(c->key, seed, sizeof(c->key));
        c->limits = *limits;
        if (!cache_make_index(c, limits->size)) {
                free(c);
                return NULL;
        }
        c->stats.bytes = cache_fixed_cost(c->n_buckets, c->n_ghosts);
        return c;
}

/* The types of a name stand in a row of buckets, so that they are found together, and a flood of them makes no long
 * chain. */
static Entry **cache_bucket(Cache *c, uint64_t hash, unsigned qtype)
{
        return &c->buckets[(hash + qtype % TYPES_APART) & (c->n_buckets - 1)];
}

static Entry **cache_bucket_of(Cache *c, const Entry *e)
{
        return cache_bucket(c, e->hash, e->qtype);
}

static void cache_drop(Cache *c, Entry *e)
{
        Entry **p = cache_bucket_of(c, e);
        size_t size = sizeof(*e) + e->name_size + e->wire_size;

        while (*p != e)
                p = &(*p)->next;
        *p = e->next;
        list_remove(&e->in_queue);
        c->stats.entries--;
        c->stats.bytes -= cache_entry_cost(e);
        if (!e->main)
                c->small_bytes -= cache_entry_cost(e);
        explicit_bzero(e, size);
        free(e);
}

/* Drops the entries for which `is_void` returns true; if it is NULL, all. */
static void cache_do_flush(Cache *c, bool (*is_void)(const Entry *e, const void *userdata), const void *userdata)
{
        List *queues[] = { &c->small, &c->main };

        for (size_t i = 0; i < ELEMENTS(queues); i++)
                LIST_FOREACH(l, queues[i]) {
                        Entry *e = container_of(l, Entry, in_queue);

                        if (!is_void || is_void(e, userdata))
                                cache_drop(c, e);
                }
}

void cache_flush(Cache *c)
{
        cache_do_flush(c, NULL, NULL);
        memset(c->ghosts, 0, c->n_ghosts * sizeof(*c->ghosts));
}

static bool cache_is_epoch_bound(const Entry *e, const void *userdata)
{
        (void) userdata;
        return e->epoch_bound;
}

void cache_flush_network(Cache *c)
{
        cache_do_flush(c, cache_is_epoch_bound, NULL);
}

typedef struct NameFilter {
        bool (*matches)(const void *userdata, Bytes name);
        const void *userdata;
} NameFilter;

static bool cache_name_matches(const Entry *e, const void *userdata)
{
        const NameFilter *f = userdata;

        return f->matches(f->userdata, BYTES(e->data, e->name_size));
}

void cache_flush_names(Cache *c, bool (*matches)(const void *userdata, Bytes name), const void *userdata)
{
        cache_do_flush(c, cache_name_matches, &(NameFilter) { .matches = matches, .userdata = userdata });
}

Cache *cache_free(Cache *c)
{
        if (!c)
                return NULL;
        cache_flush(c);
        free(c->buckets);
        free(c->ghosts);
        explicit_bzero(c, sizeof(*c));
        free(c);
        return NULL;
}

/* --- giving way */

/* Returns a hash of the whole key. */
static uint64_t cache_mark(const Entry *e)
{
        uint64_t rest = e->qtype | (uint64_t) e->dnssec_ok << 16 | (uint64_t) e->checking_disabled << 17;

        return e->hash ^ rest * 0x9e3779b97f4a7c15;
}

static uint16_t cache_fingerprint(const Entry *e)
{
        return (uint16_t) (cache_mark(e) >> 48) | 1;
}

static uint16_t *cache_ghost(Cache *c, const Entry *e)
{
        return &c->ghosts[cache_mark(e) & (c->n_ghosts - 1)];
}

static void cache_promote(Cache *c, Entry *e)
{
        list_remove(&e->in_queue);
        c->small_bytes -= cache_entry_cost(e);
        e->main = true;
        e->hits = 0;
        list_append(&c->main, &e->in_queue);
}

/*
 * Evicts the head of a queue, or gives it another round unless `drop_it`. Returns true if it was evicted. An expired
 * head of the main queue goes before the small queue unless that is too large, so that neither a flood nor expired
 * entries fill the cache.
 */
static bool cache_turn(Cache *c, uint64_t now, bool drop_it)
{
        Entry *oldest = list_empty(&c->main) ? NULL : container_of(list_first(&c->main), Entry, in_queue), *e = oldest;
        size_t tenths = oldest && oldest->expires <= now ? SMALL_MOST_TENTHS : SMALL_TENTHS;
        bool small = !oldest || c->small_bytes * 10 >= c->limits.size * tenths;

        if (small)
                e = container_of(list_first(&c->small), Entry, in_queue);
        if (e->hits == 0 || (e->main && e->expires <= now) || drop_it) {
                *cache_ghost(c, e) = cache_fingerprint(e);
                c->stats.evictions++;
                cache_drop(c, e);
                return true;
        }
        if (small) {
                cache_promote(c, e);
        } else {
                e->hits--;
                list_remove(&e->in_queue);
                list_append(&c->main, &e->in_queue);
        }
        return false;
}

/* Makes room for `size` bytes. Each turn evicts an entry, promotes it or uses up one of its hits, so the number of
 * turns is bounded. */
static void cache_make_room(Cache *c, size_t size, uint64_t now)
{
        unsigned turns = 0;

        while (c->stats.bytes + size > c->limits.size && c->stats.entries)
                turns = cache_turn(c, now, turns >= TURNS_MAX) ? 0 : turns + 1;
}

void cache_set_limits(Cache *c, const CacheLimits *limits)
{
        bool resize = limits->size != c->limits.size;
        size_t before = cache_fixed_cost(c->n_buckets, c->n_ghosts);
        List *queues[] = { &c->small, &c->main };

        c->limits = *limits;
        if (!resize || !cache_make_index(c, limits->size))
                return;
        c->stats.bytes = c->stats.bytes - before + cache_fixed_cost(c->n_buckets, c->n_ghosts);
        for (size_t i = 0; i < ELEMENTS(queues); i++)
                LIST_FOREACH(l, queues[i]) {
                        Entry *e = container_of(l, Entry, in_queue);

                        e->next = *cache_bucket_of(c, e);
                        *cache_bucket_of(c, e) = e;
                }
        cache_make_room(c, 0, 0);
}

/* --- finding */

static uint64_t cache_hash_of(const Cache *c, const CacheKey *k)
{
        return siphash(c->key, k->qname) + k->qclass;
}

static bool cache_is_of_name(const Entry *e, const CacheKey *k, uint64_t hash)
{
        return e->hash == hash && e->qclass == k->qclass && e->name_size == k->qname.n &&
               memcmp(e->data, k->qname.p, k->qname.n) == 0;
}

static Entry *cache_find(Cache *c, const CacheKey *k, uint16_t qtype, uint64_t hash)
{
        for (Entry *e = *cache_bucket(c, hash, qtype); e; e = e->next)
                if (e->qtype == qtype && e->dnssec_ok == k->dnssec_ok && e->checking_disabled == k->checking_disabled &&
                    cache_is_of_name(e, k, hash))
                        return e;
        return NULL;
}

static Entry *cache_find_alive(Cache *c, const CacheKey *k, uint16_t qtype, uint64_t hash, uint64_t now)
{
        Entry *e = cache_find(c, k, qtype, hash);

        if (e && (e->gone <= now || (e->kind == LIFETIME_FAILURE && e->failures_of != c->failures))) {
                cache_drop(c, e);
                return NULL;
        }
        return e;
}

/* Ranks an entry: 0 nothing, 1 a failure, 2 a stale answer, 3 a fresh one. */
static unsigned cache_worth(const Entry *e, uint64_t now)
{
        bool fresh = e && now < e->expires;

        /* An expired failure only determines the lifetime of the next one. */
        if (!e || (e->kind == LIFETIME_FAILURE && !fresh))
                return 0;
        return e->kind == LIFETIME_FAILURE ? 1 : fresh ? 3 : 2;
}

/* Returns the best entry, of the type or of all types; the younger one if both are stale. */
static Entry *cache_find_best(Cache *c, const CacheKey *key, uint64_t hash, uint64_t now)
{
        Entry *one = cache_find_alive(c, key, key->qtype, hash, now), *all;

        if (cache_worth(one, now) == 3)
                return one;
        all = cache_find_alive(c, key, TYPE_ALL, hash, now);
        if (cache_worth(all, now) == cache_worth(one, now))
                return cache_worth(one, now) == 0 ? NULL : one->born > all->born ? one : all;
        return cache_worth(all, now) > cache_worth(one, now) ? all : one;
}

static uint64_t cache_entry_age(const Entry *e, uint64_t now)
{
        return (uint64_t) ((int64_t) now - e->born);
}

static bool cache_prefetch_due(Entry *e, uint64_t now)
{
        uint64_t left = e->expires - now;

        if (e->kind == LIFETIME_FAILURE || e->prefetched || !e->asked || e->life < PREFETCH_MIN ||
            left * 10 > (uint64_t) e->life * USEC_PER_SEC * PREFETCH_TENTHS)
                return false;
        e->prefetched = true;
        return true;
}

CacheResult cache_get(Cache *c, const CacheKey *key, uint64_t now, CacheEntry *ret)
{
        Entry *e = cache_find_best(c, key, cache_hash_of(c, key), now);
        bool fresh;

        if (!e) {
                c->stats.misses++;
                return CACHE_MISS;
        }
        fresh = now < e->expires;
        *(fresh ? &c->stats.hits : &c->stats.stale) += 1;
        *ret = (CacheEntry) {
                .wire = BYTES(e->data + e->name_size, e->wire_size),
                .age = (uint32_t) (cache_entry_age(e, now) / USEC_PER_SEC),
                .ttl_left = fresh ? (uint32_t) ((e->expires - now) / USEC_PER_SEC) : 0,
                .kind = e->kind,
                .prefetch = fresh && cache_prefetch_due(e, now),
                .failed_lately = !fresh && e->failures_of == c->failures && now < e->recheck_at,
        };
        e->asked = e->asked || fresh;
        if (e->hits < HITS_MAX)
                e->hits++;
        /* The entry answers all types: put the type of this query into its question. */
        if (e->qtype == TYPE_ALL)
                wire_write16(e->data + e->name_size + DNS_HEADER_SIZE + e->name_size + QUESTION_TYPE, key->qtype);
        return fresh ? CACHE_HIT : CACHE_STALE;
}

/* --- keeping */

static uint64_t cache_max_life(const Cache *c, Lifetime kind)
{
        return kind == LIFETIME_NEGATIVE ? c->limits.negative_max_ttl : c->limits.max_ttl;
}

/* Returns the lifetime of an answer in usec, according to its TTL and to HTTP; 0: do not store it. */
static uint64_t cache_answer_life(const Cache *c, Lifetime kind, uint32_t ttl, uint32_t http_age, uint32_t http_max_age)
{
        uint64_t life = (uint64_t) MIN(ttl, http_max_age) * USEC_PER_SEC;

        return MIN(usec_sub(life, (uint64_t) http_age * USEC_PER_SEC), cache_max_life(c, kind));
}

/* RFC 9520 3.2: doubles while the previous failure is remembered. */
static uint64_t cache_failure_life(const Cache *c, const Entry *before, uint32_t http_max_age)
{
        uint64_t life = before ? 2 * (uint64_t) before->life * USEC_PER_SEC : c->limits.failure_min;

        return MAX(MIN(MIN(life, c->limits.failure_max), (uint64_t) http_max_age * USEC_PER_SEC),
                   c->limits.failure_min);
}

/* Writes `answer` as it is stored into `ret`, which has message_stripped_size() octets. */
static void cache_shape(const Cache *c, const Message *answer, Lifetime kind, uint32_t http_age, uint8_t *ret)
{
        uint32_t most = (uint32_t) MIN(cache_max_life(c, kind) / USEC_PER_SEC, (uint64_t) UINT32_MAX);
        size_t n = message_strip(answer, ret);
        RecordWalk w;
        Message copy;
        Record r;

        message_view_question(&copy, BYTES(ret, n));
        w = RECORD_WALK(&copy);
        while (record_next(&w, &r))
                if (r.type != TYPE_OPT)
                        wire_write32(ret + r.ttl_offset, MIN(r.ttl > http_age ? r.ttl - http_age : 0, most));
}

/* Inserts a copy of `template`, which has hash, key, times and kind. Returns where its answer of `n` octets is to be
 * written, or NULL if there is no room or no memory. */
static uint8_t *cache_insert(Cache *c, const Entry *template, Bytes name, size_t n, uint64_t now)
{
        size_t size = cache_cost(name.n, n);
        Entry *e;

        /* A larger entry would evict too many others. */
        if (size > c->limits.size * SMALL_TENTHS / 10)
                return NULL;
        cache_make_room(c, size, now);
        if (c->stats.bytes + size > c->limits.size || !(e = malloc(sizeof(*e) + name.n + n)))
                return NULL;
        *e = *template;
        e->next = *cache_bucket_of(c, e);
        e->name_size = (uint8_t) name.n;
        e->wire_size = (uint32_t) n;
        list_init(&e->in_queue);
        memcpy(e->data, name.p, name.n);
        *cache_bucket_of(c, e) = e;
        list_append(e->main ? &c->main : &c->small, &e->in_queue);
        c->stats.bytes += size;
        c->small_bytes += e->main ? 0 : size;
        c->stats.entries++;
        return e->data + name.n;
}

/* Notes that the refresh of an answer failed. Returns false if there is no answer. */
static bool cache_note_failure(Cache *c, const CacheKey *key, uint64_t hash, uint64_t now)
{
        Entry *e = cache_find_best(c, key, hash, now);

        if (!e || e->kind == LIFETIME_FAILURE)
                return false;
        e->recheck_at = now + RECHECK;
        e->failures_of = c->failures;
        return true;
}

/* Returns true if records of another type are known, fresh or stale. The name exists then, whatever the answer for
 * this type says: servers that answer NXDOMAIN for AAAA but have an A record are common. */
static bool cache_knows_records(Cache *c, const CacheKey *key, uint64_t hash, uint64_t now)
{
        for (unsigned i = 0; i < TYPES_APART; i++)
                for (const Entry *e = *cache_bucket(c, hash, i); e; e = e->next)
                        if (e->kind == LIFETIME_POSITIVE && e->qtype != key->qtype && now < e->gone &&
                            e->checking_disabled == key->checking_disabled && cache_is_of_name(e, key, hash))
                                return true;
        return false;
}

/* Returns true if the new answer would not outlive a fresh one: the upstream has sent the rest of its own TTL. */
static bool cache_gains_nothing(const Entry *before, Lifetime kind, uint64_t expires, uint64_t now)
{
        return before && before->kind == LIFETIME_POSITIVE && kind == LIFETIME_POSITIVE && now < before->expires &&
               expires <= before->expires;
}

bool cache_put(Cache *c, const CacheKey *key, const Message *answer, uint32_t http_age, uint32_t http_max_age,
               bool epoch_bound, uint64_t now)
{
        uint8_t *wire;
        uint32_t ttl;
        uint64_t hash = cache_hash_of(c, key);
        Lifetime kind = message_lifetime(answer, &ttl);
        bool all = kind == LIFETIME_NEGATIVE && message_rcode(answer) == RCODE_NXDOMAIN && answer->ancount == 0 &&
                   !cache_knows_records(c, key, hash, now);
        uint64_t life;
        Entry *before[2], template;

        if (answer->signed_message || answer->flags & DNS_TC ||
            (kind == LIFETIME_FAILURE && cache_note_failure(c, key, hash, now)))
                return false;
        before[0] = cache_find_alive(c, key, key->qtype, hash, now);
        before[1] = cache_find_alive(c, key, TYPE_ALL, hash, now);
        life = kind == LIFETIME_FAILURE ? cache_failure_life(c, before[0], http_max_age)
               : kind == LIFETIME_NONE  ? 0
                                        : cache_answer_life(c, kind, ttl, http_age, http_max_age);
        if (cache_gains_nothing(before[0], kind, now + life, now))
                return false;
        template = (Entry) {
                .hash = hash,
                .born = (int64_t) now,
                .expires = now + life,
                .gone = now + life + (kind == LIFETIME_FAILURE ? life : c->limits.stale_max),
                .failures_of = c->failures,
                .life = (uint32_t) (life / USEC_PER_SEC),
                .qtype = all ? TYPE_ALL : key->qtype,
                .qclass = key->qclass,
                .kind = (uint8_t) kind,
                .dnssec_ok = key->dnssec_ok,
                .checking_disabled = key->checking_disabled,
                .epoch_bound = epoch_bound,
        };
        template.main = *cache_ghost(c, &template) == cache_fingerprint(&template);
        for (size_t i = 0; i < ELEMENTS(before); i++)
                if (before[i]) {
                        template.main = true;
                        template.hits = MAX(template.hits, before[i]->hits);
                        cache_drop(c, before[i]);
                }
        if (life == 0 || !(wire = cache_insert(c, &template, key->qname, message_stripped_size(answer), now)))
                return false;
        cache_shape(c, answer, kind, http_age, wire);
        c->stats.inserts++;
        return true;
}

/* --- handing over */

static Entry *cache_first(const Cache *c)
{
        const List *queue = list_empty(&c->main) ? &c->small : &c->main;

        return list_empty(queue) ? NULL : container_of(list_first(queue), Entry, in_queue);
}

/* A failure says nothing after a restart, and nothing tells whether the network is the same. */
static bool cache_is_handed_over(const Entry *e, uint64_t now)
{
        return e->kind != LIFETIME_FAILURE && !e->epoch_bound && e->gone > now;
}

bool cache_next(Cache *c, uint64_t now, CacheRecord *ret)
{
        Entry *e;

        while ((e = cache_first(c)) && !cache_is_handed_over(e, now))
                cache_drop(c, e);
        if (!e)
                return false;
        *ret = (CacheRecord) {
                .wire = BYTES(e->data + e->name_size, e->wire_size),
                .age = cache_entry_age(e, now),
                .life = e->life,
                .hits = e->hits,
                .main = e->main,
                .all_types = e->qtype == TYPE_ALL,
                .dnssec_ok = e->dnssec_ok,
                .checking_disabled = e->checking_disabled,
        };
        return true;
}

void cache_drop_next(Cache *c)
{
        cache_drop(c, cache_first(c));
}

static bool cache_may_restore(const Message *m, const CacheRecord *record)
{
        return (m->flags & DNS_QR) && message_opcode(m) == OPCODE_QUERY && m->qdcount == 1 && !m->signed_message &&
               !(m->flags & DNS_TC) &&
               (record->all_types ? message_rcode(m) == RCODE_NXDOMAIN && m->ancount == 0 : m->qtype != TYPE_ALL);
}

bool cache_restore(Cache *c, const CacheRecord *record, uint64_t now)
{
        uint8_t name[DNS_NAME_MAX];
        uint64_t hash, life, left;
        uint8_t *wire;
        Lifetime kind;
        Entry template;
        CacheKey key;
        uint32_t ttl;
        Message m;

        if (message_parse(&m, record->wire) != MESSAGE_OK || !cache_may_restore(&m, record))
                return false;
        kind = message_lifetime(&m, &ttl);
        if (kind != LIFETIME_POSITIVE && kind != LIFETIME_NEGATIVE)
                return false;
        life = MIN((uint64_t) record->life * USEC_PER_SEC, cache_answer_life(c, kind, ttl, 0, UINT32_MAX));
        left = usec_sub(life, record->age);
        if (life == 0 || record->age >= life + c->limits.stale_max)
                return false;
        name_lower(m.qname, name);
        key = (CacheKey) {
                .qname = BYTES(name, m.qname.n),
                .qtype = record->all_types ? TYPE_ALL : m.qtype,
                .qclass = m.qclass,
                .dnssec_ok = record->dnssec_ok,
                .checking_disabled = record->checking_disabled,
        };
        hash = cache_hash_of(c, &key);
        if (cache_find_alive(c, &key, key.qtype, hash, now))
                return false;
        template = (Entry) {
                .hash = hash,
                .born = (int64_t) now - (int64_t) record->age,
                .expires = left ? now + left : usec_sub(now, record->age - life),
                .gone = now + (life + c->limits.stale_max - record->age),
                .failures_of = c->failures,
                .life = (uint32_t) (life / USEC_PER_SEC),
                .qtype = key.qtype,
                .qclass = key.qclass,
                .kind = (uint8_t) kind,
                .hits = MIN(record->hits, HITS_MAX),
                .dnssec_ok = key.dnssec_ok,
                .checking_disabled = key.checking_disabled,
                .main = record->main,
        };
        wire = cache_insert(c, &template, key.qname, record->wire.n, now);
        if (wire)
                memcpy(wire, record->wire.p, record->wire.n);
        return wire;
}

bool cache_walk_next(CacheWalk *w, CacheItem *ret, uint64_t now)
{
        const Cache *c = w->cache;

        for (;;) {
                const List *queue = w->small ? &c->small : &c->main;
                const Entry *e;

                /* What is evicted first is at the beginning. */
                w->at = (w->at ?: queue)->previous;
                if (w->at == queue) {
                        if (w->small)
                                return false;
                        *w = (CacheWalk) { .cache = c, .small = true };
                        continue;
                }
                e = container_of(w->at, Entry, in_queue);
                if (e->expires <= now || (e->kind == LIFETIME_FAILURE && e->failures_of != c->failures))
                        continue;
                *ret = (CacheItem) {
                        .wire = BYTES(e->data + e->name_size, e->wire_size),
                        .qname = BYTES(e->data, e->name_size),
                        .qtype = e->qtype == TYPE_ALL ? TYPE_ANY : e->qtype,
                        .qclass = e->qclass,
                        .expires = e->expires,
                };
                return true;
        }
}

void cache_forget_failures(Cache *c)
{
        c->failures++;
}

CacheStats cache_stats(const Cache *c)
{
        return c->stats;
}

void cache_reset_counts(Cache *c)
{
        c->stats = (CacheStats) { .entries = c->stats.entries, .bytes = c->stats.bytes };
}
