/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/h2_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/pool.h"
#include "io/upstream/body.h"

#define FIELD_PATH 3 /* position of the field whose value nghttp2 has to copy: it may not live long enough */
#define MEDIA_TYPE "application/dns-message"

/* A longer message is sent by POST, which every server supports (RFC 8484 4.1): nghttp2 sends no more than 64 KiB of
 * fields, and servers accept far less. */
#define GET_MESSAGE_MAX 4096

/* Returns the number of digits. */
static size_t h2_request_write_decimal(char to[static 8], size_t number)
{
        char digits[8];
        size_t n = 0;

        do {
                digits[n++] = (char) ('0' + number % 10);
                number /= 10;
        } while (number > 0 && n < sizeof(digits));
        for (size_t i = 0; i < n; i++)
                to[i] = digits[n - 1 - i];
        return n;
}

H2Request *h2_request_new(uint32_t exchange, Packet *message)
{
        H2Request *r = pool_get_zeroed(sizeof(*r));

        if (!r)
                return NULL;
        list_init(&r->in_list);
        list_init(&r->in_borrowers);
        r->exchange = exchange;
        r->response = HTTP_RESPONSE_INIT;
        r->message = packet_ref(message);
        return r;
}

H2Request *h2_request_free(H2Request *r)
{
        if (!r)
                return NULL;
        list_remove(&r->in_list);
        h2_request_drop_body(r);
        packet_unref(r->message);
        pool_put(r, sizeof(*r));
        return NULL;
}

bool h2_request_own_body(H2Request *r)
{
        Bytes borrowed = r->borrowed;

        r->borrowed = BYTES(NULL, 0);
        list_remove(&r->in_borrowers);
        return borrowed.n == 0 || body_append(&r->body, borrowed);
}

bool h2_request_add_body(H2Request *r, Bytes piece)
{
        if (r->borrowed.n == 0 && r->body.n == 0) {
                r->borrowed = piece;
                return true;
        }
        return h2_request_own_body(r) && body_append(&r->body, piece);
}

void h2_request_drop_body(H2Request *r)
{
        r->borrowed = BYTES(NULL, 0);
        list_remove(&r->in_borrowers);
        body_deinit(&r->body);
}

Bytes h2_request_body(const H2Request *r)
{
        return r->borrowed.n > 0 ? r->borrowed : byte_buffer_bytes(&r->body);
}

char *h2_authority(const UpstreamConfig *config)
{
        bool literal = strchr(config->host, ':') != NULL;
        char *text;
        int n;

        if (config->port == 443)
                n = asprintf(&text, "%s%s%s", literal ? "[" : "", config->host, literal ? "]" : "");
        else
                n = asprintf(&text, "%s%s%s:%u", literal ? "[" : "", config->host, literal ? "]" : "",
                             (unsigned) config->port);
        return n < 0 ? NULL : text;
}

/* Encodes in Base64url without padding (RFC 4648 5, RFC 8484 6). Returns the end of what was written. */
static char *h2_request_write_base64url(char *to, Bytes bytes)
{
        static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

        for (size_t i = 0; i < bytes.n; i += 3) {
                size_t n = MIN(bytes.n - i, (size_t) 3);
                uint32_t bits = (uint32_t) bytes.p[i] << 16;

                if (n > 1)
                        bits |= (uint32_t) bytes.p[i + 1] << 8;
                if (n > 2)
                        bits |= bytes.p[i + 2];
                for (size_t j = 0; j <= n; j++)
                        *to++ = alphabet[bits >> (18 - 6 * j) & 63];
        }
        return to;
}

/* Returns *ret_n octets, not terminated, or NULL if out of memory. */
static char *h2_request_path_with_message(const char *path, Bytes message, size_t *ret_n)
{
        const char *parameter = strchr(path, '?') ? "&dns=" : "?dns=";
        size_t n_path = strlen(path), n_parameter = strlen(parameter);
        char *text = malloc(n_path + n_parameter + (message.n + 2) / 3 * 4);

        if (!text)
                return NULL;
        memcpy(text, path, n_path);
        memcpy(text + n_path, parameter, n_parameter);
        *ret_n = (size_t) (h2_request_write_base64url(text + n_path + n_parameter, message) - text);
        return text;
}

