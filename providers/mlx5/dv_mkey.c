/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory keys without memory: made free, with room for a list of other keys that a work request is
 * to put in. The number is the device's, made by its own command through DEVX.
 */
#include <errno.h>
#include <stdlib.h>

#include "hw/mlx5/command.h"
#include "hw/mlx5/context.h"

#include "devx.h"
#include "dv.h"

enum {
	CREATE_BYTES = MLX5_PAS_BYTE,
	ANSWER_BYTES = 16,
	/* A list is as long as a whole number of cache lines; an entry is 16 bytes. */
	LIST_UNITS = 4,
	CRYPTO_BSF_UNITS = 4,
};

struct mkey {
	struct mlx5dv_mkey mkey;
	struct mlx5dv_devx_obj *obj;
};

static uint32_t list_units(uint16_t entries)
{
	return (uint32_t)(entries + LIST_UNITS - 1) / LIST_UNITS * LIST_UNITS;
}

static void write_command(uint8_t *in, const struct mlx5dv_mkey_init_attr *attr)
{
	uint8_t *context = in + MLX5_CONTEXT_BYTE;

	hw_set(in, MLX5_IN_OPCODE, MLX5_CREATE_MKEY);
	hw_set(context, MLX5_MKC_FREE, 1);
	hw_set(context, MLX5_MKC_UMR_ENABLE, 1);
	hw_set(context, MLX5_MKC_LOCAL_READ, 1);
	hw_set(context, MLX5_MKC_ACCESS_MODE_1_0, MLX5_MKC_MODE_KLM);
	hw_set(context, MLX5_MKC_QPN, MLX5_MKC_QPN_ANY);
	hw_set(context, MLX5_MKC_PD, to_mlx5_pd(attr->pd)->pdn);
	hw_set(context, MLX5_MKC_TRANSLATIONS, list_units(attr->max_entries));
	hw_set(context, MLX5_MKC_REMOTE_INVAL,
	       !!(attr->create_flags & MLX5DV_MKEY_INIT_ATTR_FLAGS_REMOTE_INVALIDATE));
	if (attr->create_flags & MLX5DV_MKEY_INIT_ATTR_FLAGS_CRYPTO) {
		hw_set(context, MLX5_MKC_BSF_ENABLE, 1);
		hw_set(context, MLX5_MKC_BSF, CRYPTO_BSF_UNITS);
		hw_set(context, MLX5_MKC_CRYPTO, 1);
	}
}

/* Signatures need objects of their own, and neither they nor tags that change have requests here.
 */
static bool known(const struct mlx5dv_mkey_init_attr *attr)
{
	const uint32_t flags = MLX5DV_MKEY_INIT_ATTR_FLAGS_INDIRECT |
			       MLX5DV_MKEY_INIT_ATTR_FLAGS_CRYPTO |
			       MLX5DV_MKEY_INIT_ATTR_FLAGS_REMOTE_INVALIDATE;

	return mlx5dv_is_ours(attr->pd->context) && attr->create_flags &&
	       !(attr->create_flags & ~flags);
}

EXPORT struct mlx5dv_mkey *mlx5dv_create_mkey(struct mlx5dv_mkey_init_attr *attr)
{
	uint8_t in[CREATE_BYTES] = {}, out[ANSWER_BYTES] = {};
	struct mkey *made;

	if (!known(attr)) {
		errno = EOPNOTSUPP;
		return verbs_explained(NULL, __func__, attr->pd->context);
	}
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	write_command(in, attr);
	made->obj = mlx5_devx_create(attr->pd->context, in, sizeof(in), out, sizeof(out));
	if (!made->obj) {
		errno = mlx5_devx_errno(errno, out);
		free(made);
		return verbs_explained(NULL, __func__, attr->pd->context);
	}
	/* The low byte is the program's to choose, and was 0 in the command. */
	made->mkey.lkey = hw_get(out, MLX5_OUT_NUMBER) << 8;
	made->mkey.rkey = made->mkey.lkey;
	return &made->mkey;
}

EXPORT int mlx5dv_destroy_mkey(struct mlx5dv_mkey *mkey)
{
	struct mkey *made = (struct mkey *)mkey;
	int err = mlx5_devx_destroy(made->obj);

	if (!err)
		free(made);
	return err;
}
