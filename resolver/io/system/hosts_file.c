/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/hosts_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/system/file_watch.h"
#include "io/journal.h"

#define HOSTNAME_FILE "/etc/hostname"
#define HOSTNAME_MAX 254 /* bytes, with a NUL */
#define OWN_TEXT_MAX 65536

struct HostsSource {
        uv_loop_t *loop;
        uint8_t key[16];
        char kernel_name[HOSTNAME_MAX];
        char *path;    /* of the hosts file; NULL: none */
        bool with_own; /* Hostname= */
        FileWatch *file_watch, *hostname_watch;
        Hosts *file, *own;
        HostsChanged changed;
        void *userdata;
};

/* --- files */

/* Opens a regular file of at most `max` bytes. Negative errno: -EBADF if it is not regular, -EFBIG if it is too large.
 */
static int hosts_file_open(const char *path, size_t max, size_t *ret_size)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r = 0;
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                r = -errno;
        else if (!S_ISREG(st.st_mode))
                r = -EBADF;
        else if ((uint64_t) st.st_size > max)
                r = -EFBIG;
        if (r < 0) {
                close(fd);
                return r;
        }
        *ret_size = (size_t) st.st_size;
        return fd;
}

int hosts_file_check(const char *path)
{
        size_t size;
        int fd = hosts_file_open(path, HOSTS_TEXT_MAX, &size);

        if (fd < 0)
                return fd;
        close(fd);
        return 0;
}

/* Reads such a file; one that does not exist is empty. The caller frees the text. Negative errno. */
static int hosts_file_read_file(const char *path, size_t max, char **ret, size_t *ret_n)
{
        _cleanup_(freep) char *text = NULL;
        size_t n = 0, size = 0;
        int fd = hosts_file_open(path, max, &size), r = 0;
        ssize_t got = 0;

        if (fd < 0 && fd != -ENOENT)
                return fd;
        text = malloc(size + 1);
        if (!text)
                r = -ENOMEM;
        /* The watch reports what is added meanwhile. */
        while (r == 0 && n < size && (got = read(fd, text + n, size - n)) != 0)
                if (got > 0)
                        n += (size_t) got;
                else if (errno != EINTR)
                        r = -errno;
        if (fd >= 0)
                close(fd);
        if (r < 0)
                return r;
        text[n] = 0;
        *ret = take_pointer(text);
        *ret_n = n;
        return 0;
}

/* `more`: another field; NULL: none. */
static void hosts_file_say(const char *path, size_t line, const char *more, int level, const char *what)
{
        char file[300], number[40];
        const char *fields[] = { file, number, more, NULL };

        snprintf(file, sizeof(file), "DOHMOUSE_CONFIG_FILE=%s", path);
        snprintf(number, sizeof(number), "DOHMOUSE_CONFIG_LINE=%zu", line);
        journal_fields(level, MESSAGE_CONFIG, fields, "%s: %s", path, what);
}

const char *hosts_file_error(int error)
{
        return error == EBADF ? "not a regular file" : error == EFBIG ? "larger than 32M" : strerror(error);
}

