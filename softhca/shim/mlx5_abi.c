/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Driver-private data of mlx5: what libmlx5 sends along with the commands and what it expects back.
 * Structures: uapi rdma/mlx5-abi.h. Layout of queue buffers: ConnectX PRM, "Work queue structure",
 * and what stock libmlx5 does, which the witnesses hold us to.
 */
#include "softhca/shim/mlx5_abi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rdma/mlx5-abi.h>

#include "hw/mlx5/doorbell.h"
#include "hw/mlx5/wqe.h"
#include "softhca/mlx5/mlx5.h"
#include "softhca/shim/environment.h"

enum {
	MAX_BFREGS = 512,
	BF_REG_BYTES = 512,
	MAX_SEND_WQE_BYTES = 1024,
	MAX_RECV_WQE_BYTES = 512,
	/* QP numbers have 24 bits, and libraries size their tables by this. */
	QP_TABLE_SIZE = 1 << 24,
	MAX_USER_INDEX = 0xffffff,
	SRQ_HEAD_BYTES = 16,
	SEGMENT_BYTES = 16,
	MIN_SRQ_STRIDE = 32,
	/* Least input: what the first versions of the library sent. */
	MIN_CQ_BYTES = offsetof(struct mlx5_ib_create_cq, cqe_comp_en),
	MIN_QP_BYTES = offsetof(struct mlx5_ib_create_qp, uidx),
	MIN_SRQ_BYTES = offsetof(struct mlx5_ib_create_srq, flags),
	MIN_CONTEXT_V2_BYTES = offsetof(struct mlx5_ib_alloc_ucontext_req_v2, max_cqe_version),
};

static uint32_t round_up_power_of_two(uint32_t n)
{
	uint32_t power = 1;

	while (power < n)
		power <<= 1;
	return power;
}

static uint32_t log2_of(uint32_t power)
{
	return (uint32_t)__builtin_ctz(power);
}

static bool is_dynamic(const struct mlx5_ib_alloc_ucontext_req_v2 *request)
{
	const char *choice = getenv(SOFTHCA_ENV_UARS);

	/* UAR objects are made by an ioctl. */
	if (membership_write_only() || !(request->lib_caps & MLX5_LIB_CAP_DYN_UAR))
		return false;
	return !choice || strcmp(choice, "static") != 0;
}

static uint8_t inline_mode(void)
{
	const char *choice = getenv(SOFTHCA_ENV_HEADERS);

	return choice && !strcmp(choice, "l2") ? MLX5_USER_INLINE_MODE_L2
					       : MLX5_USER_INLINE_MODE_NONE;
}

static int check_context(const struct driver_data *driver,
			 const struct mlx5_ib_alloc_ucontext_req_v2 *request)
{
	if (driver->in_length != sizeof(struct mlx5_ib_alloc_ucontext_req) &&
	    driver->in_length < MIN_CONTEXT_V2_BYTES)
		return EINVAL;
	/* No DEVX: the library goes on without it. */
	if (request->flags)
		return EINVAL;
	if (request->comp_mask || request->reserved0 || request->reserved1 || request->reserved2)
		return EOPNOTSUPP;
	if (!request->total_num_bfregs ||
	    request->num_low_latency_bfregs > request->total_num_bfregs - 1)
		return EINVAL;
	return request->total_num_bfregs > MAX_BFREGS ? ENOMEM : 0;
}

static void choose_bfregs(struct shim_file *file,
			  const struct mlx5_ib_alloc_ucontext_req_v2 *request)
{
	file->dynamic_uars = is_dynamic(request);
	file->static_bfregs = file->dynamic_uars ? 0 : (request->total_num_bfregs + 1) & ~1u;
	file->low_latency_bfregs = request->num_low_latency_bfregs;
}

