/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Objects that are little more than their number: PDs, UARs, XRC and transport domains. */
#include <errno.h>
#include <stdlib.h>

#include "softhca/pci/mlx5/commands.h"

static enum mlx5_status reserve(struct mlx5_command *command, struct mlx5_number_set *set)
{
	uint32_t number;
	int rc = mlx5_set_reserve(set, &number);

	if (!rc)
		hw_set(command->out, MLX5_OUT_NUMBER, number);
	return mlx5_status_of(command, rc);
}

static enum mlx5_status release(struct mlx5_command *command, struct mlx5_number_set *set)
{
	return mlx5_status_of(command, mlx5_set_release(set, mlx5_command_number(command)));
}

enum mlx5_status mlx5_alloc_uar(struct mlx5_command *command)
{
	return reserve(command, &command->adapter->uars);
}

enum mlx5_status mlx5_dealloc_uar(struct mlx5_command *command)
{
	return release(command, &command->adapter->uars);
}

enum mlx5_status mlx5_alloc_xrcd(struct mlx5_command *command)
{
	return reserve(command, &command->adapter->xrcds);
}

enum mlx5_status mlx5_dealloc_xrcd(struct mlx5_command *command)
{
	return release(command, &command->adapter->xrcds);
}

enum mlx5_status mlx5_alloc_transport_domain(struct mlx5_command *command)
{
	return reserve(command, &command->adapter->transport_domains);
}

enum mlx5_status mlx5_dealloc_transport_domain(struct mlx5_command *command)
{
	return release(command, &command->adapter->transport_domains);
}

enum mlx5_status mlx5_alloc_pd(struct mlx5_command *command)
{
	struct adapter *adapter = command->adapter;
	struct mlx5_pd *pd = calloc(1, sizeof(*pd));
	int rc = pd ? pd_create(adapter->hca, &pd->pd) : ENOMEM;

	if (rc) {
		free(pd);
		return mlx5_status_of(command, rc);
	}
	pd->object.number = pd->pd->pdn;
	mlx5_table_add(&adapter->pds, &pd->object);
	hw_set(command->out, MLX5_OUT_NUMBER, pd->pd->pdn);
	return MLX5_STATUS_OK;
}

enum mlx5_status mlx5_dealloc_pd(struct mlx5_command *command)
{
	struct mlx5_pd *pd = mlx5_command_object(command, &command->adapter->pds);
	int rc = pd ? pd_destroy(pd->pd) : ENOENT;

	if (rc)
		return mlx5_status_of(command, rc);
	list_remove(&pd->object.link);
	free(pd);
	return MLX5_STATUS_OK;
}
