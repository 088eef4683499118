/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end that the storm comes to. Each message is looked at when its connection ends. */
#include <string.h>

#include "storm.h"

enum { MOST_AT_A_TIME = 2048, BACKLOG = 1024 };

static struct shared shared;
/* Places of messages that no connection has. */
static uint32_t free_places[MOST_AT_A_TIME], num_free;
static unsigned int received;

static void post_receive(struct link *link)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)link->message,
		.length = MESSAGE_WORDS * sizeof(uint32_t),
		.lkey = shared.mr->lkey,
	};
	struct ibv_recv_wr wr = {.sg_list = &sge, .num_sge = 1}, *bad;

	MUST(!ibv_post_recv(link->id->qp, &wr, &bad));
}

static void begin(struct rdma_cm_event *event)
{
	struct rdma_conn_param param = {.rnr_retry_count = 7};
	struct link *link = calloc(1, sizeof(*link));

	MUST(link && num_free && event->param.conn.private_data_len >= sizeof(link->number));
	shared_open(&shared, event->id->verbs, MOST_AT_A_TIME);
	memcpy(&link->number, event->param.conn.private_data, sizeof(link->number));
	link->id = event->id;
	link->id->context = link;
	link->message = shared.messages + free_places[--num_free] * MESSAGE_WORDS;
	memset(link->message, 0, MESSAGE_WORDS * sizeof(uint32_t));
	shared_create_qp(&shared, link->id);
	post_receive(link);
	MUST(!rdma_accept(link->id, &param));
}

/* A client that was killed may not have sent it. */
static void look_at_message(const struct link *link)
{
	MUST(!link->message[0] || link->message[0] == link->number);
	for (unsigned int i = 1; i < MESSAGE_WORDS; i++)
		MUST(link->message[i] == link->message[0]);
}

static void finish(struct link *link)
{
	received += shared_poll(&shared);
	look_at_message(link);
	free_places[num_free++] = (uint32_t)(link->message - shared.messages) / MESSAGE_WORDS;
	rdma_destroy_qp(link->id);
	MUST(!rdma_destroy_id(link->id));
	free(link);
}

/* The connection that the event is the end of, or NULL. */
static struct link *ended_by(const struct rdma_cm_event *event)
{
	switch (event->event) {
	case RDMA_CM_EVENT_DISCONNECTED:
		MUST(!rdma_disconnect(event->id));
		return event->id->context;
	case RDMA_CM_EVENT_UNREACHABLE:
	case RDMA_CM_EVENT_REJECTED:
		return event->id->context;
	case RDMA_CM_EVENT_ESTABLISHED:
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		return NULL;
	default:
		unexpected(event);
		return NULL;
	}
}

/* One event; how many connections it has ended. */
static unsigned int proceed(struct rdma_event_channel *channel)
{
	struct rdma_cm_event *event = next_event(channel);
	struct link *link = NULL;

	if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST)
		begin(event);
	else
		link = ended_by(event);
	MUST(!rdma_ack_cm_event(event));
	if (link)
		finish(link);
	return link != NULL;
}

void serve(struct sockaddr_in *address, uint32_t total)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct possession before;
	struct rdma_cm_id *listener;
	uint32_t ended = 0;

	while (num_free < MOST_AT_A_TIME)
		free_places[num_free] = num_free, num_free++;
	MUST(channel && !rdma_create_id(channel, &listener, NULL, RDMA_PS_TCP));
	MUST(!rdma_bind_addr(listener, (struct sockaddr *)address));
	MUST(!rdma_listen(listener, BACKLOG));
	while (ended < WARM_UP)
		ended += proceed(channel);
	before = possession_now();
	while (ended < WARM_UP + total)
		ended += proceed(channel);
	MUST(received == WARM_UP + total);
	possession_expect(&before);
	MUST(!rdma_destroy_id(listener));
	rdma_destroy_event_channel(channel);
}
