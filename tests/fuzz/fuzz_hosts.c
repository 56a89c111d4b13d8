/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hosts file, then a record separator (0x1e), two octets of type, and a name in wire form to ask for. The table has
 * exactly what a slow and simple reader of the same text finds, and every response built from it is a well-formed
 * message that answers the question.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/query/local_names.h"

static const uint8_t key[16] = "0123456789abcde";

/* No assert: it would be gone with NDEBUG. */
static void require(bool condition, const char *what)
{
        if (!condition) {
                fprintf(stderr, "violated: %s\n", what);
                abort();
        }
}

/* --- the slow reading */

#define PAIRS_MAX 2048

typedef struct Pair {
        uint8_t name[DNS_NAME_MAX], address[16];
        size_t name_n, address_n;
} Pair;

static Pair pairs[PAIRS_MAX];
static size_t n_pairs;

static bool do53_address(char *word, Pair *p)
{
        if (strchr(word, 0x1e) || strlen(word) > 255)
                return false;
        if (strchr(word, ':'))
                word[strcspn(word, "%")] = 0;
        p->address_n = strchr(word, ':') ? 16 : 4;
        return inet_pton(p->address_n == 16 ? AF_INET6 : AF_INET, word, p->address) == 1;
}

static bool do53_name(const char *word, Pair *p)
{
        if (strpbrk(word, "\\\x1e"))
                return false;
        p->name_n = name_from_text(word, p->name);
        for (size_t i = 0; i < p->name_n; i++)
                if (p->name[i] >= 'A' && p->name[i] <= 'Z')
                        p->name[i] |= 0x20;
        return p->name_n > 1;
}

static bool same_name(const Pair *a, const Pair *b)
{
        return a->name_n == b->name_n && memcmp(a->name, b->name, a->name_n) == 0;
}

static bool same_address(const Pair *a, const Pair *b)
{
        return a->address_n == b->address_n && memcmp(a->address, b->address, a->address_n) == 0;
}

static void keep(const Pair *p)
{
        size_t of_name = 0;

        for (size_t i = 0; i < n_pairs; i++) {
                if (!same_name(&pairs[i], p))
                        continue;
                of_name++;
                if (same_address(&pairs[i], p))
                        return;
        }
        if (of_name < HOSTS_ADDRESSES_OF_NAME_MAX && n_pairs < PAIRS_MAX)
                pairs[n_pairs++] = *p;
}

/* Returns the number of bad lines. A NUL is kept as a separator of records, which no text here has. */
static size_t read_slowly(const uint8_t *text, size_t n)
{
        size_t bad = 0;

        n_pairs = 0;
        while (n) {
                const uint8_t *end = memchr(text, '\n', n);
                size_t size = end ? (size_t) (end - text) : n, good = 0, wrong = 0, words = 0;
                char *line = malloc(size + 1), *word, *rest;
                Pair p;

                memcpy(line, text, size);
                line[size] = 0;
                for (size_t i = 0; i < size; i++)
                        if (line[i] == 0)
                                line[i] = 0x1e;
                line[strcspn(line, "#")] = 0;
                for (rest = line; (word = strtok_r(rest, " \t\r\v\f", &rest)); words++)
                        if (words == 0 && !do53_address(word, &p)) {
                                wrong++;
                                break;
                        } else if (words > 0 && !do53_name(word, &p)) {
                                wrong++;
                        } else if (words > 0) {
                                good++;
                                keep(&p);
                        }
                bad += wrong || (words && !good);
                free(line);
                text += size + (end != NULL);
                n -= size + (end != NULL);
        }
        return bad;
}

/* --- held against the table */

static void check_table(const Hosts *h, const HostsReport *report)
{
        static const uint8_t zeros[16];
        size_t names = 0;

        for (size_t i = 0; i < n_pairs; i++) {
                const Pair *p = &pairs[i];
                size_t first_of_name = i, first_of_address = i;
                HostsWalk w;
                Bytes b;

                for (size_t k = i; k-- > 0;) {
                        if (same_name(&pairs[k], p))
                                first_of_name = k;
                        if (same_address(&pairs[k], p))
                                first_of_address = k;
                }
                b = hosts_name(h, BYTES(p->address, p->address_n));
                if (memcmp(p->address, zeros, p->address_n) == 0)
                        require(b.n == 0, "the unspecified address has no name");
                else
                        require(b.n == pairs[first_of_address].name_n &&
                                        memcmp(b.p, pairs[first_of_address].name, b.n) == 0,
                                "an address has the first name of its first line");
                if (first_of_name != i)
                        continue;
                names++;
                require(hosts_find(h, BYTES(p->name, p->name_n), &w), "a name is there");
                for (size_t k = i; k < n_pairs; k++)
                        if (same_name(&pairs[k], p))
                                require(hosts_next(&w, &b) && b.n == pairs[k].address_n &&
                                                memcmp(b.p, pairs[k].address, b.n) == 0,
                                        "a name has its addresses in order");
                require(!hosts_next(&w, &b), "and no more");
        }
        require(names == report->names, "the names are counted");
}

static void check_answer(const Hosts *h, const uint8_t *data, size_t size)
{
        static const LocalConfig all = { NULL, true, true, true, true, true, true, true, true, true };
        LocalNames names = { .config = &all, .file = h };
        uint8_t wire[DNS_HEADER_SIZE + DNS_NAME_MAX + 4] = { [2] = 1, [5] = 1 };
        size_t n = size > 2 ? name_size(BYTES(data + 2, size - 2)) : 0;
        ReplyOptions options = REPLY_OPTIONS_INIT;
        static LocalReply reply;
        Message question, answer;
        ReplyTarget target;
        Packet *b;

        if (!n)
                return;
        memcpy(wire + DNS_HEADER_SIZE, data + 2, n);
        memcpy(wire + DNS_HEADER_SIZE + n, data, 2);
        wire[DNS_HEADER_SIZE + n + 3] = CLASS_IN;
        require(message_parse(&question, BYTES(wire, DNS_HEADER_SIZE + n + 4)) == MESSAGE_OK, "the question is one");
        if (!local_answer(&names, &question, FORWARD_NONE, &reply)) {
                static const uint8_t onion[] = "\5onion";

                require(!name_under(question.qname, BYTES(onion, sizeof(onion))), "names below onion stay here");
                return;
        }
        target = reply_target_of(&question, TRANSPORT_TCP);
        b = reply_local(&target, BYTES(wire + DNS_HEADER_SIZE, n + 4), reply.rcode, reply.records, reply.n, &options);
        require(b && message_parse(&answer, packet_bytes(b)) == MESSAGE_OK, "the answer is well-formed");
        require(message_answers(&answer, &question), "the answer answers the question");
        require((answer.ancount > 0) != (answer.nscount == 1), "there is an answer, or a SOA");
        packet_unref(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t none[1];
        const uint8_t *text = size ? data : none, *end = memchr(text, 0x1e, size);
        size_t n = end ? (size_t) (end - text) : size, bad;
        HostsReport report;
        Hosts *h;

        /* The slow reading is quadratic. */
        if (n > 8192)
                return 0;
        h = hosts_new(BYTES(text, n), key, &report);
        require(h, "a table comes back");
        bad = read_slowly(text, n);
        require(bad == report.bad_lines && !bad == !report.first_bad, "bad lines are counted");
        if (n_pairs < PAIRS_MAX)
                check_table(h, &report);
        if (end)
                check_answer(h, end + 1, size - n - 1);
        hosts_unref(h);
        return 0;
}
