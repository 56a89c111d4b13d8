/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * VarlinkServer: the transport of Varlink: messages that end with a NUL, over the connections of a Unix stream socket.
 * What a message says is not known here.
 *
 * A connection has one call at a time: the next message is passed on once the reply to the one before has been read by
 * the client. A call may have several replies, the last of which ends it. All memory is limited, and so is the time
 * that a client may take to complete a message or to read a reply.
 */

#include <sys/types.h>
#include <uv.h>

#include "core/base/base.h"

#define VARLINK_MESSAGE_MAX (64 << 10)       /* octets of a message from a client */
#define VARLINK_HELD_MAX (16 << 20)          /* octets of all connections, unread and unsent */
#define VARLINK_UNREAD_MAX (1 << 20)         /* octets of notifications that a client has not read */
#define VARLINK_CLIENTS_MAX 1024             /* and at most a quarter of RLIMIT_NOFILE */
#define VARLINK_USER_MAX 128                 /* connections of one user */
#define VARLINK_PATIENCE (45 * USEC_PER_SEC) /* for the first message, and whenever one is incomplete or unread */

typedef struct VarlinkServer VarlinkServer;
typedef struct VarlinkClient VarlinkClient;

typedef struct VarlinkHandler {
        /* A message, without its NUL; borrowed. Is followed by varlink_client_reply(), at once or later. */
        void (*message)(void *userdata, VarlinkClient *c, Bytes message);
        /* The client has gone while its message had no reply. */
        void (*gone)(void *userdata, VarlinkClient *c);
        void *userdata;
} VarlinkHandler;

/* Returns whether `fd` is a listening Unix stream socket. */
bool varlink_server_is_socket(int fd);

/* Takes ownership of `fd`. Negative errno. */
int varlink_server_new(uv_loop_t *loop, int fd, const VarlinkHandler *handler, VarlinkServer **ret);
/* Closes all connections, without `gone`. Accepts NULL, and returns NULL. The rest is freed by the loop. */
VarlinkServer *varlink_server_free(VarlinkServer *s);

uid_t varlink_client_user(const VarlinkClient *c);

/* The call that is in progress: for the handler's own use. NULL at first, and after each reply. */
void *varlink_client_call(const VarlinkClient *c);
void varlink_client_set_call(VarlinkClient *c, void *call);

/* Sends a message of a call that continues. Of a client that does not read, the connection is closed, before this
 * returns: with `gone`. */
void varlink_client_notify(VarlinkClient *c, Bytes message);
/* Ends the call with a message, whose NUL is added here; or without one, if `message` is empty. */
void varlink_client_reply(VarlinkClient *c, Bytes message);
/* Closes the connection, without `gone`, once the handler has returned: the client does not speak Varlink. */
void varlink_client_close(VarlinkClient *c);
