/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * SipHash-2-4 (Aumasson, Bernstein, 2012): a hash that who does not know the key cannot steer.
 */

#include "core/base/base.h"

uint64_t siphash(const uint8_t key[16], Bytes bytes);
