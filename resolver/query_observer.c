/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "query_observer.h"

void query_observers_tell(List *observers, const Action *answer)
{
        PendingReply *reply = answer->answer.reply;
        Packet *packet = list_empty(observers) || !reply ? NULL : pending_reply_write(reply);
        Message m;

        if (!packet)
                return;
        if (message_parse(&m, packet_bytes(packet)) == MESSAGE_OK && m.qdcount == 1)
                LIST_FOREACH(l, observers) {
                        QueryObserver *o = container_of(l, QueryObserver, in_daemon);

                        o->answered(o, &(AnsweredQuery) { .route = &answer->answer.route,
                                                          .client = &answer->answer.client,
                                                          .reply = &m,
                                                          .packet = packet });
                }
        /* Over TCP, it may have to wait. */
        if (!answer->answer.message)
                pending_reply_put_off(reply);
}
