/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * [Forward NAME]: the names that are sent to Do53 servers.
 */

#include <stdio.h>
#include <string.h>

#include "core/base/address_prefix.h"
#include "core/config/config_parser.h"
#include "core/config/reverse_domains.h"

#define DOMAIN_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"

/* --- Domains= */

static const char *forward_add_domain(ForwardConfig *f, Bytes name)
{
        Domain *grown, *added;

        for (size_t i = 0; i < f->n_domains; i++)
                if (name_equal(BYTES(f->domains[i].name, f->domains[i].n), name))
                        return NULL;
        if (f->n_domains >= CONFIG_DOMAINS_MAX)
                return "too many domains";
        grown = reallocarray(f->domains, f->n_domains + 1, sizeof(*grown));
        if (!grown)
                return "out of memory";
        f->domains = grown;
        added = &grown[f->n_domains++];
        *added = (Domain) { .n = (uint8_t) name.n };
        name_lower(name, added->name);
        return NULL;
}

static const char *forward_add_prefix(ForwardConfig *f, const char *word)
{
        Domain domains[REVERSE_DOMAINS_MAX];
        AddressPrefix prefix;
        const char *wrong = address_prefix_from_text(word, &prefix);
        size_t n;

        if (wrong)
                return wrong;
        /* All names would be sent there. */
        if (prefix.bits == 0)
                return "invalid prefix length";
        n = reverse_domains(&prefix, domains);
        for (size_t i = 0; i < n; i++) {
                wrong = forward_add_domain(f, BYTES(domains[i].name, domains[i].n));
                if (wrong)
                        return wrong;
        }
        return NULL;
}

const char *config_add_domains(ForwardConfig *f, const char *word)
{
        const char *slash = strrchr(word, '/');
        uint8_t name[DNS_NAME_MAX];
        size_t n, digits;
        Address a;

        digits = slash ? strspn(slash + 1, "0123456789") : 0;
        if (digits > 0 && digits <= 3 && !slash[1 + digits])
                return forward_add_prefix(f, word);
        if (address_from_text(word, 0, &a))
                return "an address, not a domain";
        if (word[0] == '*')
                return "a domain includes all names below it without \"*\"";
        /* As in resolved.conf(5), for a domain that is not a search domain. */
        if (word[0] == '~')
                return "\"~\" is not needed, because no domain is used as a search domain";
        if (word[strspn(word, DOMAIN_CHARACTERS)])
                return "not a domain in ASCII";
        n = name_from_text(word, name);
        if (n == 0)
                return "not a domain";
        /* All names would be sent there, which is what upstreams are for. */
        if (n == 1)
                return "the root domain is not allowed";
        return forward_add_domain(f, BYTES(name, n));
}

/* --- builders */

void forward_config_deinit(ForwardConfig *f)
{
        free(f->domains);
        free(f->servers);
}

ForwardConfig *forward_config_free(ForwardConfig *f)
{
        if (f)
                forward_config_deinit(f);
        free(f);
        return NULL;
}

ForwardConfig *forward_config_copy(const ForwardConfig *f)
{
        ForwardConfig *copy = calloc(1, sizeof(*copy));

        if (!copy)
                return NULL;
        *copy = *f;
        copy->domains = calloc(f->n_domains + 1, sizeof(*f->domains));
        copy->servers = calloc(f->n_servers + 1, sizeof(*f->servers));
        if (!copy->domains || !copy->servers)
                return forward_config_free(copy);
        if (f->n_domains)
                memcpy(copy->domains, f->domains, f->n_domains * sizeof(*f->domains));
        if (f->n_servers)
                memcpy(copy->servers, f->servers, f->n_servers * sizeof(*f->servers));
        return copy;
}

