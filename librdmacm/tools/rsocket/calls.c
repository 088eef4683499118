/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two tables of calls; see calls.h. */
#include <fcntl.h>
#include <unistd.h>

#include <rdma/rsocket.h>

#include "calls.h"

/* The C library declares these with arguments of its own kind. */
static int system_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	return bind(fd, address, size);
}

static int system_accept(int fd, struct sockaddr *address, socklen_t *size)
{
	return accept(fd, address, size);
}

static int system_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	return connect(fd, address, size);
}

static ssize_t system_recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address,
			       socklen_t *address_size)
{
	return recvfrom(fd, data, size, flags, address, address_size);
}

static ssize_t system_sendto(int fd, const void *data, size_t size, int flags,
			     const struct sockaddr *address, socklen_t address_size)
{
	return sendto(fd, data, size, flags, address, address_size);
}

const struct rs_calls rs_calls_system = {
	.name = "a socket",
	.socket = socket,
	.bind = system_bind,
	.listen = listen,
	.accept = system_accept,
	.connect = system_connect,
	.shutdown = shutdown,
	.close = close,
	.recvfrom = system_recvfrom,
	.sendto = system_sendto,
	.poll = poll,
	.setsockopt = setsockopt,
	.getsockopt = getsockopt,
	.fcntl = fcntl,
};

const struct rs_calls rs_calls_rdma = {
	.name = "an rsocket",
	.socket = rsocket,
	.bind = rbind,
	.listen = rlisten,
	.accept = raccept,
	.connect = rconnect,
	.shutdown = rshutdown,
	.close = rclose,
	.recvfrom = rrecvfrom,
	.sendto = rsendto,
	.poll = rpoll,
	.setsockopt = rsetsockopt,
	.getsockopt = rgetsockopt,
	.fcntl = rfcntl,
};
