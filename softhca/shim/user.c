/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel is asked to do the copy, since it alone can do so safely: process_vm_readv() on
 * ourselves, or a pipe where that call is forbidden (old container profiles).
 */
#include "softhca/shim/user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static ssize_t transfer(long call, void *local, uint64_t address, size_t length)
{
	struct iovec near = {local, length};
	struct iovec far = {(void *)(uintptr_t)address, length};

	return syscall(call, syscall(SYS_getpid), &near, 1UL, &far, 1UL, 0UL);
}

/* Moves bytes through a pipe, where either address may be bad. A pipe holds at least one page. */
static int copy_through_pipe(uint64_t to, uint64_t from, size_t length)
{
	int fds[2];
	int rc = 0;

	if (syscall(SYS_pipe2, fds, O_CLOEXEC | O_NONBLOCK))
		return errno;
	for (size_t done = 0; !rc && done < length;) {
		size_t step = length - done < 4096 ? length - done : 4096;
		long moved = syscall(SYS_write, fds[1], from + done, step);

		if (moved <= 0 || syscall(SYS_read, fds[0], to + done, (size_t)moved) != moved)
			rc = EFAULT;
		else
			done += (size_t)moved;
	}
	syscall(SYS_close, fds[0]);
	syscall(SYS_close, fds[1]);
	return rc;
}

int user_read(void *to, uint64_t from, size_t length)
{
	ssize_t moved = length ? transfer(SYS_process_vm_readv, to, from, length) : 0;

	if (moved < 0 && (errno == EPERM || errno == ENOSYS))
		return copy_through_pipe((uintptr_t)to, from, length);
	return moved == (ssize_t)length ? 0 : EFAULT;
}

int user_write(uint64_t to, const void *from, size_t length)
{
	ssize_t moved = 0;

	/* The vector wants a pointer it could write through; for this call it does not. */
	if (length)
		moved = transfer(SYS_process_vm_writev, (void *)(uintptr_t)from, to, length);
	if (moved < 0 && (errno == EPERM || errno == ENOSYS))
		return copy_through_pipe(to, (uintptr_t)from, length);
	return moved == (ssize_t)length ? 0 : EFAULT;
}

int user_clear(uint64_t to, size_t length)
{
	static const uint8_t zeros[256];
	int rc = 0;

	for (size_t step; !rc && length; length -= step, to += step) {
		step = length < sizeof(zeros) ? length : sizeof(zeros);
		rc = user_write(to, zeros, step);
	}
	return rc;
}
