/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The objects of version IBVERBS_1.0, for programs linked in 2006. Each stands for an object of
 * today, whose address it carries behind what such programs know. Offsets were read out of the
 * objects that Debian's libibverbs1 44.0 gives to callers of these versions; the test
 * libibverbs_compat_1_0 uses them through literal numbers.
 */
#ifndef LIBIBVERBS_COMPAT_1_0_H
#define LIBIBVERBS_COMPAT_1_0_H

#include "libibverbs/library.h"

/* Defines `name` of version IBVERBS_1.0; the version script keeps the compat_ name inside. */
#define COMPAT(result, name, ...)                                                                  \
	result compat_##name(__VA_ARGS__);                                                         \
	__asm__(".symver compat_" #name ", " #name "@IBVERBS_1.0");                                \
	result compat_##name(__VA_ARGS__)

/* The first two words were sysfs handles, the last two functions of the driver. */
struct ibv_device_1_0 {
	void *no_sysfs_dev;
	void *no_sysfs_ibdev;
	struct ibv_device *real_device;
	void *no_ops[2];
};

struct ibv_send_wr_1_0;
struct ibv_recv_wr_1_0;
struct ibv_qp_1_0;
struct ibv_cq_1_0;
struct ibv_srq_1_0;

/* Programs call five of the 27 through inline functions; the others have symbols. */
struct ibv_context_ops_1_0 {
	void (*no_ops_0[7])(void);
	int (*poll_cq)(struct ibv_cq_1_0 *cq, int num_entries, struct ibv_wc *wc);
	int (*req_notify_cq)(struct ibv_cq_1_0 *cq, int solicited_only);
	void (*no_ops_9[7])(void);
	int (*post_srq_recv)(struct ibv_srq_1_0 *srq, struct ibv_recv_wr_1_0 *wr,
			     struct ibv_recv_wr_1_0 **bad_wr);
	void (*no_ops_17[4])(void);
	int (*post_send)(struct ibv_qp_1_0 *qp, struct ibv_send_wr_1_0 *wr,
			 struct ibv_send_wr_1_0 **bad_wr);
	int (*post_recv)(struct ibv_qp_1_0 *qp, struct ibv_recv_wr_1_0 *wr,
			 struct ibv_recv_wr_1_0 **bad_wr);
	void (*no_ops_23[4])(void);
};

struct ibv_context_1_0 {
	struct ibv_device_1_0 *device;
	struct ibv_context_ops_1_0 ops;
	int cmd_fd;
	int async_fd;
	int num_comp_vectors;
	struct ibv_context *real_context;
};

struct ibv_pd_1_0 {
	struct ibv_context_1_0 *context;
	uint32_t handle;
	struct ibv_pd *real_pd;
};

struct ibv_mr_1_0 {
	struct ibv_context_1_0 *context;
	struct ibv_pd_1_0 *pd;
	uint32_t handle;
	uint32_t lkey;
	uint32_t rkey;
	struct ibv_mr *real_mr;
};

/* Events are counted in the object of today; mutex and condition only keep their places. */
struct ibv_cq_1_0 {
	struct ibv_context_1_0 *context;
	void *cq_context;
	uint32_t handle;
	int cqe;
	pthread_mutex_t no_mutex;
	pthread_cond_t no_cond;
	uint32_t no_comp_events_completed;
	uint32_t no_async_events_completed;
	struct ibv_cq *real_cq;
};

struct ibv_srq_1_0 {
	struct ibv_context_1_0 *context;
	void *srq_context;
	struct ibv_pd_1_0 *pd;
	uint32_t handle;
	pthread_mutex_t no_mutex;
	pthread_cond_t no_cond;
	uint32_t no_events_completed;
	struct ibv_srq *real_srq;
};

struct ibv_qp_1_0 {
	struct ibv_context_1_0 *context;
	void *qp_context;
	struct ibv_pd_1_0 *pd;
	struct ibv_cq_1_0 *send_cq;
	struct ibv_cq_1_0 *recv_cq;
	struct ibv_srq_1_0 *srq;
	uint32_t handle;
	uint32_t qp_num;
	enum ibv_qp_state state;
	enum ibv_qp_type qp_type;
	pthread_mutex_t no_mutex;
	pthread_cond_t no_cond;
	uint32_t no_events_completed;
	struct ibv_qp *real_qp;
};

struct ibv_ah_1_0 {
	struct ibv_context_1_0 *context;
	struct ibv_pd_1_0 *pd;
	uint32_t handle;
	struct ibv_ah *real_ah;
};

struct ibv_qp_init_attr_1_0 {
	void *qp_context;
	struct ibv_cq_1_0 *send_cq;
	struct ibv_cq_1_0 *recv_cq;
	struct ibv_srq_1_0 *srq;
	struct ibv_qp_cap cap;
	enum ibv_qp_type qp_type;
	int sq_sig_all;
};

/* In requests, `next` came before `wr_id`. */
struct ibv_recv_wr_1_0 {
	struct ibv_recv_wr_1_0 *next;
	uint64_t wr_id;
	struct ibv_sge *sg_list;
	int num_sge;
};

struct ibv_send_wr_1_0 {
	struct ibv_send_wr_1_0 *next;
	uint64_t wr_id;
	struct ibv_sge *sg_list;
	int num_sge;
	enum ibv_wr_opcode opcode;
	int send_flags;
	__be32 imm_data;
	union {
		struct {
			uint64_t remote_addr;
			uint32_t rkey;
		} rdma;
		struct {
			uint64_t remote_addr;
			uint64_t compare_add;
			uint64_t swap;
			uint32_t rkey;
		} atomic;
		struct {
			struct ibv_ah_1_0 *ah;
			uint32_t remote_qpn;
			uint32_t remote_qkey;
		} ud;
	} wr;
};

_Static_assert(sizeof(struct ibv_device_1_0) == 40, "as observed");
_Static_assert(offsetof(struct ibv_context_1_0, ops.poll_cq) == 64, "as observed");
_Static_assert(offsetof(struct ibv_context_1_0, ops.post_srq_recv) == 136, "as observed");
_Static_assert(offsetof(struct ibv_context_1_0, ops.post_send) == 176, "as observed");
_Static_assert(offsetof(struct ibv_context_1_0, real_context) == 240, "as observed");
_Static_assert(offsetof(struct ibv_pd_1_0, real_pd) == 16, "as observed");
_Static_assert(offsetof(struct ibv_mr_1_0, real_mr) == 32, "as observed");
_Static_assert(offsetof(struct ibv_cq_1_0, real_cq) == 120, "as observed");
_Static_assert(offsetof(struct ibv_srq_1_0, real_srq) == 128, "as observed");
_Static_assert(offsetof(struct ibv_qp_1_0, real_qp) == 160, "as observed");
_Static_assert(offsetof(struct ibv_ah_1_0, real_ah) == 24, "as observed");

/* compat_1_0_post.c */
extern const struct ibv_context_ops_1_0 compat_context_ops;

#endif
