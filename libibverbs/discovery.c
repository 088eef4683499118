/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The choice between the two sources of discovery, and what they share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libibverbs/discovery.h"
#include "libibverbs/library.h"

struct verbs_device_info *discovery_add(struct discovery *found)
{
	struct verbs_device_info *more, *info;

	more = reallocarray(found->devices, found->count + 1, sizeof(*more));
	if (!more)
		return NULL;
	found->devices = more;
	info = &more[found->count++];
	memset(info, 0, sizeof(*info));
	info->ibdev_index = -1;
	info->driver_id = -1;
	info->node_type = IBV_NODE_UNKNOWN;
	info->transport_type = IBV_TRANSPORT_UNKNOWN;
	return info;
}

void discovery_free(struct discovery *found)
{
	free(found->devices);
	found->devices = NULL;
	found->count = 0;
}

enum ibv_transport_type discovery_transport(enum ibv_node_type node_type)
{
	switch (node_type) {
	case IBV_NODE_CA:
	case IBV_NODE_SWITCH:
	case IBV_NODE_ROUTER:
		return IBV_TRANSPORT_IB;
	case IBV_NODE_RNIC:
		return IBV_TRANSPORT_IWARP;
	case IBV_NODE_USNIC:
		return IBV_TRANSPORT_USNIC;
	case IBV_NODE_USNIC_UDP:
		return IBV_TRANSPORT_USNIC_UDP;
	case IBV_NODE_UNSPECIFIED:
		return IBV_TRANSPORT_UNSPECIFIED;
	default:
		return IBV_TRANSPORT_UNKNOWN;
	}
}

/* A device without a bus device, such as rxe, has no modalias; that is no error. */
int discovery_complete(struct verbs_device_info *info)
{
	int len;

	len = snprintf(info->ibdev_path, sizeof(info->ibdev_path), "%s/class/infiniband/%s",
		       ibv_get_sysfs_path(), info->ibdev_name);
	if (len >= (int)sizeof(info->ibdev_path))
		return ENAMETOOLONG;
	if (sysfs_read(info->modalias, sizeof(info->modalias), "%s/device/modalias",
		       info->ibdev_path))
		info->modalias[0] = '\0';
	return 0;
}

/* The class exists as soon as ib_uverbs is there, devices or not. */
static bool kernel_has_uverbs(void)
{
	uint64_t abi_version;

	return !sysfs_read_number(&abi_version, 10, UINT32_MAX,
				  "%s/class/infiniband_verbs/abi_version", ibv_get_sysfs_path());
}

int discovery_run(struct discovery *found)
{
	int err;

	err = discovery_by_netlink(found);
	if (!err && found->count)
		return 0;
	discovery_free(found);
	if (!kernel_has_uverbs())
		return ENOSYS;
	err = discovery_by_sysfs(found);
	if (err)
		discovery_free(found);
	return err;
}
