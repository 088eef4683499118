/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands to the kernel's connection manager: write() to its char device. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "librdmacm/cma.h"

int cma_open(int *fd)
{
	/* udev makes it under this name; opening it loads the module. */
	*fd = open("/dev/infiniband/rdma_cm", O_RDWR | O_CLOEXEC);
	return *fd < 0 ? errno : 0;
}

int cma_command(int fd, uint32_t number, void *command, size_t size, size_t response_size)
{
	const struct ucma_abi_cmd_hdr header = {
		.cmd = number,
		.in = (uint16_t)(size - sizeof(header)),
		.out = (uint16_t)response_size,
	};
	ssize_t written;

	memcpy(command, &header, sizeof(header));
	written = write(fd, command, size);
	if (written < 0)
		return errno;
	return (size_t)written == size ? 0 : ENODATA;
}
