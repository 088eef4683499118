/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opening and closing a device: environment, GET_CONTEXT, register pages, the operations. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <infiniband/mlx5dv.h>
#include <rdma/mlx5-abi.h>

#include "hw/mlx5/doorbell.h"
#include "hw/mlx5/wqe.h"

#include "bits.h"
#include "context.h"
#include "cq.h"
#include "flow.h"
#include "frame.h"
#include "qp.h"
#include "srq.h"
#include "tags.h"
#include "wq.h"
#include "xrc.h"

/* Registers asked for where the kernel still hands out a fixed set. */
enum {
	DEFAULT_TOTAL_BFS = 16,
	DEFAULT_LOW_LATENCY_BFS = 4,
};

static const struct verbs_context_ops common_ops;

/* Numbers of the environment: the fallback for anything that is not one within the bounds. */
static uint32_t env_number(const char *name, uint32_t fallback, uint32_t min, uint32_t max)
{
	const char *text = getenv(name);
	unsigned long value;
	char *end;

	if (!text || !*text)
		return fallback;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value < min || value > max) {
		verbs_warn("mlx5: %s=%s ignored, not a number from %u to %u", name, text, min, max);
		return fallback;
	}
	return (uint32_t)value;
}

static bool env_flag(const char *name, bool fallback)
{
	return env_number(name, fallback, 0, UINT32_MAX) != 0;
}

static enum mlx5_buf_pages env_pages(const char *name)
{
	const char *text = getenv(name);

	if (text && !strcmp(text, "HUGE"))
		return MLX5_BUF_HUGE;
	if (text && !strcmp(text, "PREFER_HUGE"))
		return MLX5_BUF_PREFER_HUGE;
	return MLX5_BUF_NORMAL;
}

static void read_environment(struct mlx5_context *context)
{
	context->single_threaded = env_flag("MLX5_SINGLE_THREADED", false);
	context->cqe_bytes = (uint16_t)env_number("MLX5_CQE_SIZE", 64, 0, UINT16_MAX);
	context->qp_pages = env_pages("MLX_QP_ALLOC_TYPE");
	context->cq_pages = env_pages("MLX_CQ_ALLOC_TYPE");
	context->srq_pages = env_pages("MLX_SRQ_ALLOC_TYPE");
}

/*
 * The request grew over time: by the CQE version, then by the library's capabilities. A kernel that
 * does not know the tail refuses it, so shorter ones are tried; one that does not let this process
 * use DEVX refuses the flag, and the whole row is tried again without it, unless DEVX is a must.
 */
static int get_context(struct mlx5_context *context, struct mlx5_ib_alloc_ucontext_req_v2 *request,
		       bool devx_only, struct mlx5_ib_alloc_ucontext_resp *response)
{
	static const size_t lengths[] = {
		sizeof(struct mlx5_ib_alloc_ucontext_req_v2),
		offsetof(struct mlx5_ib_alloc_ucontext_req_v2, lib_caps),
		offsetof(struct mlx5_ib_alloc_ucontext_req_v2, max_cqe_version),
	};
	static const uint32_t flags[] = {MLX5_IB_ALLOC_UCTX_DEVX, 0};
	size_t rows = devx_only ? 1 : sizeof(flags) / sizeof(flags[0]);
	int err = EINVAL;

	for (size_t f = 0; f < rows; f++) {
		request->flags = flags[f];
		for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
			const struct verbs_udata udata = {
				.in = request,
				.in_len = lengths[l],
				.out = response,
				.out_len = sizeof(*response),
			};

			err = ibv_cmd_get_context(&context->verbs, &udata);
			if (!err)
				return 0;
		}
	}
	return err;
}

/* A reply that would lead outside of the register pages or the tables is no reply. */
static bool plausible(const struct mlx5_ib_alloc_ucontext_resp *response)
{
	return response->tot_bfregs <= MLX5_MAX_STATIC_BFS && response->cqe_version <= 1 &&
	       response->num_ports < MLX5_MAX_PORTS &&
	       response->bf_reg_size <= (MLX5_UAR_BYTES - MLX5_BF_OFFSET) / MLX5_BF_REGS_PER_UAR &&
	       response->bf_reg_size % (2 * 64) == 0 &&
	       response->num_uars_per_page <= (uint32_t)sysconf(_SC_PAGESIZE) / MLX5_UAR_BYTES;
}

static uint32_t at_most(uint32_t limit, uint32_t value)
{
	return value < limit ? value : limit;
}

