/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Event channels: an open file of the kernel's connection manager each. */
#include <stdlib.h>
#include <unistd.h>

#include "librdmacm/cma.h"

struct rdma_event_channel *rdma_create_event_channel(void)
{
	struct rdma_event_channel *channel = malloc(sizeof(*channel));
	int err;

	if (!channel)
		return NULL;
	err = cma_open(&channel->fd);
	if (!err)
		return channel;
	free(channel);
	errno = err;
	return NULL;
}

void rdma_destroy_event_channel(struct rdma_event_channel *channel)
{
	close(channel->fd);
	free(channel);
}
