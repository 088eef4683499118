/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An open mlx5 device: what the kernel said about it, its register pages, and the tables that lead
 * from numbers in completions to queues.
 */
#ifndef PROVIDERS_MLX5_CONTEXT_H
#define PROVIDERS_MLX5_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rdma/mlx5-abi.h>

#include "libibverbs/driver.h"

#include "buf.h"
#include "clock.h"
#include "dbrec.h"
#include "resource.h"
#include "uar.h"

struct mlx5dv_devx_obj;

enum {
	MLX5_MAX_PORTS = 256,
	MLX5_NO_USER_INDEX = 0xffffff, /* what a kernel with CQE version 0 wants to see */
};

struct mlx5_context {
	struct verbs_context verbs;

	/*
	 * Which number a CQE carries: QPN and SRQN (version 0, two tables), or an index the library
	 * chose for the queue (version 1, one table for both kinds).
	 */
	uint8_t cqe_version;
	bool single_threaded;		   /* MLX5_SINGLE_THREADED */
	struct mlx5_resource_table queues; /* by user index, or QPs by QPN */
	struct mlx5_resource_table srqs;   /* SRQs by SRQN, version 0 only */

	/* cold */
	uint16_t cqe_bytes; /* MLX5_CQE_SIZE */
	uint16_t num_ports;
	uint32_t max_sq_wqe_bytes;
	uint32_t max_rq_wqe_bytes;
	uint32_t max_send_bb;
	uint32_t max_recv_wr;
	uint32_t max_srq_recv_wr;
	uint8_t inline_header;	    /* bytes of a frame that the device wants in a request */
	uint16_t flow_action_flags; /* MLX5_USER_ALLOC_UCONTEXT_FLOW_ACTION_FLAGS_ */
	uint32_t null_key;	    /* reads as zero, swallows writes; 0: there is none */
	uint32_t udata_commands;    /* enum mlx5_user_cmds_supp_uhw */
	uint32_t num_dyn_bfregs;
	bool blueflame;
	enum mlx5_buf_pages qp_pages, cq_pages, srq_pages;
	struct mlx5_uars uars;
	struct mlx5_clock clock;
	atomic_uint comp_cntrs; /* alive */
	/* The login of mlx5dv_crypto_login(), of which a context has one at most. */
	struct mlx5dv_devx_obj *login;
	struct mlx5_dbrec_pool dbrecs;
	/* IBV_LINK_LAYER_ by port number, unspecified until asked for */
	atomic_uchar link_layer[MLX5_MAX_PORTS];
};

struct mlx5_td {
	struct ibv_td ibv_td;
	atomic_uint users;
};

/* With the users of a protection domain: the application has given its import back. */
enum { MLX5_PD_UNIMPORTED = 1 << 30 };

/* A protection domain, or a parent domain that refers to one and adds properties of queues. */
struct mlx5_pd {
	struct ibv_pd ibv_pd;
	uint32_t pdn;
	/* Parent domains made of it, queues in a parent domain; and MLX5_PD_UNIMPORTED. */
	atomic_uint users;
	struct mlx5_pd *protection; /* parent domain: what it was made of; else NULL */
	struct mlx5_td *thread;
	/* Parent domain: functions of the application for the memory of queues, or NULL. */
	void *(*alloc)(struct ibv_pd *pd, void *pd_context, size_t size, size_t alignment,
		       uint64_t resource_type);
	void (*free)(struct ibv_pd *pd, void *pd_context, void *ptr, uint64_t resource_type);
	void *pd_context;
};

static inline struct mlx5_context *to_mlx5_context(struct ibv_context *context)
{
	return (struct mlx5_context *)((char *)context -
				       offsetof(struct mlx5_context, verbs.context));
}

static inline struct mlx5_pd *to_mlx5_pd(struct ibv_pd *pd)
{
	return (struct mlx5_pd *)pd;
}

static inline struct mlx5_td *to_mlx5_td(struct ibv_td *td)
{
	return (struct mlx5_td *)td;
}

