/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/varlink/varlink.h"

#include <config.h>

#include <stdio.h>
#include <string.h>

#include "dbus/varlink/varlink_interface.h"
#include "dbus/varlink/varlink_internal.h"
#include "dbus/varlink/varlink_status.h"
#include "io/journal.h"

/* A and AAAA, on each connection of a user. */
static const CallLimits varlink_limits = { .user_max = 2 * VARLINK_USER_MAX, .others_max = 1024 };

/* --- replies */

void varlink_send(VarlinkClient *c, json_t *message)
{
        _cleanup_(freep) char *text = varlink_encode_text_of(message);

        if (!text)
                varlink_client_close(c);
        varlink_client_reply(c, BYTES(text, text ? strlen(text) : 0));
}

void varlink_fail(VarlinkClient *c, const char *error, const char *key, const char *value)
{
        varlink_send(c, varlink_encode_error(error, json_pack("{s:s}", key, value)));
}

static void varlink_refuse(const VarlinkCall *call, const char *parameter)
{
        varlink_fail(call->client, VARLINK_SERVICE ".InvalidParameter", "parameter", parameter);
}

static void varlink_lookup_found(const Lookup *l, void *call)
{
        varlink_send(call, varlink_encode_found(l));
}

static void varlink_lookup_failed(void *call, const LookupError *e)
{
        varlink_send(call, varlink_encode_failed(e));
}

static void varlink_lookup_release(_unused_ void *call)
{
}

static const LookupFront varlink_front = {
        .found = varlink_lookup_found,
        .failed = varlink_lookup_failed,
        .release = varlink_lookup_release,
};

/* --- parameters */

/* Reads a number, which may be left out unless it is `mandatory`. Returns false, having replied, if it is none. */
static bool varlink_read_number(const VarlinkCall *call, const char *key, bool mandatory, int64_t most, int64_t *ret)
{
        const json_t *value = json_object_get(call->parameters, key);
        bool absent = !value || json_is_null(value);

        if (absent ? mandatory
                   : !json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most) {
                varlink_refuse(call, key);
                return false;
        }
        if (!absent)
                *ret = json_integer_value(value);
        return true;
}

/* Reads a string. One that is left out is "". */
static bool varlink_read_string(const VarlinkCall *call, const char *key, bool mandatory, const char **ret)
{
        const json_t *value = json_object_get(call->parameters, key);
        bool absent = !value || json_is_null(value);

        if (absent ? mandatory : !json_is_string(value)) {
                varlink_refuse(call, key);
                return false;
        }
        *ret = absent ? "" : json_string_value(value);
        return true;
}

static bool varlink_read_octets(const VarlinkCall *call, LookupRequest *ret)
{
        const json_t *array = json_object_get(call->parameters, "address");
        bool good = json_is_array(array);

        ret->n_address = json_array_size(array);
        for (size_t i = 0; good && i < MIN(ret->n_address, sizeof(ret->address)); i++) {
                const json_t *octet = json_array_get(array, i);

                good = json_is_integer(octet) && json_integer_value(octet) >= 0 &&
                       json_integer_value(octet) <= UINT8_MAX;
                if (good)
                        ret->address[i] = (uint8_t) json_integer_value(octet);
        }
        if (!good)
                varlink_refuse(call, "address");
        return good;
}

static bool varlink_read_request(const VarlinkCall *call, LookupKind kind, LookupRequest *ret)
{
        int64_t flags = 0, class = CLASS_IN, type = 0;
        bool address = kind == LOOKUP_ADDRESS, record = kind == LOOKUP_RECORD;

        *ret = (LookupRequest) { .kind = kind };
        if (!varlink_read_number(call, "ifindex", false, INT32_MAX, &ret->ifindex) ||
            !varlink_read_number(call, "flags", false, INT64_MAX, &flags) ||
            (!record && !varlink_read_number(call, "family", address, INT32_MAX, &ret->family)) ||
            (record && (!varlink_read_number(call, "class", false, UINT16_MAX, &class) ||
                        !varlink_read_number(call, "type", true, UINT16_MAX, &type))) ||
            ((record || kind == LOOKUP_HOSTNAME) && !varlink_read_string(call, "name", true, &ret->name)) ||
            (address && !varlink_read_octets(call, ret)))
                return false;
        ret->flags = (uint64_t) flags;
        ret->class = (uint16_t) class;
        ret->type = (uint16_t) type;
        return kind != LOOKUP_SERVICE || (varlink_read_string(call, "name", false, &ret->service) &&
                                          varlink_read_string(call, "type", false, &ret->service_type) &&
                                          varlink_read_string(call, "domain", true, &ret->domain));
}

/* --- methods */

static void varlink_look_up(const VarlinkCall *call, LookupKind kind)
{
        LookupRequest request;
        Lookup *l;

        if (!varlink_read_request(call, kind, &request))
                return;
        l = lookup_begin(&call->varlink->lookups, &request, varlink_client_user(call->client), call->client);
        if (l)
                varlink_client_set_call(call->client, l);
}

static void varlink_resolve_hostname(const VarlinkCall *call)
{
        varlink_look_up(call, LOOKUP_HOSTNAME);
}

static void varlink_resolve_address(const VarlinkCall *call)
{
        varlink_look_up(call, LOOKUP_ADDRESS);
}

static void varlink_resolve_record(const VarlinkCall *call)
{
        varlink_look_up(call, LOOKUP_RECORD);
}

static void varlink_resolve_service(const VarlinkCall *call)
{
        varlink_look_up(call, LOOKUP_SERVICE);
}

static void varlink_dump_configuration(const VarlinkCall *call)
{
        varlink_send(call->client, varlink_encode_reply(varlink_configuration(call->varlink->daemon)));
}

