/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dns/message.h"
#include "script.h"
#include "server.h"

#define REQUEST_MAX 65535
#define NAMES_MAX 100000

/* Is this request one of the `permille`? Evenly spread, not by chance, so that a test finds the same each time. */
static bool struck(const Faults *f)
{
        static atomic_uint count;
        unsigned i = count++ * 617;

        return i % 1000 < f->permille;
}

/* --- answering */

void exchange_free(Request *r)
{
        list_remove(&r->in_connection);
        packet_unref(r->answer);
        free(r->message);
        free(r);
}

static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *to, size_t size, uint32_t *flags,
                         nghttp2_data_source *source, void *userdata)
{
        Request *r = source->ptr;
        size_t n = MIN(size, r->answer->n - r->sent);

        (void) session;
        (void) stream;
        (void) userdata;
        memcpy(to, r->answer->data + r->sent, n);
        r->sent += n;
        if (r->sent == r->answer->n)
                *flags |= NGHTTP2_DATA_FLAG_EOF;
        return (ssize_t) n;
}

static nghttp2_nv field(const char *name, const char *value)
{
        return (nghttp2_nv) { (uint8_t *) name, (uint8_t *) value, strlen(name), strlen(value), 0 };
}

static void spoil(Packet *b, const Faults *f)
{
        switch (f->body) {
        case BODY_RIGHT:
                break;
        case BODY_GARBAGE:
                memset(b->data, 0x5a, b->n);
                break;
        case BODY_EMPTY:
                b->n = 0;
                break;
        case BODY_OTHER_QUESTION:
                b->data[DNS_HEADER_SIZE + 1] ^= 1;
                break;
        case BODY_QUERY:
                b->data[2] &= 0x7f;
                break;
        case BODY_ID:
                b->data[0] ^= 1;
                break;
        case BODY_TRUNCATED:
                b->data[2] |= 2;
                break;
        case BODY_TRAILING:
                memcpy(b->data + b->n, "trailing", 8);
                b->n += 8;
                break;
        case BODY_SHORT:
                b->n = 11;
                break;
        }
        if (f->rcode >= 0 && b->n > 4)
                b->data[3] = (uint8_t) ((b->data[3] & 0xf0) | f->rcode);
}

void exchange_respond(Connection *c, Request *r)
{
        Faults f = current_faults();
        nghttp2_data_provider body = { .source.ptr = r, .read_callback = read_body };
        char status[16], retry[16], age[16], max_age[32], length[16];
        nghttp2_nv fields[8];
        size_t n = 0;

        if (f.permille < 1000 && !struck(&f))
                f = FAULTS_NONE;
        spoil(r->answer, &f);
        snprintf(status, sizeof(status), "%03u", f.status ? f.status : 200);
        fields[n++] = field(":status", status);
        fields[n++] = field("content-type", f.content_type[0] ? f.content_type : "application/dns-message");
        snprintf(length, sizeof(length), "%u", r->answer->n);
        fields[n++] = field("content-length", length);
        snprintf(retry, sizeof(retry), "%d", f.retry_after);
        if (f.retry_after >= 0)
                fields[n++] = field("retry-after", retry);
        snprintf(age, sizeof(age), "%d", f.age);
        if (f.age >= 0)
                fields[n++] = field("age", age);
        snprintf(max_age, sizeof(max_age), "max-age=%d", f.max_age);
        if (f.max_age >= 0)
                fields[n++] = field("cache-control", max_age);
        nghttp2_submit_response(c->session, r->stream, fields, n, &body);
}

static void note_name(Bytes query)
{
        char text[NAME_TEXT_MAX];
        Message m;

        if (message_parse(&m, query) != MESSAGE_OK)
                return;
        name_to_text(m.qname, text);
        pthread_mutex_lock(&server.lock);
        if (server.names_n < NAMES_MAX * 16) {
                char *grown = realloc(server.names, server.names_n + strlen(text) + 4);

                if (grown) {
                        server.names = grown;
                        server.names_n += (size_t) sprintf(server.names + server.names_n, "%s ", text);
                }
        }
        pthread_mutex_unlock(&server.lock);
}

/* A request is whole. */
static void take(Connection *c, Request *r)
{
        Faults f = current_faults();
        unsigned delay;

        server.queries++;
        note_name(BYTES(r->message, r->n));
        r->answer = answer_make(BYTES(r->message, r->n), &delay);
        if (!r->answer) {
                nghttp2_nv status = field(":status", "400");

                nghttp2_submit_response(c->session, r->stream, &status, 1, NULL);
                return;
        }
        if (f.permille < 1000 && !struck(&f))
                f = FAULTS_NONE;
        if (f.drop || f.reset) {
                c->leave = true;
                c->reset = f.reset;
                return;
        }
        if (f.rst_stream >= 0) {
                nghttp2_submit_rst_stream(c->session, 0, r->stream, (uint32_t) f.rst_stream);
                return;
        }
        if (f.goaway || f.goaway_refuse) {
                c->last_stream = MIN(c->last_stream, MAX(r->stream - (f.goaway_refuse ? 2 : 0), 0));
                nghttp2_submit_goaway(c->session, 0, c->last_stream, NGHTTP2_NO_ERROR, NULL, 0);
        }
        if (f.swallow || f.goaway_refuse)
                return;
        delay += f.delay;
        if (f.scripts[MOMENT_REPLY]) {
                script_run(c, r, f.scripts[MOMENT_REPLY]);
                return;
        }
        if (delay)
                r->due = now_msec() + delay;
        else
                exchange_respond(c, r);
}

