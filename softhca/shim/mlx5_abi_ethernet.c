/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Driver-private data of mlx5 for what Ethernet ports offer: raw packet queue pairs, work queues,
 * receive side scaling, counters of flow rules. Structures: uapi rdma/mlx5-abi.h.
 */
#include <errno.h>
#include <string.h>

#include "hw/mlx5/wqe.h"
#include "hw/wire/ethernet.h"
#include "softhca/shim/mlx5_abi.h"
#include "softhca/shim/user.h"

enum {
	MAX_TSO_BYTES = 256 * 1024,
	/* Least input: what the first versions of the library sent. */
	MIN_RAW_QP_BYTES = offsetof(struct mlx5_ib_create_qp, ece_options),
	MIN_WQ_BYTES = offsetof(struct mlx5_ib_create_wq, single_stride_log_num_of_bytes),
	MIN_RSS_BYTES = offsetof(struct mlx5_ib_create_qp_rss, flags),
};

/* ---- raw packet queue pairs ---- */

static int lay_out_receives(const struct mlx5_ib_create_qp *request, struct qp_params *params)
{
	struct wq_params *rq = params->rq;

	if (params->max_recv_wr > request->rq_wqe_count)
		return EINVAL;
	if (!request->rq_wqe_count) {
		params->rq = NULL;
		return 0;
	}
	rq->count = request->rq_wqe_count;
	rq->log_stride = request->rq_wqe_shift;
	rq->memory.size = (size_t)rq->count << rq->log_stride;
	rq->doorbell_record = (void *)(uintptr_t)request->db_addr;
	return 0;
}

static int lay_out(const struct mlx5_ib_create_qp *request, struct qp_params *params)
{
	if (request->sq_wqe_count > MLX5_MAX_WQES || request->rq_wqe_count > MLX5_MAX_WQES ||
	    request->rq_wqe_shift > MLX5_MAX_LOG_STRIDE ||
	    params->max_send_wr > request->sq_wqe_count)
		return EINVAL;
	params->sq_units = request->sq_wqe_count;
	params->memory.size = (size_t)request->sq_wqe_count * MLX5_SEND_WQE_BB;
	params->doorbell_record = (void *)(uintptr_t)request->db_addr;
	return lay_out_receives(request, params);
}

/* A queue pair without sends has no buffer for them. */
static int pin_queues(const struct mlx5_ib_create_qp *request, struct qp_params *params,
		      struct pin *pin, struct pin *rq_pin)
{
	int rc = 0;

	if (params->sq_units)
		rc = mlx5_pin_queue(pin, &params->memory, request->sq_buf_addr, request->db_addr);
	else
		params->memory.linear = (uint8_t *)(uintptr_t)request->buf_addr;
	if (rc || !params->rq)
		return rc;
	rc = mlx5_pin_queue(rq_pin, &params->rq->memory, request->buf_addr, request->db_addr);
	if (rc)
		pin_release(pin);
	return rc;
}

int mlx5_create_raw_qp(struct shim_file *file, const struct driver_data *driver,
		       struct qp_params *params, struct pin *pin, struct pin *rq_pin)
{
	struct mlx5_ib_create_qp request;
	int rc = driver_input(driver, &request, sizeof(request));

	if (!rc && driver->in_length < MIN_RAW_QP_BYTES)
		rc = EINVAL;
	/* Their completions are told apart by the user index alone. */
	if (!rc && !file->cqe_version)
		rc = EINVAL;
	if (!rc)
		rc = mlx5_check_qp_flags(file, &request, params->type);
	if (!rc)
		rc = mlx5_check_user_index(file, request.uidx, &params->user_index);
	if (!rc)
		rc = lay_out(&request, params);
	return rc ? rc : pin_queues(&request, params, pin, rq_pin);
}

/* ---- work queues ---- */

int mlx5_create_wq(struct shim_file *file, const struct driver_data *driver,
		   struct wq_params *params, struct pin *pin)
{
	struct mlx5_ib_create_wq request;
	int rc = driver_input(driver, &request, sizeof(request));

	if (!rc && driver->in_length < MIN_WQ_BYTES)
		rc = EINVAL;
	if (!rc && (request.comp_mask || request.flags || request.single_stride_log_num_of_bytes ||
		    request.single_wqe_log_num_of_strides || request.two_byte_shift_en))
		rc = EOPNOTSUPP;
	if (!rc && !file->cqe_version)
		rc = EINVAL;
	if (!rc)
		rc = mlx5_check_user_index(file, request.user_index, &params->user_index);
	if (!rc && (!request.rq_wqe_count || request.rq_wqe_count > MLX5_MAX_WQES ||
		    request.rq_wqe_shift > MLX5_MAX_LOG_STRIDE))
		rc = EINVAL;
	if (rc)
		return rc;
	params->count = request.rq_wqe_count;
	params->log_stride = request.rq_wqe_shift;
	params->memory.size = (size_t)params->count << params->log_stride;
	params->doorbell_record = (void *)(uintptr_t)request.db_addr;
	return mlx5_pin_queue(pin, &params->memory, request.buf_addr, request.db_addr);
}

