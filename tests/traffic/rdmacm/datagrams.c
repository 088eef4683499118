/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagrams: finding a service's queue pair, and multicast groups. */
#include "bed.h"

#include <arpa/inet.h>

enum { GRH_BYTES = 40, MESSAGE_BYTES = 200 };

static void receive(struct rdma_cm_id *id, uint8_t *buffer, struct ibv_mr *mr)
{
	CHECK_EQ(rdma_post_recv(id, NULL, buffer, GRH_BYTES + MESSAGE_BYTES, mr), 0);
}

static void expect_message(struct rdma_cm_id *id, const uint8_t *buffer, const uint8_t *message)
{
	struct ibv_wc wc;

	CHECK_EQ(rdma_get_recv_comp(id, &wc), 1);
	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	CHECK_EQ(wc.byte_len, GRH_BYTES + MESSAGE_BYTES);
	CHECK_BYTES(buffer + GRH_BYTES, message, MESSAGE_BYTES);
}

CASE(a_service_tells_its_queue_pair)
{
	static uint8_t message[MESSAGE_BYTES] = "to whom it may concern";
	static uint8_t buffer[GRH_BYTES + MESSAGE_BYTES];
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_UD);
	struct rdma_conn_param param = {.private_data = "hi", .private_data_len = 2};
	struct rdma_cm_id *active, *passive;
	struct rdma_cm_event *event;
	struct ibv_mr *from, *to;
	struct listener listener;
	struct ibv_ah *ah;
	struct ibv_wc wc;

	listen_on_any_port(&listener, RDMA_PS_UDP);
	active = resolved_id(channel, listener.address, RDMA_PS_UDP);
	CHECK_EQ(rdma_create_qp(active, NULL, &attr), 0);
	CHECK_EQ(rdma_connect(active, &param), 0);
	event = expect_event(listener.channel, RDMA_CM_EVENT_CONNECT_REQUEST, NULL);
	CHECK_BYTES(event->param.ud.private_data, "hi", 2);
	passive = event->id;
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	attr = small_qp(IBV_QPT_UD);
	CHECK_EQ(rdma_create_qp(passive, NULL, &attr), 0);
	to = rdma_reg_msgs(passive, buffer, sizeof(buffer));
	from = rdma_reg_msgs(active, message, sizeof(message));
	CHECK(from && to);
	receive(passive, buffer, to);
	CHECK_EQ(rdma_accept(passive, NULL), 0);
	event = expect_event(channel, RDMA_CM_EVENT_ESTABLISHED, active);
	CHECK_EQ(event->param.ud.qp_num, passive->qp->qp_num);
	CHECK_EQ(event->param.ud.qkey, RDMA_UDP_QKEY);
	ah = ibv_create_ah(active->pd, &event->param.ud.ah_attr);
	CHECK(ah);
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	CHECK_EQ(rdma_post_ud_send(active, NULL, message, sizeof(message), from, 0, ah,
				   passive->qp->qp_num),
		 0);
	CHECK_EQ(rdma_get_send_comp(active, &wc), 1);
	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	expect_message(passive, buffer, message);
	CHECK_OK(ibv_destroy_ah(ah));
	CHECK_EQ(rdma_dereg_mr(from), 0);
	CHECK_EQ(rdma_dereg_mr(to), 0);
	rdma_destroy_ep(active);
	rdma_destroy_ep(passive);
	rdma_destroy_event_channel(channel);
	end_listener(&listener);
}

static struct rdma_cm_id *member(struct rdma_event_channel *channel, struct sockaddr_in group,
				 struct rdma_ud_param *joined)
{
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_UD);
	struct sockaddr_in own = address_with_port(0);
	struct rdma_cm_event *event;
	struct rdma_cm_id *id;

	CHECK_EQ(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	CHECK_EQ(rdma_bind_addr(id, (struct sockaddr *)&own), 0);
	CHECK_EQ(rdma_resolve_addr(id, NULL, (struct sockaddr *)&group, RESOLVE_MS), 0);
	pass_event(channel, RDMA_CM_EVENT_ADDR_RESOLVED, id);
	CHECK_EQ(rdma_create_qp(id, NULL, &attr), 0);
	CHECK_EQ(rdma_join_multicast(id, (struct sockaddr *)&group, joined), 0);
	event = expect_event(channel, RDMA_CM_EVENT_MULTICAST_JOIN, id);
	CHECK_EQ(event->status, 0);
	/* What the program gave comes back in the place of private data. */
	CHECK(event->param.ud.private_data == joined);
	*joined = event->param.ud;
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	return id;
}

CASE(members_of_a_group_hear_each_other)
{
	static uint8_t message[MESSAGE_BYTES] = "all of you";
	static uint8_t buffer[GRH_BYTES + MESSAGE_BYTES];
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct sockaddr_in group = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xef4d0101)};
	struct rdma_ud_param joined, other_joined;
	struct rdma_cm_id *one = member(channel, group, &joined);
	struct rdma_cm_id *other = member(channel, group, &other_joined);
	struct ibv_mr *from = rdma_reg_msgs(one, message, sizeof(message));
	struct ibv_mr *to = rdma_reg_msgs(other, buffer, sizeof(buffer));
	struct ibv_ah *ah = ibv_create_ah(one->pd, &joined.ah_attr);
	struct ibv_wc wc;

	CHECK(from && to && ah);
	receive(other, buffer, to);
	CHECK_EQ(rdma_post_ud_send(one, NULL, message, sizeof(message), from, 0, ah, joined.qp_num),
		 0);
	CHECK_EQ(rdma_get_send_comp(one, &wc), 1);
	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	expect_message(other, buffer, message);
	CHECK_OK(ibv_destroy_ah(ah));
	CHECK_EQ(rdma_leave_multicast(other, (struct sockaddr *)&group), 0);
	CHECK_FAILS(!rdma_leave_multicast(other, (struct sockaddr *)&group), EADDRNOTAVAIL);
	CHECK_EQ(rdma_dereg_mr(from), 0);
	CHECK_EQ(rdma_dereg_mr(to), 0);
	/* The other one leaves with its id. */
	rdma_destroy_ep(one);
	rdma_destroy_ep(other);
	rdma_destroy_event_channel(channel);
}
