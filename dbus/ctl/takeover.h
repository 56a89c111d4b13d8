/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Takeover: the changes to the system that `dohmousectl enable` makes and `dohmousectl disable` reverts, as a list of
 * steps that is on disk before the first change.
 *
 * Each step can be applied and reverted any number of times, and can tell from what it finds whether it was applied, in
 * part or at all. So it makes no difference at which point either command is killed: the list is still there, and
 * reverting it restores everything. What is replaced stays on its file system under another name, as a hard link, so
 * that its contents, owner, mode, times and extended attributes are those of before and restoring it is one rename.
 *
 * The list is in /var/lib/dohmouse-takeover, which belongs to root. It is not in the daemon's own state directory,
 * because root would then follow a list that the daemon could replace.
 */

#include <stdint.h>
#include <stdio.h>

#include "core/base/base.h"

#define TAKEOVER_DIRECTORY "/var/lib/dohmouse-takeover"
#define TAKEOVER_KEPT ".before-dohmouse" /* appended to the name of what is replaced */
#define STEPS_MAX 24

typedef enum StepKind {
        STEP_DIRECTORY, /* a directory */
        STEP_LINK,      /* a symbolic link to `text` */
        STEP_FILE,      /* a file that contains `text` */
        STEP_VOLATILE,  /* the same below /run: on reverting it gets what `original` contains */
        STEP_MASK,      /* the unit `unit` is stopped, and `path` is a link to /dev/null */
        STEP_ENABLE,    /* the unit `unit` is enabled and started */
        STEP_DROPIN,    /* a file that contains `text`, for the unit `unit`, which is reloaded if it runs */
        _STEP_MAX,
} StepKind;

typedef struct Step {
        StepKind kind;
        char *path, *unit, *text, *original; /* owned; NULL: none */
        bool existed;                        /* something was at `path` */
        bool enabled, active;                /* the unit was */
} Step;

typedef struct Takeover {
        const char *root; /* a directory in place of /, for tests; "": none */
        int lock;         /* of the directory; -1: not there */
        uint64_t since;   /* usec, CLOCK_REALTIME */
        bool complete;    /* every step was applied */
        Step steps[STEPS_MAX];
        size_t n;
} Takeover;

#define TAKEOVER_INIT { .root = "", .lock = -1 }

void takeover_deinit(Takeover *t);

/* The path below `root`; the caller frees. */
char *takeover_path(const Takeover *t, const char *path);

/* Reads what another run left. 1: there is a list; 0: there is none; negative errno: -EBADMSG if it cannot be
 * understood, -EPERM if it belongs to somebody else, -EBUSY if another dohmousectl is at work. */
int takeover_load(Takeover *t);

/* Appends a step and notes how things are before it; strings are copied. NULL when out of memory. */
Step *takeover_add(Takeover *t, StepKind kind, const char *path, const char *text);
/* A step about a unit, whose state it asks for. `path`: of the link of STEP_MASK. */
Step *takeover_add_unit(Takeover *t, StepKind kind, const char *unit, const char *path);

/* Is the unit installed? Writes the path of its file. */
bool takeover_find_unit(const Takeover *t, const char *unit, char ret[256]);
bool takeover_unit_exists(const Takeover *t, const char *unit);

/* Writes the list to disk. Negative errno. */
int takeover_save(Takeover *t);
/* Applies one step; what failed has been said. */
bool takeover_apply(Takeover *t, const Step *s);
/* Reverts all steps, the last one first, and removes the list. False if something could not be reverted, which has been
 * said; the list is then still there. Somebody else's changes stay and are reported. */
bool takeover_revert(Takeover *t);

/* Is the step in effect? Of a unit: it is as the step has it. */
bool takeover_in_effect(const Takeover *t, const Step *s);
/* "Write /etc/..." */
void takeover_describe(const Step *s, FILE *f);

/* Runs systemctl with these arguments, NULL at the end, without its output. Its exit status, or negative errno. */
int takeover_systemctl(const char *const *arguments);
bool takeover_unit_is(const char *verb, const char *unit);
