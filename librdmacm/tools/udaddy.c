/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * udaddy: datagrams between a server and a client whose addresses the connection manager has
 * exchanged. The client sends first; each datagram carries its sender's queue pair number.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/group.h"
#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"

enum { SPACE_UDP, SPACE_IPOIB };

static struct cm_group_config config = {
	.place = {.port = 7174, .space = RDMA_PS_UDP},
	.type = IBV_QPT_UD,
	.connections = 1,
	.messages = 10,
	.size = 100,
	.tos = -1,
	.ack_timeout = -1,
};

static long space = SPACE_UDP, number = -1;

static const struct tool_option options[] = {
	{'s', NULL, "ADDR", "send to the server at ADDR (default: be the server)", TOOL_TEXT,
	 &config.place.server, 0, 0},
	{'b', NULL, "ADDR", "listen at ADDR, or send from it", TOOL_TEXT, &config.place.local, 0,
	 0},
	{'f', NULL, CM_FORMATS, "how addresses are written", TOOL_CHOICE, &config.place.format, 0,
	 0},
	{'P', NULL, "udp|ipoib", "port space", TOOL_CHOICE, &space, 0, 0},
	{'c', NULL, "N", "pairs of queue pairs", TOOL_NUMBER, &config.connections, 1, 100000},
	{'C', NULL, "N", "datagrams of each pair, both ways", TOOL_NUMBER, &config.messages, 0,
	 100000},
	{'S', NULL, "BYTES", "length of a datagram, at most the MTU; 0: none", TOOL_NUMBER,
	 &config.size, 0, 65536},
	{'t', NULL, "TOS", "type of service", TOOL_NUMBER, &config.tos, 0, 255},
	{'p', NULL, "NUMBER", "the port space by number: 0x111 for UDP, 0x2 for IPoIB", TOOL_NUMBER,
	 &number, 1, 0xffff},
	{0},
};

static int send_all(struct cm_group *group, const char *what)
{
	int err;

	puts(what);
	err = cm_group_each(group, cm_node_send);
	return err ? err : cm_group_each(group, cm_node_await_sent);
}

static int receive_all(struct cm_group *group)
{
	puts("receiving data transfers");
	return cm_group_each(group, cm_node_await_received);
}

static int play(struct cm_group *group)
{
	bool client = config.place.server;
	int err = client ? send_all(group, "initiating data transfers") : receive_all(group);

	if (!err)
		err = client ? receive_all(group) : send_all(group, "sending replies");
	if (!err)
		puts("data transfers complete");
	return err;
}

static int choose_space(void)
{
	config.place.space = space == SPACE_IPOIB ? RDMA_PS_IPOIB : RDMA_PS_UDP;
	if (number < 0)
		return 0;
	if (number != RDMA_PS_UDP && number != RDMA_PS_IPOIB)
		return tool_refuse("-p takes 0x111 for UDP or 0x2 for IPoIB, not %#lx", number);
	config.place.space = (enum rdma_port_space)number;
	return 0;
}

static int test(struct cm_group *group)
{
	int err = cm_group_open(group, &config);

	if (!err && config.place.server)
		puts("udaddy: connecting");
	if (!err)
		err = cm_group_connect(group);
	return err || !config.messages ? err : play(group);
}

static int run(void)
{
	struct cm_group group;
	int err = choose_space(), failed;

	if (err)
		return err;
	if (!config.size)
		config.messages = 0;
	printf("udaddy: starting %s\n", config.place.server ? "client" : "server");
	err = test(&group);
	puts("test complete");
	failed = cm_group_close(&group);
	err = err ? err : failed;
	printf("return status %d\n", err);
	return err;
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Lets the connection manager exchange the addresses of datagram queue "
			   "pairs between a\nclient and a server, and exchanges datagrams.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
