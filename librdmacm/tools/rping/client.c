/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The client of rping: two texts, of which the server reads one and writes the other. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libibverbs/examples/common/report.h"
#include "rping.h"

struct client {
	struct rping_link link;
	struct rdma_addrinfo *server;
};

enum { SOURCE, SINK, TEXTS };

/* As Debian's client asks for (observed). */
static int connect_link(struct client *client)
{
	struct rdma_conn_param wish = {
		.responder_resources = 1,
		.initiator_depth = 1,
		.retry_count = 7,
		.rnr_retry_count = 7,
	};
	struct rping_link *link = &client->link;
	size_t size = rping_config.size ? (size_t)rping_config.size : RPING_SIZE_DEFAULT;
	int err = rping_link_open(link, link->end.id, size, TEXTS);

	if (err)
		return err;
	wish.qp_num = link->end.qp->qp_num;
	if (rdma_connect(link->end.id, &wish))
		return tool_error(errno, "cannot connect");
	return 0;
}

static int resolve_route(struct rdma_cm_id *id)
{
	uint8_t tos = (uint8_t)rping_config.tos;

	if (rping_config.tos >= 0 &&
	    rdma_set_option(id, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, &tos, sizeof(tos)))
		return tool_error(errno, "cannot set the type of service");
	if (rdma_resolve_route(id, CM_RESOLVE_MS))
		return tool_error(errno, "cannot resolve the route");
	return 0;
}

/* With -q the queue pair is not the library's, so that the library leaves this to us. */
static int establish(struct rping_link *link)
{
	int err = cm_end_move(&link->end, IBV_QPS_INIT);

	if (!err)
		err = cm_end_move(&link->end, IBV_QPS_RTR);
	if (!err)
		err = cm_end_move(&link->end, IBV_QPS_RTS);
	if (!err && rdma_establish(link->end.id))
		err = tool_error(errno, "cannot establish the connection");
	link->established = !err;
	return err;
}

static int handle(void *owner, struct rdma_cm_event *event)
{
	struct client *client = owner;
	struct rping_link *link = &client->link;

	rping_debug("event: %s", rdma_event_str(event->event));
	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
		return resolve_route(event->id);
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		return connect_link(client);
	case RDMA_CM_EVENT_CONNECT_RESPONSE:
		return establish(link);
	case RDMA_CM_EVENT_ESTABLISHED:
		link->established = true;
		return 0;
	case RDMA_CM_EVENT_DISCONNECTED:
		fputs("client DISCONNECT EVENT...\n", stderr);
		link->end.gone = true;
		return 0;
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		return 0;
	default:
		return cm_event_failed(event, client->server->ai_dst_addr);
	}
}

static int connect_client(struct client *client)
{
	const struct cm_place place = {.server = rping_config.address,
				       .local = rping_config.source,
				       .port = rping_config.port,
				       .space = RDMA_PS_TCP};
	struct rping_link *link = &client->link;
	int err = cm_address_find(&place, &client->server);

	if (!err)
		err = cm_loop_open(&link->loop);
	if (err)
		return err;
	if (rdma_create_id(link->loop.channel, &link->end.id, NULL, RDMA_PS_TCP))
		return tool_error(errno, "cannot create an id");
	if (rdma_resolve_addr(link->end.id, client->server->ai_src_addr,
			      client->server->ai_dst_addr, CM_RESOLVE_MS))
		return tool_error(errno, "cannot resolve the server's address");
	while (!err && !link->established && !link->end.gone)
		err = cm_loop_turn(&link->loop, -1, CM_PATIENCE_MS);
	if (err == ETIME)
		tool_refuse("the server does not answer for %d s", CM_PATIENCE_MS / 1000);
	return err;
}

/* Has the server read or write one of the texts. */
static int offer(struct rping_link *link, int which)
{
	const struct rping_message message = {
		.address = htobe64((uintptr_t)link->data + (size_t)which * link->size),
		.key = htobe32(link->mr->rkey),
		.size = htobe32((uint32_t)link->size),
	};
	int err = rping_link_say(link, &message);

	if (!err)
		err = rping_link_await(link, RPING_RECEIVE);
	if (!err)
		rping_debug("the server has %s", which == SOURCE ? "read" : "written");
	return err;
}

static int verify(const struct rping_link *link)
{
	const char *source = link->data, *sink = link->data + link->size;
	size_t at = 0;

	while (at < link->size && source[at] == sink[at])
		at++;
	if (at == link->size)
		return 0;
	return tool_error(EIO, "ping %ld has come back with another byte %zu", link->number, at);
}

static int ping_once(struct rping_link *link)
{
	char *source = link->data, *sink = link->data + link->size;
	int err;

	rping_text(source, link->size, link->number);
	memset(sink, 0, link->size);
	err = offer(link, SOURCE);
	if (!err)
		err = offer(link, SINK);
	if (err == ENOTCONN)
		return tool_error(ENOTCONN, "the server has left during ping %ld", link->number);
	if (!err && rping_config.verify)
		err = verify(link);
	if (!err && rping_config.verbose)
		printf("ping data: %.*s\n", (int)link->size, sink);
	return err;
}

/* The server's answer is waited for, so that its queue pair does not see ours vanish. */
static int part(struct rping_link *link)
{
	int err = 0;

	rping_link_part(link);
	while (!err && !link->end.gone)
		err = cm_loop_turn(&link->loop, -1, CM_PATIENCE_MS);
	if (err == ETIME)
		tool_refuse("the server does not answer the disconnect for %d s",
			    CM_PATIENCE_MS / 1000);
	return err;
}

int rping_ping(void)
{
	struct client client = {.link = {.loop = {.handle = handle, .owner = &client}}};
	struct rping_link *link = &client.link;
	int err = connect_client(&client), failed;

	for (; !err && (!rping_config.count || link->number < rping_config.count); link->number++)
		err = ping_once(link);
	if (!err)
		err = part(link);
	failed = rping_link_close(link);
	cm_loop_close(&link->loop);
	if (client.server)
		rdma_freeaddrinfo(client.server);
	return err ? err : failed;
}
