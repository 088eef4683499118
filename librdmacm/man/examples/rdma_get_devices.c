/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists the devices that ids can be of. */
#include <err.h>
#include <stdio.h>

#include <rdma/rdma_cma.h>

int main(void)
{
	int count;
	struct ibv_context **list = rdma_get_devices(&count);

	if (!list)
		err(1, "rdma_get_devices");
	for (int i = 0; i < count; i++)
		printf("device %d: %s\n", i, ibv_get_device_name(list[i]->device));
	rdma_free_devices(list);
	return 0;
}
