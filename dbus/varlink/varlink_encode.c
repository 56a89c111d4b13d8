/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/varlink/varlink_encode.h"

#include <errno.h>
#include <stdio.h>

/* Functions of jansson that take a NULL for a value fail, and those that set a member of NULL, too: so only the last
 * result needs to be checked. */

json_t *varlink_encode_reply(json_t *parameters)
{
        return json_pack("{s:o}", "parameters", parameters ?: json_object());
}

json_t *varlink_encode_continued(json_t *parameters)
{
        return json_pack("{s:o, s:b}", "parameters", parameters ?: json_object(), "continues", 1);
}

char *varlink_encode_text_of(json_t *message)
{
        char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;

        json_decref(message);
        return text;
}

json_t *varlink_encode_error(const char *name, json_t *parameters)
{
        return json_pack("{s:s, s:o}", "error", name, "parameters", parameters ?: json_object());
}

/* --- results */

json_t *varlink_encode_octets(const uint8_t *p, size_t n)
{
        json_t *array = json_array();

        for (size_t i = 0; i < n; i++)
                json_array_append_new(array, json_integer(p[i]));
        return array;
}

static json_t *varlink_encode_address(const FoundAddress *a)
{
        json_t *o = json_object();

        if (a->ifindex > 0)
                json_object_set_new(o, "ifindex", json_integer(a->ifindex));
        json_object_set_new(o, "family", json_integer(a->family));
        json_object_set_new(o, "address", varlink_encode_octets(a->octets, a->n));
        return o;
}

static json_t *varlink_encode_addresses(AddressWalk *w)
{
        json_t *array = json_array();
        FoundAddress a;

        while (address_walk_next(w, &a))
                json_array_append_new(array, varlink_encode_address(&a));
        return array;
}

static json_t *varlink_encode_hostname(const Lookup *l)
{
        json_t *o = json_object();
        AddressWalk w;

        address_walk_init(&w, l, lookup_found_name(l));
        json_object_set_new(o, "addresses", varlink_encode_addresses(&w));
        json_object_set_new(o, "name", json_string(w.canonical));
        return o;
}

static json_t *varlink_encode_names(const Lookup *l)
{
        json_t *o = json_object(), *names = json_array();
        char name[NAME_TEXT_MAX];
        FoundWalk w;

        if (found_walk_init(&w, l))
                while (found_walk_next_name(&w, name))
                        json_array_append_new(names, json_pack("{s:s}", "name", name));
        json_object_set_new(o, "names", names);
        return o;
}

/* Returns base64 (RFC 4648 4), which the caller frees. */
static char *varlink_base64(const uint8_t *p, size_t n)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        char *text = malloc((n + 2) / 3 * 4 + 1), *t = text;

        if (!text)
                return NULL;
        for (size_t i = 0; i < n; i += 3) {
                uint32_t bits =
                        (uint32_t) p[i] << 16 | (i + 1 < n ? (uint32_t) p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);

                *t++ = digits[bits >> 18];
                *t++ = digits[bits >> 12 & 63];
                *t++ = i + 1 < n ? digits[bits >> 6 & 63] : '=';
                *t++ = i + 2 < n ? digits[bits & 63] : '=';
        }
        *t = 0;
        return text;
}

static json_t *varlink_encode_record(const uint8_t *wire, size_t n)
{
        _cleanup_(freep) char *raw = varlink_base64(wire, n);

        return json_pack("{s:s}", "raw", raw ?: "");
}

static json_t *varlink_encode_records(const Lookup *l)
{
        _cleanup_(freep) uint8_t *wire = malloc(ANSWER_RECORD_MAX);
        json_t *o = json_object(), *records = json_array();
        FoundWalk w;
        Record r;
        size_t n;

        if (wire && found_walk_init(&w, l))
                while (found_walk_next_record(&w, &r, wire, &n))
                        json_array_append_new(records, varlink_encode_record(wire, n));
        json_object_set_new(o, "rrs", records);
        return o;
}

json_t *varlink_encode_key(Bytes name, uint16_t type, uint16_t class)
{
        char text[NAME_TEXT_MAX];

        name_to_text(name, text);
        return json_pack("{s:i, s:i, s:s}", "class", (int) class, "type", (int) type, "name", text);
}

json_t *varlink_encode_answer(const Message *m)
{
        _cleanup_(freep) uint8_t *wire = malloc(ANSWER_RECORD_MAX);
        const Answer a = { .message = *m };
        RecordWalk w = ANSWER_WALK(&a);
        json_t *records = json_array();
        Record r;

        while (wire && record_next(&w, &r) && r.section == SECTION_ANSWER) {
                size_t n = answer_write_record(&a, &r, wire, ANSWER_RECORD_MAX);

                if (n)
                        json_array_append_new(records, varlink_encode_record(wire, n));
        }
        return records;
}

