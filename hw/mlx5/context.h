/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Contexts of objects as commands carry them. Offsets are from the start of the context.
 * Source: ConnectX PRM, "Memory Key Context", "EQ Context", "CQ Context", "QP Context", "Address
 * Path", "SRQ Context" and "HCA vport Context".
 */
#ifndef MLX5_CONTEXT_H
#define MLX5_CONTEXT_H

#include "hw/field.h"

/* ---- memory key ---- */
enum { MLX5_MKC_BYTES = 0x40 };
#define MLX5_MKC_FREE		 HW_FIELD(0x00, 30, 30)
#define MLX5_MKC_ACCESS_MODE_4_2 HW_FIELD(0x00, 28, 26)
#define MLX5_MKC_UMR_ENABLE	 HW_FIELD(0x00, 15, 15)
#define MLX5_MKC_ATOMIC		 HW_FIELD(0x00, 14, 14)
#define MLX5_MKC_REMOTE_WRITE	 HW_FIELD(0x00, 13, 13)
#define MLX5_MKC_REMOTE_READ	 HW_FIELD(0x00, 12, 12)
#define MLX5_MKC_LOCAL_WRITE	 HW_FIELD(0x00, 11, 11)
#define MLX5_MKC_LOCAL_READ	 HW_FIELD(0x00, 10, 10)
#define MLX5_MKC_ACCESS_MODE_1_0 HW_FIELD(0x00, 9, 8)
#define MLX5_MKC_QPN		 HW_FIELD(0x04, 31, 8)
#define MLX5_MKC_KEY_BYTE	 HW_FIELD(0x04, 7, 0)
#define MLX5_MKC_LENGTH64	 HW_FIELD(0x0c, 31, 31) /* the whole address space */
#define MLX5_MKC_BSF_ENABLE	 HW_FIELD(0x0c, 30, 30) /* signatures or encryption */
#define MLX5_MKC_REMOTE_INVAL	 HW_FIELD(0x0c, 24, 24) /* a peer may invalidate it */
#define MLX5_MKC_PD		 HW_FIELD(0x0c, 23, 0)
enum { MLX5_MKC_START_BYTE = 0x10, MLX5_MKC_LENGTH_BYTE = 0x18 };
#define MLX5_MKC_BSF	       HW_FIELD(0x20, 31, 0) /* room for them, in units of 16 bytes */
#define MLX5_MKC_TRANSLATIONS  HW_FIELD(0x34, 31, 0) /* room for them, in units of 16 bytes */
#define MLX5_MKC_LOG_PAGE_SIZE HW_FIELD(0x38, 4, 0)
#define MLX5_MKC_CRYPTO	       HW_FIELD(0x3c, 28, 27) /* 1: keys may be applied */

enum {
	MLX5_MKC_MODE_PA = 0,  /* addresses are the bus's */
	MLX5_MKC_MODE_MTT = 1, /* a list of pages */
	MLX5_MKC_MODE_KLM = 2, /* a list of other keys: of windows when they are made free */
	MLX5_MKC_QPN_ANY = 0xffffff,
};

/* Entry of a page list: the low bits are permissions. */
#define MLX5_PAS_ADDRESS_MASK (~(uint64_t)0xfff)

/* ---- event queue ---- */
enum { MLX5_EQC_BYTES = 0x40 };
#define MLX5_EQC_STATUS	       HW_FIELD(0x00, 31, 28)
#define MLX5_EQC_STATE	       HW_FIELD(0x00, 11, 8)
#define MLX5_EQC_PAGE_OFFSET   HW_FIELD(0x08, 11, 6)
#define MLX5_EQC_LOG_SIZE      HW_FIELD(0x0c, 28, 24)
#define MLX5_EQC_UAR	       HW_FIELD(0x0c, 23, 0)
#define MLX5_EQC_VECTOR	       HW_FIELD(0x14, 11, 0)
#define MLX5_EQC_LOG_PAGE_SIZE HW_FIELD(0x18, 28, 24)
#define MLX5_EQC_CONSUMER      HW_FIELD(0x28, 23, 0)
#define MLX5_EQC_PRODUCER      HW_FIELD(0x2c, 23, 0)

enum {
	MLX5_EQC_STATUS_OK = 0x0,
	MLX5_EQC_STATUS_WRITE_FAILURE = 0xa,
	MLX5_EQC_STATE_ARMED = 0x9,
	MLX5_EQC_STATE_FIRED = 0xa,
};

