/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An open rxe device, the kernel's RoCE in software. It keeps no state of its own beside the
 * library's; here is what has no queue: device, memory and address handles.
 */
#ifndef RXE_CONTEXT_H
#define RXE_CONTEXT_H

#include "libibverbs/driver.h"

/* device.c */
int rxe_query_device_ex(struct ibv_context *context, const struct ibv_query_device_ex_input *input,
			struct ibv_device_attr_ex *attr);

/* context.c */
struct verbs_context *rxe_alloc_context(struct ibv_device *device, int cmd_fd, void *private_data);

/* pd.c */
struct ibv_pd *rxe_alloc_pd(struct ibv_context *context);
int rxe_dealloc_pd(struct ibv_pd *pd);

/* mr.c */
struct ibv_mr *rxe_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
			  unsigned int access);
struct ibv_mr *rxe_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
				 int fd, unsigned int access);
int rxe_rereg_mr(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		 unsigned int access);
int rxe_dereg_mr(struct ibv_mr *mr);

/* mw.c */
struct ibv_mw *rxe_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type);
int rxe_bind_mw(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *bind);
int rxe_dealloc_mw(struct ibv_mw *mw);

#endif
