/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The calls that carry commands, write() and ioctl(), of our devices and of /dev/udmabuf; and
 * socket(), by which libraries would find the kernel's RDMA devices instead of ours.
 */
#include "softhca/shim/hooks/next.h"

#include <errno.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rdma/rdma_user_ioctl_cmds.h>

#include "softhca/shim/command.h"
#include "softhca/shim/rdma_cm/ucm.h"
#include "softhca/shim/udmabuf.h"

enum { NETLINK_RDMA_PROTOCOL = 20 };

typedef ssize_t write_fn(int fd, const void *buffer, size_t count);
typedef int ioctl_fn(int fd, unsigned long request, ...);
typedef int socket_fn(int domain, int type, int protocol);

/* What is open behind a descriptor number if it is of that kind, with a reference; else NULL. */
static struct descriptor *get_kind(int fd, enum descriptor_kind kind)
{
	struct descriptor *descriptor = descriptor_possible(fd) ? descriptor_get(fd) : NULL;

	if (descriptor && descriptor->kind != kind) {
		descriptor_put(descriptor);
		return NULL;
	}
	return descriptor;
}

static bool is_udmabuf(int fd)
{
	struct descriptor *descriptor = get_kind(fd, DESCRIPTOR_UDMABUF);

	if (descriptor)
		descriptor_put(descriptor);
	return descriptor != NULL;
}

static ssize_t device_write(struct descriptor *descriptor, const void *buffer, size_t count)
{
	ssize_t done = -1;

	if (descriptor_is_dead(descriptor))
		errno = EIO;
	else
		done = write_command(to_shim_file(descriptor), buffer, count);
	descriptor_put(descriptor);
	return done;
}

static int device_ioctl(struct descriptor *descriptor, unsigned long request, void *argument)
{
	int rc;

	if (descriptor_is_dead(descriptor))
		rc = EIO;
	else if (request != RDMA_VERBS_IOCTL || membership_write_only())
		rc = ENOTTY;
	else
		rc = ioctl_command(to_shim_file(descriptor), (uintptr_t)argument);
	descriptor_put(descriptor);
	if (!rc)
		return 0;
	errno = rc;
	return -1;
}

HOOK ssize_t write(int fd, const void *buffer, size_t count)
{
	struct descriptor *ours = descriptor_possible(fd) ? descriptor_get(fd) : NULL;

	if (ours && ours->kind == DESCRIPTOR_DEVICE)
		return device_write(ours, buffer, count);
	if (ours && ours->kind == DESCRIPTOR_RDMA_CM)
		return ucm_write(ours, fd, buffer, count);
	if (ours)
		descriptor_put(ours);
	return NEXT(write_fn, "write")(fd, buffer, count);
}

HOOK int ioctl(int fd, unsigned long request, ...)
{
	struct descriptor *device = get_kind(fd, DESCRIPTOR_DEVICE);
	bool unknown = !device && request == RDMA_VERBS_IOCTL;
	bool dmabuf = !device && request == (unsigned long)UDMABUF_CREATE && is_udmabuf(fd);
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (dmabuf)
		return udmabuf_create((uintptr_t)argument);
	/* From another process, perhaps. */
	if (unknown)
		device = file_adopt(fd);
	if (device)
		return device_ioctl(device, request, argument);
	return NEXT(ioctl_fn, "ioctl")(fd, request, argument);
}

HOOK int socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK && protocol == NETLINK_RDMA_PROTOCOL) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	return NEXT(socket_fn, "socket")(domain, type, protocol);
}
