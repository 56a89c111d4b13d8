/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ResolveService: SRV and TXT records, then the addresses of the targets. */

#include <stdio.h>
#include <string.h>

#include "dbus/lookup/lookup_result.h"

void lookup_service_ask(Lookup *l)
{
        lookup_ask(l, BYTES(l->name, l->n), TYPE_SRV, CLASS_IN);
        if (!(l->flags & FLAG_NO_TXT))
                lookup_ask(l, BYTES(l->name, l->n), TYPE_TXT, CLASS_IN);
}

/* Returns whether there is any target. "." as the only one: the service is decidedly not available (RFC 2782). */
static bool lookup_service_ask_targets(Lookup *l)
{
        FoundService s;
        FoundWalk w;
        bool any = false;

        if (!found_walk_init(&w, l))
                return false;
        while (found_walk_next_service(&w, &s)) {
                any = true;
                if (!(l->flags & FLAG_NO_ADDRESS) && !l->has_targets)
                        lookup_ask_addresses(l, BYTES(s.name, s.n));
        }
        return any;
}

void lookup_service_answered(Lookup *l)
{
        const Question *q =
                list_empty(&l->questions) ? NULL : container_of(list_first(&l->questions), Question, in_lookup);
        Answer srv;

        if (!q || !lookup_read(q, &srv) || (l->flags & FLAG_NO_CNAME && srv.aliases)) {
                lookup_fail(l);
                return;
        }
        if (!lookup_service_ask_targets(l)) {
                LookupError e = { .code = LOOKUP_NO_SERVICE, .ede = EDE_NONE };

                snprintf(e.text, sizeof(e.text), "'%s' does not provide the requested service", l->text);
                lookup_fail_with(l, &e);
        } else if (!l->has_targets && !(l->flags & FLAG_NO_ADDRESS)) {
                l->has_targets = true;
                lookup_start(l);
        } else
                lookup_succeed(l);
}

/* --- arguments */

/* "_imap._tcp" */
static bool lookup_service_type_is_valid(Bytes type)
{
        const uint8_t *second = type.p + 1 + type.p[0];

        return type.p[0] > 1 && type.p[1] == '_' && (size_t) (type.p[0] + 2) < type.n && second[0] > 1 &&
               second[1] == '_' && (size_t) (type.p[0] + second[0] + 3) == type.n;
}

bool lookup_service_read(const LookupRequest *r, Lookup *l, LookupError *ret)
{
        uint8_t type[DNS_NAME_MAX], domain[DNS_NAME_MAX];
        size_t service_n = strlen(r->service), type_n = 0, domain_n;

        if (service_n > DNS_LABEL_MAX)
                return lookup_refuse(ret, "name", "Invalid service name");
        if (*r->service_type) {
                type_n = lookup_read_name(r->service_type, type);
                if (!type_n || !lookup_service_type_is_valid(BYTES(type, type_n)))
                        return lookup_refuse(ret, "type", "Invalid SRV service type");
                type_n--;
        }
        domain_n = lookup_read_name(r->domain, domain);
        if (!domain_n)
                return lookup_refuse(ret, "domain", "Invalid domain");
        if (service_n && !type_n)
                return lookup_refuse(ret, "type", "Service name cannot be specified without service type.");
        if ((service_n ? service_n + 1 : 0) + type_n + domain_n > DNS_NAME_MAX)
                return lookup_refuse(ret, "domain", "Invalid domain");
        l->n = 0;
        if (service_n) {
                l->name[l->n++] = (uint8_t) service_n;
                memcpy(l->name + l->n, r->service, service_n);
                l->n += service_n;
        }
        memcpy(l->name + l->n, type, type_n);
        memcpy(l->name + l->n + type_n, domain, domain_n);
        l->n += type_n + domain_n;
        name_to_text(BYTES(l->name, l->n), l->text);
        snprintf(l->service, sizeof(l->service), "%s", r->service);
        snprintf(l->service_type, sizeof(l->service_type), "%s", r->service_type);
        snprintf(l->domain, sizeof(l->domain), "%s", r->domain);
        return true;
}
