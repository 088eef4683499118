/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Walks a send WQE in pieces of 16 bytes, which wrap at the end of the ring; each is read once. */
#ifndef SOFTHCA_MLX5_READER_H
#define SOFTHCA_MLX5_READER_H

#include "softhca/core/engine.h"
#include "softhca/mlx5/segment.h"

struct reader {
	const struct qp *qp;
	size_t ring_bytes;
	size_t position; /* of the next segment in the ring */
	unsigned int left_ds;
};

static inline void skip_ds(struct reader *reader, unsigned int count_ds)
{
	reader->position = (reader->position + (size_t)count_ds * MLX5_WQE_DS_UNITS) &
			   (reader->ring_bytes - 1);
	reader->left_ds -= count_ds;
}

static inline const uint8_t *place(const struct reader *reader, size_t position)
{
	return queue_at(&reader->qp->memory, reader->qp->sq_offset + position);
}

static inline void peek(const struct reader *reader, union segment *segment)
{
	segment_load(segment, &reader->qp->memory, reader->qp->sq_offset + reader->position);
}

static inline bool take(struct reader *reader, union segment *segment)
{
	if (!reader->left_ds)
		return false;
	peek(reader, segment);
	skip_ds(reader, 1);
	return true;
}

/* umr_decode.c: what follows the control segment of a UMR. NULL, or what is wrong with it. */
const char *reader_take_key_change(struct reader *reader, struct send_request *request);
/* tag_decode.c: the same of a change of tags. */
const char *reader_take_tag_change(struct reader *reader, struct send_request *request);

#endif