/* The value is not copied: it lives as long as the request is queued. */
static nghttp2_nv h2_request_field(const char *name, const char *value, size_t n)
{
        return (nghttp2_nv) {
                .name = (uint8_t *) name,
                .namelen = strlen(name),
                .value = (uint8_t *) value,
                .valuelen = n,
                .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE,
        };
}

static ssize_t h2_request_read_message(_unused_ nghttp2_session *session, _unused_ int32_t stream, uint8_t *to,
                                       size_t size, uint32_t *flags, nghttp2_data_source *source,
                                       _unused_ void *userdata)
{
        H2Request *r = source->ptr;
        size_t n = MIN(size, r->message->n - r->sent);

        memcpy(to, r->message->data + r->sent, n);
        r->sent += n;
        if (r->sent == r->message->n)
                *flags |= NGHTTP2_DATA_FLAG_EOF;
        return (ssize_t) n;
}

/* The order is fixed, and no field distinguishes one client from another (RFC 8484 8.2). */
int h2_request_submit(H2Request *r, nghttp2_session *session, const UpstreamConfig *config, const char *authority)
{
        bool get = config->method == METHOD_GET && r->message->n <= GET_MESSAGE_MAX;
        nghttp2_data_provider provider = { .source.ptr = r, .read_callback = h2_request_read_message };
        _cleanup_(freep) char *path = NULL;
        size_t n_path = strlen(config->path);

        if (get) {
                path = h2_request_path_with_message(config->path, packet_bytes(r->message), &n_path);
                if (!path)
                        return -ENOMEM;
        }

        nghttp2_nv fields[] = {
                h2_request_field(":method", get ? "GET" : "POST", get ? 3 : 4),
                h2_request_field(":scheme", "https", 5),
                h2_request_field(":authority", authority, strlen(authority)),
                [FIELD_PATH] = h2_request_field(":path", get ? path : config->path, n_path),
                h2_request_field("accept", MEDIA_TYPE, strlen(MEDIA_TYPE)),
                h2_request_field("content-type", MEDIA_TYPE, strlen(MEDIA_TYPE)),
                h2_request_field("content-length", r->length, h2_request_write_decimal(r->length, r->message->n)),
        };

        fields[FIELD_PATH].flags = NGHTTP2_NV_FLAG_NO_COPY_NAME;
        r->stream = nghttp2_submit_request(session, NULL, fields, get ? 5 : 7, get ? NULL : &provider, r);
        if (r->stream == NGHTTP2_ERR_NOMEM)
                return -ENOMEM;
        return r->stream < 0 ? -EPIPE : 0;
}

bool h2_request_again(H2Request *r, nghttp2_session *session, const UpstreamConfig *config, const char *authority)
{
        r->early = r->final = r->complete = false;
        r->failure = FAILURE_NONE;
        r->interim = 0;
        r->response = HTTP_RESPONSE_INIT;
        r->received = r->sent = 0;
        h2_request_drop_body(r);
        return h2_request_submit(r, session, config, authority) >= 0;
}

FailureReason h2_request_outcome(const H2Request *r, uint32_t code)
{
        if (r->failure)
                return r->failure;
        if (r->complete)
                return FAILURE_NONE;
        if (r->unsent)
                return FAILURE_NOT_SENT;
        if (code == NGHTTP2_REFUSED_STREAM)
                return FAILURE_REFUSED_STREAM;
        if (r->peer_reset)
                return FAILURE_STREAM_RESET;
        /* nghttp2 rejected it. */
        if (r->response.has_length && r->response.length != r->received)
                return FAILURE_BODY_SIZE;
        return FAILURE_PROTOCOL;
}
