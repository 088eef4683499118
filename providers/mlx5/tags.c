/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tag matching: requests that change a list of tags, and what becomes of them. See tags.h. */

#include <errno.h>

#include "builder.h"
#include "completion.h"
#include "recv.h"
#include "ring.h"
#include "tags.h"

enum { TAG_MAX_SGE = 1 };

/* ---- places ---- */

/* The last of the line is for the device to go on with. */
static bool is_full(const struct mlx5_tags *tags)
{
	return tags->tail - tags->head < 2;
}

static uint16_t next_place(const struct mlx5_tags *tags)
{
	return tags->line[tags->head & tags->mask];
}

static void free_place(struct mlx5_tags *tags, uint16_t place)
{
	tags->tags[place].state = MLX5_TAG_FREE;
	tags->line[tags->tail++ & tags->mask] = place;
}

/* ---- requests ---- */

/* All of them fit a basic block, which no other request shares: it is counted as they are. */
static struct mlx5_wqe_tm_seg *write_request(struct mlx5_tags *tags, struct mlx5_wqe *wqe,
					     const struct ibv_ops_wr *wr, uint8_t opcode,
					     uint8_t wc_opcode, uint32_t place)
{
	struct mlx5_sq *sq = &tags->qp->sq;
	struct mlx5_wqe_tm_seg *seg;

	tags->named[sq->head & sq->mask] = (uint16_t)place;
	mlx5_wqe_begin(sq, wqe, MLX5_OPCODE_TAG_MATCHING, wc_opcode, 0, 0, wr->wr_id);
	seg = (void *)wqe->seg;
	memset(seg, 0, sizeof(*seg));
	seg->opcode = (uint8_t)(opcode << MLX5_TM_OPCODE_SHIFT);
	if (wr->flags & IBV_OPS_SIGNALED)
		seg->flags |= MLX5_TM_CQE_REQ;
	if (wr->flags & IBV_OPS_TM_SYNC) {
		seg->flags |= MLX5_TM_SW_CNT;
		seg->sw_cnt = htobe16((uint16_t)wr->tm.unexpected_cnt);
		tags->reported = (uint16_t)wr->tm.unexpected_cnt;
	}
	mlx5_wqe_skip(wqe, sizeof(*seg));
	return seg;
}

/* As receives do, a tag without memory ends with the invalid key. */
static void write_receive(struct mlx5_wqe *wqe, const struct ibv_ops_wr *wr)
{
	const struct ibv_recv_wr recv = {
		.sg_list = wr->tm.add.sg_list,
		.num_sge = wr->tm.add.num_sge,
	};

	mlx5_write_scatter((void *)wqe->seg, TAG_MAX_SGE, &recv);
	mlx5_wqe_skip(wqe, sizeof(struct mlx5_wqe_data_seg));
}

static int add(struct mlx5_tags *tags, struct mlx5_wqe *wqe, struct ibv_ops_wr *wr)
{
	uint16_t place = next_place(tags);
	struct mlx5_wqe_tm_seg *seg;

	if (wr->tm.add.num_sge < 0 || wr->tm.add.num_sge > TAG_MAX_SGE)
		return EINVAL;
	if (is_full(tags))
		return ENOMEM;
	seg = write_request(tags, wqe, wr, MLX5_TM_OPCODE_APPEND, IBV_WC_TM_ADD, place);
	write_receive(wqe, wr);
	tags->head++;
	tags->tags[place] = (struct mlx5_tag){
		.recv_wr_id = wr->tm.add.recv_wr_id,
		.reported = tags->reported,
		.state = MLX5_TAG_LISTED,
	};
	seg->index = htobe16(next_place(tags));
	seg->append_tag = htobe64(wr->tm.add.tag);
	seg->append_mask = htobe64(wr->tm.add.mask);
	wr->tm.handle = place;
	return 0;
}