/* Reads the table of the hosts file. If that fails, the previous one stays in use. */
static void hosts_file_read_hosts(HostsSource *s)
{
        _cleanup_(freep) char *text = NULL;
        char what[160], field[48];
        HostsReport report = { 0 };
        size_t n = 0;
        Hosts *h = NULL;
        int r;

        if (!s->path) {
                s->file = hosts_unref(s->file);
                return;
        }
        r = hosts_file_read_file(s->path, HOSTS_TEXT_MAX, &text, &n);
        if (r == 0 && !(h = hosts_new(BYTES(text, n), s->key, &report)))
                r = -ENOMEM;
        if (r < 0) {
                snprintf(what, sizeof(what), "failed to read, what was read before stays in use: %s",
                         hosts_file_error(-r));
                snprintf(field, sizeof(field), "ERRNO=%d", -r);
                hosts_file_say(s->path, 0, field, LOG_WARNING, what);
                return;
        }
        hosts_unref(s->file);
        s->file = h;
        if (report.bad_lines) {
                snprintf(what, sizeof(what),
                         "ignoring what is not an address or a name in %zu line%s, the first is line %zu",
                         report.bad_lines, report.bad_lines == 1 ? "" : "s", report.first_bad);
                snprintf(field, sizeof(field), "DOHMOUSE_COUNT=%zu", report.bad_lines);
                hosts_file_say(s->path, report.first_bad, field, LOG_WARNING, what);
        }
        if (report.too_many)
                hosts_file_say(s->path, 0, NULL, LOG_WARNING,
                               "too many names or addresses, ignoring some; see dohmouse.conf(5) for the limits");
        journal_log(LOG_DEBUG, "%s has %zu names.", s->path, report.names);
}

/* --- the name and addresses of this machine, in the format of a hosts file */

/* The first word outside of comments. */
static void hosts_file_first_word(const char *text, char ret[HOSTNAME_MAX])
{
        size_t n = 0;

        while (*(text += strspn(text, " \t\r\n")) == '#')
                text += strcspn(text, "\n");
        n = strcspn(text, " \t\r\n#");
        n = n < HOSTNAME_MAX ? n : 0;
        memcpy(ret, text, n);
        ret[n] = 0;
}

/* Adds a name, also without its domain. localhost has a meaning of its own. */
static void hosts_file_add_name(char *names, size_t size, const char *name)
{
        size_t label = strcspn(name, "."), n = strlen(names);

        if (label == 0 || strcasecmp(name, "localhost") == 0 || strncasecmp(name, "localhost.", 10) == 0)
                return;
        snprintf(names + n, size - n, " %s %.*s", name, (int) label, name);
}

/* Neither loopback, link-local nor unspecified. */
static bool hosts_file_is_reachable(const struct sockaddr *a)
{
        if (a->sa_family == AF_INET) {
                uint32_t v4 = ntohl(((const struct sockaddr_in *) (const void *) a)->sin_addr.s_addr);

                return v4 >> 24 != 127 && v4 >> 24 != 0 && v4 >> 16 != (169 << 8 | 254);
        }
        if (a->sa_family == AF_INET6) {
                const struct in6_addr *v6 = &((const struct sockaddr_in6 *) (const void *) a)->sin6_addr;

                return !IN6_IS_ADDR_LOOPBACK(v6) && !IN6_IS_ADDR_LINKLOCAL(v6) && !IN6_IS_ADDR_UNSPECIFIED(v6);
        }
        return false;
}

static void hosts_file_add_line(char *text, size_t *n, const char *address, const char *names)
{
        int size = snprintf(text + *n, OWN_TEXT_MAX - *n, "%s%s\n", address, names);

        if (size > 0 && *n + (size_t) size < OWN_TEXT_MAX)
                *n += (size_t) size;
}

static size_t hosts_file_add_addresses(char *text, const char *names)
{
        struct ifaddrs *list = NULL;
        char address[INET6_ADDRSTRLEN];
        size_t n = 0;

        if (getifaddrs(&list) < 0)
                list = NULL;
        for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
                const struct sockaddr *a = i->ifa_addr;

                if (!a || !hosts_file_is_reachable(a))
                        continue;
                if (inet_ntop(a->sa_family,
                              a->sa_family == AF_INET
                                      ? (const void *) &((const struct sockaddr_in *) (const void *) a)->sin_addr
                                      : (const void *) &((const struct sockaddr_in6 *) (const void *) a)->sin6_addr,
                              address, sizeof(address)))
                        hosts_file_add_line(text, &n, address, names);
        }
        if (list)
                freeifaddrs(list);
        /* Like nss-myhostname: the machine's name always resolves. */
        if (n == 0) {
                hosts_file_add_line(text, &n, "127.0.0.2", names);
                hosts_file_add_line(text, &n, "::1", names);
        }
        return n;
}

