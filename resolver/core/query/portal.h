/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Portal: the way through a captive portal (Portal=ask-link). A portal answers the names of connectivity checks, and
 * its own, with itself, and nobody else knows its own. So while the network is in the state `portal`, or NetworkManager
 * does not reach the Internet and no upstream is usable, and for at most five minutes, these names are asked of the
 * servers of the link, and no other names are:
 *
 *   - the hosts of the connectivity checks of NetworkManager and of the common browsers and systems
 *   - the hosts that these pages lead to. A resolver does not see where a browser is sent, so io looks at the page
 *     (ACTION_PORTAL_LOOK), and the answer is withheld until it has, or a second has passed.
 *
 * Neither the answers nor their absence are cached, and clients get them with a short TTL. The state ends with the
 * first answer of an upstream, and with the network; then the hosts found are forgotten. Whenever the five minutes
 * begin, that is logged: with a new state, or with a reload.
 *
 * QueryCommon owns it. Times are usec of CLOCK_BOOTTIME.
 */

#include "core/outbox/outbox.h"
#include "core/query/forward_zones.h"
#include "core/query/portal_url.h"

#define PORTAL_TIME (5 * USEC_PER_MINUTE)
#define PORTAL_LOOK_TIME USEC_PER_SEC /* for a page; the answer is withheld for no longer */
#define PORTAL_TTL 10                 /* s */
#define PORTAL_CHECKS_MAX 12          /* connectivity checks */
#define PORTAL_FOUND_MAX 8            /* hosts that their pages lead to */
#define PORTAL_SERVERS_MAX 8          /* servers of the link */

typedef enum PortalLook { PORTAL_UNSEEN, PORTAL_LOOKING, PORTAL_SEEN } PortalLook;

typedef struct PortalHost {
        PortalUrl url;
        uint8_t n;                  /* octets of `name`; 0: the host is an address */
        uint8_t name[DNS_NAME_MAX]; /* in lower case */
        PortalLook look;
} PortalHost;

typedef struct Portal {
        Outbox *outbox;
        bool enabled;   /* Portal=ask-link */
        Forward *link;  /* the servers of the link; NULL: none are known */
        bool open;      /* the network intercepts connections, and no upstream has answered since */
        uint64_t until; /* the end of the five minutes */
        uint32_t turn;  /* number of the state, so that a late page of an earlier one is ignored */
        size_t n_hosts;
        PortalHost hosts[PORTAL_CHECKS_MAX + PORTAL_FOUND_MAX]; /* first the connectivity checks, `n_checks` */
        size_t n_checks;
        char check[PORTAL_HOST_MAX + PORTAL_TARGET_MAX]; /* as set by portal_set_check() */
} Portal;

void portal_init(Portal *p, Outbox *outbox);
void portal_deinit(Portal *p);

/* Applies Portal=. The five minutes begin again. */
void portal_configure(Portal *p, bool enabled, uint64_t now);

/* Sets the URL of the connectivity check of NetworkManager; NULL: none. */
void portal_set_check(Portal *p, const char *url);

/* Replaces the servers of the link. Returns the previous ones, which queries may still refer to; the caller frees them
 * with forward_free_of_portal(). If out of memory, there are none. */
Forward *portal_set_servers(Portal *p, const Address *servers, size_t n, uint64_t now);

/* Follows the network, which is found to be `intercepted`, or to let us through: an upstream answers. With neither,
 * nothing changes: what NetworkManager says changes during each of its checks. Returns true if the servers of the link
 * may be asked from now on: queries may have to be rerouted. */
bool portal_follow(Portal *p, bool intercepted, bool through, uint64_t now);

/* It is another network. */
void portal_close(Portal *p);

/* Returns the servers of the link if they may be asked for `name` now, or NULL. */
Forward *portal_find(const Portal *p, Bytes name, uint64_t now);

/* The servers of the link gave `answer`. Starts to look at the page of its host if that was not done yet. Returns true
 * if the answer must be withheld until portal_is_looking() is false. */
bool portal_answered(Portal *p, const Message *answer);

/* The page that ACTION_PORTAL_LOOK with this number asked for, or an empty slice. Its host may be allowed then. */
void portal_on_page(Portal *p, uint32_t look, Bytes response);

/* Returns true while pages are being looked at. */
bool portal_is_looking(const Portal *p);
