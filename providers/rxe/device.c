/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which devices are ours, and what a device can do. */

#include <stdio.h>
#include <stdlib.h>
#include <rdma/ib_user_ioctl_verbs.h>

#include "context.h"

enum {
	RXE_ABI_VERSION = 2, /* what rdma_user_rxe.h describes; sysfs abi_version of the device */
};

/* Kernels before 5.0 do not tell the driver; the devices are called rxe0 and so on there. */
static const struct verbs_match match_table[] = {
	VERBS_MATCH_DRIVER_ID(RDMA_DRIVER_RXE, NULL),
	VERBS_MATCH_NAME_PREFIX("rxe", NULL),
	VERBS_MATCH_END,
};

static struct verbs_device *rxe_alloc_device(const struct verbs_device_info *info,
					     const struct verbs_match *match)
{
	(void)match;
	/* A name is anybody's choice; the driver's number counts where there is one. */
	if (info->driver_id >= 0 && info->driver_id != RDMA_DRIVER_RXE)
		return NULL;
	return calloc(1, sizeof(struct verbs_device));
}

static void rxe_free_device(struct verbs_device *device)
{
	free(device);
}

static const struct verbs_device_ops device_ops = {
	.name = "rxe",
	.driver_id = RDMA_DRIVER_RXE,
	.abi_version_min = RXE_ABI_VERSION,
	.abi_version_max = RXE_ABI_VERSION,
	.match_table = match_table,
	.alloc_device = rxe_alloc_device,
	.free_device = rxe_free_device,
	.alloc_context = rxe_alloc_context,
};

VERBS_PROVIDER(device_ops)

int rxe_query_device_ex(struct ibv_context *context, const struct ibv_query_device_ex_input *input,
			struct ibv_device_attr_ex *attr)
{
	uint64_t version;
	int err;

	err = ibv_cmd_query_device_any(context, input, attr, &version, NULL);
	if (err)
		return err;
	snprintf(attr->orig_attr.fw_ver, sizeof(attr->orig_attr.fw_ver), "%u.%u.%u",
		 (unsigned int)(version >> 32 & 0xffff), (unsigned int)(version >> 16 & 0xffff),
		 (unsigned int)(version & 0xffff));
	return 0;
}