int mlx5_modify_wq(const struct driver_data *driver)
{
	struct mlx5_ib_modify_wq request;
	int rc = driver_input(driver, &request, sizeof(request));

	if (!rc && driver->in_length < sizeof(request))
		rc = EINVAL;
	return !rc && (request.comp_mask || request.reserved) ? EOPNOTSUPP : rc;
}

/* Those of work queues, tables and the like are one: a length and nothing else. */
void mlx5_created_other(struct driver_data *driver)
{
	struct mlx5_ib_create_wq_resp answer = {.response_length = sizeof(answer)};

	driver_output(driver, &answer, sizeof(answer));
}

/* ---- receive side scaling ---- */

int mlx5_create_rss(const struct driver_data *driver, struct rss_params *params)
{
	/* Frames to one's own port come back in any case. */
	uint32_t harmless = MLX5_QP_FLAG_TIR_ALLOW_SELF_LB_UC | MLX5_QP_FLAG_TIR_ALLOW_SELF_LB_MC;
	struct mlx5_ib_create_qp_rss request;
	int rc = driver_input(driver, &request, sizeof(request));

	if (!rc && driver->in_length < MIN_RSS_BYTES)
		rc = EINVAL;
	if (!rc && (request.comp_mask || request.flags & ~harmless))
		rc = EOPNOTSUPP;
	if (!rc && request.rx_hash_fields_mask > UINT32_MAX)
		rc = EOPNOTSUPP;
	if (rc)
		return rc;
	params->fields = (uint32_t)request.rx_hash_fields_mask;
	params->key = driver->in + offsetof(struct mlx5_ib_create_qp_rss, rx_hash_key);
	/* Without fields nothing is hashed, and the rest says nothing. */
	if (!params->fields)
		return 0;
	if (request.rx_hash_function != MLX5_RX_HASH_FUNC_TOEPLITZ)
		return EOPNOTSUPP;
	return request.rx_key_len == RSS_KEY_BYTES ? 0 : EINVAL;
}

/* ---- counters ---- */

/* The list of what is counted where lies in the program. */
static int read_bindings(const struct mlx5_ib_flow_counters_data *data, struct flow_params *params)
{
	struct mlx5_ib_flow_counters_desc list[FLOW_MAX_BINDINGS];
	int rc;

	if (!data->ncounters || data->ncounters > FLOW_MAX_BINDINGS)
		return EINVAL;
	rc = user_read(list, (uintptr_t)data->counters_data, data->ncounters * sizeof(list[0]));
	if (rc)
		return rc;
	for (uint32_t i = 0; i < data->ncounters; i++) {
		if (list[i].description > COUNTER_BYTES || list[i].index >= COUNTERS_MAX)
			return EINVAL;
		params->bindings[i].kind = (enum counter_kind)list[i].description;
		params->bindings[i].index = list[i].index;
	}
	params->num_bindings = data->ncounters;
	return 0;
}

int mlx5_bind_counters(const struct driver_data *driver, struct flow_params *params)
{
	struct mlx5_ib_flow_counters_data data;
	struct mlx5_ib_create_flow head;
	uint8_t request[sizeof(head) + sizeof(data)];
	int rc = driver_input(driver, request, sizeof(request));

	if (rc)
		return rc;
	memcpy(&head, request, sizeof(head));
	memcpy(&data, request + sizeof(head), sizeof(data));
	/* More than one row of counters a rule is more than an adapter has. */
	if (head.reserved || head.ncounters_data > 1 || data.reserved)
		return EINVAL;
	if (!head.ncounters_data)
		return 0;
	return params->counters ? read_bindings(&data, params) : EINVAL;
}

/* ---- what there is ---- */

void mlx5_describe_ethernet(struct mlx5_ib_query_device_resp *answer)
{
	uint32_t raw_packet = 1u << QP_TYPE_RAW_PACKET;

	answer->tso_caps.max_tso = MAX_TSO_BYTES;
	answer->tso_caps.supported_qpts = raw_packet;
	answer->rss_caps.rx_hash_fields_mask = RSS_IP4 | RSS_IP6 | RSS_TCP | RSS_UDP;
	answer->rss_caps.rx_hash_function = MLX5_RX_HASH_FUNC_TOEPLITZ;
}
