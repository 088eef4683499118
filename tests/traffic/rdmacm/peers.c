/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections between two processes, one of which ends in one way or another. */
#include "bed.h"

#include <stdlib.h>

#include "peer.h"

static const struct rdma_conn_param usual = {
	.responder_resources = 1, .initiator_depth = 1, .retry_count = 7, .rnr_retry_count = 7};

/* Listens, says where, and accepts who comes. */
static struct rdma_cm_id *serve(int socket, struct listener *listener)
{
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_conn_param param = usual;
	struct rdma_cm_event *event;
	struct rdma_cm_id *id;

	listen_on_any_port(listener, RDMA_PS_TCP);
	tell(socket, &listener->address, sizeof(listener->address));
	event = expect_event(listener->channel, RDMA_CM_EVENT_CONNECT_REQUEST, NULL);
	id = event->id;
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	CHECK_EQ(rdma_create_qp(id, NULL, &attr), 0);
	CHECK_EQ(rdma_accept(id, &param), 0);
	pass_event(listener->channel, RDMA_CM_EVENT_ESTABLISHED, id);
	return id;
}

/* Connects to where the other process says that it is. */
static struct rdma_cm_id *visit(int socket, struct rdma_event_channel *channel,
				struct sockaddr_in *address)
{
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_conn_param param = usual;
	struct rdma_cm_id *id;

	hear(socket, address, sizeof(*address));
	id = resolved_id(channel, *address, RDMA_PS_TCP);
	CHECK_EQ(rdma_create_qp(id, NULL, &attr), 0);
	CHECK_EQ(rdma_connect(id, &param), 0);
	pass_event(channel, RDMA_CM_EVENT_ESTABLISHED, id);
	return id;
}

static int bind_there(struct rdma_event_channel *channel, struct sockaddr_in address)
{
	struct rdma_cm_id *id;
	int rc;

	CHECK_EQ(rdma_create_id(channel, &id, NULL, RDMA_PS_TCP), 0);
	rc = rdma_bind_addr(id, (struct sockaddr *)&address) ? errno : 0;
	CHECK_EQ(rdma_destroy_id(id), 0);
	return rc;
}

static void serve_for_ever(int socket)
{
	struct listener listener;
	char never;

	serve(socket, &listener);
	hear(socket, &never, 1);
}

CASE(a_killed_peer_has_disconnected)
{
	struct peer peer = peer_start(serve_for_ever);
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct sockaddr_in address;
	struct rdma_cm_id *id = visit(peer.socket, channel, &address);

	CHECK_EQ(bind_there(channel, address), EADDRINUSE);
	peer_kill(&peer);
	pass_event(channel, RDMA_CM_EVENT_DISCONNECTED, id);
	CHECK_EQ(rdma_disconnect(id), 0);
	rdma_destroy_ep(id);
	/* And its port is free. */
	CHECK_EQ(bind_there(channel, address), 0);
	rdma_destroy_event_channel(channel);
}

static void serve_and_exit(int socket)
{
	struct listener listener;
	char go;

	serve(socket, &listener);
	hear(socket, &go, 1);
	exit(0);
}

CASE(a_peer_that_exits_has_disconnected)
{
	struct peer peer = peer_start(serve_and_exit);
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct sockaddr_in address;
	struct rdma_cm_id *id = visit(peer.socket, channel, &address);

	tell(peer.socket, "g", 1);
	pass_event(channel, RDMA_CM_EVENT_DISCONNECTED, id);
	peer_finish(&peer);
	rdma_destroy_ep(id);
	CHECK_EQ(bind_there(channel, address), 0);
	rdma_destroy_event_channel(channel);
}

static void serve_and_close(int socket)
{
	struct listener listener;
	struct rdma_cm_id *id = serve(socket, &listener);
	char go;

	hear(socket, &go, 1);
	rdma_destroy_ep(id);
	end_listener(&listener);
	hear(socket, &go, 1);
}

CASE(a_peer_that_destroys_its_id_has_disconnected)
{
	struct peer peer = peer_start(serve_and_close);
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct sockaddr_in address;
	struct rdma_cm_id *id = visit(peer.socket, channel, &address);

	tell(peer.socket, "g", 1);
	pass_event(channel, RDMA_CM_EVENT_DISCONNECTED, id);
	CHECK_EQ(rdma_disconnect(id), 0);
	rdma_destroy_ep(id);
	tell(peer.socket, "g", 1);
	peer_finish(&peer);
	rdma_destroy_event_channel(channel);
}

static void listen_only(int socket)
{
	struct listener listener;
	char never;

	listen_on_any_port(&listener, RDMA_PS_TCP);
	tell(socket, &listener.address, sizeof(listener.address));
	hear(socket, &never, 1);
}

/* A request that its listener has not even read when it dies. */
CASE(nobody_answers_for_the_dead)
{
	struct peer peer = peer_start(listen_only);
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct ibv_qp_init_attr attr = small_qp(IBV_QPT_RC);
	struct rdma_conn_param param = usual;
	struct sockaddr_in address;
	struct rdma_cm_event *event;
	struct rdma_cm_id *id;

	hear(peer.socket, &address, sizeof(address));
	id = resolved_id(channel, address, RDMA_PS_TCP);
	CHECK_EQ(rdma_create_qp(id, NULL, &attr), 0);
	CHECK_EQ(rdma_connect(id, &param), 0);
	peer_kill(&peer);
	CHECK_EQ(rdma_get_cm_event(channel, &event), 0);
	CHECK(event->id == id && event->status);
	CHECK(event->event == RDMA_CM_EVENT_REJECTED || event->event == RDMA_CM_EVENT_UNREACHABLE);
	CHECK_EQ(rdma_ack_cm_event(event), 0);
	rdma_destroy_ep(id);
	rdma_destroy_event_channel(channel);
}
