/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "played.h"

#include <stdio.h>
#include <string.h>

bool is_of_the_root(Bytes message)
{
        Message m;

        return message_parse(&m, message) == MESSAGE_OK && m.qname.n == 1;
}

bool ask_as(unsigned client, Transport transport)
{
        Client c = { .test.number = client };

        answer = packet_unref(answer);
        asked = packet_unref(asked);
        root_asked = is_of_the_root(wire_bytes(&w));
        n_queries += engine_query(e, &c, transport, wire_bytes(&w), now);
        act();
        return answer;
}

bool ask_over(Transport transport)
{
        return ask_as(1, transport);
}

bool ask(void)
{
        return ask_over(TRANSPORT_UDP);
}

bool ask_name(const char *name)
{
        uint8_t wire[DNS_NAME_MAX];
        size_t n = name_from_text(name, wire);

        ck_assert_uint_gt(n, 0);
        wire_question(&w, DNS_RD, wire, n, TYPE_A, CLASS_IN);
        wire_opt(&w, 1232, 0, "", 0);
        return ask();
}

bool ask_type(unsigned type)
{
        wire_begin(&w, DNS_RD, type);
        wire_opt(&w, 1232, 0, "", 0);
        return ask();
}

/* In place of "example". */
void write_number(unsigned number)
{
        char label[12];

        snprintf(label, sizeof(label), "%07u", number);
        memcpy(w.data + 17, label, 7);
}

unsigned number_of(Bytes message)
{
        Message m;
        unsigned number = 0;

        if (message_parse(&m, message) != MESSAGE_OK || m.qname.n != sizeof(WWW))
                return 0;
        for (unsigned i = 5; i < 12; i++) {
                if (m.qname.p[i] < '0' || m.qname.p[i] > '9')
                        return 0;
                number = number * 10 + m.qname.p[i] - '0';
        }
        return number;
}

void put_number(unsigned number)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        write_number(number);
        wire_opt(&w, 1232, 0, "", 0);
}

void ask_next(void)
{
        put_number(++last_number);
        ask_as(last_number, TRANSPORT_UDP);
}

unsigned rcode_at_once(Transport transport)
{
        ck_assert_msg(ask_over(transport), "there is no answer at once");
        ck_assert_msg(!asked, "somebody was asked");
        return message_rcode(&got);
}

unsigned extended_error(void)
{
        ck_assert(got.edns.present && got.edns.options.n >= 6);
        ck_assert_uint_eq(wire_read16(got.edns.options.p), EDNS_OPTION_EDE);
        return wire_read16(got.edns.options.p + 4);
}

void expect_servfail(unsigned code)
{
        ck_assert_msg(answer, "no answer");
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert_uint_eq(extended_error(), code);
}

static Bytes option_next(Bytes o)
{
        size_t n = 4 + wire_read16(o.p + 2);

        return BYTES(o.p + n, o.n - n);
}

bool has_extended_error(unsigned code)
{
        for (Bytes o = got.edns.options; o.n; o = option_next(o))
                if (wire_read16(o.p) == EDNS_OPTION_EDE && wire_read16(o.p + 4) == code)
                        return true;
        return false;
}

unsigned count_options(const Edns *edns, uint16_t code)
{
        unsigned n = 0;

        for (Bytes o = edns->options; o.n; o = option_next(o))
                n += wire_read16(o.p) == code;
        return n;
}
