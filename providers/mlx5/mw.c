/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory windows. Both types are bound by a request in the send queue. */

#include <errno.h>
#include <stdlib.h>

#include "context.h"
#include "qp.h"

struct ibv_mw *mlx5_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type)
{
	struct ibv_mw *mw = calloc(1, sizeof(*mw));
	int err;

	if (!mw)
		return NULL;
	err = ibv_cmd_alloc_mw(pd, type, mw, NULL);
	if (err) {
		free(mw);
		errno = err;
		return NULL;
	}
	return mw;
}

/*
 * Type 1: the verbs choose the next key. It is in force once the request has completed; until then
 * remote accesses by either key may fail.
 */
int mlx5_bind_mw(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *bind)
{
	struct ibv_send_wr wr = {
		.wr_id = bind->wr_id,
		.opcode = IBV_WR_BIND_MW,
		.send_flags = bind->send_flags,
		.bind_mw = {.mw = mw, .rkey = ibv_inc_rkey(mw->rkey), .bind_info = bind->bind_info},
	};
	struct ibv_send_wr *bad_wr;
	int err = mlx5_post_send(qp, &wr, &bad_wr);

	if (!err)
		mw->rkey = wr.bind_mw.rkey;
	return err;
}

int mlx5_dealloc_mw(struct ibv_mw *mw)
{
	int err = ibv_cmd_dealloc_mw(mw);

	if (!err)
		free(mw);
	return err;
}
