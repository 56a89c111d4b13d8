/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "query_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/dns/name.h"
#include "core/dns/rr_type.h"

#define PIPE_SIZE (256 << 10) /* some 2,000 queries */

static void query_streams_close(QueryStreams *s, QueryStream *stream)
{
        close(stream->fd);
        *stream = s->streams[--s->n];
        if (s->n == 0)
                list_remove(&s->observer.in_daemon);
}

void query_streams_close_all(QueryStreams *s)
{
        while (s->n > 0)
                query_streams_close(s, &s->streams[0]);
}

/* --- queries */

/* Returns a line, which the caller frees. NULL if out of memory. */
static char *query_streams_line(const QueryStreams *s, const AnsweredQuery *q, bool names)
{
        const Engine *e = daemon_engine(s->daemon);
        char type[RR_TYPE_TEXT_MAX], name[NAME_TEXT_MAX], *text, *line = NULL;
        json_t *o = json_pack("{s:s, s:i, s:i, s:s, s:s, s:I}", "Type", rr_type_to_text(q->reply->qtype, type), "Class",
                              q->reply->qclass, "Rcode", message_rcode(q->reply), "Route",
                              answer_origin_name(q->route->origin), "Server", engine_server_name(e, q->route),
                              "DurationUSec", (json_int_t) q->route->took);

        name_to_text(q->reply->qname, name);
        if (names && json_object_set_new(o, "Name", json_string(name)) < 0)
                text = NULL;
        else
                text = json_dumps(o, JSON_COMPACT);
        if (!text || asprintf(&line, "%s\n", text) < 0)
                line = NULL;
        free(text);
        json_decref(o);
        return line;
}

/* A line is far shorter than PIPE_BUF: it is written as a whole or not at all. */
static bool query_streams_write(const QueryStream *stream, const char *line)
{
        return line && write(stream->fd, line, strlen(line)) >= 0;
}

static void query_streams_on_answered(QueryObserver *o, const AnsweredQuery *q)
{
        QueryStreams *s = container_of(o, QueryStreams, observer);
        char *lines[2] = { NULL, NULL };

        for (size_t i = s->n; i-- > 0;) {
                QueryStream *stream = &s->streams[i];
                char **line = &lines[stream->names];

                if (!*line)
                        *line = query_streams_line(s, q, stream->names);
                if (!query_streams_write(stream, *line))
                        query_streams_close(s, stream);
        }
        free(lines[false]);
        free(lines[true]);
}

/* --- pipes */

void query_streams_init(QueryStreams *s, Daemon *d)
{
        *s = (QueryStreams) { .observer.answered = query_streams_on_answered, .daemon = d };
        list_init(&s->observer.in_daemon);
}

/* Without queries, a reader that has gone is noticed only here. */
static void query_streams_reap(QueryStreams *s)
{
        for (size_t i = s->n; i-- > 0;) {
                struct pollfd p = { .fd = s->streams[i].fd };

                if (poll(&p, 1, 0) > 0 && (p.revents & POLLERR))
                        query_streams_close(s, &s->streams[i]);
        }
}

static bool query_streams_has_room(const QueryStreams *s, uid_t user)
{
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++)
                n += s->streams[i].user == user;
        return s->n < QUERY_STREAMS_MAX && (user == 0 || n < QUERY_STREAMS_USER_MAX);
}

int query_streams_open(QueryStreams *s, uid_t user, bool names)
{
        int fds[2];

        query_streams_reap(s);
        if (!query_streams_has_room(s, user))
                return -EBUSY;
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);
        s->streams[s->n++] = (QueryStream) { .fd = fds[1], .user = user, .names = names };
        if (s->n == 1)
                daemon_observe_queries(s->daemon, &s->observer);
        return fds[0];
}
