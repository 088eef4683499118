/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opening our devices, and /dev/udmabuf, under all the names that open() has. */
#include "softhca/shim/hooks/next.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "softhca/shim/file.h"
#include "softhca/shim/identity.h"
#include "softhca/shim/rdma_cm/ucm.h"
#include "softhca/shim/udmabuf.h"

typedef int open_fn(const char *path, int flags, ...);
typedef int openat_fn(int directory, const char *path, int flags, ...);
typedef int open_2_fn(const char *path, int flags);
typedef int openat_2_fn(int directory, const char *path, int flags);

HOOK int __open_2(const char *path, int flags);
HOOK int __open64_2(const char *path, int flags);
HOOK int __openat_2(int directory, const char *path, int flags);
HOOK int __openat64_2(int directory, const char *path, int flags);

static bool is_rdma_cm(const char *path)
{
	return !strcmp(path, "/dev/infiniband/rdma_cm");
}

dev_t hook_device_at(const char *path)
{
	if (path && !strcmp(path, "/dev/infiniband/uverbs0"))
		return makedev(UVERBS_MAJOR, UVERBS_FIRST_MINOR);
	if (path && is_rdma_cm(path))
		return makedev(MISC_MAJOR, RDMA_CM_MINOR);
	return 0;
}

bool hook_is_device_path(const char *path)
{
	return hook_device_at(path) != 0;
}

static int open_ours(const char *path, int flags)
{
	if (udmabuf_is_path(path))
		return udmabuf_open(flags);
	return is_rdma_cm(path) ? ucm_open(flags) : file_open(flags);
}

/* The mode argument is there only if a file might be created. */
#define MODE_OF(flags, last)                                                                       \
	({                                                                                         \
		mode_t mode_ = 0;                                                                  \
		if ((flags) & (O_CREAT | O_TMPFILE)) {                                             \
			va_list arguments_;                                                        \
			va_start(arguments_, last);                                                \
			mode_ = va_arg(arguments_, mode_t);                                        \
			va_end(arguments_);                                                        \
		}                                                                                  \
		mode_;                                                                             \
	})

HOOK int open(const char *path, int flags, ...)
{
	mode_t mode = MODE_OF(flags, flags);

	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(open_fn, "open")(path, flags, mode);
}

HOOK int open64(const char *path, int flags, ...)
{
	mode_t mode = MODE_OF(flags, flags);

	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(open_fn, "open64")(path, flags, mode);
}

HOOK int openat(int directory, const char *path, int flags, ...)
{
	mode_t mode = MODE_OF(flags, flags);

	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(openat_fn, "openat")(directory, path, flags, mode);
}

HOOK int openat64(int directory, const char *path, int flags, ...)
{
	mode_t mode = MODE_OF(flags, flags);

	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(openat_fn, "openat64")(directory, path, flags, mode);
}

/* What calls compiled with _FORTIFY_SOURCE become when their flags are not constant. */
HOOK int __open_2(const char *path, int flags)
{
	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(open_2_fn, "__open_2")(path, flags);
}

HOOK int __open64_2(const char *path, int flags)
{
	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(open_2_fn, "__open64_2")(path, flags);
}

HOOK int __openat_2(int directory, const char *path, int flags)
{
	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(openat_2_fn, "__openat_2")(directory, path, flags);
}

HOOK int __openat64_2(int directory, const char *path, int flags)
{
	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(openat_2_fn, "__openat64_2")(directory, path, flags);
}