void mlx5_describe_context(const struct shim_file *file, size_t room,
			   struct mlx5_ib_alloc_ucontext_resp *answer)
{
	*answer = (struct mlx5_ib_alloc_ucontext_resp){
		.qp_tab_size = QP_TABLE_SIZE,
		.bf_reg_size = BF_REG_BYTES,
		.cache_line_size = 64,
		.max_sq_desc_sz = MAX_SEND_WQE_BYTES,
		.max_rq_desc_sz = MAX_RECV_WQE_BYTES,
		.max_send_wqebb = MLX5_MAX_WQES,
		.max_recv_wr = MLX5_MAX_WQES,
		.max_srq_recv_wr = MLX5_MAX_WQES - 1,
		.num_ports = 1,
		.cmds_supp_uhw =
			MLX5_USER_CMDS_SUPP_UHW_QUERY_DEVICE | MLX5_USER_CMDS_SUPP_UHW_CREATE_AH,
		.eth_min_inline = inline_mode(),
		.log_uar_size = 12,
		/* Where in its page the timer is. */
		.comp_mask = MLX5_IB_ALLOC_UCONTEXT_RESP_MASK_CORE_CLOCK_OFFSET |
			     MLX5_IB_ALLOC_UCONTEXT_RESP_MASK_DUMP_FILL_MKEY,
		.hca_core_clock_offset = 0,
		.clock_info_versions = 1 << MLX5_IB_CLOCK_INFO_V1,
		.num_uars_per_page = 1,
		.dump_fill_mkey = HCA_NULL_KEY,
		.tot_bfregs = file->static_bfregs,
		.num_dyn_bfregs = file->dynamic_uars ? 0 : FILE_DYNAMIC_UARS * MLX5_BF_REGS_PER_UAR,
		.cqe_version = file->cqe_version,
		.response_length = (uint32_t)(room < sizeof(*answer) ? room : sizeof(*answer)),
	};
}

static int open_context(struct shim_file *file, struct driver_data *driver)
{
	struct mlx5_ib_alloc_ucontext_req_v2 request;
	struct mlx5_ib_alloc_ucontext_resp answer;
	int rc = driver_input(driver, &request, sizeof(request));

	if (!rc)
		rc = check_context(driver, &request);
	if (!rc)
		rc = mlx5_clock_open(file);
	if (rc)
		return rc;
	choose_bfregs(file, &request);
	file->cqe_version = request.max_cqe_version ? 1 : 0;
	mlx5_describe_context(file, driver->out_room, &answer);
	driver_output(driver, &answer, sizeof(answer));
	return 0;
}

/* What the library could learn here besides is not offered: striding receive queues and the like.
 */
static int query_device(struct shim_file *file, struct driver_data *driver)
{
	struct mlx5_ib_query_device_resp answer = {
		.packet_pacing_caps =
			{
				.qp_rate_limit_min = QP_MIN_RATE_LIMIT,
				.qp_rate_limit_max = QP_MAX_RATE_LIMIT,
				.supported_qpts =
					1 << QP_TYPE_RC | 1 << QP_TYPE_UC | 1 << QP_TYPE_UD,
			},
	};

	if (file->hca->shared->port_type == FABRIC_PORT_ETH)
		mlx5_describe_ethernet(&answer);
	if (driver->in_length && driver_input(driver, &answer, 0))
		return EINVAL;
	answer.response_length =
		(uint32_t)(driver->out_room < sizeof(answer) ? driver->out_room : sizeof(answer));
	driver_output(driver, &answer, sizeof(answer));
	return 0;
}

static void created_pd(const struct pd *pd, struct driver_data *driver)
{
	struct mlx5_ib_alloc_pd_resp answer = {.pdn = pd->pdn};

	driver_output(driver, &answer, sizeof(answer));
}

/* Finds the buffer and the doorbell record present. The record's page is the library's own and
 * shared by many queues, so it is not accounted to any. */
int mlx5_pin_queue(struct pin *pin, struct queue_memory *memory, uint64_t address,
		   uint64_t doorbell_record)
{
	struct pin record = {0};
	int rc = pin_memory(&record, doorbell_record, MLX5_DBR_BYTES, true);

	pin_release(&record);
	if (!rc && (memory->size || address))
		rc = pin_memory(pin, address, memory->size, true);
	memory->linear = (uint8_t *)(uintptr_t)address;
	return rc;
}

int mlx5_check_user_index(const struct shim_file *file, uint32_t given, uint32_t *user_index)
{
	*user_index = file->cqe_version ? given : MLX5_NO_USER_INDEX;
	return *user_index > MAX_USER_INDEX ? EINVAL : 0;
}

