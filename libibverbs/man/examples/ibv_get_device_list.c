/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists the RDMA devices of this host. */
#include <endian.h>
#include <err.h>
#include <stdio.h>

#include <infiniband/verbs.h>

int main(void)
{
	int count;
	struct ibv_device **list = ibv_get_device_list(&count);

	if (!list)
		err(1, "ibv_get_device_list");
	for (int i = 0; i < count; i++)
		printf("%s: %s, index %d, GUID %016llx\n", ibv_get_device_name(list[i]),
		       ibv_node_type_str(list[i]->node_type), ibv_get_device_index(list[i]),
		       (unsigned long long)be64toh(ibv_get_device_guid(list[i])));
	ibv_free_device_list(list);
	return 0;
}
