/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The firmware command interface: entries of the command queue, mailboxes, operation codes,
 * statuses, and the fields of inputs and outputs. Contexts that commands carry are in context.h.
 * Source: ConnectX PRM, "Command Interface" and "Commands".
 */
#ifndef MLX5_COMMAND_H
#define MLX5_COMMAND_H

#include <stdint.h>
#include <linux/types.h>

#include "hw/field.h"
#include "layout.h"

enum {
	MLX5_COMMAND_TYPE_PCI = 7,
	MLX5_COMMAND_INLINE_BYTES = 16, /* of input and output that lie in the entry */
	MLX5_MAILBOX_DATA_BYTES = 512,
	MLX5_MAILBOX_ALIGNMENT = 1024,
};

struct mlx5_command_entry {
	uint8_t type;
	uint8_t rsvd1[3];
	__be32 in_length;
	__be64 in_mailbox;
	uint8_t in[16];
	uint8_t out[16];
	__be64 out_mailbox;
	__be32 out_length;
	uint8_t token;
	uint8_t signature;
	uint8_t rsvd3e;
	uint8_t status_own; /* delivery status b7:1; b0: owned by the device */
};
MLX5_SIZE(struct mlx5_command_entry, 64)
MLX5_OFFSET(struct mlx5_command_entry, in_length, 0x04)
MLX5_OFFSET(struct mlx5_command_entry, in_mailbox, 0x08)
MLX5_OFFSET(struct mlx5_command_entry, in, 0x10)
MLX5_OFFSET(struct mlx5_command_entry, out, 0x20)
MLX5_OFFSET(struct mlx5_command_entry, out_mailbox, 0x30)
MLX5_OFFSET(struct mlx5_command_entry, out_length, 0x38)
MLX5_OFFSET(struct mlx5_command_entry, token, 0x3c)
MLX5_OFFSET(struct mlx5_command_entry, signature, 0x3d)
MLX5_OFFSET(struct mlx5_command_entry, status_own, 0x3f)

enum { MLX5_COMMAND_OWNED_BY_DEVICE = 1 };

struct mlx5_mailbox {
	uint8_t data[MLX5_MAILBOX_DATA_BYTES];
	uint8_t rsvd200[48];
	__be64 next;
	__be32 block; /* position in the chain, from 0 */
	uint8_t rsvd23c;
	uint8_t token;
	uint8_t control_signature;
	uint8_t signature;
};
MLX5_SIZE(struct mlx5_mailbox, 576)
MLX5_OFFSET(struct mlx5_mailbox, next, 0x230)
MLX5_OFFSET(struct mlx5_mailbox, block, 0x238)
MLX5_OFFSET(struct mlx5_mailbox, token, 0x23d)
MLX5_OFFSET(struct mlx5_mailbox, control_signature, 0x23e)
MLX5_OFFSET(struct mlx5_mailbox, signature, 0x23f)

/* How the command got through, whatever became of it. */
enum mlx5_delivery {
	MLX5_DELIVERY_OK = 0x00,
	MLX5_DELIVERY_BAD_TOKEN = 0x02,
	MLX5_DELIVERY_BAD_BLOCK = 0x03,
	MLX5_DELIVERY_BAD_OUT_POINTER = 0x04,
	MLX5_DELIVERY_BAD_IN_POINTER = 0x05,
	MLX5_DELIVERY_FIRMWARE_ERROR = 0x06,
	MLX5_DELIVERY_BAD_IN_LENGTH = 0x07,
	MLX5_DELIVERY_BAD_OUT_LENGTH = 0x08,
	MLX5_DELIVERY_BAD_TYPE = 0x10,
};

/* What became of it: first byte of the output. */
enum mlx5_status {
	MLX5_STATUS_OK = 0x00,
	MLX5_STATUS_INTERNAL_ERROR = 0x01,
	MLX5_STATUS_BAD_OP = 0x02,
	MLX5_STATUS_BAD_PARAM = 0x03,
	MLX5_STATUS_BAD_SYS_STATE = 0x04,
	MLX5_STATUS_BAD_RESOURCE = 0x05,
	MLX5_STATUS_RESOURCE_BUSY = 0x06,
	MLX5_STATUS_EXCEED_LIMIT = 0x08,
	MLX5_STATUS_BAD_RESOURCE_STATE = 0x09,
	MLX5_STATUS_BAD_INDEX = 0x0a,
	MLX5_STATUS_NO_RESOURCES = 0x0f,
	MLX5_STATUS_BAD_QP_STATE = 0x10,
	MLX5_STATUS_BAD_PACKET = 0x30,
	MLX5_STATUS_BAD_SIZE = 0x40, /* more outstanding CQEs than the new CQ holds */
	MLX5_STATUS_BAD_INPUT_LENGTH = 0x50,
	MLX5_STATUS_BAD_OUTPUT_LENGTH = 0x51,
};

