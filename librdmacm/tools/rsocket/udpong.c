/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* udpong: datagrams from a client to a server, and back. */
#include <limits.h>
#include <sys/socket.h>

#include "libibverbs/examples/common/options.h"
#include "udpong.h"

static struct udpong_wish wish = {
	.link = {.port = 7174, .type = SOCK_DGRAM, .buffer = 512 << 10, .inline_size = -1},
	.transfers = -1,
	.size = -1,
};

static struct tool_word tests[] = {
	{"sockets", "the system's sockets in place of rsockets", &wish.link.sockets},
	{"async", "poll before each call", &wish.link.async},
	{"blocking", "calls that wait", &wish.link.blocking},
	{"nonblocking", "calls that are made until they succeed (default)", &wish.link.nonblocking},
	{"echo", "the server sends each message back", &wish.echo},
	{0},
};

static const struct tool_option options[] = {
	{'s', NULL, "ADDR", "talk to the server at ADDR (default: be the server)", TOOL_TEXT,
	 &wish.link.server, 0, 0},
	{'b', NULL, "ADDR", "be found at ADDR, or talk from it", TOOL_TEXT, &wish.link.local, 0, 0},
	{'B', NULL, "BYTES", "each of the socket's buffers", TOOL_NUMBER, &wish.link.buffer, 1,
	 INT_MAX},
	{'C', NULL, "N", "transfers", TOOL_NUMBER, &wish.transfers, 1, 100000000},
	{'S', NULL, "BYTES", "size of a transfer", TOOL_NUMBER, &wish.size, UDPONG_SHORTEST,
	 UDPONG_LONGEST},
	{'p', NULL, "PORT", "port of the server", TOOL_NUMBER, &wish.link.port, 1, 65535},
	{'T', NULL, "TEST", "how it is done; may be given for each of", TOOL_WORDS, tests, 0, 0},
	{0},
};

static int run(void)
{
	int err = rs_wish_check(&wish.link);

	if (err)
		return err;
	return wish.link.server ? udpong_ask(&wish) : udpong_serve(&wish);
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Measures latency and bandwidth of datagrams between a server and its "
			   "clients.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