/* As systemd writes octets in JSON: printable ASCII, and all others in octal. */
static int varlink_encode_text(void *array, Bytes text)
{
        char escaped[4 * UINT8_MAX + 1];
        size_t n = 0;

        for (size_t i = 0; i < text.n; i++)
                if (text.p[i] < ' ' || text.p[i] >= 0x7f || text.p[i] == '\\' || text.p[i] == '"')
                        n += (size_t) snprintf(escaped + n, sizeof(escaped) - n, "\\%03o", text.p[i]);
                else
                        escaped[n++] = (char) text.p[i];
        return json_array_append_new(array, json_stringn(escaped, n)) < 0 ? -ENOMEM : 0;
}

static json_t *varlink_encode_service(const Lookup *l, const FoundService *s)
{
        json_t *o = json_pack("{s:i, s:i, s:i, s:s}", "priority", (int) s->priority, "weight", (int) s->weight, "port",
                              (int) s->port, "hostname", s->text);
        json_t *addresses;
        AddressWalk w;

        address_walk_init(&w, l, BYTES(s->name, s->n));
        addresses = varlink_encode_addresses(&w);
        json_object_set_new(o, "canonicalName", json_string(w.canonical));
        json_object_set_new(o, "addresses", addresses);
        return o;
}

static json_t *varlink_encode_services(const Lookup *l)
{
        json_t *o = json_object(), *services = json_array(), *texts = json_array(), *canonical = json_object();
        FoundService s;
        FoundWalk w;

        if (found_walk_init(&w, l))
                while (found_walk_next_service(&w, &s))
                        json_array_append_new(services, varlink_encode_service(l, &s));
        lookup_each_text(l, varlink_encode_text, texts);
        if (*l->service)
                json_object_set_new(canonical, "name", json_string(l->service));
        json_object_set_new(canonical, "type", json_string(l->service_type));
        json_object_set_new(canonical, "domain", json_string(l->domain));
        json_object_set_new(o, "services", services);
        if (json_array_size(texts) > 0)
                json_object_set(o, "txt", texts);
        json_decref(texts);
        json_object_set_new(o, "canonical", canonical);
        return o;
}

json_t *varlink_encode_found(const Lookup *l)
{
        static json_t *(*const encode[LOOKUP_KINDS])(const Lookup *l) = {
                [LOOKUP_HOSTNAME] = varlink_encode_hostname,
                [LOOKUP_ADDRESS] = varlink_encode_names,
                [LOOKUP_RECORD] = varlink_encode_records,
                [LOOKUP_SERVICE] = varlink_encode_services,
        };
        json_t *o = encode[l->kind](l);

        json_object_set_new(o, "flags", json_integer((json_int_t) l->result_flags));
        return varlink_encode_reply(o);
}

/* --- errors */

json_t *varlink_encode_failed(const LookupError *e)
{
        static const char *const names[LOOKUP_ERRORS] = {
                [LOOKUP_INVALID] = VARLINK_SERVICE ".InvalidParameter",
                [LOOKUP_INVALID_ADDRESS_SIZE] = VARLINK_RESOLVE ".BadAddressSize",
                [LOOKUP_ZONE_TRANSFER] = VARLINK_RESOLVE ".ZoneTransfersNotPermitted",
                [LOOKUP_INVALID_TYPE] = VARLINK_RESOLVE ".ResourceRecordTypeInvalidForQuery",
                [LOOKUP_NO_NAME_SERVERS] = VARLINK_RESOLVE ".NoNameServers",
                [LOOKUP_NO_SOURCE] = VARLINK_RESOLVE ".NoSource",
                [LOOKUP_NETWORK_DOWN] = VARLINK_RESOLVE ".NetworkDown",
                /* To nss-resolve, that means to try again. */
                [LOOKUP_BUSY] = VARLINK_RESOLVE ".MaxAttemptsReached",
                [LOOKUP_TIMEOUT] = VARLINK_RESOLVE ".QueryTimedOut",
                [LOOKUP_INVALID_REPLY] = VARLINK_RESOLVE ".InvalidReply",
                [LOOKUP_CNAME_LOOP] = VARLINK_RESOLVE ".CNAMELoop",
                [LOOKUP_NO_DATA] = VARLINK_RESOLVE ".NoSuchResourceRecord",
                [LOOKUP_DNSSEC_FAILED] = VARLINK_RESOLVE ".DNSSECValidationFailed",
                [LOOKUP_DNS_ERROR] = VARLINK_RESOLVE ".DNSError",
                [LOOKUP_NO_SERVICE] = VARLINK_RESOLVE ".ServiceNotProvided",
        };
        json_t *o = json_object();

        if (e->code == LOOKUP_INVALID)
                json_object_set_new(o, "parameter", json_string(e->parameter));
        if (e->code == LOOKUP_DNS_ERROR)
                json_object_set_new(o, "rcode", json_integer(e->rcode));
        if (e->code == LOOKUP_DNSSEC_FAILED)
                json_object_set_new(o, "result", json_string("upstream-failure"));
        if ((e->code == LOOKUP_DNS_ERROR || e->code == LOOKUP_DNSSEC_FAILED) && e->ede != EDE_NONE)
                json_object_set_new(o, "extendedDNSErrorCode", json_integer(e->ede));
        return varlink_encode_error(names[e->code], o);
}