enum mlx5_opcode {
	MLX5_QUERY_HCA_CAP = 0x100,
	MLX5_QUERY_ADAPTER = 0x101,
	MLX5_INIT_HCA = 0x102,
	MLX5_TEARDOWN_HCA = 0x103,
	MLX5_ENABLE_HCA = 0x104,
	MLX5_DISABLE_HCA = 0x105,
	MLX5_QUERY_PAGES = 0x107,
	MLX5_MANAGE_PAGES = 0x108,
	MLX5_SET_HCA_CAP = 0x109,
	MLX5_QUERY_ISSI = 0x10a,
	MLX5_SET_ISSI = 0x10b,
	MLX5_CREATE_MKEY = 0x200,
	MLX5_QUERY_MKEY = 0x201,
	MLX5_DESTROY_MKEY = 0x202,
	MLX5_QUERY_SPECIAL_CONTEXTS = 0x203,
	MLX5_CREATE_EQ = 0x301,
	MLX5_DESTROY_EQ = 0x302,
	MLX5_QUERY_EQ = 0x303,
	MLX5_CREATE_CQ = 0x400,
	MLX5_DESTROY_CQ = 0x401,
	MLX5_QUERY_CQ = 0x402,
	MLX5_MODIFY_CQ = 0x403,
	MLX5_CREATE_QP = 0x500,
	MLX5_DESTROY_QP = 0x501,
	MLX5_RST2INIT_QP = 0x502,
	MLX5_INIT2RTR_QP = 0x503,
	MLX5_RTR2RTS_QP = 0x504,
	MLX5_RTS2RTS_QP = 0x505,
	MLX5_SQERR2RTS_QP = 0x506,
	MLX5_2ERR_QP = 0x507,
	MLX5_2RST_QP = 0x50a,
	MLX5_QUERY_QP = 0x50b,
	MLX5_SQD_RTS_QP = 0x50c,
	MLX5_MAD_IFC = 0x50d,
	MLX5_INIT2INIT_QP = 0x50e,
	MLX5_CREATE_SRQ = 0x700,
	MLX5_DESTROY_SRQ = 0x701,
	MLX5_QUERY_SRQ = 0x702,
	MLX5_ARM_RQ = 0x703,
	MLX5_QUERY_HCA_VPORT_CONTEXT = 0x762,
	MLX5_MODIFY_HCA_VPORT_CONTEXT = 0x763,
	MLX5_QUERY_HCA_VPORT_GID = 0x764,
	MLX5_QUERY_HCA_VPORT_PKEY = 0x765,
	MLX5_ALLOC_PD = 0x800,
	MLX5_DEALLOC_PD = 0x801,
	MLX5_ALLOC_UAR = 0x802,
	MLX5_DEALLOC_UAR = 0x803,
	MLX5_ACCESS_REG = 0x805,
	MLX5_ATTACH_TO_MCG = 0x806,
	MLX5_DETACH_FROM_MCG = 0x807,
	MLX5_ALLOC_XRCD = 0x80e,
	MLX5_DEALLOC_XRCD = 0x80f,
	MLX5_ALLOC_TRANSPORT_DOMAIN = 0x816,
	MLX5_DEALLOC_TRANSPORT_DOMAIN = 0x817,
	MLX5_CREATE_GENERAL_OBJECT = 0xa00,
	MLX5_QUERY_GENERAL_OBJECT = 0xa02,
};

/* Of every input and output. */
#define MLX5_IN_OPCODE	  HW_FIELD(0x00, 31, 16)
#define MLX5_IN_OP_MOD	  HW_FIELD(0x04, 15, 0)
#define MLX5_OUT_STATUS	  HW_FIELD(0x00, 31, 24)
#define MLX5_OUT_SYNDROME HW_FIELD(0x04, 31, 0)

/* The number of the object a command is about: QPN, CQN, SRQN, PD, UAR, XRCD, mkey index. */
#define MLX5_IN_NUMBER	  HW_FIELD(0x08, 23, 0)
#define MLX5_OUT_NUMBER	  HW_FIELD(0x08, 23, 0)

/* Where contexts lie, and behind them page lists. */
enum {
	MLX5_CONTEXT_BYTE = 0x10,    /* of EQ, CQ, SRQ, mkey, HCA vport, capabilities */
	MLX5_QP_CONTEXT_BYTE = 0x18, /* input and output */
	MLX5_PAS_BYTE = 0x110,
};

/* QUERY_PAGES, MANAGE_PAGES. */
enum {
	MLX5_QUERY_PAGES_BOOT = 1,
	MLX5_QUERY_PAGES_INIT = 2,
	MLX5_QUERY_PAGES_REGULAR = 3,
	MLX5_MANAGE_PAGES_CANNOT_GIVE = 0,
	MLX5_MANAGE_PAGES_GIVE = 1,
	MLX5_MANAGE_PAGES_TAKE = 2,
};
#define MLX5_MANAGE_PAGES_COUNT HW_FIELD(0x0c, 31, 0)

/* QUERY_ISSI, SET_ISSI: the version of the interface, and which others there are. */
#define MLX5_ISSI_CURRENT	HW_FIELD(0x08, 15, 0)
#define MLX5_ISSI_SUPPORTED	HW_FIELD(0x6c, 31, 0) /* bit n: version n */

