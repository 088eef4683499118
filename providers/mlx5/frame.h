/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests that carry an Ethernet frame: the segment behind the control segment, and the start of
 * the frame in it, where the device wants that or cuts a long payload into frames itself.
 */
#ifndef MLX5_FRAME_H
#define MLX5_FRAME_H

#include "builder.h"

enum {
	MLX5_FRAME_HEADER_MIN = 14,   /* addresses and type */
	MLX5_FRAME_INLINE_BYTES = 18, /* the same with a VLAN tag */
};

static ALWAYS_INLINE struct mlx5_wqe_eth_seg *mlx5_wqe_eth_seg(struct mlx5_wqe *wqe)
{
	return (void *)(wqe->ctrl + 1);
}

/* The segment without the header bytes, of which there are so many. */
static ALWAYS_INLINE void mlx5_wqe_eth(struct mlx5_wqe *wqe, uint8_t cs_flags, uint16_t mss,
				       uint16_t header)
{
	struct mlx5_wqe_eth_seg *seg = mlx5_wqe_eth_seg(wqe);

	seg->rsvd0 = 0;
	seg->cs_flags = cs_flags;
	seg->rsvd1 = 0;
	seg->mss = htobe16(mss);
	seg->rsvd2 = 0;
	seg->inline_hdr_sz = htobe16(header);
}

/*
 * Steps over the segment and its header, which may go on at the start of the ring. Even an empty
 * header has two bytes in the segment's first 16.
 */
static ALWAYS_INLINE void mlx5_wqe_eth_skip(struct mlx5_sq *sq, struct mlx5_wqe *wqe, size_t header)
{
	const size_t start = offsetof(struct mlx5_wqe_eth_seg, inline_hdr_start);
	const size_t least = offsetof(struct mlx5_wqe_eth_seg, inline_hdr);
	size_t bytes = align_up(start + header, MLX5_WQE_DS_UNITS);

	mlx5_wqe_skip(wqe, bytes < least ? least : bytes);
	if (unlikely(wqe->seg > sq->end))
		wqe->seg -= sq->end - sq->ring;
}

/* Checksums that a request wants. 0, or EINVAL if the device makes none. */
static ALWAYS_INLINE int mlx5_frame_checksums(const struct mlx5_sq *sq, unsigned int send_flags,
					      uint8_t *cs_flags)
{
	*cs_flags = send_flags & IBV_SEND_IP_CSUM ? sq->cs_flags : 0;
	return unlikely(send_flags & IBV_SEND_IP_CSUM && !sq->cs_flags) ? EINVAL : 0;
}

/* The header of a request that the device cuts into frames. 0, or EINVAL for its length. */
static ALWAYS_INLINE int mlx5_wqe_tso(struct mlx5_sq *sq, struct mlx5_wqe *wqe, uint8_t cs_flags,
				      const void *header, uint16_t length, uint16_t mss)
{
	if (unlikely(length < MLX5_FRAME_HEADER_MIN || length > sq->max_tso_header))
		return EINVAL;
	mlx5_wqe_eth(wqe, cs_flags, mss, length);
	mlx5_wqe_inline_copy(sq, (char *)mlx5_wqe_eth_seg(wqe)->inline_hdr_start, header, length);
	mlx5_wqe_eth_skip(sq, wqe, length);
	return 0;
}

/*
 * Bytes of inline data that the request has room for, less than usual behind the header of a long
 * payload.
 */
static ALWAYS_INLINE size_t mlx5_frame_inline_room(const struct mlx5_sq *sq,
						   const struct mlx5_wqe *wqe)
{
	const size_t usual = sizeof(struct mlx5_wqe_ctrl_seg) + sizeof(struct mlx5_wqe_eth_seg);
	size_t used = (size_t)wqe->ds * MLX5_WQE_DS_UNITS;

	if (likely(used <= usual))
		return sq->max_inline;
	return used - usual < sq->max_inline ? sq->max_inline - (used - usual) : 0;
}

/* Takes the start of a frame away from a piece of it: gives how many bytes. */
static ALWAYS_INLINE size_t mlx5_frame_cut(size_t *header, size_t length)
{
	size_t cut = *header < length ? *header : length;

	*header -= cut;
	return cut;
}

/* The start of the frame from its pieces. EINVAL if they are less than that. */
static ALWAYS_INLINE int mlx5_wqe_header_sges(struct mlx5_wqe *wqe, size_t header,
					      const struct ibv_sge *list, size_t count)
{
	uint8_t *to = mlx5_wqe_eth_seg(wqe)->inline_hdr_start;

	for (size_t i = 0; header && i < count; i++) {
		size_t cut = mlx5_frame_cut(&header, list[i].length);

		memcpy(to, (const void *)(uintptr_t)list[i].addr, cut);
		to += cut;
	}
	return header ? EINVAL : 0;
}

/* Pieces of the frame, but for the start that the segment has already. */
static ALWAYS_INLINE void mlx5_wqe_frame_sges(struct mlx5_sq *sq, struct mlx5_wqe *wqe,
					      size_t header, const struct ibv_sge *list,
					      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t cut = (uint32_t)mlx5_frame_cut(&header, list[i].length);

		mlx5_wqe_data(sq, wqe, list[i].addr + cut, list[i].length - cut, list[i].lkey);
	}
}

#endif
