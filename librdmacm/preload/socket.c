/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls that make, name and connect sockets, and their options. */
#include "librdmacm/preload/next.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <rdma/rsocket.h>

#include "librdmacm/preload/carried.h"
#include "librdmacm/preload/config.h"

/* Inside a call of rsockets sockets are what they seem to be. */
static __thread bool inside __attribute__((tls_model("initial-exec")));

/* Puts an rsocket behind `fd`, an ordinary socket; `number` is closed when that fails. */
static int carry(int fd, int number, int domain, int type, int protocol)
{
	struct carried *carried = carried_new(number);
	int err;

	if (!carried) {
		rclose(number);
		return ENOMEM;
	}
	carried->domain = domain;
	carried->type = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
	carried->protocol = protocol;
	if (type & SOCK_NONBLOCK) {
		atomic_store(&carried->nonblocking, true);
		rfcntl(number, F_SETFL, O_NONBLOCK);
	}
	err = carried_install(fd, carried);
	carried_put(carried);
	return err;
}

HOOK int socket(int domain, int type, int protocol)
{
	int fd = NEXT(socket)(domain, type, protocol), number, saved = errno;

	if (fd < 0 || inside || !config_wants(domain, type, protocol))
		return fd;
	inside = true;
	number = rsocket(domain, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), protocol);
	/* Where there is no RDMA the ordinary socket is what the program gets. */
	if (number >= 0)
		carry(fd, number, domain, type, protocol);
	inside = false;
	errno = saved;
	return fd;
}

static int bind_both(struct carried *carried, const struct sockaddr *addr, socklen_t length)
{
	if (rbind(carried->number, addr, length))
		return -1;
	carried->bound_length = length < sizeof(carried->bound) ? length : sizeof(carried->bound);
	memcpy(&carried->bound, addr, carried->bound_length);
	return 0;
}

HOOK int bind(int fd, const struct sockaddr *addr, socklen_t length)
{
	return CARRY(fd, bind_both(carried, addr, length), NEXT(bind)(fd, addr, length));
}

HOOK int listen(int fd, int backlog)
{
	return CARRY(fd, rlisten(number, backlog), NEXT(listen)(fd, backlog));
}

/* The new connection gets an ordinary socket of its kind for its number. */
static int accept_carried(struct carried *listener, struct sockaddr *addr, socklen_t *length,
			  int flags)
{
	int number, fd, err;

	inside = true;
	number = raccept(listener->number, addr, length);
	inside = false;
	if (number < 0)
		return -1;
	fd = NEXT(socket)(listener->domain, listener->type | flags, listener->protocol);
	if (fd < 0) {
		err = errno;
		rclose(number);
		errno = err;
		return -1;
	}
	/* The listener's flag does not pass on. */
	if (!(flags & SOCK_NONBLOCK))
		rfcntl(number, F_SETFL, 0);
	err = carry(fd, number, listener->domain, listener->type | flags, listener->protocol);
	if (err) {
		NEXT(close)(fd);
		errno = err;
		return -1;
	}
	return fd;
}

HOOK int accept(int fd, struct sockaddr *addr, socklen_t *length)
{
	return CARRY(fd, accept_carried(carried, addr, length, 0), NEXT(accept)(fd, addr, length));
}

HOOK int accept4(int fd, struct sockaddr *addr, socklen_t *length, int flags)
{
	return CARRY(fd, accept_carried(carried, addr, length, flags),
		     NEXT(accept4)(fd, addr, length, flags));
}

/* The peer is not to be reached by RDMA: the ordinary socket takes over for good. */
static int connect_usual(struct carried *carried, int fd, const struct sockaddr *addr,
			 socklen_t length)
{
	struct sockaddr_storage bound = carried->bound;
	socklen_t bound_length = carried->bound_length;

	carried_forget(fd);
	if (bound_length && NEXT(bind)(fd, (const struct sockaddr *)&bound, bound_length))
		return -1;
	return NEXT(connect)(fd, addr, length);
}

static bool may_be_elsewhere(int err)
{
	switch (err) {
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENODEV:
	case ETIMEDOUT:
	case EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

/*
 * Waits even where the program does not want to: only once it is known how the attempt ends can
 * another one be made.
 */
static int connect_either(struct carried *carried, int fd, const struct sockaddr *addr,
			  socklen_t length)
{
	bool nonblocking = atomic_load(&carried->nonblocking);
	int result;

	if (carried->type != SOCK_STREAM)
		return rconnect(carried->number, addr, length);
	inside = true;
	if (nonblocking)
		rfcntl(carried->number, F_SETFL, 0);
	result = rconnect(carried->number, addr, length);
	inside = false;
	if (result && may_be_elsewhere(errno))
		return connect_usual(carried, fd, addr, length);
	if (nonblocking) {
		int saved = errno;

		rfcntl(carried->number, F_SETFL, O_NONBLOCK);
		errno = saved;
	}
	return result;
}

HOOK int connect(int fd, const struct sockaddr *addr, socklen_t length)
{
	return CARRY(fd, connect_either(carried, fd, addr, length), NEXT(connect)(fd, addr, length));
}

HOOK int shutdown(int fd, int how)
{
	return CARRY(fd, rshutdown(number, how), NEXT(shutdown)(fd, how));
}

HOOK int getsockname(int fd, struct sockaddr *addr, socklen_t *length)
{
	return CARRY(fd, rgetsockname(number, addr, length), NEXT(getsockname)(fd, addr, length));
}

HOOK int getpeername(int fd, struct sockaddr *addr, socklen_t *length)
{
	return CARRY(fd, rgetpeername(number, addr, length), NEXT(getpeername)(fd, addr, length));
}

static bool is_unknown_option(int err)
{
	return err == ENOTSUP || err == ENOPROTOOPT;
}

/* Both get it, so that whichever answers later has it; what rsockets do not know is the ordinary
 * socket's matter. */
static int set_option(int number, int fd, int level, int name, const void *value, socklen_t length)
{
	int usual = NEXT(setsockopt)(fd, level, name, value, length);

	if (!rsetsockopt(number, level, name, value, length))
		return 0;
	return is_unknown_option(errno) ? usual : -1;
}

HOOK int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	return CARRY(fd, set_option(number, fd, level, name, value, length),
		     NEXT(setsockopt)(fd, level, name, value, length));
}

static int get_option(int number, int fd, int level, int name, void *value, socklen_t *length)
{
	if (!rgetsockopt(number, level, name, value, length))
		return 0;
	return is_unknown_option(errno) ? NEXT(getsockopt)(fd, level, name, value, length) : -1;
}

HOOK int getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
	return CARRY(fd, get_option(number, fd, level, name, value, length),
		     NEXT(getsockopt)(fd, level, name, value, length));
}
