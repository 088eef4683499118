/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Direct verbs of the device: which ones are ours, what they can do, how they are opened. */

#include <errno.h>
#include <string.h>
#include <infiniband/mlx5dv.h>
#include <rdma/mlx5-abi.h>

#include "context.h"
#include "dv.h"

EXPORT bool mlx5dv_is_supported(struct ibv_device *device)
{
	return verbs_device_is(device, &mlx5_device_ops);
}

/* ---- opening ---- */

EXPORT struct ibv_context *mlx5dv_open_device(struct ibv_device *device,
					      struct mlx5dv_context_attr *attr)
{
	const uint32_t flags = MLX5DV_CONTEXT_FLAGS_DEVX;

	/* A command descriptor of somebody else's making is ibv_import_device()'s business. */
	if (!mlx5dv_is_supported(device) || attr->comp_mask || attr->flags & ~flags) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	return verbs_open_device(device, attr);
}

/* ---- capabilities ---- */

/* What the kernel's driver adds to its answer about the device; zeros from one that adds nothing.
 */
static int query_driver(struct mlx5_context *context, struct mlx5_ib_query_device_resp *response)
{
	const struct verbs_udata udata = {.out = response, .out_len = sizeof(*response)};
	struct ibv_device_attr_ex attr;
	uint64_t version;

	memset(response, 0, sizeof(*response));
	if (!(context->udata_commands & MLX5_USER_CMDS_SUPP_UHW_QUERY_DEVICE))
		return 0;
	return ibv_cmd_query_device_any(&context->verbs.context, NULL, &attr, &version, &udata);
}

static uint64_t flags_of(const struct mlx5_context *context,
			 const struct mlx5_ib_query_device_resp *driver)
{
	uint64_t flags = 0;

	if (context->cqe_version == 1)
		flags |= MLX5DV_CONTEXT_FLAGS_CQE_V1;
	if (context->blueflame)
		flags |= MLX5DV_CONTEXT_FLAGS_BLUEFLAME;
	if (driver->mlx5_ib_support_multi_pkt_send_wqes & MLX5_IB_ALLOW_MPW)
		flags |= MLX5DV_CONTEXT_FLAGS_MPW_ALLOWED;
	if (driver->mlx5_ib_support_multi_pkt_send_wqes & MLX5_IB_SUPPORT_EMPW)
		flags |= MLX5DV_CONTEXT_FLAGS_ENHANCED_MPW;
	if (driver->flags & MLX5_IB_QUERY_DEV_RESP_FLAGS_CQE_128B_COMP)
		flags |= MLX5DV_CONTEXT_FLAGS_CQE_128B_COMP;
	if (driver->flags & MLX5_IB_QUERY_DEV_RESP_FLAGS_CQE_128B_PAD)
		flags |= MLX5DV_CONTEXT_FLAGS_CQE_128B_PAD;
	if (driver->flags & MLX5_IB_QUERY_DEV_RESP_PACKET_BASED_CREDIT_MODE)
		flags |= MLX5DV_CONTEXT_FLAGS_PACKET_BASED_CREDIT_MODE;
	return flags;
}

/*
 * Known from the kernel, whether or not the device has it: zeros say that it has not. The rest of
 * the mask is for what only commands of the device itself would tell.
 */
static const uint64_t known_masks =
	MLX5DV_CONTEXT_MASK_CQE_COMPRESION | MLX5DV_CONTEXT_MASK_SWP |
	MLX5DV_CONTEXT_MASK_STRIDING_RQ | MLX5DV_CONTEXT_MASK_TUNNEL_OFFLOADS |
	MLX5DV_CONTEXT_MASK_DYN_BFREGS | MLX5DV_CONTEXT_MASK_FLOW_ACTION_FLAGS |
	MLX5DV_CONTEXT_MASK_DCI_STREAMS | MLX5DV_CONTEXT_MASK_REG_C0;

static uint64_t masks_of(const struct mlx5_clock *clock)
{
	uint64_t masks = known_masks;

	if (clock->notes)
		masks |= MLX5DV_CONTEXT_MASK_CLOCK_INFO_UPDATE;
	if (clock->timer_page)
		masks |= MLX5DV_CONTEXT_MASK_HCA_CORE_CLOCK;
	return masks;
}

