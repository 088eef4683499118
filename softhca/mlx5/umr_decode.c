/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UMR: a request that changes a key. The UMR control segment has a mask of what is to change, the
 * memory key context behind it has the values; then comes a list of what the key stands for, inside
 * the WQE or where a data segment says. Source: ConnectX PRM, "UMR"; which flags and mask bits
 * drivers write was seen from stock libmlx5 and the stock kernel.
 */
#include <string.h>

#include "softhca/memory/lookup.h"
#include "softhca/mlx5/reader.h"

/* A segment of several pieces. */
static bool take_whole(struct reader *reader, void *to, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += MLX5_WQE_DS_UNITS) {
		union segment segment;

		if (!take(reader, &segment))
			return false;
		memcpy((uint8_t *)to + at, &segment, sizeof(segment));
	}
	return true;
}

struct bit {
	uint64_t mask;
	uint32_t means;
};

static const struct bit properties[] = {
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_LEN, KEY_LENGTH},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_PAGE_SIZE, KEY_PAGE_SIZE},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_START_ADDR, KEY_START},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_PD, KEY_PD},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_MKEY, KEY_VARIANT},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_QPN, KEY_QP},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_FREE, KEY_FREE},
};

static const struct bit masked_rights[] = {
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_LOCAL_READ, ACCESS_LOCAL_READ},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_LOCAL_WRITE, ACCESS_LOCAL_WRITE},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_REMOTE_READ, ACCESS_REMOTE_READ},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_REMOTE_WRITE, ACCESS_REMOTE_WRITE},
	{MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_ATOMIC, ACCESS_REMOTE_ATOMIC},
};

static const struct bit rights[] = {
	{MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_LOCAL_READ, ACCESS_LOCAL_READ},
	{MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_LOCAL_WRITE, ACCESS_LOCAL_WRITE},
	{MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_REMOTE_READ, ACCESS_REMOTE_READ},
	{MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_REMOTE_WRITE, ACCESS_REMOTE_WRITE},
	{MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_ATOMIC, ACCESS_REMOTE_ATOMIC},
};

static uint32_t translate(uint64_t mask, const struct bit *bits, size_t count)
{
	uint32_t means = 0;

	for (size_t i = 0; i < count; i++)
		if (mask & bits[i].mask)
			means |= bits[i].means;
	return means;
}

#define TRANSLATE(mask, bits) translate(mask, bits, sizeof(bits) / sizeof((bits)[0]))

static void read_context(const struct mlx5_wqe_mkey_context_seg *context, struct key_change *change)
{
	change->free = context->free & MLX5_WQE_MKEY_CONTEXT_FREE;
	change->access = TRANSLATE(context->access_flags, rights);
	change->variant = (uint8_t)be32toh(context->qpn_mkey);
	change->qpn = be32toh(context->qpn_mkey) >> 8;
	change->pdn = be32toh(context->flags_pd) & MLX5_WQE_MKEY_CONTEXT_PD_MASK;
	change->start = be64toh(context->start_addr);
	change->length = be64toh(context->len);
	change->log_page_size = context->log_page_size & MLX5_WQE_MKEY_CONTEXT_PAGE_SIZE_MASK;
}

/* Of an indirect key the list has other keys, which are the request's own list; of a region it has
 * pages, which are what the request moves. */
static bool is_indirect(const struct qp *qp, uint32_t key)
{
	const struct mr *mr = lookup_index(qp->hca, key);

	return mr && mr->kind != KEY_REGION;
}

static const char *take_inline_list(struct reader *reader, struct send_request *request,
				    unsigned int count)
{
	bool pieces = is_indirect(reader->qp, request->change.key);

	for (; count; count--) {
		struct sge *sge = &request->sge[request->num_sge++];
		union segment segment;

		*sge = (struct sge){
			.length = MLX5_WQE_DS_UNITS,
			.inline_data = place(reader, reader->position),
		};
		if (!take(reader, &segment))
			return "list cut short";
		if (pieces)
			*sge = (struct sge){
				.address = be64toh(segment.klm.address),
				.length = be32toh(segment.klm.byte_count),
				.lkey = be32toh(segment.klm.mkey),
			};
	}
	return NULL;
}

static const char *take_list_elsewhere(struct reader *reader, struct send_request *request,
				       unsigned int count)
{
	union segment segment;

	if (!take(reader, &segment))
		return "pointer to the list is missing";
	request->change.list_elsewhere = true;
	request->num_sge = 1;
	request->sge[0] = (struct sge){
		.address = be64toh(segment.data.addr),
		.length = count * MLX5_WQE_DS_UNITS,
		.lkey = be32toh(segment.data.lkey),
	};
	return NULL;
}

static const char *take_list(struct reader *reader, const struct mlx5_wqe_umr_ctrl_seg *control,
			     struct send_request *request)
{
	unsigned int count = be16toh(control->klm_octowords);

	if (!count)
		return NULL;
	request->change.properties |= KEY_TRANSLATION;
	if (control->flags & MLX5_WQE_UMR_CTRL_FLAG_TRNSLATION_OFFSET)
		request->change.first_entry =
			be16toh(control->translation_offset) * (uint32_t)MLX5_WQE_DS_UNITS;
	if (control->flags & MLX5_WQE_UMR_CTRL_FLAG_INLINE)
		return take_inline_list(reader, request, count);
	return take_list_elsewhere(reader, request, count);
}

const char *reader_take_key_change(struct reader *reader, struct send_request *request)
{
	struct key_change *change = &request->change;
	struct mlx5_wqe_mkey_context_seg context;
	struct mlx5_wqe_umr_ctrl_seg control;
	uint64_t mask;

	if (!take_whole(reader, &control, sizeof(control)) ||
	    !take_whole(reader, &context, sizeof(context)))
		return "UMR cut short";
	mask = be64toh(control.mkey_mask);
	if (mask & (MLX5_WQE_UMR_CTRL_MKEY_MASK_SIG_ERR | MLX5_WQE_UMR_CTRL_MKEY_MASK_BSF_ENABLE))
		return "keys have no signatures";
	*change = (struct key_change){
		.key = request->invalidate_rkey,
		.properties = TRANSLATE(mask, properties),
		.access_mask = TRANSLATE(mask, masked_rights),
		.only_if_free = control.flags & MLX5_WQE_UMR_CTRL_FLAG_CHECK_FREE,
		.only_if_used = control.flags & MLX5_WQE_UMR_CTRL_FLAG_CHECK_USED,
		.only_if_this_qp = control.flags & MLX5_WQE_UMR_CTRL_FLAG_CHECK_QPN,
	};
	read_context(&context, change);
	return take_list(reader, &control, request);
}
