/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queue pairs in error: all that is posted completes as flushed, signaled or not, in order, in both
 * queues; so does what is posted later. Source: IBTA vol. 1, 10.3.1.6, 10.8.3.2.
 */
#include "softhca/core/wq.h"
#include "softhca/transport/tags.h"

static void flush_send(struct requester *requester, uint32_t index, uint32_t units)
{
	struct qp *qp = requester->qp;
	struct completion completion = {
		.status = STATUS_FLUSHED,
		.flags = COMPLETION_SEND,
		.index = index,
		.timestamp_ns = qp->hca->engine->now_ns,
	};

	qp->sq_consumer = index + units;
	cq_complete(qp->send_cq, qp, &completion);
}

static unsigned int flush_taken(struct requester *requester)
{
	unsigned int flushed = requester->tail - requester->head;

	if (requester->rendezvous)
		rendezvous_end_all(requester);
	while (requester->head != requester->tail) {
		struct sent_request *entry = requester_entry(requester, requester->head++);

		if (!entry->offloaded)
			flush_send(requester, entry->index, entry->units);
	}
	requester_forget(requester);
	return flushed;
}

static unsigned int flush_posted(struct requester *requester)
{
	struct qp *qp = requester->qp;
	const struct family_ops *family = qp->hca->family;
	uint32_t producer = family->send_producer(qp);
	unsigned int flushed = 0;

	requester->request_valid = false;
	if (producer - requester->next_index > qp->sq_units)
		return 0;
	while (producer != requester->next_index &&
	       producer - requester->next_index <= qp->sq_units) {
		uint32_t index = requester->next_index;

		/* A WQE that makes no sense is flushed as well; it has units all the same. */
		(void)family->send_decode(qp, index, &requester->request);
		requester->next_index += requester->request.units ? requester->request.units : 1;
		flush_send(requester, index, requester->next_index - index);
		flushed++;
	}
	return flushed;
}

static unsigned int flush_own_receives(struct responder *responder)
{
	const struct completion completion = {.status = STATUS_FLUSHED, .opcode = REQUEST_SEND};
	struct qp *qp = responder->qp;
	uint32_t posted = qp->hca->family->recv_producer(qp) - qp->rq_consumer;

	if (posted > qp->rq_count)
		return 0;
	for (uint32_t i = 0; i < posted; i++) {
		responder->recv.index = qp->rq_consumer++;
		message_complete(responder, &completion);
	}
	return posted;
}

/* The message in progress, then what is posted. Receives of a shared queue stay there. */
static unsigned int flush_receives(struct responder *responder)
{
	struct qp *qp = responder->qp;
	unsigned int flushed = responder->recv_held;

	if (responder->recv_held)
		message_fail_receive(responder, STATUS_FLUSHED);
	responder->message = KIND_NONE;
	return qp->srq ? flushed : flushed + flush_own_receives(responder);
}

unsigned int transport_flush(struct qp *qp)
{
	unsigned int flushed;

	flushed = flush_taken(qp->requester) + flush_posted(qp->requester);
	if (qp->attr.state != QP_ERR)
		return flushed;
	flushed += qp->rq ? wq_flush(qp->rq) : flush_receives(qp->responder);
	/* Answers to requests carried out before the one that was refused still go out, ahead of
	 * the refusal. */
	if (qp->responder->owed == OWED_NAK)
		flushed += read_push(qp->responder);
	else
		qp->responder->num_responses = 0;
	return flushed;
}