uint64_t exchange_respond_due(Connection *c)
{
        uint64_t now = now_msec(), next = UINT64_MAX;

        LIST_FOREACH(l, &c->requests) {
                Request *r = container_of(l, Request, in_connection);

                if (!r->due)
                        continue;
                if (r->due <= now) {
                        r->due = 0;
                        exchange_respond(c, r);
                } else
                        next = MIN(next, r->due);
        }
        return next;
}

/* --- HTTP/2 */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        Connection *c = userdata;
        Request *r = calloc(1, sizeof(*r));
        unsigned long n;

        if (!r)
                return NGHTTP2_ERR_CALLBACK_FAILURE;
        r->stream = frame->hd.stream_id;
        list_init(&r->in_connection);
        list_append(&c->requests, &r->in_connection);
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, r);
        n = ++server.streams;
        if (n > server.streams_most)
                server.streams_most = n;
        return 0;
}

static bool append(Request *r, const uint8_t *data, size_t n)
{
        uint8_t *grown = r->n + n <= REQUEST_MAX ? realloc(r->message, r->n + n + 1) : NULL;

        if (!grown)
                return false;
        r->message = grown;
        memcpy(grown + r->n, data, n);
        r->n += n;
        return true;
}

static void take_base64url(Request *r, const uint8_t *p, size_t n)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        uint32_t bits = 0;
        unsigned held = 0;

        for (size_t i = 0; i < n && p[i] != '&'; i++) {
                const char *at = p[i] ? strchr(alphabet, p[i]) : NULL;
                uint8_t octet;

                if (!at)
                        return;
                bits = bits << 6 | (uint32_t) (at - alphabet);
                held += 6;
                if (held < 8)
                        continue;
                held -= 8;
                octet = (uint8_t) (bits >> held);
                append(r, &octet, 1);
        }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t n_name,
                     const uint8_t *value, size_t n, uint8_t flags, void *userdata)
{
        Request *r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
        const uint8_t *at;

        (void) flags;
        (void) userdata;
        if (r && n_name == 5 && memcmp(name, ":path", 5) == 0 && (at = memmem(value, n, "dns=", 4)))
                take_base64url(r, at + 4, n - (size_t) (at + 4 - value));
        return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t n,
                   void *userdata)
{
        Request *r = nghttp2_session_get_stream_user_data(session, stream);

        (void) flags;
        (void) userdata;
        if (r)
                append(r, data, n);
        return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        Connection *c = userdata;
        Request *r;

        if (frame->hd.type == NGHTTP2_PING && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
                server.pings++;
        if (frame->hd.type == NGHTTP2_GOAWAY)
                server.goaways++;
        if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
            !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
                return 0;
        r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
        if (r)
                take(c, r);
        return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *userdata)
{
        Request *r = nghttp2_session_get_stream_user_data(session, stream);

        (void) code;
        (void) userdata;
        if (!r)
                return 0;
        server.streams--;
        exchange_free(r);
        return 0;
}

/* "3:100;4:65535": numbers of SETTINGS and their values. */
static void submit_settings(nghttp2_session *session, const Faults *f)
{
        nghttp2_settings_entry settings[16] = { { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                                  f->max_streams >= 0 ? (uint32_t) f->max_streams : 100 } };
        const char *p = f->settings;
        size_t n = 1;

        while (*p && n < ELEMENTS(settings)) {
                char *end;

                settings[n].settings_id = (int32_t) strtol(p, &end, 10);
                if (*end != ':')
                        break;
                settings[n++].value = (uint32_t) strtoul(end + 1, &end, 10);
                p = *end == ';' ? end + 1 : end;
        }
        if (nghttp2_submit_settings(session, 0, settings, n) < 0)
                fprintf(stderr, "doh-server: nghttp2 does not send these settings: %s\n", f->settings);
}

nghttp2_session *exchange_session(Connection *c)
{
        nghttp2_session_callbacks *callbacks;
        nghttp2_session *session = NULL;

        if (nghttp2_session_callbacks_new(&callbacks) != 0)
                return NULL;
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
        if (nghttp2_session_server_new(&session, callbacks, c) == 0 && !c->faults.scripts[MOMENT_GREET])
                submit_settings(session, &c->faults);
        nghttp2_session_callbacks_del(callbacks);
        return session;
}
