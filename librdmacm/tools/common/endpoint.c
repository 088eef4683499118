/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One end of a connection, by calls that wait; see endpoint.h. */
#include <errno.h>
#include <stdio.h>

#include "endpoint.h"
#include "libibverbs/examples/common/report.h"

enum { RECEIVE_OFFSET = 0, SEND_OFFSET = CM_ENDPOINT_SIZE };

/* ---- connections ---- */

int cm_endpoint_resolve(struct cm_endpoint *endpoint, const struct cm_place *place)
{
	char text[CM_ADDRESS_TEXT_SIZE];
	int err = cm_address_find(place, &endpoint->found);

	if (err)
		return err;
	cm_address_format(endpoint->found->ai_dst_addr, text, sizeof(text));
	if (rdma_create_ep(&endpoint->end.id, endpoint->found, NULL, NULL))
		return tool_error(errno, "cannot find a way to %s (see 'rdma link' and 'ip route')",
				  text);
	return 0;
}

int cm_endpoint_await_client(struct cm_endpoint *endpoint, const struct cm_place *place)
{
	char text[CM_ADDRESS_TEXT_SIZE];
	int err = cm_address_find(place, &endpoint->found);

	if (err)
		return err;
	cm_address_format(endpoint->found->ai_src_addr, text, sizeof(text));
	if (rdma_create_ep(&endpoint->listener, endpoint->found, NULL, NULL))
		return tool_error(errno, "cannot bind to %s", text);
	if (rdma_listen(endpoint->listener, 0))
		return tool_error(errno, "cannot listen at %s", text);
	if (rdma_get_request(endpoint->listener, &endpoint->end.id))
		return tool_error(errno, "cannot take a client's request");
	return 0;
}

static int handle(void *owner, struct rdma_cm_event *event)
{
	struct cm_endpoint *endpoint = owner;

	if (event->event == RDMA_CM_EVENT_TIMEWAIT_EXIT)
		return 0;
	if (event->event != RDMA_CM_EVENT_DISCONNECTED)
		return cm_event_failed(event, NULL);
	endpoint->end.gone = true;
	return 0;
}

static void look_out(struct cm_endpoint *endpoint)
{
	endpoint->loop = (struct cm_loop){
		.channel = endpoint->end.id->channel, .handle = handle, .owner = endpoint};
}

int cm_endpoint_connect(struct cm_endpoint *endpoint, struct rdma_conn_param *wish)
{
	struct rdma_cm_id *id = endpoint->end.id;
	const struct rdma_cm_event *event;

	if (!rdma_connect(id, wish)) {
		look_out(endpoint);
		return 0;
	}
	event = id->event;
	if (event && event->event != RDMA_CM_EVENT_ESTABLISHED && event->status)
		return cm_event_failed(event, endpoint->found->ai_dst_addr);
	return tool_error(errno, "cannot connect");
}

int cm_endpoint_accept(struct cm_endpoint *endpoint, struct rdma_conn_param *wish)
{
	if (rdma_accept(endpoint->end.id, wish))
		return tool_error(errno, "cannot accept the client");
	look_out(endpoint);
	return 0;
}

/* ---- messages ---- */

int cm_endpoint_post_receive(struct cm_endpoint *endpoint)
{
	return cm_end_post_receive(&endpoint->end, CM_ENDPOINT_RECEIVE, RECEIVE_OFFSET,
				   CM_ENDPOINT_SIZE);
}

static int await(struct cm_endpoint *endpoint, uint64_t work, const char *what)
{
	struct ibv_wc wc = {0};
	int err;

	do {
		err = cm_end_take(&endpoint->end, &endpoint->loop, CM_PATIENCE_MS, &wc);
	} while (!err && wc.wr_id != work);
	return err == ENOTCONN ? tool_error(err, "the peer has left before %s", what) : err;
}

int cm_endpoint_receive(struct cm_endpoint *endpoint)
{
	return await(endpoint, CM_ENDPOINT_RECEIVE, "its message came");
}

int cm_endpoint_send(struct cm_endpoint *endpoint)
{
	struct ibv_sge piece = cm_end_piece(&endpoint->end, SEND_OFFSET, CM_ENDPOINT_SIZE);
	struct ibv_send_wr wr = {
		.wr_id = CM_ENDPOINT_SEND,
		.sg_list = &piece,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_SIGNALED,
	};
	int err;

	wr.qp_type.xrc.remote_srqn = endpoint->srqn;
	err = cm_end_post_send(&endpoint->end, &wr);
	return err ? err : await(endpoint, CM_ENDPOINT_SEND, "it had our message");
}

/* ---- the end ---- */

/* When the peer's wish to part has been read there is no more event to wait for. */
int cm_endpoint_close(struct cm_endpoint *endpoint)
{
	int err = 0, failed;

	if (endpoint->loop.channel && !endpoint->end.gone && rdma_disconnect(endpoint->end.id))
		err = tool_error(errno, "cannot disconnect");
	failed = cm_end_close(&endpoint->end);
	if (endpoint->listener)
		rdma_destroy_ep(endpoint->listener);
	if (endpoint->found)
		rdma_freeaddrinfo(endpoint->found);
	return err ? err : failed;
}

int cm_endpoint_run(const char *tool, int (*talk)(struct cm_endpoint *endpoint))
{
	struct cm_endpoint endpoint = {0};
	int err, failed;

	printf("%s: start\n", tool);
	err = talk(&endpoint);
	failed = cm_endpoint_close(&endpoint);
	err = err ? err : failed;
	printf("%s: end %d\n", tool, err ? -1 : 0);
	return err;
}
