/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Clients: they ask, and look hard at what they get (FAULTS.md I1-I3, I5, I7).
 */

#include "world.h"

/* One asks for the address of `name`, over UDP or TCP, with EDNS or without. */
void clients_ask(World *w, uint32_t name);

void clients_take_answer(World *w, const Client *c, const Packet *answer);

/* The address that answers `name`: so nobody gets another's. */
uint32_t clients_address_of(uint32_t name);

/* Before each step: which servers are in order now. A query may fail only if none was so all its life. */
void clients_note_coverage(World *w);
/* Server `server` cannot be held to it for those who wait now. */
void clients_uncover(World *w, unsigned server);