/* ---- completion queue ---- */
enum { MLX5_CQC_BYTES = 0x40 };
#define MLX5_CQC_STATUS		HW_FIELD(0x00, 31, 28)
#define MLX5_CQC_CQE_SIZE	HW_FIELD(0x00, 23, 21)
#define MLX5_CQC_COLLAPSED	HW_FIELD(0x00, 20, 20)
#define MLX5_CQC_IGNORE_OVERRUN HW_FIELD(0x00, 17, 17)
#define MLX5_CQC_COMPRESSED	HW_FIELD(0x00, 14, 14)
#define MLX5_CQC_STATE		HW_FIELD(0x00, 11, 8)
#define MLX5_CQC_PAGE_OFFSET	HW_FIELD(0x08, 11, 6)
#define MLX5_CQC_LOG_SIZE	HW_FIELD(0x0c, 28, 24)
#define MLX5_CQC_UAR		HW_FIELD(0x0c, 23, 0)
#define MLX5_CQC_PERIOD		HW_FIELD(0x10, 27, 16)
#define MLX5_CQC_MAX_COUNT	HW_FIELD(0x10, 15, 0)
#define MLX5_CQC_EQN		HW_FIELD(0x14, 7, 0)
#define MLX5_CQC_LOG_PAGE_SIZE	HW_FIELD(0x18, 28, 24)
#define MLX5_CQC_CONSUMER	HW_FIELD(0x28, 23, 0)
#define MLX5_CQC_PRODUCER	HW_FIELD(0x2c, 23, 0)
enum { MLX5_CQC_DBR_BYTE = 0x38 };

enum {
	MLX5_CQC_CQE_64 = 0,
	MLX5_CQC_CQE_128 = 1,
	MLX5_CQC_STATUS_OVERFLOW = 0x9,
	MLX5_CQC_STATE_SOLICITED_ARMED = 0x6,
	MLX5_CQC_STATE_ARMED = 0x9,
	MLX5_CQC_STATE_FIRED = 0xa,
};

/* ---- address path ---- */
enum { MLX5_ADS_BYTES = 0x2c, MLX5_ADS_GID_BYTE = 0x10 };
#define MLX5_ADS_PKEY_INDEX  HW_FIELD(0x00, 15, 0)
#define MLX5_ADS_GRH	     HW_FIELD(0x04, 23, 23)
#define MLX5_ADS_PATH_BITS   HW_FIELD(0x04, 22, 16)
#define MLX5_ADS_RLID	     HW_FIELD(0x04, 15, 0)
#define MLX5_ADS_ACK_TIMEOUT HW_FIELD(0x08, 31, 27)
#define MLX5_ADS_GID_INDEX   HW_FIELD(0x08, 23, 16)
#define MLX5_ADS_STATIC_RATE HW_FIELD(0x08, 11, 8)
#define MLX5_ADS_HOP_LIMIT   HW_FIELD(0x08, 7, 0)
#define MLX5_ADS_TCLASS	     HW_FIELD(0x0c, 27, 20)
#define MLX5_ADS_FLOW_LABEL  HW_FIELD(0x0c, 19, 0)
#define MLX5_ADS_SL	     HW_FIELD(0x24, 27, 24)
#define MLX5_ADS_PORT	     HW_FIELD(0x24, 23, 16)

/* ---- queue pair ---- */
enum { MLX5_QPC_BYTES = 0xe8 };
#define MLX5_QPC_STATE	       HW_FIELD(0x00, 31, 28)
#define MLX5_QPC_TYPE	       HW_FIELD(0x00, 23, 16)
#define MLX5_QPC_MIGRATION     HW_FIELD(0x00, 12, 11)
#define MLX5_QPC_PD	       HW_FIELD(0x04, 23, 0)
#define MLX5_QPC_MTU	       HW_FIELD(0x08, 31, 29)
#define MLX5_QPC_LOG_MSG_MAX   HW_FIELD(0x08, 28, 24)
#define MLX5_QPC_LOG_RQ_SIZE   HW_FIELD(0x08, 22, 19)
#define MLX5_QPC_LOG_RQ_STRIDE HW_FIELD(0x08, 18, 16) /* of 16 bytes */
#define MLX5_QPC_NO_SQ	       HW_FIELD(0x08, 15, 15)
#define MLX5_QPC_LOG_SQ_SIZE   HW_FIELD(0x08, 14, 11) /* in blocks of 64 bytes */
#define MLX5_QPC_RESERVED_KEY  HW_FIELD(0x08, 4, 4) /* may use the driver's key to all of memory */
#define MLX5_QPC_UAR	       HW_FIELD(0x0c, 23, 0)
#define MLX5_QPC_USER_INDEX    HW_FIELD(0x10, 23, 0)
#define MLX5_QPC_LOG_PAGE_SIZE HW_FIELD(0x14, 28, 24)
#define MLX5_QPC_REMOTE_QPN    HW_FIELD(0x14, 23, 0)
enum { MLX5_QPC_PRIMARY_PATH_BYTE = 0x18, MLX5_QPC_ALTERNATE_PATH_BYTE = 0x44 };
#define MLX5_QPC_LOG_SRA_MAX   HW_FIELD(0x70, 23, 21)
#define MLX5_QPC_RETRY_COUNT   HW_FIELD(0x70, 18, 16)
#define MLX5_QPC_RNR_RETRY     HW_FIELD(0x70, 15, 13)
#define MLX5_QPC_SEND_PSN      HW_FIELD(0x78, 23, 0)
#define MLX5_QPC_SEND_CQN      HW_FIELD(0x7c, 23, 0)
#define MLX5_QPC_LOG_RRA_MAX   HW_FIELD(0x90, 23, 21)
#define MLX5_QPC_RRE	       HW_FIELD(0x90, 15, 15)
#define MLX5_QPC_RWE	       HW_FIELD(0x90, 14, 14)
#define MLX5_QPC_RAE	       HW_FIELD(0x90, 13, 13)
#define MLX5_QPC_PAGE_OFFSET   HW_FIELD(0x90, 11, 6)
#define MLX5_QPC_MIN_RNR_TIMER HW_FIELD(0x94, 28, 24)
#define MLX5_QPC_RECV_PSN      HW_FIELD(0x94, 23, 0)
#define MLX5_QPC_RECV_CQN      HW_FIELD(0x9c, 23, 0)
enum { MLX5_QPC_DBR_BYTE = 0xa0 };
#define MLX5_QPC_QKEY	 HW_FIELD(0xa8, 31, 0)
#define MLX5_QPC_RQ_TYPE HW_FIELD(0xac, 26, 24)
#define MLX5_QPC_SRQN	 HW_FIELD(0xac, 23, 0)

