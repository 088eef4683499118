/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few members of libibverbs' public structs that the shim reaches into, by their place in the
 * ABI that every program linked with -libverbs is compiled against. The shim runs below any
 * libibverbs and so includes none; stock and own libraries are the witnesses of these offsets.
 */
#ifndef SOFTHCA_SHIM_VERBS_TABLES_H
#define SOFTHCA_SHIM_VERBS_TABLES_H

#include <stddef.h>
#include <stdint.h>

struct verbs_context_view;
struct verbs_wc;
struct verbs_cq;
struct verbs_qp;
struct verbs_srq;

typedef int verbs_poll_cq_fn(struct verbs_cq *cq, int entries, struct verbs_wc *wc);
typedef int verbs_req_notify_fn(struct verbs_cq *cq, int solicited_only);
typedef int verbs_post_fn(void *queue, void *wr, void **bad_wr);
typedef int verbs_start_poll_fn(struct verbs_cq *cq, void *attr);
typedef int verbs_query_clock_fn(struct verbs_context_view *context, void *values);
typedef int verbs_wr_complete_fn(struct verbs_qp *qp);

/* struct ibv_context. */
struct verbs_context_view {
	void *device;
	void *ops_head[11];
	verbs_poll_cq_fn *poll_cq;
	verbs_req_notify_fn *req_notify_cq;
	void *ops_middle[12];
	verbs_post_fn *post_send;
	verbs_post_fn *post_recv;
	void *ops_tail[5];
	int cmd_fd;
	int async_fd;
	int num_comp_vectors;
	uint8_t mutex[40];
	uintptr_t abi_compat; /* all ones: an extended context lies before it */
};

/* The end of struct verbs_context, which grows at its beginning. */
struct verbs_context_extension {
	verbs_query_clock_fn *query_rt_values;
	void *older[14];
	size_t size;
	struct verbs_context_view context;
};

/* struct ibv_cq, and struct ibv_cq_ex which begins like it. */
struct verbs_cq {
	struct verbs_context_view *context;
	void *channel;
	void *cq_context;
	uint32_t handle;
	int cqe;
	uint8_t waiting[96];
	uint32_t comp_mask;
	int status;
	uint64_t wr_id;
	verbs_start_poll_fn *start_poll;
	void *next_poll;
	void *end_poll;
};

/* struct ibv_qp, and struct ibv_qp_ex which begins like it. */
struct verbs_qp {
	struct verbs_context_view *context;
	void *qp_context;
	void *pd;
	struct verbs_cq *send_cq;
	struct verbs_cq *recv_cq;
	struct verbs_srq *srq;
	uint32_t handle;
	uint32_t qp_num;
	uint8_t waiting[104];
	void *wr[20];
	void *wr_start;
	verbs_wr_complete_fn *wr_complete;
	void *wr_abort;
};

/* Beginning of struct ibv_wq. */
struct verbs_wq {
	struct verbs_context_view *context;
	void *wq_context;
	void *pd;
	struct verbs_cq *cq;
};

_Static_assert(offsetof(struct verbs_context_view, poll_cq) == 8 + 88, "ibv_context.ops.poll_cq");
_Static_assert(offsetof(struct verbs_context_view, req_notify_cq) == 8 + 96,
	       "ibv_context.ops.req_notify_cq");
_Static_assert(offsetof(struct verbs_context_view, post_send) == 8 + 200,
	       "ibv_context.ops.post_send");
_Static_assert(offsetof(struct verbs_context_view, post_recv) == 8 + 208,
	       "ibv_context.ops.post_recv");
_Static_assert(offsetof(struct verbs_context_view, cmd_fd) == 264, "ibv_context.cmd_fd");
_Static_assert(offsetof(struct verbs_context_view, abi_compat) == 320, "ibv_context.abi_compat");
_Static_assert(offsetof(struct verbs_context_extension, context) == 128,
	       "verbs_context.query_rt_values");
_Static_assert(offsetof(struct verbs_cq, comp_mask) == 128, "ibv_cq_ex.comp_mask");
_Static_assert(offsetof(struct verbs_cq, start_poll) == 144, "ibv_cq_ex.start_poll");
_Static_assert(offsetof(struct verbs_wq, cq) == 24, "ibv_wq.cq");
_Static_assert(offsetof(struct verbs_qp, qp_num) == 52, "ibv_qp.qp_num");
_Static_assert(offsetof(struct verbs_qp, wr_start) == 320, "ibv_qp_ex.wr_start");
_Static_assert(offsetof(struct verbs_qp, wr_complete) == 328, "ibv_qp_ex.wr_complete");

#endif
