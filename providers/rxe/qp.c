/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: creation, state changes, destruction. */

#include <errno.h>
#include <stdlib.h>

#include "qp.h"

static int check_attr(const struct ibv_qp_init_attr_ex *attr)
{
	const uint32_t masks = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS |
			       IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;

	if (attr->comp_mask & ~masks)
		return EOPNOTSUPP;
	if (!(attr->comp_mask & IBV_QP_INIT_ATTR_PD) || !attr->pd)
		return EINVAL;
	if (attr->comp_mask & IBV_QP_INIT_ATTR_CREATE_FLAGS && attr->create_flags)
		return EOPNOTSUPP;
	switch (attr->qp_type) {
	case IBV_QPT_RC:
	case IBV_QPT_UC:
	case IBV_QPT_UD:
		return 0;
	default:
		return EOPNOTSUPP;
	}
}

/* Data is in the request itself or listed there. */
static size_t send_elem_bytes(const struct ibv_qp_cap *cap)
{
	size_t list = cap->max_send_sge * sizeof(struct rxe_sge);
	size_t data = cap->max_inline_data > list ? cap->max_inline_data : list;

	return sizeof(struct rxe_send_wqe) + data;
}

/* What is handed out are the limits that posting goes by: elements there are in the rings. */
void rxe_qp_caps(const struct rxe_qp *qp, struct ibv_qp_cap *cap)
{
	cap->max_send_wr = qp->sq.queue.mask;
	cap->max_send_sge = qp->sq.max_sge;
	cap->max_inline_data = qp->sq.max_inline;
	cap->max_recv_wr = qp->rq.queue.mask;
	cap->max_recv_sge = qp->rq.max_sge;
}

/* cap is what the kernel gave. */
static int map_rings(struct rxe_qp *qp, const struct ibv_qp_cap *cap,
		     const struct rxe_create_qp_resp *response)
{
	int fd = qp->verbs.qp.context->cmd_fd;
	int err;

	err = rxe_queue_map(&qp->sq.queue, fd, &response->sq_mi, RXE_PRODUCER,
			    send_elem_bytes(cap));
	if (err)
		return err;
	qp->sq.next = qp->sq.queue.index;
	qp->sq.max_sge = cap->max_send_sge;
	qp->sq.max_inline = cap->max_inline_data;
	if (qp->verbs.qp.srq)
		return 0;

	err = rxe_queue_map(&qp->rq.queue, fd, &response->rq_mi, RXE_PRODUCER,
			    rxe_recv_elem_bytes(cap->max_recv_sge));
	if (err)
		rxe_queue_unmap(&qp->sq.queue);
	qp->rq.max_sge = cap->max_recv_sge;
	return err;
}

static int create_command(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
			  struct rxe_qp *qp)
{
	struct rxe_create_qp_resp response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err;

	err = ibv_cmd_create_qp_ex(context, attr, &qp->verbs, &udata);
	if (err)
		return err;
	err = map_rings(qp, &attr->cap, &response);
	if (err)
		ibv_cmd_destroy_qp(&qp->verbs.qp);
	return err;
}

static int build_qp(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
		    struct rxe_qp *qp)
{
	int err;

	queue_lock_init(&qp->sq.lock, true);
	queue_lock_init(&qp->rq.lock, true);
	qp->verbs.qp.qp_type = attr->qp_type;
	if (attr->comp_mask & IBV_QP_INIT_ATTR_SEND_OPS_FLAGS) {
		err = rxe_qp_set_ex(qp, attr->send_ops_flags);
		if (err)
			return err;
	}
	return create_command(context, attr, qp);
}

struct ibv_qp *rxe_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr)
{
	struct rxe_qp *qp;
	int err;

	err = check_attr(attr);
	if (err) {
		errno = err;
		return NULL;
	}
	qp = calloc(1, sizeof(*qp));
	if (!qp)
		return NULL;
	err = build_qp(context, attr, qp);
	if (err) {
		free(qp);
		errno = err;
		return NULL;
	}
	rxe_qp_caps(qp, &attr->cap);
	return &qp->verbs.qp;
}

struct ibv_qp *rxe_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
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
	struct ibv_qp *qp = rxe_create_qp_ex(pd->context, &extended);

	if (qp)
		attr->cap = extended.cap;
	return qp;
}

int rxe_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		 struct ibv_qp_init_attr *init_attr)
{
	int err = ibv_cmd_query_qp(qp, attr, attr_mask, init_attr, NULL);

	if (err)
		return err;
	rxe_qp_caps(to_rxe_qp(qp), &init_attr->cap);
	attr->cap = init_attr->cap;
	return 0;
}

/*
 * IBTA: receives may be posted from INIT on, sends from RTS on; an error state takes both, to flush
 * them. In RESET nothing is left of what was posted. The kernel stops working on a QP before it
 * answers, but leaves the indices of the rings alone, so that is done here.
 */
static void follow_state(struct rxe_qp *qp, enum ibv_qp_state state)
{
	queue_lock(&qp->sq.lock);
	qp->sq.open = state >= IBV_QPS_RTS;
	if (state == IBV_QPS_RESET) {
		rxe_queue_drop(&qp->sq.queue);
		qp->sq.next = qp->sq.queue.index;
		qp->sq.ssn = 0;
	}
	queue_unlock(&qp->sq.lock);

	if (qp->verbs.qp.srq)
		return;
	queue_lock(&qp->rq.lock);
	qp->rq.open = state >= IBV_QPS_INIT;
	if (state == IBV_QPS_RESET)
		rxe_queue_drop(&qp->rq.queue);
	queue_unlock(&qp->rq.lock);
}

int rxe_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask)
{
	int err = ibv_cmd_modify_qp(qp, attr, attr_mask, NULL);

	if (!err && attr_mask & IBV_QP_STATE)
		follow_state(to_rxe_qp(qp), attr->qp_state);
	return err;
}

int rxe_destroy_qp(struct ibv_qp *ibv_qp)
{
	struct rxe_qp *qp = to_rxe_qp(ibv_qp);
	int err = ibv_cmd_destroy_qp(ibv_qp);

	if (err)
		return err;
	rxe_queue_unmap(&qp->sq.queue);
	rxe_queue_unmap(&qp->rq.queue);
	free(qp);
	return 0;
}
