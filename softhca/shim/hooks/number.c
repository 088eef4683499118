/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The calls by which descriptor numbers come and go: closing and duplicating. */
#include "softhca/shim/hooks/next.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/shim/descriptor.h"

typedef int close_fn(int fd);
typedef int dup_fn(int fd);
typedef int dup2_fn(int from, int to);
typedef int dup3_fn(int from, int to, int flags);
typedef int fcntl_fn(int fd, int command, ...);

/* Before the number is free for others, so that nobody finds it ours who has just got it. */
HOOK int close(int fd)
{
	if (descriptor_possible(fd))
		descriptor_closing(fd);
	return NEXT(close_fn, "close")(fd);
}

static int duplicated(int from, int to)
{
	if (to >= 0 && descriptor_possible(from))
		descriptor_duplicated(from, to);
	return to;
}

/* What `to` named is closed by the call, unless the call is going to fail. */
static void replacing(int from, int to)
{
	if (from != to && descriptor_possible(to) && syscall(SYS_fcntl, from, F_GETFD) >= 0)
		descriptor_closing(to);
}

HOOK int dup(int fd)
{
	return duplicated(fd, NEXT(dup_fn, "dup")(fd));
}

HOOK int dup2(int from, int to)
{
	int rc;

	replacing(from, to);
	rc = NEXT(dup2_fn, "dup2")(from, to);
	return from == to ? rc : duplicated(from, rc);
}

HOOK int dup3(int from, int to, int flags)
{
	replacing(from, to);
	return duplicated(from, NEXT(dup3_fn, "dup3")(from, to, flags));
}

static int after_fcntl(int fd, int command, int rc)
{
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		return duplicated(fd, rc);
	return rc;
}

HOOK int fcntl(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return after_fcntl(fd, command, NEXT(fcntl_fn, "fcntl")(fd, command, argument));
}

HOOK int fcntl64(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return after_fcntl(fd, command, NEXT(fcntl_fn, "fcntl64")(fd, command, argument));
}
