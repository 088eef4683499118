/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rstream: latency and bandwidth of a stream of bytes, by rsockets or by the system's sockets. A
 * server that is not told which takes either client.
 */
#include <limits.h>

#include "libibverbs/examples/common/options.h"
#include "librdmacm/tools/common/address.h"
#include "session.h"

static struct rs_session_wish wish = {
	.link = {.port = 7471,
		 .type = SOCK_STREAM,
		 .buffer = 512 << 10,
		 .inline_size = -1,
		 .either = true},
	.plan = {.transfers = -1, .iterations = -1},
};

static struct tool_word tests[] = {
	{"sockets", "the system's sockets in place of rsockets", &wish.link.sockets},
	{"async", "poll before each call", &wish.link.async},
	{"blocking", "calls that wait", &wish.link.blocking},
	{"fork", "a process for each of a server's connections; means sockets", &wish.fork},
	{"nonblocking", "calls that are made until they succeed (default)", &wish.link.nonblocking},
	{"resolve", "addresses and routes by the RDMA connection manager", &wish.link.resolve},
	{"verify", "look at each byte that comes", &wish.verify},
	{0},
};

static const struct tool_option options[] = {
	{'s', NULL, "ADDR", "connect to the server at ADDR (default: be the server)", TOOL_TEXT,
	 &wish.link.server, 0, 0},
	{'b', NULL, "ADDR", "listen at ADDR, or connect from it", TOOL_TEXT, &wish.link.local, 0,
	 0},
	{'f', NULL, CM_FORMATS, "how addresses are written", TOOL_CHOICE, &wish.link.format, 0, 0},
	{'B', NULL, "BYTES", "each of the socket's buffers", TOOL_NUMBER, &wish.link.buffer, 1,
	 INT_MAX},
	{'i', NULL, "BYTES", "what is sent inline", TOOL_NUMBER, &wish.link.inline_size, 0,
	 INT_MAX},
	{'I', NULL, "N", "iterations, there and back", TOOL_NUMBER, &wish.plan.iterations, 1,
	 100000000},
	{'C', NULL, "N", "transfers each way of an iteration", TOOL_NUMBER, &wish.plan.transfers, 1,
	 100000000},
	{'S', NULL, "BYTES", "size of a transfer, or 'all' for many sizes", TOOL_TEXT,
	 &wish.plan.size, 0, 0},
	{'p', NULL, "PORT", "port of the server", TOOL_NUMBER, &wish.link.port, 1, 65535},
	{'k', NULL, "SECONDS", "keep-alives after that time of silence", TOOL_NUMBER,
	 &wish.link.keepalive, 1, 32767},
	{'T', NULL, "TEST", "how it is done; may be given for each of", TOOL_WORDS, tests, 0, 0},
	{0},
};

static int push(struct rs_session *session, const struct rs_test *test)
{
	int err = 0;

	for (long i = 0; i < test->transfers && !err; i++) {
		if (session->verify)
			rs_pattern_fill(&session->pattern, session->buffer, (size_t)test->size);
		err = rs_link_send(&session->link, session->buffer, (size_t)test->size);
	}
	return err;
}

static int pull(struct rs_session *session, const struct rs_test *test)
{
	int err = 0;

	for (long i = 0; i < test->transfers && !err; i++) {
		err = rs_link_receive(&session->link, session->buffer, (size_t)test->size);
		if (!err && session->verify)
			err = rs_pattern_check(&session->pattern, session->buffer,
					       (size_t)test->size);
	}
	return err;
}

/* A queue pair does not survive a fork: what librspreload makes of sockets does. */
static int run(void)
{
	static const struct rs_session_steps steps = {
		.push = push, .pull = pull, .pattern_before = true};

	wish.link.sockets |= wish.fork;
	return rs_session_run(&wish, &steps);
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Measures latency and bandwidth of a stream of bytes between a server "
			   "and a client.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
