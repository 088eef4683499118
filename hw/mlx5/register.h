/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * BAR 0 of an mlx5 function: the initialization segment, behind it the UAR pages (their registers
 * are in doorbell.h). All registers are big-endian dwords.
 * Source: ConnectX PRM, "Initialization Segment"; the health buffer as stock mlx5_core examines it.
 */
#ifndef MLX5_REGISTER_H
#define MLX5_REGISTER_H

/* Byte offsets. */
enum {
	MLX5_ISEG_FW_REV = 0x00,       /* minor b31:16, major b15:0 */
	MLX5_ISEG_CMDIF_FW_SUB = 0x04, /* command interface revision b31:16, subminor b15:0 */
	MLX5_ISEG_CMDQ_ADDR_HIGH = 0x10,
	MLX5_ISEG_CMDQ_ADDR_LOW = 0x14, /* address b31:12, NIC interface state b10:8, geometry */
	MLX5_ISEG_CMD_DOORBELL = 0x18,	/* bit i: entry i is the device's */
	MLX5_ISEG_INITIALIZING = 0x1fc, /* b31 while firmware starts */
	MLX5_ISEG_HEALTH = 0x200,	/* 64 bytes */
	MLX5_ISEG_TIMER_HIGH = 0x1000,
	MLX5_ISEG_TIMER_LOW = 0x1004,
	MLX5_ISEG_HEALTH_COUNTER = 0x1010, /* alive as long as it changes */
	MLX5_ISEG_BYTES = 0x4000,
};

/* Of MLX5_ISEG_CMDQ_ADDR_LOW; read-only: log2 of entries b7:4, log2 of their size b3:0. */
enum {
	MLX5_CMDQ_ADDR_MASK = 0xfffff000,
	MLX5_NIC_STATE_SHIFT = 8,
	MLX5_NIC_STATE_MASK = 7,
	MLX5_CMDQ_LOG_SIZE_SHIFT = 4,
};

enum {
	MLX5_NIC_STATE_FULL = 0,
	MLX5_NIC_STATE_DISABLED = 1,
};

enum {
	MLX5_CMDIF_REV = 5,
};

/* Dwords of the health buffer, from its start. */
enum {
	MLX5_HEALTH_FW_VER = 0x30,
	MLX5_HEALTH_SEVERITY = 0x38, /* b31: recovery takes a reset ("RFR") */
	MLX5_HEALTH_SYNDROME = 0x3c, /* b23:16; 0: healthy */
	MLX5_HEALTH_BYTES = 0x40,
};

enum {
	MLX5_HEALTH_RESET_REQUIRED_SHIFT = 31,
	MLX5_HEALTH_SYNDROME_SHIFT = 16,
	MLX5_HEALTH_SYNDROME_FW_INTERNAL = 0x01,
};

#endif
