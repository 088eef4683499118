/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The client of cmtime: takes all connections through one step after the other. Threads have shares
 * of the connections, which are all done with a step before anybody begins the next one.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmtime.h"
#include "libibverbs/examples/common/report.h"

struct connection {
	struct rdma_cm_id *id;
	struct sockaddr *server;
	struct cmtime_times *times;
	long retries; /* that are left, of the step at hand */
	bool failed;
};

/* A thread's share. */
struct share {
	pthread_t thread;
	struct cm_loop loop;
	struct cmtime_queues queues;
	const struct cmtime_targets *targets;
	struct connection *connections;
	long count;
	enum cmtime_step step;
	long open; /* connections that have begun the step and not ended it */
	int err;
};

struct client {
	const struct cmtime_targets *targets;
	struct connection *connections;
	struct cmtime_times *times;
	long count;
	struct share *shares;
	long share_count;
};

/* ---- steps of one connection ---- */

static int create_id(struct share *share, struct connection *connection)
{
	if (rdma_create_id(share->loop.channel, &connection->id, connection, RDMA_PS_TCP))
		return tool_error(errno, "cannot create an id");
	return 0;
}

static int bind_address(struct share *share, struct connection *connection)
{
	if (rdma_bind_addr(connection->id, share->targets->source))
		return tool_error(
			errno, "cannot bind to %s",
			cmtime_config.interface ? cmtime_config.interface : cmtime_config.place.local);
	return 0;
}

static int resolve_address(struct share *share, struct connection *connection)
{
	if (rdma_resolve_addr(connection->id, share->targets->source, connection->server,
			      (int)cmtime_config.timeout_ms))
		return tool_error(errno, "cannot resolve the server's address");
	return 0;
}

static int resolve_route(struct share *share, struct connection *connection)
{
	(void)share;
	if (rdma_resolve_route(connection->id, (int)cmtime_config.timeout_ms))
		return tool_error(errno, "cannot resolve the route");
	return 0;
}

static int create_qp(struct share *share, struct connection *connection)
{
	return cmtime_create_qp(&share->queues, connection->id);
}

static int request(struct share *share, struct connection *connection)
{
	struct rdma_conn_param wish = {
		.responder_resources = 1,
		.initiator_depth = 1,
		.retry_count = 5,
	};

	(void)share;
	wish.qp_num = cmtime_qp_number(connection->id);
	if (rdma_connect(connection->id, &wish))
		return tool_error(errno, "cannot connect");
	return 0;
}

static int disconnect(struct share *share, struct connection *connection)
{
	(void)share;
	if (rdma_disconnect(connection->id))
		return tool_error(errno, "cannot disconnect");
	return 0;
}

