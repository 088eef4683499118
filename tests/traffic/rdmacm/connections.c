/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections: made, used, refused, moved and ended. */
#include "bed.h"

#include <arpa/inet.h>
#include <pthread.h>

CASE(connect_exchange_disconnect)
{
	struct connection connection;

	connect_both(&connection);
	exchange(connection.active, connection.passive, 100);
	exchange(connection.passive, connection.active, 50000);
	disconnect_both(&connection);
}

CASE(many_connections_one_after_the_other)
{
	struct connection connection;

	for (int i = 0; i < 20; i++) {
		connect_both(&connection);
		exchange(connection.active, connection.passive, 8);
		disconnect_both(&connection);
	}
}

/* What either side says with its request and answer; the kernel fills it up with zeros. */
CASE(private_data_reaches_the_other_side)
{
	static const char question[] = "who is there?", answer[] = "nobody but us";
	struct rdma_conn_param param = {.private_data = question,
					.private_data_len = sizeof(question),
					.responder_resources = 2,
					.initiator_depth = 3,
					.rnr_retry_count = 5};
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct rdma_cm_id *active, *passive;
	struct rdma_cm_event *event;
	struct listener listener;

	listen_on_any_port(&listener, RDMA_PS_TCP);
	active = resolved_id(channel, listener.address, RDMA_PS_TCP);
	CHECK_EQ(rdma_create_qp(active, NULL, &attr), 0);
	CHECK_EQ(rdma_connect(active, &param), 0);
	event = expect_event(listener.channel, RDMA_CM_EVENT_CONNECT_REQUEST, NULL);
	CHECK(event->param.conn.private_data_len >= sizeof(question));
	CHECK_BYTES(event->param.conn.private_data, question, sizeof(question));
	/* Seen from this side. */
	CHECK_EQ(event->param.conn.responder_resources, 3);
	CHECK_EQ(event->param.conn.initiator_depth, 2);
	passive = event->id;
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	attr = small_qp(IBV_QPT_RC);
	CHECK_EQ(rdma_create_qp(passive, NULL, &attr), 0);
	param.private_data = answer;
	param.private_data_len = sizeof(answer);
	param.responder_resources = RDMA_MAX_RESP_RES;
	param.initiator_depth = RDMA_MAX_INIT_DEPTH;
	CHECK_EQ(rdma_accept(passive, &param), 0);
	event = expect_event(channel, RDMA_CM_EVENT_ESTABLISHED, active);
	CHECK_BYTES(event->param.conn.private_data, answer, sizeof(answer));
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	pass_event(listener.channel, RDMA_CM_EVENT_ESTABLISHED, passive);
	disconnect_both(&(struct connection){listener, channel, active, passive});
}

CASE(a_listener_may_refuse)
{
	static const char reason[] = "not today";
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_conn_param param = {0};
	struct ibv_qp_attr state;
	struct rdma_cm_event *event;
	struct listener listener;
	struct rdma_cm_id *active;

	listen_on_any_port(&listener, RDMA_PS_TCP);
	active = resolved_id(channel, listener.address, RDMA_PS_TCP);
	CHECK_EQ(rdma_create_qp(active, NULL, &attr), 0);
	CHECK_EQ(rdma_connect(active, &param), 0);
	event = expect_event(listener.channel, RDMA_CM_EVENT_CONNECT_REQUEST, NULL);
	CHECK_EQ(rdma_reject(event->id, reason, sizeof(reason)), 0);
	CHECK_EQ(rdma_destroy_id(event->id), 0);
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	event = expect_event(channel, RDMA_CM_EVENT_REJECTED, active);
	CHECK_EQ(event->status, 28); /* IBTA vol. 1, 12.6.7.2: consumer reject */
	CHECK_BYTES(event->param.conn.private_data, reason, sizeof(reason));
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	CHECK_OK(ibv_query_qp(active->qp, &state, IBV_QP_STATE, &attr));
	CHECK_EQ(state.qp_state, IBV_QPS_ERR);
	rdma_destroy_ep(active);
	rdma_destroy_event_channel(channel);
	end_listener(&listener);
}

CASE(nobody_listens)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_conn_param param = {0};
	struct rdma_cm_event *event;
	struct listener listener;
	struct rdma_cm_id *active;

	/* A port that was somebody's a moment ago. */
	listen_on_any_port(&listener, RDMA_PS_TCP);
	end_listener(&listener);
	active = resolved_id(channel, listener.address, RDMA_PS_TCP);
	CHECK_EQ(rdma_create_qp(active, NULL, &attr), 0);
	CHECK_EQ(rdma_connect(active, &param), 0);
	event = expect_event(channel, RDMA_CM_EVENT_REJECTED, active);
	CHECK(event->status);
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	rdma_destroy_ep(active);
	rdma_destroy_event_channel(channel);
}

/* Events that wait go with the id. */
CASE(ids_move_between_channels)
{
	struct rdma_event_channel *other = rdma_create_event_channel();
	struct connection connection;

	connect_both(&connection);
	CHECK_EQ(rdma_disconnect(connection.active), 0);
	/* The peer has seen it, so the event is there. */
	pass_event(connection.listener.channel, RDMA_CM_EVENT_DISCONNECTED, connection.passive);
	CHECK_EQ(rdma_disconnect(connection.passive), 0);
	CHECK_EQ(rdma_migrate_id(connection.active, other), 0);
	CHECK(connection.active->channel == other);
	pass_event(other, RDMA_CM_EVENT_DISCONNECTED, connection.active);
	rdma_destroy_ep(connection.active);
	rdma_destroy_ep(connection.passive);
	rdma_destroy_event_channel(connection.channel);
	rdma_destroy_event_channel(other);
	end_listener(&connection.listener);
}