/* A place that has no tag any more is the device's to judge: a match may have been faster. */
static int remove_tag(struct mlx5_tags *tags, struct mlx5_wqe *wqe, const struct ibv_ops_wr *wr)
{
	uint32_t place = wr->tm.handle;
	struct mlx5_wqe_tm_seg *seg;

	if (place >= tags->places)
		return EINVAL;
	seg = write_request(tags, wqe, wr, MLX5_TM_OPCODE_REMOVE, IBV_WC_TM_DEL, place);
	seg->index = htobe16((uint16_t)place);
	if (tags->tags[place].state == MLX5_TAG_LISTED) {
		tags->tags[place].state = MLX5_TAG_REMOVING;
		tags->tags[place].remover = tags->qp->sq.head;
	}
	return 0;
}

static int build(struct mlx5_tags *tags, struct mlx5_wqe *wqe, struct ibv_ops_wr *wr)
{
	switch (wr->opcode) {
	case IBV_WR_TAG_ADD:
		return add(tags, wqe, wr);
	case IBV_WR_TAG_DEL:
		return remove_tag(tags, wqe, wr);
	case IBV_WR_TAG_SYNC:
		write_request(tags, wqe, wr, MLX5_TM_OPCODE_NOP, IBV_WC_TM_SYNC, 0);
		return 0;
	default:
		return EINVAL;
	}
}

static int post_one(struct mlx5_tags *tags, struct ibv_ops_wr *wr, struct mlx5_wqe *wqe)
{
	struct mlx5_sq *sq = &tags->qp->sq;
	int err;

	if (mlx5_sq_full(sq))
		return mlx5_sq_full_error(sq);
	err = build(tags, wqe, wr);
	if (err)
		return err;
	mlx5_wqe_finish(sq, wqe);
	return 0;
}

static COLD int explain(const struct mlx5_tags *tags, const struct ibv_ops_wr *wr, int err)
{
	return verbs_explain_ops(err, wr, tags ? tags->places - 1 : 0,
				 tags ? tags->qp->sq.max_wr : 0);
}

int mlx5_post_srq_ops(struct ibv_srq *ibv_srq, struct ibv_ops_wr *wr, struct ibv_ops_wr **bad_wr)
{
	struct mlx5_srq *srq = to_mlx5_srq(ibv_srq);
	struct mlx5_tags *tags = srq->tags;
	uint32_t start_pi, start_head;
	struct mlx5_wqe wqe;
	int err = 0;

	if (!tags) {
		*bad_wr = wr;
		return explain(tags, wr, EINVAL);
	}
	mlx5_lock(&srq->lock);
	start_pi = tags->qp->sq.pi;
	start_head = tags->qp->sq.head;
	for (; wr; wr = wr->next) {
		err = post_one(tags, wr, &wqe);
		if (err) {
			*bad_wr = wr;
			explain(tags, wr, err);
			break;
		}
	}
	if (tags->qp->sq.head != start_head)
		mlx5_sq_ring(&tags->qp->sq, wqe.ctrl, start_pi, start_head);
	mlx5_unlock(&srq->lock);
	return err;
}

/* ---- completions ---- */

/*
 * Requests up to this one have been carried out, also those that did not ask to be told. A tag that
 * a message had found before it was removed has been told as matched before.
 */
static void settle(struct mlx5_tags *tags, uint32_t last)
{
	const struct mlx5_sq *sq = &tags->qp->sq;

	for (; (int32_t)(tags->settled - last) <= 0; tags->settled++) {
		uint32_t position = tags->settled & sq->mask;
		const struct mlx5_tag *tag = &tags->tags[tags->named[position]];

		if (sq->slots[position].wc_opcode == IBV_WC_TM_DEL &&
		    tag->state == MLX5_TAG_REMOVING && tag->remover == tags->settled)
			free_place(tags, tags->named[position]);
	}
}

static void complete_request(struct mlx5_tags *tags, const struct mlx5_cqe64 *cqe,
			     struct mlx5_tag_completion *completion)
{
	struct mlx5_sq *sq = &tags->qp->sq;
	uint32_t position = be16toh(cqe->wqe_counter) & sq->mask;
	const struct mlx5_sq_slot *slot = &sq->slots[position];
	const struct mlx5_tag *tag = &tags->tags[tags->named[position]];

