/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What RDMA devices the kernel has. Two sources answer in the same terms: netlink, which knows
 * more, and sysfs, which every kernel has. All return 0 or errno.
 */
#ifndef LIBIBVERBS_DISCOVERY_H
#define LIBIBVERBS_DISCOVERY_H

#include "libibverbs/driver.h"

struct discovery {
	struct verbs_device_info *devices;
	size_t count;
};

/* Asks netlink, and sysfs where netlink does not answer. ENOSYS: this kernel has no RDMA. */
int discovery_run(struct discovery *found);
void discovery_free(struct discovery *found);

/* The sources. They add to found, which may hold a part of the devices when they fail. */
int discovery_by_netlink(struct discovery *found);
int discovery_by_sysfs(struct discovery *found);

/* For the sources: a new entry at the end, everything unknown; NULL without memory. */
struct verbs_device_info *discovery_add(struct discovery *found);
/* What only sysfs knows of a device whose ibdev_name and uverbs_name are set. */
int discovery_complete(struct verbs_device_info *info);
enum ibv_transport_type discovery_transport(enum ibv_node_type node_type);

#endif
