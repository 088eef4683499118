/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What objects of DEVX are made of: memory of the program that has a number on the device, register
 * pages, pages of virtio's doorbells, entries of the table of packet pacing.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "hw/mlx5/doorbell.h"

#include "devx.h"
#include "dv.h"

static void *give_up(void *made, int err)
{
	free(made);
	errno = err;
	return NULL;
}

static int destroy(struct ibv_context *context, uint16_t object, uint16_t method, uint16_t attr,
		   uint32_t handle)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, object, method);
	verbs_ioctl_in_handle(&call, attr, handle);
	return mlx5_devx_run(context, &call);
}

/* ---- memory ---- */

struct umem {
	struct mlx5dv_devx_umem umem;
	struct ibv_context *context;
	uint32_t handle;
	void *addr; /* kept from forked children, or NULL */
	size_t size;
};

/*
 * The bitmap has the sizes of pages in which the device may see the memory; must: a kernel that
 * does not know of them has to refuse.
 */
static int register_umem(struct umem *made, const struct mlx5dv_devx_umem_in *in, bool must)
{
	struct verbs_ioctl call;
	unsigned int handle;
	int err;

	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_DEVX_UMEM, MLX5_IB_METHOD_DEVX_UMEM_REG);
	handle = verbs_ioctl_new_handle(&call, MLX5_IB_ATTR_DEVX_UMEM_REG_HANDLE);
	verbs_ioctl_in_u64(&call, MLX5_IB_ATTR_DEVX_UMEM_REG_ADDR, (uintptr_t)in->addr);
	verbs_ioctl_in_u64(&call, MLX5_IB_ATTR_DEVX_UMEM_REG_LEN, in->size);
	verbs_ioctl_in_u32(&call, MLX5_IB_ATTR_DEVX_UMEM_REG_ACCESS, in->access);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_DEVX_UMEM_REG_OUT_ID, &made->umem.umem_id,
			sizeof(made->umem.umem_id));
	verbs_ioctl_in_u64(&call, MLX5_IB_ATTR_DEVX_UMEM_REG_PGSZ_BITMAP, in->pgsz_bitmap);
	if (!must)
		verbs_ioctl_optional(&call);
	if (in->comp_mask & MLX5DV_UMEM_MASK_DMABUF)
		verbs_ioctl_in_fd(&call, MLX5_IB_ATTR_DEVX_UMEM_REG_DMABUF_FD, in->dmabuf_fd);
	err = mlx5_devx_run(made->context, &call);
	if (!err)
		made->handle = verbs_ioctl_u32(&call, handle);
	return err;
}

static struct mlx5dv_devx_umem *make_umem(struct ibv_context *context,
					  const struct mlx5dv_devx_umem_in *in, bool must)
{
	struct umem *made;
	int err;

	if (!mlx5dv_is_ours(context) || in->comp_mask & ~(uint64_t)MLX5DV_UMEM_MASK_DMABUF)
		return give_up(NULL, EOPNOTSUPP);
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->context = context;
	if (!(in->comp_mask & MLX5DV_UMEM_MASK_DMABUF)) {
		err = ibv_dontfork_range(in->addr, in->size);
		if (err)
			return give_up(made, err);
		made->addr = in->addr;
		made->size = in->size;
	}
	err = register_umem(made, in, must);
	if (!err)
		return &made->umem;
	if (made->addr)
		ibv_dofork_range(made->addr, made->size);
	return give_up(made, err);
}

EXPORT struct mlx5dv_devx_umem *mlx5dv_devx_umem_reg(struct ibv_context *context, void *addr,
						     size_t size, uint32_t access)
{
	struct mlx5dv_devx_umem_in in = {
		.addr = addr,
		.size = size,
		.access = access,
		.pgsz_bitmap = ~((uint64_t)sysconf(_SC_PAGESIZE) - 1),
	};

	return verbs_explained(make_umem(context, &in, false), __func__, context);
}

EXPORT struct mlx5dv_devx_umem *mlx5dv_devx_umem_reg_ex(struct ibv_context *context,
							struct mlx5dv_devx_umem_in *umem_in)
{
	return verbs_explained(make_umem(context, umem_in, true), __func__, context);
}

EXPORT int mlx5dv_devx_umem_dereg(struct mlx5dv_devx_umem *umem)
{
	struct umem *made = (struct umem *)umem;
	int err = destroy(made->context, MLX5_IB_OBJECT_DEVX_UMEM, MLX5_IB_METHOD_DEVX_UMEM_DEREG,
			  MLX5_IB_ATTR_DEVX_UMEM_DEREG_HANDLE, made->handle);

	if (err)
		return err;
	if (made->addr)
		ibv_dofork_range(made->addr, made->size);
	free(made);
	return 0;
}

/* ---- register pages ---- */

struct devx_uar {
	struct mlx5dv_devx_uar shown;
	struct mlx5_context *context;
	struct mlx5_uar uar;
};

