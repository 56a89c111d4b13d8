/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ResolvConf: what /etc/resolv.conf makes the C library do: whether it queries dohmouse, or which program has
 * configured something else.
 */

#include "core/base/base.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_CONF_STUB "/run/dohmouse/stub-resolv.conf"
#define RESOLV_CONF_DEFAULT PKGDATADIR "/stub-resolv.conf"
/* For containers, which cannot reach 127.0.0.53; see resolv_conf_for_containers(). */
#define RESOLV_CONF_CONTAINERS "/run/dohmouse/resolv.conf"
/* In place of RESOLV_CONF_DEFAULT, if `dohmousectl enable` found search domains or options to keep. */
#define RESOLV_CONF_OWN "/var/lib/dohmouse-takeover/stub-resolv.conf"
#define RESOLV_CONF_MAX 65536

/* The words are those of systemd-resolved. */
typedef enum ResolvConfMode {
        RESOLV_CONF_MISSING,
        RESOLV_CONF_IS_STUB,   /* a link to the stub file */
        RESOLV_CONF_IS_STATIC, /* something else that names 127.0.0.53 and no other server */
        RESOLV_CONF_IS_FOREIGN,
} ResolvConfMode;

typedef struct ResolvConf {
        ResolvConfMode mode;
        char target[256];  /* target of the link; "": not a link */
        char writer[48];   /* the program that its first lines name; "": none */
        uint64_t changed;  /* usec, CLOCK_REALTIME: when it was written or replaced */
        char search[1024]; /* as in the file, the last one; "": none */
        char options[512]; /* all of them */
} ResolvConf;

/* `path` may be missing or anything else. Lines that are too long are left out. */
void resolv_conf_read(const char *path, ResolvConf *ret);
/* Its text alone, for the tests. */
void resolv_conf_parse(const char *text, ResolvConf *ret);

/* "stub", "static", "foreign", "missing" */
const char *resolv_conf_mode_name(ResolvConfMode mode);

/* Returns `text` with these search domains after its own, at its end; "search ." if there are none. The caller frees.
 * NULL if out of memory. */
char *resolv_conf_with_search(const char *text, const char *domains);

/* Returns `text` without its search domains; the caller frees. NULL if out of memory. */
char *resolv_conf_without_search(const char *text);

/* Returns the text for those who cannot reach 127.0.0.53, with the search domains and options of `stub`. It
 * names the addresses that dohmouse listens on, `own`, or if they can reach none of them, the servers of the network.
 * Both are lists with blanks. The caller frees. NULL if out of memory. */
char *resolv_conf_for_containers(const char *stub, const char *own, const char *network);

/* The text of a file of at most RESOLV_CONF_MAX bytes; the caller frees. NULL if there is none, see errno. */
char *resolv_conf_read_text(const char *path);
