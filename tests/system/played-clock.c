/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plays a wall clock that can be set, for the programs that preload it (LD_PRELOAD=) and share the file
 * /run/played-clock: there is none in a container, and that of this machine is not ours to set. The file contains the
 * difference to the real one in nanoseconds. Setting the clock changes it, and cancels the timers of all of these
 * programs that are to be told (TFD_TIMER_CANCEL_ON_SET), as the kernel does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME "/run/played-clock"
#define SECOND INT64_C(1000000000)
#define WATCHES 16

static int watches[WATCHES]; /* descriptors of inotify in place of timers; 0: none */

static int64_t difference(void)
{
        int fd = open(FILE_NAME, O_RDONLY | O_CLOEXEC), error = errno;
        int64_t d = 0;

        if (fd >= 0) {
                if (read(fd, &d, sizeof(d)) != sizeof(d))
                        d = 0;
                close(fd);
        }
        errno = error;
        return d;
}

static int change(int64_t by)
{
        int64_t d = difference() + by;
        int fd = open(FILE_NAME, O_WRONLY | O_CLOEXEC), r;

        if (fd < 0)
                return -1;
        r = pwrite(fd, &d, sizeof(d), 0) == sizeof(d) ? 0 : -1;
        close(fd);
        return r;
}

static int real_clock_gettime(clockid_t clock, struct timespec *ret)
{
        static int (*real)(clockid_t, struct timespec *);

        if (!real)
                *(void **) &real = dlsym(RTLD_NEXT, "clock_gettime");
        return real(clock, ret);
}

static int64_t played_now(void)
{
        struct timespec ts;

        real_clock_gettime(CLOCK_REALTIME, &ts);
        return ts.tv_sec * SECOND + ts.tv_nsec + difference();
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
        int64_t now;

        if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
                return real_clock_gettime(clock, ret);
        now = played_now();
        *ret = (struct timespec) { .tv_sec = now / SECOND, .tv_nsec = now % SECOND };
        return 0;
}

time_t time(time_t *ret)
{
        time_t t = played_now() / SECOND;

        if (ret)
                *ret = t;
        return t;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
        int64_t now = played_now();

        (void) zone;
        *ret = (struct timeval) { .tv_sec = now / SECOND, .tv_usec = now % SECOND / 1000 };
        return 0;
}

int clock_settime(clockid_t clock, const struct timespec *t)
{
        if (clock != CLOCK_REALTIME) {
                errno = EINVAL;
                return -1;
        }
        return change(t->tv_sec * SECOND + t->tv_nsec - played_now());
}

/* NTP steps the clock with ADJ_SETOFFSET. What else it adjusts is of no interest here. */
int clock_adjtime(clockid_t clock, struct timex *t)
{
        (void) clock;
        if ((t->modes & ADJ_SETOFFSET) &&
            change(t->time.tv_sec * SECOND + t->time.tv_usec * (t->modes & ADJ_NANO ? 1 : 1000)) < 0)
                return -1;
        return TIME_OK;
}

int adjtimex(struct timex *t)
{
        return clock_adjtime(CLOCK_REALTIME, t);
}

/* The time at which a packet arrived, which the kernel adds to it, is of the same clock. */
ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
        static ssize_t (*real)(int, struct msghdr *, int);
        ssize_t n;

        if (!real)
                *(void **) &real = dlsym(RTLD_NEXT, "recvmsg");
        n = real(fd, m, flags);
        for (struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(m) : NULL; c; c = CMSG_NXTHDR(m, c)) {
                struct timespec ts;
                int64_t t;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
                        continue;
                memcpy(&ts, CMSG_DATA(c), sizeof(ts));
                t = ts.tv_sec * SECOND + ts.tv_nsec + difference();
                ts = (struct timespec) { .tv_sec = t / SECOND, .tv_nsec = t % SECOND };
                memcpy(CMSG_DATA(c), &ts, sizeof(ts));
        }
        return n;
}

static int *watch_of(int fd)
{
        for (int i = 0; i < WATCHES; i++)
                if (watches[i] == fd)
                        return &watches[i];
        return NULL;
}

/* A timer of the wall clock that is cancelled when the clock is set, and that runs out at no time that a test would
 * reach. */
int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
        static int (*real)(int, int, const struct itimerspec *, struct itimerspec *);
        int *place, watch;

        if (!real)
                *(void **) &real = dlsym(RTLD_NEXT, "timerfd_settime");
        if (!(flags & TFD_TIMER_CANCEL_ON_SET))
                return real(fd, flags, new, old);
        if (watch_of(fd))
                return 0;
        place = watch_of(0);
        watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (!place || watch < 0 || inotify_add_watch(watch, FILE_NAME, IN_MODIFY) < 0 || dup3(watch, fd, O_CLOEXEC) < 0)
                return -1;
        close(watch);
        *place = fd;
        return 0;
}

ssize_t read(int fd, void *buffer, size_t n)
{
        static ssize_t (*real)(int, void *, size_t);
        int *place = fd > 0 ? watch_of(fd) : NULL;
        char events[4096];

        if (!real)
                *(void **) &real = dlsym(RTLD_NEXT, "read");
        if (!place)
                return real(fd, buffer, n);
        if (real(fd, events, sizeof(events)) < 0)
                return -1;
        errno = ECANCELED;
        return -1;
}
