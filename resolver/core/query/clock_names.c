/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/clock_names.h"

#include <stdio.h>
#include <string.h>

#define HEADER "[Resolver]\nListen="
#define ZONE "\n[Forward " CLOCK_NAMES_ZONE "]\nDomains=%s\nDNS=%s\n"

static void clock_names_ignore(void *userdata, const ConfigMessage *message)
{
        (void) userdata;
        (void) message;
}

/* The text of a configuration: its parser checks all of it. */
static char *clock_names_write(const Config *config, const char *names, const char *servers)
{
        size_t size = sizeof(HEADER ZONE) + config->n_listen * (ADDRESS_TEXT_MAX + 1) + strlen(names) + strlen(servers);
        char *text = malloc(size);
        size_t n;

        if (!text)
                return NULL;
        n = (size_t) snprintf(text, size, HEADER);
        for (size_t i = 0; i < config->n_listen; i++) {
                char address[ADDRESS_TEXT_MAX];

                address_to_text(&config->listen[i], address);
                n += (size_t) snprintf(text + n, size - n, "%s ", address);
        }
        snprintf(text + n, size - n, ZONE, names, servers);
        return text;
}

Forwards *clock_names_new(const Config *config, const char *names, const char *servers, uint64_t now)
{
        _cleanup_(config_unrefp) Config *zone = NULL;
        _cleanup_(freep) char *text = clock_names_write(config, names, servers);
        unsigned errors;
        bool changed;

        if (!text)
                return NULL;
        zone = config_parse(&(ConfigText) { .name = CLOCK_NAMES_ZONE, .text = text, .n = strlen(text) }, 1,
                            clock_names_ignore, NULL, &errors);
        if (!zone || zone->n_forwards == 0 || zone->forwards[0].n_servers == 0)
                return NULL;
        return forwards_new(zone, NULL, NULL, &changed, now);
}

Forward *clock_names_find(const Forwards *f, const Message *question)
{
        Forward *forward;

        if (!f || question->qclass != CLASS_IN || (question->qtype != TYPE_A && question->qtype != TYPE_AAAA))
                return NULL;
        forward = forwards_find(f, question->qname);
        for (size_t i = 0; forward && i < forward->config->n_domains; i++) {
                const Domain *d = &forward->config->domains[i];

                if (name_equal(BYTES(d->name, d->n), question->qname))
                        return forward;
        }
        return NULL;
}