static void *timer_of(const struct mlx5_clock *clock)
{
	return (char *)(uintptr_t)clock->timer_page + clock->timer_offset;
}

static void fill_in_striding(const struct mlx5_ib_striding_rq_caps *from,
			     struct mlx5dv_striding_rq_caps *to)
{
	to->min_single_stride_log_num_of_bytes = from->min_single_stride_log_num_of_bytes;
	to->max_single_stride_log_num_of_bytes = from->max_single_stride_log_num_of_bytes;
	to->min_single_wqe_log_num_of_strides = from->min_single_wqe_log_num_of_strides;
	to->max_single_wqe_log_num_of_strides = from->max_single_wqe_log_num_of_strides;
	to->supported_qpts = from->supported_qpts;
}

/* Members that were not asked for may lie behind the end of an older program's structure. */
static void fill_in(const struct mlx5_context *context,
		    const struct mlx5_ib_query_device_resp *driver, struct mlx5dv_context *out)
{
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_CQE_COMPRESION) {
		out->cqe_comp_caps.max_num = driver->cqe_comp_caps.max_num;
		out->cqe_comp_caps.supported_format = driver->cqe_comp_caps.supported_format;
	}
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_SWP) {
		out->sw_parsing_caps.sw_parsing_offloads =
			driver->sw_parsing_caps.sw_parsing_offloads;
		out->sw_parsing_caps.supported_qpts = driver->sw_parsing_caps.supported_qpts;
	}
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_STRIDING_RQ)
		fill_in_striding(&driver->striding_rq_caps, &out->striding_rq_caps);
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_TUNNEL_OFFLOADS)
		out->tunnel_offloads_caps = driver->tunnel_offloads_caps;
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_DYN_BFREGS)
		out->max_dynamic_bfregs = context->num_dyn_bfregs;
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_FLOW_ACTION_FLAGS)
		out->flow_action_flags = context->flow_action_flags;
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_DCI_STREAMS) {
		out->dci_streams_caps.max_log_num_concurent =
			driver->dci_streams_caps.max_log_num_concurent;
		out->dci_streams_caps.max_log_num_errored =
			driver->dci_streams_caps.max_log_num_errored;
	}
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_CLOCK_INFO_UPDATE)
		out->max_clock_info_update_nsec = context->clock.notes->overflow_period;
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_HCA_CORE_CLOCK)
		out->hca_core_clock = timer_of(&context->clock);
	if (out->comp_mask & MLX5DV_CONTEXT_MASK_REG_C0)
		out->reg_c0 = driver->reg_c0;
}

EXPORT int mlx5dv_query_device(struct ibv_context *ibv_context, struct mlx5dv_context *out)
{
	struct mlx5_context *context = to_mlx5_context(ibv_context);
	struct mlx5_ib_query_device_resp driver;
	int err;

	if (!mlx5dv_is_ours(ibv_context))
		return EOPNOTSUPP;
	err = query_driver(context, &driver);
	if (err)
		return err;
	out->version = 0;
	out->flags = flags_of(context, &driver);
	out->comp_mask &= masks_of(&context->clock);
	fill_in(context, &driver, out);
	return 0;
}

/* ---- clock ---- */

EXPORT int mlx5dv_get_clock_info(struct ibv_context *context, struct mlx5dv_clock_info *out)
{
	const struct mlx5_ib_clock_info *notes;
	struct mlx5_ib_clock_info now;

	if (!mlx5dv_is_ours(context))
		return EOPNOTSUPP;
	notes = to_mlx5_context(context)->clock.notes;
	if (!notes)
		return EOPNOTSUPP;
	now = mlx5_clock_notes(notes);
	*out = (struct mlx5dv_clock_info){
		.nsec = now.nsec,
		.last_cycles = now.cycles,
		.frac = now.frac,
		.mult = now.mult,
		.shift = now.shift,
		.mask = now.mask,
	};
	return 0;
}

/* ---- settings ---- */

EXPORT int mlx5dv_set_context_attr(struct ibv_context *context, enum mlx5dv_set_ctx_attr_type type,
				   void *attr)
{
	(void)context;
	(void)type;
	(void)attr;
	return EOPNOTSUPP;
}
