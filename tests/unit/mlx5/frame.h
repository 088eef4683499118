/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A raw packet QP on the bench, by what a device asks for of each frame, and a frame to send. */
#ifndef TEST_MLX5_FRAME_H
#define TEST_MLX5_FRAME_H

#include "bench.h"

enum { TSO_HEADER = 64 };

extern char frame_bytes[256];

/* Set-ups. Bytes of each frame in the request: none; 18; 18, by a kernel that does not say; and a
 * device without a QP. */
int frame_open_free(void **state);
int frame_open_l2(void **state);
int frame_open_old(void **state);
int frame_open_none(void **state);
int frame_close(void **state);

/* The bench's QP is one for frames: 0 or errno. */
int frame_create(uint32_t comp_mask, uint16_t max_tso_header);

/* A piece of the frame, as a memory region at the same address has it. */
struct ibv_sge frame_piece(size_t at, uint32_t length);

#endif