static int destroy(struct share *share, struct connection *connection)
{
	(void)share;
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
	int (*take)(struct share *share, struct connection *connection);
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
static void finish(struct share *share, struct connection *connection, bool failed)
{
	struct cmtime_times *times = connection->times;

	if (!times->begin_ns[share->step] || times->end_ns[share->step] || connection->failed)
		return;
	connection->failed = failed;
	if (!failed)
		times->end_ns[share->step] = cmtime_now_ns();
	share->open--;
}

static int handle(void *owner, struct rdma_cm_event *event)
{
	struct share *share = owner;
	struct connection *connection = event->id->context;
	const struct step *step = &steps[share->step];

	if (event->event == RDMA_CM_EVENT_TIMEWAIT_EXIT)
		return 0;
	if (event->event == RDMA_CM_EVENT_CONNECT_RESPONSE && cmtime_pretends()) {
		cmtime_pretend_work();
		finish(share, connection, rdma_establish(connection->id) != 0);
		return 0;
	}
	if (event->event == step->done) {
		finish(share, connection, false);
		return 0;
	}
	if (event->event == step->again && connection->retries-- > 0)
		return step->take(share, connection);
	printf("event: %s, error: %d\n", rdma_event_str(event->event), event->status);
	finish(share, connection, true);
	return 0;
}

/* ---- a share of the connections ---- */

static bool takes_part(enum cmtime_step step, const struct connection *connection)
{
	return step == CMTIME_DESTROY ? connection->id != NULL : !connection->failed;
}

static int begin(struct share *share, struct connection *connection)
{
	const struct step *step = &steps[share->step];
	int err;

	connection->retries = cmtime_config.retries;
	connection->times->begin_ns[share->step] = cmtime_now_ns();
	err = step->take(share, connection);
	if (!err && step->waits)
		share->open++;
	else if (!err)
		connection->times->end_ns[share->step] = cmtime_now_ns();
	return err;
}

static void *take_share(void *argument)
{
	struct share *share = argument;
	int err = 0;

	share->open = 0;
	for (long i = 0; i < share->count && !err; i++)
		if (takes_part(share->step, &share->connections[i]))
			err = begin(share, &share->connections[i]);
	while (!err && share->open > 0)
		err = cm_loop_turn(&share->loop, -1, CM_PATIENCE_MS);
	if (err == ETIME)
		tool_refuse("%s: no event for %d s, %ld of %ld connections wait",
			    steps[share->step].text, CM_PATIENCE_MS / 1000, share->open,
			    share->count);
	share->err = err;
	return NULL;
}

/* ---- all of them ---- */

/* The first share is this thread's own. */
static int take_step(struct client *client, enum cmtime_step step)
{
	long started = 1;
	int err = 0;

	puts(steps[step].text);
	for (long i = 0; i < client->share_count; i++)
		client->shares[i].step = step;
	for (; started < client->share_count && !err; started += !err)
		err = pthread_create(&client->shares[started].thread, NULL, take_share,
				     &client->shares[started]);
	if (err)
		tool_error(err, "cannot start %ld threads", client->share_count);
	else
		take_share(&client->shares[0]);
	for (long i = 1; i < started; i++)
		pthread_join(client->shares[i].thread, NULL);
	for (long i = 0; i < client->share_count && !err; i++)
		err = client->shares[i].err;
	return err;
}

static int meet(const struct client *client, enum cmtime_point point)
{
	struct cmtime_meeting *meeting = client->targets->meeting;

	return meeting ? cmtime_meeting_wait(meeting, point) : 0;
}

/* A step, and where peers wait for each other before it or behind it. */
static int pass(struct client *client, enum cmtime_step step)
{
	int err = 0;

	if (step == CMTIME_CREATE_ID)
		err = meet(client, CMTIME_POINT_BEGIN);
	if (step == CMTIME_CONNECT)
		err = meet(client, CMTIME_POINT_READY);
	if (!err)
		err = take_step(client, step);
	if (!err && step == CMTIME_CONNECT)
		err = meet(client, CMTIME_POINT_CONNECTED);
	if (!err && step == CMTIME_DISCONNECT)
		err = meet(client, CMTIME_POINT_DISCONNECTED);
	return err;
}

static int take_steps(struct client *client)
{
	int err = 0;

	for (int step = 0; step < CMTIME_STEPS && !err; step++)
		if (step != CMTIME_BIND || client->targets->source)
			err = pass(client, (enum cmtime_step)step);
	return err;
}

static int tell(const struct client *client)
{
	long failed = 0;

	for (long i = 0; i < client->count; i++)
		failed += client->connections[i].failed;
	cmtime_print(client->times, client->count);
	if (!failed)
		return 0;
	tool_refuse("%ld of %ld connections have failed (is a server running there?)", failed,
		    client->count);
	return ECONNREFUSED;
}

static int open_share(struct client *client, long number)
{
	long first = client->count * number / client->share_count;
	long end = client->count * (number + 1) / client->share_count;
	struct share *share = &client->shares[number];

	share->loop = (struct cm_loop){.handle = handle, .owner = share};
	share->targets = client->targets;
	share->connections = &client->connections[first];
	share->count = end - first;
	return cm_loop_open(&share->loop);
}

static int open_client(struct client *client)
{
	const struct cmtime_targets *targets = client->targets;
	int err = 0;

	client->connections = calloc((size_t)client->count, sizeof(*client->connections));
	client->times = calloc((size_t)client->count, sizeof(*client->times));
	client->shares = calloc((size_t)client->share_count, sizeof(*client->shares));
	if (!client->connections || !client->times || !client->shares)
		return tool_error(ENOMEM, "no memory for %ld connections", client->count);
	for (long i = 0; i < client->count; i++) {
		client->connections[i].times = &client->times[i];
		client->connections[i].server =
			(struct sockaddr *)&targets->servers[i % targets->count];
	}
	for (long i = 0; i < client->share_count && !err; i++)
		err = open_share(client, i);
	return err;
}

static void close_client(struct client *client)
{
	for (long i = 0; client->connections && i < client->count; i++)
		if (client->connections[i].id)
			destroy(NULL, &client->connections[i]);
	for (long i = 0; client->shares && i < client->share_count; i++) {
		cmtime_close_queues(&client->shares[i].queues);
		cm_loop_close(&client->shares[i].loop);
	}
	free(client->connections);
	free(client->times);
	free(client->shares);
}

int cmtime_connect_all(const struct cmtime_targets *targets)
{
	struct client client = {.targets = targets,
				.count = cmtime_config.connections * targets->count,
				.share_count = cmtime_config.threads};
	int err = open_client(&client);

	if (!err)
		err = take_steps(&client);
	if (!err)
		err = tell(&client);
	close_client(&client);
	return err;
}
