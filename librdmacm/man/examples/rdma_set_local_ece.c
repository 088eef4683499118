/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells a listener of options, for a queue pair of the program's own; the listener reads them. */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>

#include <rdma/rdma_cma.h>

/* Ends the program where a call has failed. */
static void check(int result, const char *call)
{
	if (result)
		err(1, "%s", call);
}

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

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct rdma_event_channel *channel = rdma_create_event_channel();
	struct ibv_ece ece = {.vendor_id = 0x15b3, .options = 0x10};
	struct rdma_conn_param param = {.qp_num = 0x123};
	struct rdma_cm_id *listener, *active, *passive;

	if (!channel)
		err(1, "rdma_create_event_channel");
	inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &address.sin_addr);
	check(rdma_create_id(channel, &listener, NULL, RDMA_PS_TCP), "rdma_create_id");
	check(rdma_bind_addr(listener, (struct sockaddr *)&address), "rdma_bind_addr");
	check(rdma_listen(listener, 1), "rdma_listen");
	address.sin_port = rdma_get_src_port(listener);

	check(rdma_create_id(channel, &active, NULL, RDMA_PS_TCP), "rdma_create_id");
	check(rdma_resolve_addr(active, NULL, (struct sockaddr *)&address, 2000),
	      "rdma_resolve_addr");
	expect(channel, RDMA_CM_EVENT_ADDR_RESOLVED);
	check(rdma_resolve_route(active, 2000), "rdma_resolve_route");
	expect(channel, RDMA_CM_EVENT_ROUTE_RESOLVED);
	check(rdma_set_local_ece(active, &ece), "rdma_set_local_ece");
	check(rdma_connect(active, &param), "rdma_connect");

	passive = expect(channel, RDMA_CM_EVENT_CONNECT_REQUEST);
	check(rdma_get_remote_ece(passive, &ece), "rdma_get_remote_ece");
	printf("the peer's adapter: vendor 0x%x, options 0x%x\n", ece.vendor_id, ece.options);
	check(rdma_reject_ece(passive, NULL, 0), "rdma_reject_ece");
	expect(channel, RDMA_CM_EVENT_REJECTED);

	check(rdma_destroy_id(passive), "rdma_destroy_id");
	check(rdma_destroy_id(active), "rdma_destroy_id");
	check(rdma_destroy_id(listener), "rdma_destroy_id");
	rdma_destroy_event_channel(channel);
	return 0;
}
