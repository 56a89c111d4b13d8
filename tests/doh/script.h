/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Script: what is said, step by step, at a moment that a fault names (faults.h), in place of what a good server would
 * say there. Steps are parted by commas; any of them may end with "*N": N times.
 *
 *   HEX             these octets, to TLS or, before it is up, to TCP; "SSSSSSSS" in them is the stream of the request
 *   answer          what would have been said without a script
 *   wait:MS         a pause               stall           nothing more is read or said, until the peer closes
 *   key-update      TLS 1.3               ticket          another session ticket
 *   rehandshake     HelloRequest, 1.2     alert:L:D       level and description, in numbers
 *   bye             close_notify          fin, rst        the end of TCP, without close_notify
 */

#include "server.h"

/* `r` is NULL where nothing has been asked yet. False: the connection is at its end. */
bool script_run(Connection *c, Request *r, const char *script);
