/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A server and its client, connected step by step; each step is told by an event. */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <string.h>

#include <rdma/rdma_cma.h>

/* Ends the program where a call has failed. */
static void check(int result, const char *call)
{
	if (result)
		err(1, "%s", call);
}

/* The next event, which must be of this type; gives the id that it is about. */
static struct rdma_cm_id *expect(struct rdma_event_channel *channel, enum rdma_cm_event_type type)
{
	struct rdma_cm_event *event;
	struct rdma_cm_id *id;

	check(rdma_get_cm_event(channel, &event), "rdma_get_cm_event");
	if (event->event != type)
		errx(1, "%s, status %d", rdma_event_str(event->event), event->status);
	id = event->id;
	check(rdma_ack_cm_event(event), "rdma_ack_cm_event");
	return id;
}

static struct rdma_event_channel *open_channel(void)
{
	struct rdma_event_channel *channel = rdma_create_event_channel();

	if (!channel)
		err(1, "rdma_create_event_channel");
	return channel;
}

static void create_qp(struct rdma_cm_id *id)
{
	struct ibv_qp_init_attr attr = {
		.cap = {.max_send_wr = 4, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1},
		.qp_type = IBV_QPT_RC,
	};

	check(rdma_create_qp(id, NULL, &attr), "rdma_create_qp");
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct rdma_event_channel *server = open_channel(), *client = open_channel();
	struct rdma_conn_param param = {.responder_resources = 1, .initiator_depth = 1};
	struct rdma_cm_id *listener, *active, *passive;
	uint8_t service = 0x20;

	inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &address.sin_addr);
	check(rdma_create_id(server, &listener, NULL, RDMA_PS_TCP), "rdma_create_id");
	check(rdma_bind_addr(listener, (struct sockaddr *)&address), "rdma_bind_addr");
	check(rdma_listen(listener, 1), "rdma_listen");
	address.sin_port = rdma_get_src_port(listener);

	check(rdma_create_id(client, &active, NULL, RDMA_PS_TCP), "rdma_create_id");
	check(rdma_set_option(active, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, &service, 1),
	      "rdma_set_option");
	check(rdma_resolve_addr(active, NULL, (struct sockaddr *)&address, 2000),
	      "rdma_resolve_addr");
	expect(client, RDMA_CM_EVENT_ADDR_RESOLVED);
	check(rdma_resolve_route(active, 2000), "rdma_resolve_route");
	expect(client, RDMA_CM_EVENT_ROUTE_RESOLVED);
	create_qp(active);
	check(rdma_connect(active, &param), "rdma_connect");

	passive = expect(server, RDMA_CM_EVENT_CONNECT_REQUEST);
	create_qp(passive);
	check(rdma_accept(passive, &param), "rdma_accept");
	expect(client, RDMA_CM_EVENT_ESTABLISHED);
	expect(server, RDMA_CM_EVENT_ESTABLISHED);
	printf("connected through port %u\n", active->port_num);

	check(rdma_disconnect(active), "rdma_disconnect");
	expect(server, RDMA_CM_EVENT_DISCONNECTED);
	rdma_destroy_qp(passive);
	rdma_destroy_qp(active);
	check(rdma_destroy_id(passive), "rdma_destroy_id");
	check(rdma_destroy_id(active), "rdma_destroy_id");
	check(rdma_destroy_id(listener), "rdma_destroy_id");
	rdma_destroy_event_channel(client);
	rdma_destroy_event_channel(server);
	return 0;
}
