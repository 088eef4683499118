/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The server of cmtime: takes every connection and keeps it until the client disconnects. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmtime.h"
#include "libibverbs/examples/common/report.h"

struct cmtime_server {
	struct cm_loop loop;
	struct rdma_cm_id *listener;
	struct cmtime_queues queues;
	long made, gone; /* connections */
};

static void drop(struct cmtime_server *server, struct rdma_cm_id *id)
{
	if (id->qp)
		rdma_destroy_qp(id);
	server->loop.unwanted = id;
}

/* One client's misfortune is none of the next one's. */
static int take(struct cmtime_server *server, struct rdma_cm_id *id)
{
	struct rdma_conn_param wish = {.responder_resources = 1, .initiator_depth = 1};

	if (cmtime_create_qp(&server->queues, id)) {
		rdma_reject(id, NULL, 0);
		drop(server, id);
		return 0;
	}
	wish.qp_num = cmtime_qp_number(id);
	if (rdma_accept(id, &wish)) {
		tool_error(errno, "cannot accept a connection");
		drop(server, id);
	}
	return 0;
}

/* Answers the client. */
static int part(struct cmtime_server *server, struct rdma_cm_id *id)
{
	rdma_disconnect(id);
	server->gone++;
	drop(server, id);
	return 0;
}

static int handle(void *owner, struct rdma_cm_event *event)
{
	struct cmtime_server *server = owner;

	switch (event->event) {
	case RDMA_CM_EVENT_CONNECT_REQUEST:
		return take(server, event->id);
	case RDMA_CM_EVENT_ESTABLISHED:
		server->made++;
		return 0;
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		return 0;
	case RDMA_CM_EVENT_DISCONNECTED:
		return part(server, event->id);
	default:
		if (event->id == server->listener)
			return cm_event_failed(event, NULL);
		printf("event: %s, error: %d\n", rdma_event_str(event->event), event->status);
		drop(server, event->id);
		return 0;
	}
}

static int listen_at(struct cmtime_server *server, struct sockaddr *address)
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

int cmtime_server_open(struct cmtime_server **result, struct sockaddr *address)
{
	struct cmtime_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return tool_error(ENOMEM, "no memory for a server");
	server->loop = (struct cm_loop){.handle = handle, .owner = server};
	err = cm_loop_open(&server->loop);
	if (!err)
		err = listen_at(server, address);
	if (err)
		cmtime_server_close(server);
	else
		*result = server;
	return err;
}

struct sockaddr *cmtime_server_address(const struct cmtime_server *server)
{
	return rdma_get_local_addr(server->listener);
}

void cmtime_server_close(struct cmtime_server *server)
{
	if (server->listener)
		rdma_destroy_id(server->listener);
	cmtime_close_queues(&server->queues);
	cm_loop_close(&server->loop);
	free(server);
}

/* Connections that there are go with the process. */
int cmtime_serve_forever(struct cmtime_server *server)
{
	int err = 0;

	while (!err)
		err = cm_loop_turn(&server->loop, -1, CM_FOREVER);
	return err;
}

static int await(struct cmtime_server *server, const long *count, long wanted, const char *what)
{
	int err = 0;

	while (!err && *count < wanted)
		err = cm_loop_turn(&server->loop, -1, CM_PATIENCE_MS);
	if (err == ETIME)
		tool_refuse("no event for %d s: %ld of %ld connections have %s",
			    CM_PATIENCE_MS / 1000, *count, wanted, what);
	return err;
}

int cmtime_serve_meeting(struct cmtime_server *server, long connections,
			 struct cmtime_meeting *meeting)
{
	int err = cmtime_meeting_wait(meeting, CMTIME_POINT_BEGIN);

	puts("accepting");
	if (!err)
		err = cmtime_meeting_wait(meeting, CMTIME_POINT_READY);
	if (!err)
		err = await(server, &server->made, connections, "been made");
	if (!err)
		err = cmtime_meeting_wait(meeting, CMTIME_POINT_CONNECTED);
	puts("disconnecting");
	if (!err)
		err = await(server, &server->gone, connections, "ended");
	return err ? err : cmtime_meeting_wait(meeting, CMTIME_POINT_DISCONNECTED);
}
