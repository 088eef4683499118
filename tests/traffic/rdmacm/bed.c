/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bed.h"

#include <arpa/inet.h>
#include <stdlib.h>

struct sockaddr_in address_with_port(uint16_t port)
{
	const char *text = getenv("OV_CM_ADDRESS");
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	NEED(text, "OV_CM_ADDRESS names no address of an RDMA device");
	CHECK_EQ(inet_pton(AF_INET, text, &address.sin_addr), 1);
	return address;
}

struct rdma_cm_event *expect_event(struct rdma_event_channel *channel, enum rdma_cm_event_type type,
				   struct rdma_cm_id *id)
{
	struct rdma_cm_event *event = NULL;

	trying("to get %s", rdma_event_str(type));
	CHECK_EQ(rdma_get_cm_event(channel, &event), 0);
	if (event->event != type)
		fail(__FILE__, __LINE__, "%s with status %d instead of %s",
		     rdma_event_str(event->event), event->status, rdma_event_str(type));
	if (id)
		CHECK(event->id == id);
	trying("%s", "");
	return event;
}

void pass_event(struct rdma_event_channel *channel, enum rdma_cm_event_type type,
		struct rdma_cm_id *id)
{
	struct rdma_cm_event *event = expect_event(channel, type, id);

	CHECK_EQ(event->status, 0);
	CHECK_EQ(rdma_ack_cm_event(event), 0);
}

void listen_on_any_port(struct listener *listener, enum rdma_port_space ps)
{
	listener->channel = rdma_create_event_channel();
	CHECK(listener->channel);
	CHECK_EQ(rdma_create_id(listener->channel, &listener->id, listener, ps), 0);
	listener->address = address_with_port(0);
	CHECK_EQ(rdma_bind_addr(listener->id, (struct sockaddr *)&listener->address), 0);
	CHECK_EQ(rdma_listen(listener->id, 8), 0);
	listener->address.sin_port = rdma_get_src_port(listener->id);
	CHECK(listener->address.sin_port);
	CHECK(listener->id->verbs);
}

void end_listener(struct listener *listener)
{
	CHECK_EQ(rdma_destroy_id(listener->id), 0);
	rdma_destroy_event_channel(listener->channel);
}

struct rdma_cm_id *resolved_id(struct rdma_event_channel *channel, struct sockaddr_in address,
			       enum rdma_port_space ps)
{
	struct rdma_cm_id *id;

	CHECK_EQ(rdma_create_id(channel, &id, channel, ps), 0);
	CHECK(id->context == channel && id->channel == channel && id->ps == ps);
	CHECK_EQ(rdma_resolve_addr(id, NULL, (struct sockaddr *)&address, RESOLVE_MS), 0);
	pass_event(channel, RDMA_CM_EVENT_ADDR_RESOLVED, id);
	CHECK(id->verbs && id->port_num == 1);
	CHECK_EQ(rdma_resolve_route(id, RESOLVE_MS), 0);
	pass_event(channel, RDMA_CM_EVENT_ROUTE_RESOLVED, id);
	CHECK_EQ(id->route.num_paths, 1);
	CHECK_EQ(rdma_get_dst_port(id), address.sin_port);
	return id;
}

struct ibv_qp_init_attr small_qp(enum ibv_qp_type type)
{
	return (struct ibv_qp_init_attr){
		.cap = {.max_send_wr = 4, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1},
		.qp_type = type,
		.sq_sig_all = 1,
	};
}

void connect_both(struct connection *connection)
{
	struct rdma_conn_param param = {.responder_resources = 1,
					.initiator_depth = 1,
					.retry_count = 7,
					.rnr_retry_count = 7};
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_cm_event *event;

	listen_on_any_port(&connection->listener, RDMA_PS_TCP);
	connection->channel = rdma_create_event_channel();
	CHECK(connection->channel);
	connection->active =
		resolved_id(connection->channel, connection->listener.address, RDMA_PS_TCP);
	CHECK_EQ(rdma_create_qp(connection->active, NULL, &attr), 0);
	CHECK_EQ(rdma_connect(connection->active, &param), 0);

	event = expect_event(connection->listener.channel, RDMA_CM_EVENT_CONNECT_REQUEST, NULL);
	CHECK(event->listen_id == connection->listener.id);
	connection->passive = event->id;
	CHECK(connection->passive->context == connection->listener.id->context);
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	attr = small_qp(IBV_QPT_RC);
	CHECK_EQ(rdma_create_qp(connection->passive, NULL, &attr), 0);
	CHECK_EQ(rdma_accept(connection->passive, &param), 0);
	pass_event(connection->channel, RDMA_CM_EVENT_ESTABLISHED, connection->active);
	pass_event(connection->listener.channel, RDMA_CM_EVENT_ESTABLISHED, connection->passive);
}

void disconnect_both(struct connection *connection)
{
	CHECK_EQ(rdma_disconnect(connection->active), 0);
	pass_event(connection->listener.channel, RDMA_CM_EVENT_DISCONNECTED, connection->passive);
	CHECK_EQ(rdma_disconnect(connection->passive), 0);
	pass_event(connection->channel, RDMA_CM_EVENT_DISCONNECTED, connection->active);
	rdma_destroy_qp(connection->active);
	rdma_destroy_qp(connection->passive);
	CHECK(!connection->active->qp && !connection->active->send_cq);
	CHECK_EQ(rdma_destroy_id(connection->passive), 0);
	CHECK_EQ(rdma_destroy_id(connection->active), 0);
	rdma_destroy_event_channel(connection->channel);
	end_listener(&connection->listener);
}

void exchange(struct rdma_cm_id *from, struct rdma_cm_id *to, size_t length)
{
	static uint8_t sent[1 << 16], received[1 << 16];
	struct ibv_mr *from_mr = rdma_reg_msgs(from, sent, length);
	struct ibv_mr *to_mr = rdma_reg_msgs(to, received, length);
	struct ibv_wc wc;

	CHECK(from_mr && to_mr && length <= sizeof(sent));
	for (size_t i = 0; i < length; i++)
		sent[i] = (uint8_t)(i * 7 + length);
	memset(received, 0, length);
	CHECK_EQ(rdma_post_recv(to, &received, received, length, to_mr), 0);
	CHECK_EQ(rdma_post_send(from, &sent, sent, length, from_mr, 0), 0);
	CHECK_EQ(rdma_get_send_comp(from, &wc), 1);
	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	CHECK_EQ(wc.wr_id, (uintptr_t)&sent);
	CHECK_EQ(rdma_get_recv_comp(to, &wc), 1);
	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	CHECK_EQ(wc.byte_len, length);
	CHECK_BYTES(received, sent, length);
	CHECK_EQ(rdma_dereg_mr(from_mr), 0);
	CHECK_EQ(rdma_dereg_mr(to_mr), 0);
}