static void read_response(struct mlx5_context *context,
			  const struct mlx5_ib_alloc_ucontext_resp *response)
{
	/* Doorbell records count in sixteen bits; a ring must fit in half of them. */
	const uint32_t max_ring = 1 << 15;

	context->cqe_version = response->cqe_version;
	context->num_ports = response->num_ports;
	context->max_sq_wqe_bytes =
		at_most(MLX5_WQE_MAX_DS * MLX5_WQE_DS_UNITS, response->max_sq_desc_sz);
	context->max_rq_wqe_bytes = response->max_rq_desc_sz;
	context->max_send_bb = at_most(max_ring, response->max_send_wqebb);
	context->max_recv_wr = at_most(max_ring, response->max_recv_wr);
	context->max_srq_recv_wr = at_most(max_ring - 1, response->max_srq_recv_wr);
	context->udata_commands = response->cmds_supp_uhw;
	context->inline_header = response->eth_min_inline == MLX5_USER_INLINE_MODE_NONE
					 ? 0
					 : MLX5_FRAME_INLINE_BYTES;
	context->num_dyn_bfregs = response->num_dyn_bfregs;
	context->flow_action_flags = response->flow_action_flags;
	context->null_key = response->comp_mask & MLX5_IB_ALLOC_UCONTEXT_RESP_MASK_DUMP_FILL_MKEY
				    ? response->dump_fill_mkey
				    : 0;
}

static int open_queues(struct mlx5_context *context,
		       const struct mlx5_ib_alloc_ucontext_resp *response, uint32_t low_latency,
		       bool blueflame)
{
	struct mlx5_uar_layout layout = {
		.num_bfs = response->tot_bfregs,
		.low_latency = low_latency,
		.uars_per_page = response->num_uars_per_page ? response->num_uars_per_page : 1,
		.bf_reg_bytes = blueflame ? response->bf_reg_size : 0,
	};
	long line = sysconf(_SC_LEVEL1_DCACHE_LINESIZE);
	int err;

	if (layout.low_latency > layout.num_bfs)
		layout.low_latency = layout.num_bfs;
	context->blueflame = layout.bf_reg_bytes;
	err = mlx5_uars_open(context, &layout);
	if (err)
		return err;
	/* A size the system does not tell is 0 or -1. */
	mlx5_dbrec_pool_init(&context->dbrecs,
			     line >= 64 && line <= 256 ? 1u << log2_floor((uint32_t)line) : 64);
	mlx5_resource_table_init(&context->queues);
	mlx5_resource_table_init(&context->srqs);
	return 0;
}

int mlx5_context_set_up(struct mlx5_context *context,
			const struct mlx5_ib_alloc_ucontext_resp *response, uint32_t low_latency,
			bool blueflame)
{
	int err;

	if (!plausible(response))
		return EPROTO;
	read_environment(context);
	read_response(context, response);
	err = open_queues(context, response, low_latency,
			  blueflame && !env_flag("MLX5_SHUT_UP_BF", false));
	if (err)
		return err;
	mlx5_clock_open(context, response);
	verbs_set_ops(&context->verbs, &common_ops);
	verbs_set_ops(&context->verbs, mlx5_poll_ops(context->cqe_version));
	return 0;
}

struct verbs_context *mlx5_alloc_context(struct ibv_device *device, int cmd_fd, void *private_data)
{
	struct mlx5_ib_alloc_ucontext_req_v2 request = {
		.total_num_bfregs =
			env_number("MLX5_TOTAL_UUARS", DEFAULT_TOTAL_BFS, 4, MLX5_MAX_STATIC_BFS),
		.max_cqe_version = 1,
		.lib_caps = MLX5_LIB_CAP_4K_UAR | MLX5_LIB_CAP_DYN_UAR,
	};
	struct mlx5_ib_alloc_ucontext_resp response;
	const struct mlx5dv_context_attr *attr = private_data;
	struct mlx5_context *context;
	int err;

	request.num_low_latency_bfregs = env_number(
		"MLX5_NUM_LOW_LAT_UUARS", DEFAULT_LOW_LATENCY_BFS, 0, request.total_num_bfregs - 1);
	context = verbs_alloc_context(device, cmd_fd, sizeof(*context));
	if (!context)
		return NULL;

	err = get_context(context, &request, attr && attr->flags & MLX5DV_CONTEXT_FLAGS_DEVX,
			  &response);
	if (!err)
		err = mlx5_context_set_up(context, &response, request.num_low_latency_bfregs, true);
	if (!err)
		return &context->verbs;
	verbs_free_context(&context->verbs);
	errno = err;
	return NULL;
}

static void mlx5_free_context(struct ibv_context *ibv_context)
{
	struct mlx5_context *context = to_mlx5_context(ibv_context);

	mlx5_resource_table_destroy(&context->srqs);
	mlx5_resource_table_destroy(&context->queues);
	mlx5_dbrec_pool_destroy(&context->dbrecs);
	mlx5_clock_close(context);
	mlx5_uars_close(context);
	/* The kernel ends the login itself with the descriptor. */
	free(context->login);
	verbs_free_context(&context->verbs);
}

