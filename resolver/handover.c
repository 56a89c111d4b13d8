/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/journal.h"
#include "report.h"
#include "service.h"

#define CHUNK ((size_t) 256 << 10)    /* octets a system call */
#define TRIM_AFTER ((size_t) 8 << 20) /* octets, after which the memory of what was moved is given back */
#define FILE_NAME "cache"
_Static_assert(CHUNK >= CACHE_IMAGE_RECORD_MAX, "each answer fits");

static void handover_closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

/* Writes the path of a file in StateDirectory=; false if there is none. */
static bool handover_path(const char *name, char ret[static PATH_MAX])
{
        const char *directory = getenv("STATE_DIRECTORY");
        int n = directory ? snprintf(ret, PATH_MAX, "%.*s/%s", (int) strcspn(directory, ":"), directory, name) : -1;

        return n > 0 && n < PATH_MAX;
}

static int handover_write(int fd, const uint8_t *p, size_t n)
{
        while (n > 0) {
                ssize_t written = write(fd, p, n);

                if (written < 0 && errno != EINTR)
                        return -errno;
                if (written > 0) {
                        p += written;
                        n -= (size_t) written;
                }
        }
        return 0;
}

/* --- saving */

/*
 * The cache and its image together would need almost twice the memory, which MemoryMax= may not allow: what has been
 * moved is given back now and then. Returns 0, or negative errno.
 */
static int handover_move(Engine *e, int fd, uint8_t *chunk)
{
        uint64_t now = clock_now();
        size_t n = CACHE_IMAGE_HEADER_SIZE, untrimmed = 0;

        engine_save_cache_header(e, chunk, clock_usec(CLOCK_REALTIME), now);
        do {
                int r = handover_write(fd, chunk, n);

                if (r < 0)
                        return r;
                untrimmed += n;
                if (untrimmed >= TRIM_AFTER) {
                        malloc_trim(0);
                        untrimmed = 0;
                }
                n = engine_save_cache(e, chunk, CHUNK, now);
        } while (n > 0);
        return 0;
}

static int handover_copy(int from, int to, uint8_t *chunk)
{
        off_t at = 0;
        ssize_t n;

        while ((n = pread(from, chunk, CHUNK, at)) > 0) {
                int r = handover_write(to, chunk, (size_t) n);

                if (r < 0)
                        return r;
                at += n;
        }
        return n < 0 ? -errno : 0;
}

/* A file that is cut off by a crash of the machine is found damaged, so nothing waits for the disk. */
static int handover_save_file(int image, const char *path, uint8_t *chunk)
{
        char temporary[PATH_MAX];
        int fd, r;

        if (!handover_path(FILE_NAME ".new", temporary))
                return -ENAMETOOLONG;
        unlink(temporary);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = handover_copy(image, fd, chunk);
        if (close(fd) < 0 && r >= 0)
                r = -errno;
        if (r >= 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0)
                unlink(temporary);
        return r;
}

static void handover_report_unsaved(const char *where, int error)
{
        journal_fields(LOG_WARNING, MESSAGE_CACHE, NULL, "Failed to save the cache %s: %s", where, strerror(-error));
}

void handover_save(Engine *e)
{
        _cleanup_(freep) uint8_t *chunk = NULL;
        _cleanup_(handover_closep) int fd = -1;
        char path[PATH_MAX];
        bool persist = engine_config(e)->persist && handover_path(FILE_NAME, path);
        int r;

        if (!engine_config(e)->cache || (!persist && !getenv("NOTIFY_SOCKET")))
                return;
        chunk = malloc(CHUNK);
        fd = memfd_create(HANDOVER_FD_NAME, MFD_CLOEXEC);
        r = fd < 0 ? -errno : chunk ? handover_move(e, fd, chunk) : -ENOMEM;
        if (r < 0) {
                handover_report_unsaved("in memory", r);
                return;
        }
        r = service_store(HANDOVER_FD_NAME, fd);
        if (r < 0 && r != -ENOTCONN)
                handover_report_unsaved("with the service manager", r);
        r = persist ? handover_save_file(fd, path, chunk) : 0;
        if (r < 0)
                handover_report_unsaved(path, r);
}

/* --- loading */

static const char *const handover_reasons[] = {
        [CACHE_IMAGE_DAMAGED] = "it is damaged",
        [CACHE_IMAGE_VERSION_UNKNOWN] = "it is of another version of dohmouse",
        [CACHE_IMAGE_OTHER_SERVERS] = "upstreams or forward zones have changed",
        [CACHE_IMAGE_OTHER_CLOCK] = "the clock was set back",
};

