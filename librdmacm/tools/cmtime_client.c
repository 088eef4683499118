/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The client of cmtime: takes all connections through one step after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmtime.h"
#include "libibverbs/examples/common/report.h"

struct connection {
	struct rdma_cm_id *id;
	struct cmtime_times *times;
	long retries; /* that are left, of the step at hand */
	bool failed;
};

struct client {
	struct cm_loop loop;
	struct cmtime_queues queues;
	struct rdma_addrinfo *found;
	struct connection *connections;
	struct cmtime_times *times;
	enum cmtime_step step;
	long open; /* connections that have begun the step and not ended it */
};

/* ---- steps of one connection ---- */

static int create_id(struct client *client, struct connection *connection)
{
	if (rdma_create_id(client->loop.channel, &connection->id, connection, RDMA_PS_TCP))
		return tool_error(errno, "cannot create an id");
	return 0;
}

static int bind_address(struct client *client, struct connection *connection)
{
	if (rdma_bind_addr(connection->id, client->found->ai_src_addr))
		return tool_error(errno, "cannot bind to %s", cmtime_config.place.local);
	return 0;
}

static int resolve_address(struct client *client, struct connection *connection)
{
	if (rdma_resolve_addr(connection->id, client->found->ai_src_addr,
			      client->found->ai_dst_addr, (int)cmtime_config.timeout_ms))
		return tool_error(errno, "cannot resolve the server's address");
	return 0;
}

static int resolve_route(struct client *client, struct connection *connection)
{
	(void)client;
	if (rdma_resolve_route(connection->id, (int)cmtime_config.timeout_ms))
		return tool_error(errno, "cannot resolve the route");
	return 0;
}

static int create_qp(struct client *client, struct connection *connection)
{
	return cmtime_create_qp(&client->queues, connection->id);
}

static int request(struct client *client, struct connection *connection)
{
	struct rdma_conn_param wish = {
		.responder_resources = 1,
		.initiator_depth = 1,
		.retry_count = 5,
	};

	(void)client;
	if (rdma_connect(connection->id, &wish))
		return tool_error(errno, "cannot connect");
	return 0;
}

static int disconnect(struct client *client, struct connection *connection)
{
	(void)client;
	if (rdma_disconnect(connection->id))
		return tool_error(errno, "cannot disconnect");
	return 0;
}

static int destroy(struct client *client, struct connection *connection)
{
	(void)client;
	if (connection->id->qp)
		rdma_destroy_qp(connection->id);
	if (rdma_destroy_id(connection->id))
		return tool_error(errno, "cannot destroy an id");
	connection->id = NULL;
	return 0;
}

/* What a step says when it begins, what it does, and whether an event tells of its end. */
static const struct step {
	const char *text;
	int (*take)(struct client *client, struct connection *connection);
	bool waits;
	enum rdma_cm_event_type done, again; /* `again`: after which it may be tried anew */
} steps[CMTIME_STEPS] = {
	[CMTIME_CREATE_ID] = {"creating id", create_id, false, 0, 0},
	[CMTIME_BIND] = {"binding source address", bind_address, false, 0, 0},
	[CMTIME_RESOLVE_ADDRESS] = {"resolving address", resolve_address, true,
				    RDMA_CM_EVENT_ADDR_RESOLVED, RDMA_CM_EVENT_ADDR_ERROR},
	[CMTIME_RESOLVE_ROUTE] = {"resolving route", resolve_route, true,
				  RDMA_CM_EVENT_ROUTE_RESOLVED, RDMA_CM_EVENT_ROUTE_ERROR},
	[CMTIME_CREATE_QP] = {"creating qp", create_qp, false, 0, 0},
	[CMTIME_CONNECT] = {"connecting", request, true, RDMA_CM_EVENT_ESTABLISHED,
			    RDMA_CM_EVENT_ESTABLISHED},
	[CMTIME_DISCONNECT] = {"disconnecting", disconnect, true, RDMA_CM_EVENT_DISCONNECTED,
			       RDMA_CM_EVENT_DISCONNECTED},
	[CMTIME_DESTROY] = {"destroying id", destroy, false, 0, 0},
};

/* ---- events ---- */

