/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Cache image: the answers of a cache as a sequence of octets, which one process leaves to the next: a header, then
 * one record for each answer, both with a checksum against damage. Numbers are in network order.
 *
 * An answer is moved, not copied: it leaves the cache as it enters the image, and the other way around, so that both
 * together need hardly more memory than one of them. An image is at most as large as the limit of its cache.
 *
 * A wrong answer is worse than none. An image of another version, of other servers or of unknown age is not used, a
 * record that is damaged ends it, and each answer is checked like one that an upstream has sent (cache_restore()).
 */

#include "core/query/cache.h"

#define CACHE_IMAGE_VERSION 1 /* to be increased whenever an older daemon would misunderstand a newer image */
#define CACHE_IMAGE_HEADER_SIZE 48
#define CACHE_IMAGE_RECORD_MAX (32 + DNS_MESSAGE_MAX)

/* When and under which configuration an image was made. */
typedef struct CacheImageStamp {
        uint64_t servers;    /* config_servers_hash() */
        uint64_t boot_time;  /* usec of CLOCK_BOOTTIME */
        uint64_t wall_clock; /* usec of CLOCK_REALTIME */
} CacheImageStamp;

typedef enum CacheImageStatus {
        CACHE_IMAGE_OK,
        CACHE_IMAGE_DAMAGED, /* or not an image */
        CACHE_IMAGE_VERSION_UNKNOWN,
        CACHE_IMAGE_OTHER_SERVERS, /* which may answer differently */
        CACHE_IMAGE_OTHER_CLOCK,   /* it comes from the future: its age is unknown */
} CacheImageStatus;

/* `version` is CACHE_IMAGE_VERSION, except in a test that plays another daemon. */
void cache_image_write_header(const CacheImageStamp *stamp, unsigned version,
                              uint8_t ret[static CACHE_IMAGE_HEADER_SIZE]);

/* Moves answers to `ret`, as many as fit into `size`, which is at least CACHE_IMAGE_RECORD_MAX. Returns the number of
 * octets, 0 once none is left. */
size_t cache_image_save(Cache *c, uint8_t *ret, size_t size, uint64_t now);

/*
 * Checks the header against the present in `stamp`. *ret_elapsed is the time since the image was made, in usec: by
 * CLOCK_BOOTTIME if that was in the same boot, and otherwise by the wall clock. Even then, it is at least what
 * CLOCK_BOOTTIME has counted since, which a wall clock that was set back does not undo.
 */
CacheImageStatus cache_image_read_header(Bytes header, const CacheImageStamp *stamp, bool same_boot,
                                         uint64_t *ret_elapsed);

/*
 * Stores the answers of `bytes`, which begins with a record; the last one may be cut off. Returns the number of octets
 * of whole records. *ret_damaged: they end with one that is damaged, and nothing behind it can be used.
 */
size_t cache_image_load(Cache *c, Bytes bytes, uint64_t elapsed, uint64_t now, bool *ret_damaged);
