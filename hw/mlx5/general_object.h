/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * General objects: kinds that one set of commands makes, asks and changes. Offsets are those in the
 * command, whose object begins at MLX5_GENERAL_OBJECT_BYTE; in the answer to a query it begins
 * there as well. Source: ConnectX PRM, "General Object", "Encryption Key Object", "Crypto Login
 * Object".
 */
#ifndef MLX5_GENERAL_OBJECT_H
#define MLX5_GENERAL_OBJECT_H

#include "hw/field.h"

#define MLX5_OBJECT_TYPE HW_FIELD(0x04, 15, 0)
#define MLX5_OBJECT_ID	 HW_FIELD(0x08, 31, 0)
enum { MLX5_GENERAL_OBJECT_BYTE = 0x10 };

enum mlx5_object_type {
	MLX5_OBJECT_ENCRYPTION_KEY = 0x0c,
	MLX5_OBJECT_CRYPTO_LOGIN = 0x1f,
};

/* Command and answer with either object. */
enum { MLX5_CRYPTO_COMMAND_BYTES = 0x110, MLX5_OBJECT_ANSWER_BYTES = 0x10 };

/* ---- key of data ---- */
#define MLX5_DEK_STATE	 HW_FIELD(0x18, 31, 24)
#define MLX5_DEK_SIZE	 HW_FIELD(0x18, 11, 8)
#define MLX5_DEK_KEYTAG	 HW_FIELD(0x18, 7, 7)
#define MLX5_DEK_PURPOSE HW_FIELD(0x18, 3, 0)
#define MLX5_DEK_PD	 HW_FIELD(0x1c, 23, 0)
enum {
	MLX5_DEK_READY = 0,
	MLX5_DEK_ERROR = 1,
	MLX5_DEK_SIZE_128 = 0,
	MLX5_DEK_SIZE_256 = 1,
	MLX5_DEK_PURPOSE_AES_XTS = 3,
	MLX5_DEK_OPAQUE_BYTE = 0x40,
	MLX5_DEK_KEY_BYTE = 0x50,
};

/* ---- login ---- */
#define MLX5_LOGIN_STATE      HW_FIELD(0x20, 27, 24)
#define MLX5_LOGIN_CREDENTIAL HW_FIELD(0x20, 23, 0)
#define MLX5_LOGIN_IMPORT_KEK HW_FIELD(0x24, 23, 0)
enum {
	MLX5_LOGIN_VALID = 0,
	MLX5_LOGIN_INVALID = 1,
	MLX5_LOGIN_CREDENTIAL_BYTE = 0x50,
	MLX5_LOGIN_CREDENTIAL_BYTES = 48,
};

#endif
