/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "io/system/resolv_conf.h"
#include "takeover_file.h"

#define LIST TAKEOVER_DIRECTORY "/steps"
#define HEAD "dohmouse takeover 1"

static const char *const kind_names[_STEP_MAX] = {
        [STEP_DIRECTORY] = "directory", [STEP_LINK] = "link", [STEP_FILE] = "file",
        [STEP_VOLATILE] = "volatile",   [STEP_MASK] = "mask", [STEP_ENABLE] = "enable",
        [STEP_DROPIN] = "drop-in",
};

char *takeover_path(const Takeover *t, const char *path)
{
        char *p = NULL;

        return asprintf(&p, "%s%s", t->root, path) < 0 ? NULL : p;
}

static void takeover_clear(Takeover *t)
{
        for (size_t i = 0; i < t->n; i++) {
                free(t->steps[i].path);
                free(t->steps[i].unit);
                free(t->steps[i].text);
                free(t->steps[i].original);
        }
        t->n = 0;
        t->complete = false;
}

void takeover_deinit(Takeover *t)
{
        takeover_clear(t);
        if (t->lock >= 0)
                close(t->lock);
        t->lock = -1;
}

/* --- the list on disk: a line a step, followed by its text as that many bytes */

static void takeover_write(const Takeover *t, FILE *f)
{
        fprintf(f, HEAD "\nsince %llu\ncomplete %d\n", (unsigned long long) t->since, t->complete);
        for (size_t i = 0; i < t->n; i++) {
                const Step *s = &t->steps[i];

                fprintf(f, "%s %s %s %s %d%d%d %zu\n%s\n", kind_names[s->kind], s->path ? s->path : "-",
                        s->unit ? s->unit : "-", s->original ? s->original : "-", s->existed, s->enabled, s->active,
                        s->text ? strlen(s->text) : 0, s->text ? s->text : "");
        }
        fputs("end\n", f);
}

static char *takeover_word(const char *word)
{
        return strcmp(word, "-") == 0 ? NULL : strdup(word);
}

static bool takeover_read_step(Takeover *t, FILE *f, const char *line)
{
        char kind[16], path[256], unit[256], original[256], flags[4];
        Step *s = &t->steps[t->n];
        unsigned k;
        size_t n;

        if (t->n == STEPS_MAX ||
            /* NOLINTNEXTLINE(cert-err34-c): root's own file, and a number too large is refused below */
            sscanf(line, "%15s %255s %255s %255s %3[01] %zu", kind, path, unit, original, flags, &n) != 6 ||
            strlen(flags) != 3 || n > TAKEOVER_FILE_MAX)
                return false;
        for (k = 0; k < _STEP_MAX && strcmp(kind_names[k], kind) != 0; k++)
                ;
        if (k == _STEP_MAX)
                return false;
        *s = (Step) { .kind = (StepKind) k,
                      .path = takeover_word(path),
                      .unit = takeover_word(unit),
                      .original = takeover_word(original),
                      .text = calloc(1, n + 1),
                      .existed = flags[0] == '1',
                      .enabled = flags[1] == '1',
                      .active = flags[2] == '1' };
        t->n++;
        return s->text && fread(s->text, 1, n, f) == n && getc(f) == '\n';
}

static bool takeover_read(Takeover *t, FILE *f)
{
        unsigned long long since;
        int complete;
        char line[1024];

        if (!fgets(line, sizeof(line), f) || strcmp(line, HEAD "\n") != 0 ||
            /* NOLINTNEXTLINE(cert-err34-c): root's own file; the time is only shown */
            fscanf(f, "since %llu\ncomplete %d\n", &since, &complete) != 2)
                return false;
        t->since = since;
        t->complete = complete;
        while (fgets(line, sizeof(line), f)) {
                if (strcmp(line, "end\n") == 0)
                        return true;
                if (!takeover_read_step(t, f, line))
                        return false;
        }
        return false;
}

