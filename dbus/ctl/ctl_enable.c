/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enable, disable: make dohmouse the resolver of this machine, and hand back. What is changed and how it is reverted is
 * the business of takeover.c; this file decides on the steps.
 */

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_enable.h"
#include "ctl_holder.h"
#include "ctl_model.h"
#include "io/system/resolv_conf.h"
#include "takeover.h"
#include "takeover_file.h"

#define NM_DROPIN "/etc/NetworkManager/conf.d/90-dohmouse.conf"
#define POLICY "/usr/share/polkit-1/actions/org.dohmouse1.resolve1.policy"
#define POLICY_OF_RESOLVED "/usr/share/polkit-1/actions/org.freedesktop.resolve1.policy"
#define POLICY_DROPIN "/etc/polkit-1/actions/org.freedesktop.resolve1.policy"
#define OPENRESOLV_CONF "/etc/resolvconf.conf"
#define TMPFILES_OWN "/etc/tmpfiles.d/dohmouse.conf" /* has precedence over the one in /usr/lib */
#define RESOLVED "systemd-resolved.service"
#define TMPFILES_CONTAINERS "/etc/tmpfiles.d/dohmouse-containers.conf"
#define RESOLVE_DIRECTORY "/run/systemd/resolve" /* of systemd-resolved */
#define STUB_DEFAULT_ADDRESS "127.0.0.53:53"
#define STUB_DEFAULT_OPTIONS "options edns0\n"
#define STUB_DEFAULT_SEARCH "search .\n"

extern char **environ;

static volatile sig_atomic_t enable_interrupted;

static void enable_on_signal(_unused_ int number)
{
        enable_interrupted = 1;
}

/* Between two steps an interrupt is as good as an error; it must not hit systemctl in the middle of its work. */
static void enable_catch_signals(void)
{
        static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
        const struct sigaction action = { .sa_handler = enable_on_signal, .sa_flags = SA_RESTART };

        for (size_t i = 0; i < ELEMENTS(numbers); i++)
                sigaction(numbers[i], &action, NULL);
}

