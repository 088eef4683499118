/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: creation, destruction. */

#include <errno.h>
#include <stdlib.h>

#include "cq.h"
#include "qp.h"

static int check_attr(const struct ibv_qp_init_attr_ex *attr)
{
	const uint32_t masks = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS |
			       IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;

	if (attr->comp_mask & ~masks || attr->qp_type != IBV_QPT_RC)
		return EOPNOTSUPP;
	if (attr->comp_mask & IBV_QP_INIT_ATTR_CREATE_FLAGS && attr->create_flags)
		return EOPNOTSUPP;
	if (!(attr->comp_mask & IBV_QP_INIT_ATTR_PD) || !attr->pd)
		return EINVAL;
	if (!attr->send_cq || !attr->recv_cq)
		return EINVAL;
	if (attr->cap.max_send_sge > SIW_MAX_SGE || attr->cap.max_recv_sge > SIW_MAX_SGE ||
	    attr->cap.max_inline_data > SIW_MAX_INLINE)
		return EINVAL;
	return 0;
}

static int map_queues(struct siw_qp *qp, struct ibv_context *context,
		      const struct siw_uresp_create_qp *response)
{
	int err;

	err = siw_map_ring(&qp->sq.map, context, response->sq_key, response->num_sqe,
			   sizeof(struct siw_sqe), 0);
	if (err)
		return err;
	qp->sq.ring = qp->sq.map.addr;
	qp->sq.size = response->num_sqe;
	if (!response->num_rqe || qp->verbs.qp.srq)
		return 0;
	return siw_rq_map(&qp->rq, context, response->rq_key, response->num_rqe);
}

static int create_command(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
			  struct siw_qp *qp)
{
	struct siw_uresp_create_qp response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err;

	err = ibv_cmd_create_qp_ex(context, attr, &qp->verbs, &udata);
	if (err)
		return err;
	err = map_queues(qp, context, &response);
	if (err)
		ibv_cmd_destroy_qp(&qp->verbs.qp);
	return err;
}

static void free_qp(struct siw_qp *qp)
{
	siw_rq_destroy(&qp->rq);
	siw_unmap_ring(&qp->sq.map);
	pthread_mutex_destroy(&qp->sq.mutex);
	free(qp);
}

static struct siw_qp *alloc_qp(const struct ibv_qp_init_attr_ex *attr)
{
	struct siw_qp *qp = calloc(1, sizeof(*qp));
	int err;

	if (!qp)
		return NULL;
	qp->sq.max_sge = attr->cap.max_send_sge;
	qp->sq.signal_all = attr->sq_sig_all;
	err = pthread_mutex_init(&qp->sq.mutex, NULL);
	if (err)
		goto free_qp;
	err = siw_rq_init(&qp->rq, attr->srq ? 0 : attr->cap.max_recv_sge);
	if (err)
		goto destroy_mutex;
	return qp;

destroy_mutex:
	pthread_mutex_destroy(&qp->sq.mutex);
free_qp:
	free(qp);
	errno = err;
	return NULL;
}

void siw_qp_caps(const struct siw_qp *qp, struct ibv_qp_cap *cap)
{
	cap->max_send_wr = qp->sq.size;
	cap->max_send_sge = qp->sq.max_sge;
	cap->max_inline_data = SIW_MAX_INLINE;
	cap->max_recv_wr = qp->rq.size;
	cap->max_recv_sge = qp->rq.max_sge;
}

struct ibv_qp *siw_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr)
{
	struct siw_qp *qp;
	int err;

	err = check_attr(attr);
	if (err) {
		errno = err;
		return NULL;
	}
	qp = alloc_qp(attr);
	if (!qp)
		return NULL;
	if (attr->comp_mask & IBV_QP_INIT_ATTR_SEND_OPS_FLAGS)
		err = siw_qp_set_ex(qp, attr->send_ops_flags);
	if (!err)
		err = create_command(context, attr, qp);
	if (err) {
		free_qp(qp);
		errno = err;
		return NULL;
	}
	siw_qp_caps(qp, &attr->cap);
	return &qp->verbs.qp;
}

struct ibv_qp *siw_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	struct ibv_qp_init_attr_ex extended = {
		.qp_context = attr->qp_context,
		.send_cq = attr->send_cq,
		.recv_cq = attr->recv_cq,
		.srq = attr->srq,
		.cap = attr->cap,
		.qp_type = attr->qp_type,
		.sq_sig_all = attr->sq_sig_all,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = pd,
	};
	struct ibv_qp *qp = siw_create_qp_ex(pd->context, &extended);

	if (qp)
		attr->cap = extended.cap;
	return qp;
}

int siw_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		 struct ibv_qp_init_attr *init_attr)
{
	int err = ibv_cmd_query_qp(qp, attr, attr_mask, init_attr, NULL);

	if (err)
		return err;
	siw_qp_caps(to_siw_qp(qp), &attr->cap);
	if (init_attr)
		init_attr->cap = attr->cap;
	return 0;
}

int siw_modify_qp(struct ibv_qp *ibv_qp, struct ibv_qp_attr *attr, int attr_mask)
{
	struct siw_qp *qp = to_siw_qp(ibv_qp);
	bool before = atomic_load(&qp->ended);
	int err;

	/* Before the command: what is posted behind it would be lost. */
	if (attr_mask & IBV_QP_STATE)
		atomic_store(&qp->ended, attr->qp_state == IBV_QPS_ERR);
	err = ibv_cmd_modify_qp(ibv_qp, attr, attr_mask, NULL);
	if (err)
		atomic_store(&qp->ended, before);
	return err;
}

int siw_destroy_qp(struct ibv_qp *ibv_qp)
{
	struct ibv_cq *send_cq = ibv_qp->send_cq, *recv_cq = ibv_qp->recv_cq;
	uint32_t qpn = ibv_qp->qp_num;
	int err;

	err = ibv_cmd_destroy_qp(ibv_qp);
	if (err)
		return err;
	siw_cq_clean(to_siw_cq(recv_cq), qpn);
	if (send_cq != recv_cq)
		siw_cq_clean(to_siw_cq(send_cq), qpn);
	free_qp(to_siw_qp(ibv_qp));
	return 0;
}
