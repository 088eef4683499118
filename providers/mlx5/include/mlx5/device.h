/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The device as the direct verbs see it: what it can do beyond the verbs, how it is opened, its
 * clock.
 */
#ifndef INFINIBAND_MLX5_DEVICE_H
#define INFINIBAND_MLX5_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <infiniband/verbs.h>
#include <infiniband/mlx5_api.h>
#include <infiniband/mlx5/mkey.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- capabilities ---- */

/* In: which members of struct mlx5dv_context to fill in; out: which have been. */
enum mlx5dv_context_comp_mask {
	MLX5DV_CONTEXT_MASK_CQE_COMPRESION = 1 << 0,
	MLX5DV_CONTEXT_MASK_SWP = 1 << 1,
	MLX5DV_CONTEXT_MASK_STRIDING_RQ = 1 << 2,
	MLX5DV_CONTEXT_MASK_TUNNEL_OFFLOADS = 1 << 3,
	MLX5DV_CONTEXT_MASK_DYN_BFREGS = 1 << 4,
	MLX5DV_CONTEXT_MASK_CLOCK_INFO_UPDATE = 1 << 5,
	MLX5DV_CONTEXT_MASK_FLOW_ACTION_FLAGS = 1 << 6,
	MLX5DV_CONTEXT_MASK_DC_ODP_CAPS = 1 << 7,
	MLX5DV_CONTEXT_MASK_HCA_CORE_CLOCK = 1 << 8,
	MLX5DV_CONTEXT_MASK_NUM_LAG_PORTS = 1 << 9,
	MLX5DV_CONTEXT_MASK_SIGNATURE_OFFLOAD = 1 << 10,
	MLX5DV_CONTEXT_MASK_DCI_STREAMS = 1 << 11,
	MLX5DV_CONTEXT_MASK_WR_MEMCPY_LENGTH = 1 << 12,
	MLX5DV_CONTEXT_MASK_CRYPTO_OFFLOAD = 1 << 13,
	MLX5DV_CONTEXT_MASK_MAX_DC_RD_ATOM = 1 << 14,
	MLX5DV_CONTEXT_MASK_REG_C0 = 1 << 15,
	MLX5DV_CONTEXT_MASK_OOO_RECV_WRS = 1 << 16,
};

enum mlx5dv_context_flags {
	MLX5DV_CONTEXT_FLAGS_CQE_V1 = 1 << 0,
	MLX5DV_CONTEXT_FLAGS_OBSOLETE = 1 << 1,
	MLX5DV_CONTEXT_FLAGS_MPW_ALLOWED = 1 << 2,
	MLX5DV_CONTEXT_FLAGS_ENHANCED_MPW = 1 << 3,
	MLX5DV_CONTEXT_FLAGS_CQE_128B_COMP = 1 << 4,
	MLX5DV_CONTEXT_FLAGS_CQE_128B_PAD = 1 << 5,
	MLX5DV_CONTEXT_FLAGS_PACKET_BASED_CREDIT_MODE = 1 << 6,
	MLX5DV_CONTEXT_FLAGS_REAL_TIME_TS = 1 << 7,
	MLX5DV_CONTEXT_FLAGS_BLUEFLAME = 1 << 8,
};

enum mlx5dv_cqe_comp_res_format {
	MLX5DV_CQE_RES_FORMAT_HASH = 1 << 0,
	MLX5DV_CQE_RES_FORMAT_CSUM = 1 << 1,
	MLX5DV_CQE_RES_FORMAT_CSUM_STRIDX = 1 << 2,
};

/* Compressed completions: how many one entry may stand for, and in which formats. */
struct mlx5dv_cqe_comp_caps {
	uint32_t max_num;
	uint32_t supported_format;
};

enum mlx5dv_sw_parsing_offloads {
	MLX5DV_SW_PARSING = 1 << 0,
	MLX5DV_SW_PARSING_CSUM = 1 << 1,
	MLX5DV_SW_PARSING_LSO = 1 << 2,
};

