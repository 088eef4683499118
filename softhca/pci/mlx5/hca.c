/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bringing the adapter up and down. It needs none of the pages that firmware borrows from its host,
 * so it asks for none and takes none.
 */
#include <string.h>

#include "softhca/pci/mlx5/commands.h"

enum mlx5_status mlx5_enable_hca(struct mlx5_command *command)
{
	if (command->adapter->stage != MLX5_STAGE_OFF)
		return mlx5_refuse(command, MLX5_STATUS_BAD_SYS_STATE, "enabled already");
	command->adapter->stage = MLX5_STAGE_ENABLED;
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_disable_hca(struct mlx5_command *command)
{
	mlx5_adapter_end_objects(command->adapter);
	command->adapter->stage = MLX5_STAGE_OFF;
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_init_hca(struct mlx5_command *command)
{
	if (command->adapter->stage != MLX5_STAGE_ENABLED)
		return mlx5_refuse(command, MLX5_STATUS_BAD_SYS_STATE, "initialized already");
	command->adapter->stage = MLX5_STAGE_INITIALIZED;
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_teardown_hca(struct mlx5_command *command)
{
	mlx5_adapter_end_objects(command->adapter);
	command->adapter->stage = MLX5_STAGE_ENABLED;
	return MLX5_STATUS_OK;
}

/* There is the first version of the interface and no other, which is the one in force. */
enum mlx5_status mlx5_query_issi(struct mlx5_command *command)
{
	hw_set(command->out, MLX5_ISSI_SUPPORTED, 1 << 0);
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_set_issi(struct mlx5_command *command)
{
	if (hw_get(command->in, MLX5_ISSI_CURRENT))
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such version");
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_query_pages(struct mlx5_command *command)
{
	if (command->op_mod < MLX5_QUERY_PAGES_BOOT || command->op_mod > MLX5_QUERY_PAGES_REGULAR)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "unknown kind of pages");
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_manage_pages(struct mlx5_command *command)
{
	uint32_t count = hw_get(command->in, MLX5_MANAGE_PAGES_COUNT);

	switch (command->op_mod) {
	case MLX5_MANAGE_PAGES_CANNOT_GIVE:
	case MLX5_MANAGE_PAGES_TAKE:
		return MLX5_STATUS_OK;
	case MLX5_MANAGE_PAGES_GIVE:
		if (!count)
			return MLX5_STATUS_OK;
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "pages that were not asked for");
	default:
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "unknown operation");
	}
}

enum mlx5_status mlx5_query_adapter(struct mlx5_command *command)
{
	enum { MELLANOX = 0x02c9 };
	static const char psid[MLX5_ADAPTER_PSID_BYTES] = "MT_2180110032";

	hw_set(command->out, MLX5_ADAPTER_IEEE_VENDOR_ID, MELLANOX);
	memcpy(command->out + MLX5_ADAPTER_PSID_BYTE, psid, sizeof(psid));
	return MLX5_STATUS_OK;
}