static int check_cqe_size(uint32_t cqe_size)
{
	return cqe_size == 64 || cqe_size == 128 ? 0 : EINVAL;
}

static int create_cq(struct shim_file *file, const struct driver_data *driver, uint32_t entries,
		     struct cq_params *params, struct pin *pin)
{
	struct mlx5_ib_create_cq request;
	int rc = driver_input(driver, &request, sizeof(request));

	if (!rc && driver->in_length < MIN_CQ_BYTES)
		rc = EINVAL;
	if (!rc)
		rc = check_cqe_size(request.cqe_size);
	if (rc)
		return rc;
	if (request.cqe_comp_en || request.cqe_comp_res_format ||
	    request.flags & ~MLX5_IB_CREATE_CQ_FLAGS_UAR_PAGE_INDEX)
		return EOPNOTSUPP;
	if (request.reserved0 || request.reserved1)
		return EINVAL;
	if (request.flags & MLX5_IB_CREATE_CQ_FLAGS_UAR_PAGE_INDEX &&
	    !mlx5_uar_is_allocated(file, request.uar_page_index))
		return EINVAL;
	/* One entry stays free, so that full differs from empty. */
	params->cqe_count = round_up_power_of_two(entries + 1);
	params->cqe_size = request.cqe_size;
	params->memory.size = (size_t)params->cqe_count * params->cqe_size;
	params->doorbell_record = (void *)(uintptr_t)request.db_addr;
	return mlx5_pin_queue(pin, &params->memory, request.buf_addr, request.db_addr);
}

static void created_cq(const struct cq *cq, struct driver_data *driver)
{
	struct mlx5_ib_create_cq_resp answer = {.cqn = cq->cqn};

	driver_output(driver, &answer, sizeof(answer));
}

static int resize_cq(struct shim_file *file, const struct driver_data *driver, uint32_t entries,
		     struct cq_params *params, struct pin *pin)
{
	struct mlx5_ib_resize_cq request;
	int rc = driver_input(driver, &request, sizeof(request));

	(void)file;
	if (!rc && driver->in_length < sizeof(request))
		rc = EINVAL;
	if (!rc)
		rc = check_cqe_size(request.cqe_size);
	if (!rc && (request.reserved0 || request.reserved1))
		rc = EINVAL;
	if (rc)
		return rc;
	params->cqe_count = round_up_power_of_two(entries + 1);
	params->cqe_size = request.cqe_size;
	params->memory.size = (size_t)params->cqe_count * params->cqe_size;
	params->memory.linear = (uint8_t *)(uintptr_t)request.buf_addr;
	return pin_memory(pin, request.buf_addr, params->memory.size, true);
}

int mlx5_check_qp_flags(const struct shim_file *file, const struct mlx5_ib_create_qp *request,
			enum qp_type type)
{
	uint32_t harmless = MLX5_QP_FLAG_SCATTER_CQE | MLX5_QP_FLAG_ALLOW_SCATTER_CQE |
			    MLX5_QP_FLAG_BFREG_INDEX | MLX5_QP_FLAG_UAR_PAGE_INDEX;

	if (qp_type_is_dynamic(type))
		harmless |= MLX5_QP_FLAG_TYPE_DCT | MLX5_QP_FLAG_TYPE_DCI;
	/* Frames to one's own port come back in any case. */
	if (type == QP_TYPE_RAW_PACKET)
		harmless |= MLX5_QP_FLAG_TIR_ALLOW_SELF_LB_UC | MLX5_QP_FLAG_TIR_ALLOW_SELF_LB_MC;
	if (request->flags & ~harmless)
		return EOPNOTSUPP;
	if (request->flags & MLX5_QP_FLAG_UAR_PAGE_INDEX)
		return mlx5_uar_is_allocated(file, request->bfreg_index) ? 0 : EINVAL;
	if (request->flags & MLX5_QP_FLAG_BFREG_INDEX &&
	    request->bfreg_index >= file->static_bfregs + FILE_DYNAMIC_UARS * MLX5_BF_REGS_PER_UAR)
		return EINVAL;
	return 0;
}

