/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl_query_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ctl_model.h"
#include "ctl_names.h"
#include "core/dns/message.h"

bool query_stream_open(QueryStream *s, Ctl *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int fd, r;

        query_stream_close(s);
        if (!ctl_change(c, MANAGER_PATH, MANAGER_INTERFACE, "MonitorQueries", &reply, "b", (int) c->names))
                return false;
        r = sd_bus_message_read(reply, "h", &fd);
        if (r >= 0)
                s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (r < 0)
                ctl_bad_reply(r);
        else if (s->fd < 0)
                ctl_fail("Failed to monitor queries: %s", strerror(errno));
        return s->fd >= 0;
}

void query_stream_close(QueryStream *s)
{
        if (s->fd >= 0)
                close(s->fd);
        s->fd = -1;
        s->n = 0;
}

/* --- queries */

/* What the members of a line are, with empty values for those that are missing. */
typedef struct QueryView {
        const char *name, *type, *route, *server;
        json_int_t rcode, took;
} QueryView;

static void query_print_route(const QueryView *q)
{
        if (strcmp(q->route, "upstream") == 0)
                printf(" from %s", q->server);
        else if (strcmp(q->route, "forward") == 0)
                printf(" from forward zone %s", q->server);
        else if (strcmp(q->route, "link") == 0)
                printf(" from interface %s", q->server + strspn(q->server, "%"));
        else if (strcmp(q->route, "cache") == 0)
                printf(" from the cache");
        else if (strcmp(q->route, "local") == 0)
                printf(", answered locally");
        else
                printf(", no answer%s%s", *q->server ? " from forward zone " : "", q->server);
}

static void query_print(const Ctl *c, const QueryView *q)
{
        const char *rcode = rcode_name((unsigned) q->rcode),
                   *colour = q->rcode == RCODE_SERVFAIL ? c->terminal.red : "";
        char number[32], span[SPAN_TEXT_MAX];

        snprintf(number, sizeof(number), "RCODE%lld", (long long) q->rcode);
        time_print(&c->terminal, now_real());
        printf("Query%s%s for %s: %s%s%s", *q->name ? " " : "", q->name, q->type, colour, rcode ?: number,
               *colour ? c->terminal.normal : "");
        query_print_route(q);
        printf(" in %s\n", delay_text((uint64_t) q->took, span));
}

static void query_print_json(const Ctl *c, json_t *line, const QueryView *q)
{
        json_t *event = json_pack("{s:I, s:s}", "TimestampUSec", (json_int_t) now_real(), "Event", "query");

        json_object_update(event, line);
        if (rcode_name((unsigned) q->rcode))
                json_object_set_new(event, "RcodeName", json_string(rcode_name((unsigned) q->rcode)));
        ctl_put_json(c, event);
}

static const char *query_member(const json_t *line, const char *key)
{
        return json_string_value(json_object_get(line, key)) ?: "";
}

static void query_stream_print_line(const Ctl *c, const char *text, size_t n)
{
        json_t *line = json_loadb(text, n, 0, NULL);
        QueryView q = { .name = query_member(line, "Name"),
                        .type = query_member(line, "Type"),
                        .route = query_member(line, "Route"),
                        .server = query_member(line, "Server"),
                        .rcode = json_integer_value(json_object_get(line, "Rcode")),
                        .took = json_integer_value(json_object_get(line, "DurationUSec")) };

        if (line && c->json)
                query_print_json(c, line, &q);
        else if (line)
                query_print(c, &q);
        json_decref(line);
}

bool query_stream_read(QueryStream *s, const Ctl *c)
{
        ssize_t n = read(s->fd, s->lines + s->n, sizeof(s->lines) - s->n);
        char *line = s->lines, *end;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return true;
        s->n += (size_t) MAX(n, 0);
        while ((end = memchr(line, '\n', (size_t) (s->lines + s->n - line)))) {
                query_stream_print_line(c, line, (size_t) (end - line));
                line = end + 1;
        }
        s->n -= (size_t) (line - s->lines);
        memmove(s->lines, line, s->n);
        fflush(stdout);
        if (n <= 0 || s->n >= QUERY_LINE_MAX)
                query_stream_close(s);
        return s->fd >= 0;
}
