/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Port and link registers. The port is 4X EDR with an MTU of 4096, as the shim's; a label, no more,
 * so there is nothing to write but the node description.
 */
#include <string.h>

#include "softhca/pci/mlx5/commands.h"

enum {
	MTU_BYTES = 4096,
	VIRTUAL_LANES = 4,
	LOCAL_PORT = 1,
};

static void read_port_type(uint8_t *out)
{
	hw_set(out, MLX5_REG_LOCAL_PORT, LOCAL_PORT);
	hw_set(out, MLX5_PTYS_PROTO_MASK, MLX5_PTYS_PROTO_IB);
	hw_set(out, MLX5_PTYS_WIDTH_CAP, MLX5_PTYS_WIDTH_4X);
	hw_set(out, MLX5_PTYS_SPEED_CAP, MLX5_PTYS_SPEED_EDR);
	hw_set(out, MLX5_PTYS_WIDTH_ADMIN, MLX5_PTYS_WIDTH_4X);
	hw_set(out, MLX5_PTYS_SPEED_ADMIN, MLX5_PTYS_SPEED_EDR);
	hw_set(out, MLX5_PTYS_WIDTH_OPER, MLX5_PTYS_WIDTH_4X);
	hw_set(out, MLX5_PTYS_SPEED_OPER, MLX5_PTYS_SPEED_EDR);
}

static void read_mtu(uint8_t *out)
{
	hw_set(out, MLX5_REG_LOCAL_PORT, LOCAL_PORT);
	hw_set(out, MLX5_PMTU_MAX, MTU_BYTES);
	hw_set(out, MLX5_PMTU_ADMIN, MTU_BYTES);
	hw_set(out, MLX5_PMTU_OPER, MTU_BYTES);
}

static void read_lanes(uint8_t *out)
{
	hw_set(out, MLX5_REG_LOCAL_PORT, LOCAL_PORT);
	hw_set(out, MLX5_PVLC_HW_CAP, VIRTUAL_LANES);
	hw_set(out, MLX5_PVLC_ADMIN, VIRTUAL_LANES);
	hw_set(out, MLX5_PVLC_OPER, VIRTUAL_LANES);
}

static enum mlx5_status node_description(struct mlx5_command *command, const uint8_t *in,
					 uint8_t *out)
{
	uint8_t *kept = command->adapter->node_description;

	if (command->op_mod == MLX5_ACCESS_REG_WRITE)
		memcpy(kept, in, MLX5_NODE_DESC_BYTES);
	memcpy(out, kept, MLX5_NODE_DESC_BYTES);
	return MLX5_STATUS_OK;
}

/* Of a host in little-endian order as of one in big-endian order, everything is big-endian. */
static enum mlx5_status host_endianness(struct mlx5_command *command)
{
	return command->op_mod == MLX5_ACCESS_REG_WRITE
		       ? MLX5_STATUS_OK
		       : mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "register is write-only");
}

static enum mlx5_status read_only(struct mlx5_command *command, const uint8_t *in, uint8_t *out,
				  void (*read)(uint8_t *out))
{
	uint32_t port = hw_get(in, MLX5_REG_LOCAL_PORT);

	if (command->op_mod != MLX5_ACCESS_REG_READ)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "register is read-only");
	if (port != LOCAL_PORT)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such port");
	read(out);
	return MLX5_STATUS_OK;
}

static uint32_t register_bytes(uint32_t id)
{
	switch (id) {
	case MLX5_REG_PMTU:
		return MLX5_PMTU_BYTES;
	case MLX5_REG_PTYS:
		return MLX5_PTYS_BYTES;
	case MLX5_REG_PVLC:
		return MLX5_PVLC_BYTES;
	case MLX5_REG_NODE_DESC:
		return MLX5_NODE_DESC_BYTES;
	case MLX5_REG_HOST_ENDIANNESS:
		return MLX5_HOST_ENDIANNESS_BYTES;
	default:
		return 0;
	}
}

static enum mlx5_status access_register(struct mlx5_command *command, uint32_t id)
{
	const uint8_t *in = command->in + MLX5_ACCESS_REG_DATA_BYTE;
	uint8_t *out = command->out + MLX5_ACCESS_REG_DATA_BYTE;

	switch (id) {
	case MLX5_REG_PMTU:
		return read_only(command, in, out, read_mtu);
	case MLX5_REG_PTYS:
		return read_only(command, in, out, read_port_type);
	case MLX5_REG_PVLC:
		return read_only(command, in, out, read_lanes);
	case MLX5_REG_NODE_DESC:
		return node_description(command, in, out);
	default:
		return host_endianness(command);
	}
}

enum mlx5_status mlx5_access_reg(struct mlx5_command *command)
{
	uint32_t id = hw_get(command->in, MLX5_ACCESS_REG_ID);
	uint32_t bytes = register_bytes(id) + MLX5_ACCESS_REG_DATA_BYTE;

	if (command->op_mod > MLX5_ACCESS_REG_READ)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "neither read nor write");
	if (bytes == MLX5_ACCESS_REG_DATA_BYTE)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such register");
	if (command->in_length < bytes)
		return mlx5_refuse(command, MLX5_STATUS_BAD_INPUT_LENGTH, "register is longer");
	if (command->out_length < bytes)
		return mlx5_refuse(command, MLX5_STATUS_BAD_OUTPUT_LENGTH, "register is longer");
	return access_register(command, id);
}
