/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames coming in: which rules have them, which queue they lead to, and into the receive there. A
 * frame for which nobody has posted a receive is lost.
 */
#include <errno.h>
#include <string.h>

#include "hw/wire/icrc.h"
#include "softhca/core/flow.h"
#include "softhca/ethernet/ethernet.h"
#include "softhca/ethernet/headers.h"
#include "softhca/ethernet/toeplitz.h"
#include "softhca/fabric/fabric.h"
#include "softhca/memory/access.h"

enum {
	TAG_OFFSET = offsetof(struct wire_ethernet, type),
	TAG_BYTES = sizeof(struct wire_vlan),
};

/* `bytes` lie in the ring, where the sender could change them; `head` is a copy of the first. */
struct frame_arrival {
	struct hca *hca;
	const uint8_t *bytes;
	uint32_t length;
	struct headers headers;
	uint8_t head[HEADERS_BYTES];
};

/* ---- into a receive ---- */

struct placement {
	const struct wq *wq;
	const struct recv_request *recv;
	uint64_t filled;
	enum completion_status status;
};

static void place(struct placement *placement, const void *from, uint32_t length)
{
	if (placement->status)
		return;
	placement->status =
		memory_scatter(placement->wq->hca, placement->wq->pd, placement->recv->sge,
			       placement->recv->num_sge, placement->filled, from, length);
	placement->filled += length;
}

static bool strips_tag(const struct wq *wq, const struct frame_arrival *arrival)
{
	return wq->flags & WQ_VLAN_STRIPPING && arrival->headers.key.headers & FLOW_TAGGED;
}

static uint32_t length_for(const struct wq *wq, const struct frame_arrival *arrival)
{
	return arrival->length - (strips_tag(wq, arrival) ? TAG_BYTES : 0) +
	       (wq->flags & WQ_SCATTER_FCS ? ETHERNET_FCS_BYTES : 0);
}

static void place_check_sequence(struct placement *placement, const struct frame_arrival *arrival)
{
	uint32_t fcs = icrc_finish(icrc_update(ICRC_START, arrival->bytes, arrival->length));

	fcs = htole32(fcs);
	place(placement, &fcs, sizeof(fcs));
}

static enum completion_status place_frame(const struct wq *wq, const struct recv_request *recv,
					  const struct frame_arrival *arrival)
{
	struct placement placement = {.wq = wq, .recv = recv};
	uint32_t skip = 0;

	if (length_for(wq, arrival) > recv->length)
		return STATUS_LOCAL_LENGTH;
	if (strips_tag(wq, arrival)) {
		place(&placement, arrival->bytes, TAG_OFFSET);
		skip = TAG_OFFSET + TAG_BYTES;
	}
	place(&placement, arrival->bytes + skip, arrival->length - skip);
	if (wq->flags & WQ_SCATTER_FCS)
		place_check_sequence(&placement, arrival);
	return placement.status;
}

/* ---- completion ---- */

static enum frame_network network_of(const struct flow_key *key)
{
	if (key->headers & FLOW_IP4)
		return FRAME_NETWORK_IP4;
	return key->headers & FLOW_IP6 ? FRAME_NETWORK_IP6 : FRAME_NETWORK_OTHER;
}

static enum frame_transport transport_of(const struct flow_key *key)
{
	if (key->headers & FLOW_TCP)
		return FRAME_TRANSPORT_TCP;
	return key->headers & FLOW_UDP ? FRAME_TRANSPORT_UDP : FRAME_TRANSPORT_OTHER;
}

static void describe(const struct frame_arrival *arrival, const struct wq *wq,
		     struct frame_completion *completion)
{
	const struct headers *headers = &arrival->headers;

	completion->length = length_for(wq, arrival);
	completion->network = network_of(&headers->key);
	completion->transport = transport_of(&headers->key);
	completion->network_good =
		headers->network && network_checksum_holds(arrival->head, headers);
	completion->transport_good =
		headers->transport && transport_checksum_holds(arrival->bytes, headers);
	completion->tag_stripped = strips_tag(wq, arrival);
	completion->vlan = be16toh(headers->key.vlan);
}

static void fail(struct wq *wq, uint32_t index, enum completion_status status)
{
	struct frame_completion completion = {.status = status, .index = index};

	wq_complete(wq, &completion);
	wq_fail(wq);
}

/* False: lost. */
static bool receive_into(struct wq *wq, const struct frame_arrival *arrival,
			 struct frame_completion *completion)
{
	struct recv_request recv;
	enum completion_status status;
	int error;

	if (wq->state != WQ_READY)
		return false;
	error = wq_take(wq, &recv);
	if (error == ENOENT)
		return false;
	status = error ? STATUS_LOCAL_QP_OPERATION : place_frame(wq, &recv, arrival);
	if (status) {
		fail(wq, recv.index, status);
		return false;
	}
	completion->index = recv.index;
	describe(arrival, wq, completion);
	wq_complete(wq, completion);
	return true;
}

/* ---- by rule ---- */

static bool receive_spread(const struct rss *rss, const struct frame_arrival *arrival,
			   struct frame_completion *completion)
{
	completion->hash =
		rss_hash(rss->key, rss->fields, &arrival->headers.key, &completion->hash_fields);
	return receive_into(rss->table->wqs[completion->hash & (rss->table->size - 1)], arrival,
			    completion);
}

static void deliver(const struct flow *flow, const struct frame_arrival *arrival)
{
	struct frame_completion completion = {.flow_tag = flow->tag};
	struct fabric_qp *shared = flow->rss ? flow->rss->shared : flow->qp->shared;
	bool received;

	flow_count(flow, arrival->length);
	if (flow->drop)
		return;
	received = flow->rss ? receive_spread(flow->rss, arrival, &completion)
			     : receive_into(flow->qp->rq, arrival, &completion);
	if (received)
		shared->packets_received++;
	else
		shared->errors++;
}

static void receive_by_rule(void *arg, unsigned int index, unsigned int process)
{
	const struct frame_arrival *arrival = arg;
	struct hca *hca = arrival->hca;
	const struct flow *flow;

	if (process != fabric_self(hca->engine->fabric))
		return;
	flow = hca->flows[index];
	if (flow)
		deliver(flow, arrival);
}

void ethernet_receive(struct hca *hca, const struct packet *packet, const uint8_t *bytes)
{
	uint32_t length = atomic_load_explicit(&packet->length, memory_order_relaxed);
	struct frame_arrival arrival = {.hca = hca, .bytes = bytes, .length = length};

	if (hca->shared->port_type != FABRIC_PORT_ETH)
		return;
	memcpy(arrival.head, bytes, length < HEADERS_BYTES ? length : HEADERS_BYTES);
	if (headers_parse(arrival.head, length, &arrival.headers))
		fabric_flow_for_each(hca->shared, &arrival.headers.key, receive_by_rule, &arrival);
}
