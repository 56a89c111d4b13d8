/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/network_files.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "core/base/address.h"
#include "core/dns/name.h"

#define WORDS_MAX 64 /* more servers than anyone has */
#define BLANKS " \t,;\n"
#define DEPTH_MAX 8 /* of files that include files */
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/* --- lists of words, without duplicates */

typedef struct WordList {
        char *words[WORDS_MAX];
        size_t n;
} WordList;

static void network_files_add(WordList *l, const char *word)
{
        for (size_t i = 0; i < l->n; i++)
                if (strcasecmp(l->words[i], word) == 0)
                        return;
        if (l->n < WORDS_MAX && (l->words[l->n] = strdup(word)))
                l->n++;
}

static void network_files_clear(WordList *l)
{
        while (l->n > 0)
                free(l->words[--l->n]);
}

/* Joins the words, and frees them. */
static char *network_files_join(WordList *l)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        for (size_t i = 0; f && i < l->n; i++)
                fprintf(f, "%s%s", i > 0 ? " " : "", l->words[i]);
        network_files_clear(l);
        if (f && fclose(f) == 0)
                return text;
        free(text);
        return NULL;
}

static void network_files_add_name(WordList *l, const char *word)
{
        uint8_t name[DNS_NAME_MAX];
        Address a;

        if (!address_from_text(word, 0, &a) && !word[strspn(word, NAME_CHARACTERS)] && name_from_text(word, name) > 1)
                network_files_add(l, word);
}

static void network_files_add_server(WordList *l, const char *word)
{
        Address a;

        if (address_from_text(word, 53, &a) && !address_is_loopback(&a) && !address_is_unspecified(&a) &&
            !address_is_multicast(&a) && (!address_is_link_local(&a) || a.interface[0]))
                network_files_add(l, word);
}

/* Cuts the next word off *text. Returns NULL after the last. */
static char *network_files_next_word(char **text)
{
        char *word = *text + strspn(*text, BLANKS), *end = word + strcspn(word, BLANKS);

        if (word == end)
                return NULL;
        *text = *end ? end + 1 : end;
        *end = 0;
        return word;
}

/* Adds each word of `text`, which is changed, or may be NULL. */
static void network_files_add_words(WordList *l, char *text, void (*add)(WordList *l, const char *word))
{
        char *word;

        while (text && (word = network_files_next_word(&text)))
                add(l, word);
}

/* --- files */

typedef struct Reader Reader;

struct Reader {
        const char *root;
        WordList *list;
        unsigned depth;
        void (*line)(Reader *r, char *line); /* with blanks at the beginning, and a newline */
};

static void network_files_read_file(Reader *r, const char *path)
{
        char *line = NULL;
        size_t size = 0;
        FILE *f;

        if (r->depth >= DEPTH_MAX)
                return;
        f = fopen(path, "re");
        if (!f)
                return;
        r->depth++;
        while (getline(&line, &size, f) > 0)
                r->line(r, line);
        r->depth--;
        free(line);
        fclose(f);
}

/* Reads all files that match. Returns true if there is any. */
static bool network_files_read(Reader *r, const char *pattern)
{
        char path[512];
        glob_t found;
        bool any;

        if (snprintf(path, sizeof(path), "%s%s", r->root ?: "", pattern) >= (int) sizeof(path) ||
            glob(path, 0, NULL, &found) != 0)
                return false;
        any = found.gl_pathc > 0;
        for (size_t i = 0; i < found.gl_pathc; i++)
                network_files_read_file(r, found.gl_pathv[i]);
        globfree(&found);
        return any;
}

/* Returns what follows `key` at the beginning of the line, or NULL. */
static char *network_files_after(char *line, const char *key)
{
        size_t n = strlen(key);

        line += strspn(line, " \t");
        return strncmp(line, key, n) == 0 ? line + n : NULL;
}

/* --- names of time servers */

static void network_files_on_timesyncd(Reader *r, char *line)
{
        network_files_add_words(r->list, network_files_after(line, "NTP=") ?: network_files_after(line, "FallbackNTP="),
                                network_files_add_name);
}

/* "Entries in this file show the compile time defaults." */
static void network_files_on_timesyncd_default(Reader *r, char *line)
{
        network_files_add_words(r->list, network_files_after(line, "#FallbackNTP="), network_files_add_name);
}

