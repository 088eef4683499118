/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmtime's command line; see cmtime.h for what it does. */
#include "cmtime.h"
#include "libibverbs/examples/common/options.h"

struct cmtime_config cmtime_config = {
	.place = {.port = 7471, .space = RDMA_PS_TCP, .type = IBV_QPT_RC},
	.connections = 100,
	.retries = 2,
	.timeout_ms = 2000,
};

static const struct tool_option options[] = {
	{'s', NULL, "ADDR", "connect to the server at ADDR (default: be the server)", TOOL_TEXT,
	 &cmtime_config.place.server, 0, 0},
	{'b', NULL, "ADDR", "listen at ADDR, or connect from it", TOOL_TEXT,
	 &cmtime_config.place.local, 0, 0},
	{'c', NULL, "N", "connections", TOOL_NUMBER, &cmtime_config.connections, 1, 1000000},
	{'p', NULL, "PORT", "port of the server", TOOL_NUMBER, &cmtime_config.place.port, 1, 65535},
	{'r', NULL, "N", "times that a resolution is tried again", TOOL_NUMBER,
	 &cmtime_config.retries, 0, 1000},
	{'t', NULL, "MILLISECONDS", "time that a resolution may take", TOOL_NUMBER,
	 &cmtime_config.timeout_ms, 1, 3600000},
	{0},
};

static int run(void)
{
	return cmtime_config.place.server ? cmtime_connect_all() : cmtime_serve();
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose =
			"Measures how long each step of many connections takes. The server stays "
			"until it is ended.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
