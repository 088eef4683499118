/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Subnet management: packets of its two classes. Source: IBTA vol. 1, 14.2.
 */
#ifndef _UMAD_SM_H
#define _UMAD_SM_H

#include <infiniband/umad_types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* umad_smp.status: on its way back. */
enum {
	UMAD_SMP_DIRECTION = 0x8000,
};

/* Attributes: 14.2.5. */
enum {
	UMAD_SM_ATTR_NODE_DESC = 0x10,
	UMAD_SM_ATTR_NODE_INFO = 0x11,
	UMAD_SM_ATTR_SWITCH_INFO = 0x12,
	UMAD_SM_ATTR_GUID_INFO = 0x14,
	UMAD_SM_ATTR_PORT_INFO = 0x15,
	UMAD_SM_ATTR_PKEY_TABLE = 0x16,
	UMAD_SM_ATTR_SLVL_TABLE = 0x17,
	UMAD_SM_ATTR_VL_ARB_TABLE = 0x18,
	UMAD_SM_ATTR_LINEAR_FT = 0x19,
	UMAD_SM_ATTR_RANDOM_FT = 0x1a,
	UMAD_SM_ATTR_MCAST_FT = 0x1b,
	UMAD_SM_ATTR_LINK_SPD_WIDTH_TABLE = 0x1c,
	UMAD_SM_ATTR_VENDOR_MADS_TABLE = 0x1d,
	UMAD_SM_ATTR_HIERARCHY_INFO = 0x1e,
	UMAD_SM_ATTR_SM_INFO = 0x20,
	UMAD_SM_ATTR_VENDOR_DIAG = 0x30,
	UMAD_SM_ATTR_LED_INFO = 0x31,
	UMAD_SM_ATTR_CABLE_INFO = 0x32,
	UMAD_SM_ATTR_PORT_INFO_EXT = 0x33,
	UMAD_SM_ATTR_VENDOR_MASK = 0xff00,
	UMAD_SM_ATTR_MLNX_EXT_PORT_INFO = 0xff90,
};

/* Traps: 14.2.5.1. */
enum {
	UMAD_SM_GID_IN_SERVICE_TRAP = 0x40,
	UMAD_SM_GID_OUT_OF_SERVICE_TRAP = 0x41,
	UMAD_SM_MGID_CREATED_TRAP = 0x42,
	UMAD_SM_MGID_DESTROYED_TRAP = 0x43,
	UMAD_SM_UNPATH_TRAP = 0x44,
	UMAD_SM_REPATH_TRAP = 0x45,
	UMAD_SM_LINK_STATE_CHANGED_TRAP = 0x80,
	UMAD_SM_LINK_INTEGRITY_THRESHOLD_TRAP = 0x81,
	UMAD_SM_BUFFER_OVERRUN_THRESHOLD_TRAP = 0x82,
	UMAD_SM_WATCHDOG_TIMER_EXPIRED_TRAP = 0x83,
	UMAD_SM_LOCAL_CHANGES_TRAP = 0x90,
	UMAD_SM_SYS_IMG_GUID_CHANGED_TRAP = 0x91,
	UMAD_SM_BAD_MKEY_TRAP = 0x100,
	UMAD_SM_BAD_PKEY_TRAP = 0x101,
	UMAD_SM_BAD_QKEY_TRAP = 0x102,
	UMAD_SM_BAD_SWITCH_PKEY_TRAP = 0x103,
};

enum {
	UMAD_LEN_SMP_DATA = 0x40,
	UMAD_SMP_MAX_HOPS = 0x40,
};

/* A subnet management packet; the last four belong to directed routes. */
struct umad_smp {
	uint8_t base_version;
	uint8_t mgmt_class;
	uint8_t class_version;
	uint8_t method;
	__be16 status;
	uint8_t hop_ptr;
	uint8_t hop_cnt;
	__be64 tid;
	__be16 attr_id;
	__be16 resv;
	__be32 attr_mod;
	__be64 mkey;
	__be16 dr_slid;
	__be16 dr_dlid;
	uint8_t reserved[28];
	uint8_t data[64];
	uint8_t initial_path[64];
	uint8_t return_path[64];
};

#ifdef __cplusplus
}
#endif

#endif