/* False when only one thread works on what is made in this domain. pd may be NULL. */
static inline bool mlx5_needs_locks(struct mlx5_context *context, struct ibv_pd *pd)
{
	return !context->single_threaded && !(pd && to_mlx5_pd(pd)->thread);
}

extern const struct verbs_device_ops mlx5_device_ops;

/* context.c */
struct verbs_context *mlx5_alloc_context(struct ibv_device *device, int cmd_fd, void *private_data);
/* What follows the kernel's answer, of a new context or an existing one. 0 or errno. */
int mlx5_context_set_up(struct mlx5_context *context,
			const struct mlx5_ib_alloc_ucontext_resp *response, uint32_t low_latency,
			bool blueflame);

/* import.c */
struct verbs_context *mlx5_import_context(struct ibv_device *device, int cmd_fd);
struct ibv_pd *mlx5_import_pd(struct ibv_context *context, uint32_t handle);
void mlx5_unimport_pd(struct ibv_pd *pd);
struct ibv_mr *mlx5_import_mr(struct ibv_pd *pd, uint32_t handle);
void mlx5_unimport_mr(struct ibv_mr *mr);

/* device.c */
int mlx5_query_device_ex(struct ibv_context *context, const struct ibv_query_device_ex_input *input,
			 struct ibv_device_attr_ex *attr);
int mlx5_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr);
/* Whether address handles for this port need an Ethernet address. 0 or errno. */
int mlx5_port_is_ethernet(struct ibv_context *context, uint8_t port_num, bool *ethernet);

/* pd.c */
struct ibv_pd *mlx5_alloc_pd(struct ibv_context *context);
int mlx5_dealloc_pd(struct ibv_pd *pd);
struct ibv_td *mlx5_alloc_td(struct ibv_context *context, struct ibv_td_init_attr *attr);
int mlx5_dealloc_td(struct ibv_td *td);
struct ibv_pd *mlx5_alloc_parent_domain(struct ibv_context *context,
					struct ibv_parent_domain_init_attr *attr);

/* mr.c */
struct ibv_mr *mlx5_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
			   unsigned int access);
struct ibv_mr *mlx5_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
				  int fd, unsigned int access);
int mlx5_rereg_mr(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		  unsigned int access);
int mlx5_dereg_mr(struct ibv_mr *mr);
struct ibv_mr *mlx5_reg_mr_ex(struct ibv_pd *pd, struct ibv_mr_init_attr *attr);
/* Where it is mapped, for those who work on it by themselves. */
void mlx5_dm_describe(struct ibv_dm *dm, void **start, uint64_t *length);
struct ibv_dmah *mlx5_alloc_dmah(struct ibv_context *context, struct ibv_dmah_init_attr *attr);
int mlx5_dealloc_dmah(struct ibv_dmah *dmah);

/* dm.c */
struct ibv_dm *mlx5_alloc_dm(struct ibv_context *context, struct ibv_alloc_dm_attr *attr);
int mlx5_free_dm(struct ibv_dm *dm);
struct ibv_dm *mlx5_import_dm(struct ibv_context *context, uint32_t handle);
void mlx5_unimport_dm(struct ibv_dm *dm);
int mlx5_dm_export_dmabuf_fd(struct ibv_dm *dm);
struct ibv_mr *mlx5_reg_dm_mr(struct ibv_pd *pd, struct ibv_dm *dm, uint64_t offset, size_t length,
			      unsigned int access);

/* shared_buf.c */
void *mlx5_alloc_buf(struct ibv_pd *pd, size_t size, struct ibv_buf **buf);
void mlx5_free_buf(struct ibv_buf *buf);
int mlx5_export_buf_dmabuf_fd(struct ibv_buf *buf);
/* Whether a range is part of the buffer. */
bool mlx5_buf_holds(struct ibv_buf *buf, const void *addr, size_t length);
struct ibv_mr *mlx5_alloc_null_mr(struct ibv_pd *pd);

/* mw.c */
struct ibv_mw *mlx5_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type);
int mlx5_bind_mw(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *bind);
int mlx5_dealloc_mw(struct ibv_mw *mw);

/* ah.c */
struct ibv_ah *mlx5_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr);
int mlx5_destroy_ah(struct ibv_ah *ah);

#endif
