/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/outbox/outbox.h"

#define ACTIONS_FIRST 64 /* enough for most events */
#define NETWORK_AWAITED USEC_PER_MINUTE

static bool outbox_grow(Outbox *o)
{
        size_t size = o->actions_size ? o->actions_size * 2 : ACTIONS_FIRST;
        Action *actions = calloc(size, sizeof(*actions));

        if (!actions)
                return false;
        for (size_t i = 0; i < o->actions_n; i++)
                actions[i] = o->actions[(o->actions_first + i) % o->actions_size];
        free(o->actions);
        o->actions = actions;
        o->actions_size = size;
        o->actions_first = 0;
        return true;
}

bool outbox_init(Outbox *o, uint64_t seed)
{
        *o = (Outbox) { .random = RANDOM_INIT(seed) };
        list_init(&o->outcomes);
        list_init(&o->notices);
        /* Allocated up front, so that the first actions cannot fail. */
        return outbox_grow(o);
}

void outbox_deinit(Outbox *o)
{
        Action a;

        while (outbox_next_action(o, &a))
                ;
        free(o->actions);
        timers_deinit(&o->timers);
        handle_table_deinit(&o->connections);
        handle_table_deinit(&o->exchanges);
        handle_table_deinit(&o->upstreams);
        handle_table_deinit(&o->do53_exchanges);
}

Action *outbox_act(Outbox *o, ActionType type)
{
        Action *a;

        if (o->actions_n == o->actions_size && !outbox_grow(o))
                return NULL;
        a = &o->actions[(o->actions_first + o->actions_n++) % o->actions_size];
        *a = (Action) { .type = type };
        return a;
}

static Packet *outbox_packet_of(const Action *a)
{
        switch (a->type) {
        case ACTION_OFFER:
        case ACTION_SEND:
                return a->send.message;
        case ACTION_DO53_SEND:
                return a->do53.message;
        default:
                return NULL;
        }
}

/* Over TCP the client may read slowly, so io writes the reply when it can be sent. Otherwise it is sent at once. */
static void outbox_lend_reply(Outbox *o, Action *a)
{
        o->lent_reply = a->answer.reply;
        if (!a->answer.reply || a->answer.client.kind == CLIENT_TCP)
                return;
        a->answer.message = pending_reply_write(a->answer.reply);
        if (!a->answer.message)
                a->answer.reply = NULL;
}

bool outbox_next_action(Outbox *o, Action *ret)
{
        o->lent = packet_unref(o->lent);
        o->lent_reply = pending_reply_unref(o->lent_reply);
        if (!o->actions_n)
                return false;
        *ret = o->actions[o->actions_first];
        o->actions_first = (o->actions_first + 1) % o->actions_size;
        o->actions_n--;
        o->lent = outbox_packet_of(ret);
        if (ret->type == ACTION_ANSWER)
                outbox_lend_reply(o, ret);
        return true;
}

void outbox_answer(Outbox *o, const Client *client, AnswerRoute route, Packet *message)
{
        outbox_answer_later(o, client, route, pending_reply_of(message));
}

void outbox_answer_later(Outbox *o, const Client *client, AnswerRoute route, PendingReply *reply)
{
        Action *a = outbox_act(o, ACTION_ANSWER);

        if (!a) {
                pending_reply_unref(reply);
                return;
        }
        a->answer.client = *client;
        a->answer.route = route;
        a->answer.reply = reply;
}

void outbox_set_network(Outbox *o, NetworkState state)
{
        Action *a;

        if (o->network == state)
                return;
        o->network = state;
        a = outbox_act(o, ACTION_NETWORK);
        if (a)
                a->network = state;
}

void outbox_await_network(Outbox *o, uint64_t now)
{
        o->network_awaited_until = now + NETWORK_AWAITED;
}

void outbox_network_reached(Outbox *o)
{
        o->network_awaited_until = 0;
}

void outbox_post(Outbox *o, Notice *n, NoticeType type, FailureReason reason)
{
        if (!list_empty(&n->in_outbox))
                return;
        n->type = type;
        n->reason = reason;
        list_append(&o->notices, &n->in_outbox);
}

Notice *outbox_next_notice(Outbox *o)
{
        List *l = list_first(&o->notices);

        if (!l)
                return NULL;
        list_remove(l);
        return container_of(l, Notice, in_outbox);
}

const char *purpose_name(Purpose p)
{
        static const char *const names[] = { "query", "probe", "trial", "race" };

        return names[p];
}

const char *answer_origin_name(AnswerOrigin o)
{
        static const char *const names[] = { "none", "local", "cache", "upstream", "forward", "link" };

        return names[o];
}

const char *network_state_name(NetworkState s)
{
        static const char *const names[] = { "online", "offline", "portal", "clock" };

        return names[s];
}
