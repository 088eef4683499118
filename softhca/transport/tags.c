/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages for a shared receive queue with tags. One that an armed tag fits lands in the receive of
 * the tag, without its header; any other is taken whole into an ordinary receive. A match is told
 * when it is made, so that the program sees matches and unexpected messages in their order, and the
 * data when it has come; for a single packet both at once. Source: ConnectX PRM, "Tag matching".
 */
#include "softhca/transport/tags.h"

/* What a message says of itself at its start. */
struct headers {
	struct wire_tmh tmh;
	struct wire_rvh rvh;
};

/* The payload lies where the sender can still change it: what is judged is a copy. */
static void read_headers(const struct arrival *arrival, struct headers *headers)
{
	uint32_t length = arrival->length;

	*headers = (struct headers){.tmh.operation = WIRE_TMH_NO_TAG};
	memcpy(headers, arrival->body, length < sizeof(*headers) ? length : sizeof(*headers));
}

/* Messages with a tag, and with all that their kind must have. */
static bool has_tag(const struct headers *headers, uint32_t length)
{
	switch (headers->tmh.operation) {
	case WIRE_TMH_EAGER:
		return length >= sizeof(headers->tmh);
	case WIRE_TMH_RENDEZVOUS:
		return length >= sizeof(*headers);
	default:
		return false;
	}
}

/* Too much of a rendezvous' request is for the program to understand. */
static bool is_for_list(const struct headers *headers, uint32_t length, bool whole)
{
	return headers->tmh.operation == WIRE_TMH_EAGER ||
	       (whole && length <= TAGS_MAX_RENDEZVOUS_BYTES);
}

static void note_message(struct responder *responder, enum tag_event event,
			 const struct headers *headers)
{
	responder->tagged = true;
	responder->note = (struct tag_note){.event = event};
	memcpy(responder->note.header, &headers->tmh, sizeof(headers->tmh));
}

static enum verdict take_ordinary(struct responder *responder, const struct headers *headers,
				  uint32_t length)
{
	bool unexpected = has_tag(headers, length);
	enum verdict verdict = message_take_receive(responder);

	if (verdict)
		return verdict;
	note_message(responder, unexpected ? TAG_UNEXPECTED : TAG_UNTAGGED, headers);
	responder->srq->tags->unexpected += unexpected;
	return VERDICT_DONE;
}

static void hold_tagged(struct responder *responder, const struct tag *tag)
{
	responder->note.index = tag_index(responder->srq->tags, tag);
	responder->recv_held = true;
	responder->recv.index = 0;
	responder->recv.length = tag->length;
	responder->recv.num_sge = tag->num_sge;
	memcpy(responder->recv.sge, tag->sge, tag->num_sge * sizeof(tag->sge[0]));
}

static void tell_match(struct responder *responder, const struct arrival *arrival)
{
	struct completion completion = message_describe(responder, arrival);
	struct tag_note note = responder->note;

	note.event = TAG_MATCHED;
	completion.srq = responder->srq;
	completion.timestamp_ns = responder->qp->hca->engine->now_ns;
	cq_complete_tag(responder->qp, &completion, &note);
}

static void take_eager(struct responder *responder, struct arrival *arrival, const struct tag *tag,
		       const struct headers *headers, bool whole)
{
	note_message(responder, whole ? TAG_MATCHED_FILLED : TAG_FILLED, headers);
	hold_tagged(responder, tag);
	if (!whole)
		tell_match(responder, arrival);
	arrival->body += sizeof(headers->tmh);
	arrival->length -= (uint32_t)sizeof(headers->tmh);
}

/* The receive has the request itself, as much of it as there is room for. */
static void take_request(struct responder *responder, struct arrival *arrival,
			 const struct tag *tag, const struct headers *headers)
{
	note_message(responder, TAG_MATCHED_HEADERS, headers);
	hold_tagged(responder, tag);
	if (arrival->length > tag->length)
		arrival->length = tag->length;
}

/* Nothing of the request goes into the receive, which is for the data. */
static void take_rendezvous(struct responder *responder, struct arrival *arrival,
			    const struct tag *tag, const struct headers *headers)
{
	struct qp *qp = responder->qp;
	bool fits = be32toh(headers->rvh.length) <= tag->length;

	if (!fits || !rendezvous_possible(qp) ||
	    rendezvous_begin(qp, tag, &headers->tmh, &headers->rvh)) {
		take_request(responder, arrival, tag, headers);
		return;
	}
	note_message(responder, TAG_MATCHED, headers);
	hold_tagged(responder, tag);
	arrival->length = 0;
}

enum verdict tags_take_receive(struct responder *responder, struct arrival *arrival, bool whole)
{
	uint32_t length = arrival->length;
	struct tag *tag = NULL;
	struct headers headers;

	read_headers(arrival, &headers);
	if (has_tag(&headers, length) && is_for_list(&headers, length, whole))
		tag = tag_list_match(responder->srq->tags, be64toh(headers.tmh.tag));
	if (!tag)
		return take_ordinary(responder, &headers, length);
	if (headers.tmh.operation == WIRE_TMH_EAGER)
		take_eager(responder, arrival, tag, &headers, whole);
	else
		take_rendezvous(responder, arrival, tag, &headers);
	return VERDICT_DONE;
}

/* The receive of a tag, other than one that waits for the data of a rendezvous. */
static bool ends_tag(enum tag_event event)
{
	return event == TAG_FILLED || event == TAG_MATCHED_FILLED || event == TAG_MATCHED_HEADERS;
}

void tags_complete(struct responder *responder, const struct completion *completion)
{
	struct tag_note note = responder->note;
	struct completion whole = *completion;
	bool tagged = responder->tagged;

	responder->tagged = false;
	/* The rendezvous has begun, and tells itself what becomes of it. */
	if (tagged && note.event == TAG_MATCHED && whole.status)
		return;
	if (tagged && ends_tag(note.event)) {
		tag_list_release(responder->srq->tags, note.index);
		if (completion->status)
			note.event = TAG_CANCELED;
		whole.status = STATUS_SUCCESS;
	}
	/* What fails without a tag is a receive like any other. */
	if (!tagged || whole.status)
		cq_complete(responder->cq, responder->qp, &whole);
	else
		cq_complete_tag(responder->qp, &whole, &note);
}

void tags_abandon(struct responder *responder)
{
	if (responder->recv_held && responder->tagged && ends_tag(responder->note.event))
		message_fail_receive(responder, STATUS_FLUSHED);
}
