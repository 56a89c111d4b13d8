/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Ctl: what all commands of dohmousectl share: the options, the bus, and how things that go wrong are told to a person.
 */

#include <systemd/sd-bus.h>

#include "ctl_json.h"
#include "ctl_terminal.h"
#include "names.h"

typedef enum JsonMode { JSON_OFF, JSON_SHORT, JSON_PRETTY } JsonMode;

typedef struct Ctl {
        JsonMode json;
        bool legend; /* heads, hints and footers */
        bool ask_password;
        bool reset; /* --reset: of `statistics` */
        Terminal terminal;
        sd_bus *bus; /* NULL until ctl_connect() */
        int agent;   /* pid of pkttyagent; 0: none */
} Ctl;

/* Commands: `argv` begins with the command's name. They return the exit status. */
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
int ctl_log_level(Ctl *c, int argc, char *argv[]);

/* Says "dohmousectl: TEXT" on standard error; always returns EXIT_FAILURE. */
int ctl_fail(const char *format, ...) _printf_(1, 2);

/* --- the bus: ctl_bus.c. Failures have been said, with what to do about them, when these return false. */

/* Starts the daemon, too, where it does not run and is enabled. */
bool ctl_connect(Ctl *c);
/* Ends the agent, too. */
void ctl_disconnect_bus(Ctl *c);

/* Calls a method of the manager or of an upstream; the reply is for sd_bus_message_unref(). `types`: of the arguments,
 * NULL: none. */
bool ctl_call(Ctl *c, const char *path, const char *interface, const char *method, sd_bus_message **ret,
              const char *types, ...);
/* The same for what changes something: polkit may ask, and be waited for. */
bool ctl_change(Ctl *c, const char *path, const char *interface, const char *method, sd_bus_message **ret,
                const char *types, ...);

/* What the daemon replied is not what was expected of it. */
int ctl_bad_reply(int error);

/* Path of an upstream's object, for free(). */
char *ctl_upstream_path(const char *name);