	settle(tags, slot->number);
	completion->wr_id = slot->wr_id;
	completion->opcode = (uint8_t)slot->wc_opcode;
	if (!(be32toh(cqe->tm_cqe.success) & MLX5_TMC_SUCCESS))
		completion->status = IBV_WC_TM_ERR;
	if (slot->wc_opcode != IBV_WC_TM_SYNC && be16toh(cqe->tm_cqe.hw_phase_cnt) != tag->reported)
		completion->wc_flags = IBV_WC_TM_SYNC_REQ;
	atomic_store_explicit(&sq->tail, slot->number + 1, memory_order_release);
}

/* 0, or EIO for a place that has no tag. */
static int complete_match(struct mlx5_tags *tags, const struct mlx5_cqe64 *cqe, bool ends,
			  struct mlx5_tag_completion *completion)
{
	uint16_t place = be16toh(cqe->app_info);

	if (place >= tags->places || tags->tags[place].state == MLX5_TAG_FREE)
		return EIO;
	completion->wr_id = tags->tags[place].recv_wr_id;
	if (ends)
		free_place(tags, place);
	else
		tags->tags[place].state = MLX5_TAG_MATCHED;
	return 0;
}

static int complete_of_list(struct mlx5_tags *tags, const struct mlx5_cqe64 *cqe,
			    struct mlx5_tag_completion *completion)
{
	switch (cqe->app_op) {
	case MLX5_CQE_APP_OP_TM_APPEND:
	case MLX5_CQE_APP_OP_TM_REMOVE:
	case MLX5_CQE_APP_OP_TM_NOOP:
		complete_request(tags, cqe, completion);
		return 0;
	case MLX5_CQE_APP_OP_TM_CONSUMED:
		completion->wc_flags = IBV_WC_TM_MATCH;
		return complete_match(tags, cqe, false, completion);
	case MLX5_CQE_APP_OP_TM_EXPECTED:
		completion->wc_flags = IBV_WC_TM_DATA_VALID;
		return complete_match(tags, cqe, true, completion);
	case MLX5_CQE_APP_OP_TM_CONSUMED_MSG:
		completion->wc_flags = IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID;
		return complete_match(tags, cqe, true, completion);
	case MLX5_CQE_APP_OP_TM_CONSUMED_SW_RDNV:
	case MLX5_CQE_APP_OP_TM_CONSUMED_MSG_SW_RDNV:
		completion->status = IBV_WC_TM_RNDV_INCOMPLETE;
		completion->wc_flags = IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID;
		return complete_match(tags, cqe, true, completion);
	case MLX5_CQE_APP_OP_TM_MSG_COMPLETION_CANCELED:
		completion->status = IBV_WC_TM_RNDV_INCOMPLETE;
		return complete_match(tags, cqe, true, completion);
	default:
		return EIO;
	}
}

int mlx5_tags_complete(struct mlx5_srq *srq, const struct mlx5_cqe64 *cqe,
		       struct mlx5_tag_completion *completion)
{
	bool untagged = cqe->app_op == MLX5_CQE_APP_OP_TM_NO_TAG;
	int err;

	if (!srq->tags)
		return EIO;
	*completion = (struct mlx5_tag_completion){
		.status = IBV_WC_SUCCESS,
		.opcode = untagged ? IBV_WC_TM_NO_TAG : IBV_WC_TM_RECV,
	};
	if (untagged || cqe->app_op == MLX5_CQE_APP_OP_TM_UNEXPECTED) {
		completion->wr_id = mlx5_complete_srq(srq, cqe);
		return 0;
	}
	mlx5_lock(&srq->lock);
	err = complete_of_list(srq->tags, cqe, completion);
	mlx5_unlock(&srq->lock);
	return err;
}