/* Raw packet queue pairs whose sender says itself where the headers of a packet begin. */
struct mlx5dv_sw_parsing_caps {
	uint32_t sw_parsing_offloads;
	uint32_t supported_qpts;
};

/* Receive queues whose entries take many packets, in strides. */
struct mlx5dv_striding_rq_caps {
	uint32_t min_single_stride_log_num_of_bytes;
	uint32_t max_single_stride_log_num_of_bytes;
	uint32_t min_single_wqe_log_num_of_strides;
	uint32_t max_single_wqe_log_num_of_strides;
	uint32_t supported_qpts;
};

enum mlx5dv_tunnel_offloads {
	MLX5DV_RAW_PACKET_CAP_TUNNELED_OFFLOAD_VXLAN = 1 << 0,
	MLX5DV_RAW_PACKET_CAP_TUNNELED_OFFLOAD_GRE = 1 << 1,
	MLX5DV_RAW_PACKET_CAP_TUNNELED_OFFLOAD_GENEVE = 1 << 2,
	MLX5DV_RAW_PACKET_CAP_TUNNELED_OFFLOAD_CW_MPLS_OVER_GRE = 1 << 3,
	MLX5DV_RAW_PACKET_CAP_TUNNELED_OFFLOAD_CW_MPLS_OVER_UDP = 1 << 4,
};

enum mlx5dv_flow_action_cap_flags {
	MLX5DV_FLOW_ACTION_FLAGS_ESP_AES_GCM = 1 << 0,
	MLX5DV_FLOW_ACTION_FLAGS_ESP_AES_GCM_REQ_METADATA = 1 << 1,
	MLX5DV_FLOW_ACTION_FLAGS_ESP_AES_GCM_SPI_STEERING = 1 << 2,
	MLX5DV_FLOW_ACTION_FLAGS_ESP_AES_GCM_FULL_OFFLOAD = 1 << 3,
	MLX5DV_FLOW_ACTION_FLAGS_ESP_AES_GCM_TX_IV_IS_ESN = 1 << 4,
};

/* Streams of one DC initiator: how many may run, and how many may have failed. */
struct mlx5dv_dci_streams_caps {
	uint8_t max_log_num_concurent;
	uint8_t max_log_num_errored;
};

/* Receives that need not be in order, by transport: the most a queue may have. */
struct mlx5dv_ooo_recv_wrs_caps {
	uint32_t max_rc;
	uint32_t max_xrc;
	uint32_t max_dct;
	uint32_t max_ud;
	uint32_t max_uc;
};

/* Sizes, counts and flags; a member whose bit in comp_mask comes back clear is not known. */
struct mlx5dv_context {
	uint8_t version;    /* 0 */
	uint64_t flags;	    /* enum mlx5dv_context_flags */
	uint64_t comp_mask; /* enum mlx5dv_context_comp_mask */
	struct mlx5dv_cqe_comp_caps cqe_comp_caps;
	struct mlx5dv_sw_parsing_caps sw_parsing_caps;
	struct mlx5dv_striding_rq_caps striding_rq_caps;
	uint32_t tunnel_offloads_caps;
	uint32_t max_dynamic_bfregs;
	uint64_t max_clock_info_update_nsec;
	uint32_t flow_action_flags;
	uint32_t dc_odp_caps; /* as enum ibv_odp_transport_cap_bits */
	void *hca_core_clock; /* the free running counter, mapped */
	uint8_t num_lag_ports;
	struct mlx5dv_sig_caps sig_caps;
	struct mlx5dv_dci_streams_caps dci_streams_caps;
	size_t max_wr_memcpy_length;
	struct mlx5dv_crypto_caps crypto_caps;
	uint64_t max_dc_rd_atom;
	uint64_t max_dc_init_rd_atom;
	struct mlx5dv_reg reg_c0;
	struct mlx5dv_ooo_recv_wrs_caps ooo_recv_wrs_caps;
};

/* True when the device is one this library serves. */
bool mlx5dv_is_supported(struct ibv_device *device);

