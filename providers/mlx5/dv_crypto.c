/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Logins and keys of data for devices that encrypt what they send: general objects, made through
 * DEVX. The old interface has one login a context, the newer one has objects.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "hw/mlx5/command.h"
#include "hw/mlx5/general_object.h"

#include "devx.h"
#include "dv.h"

/* A login is its object, a key as well. */
struct mlx5dv_crypto_login_obj {
	struct mlx5dv_devx_obj obj;
};

struct mlx5dv_dek {
	struct mlx5dv_devx_obj obj;
};

static struct mlx5dv_devx_obj *create(struct ibv_context *context, enum mlx5_object_type type,
				      uint8_t in[MLX5_CRYPTO_COMMAND_BYTES])
{
	uint8_t out[MLX5_OBJECT_ANSWER_BYTES] = {};
	struct mlx5dv_devx_obj *obj;

	hw_set(in, MLX5_IN_OPCODE, MLX5_CREATE_GENERAL_OBJECT);
	hw_set(in, MLX5_OBJECT_TYPE, type);
	obj = mlx5_devx_create(context, in, MLX5_CRYPTO_COMMAND_BYTES, out, sizeof(out));
	if (obj)
		obj->number = hw_get(out, MLX5_OBJECT_ID);
	else
		errno = mlx5_devx_errno(errno, out);
	/* It holds credentials and keys. */
	explicit_bzero(in, MLX5_CRYPTO_COMMAND_BYTES);
	return obj;
}

static int query(const struct mlx5dv_devx_obj *obj, enum mlx5_object_type type,
		 uint8_t out[MLX5_CRYPTO_COMMAND_BYTES])
{
	uint8_t in[MLX5_GENERAL_OBJECT_BYTE] = {};

	hw_set(in, MLX5_IN_OPCODE, MLX5_QUERY_GENERAL_OBJECT);
	hw_set(in, MLX5_OBJECT_TYPE, type);
	hw_set(in, MLX5_OBJECT_ID, obj->number);
	return mlx5_devx_errno(mlx5_devx_query(obj, in, sizeof(in), out, MLX5_CRYPTO_COMMAND_BYTES),
			       out);
}

/* ---- logins ---- */

static struct mlx5dv_devx_obj *log_in(struct ibv_context *context, uint32_t credential_id,
				      uint32_t import_kek_id, const void *credential, size_t len)
{
	uint8_t in[MLX5_CRYPTO_COMMAND_BYTES] = {};

	if (len > MLX5_LOGIN_CREDENTIAL_BYTES || credential_id >> 24 || import_kek_id >> 24) {
		errno = EINVAL;
		return NULL;
	}
	hw_set(in, MLX5_LOGIN_CREDENTIAL, credential_id);
	hw_set(in, MLX5_LOGIN_IMPORT_KEK, import_kek_id);
	memcpy(in + MLX5_LOGIN_CREDENTIAL_BYTE, credential, len);
	return create(context, MLX5_OBJECT_CRYPTO_LOGIN, in);
}

static int login_state(const struct mlx5dv_devx_obj *login, enum mlx5dv_crypto_login_state *state)
{
	uint8_t out[MLX5_CRYPTO_COMMAND_BYTES] = {};
	int err = query(login, MLX5_OBJECT_CRYPTO_LOGIN, out);

	if (err)
		return err;
	switch (hw_get(out, MLX5_LOGIN_STATE)) {
	case MLX5_LOGIN_VALID:
		*state = MLX5DV_CRYPTO_LOGIN_STATE_VALID;
		return 0;
	case MLX5_LOGIN_INVALID:
		*state = MLX5DV_CRYPTO_LOGIN_STATE_INVALID;
		return 0;
	}
	return EINVAL;
}

/* Of the one login that a context may have. */
static pthread_mutex_t login_lock = PTHREAD_MUTEX_INITIALIZER;

static int log_in_context(struct ibv_context *context, const struct mlx5dv_crypto_login_attr *attr)
{
	struct mlx5_context *ours = to_mlx5_context(context);

	if (ours->login)
		return EEXIST;
	ours->login = log_in(context, attr->credential_id, attr->import_kek_id, attr->credential,
			     sizeof(attr->credential));
	return ours->login ? 0 : errno;
}

EXPORT int mlx5dv_crypto_login(struct ibv_context *context, struct mlx5dv_crypto_login_attr *attr)
{
	int err;

	if (!mlx5dv_is_ours(context))
		return EOPNOTSUPP;
	if (attr->comp_mask)
		return EINVAL;
	pthread_mutex_lock(&login_lock);
	err = log_in_context(context, attr);
	pthread_mutex_unlock(&login_lock);
	return err;
}

EXPORT int mlx5dv_crypto_login_query_state(struct ibv_context *context,
					   enum mlx5dv_crypto_login_state *state)
{
	struct mlx5dv_devx_obj *login;
	int err = 0;

	if (!mlx5dv_is_ours(context))
		return EOPNOTSUPP;
	pthread_mutex_lock(&login_lock);
	login = to_mlx5_context(context)->login;
	if (login)
		err = login_state(login, state);
	else
		*state = MLX5DV_CRYPTO_LOGIN_STATE_NO_LOGIN;
	pthread_mutex_unlock(&login_lock);
	return err;
}

