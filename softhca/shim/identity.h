/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an adapter says it is: names and numbers that sysfs and the query commands report alike.
 */
#ifndef SOFTHCA_SHIM_IDENTITY_H
#define SOFTHCA_SHIM_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "softhca/fabric/directory.h"

struct device_identity {
	const char *family;	  /* as in fabric_hca.family */
	const char *name_prefix;  /* of the device name: "mlx5_" */
	unsigned int abi_version; /* of the driver-private parts of commands */
	uint16_t pci_vendor, pci_device;
	uint32_t vendor_id; /* IEEE OUI of the maker */
	uint32_t vendor_part_id;
	uint32_t hw_version;
	uint16_t firmware[3];
	const char *board_id;
};

/* Of a family by name, at most `length` bytes of it; NULL if there is no such family. */
const struct device_identity *device_identity_find(const char *family, size_t length);

enum {
	/* Device numbers of the uverbs character devices, as Linux assigns them. */
	UVERBS_MAJOR = 231,
	UVERBS_FIRST_MINOR = 192,
	UVERBS_DEVICES = 32,
	/* Version of the uverbs command set. */
	UVERBS_ABI_VERSION = 6,
	/* The connection manager's is one of those that get their minor number at run time. */
	MISC_MAJOR = 10,
	RDMA_CM_MINOR = 58,
};

/* Values of a port that both a query and sysfs report. */
enum {
	PORT_NUMBER = 1, /* every adapter has one */
	PORT_STATE_DOWN = 1,
	PORT_STATE_ACTIVE = 4,
	PORT_PHYSICAL_POLLING = 2,
	PORT_PHYSICAL_LINK_UP = 5,
	PORT_SM_LID = 1,
	PORT_MTU_4096 = 5,
	PORT_WIDTH_4X = 2,
	PORT_SPEED_EDR = 32,
	PORT_ACK_DELAY = 16, /* 4.096 us << 16, as ConnectX reports */
};

uint32_t port_capabilities(const struct fabric_hca *hca);
bool port_is_active(const struct fabric_hca *hca);
/* Entries of the table of partitions; an Ethernet port has the default one alone. */
unsigned int port_pkeys(const struct fabric_hca *hca);

#endif
