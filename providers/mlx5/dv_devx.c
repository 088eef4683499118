/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands of the device, passed on by the kernel as they are, and objects that are made, asked and
 * changed by them: those of DEVX, and those of verbs as the device sees them.
 */
#include <errno.h>
#include <stdlib.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "hw/mlx5/command.h"

#include "devx.h"
#include "dv.h"

int mlx5_devx_run(struct ibv_context *context, struct verbs_ioctl *call)
{
	int err = verbs_ioctl_run(context, call);

	return err == EPROTONOSUPPORT ? EOPNOTSUPP : err;
}

int mlx5_devx_errno(int err, const void *out)
{
	if (err != EREMOTEIO)
		return err;
	switch (hw_get(out, MLX5_OUT_STATUS)) {
	case MLX5_STATUS_BAD_OP:
	case MLX5_STATUS_BAD_PARAM:
	case MLX5_STATUS_BAD_RESOURCE:
	case MLX5_STATUS_BAD_RESOURCE_STATE:
	case MLX5_STATUS_BAD_INDEX:
	case MLX5_STATUS_BAD_QP_STATE:
	case MLX5_STATUS_BAD_PACKET:
	case MLX5_STATUS_BAD_SIZE:
		return EINVAL;
	case MLX5_STATUS_RESOURCE_BUSY:
		return EBUSY;
	case MLX5_STATUS_EXCEED_LIMIT:
		return ENOMEM;
	case MLX5_STATUS_NO_RESOURCES:
		return EAGAIN;
	}
	return EIO;
}

/* ---- commands about nothing in particular ---- */

int mlx5_devx_general(struct ibv_context *context, const void *in, size_t in_len, void *out,
		      size_t out_len)
{
	struct verbs_ioctl call;

	if (!mlx5dv_is_ours(context))
		return EOPNOTSUPP;
	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_DEVX, MLX5_IB_METHOD_DEVX_OTHER);
	verbs_ioctl_in(&call, MLX5_IB_ATTR_DEVX_OTHER_CMD_IN, in, in_len);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_DEVX_OTHER_CMD_OUT, out, out_len);
	return mlx5_devx_run(context, &call);
}

EXPORT int mlx5dv_devx_general_cmd(struct ibv_context *context, const void *in, size_t inlen,
				   void *out, size_t outlen)
{
	return mlx5_devx_general(context, in, inlen, out, outlen);
}

/* The event queue behind a completion vector, for completion queues of the device's own making. */
EXPORT int mlx5dv_devx_query_eqn(struct ibv_context *context, uint32_t vector, uint32_t *eqn)
{
	struct verbs_ioctl call;

	if (!mlx5dv_is_ours(context))
		return EOPNOTSUPP;
	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_DEVX, MLX5_IB_METHOD_DEVX_QUERY_EQN);
	verbs_ioctl_in_u32(&call, MLX5_IB_ATTR_DEVX_QUERY_EQN_USER_VEC, vector);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_DEVX_QUERY_EQN_DEV_EQN, eqn, sizeof(*eqn));
	return mlx5_devx_run(context, &call);
}

/* ---- objects of DEVX ---- */

static int create(struct mlx5dv_devx_obj *obj, const void *in, size_t in_len, void *out,
		  size_t out_len)
{
	struct verbs_ioctl call;
	unsigned int handle;
	int err;

	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_CREATE);
	handle = verbs_ioctl_new_handle(&call, MLX5_IB_ATTR_DEVX_OBJ_CREATE_HANDLE);
	verbs_ioctl_in(&call, MLX5_IB_ATTR_DEVX_OBJ_CREATE_CMD_IN, in, in_len);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_DEVX_OBJ_CREATE_CMD_OUT, out, out_len);
	err = mlx5_devx_run(obj->context, &call);
	if (!err)
		obj->handle = verbs_ioctl_u32(&call, handle);
	return err;
}

struct mlx5dv_devx_obj *mlx5_devx_create(struct ibv_context *context, const void *in, size_t in_len,
					 void *out, size_t out_len)
{
	struct mlx5dv_devx_obj *obj;
	int err = EOPNOTSUPP;

	obj = mlx5dv_is_ours(context) ? calloc(1, sizeof(*obj)) : NULL;
	if (obj) {
		obj->context = context;
		err = create(obj, in, in_len, out, out_len);
	} else if (mlx5dv_is_ours(context)) {
		err = ENOMEM;
	}
	if (!err)
		return obj;
	free(obj);
	errno = err;
	return NULL;
}

