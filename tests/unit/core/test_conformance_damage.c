/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Damaged messages (FAULTS.md D11, D12, D31, C11): 20 answers cut at each octet and with each bit flipped, and packets
 * of a generator that knows where it hurts. It stands in for the packets of CZ.NIC that others test with and that are
 * not to be had here: it repeats from its seed, and says which packet failed.
 */

#include "played.h"
#include "run.h"

#define PACKETS 20000
#define CONTROL 54242 /* a type that no packet asks for */

static uint64_t random_state;

static unsigned draw(unsigned n)
{
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        return (unsigned) (random_state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % n;
}

/* --- 20 answers as servers send them */

static const uint8_t https[] = "\0\1\0\0\1\0\3\2h2\0\4\0\4\1\2\3\4";
static const uint8_t signature[] = "\0\1\x0d\3\0\0\1\x2c\x65\0\0\0\x64\0\0\0\x12\x34\7example\3com\0signature";

static void begin(unsigned flags, unsigned type)
{
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA | flags, type);
        wire_write16(w.data, 0);
}

#define GOLDEN 20

/* The type that was asked. */
static unsigned golden(unsigned i)
{
        unsigned type = TYPE_A;

        switch (i) {
        case 0:
                begin(0, TYPE_A);
                wire_a(&w, 300);
                break;
        case 1:
                begin(DNS_AD, TYPE_A);
                wire_a(&w, 300);
                wire_record(&w, 0, HERE, 2, TYPE_RRSIG, CLASS_IN, 300, signature, sizeof(signature));
                wire_opt(&w, 1232, 0x8000, "", 0);
                break;
        case 2:
                begin(0, type = TYPE_AAAA);
                wire_record(&w, 0, HERE, 2, TYPE_AAAA, CLASS_IN, 300, "0123456789abcdef", 16);
                wire_opt(&w, 1232, 0, "\0\x0c\0\4\0\0\0\0", 8);
                break;
        case 3:
                begin(0, TYPE_A);
                wire_record(&w, 0, HERE, 2, TYPE_CNAME, CLASS_IN, 60, "\1a\xc0\x10", 4);
                wire_record(&w, 0, "\xc0\x2d", 2, TYPE_A, CLASS_IN, 60, "\1\2\3\4", 4);
                break;
        case 4:
                begin(RCODE_NXDOMAIN, TYPE_A);
                wire_soa(&w, 300, 60);
                break;
        case 5:
                begin(0, type = TYPE_AAAA);
                wire_soa(&w, 300, 60);
                wire_opt(&w, 1232, 0, "", 0);
                break;
        case 6:
                begin(RCODE_SERVFAIL, TYPE_A);
                wire_opt(&w, 1232, 0, "\0\x0f\0\7\0\6bogus", 11);
                break;
        case 7:
                begin(RCODE_REFUSED, TYPE_A);
                break;
        case 8:
                begin(0, type = 15);
                wire_record(&w, 0, HERE, 2, 15, CLASS_IN, 300, "\0\x0a\2mx\xc0\x10", 7);
                wire_record(&w, 2, "\xc0\x2f", 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
                break;
        case 9:
                begin(0, type = TYPE_TXT);
                wire_record(&w, 0, HERE, 2, TYPE_TXT, CLASS_IN, 300, "\5hello\5world", 12);
                break;
        case 10:
                begin(0, type = TYPE_HTTPS);
                wire_record(&w, 0, HERE, 2, TYPE_HTTPS, CLASS_IN, 300, https, sizeof(https) - 1);
                break;
        case 11:
                begin(0, type = TYPE_SOA);
                wire_record(&w, 0, HERE, 2, TYPE_SOA, CLASS_IN, 300,
                            "\2ns\xc0\x10\4root\xc0\x10\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", 32);
                break;
        case 12:
                begin(0, type = TYPE_NS);
                wire_record(&w, 0, HERE, 2, TYPE_NS, CLASS_IN, 300, "\2n1\xc0\x10", 5);
                wire_record(&w, 0, HERE, 2, TYPE_NS, CLASS_IN, 300, "\2n2\7example\3net", 16);
                break;
        case 13:
                begin(0, type = 33);
                wire_record(&w, 0, HERE, 2, 33, CLASS_IN, 300, "\0\1\0\2\0\x35\3sip\7example\3net", 23);
                break;
        case 14:
                begin(0, type = 65280);
                wire_record(&w, 0, HERE, 2, 65280, CLASS_IN, 300, "\xc0\x0c octets", 9);
                break;
        case 15:
                begin(0, TYPE_A);
                wire_record(&w, 0, "\xc0\x10", 2, 39, CLASS_IN, 300, "\7example\3net", 13);
                wire_record(&w, 0, HERE, 2, TYPE_CNAME, CLASS_IN, 300, "\3www\7example\3net", 17);
                break;
        case 16:
                begin(0, TYPE_A);
                wire_a(&w, 300);
                wire_opt(&w, 1232, 0, "", 0);
                wire_record(&w, 2, HERE, 2, TYPE_AAAA, CLASS_IN, 300, "0123456789abcdef", 16);
                break;
        case 17:
                begin(0, TYPE_A);
                wire_a(&w, 300);
                wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "0123456789abcdef", 16);
                break;
        case 18:
                begin(0, TYPE_A);
                wire_opt(&w, 1232, 1 << 24, "", 0);
                break;
        default:
                begin(0, type = TYPE_ANY);
                wire_a(&w, 300);
                wire_record(&w, 0, HERE, 2, TYPE_AAAA, CLASS_IN, 300, "0123456789abcdef", 16);
                wire_record(&w, 0, HERE, 2, TYPE_TXT, CLASS_IN, 300, "\2hi", 3);
        }
        return type;
}

