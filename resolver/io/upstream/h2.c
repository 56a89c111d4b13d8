/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/h2.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "io/upstream/h2_memory.h"
#include "io/upstream/h2_request.h"

/* A body fits into the window of its stream without an update. The window of the connection is updated once per
 * stream. */
#define STREAM_WINDOW (2 * (H2_BODY_MAX + 1))
#define CONNECTION_WINDOW (H2_STREAMS_MAX * (H2_BODY_MAX + 1))

#define FIELDS_MAX                                                                                                    \
        16384            /* octets of one field section, counted as in RFC 9113 6.5.2; nghttp2 1.52 only announces it \
                          */
#define SETTINGS_MAX 32  /* entries of one frame (CVE-2020-11080) */
#define ACKS_MAX 100     /* PINGs and SETTINGS whose acknowledgment is queued */
#define INTERIM_MAX 1024 /* 1xx responses to one request */
#define NOISE_MAX \
        262144 /* consecutive octets that are neither fields nor body of a response: a flood of frames of any kind */

/* No new stream is opened once this many are used, well before the stream identifiers run out. */
#define STREAM_NUMBER_MAX (INT32_MAX - 4 * H2_STREAMS_MAX)

/* Exchanges that are sent as early data. */
#define EARLY_MAX 8

struct H2 {
        Stream *stream;           /* NULL once it closes on its own */
        nghttp2_session *session; /* NULL before `ready`, except with early data */
        const UpstreamConfig *config;
        const H2Events *events; /* NULL: the owner has called h2_close() */
        void *userdata;
        char *authority;
        bool waiting;    /* established, and the TLS handshake is not started */
        bool ready;      /* the TLS handshake is complete */
        bool running;    /* inside an event of the loop, at whose end it writes, reports and frees */
        bool over;       /* to be freed */
        bool draining;   /* no new streams */
        bool terminated; /* the last GOAWAY is written: nghttp2 receives no more octets */
        bool unusable;   /* nghttp2 returned a fatal error: its session may only be freed */
        bool settings;   /* the peer's came */
        uint32_t max_streams;
        size_t noise;
        size_t field_octets; /* of the current field section */
        List open;           /* H2Request: nghttp2 has a stream */
        List borrowers;      /* of these, whose body is part of what is being read */
        H2Request *answered; /* whose fields are being read; NULL: nobody's */
        time_t read_at;      /* wall clock, seconds */
        size_t n_open, n_unwanted;
        uint32_t early[EARLY_MAX]; /* exchanges that were sent as early data, until h2_send() names them */
        unsigned n_early;

        /* outcomes, to be reported from the loop */
        bool tell_max_streams;
        FailureReason tell_goaway;
        FailureReason tell_closed;
        List done; /* H2Request */
        ByteBuffer out;
};

/* --- lists of requests */

static H2Request *h2_first(List *list)
{
        List *l = list_first(list);

        return l ? container_of(l, H2Request, in_list) : NULL;
}

static H2Request *h2_find(List *list, uint32_t exchange)
{
        LIST_FOREACH(l, list) {
                H2Request *r = container_of(l, H2Request, in_list);

                if (r->exchange == exchange && !r->unwanted)
                        return r;
        }
        return NULL;
}

/* --- callbacks of nghttp2: they record what happened, and call nothing */

static H2Request *h2_request_of(nghttp2_session *session, int32_t stream)
{
        return stream > 0 ? nghttp2_session_get_stream_user_data(session, stream) : NULL;
}

static void h2_give_up(H2Request *r, nghttp2_session *session, FailureReason f)
{
        if (r->failure || r->complete)
                return;
        r->failure = f;
        h2_request_drop_body(r);
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, r->stream, NGHTTP2_CANCEL);
}

/* The response is complete: a request that the peer has not read to its end need not be finished (RFC 9113 8.1), and a
 * body without a meaning need not be read. */
static void h2_complete(H2Request *r, nghttp2_session *session, bool end_of_stream)
{
        if (r->complete || r->failure)
                return;
        r->complete = true;
        if (!end_of_stream || nghttp2_session_get_stream_local_close(session, r->stream) == 0)
                nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, r->stream, NGHTTP2_CANCEL);
}