/* Queries and changes have their attributes in the same places, whosever the object is. */
static int command_on(struct ibv_context *context, uint16_t method, uint32_t handle, const void *in,
		      size_t in_len, void *out, size_t out_len)
{
	struct verbs_ioctl call;

#define SAME(attr) ((int)MLX5_IB_ATTR_DEVX_OBJ_QUERY_##attr == MLX5_IB_ATTR_DEVX_OBJ_MODIFY_##attr)
	_Static_assert(SAME(HANDLE) && SAME(CMD_IN) && SAME(CMD_OUT), "queries and changes differ");
	if (!mlx5dv_is_ours(context))
		return EOPNOTSUPP;
	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_DEVX_OBJ, method);
	verbs_ioctl_in_handle(&call, MLX5_IB_ATTR_DEVX_OBJ_QUERY_HANDLE, handle);
	verbs_ioctl_in(&call, MLX5_IB_ATTR_DEVX_OBJ_QUERY_CMD_IN, in, in_len);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_DEVX_OBJ_QUERY_CMD_OUT, out, out_len);
	return mlx5_devx_run(context, &call);
}

int mlx5_devx_query(const struct mlx5dv_devx_obj *obj, const void *in, size_t in_len, void *out,
		    size_t out_len)
{
	return command_on(obj->context, MLX5_IB_METHOD_DEVX_OBJ_QUERY, obj->handle, in, in_len, out,
			  out_len);
}

int mlx5_devx_destroy(struct mlx5dv_devx_obj *obj)
{
	struct verbs_ioctl call;
	int err;

	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_DESTROY);
	verbs_ioctl_in_handle(&call, MLX5_IB_ATTR_DEVX_OBJ_DESTROY_HANDLE, obj->handle);
	err = mlx5_devx_run(obj->context, &call);
	if (!err)
		free(obj);
	return err;
}

EXPORT struct mlx5dv_devx_obj *mlx5dv_devx_obj_create(struct ibv_context *context, const void *in,
						      size_t inlen, void *out, size_t outlen)
{
	return verbs_explained(mlx5_devx_create(context, in, inlen, out, outlen), __func__,
			       context);
}

EXPORT int mlx5dv_devx_obj_query(struct mlx5dv_devx_obj *obj, const void *in, size_t inlen,
				 void *out, size_t outlen)
{
	return mlx5_devx_query(obj, in, inlen, out, outlen);
}

EXPORT int mlx5dv_devx_obj_modify(struct mlx5dv_devx_obj *obj, const void *in, size_t inlen,
				  void *out, size_t outlen)
{
	return command_on(obj->context, MLX5_IB_METHOD_DEVX_OBJ_MODIFY, obj->handle, in, inlen, out,
			  outlen);
}

EXPORT int mlx5dv_devx_obj_destroy(struct mlx5dv_devx_obj *obj)
{
	return mlx5_devx_destroy(obj);
}

/* ---- objects of verbs: the kernel checks that a command is about the one that it goes with ----
 */

/* Two functions of a kind of object, whose structure has this name and handle. */
#define COMMANDS_ON(kind, type, handle)                                                            \
	EXPORT int mlx5dv_devx_##kind##_query(struct type *object, const void *in, size_t inlen,   \
					      void *out, size_t outlen)                            \
	{                                                                                          \
		return command_on(object->context, MLX5_IB_METHOD_DEVX_OBJ_QUERY, object->handle,  \
				  in, inlen, out, outlen);                                         \
	}                                                                                          \
	EXPORT int mlx5dv_devx_##kind##_modify(struct type *object, const void *in, size_t inlen,  \
					       void *out, size_t outlen)                           \
	{                                                                                          \
		return command_on(object->context, MLX5_IB_METHOD_DEVX_OBJ_MODIFY, object->handle, \
				  in, inlen, out, outlen);                                         \
	}

COMMANDS_ON(cq, ibv_cq, handle)
COMMANDS_ON(qp, ibv_qp, handle)
COMMANDS_ON(srq, ibv_srq, handle)
COMMANDS_ON(wq, ibv_wq, handle)
COMMANDS_ON(ind_tbl, ibv_rwq_ind_table, ind_tbl_handle)
