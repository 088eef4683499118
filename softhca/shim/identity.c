/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The adapters this software can be, with the numbers of the hardware they stand for. */
#include "softhca/shim/identity.h"

#include <stddef.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>

static const struct device_identity identities[] = {
	{
		.family = "mlx5",
		.name_prefix = "mlx5_",
		.abi_version = 1,
		.pci_vendor = 0x15b3,
		.pci_device = 0x1013, /* ConnectX-4 */
		.vendor_id = 0x02c9,
		.vendor_part_id = 4115,
		.firmware = {12, 28, 2006},
		.board_id = "MT_2180110032",
	},
};

const struct device_identity *device_identity_find(const char *family, size_t length)
{
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
		if (strlen(identities[i].family) == strnlen(family, length) &&
		    !memcmp(identities[i].family, family, strlen(identities[i].family)))
			return &identities[i];
	return NULL;
}

uint32_t port_capabilities(const struct fabric_hca *hca)
{
	if (hca->port_type == FABRIC_PORT_ETH)
		return IB_UVERBS_PCF_CM_SUP | IB_UVERBS_PCF_IP_BASED_GIDS;
	return IB_UVERBS_PCF_SL_MAP_SUP | IB_UVERBS_PCF_SYS_IMAGE_GUID_SUP |
	       IB_UVERBS_PCF_EXTENDED_SPEEDS_SUP | IB_UVERBS_PCF_CM_SUP |
	       IB_UVERBS_PCF_CLIENT_REG_SUP;
}

bool port_is_active(const struct fabric_hca *hca)
{
	return hca->link_up && !hca->killed;
}

unsigned int port_pkeys(const struct fabric_hca *hca)
{
	return hca->port_type == FABRIC_PORT_IB ? FABRIC_PKEYS : 1;
}
