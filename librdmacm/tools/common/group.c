/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections by the number, and their messages; see group.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "group.h"
#include "libibverbs/examples/common/report.h"

/* As Debian's programs ask for (observed): one read at a time, and five tries. */
static const struct rdma_conn_param parameters = {
	.responder_resources = 1,
	.initiator_depth = 1,
	.retry_count = 5,
};

static bool datagrams(const struct cm_group *group)
{
	return group->config->type == IBV_QPT_UD;
}

static bool client(const struct cm_group *group)
{
	return group->config->place.server;
}

static size_t header(const struct cm_group *group)
{
	return datagrams(group) ? CM_GRH_SIZE : 0;
}

/* ---- one node ---- */

/* Receives are posted before the peer knows where to send. */
static int open_node(struct cm_group *group, struct cm_node *node, struct rdma_cm_id *id)
{
	const struct cm_group_config *config = group->config;
	const struct cm_end_wish wish = {
		.type = config->type,
		.sends = (uint32_t)config->messages,
		.receives = (uint32_t)config->messages,
		.memory = header(group) + (size_t)config->size,
		.access = IBV_ACCESS_LOCAL_WRITE,
	};
	int err = datagrams(group) ? cm_end_check_datagram(id, config->size) : 0;

	node->end.id = id;
	if (!err)
		err = cm_end_open(&node->end, id, &wish);
	for (long i = 0; i < config->messages && !err; i++)
		err = cm_end_post_receive(&node->end, CM_NODE_RECEIVE, 0, wish.memory);
	return err;
}

static int set_options(const struct cm_group *group, struct rdma_cm_id *id)
{
	uint8_t tos = (uint8_t)group->config->tos, timeout = (uint8_t)group->config->ack_timeout;

	if (group->config->tos >= 0 &&
	    rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, &tos, sizeof(tos)))
		return tool_error(errno, "cannot set the type of service");
	if (group->config->ack_timeout >= 0 &&
	    rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, &timeout,
			    sizeof(timeout)))
		return tool_error(errno, "cannot set the ACK timeout");
	return 0;
}

static int learn_address(struct cm_node *node, const struct rdma_ud_param *ud)
{
	struct ibv_ah_attr attr = ud->ah_attr;

	node->qpn = ud->qp_num;
	node->qkey = ud->qkey;
	node->ah = ibv_create_ah(node->end.pd, &attr);
	return node->ah ? 0 : tool_error(errno, "cannot address the peer");
}

/* ---- what events make of it ---- */

static int resolve_route(struct cm_group *group, struct rdma_cm_id *id)
{
	int err = set_options(group, id);

	if (!err && rdma_resolve_route(id, CM_RESOLVE_MS))
		err = tool_error(errno, "cannot resolve the route");
	return err;
}

static int connect_node(struct cm_group *group, struct cm_node *node)
{
	struct rdma_conn_param wish = datagrams(group) ? (struct rdma_conn_param){0} : parameters;
	int err = open_node(group, node, node->end.id);

	wish.qp_num = err ? 0 : node->end.qp->qp_num;
	if (!err && rdma_connect(node->end.id, &wish))
		err = tool_error(errno, "cannot connect");
	return err;
}

static int node_ready(struct cm_group *group, struct cm_node *node)
{
	node->ready = true;
	group->ready++;
	return 0;
}

static int accept_node(struct cm_group *group, struct rdma_cm_event *event)
{
	struct rdma_conn_param datagram = {0};
	struct cm_node *node;
	int err;

	if (group->taken == group->config->connections) {
		rdma_reject(event->id, NULL, 0);
		group->loop.unwanted = event->id;
		return 0;
	}
	node = &group->nodes[group->taken++];
	event->id->context = node;
	err = open_node(group, node, event->id);
	if (err) {
		rdma_reject(event->id, NULL, 0);
		return err;
	}
	datagram.qp_num = node->end.qp->qp_num;
	if (rdma_accept(node->end.id, datagrams(group) ? &datagram : NULL))
		return tool_error(errno, "cannot accept a connection");
	return datagrams(group) ? node_ready(group, node) : 0;
}

static int established(struct cm_group *group, struct cm_node *node, struct rdma_cm_event *event)
{
	int err = datagrams(group) ? learn_address(node, &event->param.ud) : 0;

	return err ? err : node_ready(group, node);
}

static int disconnected(struct cm_group *group, struct cm_node *node)
{
	node->end.gone = true;
	group->gone++;
	/* Answers the peer, unless it was this side that began. */
	rdma_disconnect(node->end.id);
	return 0;
}

static int handle(void *owner, struct rdma_cm_event *event)
{
	struct cm_group *group = owner;
	struct cm_node *node = event->id->context;

	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
		return resolve_route(group, event->id);
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		return connect_node(group, node);
	case RDMA_CM_EVENT_CONNECT_REQUEST:
		return accept_node(group, event);
	case RDMA_CM_EVENT_ESTABLISHED:
		return established(group, node, event);
	case RDMA_CM_EVENT_DISCONNECTED:
		return disconnected(group, node);
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		return 0;
	default:
		return cm_event_failed(event, client(group) ? group->found->ai_dst_addr : NULL);
	}
}

/* ---- all of them ---- */

int cm_group_open(struct cm_group *group, const struct cm_group_config *config)
{
	int err;

	*group = (struct cm_group){.config = config, .loop = {.handle = handle, .owner = group}};
	group->nodes = calloc((size_t)config->connections, sizeof(*group->nodes));
	if (!group->nodes)
		return tool_error(ENOMEM, "no memory for %ld connections", config->connections);
	err = cm_loop_open(&group->loop);
	return err ? err : cm_address_find(&config->place, &group->found);
}