static int h2_on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        H2 *h = userdata;

        h->answered = h2_request_of(session, frame->hd.stream_id);
        h->field_octets = 0;
        return 0;
}

static int h2_on_header(_unused_ nghttp2_session *session, _unused_ const nghttp2_frame *frame, const uint8_t *name,
                        size_t n_name, const uint8_t *value, size_t n_value, _unused_ uint8_t flags, void *userdata)
{
        H2 *h = userdata;
        H2Request *r = h->answered;

        h->field_octets += n_name + n_value + 32;
        if (h->field_octets > FIELDS_MAX)
                return NGHTTP2_ERR_CALLBACK_FAILURE;
        /* Trailers follow the final response, and have no meaning here. */
        if (r && !r->final)
                http_response_field(&r->response, BYTES(name, n_name), BYTES(value, n_value), h->read_at);
        return 0;
}

static void h2_on_fields(H2 *h, H2Request *r, nghttp2_session *session)
{
        if (r->final)
                return;
        if (r->response.status >= 100 && r->response.status <= 199) {
                r->response = HTTP_RESPONSE_INIT;
                if (++r->interim > INTERIM_MAX)
                        h2_give_up(r, session, FAILURE_PROTOCOL);
                return;
        }
        r->final = true;
        h->noise = 0;
        if (http_response_answers(&r->response) && r->response.has_length && r->response.length > H2_BODY_MAX)
                h2_give_up(r, session, FAILURE_BODY_SIZE);
}

static bool h2_add_body(H2 *h, H2Request *r, Bytes piece)
{
        if (!h2_request_add_body(r, piece))
                return false;
        if (r->borrowed.n > 0)
                list_append(&h->borrowers, &r->in_borrowers);
        return true;
}

static int h2_on_data_chunk(nghttp2_session *session, _unused_ uint8_t flags, int32_t stream, const uint8_t *data,
                            size_t n, void *userdata)
{
        H2Request *r = h2_request_of(session, stream);
        H2 *h = userdata;

        h->noise = 0;
        if (!r || r->failure || r->complete)
                return 0;
        r->received += n;
        /* A body that is not a DNS message is not kept: the status is sufficient. */
        if (!http_response_answers(&r->response)) {
                if (r->received > H2_BODY_MAX)
                        h2_complete(r, session, false);
                return 0;
        }
        if (r->received > H2_BODY_MAX)
                h2_give_up(r, session, FAILURE_BODY_SIZE);
        else if (!r->unwanted && !h2_add_body(h, r, BYTES(data, n)))
                h2_give_up(r, session, FAILURE_RESOURCES);
        return 0;
}

