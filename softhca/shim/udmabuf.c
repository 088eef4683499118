/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests are checked as the kernel checks them, so that a library that gets along here does so
 * there. */
#include "softhca/shim/udmabuf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/shim/descriptor.h"
#include "softhca/shim/page.h"
#include "softhca/shim/user.h"

static const char device_path[] = "/dev/udmabuf";

bool udmabuf_is_path(const char *path)
{
	return path && !strcmp(path, device_path);
}

static void destroy(struct descriptor *descriptor)
{
	free(descriptor);
}

static int open_own(int flags)
{
	struct descriptor *descriptor = calloc(1, sizeof(*descriptor));
	int fd, rc;

	if (!descriptor)
		return -1;
	descriptor_init(descriptor, DESCRIPTOR_UDMABUF);
	descriptor->destroy = destroy;
	fd = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | (flags & O_CLOEXEC));
	rc = fd < 0 ? errno : descriptor_install(descriptor, fd);
	if (rc && fd >= 0)
		syscall(SYS_close, fd);
	descriptor_put(descriptor);
	errno = rc;
	return rc ? -1 : fd;
}

int udmabuf_open(int flags)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, device_path, flags);

	return fd >= 0 || (errno != ENOENT && errno != EACCES) ? fd : open_own(flags);
}

static int check(const struct udmabuf_create *request)
{
	struct stat status;
	int seals;

	if (request->flags & ~(uint32_t)UDMABUF_FLAGS_CLOEXEC || !request->size ||
	    (request->offset | request->size) % PAGE_BYTES)
		return EINVAL;
	seals = (int)syscall(SYS_fcntl, (int)request->memfd, F_GET_SEALS);
	if (seals < 0 || syscall(SYS_fstat, (int)request->memfd, &status))
		return EBADFD;
	if (!(seals & F_SEAL_SHRINK) || seals & F_SEAL_WRITE)
		return EINVAL;
	if (request->offset > (uint64_t)status.st_size ||
	    request->size > (uint64_t)status.st_size - request->offset)
		return EINVAL;
	return request->size == (uint64_t)status.st_size ? 0 : EOPNOTSUPP;
}

int udmabuf_create(uint64_t address)
{
	struct udmabuf_create request;
	char path[64];
	int rc = user_read(&request, address, sizeof(request));

	if (!rc)
		rc = check(&request);
	if (rc) {
		errno = rc;
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%u", request.memfd);
	return (int)syscall(SYS_openat, AT_FDCWD, path,
			    O_RDWR | (request.flags & UDMABUF_FLAGS_CLOEXEC ? O_CLOEXEC : 0));
}
