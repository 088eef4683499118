/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Capabilities as QUERY_HCA_CAP answers them. Offsets are from the start of the capability struct.
 * A field that is not here stays zero: the feature is absent.
 * Source: ConnectX PRM, "HCA Capabilities".
 */
#ifndef MLX5_CAPABILITY_H
#define MLX5_CAPABILITY_H

#include "hw/field.h"

enum mlx5_cap_type {
	MLX5_CAP_GENERAL = 0x0,
	MLX5_CAP_ATOMIC = 0x3,
};

enum { MLX5_CAP_BYTES = 0x1000 };

/* ---- general ---- */
#define MLX5_CAP_LOG_MAX_SRQ_SIZE	HW_FIELD(0x10, 31, 24)
#define MLX5_CAP_LOG_MAX_QP_SIZE	HW_FIELD(0x10, 23, 16)
#define MLX5_CAP_LOG_MAX_QP		HW_FIELD(0x10, 4, 0)
#define MLX5_CAP_LOG_MAX_SRQ		HW_FIELD(0x14, 20, 16)
#define MLX5_CAP_LOG_MAX_CQ_SIZE	HW_FIELD(0x18, 23, 16)
#define MLX5_CAP_LOG_MAX_CQ		HW_FIELD(0x18, 4, 0)
#define MLX5_CAP_LOG_MAX_EQ_SIZE	HW_FIELD(0x1c, 31, 24)
#define MLX5_CAP_LOG_MAX_MKEY		HW_FIELD(0x1c, 21, 16)
#define MLX5_CAP_NULL_KEY		HW_FIELD(0x1c, 7, 7) /* for dump and fill */
#define MLX5_CAP_LOG_MAX_EQ		HW_FIELD(0x1c, 3, 0)
#define MLX5_CAP_LOG_MAX_MR_SIZE	HW_FIELD(0x20, 22, 16)
#define MLX5_CAP_LOG_MAX_KLM_LIST	HW_FIELD(0x20, 5, 0)
#define MLX5_CAP_LOG_MAX_RA_REQ_QP	HW_FIELD(0x28, 21, 16)
#define MLX5_CAP_LOG_MAX_RA_RES_QP	HW_FIELD(0x28, 5, 0)
#define MLX5_CAP_GID_TABLE_SIZE		HW_FIELD(0x2c, 15, 0)  /* 8 << code entries */
#define MLX5_CAP_PKEY_TABLE_SIZE	HW_FIELD(0x30, 15, 0)  /* 128 << code entries */
#define MLX5_CAP_IB_VIRT		HW_FIELD(0x34, 29, 29) /* vport commands instead of MADs */
#define MLX5_CAP_LOCAL_ACK_DELAY	HW_FIELD(0x34, 20, 16)
#define MLX5_CAP_PORT_TYPE		HW_FIELD(0x34, 9, 8) /* 0: InfiniBand */
#define MLX5_CAP_NUM_PORTS		HW_FIELD(0x34, 7, 0)
#define MLX5_CAP_LOG_MAX_MSG		HW_FIELD(0x38, 28, 24)
#define MLX5_CAP_CQE_VERSION		HW_FIELD(0x3c, 3, 0)
#define MLX5_CAP_COMPACT_ADDRESS	HW_FIELD(0x40, 31, 31)
/* A registration brings its page list along with CREATE_MKEY, without a UMR request. */
#define MLX5_CAP_UMR_SIZE_DISABLED	HW_FIELD(0x40, 24, 24)
#define MLX5_CAP_ATOMICS		HW_FIELD(0x40, 1, 1)
#define MLX5_CAP_CQ_RESIZE		HW_FIELD(0x44, 30, 30)
#define MLX5_CAP_CQ_MODERATION		HW_FIELD(0x44, 29, 29)
#define MLX5_CAP_WINDOWS		HW_FIELD(0x44, 14, 14) /* mkeys for memory windows */
#define MLX5_CAP_XRC			HW_FIELD(0x44, 3, 3)
#define MLX5_CAP_UD			HW_FIELD(0x44, 2, 2)
#define MLX5_CAP_UC			HW_FIELD(0x44, 1, 1)
#define MLX5_CAP_RC			HW_FIELD(0x44, 0, 0)
#define MLX5_CAP_LOG_PAGE_SIZE		HW_FIELD(0x48, 7, 0)
#define MLX5_CAP_LOG_BF_REG_SIZE	HW_FIELD(0x4c, 20, 16)
#define MLX5_CAP_MAX_WQE_SIZE_SQ	HW_FIELD(0x50, 15, 0)
#define MLX5_CAP_MAX_WQE_SIZE_RQ	HW_FIELD(0x54, 15, 0)
#define MLX5_CAP_MAX_QP_MCG		HW_FIELD(0x5c, 24, 0)
#define MLX5_CAP_LOG_MAX_MCG		HW_FIELD(0x60, 7, 0)
#define MLX5_CAP_LOG_MAX_PD		HW_FIELD(0x64, 20, 16)
#define MLX5_CAP_LOG_MAX_XRCD		HW_FIELD(0x64, 4, 0)
#define MLX5_CAP_MAX_NUM_EQS		HW_FIELD(0x8c, 15, 0)
#define MLX5_CAP_DEVICE_FREQUENCY_KHZ	HW_FIELD(0x9c, 31, 0) /* of time stamps and the timer */
#define MLX5_CAP_UARS_PER_PAGE		HW_FIELD(0xa4, 15, 0)

/* ---- atomic ---- */
#define MLX5_CAP_ATOMIC_ENDIANNESS_MODE HW_FIELD(0x08, 31, 30) /* of 8-byte operands */
#define MLX5_CAP_ATOMIC_HOST_ENDIANNESS HW_FIELD(0x08, 25, 25) /* that mode is offered */
#define MLX5_CAP_ATOMIC_OPERATIONS	HW_FIELD(0x10, 15, 0)
#define MLX5_CAP_ATOMIC_SIZES_QP	HW_FIELD(0x14, 15, 0) /* bit n: operands of 2^n bytes */
enum {
	MLX5_ATOMIC_MODE_HOST_ENDIANNESS = 1,
	MLX5_ATOMIC_COMPARE_SWAP = 1 << 0,
	MLX5_ATOMIC_FETCH_ADD = 1 << 1,
};

#endif