static void h2_on_settings(H2 *h)
{
        uint32_t max = nghttp2_session_get_remote_settings(h->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

        max = MIN(max, (uint32_t) H2_STREAMS_MAX);
        if (h->settings && max == h->max_streams)
                return;
        h->settings = true;
        h->max_streams = max;
        h->tell_max_streams = true;
}

static void h2_on_goaway(H2 *h, uint32_t code)
{
        h->draining = true;
        if (code == NGHTTP2_NO_ERROR)
                h->tell_goaway = FAILURE_GOAWAY;
        else if (code == NGHTTP2_ENHANCE_YOUR_CALM)
                h->tell_goaway = FAILURE_GOAWAY_CALM;
        else
                h->tell_goaway = FAILURE_GOAWAY_ERROR;
}

static int h2_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        H2Request *r = h2_request_of(session, frame->hd.stream_id);
        H2 *h = userdata;

        switch (frame->hd.type) {
        case NGHTTP2_HEADERS:
                if (r)
                        h2_on_fields(h, r, session);
                break;
        case NGHTTP2_SETTINGS:
                if (!(frame->hd.flags & NGHTTP2_FLAG_ACK))
                        h2_on_settings(h);
                return 0;
        case NGHTTP2_GOAWAY:
                h2_on_goaway(h, frame->goaway.error_code);
                return 0;
        case NGHTTP2_RST_STREAM:
                if (r)
                        r->peer_reset = true;
                return 0;
        case NGHTTP2_DATA:
                break;
        default:
                return 0;
        }
        if (r && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
                h2_complete(r, session, true);
        return 0;
}

static int h2_on_frame_sent(_unused_ nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        H2 *h = userdata;

        if (frame->hd.type != NGHTTP2_GOAWAY)
                return 0;
        h->terminated = true;
        if (frame->goaway.error_code != NGHTTP2_NO_ERROR)
                h->tell_closed = FAILURE_PROTOCOL;
        return 0;
}

static int h2_on_frame_unsent(nghttp2_session *session, const nghttp2_frame *frame, _unused_ int error,
                              _unused_ void *userdata)
{
        H2Request *r = h2_request_of(session, frame->hd.stream_id);

        if (frame->hd.type == NGHTTP2_HEADERS && r)
                r->unsent = true;
        return 0;
}

/* The only place where nghttp2 gives up a request. */
static int h2_on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code, void *userdata)
{
        H2Request *r = h2_request_of(session, stream);
        H2 *h = userdata;

        if (!r)
                return 0;
        if (h->answered == r)
                h->answered = NULL;
        h->n_open--;
        if (r->unwanted) {
                h->n_unwanted--;
                h2_request_free(r);
                return 0;
        }
        if (r->early && r->complete && r->response.status == 425 &&
            h2_request_again(r, session, h->config, h->authority)) {
                h->n_open++;
                return 0;
        }
        r->failure = h2_request_outcome(r, code);
        list_remove(&r->in_borrowers); /* it is reported before what is being read goes */
        list_remove(&r->in_list);
        list_append(&h->done, &r->in_list);
        return 0;
}

/* --- the HTTP/2 session */

