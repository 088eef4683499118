/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: making and ending them, their entry in the directory, and errors from within. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/internal.h"
#include "softhca/core/trace.h"
#include "softhca/core/wq.h"
#include "softhca/fabric/fabric.h"
#include "softhca/fabric/hold.h"
#include "softhca/transport/transport.h"

/* ---- create and destroy ---- */

/* Each object that a queue pair of this type needs, of this adapter, and none that it does not. */
static bool are_objects_good(const struct hca *hca, const struct qp_params *params)
{
	bool domain = params->type == QP_TYPE_XRC_RECV;
	bool sends = !qp_type_only_receives(params->type);
	bool receives = !qp_type_only_sends(params->type) && !domain;

	if (!params->pd == !domain || !params->xrcd == domain || !params->send_cq == sends ||
	    !params->recv_cq == receives || (params->srq && !receives) ||
	    (params->type == QP_TYPE_DCT && !params->srq))
		return false;
	return (!params->pd || params->pd->hca == hca) &&
	       (!params->xrcd || params->xrcd->hca == hca) &&
	       (!params->send_cq || params->send_cq->hca == hca) &&
	       (!params->recv_cq || params->recv_cq->hca == hca) &&
	       (!params->srq || params->srq->hca == hca);
}

/* None that the type has no use for, and no two for receives. */
static bool are_queues_good(const struct qp_params *params)
{
	bool sends = !qp_type_only_receives(params->type);
	bool receives = !qp_type_only_sends(params->type) && !qp_type_only_receives(params->type) &&
			!params->srq;

	return (sends || !params->sq_units) && (receives || !params->rq_count);
}

/* RoCE has no subnet management: IBTA vol. 1, annex A16. InfiniBand has no frames. */
static bool is_type_known(const struct hca *hca, enum qp_type type)
{
	if (type == QP_TYPE_SMI)
		return hca->shared->port_type == FABRIC_PORT_IB;
	if (type == QP_TYPE_RAW_PACKET)
		return hca->shared->port_type == FABRIC_PORT_ETH;
	return type == QP_TYPE_GSI || type == QP_TYPE_RC || type == QP_TYPE_UC ||
	       type == QP_TYPE_UD || type == QP_TYPE_XRC_SEND || type == QP_TYPE_XRC_RECV ||
	       qp_type_is_dynamic(type) || type == QP_TYPE_UMR;
}

static int check_params(const struct hca *hca, const struct qp_params *params)
{
	const struct hca_limits *limits = &hca->limits;

	if (!is_type_known(hca, params->type))
		return EOPNOTSUPP;
	if (params->type == QP_TYPE_RAW_PACKET && params->srq)
		return EOPNOTSUPP;
	if (params->srq && params->srq->tags && params->type != QP_TYPE_RC)
		return EOPNOTSUPP;
	if (!are_objects_good(hca, params) || !are_queues_good(params))
		return EINVAL;
	if (params->max_send_wr > limits->max_qp_wr || params->max_recv_wr > limits->max_qp_wr ||
	    params->max_send_sge > limits->max_sge || params->max_recv_sge > limits->max_sge ||
	    params->max_inline > limits->max_inline)
		return EINVAL;
	if (hca->family->qp_check(params))
		return EINVAL;
	return hca->num_qp >= limits->max_qp ? ENOMEM : 0;
}

static void set_queues(struct qp *qp, const struct qp_params *params)
{
	static uint64_t nothing_posted;

	qp->memory = params->memory;
	qp->doorbell_record = params->doorbell_record ? params->doorbell_record : &nothing_posted;
	qp->sq_offset = params->sq_offset;
	qp->rq_offset = params->rq_offset;
	qp->sq_units = params->sq_units;
	qp->rq_count = params->rq_count;
	qp->rq_log_stride = params->rq_log_stride;
	qp->user_index = params->user_index;
	qp->changes_regions = params->changes_regions;
	qp->signal_all = params->signal_all;
	qp->max_send_wr = params->max_send_wr;
	qp->max_recv_wr = params->max_recv_wr;
	qp->max_send_sge = params->max_send_sge;
	qp->max_recv_sge = params->max_recv_sge;
	qp->max_inline = params->max_inline;
}