int cm_group_close(struct cm_group *group)
{
	int err = 0, failed;

	for (long i = 0; group->nodes && i < group->config->connections; i++) {
		if (group->nodes[i].ah)
			ibv_destroy_ah(group->nodes[i].ah);
		failed = cm_end_close(&group->nodes[i].end);
		err = err ? err : failed;
	}
	if (group->listener && rdma_destroy_id(group->listener))
		err = tool_error(errno, "cannot destroy the listening id");
	cm_loop_close(&group->loop);
	if (group->found)
		rdma_freeaddrinfo(group->found);
	free(group->nodes);
	return err;
}

static int start(struct cm_group *group)
{
	const struct rdma_addrinfo *found = group->found;

	for (long i = 0; i < group->config->connections; i++) {
		struct cm_node *node = &group->nodes[i];

		if (rdma_create_id(group->loop.channel, &node->end.id, node,
				   group->config->place.space))
			return tool_error(errno, "cannot create an id");
		group->taken++;
		if (rdma_resolve_addr(node->end.id, found->ai_src_addr, found->ai_dst_addr,
				      CM_RESOLVE_MS))
			return tool_error(errno, "cannot resolve the server's address");
	}
	return 0;
}

static int listen_for_all(struct cm_group *group)
{
	char text[CM_ADDRESS_TEXT_SIZE];

	cm_address_format(group->found->ai_src_addr, text, sizeof(text));
	if (rdma_create_id(group->loop.channel, &group->listener, NULL, group->config->place.space))
		return tool_error(errno, "cannot create an id");
	if (rdma_bind_addr(group->listener, group->found->ai_src_addr))
		return tool_error(errno, "cannot bind to %s", text);
	if (rdma_listen(group->listener, 0))
		return tool_error(errno, "cannot listen at %s", text);
	return 0;
}

int cm_group_connect(struct cm_group *group)
{
	int err = client(group) ? start(group) : listen_for_all(group);
	int timeout = client(group) ? CM_PATIENCE_MS : CM_FOREVER;

	while (!err && group->ready < group->config->connections)
		err = cm_loop_turn(&group->loop, -1, timeout);
	if (err == ETIME)
		tool_refuse("the server does not answer for %d s", CM_PATIENCE_MS / 1000);
	return err;
}

int cm_group_await_gone(struct cm_group *group)
{
	int err = 0;

	while (!err && group->gone < group->ready)
		err = cm_loop_turn(&group->loop, -1, CM_PATIENCE_MS);
	if (err == ETIME)
		tool_refuse("the peer does not disconnect for %d s", CM_PATIENCE_MS / 1000);
	return err;
}

int cm_group_each(struct cm_group *group, cm_node_step *step)
{
	int err = 0;

	for (long i = 0; i < group->config->connections && !err; i++)
		err = step(group, &group->nodes[i]);
	return err;
}

/* ---- messages ---- */

/* A datagram carries its sender's number, which is how a server learns where answers go. */
static int send_one(const struct cm_group *group, struct cm_node *node)
{
	struct ibv_sge piece = cm_end_piece(&node->end, header(group), (size_t)group->config->size);
	struct ibv_send_wr wr = {
		.wr_id = CM_NODE_SEND,
		.sg_list = &piece,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_SIGNALED,
	};

	if (datagrams(group)) {
		wr.opcode = IBV_WR_SEND_WITH_IMM;
		wr.imm_data = htonl(node->end.qp->qp_num);
		wr.wr.ud.ah = node->ah;
		wr.wr.ud.remote_qpn = node->qpn;
		wr.wr.ud.remote_qkey = node->qkey;
	}
	return cm_end_post_send(&node->end, &wr);
}

int cm_node_send(struct cm_group *group, struct cm_node *node)
{
	int err = 0;

	for (long i = 0; i < group->config->messages && !err; i++)
		err = send_one(group, node);
	return err;
}

static int learn_sender(struct cm_node *node, struct ibv_wc *wc)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	int err = ibv_query_qp(node->end.qp, &attr, IBV_QP_QKEY, &init);

	if (err)
		return tool_error(err, "cannot query a queue pair");
	node->qpn = ntohl(wc->imm_data);
	node->qkey = attr.qkey;
	node->ah = ibv_create_ah_from_wc(node->end.pd, wc, (void *)node->end.memory,
					 node->end.id->port_num);
	return node->ah ? 0 : tool_error(errno, "cannot address the peer");
}

static int received(const struct cm_group *group, struct cm_node *node, struct ibv_wc *wc)
{
	size_t expected = header(group) + (size_t)group->config->size;

	node->received++;
	if (wc->byte_len != expected)
		return tool_refuse(
			"a message has %zu bytes and not %ld: both sides want the same -S",
			wc->byte_len - header(group), group->config->size);
	return datagrams(group) && !node->ah ? learn_sender(node, wc) : 0;
}

static int await(struct cm_group *group, struct cm_node *node, const long *count)
{
	int err = 0;

	while (!err && *count < group->config->messages) {
		struct ibv_wc wc;

		err = cm_end_take(&node->end, &group->loop, CM_PATIENCE_MS, &wc);
		if (err == ENOTCONN)
			return tool_error(ENOTCONN, "the peer has left after %ld of %ld messages",
					  *count, group->config->messages);
		if (!err && wc.wr_id == CM_NODE_RECEIVE)
			err = received(group, node, &wc);
		else if (!err)
			node->sent++;
	}
	return err;
}

int cm_node_await_received(struct cm_group *group, struct cm_node *node)
{
	return await(group, node, &node->received);
}

int cm_node_await_sent(struct cm_group *group, struct cm_node *node)
{
	return await(group, node, &node->sent);
}
