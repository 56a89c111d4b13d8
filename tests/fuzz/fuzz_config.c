/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts of configuration files, a record separator (0x1e) between one and the next. Whatever they are, a configuration
 * comes back that the daemon can work with; the same texts give the same, and the same messages.
 */

#include <stdio.h>
#include <string.h>

#include "core/config/config_parser.h"

#define TEXTS_MAX 4

/* No assert: it would be gone with NDEBUG. */
static void require(bool condition, const char *what)
{
        if (!condition) {
                fprintf(stderr, "violated: %s\n", what);
                abort();
        }
}

typedef struct Heard {
        unsigned errors;
        uint64_t hash; /* of all that was said */
} Heard;

static void hash_text(uint64_t *h, const char *text)
{
        for (; *text; text++)
                *h = (*h ^ (uint8_t) *text) * UINT64_C(0x100000001b3);
}

static void hear(void *userdata, const ConfigMessage *m)
{
        Heard *h = userdata;

        require(m->text && *m->text, "a message has a text");
        require(strlen(m->text) < 1024 && !strpbrk(m->text, "\n\r\t\x1b"), "a message is one line");
        h->errors += m->severity == CONFIG_ERROR;
        hash_text(&h->hash, m->file ?: "-");
        hash_text(&h->hash, m->text);
        h->hash += m->line;
}

static void check_upstream(const Config *c, size_t i)
{
        const UpstreamConfig *u = &c->upstreams[i];

        require(*u->name && strlen(u->name) <= UPSTREAM_NAME_MAX, "an upstream has a name");
        require(strspn(u->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(u->name),
                "the name is one for the bus");
        for (size_t k = 0; k < i; k++)
                require(strcmp(u->name, c->upstreams[k].name) != 0, "names are unique");
        require(u->url && u->host && *u->host && u->port, "an upstream has URL, host and port");
        require(u->path && u->path[0] == '/' && !strpbrk(u->path, " #{}\r\n"), "the path is one");
        require(u->method == METHOD_POST || u->method == METHOD_GET, "the method is known");
        require(u->health == MODE_LAZY || u->health == MODE_ACTIVE || u->health == MODE_NONE,
                "the mode of health is known");
        require(!u->trust_anchors || u->trust_anchors[0] == '/', "paths are absolute");
        require(u->n_addresses > 0 && u->n_addresses <= CONFIG_LIST_MAX && u->n_pins <= CONFIG_LIST_MAX,
                "lists are bounded");
        for (size_t k = 0; k < u->n_addresses; k++) {
                char text[ADDRESS_TEXT_MAX];
                Address again;

                require(u->addresses[k].port && !address_is_unspecified(&u->addresses[k]),
                        "an address can be connected to");
                address_to_text(&u->addresses[k], text);
                require(address_from_text(text, 0, &again) && address_equal(&again, &u->addresses[k]),
                        "an address is read as it was written");
        }
}

static void check_config(const Config *c)
{
        for (const ConfigKey *k = config_keys; k->name; k++) {
                const char *field = (const char *) c + k->offset;
                uint64_t v;

                if (!k->high || strcmp(k->section, CONFIG_SECTION_UPSTREAM) == 0)
                        continue;
                v = k->type->size == sizeof(uint64_t) ? *(const uint64_t *) field : *(const unsigned *) field;
                require(v >= k->low && v <= k->high, "a number is in its range");
        }
        require(c->backoff <= c->backoff_max, "the backoff is not above its maximum");
        require(c->n_listen > 0, "there is an address to listen on");
        require(!c->trust_anchors || c->trust_anchors[0] == '/', "paths are absolute");
        require(c->n_upstreams <= CONFIG_UPSTREAMS_MAX, "upstreams are bounded");
        for (size_t i = 0; i < c->n_upstreams; i++)
                check_upstream(c, i);
}

static Config *parse(const uint8_t *data, size_t size, Heard *h)
{
        static const char *const names[TEXTS_MAX] = { "a", "b", "c", "d" };
        ConfigText texts[TEXTS_MAX];
        size_t n = 0;
        unsigned errors = 0;
        Config *c;

        for (const uint8_t *p = data, *end = data + size; n < TEXTS_MAX && p <= end; n++) {
                const uint8_t *stop = n + 1 < TEXTS_MAX ? memchr(p, 0x1e, (size_t) (end - p)) : NULL;

                stop = stop ?: end;
                texts[n] = (ConfigText) { .name = names[n], .text = (const char *) p, .n = (size_t) (stop - p) };
                p = stop + 1;
        }
        c = config_parse(texts, n, hear, h, &errors);
        require(c, "a configuration comes back");
        require(errors == h->errors, "errors are counted");
        require(c->n_upstreams > 0 || errors > 0, "no upstream is an error");
        return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t none[1];
        const uint8_t *text = size ? data : none;
        Heard heard = { 0 }, again = { 0 };
        Config *c = parse(text, size, &heard), *d = parse(text, size, &again);

        check_config(c);
        require(heard.hash == again.hash && c->n_upstreams == d->n_upstreams, "the same texts give the same");
        for (size_t i = 0; i < c->n_upstreams; i++)
                require(upstream_config_equal(&c->upstreams[i], &d->upstreams[i]),
                        "the same texts give the same upstreams");
        config_unref(c);
        config_unref(d);
        return 0;
}
