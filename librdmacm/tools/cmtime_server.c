/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The server of cmtime: takes every connection and keeps it until the client disconnects. */
#include <errno.h>
#include <stdio.h>

#include "cmtime.h"
#include "libibverbs/examples/common/report.h"

struct server {
	struct cm_loop loop;
	struct rdma_cm_id *listener;
	struct cmtime_queues queues;
};

static void drop(struct server *server, struct rdma_cm_id *id)
{
	if (id->qp)
		rdma_destroy_qp(id);
	server->loop.unwanted = id;
}

/* One client's misfortune is none of the next one's. */
static int take(struct server *server, struct rdma_cm_id *id)
{
	if (cmtime_create_qp(&server->queues, id)) {
		rdma_reject(id, NULL, 0);
		drop(server, id);
	} else if (rdma_accept(id, NULL)) {
		tool_error(errno, "cannot accept a connection");
		drop(server, id);
	}
	return 0;
}

static int handle(void *owner, struct rdma_cm_event *event)
{
	struct server *server = owner;

	switch (event->event) {
	case RDMA_CM_EVENT_CONNECT_REQUEST:
		return take(server, event->id);
	case RDMA_CM_EVENT_ESTABLISHED:
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		return 0;
	case RDMA_CM_EVENT_DISCONNECTED:
		/* Answers the client. */
		rdma_disconnect(event->id);
		drop(server, event->id);
		return 0;
	default:
		if (event->id == server->listener)
			return cm_event_failed(event, NULL);
		printf("event: %s, error: %d\n", rdma_event_str(event->event), event->status);
		drop(server, event->id);
		return 0;
	}
}

static int listen_at(struct server *server, struct sockaddr *address)
{
	enum { BACKLOG = 1024 }; /* the requests of one client come all at once */
	char text[CM_ADDRESS_TEXT_SIZE];

	cm_address_format(address, text, sizeof(text));
	if (rdma_create_id(server->loop.channel, &server->listener, NULL, RDMA_PS_TCP))
		return tool_error(errno, "cannot create an id");
	if (rdma_bind_addr(server->listener, address))
		return tool_error(errno, "cannot bind to %s", text);
	if (rdma_listen(server->listener, BACKLOG))
		return tool_error(errno, "cannot listen at %s", text);
	return 0;
}

/* Ends with a failure or a signal only; connections there are go with the process. */
int cmtime_serve(void)
{
	struct server server = {.loop = {.handle = handle, .owner = &server}};
	struct rdma_addrinfo *found;
	int err = cm_address_find(&cmtime_config.place, &found);

	if (err)
		return err;
	err = cm_loop_open(&server.loop);
	if (!err)
		err = listen_at(&server, found->ai_src_addr);
	while (!err)
		err = cm_loop_turn(&server.loop, -1, CM_FOREVER);
	if (server.listener)
		rdma_destroy_id(server.listener);
	cmtime_close_queues(&server.queues);
	cm_loop_close(&server.loop);
	rdma_freeaddrinfo(found);
	return err;
}