static int enable_spawn(const char *program, const char *const *arguments)
{
        char *words[12] = { (char *) program };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int status, r;
        pid_t pid;

        for (size_t i = 0; arguments[i]; i++) {
                must(i + 2 < ELEMENTS(words));
                words[i + 1] = (char *) arguments[i];
        }
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        /* A group of its own is not reached by the terminal's interrupt. */
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        r = posix_spawnp(&pid, program, &actions, &attributes, words, environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        if (r != 0)
                return -r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

int takeover_systemctl(const char *const *arguments)
{
        return enable_spawn("systemctl", arguments);
}

/* --- what there is to do */

static bool enable_exists(const Takeover *t, const char *path)
{
        _cleanup_(freep) char *full = takeover_path(t, path);

        return full && access(full, F_OK) == 0;
}

static char *enable_read(const Takeover *t, const char *path)
{
        _cleanup_(freep) char *full = takeover_path(t, path);

        return full ? takeover_file_read(full) : NULL;
}

static bool enable_add_directory(Takeover *t, const char *path)
{
        return enable_exists(t, path) || takeover_add(t, STEP_DIRECTORY, path, NULL);
}

/* Masked rather than disabled: disabling would remove links that nobody could restore as they were, and the service
 * would still be activated over the bus. */
static bool enable_plan_resolved(Takeover *t)
{
        static const char *const units[] = { "systemd-resolved-varlink.socket", "systemd-resolved-monitor.socket",
                                             RESOLVED };
        char path[256];

        for (size_t i = 0; i < ELEMENTS(units); i++) {
                snprintf(path, sizeof(path), "/etc/systemd/system/%s", units[i]);
                if (takeover_unit_exists(t, units[i]) && !takeover_add_unit(t, STEP_MASK, units[i], path))
                        return false;
        }
        return true;
}

/* Activation of org.freedesktop.resolve1 starts dohmouse. An [Install] section cannot make this link where
 * systemd-resolved, which has the same alias, is enabled. */
static bool enable_plan_alias(Takeover *t)
{
        char path[256];

        return !takeover_find_unit(t, "dohmouse.service", path) ||
               takeover_add(t, STEP_LINK, "/etc/systemd/system/dbus-org.freedesktop.resolve1.service", path);
}

/* If systemd-resolved has its file of the same actions, polkit may know them from that one, which lets dohmouse ask for
 * root only. In /etc, a file of its name has precedence; a polkit that reads that directory is one that can be
 * reloaded. */
static bool enable_plan_polkit(Takeover *t)
{
        _cleanup_(freep) char *text = NULL, *service = NULL;
        char path[256];
        Step *s;

        if (!enable_exists(t, POLICY_OF_RESOLVED) || !takeover_find_unit(t, "polkit.service", path))
                return true;
        service = enable_read(t, path);
        text = enable_read(t, POLICY);
        if (!service || !text || !strstr(service, "notify-reload"))
                return true;
        if (!enable_add_directory(t, "/etc/polkit-1") || !enable_add_directory(t, "/etc/polkit-1/actions"))
                return false;
        s = takeover_add_unit(t, STEP_DROPIN, "polkit.service", POLICY_DROPIN);
        return s && (s->text = strdup(text));
}

/* dns=none alone says that resolv.conf is not written; rc-manager= says the same to older versions. */
static bool enable_plan_network_manager(Takeover *t)
{
        static const char dropin[] = "# Written by \"dohmousectl enable\"; \"dohmousectl disable\" removes it.\n"
                                     "[main]\n"
                                     "dns=none\n"
                                     "rc-manager=unmanaged\n";
        Step *s;

        if (!takeover_unit_exists(t, "NetworkManager.service"))
                return true;
        if (!enable_add_directory(t, "/etc/NetworkManager") || !enable_add_directory(t, "/etc/NetworkManager/conf.d"))
                return false;
        s = takeover_add_unit(t, STEP_DROPIN, "NetworkManager.service", NM_DROPIN);
        return s && (s->text = strdup(dropin));
}

/* openresolv writes through links. It goes on to collect what interfaces tell, and writes that where nobody reads it;
 * its other subscribers are not affected. Debian's resolvconf, which has no such file, leaves foreign links alone. */
static bool enable_plan_openresolv(Takeover *t)
{
        static const char more[] = "\n# Added by \"dohmousectl enable\"; \"dohmousectl disable\" removes it.\n"
                                   "resolv_conf=/run/dohmouse/openresolv.conf\n";
        _cleanup_(freep) char *full = takeover_path(t, OPENRESOLV_CONF), *before = NULL, *text = NULL;

        if (!full || access(full, F_OK) < 0)
                return full != NULL;
        before = takeover_file_read(full);
        if (!before || strstr(before, more))
                return before != NULL;
        return asprintf(&text, "%s%s", before, more) >= 0 && takeover_add(t, STEP_FILE, OPENRESOLV_CONF, text);
}

/* The stub file with the search domains and options of before; NULL if there are none, or it cannot be read. */
static char *enable_make_stub(const char *original, const ResolvConf *before)
{
        const char *options = strstr(original, STUB_DEFAULT_OPTIONS), *search = strstr(original, STUB_DEFAULT_SEARCH);
        _cleanup_(freep) char *words = strdup(before->options);
        bool domains = *before->search && strcmp(before->search, ".") != 0;
        char more[sizeof(before->options) + 2] = "", *text = NULL, *at;
        size_t n = 0;

        if (!words || !options || !search || search < options)
                return NULL;
        for (char *w = strtok_r(words, " \t", &at); w; w = strtok_r(NULL, " \t", &at))
                if (strcmp(w, "edns0") != 0)
                        n += (size_t) snprintf(more + n, sizeof(more) - n, " %s", w);
        if (!*more && !domains)
                return NULL;
        return asprintf(&text, "%.*soptions edns0%s\n%.*ssearch %s\n%s", (int) (options - original), original, more,
                        (int) (search - options - strlen(STUB_DEFAULT_OPTIONS)), options + strlen(STUB_DEFAULT_OPTIONS),
                        domains ? before->search : ".", search + strlen(STUB_DEFAULT_SEARCH)) < 0
                       ? NULL
                       : text;
}

static bool enable_plan_stub(Takeover *t, const ResolvConf *before)
{
        static const char tmpfiles[] =
                "# Written by \"dohmousectl enable\", to keep the search domains and options of the "
                "previous " RESOLV_CONF ".\n"
                "d /run/dohmouse 0755 root root -\n"
                "f " RESOLV_CONF_CONTAINERS " 0644 dohmouse dohmouse -\n"
                "C " RESOLV_CONF_STUB " 0644 dohmouse dohmouse - " RESOLV_CONF_OWN "\n";
        _cleanup_(freep) char *original = enable_read(t, RESOLV_CONF_DEFAULT), *text = NULL;
        Step *s;

        if (!original) {
                ctl_fail("Failed to read " RESOLV_CONF_DEFAULT ": %s", strerror(errno));
                return false;
        }
        text = before->mode == RESOLV_CONF_IS_STUB ? NULL : enable_make_stub(original, before);
        if (!text)
                return true;
        if (!takeover_add(t, STEP_FILE, RESOLV_CONF_OWN, text) || !enable_add_directory(t, "/etc/tmpfiles.d") ||
            !takeover_add(t, STEP_FILE, TMPFILES_OWN, tmpfiles))
                return false;
        s = takeover_add(t, STEP_VOLATILE, RESOLV_CONF_STUB, text);
        return s && (s->original = strdup(RESOLV_CONF_DEFAULT));
}

/* Where container engines look if resolv.conf names 127.0.0.53 only, since that is what systemd-resolved has. Without
 * it, or with what systemd-resolved left there, containers query others than the resolver of this machine. */
static bool enable_plan_containers(Takeover *t)
{
        static const char tmpfiles[] = "# Written by \"dohmousectl enable\", for container engines; see dohmoused(8).\n"
                                       "d " RESOLVE_DIRECTORY " 0755 root root -\n"
                                       "L+ " RESOLVE_DIRECTORY "/resolv.conf - - - - " RESOLV_CONF_CONTAINERS "\n";

        return enable_add_directory(t, "/etc/tmpfiles.d") &&
               takeover_add(t, STEP_FILE, TMPFILES_CONTAINERS, tmpfiles) && enable_add_directory(t, "/run/systemd") &&
               enable_add_directory(t, RESOLVE_DIRECTORY) &&
               takeover_add(t, STEP_LINK, RESOLVE_DIRECTORY "/resolv.conf", RESOLV_CONF_CONTAINERS);
}

static bool enable_plan(Takeover *t)
{
        _cleanup_(freep) char *path = takeover_path(t, RESOLV_CONF);
        ResolvConf before;

        if (!path)
                return false;
        resolv_conf_read(path, &before);
        t->since = now_real();
        return enable_plan_resolved(t) && enable_plan_alias(t) && enable_plan_polkit(t) &&
               takeover_add_unit(t, STEP_ENABLE, "dohmouse.socket", NULL) && enable_plan_network_manager(t) &&
               enable_plan_openresolv(t) && enable_plan_stub(t, &before) && enable_plan_containers(t) &&
               takeover_add(t, STEP_LINK, RESOLV_CONF, RESOLV_CONF_STUB);
}

/* --- may it be done? */

static bool enable_port_is_free(const Takeover *t)
{
        Address address;
        Holder h;

        if (!address_from_text(STUB_DEFAULT_ADDRESS, 53, &address) || !holder_find(&address, &h))
                return true;
        for (size_t i = 0; i < t->n; i++) {
                const Step *s = &t->steps[i];

                /* It is dohmouse's, or it will be free. */
                if (s->kind == STEP_ENABLE && s->active)
                        return true;
                if (s->kind == STEP_MASK && s->active && strncmp(h.name, "systemd-resolve", 15) == 0)
                        return true;
        }
        ctl_fail("%s is in use by %s (PID %d), so dohmouse cannot listen on it.\n"
                 "Stop that program and disable it, or configure another address for one of the two; see dohmoused(8).",
                 STUB_DEFAULT_ADDRESS, *h.name ? h.name : "another program", (int) h.process);
        return false;
}

static bool enable_is_possible(const Takeover *t)
{
        bool possible = true;

        for (size_t i = 0; i < t->n; i++) {
                const Step *s = &t->steps[i];
                _cleanup_(freep) char *path = s->path ? takeover_path(t, s->path) : NULL;
                const char *obstacle =
                        path && s->kind != STEP_VOLATILE && s->kind != STEP_DIRECTORY && !takeover_in_effect(t, s)
                                ? takeover_file_obstacle(path)
                                : NULL;

                if (obstacle)
                        ctl_fail("%s cannot be replaced: %s.", s->path, obstacle);
                possible = possible && !obstacle;
        }
        if (!*t->root && !enable_port_is_free(t))
                possible = false;
        if (!possible)
                ctl_fail("Nothing was changed.");
        return possible;
}

/* --- doing it */

static bool enable_open(Takeover *t, int *ret)
{
        const char *root = getenv("DOHMOUSE_ROOT");

        /* For tests: another root, without a running service manager. */
        if (root && *root)
                t->root = root;
        else if (geteuid() != 0) {
                ctl_fail("Only root can change the resolver of this machine. Run the command with sudo.");
                return false;
        }
        *ret = takeover_load(t);
        if (*ret >= 0)
                return true;
        if (*ret == -EBUSY)
                ctl_fail("Another dohmousectl is at work.");
        else if (*ret == -EBADMSG)
                ctl_fail("%s/steps was not written by this version of dohmousectl, or is damaged.", TAKEOVER_DIRECTORY);
        else if (*ret == -EPERM)
                ctl_fail("%s is not trusted: it does not belong to root alone.", TAKEOVER_DIRECTORY);
        else
                ctl_fail("Failed to read %s: %s", TAKEOVER_DIRECTORY, strerror(-*ret));
        return false;
}

static bool enable_describe(const Ctl *c, const Takeover *t)
{
        bool any = false;

        for (size_t i = 0; i < t->n; i++)
                if (!takeover_in_effect(t, &t->steps[i])) {
                        if (!any && c->dry_run && c->legend)
                                puts("These changes would be made:");
                        any = true;
                        takeover_describe(&t->steps[i], stdout);
                }
        if (!any && c->legend)
                puts("dohmouse is already the resolver of this machine.");
        return any;
}

static bool enable_apply(Ctl *c, Takeover *t)
{
        char reason[CTL_REASON_MAX];

        /* As at boot; a file that is there stays. */
        if (!*t->root)
                enable_spawn("systemd-tmpfiles", (const char *[]) { "--create", "dohmouse.conf", NULL });
        for (size_t i = 0; i < t->n; i++) {
                if (enable_interrupted) {
                        ctl_fail("Interrupted.");
                        return false;
                }
                if (!takeover_in_effect(t, &t->steps[i]) && !takeover_apply(t, &t->steps[i]))
                        return false;
        }
        if (!c->no_check && !ctl_check_resolver(reason)) {
                ctl_fail("Names are not resolved by dohmouse: %s", reason);
                return false;
        }
        return true;
}

static int enable_run(Ctl *c, Takeover *t)
{
        int r;

        enable_describe(c, t);
        enable_catch_signals();
        r = takeover_save(t);
        if (r >= 0 && enable_apply(c, t)) {
                t->complete = true;
                r = takeover_save(t);
                if (r >= 0)
                        return EXIT_SUCCESS;
        }
        if (r < 0)
                ctl_fail("Failed to write %s: %s", TAKEOVER_DIRECTORY, strerror(-r));
        if (takeover_revert(t))
                ctl_fail("Everything is as it was before.");
        else
                ctl_fail("Not everything could be restored. Run \"dohmousectl disable\" once the cause is removed.");
        return EXIT_FAILURE;
}

/* Applies what somebody has reverted since. A check that fails now is no reason to hand back: the machine may be
 * offline. */
static int enable_repair(Ctl *c, Takeover *t)
{
        if (!enable_describe(c, t) || c->dry_run)
                return EXIT_SUCCESS;
        enable_catch_signals();
        return enable_apply(c, t) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int ctl_enable(Ctl *c, _unused_ int argc, _unused_ char *argv[])
{
        _cleanup_(takeover_deinit) Takeover t = TAKEOVER_INIT;
        int found;

        if (!enable_open(&t, &found))
                return EXIT_FAILURE;
        if (!*t.root && access("/run/systemd/system", F_OK) < 0) {
                ctl_fail(
                        "systemd does not run here, and dohmouse.socket is started by it. Without it, see \"THE SYSTEM "
                        "RESOLVER\" in dohmoused(8).");
                return EXIT_FAILURE;
        }
        if (found && t.complete)
                return enable_repair(c, &t);
        if (found) {
                fprintf(stderr, "An earlier \"dohmousectl enable\" or \"disable\" was interrupted; its changes %s.\n",
                        c->dry_run ? "would be reverted first" : "are reverted first");
                if (c->dry_run)
                        return EXIT_SUCCESS;
                if (!takeover_revert(&t))
                        return EXIT_FAILURE;
                takeover_deinit(&t);
        }
        if (!takeover_unit_exists(&t, "dohmouse.socket")) {
                ctl_fail("dohmouse.socket is not installed.");
                return EXIT_FAILURE;
        }
        if (!enable_plan(&t)) {
                ctl_fail("Nothing was changed.");
                return EXIT_FAILURE;
        }
        if (!enable_is_possible(&t))
                return EXIT_FAILURE;
        if (c->dry_run)
                return enable_describe(c, &t), EXIT_SUCCESS;
        return enable_run(c, &t);
}

int ctl_disable(Ctl *c, _unused_ int argc, _unused_ char *argv[])
{
        _cleanup_(takeover_deinit) Takeover t = TAKEOVER_INIT;
        bool beside;
        int found;

        if (!enable_open(&t, &found))
                return EXIT_FAILURE;
        if (!found && t.lock < 0) {
                if (c->legend)
                        puts("dohmouse was not made the resolver of this machine by \"dohmousectl enable\".");
                return EXIT_SUCCESS;
        }
        if (c->dry_run) {
                puts("These changes would be reverted:");
                for (size_t i = t.n; i-- > 0;)
                        takeover_describe(&t.steps[i], stdout);
                return EXIT_SUCCESS;
        }
        enable_catch_signals();
        beside = takeover_unit_is("is-active", RESOLVED);
        /* Without a list, this removes what an interrupted run left of the directory. */
        if (!takeover_revert(&t)) {
                ctl_fail(
                        "Not everything could be restored. Run \"dohmousectl disable\" again once the cause is removed.");
                return EXIT_FAILURE;
        }
        /* Installed while dohmouse was the resolver, it runs without its stub, for which the address is free now. */
        if (beside && takeover_systemctl((const char *[]) { "try-restart", RESOLVED, NULL }) != 0)
                ctl_fail("Failed to restart " RESOLVED "; \"systemctl status " RESOLVED "\" may show why.");
        return EXIT_SUCCESS;
}