/* QUERY_HCA_CAP, SET_HCA_CAP: op_mod is the type << 1, bit 0 asks for what is in force. */
enum { MLX5_CAP_OP_MOD_CURRENT = 1 };

/* QUERY_ADAPTER output. */
#define MLX5_ADAPTER_IEEE_VENDOR_ID HW_FIELD(0x28, 23, 0)
enum { MLX5_ADAPTER_PSID_BYTE = 0x100, MLX5_ADAPTER_PSID_BYTES = 16 };

/* CREATE_MKEY. */
#define MLX5_CREATE_MKEY_TRANSLATIONS HW_FIELD(0x60, 31, 0) /* in units of 16 bytes */

/* QUERY_SPECIAL_CONTEXTS: keys that nobody makes. */
#define MLX5_SPECIAL_NULL_KEY	      HW_FIELD(0x08, 31, 0) /* for dump and fill */

/* CREATE_EQ, DESTROY_EQ, QUERY_EQ. */
#define MLX5_EQ_NUMBER		      HW_FIELD(0x08, 7, 0)
enum { MLX5_CREATE_EQ_MASK_BYTE = 0x58 };

/* MODIFY_CQ. */
enum { MLX5_MODIFY_CQ_MODERATE = 0, MLX5_MODIFY_CQ_RESIZE = 1 }; /* op_mod */
#define MLX5_MODIFY_CQ_SELECT HW_FIELD(0x0c, 31, 0)
enum {
	MLX5_MODERATE_PERIOD = 1 << 0,
	MLX5_MODERATE_COUNT = 1 << 1,
	MLX5_RESIZE_LOG_SIZE = 1 << 0,
	MLX5_RESIZE_PAGE_OFFSET = 1 << 1,
	MLX5_RESIZE_LOG_PAGE_SIZE = 1 << 2,
};

/* The commands that modify QPs: which optional fields of the context count. */
#define MLX5_QP_OPTIONAL HW_FIELD(0x10, 31, 0)
enum {
	MLX5_QP_OPT_ALTERNATE_PATH = 1 << 0,
	MLX5_QP_OPT_RRE = 1 << 1,
	MLX5_QP_OPT_RAE = 1 << 2,
	MLX5_QP_OPT_RWE = 1 << 3,
	MLX5_QP_OPT_PKEY_INDEX = 1 << 4,
	MLX5_QP_OPT_QKEY = 1 << 5,
	MLX5_QP_OPT_RNR_TIMEOUT = 1 << 6,
	MLX5_QP_OPT_PRIMARY_PATH = 1 << 7,
	MLX5_QP_OPT_SRA_MAX = 1 << 8,
	MLX5_QP_OPT_RRA_MAX = 1 << 9,
	MLX5_QP_OPT_PM_STATE = 1 << 10,
	MLX5_QP_OPT_RETRY_COUNT = 1 << 12,
	MLX5_QP_OPT_RNR_RETRY = 1 << 13,
	MLX5_QP_OPT_ACK_TIMEOUT = 1 << 14,
	MLX5_QP_OPT_PORT = 1 << 16,
};

/* ARM_RQ. */
enum { MLX5_ARM_RQ_SRQ = 1 }; /* op_mod */
#define MLX5_ARM_RQ_LWM HW_FIELD(0x0c, 15, 0)

/* ATTACH_TO_MCG, DETACH_FROM_MCG: the group's GID. */
enum { MLX5_MCG_GID_BYTE = 0x10 };

/* QUERY_HCA_VPORT_*: whose, and which entry of a table. */
#define MLX5_VPORT_OTHER  HW_FIELD(0x08, 31, 31)
#define MLX5_VPORT_PORT	  HW_FIELD(0x08, 19, 16)
#define MLX5_VPORT_NUMBER HW_FIELD(0x08, 15, 0)
#define MLX5_VPORT_INDEX  HW_FIELD(0x0c, 15, 0)
enum {
	MLX5_VPORT_INDEX_ALL = 0xffff,
	MLX5_VPORT_TABLE_BYTE = 0x10, /* GIDs of 16 bytes, or P_Keys in the low half of dwords */
};
#define MLX5_VPORT_GIDS_NUM HW_FIELD(0x0c, 31, 16)

/* ACCESS_REG. */
enum { MLX5_ACCESS_REG_WRITE = 0, MLX5_ACCESS_REG_READ = 1 }; /* op_mod */
#define MLX5_ACCESS_REG_ID HW_FIELD(0x08, 15, 0)
enum { MLX5_ACCESS_REG_DATA_BYTE = 0x10 };

/* MAD_IFC: a MAD in and a MAD out. */
#define MLX5_MAD_IFC_PORT HW_FIELD(0x08, 7, 0)
enum { MLX5_MAD_IFC_MAD_BYTE = 0x10, MLX5_MAD_IFC_MAD_BYTES = 256 };

#endif
