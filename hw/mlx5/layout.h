/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Literal size and offset checks of the mlx5 formats. The numbers stand beside the structs they
 * check, as the device documents them. A build that defines MLX5_LAYOUT_UNCHECKED leaves them out,
 * so that a test can move a field on purpose and see which witness notices.
 */
#ifndef MLX5_LAYOUT_H
#define MLX5_LAYOUT_H

#include <stddef.h>

#ifdef MLX5_LAYOUT_UNCHECKED
#define MLX5_LAYOUT_ASSERT(condition, what)
#elif defined(__cplusplus)
#define MLX5_LAYOUT_ASSERT(condition, what) static_assert(condition, what);
#else
#define MLX5_LAYOUT_ASSERT(condition, what) _Static_assert(condition, what);
#endif

#define MLX5_SIZE(type, bytes) MLX5_LAYOUT_ASSERT(sizeof(type) == (bytes), #type " is " #bytes)
#define MLX5_OFFSET(type, field, byte)                                                             \
	MLX5_LAYOUT_ASSERT(offsetof(type, field) == (byte), #type "." #field " at " #byte)

#endif
