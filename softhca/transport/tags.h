/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tag matching on reliable connections: which receive a message gets, and what the adapter does by
 * itself for one whose data has to be fetched. A rendezvous is two requests that nobody has posted,
 * a read into the tagged receive and a message that ends it. They take their turn in the send queue
 * of the queue pair that the message came by, before what is posted there.
 */
#ifndef SOFTHCA_TRANSPORT_TAGS_H
#define SOFTHCA_TRANSPORT_TAGS_H

#include "hw/wire/tmh.h"
#include "softhca/core/tag_list.h"
#include "softhca/transport/responder.h"

/* tags.c: the receiving side. */

static inline bool responder_has_tags(const struct responder *responder)
{
	return __builtin_expect(responder->srq != NULL, 0) && responder->srq->tags;
}

/* As message_take_receive(), of the first packet of a message. What is left of the packet
 * afterwards is for the receive. */
enum verdict tags_take_receive(struct responder *responder, struct arrival *arrival, bool whole);
/* The held receive completes, as `completion` says of its message. */
void tags_complete(struct responder *responder, const struct completion *completion);
/* The message in progress will not be completed: its tag, which is not the queue pair's, is. */
void tags_abandon(struct responder *responder);

/* rendezvous.c: what is sent for them. */

/* Those of a queue pair, NULL where there are none. */
struct rendezvous_list;

enum { RENDEZVOUS_TAKEN = 16 }; /* requests that find room beside a full send queue */

struct rendezvous_list *rendezvous_create(void);
/* Also what has been begun ends, and is told as canceled. */
void rendezvous_end_all(struct requester *requester);
void rendezvous_destroy(struct requester *requester);

/* Whether one could be carried out now. */
bool rendezvous_possible(const struct qp *qp);
/* Begins one for a tag that a message with these headers has matched. ENOMEM. */
int rendezvous_begin(struct qp *qp, const struct tag *tag, const struct wire_tmh *tmh,
		     const struct wire_rvh *rvh);

/* The next request to be made of them into `request`; its number. False: none waits. */
bool rendezvous_next(struct requester *requester, uint32_t *number);
/* It is being sent from now on. */
void rendezvous_taken(struct requester *requester);
/* The request of that number again. */
void rendezvous_request(const struct requester *requester, uint32_t number,
			struct send_request *request);
/* It is over, well or not. */
void rendezvous_complete(struct requester *requester, uint32_t number,
			 enum completion_status status);

#endif
