/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Small text files of the kernel, and where they are mounted. */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libibverbs/library.h"

static char sysfs_path[IBV_SYSFS_PATH_MAX];

/* SYSFS_PATH shows a tree of the caller's making, which a privileged program must not trust. */
static void find_sysfs_path(void)
{
	const char *path = secure_getenv("SYSFS_PATH");
	size_t len;

	if (!path || !*path || strlen(path) >= sizeof(sysfs_path))
		path = "/sys";
	len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	memcpy(sysfs_path, path, len);
}

const char *ibv_get_sysfs_path(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_sysfs_path);
	return sysfs_path;
}

static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len < size) {
		got = read(fd, buf + len, size - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		len += got;
	}
	return len;
}

/* The length, or a negative errno. */
static int read_file(const char *path, char *buf, size_t size)
{
	ssize_t len;
	int fd, err;

	if (!size)
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read_all(fd, buf, size - 1);
	err = errno;
	close(fd);
	if (len < 0)
		return -err;
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return len;
}

int ibv_read_sysfs_file(const char *dir, const char *file, char *buf, size_t size)
{
	char path[PATH_MAX];
	int len;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return fail_minus(ENAMETOOLONG);
	len = read_file(path, buf, size);
	return len < 0 ? fail_minus(-len) : len;
}

static int read_formatted(char *buf, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static int read_formatted(char *buf, size_t size, const char *format, va_list args)
{
	char path[PATH_MAX];
	int len;

	if (vsnprintf(path, sizeof(path), format, args) >= (int)sizeof(path))
		return ENAMETOOLONG;
	len = read_file(path, buf, size);
	return len < 0 ? -len : 0;
}

int sysfs_read(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	err = read_formatted(buf, size, format, args);
	va_end(args);
	return err;
}

/* Digits to the end of the line and nothing else, up to max; EINVAL for anything different. */
int sysfs_read_number(uint64_t *value, int base, uint64_t max, const char *format, ...)
{
	char text[32], *end;
	va_list args;
	int err;

	va_start(args, format);
	err = read_formatted(text, sizeof(text), format, args);
	va_end(args);
	if (err)
		return err;
	if (!strchr("0123456789abcdefABCDEF", text[0]) || !text[0])
		return EINVAL;
	errno = 0;
	*value = strtoull(text, &end, base);
	return errno || *end || *value > max ? EINVAL : 0;
}