static void varlink_get_info(const VarlinkCall *call)
{
        json_t *interfaces = json_array();

        for (size_t i = 0; i < n_varlink_interfaces; i++)
                json_array_append_new(interfaces, json_string(varlink_interfaces[i].name));
        varlink_send(call->client, varlink_encode_reply(json_pack("{s:s, s:s, s:s, s:s, s:o}", "vendor", "dohmouse",
                                                                  "product", "dohmoused", "version", PACKAGE_VERSION,
                                                                  "url", "", "interfaces", interfaces)));
}

static void varlink_get_description(const VarlinkCall *call)
{
        const char *name;

        if (!varlink_read_string(call, "interface", true, &name))
                return;
        for (size_t i = 0; i < n_varlink_interfaces; i++)
                if (strcmp(varlink_interfaces[i].name, name) == 0) {
                        varlink_send(call->client, varlink_encode_reply(json_pack("{s:s}", "description",
                                                                                  varlink_interfaces[i].description)));
                        return;
                }
        varlink_fail(call->client, VARLINK_SERVICE ".InterfaceNotFound", "interface", name);
}

static const struct {
        const char *name;
        void (*call)(const VarlinkCall *call);
} varlink_methods[] = {
        { VARLINK_RESOLVE ".DumpDNSConfiguration", varlink_dump_configuration },
        { VARLINK_RESOLVE ".ResolveAddress", varlink_resolve_address },
        { VARLINK_RESOLVE ".ResolveHostname", varlink_resolve_hostname },
        { VARLINK_RESOLVE ".ResolveRecord", varlink_resolve_record },
        { VARLINK_RESOLVE ".ResolveService", varlink_resolve_service },
        { VARLINK_SERVICE ".GetInfo", varlink_get_info },
        { VARLINK_SERVICE ".GetInterfaceDescription", varlink_get_description },
};

static void varlink_fail_unknown(const VarlinkCall *call)
{
        const char *dot = strrchr(call->method, '.');
        size_t n = dot ? (size_t) (dot - call->method) : strlen(call->method);
        _cleanup_(freep) char *interface = strndup(call->method, n);

        for (size_t i = 0; i < n_varlink_interfaces; i++)
                if (interface && strcmp(varlink_interfaces[i].name, interface) == 0) {
                        varlink_fail(call->client, VARLINK_SERVICE ".MethodNotFound", "method", call->method);
                        return;
                }
        varlink_fail(call->client, VARLINK_SERVICE ".InterfaceNotFound", "interface", interface ?: "");
}

static void varlink_dispatch(const VarlinkCall *call)
{
        for (size_t i = 0; i < ELEMENTS(varlink_methods); i++)
                if (strcmp(varlink_methods[i].name, call->method) == 0) {
                        varlink_methods[i].call(call);
                        return;
                }
        if (!varlink_monitor_call(call))
                varlink_fail_unknown(call);
}

/* --- messages */

static void varlink_on_message(void *userdata, VarlinkClient *c, Bytes message)
{
        json_t *root = json_loadb((const char *) message.p, message.n, JSON_REJECT_DUPLICATES, NULL);
        json_t *parameters = json_object_get(root, "parameters"), *none = NULL;
        const json_t *oneway = json_object_get(root, "oneway");
        VarlinkCall call = { .varlink = userdata,
                             .client = c,
                             .method = json_string_value(json_object_get(root, "method")),
                             .more = json_is_true(json_object_get(root, "more")) };

        if (!parameters || json_is_null(parameters))
                parameters = none = json_object();
        call.parameters = parameters;
        if (!call.method || !json_is_object(parameters)) {
                varlink_client_close(c);
                varlink_client_reply(c, BYTES(NULL, 0));
        } else if (json_is_true(oneway))
                /* Nobody wants to know. */
                varlink_client_reply(c, BYTES(NULL, 0));
        else
                varlink_dispatch(&call);
        json_decref(none);
        json_decref(root);
}

static void varlink_on_gone(void *userdata, VarlinkClient *c)
{
        Lookup *l = varlink_client_call(c);
        Varlink *v = userdata;

        if (l)
                lookup_drop(l);
        else
                varlink_monitor_gone(&v->monitor, c);
}

void varlink_sync(Varlink *v)
{
        varlink_monitor_sync(&v->monitor);
}

/* --- life */

Varlink *varlink_new(Daemon *d, Calls *calls)
{
        Varlink *v = calloc(1, sizeof(*v));
        VarlinkHandler handler = { .message = varlink_on_message, .gone = varlink_on_gone, .userdata = v };
        int fd;

        if (!v)
                return NULL;
        v->daemon = d;
        lookups_init(&v->lookups, d, calls, &varlink_limits, &varlink_front);
        varlink_monitor_init(&v->monitor, d);
        while (v->n_servers < VARLINK_SOCKETS_MAX && (fd = daemon_take_varlink_socket(d)) >= 0) {
                int r = varlink_server_new(daemon_loop(d), fd, &handler, &v->servers[v->n_servers]);

                if (r >= 0)
                        v->n_servers++;
                else
                        journal_log(LOG_WARNING, "Failed to serve io.systemd.Resolve: %s", strerror(-r));
        }
        return v;
}

void varlink_stop(Varlink *v)
{
        lookups_forget_all(&v->lookups);
        varlink_monitor_deinit(&v->monitor);
        while (v->n_servers > 0)
                varlink_server_free(v->servers[--v->n_servers]);
}

Varlink *varlink_free(Varlink *v)
{
        if (v)
                varlink_stop(v);
        free(v);
        return NULL;
}
