/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory regions. The device's part is all in the kernel; there is no private data. */

#include <errno.h>
#include <stdlib.h>

#include "context.h"

static struct ibv_mr *hand_out(struct verbs_mr *mr, int err)
{
	if (!err)
		return &mr->mr;
	free(mr);
	errno = err;
	return NULL;
}

struct ibv_mr *rxe_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
			  unsigned int access)
{
	struct verbs_mr *mr = calloc(1, sizeof(*mr));

	if (!mr)
		return NULL;
	return hand_out(mr, ibv_cmd_reg_mr(pd, addr, length, iova, access, mr, NULL));
}

struct ibv_mr *rxe_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
				 int fd, unsigned int access)
{
	struct verbs_mr *mr = calloc(1, sizeof(*mr));

	if (!mr)
		return NULL;
	return hand_out(mr, ibv_cmd_reg_dmabuf_mr(pd, offset, length, iova, fd, access, mr));
}

int rxe_rereg_mr(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		 unsigned int access)
{
	return ibv_cmd_rereg_mr(to_verbs_mr(mr), (uint32_t)flags, addr, length, (uintptr_t)addr,
				access, pd, NULL);
}

int rxe_dereg_mr(struct ibv_mr *mr)
{
	int err = ibv_cmd_dereg_mr(to_verbs_mr(mr));

	if (!err)
		free(mr);
	return err;
}
