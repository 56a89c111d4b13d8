/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Ctl: what all commands of dohmousectl share: the options, the bus connection, and error messages.
 */

#include <systemd/sd-bus.h>

#include "ctl_json.h"
#include "ctl_terminal.h"
#include "names.h"

typedef enum JsonMode { JSON_OFF, JSON_SHORT, JSON_PRETTY } JsonMode;

typedef struct Ctl {
        JsonMode json;
        bool legend; /* print column headers, hints and footers */
        bool ask_password;
        bool reset;             /* --reset of `statistics` */
        bool queries, names;    /* of `monitor` */
        bool dry_run, no_check; /* of `enable` */
        Terminal terminal;
        sd_bus *bus; /* NULL until ctl_connect() */
        int agent;   /* PID of pkttyagent; 0: none */
} Ctl;

/* Commands: `argv` begins with the name of the command. They return the exit status. */
int ctl_status(Ctl *c, int argc, char *argv[]);
int ctl_statistics(Ctl *c, int argc, char *argv[]);
int ctl_reset_statistics(Ctl *c, int argc, char *argv[]);
int ctl_query(Ctl *c, int argc, char *argv[]);
int ctl_flush(Ctl *c, int argc, char *argv[]);
int ctl_probe(Ctl *c, int argc, char *argv[]);
int ctl_set_admin(Ctl *c, int argc, char *argv[]);
int ctl_disconnect(Ctl *c, int argc, char *argv[]);
int ctl_monitor(Ctl *c, int argc, char *argv[]);
int ctl_reload(Ctl *c, int argc, char *argv[]);
int ctl_enable(Ctl *c, int argc, char *argv[]);
int ctl_disable(Ctl *c, int argc, char *argv[]);
int ctl_log_level(Ctl *c, int argc, char *argv[]);

/* Prints "dohmousectl: TEXT" to standard error. Always returns EXIT_FAILURE. */
int ctl_fail(const char *format, ...) _printf_(1, 2);

/* Prints `value` as --json= demands, and takes its reference. NULL is "out of memory". Returns the exit status. */
int ctl_put_json(const Ctl *c, json_t *value);

/* --- the bus: ctl_bus.c. If these return false, the error has been printed along with what to do about it. */

/* Also starts the daemon, if it is not running and the bus can activate it. */
bool ctl_connect(Ctl *c);
/* Also stops the agent. */
void ctl_disconnect_bus(Ctl *c);

/* Calls a method of the manager or of an upstream. The caller unrefs `*ret`, unless `ret` is NULL. `types` are the
 * types of the arguments; NULL if there are none. */
bool ctl_call(Ctl *c, const char *path, const char *interface, const char *method, sd_bus_message **ret,
              const char *types, ...);
/* The same for a method that requires authorization: waits while polkit prompts for a password. */
bool ctl_change(Ctl *c, const char *path, const char *interface, const char *method, sd_bus_message **ret,
                const char *types, ...);

/* Reports that a reply of the daemon does not have the expected types. Always returns EXIT_FAILURE. */
int ctl_bad_reply(int error);

/* Reports that dohmouse is not on the bus, why, and what to do about it (ctl_not_running.c). Always returns false. */
bool ctl_not_running(sd_bus *bus);

/* The object path of an upstream; the caller frees it. NULL when out of memory. */
char *ctl_upstream_path(const char *name);
