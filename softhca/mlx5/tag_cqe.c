/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes completions that concern the tags of a shared receive queue: an ordinary CQE of a message
 * with the application's part filled in, or one of no packet.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "hw/mlx5/tag_matching.h"
#include "softhca/mlx5/entry.h"
#include "softhca/mlx5/family.h"
#include "softhca/mlx5/mlx5.h"

static const uint8_t operations[] = {
	[TAG_ADDED] = MLX5_CQE_APP_OP_TM_APPEND,
	[TAG_REMOVED] = MLX5_CQE_APP_OP_TM_REMOVE,
	[TAG_SYNCED] = MLX5_CQE_APP_OP_TM_NOOP,
	[TAG_UNTAGGED] = MLX5_CQE_APP_OP_TM_NO_TAG,
	[TAG_UNEXPECTED] = MLX5_CQE_APP_OP_TM_UNEXPECTED,
	[TAG_MATCHED] = MLX5_CQE_APP_OP_TM_CONSUMED,
	[TAG_FILLED] = MLX5_CQE_APP_OP_TM_EXPECTED,
	[TAG_MATCHED_FILLED] = MLX5_CQE_APP_OP_TM_CONSUMED_MSG,
	[TAG_MATCHED_HEADERS] = MLX5_CQE_APP_OP_TM_CONSUMED_MSG_SW_RDNV,
	[TAG_CANCELED] = MLX5_CQE_APP_OP_TM_MSG_COMPLETION_CANCELED,
};

/* Nothing has been received with it. */
static bool is_without_packet(enum tag_event event)
{
	return event <= TAG_SYNCED || event == TAG_MATCHED;
}

static bool is_change(enum tag_event event)
{
	return event <= TAG_SYNCED;
}

/* Those that begin with the header of the message. */
static bool has_header(enum tag_event event)
{
	return !is_change(event) && event != TAG_FILLED && event != TAG_CANCELED;
}

int mlx5_cqe_write_tag(struct cq *cq, const struct qp *qp, const struct completion *completion,
		       const struct tag_note *note)
{
	union entry entry = {0};
	struct mlx5_cqe64 *cqe = &entry.cqe;

	if (!entry_has_room(cq))
		return EOVERFLOW;
	mlx5_entry_describe(&entry, qp, completion);
	if (is_change(note->event)) {
		cqe->tm_cqe.success = htobe32(note->success ? MLX5_TMC_SUCCESS : 0);
		cqe->tm_cqe.hw_phase_cnt = htobe16(note->unexpected);
	} else if (has_header(note->event)) {
		memcpy(&entry, note->header, sizeof(note->header));
	}
	cqe->app = MLX5_CQE_APP_TAG_MATCHING;
	cqe->app_op = operations[note->event];
	cqe->app_info = htobe16(note->index);
	if (is_without_packet(note->event))
		cqe->op_own = mlx5_cqe_op_own(MLX5_CQE_NO_PACKET, 0, 0);
	cqe->op_own |= entry_owner(cq);
	entry_store(cq, &entry);
	return 0;
}
