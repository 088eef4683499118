/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end that makes the storm. */
#include "storm.h"

static struct shared shared;
static struct rdma_event_channel *channel;

static void resolve(struct link *link, struct sockaddr_in *address)
{
	MUST(!rdma_create_id(channel, &link->id, link, RDMA_PS_TCP));
	MUST(!rdma_resolve_addr(link->id, NULL, (struct sockaddr *)address, RESOLVE_MS));
}

static void connect_link(struct link *link)
{
	struct rdma_conn_param param = {
		.private_data = &link->number,
		.private_data_len = sizeof(link->number),
		.retry_count = 7,
		.rnr_retry_count = 7,
	};

	shared_create_qp(&shared, link->id);
	MUST(!rdma_connect(link->id, &param));
}

static void send_message(struct link *link)
{
	struct ibv_sge sge = {.length = MESSAGE_WORDS * sizeof(uint32_t), .lkey = shared.mr->lkey};
	struct ibv_send_wr wr = {.sg_list = &sge,
				 .num_sge = 1,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_SIGNALED};
	struct ibv_send_wr *bad;

	for (unsigned int i = 0; i < MESSAGE_WORDS; i++)
		link->message[i] = link->number;
	sge.addr = (uintptr_t)link->message;
	MUST(!ibv_post_send(link->id->qp, &wr, &bad));
}

/* One event on the way up; whether its connection has arrived. */
static bool proceed(uint32_t num_links)
{
	struct rdma_cm_event *event = next_event(channel);
	struct link *link = event->id->context;
	enum rdma_cm_event_type type = event->event;

	if (event->status)
		unexpected(event);
	if (type == RDMA_CM_EVENT_ADDR_RESOLVED) {
		shared_open(&shared, link->id->verbs, num_links);
		link->message = shared.messages + link->number * MESSAGE_WORDS;
		MUST(!rdma_resolve_route(link->id, RESOLVE_MS));
	} else if (type == RDMA_CM_EVENT_ROUTE_RESOLVED) {
		connect_link(link);
	} else if (type == RDMA_CM_EVENT_ESTABLISHED) {
		send_message(link);
	} else {
		unexpected(event);
	}
	MUST(!rdma_ack_cm_event(event));
	return type == RDMA_CM_EVENT_ESTABLISHED;
}

static bool is_last(void)
{
	struct rdma_cm_event *event = next_event(channel);
	bool last = event->event == RDMA_CM_EVENT_DISCONNECTED;

	if (!last && event->event != RDMA_CM_EVENT_TIMEWAIT_EXIT)
		unexpected(event);
	MUST(!rdma_ack_cm_event(event));
	return last;
}

static void run_round(struct link *links, uint32_t count, uint32_t num_links,
		      struct sockaddr_in *address)
{
	uint32_t up = 0, sent = 0, down = 0;

	for (uint32_t i = 0; i < count; i++) {
		links[i].number = i;
		resolve(&links[i], address);
	}
	while (up < count) {
		up += proceed(num_links);
		if (shared.cq)
			sent += shared_poll(&shared);
	}
	while (sent < count)
		sent += shared_poll(&shared);
	for (uint32_t i = 0; i < count; i++)
		MUST(!rdma_disconnect(links[i].id));
	while (down < count)
		down += is_last();
	for (uint32_t i = 0; i < count; i++) {
		rdma_destroy_qp(links[i].id);
		MUST(!rdma_destroy_id(links[i].id));
	}
}

void storm(struct sockaddr_in *address, uint32_t count, uint32_t rounds)
{
	uint32_t num_links = count > WARM_UP ? count : WARM_UP;
	struct link *links = calloc(num_links, sizeof(*links));
	struct possession before;

	channel = rdma_create_event_channel();
	MUST(channel && links);
	run_round(links, WARM_UP, num_links, address);
	before = possession_now();
	for (uint32_t round = 1; round <= rounds; round++) {
		run_round(links, count, num_links, address);
		printf("round %u: %u connections\n", round, count);
	}
	possession_expect(&before);
	free(links);
	rdma_destroy_event_channel(channel);
}
