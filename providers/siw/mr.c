/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory regions. */

#include <errno.h>
#include <stdlib.h>
#include <rdma/siw-abi.h>

#include "context.h"

/*
 * The low byte of an STag is the consumer's to choose (RFC 5040, 1.1). Another one each time, so
 * that a peer that still uses the STag of an older region at the same index is found out.
 */
static uint8_t next_stag_key(struct siw_context *context)
{
	return (uint8_t)atomic_fetch_add(&context->next_stag_key, 1);
}

struct ibv_mr *siw_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
			  unsigned int access)
{
	struct siw_ureq_reg_mr request = {
		.stag_key = next_stag_key(to_siw_context(pd->context)),
	};
	struct siw_uresp_reg_mr response;
	const struct verbs_udata udata = {
		.in = &request,
		.in_len = sizeof(request),
		.out = &response,
		.out_len = sizeof(response),
	};
	struct verbs_mr *mr = calloc(1, sizeof(*mr));
	int err;

	if (!mr)
		return NULL;
	err = ibv_cmd_reg_mr(pd, addr, length, iova, access, mr, &udata);
	if (err) {
		free(mr);
		errno = err;
		return NULL;
	}
	return &mr->mr;
}

int siw_dereg_mr(struct ibv_mr *mr)
{
	int err = ibv_cmd_dereg_mr(to_verbs_mr(mr));

	if (!err)
		free(mr);
	return err;
}
