/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an earlier process has left of its cache. First the octets themselves, as the records of an image; then, as
 * checksums keep most of them out, each piece of them as a record: age, life, hits, flags, then the answer. Whatever is
 * taken over is a message that answers its key, is within the limits, and goes over once more unchanged.
 */

#include <stdlib.h>
#include <string.h>

#include "core/query/cache_image.h"

#define NOW (100 * USEC_PER_SEC) /* less than most ages */
#define FIXED 10                 /* octets of a record before its size */

static const CacheLimits limits = { .size = 1 << 20,
                                    .max_ttl = USEC_PER_DAY,
                                    .negative_max_ttl = USEC_PER_HOUR,
                                    .failure_min = USEC_PER_SEC,
                                    .failure_max = USEC_PER_MINUTE,
                                    .stale_max = USEC_PER_DAY };

/* No assert: it would be gone with NDEBUG. */
static void require(bool ok)
{
        if (!ok)
                abort();
}

static void restore(Cache *c, Bytes b)
{
        CacheRecord r;

        while (b.n >= FIXED) {
                size_t n = MIN((size_t) wire_read16(b.p + FIXED - 2), b.n - FIXED);
                uint8_t name[DNS_NAME_MAX];
                CacheEntry entry;
                Message m, kept;

                r = (CacheRecord) {
                        .age = (uint64_t) wire_read32(b.p) * USEC_PER_SEC,
                        .life = wire_read16(b.p + 4),
                        .hits = b.p[6],
                        .main = b.p[7] & 1,
                        .all_types = b.p[7] & 2,
                        .dnssec_ok = b.p[7] & 4,
                        .checking_disabled = b.p[7] & 8,
                        .wire = BYTES(b.p + FIXED, n),
                };
                if (cache_restore(c, &r, NOW)) {
                        CacheKey key;

                        require(message_parse(&m, r.wire) == MESSAGE_OK);
                        name_lower(m.qname, name);
                        key = (CacheKey) { .qname = BYTES(name, m.qname.n),
                                           .qtype = m.qtype,
                                           .qclass = m.qclass,
                                           .dnssec_ok = r.dnssec_ok,
                                           .checking_disabled = r.checking_disabled };
                        require(cache_get(c, &key, NOW, &entry) != CACHE_MISS);
                        require(message_parse(&kept, entry.wire) == MESSAGE_OK && kept.qtype == key.qtype);
                        require(name_equal(kept.qname, m.qname) && kept.qclass == m.qclass);
                }
                b = BYTES(b.p + FIXED + n, b.n - FIXED - n);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static uint8_t image[2][1 << 20];
        static const CacheImageStamp stamp = { .boot_time = NOW, .wall_clock = NOW };
        _cleanup_(cache_freep) Cache *c = cache_new(&limits, (const uint8_t *) "0123456789abcdef");
        uint64_t elapsed;
        bool damaged;
        size_t n;

        require(c);
        if (cache_image_read_header(BYTES(data, size), &stamp, size & 1, &elapsed) == CACHE_IMAGE_OK)
                cache_image_load(c, BYTES(data + CACHE_IMAGE_HEADER_SIZE, size - CACHE_IMAGE_HEADER_SIZE), elapsed, NOW,
                                 &damaged);
        cache_image_load(c, BYTES(data, size), 0, NOW, &damaged);
        restore(c, BYTES(data, size));
        require(cache_stats(c).bytes <= limits.size);
        n = cache_image_save(c, image[0], sizeof(image[0]), NOW);
        require(cache_image_load(c, BYTES(image[0], n), 0, NOW, &damaged) == n && !damaged);
        require(cache_image_save(c, image[1], sizeof(image[1]), NOW) == n && memcmp(image[0], image[1], n) == 0);
        return 0;
}