/* A queue pair that is the program's own: it is moved by hand, and the library told. */
CASE(queue_pairs_of_the_program)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_conn_param param = {.rnr_retry_count = 7};
	struct rdma_cm_id *active, *passive;
	struct rdma_cm_event *event;
	struct listener listener;
	struct ibv_qp *qp;
	struct ibv_qp_attr state;
	int mask;

	listen_on_any_port(&listener, RDMA_PS_TCP);
	active = resolved_id(channel, listener.address, RDMA_PS_TCP);
	CHECK_EQ(rdma_create_qp(active, NULL, &attr), 0);
	qp = active->qp;
	active->qp = NULL;
	param.qp_num = qp->qp_num;
	CHECK_EQ(rdma_connect(active, &param), 0);
	event = expect_event(listener.channel, RDMA_CM_EVENT_CONNECT_REQUEST, NULL);
	CHECK_EQ(event->param.conn.qp_num, qp->qp_num);
	passive = event->id;
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	attr = small_qp(IBV_QPT_RC);
	CHECK_EQ(rdma_create_qp(passive, NULL, &attr), 0);
	CHECK_EQ(rdma_accept(passive, NULL), 0);
	pass_event(channel, RDMA_CM_EVENT_CONNECT_RESPONSE, active);
	for (int to = IBV_QPS_RTR; to <= IBV_QPS_RTS; to++) {
		state.qp_state = (enum ibv_qp_state)to;
		CHECK_EQ(rdma_init_qp_attr(active, &state, &mask), 0);
		CHECK_OK(ibv_modify_qp(qp, &state, mask));
	}
	CHECK_EQ(rdma_establish(active), 0);
	pass_event(listener.channel, RDMA_CM_EVENT_ESTABLISHED, passive);
	active->qp = qp;
	exchange(active, passive, 3000);
	disconnect_both(&(struct connection){listener, channel, active, passive});
}

/* What the id has already stays when something more cannot be made. */
CASE(a_shared_queue_that_cannot_be)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = UINT32_MAX, .max_sge = 1}};
	struct connection connection;

	connect_both(&connection);
	CHECK_EQ(rdma_create_srq(connection.active, NULL, &attr), -1);
	CHECK(!connection.active->srq && connection.active->recv_cq && connection.active->send_cq);
	exchange(connection.passive, connection.active, 100);
	disconnect_both(&connection);
}

struct server {
	struct rdma_addrinfo *address;
	struct rdma_cm_id *listener;
};

/* Calls that wait: no event is ever asked for. */
static void *serve(void *arg)
{
	struct server *server = arg;
	struct rdma_cm_id *id;

	CHECK_EQ(rdma_get_request(server->listener, &id), 0);
	CHECK(id->event && id->event->event == RDMA_CM_EVENT_CONNECT_REQUEST);
	CHECK_BYTES(id->event->param.conn.private_data, "hello", 5);
	CHECK(id->qp && id->send_cq && id->recv_cq);
	CHECK_EQ(rdma_accept(id, NULL), 0);
	return id;
}

static void *disconnect(void *id)
{
	CHECK_EQ(rdma_disconnect(id), 0);
	return NULL;
}

static struct rdma_addrinfo *look_up(const char *service, int flags)
{
	struct rdma_addrinfo hints = {.ai_flags = flags, .ai_port_space = RDMA_PS_TCP}, *found;
	struct sockaddr_in own = address_with_port(0);
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &own.sin_addr, text, sizeof(text));
	CHECK_EQ(rdma_getaddrinfo(text, service, &hints, &found), 0);
	CHECK_EQ(found->ai_family, AF_INET);
	CHECK_EQ(found->ai_qp_type, IBV_QPT_RC);
	CHECK_EQ(flags & RAI_PASSIVE ? found->ai_src_len : found->ai_dst_len,
		 sizeof(struct sockaddr_in));
	return found;
}

CASE(endpoints_wait_by_themselves)
{
	struct rdma_conn_param param = {
		.private_data = "hello", .private_data_len = 5, .rnr_retry_count = 7};
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_addrinfo *passive = look_up("7471", RAI_PASSIVE), *active = look_up("7471", 0);
	struct rdma_cm_id *id, *accepted;
	struct server server;
	pthread_t thread;
	void *result;

	CHECK_EQ(rdma_create_ep(&server.listener, passive, NULL, &attr), 0);
	CHECK_EQ(rdma_listen(server.listener, 1), 0);
	CHECK_OK(pthread_create(&thread, NULL, serve, &server));
	attr = small_qp(IBV_QPT_RC);
	CHECK_EQ(rdma_create_ep(&id, active, NULL, &attr), 0);
	CHECK(id->qp);
	CHECK_EQ(rdma_connect(id, &param), 0);
	CHECK_EQ(id->event->event, RDMA_CM_EVENT_ESTABLISHED);
	CHECK_OK(pthread_join(thread, &result));
	accepted = result;
	exchange(id, accepted, 1000);
	/* Each waits for the other's answer. */
	CHECK_OK(pthread_create(&thread, NULL, disconnect, accepted));
	CHECK_EQ(rdma_disconnect(id), 0);
	CHECK_OK(pthread_join(thread, NULL));
	rdma_destroy_ep(id);
	rdma_destroy_ep(accepted);
	rdma_destroy_ep(server.listener);
	rdma_freeaddrinfo(passive);
	rdma_freeaddrinfo(active);
}
