/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * UpstreamCommon: what all upstreams of an engine and their connections share. The UpstreamSet owns it; upstreams and
 * connection pools borrow it.
 */

#include "core/outbox/outbox.h"

typedef struct UpstreamCommon {
        Outbox *outbox;
        const Config *config;   /* the current configuration */
        HealthGroup health;     /* of all configured upstreams */
        unsigned epoch;         /* of the network; connections of an older epoch are at risk */
        uint64_t incidents;     /* incident numbers assigned so far */
        uint64_t state_changes; /* of all upstreams; a failure cached before a change says nothing about queries after
                                   it */
        uint8_t hash_key[16];   /* for hashes of names */
} UpstreamCommon;
