/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Posting receive requests. The kernel looks for one when data arrives; nobody has to tell it. */

#include <errno.h>

#include "qp.h"
#include "recv.h"

int siw_rq_init(struct siw_rq *rq, uint32_t max_sge)
{
	rq->max_sge = max_sge;
	return pthread_mutex_init(&rq->mutex, NULL);
}

int siw_rq_map(struct siw_rq *rq, struct ibv_context *context, uint64_t key, uint32_t size)
{
	int err = siw_map_ring(&rq->map, context, key, size, sizeof(struct siw_rqe), 0);

	if (err)
		return err;
	rq->ring = rq->map.addr;
	rq->size = size;
	return 0;
}

void siw_rq_destroy(struct siw_rq *rq)
{
	siw_unmap_ring(&rq->map);
	pthread_mutex_destroy(&rq->mutex);
}

static int post_one(struct siw_rq *rq, const struct ibv_recv_wr *wr)
{
	struct siw_rqe *rqe;

	if (!rq->size)
		return ENOMEM;
	rqe = &rq->ring[rq->put & (rq->size - 1)];
	if (siw_is_valid(&rqe->flags))
		return ENOMEM;
	if (wr->num_sge < 0 || (uint32_t)wr->num_sge > rq->max_sge)
		return EINVAL;
	rqe->id = wr->wr_id;
	rqe->num_sge = (uint8_t)wr->num_sge;
	for (int i = 0; i < wr->num_sge; i++)
		rqe->sge[i] = (struct siw_sge){
			.laddr = wr->sg_list[i].addr,
			.length = wr->sg_list[i].length,
			.lkey = wr->sg_list[i].lkey,
		};
	siw_set_flags(&rqe->flags, SIW_WQE_VALID);
	rq->put++;
	return 0;
}

int siw_rq_post(struct siw_rq *rq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	int err = 0;

	pthread_mutex_lock(&rq->mutex);
	while (wr && !err) {
		err = post_one(rq, wr);
		if (!err)
			wr = wr->next;
	}
	pthread_mutex_unlock(&rq->mutex);
	if (err)
		*bad_wr = wr;
	return err;
}

int siw_post_recv(struct ibv_qp *ibv_qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	struct siw_qp *qp = to_siw_qp(ibv_qp);
	int err;

	if (atomic_load(&qp->ended)) {
		*bad_wr = wr;
		return ENOTCONN;
	}
	err = siw_rq_post(&qp->rq, wr, bad_wr);
	if (err)
		verbs_explain_recv(err, "ibv_post_recv", ibv_qp, *bad_wr, qp->rq.size,
				   qp->rq.max_sge);
	return err;
}
