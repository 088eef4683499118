/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues: creation, limit, posting. */

#include <errno.h>
#include <stdlib.h>

#include "srq.h"

static int create_command(struct ibv_pd *pd, struct ibv_srq_init_attr *attr, struct siw_srq *srq)
{
	struct siw_uresp_create_srq response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err;

	err = ibv_cmd_create_srq(pd, attr, &srq->verbs, &udata);
	if (err)
		return err;
	err = siw_rq_map(&srq->rq, pd->context, response.srq_key, response.num_rqe);
	if (err) {
		ibv_cmd_destroy_srq(&srq->verbs);
		return err;
	}
	attr->attr.max_wr = response.num_rqe;
	return 0;
}

struct ibv_srq *siw_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	struct siw_srq *srq;
	int err;

	if (attr->attr.max_sge > SIW_MAX_SGE) {
		errno = EINVAL;
		return NULL;
	}
	srq = calloc(1, sizeof(*srq));
	if (!srq)
		return NULL;
	err = siw_rq_init(&srq->rq, attr->attr.max_sge);
	if (err)
		goto free_srq;
	err = create_command(pd, attr, srq);
	if (err)
		goto destroy_rq;
	return &srq->verbs.srq;

destroy_rq:
	siw_rq_destroy(&srq->rq);
free_srq:
	free(srq);
	errno = err;
	return NULL;
}

int siw_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask)
{
	/* The ring is as long as it was made. */
	if (attr_mask & IBV_SRQ_MAX_WR)
		return EOPNOTSUPP;
	return ibv_cmd_modify_srq(srq, attr, attr_mask, NULL);
}

int siw_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr)
{
	return ibv_cmd_query_srq(srq, attr, NULL);
}

int siw_destroy_srq(struct ibv_srq *ibv_srq)
{
	struct siw_srq *srq = to_siw_srq(ibv_srq);
	int err = ibv_cmd_destroy_srq(&srq->verbs);

	if (err)
		return err;
	siw_rq_destroy(&srq->rq);
	free(srq);
	return 0;
}

int siw_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	return siw_rq_post(&to_siw_srq(srq)->rq, wr, bad_wr);
}
