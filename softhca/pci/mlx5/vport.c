/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The port as the fabric has it: LID, GUIDs, state, GID and P_Key tables. An adapter with the
 * "ib_virt" capability tells all of this by commands, and its driver needs no subnet management.
 */
#include <string.h>

#include "softhca/pci/mlx5/commands.h"

enum {
	/* IBTA vol. 1, 14.2.5.6: PortState and PortPhysicalState. */
	STATE_DOWN = 1,
	STATE_ACTIVE = 4,
	PHYSICAL_POLLING = 2,
	PHYSICAL_LINK_UP = 5,
	SM_LID = 1,
	SUBNET_TIMEOUT = 18,
	/* CapabilityMask. */
	CAP_CM = 1 << 16,
	CAP_CHANGEABLE = CAP_CM | 1 << 17 /* SNMP */ | 1 << 19 /* device management */ |
			 1 << 20 /* vendor class */,
};

static const struct fabric_hca *port_of(const struct mlx5_command *command)
{
	return command->adapter->hca->shared;
}

/* Only the function's own vport. */
static enum mlx5_status check_vport(struct mlx5_command *command)
{
	uint32_t port = hw_get(command->in, MLX5_VPORT_PORT);

	if (hw_get(command->in, MLX5_VPORT_OTHER) || hw_get(command->in, MLX5_VPORT_NUMBER))
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no other vport");
	if (port > 1)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such port");
	return MLX5_STATUS_OK;
}

static void describe_port(const struct adapter *adapter, const struct fabric_hca *port, void *out)
{
	bool up = port->link_up && !port->killed;

	hw_set(out, MLX5_VPC_PHYSICAL_STATE, up ? PHYSICAL_LINK_UP : PHYSICAL_POLLING);
	hw_set(out, MLX5_VPC_PORT_STATE, up ? STATE_ACTIVE : STATE_DOWN);
	hw_set(out, MLX5_VPC_VPORT_STATE, up ? STATE_ACTIVE : STATE_DOWN);
	hw_set64(out, MLX5_VPC_SYSTEM_GUID_BYTE, port->node_guid);
	hw_set64(out, MLX5_VPC_PORT_GUID_BYTE, port->port_guid);
	hw_set64(out, MLX5_VPC_NODE_GUID_BYTE, port->node_guid);
	hw_set(out, MLX5_VPC_CAP_MASK, adapter->port_capabilities);
	hw_set(out, MLX5_VPC_CAP_MASK_SELECT, CAP_CHANGEABLE);
	hw_set(out, MLX5_VPC_LID, port->lid);
	hw_set(out, MLX5_VPC_SUBNET_TIMEOUT, SUBNET_TIMEOUT);
	hw_set(out, MLX5_VPC_SM_LID, SM_LID);
}

enum mlx5_status mlx5_query_hca_vport_context(struct mlx5_command *command)
{
	enum mlx5_status status = check_vport(command);

	if (!status)
		describe_port(command->adapter, port_of(command), command->out + MLX5_CONTEXT_BYTE);
	return status;
}

/* Managers that run on the host make themselves known by bits of the capability mask; nothing else
 * of the port is the host's to change. */
enum mlx5_status mlx5_modify_hca_vport_context(struct mlx5_command *command)
{
	const uint8_t *context = mlx5_command_context(command);
	uint32_t select = hw_get(context, MLX5_VPC_CAP_MASK_SELECT);
	uint32_t *capabilities = &command->adapter->port_capabilities;
	enum mlx5_status status = check_vport(command);

	if (status)
		return status;
	if (hw_get(context, MLX5_VPC_FIELD_SELECT) || select & ~(uint32_t)CAP_CHANGEABLE)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "not changeable");
	*capabilities = (*capabilities & ~select) | (hw_get(context, MLX5_VPC_CAP_MASK) & select);
	return MLX5_STATUS_OK;
}

/* From `*first` on `*count` entries of a table, which is one or all. */
static enum mlx5_status select_entries(struct mlx5_command *command, uint32_t table_size,
				       uint32_t entry_bytes, uint32_t *first, uint32_t *count)
{
	uint32_t index = hw_get(command->in, MLX5_VPORT_INDEX);
	enum mlx5_status status = check_vport(command);

	if (status)
		return status;
	*first = index == MLX5_VPORT_INDEX_ALL ? 0 : index;
	*count = index == MLX5_VPORT_INDEX_ALL ? table_size : 1;
	if (*first >= table_size)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "beyond the table");
	if (command->out_length < MLX5_VPORT_TABLE_BYTE + *count * entry_bytes)
		return mlx5_refuse(command, MLX5_STATUS_BAD_OUTPUT_LENGTH, "table is longer");
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_query_hca_vport_gid(struct mlx5_command *command)
{
	const struct fabric_hca *port = port_of(command);
	uint8_t *out = command->out + MLX5_VPORT_TABLE_BYTE;
	uint32_t first, count;
	enum mlx5_status status =
		select_entries(command, FABRIC_GIDS, sizeof(port->gids[0].raw), &first, &count);

	if (status)
		return status;
	hw_set(command->out, MLX5_VPORT_GIDS_NUM, count);
	for (uint32_t i = first; i < first + count; i++, out += sizeof(port->gids[0].raw))
		if (port->gids[i].valid)
			memcpy(out, port->gids[i].raw, sizeof(port->gids[0].raw));
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_query_hca_vport_pkey(struct mlx5_command *command)
{
	const struct fabric_hca *port = port_of(command);
	uint8_t *out = command->out + MLX5_VPORT_TABLE_BYTE;
	uint32_t first, count;
	enum mlx5_status status =
		select_entries(command, FABRIC_PKEYS, sizeof(__be32), &first, &count);

	if (status)
		return status;
	for (uint32_t i = first; i < first + count; i++, out += sizeof(__be32))
		hw_set(out, HW_FIELD(0, 15, 0), port->pkeys[i]);
	return MLX5_STATUS_OK;
}
