/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/shim/event_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_look_end(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

int event_pipe_open(struct event_pipe *pipe, int *fd)
{
	int fds[2];

	if (syscall(SYS_pipe2, fds, O_CLOEXEC))
		return errno;
	pipe->look_fd = open_look_end(fds[0]);
	if (pipe->look_fd < 0 || syscall(SYS_fcntl, fds[1], F_SETFL, O_NONBLOCK)) {
		int rc = errno;

		if (pipe->look_fd >= 0)
			syscall(SYS_close, pipe->look_fd);
		syscall(SYS_close, fds[0]);
		syscall(SYS_close, fds[1]);
		return rc;
	}
	pipe->write_fd = fds[1];
	*fd = fds[0];
	return 0;
}

void event_pipe_close(const struct event_pipe *pipe)
{
	syscall(SYS_close, pipe->write_fd);
	syscall(SYS_close, pipe->look_fd);
}
