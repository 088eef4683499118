/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opening our devices, and /dev/udmabuf, under all the names that open() has; and files of the
 * adapter, for programs that look for them in /sys without asking libibverbs where sysfs is. */
#include "softhca/shim/hooks/next.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

/* The path in the tree that SYSFS_PATH names, if it is one of those classes; good until the next
 * call of this thread. */
static const char *whereabouts(const char *path)
{
	static const char devices[] = "/sys/class/infiniband/";
	static const char uverbs[] = "/sys/class/infiniband_verbs/";
	static __thread char there[PATH_MAX];
	const char *root = NULL;

	if (path && (!strncmp(path, devices, sizeof(devices) - 1) ||
		     !strncmp(path, uverbs, sizeof(uverbs) - 1)))
		root = getenv("SYSFS_PATH");
	if (!root || strlen(root) + strlen(path) >= sizeof(there))
		return path;
	snprintf(there, sizeof(there), "%s%s", root, path + strlen("/sys"));
	return there;
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
	return NEXT(open_fn, "open")(whereabouts(path), flags, mode);
}

HOOK int open64(const char *path, int flags, ...)
{
	mode_t mode = MODE_OF(flags, flags);

	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(open_fn, "open64")(whereabouts(path), flags, mode);
}

HOOK int openat(int directory, const char *path, int flags, ...)
{
	mode_t mode = MODE_OF(flags, flags);

	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(openat_fn, "openat")(directory, whereabouts(path), flags, mode);
}

HOOK int openat64(int directory, const char *path, int flags, ...)
{
	mode_t mode = MODE_OF(flags, flags);

	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(openat_fn, "openat64")(directory, whereabouts(path), flags, mode);
}

/* What calls compiled with _FORTIFY_SOURCE become when their flags are not constant. */
HOOK int __open_2(const char *path, int flags)
{
	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(open_2_fn, "__open_2")(whereabouts(path), flags);
}

HOOK int __open64_2(const char *path, int flags)
{
	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(open_2_fn, "__open64_2")(whereabouts(path), flags);
}

HOOK int __openat_2(int directory, const char *path, int flags)
{
	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(openat_2_fn, "__openat_2")(directory, whereabouts(path), flags);
}

HOOK int __openat64_2(int directory, const char *path, int flags)
{
	if (hook_is_device_path(path) || udmabuf_is_path(path))
		return open_ours(path, flags);
	return NEXT(openat_2_fn, "__openat64_2")(directory, whereabouts(path), flags);
}