/* Each is a page of its own; the kernel has them as long as the device has room. */
EXPORT struct mlx5dv_devx_uar *mlx5dv_devx_alloc_uar(struct ibv_context *context, uint32_t flags)
{
	enum mlx5_ib_uapi_uar_alloc_type type = flags == MLX5DV_UAR_ALLOC_TYPE_BF
							? MLX5_IB_UAPI_UAR_ALLOC_TYPE_BF
							: MLX5_IB_UAPI_UAR_ALLOC_TYPE_NC;
	struct devx_uar *made;
	int err;

	if (!mlx5dv_is_ours(context) ||
	    (flags != MLX5DV_UAR_ALLOC_TYPE_BF && flags != MLX5DV_UAR_ALLOC_TYPE_NC &&
	     flags != MLX5DV_UAR_ALLOC_TYPE_NC_DEDICATED))
		return verbs_explained(give_up(NULL, EOPNOTSUPP), __func__, context);
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->context = to_mlx5_context(context);
	err = mlx5_uar_alloc(made->context, type, &made->uar);
	if (err)
		return verbs_explained(give_up(made, err == EPROTONOSUPPORT ? EOPNOTSUPP : err),
				       __func__, context);
	made->shown.base_addr = made->uar.page;
	made->shown.reg_addr = made->uar.page + MLX5_BF_OFFSET;
	made->shown.page_id = made->uar.page_id;
	made->shown.mmap_off = made->uar.mmap_offset;
	return &made->shown;
}

EXPORT void mlx5dv_devx_free_uar(struct mlx5dv_devx_uar *uar)
{
	struct devx_uar *made = (struct devx_uar *)uar;

	mlx5_uar_free(made->context, &made->uar);
	free(made);
}

/* ---- doorbells of virtio ---- */

struct var {
	struct mlx5dv_var var;
	struct ibv_context *context;
	uint32_t handle;
};

static int alloc_var(struct var *made, uint32_t flags)
{
	struct verbs_ioctl call;
	unsigned int handle;
	uint64_t offset;
	int err;

	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_VAR, MLX5_IB_METHOD_VAR_OBJ_ALLOC);
	handle = verbs_ioctl_new_handle(&call, MLX5_IB_ATTR_VAR_OBJ_ALLOC_HANDLE);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_VAR_OBJ_ALLOC_MMAP_OFFSET, &offset, sizeof(offset));
	verbs_ioctl_out(&call, MLX5_IB_ATTR_VAR_OBJ_ALLOC_MMAP_LENGTH, &made->var.length,
			sizeof(made->var.length));
	verbs_ioctl_out(&call, MLX5_IB_ATTR_VAR_OBJ_ALLOC_PAGE_ID, &made->var.page_id,
			sizeof(made->var.page_id));
	verbs_ioctl_in_flags(&call, MLX5_IB_ATTR_VAR_OBJ_ALLOC_FLAGS, flags);
	err = mlx5_devx_run(made->context, &call);
	if (err)
		return err;
	made->handle = verbs_ioctl_u32(&call, handle);
	made->var.mmap_off = (off_t)offset;
	return 0;
}

/* The program maps it itself, at mmap_off of the device's descriptor. */
EXPORT struct mlx5dv_var *mlx5dv_alloc_var(struct ibv_context *context, uint32_t flags)
{
	struct var *made;
	int err;

	if (!mlx5dv_is_ours(context) || flags & ~(uint32_t)MLX5DV_VAR_ALLOC_FLAG_TLP)
		return verbs_explained(give_up(NULL, EOPNOTSUPP), __func__, context);
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->context = context;
	err = alloc_var(made, flags);
	return verbs_explained(err ? give_up(made, err) : &made->var, __func__, context);
}

EXPORT void mlx5dv_free_var(struct mlx5dv_var *var)
{
	struct var *made = (struct var *)var;

	if (!destroy(made->context, MLX5_IB_OBJECT_VAR, MLX5_IB_METHOD_VAR_OBJ_DESTROY,
		     MLX5_IB_ATTR_VAR_OBJ_DESTROY_HANDLE, made->handle))
		free(made);
}

/* ---- packet pacing ---- */

struct pp {
	struct mlx5dv_pp pp;
	struct ibv_context *context;
	uint32_t handle;
};

static int alloc_pp(struct pp *made, const void *pp_context, size_t bytes, uint32_t flags)
{
	struct verbs_ioctl call;
	unsigned int handle;
	int err;

	verbs_ioctl_begin(&call, MLX5_IB_OBJECT_PP, MLX5_IB_METHOD_PP_OBJ_ALLOC);
	handle = verbs_ioctl_new_handle(&call, MLX5_IB_ATTR_PP_OBJ_ALLOC_HANDLE);
	verbs_ioctl_in(&call, MLX5_IB_ATTR_PP_OBJ_ALLOC_CTX, pp_context, bytes);
	verbs_ioctl_in_u64(&call, MLX5_IB_ATTR_PP_OBJ_ALLOC_FLAGS, flags);
	verbs_ioctl_out(&call, MLX5_IB_ATTR_PP_OBJ_ALLOC_INDEX, &made->pp.index,
			sizeof(made->pp.index));
	err = mlx5_devx_run(made->context, &call);
	if (!err)
		made->handle = verbs_ioctl_u32(&call, handle);
	return err;
}

EXPORT struct mlx5dv_pp *mlx5dv_pp_alloc(struct ibv_context *context, size_t pp_context_sz,
					 const void *pp_context, uint32_t flags)
{
	struct pp *made;
	int err;

	if (!mlx5dv_is_ours(context))
		return verbs_explained(give_up(NULL, EOPNOTSUPP), __func__, context);
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->context = context;
	err = alloc_pp(made, pp_context, pp_context_sz, flags);
	return verbs_explained(err ? give_up(made, err) : &made->pp, __func__, context);
}

EXPORT void mlx5dv_pp_free(struct mlx5dv_pp *pp)
{
	struct pp *made = (struct pp *)pp;

	if (!destroy(made->context, MLX5_IB_OBJECT_PP, MLX5_IB_METHOD_PP_OBJ_DESTROY,
		     MLX5_IB_ATTR_PP_OBJ_DESTROY_HANDLE, made->handle))
		free(made);
}