/* --- what must hold */

static void query(unsigned type)
{
        wire_begin(&w, DNS_RD, type);
        wire_opt(&w, 1232, 0x8000, "", 0);
}

/* A new engine is asked, gets `body` as the answer, and is asked again. What is no answer to the question reaches
 * nobody. */
static void try(unsigned type, const Wire *body, const char *what, unsigned i, unsigned k)
{
        Message m, question;
        bool valid;

        played_start(PLAIN "[Cache]\nSize=64K\n");
        query(type);
        ck_assert(!ask_over(k % 2 ? TRANSPORT_TCP : TRANSPORT_UDP));
        message_parse(&question, wire_bytes(&w));
        valid = message_parse(&m, wire_bytes(body)) == MESSAGE_OK && m.id == 0 && message_answers(&m, &question) &&
                !(m.flags & DNS_TC);
        ck_assert_msg(valid == say_to(n_sends - 1, &HTTP_OK, wire_bytes(body)), "answer %u, %s %u: %s", i, what, k,
                      valid ? "was not delivered" : "was delivered");
        if (answer)
                ck_assert_uint_eq(got.id, 0x1234);
        query(type);
        if (ask_over(TRANSPORT_TCP))
                ck_assert_msg(valid, "answer %u, %s %u: was kept", i, what, k);
        played_stop();
}

START_TEST(D11_responses_cut_at_any_octet_reach_no_client)
{
        static Wire body;

        for (unsigned i = 0; i < GOLDEN; i++) {
                unsigned type = golden(i);

                body = w;
                try(type, &body, "whole", i, 0);
                for (body.n--; body.n > 0; body.n--)
                        try(type, &body, "octets:", i, (unsigned) body.n);
        }
}
END_TEST

START_TEST(D12_responses_with_any_bit_flipped_reach_no_client_unless_still_valid)
{
        static Wire body;

        for (unsigned i = 0; i < GOLDEN; i++) {
                unsigned type = golden(i);

                body = w;
                for (unsigned bit = 0; bit < body.n * 8; bit++) {
                        body.data[bit / 8] ^= (uint8_t) (1u << bit % 8);
                        try(type, &body, "bit", i, bit);
                        body.data[bit / 8] ^= (uint8_t) (1u << bit % 8);
                }
        }
}
END_TEST

/* --- packets that are wrong where parsers break (RFC 9267) */

static unsigned offset(void)
{
        return draw((unsigned) w.n);
}

static void insert(unsigned at, const void *octets, size_t n)
{
        if (w.n + n > sizeof(w.data))
                return;
        memmove(w.data + at + n, w.data + at, w.n - at);
        memcpy(w.data + at, octets, n);
        w.n += n;
}

static void cut_out(unsigned at, unsigned n)
{
        n = MIN(n, (unsigned) w.n - at);
        memmove(w.data + at, w.data + at + n, w.n - at - n);
        w.n -= n;
}

