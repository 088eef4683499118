/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address handles: a number the kernel knows, or the address vector that goes into each request. */
#ifndef RXE_AH_H
#define RXE_AH_H

#include <rdma/rdma_user_rxe.h>

#include "libibverbs/driver.h"

struct rxe_ah {
	struct ibv_ah ibv_ah;
	uint32_t ah_num;  /* 0: the kernel is one that wants the vector */
	struct rxe_av av; /* filled in if ah_num is 0 */
};

static inline struct rxe_ah *to_rxe_ah(struct ibv_ah *ah)
{
	return (struct rxe_ah *)ah;
}

struct ibv_ah *rxe_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr);
int rxe_destroy_ah(struct ibv_ah *ah);

#endif
