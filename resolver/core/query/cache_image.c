/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/cache_image.h"

#include <string.h>

#include "core/base/siphash.h"

static const uint8_t magic[8] = "DMcache";
/* Against damage, not against people: whoever can write the image could also compute the checksum. */
static const uint8_t checksum_key[16] = "dohmouse's cache";

enum {
        IMAGE_MAGIC = 0,
        IMAGE_VERSION = 8, /* and four octets of zero */
        IMAGE_SERVERS = 16,
        IMAGE_BOOT_TIME = 24,
        IMAGE_WALL_CLOCK = 32,
        IMAGE_CHECKSUM = 40,
};
_Static_assert(IMAGE_CHECKSUM + 8 == CACHE_IMAGE_HEADER_SIZE, "the checksum ends the header");

enum {
        RECORD_SIZE = 0, /* of the answer */
        RECORD_CHECKSUM = 4,
        RECORD_AGE = 12,
        RECORD_LIFE = 20,
        RECORD_HITS = 24,
        RECORD_FLAGS = 25,
        RECORD_WIRE = 26,
};
_Static_assert(RECORD_WIRE + DNS_MESSAGE_MAX <= CACHE_IMAGE_RECORD_MAX, "the largest answer fits");

enum {
        FLAG_MAIN = 1 << 0,
        FLAG_ALL_TYPES = 1 << 1,
        FLAG_DNSSEC_OK = 1 << 2,
        FLAG_CHECKING_DISABLED = 1 << 3,
};

/* --- header */

void cache_image_write_header(const CacheImageStamp *stamp, unsigned version,
                              uint8_t ret[static CACHE_IMAGE_HEADER_SIZE])
{
        memset(ret, 0, CACHE_IMAGE_HEADER_SIZE);
        memcpy(ret + IMAGE_MAGIC, magic, sizeof(magic));
        wire_write32(ret + IMAGE_VERSION, version);
        wire_write64(ret + IMAGE_SERVERS, stamp->servers);
        wire_write64(ret + IMAGE_BOOT_TIME, stamp->boot_time);
        wire_write64(ret + IMAGE_WALL_CLOCK, stamp->wall_clock);
        wire_write64(ret + IMAGE_CHECKSUM, siphash(checksum_key, BYTES(ret, IMAGE_CHECKSUM)));
}

CacheImageStatus cache_image_read_header(Bytes header, const CacheImageStamp *stamp, bool same_boot,
                                         uint64_t *ret_elapsed)
{
        uint64_t boot_time, wall_clock;

        if (header.n < CACHE_IMAGE_HEADER_SIZE || memcmp(header.p + IMAGE_MAGIC, magic, sizeof(magic)) != 0 ||
            wire_read64(header.p + IMAGE_CHECKSUM) != siphash(checksum_key, BYTES(header.p, IMAGE_CHECKSUM)))
                return CACHE_IMAGE_DAMAGED;
        if (wire_read32(header.p + IMAGE_VERSION) != CACHE_IMAGE_VERSION)
                return CACHE_IMAGE_VERSION_UNKNOWN;
        if (wire_read64(header.p + IMAGE_SERVERS) != stamp->servers)
                return CACHE_IMAGE_OTHER_SERVERS;
        boot_time = wire_read64(header.p + IMAGE_BOOT_TIME);
        wall_clock = wire_read64(header.p + IMAGE_WALL_CLOCK);
        if (same_boot ? boot_time > stamp->boot_time : wall_clock > stamp->wall_clock)
                return CACHE_IMAGE_OTHER_CLOCK;
        *ret_elapsed = usec_sub(stamp->boot_time, boot_time);
        if (!same_boot)
                *ret_elapsed = MAX(*ret_elapsed, stamp->wall_clock - wall_clock);
        return CACHE_IMAGE_OK;
}

/* --- records */

static uint64_t cache_image_checksum(const uint8_t *p, size_t wire_size)
{
        return siphash(checksum_key, BYTES(p + RECORD_AGE, RECORD_WIRE - RECORD_AGE + wire_size));
}

size_t cache_image_save(Cache *c, uint8_t *ret, size_t size, uint64_t now)
{
        CacheRecord r;
        size_t n = 0;

        while (cache_next(c, now, &r) && RECORD_WIRE + r.wire.n <= size - n) {
                uint8_t *p = ret + n;

                wire_write32(p + RECORD_SIZE, (uint32_t) r.wire.n);
                wire_write64(p + RECORD_AGE, r.age);
                wire_write32(p + RECORD_LIFE, r.life);
                p[RECORD_HITS] = r.hits;
                p[RECORD_FLAGS] = (uint8_t) ((r.main ? FLAG_MAIN : 0) | (r.all_types ? FLAG_ALL_TYPES : 0) |
                                             (r.dnssec_ok ? FLAG_DNSSEC_OK : 0) |
                                             (r.checking_disabled ? FLAG_CHECKING_DISABLED : 0));
                memcpy(p + RECORD_WIRE, r.wire.p, r.wire.n);
                wire_write64(p + RECORD_CHECKSUM, cache_image_checksum(p, r.wire.n));
                cache_drop_next(c);
                n += RECORD_WIRE + r.wire.n;
        }
        return n;
}

size_t cache_image_load(Cache *c, Bytes bytes, uint64_t elapsed, uint64_t now, bool *ret_damaged)
{
        size_t at = 0;

        *ret_damaged = false;
        while (bytes.n - at >= RECORD_WIRE) {
                const uint8_t *p = bytes.p + at;
                size_t size = wire_read32(p + RECORD_SIZE);
                uint8_t flags = p[RECORD_FLAGS];

                *ret_damaged = size > DNS_MESSAGE_MAX;
                if (*ret_damaged || size > bytes.n - at - RECORD_WIRE)
                        break;
                *ret_damaged = wire_read64(p + RECORD_CHECKSUM) != cache_image_checksum(p, size);
                if (*ret_damaged)
                        break;
                cache_restore(c,
                              &(CacheRecord) {
                                      .wire = BYTES(p + RECORD_WIRE, size),
                                      .age = usec_add(wire_read64(p + RECORD_AGE), elapsed),
                                      .life = wire_read32(p + RECORD_LIFE),
                                      .hits = p[RECORD_HITS],
                                      .main = flags & FLAG_MAIN,
                                      .all_types = flags & FLAG_ALL_TYPES,
                                      .dnssec_ok = flags & FLAG_DNSSEC_OK,
                                      .checking_disabled = flags & FLAG_CHECKING_DISABLED,
                              },
                              now);
                at += RECORD_WIRE + size;
        }
        return at;
}
