/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Registers behind the ACCESS_REG command. Offsets are from the start of the register.
 * Source: ConnectX PRM, "Ports and link registers".
 */
#ifndef MLX5_PORT_REGISTER_H
#define MLX5_PORT_REGISTER_H

#include "hw/field.h"

enum mlx5_access_register {
	MLX5_REG_PMTU = 0x5003,
	MLX5_REG_PTYS = 0x5004,
	MLX5_REG_PVLC = 0x500f,
	MLX5_REG_NODE_DESC = 0x6001,
	MLX5_REG_HOST_ENDIANNESS = 0x7004,
};

enum {
	MLX5_PMTU_BYTES = 0x10,
	MLX5_PTYS_BYTES = 0x40,
	MLX5_PVLC_BYTES = 0x10,
	MLX5_NODE_DESC_BYTES = 0x40,
	MLX5_HOST_ENDIANNESS_BYTES = 0x10,
};

/* Of those that are about a port. */
#define MLX5_REG_LOCAL_PORT   HW_FIELD(0x00, 23, 16)

/* MTUs in bytes. */
#define MLX5_PMTU_MAX	      HW_FIELD(0x04, 31, 16)
#define MLX5_PMTU_ADMIN	      HW_FIELD(0x08, 31, 16)
#define MLX5_PMTU_OPER	      HW_FIELD(0x0c, 31, 16)

/* Widths and speeds are bit masks. */
#define MLX5_PTYS_PROTO_MASK  HW_FIELD(0x00, 2, 0)
#define MLX5_PTYS_WIDTH_CAP   HW_FIELD(0x10, 31, 16)
#define MLX5_PTYS_SPEED_CAP   HW_FIELD(0x10, 15, 0)
#define MLX5_PTYS_WIDTH_ADMIN HW_FIELD(0x1c, 31, 16)
#define MLX5_PTYS_SPEED_ADMIN HW_FIELD(0x1c, 15, 0)
#define MLX5_PTYS_WIDTH_OPER  HW_FIELD(0x28, 31, 16)
#define MLX5_PTYS_SPEED_OPER  HW_FIELD(0x28, 15, 0)
enum {
	MLX5_PTYS_PROTO_IB = 1 << 0,
	MLX5_PTYS_WIDTH_4X = 1 << 2,
	MLX5_PTYS_SPEED_EDR = 1 << 5,
};

#define MLX5_PVLC_HW_CAP HW_FIELD(0x04, 3, 0)
#define MLX5_PVLC_ADMIN	 HW_FIELD(0x08, 3, 0)
#define MLX5_PVLC_OPER	 HW_FIELD(0x0c, 3, 0)

#endif