EXPORT int mlx5dv_crypto_logout(struct ibv_context *context)
{
	struct mlx5_context *ours = to_mlx5_context(context);
	int err = ENOENT;

	if (!mlx5dv_is_ours(context))
		return EOPNOTSUPP;
	pthread_mutex_lock(&login_lock);
	if (ours->login)
		err = mlx5_devx_destroy(ours->login);
	if (!err)
		ours->login = NULL;
	pthread_mutex_unlock(&login_lock);
	return err;
}

EXPORT struct mlx5dv_crypto_login_obj *mlx5dv_crypto_login_create(
	struct ibv_context *context, struct mlx5dv_crypto_login_attr_ex *attr)
{
	struct mlx5dv_devx_obj *login = NULL;

	if (!mlx5dv_is_ours(context))
		errno = EOPNOTSUPP;
	else if (attr->comp_mask)
		errno = EINVAL;
	else
		login = log_in(context, attr->credential_id, attr->import_kek_id, attr->credential,
			       attr->credential_len);
	return verbs_explained(login, __func__, context);
}

EXPORT int mlx5dv_crypto_login_query(struct mlx5dv_crypto_login_obj *login,
				     struct mlx5dv_crypto_login_query_attr *attr)
{
	return attr->comp_mask ? EINVAL : login_state(&login->obj, &attr->state);
}

EXPORT int mlx5dv_crypto_login_destroy(struct mlx5dv_crypto_login_obj *login)
{
	return mlx5_devx_destroy(&login->obj);
}

/* ---- keys ---- */

static bool logged_in(struct ibv_context *context, const struct mlx5dv_dek_init_attr *attr)
{
	bool yes;

	if (attr->comp_mask & MLX5DV_DEK_INIT_ATTR_CRYPTO_LOGIN)
		return attr->crypto_login;
	pthread_mutex_lock(&login_lock);
	yes = to_mlx5_context(context)->login;
	pthread_mutex_unlock(&login_lock);
	return yes;
}

static int check_key(struct ibv_context *context, const struct mlx5dv_dek_init_attr *attr)
{
	if (!mlx5dv_is_ours(context))
		return EOPNOTSUPP;
	if (attr->comp_mask & ~(uint64_t)MLX5DV_DEK_INIT_ATTR_CRYPTO_LOGIN ||
	    attr->key_purpose != MLX5DV_CRYPTO_KEY_PURPOSE_AES_XTS ||
	    attr->key_size > MLX5DV_CRYPTO_KEY_SIZE_256 || attr->pd->context != context)
		return EINVAL;
	return logged_in(context, attr) ? 0 : EINVAL;
}

EXPORT struct mlx5dv_dek *mlx5dv_dek_create(struct ibv_context *context,
					    struct mlx5dv_dek_init_attr *attr)
{
	uint8_t in[MLX5_CRYPTO_COMMAND_BYTES] = {};
	int err = check_key(context, attr);

	if (err) {
		errno = err;
		return verbs_explained(NULL, __func__, context);
	}
	hw_set(in, MLX5_DEK_SIZE,
	       attr->key_size == MLX5DV_CRYPTO_KEY_SIZE_256 ? MLX5_DEK_SIZE_256
							    : MLX5_DEK_SIZE_128);
	hw_set(in, MLX5_DEK_KEYTAG, attr->has_keytag);
	hw_set(in, MLX5_DEK_PURPOSE, MLX5_DEK_PURPOSE_AES_XTS);
	hw_set(in, MLX5_DEK_PD, to_mlx5_pd(attr->pd)->pdn);
	memcpy(in + MLX5_DEK_OPAQUE_BYTE, attr->opaque, sizeof(attr->opaque));
	memcpy(in + MLX5_DEK_KEY_BYTE, attr->key, sizeof(attr->key));
	return verbs_explained(create(context, MLX5_OBJECT_ENCRYPTION_KEY, in), __func__, context);
}

EXPORT int mlx5dv_dek_query(struct mlx5dv_dek *dek, struct mlx5dv_dek_attr *attr)
{
	uint8_t out[MLX5_CRYPTO_COMMAND_BYTES] = {};
	int err;

	if (attr->comp_mask)
		return EINVAL;
	err = query(&dek->obj, MLX5_OBJECT_ENCRYPTION_KEY, out);
	if (err)
		return err;
	switch (hw_get(out, MLX5_DEK_STATE)) {
	case MLX5_DEK_READY:
		attr->state = MLX5DV_DEK_STATE_READY;
		break;
	case MLX5_DEK_ERROR:
		attr->state = MLX5DV_DEK_STATE_ERROR;
		break;
	default:
		return EINVAL;
	}
	memcpy(attr->opaque, out + MLX5_DEK_OPAQUE_BYTE, sizeof(attr->opaque));
	return 0;
}

EXPORT int mlx5dv_dek_destroy(struct mlx5dv_dek *dek)
{
	return mlx5_devx_destroy(&dek->obj);
}