static const struct verbs_context_ops common_ops = {
	.free_context = mlx5_free_context,
	.query_device_ex = mlx5_query_device_ex,
	.query_port = mlx5_query_port,
	.query_rt_values = mlx5_query_rt_values,
	.import_pd = mlx5_import_pd,
	.unimport_pd = mlx5_unimport_pd,
	.alloc_pd = mlx5_alloc_pd,
	.dealloc_pd = mlx5_dealloc_pd,
	.alloc_td = mlx5_alloc_td,
	.dealloc_td = mlx5_dealloc_td,
	.alloc_parent_domain = mlx5_alloc_parent_domain,
	.open_xrcd = mlx5_open_xrcd,
	.close_xrcd = mlx5_close_xrcd,
	.reg_mr = mlx5_reg_mr,
	.reg_dmabuf_mr = mlx5_reg_dmabuf_mr,
	.reg_mr_ex = mlx5_reg_mr_ex,
	.rereg_mr = mlx5_rereg_mr,
	.dereg_mr = mlx5_dereg_mr,
	.reg_dm_mr = mlx5_reg_dm_mr,
	.import_mr = mlx5_import_mr,
	.unimport_mr = mlx5_unimport_mr,
	.advise_mr = ibv_cmd_advise_mr,
	.alloc_dm = mlx5_alloc_dm,
	.free_dm = mlx5_free_dm,
	.import_dm = mlx5_import_dm,
	.unimport_dm = mlx5_unimport_dm,
	.dm_export_dmabuf_fd = mlx5_dm_export_dmabuf_fd,
	.alloc_buf = mlx5_alloc_buf,
	.free_buf = mlx5_free_buf,
	.export_buf_dmabuf_fd = mlx5_export_buf_dmabuf_fd,
	.alloc_dmah = mlx5_alloc_dmah,
	.dealloc_dmah = mlx5_dealloc_dmah,
	.alloc_null_mr = mlx5_alloc_null_mr,
	.alloc_mw = mlx5_alloc_mw,
	.bind_mw = mlx5_bind_mw,
	.dealloc_mw = mlx5_dealloc_mw,
	.create_cq = mlx5_create_cq,
	.create_cq_ex = mlx5_create_cq_ex,
	.req_notify_cq = mlx5_req_notify_cq,
	.cq_event = mlx5_cq_event,
	.modify_cq = mlx5_modify_cq,
	.resize_cq = mlx5_resize_cq,
	.destroy_cq = mlx5_destroy_cq,
	.create_srq = mlx5_create_srq,
	.create_srq_ex = mlx5_create_srq_ex,
	.modify_srq = mlx5_modify_srq,
	.query_srq = mlx5_query_srq,
	.get_srq_num = mlx5_get_srq_num,
	.destroy_srq = mlx5_destroy_srq,
	.post_srq_recv = mlx5_post_srq_recv,
	.post_srq_ops = mlx5_post_srq_ops,
	.create_qp = mlx5_create_qp,
	.create_qp_ex = mlx5_create_qp_ex,
	.open_qp = mlx5_open_qp,
	.query_qp = mlx5_query_qp,
	.modify_qp = mlx5_modify_qp,
	.destroy_qp = mlx5_destroy_qp,
	.modify_qp_rate_limit = mlx5_modify_qp_rate_limit,
	.set_ece = mlx5_set_ece,
	.query_ece = mlx5_query_ece,
	.query_comp_cntr_caps = mlx5_query_comp_cntr_caps,
	.create_comp_cntr = mlx5_create_comp_cntr,
	.destroy_comp_cntr = mlx5_destroy_comp_cntr,
	.set_comp_cntr = mlx5_set_comp_cntr,
	.set_err_comp_cntr = mlx5_set_err_comp_cntr,
	.inc_comp_cntr = mlx5_inc_comp_cntr,
	.inc_err_comp_cntr = mlx5_inc_err_comp_cntr,
	.read_comp_cntr = mlx5_read_comp_cntr,
	.read_err_comp_cntr = mlx5_read_err_comp_cntr,
	.qp_attach_comp_cntr = mlx5_qp_attach_comp_cntr,
	.post_send = mlx5_post_send,
	.post_recv = mlx5_post_recv,
	.create_wq = mlx5_create_wq,
	.modify_wq = mlx5_modify_wq,
	.destroy_wq = mlx5_destroy_wq,
	.create_rwq_ind_table = mlx5_create_rwq_ind_table,
	.destroy_rwq_ind_table = mlx5_destroy_rwq_ind_table,
	.create_flow = mlx5_create_flow,
	.destroy_flow = mlx5_destroy_flow,
	.create_flow_action_esp = mlx5_create_flow_action_esp,
	.modify_flow_action_esp = mlx5_modify_flow_action_esp,
	.destroy_flow_action = mlx5_destroy_flow_action,
	.create_counters = mlx5_create_counters,
	.destroy_counters = mlx5_destroy_counters,
	.attach_counters_point_flow = mlx5_attach_counters_point_flow,
	.read_counters = mlx5_read_counters,
	.attach_mcast = ibv_cmd_attach_mcast,
	.detach_mcast = ibv_cmd_detach_mcast,
	.create_ah = mlx5_create_ah,
	.destroy_ah = mlx5_destroy_ah,
};
