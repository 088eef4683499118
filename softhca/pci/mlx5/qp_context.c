/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between the context of a queue pair and the core's parameters and attributes. */
#include <string.h>

#include "softhca/pci/mlx5/qp.h"

enum {
	LOG_SEGMENT_BYTES = 4,
	BLOCK_BYTES = 64,
	PORT = 1,
};

enum mlx5_status mlx5_qp_take_shape(struct mlx5_command *command, const uint8_t *context,
				    struct qp_params *params, uint8_t ***pages)
{
	struct mlx5_page_list list =
		mlx5_command_pages(command, hw_get(context, MLX5_QPC_LOG_PAGE_SIZE));
	uint64_t recv_bytes;

	params->user_index = hw_get(context, MLX5_QPC_USER_INDEX);
	params->doorbell_record = mlx5_record_place(command, hw_get64(context, MLX5_QPC_DBR_BYTE));
	if (!params->doorbell_record)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "record not in memory");
	if (hw_get(context, MLX5_QPC_RQ_TYPE) == MLX5_QPC_RQ_OWN)
		params->rq_count = 1u << hw_get(context, MLX5_QPC_LOG_RQ_SIZE);
	if (!hw_get(context, MLX5_QPC_NO_SQ))
		params->sq_units = 1u << hw_get(context, MLX5_QPC_LOG_SQ_SIZE);
	params->rq_log_stride = hw_get(context, MLX5_QPC_LOG_RQ_STRIDE) + LOG_SEGMENT_BYTES;
	recv_bytes = (uint64_t)params->rq_count << params->rq_log_stride;
	params->sq_offset = recv_bytes;
	return mlx5_queue_place(command, &list, hw_get(context, MLX5_QPC_PAGE_OFFSET),
				recv_bytes + (uint64_t)params->sq_units * BLOCK_BYTES,
				&params->memory, pages);
}

static void read_path(const uint8_t *ads, struct path *path)
{
	*path = (struct path){
		.dlid = (uint16_t)hw_get(ads, MLX5_ADS_RLID),
		.sl = (uint8_t)hw_get(ads, MLX5_ADS_SL),
		.src_path_bits = (uint8_t)hw_get(ads, MLX5_ADS_PATH_BITS),
		.static_rate = (uint8_t)hw_get(ads, MLX5_ADS_STATIC_RATE),
		.port = PORT, /* there is no other to go through */
		.grh = hw_get(ads, MLX5_ADS_GRH),
		.sgid_index = (uint8_t)hw_get(ads, MLX5_ADS_GID_INDEX),
		.hop_limit = (uint8_t)hw_get(ads, MLX5_ADS_HOP_LIMIT),
		.traffic_class = (uint8_t)hw_get(ads, MLX5_ADS_TCLASS),
		.flow_label = hw_get(ads, MLX5_ADS_FLOW_LABEL),
	};
	memcpy(path->dgid, ads + MLX5_ADS_GID_BYTE, sizeof(path->dgid));
}

static void write_path(const struct path *path, uint8_t *ads)
{
	hw_set(ads, MLX5_ADS_RLID, path->dlid);
	hw_set(ads, MLX5_ADS_SL, path->sl);
	hw_set(ads, MLX5_ADS_PATH_BITS, path->src_path_bits);
	hw_set(ads, MLX5_ADS_STATIC_RATE, path->static_rate);
	hw_set(ads, MLX5_ADS_GRH, path->grh);
	hw_set(ads, MLX5_ADS_GID_INDEX, path->sgid_index);
	hw_set(ads, MLX5_ADS_HOP_LIMIT, path->hop_limit);
	hw_set(ads, MLX5_ADS_TCLASS, path->traffic_class);
	hw_set(ads, MLX5_ADS_FLOW_LABEL, path->flow_label);
	memcpy(ads + MLX5_ADS_GID_BYTE, path->dgid, sizeof(path->dgid));
}

static uint32_t read_access(const uint8_t *context)
{
	uint32_t access = 0;

	if (hw_get(context, MLX5_QPC_RRE))
		access |= ACCESS_REMOTE_READ;
	if (hw_get(context, MLX5_QPC_RWE))
		access |= ACCESS_REMOTE_WRITE;
	if (hw_get(context, MLX5_QPC_RAE))
		access |= ACCESS_REMOTE_ATOMIC;
	return access;
}

