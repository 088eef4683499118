/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rping's command line; see rping.h for what it does. */
#include <stdarg.h>
#include <stdio.h>

#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"
#include "rping.h"

struct rping_config rping_config = {.port = 7174, .tos = -1};

static const struct tool_option options[] = {
	{'s', NULL, NULL, "be the server", TOOL_FLAG, &rping_config.server, 0, 0},
	{'c', NULL, NULL, "be the client", TOOL_FLAG, &rping_config.client, 0, 0},
	{'a', NULL, "ADDR", "connect to ADDR, or listen there (IPv6: ::0 for any)", TOOL_TEXT,
	 &rping_config.address, 0, 0},
	{'I', NULL, "ADDR", "client: connect from ADDR", TOOL_TEXT, &rping_config.source, 0, 0},
	{'p', NULL, "PORT", "port of the server", TOOL_NUMBER, &rping_config.port, 1, 65535},
	{'S', NULL, "BYTES", "length of a ping; server: of the longest it takes", TOOL_NUMBER,
	 &rping_config.size, RPING_SIZE_MIN, RPING_SIZE_MAX},
	{'C', NULL, "N", "client: pings before it disconnects (default: no end)", TOOL_NUMBER,
	 &rping_config.count, 1, 0x7fffffff},
	{'v', NULL, NULL, "show the data of each ping", TOOL_FLAG, &rping_config.verbose, 0, 0},
	{'V', NULL, NULL, "verify the data of each ping", TOOL_FLAG, &rping_config.verify, 0, 0},
	{'d', NULL, NULL, "show each step", TOOL_FLAG, &rping_config.debug, 0, 0},
	{'P', NULL, NULL, "server: stay, and serve many clients", TOOL_FLAG,
	 &rping_config.persistent, 0, 0},
	{'q', NULL, NULL, "make the queue pair without the connection manager", TOOL_FLAG,
	 &rping_config.own_qp, 0, 0},
	{'t', NULL, "TOS", "type of service", TOOL_NUMBER, &rping_config.tos, 0, 255},
	{0},
};

void rping_debug(const char *format, ...)
{
	va_list arguments;

	if (!rping_config.debug)
		return;
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static int run(void)
{
	if (rping_config.server == rping_config.client)
		return tool_refuse("one of -s and -c has to choose the side; see --help");
	if (rping_config.client && !rping_config.address)
		return tool_refuse("a client wants the server's address (-a)");
	if (rping_config.server && rping_config.source)
		return tool_refuse("-I is the client's; a server listens at -a");
	return rping_config.server ? rping_serve() : rping_ping();
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "The client (-c) has the server (-s) read a text from its memory and "
			   "write it back, over\na reliable connection, as often as -C says.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