static struct qp *new_qp(struct hca *hca, const struct qp_params *params)
{
	struct qp *qp = calloc(1, sizeof(*qp));

	if (!qp)
		return NULL;
	qp->hca = hca;
	qp->type = params->type;
	qp->pd = params->pd;
	qp->send_cq = params->send_cq;
	qp->recv_cq = params->recv_cq;
	qp->srq = params->srq;
	qp->xrcd = params->xrcd;
	qp->access_key = params->access_key;
	qp->front = params->front;
	set_queues(qp, params);
	list_init(&qp->pending);
	list_init(&qp->watched);
	list_init(&qp->groups);
	list_init(&qp->link);
	return qp;
}

static void count_users(struct qp *qp, int change)
{
	if (qp->pd)
		qp->pd->users += (uint32_t)change;
	if (qp->send_cq)
		qp->send_cq->users += (uint32_t)change;
	if (qp->recv_cq)
		qp->recv_cq->users += (uint32_t)change;
	if (qp->srq)
		qp->srq->users += (uint32_t)change;
	if (qp->xrcd)
		qp->xrcd->users += (uint32_t)change;
	qp->hca->num_qp += (uint32_t)change;
}

static int create_frame_queue(struct qp *qp, const struct qp_params *params)
{
	struct wq_params rq;

	if (!params->rq)
		return 0;
	rq = *params->rq;
	rq.pd = qp->pd;
	rq.cq = qp->recv_cq;
	rq.user_index = qp->user_index;
	rq.qp = qp;
	return wq_create(qp->hca, &rq, &qp->rq);
}

static int reserve_number(struct qp *qp)
{
	struct fabric *fabric = qp->hca->engine->fabric;

	if (!qp_type_is_management(qp->type))
		return fabric_qp_reserve(fabric, qp->hca->shared, &qp->qpn, &qp->shared);
	qp->qpn = (uint32_t)qp->type;
	return fabric_qp_reserve_management(fabric, qp->hca->shared, qp->qpn, &qp->shared);
}

int qp_create(struct hca *hca, const struct qp_params *params, struct qp **created)
{
	struct qp *qp;
	int rc = check_params(hca, params);

	if (rc)
		return rc;
	qp = new_qp(hca, params);
	if (!qp)
		return ENOMEM;
	rc = reserve_number(qp);
	if (rc)
		goto free_qp;
	rc = create_frame_queue(qp, params);
	if (rc)
		goto release_number;
	rc = transport_qp_create(qp);
	if (rc)
		goto destroy_frame_queue;
	hca->qps[qp->qpn % FABRIC_QPS] = qp;
	list_append(&hca->qp_list, &qp->link);
	count_users(qp, 1);
	qp_publish(qp);
	*created = qp;
	return 0;

destroy_frame_queue:
	if (qp->rq)
		wq_destroy(qp->rq);
release_number:
	fabric_qp_release(hca->engine->fabric, hca->shared, qp->shared);
free_qp:
	free(qp);
	return rc;
}

int qp_destroy(struct qp *qp)
{
	struct hca *hca = qp->hca;

	if (qp->num_groups || qp->num_flows)
		return EBUSY;
	/* A kick in flight names the QP on a stack that cannot be searched. */
	engine_collect_kicks(hca->engine);
	mw_unbind_qp(qp);
	transport_qp_destroy(qp);
	list_remove(&qp->pending);
	list_remove(&qp->watched);
	list_remove(&qp->link);
	hca->qps[qp->qpn % FABRIC_QPS] = NULL;
	fabric_qp_release(hca->engine->fabric, hca->shared, qp->shared);
	if (qp->rq)
		wq_destroy(qp->rq);
	count_users(qp, -1);
	free(qp);
	return 0;
}

/* ---- directory ---- */