enum {
	MLX5_QPC_TYPE_RC = 0x0,
	MLX5_QPC_TYPE_UC = 0x1,
	MLX5_QPC_TYPE_UD = 0x2,
	MLX5_QPC_TYPE_QP0 = 0x7,
	MLX5_QPC_TYPE_QP1 = 0x8,
	MLX5_QPC_TYPE_UMR = 0xc,
};

enum {
	MLX5_QPC_RQ_OWN = 0,
	MLX5_QPC_RQ_SRQ = 1,
	MLX5_QPC_RQ_NONE = 3,
};

enum {
	MLX5_QPC_STATE_RST = 0,
	MLX5_QPC_STATE_INIT = 1,
	MLX5_QPC_STATE_RTR = 2,
	MLX5_QPC_STATE_RTS = 3,
	MLX5_QPC_STATE_SQER = 4,
	MLX5_QPC_STATE_SQD = 5,
	MLX5_QPC_STATE_ERR = 6,
};

enum {
	MLX5_QPC_MIGRATION_ARMED = 0,
	MLX5_QPC_MIGRATION_REARM = 1,
	MLX5_QPC_MIGRATION_MIGRATED = 3,
};

/* ---- shared receive queue, as CREATE_SRQ has it ---- */
enum { MLX5_SRQC_BYTES = 0x40 };
#define MLX5_SRQC_STATE		HW_FIELD(0x00, 31, 28)
#define MLX5_SRQC_LOG_SIZE	HW_FIELD(0x00, 27, 24)
#define MLX5_SRQC_LOG_STRIDE	HW_FIELD(0x04, 26, 24) /* of 16 bytes */
#define MLX5_SRQC_XRCD		HW_FIELD(0x04, 23, 0)
#define MLX5_SRQC_PAGE_OFFSET	HW_FIELD(0x08, 31, 26)
#define MLX5_SRQC_CQN		HW_FIELD(0x08, 23, 0)
#define MLX5_SRQC_LOG_PAGE_SIZE HW_FIELD(0x10, 29, 24)
#define MLX5_SRQC_PD		HW_FIELD(0x18, 23, 0)
#define MLX5_SRQC_LWM		HW_FIELD(0x1c, 31, 16)
#define MLX5_SRQC_WQE_COUNT	HW_FIELD(0x1c, 15, 0)
enum { MLX5_SRQC_DBR_BYTE = 0x28 };

enum {
	MLX5_SRQC_STATE_GOOD = 0,
	MLX5_SRQC_STATE_ERROR = 1,
};

/* ---- HCA vport: the port as software sees it ---- */
enum { MLX5_VPC_BYTES = 0x200 };
#define MLX5_VPC_FIELD_SELECT	HW_FIELD(0x00, 31, 0)
#define MLX5_VPC_PHYSICAL_STATE HW_FIELD(0x20, 15, 12)
#define MLX5_VPC_PORT_STATE	HW_FIELD(0x20, 7, 4)
#define MLX5_VPC_VPORT_STATE	HW_FIELD(0x20, 3, 0)
enum {
	MLX5_VPC_SYSTEM_GUID_BYTE = 0x28,
	MLX5_VPC_PORT_GUID_BYTE = 0x30,
	MLX5_VPC_NODE_GUID_BYTE = 0x38,
};
#define MLX5_VPC_CAP_MASK	 HW_FIELD(0x40, 31, 0)
#define MLX5_VPC_CAP_MASK_SELECT HW_FIELD(0x44, 31, 0) /* which bits may be, or are, changed */
#define MLX5_VPC_LID		 HW_FIELD(0x60, 31, 16)
#define MLX5_VPC_SUBNET_TIMEOUT	 HW_FIELD(0x60, 4, 0)
#define MLX5_VPC_SM_LID		 HW_FIELD(0x64, 31, 16)

#endif
