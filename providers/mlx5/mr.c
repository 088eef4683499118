/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory regions. The device's part is in the kernel; there is no private data. */

#include <errno.h>
#include <stdlib.h>

#include "context.h"

static struct ibv_mr *hand_out(struct verbs_mr *mr, int err)
{
	if (!err)
		return &mr->mr;
	free(mr);
	errno = err;
	return NULL;
}

struct ibv_mr *mlx5_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
			   unsigned int access)
{
	struct verbs_mr *mr = calloc(1, sizeof(*mr));

	if (!mr)
		return NULL;
	return hand_out(mr, ibv_cmd_reg_mr(pd, addr, length, iova, access, mr, NULL));
}

struct ibv_mr *mlx5_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
				  int fd, unsigned int access)
{
	struct verbs_mr *mr = calloc(1, sizeof(*mr));

	if (!mr)
		return NULL;
	return hand_out(mr, ibv_cmd_reg_dmabuf_mr(pd, offset, length, iova, fd, access, mr));
}

/* A buffer of ours is memory of the process, so that its address alone says where it is. */
struct ibv_mr *mlx5_reg_mr_ex(struct ibv_pd *pd, struct ibv_mr_init_attr *attr)
{
	struct ibv_mr_init_attr plain = *attr;
	struct verbs_mr *mr;

	if (attr->comp_mask & IBV_REG_MR_MASK_BUF) {
		if (!(attr->comp_mask & IBV_REG_MR_MASK_ADDR) ||
		    !mlx5_buf_holds(attr->buf, attr->addr, attr->length)) {
			errno = EINVAL;
			verbs_explain("addr and length %zu are not a part of buf", attr->length);
			return NULL;
		}
		plain.comp_mask &= ~(uint64_t)IBV_REG_MR_MASK_BUF;
	}
	if (!(plain.comp_mask & ~(uint64_t)(IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_IOVA)))
		return mlx5_reg_mr(pd, plain.addr, plain.length,
				   plain.comp_mask & IBV_REG_MR_MASK_IOVA ? plain.iova
									  : (uintptr_t)plain.addr,
				   (unsigned int)plain.access);
	mr = calloc(1, sizeof(*mr));
	if (!mr)
		return NULL;
	return hand_out(mr, ibv_cmd_reg_mr_ex(pd, &plain, mr, NULL));
}

int mlx5_rereg_mr(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		  unsigned int access)
{
	return ibv_cmd_rereg_mr(to_verbs_mr(mr), (uint32_t)flags, addr, length, (uintptr_t)addr,
				access, pd, NULL);
}

/* The device has one key for all; the kernel has told it and need not be asked. */
struct ibv_mr *mlx5_alloc_null_mr(struct ibv_pd *pd)
{
	uint32_t key = to_mlx5_context(pd->context)->null_key;
	struct verbs_mr *mr;

	if (!key) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	mr = calloc(1, sizeof(*mr));
	if (!mr)
		return NULL;
	mr->type = VERBS_MR_TYPE_NULL;
	mr->mr = (struct ibv_mr){.context = pd->context, .pd = pd, .length = SIZE_MAX, .lkey = key};
	return &mr->mr;
}

int mlx5_dereg_mr(struct ibv_mr *mr)
{
	int err = 0;

	if (to_verbs_mr(mr)->type != VERBS_MR_TYPE_NULL)
		err = ibv_cmd_dereg_mr(to_verbs_mr(mr));
	if (!err)
		free(mr);
	return err;
}

struct ibv_dmah *mlx5_alloc_dmah(struct ibv_context *context, struct ibv_dmah_init_attr *attr)
{
	struct verbs_dmah *dmah = calloc(1, sizeof(*dmah));
	int err;

	if (!dmah)
		return NULL;
	err = ibv_cmd_alloc_dmah(context, attr, dmah);
	if (!err)
		return &dmah->dmah;
	free(dmah);
	errno = err;
	return NULL;
}

int mlx5_dealloc_dmah(struct ibv_dmah *dmah)
{
	int err = ibv_cmd_dealloc_dmah(to_verbs_dmah(dmah));

	if (!err)
		free(dmah);
	return err;
}