/* Opens and locks the directory of the list. */
static int takeover_lock(Takeover *t)
{
        _cleanup_(freep) char *directory = takeover_path(t, TAKEOVER_DIRECTORY);
        struct stat st;

        if (!directory)
                return -ENOMEM;
        if (t->lock < 0)
                t->lock = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (t->lock < 0 || fstat(t->lock, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
                return -EPERM;
        return flock(t->lock, LOCK_EX | LOCK_NB) < 0 ? -EBUSY : 0;
}

int takeover_load(Takeover *t)
{
        _cleanup_(freep) char *list = takeover_path(t, LIST);
        int r = takeover_lock(t);
        bool good;
        FILE *f;

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        f = list ? fopen(list, "re") : NULL;
        if (!f)
                return errno == ENOENT ? 0 : -errno;
        good = takeover_read(t, f);
        fclose(f);
        if (!good)
                takeover_clear(t);
        return good ? 1 : -EBADMSG;
}

int takeover_save(Takeover *t)
{
        _cleanup_(freep) char *directory = takeover_path(t, TAKEOVER_DIRECTORY), *list = takeover_path(t, LIST),
                              *text = NULL;
        size_t n = 0;
        FILE *f;
        int r;

        if (!directory || !list)
                return -ENOMEM;
        if (t->lock < 0) {
                if (mkdir(directory, 0755) < 0 && errno != EEXIST)
                        return -errno;
                r = takeover_file_sync_directory(directory);
                if (r >= 0)
                        r = takeover_lock(t);
                if (r < 0)
                        return r;
        }
        f = open_memstream(&text, &n);
        if (!f)
                return -ENOMEM;
        takeover_write(t, f);
        if (fclose(f) != 0)
                return -ENOMEM;
        return takeover_file_write(list, text, 0600);
}

static bool takeover_remove_list(Takeover *t)
{
        _cleanup_(freep) char *directory = takeover_path(t, TAKEOVER_DIRECTORY), *list = takeover_path(t, LIST);
        int r;

        if (!directory || !list)
                return false;
        r = takeover_file_remove(list);
        if (r >= 0 && rmdir(directory) < 0 && errno != ENOENT)
                r = -errno;
        if (r < 0)
                ctl_fail("Failed to remove %s: %s", directory, strerror(-r));
        return r >= 0;
}

/* --- steps */

bool takeover_unit_is(const char *verb, const char *unit)
{
        return takeover_systemctl((const char *[]) { verb, "--quiet", unit, NULL }) == 0;
}

bool takeover_find_unit(const Takeover *t, const char *unit, char ret[256])
{
        static const char *const directories[] = { "/usr/lib/systemd/system", "/lib/systemd/system",
                                                   "/usr/local/lib/systemd/system" };

        for (size_t i = 0; i < ELEMENTS(directories); i++) {
                _cleanup_(freep) char *full = NULL;

                snprintf(ret, 256, "%s/%s", directories[i], unit);
                full = takeover_path(t, ret);
                if (full && access(full, F_OK) == 0)
                        return true;
        }
        return false;
}

bool takeover_unit_exists(const Takeover *t, const char *unit)
{
        char path[256];

        return takeover_find_unit(t, unit, path);
}

Step *takeover_add(Takeover *t, StepKind kind, const char *path, const char *text)
{
        _cleanup_(freep) char *full = path ? takeover_path(t, path) : NULL;
        Step *s = &t->steps[t->n];
        struct stat st;

        must(t->n < STEPS_MAX);
        *s = (Step) { .kind = kind, .path = path ? strdup(path) : NULL, .text = text ? strdup(text) : NULL };
        t->n++;
        if ((path && (!s->path || !full)) || (text && !s->text))
                return NULL;
        s->existed = full && lstat(full, &st) == 0;
        return s;
}

Step *takeover_add_unit(Takeover *t, StepKind kind, const char *unit, const char *path)
{
        Step *s = takeover_add(t, kind, path, kind == STEP_MASK ? "/dev/null" : NULL);

        if (!s || !(s->unit = strdup(unit)))
                return NULL;
        s->active = takeover_unit_is("is-active", unit);
        s->enabled = kind == STEP_ENABLE && takeover_unit_is("is-enabled", unit);
        return s;
}

static bool takeover_report(const char *what, const char *object, int r)
{
        if (r > 0)
                ctl_fail("Failed to %s %s: \"systemctl %s\" failed; \"systemctl status %s\" may show why.", what,
                         object, what, object);
        else if (r < 0)
                ctl_fail("Failed to %s %s: %s", what, object, strerror(-r));
        return r == 0;
}

static int takeover_reload_manager(void)
{
        return takeover_systemctl((const char *[]) { "daemon-reload", NULL });
}

static int takeover_unit(const char *verb, const char *unit)
{
        return takeover_systemctl((const char *[]) { verb, unit, NULL });
}

/* A service that is not running reads its configuration when it starts. */
static bool takeover_reload(const char *unit)
{
        return !takeover_unit_is("is-active", unit) || takeover_report("reload", unit, takeover_unit("reload", unit));
}

/* The daemon adds the search domains of links to the stub file. */
static bool takeover_is_stub_file(const char *path, const char *text)
{
        _cleanup_(freep) char *found = takeover_file_read(path), *is = NULL, *should = resolv_conf_without_search(text);

        is = found ? resolv_conf_without_search(found) : NULL;
        return is && should && strcmp(is, should) == 0;
}

bool takeover_in_effect(const Takeover *t, const Step *s)
{
        _cleanup_(freep) char *path = takeover_path(t, s->path ? s->path : "");

        switch (s->kind) {
        case STEP_DIRECTORY:
                return path && access(path, F_OK) == 0;
        case STEP_LINK:
                return path && takeover_file_is_link(path, s->text);
        case STEP_FILE:
        case STEP_DROPIN:
                return path && takeover_file_contains(path, s->text);
        case STEP_VOLATILE:
                return path && takeover_is_stub_file(path, s->text);
        case STEP_MASK:
                return path && takeover_file_is_link(path, s->text) && !takeover_unit_is("is-active", s->unit);
        case STEP_ENABLE:
                return takeover_unit_is("is-enabled", s->unit) && takeover_unit_is("is-active", s->unit);
        default:
                return false;
        }
}

bool takeover_apply(Takeover *t, const Step *s)
{
        _cleanup_(freep) char *path = takeover_path(t, s->path ? s->path : "");
        int r;

        if (!path)
                return takeover_report("write", s->path, -ENOMEM);
        switch (s->kind) {
        case STEP_DIRECTORY:
                return takeover_report("create", s->path, mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0);
        case STEP_LINK:
                return takeover_report("write", s->path, takeover_file_replace(path, s->text, true));
        case STEP_FILE:
                return takeover_report("write", s->path, takeover_file_replace(path, s->text, false));
        case STEP_VOLATILE:
                return takeover_report("write", s->path, takeover_file_write_over(path, s->text));
        case STEP_MASK:
                r = takeover_file_replace(path, s->text, true);
                if (r < 0)
                        return takeover_report("mask", s->unit, r);
                r = takeover_reload_manager();
                return takeover_report("daemon-reload", "", r) &&
                       takeover_report("stop", s->unit, takeover_unit("stop", s->unit));
        case STEP_ENABLE:
                return takeover_report("enable", s->unit, takeover_unit("enable", s->unit)) &&
                       takeover_report("start", s->unit, takeover_unit("start", s->unit));
        case STEP_DROPIN:
                return takeover_report("write", s->path, takeover_file_replace(path, s->text, false)) &&
                       takeover_reload(s->unit);
        default:
                return false;
        }
}

/* What was written for this step goes, what was there before it comes back. */
static bool takeover_revert_file(const Step *s, const char *path)
{
        bool is_link = s->kind == STEP_LINK || s->kind == STEP_MASK;
        /* A reboot removes what was kept below /run. Whoever wrote it does so again. */
        bool is_lost = is_link && s->path && strncmp(s->path, "/run/", 5) == 0 && takeover_file_is_link(path, s->text);
        int r = takeover_file_restore(path, s->text, is_link, s->existed && !is_lost);

        if (r == TAKEOVER_FILE_FOREIGN) {
                ctl_fail("%s was changed by another program and is left as it is.%s", s->path,
                         s->existed ? " What it was before is in the file of that name with \"" TAKEOVER_KEPT "\"."
                                    : "");
                return true;
        }
        return takeover_report("restore", s->path, r);
}

static bool takeover_revert_volatile(const Takeover *t, const Step *s, const char *path)
{
        _cleanup_(freep) char *original = takeover_path(t, s->original ? s->original : ""), *text = NULL;

        /* After a reboot it may be missing. */
        if (!original || !(text = takeover_file_read(original)) || access(path, F_OK) < 0)
                return true;
        return takeover_report("restore", s->path, takeover_file_write_over(path, text));
}

/* Its package may have been removed meanwhile. That must not keep dohmouse from being removed as well. */
static bool takeover_start_again(const Takeover *t, const Step *s)
{
        if (takeover_unit_exists(t, s->unit))
                return takeover_report("start", s->unit, takeover_unit("start", s->unit));
        ctl_fail("%s is no longer installed and cannot be started again. If " RESOLV_CONF
                 " names no other resolver, write \"nameserver ADDRESS\" to it.",
                 s->unit);
        return true;
}

static bool takeover_revert_step(const Takeover *t, const Step *s)
{
        _cleanup_(freep) char *path = takeover_path(t, s->path ? s->path : "");
        bool good;

        if (!path)
                return takeover_report("restore", s->path, -ENOMEM);
        switch (s->kind) {
        case STEP_DIRECTORY:
                /* Others may have put something into it. */
                return s->existed || rmdir(path) == 0 || errno == ENOENT || errno == ENOTEMPTY ||
                       takeover_report("remove", s->path, -errno);
        case STEP_LINK:
        case STEP_FILE:
                return takeover_revert_file(s, path);
        case STEP_VOLATILE:
                return takeover_revert_volatile(t, s, path);
        case STEP_MASK:
                good = takeover_revert_file(s, path) && takeover_report("daemon-reload", "", takeover_reload_manager());
                return good && (!s->active || takeover_start_again(t, s));
        case STEP_ENABLE:
                good = s->enabled || takeover_report("disable", s->unit, takeover_unit("disable", s->unit));
                if (s->active)
                        return good;
                return takeover_report(
                               "stop", s->unit,
                               takeover_systemctl((const char *[]) { "stop", s->unit, "dohmouse.service", NULL })) &&
                       good;
        case STEP_DROPIN:
                return takeover_revert_file(s, path) && takeover_reload(s->unit);
        default:
                return false;
        }
}

bool takeover_revert(Takeover *t)
{
        bool good = true;

        for (size_t i = t->n; i-- > 0;)
                good = takeover_revert_step(t, &t->steps[i]) && good;
        return good && takeover_remove_list(t);
}

void takeover_describe(const Step *s, FILE *f)
{
        static const char *const words[_STEP_MAX] = {
                [STEP_DIRECTORY] = "Create", [STEP_LINK] = "Link",          [STEP_FILE] = "Write",
                [STEP_VOLATILE] = "Write",   [STEP_MASK] = "Stop and mask", [STEP_ENABLE] = "Enable and start",
                [STEP_DROPIN] = "Write",
        };

        fprintf(f, "%s %s", words[s->kind], s->kind == STEP_MASK || s->kind == STEP_ENABLE ? s->unit : s->path);
        if (s->kind == STEP_LINK)
                fprintf(f, " -> %s", s->text);
        if (s->kind == STEP_DROPIN)
                fprintf(f, " and reload %s", s->unit);
        if (s->existed && (s->kind == STEP_LINK || s->kind == STEP_FILE || s->kind == STEP_DROPIN))
                fputs(" (the previous one is kept)", f);
        fputc('\n', f);
}