/* The receive queue comes first in the buffer, the send queue behind it. */
static int lay_out_qp(const struct mlx5_ib_create_qp *request, struct qp_params *params)
{
	uint64_t recv_bytes, send_bytes = (uint64_t)request->sq_wqe_count * MLX5_SEND_WQE_BB;

	if (request->sq_wqe_count > MLX5_MAX_WQES || request->rq_wqe_count > MLX5_MAX_WQES ||
	    request->rq_wqe_shift > MLX5_MAX_LOG_STRIDE)
		return EINVAL;
	params->rq_count = params->srq || !params->recv_cq ? 0 : request->rq_wqe_count;
	recv_bytes = (uint64_t)params->rq_count << request->rq_wqe_shift;
	if (params->max_recv_wr > params->rq_count || params->max_send_wr > request->sq_wqe_count)
		return EINVAL;
	params->rq_log_stride = request->rq_wqe_shift;
	params->sq_units = request->sq_wqe_count;
	params->sq_offset = recv_bytes;
	params->memory.size = recv_bytes + send_bytes;
	params->doorbell_record = (void *)(uintptr_t)request->db_addr;
	return 0;
}

static int create_qp(struct shim_file *file, const struct driver_data *driver,
		     struct qp_params *params, struct pin *pin)
{
	struct mlx5_ib_create_qp request;
	int rc = driver_input(driver, &request, sizeof(request));

	/* It has no queues, and completes nothing that would be known by its index. */
	if (params->type == QP_TYPE_XRC_RECV) {
		params->user_index = MLX5_NO_USER_INDEX;
		return rc;
	}
	if (!rc && driver->in_length < MIN_QP_BYTES)
		rc = EINVAL;
	if (!rc)
		rc = mlx5_check_qp_flags(file, &request, params->type);
	if (!rc)
		rc = mlx5_check_user_index(file, request.uidx, &params->user_index);
	/* It has no queues. */
	if (params->type == QP_TYPE_DCT) {
		params->access_key = request.access_key;
		return rc;
	}
	if (!rc)
		rc = lay_out_qp(&request, params);
	if (rc)
		return rc;
	/* On a shared receive queue it may have no queue of its own, and then no buffer. */
	return mlx5_pin_queue(pin, &params->memory, request.buf_addr, request.db_addr);
}

/* What the ring holds, often more than was asked for, is what a query tells. */
static void describe_receives(struct qp *qp)
{
	uint32_t count = qp->rq ? qp->rq->count : qp->rq_count;
	uint32_t log_stride = qp->rq ? qp->rq->log_stride : qp->rq_log_stride;

	qp->max_recv_wr = count;
	qp->max_recv_sge = count ? (1u << log_stride) / SEGMENT_BYTES : 0;
}

/*
 * The doorbell register that the library shall use. Register 0 takes no BlueFlame, and the last
 * ones are for a single queue pair each; the others are shared.
 */
static void created_qp(struct qp *qp, struct driver_data *driver)
{
	const struct qp_object *object = qp->front;
	const struct shim_file *file = object->handle.file;
	struct mlx5_ib_create_qp_resp answer = {0};
	struct mlx5_ib_create_qp request;
	uint32_t shared = 0;

	describe_receives(qp);
	driver_input(driver, &request, sizeof(request));
	if (file->static_bfregs > file->low_latency_bfregs + 1)
		shared = file->static_bfregs - file->low_latency_bfregs - 1;
	if (request.flags & (MLX5_QP_FLAG_BFREG_INDEX | MLX5_QP_FLAG_UAR_PAGE_INDEX))
		answer.bfreg_index = request.bfreg_index;
	else if (shared)
		answer.bfreg_index = 1 + qp->qpn % shared;
	driver_output(driver, &answer, sizeof(answer));
}

/* The adapter chooses the size of bursts; none is announced to the library. */
static int check_pace(const struct driver_data *driver)
{
	struct mlx5_ib_modify_qp request;
	int rc = driver_input(driver, &request, sizeof(request));

	if (rc)
		return rc;
	return request.burst_info.max_burst_sz || request.burst_info.typical_pkt_sz ? EINVAL : 0;
}

static int create_srq(struct shim_file *file, const struct driver_data *driver,
		      struct srq_params *params, struct pin *pin)
{
	struct mlx5_ib_create_srq request;
	uint32_t stride = round_up_power_of_two(SRQ_HEAD_BYTES + params->max_sge * SEGMENT_BYTES);
	int rc = driver_input(driver, &request, sizeof(request));

