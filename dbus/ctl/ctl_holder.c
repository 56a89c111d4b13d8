/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl_holder.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TCP_STATE_LISTEN 0x0a

/* Reads "0100007F:0035": the address as 32-bit words in the byte order of the CPU, and the port, in hexadecimal. */
static bool holder_parse_address(const char *text, Address *ret)
{
        size_t n = strcspn(text, ":");

        if ((n != 8 && n != 32) || text[n] != ':')
                return false;
        *ret = (Address) { .v6 = n == 32, .port = (uint16_t) strtoul(text + n + 1, NULL, 16) };
        for (size_t i = 0; i < n / 8; i++) {
                char digits[9] = "";
                uint32_t word;

                memcpy(digits, text + 8 * i, 8);
                word = (uint32_t) strtoul(digits, NULL, 16);
                memcpy(ret->octets + 4 * i, &word, sizeof(word));
        }
        return true;
}

static bool holder_receives(const Address *bound, const Address *address)
{
        return bound->port == address->port &&
               (address_same_host(bound, address) || (address_is_unspecified(bound) && (bound->v6 || !address->v6)));
}

/* A socket of one of the tables of /proc/net (proc_pid_net(5)); if `tcp`, only those that listen count. */
static bool holder_find_socket(const char *path, bool tcp, const Address *address, uid_t *ret_user,
                               unsigned long *ret_inode)
{
        FILE *f = fopen(path, "re");
        char line[512], local[48], state[8], user[16], inode[24];
        bool found = false;

        if (!f)
                return false;
        while (!found && fgets(line, sizeof(line), f)) {
                Address bound;

                found = sscanf(line, "%*s %47s %*s %7s %*s %*s %*s %15s %*s %23s", local, state, user, inode) == 4 &&
                        (!tcp || strtoul(state, NULL, 16) == TCP_STATE_LISTEN) && holder_parse_address(local, &bound) &&
                        holder_receives(&bound, address);
        }
        fclose(f);
        if (found) {
                *ret_user = (uid_t) strtoul(user, NULL, 10);
                *ret_inode = strtoul(inode, NULL, 10);
        }
        return found;
}

static bool holder_has_socket(long process, const char *socket)
{
        char path[64], link[sizeof(path) + 256], target[64];
        const struct dirent *entry;
        bool found = false;
        DIR *d;

        snprintf(path, sizeof(path), "/proc/%ld/fd", process);
        d = opendir(path);
        if (!d)
                return false;
        while (!found && (entry = readdir(d))) {
                ssize_t n;

                snprintf(link, sizeof(link), "%s/%s", path, entry->d_name);
                n = readlink(link, target, sizeof(target) - 1);

                target[MAX(n, 0)] = 0;
                found = strcmp(target, socket) == 0;
        }
        closedir(d);
        return found;
}

static void holder_read_name(Holder *h)
{
        char path[64];
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/comm", (int) h->process);
        f = fopen(path, "re");
        if (!f)
                return;
        if (fgets(h->name, sizeof(h->name), f))
                h->name[strcspn(h->name, "\n")] = 0;
        fclose(f);
}

/* A socket that a service manager passed to a service belongs to both; PID 1 comes first. */
static void holder_find_process(unsigned long inode, Holder *h)
{
        const struct dirent *entry;
        char socket[64];
        DIR *d = opendir("/proc");

        if (!d)
                return;
        snprintf(socket, sizeof(socket), "socket:[%lu]", inode);
        while (h->process == 0 && (entry = readdir(d))) {
                long process = strtol(entry->d_name, NULL, 10);

                if (process > 0 && holder_has_socket(process, socket))
                        h->process = (pid_t) process;
        }
        closedir(d);
        if (h->process > 0)
                holder_read_name(h);
}

bool holder_find(const Address *address, Holder *ret)
{
        static const struct {
                const char *path;
                bool tcp;
        } tables[] = { { "/proc/net/udp", false },
                       { "/proc/net/tcp", true },
                       { "/proc/net/udp6", false },
                       { "/proc/net/tcp6", true } };

        *ret = (Holder) { 0 };
        for (size_t i = 0; i < ELEMENTS(tables); i++) {
                unsigned long inode;

                if (holder_find_socket(tables[i].path, tables[i].tcp, address, &ret->user, &inode)) {
                        holder_find_process(inode, ret);
                        return true;
                }
        }
        return false;
}
