/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rendezvous that the adapter carries out: the request that has matched a tag says where the data
 * lies; it is read into the receive of the tag, and both headers go back as the message that ends
 * it.
 */
#include "softhca/transport/tags.h"

#include <errno.h>
#include <stdlib.h>

struct message {
	struct wire_tmh tmh;
	struct wire_rvh rvh;
};

struct rendezvous {
	struct list link; /* on waiting or sent of the list */
	uint32_t number;
	uint16_t tag;
	bool reading; /* else it is being ended */
	unsigned int num_sge;
	struct sge sge[TAGS_MAX_SGE];
	struct message message;
};

struct rendezvous_list {
	struct list waiting, sent;
	uint32_t next_number;
};

struct rendezvous_list *rendezvous_create(void)
{
	struct rendezvous_list *list = malloc(sizeof(*list));

	if (!list)
		return NULL;
	list_init(&list->waiting);
	list_init(&list->sent);
	list->next_number = 0;
	return list;
}

bool rendezvous_possible(const struct qp *qp)
{
	return qp->attr.state == QP_RTS && qp->attr.max_rd_atomic;
}

int rendezvous_begin(struct qp *qp, const struct tag *tag, const struct wire_tmh *tmh,
		     const struct wire_rvh *rvh)
{
	struct rendezvous *rendezvous = calloc(1, sizeof(*rendezvous));

	if (!rendezvous)
		return ENOMEM;
	rendezvous->tag = tag_index(qp->srq->tags, tag);
	rendezvous->reading = true;
	rendezvous->num_sge = tag->num_sge;
	memcpy(rendezvous->sge, tag->sge, tag->num_sge * sizeof(tag->sge[0]));
	rendezvous->message = (struct message){*tmh, *rvh};
	list_append(&qp->requester->rendezvous->waiting, &rendezvous->link);
	qp_continue(qp);
	return 0;
}

static void write_request(const struct rendezvous *rendezvous, struct send_request *request)
{
	const struct wire_rvh *rvh = &rendezvous->message.rvh;

	request->flags = 0;
	request->units = 1;
	if (rendezvous->reading) {
		request->opcode = REQUEST_READ;
		request->remote_address = be64toh(rvh->address);
		request->rkey = be32toh(rvh->rkey);
		request->length = be32toh(rvh->length);
		request->num_sge = rendezvous->num_sge;
		memcpy(request->sge, rendezvous->sge,
		       rendezvous->num_sge * sizeof(rendezvous->sge[0]));
		return;
	}
	request->opcode = REQUEST_SEND;
	request->length = sizeof(rendezvous->message);
	request->num_sge = 1;
	request->sge[0] = (struct sge){
		.length = sizeof(rendezvous->message),
		.inline_data = &rendezvous->message,
	};
}

static struct rendezvous *first_waiting(const struct requester *requester)
{
	const struct rendezvous_list *list = requester->rendezvous;

	return list_empty(&list->waiting) ? NULL
					  : list_entry(list->waiting.next, struct rendezvous, link);
}

bool rendezvous_next(struct requester *requester, uint32_t *number)
{
	struct rendezvous *rendezvous = first_waiting(requester);

	if (!rendezvous)
		return false;
	rendezvous->number = *number = requester->rendezvous->next_number;
	requester->request_valid = false;
	write_request(rendezvous, &requester->request);
	return true;
}

void rendezvous_taken(struct requester *requester)
{
	struct rendezvous *rendezvous = first_waiting(requester);

	requester->rendezvous->next_number++;
	list_remove(&rendezvous->link);
	list_append(&requester->rendezvous->sent, &rendezvous->link);
}

static struct rendezvous *find_sent(const struct requester *requester, uint32_t number)
{
	list_for_each (node, &requester->rendezvous->sent) {
		struct rendezvous *rendezvous = list_entry(node, struct rendezvous, link);

		if (rendezvous->number == number)
			return rendezvous;
	}
	return NULL;
}

void rendezvous_request(const struct requester *requester, uint32_t number,
			struct send_request *request)
{
	write_request(find_sent(requester, number), request);
}

/* What became of the data; with its receive free again, a program may add it anew. */
static void tell(const struct qp *qp, const struct rendezvous *rendezvous, enum tag_event event)
{
	struct completion completion = {
		.srq = qp->srq,
		.opcode = REQUEST_SEND,
		.length = be32toh(rendezvous->message.rvh.length),
		.remote_qpn = qp->attr.dest_qpn,
		.sl = qp->attr.path.sl,
		.pkey_index = qp->attr.pkey_index,
		.timestamp_ns = qp->hca->engine->now_ns,
	};
	struct tag_note note = {.event = event, .index = rendezvous->tag};

	tag_list_release(qp->srq->tags, rendezvous->tag);
	cq_complete_tag(qp, &completion, &note);
}

static void end(struct requester *requester, struct rendezvous *rendezvous)
{
	if (rendezvous->reading)
		tell(requester->qp, rendezvous, TAG_CANCELED);
	list_remove(&rendezvous->link);
	free(rendezvous);
}

/* The peer's buffer has been read: it may have it back. */
static void go_on(struct requester *requester, struct rendezvous *rendezvous)
{
	tell(requester->qp, rendezvous, TAG_FILLED);
	rendezvous->reading = false;
	rendezvous->message.tmh.operation = WIRE_TMH_FIN;
	list_remove(&rendezvous->link);
	list_append(&requester->rendezvous->waiting, &rendezvous->link);
}

void rendezvous_complete(struct requester *requester, uint32_t number,
			 enum completion_status status)
{
	struct rendezvous *rendezvous = find_sent(requester, number);

	if (status || !rendezvous->reading)
		end(requester, rendezvous);
	else
		go_on(requester, rendezvous);
	if (!list_empty(&requester->rendezvous->waiting))
		qp_continue(requester->qp);
}

void rendezvous_end_all(struct requester *requester)
{
	struct rendezvous_list *list = requester->rendezvous;

	list_for_each_safe (node, &list->sent)
		end(requester, list_entry(node, struct rendezvous, link));
	list_for_each_safe (node, &list->waiting)
		end(requester, list_entry(node, struct rendezvous, link));
}

void rendezvous_destroy(struct requester *requester)
{
	if (!requester->rendezvous)
		return;
	rendezvous_end_all(requester);
	free(requester->rendezvous);
}
