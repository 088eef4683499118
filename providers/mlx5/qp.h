/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queue pairs: the rings of send and receive work requests and where software stands in them.
 */
#ifndef MLX5_QP_H
#define MLX5_QP_H

#include <stdatomic.h>
#include <stdint.h>

#include "hw/mlx5/doorbell.h"
#include "hw/mlx5/wqe.h"
#include "libibverbs/driver.h"

#include <infiniband/mlx5dv.h>

#include "buf.h"
#include "comp_cntr.h"
#include "lock.h"
#include "resource.h"
#include "uar.h"

struct mlx5_context;
struct mlx5_srq;

/* What a send queue's requests are made for. Numbers are bits of a mask; those that verbs know as a
 * type of queue pair have its number. */
enum mlx5_service {
	MLX5_SERVICE_RC = IBV_QPT_RC,
	MLX5_SERVICE_UC = IBV_QPT_UC,
	MLX5_SERVICE_UD = IBV_QPT_UD,
	MLX5_SERVICE_RAW = IBV_QPT_RAW_PACKET,
	MLX5_SERVICE_XRC = IBV_QPT_XRC_SEND,
	MLX5_SERVICE_DCI = 11,
	MLX5_SERVICE_DCT = 12,
};

/* What verbs' attributes of a new queue pair have no words for. */
struct mlx5_qp_extra {
	enum mlx5_service service;
	uint32_t flags;	     /* MLX5_QP_FLAG_ of the kernel */
	uint64_t access_key; /* DC target */
};

/* Whether a queue pair of this type has receives of its own. */
static inline bool mlx5_receives(enum ibv_qp_type type)
{
	return type != IBV_QPT_XRC_SEND && type != IBV_QPT_XRC_RECV;
}

/* What a completion has to know of a send WQE, kept by the slot of its first basic block. */
struct mlx5_sq_slot {
	uint64_t wr_id;
	uint32_t number; /* of the work request, as mlx5_sq.head counts */
	uint32_t wc_opcode;
};

/*
 * A send WQE while it is being written: DS is its size so far, seg where the next segment goes. The
 * ring wraps between segments, never inside one but for inline data.
 */
struct mlx5_wqe {
	struct mlx5_wqe_ctrl_seg *ctrl;
	char *seg;
	uint32_t ds;
};

/* Of a request between ibv_wr_start() and ibv_wr_complete(). */
enum mlx5_request_state {
	MLX5_REQUEST_OPEN = 1 << 0,
	MLX5_REQUEST_INCOMPLETE = 1 << 1, /* it has no address, or no frame's start, yet */
	MLX5_REQUEST_HAS_DATA = 1 << 2,
	MLX5_REQUEST_INBOUND = 1 << 3, /* data comes back */
};

/* Work requests are counted (head, tail), basic blocks are counted (pi); both run freely. */
struct mlx5_sq {
	char *ring, *end;
	struct mlx5_sq_slot *slots;
	uint32_t pi;
	uint32_t mask; /* of basic blocks */
	uint32_t head;
	uint32_t limit; /* max_wr, or 0 while the state of the QP does not allow posting */
	uint32_t max_sge;
	uint32_t max_inline;
	uint32_t qpn;
	uint8_t ctrl_flags[8]; /* fm_ce_se by IBV_SEND_FENCE, _SIGNALED and _SOLICITED */
	uint8_t next_fence;    /* what the last request demands of the next one */
	/* raw packets */
	uint8_t inline_header; /* bytes of each frame that the device wants in the request */
	uint8_t cs_flags;      /* checksums it can make */
	uint16_t max_tso_header;
	struct mlx5_lock lock;
	__be32 *dbrec;
	struct mlx5_bf *bf;

	/* ibv_wr_start() to ibv_wr_complete() */
	struct mlx5_wqe wqe;
	int err;
	uint32_t start_pi, start_head;
	uint8_t start_fence;
	uint8_t address_bytes; /* what a request leaves room for behind its control segment */
	uint8_t opened;	       /* what a request is when it begins, and ... */
	uint8_t request;       /* ... what the current one is: of mlx5_request_state, 0 without */

	/* cold */
	uint32_t max_wr;

	/* The poller's side, on a line of its own. */
	_Alignas(64) atomic_uint tail;
};

struct mlx5_rq {
	char *ring;
	uint64_t *wr_ids;
	uint32_t head;
	uint32_t mask;
	uint32_t limit; /* max_wr, or 0 while the state of the QP does not allow posting */
	uint32_t max_sge;
	uint8_t log_stride;
	struct mlx5_lock lock;
	__be32 *dbrec;
	uint32_t max_wr;

	_Alignas(64) atomic_uint tail;
};

