/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ibv_wr_ functions of raw packet QPs, where they differ from those of send_ex.c. */

#include "batch.h"
#include "frame.h"

/* With a header in the segment, that is what the request needs before it is complete. */
static void wr_send(struct ibv_qp_ex *ex)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(ex)->sq;
	uint8_t cs_flags;

	if (!mlx5_batch_open(ex, IBV_WR_SEND, 0))
		return;
	if (mlx5_frame_checksums(sq, ex->wr_flags, &cs_flags)) {
		mlx5_batch_fault(sq, EINVAL);
		return;
	}
	mlx5_wqe_eth(&sq->wqe, cs_flags, 0, sq->inline_header);
	mlx5_wqe_eth_skip(sq, &sq->wqe, sq->inline_header);
	if (sq->inline_header)
		sq->request |= MLX5_REQUEST_INCOMPLETE;
}

static void wr_send_tso(struct ibv_qp_ex *ex, void *header, uint16_t length, uint16_t mss)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(ex)->sq;
	uint8_t cs_flags;
	int err;

	if (!mlx5_batch_open(ex, IBV_WR_TSO, 0))
		return;
	err = mlx5_frame_checksums(sq, ex->wr_flags, &cs_flags);
	if (!err)
		err = mlx5_wqe_tso(sq, &sq->wqe, cs_flags, header, length, mss);
	if (err)
		mlx5_batch_fault(sq, err);
}

/* Bytes of the data that belong into the segment: none in a request with a header of its own. */
static size_t header_wanted(struct mlx5_sq *sq)
{
	size_t header = sq->request & MLX5_REQUEST_INCOMPLETE ? sq->inline_header : 0;

	sq->request &= (uint8_t)~MLX5_REQUEST_INCOMPLETE;
	return header;
}

static void wr_set_sge_list(struct ibv_qp_ex *ex, size_t num_sge, const struct ibv_sge *sg_list)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(ex)->sq;
	size_t header;

	if (!mlx5_batch_can_set_data(sq))
		return;
	header = header_wanted(sq);
	if (unlikely(num_sge > sq->max_sge ||
		     mlx5_wqe_header_sges(&sq->wqe, header, sg_list, num_sge))) {
		mlx5_batch_fault(sq, EINVAL);
		return;
	}
	mlx5_wqe_frame_sges(sq, &sq->wqe, header, sg_list, num_sge);
}

static void wr_set_sge(struct ibv_qp_ex *ex, uint32_t lkey, uint64_t addr, uint32_t length)
{
	const struct ibv_sge sge = {.addr = addr, .length = length, .lkey = lkey};

	wr_set_sge_list(ex, 1, &sge);
}

static void wr_set_inline_data_list(struct ibv_qp_ex *ex, size_t num_buf,
				    const struct ibv_data_buf *buf_list)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(ex)->sq;
	uint8_t *start = mlx5_wqe_eth_seg(&sq->wqe)->inline_hdr_start;
	size_t room = mlx5_frame_inline_room(sq, &sq->wqe);
	size_t header, length = 0;
	char *to;

	if (!mlx5_batch_can_set_data(sq))
		return;
	header = header_wanted(sq);
	to = mlx5_wqe_inline_open(sq, &sq->wqe);
	for (size_t i = 0; i < num_buf; i++) {
		const char *from = buf_list[i].addr;
		size_t cut = mlx5_frame_cut(&header, buf_list[i].length);
		size_t rest = buf_list[i].length - cut;

		if (unlikely(rest > room - length)) {
			mlx5_batch_fault(sq, ENOMEM);
			return;
		}
		memcpy(start, from, cut);
		start += cut;
		length += rest;
		to = mlx5_wqe_inline_copy(sq, to, from + cut, rest);
	}
	if (unlikely(header))
		mlx5_batch_fault(sq, EINVAL);
	mlx5_wqe_inline_close(&sq->wqe, length);
}

static void wr_set_inline_data(struct ibv_qp_ex *ex, void *addr, size_t length)
{
	const struct ibv_data_buf buf = {.addr = addr, .length = length};

	wr_set_inline_data_list(ex, 1, &buf);
}

void mlx5_qp_set_ex_frames(struct mlx5_qp *qp, uint64_t send_ops_flags)
{
	struct ibv_qp_ex *ex = &qp->verbs.qp_ex;

	if (send_ops_flags & IBV_QP_EX_WITH_SEND)
		ex->wr_send = wr_send;
	if (send_ops_flags & IBV_QP_EX_WITH_TSO)
		ex->wr_send_tso = wr_send_tso;
	ex->wr_set_sge = wr_set_sge;
	ex->wr_set_sge_list = wr_set_sge_list;
	ex->wr_set_inline_data = wr_set_inline_data;
	ex->wr_set_inline_data_list = wr_set_inline_data_list;
}
