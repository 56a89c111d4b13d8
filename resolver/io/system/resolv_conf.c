/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/resolv_conf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/address.h"

#define STUB_ADDRESS "127.0.0.53"
#define SPACES " \t\r"
#define SERVERS_MAX 3 /* that the C library uses */

const char *resolv_conf_mode_name(ResolvConfMode mode)
{
        static const char *const names[] = {
                [RESOLV_CONF_MISSING] = "missing",
                [RESOLV_CONF_IS_STUB] = "stub",
                [RESOLV_CONF_IS_STATIC] = "static",
                [RESOLV_CONF_IS_FOREIGN] = "foreign",
        };

        return names[mode];
}

char *resolv_conf_read_text(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        char *text = malloc(RESOLV_CONF_MAX + 1);
        ssize_t n = -1;
        struct stat st;

        if (fd >= 0 && text && fstat(fd, &st) == 0) {
                if (!S_ISREG(st.st_mode))
                        errno = EINVAL;
                else
                        n = read(fd, text, RESOLV_CONF_MAX);
        }
        if (fd >= 0)
                close(fd);
        if (n < 0) {
                free(text);
                return NULL;
        }
        text[n] = 0;
        return text;
}

/* Returns the length of the line at `text`, with its end. */
static size_t resolv_conf_line(const char *text)
{
        const char *end = strchrnul(text, '\n');

        return (size_t) (end - text) + (*end == '\n');
}

static bool resolv_conf_is_search(const char *line)
{
        return strncmp(line, "search", 6) == 0 && strchr(SPACES "\n", line[6]);
}

char *resolv_conf_without_search(const char *text)
{
        char *copy = malloc(strlen(text) + 1);
        size_t n = 0;

        if (!copy)
                return NULL;
        for (size_t size; *text; text += size) {
                size = resolv_conf_line(text);
                if (resolv_conf_is_search(text))
                        continue;
                memcpy(copy + n, text, size);
                n += size;
        }
        copy[n] = 0;
        return copy;
}

char *resolv_conf_with_search(const char *text, const char *domains)
{
        _cleanup_(freep) char *base = resolv_conf_without_search(text);
        ResolvConf own = { 0 };
        bool kept;
        char *result;
        size_t n;

        if (!base)
                return NULL;
        resolv_conf_parse(text, &own);
        kept = *own.search && strcmp(own.search, ".") != 0;
        n = strlen(base);
        if (asprintf(&result, "%s%ssearch %s%s%s\n", base, n && base[n - 1] != '\n' ? "\n" : "", kept ? own.search : "",
                     kept && *domains ? " " : "", kept || *domains ? domains : ".") < 0)
                return NULL;
        return result;
}

/* Writes those of the addresses that somebody with a network of his own may reach. Returns how many. */
static unsigned resolv_conf_put_servers(FILE *f, const char *servers)
{
        _cleanup_(freep) char *words = strdup(servers);
        char text[INET6_ADDRSTRLEN], *at;
        Address put[SERVERS_MAX], *a;
        unsigned n = 0, i;

        for (char *w = words ? strtok_r(words, " ", &at) : NULL; w && n < SERVERS_MAX; w = strtok_r(NULL, " ", &at)) {
                a = &put[n];
                if (!address_from_text(w, 53, a) || a->port != 53 || address_is_loopback(a) ||
                    address_is_unspecified(a) || address_is_link_local(a))
                        continue;
                for (i = 0; i < n && !address_equal(&put[i], a); i++)
                        ;
                if (i < n)
                        continue;
                inet_ntop(a->v6 ? AF_INET6 : AF_INET, a->octets, text, sizeof(text));
                fprintf(f, "nameserver %s\n", text);
                n++;
        }
        return n;
}

char *resolv_conf_for_containers(const char *stub, const char *own, const char *network)
{
        ResolvConf rc = { 0 };
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        resolv_conf_parse(stub, &rc);
        fputs("# Written by dohmouse for containers, which cannot reach 127.0.0.53. Do not edit it; see dohmoused(8).\n",
              f);
        if (resolv_conf_put_servers(f, own) == 0) {
                fputs("# dohmouse listens on no address that they can reach, so these are the DNS servers of the network, if "
                      "it names any.\n# They are queried without encryption.\n",
                      f);
                resolv_conf_put_servers(f, network);
        }
        if (*rc.options)
                fprintf(f, "options %s\n", rc.options);
        if (*rc.search && strcmp(rc.search, ".") != 0)
                fprintf(f, "search %s\n", rc.search);
        if (fclose(f) == 0)
                return text;
        free(text);
        return NULL;
}

