/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "ctl_names.h"
#include "ctl_record.h"

/* A query and its answer. */
typedef struct Asked {
        const char *word; /* as typed by the user */
        const char *name; /* the reverse name, if that is an address */
        uint16_t type;
        Message message;
        uint64_t took; /* usec */
} Asked;

static uint64_t query_now_monotonic(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

/* The message borrows from `*ret`. */
static bool query_ask(Ctl *c, Asked *a, sd_bus_message **ret)
{
        uint64_t start = query_now_monotonic();
        const void *wire;
        size_t n;
        int r;

        if (!ctl_call(c, MANAGER_PATH, MANAGER_INTERFACE, "Resolve", ret, "sq", a->name, a->type))
                return false;
        a->took = query_now_monotonic() - start;
        r = sd_bus_message_read_array(*ret, 'y', &wire, &n);
        if (r < 0) {
                ctl_bad_reply(r);
                return false;
        }
        if (message_parse(&a->message, BYTES(wire, n)) != MESSAGE_OK) {
                ctl_fail("The answer is not a well-formed DNS message.");
                return false;
        }
        return true;
}

/* --- text */

static void query_print_records(const Ctl *c, const Asked *a)
{
        static const char *const heads[] = { "NAME", ">TTL", "CLASS", "TYPE", "DATA", NULL };
        _cleanup_(table_freep) Table *t = table_new(heads);
        Terminal whole = c->terminal;
        RecordWalk w = RECORD_WALK(&a->message);
        Record r;

        while (t && record_next(&w, &r) && r.section == SECTION_ANSWER) {
                _cleanup_(freep) char *owner = record_owner(&a->message, &r), *data = record_data(&a->message, &r);
                char type[RR_TYPE_TEXT_MAX];

                table_row(t, NULL, NULL);
                table_cell(t, "%s", owner ? owner : "?");
                table_cell(t, "%u", r.ttl);
                if (r.class == CLASS_IN)
                        table_cell(t, "IN");
                else
                        table_cell(t, "CLASS%u", r.class);
                table_cell(t, "%s", rr_type_to_text(r.type, type));
                table_cell(t, "%s", data ? data : "?");
        }
        /* Records can be copied from the output: they are never truncated, and have no mark before them. */
        whole.interactive = false;
        whole.columns = UINT_MAX;
        if (t)
                table_print(t, &whole, false);
}

static void query_print_extended_errors(const Asked *a, FILE *f)
{
        unsigned code;
        char *text;

        for (unsigned i = 0; message_extended_error(&a->message, i, &code, &text); i++) {
                fprintf(f, "; EDE %u", code);
                if (ede_name(code))
                        fprintf(f, " (%s)", ede_name(code));
                fprintf(f, "%s%s\n", *text ? ": " : "", text);
                free(text);
        }
}

static int query_print_text(const Ctl *c, const Asked *a)
{
        unsigned rcode = message_rcode(&a->message);
        char type[RR_TYPE_TEXT_MAX], number[16], span[SPAN_TEXT_MAX];
        const char *name = rcode_name(rcode);

        query_print_records(c, a);
        fflush(stdout);
        if (rcode != RCODE_NOERROR) {
                snprintf(number, sizeof(number), "RCODE%u", rcode);
                ctl_fail("%s: %s (%s)", a->word, rcode_words(rcode), name ? name : number);
                query_print_extended_errors(a, stderr);
                return EXIT_FAILURE;
        }
        if (a->message.ancount == 0)
                fprintf(stderr, "dohmousectl: %s: there is no record of type %s\n", a->word,
                        rr_type_to_text(a->type, type));
        query_print_extended_errors(a, stdout);
        if (c->legend && c->terminal.interactive)
                printf("%s; %s: %u record%s in %s%s%s\n", c->terminal.grey, rr_type_to_text(a->type, type),
                       a->message.ancount, a->message.ancount == 1 ? "" : "s", delay_text(a->took, span),
                       a->message.flags & DNS_AD ? ", authenticated" : "", c->terminal.normal);
        return EXIT_SUCCESS;
}

/* --- JSON */

static json_t *query_section(const Message *m, Section section)
{
        json_t *array = json_array();
        RecordWalk w = RECORD_WALK(m);
        Record r;

        while (record_next(&w, &r)) {
                _cleanup_(freep) char *owner = NULL, *data = NULL;
                char type[RR_TYPE_TEXT_MAX];

                if (r.section != section || r.type == TYPE_OPT)
                        continue;
                owner = record_owner(m, &r);
                data = record_data(m, &r);
                json_array_append_new(array,
                                      json_pack("{s:o, s:I, s:i, s:s, s:o}", "Name", ctl_json_text(owner ?: ""), "TTL",
                                                (json_int_t) r.ttl, "Class", r.class, "Type",
                                                rr_type_to_text(r.type, type), "Data", ctl_json_text(data ?: "")));
        }
        return array;
}

static json_t *query_extended_errors(const Message *m)
{
        json_t *array = json_array();
        unsigned code;
        char *text;

        for (unsigned i = 0; message_extended_error(m, i, &code, &text); i++) {
                json_array_append_new(array, json_pack("{s:i, s:s*, s:o}", "Code", code, "Name", ede_name(code), "Text",
                                                       ctl_json_text(text)));
                free(text);
        }
        return array;
}

static int query_print_json(const Ctl *c, const Asked *a)
{
        const Message *m = &a->message;
        unsigned rcode = message_rcode(m);
        char type[RR_TYPE_TEXT_MAX];
        int status;

        status = ctl_put_json(c, json_pack("{s:o, s:s, s:i, s:s*, s:b, s:o, s:o, s:o, s:o, s:o}", "Name",
                                           ctl_json_text(a->name), "Type", rr_type_to_text(a->type, type), "Rcode",
                                           rcode, "RcodeName", rcode_name(rcode), "Authenticated", m->flags & DNS_AD,
                                           "DurationUSec", ctl_json_number(a->took), "ExtendedErrors",
                                           query_extended_errors(m), "Answer", query_section(m, SECTION_ANSWER),
                                           "Authority", query_section(m, SECTION_AUTHORITY), "Additional",
                                           query_section(m, SECTION_ADDITIONAL)));
        return rcode == RCODE_NOERROR ? status : EXIT_FAILURE;
}

int ctl_query(Ctl *c, int argc, char *argv[])
{
        static const uint16_t both[] = { TYPE_A, TYPE_AAAA }, pointer[] = { TYPE_PTR };
        const uint16_t *types = both;
        size_t n_types = ELEMENTS(both);
        char reverse[REVERSE_NAME_MAX];
        uint8_t wire[DNS_NAME_MAX];
        const char *name = argv[1];
        uint16_t type;
        int status = EXIT_SUCCESS;

        if (argc > 2) {
                if (!rr_type_from_text(argv[2], &type)) {
                        ctl_fail("\"%s\" is not a record type, expected a name such as MX or a number such as TYPE65.",
                                 argv[2]);
                        return 2;
                }
                types = &type;
                n_types = 1;
        }
        for (const char *p = name; *p; p++)
                if ((unsigned char) *p >= 0x80) {
                        ctl_fail("\"%s\" is not an ASCII name; use its \"xn--\" form, which \"idn2 %s\" prints.", name,
                                 name);
                        return 2;
                }
        if (!name_from_text(name, wire)) {
                ctl_fail("\"%s\" is not a domain name.", name);
                return 2;
        }
        if (reverse_name(name, reverse)) {
                name = reverse;
                if (argc == 2) {
                        types = pointer;
                        n_types = 1;
                }
        }
        for (size_t i = 0; i < n_types; i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
                Asked a = { .word = argv[1], .name = name, .type = types[i] };

                if (!query_ask(c, &a, &reply))
                        return EXIT_FAILURE;
                if ((c->json ? query_print_json(c, &a) : query_print_text(c, &a)) != EXIT_SUCCESS)
                        status = EXIT_FAILURE;
                /* An error such as NXDOMAIN applies to all types. */
                if (status != EXIT_SUCCESS && !c->json)
                        break;
        }
        return status;
}
