/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which devices are ours, and what they can do. */

#include <stdio.h>
#include <stdlib.h>
#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/siw-abi.h>

#include "context.h"

static const struct verbs_match match_table[] = {
	VERBS_MATCH_DRIVER_ID(RDMA_DRIVER_SIW, NULL),
	VERBS_MATCH_NAME_PREFIX("siw", NULL),
	VERBS_MATCH_END,
};

static struct verbs_device *siw_alloc_device(const struct verbs_device_info *info,
					     const struct verbs_match *match)
{
	(void)info;
	(void)match;
	return calloc(1, sizeof(struct verbs_device));
}

static void siw_free_device(struct verbs_device *device)
{
	free(device);
}

static const struct verbs_device_ops device_ops = {
	.name = "siw",
	.driver_id = RDMA_DRIVER_SIW,
	.abi_version_min = SIW_ABI_VERSION,
	.abi_version_max = SIW_ABI_VERSION,
	.match_table = match_table,
	.alloc_device = siw_alloc_device,
	.free_device = siw_free_device,
	.alloc_context = siw_alloc_context,
};

VERBS_PROVIDER(device_ops)

int siw_query_device_ex(struct ibv_context *context, const struct ibv_query_device_ex_input *input,
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