	if (!rc && driver->in_length < MIN_SRQ_BYTES)
		rc = EINVAL;
	if (!rc && request.flags)
		rc = EOPNOTSUPP;
	if (!rc && (request.reserved0 || request.reserved1))
		rc = EINVAL;
	if (!rc)
		rc = mlx5_check_user_index(file, request.uidx, &params->user_index);
	if (rc)
		return rc;
	params->wqe_count = round_up_power_of_two(params->max_wr + 1);
	params->max_wr = params->wqe_count - 1;
	params->log_stride = log2_of(stride < MIN_SRQ_STRIDE ? MIN_SRQ_STRIDE : stride);
	params->memory.size = (size_t)params->wqe_count << params->log_stride;
	params->doorbell_record = (void *)(uintptr_t)request.db_addr;
	return mlx5_pin_queue(pin, &params->memory, request.buf_addr, request.db_addr);
}

static void created_srq(const struct srq *srq, struct driver_data *driver)
{
	struct mlx5_ib_create_srq_resp answer = {.srqn = srq->srqn};

	driver_output(driver, &answer, sizeof(answer));
}

static void created_ah(const uint8_t *mac, struct driver_data *driver)
{
	struct mlx5_ib_create_ah_resp answer = {.response_length = sizeof(answer)};

	if (!mac)
		return;
	memcpy(answer.dmac, mac, sizeof(answer.dmac));
	driver_output(driver, &answer, sizeof(answer));
}

static const struct method_entry *const methods[] = {mlx5_uar_methods, mlx5_dm_methods,
						     mlx5_import_methods, NULL};

const struct driver_abi mlx5_driver_abi = {
	.family = "mlx5",
	.ops = &softhca_mlx5_family,
	.driver_id = RDMA_DRIVER_MLX5,
	.limits =
		{
			.max_qp = 32768,
			.max_cq = 65536,
			.max_srq = 32768,
			.max_mr = 131072,
			.max_mw = 131072,
			.max_pd = 65536,
			.max_ah = INT32_MAX,
			.max_qp_wr = MLX5_MAX_WQES,
			.max_sge = 30,
			.max_cqe = (1 << 22) - 1,
			.max_srq_wr = MLX5_MAX_WQES - 1,
			.max_srq_sge = 31,
			.max_inline = 988,
			.max_rd_atomic = 16,
			.max_init_rd_atomic = 16,
			.max_mcast_grp = FABRIC_GROUPS,
			.max_mcast_qp_attach = FABRIC_GROUP_MEMBERS,
			.max_mr_size = UINT64_MAX,
			.max_wq = 16384,
			.max_wq_table = 8192,
			.max_tags = 127,
			.max_tag_ops = MLX5_MAX_WQES,
		},
	.open_context = open_context,
	.reopen_context = mlx5_clock_open,
	.query_device = query_device,
	.created_pd = created_pd,
	.create_cq = create_cq,
	.created_cq = created_cq,
	.resize_cq = resize_cq,
	.create_qp = create_qp,
	.create_raw_qp = mlx5_create_raw_qp,
	.created_qp = created_qp,
	.driver_qp_type = mlx5_driver_qp_type,
	.check_modify_qp = mlx5_check_modify_qp,
	.modified_qp = mlx5_modified_qp,
	.create_wq = mlx5_create_wq,
	.modify_wq = mlx5_modify_wq,
	.create_rss = mlx5_create_rss,
	.bind_counters = mlx5_bind_counters,
	.created_other = mlx5_created_other,
	.check_pace = check_pace,
	.create_srq = create_srq,
	.created_srq = created_srq,
	.alloc_mw = mlx5_abi_alloc_mw,
	.created_ah = created_ah,
	.tick = mlx5_clock_tick,
	.close_clock = mlx5_clock_close,
	.dm_window_page = MLX5_IB_MMAP_DEVICE_MEM << 8,
	.notes_page = MLX5_IB_MMAP_CLOCK_INFO << 8 | MLX5_IB_CLOCK_INFO_V1,
	.methods = methods,
};
