/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What goes over an open connection, and its end; see link.h. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "libibverbs/examples/common/report.h"
#include "link.h"

/* A peer that has a processor of its own has answered by then. */
enum { CALLS_BEFORE_SLEEP = 200 };

int rs_link_flags(const struct rs_link *link)
{
	return link->wish->blocking ? MSG_WAITALL : MSG_DONTWAIT;
}

int rs_link_retry(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR ? 0 : err;
}

int rs_link_wait(const struct rs_link *link, short events, int timeout)
{
	struct pollfd ready = {.fd = link->fd, .events = events};
	int count = link->calls->poll(&ready, 1, timeout);

	if (count < 0)
		return rs_link_retry(errno) ? tool_error(errno, "cannot poll") : 0;
	return count ? 0 : ETIMEDOUT;
}

int rs_link_ready(const struct rs_link *link, short events, unsigned int *calls)
{
	if (!link->wish->async && ++*calls < CALLS_BEFORE_SLEEP)
		return 0;
	*calls = 0;
	return rs_link_wait(link, events, -1);
}

static int left(size_t done, size_t size)
{
	tool_refuse("the peer has left after %zu of %zu bytes of a message: do both sides have the "
		    "same options?",
		    done, size);
	return ENOTCONN;
}

int rs_link_send(const struct rs_link *link, const void *data, size_t size)
{
	unsigned int calls = 0;
	size_t done = 0;

	while (done < size) {
		int err = rs_link_ready(link, POLLOUT, &calls);
		ssize_t count;

		if (err)
			return err;
		count = link->calls->sendto(link->fd, (const uint8_t *)data + done, size - done,
					    rs_link_flags(link), NULL, 0);
		if (count > 0)
			done += (size_t)count;
		else if (count < 0 && (errno == EPIPE || errno == ECONNRESET))
			return left(done, size);
		else if (count < 0 && rs_link_retry(errno))
			return tool_error(errno, "cannot send");
	}
	return 0;
}

int rs_link_receive_or_end(const struct rs_link *link, void *data, size_t size)
{
	unsigned int calls = 0;
	size_t done = 0;

	while (done < size) {
		int err = rs_link_ready(link, POLLIN, &calls);
		ssize_t count;

		if (err)
			return err;
		count = link->calls->recvfrom(link->fd, (uint8_t *)data + done, size - done,
					      rs_link_flags(link), NULL, NULL);
		if (count > 0)
			done += (size_t)count;
		else if (!count || errno == ECONNRESET)
			return done ? left(done, size) : ESHUTDOWN;
		else if (rs_link_retry(errno))
			return tool_error(errno, "cannot receive");
	}
	return 0;
}

int rs_link_receive(const struct rs_link *link, void *data, size_t size)
{
	int err = rs_link_receive_or_end(link, data, size);

	return err == ESHUTDOWN ? left(0, size) : err;
}

bool rs_link_alive(const struct rs_link *link)
{
	struct pollfd ready = {.fd = link->fd, .events = POLLIN};

	return link->calls->poll(&ready, 1, 0) <= 0;
}

void rs_link_close(struct rs_link *link)
{
	link->calls->shutdown(link->fd, SHUT_RDWR);
	link->calls->close(link->fd);
}
