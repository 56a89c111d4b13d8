/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/resolve1/resolve1_lookup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dbus/lookup/lookup_result.h"

/* --- arguments */

static int resolve1_read_hostname(sd_bus_message *call, LookupRequest *ret)
{
        int32_t ifindex, family;
        int k = sd_bus_message_read(call, "isit", &ifindex, &ret->name, &family, &ret->flags);

        ret->ifindex = k < 0 ? 0 : ifindex;
        ret->family = k < 0 ? 0 : family;
        return k;
}

static int resolve1_read_address(sd_bus_message *call, LookupRequest *ret)
{
        int32_t ifindex, family;
        const void *octets;
        int k = sd_bus_message_read(call, "ii", &ifindex, &family);

        if (k >= 0)
                k = sd_bus_message_read_array(call, 'y', &octets, &ret->n_address);
        if (k < 0)
                return k;
        ret->ifindex = ifindex;
        ret->family = family;
        if (ret->n_address > 0 && ret->n_address <= sizeof(ret->address))
                memcpy(ret->address, octets, ret->n_address);
        return sd_bus_message_read(call, "t", &ret->flags);
}

static int resolve1_read_record(sd_bus_message *call, LookupRequest *ret)
{
        int32_t ifindex;
        int k = sd_bus_message_read(call, "isqqt", &ifindex, &ret->name, &ret->class, &ret->type, &ret->flags);

        ret->ifindex = k < 0 ? 0 : ifindex;
        return k;
}

static int resolve1_read_service(sd_bus_message *call, LookupRequest *ret)
{
        int32_t ifindex, family;
        int k = sd_bus_message_read(call, "isssit", &ifindex, &ret->service, &ret->service_type, &ret->domain, &family,
                                    &ret->flags);

        ret->ifindex = k < 0 ? 0 : ifindex;
        ret->family = k < 0 ? 0 : family;
        return k;
}

static int resolve1_read_request(sd_bus_message *call, LookupKind kind, LookupRequest *ret)
{
        static int (*const read[LOOKUP_KINDS])(sd_bus_message *call, LookupRequest *ret) = {
                [LOOKUP_HOSTNAME] = resolve1_read_hostname,
                [LOOKUP_ADDRESS] = resolve1_read_address,
                [LOOKUP_RECORD] = resolve1_read_record,
                [LOOKUP_SERVICE] = resolve1_read_service,
        };

        *ret = (LookupRequest) { .kind = kind };
        return read[kind](call, ret);
}

/* --- errors */

static void resolve1_error_name(const LookupError *e, char ret[80])
{
        static const char *const names[LOOKUP_ERRORS] = {
                [LOOKUP_INVALID] = SD_BUS_ERROR_INVALID_ARGS,
                [LOOKUP_INVALID_ADDRESS_SIZE] = SD_BUS_ERROR_INVALID_ARGS,
                [LOOKUP_ZONE_TRANSFER] = SD_BUS_ERROR_INVALID_ARGS,
                [LOOKUP_INVALID_TYPE] = SD_BUS_ERROR_INVALID_ARGS,
                [LOOKUP_NO_NAME_SERVERS] = RESOLVE1_ERROR("NoNameServers"),
                [LOOKUP_NO_SOURCE] = RESOLVE1_ERROR("NoSource"),
                [LOOKUP_NETWORK_DOWN] = RESOLVE1_ERROR("NetworkDown"),
                [LOOKUP_BUSY] = SD_BUS_ERROR_LIMITS_EXCEEDED,
                [LOOKUP_TIMEOUT] = SD_BUS_ERROR_TIMEOUT,
                [LOOKUP_INVALID_REPLY] = RESOLVE1_ERROR("InvalidReply"),
                [LOOKUP_CNAME_LOOP] = RESOLVE1_ERROR("CNameLoop"),
                [LOOKUP_NO_DATA] = RESOLVE1_ERROR("NoSuchRR"),
                [LOOKUP_DNSSEC_FAILED] = RESOLVE1_ERROR("DnssecFailed"),
                [LOOKUP_NO_SERVICE] = RESOLVE1_ERROR("NoSuchService"),
        };
        const char *rcode = lookup_rcode_name(e->rcode);

        if (e->code != LOOKUP_DNS_ERROR)
                snprintf(ret, 80, "%s", names[e->code]);
        else if (rcode)
                snprintf(ret, 80, RESOLVE1_ERROR("DnsError.%s"), rcode);
        else
                snprintf(ret, 80, RESOLVE1_ERROR("DnsError.%u"), e->rcode);
}

static void resolve1_lookup_failed(void *call, const LookupError *e)
{
        char name[80];

        resolve1_error_name(e, name);
        sd_bus_reply_method_errorf(call, name, "%s", e->text);
}

/* --- results */

static int resolve1_append_addresses(const Lookup *l, sd_bus_message *reply, Bytes name)
{
        int k = sd_bus_message_open_container(reply, 'a', "(iiay)");
        FoundAddress a;
        AddressWalk w;

        address_walk_init(&w, l, name);
        while (k >= 0 && address_walk_next(&w, &a)) {
                k = sd_bus_message_open_container(reply, 'r', "iiay");
                if (k >= 0)
                        k = sd_bus_message_append(reply, "ii", a.ifindex, a.family);
                if (k >= 0)
                        k = sd_bus_message_append_array(reply, 'y', a.octets, a.n);
                if (k >= 0)
                        k = sd_bus_message_close_container(reply);
        }
        if (k >= 0)
                k = sd_bus_message_close_container(reply);
        return k < 0 ? k : sd_bus_message_append(reply, "s", w.canonical);
}

