/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cache alone under a load that is the same each time: names asked by Zipf's law, with a flood of names that are
 * asked once beside them; and the same load on an LRU list of the same octets. Says how often each had the answer, what
 * memory the process took for it, and the longest that one call took. Nothing passes or fails.
 *
 *   cache_load [--lookups N] [--names N] [--size OCTETS] [--flood N] [--ttl SECONDS] [--fat]
 *
 * `--flood N`: N names of the flood for each that is asked; all of 0, 1 and 10 if not given. `--ttl`: with 100
 * questions a second.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/query/cache.h"
#include "core/base/list.h"

#define HEADER "\0\0\x81\x80\0\1\0\0\0\0\0\0"

static uint64_t dice = 88172645463325252u;

static uint64_t roll(void)
{
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return dice;
}

static double uniform(void)
{
        return (double) (roll() >> 11) / 9007199254740992.0;
}

static double *zipf_new(size_t n)
{
        double *sum = calloc(n, sizeof(*sum)), total = 0;

        if (!sum)
                exit(EXIT_FAILURE);
        for (size_t i = 0; i < n; i++)
                sum[i] = total += 1.0 / (double) (i + 1);
        for (size_t i = 0; i < n; i++)
                sum[i] /= total;
        return sum;
}

static uint64_t zipf(const double *sum, size_t n)
{
        double at = uniform();
        size_t low = 0, high = n - 1;

        while (low < high) {
                size_t middle = (low + high) / 2;

                if (sum[middle] < at)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Name and answer of a number: from 1 to 8 addresses, as it always has; of the flood up to 256 if it is to be fat. */
typedef struct Question {
        uint8_t name[32];
        size_t name_n;
        uint8_t wire[8192];
        size_t n;
        CacheKey key;
} Question;

static bool fat;

static size_t records_of(uint64_t number)
{
        bool flood = number >> 32;

        return (size_t) (1 + (number * UINT64_C(0x9e3779b97f4a7c15) >> (fat && flood ? 56 : 61)));
}

static void make(Question *q, uint64_t number)
{
        char label[32];
        int n = snprintf(label, sizeof(label), "host-%010llu", (unsigned long long) number);

        q->name[0] = (uint8_t) n;
        memcpy(q->name + 1, label, (size_t) n);
        memcpy(q->name + 1 + n, "\7example\3com", 13);
        q->name_n = 14 + (size_t) n;
        q->key = (CacheKey) { .qname = BYTES(q->name, q->name_n), .qtype = TYPE_A, .qclass = CLASS_IN };
}

static void fill(Question *q, uint64_t number, uint32_t ttl)
{
        size_t records = records_of(number);

        memcpy(q->wire, HEADER, DNS_HEADER_SIZE);
        wire_write16(q->wire + 6, (unsigned) records);
        memcpy(q->wire + DNS_HEADER_SIZE, q->name, q->name_n);
        q->n = DNS_HEADER_SIZE + q->name_n;
        wire_write32(q->wire + q->n, TYPE_A << 16 | CLASS_IN);
        q->n += 4;
        for (size_t i = 0; i < records; i++, q->n += 16) {
                uint8_t *p = q->wire + q->n;

                memcpy(p, "\xc0\x0c\0\1\0\1", 6);
                wire_write32(p + 6, ttl);
                memcpy(p + 10, "\0\4\xc0\0\2\1", 6);
        }
}

/* --- the other: a plain LRU list, whose entries cost what those of the cache cost */

typedef struct Node {
        List in_list;
        uint64_t number;
        uint64_t expires;
        size_t octets;
} Node;

typedef struct Lru {
        List list;
        Node **names; /* those that are asked by the law; nobody asks again for the others */
        size_t n;
        size_t octets, size;
} Lru;

static bool lru_get(Lru *l, uint64_t number, uint64_t now)
{
        Node *node = number < l->n ? l->names[number] : NULL;

        if (!node)
                return false;
        list_remove(&node->in_list);
        list_append(&l->list, &node->in_list);
        return now < node->expires;
}

static void lru_drop(Lru *l, Node *node)
{
        list_remove(&node->in_list);
        l->octets -= node->octets;
        if (node->number < l->n)
                l->names[node->number] = NULL;
        free(node);
}

static void lru_put(Lru *l, uint64_t number, size_t octets, uint64_t expires)
{
        Node *node;

        if (number < l->n && l->names[number])
                lru_drop(l, l->names[number]);
        while (l->octets + octets > l->size)
                lru_drop(l, container_of(list_first(&l->list), Node, in_list));
        node = malloc(sizeof(*node));
        if (!node)
                exit(EXIT_FAILURE);
        *node = (Node) { .number = number, .octets = octets, .expires = expires };
        list_init(&node->in_list);
        list_append(&l->list, &node->in_list);
        l->octets += octets;
        if (number < l->n)
                l->names[number] = node;
}

/* --- */

static size_t resident(void)
{
        unsigned long all = 0, mine = 0;
        FILE *f = fopen("/proc/self/statm", "r");

        if (f) {
                if (fscanf(f, "%lu %lu", &all, &mine) != 2)
                        mine = 0;
                fclose(f);
        }
        return mine * (size_t) sysconf(_SC_PAGESIZE);
}

static uint64_t clock_now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

typedef struct Load {
        uint64_t lookups;
        size_t names, size;
        unsigned flood;
        uint32_t ttl;
} Load;

static bool ask(Cache *c, uint64_t number, uint32_t ttl, uint64_t now, uint64_t *longest)
{
        uint64_t since = clock_now(), took;
        CacheEntry entry;
        Question q;
        Message m;
        bool hit;

        make(&q, number);
        hit = cache_get(c, &q.key, now, &entry) == CACHE_HIT;
        if (!hit) {
                fill(&q, number, ttl);
                if (message_parse(&m, BYTES(q.wire, q.n)) != MESSAGE_OK ||
                    !cache_put(c, &q.key, &m, 0, UINT32_MAX, false, now))
                        exit(EXIT_FAILURE);
        }
        took = clock_now() - since;
        *longest = MAX(*longest, took);
        return hit;
}

/* The same numbers in the same order for both. */
static void load_one(const Load *load, const double *law, bool lru)
{
        CacheLimits limits = { .size = load->size,
                               .max_ttl = USEC_PER_DAY,
                               .negative_max_ttl = USEC_PER_HOUR,
                               .failure_min = USEC_PER_SEC,
                               .failure_max = 300 * USEC_PER_SEC,
                               .stale_max = USEC_PER_DAY };
        size_t before = resident(), most = 0;
        Cache *c = lru ? NULL : cache_new(&limits, (const uint8_t *) "0123456789abcdef");
        Lru l = { .names = calloc(load->names, sizeof(*l.names)), .n = load->names, .size = load->size };
        uint64_t now = USEC_PER_SEC, hits = 0, longest = 0, next = UINT64_C(1) << 32, since = clock_now(), took;

        list_init(&l.list);
        dice = 88172645463325252u;
        for (uint64_t i = 0; i < load->lookups; i++) {
                uint64_t number = zipf(law, load->names);

                now += USEC_PER_SEC / 100;
                for (unsigned k = 0; k <= load->flood; k++, number = next++) {
                        size_t octets = 8 * 11 + 16 + 30 + 48 + records_of(number) * 16;

                        if (!lru) {
                                hits += ask(c, number, load->ttl, now, &longest) && k == 0;
                        } else if (lru_get(&l, number, now)) {
                                hits += k == 0;
                        } else {
                                lru_put(&l, number, octets, now + load->ttl * USEC_PER_SEC);
                        }
                }
                if (i % 65536 == 0)
                        most = MAX(most, resident());
        }
        took = clock_now() - since;
        printf("%-6s flood %2u:1  %6.2f %% answered", lru ? "LRU" : "cache", load->flood,
               100.0 * (double) hits / (double) load->lookups);
        if (!lru) {
                CacheStats s = cache_stats(c);

                most = MAX(most, resident());
                printf("  %llu entries  %llu of %zu octets  resident +%zu (%.1f %% of the ceiling)  %.0f ns a question, longest %.0f us",
                       (unsigned long long) s.entries, (unsigned long long) s.bytes, load->size, most - before,
                       100.0 * (double) (most - before) / (double) load->size,
                       (double) took / (double) load->lookups / (1 + load->flood), (double) longest / 1000);
        }
        printf("\n");
        fflush(stdout);
        cache_free(c);
        while (!list_empty(&l.list))
                lru_drop(&l, container_of(list_first(&l.list), Node, in_list));
        free(l.names);
}

/* In a process of its own, for the memory that it takes. */
static void run(const Load *load, const double *law, bool lru)
{
        pid_t child = fork();

        if (child == 0) {
                load_one(load, law, lru);
                _exit(EXIT_SUCCESS);
        }
        waitpid(child, NULL, 0);
}

int main(int argc, char *argv[])
{
        static const struct option options[] = { { "lookups", 1, NULL, 'l' },
                                                 { "names", 1, NULL, 'n' },
                                                 { "size", 1, NULL, 's' },
                                                 { "flood", 1, NULL, 'f' },
                                                 { "ttl", 1, NULL, 't' },
                                                 { "fat", 0, NULL, 'a' },
                                                 { 0 } };
        Load load = { .lookups = 1000000, .names = 100000, .size = 8 << 20, .ttl = 86400 };
        static const unsigned floods[] = { 0, 1, 10 };
        int option, only = -1;
        double *law;

        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                uint64_t value = !optarg ? 0 : strtoull(optarg, NULL, 10);

                switch (option) {
                case 'l':
                        load.lookups = value;
                        break;
                case 'n':
                        load.names = (size_t) value;
                        break;
                case 's':
                        load.size = (size_t) value;
                        break;
                case 'f':
                        only = (int) value;
                        break;
                case 'a':
                        fat = true;
                        break;
                case 't':
                        load.ttl = (uint32_t) value;
                        break;
                default:
                        return EXIT_FAILURE;
                }
        }
        law = zipf_new(load.names);
        printf("%llu lookups of %zu names by Zipf's law (s=1), TTL %u s\n", (unsigned long long) load.lookups,
               load.names, load.ttl);
        fflush(stdout);
        for (size_t i = 0; i < ELEMENTS(floods); i++) {
                load.flood = only >= 0 ? (unsigned) only : floods[i];
                run(&load, law, false);
                run(&load, law, true);
                if (only >= 0)
                        break;
        }
        free(law);
        return EXIT_SUCCESS;
}
