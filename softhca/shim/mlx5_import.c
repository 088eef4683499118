/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What mlx5's library asks about objects that another process, or another part of this one, has
 * made: the context again, and the number of a protection domain.
 */
#include <errno.h>

#include <rdma/mlx5_user_ioctl_cmds.h>

#include "softhca/shim/methods/commands.h"
#include "softhca/shim/mlx5_abi.h"

static int query_context(struct attrs *attrs)
{
	struct mlx5_ib_alloc_ucontext_resp answer;
	int rc = query_context_method(attrs);

	if (rc)
		return rc;
	mlx5_describe_context(attrs->file, attr_length(attrs, MLX5_IB_ATTR_QUERY_CONTEXT_RESP_UCTX),
			      &answer);
	return attr_put(attrs, MLX5_IB_ATTR_QUERY_CONTEXT_RESP_UCTX, &answer, sizeof(answer));
}

static int query_pd(struct attrs *attrs)
{
	const struct pd_object *pd =
		find_pd(attrs->file, (uint32_t)attr_number(attrs, MLX5_IB_ATTR_QUERY_PD_HANDLE));

	return pd ? attr_put_u32(attrs, MLX5_IB_ATTR_QUERY_PD_RESP_PDN, pd->pd->pdn) : ENOENT;
}

static const struct attr_spec query_context_attrs[] = {
	{UVERBS_ATTR_QUERY_CONTEXT_NUM_COMP_VECTORS, ATTR_OUT, false, sizeof(uint32_t), 0},
	{UVERBS_ATTR_QUERY_CONTEXT_CORE_SUPPORT, ATTR_OUT, false, sizeof(uint64_t), 0},
	{MLX5_IB_ATTR_QUERY_CONTEXT_RESP_UCTX, ATTR_OUT, false, 0, 0},
};

static const struct attr_spec query_pd_attrs[] = {
	{MLX5_IB_ATTR_QUERY_PD_HANDLE, ATTR_HANDLE, true, 0, 0},
	{MLX5_IB_ATTR_QUERY_PD_RESP_PDN, ATTR_OUT, true, sizeof(uint32_t), 0},
};

const struct method_entry mlx5_import_methods[] = {
	METHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_CONTEXT, query_context_attrs,
	       query_context, true),
	METHOD(UVERBS_OBJECT_PD, MLX5_IB_METHOD_PD_QUERY, query_pd_attrs, query_pd, true),
	{.handle = NULL},
};