static uint8_t find_remote_hca(const struct qp *qp)
{
	struct fabric *fabric = qp->hca->engine->fabric;
	const struct path *path = &qp->attr.path;
	int index = -1;

	if (qp_type_is_datagram(qp->type) || qp_type_is_dynamic(qp->type) ||
	    qp->attr.state < QP_RTR || qp->attr.state == QP_ERR)
		return UINT8_MAX;
	if (qp->hca->shared->port_type == FABRIC_PORT_ETH)
		index = fabric_hca_by_gid(fabric, path->dgid);
	else
		index = fabric_hca_by_lid(fabric, path->dlid);
	return index < 0 ? UINT8_MAX : (uint8_t)index;
}

void qp_publish(struct qp *qp)
{
	struct fabric_qp *shared = qp->shared;

	shared->qpn = qp->qpn;
	shared->type = (uint8_t)qp->type;
	shared->path_mtu = qp->attr.path_mtu;
	shared->remote_hca = find_remote_hca(qp);
	shared->remote_qpn = qp->attr.dest_qpn;
	shared->access = qp->attr.access;
	shared->pdn = qp->pd ? qp->pd->pdn : 0;
	/* Last: an initiator that reads a state which accepts requests reads the rest after it. */
	__atomic_store_n(&shared->state, (uint8_t)qp->attr.state, __ATOMIC_SEQ_CST);
	/* None of the shortcuts that the old values allowed comes after this. */
	fabric_qp_settle(qp->hca->engine->fabric, qp->hca->shared, shared);
}

/* ---- states ---- */

static void keep_watched(struct qp *qp)
{
	bool wanted = qp->unannounced || qp->attr.state == QP_ERR;

	if (wanted && !list_linked(&qp->watched))
		list_append(&qp->hca->engine->watched, &qp->watched);
	else if (!wanted)
		list_remove(&qp->watched);
}

static void raise_event(struct qp *qp, enum async_event_type type)
{
	if (trace_on())
		trace_event(type, qp->qpn);
	qp->hca->front->async_event(qp->hca, type, EVENT_SCOPE_QP, qp);
}

void qp_enter_state(struct qp *qp, enum qp_state state, uint32_t mask)
{
	enum qp_state old = qp->attr.state;

	if (state == QP_RESET) {
		memset(&qp->attr, 0, sizeof(qp->attr));
		qp->sq_consumer = 0;
		qp->rq_consumer = 0;
		list_remove(&qp->pending);
	}
	qp->attr.state = state;
	if (trace_on() && state != old)
		trace_printf("qp %06x %s -> %s", qp->qpn, qp_state_name(old), qp_state_name(state));
	qp_publish(qp);
	keep_watched(qp);
	transport_qp_modified(qp, old, mask);
	if (qp->rq)
		wq_follow_qp(qp->rq);
	/* IBTA vol. 1, 10.3.1: flushed, and nothing of the SRQ will be taken for it any more. */
	if (state == QP_ERR && old != QP_ERR && qp->srq)
		raise_event(qp, EVENT_QP_LAST_WQE_REACHED);
}

void qp_set_error(struct qp *qp, int event)
{
	if (qp->attr.state == QP_ERR || qp->attr.state == QP_RESET)
		return;
	qp_enter_state(qp, QP_ERR, QP_STATE);
	if (event >= 0)
		raise_event(qp, (enum async_event_type)event);
}

void qp_set_send_error(struct qp *qp)
{
	if (qp->attr.state == QP_RTS || qp->attr.state == QP_SQD)
		qp_enter_state(qp, QP_SQE, QP_STATE);
}

void qp_watch(struct qp *qp)
{
	qp->unannounced = true;
	keep_watched(qp);
}

void qp_unwatch(struct qp *qp)
{
	qp->unannounced = false;
	keep_watched(qp);
	qp_kick(qp);
}

void qp_kick(struct qp *qp)
{
	if (!list_linked(&qp->pending))
		list_append(&qp->hca->engine->pending, &qp->pending);
}
