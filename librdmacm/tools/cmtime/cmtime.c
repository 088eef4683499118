/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmtime's command line; see cmtime.h for what it does. */
#include <string.h>

#include "cmtime.h"
#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"

struct cmtime_config cmtime_config = {
	.place = {.port = 7471, .space = RDMA_PS_TCP, .type = IBV_QPT_RC},
	.connections = 100,
	.retries = 2,
	.timeout_ms = 2000,
	.peers = 2,
	.threads = 1,
	.qpn = -1,
	.delay_us = -1,
};

static const struct tool_option options[] = {
	{'s', NULL, "ADDR", "connect to the server at ADDR (default: be the server)", TOOL_TEXT,
	 &cmtime_config.place.server, 0, 0},
	{'b', NULL, "ADDR", "listen at ADDR, or connect from it", TOOL_TEXT,
	 &cmtime_config.place.local, 0, 0},
	{'B', NULL, "IFACE", "as -b, with the address of a network interface", TOOL_TEXT,
	 &cmtime_config.interface, 0, 0},
	{'C', NULL, "ADDR", "meet other peers at ADDR, the address of one of them", TOOL_TEXT,
	 &cmtime_config.controller, 0, 0},
	{'c', NULL, "N", "connections, with -C to each peer that listens", TOOL_NUMBER,
	 &cmtime_config.connections, 1, 1000000},
	{'L', NULL, NULL, "with -C: listen", TOOL_FLAG, &cmtime_config.listens, 0, 0},
	{'m', NULL, "MICROSECONDS", "with -C: make no queue pairs, only take this long",
	 TOOL_NUMBER, &cmtime_config.delay_us, 0, 1000000},
	{'n', NULL, "N", "threads, among which connections are divided", TOOL_NUMBER,
	 &cmtime_config.threads, 1, 1000},
	{'P', NULL, "N", "with -C: peers in all", TOOL_NUMBER, &cmtime_config.peers, 2, 10000},
	{'p', NULL, "PORT", "port of the server, or of the meeting", TOOL_NUMBER,
	 &cmtime_config.place.port, 1, 65535},
	{'q', NULL, "QPN", "with -C: make no queue pairs, only count from QPN", TOOL_NUMBER,
	 &cmtime_config.qpn, 2, 0xffffff},
	{'r', NULL, "N", "times that a resolution is tried again", TOOL_NUMBER,
	 &cmtime_config.retries, 0, 1000},
	{'S', NULL, "WORD", "with -C: TCP for comparison, of two peers; any WORD", TOOL_TEXT,
	 &cmtime_config.sockets, 0, 0},
	{'t', NULL, "MILLISECONDS", "time that a resolution may take", TOOL_NUMBER,
	 &cmtime_config.timeout_ms, 1, 3600000},
	{0},
};

bool cmtime_pretends(void)
{
	return cmtime_config.qpn >= 0 || cmtime_config.delay_us >= 0;
}

static int check_config(void)
{
	if (cmtime_config.place.local && cmtime_config.interface)
		return tool_refuse("-b and -B both say where from; one has to do");
	if (cmtime_config.controller && cmtime_config.place.server)
		return tool_refuse("-s names a server, -C peers that meet; one has to do");
	if (cmtime_config.controller && !cmtime_config.place.local && !cmtime_config.interface)
		return tool_refuse("-C wants -b or -B, which other peers connect to");
	if (cmtime_config.sockets && cmtime_config.peers != 2)
		return tool_refuse("-S is for two peers, not %ld", cmtime_config.peers);
	if (!cmtime_config.controller &&
	    (cmtime_config.listens || cmtime_config.sockets || cmtime_pretends()))
		return tool_refuse("-L, -m, -q and -S want -C, where the peers meet");
	return 0;
}

static int connect_to_server(const struct rdma_addrinfo *found)
{
	struct sockaddr_storage server = {0};
	const struct cmtime_targets targets = {
		.source = found->ai_src_addr, .servers = &server, .count = 1};

	memcpy(&server, found->ai_dst_addr, found->ai_dst_len);
	return cmtime_connect_all(&targets);
}

static int serve(struct sockaddr *address)
{
	struct cmtime_server *server;
	int err = cmtime_server_open(&server, address);

	if (err)
		return err;
	err = cmtime_serve_forever(server);
	cmtime_server_close(server);
	return err;
}

static int play(const struct rdma_addrinfo *found)
{
	if (cmtime_config.sockets)
		return cmtime_play_sockets(found->ai_src_addr);
	if (cmtime_config.controller)
		return cmtime_play_peer(found->ai_src_addr);
	return cmtime_config.place.server ? connect_to_server(found) : serve(found->ai_src_addr);
}

static int run(void)
{
	char address[CM_ADDRESS_TEXT_SIZE];
	struct cm_place place = cmtime_config.place;
	struct rdma_addrinfo *found;
	int err = check_config();

	if (!err && cmtime_config.interface) {
		err = cm_address_of_interface(cmtime_config.interface, address, sizeof(address));
		place.local = address;
	}
	/* The port is the meeting's; others connect to one that is free. */
	if (cmtime_config.controller)
		place.port = 0;
	if (!err)
		err = cm_address_find(&place, &found);
	if (err)
		return err;
	err = play(found);
	rdma_freeaddrinfo(found);
	return err;
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose =
			"Measures how long each step of many connections takes. The server stays "
			"until it is ended.\nWith -C peers meet, of which some listen and the "
			"others connect to all of those.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
