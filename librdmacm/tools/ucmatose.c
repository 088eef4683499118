/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ucmatose: reliable connections, as many as wanted, and some messages over each. The server sends
 * first, then the client, then the server disconnects.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/group.h"
#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"

enum { SPACE_TCP, SPACE_IB };

static struct cm_group_config config = {
	.place = {.port = 7471, .space = RDMA_PS_TCP},
	.type = IBV_QPT_RC,
	.connections = 1,
	.messages = 10,
	.size = 100,
	.tos = -1,
	.ack_timeout = -1,
};

static long space = SPACE_TCP;
static bool migrate;

static const struct tool_option options[] = {
	{'s', NULL, "ADDR", "connect to the server at ADDR (default: be the server)", TOOL_TEXT,
	 &config.place.server, 0, 0},
	{'b', NULL, "ADDR", "listen at ADDR, or connect from it", TOOL_TEXT, &config.place.local, 0,
	 0},
	{'f', NULL, CM_FORMATS, "how addresses are written", TOOL_CHOICE, &config.place.format, 0,
	 0},
	{'P', NULL, "tcp|ib", "port space of the connections", TOOL_CHOICE, &space, 0, 0},
	{'c', NULL, "N", "connections", TOOL_NUMBER, &config.connections, 1, 100000},
	{'C', NULL, "N", "messages over each connection, both ways", TOOL_NUMBER, &config.messages,
	 0, 100000},
	{'S', NULL, "BYTES", "message length; 0: no messages", TOOL_NUMBER, &config.size, 0,
	 0x7fffffff},
	{'t', NULL, "TOS", "type of service", TOOL_NUMBER, &config.tos, 0, 255},
	{'p', NULL, "PORT", "port of the server", TOOL_NUMBER, &config.place.port, 1, 65535},
	{'m', NULL, NULL, "move connections to another event channel before they end", TOOL_FLAG,
	 &migrate, 0, 0},
	{'a', NULL, "N", "time to an ACK of 4.096 us * 2^N", TOOL_NUMBER, &config.ack_timeout, 0,
	 31},
	{0},
};

static int exchange_as_server(struct cm_group *group)
{
	int err;

	puts("initiating data transfers");
	err = cm_group_each(group, cm_node_send);
	if (!err)
		puts("completing sends");
	if (!err)
		err = cm_group_each(group, cm_node_await_sent);
	if (!err)
		puts("receiving data transfers");
	return err ? err : cm_group_each(group, cm_node_await_received);
}

static int exchange_as_client(struct cm_group *group)
{
	int err;

	puts("receiving data transfers");
	err = cm_group_each(group, cm_node_await_received);
	if (!err)
		puts("sending replies");
	if (!err)
		err = cm_group_each(group, cm_node_send);
	return err ? err : cm_group_each(group, cm_node_await_sent);
}

/* The channel that the ids leave stays until they are gone: events of the listener come there. */
static int move(struct cm_group *group, struct rdma_event_channel **old)
{
	*old = group->loop.channel;
	puts("migrating to new event channel");
	if (cm_loop_open(&group->loop)) {
		group->loop.channel = *old;
		*old = NULL;
		return EMFILE;
	}
	for (long i = 0; i < config.connections; i++)
		if (rdma_migrate_id(group->nodes[i].end.id, group->loop.channel))
			return tool_error(errno, "cannot move an id to another event channel");
	return 0;
}

static int disconnect_node(struct cm_group *group, struct cm_node *node)
{
	(void)group;
	if (rdma_disconnect(node->end.id))
		return tool_error(errno, "cannot disconnect");
	return 0;
}

static int part(struct cm_group *group)
{
	int err = 0;

	if (!config.place.server) {
		puts("cmatose: disconnecting");
		err = cm_group_each(group, disconnect_node);
	}
	if (!err)
		err = cm_group_await_gone(group);
	if (!err && !config.place.server)
		puts("disconnected");
	return err;
}

static int play(struct cm_group *group)
{
	int err = 0;

	if (config.messages)
		err = config.place.server ? exchange_as_client(group) : exchange_as_server(group);
	if (!err && config.messages)
		puts("data transfers complete");
	return err;
}

static int test(struct cm_group *group, struct rdma_event_channel **old)
{
	int err = cm_group_open(group, &config);

	if (!err && config.place.server)
		puts("cmatose: connecting");
	if (!err)
		err = cm_group_connect(group);
	if (!err)
		err = play(group);
	if (!err && migrate)
		err = move(group, old);
	return err ? err : part(group);
}

static int run(void)
{
	struct rdma_event_channel *old = NULL;
	struct cm_group group;
	int err, failed;

	config.place.space = space == SPACE_IB ? RDMA_PS_IB : RDMA_PS_TCP;
	if (!config.size)
		config.messages = 0;
	printf("cmatose: starting %s\n", config.place.server ? "client" : "server");
	err = test(&group, &old);
	puts("test complete");
	failed = cm_group_close(&group);
	if (old)
		rdma_destroy_event_channel(old);
	err = err ? err : failed;
	printf("return status %d\n", err);
	return err;
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Makes reliable connections from a client to a server and exchanges "
			   "messages over\neach of them.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
