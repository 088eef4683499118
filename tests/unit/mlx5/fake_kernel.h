/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The part of libibverbs the mlx5 provider stands on, replaced by one that has no kernel: commands
 * succeed with the replies set here, what they carried is kept, and register pages are memory the
 * test can read. Also the "device" side: CQEs are written into the ring the provider named.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <rdma/mlx5-abi.h>

#include "hw/mlx5/cqe.h"
#include "hw/mlx5/doorbell.h"
#include "hw/mlx5/wqe.h"
#include "libibverbs/driver.h"

enum {
	FAKE_CQN = 0x000c05,
	FAKE_QPN = 0x00aabb,
	FAKE_SRQN = 0x000123,
	FAKE_WQN = 0x000456,
	FAKE_MW_RKEY = 0x00ab12ff,
	FAKE_LID_PORT = 1,
	FAKE_ROCE_PORT = 2,
	FAKE_UAR_PAGES = 32,
	FAKE_FILE_PAGES = 0x900, /* all that can be mapped, device memory at the end */
	FAKE_DYNAMIC_PAGE = 16,	 /* first page of those the UAR object gives out */
};

/* What came with the last CREATE_FLOW: nothing (-1), or how many descriptions, and those. */
struct fake_flow {
	int num_descs;
	struct mlx5_ib_flow_counters_desc descs[4];
};

struct fake_kernel {
	/* replies */
	struct mlx5_ib_alloc_ucontext_resp ucontext;
	struct mlx5_ib_modify_qp_resp modified; /* for who asks */
	size_t ucontext_max_request;		/* longer requests are refused */
	bool refuse_devx;
	uint32_t bfreg_index;
	uint8_t dmac[6];
	int fail_create; /* errno for the next create command, 0: succeed */
	struct ibv_device_attr_ex device;
	struct mlx5_ib_query_device_resp device_udata;
	/* called inside RESIZE_CQ, where the device moves to the new ring */
	void (*on_resize)(void);

	/* what came in */
	unsigned int get_context_calls;
	struct mlx5_ib_alloc_ucontext_req_v2 ucontext_request;
	struct mlx5_ib_create_cq cq_request;
	uint32_t cq_cqes;
	struct mlx5_ib_resize_cq resize_request;
	struct mlx5_ib_create_qp qp_request;
	struct mlx5_ib_create_srq srq_request;
	struct mlx5_ib_create_qp_rss rss_request;
	struct mlx5_ib_create_wq wq_request;
	struct ibv_wq_attr wq_change;
	struct fake_flow flow;
	unsigned int uars_allocated, uars_freed;
	unsigned int objects; /* alive */

	uint8_t *registers; /* FAKE_UAR_PAGES pages as the provider maps them */
};
extern struct fake_kernel fake;

/* Replies of a ConnectX-4 with static registers, CQE version 1, BlueFlame of 2 x 256 bytes. */
void fake_reset(void);
struct ibv_context *fake_open(void);
/* A second context by the descriptor of the first, to be ended before it. */
struct ibv_context *fake_import(void);
void fake_unimport(struct ibv_context *context);
/* What the provider can do, as its last context has said. */
const struct verbs_context_ops *fake_ops(void);
struct ibv_device *fake_device(void);
void fake_close(struct ibv_context *context);

/* Bytes of UAR page number page at offset. */
uint8_t *fake_register(unsigned int page, unsigned int offset);

/* Rings and records as the commands named them. */
uint8_t *fake_rq(void);
uint8_t *fake_sq(void);
__be32 *fake_qp_dbrec(void);
uint8_t *fake_srq(void);
__be32 *fake_srq_dbrec(void);
__be32 *fake_cq_dbrec(void);
uint8_t *fake_wq(void);
__be32 *fake_wq_dbrec(void);

/*
 * The device writes a CQE: the 64 meaningful bytes at index of the ring, owner bit as the lap of
 * the ring demands. Bytes 0..62 as given; b7:1 of byte 63.
 */
void fake_cqe(uint32_t index, const uint8_t bytes[64]);
/* A plain CQE for the QP created last, whose user index or QPN the CQE version decides. */
void fake_cqe_simple(uint32_t index, uint8_t opcode, uint16_t wqe_counter, uint32_t byte_cnt);

/* The attribute of that number, or NULL. */
const struct ib_uverbs_attr *fake_attr(const struct verbs_ioctl *call, uint16_t id);

/* For the commands: the outcome of one that creates or destroys, its private data in and out. */
int fake_created(void);
int fake_destroyed(void);
void fake_keep(void *to, size_t size, const struct verbs_udata *udata);
void fake_reply(const struct verbs_udata *udata, const void *from, size_t size);

#endif
