/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * SipHash-2-4 (Aumasson, Bernstein, 2012): a keyed hash whose output cannot be predicted without the key. Pure.
 */

#include "core/base/base.h"

uint64_t siphash(const uint8_t key[16], Bytes bytes);