struct mlx5_qp {
	struct verbs_qp verbs;
	int (*post_send)(struct mlx5_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr);
	struct mlx5_resource resource;
	struct mlx5_srq *srq;
	struct mlx5_sq sq;
	struct mlx5_rq rq;

	/* cold */
	enum mlx5_service service;
	struct mlx5dv_qp_ex dv;
	struct mlx5_buf buf;
	bool spreads;		/* a raw QP that has no rings but a table of work queues */
	struct mlx5_buf sq_buf; /* of raw QPs, whose rings lie apart */
	__be32 unseen_dbrec[2]; /* of raw QPs before RTR, see qp_raw.c */
	struct ibv_pd *domain;	/* it was made in; NULL: none */
	struct mlx5_tags *tags; /* of the shared queue it receives from; NULL: none */
	struct mlx5_qp_counters counters;
	uint32_t ece_options; /* that the device could use; after RTR those agreed on */
	uint32_t ece_wanted;  /* by the peer, for the change to RTR; 0: none */
};

static inline struct mlx5_qp *to_mlx5_qp(struct ibv_qp *qp)
{
	return (struct mlx5_qp *)qp;
}

static inline struct mlx5_qp *mlx5_qp_of_resource(struct mlx5_resource *resource)
{
	return (struct mlx5_qp *)((char *)resource - offsetof(struct mlx5_qp, resource));
}

/* qp_create.c */
struct ibv_qp *mlx5_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr);
struct ibv_qp *mlx5_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr);
struct ibv_qp *mlx5_create_qp_with(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
				   const struct mlx5_qp_extra *extra);
/* What creation has allocated, for a queue pair that the kernel does not know any more. */
void mlx5_qp_free(struct mlx5_context *context, struct mlx5_qp *qp);
/* The limits its rings really have. */
void mlx5_qp_caps(const struct mlx5_qp *qp, struct ibv_qp_cap *cap);

/* qp.c */
int mlx5_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		  struct ibv_qp_init_attr *init_attr);
int mlx5_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask);
int mlx5_destroy_qp(struct ibv_qp *qp);

/* ece.c */
int mlx5_set_ece(struct ibv_qp *qp, struct ibv_ece *ece);
int mlx5_query_ece(struct ibv_qp *qp, struct ibv_ece *ece);
int mlx5_modify_qp_rate_limit(struct ibv_qp *qp, struct ibv_qp_rate_limit_attr *attr);
/* The command of a change by which the options are agreed on. 0 or errno. */
int mlx5_modify_with_ece(struct mlx5_qp *qp, const struct ibv_qp_attr *attr, int attr_mask);

/*
 * qp_size.c: turns the capabilities asked for into the geometry and limits of both rings, and says
 * how many bytes each takes. 0, or errno when a capability is beyond the device.
 */
int mlx5_qp_size(struct mlx5_qp *qp, const struct mlx5_context *context,
		 const struct ibv_qp_init_attr_ex *attr, size_t *rq_bytes, size_t *sq_bytes);
/* The same for a receive ring alone; of 0 bytes if there are to be no receives. */
int mlx5_rq_size(struct mlx5_rq *rq, const struct mlx5_context *context, uint32_t max_wr,
		 uint32_t max_sge, size_t *bytes);

/* qp_raw.c: what raw packet QPs have of their own. */
int mlx5_raw_check(const struct mlx5_context *context, const struct ibv_qp_init_attr_ex *attr);
/* What requests may ask of the device. EOPNOTSUPP: attr asks for more. */
int mlx5_raw_prepare(struct mlx5_context *context, struct mlx5_qp *qp,
		     const struct ibv_qp_init_attr_ex *attr);
/* Shows or hides posted receives as the new state demands. */
void mlx5_raw_follow_state(struct mlx5_qp *qp, enum ibv_qp_state state);
/* A QP that spreads what it receives over an indirection table. */
struct ibv_qp *mlx5_create_spreading_qp(struct mlx5_context *context,
					struct ibv_qp_init_attr_ex *attr);

/* send.c */
int mlx5_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr);
void mlx5_qp_set_post_send(struct mlx5_qp *qp);

/* send_ex.c: fills in the ibv_wr_ functions. EOPNOTSUPP: send_ops_flags asks for too much. */
int mlx5_qp_set_ex(struct mlx5_qp *qp, uint64_t send_ops_flags);

/* send_frame.c: those of them that raw packet QPs have instead. */
void mlx5_qp_set_ex_frames(struct mlx5_qp *qp, uint64_t send_ops_flags);
/* dc.c: the same for a DC initiator, in the place of those that are not addressed. */
void mlx5_dci_set_ex(struct mlx5_qp *qp, uint64_t send_ops_flags);
/* Of a target, whose number comes with RTR. */
int mlx5_modify_dct(struct ibv_qp *qp, const struct ibv_qp_attr *attr, int attr_mask);

/* recv.c */
int mlx5_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

#endif