static void spoil(void)
{
        static const uint8_t lengths[] = { 0, 1, 63, 64, 65, 127, 128, 191, 192, 255 };
        unsigned at = offset(), n;

        switch (draw(10)) {
        case 0: /* a count */
                wire_write16(w.data + 4 + 2 * draw(4), draw(2) ? draw(4) : draw(0x10000));
                break;
        case 1: /* a pointer, somewhere, to somewhere */
                if (at + 2 <= w.n)
                        wire_write16(w.data + at, 0xc000 | draw(draw(2) ? (unsigned) w.n + 2 : 0x4000));
                break;
        case 2: /* a length at its limit */
                w.data[at] = lengths[draw(ELEMENTS(lengths))];
                break;
        case 3: /* a length of 16 bits, one too large or small */
                if (at + 2 <= w.n)
                        wire_write16(w.data + at, wire_read16(w.data + at) + (draw(2) ? 1u : 0xffffu));
                break;
        case 4:
                insert(at, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
                break;
        case 5: /* a piece of itself again */
                n = MIN(draw(40), (unsigned) w.n - at);
                if (n) {
                        uint8_t piece[40];

                        memcpy(piece, w.data + at, n);
                        insert(offset(), piece, n);
                }
                break;
        case 6:
                cut_out(at, 1 + draw(8));
                break;
        case 7:
                w.data[at] = (uint8_t) draw(256);
                break;
        case 8: /* many records that are the same */
                for (n = draw(200); n > 0; n--)
                        wire_record(&w, draw(3), HERE, 2, draw(260), CLASS_IN, 1, "\xc0\x0c\0\1", draw(5));
                break;
        default: /* a long name of small labels */
                for (n = draw(130); n > 0; n--)
                        insert(at, "\1x", 2);
        }
        if (w.n == 0)
                w.n = 1;
}

START_TEST(D31_malformed_responses_reach_no_client)
{
        static Wire body;
        unsigned type;

        for (unsigned i = 0; i < PACKETS; i++) {
                random_state = 0x5eed0000 + i;
                type = golden(draw(GOLDEN));
                for (unsigned k = 1 + draw(3); k > 0; k--)
                        spoil();
                body = w;
                try(type, &body, "packet", 0, i);
        }
}
END_TEST

START_TEST(C11_malformed_queries_are_answered_or_ignored_and_the_next_query_is_served)
{
        for (unsigned i = 0; i < PACKETS; i++) {
                Message m;
                MessageStatus status;
                bool answered;

                random_state = 0x5eed0000 + i;
                golden(draw(GOLDEN));
                w.data[2] = (uint8_t) (draw(4) ? DNS_RD >> 8 : w.data[2]);
                for (unsigned k = draw(4); k > 0; k--)
                        spoil();
                played_start(PLAIN "[Cache]\nSize=64K\n");
                status = message_parse(&m, wire_bytes(&w));
                answered = ask_over(i % 2 ? TRANSPORT_TCP : TRANSPORT_UDP);
                if (status == MESSAGE_SHORT || (m.flags & DNS_QR))
                        ck_assert_msg(!answered && !asked, "packet %u was not ignored", i);
                else
                        ck_assert_msg(answered != !!asked, "packet %u was neither answered nor asked, or both", i);
                query(CONTROL);
                ck_assert_msg(!ask_as(2, TRANSPORT_UDP) && asked, "after packet %u, a query in order is not asked", i);
                wire_begin(&w, DNS_QR | DNS_RA, CONTROL);
                wire_record(&w, 0, HERE, 2, CONTROL, CLASS_IN, 300, "x", 1);
                respond(0);
                ck_assert_uint_eq(got.ancount, 1);
                played_stop();
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("conformance_damage");
        TCase *c = tcase_create("damage");

        tcase_set_timeout(c, 300);
        tcase_add_test(c, D11_responses_cut_at_any_octet_reach_no_client);
        tcase_add_test(c, D12_responses_with_any_bit_flipped_reach_no_client_unless_still_valid);
        tcase_add_test(c, D31_malformed_responses_reach_no_client);
        tcase_add_test(c, C11_malformed_queries_are_answered_or_ignored_and_the_next_query_is_served);
        suite_add_tcase(s, c);
        return run_suite(s);
}