static nghttp2_session_callbacks *h2_callbacks_new(void)
{
        nghttp2_session_callbacks *c;

        if (nghttp2_session_callbacks_new(&c) < 0)
                return NULL;
        nghttp2_session_callbacks_set_on_begin_headers_callback(c, h2_on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(c, h2_on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, h2_on_data_chunk);
        nghttp2_session_callbacks_set_on_frame_recv_callback(c, h2_on_frame);
        nghttp2_session_callbacks_set_on_frame_send_callback(c, h2_on_frame_sent);
        nghttp2_session_callbacks_set_on_frame_not_send_callback(c, h2_on_frame_unsent);
        nghttp2_session_callbacks_set_on_stream_close_callback(c, h2_on_stream_close);
        return c;
}

static int h2_submit_settings(nghttp2_session *session)
{
        static const nghttp2_settings_entry settings[] = {
                { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
                { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
                { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, FIELDS_MAX },
        };
        int r;

        r = nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, ELEMENTS(settings));
        if (r < 0)
                return r;
        return nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
}

static bool h2_open_session(H2 *h)
{
        nghttp2_session_callbacks *callbacks = h2_callbacks_new();
        nghttp2_option *options = NULL;
        bool ok = false;

        if (callbacks && nghttp2_option_new(&options) == 0) {
                nghttp2_option_set_max_settings(options, SETTINGS_MAX);
                nghttp2_option_set_max_outbound_ack(options, ACKS_MAX);
                nghttp2_option_set_peer_max_concurrent_streams(options, H2_STREAMS_MAX);
                if (nghttp2_session_client_new3(&h->session, callbacks, h, options, &h2_memory) == 0)
                        ok = h2_submit_settings(h->session) == 0;
        }
        nghttp2_option_del(options);
        nghttp2_session_callbacks_del(callbacks);
        return ok;
}

/* What was sent as early data was not accepted, or not sent at all: it is sent again once `ready`. */
static void h2_drop_session(H2 *h)
{
        H2Request *r;

        nghttp2_session_del(h->session);
        h->session = NULL;
        h->answered = NULL;
        while ((r = h2_first(&h->open)))
                h2_request_free(r);
        h->n_open = h->n_unwanted = 0;
        h->n_early = 0;
        byte_buffer_clear(&h->out);
}

/* --- frames out */

static void h2_fail(H2 *h, FailureReason f)
{
        if (!h->tell_closed)
                h->tell_closed = f;
        if (!h->running)
                stream_wake(h->stream);
}

/* Writes the GOAWAY of a session that cannot write its own. `out` contains whole frames only. */
static void h2_put_goaway(H2 *h, uint32_t code)
{
        /* Length, type, flags, stream 0, and the last stream of the peer that was processed: none. */
        uint8_t frame[17] = { 0, 0, 8, NGHTTP2_GOAWAY };

        wire_write32(frame + 13, code);
        byte_buffer_append(&h->out, BYTES(frame, sizeof(frame)));
}

/* The session failed, in nghttp2 or here. */
static void h2_abandon_session(H2 *h, ssize_t error)
{
        bool flood = error == NGHTTP2_ERR_FLOODED || error == NGHTTP2_ERR_CALLBACK_FAILURE;

        if (!h->terminated)
                h2_put_goaway(h, flood ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_INTERNAL_ERROR);
        h->terminated = h->unusable = true;
        h2_fail(h, error == NGHTTP2_ERR_NOMEM ? FAILURE_RESOURCES : FAILURE_PROTOCOL);
}

/* While the kernel accepts no more, frames stay in nghttp2, which limits how many a peer can make it queue. */
static void h2_gather_frames(H2 *h)
{
        const uint8_t *p;
        ssize_t n = 0;

        if (!h->session || h->unusable || (stream_blocked(h->stream) && !h->terminated))
                return;
        while ((n = nghttp2_session_mem_send(h->session, &p)) > 0) {
                if (!byte_buffer_append(&h->out, BYTES(p, n))) {
                        h2_fail(h, FAILURE_RESOURCES);
                        break;
                }
        }
        if (n < 0)
                h2_abandon_session(h, n);
}

/* All of them in one TLS record, if they fit. */
static void h2_encrypt_frames(H2 *h)
{
        h2_gather_frames(h);
        if (h->out.n > 0)
                stream_send(h->stream, byte_buffer_bytes(&h->out));
        byte_buffer_clear(&h->out);
}

static void h2_write_frames(H2 *h)
{
        h2_encrypt_frames(h);
        stream_flush(h->stream);
}

/* --- reports to the owner, from the loop only */

static H2 *h2_free(H2 *h)
{
        H2Request *r;

        nghttp2_session_del(h->session);
        while ((r = h2_first(&h->open)) || (r = h2_first(&h->done)))
                h2_request_free(r);
        byte_buffer_deinit(&h->out);
        free(h->authority);
        free(h);
        return NULL;
}

/* Sends GOAWAY, close_notify and FIN; the stream does the rest. nghttp2 reads nothing from here on (CVE-2026-27135). */
static void h2_wind_down(H2 *h)
{
        if (!h->stream)
                return;
        if (h->session && !h->terminated) {
                h->terminated = true;
                nghttp2_session_terminate_session(h->session, NGHTTP2_NO_ERROR);
        }
        /* Also a GOAWAY that was written because of an error of the peer (RFC 9113 5.4.1). */
        h2_encrypt_frames(h);
        h->stream = stream_close(h->stream);
        h->over = true;
}

static void h2_tell_request(H2 *h, H2Request *r)
{
        if (r->unwanted)
                return;
        if (r->failure)
                h->events->failed(h->userdata, r->exchange, r->failure);
        else
                h->events->response(h->userdata, r->exchange, &r->response, h2_request_body(r));
}

/* Any of these may close the connection, which shows in `events`. */
static void h2_tell(H2 *h)
{
        const H2Events *events;
        H2Request *r;
        FailureReason f;

        if (h->events && h->tell_max_streams) {
                h->tell_max_streams = false;
                h->events->max_streams(h->userdata, h->max_streams);
        }
        if (h->events && h->tell_goaway) {
                f = h->tell_goaway;
                h->tell_goaway = FAILURE_NONE;
                h->events->goaway(h->userdata, f);
        }
        while (h->events && (r = h2_first(&h->done))) {
                list_remove(&r->in_list);
                h2_tell_request(h, r);
                h2_request_free(r);
        }
        if (h->events && h->tell_closed) {
                events = h->events;
                h->events = NULL;
                events->closed(h->userdata, h->tell_closed);
                h2_wind_down(h);
        }
}

static bool h2_has_outcome(const H2 *h)
{
        return h->tell_max_streams || h->tell_goaway || h->tell_closed || !list_empty(&h->done);
}

/* Every event of the stream begins and ends with these two; nothing is written or freed in between. */
static void h2_enter(H2 *h)
{
        h->running = true;
}

static void h2_leave(H2 *h, bool write)
{
        h2_tell(h);
        /* Sending may have failed just now. */
        while (write && h->events) {
                h2_write_frames(h);
                if (!h2_has_outcome(h))
                        break;
                h2_tell(h);
        }
        h->running = false;
        if (h->over)
                h2_free(h);
}

/* --- the stream's events */

/* What was read goes. Whose response it completes is reported before; the others take with them what is theirs. */
static void h2_own_bodies(H2 *h)
{
        List *l;

        while ((l = list_first(&h->borrowers))) {
                H2Request *r = container_of(l, H2Request, in_borrowers);

                if (h2_request_own_body(r))
                        continue;
                /* The stream of a complete response is about to close, and that its body is lost is our fault. */
                if (r->complete)
                        r->failure = FAILURE_RESOURCES;
                else if (!h->unusable)
                        h2_give_up(r, h->session, FAILURE_RESOURCES);
        }
}

static void h2_on_plaintext(void *userdata, Bytes bytes)
{
        H2 *h = userdata;
        ssize_t n;

        if (h->terminated)
                return;
        h2_enter(h);
        h->noise += bytes.n;
        h->read_at = time(NULL);
        n = h->noise > NOISE_MAX ? NGHTTP2_ERR_FLOODED : nghttp2_session_mem_recv(h->session, bytes.p, bytes.n);
        if (n < 0) {
                h2_abandon_session(h, n);
        } else {
                /* If nghttp2 ends the session with a GOAWAY, that is known before the next octets are passed to it. */
                h2_gather_frames(h);
        }
        h2_own_bodies(h);
        h2_leave(h, false);
}

static void h2_on_established(void *userdata)
{
        H2 *h = userdata;

        h2_enter(h);
        h->waiting = true;
        h->events->established(h->userdata);
        h2_leave(h, false);
}

static void h2_on_ready(void *userdata)
{
        H2 *h = userdata;
        StreamInfo info = stream_info(h->stream);
        H2Ready ready = { .handshake = info.handshake, .local_port = info.local_port, .tls_version = info.tls_version };

        h2_enter(h);
        if (h->session && info.handshake != HANDSHAKE_EARLY)
                h2_drop_session(h);
        h->ready = true;
        if (h->session || h2_open_session(h))
                h->events->ready(h->userdata, &ready);
        else
                h2_fail(h, FAILURE_RESOURCES);
        h2_leave(h, false);
}

static void h2_on_received(void *userdata)
{
        H2 *h = userdata;

        h2_enter(h);
        h->events->received(h->userdata);
        h2_leave(h, false);
}

static void h2_on_write(void *userdata)
{
        H2 *h = userdata;

        h2_enter(h);
        h2_leave(h, true);
}

static void h2_on_closed(void *userdata, FailureReason f)
{
        H2 *h = userdata;

        h2_enter(h);
        /* Only an idle connection is closed in order. */
        if (f == FAILURE_IDLE_CLOSED && h->n_open > h->n_unwanted)
                f = FAILURE_CONNECTION_LOST;
        h2_fail(h, f);
        h2_leave(h, false);
}

static const StreamEvents stream_events = {
        .established = h2_on_established,
        .ready = h2_on_ready,
        .received = h2_on_received,
        .plaintext = h2_on_plaintext,
        .settled = h2_on_write,
        .drained = h2_on_write,
        .woken = h2_on_write,
        .closed = h2_on_closed,
};

/* --- the owner's calls */

H2 *h2_new(uv_loop_t *loop, const UpstreamConfig *config, const Address *address, Tls *tls, const H2Events *events,
           void *userdata, H2Stats *stats, FailureReason *ret_failure)
{
        H2 *h = calloc(1, sizeof(*h));

        *ret_failure = FAILURE_RESOURCES;
        if (!h)
                return NULL;
        h->config = config;
        h->events = events;
        h->userdata = userdata;
        h->max_streams = H2_STREAMS_MAX;
        list_init(&h->open);
        list_init(&h->done);
        list_init(&h->borrowers);
        h->authority = h2_authority(config);
        if (h->authority)
                h->stream = stream_new(loop, config, address, tls, &stream_events, h, stats, ret_failure);
        if (!h->stream)
                return h2_free(h);
        return h;
}

static int h2_submit(H2 *h, uint32_t exchange, Packet *message, bool early)
{
        H2Request *request;
        int r;

        if (message->n == 0 || message->n > H2_BODY_MAX)
                return -EMSGSIZE;
        /* Requests that were cancelled in this turn make room when it is written. */
        if (h->n_open - h->n_unwanted >= H2_STREAMS_MAX || h->n_open >= (size_t) 2 * H2_STREAMS_MAX)
                return -EBUSY;
        request = h2_request_new(exchange, message);
        if (!request)
                return -ENOMEM;
        request->early = early;
        /* Those before it, whole. nghttp2 writes the HEADERS of all requests that it has first, and BIND hangs up on a
         * client that opens 51 streams, or ten with large fields, before it has asked anything. */
        h2_gather_frames(h);
        r = h2_request_submit(request, h->session, h->config, h->authority);
        if (r < 0) {
                h2_request_free(request);
                return r;
        }
        list_append(&h->open, &request->in_list);
        h->n_open++;
        if (request->stream > STREAM_NUMBER_MAX) {
                h->draining = true;
                h->tell_goaway = FAILURE_GOAWAY;
                if (!h->running)
                        stream_wake(h->stream);
        }
        return 0;
}

static bool h2_was_sent_early(H2 *h, uint32_t exchange)
{
        for (unsigned i = 0; i < h->n_early; i++) {
                if (h->early[i] == exchange) {
                        h->early[i] = h->early[--h->n_early];
                        return true;
                }
        }
        return false;
}

void h2_offer(H2 *h, uint32_t exchange, Packet *message)
{
        if (!h->waiting || h->n_early == EARLY_MAX)
                return;
        if (!h->session && !h2_open_session(h))
                return;
        if (h2_submit(h, exchange, message, true) >= 0)
                h->early[h->n_early++] = exchange;
}

int h2_send(H2 *h, uint32_t exchange, Packet *message, bool ping)
{
        int r = 0;

        if (!h2_was_sent_early(h, exchange)) {
                if (!h->ready || !h->session || h->draining || h->terminated || h->tell_closed)
                        return -EPIPE;
                r = h2_submit(h, exchange, message, false);
        }
        if (r >= 0 && ping)
                h2_ping(h);
        return r;
}

void h2_ping(H2 *h)
{
        if (h->session && !h->terminated)
                nghttp2_submit_ping(h->session, NGHTTP2_FLAG_NONE, NULL);
}

void h2_cancel(H2 *h, uint32_t exchange)
{
        H2Request *r = h2_find(&h->done, exchange);

        if (r) {
                r->unwanted = true;
                return;
        }
        r = h2_find(&h->open, exchange);
        if (!r)
                return;
        r->unwanted = true;
        h->n_unwanted++;
        h2_request_drop_body(r);
        if (!h->terminated)
                nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, r->stream, NGHTTP2_CANCEL);
}

bool h2_address_gone(const H2 *h)
{
        return h->stream && stream_address_gone(h->stream);
}

static void h2_start_handshake(H2 *h)
{
        h->waiting = false;
        h2_gather_frames(h);
        if (!stream_handshake(h->stream, byte_buffer_bytes(&h->out)) && h->session)
                h2_drop_session(h);
        byte_buffer_clear(&h->out);
}

void h2_flush(H2 *h)
{
        if (h->waiting)
                h2_start_handshake(h);
        if (h->running || h->terminated)
                return;
        h2_write_frames(h);
        if (h2_has_outcome(h))
                stream_wake(h->stream);
}

H2 *h2_close(H2 *h)
{
        if (!h)
                return NULL;
        h->events = NULL;
        h2_wind_down(h);
        if (!h->running)
                h2_free(h);
        return NULL;
}
