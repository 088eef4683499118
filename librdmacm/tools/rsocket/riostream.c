/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * riostream: latency and bandwidth of writes into memory that the peer has mapped for it. The last
 * byte of a message tells the peer, which looks at its memory, that all of it is there.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include <rdma/rsocket.h>

#include "libibverbs/examples/common/options.h"
#include "libibverbs/examples/common/report.h"
#include "librdmacm/tools/common/address.h"
#include "session.h"

enum {
	/* Before the first message the last byte is none of a message. */
	NO_MARKER = 0xff,
	LOOKS = 256, /* at memory, before the connection is looked after */
};

static struct rs_session_wish wish = {
	.link = {.port = 7471,
		 .type = SOCK_STREAM,
		 .buffer = 512 << 10,
		 .inline_size = -1,
		 .maps = 1},
	.plan = {.transfers = -1, .iterations = -1},
};

static struct tool_word tests[] = {
	{"async", "poll before each call", &wish.link.async},
	{"blocking", "calls that wait", &wish.link.blocking},
	{"nonblocking", "calls that are made until they succeed (default)", &wish.link.nonblocking},
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
	{'T', NULL, "TEST", "how it is done; may be given for each of", TOOL_WORDS, tests, 0, 0},
	{0},
};

static volatile uint8_t *last_byte(const struct rs_session *session, const struct rs_test *test)
{
	return &session->buffer[test->size - 1];
}

/* The memory is there for the peer before the test's first message: the peer waits for that. */
static int prepare(struct rs_session *session, const struct rs_test *test)
{
	memset(session->buffer, 0, (size_t)test->size);
	*last_byte(session, test) = NO_MARKER;
	session->marker = 0;
	if (riomap(session->link.fd, session->buffer, (size_t)test->size, PROT_WRITE, 0, 0) < 0)
		return tool_error(errno, "cannot map %ld bytes for the peer", test->size);
	return 0;
}

static void finish(struct rs_session *session, const struct rs_test *test)
{
	riounmap(session->link.fd, session->buffer, (size_t)test->size);
}

static int write_all(struct rs_session *session, size_t size)
{
	unsigned int calls = 0;
	size_t done = 0;

	while (done < size) {
		int err = rs_link_ready(&session->link, POLLOUT, &calls);
		ssize_t count;

		if (err)
			return err;
		count = (ssize_t)riowrite(session->link.fd, session->buffer + done, size - done,
					  (off_t)done, rs_link_flags(&session->link));
		if (count > 0)
			done += (size_t)count;
		else if (count < 0 && rs_link_retry(errno))
			return tool_error(errno, "cannot write %zu bytes to the peer's memory",
					  size);
	}
	return 0;
}

/* Only the last transfer of a row has the marker, and bytes to verify, for the peer sees no other.
 */
static int push(struct rs_session *session, const struct rs_test *test)
{
	size_t size = (size_t)test->size;
	int err = 0;

	for (long i = 1; i <= test->transfers && !err; i++) {
		if (i == test->transfers) {
			if (session->verify)
				rs_pattern_fill(&session->pattern, session->buffer, size - 1);
			*last_byte(session, test) = session->marker++;
		}
		err = write_all(session, size);
	}
	return err;
}

/* The peer's end may be told after its last message: then the marker is there. */
static int pull(struct rs_session *session, const struct rs_test *test)
{
	for (long looks = 1; *last_byte(session, test) != session->marker; looks++) {
		if (looks % LOOKS)
			continue;
		sched_yield();
		if (rs_link_alive(&session->link))
			continue;
		if (*last_byte(session, test) == session->marker)
			break;
		tool_refuse("the peer has left: both sides want the same -S, -C, -I and -T");
		return ENOTCONN;
	}
	session->marker++;
	if (!session->verify)
		return 0;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return rs_pattern_check(&session->pattern, session->buffer, (size_t)test->size - 1);
}

static int run(void)
{
	static const struct rs_session_steps steps = {
		.prepare = prepare, .push = push, .pull = pull, .finish = finish};

	return rs_session_run(&wish, &steps);
}

int main(int argc, char **argv)
{
	const struct tool_usage usage = {
		.purpose = "Measures latency and bandwidth of writes into memory that the other "
			   "side has mapped.",
		.options = options,
	};

	return tool_main(argc, argv, &usage, run);
}
