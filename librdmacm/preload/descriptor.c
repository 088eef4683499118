/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls about descriptors as such: closed, copied, asked for their flags. */
#include "librdmacm/preload/next.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <rdma/rsocket.h>

#include "librdmacm/preload/carried.h"

HOOK int close(int fd)
{
	carried_forget(fd);
	return NEXT(close)(fd);
}

HOOK int close_range(unsigned int first, unsigned int last, int flags)
{
	if (!(flags & (int)CLOSE_RANGE_CLOEXEC))
		carried_forget_range(first, last);
	return NEXT(close_range)(first, last, flags);
}

HOOK void closefrom(int first)
{
	carried_forget_range((unsigned int)(first < 0 ? 0 : first), UINT_MAX);
	NEXT(closefrom)(first);
}

HOOK int dup(int fd)
{
	int copy = NEXT(dup)(fd);

	if (copy >= 0)
		carried_copy(fd, copy);
	return copy;
}

HOOK int dup2(int from, int to)
{
	int copy;

	if (from != to)
		carried_forget(to);
	copy = NEXT(dup2)(from, to);
	if (copy >= 0 && from != to)
		carried_copy(from, to);
	return copy;
}

HOOK int dup3(int from, int to, int flags)
{
	int copy;

	if (from != to)
		carried_forget(to);
	copy = NEXT(dup3)(from, to, flags);
	if (copy >= 0)
		carried_copy(from, to);
	return copy;
}

static int set_flags(struct carried *carried, int fd, int flags)
{
	if (NEXT(fcntl)(fd, F_SETFL, flags))
		return -1;
	atomic_store(&carried->nonblocking, flags & O_NONBLOCK);
	return rfcntl(carried->number, F_SETFL, flags & O_NONBLOCK);
}

static int duplicate(int fd, int command, long argument)
{
	int copy = NEXT(fcntl)(fd, command, argument);

	if (copy >= 0)
		carried_copy(fd, copy);
	return copy;
}

static int control(int fd, int command, long argument)
{
	switch (command) {
	case F_SETFL:
		return CARRY(fd, set_flags(carried, fd, (int)argument),
			     NEXT(fcntl)(fd, command, argument));
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return duplicate(fd, command, argument);
	default:
		return NEXT(fcntl)(fd, command, argument);
	}
}

/* The argument is a number or a pointer, or not there: registers hold any of them. */
HOOK int fcntl(int fd, int command, ...)
{
	va_list arguments;
	long argument;

	va_start(arguments, command);
	argument = va_arg(arguments, long);
	va_end(arguments);
	return control(fd, command, argument);
}

HOOK int fcntl64(int fd, int command, ...)
{
	va_list arguments;
	long argument;

	va_start(arguments, command);
	argument = va_arg(arguments, long);
	va_end(arguments);
	return control(fd, command, argument);
}

static int set_nonblocking(struct carried *carried, int fd, bool nonblocking)
{
	int flags = NEXT(fcntl)(fd, F_GETFL);

	if (flags < 0)
		return -1;
	return set_flags(carried, fd, nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

/* Bytes that can be read at once, as far as it is worth telling. */
static int readable(int number, int *bytes)
{
	char piece[1 << 14];
	ssize_t got = rrecv(number, piece, sizeof(piece), MSG_PEEK | MSG_DONTWAIT);

	if (got < 0 && errno != EAGAIN)
		return -1;
	*bytes = got < 0 ? 0 : (int)got;
	return 0;
}

HOOK int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	switch (request) {
	case FIONBIO:
		return CARRY(fd, set_nonblocking(carried, fd, *(int *)argument),
			     NEXT(ioctl)(fd, request, argument));
	case FIONREAD:
		return CARRY(fd, readable(number, argument), NEXT(ioctl)(fd, request, argument));
	default:
		return NEXT(ioctl)(fd, request, argument);
	}
}