/*
 * Fills in version, flags, and of the rest what attrs_out->comp_mask asks for and is known; the
 * mask then tells which. 0; EOPNOTSUPP: not a context of this provider; errno of the kernel.
 */
int mlx5dv_query_device(struct ibv_context *ctx_in, struct mlx5dv_context *attrs_out);

/* ---- opening ---- */

enum mlx5dv_context_attr_flags {
	MLX5DV_CONTEXT_FLAGS_DEVX = 1 << 0,
};

enum mlx5dv_context_attr_comp_mask {
	MLX5DV_CONTEXT_ATTR_MASK_FD_ARRAY = 1 << 0,
};

struct mlx5dv_context_attr {
	uint32_t flags;	    /* enum mlx5dv_context_attr_flags */
	uint64_t comp_mask; /* enum mlx5dv_context_attr_comp_mask */
	struct ibv_fd_arr *fds;
};

/*
 * As ibv_open_device(), and with what the attributes ask for: a kernel that does not let the
 * process use DEVX makes the call fail where flags say MLX5DV_CONTEXT_FLAGS_DEVX. NULL and errno:
 * EOPNOTSUPP for a device of another provider, or attributes that are not known.
 */
struct ibv_context *mlx5dv_open_device(struct ibv_device *device, struct mlx5dv_context_attr *attr);

enum mlx5dv_vfio_context_attr_flags {
	MLX5DV_VFIO_CTX_FLAGS_INIT_LINK_DOWN = 1 << 0,
};

struct mlx5dv_vfio_context_attr {
	const char *pci_name;
	uint32_t flags;
	uint64_t comp_mask;
};

/* ---- settings of an open device ---- */

enum mlx5dv_set_ctx_attr_type {
	MLX5DV_CTX_ATTR_BUF_ALLOCATORS = 1 << 0,
};

/* Where the memory of queues and doorbell records comes from. free gets what alloc gave. */
struct mlx5dv_ctx_allocators {
	void *(*alloc)(size_t size, void *priv_data);
	void (*free)(void *ptr, void *priv_data);
	void *data;
};

/* 0, EINVAL for values that make no sense, EOPNOTSUPP for a type or a context not known. */
int mlx5dv_set_context_attr(struct ibv_context *context, enum mlx5dv_set_ctx_attr_type type,
			    void *attr);

/* ---- clock ---- */

/* How the counter that stamps completions relates to nanoseconds of the kernel's clock. */
struct mlx5dv_clock_info {
	uint64_t nsec;	      /* at last_cycles */
	uint64_t last_cycles; /* the counter when the kernel last looked */
	uint64_t frac;	      /* of a nanosecond, in units of 2^-shift */
	uint32_t mult;	      /* nanoseconds a cycle, in units of 2^-shift */
	uint32_t shift;
	uint64_t mask; /* bits that the counter has */
};

/* 0; EOPNOTSUPP: not a context of this provider, or a kernel that keeps no such account. */
int mlx5dv_get_clock_info(struct ibv_context *context, struct mlx5dv_clock_info *clock_info);

/*
 * Nanoseconds for a time stamp that lies within half a turn of the counter from clock_info: later
 * than it, or earlier.
 */
static inline uint64_t mlx5dv_ts_to_ns(struct mlx5dv_clock_info *clock_info,
				       uint64_t device_timestamp)
{
	uint64_t ahead = (device_timestamp - clock_info->last_cycles) & clock_info->mask;
	uint64_t behind = (clock_info->last_cycles - device_timestamp) & clock_info->mask;

	if (ahead <= clock_info->mask / 2)
		return clock_info->nsec +
		       ((ahead * clock_info->mult + clock_info->frac) >> clock_info->shift);
	return clock_info->nsec -
	       ((behind * clock_info->mult - clock_info->frac) >> clock_info->shift);
}

/* ---- pages of the device ---- */

/* Commands of a page offset given to mmap(). */
enum {
	MLX5_MMAP_GET_REGULAR_PAGES_CMD = 0,
	MLX5_MMAP_GET_NC_PAGES_CMD = 3,
};

#ifdef __cplusplus
}
#endif

#endif