void mlx5_qp_read_attr(const uint8_t *context, struct qp_attr *attr)
{
	const uint8_t *ads = context + MLX5_QPC_PRIMARY_PATH_BYTE;

	*attr = (struct qp_attr){
		.path_mtu = (uint8_t)hw_get(context, MLX5_QPC_MTU),
		.qkey = hw_get(context, MLX5_QPC_QKEY),
		.rq_psn = hw_get(context, MLX5_QPC_RECV_PSN),
		.sq_psn = hw_get(context, MLX5_QPC_SEND_PSN),
		.dest_qpn = hw_get(context, MLX5_QPC_REMOTE_QPN),
		.access = read_access(context),
		.pkey_index = (uint16_t)hw_get(ads, MLX5_ADS_PKEY_INDEX),
		.max_rd_atomic = (uint8_t)(1u << hw_get(context, MLX5_QPC_LOG_SRA_MAX)),
		.max_dest_rd_atomic = (uint8_t)(1u << hw_get(context, MLX5_QPC_LOG_RRA_MAX)),
		.min_rnr_timer = (uint8_t)hw_get(context, MLX5_QPC_MIN_RNR_TIMER),
		.port = (uint8_t)hw_get(ads, MLX5_ADS_PORT),
		.timeout = (uint8_t)hw_get(ads, MLX5_ADS_ACK_TIMEOUT),
		.retry_count = (uint8_t)hw_get(context, MLX5_QPC_RETRY_COUNT),
		.rnr_retry = (uint8_t)hw_get(context, MLX5_QPC_RNR_RETRY),
		.migration = MIGRATION_MIGRATED,
	};
	read_path(ads, &attr->path);
}

static uint32_t log2_of(uint32_t value)
{
	return value ? 31u - (uint32_t)__builtin_clz(value) : 0;
}

/* The numbers of SQE and SQD are swapped against the specification's. */
uint32_t mlx5_qp_state_code(enum qp_state state)
{
	switch (state) {
	case QP_SQD:
		return MLX5_QPC_STATE_SQD;
	case QP_SQE:
		return MLX5_QPC_STATE_SQER;
	default:
		return state;
	}
}

void mlx5_qp_write_attr(const struct qp_attr *attr, uint8_t *context)
{
	uint8_t *ads = context + MLX5_QPC_PRIMARY_PATH_BYTE;

	hw_set(context, MLX5_QPC_STATE, mlx5_qp_state_code(attr->state));
	hw_set(context, MLX5_QPC_MIGRATION, MLX5_QPC_MIGRATION_MIGRATED);
	hw_set(context, MLX5_QPC_MTU, attr->path_mtu);
	hw_set(context, MLX5_QPC_QKEY, attr->qkey);
	hw_set(context, MLX5_QPC_RECV_PSN, attr->rq_psn);
	hw_set(context, MLX5_QPC_SEND_PSN, attr->sq_psn);
	hw_set(context, MLX5_QPC_REMOTE_QPN, attr->dest_qpn);
	hw_set(context, MLX5_QPC_RRE, !!(attr->access & ACCESS_REMOTE_READ));
	hw_set(context, MLX5_QPC_RWE, !!(attr->access & ACCESS_REMOTE_WRITE));
	hw_set(context, MLX5_QPC_RAE, !!(attr->access & ACCESS_REMOTE_ATOMIC));
	hw_set(context, MLX5_QPC_LOG_SRA_MAX, log2_of(attr->max_rd_atomic));
	hw_set(context, MLX5_QPC_LOG_RRA_MAX, log2_of(attr->max_dest_rd_atomic));
	hw_set(context, MLX5_QPC_MIN_RNR_TIMER, attr->min_rnr_timer);
	hw_set(context, MLX5_QPC_RETRY_COUNT, attr->retry_count);
	hw_set(context, MLX5_QPC_RNR_RETRY, attr->rnr_retry);
	write_path(&attr->path, ads);
	hw_set(ads, MLX5_ADS_PKEY_INDEX, attr->pkey_index);
	hw_set(ads, MLX5_ADS_PORT, attr->port);
	hw_set(ads, MLX5_ADS_ACK_TIMEOUT, attr->timeout);
}
