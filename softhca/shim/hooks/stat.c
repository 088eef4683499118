/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Our devices as stat() and fstat() show them: character devices with the numbers that sysfs names.
 * The __x names are what programs built against older C libraries call.
 */
#include "softhca/shim/hooks/next.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "softhca/shim/descriptor.h"
#include "softhca/shim/file.h"
#include "softhca/shim/identity.h"

typedef int path_stat_fn(const char *path, void *status);
typedef int fd_stat_fn(int fd, void *status);
typedef int at_stat_fn(int directory, const char *path, void *status, int flags);
typedef int path_xstat_fn(int version, const char *path, void *status);
typedef int fd_xstat_fn(int version, int fd, void *status);
typedef int at_xstat_fn(int version, int directory, const char *path, void *status, int flags);

HOOK int __xstat(int version, const char *path, struct stat *status);
HOOK int __xstat64(int version, const char *path, struct stat64 *status);
HOOK int __lxstat(int version, const char *path, struct stat *status);
HOOK int __lxstat64(int version, const char *path, struct stat64 *status);
HOOK int __fxstat(int version, int fd, struct stat *status);
HOOK int __fxstat64(int version, int fd, struct stat64 *status);
HOOK int __fxstatat(int version, int directory, const char *path, struct stat *status, int flags);
HOOK int __fxstatat64(int version, int directory, const char *path, struct stat64 *status,
		      int flags);

_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "one layout serves both names");

static int describe_device(dev_t number, void *result)
{
	struct stat status = {
		.st_mode = S_IFCHR | 0666,
		.st_nlink = 1,
		.st_rdev = number,
		.st_blksize = 4096,
	};

	memcpy(result, &status, sizeof(status));
	return 0;
}

/* The number of the device of ours that is open there; 0: none. */
static dev_t device_of(int fd)
{
	struct descriptor *descriptor = descriptor_get(fd);
	dev_t number = 0;

	if (!descriptor)
		return 0;
	if (descriptor->kind == DESCRIPTOR_DEVICE)
		number = makedev(UVERBS_MAJOR, UVERBS_FIRST_MINOR);
	else if (descriptor->kind == DESCRIPTOR_RDMA_CM)
		number = makedev(MISC_MAJOR, RDMA_CM_MINOR);
	descriptor_put(descriptor);
	return number;
}

/* The device of another process, whose descriptor has been received, looks like what it is until
 * it is taken for this process. */
static int after_stat(int fd, void *result, int rc)
{
	struct descriptor *descriptor;
	struct stat status;

	if (rc)
		return rc;
	memcpy(&status, result, sizeof(status));
	descriptor = file_looks_adoptable(&status) ? file_adopt(fd) : NULL;
	if (!descriptor)
		return 0;
	descriptor_put(descriptor);
	return describe_device(makedev(UVERBS_MAJOR, UVERBS_FIRST_MINOR), result);
}

/* AT_EMPTY_PATH: the descriptor itself is meant. */
static bool names_directory(const char *path)
{
	return path && !*path;
}

/* A C library without that function could not have been linked against. */
static int no_such_function(void)
{
	errno = ENOSYS;
	return -1;
}

#define STAT_BY_PATH(name, type)                                                                   \
	HOOK int name(const char *path, type *status)                                              \
	{                                                                                          \
		path_stat_fn *next = NEXT(path_stat_fn, #name);                                    \
		dev_t number = hook_device_at(path);                                               \
                                                                                                   \
		if (number)                                                                        \
			return describe_device(number, status);                                    \
		return next ? next(path, status) : no_such_function();                             \
	}

#define STAT_BY_FD(name, type)                                                                     \
	HOOK int name(int fd, type *status)                                                        \
	{                                                                                          \
		fd_stat_fn *next = NEXT(fd_stat_fn, #name);                                        \
		dev_t number = device_of(fd);                                                      \
                                                                                                   \
		if (number)                                                                        \
			return describe_device(number, status);                                    \
		return next ? after_stat(fd, status, next(fd, status)) : no_such_function();       \
	}

#define STAT_AT(name, type)                                                                        \
	HOOK int name(int directory, const char *path, type *status, int flags)                    \
	{                                                                                          \
		at_stat_fn *next = NEXT(at_stat_fn, #name);                                        \
		dev_t number =                                                                     \
			names_directory(path) ? device_of(directory) : hook_device_at(path);       \
                                                                                                   \
		if (number)                                                                        \
			return describe_device(number, status);                                    \
		return next ? next(directory, path, status, flags) : no_such_function();           \
	}

#define XSTAT_BY_PATH(name, type)                                                                  \
	HOOK int name(int version, const char *path, type *status)                                 \
	{                                                                                          \
		path_xstat_fn *next = NEXT(path_xstat_fn, #name);                                  \
		dev_t number = hook_device_at(path);                                               \
                                                                                                   \
		if (number)                                                                        \
			return describe_device(number, status);                                    \
		return next ? next(version, path, status) : no_such_function();                    \
	}

#define XSTAT_BY_FD(name, type)                                                                    \
	HOOK int name(int version, int fd, type *status)                                           \
	{                                                                                          \
		fd_xstat_fn *next = NEXT(fd_xstat_fn, #name);                                      \
		dev_t number = device_of(fd);                                                      \
                                                                                                   \
		if (number)                                                                        \
			return describe_device(number, status);                                    \
		return next ? after_stat(fd, status, next(version, fd, status))                    \
			    : no_such_function();                                                  \
	}

#define XSTAT_AT(name, type)                                                                       \
	HOOK int name(int version, int directory, const char *path, type *status, int flags)       \
	{                                                                                          \
		at_xstat_fn *next = NEXT(at_xstat_fn, #name);                                      \
		dev_t number =                                                                     \
			names_directory(path) ? device_of(directory) : hook_device_at(path);       \
                                                                                                   \
		if (number)                                                                        \
			return describe_device(number, status);                                    \
		return next ? next(version, directory, path, status, flags) : no_such_function();  \
	}

STAT_BY_PATH(stat, struct stat)
STAT_BY_PATH(stat64, struct stat64)
STAT_BY_PATH(lstat, struct stat)
STAT_BY_PATH(lstat64, struct stat64)
STAT_BY_FD(fstat, struct stat)
STAT_BY_FD(fstat64, struct stat64)
STAT_AT(fstatat, struct stat)
STAT_AT(fstatat64, struct stat64)
XSTAT_BY_PATH(__xstat, struct stat)
XSTAT_BY_PATH(__xstat64, struct stat64)
XSTAT_BY_PATH(__lxstat, struct stat)
XSTAT_BY_PATH(__lxstat64, struct stat64)
XSTAT_BY_FD(__fxstat, struct stat)
XSTAT_BY_FD(__fxstat64, struct stat64)
XSTAT_AT(__fxstatat, struct stat)
XSTAT_AT(__fxstatat64, struct stat64)
