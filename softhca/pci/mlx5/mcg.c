/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Multicast groups. Commands name them by GID alone: the QP hears what goes to any MLID of it. */
#include <errno.h>

#include "softhca/pci/mlx5/commands.h"

enum { ANY_MLID = 0 };

static struct qp *find(struct mlx5_command *command)
{
	const struct mlx5_qp *qp = mlx5_command_object(command, &command->adapter->qps);

	return qp ? qp->qp : NULL;
}

enum mlx5_status mlx5_attach_to_mcg(struct mlx5_command *command)
{
	struct qp *qp = find(command);

	return mlx5_status_of(
		command,
		qp ? qp_attach_multicast(qp, command->in + MLX5_MCG_GID_BYTE, ANY_MLID) : ENOENT);
}

enum mlx5_status mlx5_detach_from_mcg(struct mlx5_command *command)
{
	struct qp *qp = find(command);

	return mlx5_status_of(
		command,
		qp ? qp_detach_multicast(qp, command->in + MLX5_MCG_GID_BYTE, ANY_MLID) : ENOENT);
}