static void hosts_file_read_own(HostsSource *s)
{
        _cleanup_(freep) char *file = NULL, *text = NULL;
        char names[4 * HOSTNAME_MAX + 8] = "", name[HOSTNAME_MAX] = "";
        HostsReport report = { 0 };
        size_t n = 0;

        s->own = hosts_unref(s->own);
        if (!s->with_own)
                return;
        /* If they differ, the name that hostnamectl wrote is newer than the kernel's. */
        if (hosts_file_read_file(HOSTNAME_FILE, 4096, &file, &n) == 0)
                hosts_file_first_word(file, name);
        hosts_file_add_name(names, sizeof(names), name);
        hosts_file_add_name(names, sizeof(names), s->kernel_name);
        text = malloc(OWN_TEXT_MAX);
        if (!*names || !text)
                return;
        n = hosts_file_add_addresses(text, names);
        s->own = hosts_new(BYTES(text, n), s->key, &report);
}

/* --- life */

static void hosts_file_on_hosts(void *userdata)
{
        HostsSource *s = userdata;

        hosts_file_read_hosts(s);
        s->changed(s->userdata, s->file, s->own);
}

void hosts_source_addresses_changed(HostsSource *s)
{
        hosts_file_read_own(s);
        s->changed(s->userdata, s->file, s->own);
}

static void hosts_file_on_hostname(void *userdata)
{
        hosts_source_addresses_changed(userdata);
}

static void hosts_file_watch(HostsSource *s, FileWatch **w, const char *path, FileChanged changed)
{
        char what[160], field[48];
        int r;

        *w = file_watch_free(*w);
        if (!path)
                return;
        r = file_watch_new(s->loop, path, changed, s, w);
        if (r >= 0)
                return;
        snprintf(what, sizeof(what), "failed to watch, changes take effect at the next reload: %s", strerror(-r));
        snprintf(field, sizeof(field), "ERRNO=%d", -r);
        hosts_file_say(path, 0, field, LOG_NOTICE, what);
}

void hosts_source_reload(HostsSource *s, const Config *config)
{
        const LocalConfig *c = &config->local;
        char *path = c->hosts_file && *c->hosts_file ? strdup(c->hosts_file) : NULL;

        /* What was read from another file must not stay in use. */
        if (!path || !s->path || strcmp(path, s->path) != 0)
                s->file = hosts_unref(s->file);
        free(s->path);
        s->path = path;
        s->with_own = c->hostname;
        hosts_file_watch(s, &s->file_watch, s->path, hosts_file_on_hosts);
        hosts_file_watch(s, &s->hostname_watch, s->with_own ? HOSTNAME_FILE : NULL, hosts_file_on_hostname);
        hosts_file_read_hosts(s);
        hosts_file_read_own(s);
        s->changed(s->userdata, s->file, s->own);
}

HostsSource *hosts_source_new(uv_loop_t *loop, const Config *config, const uint8_t key[16], HostsChanged changed,
                              void *userdata)
{
        HostsSource *s = calloc(1, sizeof(*s));
        char name[HOSTNAME_MAX];

        if (!s)
                return NULL;
        s->loop = loop;
        memcpy(s->key, key, sizeof(s->key));
        s->changed = changed;
        s->userdata = userdata;
        if (gethostname(name, sizeof(name)) == 0)
                hosts_file_first_word(name, s->kernel_name);
        hosts_source_reload(s, config);
        return s;
}

HostsSource *hosts_source_free(HostsSource *s)
{
        if (!s)
                return NULL;
        file_watch_free(s->file_watch);
        file_watch_free(s->hostname_watch);
        hosts_unref(s->file);
        hosts_unref(s->own);
        free(s->path);
        free(s);
        return NULL;
}
