/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ResolveService: SRV and TXT records, then the addresses of the targets. */

#include "dbus/resolve1/lookup_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TARGETS_MAX 16
#define SRV_TARGET 6 /* offset in the RDATA (RFC 2782) */

/* --- the reply */

/* Gets the next SRV record, and its target. */
static bool service_next(const Answer *a, RecordWalk *w, Record *ret, uint8_t name[DNS_NAME_MAX], size_t *ret_n)
{
        while (answer_next(a, w, ret)) {
                *ret_n = answer_rdata_name(a, ret, SRV_TARGET, name);
                if (*ret_n)
                        return true;
        }
        return false;
}

static int service_append_target(Lookup *l, sd_bus_message *reply, const Record *r, Bytes name)
{
        char text[NAME_TEXT_MAX], canonical[NAME_TEXT_MAX];
        int k = sd_bus_message_open_container(reply, 'r', "qqqsa(iiay)s");

        name_to_text(name, text);
        if (k >= 0)
                k = sd_bus_message_append(reply, "qqqs", wire_read16(r->rdata.p), wire_read16(r->rdata.p + 2),
                                          wire_read16(r->rdata.p + 4), text);
        if (k >= 0)
                k = lookup_append_addresses(l, reply, name, canonical);
        if (k >= 0)
                k = sd_bus_message_append(reply, "s", canonical);
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

static int service_append_targets(Lookup *l, sd_bus_message *reply, const Answer *srv)
{
        RecordWalk w = ANSWER_WALK(srv);
        uint8_t name[DNS_NAME_MAX];
        Record r;
        size_t n;
        int k = sd_bus_message_open_container(reply, 'a', "(qqqsa(iiay)s)");

        for (unsigned i = 0; k >= 0 && i < TARGETS_MAX && service_next(srv, &w, &r, name, &n); i++)
                if (n > 1)
                        k = service_append_target(l, reply, &r, BYTES(name, n));
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

/* The character strings of all TXT records. */
static int service_append_texts(Lookup *l, sd_bus_message *reply)
{
        int k = sd_bus_message_open_container(reply, 'a', "ay");

        LIST_FOREACH(i, &l->questions) {
                const Question *q = container_of(i, Question, in_lookup);
                RecordWalk w;
                Record r;
                Answer a;

                if (q->type != TYPE_TXT || !lookup_read(q, &a))
                        continue;
                w = ANSWER_WALK(&a);
                while (k >= 0 && answer_next(&a, &w, &r))
                        for (size_t at = 0; k >= 0 && at < r.rdata.n && at + 1 + r.rdata.p[at] <= r.rdata.n;
                             at += 1 + (size_t) r.rdata.p[at])
                                k = sd_bus_message_append_array(reply, 'y', r.rdata.p + at + 1, r.rdata.p[at]);
        }
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

static void service_reply(Lookup *l, const Answer *srv)
{
        sd_bus_message *reply = NULL;
        int k = sd_bus_message_new_method_return(l->call, &reply);

        if (k >= 0)
                k = service_append_targets(l, reply, srv);
        if (k >= 0)
                k = service_append_texts(l, reply);
        if (k >= 0)
                k = sd_bus_message_append(reply, "ssst", l->service, l->type, l->domain, lookup_result_flags(l));
        lookup_finish(l, reply, k);
}

/* --- questions */

static void service_ask_targets(Lookup *l, const Answer *srv)
{
        RecordWalk w = ANSWER_WALK(srv);
        uint8_t name[DNS_NAME_MAX];
        Record r;
        size_t n;

        l->has_targets = true;
        for (unsigned i = 0; i < TARGETS_MAX && service_next(srv, &w, &r, name, &n); i++)
                if (n > 1)
                        lookup_ask_addresses(l, BYTES(name, n));
        lookup_start(l);
}

/* "." as the only target: the service is decidedly not available (RFC 2782). */
static bool service_is_absent(const Answer *srv)
{
        RecordWalk w = ANSWER_WALK(srv);
        uint8_t name[DNS_NAME_MAX];
        Record r;
        size_t n;

        while (service_next(srv, &w, &r, name, &n))
                if (n > 1)
                        return false;
        return true;
}

static void service_answered(Lookup *l)
{
        const Question *q =
                list_empty(&l->questions) ? NULL : container_of(list_first(&l->questions), Question, in_lookup);
        Answer srv;

        if (!q || !lookup_read(q, &srv) || (l->flags & FLAG_NO_CNAME && srv.aliases)) {
                lookup_fail(l);
                return;
        }
        if (service_is_absent(&srv)) {
                sd_bus_reply_method_errorf(l->call, RESOLVE1_ERROR("NoSuchService"),
                                           "'%s' does not provide the requested service", l->text);
                lookup_drop(l);
        } else if (!l->has_targets && !(l->flags & FLAG_NO_ADDRESS))
                service_ask_targets(l, &srv);
        else
                service_reply(l, &srv);
}

/* --- arguments */

typedef struct ServiceCall {
        int32_t ifindex, family;
        const char *service, *type, *domain;
        uint64_t flags;
        uint8_t name[DNS_NAME_MAX]; /* of the SRV records */
        size_t n;
} ServiceCall;

static int service_read(sd_bus_message *call, ServiceCall *ret)
{
        return sd_bus_message_read(call, "isssit", &ret->ifindex, &ret->service, &ret->type, &ret->domain, &ret->family,
                                   &ret->flags);
}

/* "_imap._tcp" */
static bool service_type_is_valid(Bytes type)
{
        const uint8_t *second = type.p + 1 + type.p[0];

        return type.p[0] > 1 && type.p[1] == '_' && (size_t) (type.p[0] + 2) < type.n && second[0] > 1 &&
               second[1] == '_' && (size_t) (type.p[0] + second[0] + 3) == type.n;
}

/* Puts the name together. Sets `error` if a part of it is invalid. */
static int service_make_name(ServiceCall *c, sd_bus_error *error)
{
        uint8_t type[DNS_NAME_MAX], domain[DNS_NAME_MAX];
        size_t service_n = strlen(c->service), type_n = 0, domain_n;

        if (service_n > DNS_LABEL_MAX)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid service name");
        if (*c->type) {
                type_n = resolve1_read_name(c->type, type);
                if (!type_n || !service_type_is_valid(BYTES(type, type_n)))
                        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid SRV service type");
                type_n--;
        }
        domain_n = resolve1_read_name(c->domain, domain);
        if (!domain_n)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid domain");
        if (service_n && !type_n)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "Service name cannot be specified without service type.");
        if ((service_n ? service_n + 1 : 0) + type_n + domain_n > DNS_NAME_MAX)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid domain");
        c->n = 0;
        if (service_n) {
                c->name[c->n++] = (uint8_t) service_n;
                memcpy(c->name + c->n, c->service, service_n);
                c->n += service_n;
        }
        memcpy(c->name + c->n, type, type_n);
        memcpy(c->name + c->n + type_n, domain, domain_n);
        c->n += type_n + domain_n;
        return 0;
}

static int service_start(void *userdata, sd_bus_message *call, uid_t user, _unused_ uint64_t argument,
                         sd_bus_error *error)
{
        ServiceCall c;
        Lookup *l;
        int k = sd_bus_message_rewind(call, true);

        if (k >= 0)
                k = service_read(call, &c);
        if (k >= 0)
                k = service_make_name(&c, error);
        if (k < 0)
                return k;
        l = lookup_new(userdata, call, user, c.flags, service_answered);
        if (!l)
                return -ENOMEM;
        l->family = c.family;
        name_to_text(BYTES(c.name, c.n), l->text);
        snprintf(l->service, sizeof(l->service), "%s", c.service);
        snprintf(l->type, sizeof(l->type), "%s", c.type);
        snprintf(l->domain, sizeof(l->domain), "%s", c.domain);
        lookup_ask(l, BYTES(c.name, c.n), TYPE_SRV, CLASS_IN);
        if (!(c.flags & FLAG_NO_TXT))
                lookup_ask(l, BYTES(c.name, c.n), TYPE_TXT, CLASS_IN);
        return lookup_start(l);
}

int lookup_on_service(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        Resolve1 *r = userdata;
        ServiceCall c;
        int k = service_read(call, &c);

        if (k >= 0)
                k = lookup_check(r, c.ifindex, c.family, c.flags, FLAG_NO_TXT | FLAG_NO_ADDRESS, error);
        if (k >= 0)
                k = service_make_name(&c, error);
        return k < 0 ? k : polkit_check(r->polkit, call, NULL, service_start, r, 0);
}