/* Programs that write this file identify themselves in its first lines, each in its own way. */
static void resolv_conf_note_writer(const char *comment, ResolvConf *rc)
{
        static const char *const programs[] = { "NetworkManager", "systemd-resolved", "resolvconf", "dhclient",
                                                "dhcpcd",         "connman",          "tailscale",  "netbird",
                                                "mullvad",        "openvpn",          "wg-quick",   "pppd",
                                                "vpnc",           "Docker",           "udhcpc" };

        for (size_t i = 0; i < ELEMENTS(programs) && !*rc->writer; i++)
                if (strcasestr(comment, programs[i]))
                        snprintf(rc->writer, sizeof(rc->writer), "%s", programs[i]);
}

static void resolv_conf_append(char *to, size_t size, const char *words)
{
        size_t n = strlen(to);

        if (n + 1 + strlen(words) < size)
                snprintf(to + n, size - n, "%s%s", n ? " " : "", words);
}

void resolv_conf_parse(const char *text, ResolvConf *ret)
{
        unsigned servers = 0, others = 0;
        bool head = true;

        *ret->search = *ret->options = *ret->writer = 0;
        for (const char *next; *text; text = *next ? next + 1 : next) {
                char line[1024], *word, *value, *end;

                next = strchrnul(text, '\n');
                if ((size_t) (next - text) >= sizeof(line))
                        continue;
                memcpy(line, text, (size_t) (next - text));
                line[next - text] = 0;
                word = line + strspn(line, SPACES);
                if (*word == '#' || *word == ';') {
                        if (head)
                                resolv_conf_note_writer(word, ret);
                        continue;
                }
                if (!*word)
                        continue;
                head = false;
                value = word + strcspn(word, SPACES);
                value += strspn(value, SPACES);
                for (end = value + strlen(value); end > value && strchr(SPACES, end[-1]); end--)
                        end[-1] = 0;
                word[strcspn(word, SPACES)] = 0;
                if (strcmp(word, "nameserver") == 0) {
                        servers++;
                        others += strcmp(value, STUB_ADDRESS) != 0;
                } else if (strcmp(word, "search") == 0 || strcmp(word, "domain") == 0) {
                        *ret->search = 0;
                        resolv_conf_append(ret->search, sizeof(ret->search), value);
                } else if (strcmp(word, "options") == 0)
                        resolv_conf_append(ret->options, sizeof(ret->options), value);
        }
        ret->mode = servers > 0 && others == 0 ? RESOLV_CONF_IS_STATIC : RESOLV_CONF_IS_FOREIGN;
}

static uint64_t resolv_conf_time(const struct stat *st)
{
        return (uint64_t) st->st_mtim.tv_sec * USEC_PER_SEC + (uint64_t) st->st_mtim.tv_nsec / 1000;
}

void resolv_conf_read(const char *path, ResolvConf *ret)
{
        _cleanup_(freep) char *text = NULL;
        struct stat link, file, stub;
        bool is_file;
        ssize_t n;

        *ret = (ResolvConf) { .mode = RESOLV_CONF_MISSING };
        if (lstat(path, &link) < 0)
                return;
        n = readlink(path, ret->target, sizeof(ret->target) - 1);
        ret->target[MAX(n, 0)] = 0;
        ret->changed = resolv_conf_time(&link);
        is_file = stat(path, &file) == 0;
        if (is_file)
                ret->changed = MAX(ret->changed, resolv_conf_time(&file));
        text = resolv_conf_read_text(path);
        if (!text)
                ret->mode = errno == ENOENT ? RESOLV_CONF_MISSING : RESOLV_CONF_IS_FOREIGN;
        else
                resolv_conf_parse(text, ret);
        if (ret->mode == RESOLV_CONF_IS_STATIC && *ret->target && is_file && stat(RESOLV_CONF_STUB, &stub) == 0 &&
            stub.st_dev == file.st_dev && stub.st_ino == file.st_ino)
                ret->mode = RESOLV_CONF_IS_STUB;
}
