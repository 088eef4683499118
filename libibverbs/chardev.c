/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Opens the char device of an RDMA device and makes sure that it is that one: names in /dev are
 * udev's choice and may belong to a device that has gone, the number in sysfs may not.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libibverbs/library.h"

static int open_checked(const char *path, dev_t dev, int *fd)
{
	struct stat status;
	int err;

	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return errno;
	if (fstat(*fd, &status))
		err = errno;
	else if (!S_ISCHR(status.st_mode) || (dev && status.st_rdev != dev))
		err = ENXIO;
	else
		return 0;
	close(*fd);
	*fd = -1;
	return err;
}

/*
 * The kernel makes the node before it announces the device, so a node that is missing now has been
 * removed or never been allowed here, as in a container: there is nothing to wait for. The first
 * error is the one to report; the second name is only udev's alias.
 */
int chardev_open(const char *name, uint64_t dev, int *fd)
{
	char path[64 + IBV_SYSFS_NAME_MAX];
	int err;

	snprintf(path, sizeof(path), "/dev/infiniband/%s", name);
	err = open_checked(path, dev, fd);
	if ((err != ENOENT && err != ENXIO) || !dev)
		return err;
	snprintf(path, sizeof(path), "/dev/char/%u:%u", major(dev), minor(dev));
	return open_checked(path, dev, fd) ? err : 0;
}
