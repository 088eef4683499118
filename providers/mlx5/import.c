/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects of another process: a context by its command descriptor, domains and regions in it by
 * their handles. The kernel tells again what it told when they were made.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "context.h"

/*
 * Fixed register pages are the same ones for both processes, whose locks know nothing of each
 * other: doorbells, one store each, can be shared so, copies of requests cannot.
 */
struct verbs_context *mlx5_import_context(struct ibv_device *device, int cmd_fd)
{
	struct mlx5_ib_alloc_ucontext_resp response;
	struct mlx5_context *context;
	struct verbs_ioctl call;
	int err;

	context = verbs_alloc_context(device, cmd_fd, sizeof(*context));
	if (!context)
		return NULL;
	memset(&response, 0, sizeof(response));
	verbs_ioctl_begin(&call, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_CONTEXT);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_QUERY_CONTEXT_RESP_UCTX, &response, sizeof(response));
	err = ibv_cmd_query_context(&context->verbs, &call);
	if (!err)
		err = mlx5_context_set_up(context, &response, 0, !response.tot_bfregs);
	if (!err)
		return &context->verbs;
	verbs_free_context(&context->verbs);
	errno = err;
	return NULL;
}

struct ibv_pd *mlx5_import_pd(struct ibv_context *context, uint32_t handle)
{
	struct mlx5_pd *pd = calloc(1, sizeof(*pd));
	struct verbs_ioctl call;
	int err;

	if (!pd)
		return NULL;
	verbs_ioctl_begin(&call, UVERBS_OBJECT_PD, MLX5_IB_METHOD_PD_QUERY);
	verbs_ioctl_in_handle(&call, MLX5_IB_ATTR_QUERY_PD_HANDLE, handle);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_QUERY_PD_RESP_PDN, &pd->pdn, sizeof(pd->pdn));
	err = verbs_ioctl_run(context, &call);
	if (err) {
		free(pd);
		errno = err == EPROTONOSUPPORT ? EOPNOTSUPP : err;
		return NULL;
	}
	pd->ibv_pd.context = context;
	pd->ibv_pd.handle = handle;
	return &pd->ibv_pd;
}

/* Parent domains refer to what they were made of: it stays until they are gone. */
void mlx5_unimport_pd(struct ibv_pd *pd)
{
	if (!atomic_fetch_or(&to_mlx5_pd(pd)->users, MLX5_PD_UNIMPORTED))
		free(pd);
}

struct ibv_mr *mlx5_import_mr(struct ibv_pd *pd, uint32_t handle)
{
	struct verbs_mr *mr = calloc(1, sizeof(*mr));
	int err;

	if (!mr)
		return NULL;
	err = ibv_cmd_query_mr(pd, mr, handle);
	if (!err)
		return &mr->mr;
	free(mr);
	errno = err;
	return NULL;
}

void mlx5_unimport_mr(struct ibv_mr *mr)
{
	free(mr);
}
