/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A request that changes the tags of a shared receive queue: the control segment is followed by the
 * tag matching segment, and by the receive of a tag that is added.
 */
#include <string.h>

#include "hw/mlx5/tag_matching.h"
#include "softhca/core/engine.h"
#include "softhca/mlx5/reader.h"

/* The second half holds the tag. */
union tag_segment {
	union segment segments[2];
	struct mlx5_wqe_tm_seg tm;
};

static const char *read_operation(uint8_t opcode, struct tag_change *change)
{
	switch (opcode >> MLX5_TM_OPCODE_SHIFT) {
	case MLX5_TM_OPCODE_NOP:
		change->operation = TAGS_SYNC;
		return NULL;
	case MLX5_TM_OPCODE_APPEND:
		change->operation = TAGS_ADD;
		return NULL;
	case MLX5_TM_OPCODE_REMOVE:
		change->operation = TAGS_REMOVE;
		return NULL;
	default:
		return "no such operation on tags";
	}
}

/* As of other receives the list ends with the invalid key. */
static const char *take_receive(struct reader *reader, struct send_request *request)
{
	while (reader->left_ds) {
		struct sge *sge = &request->sge[request->num_sge];
		union segment segment;

		if (request->num_sge == TAGS_MAX_SGE)
			return "more elements than a tagged receive has";
		if (!take(reader, &segment) || be32toh(segment.data.lkey) == MLX5_INVALID_LKEY)
			break;
		*sge = (struct sge){
			.address = be64toh(segment.data.addr),
			.length = segment_data_length(&segment.data),
			.lkey = be32toh(segment.data.lkey),
		};
		if (sge->length > SEGMENT_MAX_BYTES)
			return "inline data to receive into";
		request->length += sge->length;
		request->num_sge++;
	}
	return NULL;
}

static bool has_reserved_bits(const struct mlx5_wqe_tm_seg *tm)
{
	static const struct mlx5_wqe_tm_seg none;

	return tm->opcode & ((1 << MLX5_TM_OPCODE_SHIFT) - 1) ||
	       tm->flags & ~(MLX5_TM_CQE_REQ | MLX5_TM_SW_CNT) ||
	       memcmp(tm->rsvd0, none.rsvd0, sizeof(none.rsvd0)) ||
	       memcmp(tm->rsvd1, none.rsvd1, sizeof(none.rsvd1));
}

const char *reader_take_tag_change(struct reader *reader, struct send_request *request)
{
	struct tag_change *change = &request->tags;
	union tag_segment from;
	const char *wrong;

	if (!take(reader, &from.segments[0]) || !take(reader, &from.segments[1]))
		return "tag matching segment cut short";
	if (reader->qp->hca->engine->strict && has_reserved_bits(&from.tm))
		return "reserved bits of a tag matching segment";
	*change = (struct tag_change){
		.index = be16toh(from.tm.index),
		.handled = be16toh(from.tm.sw_cnt),
		.reports = from.tm.flags & MLX5_TM_SW_CNT,
		.asks = from.tm.flags & MLX5_TM_CQE_REQ,
		.value = be64toh(from.tm.append_tag),
		.mask = be64toh(from.tm.append_mask),
	};
	wrong = read_operation(from.tm.opcode, change);
	return wrong || change->operation != TAGS_ADD ? wrong : take_receive(reader, request);
}