static void handover_report(const char *from, CacheImageStatus status, uint64_t answers)
{
        char count[64], source[64];
        const char *fields[] = { count, source, NULL };

        snprintf(count, sizeof(count), "DOHMOUSE_ANSWERS=%llu", (unsigned long long) answers);
        snprintf(source, sizeof(source), "DOHMOUSE_SOURCE=%s", from);
        if (status == CACHE_IMAGE_OK)
                journal_fields(LOG_INFO, MESSAGE_CACHE, fields, "Cache has %llu answers from before the %s.",
                               (unsigned long long) answers, from);
        else if (answers)
                journal_fields(LOG_WARNING, MESSAGE_CACHE, fields,
                               "Cache has %llu answers from before the %s, and not the others: %s.",
                               (unsigned long long) answers, from, handover_reasons[status]);
        else
                journal_fields(status == CACHE_IMAGE_DAMAGED ? LOG_WARNING : LOG_INFO, MESSAGE_CACHE, fields,
                               "Cache has no answers from before the %s: %s.", from, handover_reasons[status]);
}

/* Returns what ended it. With `same_boot`, the image is in memory, which is given back as the cache takes it over. */
static CacheImageStatus handover_load_image(Engine *e, int fd, bool same_boot)
{
        _cleanup_(freep) uint8_t *chunk = malloc(CHUNK);
        uint64_t elapsed, now = clock_now();
        off_t at = CACHE_IMAGE_HEADER_SIZE;
        CacheImageStatus status;
        ssize_t n;

        n = chunk ? pread(fd, chunk, CACHE_IMAGE_HEADER_SIZE, 0) : -1;
        status = engine_load_cache_header(e, BYTES(chunk, n < 0 ? 0 : (size_t) n), same_boot, &elapsed,
                                          clock_usec(CLOCK_REALTIME), now);
        if (status != CACHE_IMAGE_OK)
                return status;
        while ((n = pread(fd, chunk, CHUNK, at)) > 0) {
                size_t used = engine_load_cache(e, BYTES(chunk, (size_t) n), elapsed, now);

                if (used == 0 || used == SIZE_MAX)
                        return CACHE_IMAGE_DAMAGED;
                at += (off_t) used;
                if (same_boot)
                        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, at);
        }
        return n < 0 ? CACHE_IMAGE_DAMAGED : CACHE_IMAGE_OK;
}

static void handover_take(Engine *e, int fd, bool same_boot)
{
        CacheImageStatus status = handover_load_image(e, fd, same_boot);
        EngineStats stats;

        engine_end_load_cache(e);
        engine_stats(e, &stats);
        handover_report(same_boot ? "restart" : "boot", status, stats.cache.entries);
}

/* Does the wall clock continue while the machine is off? Without a real-time clock, it continues where it was stopped,
 * and the age of the file is unknown. In a container, it is the clock of the host. */
static bool handover_trusts_clock(void)
{
        glob_t found = { 0 };
        bool rtc = glob("/sys/class/rtc/rtc*", 0, NULL, &found) == 0;

        globfree(&found);
        return rtc || access("/run/systemd/container", F_OK) == 0;
}

void handover_load(Engine *e, int fd)
{
        _cleanup_(handover_closep) int image = fd, file = -1;
        const Config *c = engine_config(e);
        char path[PATH_MAX];

        if (handover_path(FILE_NAME, path)) {
                file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
                unlink(path);
        }
        if (image >= 0)
                service_unstore(HANDOVER_FD_NAME);
        if (!c->cache)
                return;
        if (image >= 0)
                handover_take(e, image, true);
        else if (file >= 0 && c->persist && handover_trusts_clock())
                handover_take(e, file, false);
}

/* --- queries */

/* Only a service manager keeps them. It is told of new memory once, and keeps it until the service stops. */
Unanswered *handover_keep_queries(int fd)
{
        Unanswered *queries = getenv("NOTIFY_SOCKET") ? unanswered_new(fd) : NULL;

        if (!queries || !unanswered_is_new(queries))
                return queries;
        if (fd >= 0)
                service_unstore(HANDOVER_QUERIES_FD_NAME);
        return service_store(HANDOVER_QUERIES_FD_NAME, unanswered_fd(queries)) < 0 ? unanswered_free(queries) : queries;
}

/* These queries are not kept again: one of them may be the reason. */
void handover_take_queries(Engine *e, Unanswered *queries, const Listeners *listeners)
{
        unsigned n = 0;
        UnansweredQuery q;
        Listener *l;

        while (queries && unanswered_take(queries, &q)) {
                if (!(l = listeners_find_udp(listeners, &q.listener)))
                        continue;
                q.client.listener = listener_number(l);
                q.client.udp.mark = 0;
                engine_query(e, &q.client, TRANSPORT_UDP, BYTES(q.message, q.n), clock_now());
                n++;
        }
        if (n)
                report_queries_taken(n);
}