static int resolve1_append_hostname(const Lookup *l, sd_bus_message *reply)
{
        return resolve1_append_addresses(l, reply, lookup_found_name(l));
}

static int resolve1_append_names(const Lookup *l, sd_bus_message *reply)
{
        int k = sd_bus_message_open_container(reply, 'a', "(is)");
        char name[NAME_TEXT_MAX];
        FoundWalk w;

        if (found_walk_init(&w, l))
                while (k >= 0 && found_walk_next_name(&w, name))
                        k = sd_bus_message_append(reply, "(is)", 0, name);
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

static int resolve1_append_records(const Lookup *l, sd_bus_message *reply)
{
        _cleanup_(freep) uint8_t *wire = malloc(ANSWER_RECORD_MAX);
        int k = wire ? sd_bus_message_open_container(reply, 'a', "(iqqay)") : -ENOMEM;
        FoundWalk w;
        Record r;
        size_t n;

        if (k >= 0 && found_walk_init(&w, l))
                while (k >= 0 && found_walk_next_record(&w, &r, wire, &n)) {
                        k = sd_bus_message_open_container(reply, 'r', "iqqay");
                        if (k >= 0)
                                k = sd_bus_message_append(reply, "iqq", 0, r.class, r.type);
                        if (k >= 0)
                                k = sd_bus_message_append_array(reply, 'y', wire, n);
                        if (k >= 0)
                                k = sd_bus_message_close_container(reply);
                }
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

static int resolve1_append_text(void *reply, Bytes text)
{
        return sd_bus_message_append_array(reply, 'y', text.p, text.n);
}

static int resolve1_append_services(const Lookup *l, sd_bus_message *reply)
{
        int k = sd_bus_message_open_container(reply, 'a', "(qqqsa(iiay)s)");
        FoundService s;
        FoundWalk w;

        if (k >= 0 && found_walk_init(&w, l))
                while (k >= 0 && found_walk_next_service(&w, &s)) {
                        k = sd_bus_message_open_container(reply, 'r', "qqqsa(iiay)s");
                        if (k >= 0)
                                k = sd_bus_message_append(reply, "qqqs", s.priority, s.weight, s.port, s.text);
                        if (k >= 0)
                                k = resolve1_append_addresses(l, reply, BYTES(s.name, s.n));
                        if (k >= 0)
                                k = sd_bus_message_close_container(reply);
                }
        if (k >= 0)
                k = sd_bus_message_close_container(reply);
        if (k >= 0)
                k = sd_bus_message_open_container(reply, 'a', "ay");
        if (k >= 0)
                k = lookup_each_text(l, resolve1_append_text, reply);
        if (k >= 0)
                k = sd_bus_message_close_container(reply);
        return k < 0 ? k : sd_bus_message_append(reply, "sss", l->service, l->service_type, l->domain);
}

static void resolve1_lookup_found(const Lookup *l, void *call)
{
        static int (*const append[LOOKUP_KINDS])(const Lookup *l, sd_bus_message *reply) = {
                [LOOKUP_HOSTNAME] = resolve1_append_hostname,
                [LOOKUP_ADDRESS] = resolve1_append_names,
                [LOOKUP_RECORD] = resolve1_append_records,
                [LOOKUP_SERVICE] = resolve1_append_services,
        };
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int k = sd_bus_message_new_method_return(call, &reply);

        if (k >= 0)
                k = append[l->kind](l, reply);
        if (k >= 0)
                k = sd_bus_message_append(reply, "t", l->result_flags);
        if (k >= 0)
                sd_bus_send(NULL, reply, NULL);
        else
                sd_bus_reply_method_errno(call, k, NULL);
}

static void resolve1_lookup_release(void *call)
{
        sd_bus_message_unref(call);
}

const LookupFront resolve1_lookup_front = {
        .found = resolve1_lookup_found,
        .failed = resolve1_lookup_failed,
        .release = resolve1_lookup_release,
};

/* --- calls */

/* The caller is known. */
static int resolve1_begin_lookup(void *userdata, sd_bus_message *call, uid_t user, uint64_t kind,
                                 _unused_ sd_bus_error *error)
{
        Resolve1 *r = userdata;
        LookupRequest request;
        int k = sd_bus_message_rewind(call, true);

        if (k >= 0)
                k = resolve1_read_request(call, (LookupKind) kind, &request);
        if (k < 0)
                return k;
        lookup_begin(&r->lookups, &request, user, sd_bus_message_ref(call));
        return 1;
}

static int resolve1_on_lookup(Resolve1 *r, sd_bus_message *call, LookupKind kind, sd_bus_error *error)
{
        LookupRequest request;
        LookupError e;
        char name[80];
        int k = resolve1_read_request(call, kind, &request);

        if (k < 0)
                return k;
        if (!lookup_check(&request, &e)) {
                resolve1_error_name(&e, name);
                return sd_bus_error_set(error, name, e.text);
        }
        return polkit_check(r->polkit, call, NULL, resolve1_begin_lookup, r, kind);
}

int resolve1_on_hostname(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return resolve1_on_lookup(userdata, call, LOOKUP_HOSTNAME, error);
}

int resolve1_on_address(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return resolve1_on_lookup(userdata, call, LOOKUP_ADDRESS, error);
}

int resolve1_on_record(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return resolve1_on_lookup(userdata, call, LOOKUP_RECORD, error);
}

int resolve1_on_service(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        return resolve1_on_lookup(userdata, call, LOOKUP_SERVICE, error);
}
