/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "played.h"

Message asked_message(void)
{
        Message m;

        ck_assert_msg(asked, "no upstream was asked");
        ck_assert_int_eq(message_parse(&m, packet_bytes(asked)), MESSAGE_OK);
        return m;
}

void ready(unsigned i)
{
        ck_assert_uint_lt(i, n_connects);
        engine_established(e, connects[i].connection, now);
        engine_ready(e, connects[i].connection, false, now);
        act();
        engine_max_streams(e, connects[i].connection, 100, now);
        act();
}

void lose(int i, FailureReason reason)
{
        ck_assert(i >= 0 && i < (int) n_connects);
        engine_closed(e, connects[i].connection, reason, now);
        act();
}

void show_life(unsigned i)
{
        ck_assert_uint_lt(i, n_connects);
        engine_received(e, connects[i].connection, now);
        act();
}

void warm_up(void)
{
        ask_next();
        pass(10 * MSEC);
        ready(0);
        pass(10 * MSEC);
        respond_to(0, 1);
        ck_assert_uint_eq(n_answers, 1);
}

const PlayedState *first_fault(void)
{
        for (unsigned i = 0; i < n_states; i++)
                if (states[i].to == HEALTH_SUSPECT || states[i].to == HEALTH_FAILED)
                        return &states[i];
        return NULL;
}

int attempt(uint32_t upstream, Purpose purpose)
{
        for (int i = (int) n_connects - 1; i >= 0; i--)
                if (connects[i].upstream == connects[0].upstream + upstream && connects[i].purpose == purpose)
                        return i;
        return -1;
}

bool say_to(unsigned i, const HttpResponse *http, Bytes body)
{
        ck_assert_uint_lt(i, n_sends);
        answer = packet_unref(answer);
        engine_received(e, sends[i].connection, now);
        engine_response(e, sends[i].connection, sends[i].exchange, http, body, now);
        act();
        return answer;
}

bool say_by(const HttpResponse *http)
{
        wire_write16(w.data, 0);
        return say_to(n_sends - 1, http, wire_bytes(&w));
}

bool say(void)
{
        return say_by(&HTTP_OK);
}

void respond(uint32_t age)
{
        HttpResponse http = HTTP_OK;

        http.has_age = age > 0;
        http.age = age;
        ck_assert_msg(say_by(&http), "the client has no answer");
}

void respond_address(void)
{
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_a(&w, 300);
        respond(0);
}

void respond_to(unsigned i, unsigned number)
{
        wire_begin(&w, DNS_QR | DNS_RD, TYPE_A);
        write_number(number);
        wire_write16(w.data, 0);
        say_to(i, &HTTP_OK, wire_bytes(&w));
}

void respond_status(unsigned i, unsigned status, uint32_t retry_after)
{
        HttpResponse http = {
                .has_status = true, .status = status, .has_retry_after = retry_after > 0, .retry_after = retry_after
        };

        say_to(i, &http, BYTES(NULL, 0));
}

void fail_sent(unsigned i, FailureReason reason)
{
        ck_assert_uint_lt(i, n_sends);
        engine_received(e, sends[i].connection, now);
        engine_exchange_failed(e, sends[i].connection, sends[i].exchange, reason, now);
        act();
}

/* --- Do53 servers */

PlayedDo53 *do53_last(void)
{
        ck_assert_uint_gt(n_do53, 0);
        return &do53[n_do53 - 1];
}

void do53_begin(unsigned flags)
{
        wire_begin(&w, DNS_QR | DNS_RA | flags, TYPE_A);
        wire_write16(w.data, DO53_ID);
}

void do53_say(const PlayedDo53 *q)
{
        engine_do53_answer(e, q->exchange, DO53_ID, wire_bytes(&w), now);
        act();
}

void do53_say_address(const PlayedDo53 *q)
{
        Message m;

        message_parse(&m, packet_bytes(q->message));
        wire_question(&w, DNS_QR | DNS_RA, m.qname.p, m.qname.n, m.qtype, m.qclass);
        wire_write16(w.data, DO53_ID);
        wire_a(&w, 300);
        do53_say(q);
}

void do53_fail(PlayedDo53 *q, FailureReason reason)
{
        q->closed = true;
        engine_do53_failed(e, q->exchange, reason, now);
        act();
}

void show_page(unsigned i, const char *response)
{
        engine_portal_page(e, looks[i].look, BYTES(response, strlen(response)), now);
        act();
}