ForwardBuilder *config_find_forward(ConfigParser *parser, const char *name)
{
        ForwardBuilder *f, *grown;

        for (size_t i = 0; i < parser->n_forwards; i++)
                if (strcmp(parser->forwards[i].config.name, name) == 0)
                        return &parser->forwards[i];
        if (parser->n_forwards >= CONFIG_FORWARDS_MAX)
                return NULL;
        grown = reallocarray(parser->forwards, parser->n_forwards + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        parser->forwards = grown;
        f = &grown[parser->n_forwards++];
        *f = (ForwardBuilder) { .text = parser->text, .line = parser->line };
        snprintf(f->config.name, sizeof(f->config.name), "%s", name);
        return f;
}

/* --- once everything has been read */

/* Removes servers that are dohmouse itself: a query would come back forever. */
static void forward_drop_loops(ConfigParser *parser, ForwardConfig *f)
{
        size_t kept = 0;

        for (size_t i = 0; i < f->n_servers; i++) {
                char text[ADDRESS_TEXT_MAX];

                if (!config_is_loop(parser->config, &f->servers[i])) {
                        f->servers[kept++] = f->servers[i];
                        continue;
                }
                address_to_text(&f->servers[i], text);
                config_say(parser, CONFIG_ERROR, "[Forward %s] DNS=%s: dohmouse itself listens on this address",
                           f->name, text);
                config_blame(parser, true);
        }
        f->n_servers = config_drop_duplicates(f->servers, kept);
}

/* Removes domains that an earlier forward has. */
static void forward_drop_taken(ConfigParser *parser, ForwardConfig *f)
{
        const Config *c = parser->config;
        size_t kept = 0;

        for (size_t i = 0; i < f->n_domains; i++) {
                Bytes name = BYTES(f->domains[i].name, f->domains[i].n);
                const ForwardConfig *other = NULL;
                char text[NAME_TEXT_MAX], shown[CONFIG_SHOWN_MAX];

                for (size_t k = 0; k < c->n_forwards && !other; k++)
                        for (size_t j = 0; j < c->forwards[k].n_domains && !other; j++)
                                if (name_equal(BYTES(c->forwards[k].domains[j].name, c->forwards[k].domains[j].n),
                                               name))
                                        other = &c->forwards[k];
                if (!other) {
                        f->domains[kept++] = f->domains[i];
                        continue;
                }
                name_to_text(name, text);
                config_say(parser, CONFIG_ERROR, "[Forward %s] Domains=%s: already in [Forward %s]", f->name,
                           config_shown(text, shown), other->name);
        }
        f->n_domains = kept;
}

static void forward_take_forward(ConfigParser *parser, ForwardConfig *f)
{
        Config *c = parser->config;

        if (f->n_domains == 0) {
                config_say(parser, CONFIG_ERROR, "[Forward %s] is left out: Domains= is missing", f->name);
                config_blame(parser, true);
        }
        forward_drop_taken(parser, f);
        if (f->n_domains == 0) {
                forward_config_deinit(f);
                return;
        }
        forward_drop_loops(parser, f);
        if (f->n_servers == 0)
                config_say(parser, CONFIG_ERROR, "[Forward %s] has no server in DNS=, so queries for its names fail",
                           f->name);
        c->forwards[c->n_forwards++] = *f;
}

void config_take_forwards(ConfigParser *parser)
{
        Config *c = parser->config;

        if (parser->n_forwards == 0)
                return;
        c->forwards = calloc(parser->n_forwards, sizeof(*c->forwards));
        for (size_t i = 0; i < parser->n_forwards; i++) {
                parser->text = parser->forwards[i].text;
                parser->line = parser->forwards[i].line;
                if (c->forwards) {
                        forward_take_forward(parser, &parser->forwards[i].config);
                        continue;
                }
                config_say(parser, CONFIG_ERROR, "[Forward %s] is left out: out of memory",
                           parser->forwards[i].config.name);
                forward_config_deinit(&parser->forwards[i].config);
        }
        free(parser->forwards);
        parser->text = NULL;
        parser->line = 0;
}

bool forward_config_equal(const ForwardConfig *a, const ForwardConfig *b)
{
        if (strcmp(a->name, b->name) != 0 || a->links != b->links || a->single_label != b->single_label ||
            a->n_domains != b->n_domains || a->n_servers != b->n_servers)
                return false;
        for (size_t i = 0; i < a->n_domains; i++)
                if (!name_equal(BYTES(a->domains[i].name, a->domains[i].n), BYTES(b->domains[i].name, b->domains[i].n)))
                        return false;
        for (size_t i = 0; i < a->n_servers; i++)
                if (!address_equal(&a->servers[i], &b->servers[i]))
                        return false;
        return true;
}