static void network_files_read_timesyncd(Reader *r)
{
        static const char *const patterns[] = {
                "/etc/systemd/timesyncd.conf",
                "/run/systemd/timesyncd.conf",
                "/usr/local/lib/systemd/timesyncd.conf",
                "/usr/lib/systemd/timesyncd.conf",
                "/etc/systemd/timesyncd.conf.d/*.conf",
                "/run/systemd/timesyncd.conf.d/*.conf",
                "/usr/local/lib/systemd/timesyncd.conf.d/*.conf",
                "/usr/lib/systemd/timesyncd.conf.d/*.conf",
                "/run/systemd/netif/links/*", /* NTP= of a link */
        };

        r->line = network_files_on_timesyncd;
        for (size_t i = 0; i < ELEMENTS(patterns); i++)
                network_files_read(r, patterns[i]);
        r->line = network_files_on_timesyncd_default;
        if (r->list->n == 0 && !network_files_read(r, "/etc/systemd/timesyncd.conf"))
                network_files_read(r, "/usr/lib/systemd/timesyncd.conf");
}

/* chrony, ntpd, NTPsec and OpenNTPD: "server NAME ...", "include FILE" and the like. */
static void network_files_on_ntp(Reader *r, char *line)
{
        static const char *const servers[] = { "server", "servers", "pool", "peer" };
        static const struct {
                const char *word, *suffix;
        } includes[] = {
                { "include", "" }, { "includefile", "" }, { "confdir", "/*.conf" }, { "sourcedir", "/*.sources" }
        };
        char *word = network_files_next_word(&line), *value = network_files_next_word(&line);

        if (!word || !value)
                return;
        for (size_t i = 0; i < ELEMENTS(servers); i++)
                if (strcasecmp(word, servers[i]) == 0)
                        network_files_add_name(r->list, value);
        for (size_t i = 0; i < ELEMENTS(includes); i++)
                for (char *v = value; v && strcasecmp(word, includes[i].word) == 0;
                     v = network_files_next_word(&line)) {
                        char pattern[256];

                        if (snprintf(pattern, sizeof(pattern), "%s%s", v, includes[i].suffix) < (int) sizeof(pattern))
                                network_files_read(r, pattern);
                }
}

char *network_files_ntp_names(const char *root)
{
        static const char *const patterns[] = {
                "/etc/chrony/chrony.conf",  "/etc/chrony.conf", "/etc/ntpsec/ntp.conf",
                "/etc/ntpsec/ntp.d/*.conf", "/etc/ntp.conf",    "/etc/openntpd/ntpd.conf",
        };
        WordList list = { 0 };
        Reader r = { .root = root, .list = &list };

        network_files_read_timesyncd(&r);
        r.line = network_files_on_ntp;
        for (size_t i = 0; i < ELEMENTS(patterns); i++)
                network_files_read(&r, patterns[i]);
        return network_files_join(&list);
}

/* --- DNS servers of the network */

static void network_files_on_dns(Reader *r, char *line)
{
        network_files_add_words(r->list, network_files_after(line, "DNS=") ?: network_files_after(line, "nameserver"),
                                network_files_add_server);
}

/* The last lease is the current one. */
static void network_files_on_lease(Reader *r, char *line)
{
        char *value = network_files_after(line, "option domain-name-servers");

        if (network_files_after(line, "lease"))
                network_files_clear(r->list);
        else if (value)
                network_files_add_words(r->list, value, network_files_add_server);
}

static void network_files_read_leases(Reader *r, const char *pattern)
{
        WordList of_leases = { 0 }, *all = r->list;

        r->list = &of_leases;
        r->line = network_files_on_lease;
        network_files_read(r, pattern);
        r->list = all;
        for (size_t i = 0; i < of_leases.n; i++)
                network_files_add(all, of_leases.words[i]);
        network_files_clear(&of_leases);
}

char *network_files_dns_servers(const char *root)
{
        static const char *const patterns[] = {
                "/run/systemd/netif/links/*",
                "/run/NetworkManager/resolv.conf",
                "/run/NetworkManager/no-stub-resolv.conf",
                "/run/resolvconf/interface/*",
                "/run/resolvconf/interfaces/*",
        };
        WordList list = { 0 };
        Reader r = { .root = root, .list = &list, .line = network_files_on_dns };

        for (size_t i = 0; i < ELEMENTS(patterns); i++)
                network_files_read(&r, patterns[i]);
        network_files_read_leases(&r, "/var/lib/dhcp/*.leases");
        r.line = network_files_on_dns;
        if (list.n == 0)
                network_files_read(&r, "/etc/resolv.conf.before-dohmouse");
        return network_files_join(&list);
}
