/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading sysfs, whose root SYSFS_PATH names except in setuid programs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "umad_private.h"

static const char *root(void)
{
	const char *path = getauxval(AT_SECURE) ? NULL : getenv("SYSFS_PATH");

	return path && *path ? path : "/sys";
}

static int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;
	int err = 0;

	if (fd < 0)
		return errno;
	length = read(fd, text, size - 1);
	if (length < 0)
		err = errno;
	close(fd);
	if (err)
		return err;
	if (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return 0;
}

static __attribute__((format(printf, 3, 0))) int read_formatted(char *text, size_t size,
								const char *format, va_list args)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/", root());

	if (length < 0 || (size_t)length >= sizeof(path))
		return ENAMETOOLONG;
	if (vsnprintf(path + length, sizeof(path) - (size_t)length, format, args) >=
	    (int)sizeof(path) - length)
		return ENAMETOOLONG;
	return read_file(path, text, size);
}

int umad_read_text(char *text, size_t size, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	err = read_formatted(text, size, format, args);
	va_end(args);
	return err;
}

int umad_read_number(uint64_t *number, const char *format, ...)
{
	char text[64], *end;
	va_list args;
	int err;

	va_start(args, format);
	err = read_formatted(text, sizeof(text), format, args);
	va_end(args);
	if (err)
		return err;
	errno = 0;
	*number = strtoull(text, &end, 0);
	return errno || end == text ? EIO : 0;
}

int umad_read_guid(uint64_t *guid, const char *format, ...)
{
	unsigned int part[4];
	va_list args;
	char text[64];
	int err;

	va_start(args, format);
	err = read_formatted(text, sizeof(text), format, args);
	va_end(args);
	if (err)
		return err;
	if (sscanf(text, "%4x:%4x:%4x:%4x", &part[0], &part[1], &part[2], &part[3]) != 4)
		return EIO;
	*guid = (uint64_t)part[0] << 48 | (uint64_t)part[1] << 32 | (uint64_t)part[2] << 16 |
		part[3];
	return 0;
}

int umad_walk(const char *folder, bool (*look)(void *arg, const char *name), void *arg)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	if (snprintf(path, sizeof(path), "%s/%s", root(), folder) >= (int)sizeof(path))
		return ENAMETOOLONG;
	dir = opendir(path);
	if (!dir)
		return errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && look(arg, entry->d_name))
			break;
	closedir(dir);
	return 0;
}