/* The step at hand is over for a connection, well or not. */
static void finish(struct client *client, struct connection *connection, bool failed)
{
	struct cmtime_times *times = connection->times;

	if (!times->begin_ns[client->step] || times->end_ns[client->step] || connection->failed)
		return;
	connection->failed = failed;
	if (!failed)
		times->end_ns[client->step] = cmtime_now_ns();
	client->open--;
}

static int handle(void *owner, struct rdma_cm_event *event)
{
	struct client *client = owner;
	struct connection *connection = event->id->context;
	const struct step *step = &steps[client->step];

	if (event->event == RDMA_CM_EVENT_TIMEWAIT_EXIT)
		return 0;
	if (event->event == step->done) {
		finish(client, connection, false);
		return 0;
	}
	if (event->event == step->again && connection->retries-- > 0)
		return step->take(client, connection);
	printf("event: %s, error: %d\n", rdma_event_str(event->event), event->status);
	finish(client, connection, true);
	return 0;
}

/* ---- all connections ---- */

static bool takes_part(enum cmtime_step step, const struct connection *connection)
{
	return step == CMTIME_DESTROY ? connection->id != NULL : !connection->failed;
}

static int begin(struct client *client, struct connection *connection)
{
	const struct step *step = &steps[client->step];
	int err;

	connection->retries = cmtime_config.retries;
	connection->times->begin_ns[client->step] = cmtime_now_ns();
	err = step->take(client, connection);
	if (!err && step->waits)
		client->open++;
	else if (!err)
		connection->times->end_ns[client->step] = cmtime_now_ns();
	return err;
}

static int take_step(struct client *client, enum cmtime_step step)
{
	int err = 0;

	puts(steps[step].text);
	client->step = step;
	client->open = 0;
	for (long i = 0; i < cmtime_config.connections && !err; i++)
		if (takes_part(step, &client->connections[i]))
			err = begin(client, &client->connections[i]);
	while (!err && client->open > 0)
		err = cm_loop_turn(&client->loop, -1, CM_PATIENCE_MS);
	if (err == ETIMEDOUT)
		tool_refuse("%s: no event for %d s, %ld of %ld connections wait", steps[step].text,
			    CM_PATIENCE_MS / 1000, client->open, cmtime_config.connections);
	return err;
}

static int take_steps(struct client *client)
{
	int err = 0;

	for (int step = 0; step < CMTIME_STEPS && !err; step++)
		if (step != CMTIME_BIND || cmtime_config.place.local)
			err = take_step(client, (enum cmtime_step)step);
	return err;
}

static int tell(const struct client *client)
{
	long failed = 0;

	for (long i = 0; i < cmtime_config.connections; i++)
		failed += client->connections[i].failed;
	cmtime_print(client->times, cmtime_config.connections);
	if (!failed)
		return 0;
	tool_refuse("%ld of %ld connections have failed (is a server running there?)", failed,
		    cmtime_config.connections);
	return ECONNREFUSED;
}

static int open_client(struct client *client)
{
	size_t count = (size_t)cmtime_config.connections;

	client->connections = calloc(count, sizeof(*client->connections));
	client->times = calloc(count, sizeof(*client->times));
	if (!client->connections || !client->times)
		return tool_error(ENOMEM, "no memory for %zu connections", count);
	for (size_t i = 0; i < count; i++)
		client->connections[i].times = &client->times[i];
	return cm_loop_open(&client->loop);
}

static void close_client(struct client *client)
{
	for (long i = 0; client->connections && i < cmtime_config.connections; i++)
		if (client->connections[i].id)
			destroy(client, &client->connections[i]);
	cmtime_close_queues(&client->queues);
	cm_loop_close(&client->loop);
	free(client->connections);
	free(client->times);
}

int cmtime_connect_all(void)
{
	struct client client = {.loop = {.handle = handle, .owner = &client}};
	int err = cm_address_find(&cmtime_config.place, &client.found);

	if (err)
		return err;
	err = open_client(&client);
	if (!err)
		err = take_steps(&client);
	if (!err)
		err = tell(&client);
	close_client(&client);
	rdma_freeaddrinfo(client.found);
	return err;
}
