/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queue pairs of ids, with the queues and the domain that their owner has left out, and their way
 * through the states; the attributes are the kernel's to give.
 */
#include "libibverbs/marshal.h"
#include "librdmacm/cma.h"

int rdma_init_qp_attr(struct rdma_cm_id *id, struct ibv_qp_attr *qp_attr, int *qp_attr_mask)
{
	struct ucma_abi_init_qp_attr command = {.id = to_cma_id(id)->handle,
						.qp_state = qp_attr->qp_state};
	struct ib_uverbs_qp_attr answer = {0};
	int err = CMA_QUERY(id->channel->fd, UCMA_CMD_INIT_QP_ATTR, command, answer);

	if (err)
		return cma_result(err);
	ibv_copy_qp_attr_from_kern(qp_attr, &answer);
	*qp_attr_mask = (int)answer.qp_attr_mask;
	return 0;
}

static int attributes_for(struct cma_id *id, enum ibv_qp_state state, struct ibv_qp_attr *attr,
			  int *mask)
{
	attr->qp_state = state;
	return rdma_init_qp_attr(&id->id, attr, mask) ? errno : 0;
}

static int modify(struct cma_id *id, enum ibv_qp_state state)
{
	struct ibv_qp_attr attr;
	int mask, err = attributes_for(id, state, &attr, &mask);

	return err ? err : ibv_modify_qp(id->id.qp, &attr, mask);
}

/* The path may be another one than when the queue pair was made: INIT is entered anew. */
int cma_qp_to_rtr(struct cma_id *id, uint8_t responder_resources)
{
	struct ibv_qp_attr attr;
	int mask, err;

	if (!id->id.qp)
		return EINVAL;
	err = modify(id, IBV_QPS_INIT);
	if (!err)
		err = attributes_for(id, IBV_QPS_RTR, &attr, &mask);
	if (err)
		return err;
	if (responder_resources != RDMA_MAX_RESP_RES)
		attr.max_dest_rd_atomic = responder_resources;
	return ibv_modify_qp(id->id.qp, &attr, mask);
}

int cma_qp_to_rts(struct cma_id *id, uint8_t initiator_depth)
{
	struct ibv_qp_attr attr;
	int mask, err = attributes_for(id, IBV_QPS_RTS, &attr, &mask);

	if (err)
		return err;
	if (initiator_depth != RDMA_MAX_INIT_DEPTH)
		attr.max_rd_atomic = initiator_depth;
	return ibv_modify_qp(id->id.qp, &attr, mask);
}

static int to_state(struct cma_id *id, enum ibv_qp_state state)
{
	struct ibv_qp_attr attr = {.qp_state = state};

	return id->id.qp ? ibv_modify_qp(id->id.qp, &attr, IBV_QP_STATE) : 0;
}

int cma_qp_to_error(struct cma_id *id)
{
	return to_state(id, IBV_QPS_ERR);
}

/* A stream of iWARP is closed: what has been sent still arrives (RFC 5040, 6.2). An error would
 * break it off. */
int cma_qp_to_close(struct cma_id *id)
{
	bool iwarp = id->id.verbs && id->id.verbs->device->transport_type == IBV_TRANSPORT_IWARP;

	return to_state(id, iwarp ? IBV_QPS_SQD : IBV_QPS_ERR);
}

/* Datagrams need no peer: the queue pair is ready at once. */
static int start_datagrams(struct cma_id *id, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr;
	int mask, err = attributes_for(id, IBV_QPS_INIT, &attr, &mask);

	if (!err)
		err = ibv_modify_qp(qp, &attr, mask);
	attr = (struct ibv_qp_attr){.qp_state = IBV_QPS_RTR};
	if (!err)
		err = ibv_modify_qp(qp, &attr, IBV_QP_STATE);
	attr = (struct ibv_qp_attr){.qp_state = IBV_QPS_RTS, .sq_psn = 0};
	if (!err)
		err = ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_SQ_PSN);
	return err;
}

static int start(struct cma_id *id, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr;
	int mask, err;

	if (qp->qp_type == IBV_QPT_UD)
		return start_datagrams(id, qp);
	err = attributes_for(id, IBV_QPS_INIT, &attr, &mask);
	return err ? err : ibv_modify_qp(qp, &attr, mask);
}

static int create_queue(struct cma_id *id, uint32_t entries, struct ibv_comp_channel **channel,
			struct ibv_cq **cq)
{
	int err;

	*channel = ibv_create_comp_channel(id->id.verbs);
	if (!*channel)
		return errno;
	*cq = ibv_create_cq(id->id.verbs, entries ? (int)entries : 1, id, *channel, 0);
	if (*cq)
		return 0;
	err = errno;
	ibv_destroy_comp_channel(*channel);
	*channel = NULL;
	return err;
}

static void destroy_queue(struct ibv_comp_channel **channel, struct ibv_cq **cq)
{
	if (*cq)
		ibv_destroy_cq(*cq);
	if (*channel)
		ibv_destroy_comp_channel(*channel);
	*cq = NULL;
	*channel = NULL;
}

/* A shared receive queue has brought its completion queue already. */
static void destroy_queues(struct cma_id *id)
{
	if (id->id.send_cq_channel)
		destroy_queue(&id->id.send_cq_channel, &id->id.send_cq);
	if (id->id.recv_cq_channel && !id->id.srq)
		destroy_queue(&id->id.recv_cq_channel, &id->id.recv_cq);
}

/* The receiving half of an XRC connection has neither queue; messages to it go to shared queues. */
static int create_queues(struct cma_id *id, struct ibv_qp_init_attr_ex *attr)
{
	int err = 0;

	if (attr->qp_type == IBV_QPT_XRC_RECV)
		return 0;
	if (!attr->recv_cq && !id->id.recv_cq)
		err = create_queue(id, attr->cap.max_recv_wr, &id->id.recv_cq_channel,
				   &id->id.recv_cq);
	if (!err && !attr->send_cq && !id->id.send_cq)
		err = create_queue(id, attr->cap.max_send_wr, &id->id.send_cq_channel,
				   &id->id.send_cq);
	if (err) {
		destroy_queues(id);
		return err;
	}
	if (!attr->recv_cq)
		attr->recv_cq = id->id.recv_cq;
	if (!attr->send_cq)
		attr->send_cq = id->id.send_cq;
	return 0;
}

/* The domain that the owner has named, or the id's. */
static int choose_pd(const struct cma_id *id, struct ibv_pd **pd)
{
	if (!*pd)
		*pd = id->id.pd;
	return (*pd)->context == id->id.verbs ? 0 : EINVAL;
}

/* As choose_pd(). All ids of a device share it: the queue pair and the shared queue find each
 * other. */
static int choose_xrcd(struct cma_id *id, struct ibv_xrcd **xrcd)
{
	int err;

	if (*xrcd)
		return (*xrcd)->context == id->id.verbs ? 0 : EINVAL;
	if (id->owns_xrcd_use) {
		*xrcd = id->device->xrcd;
		return 0;
	}
	err = cma_device_get_xrcd(id->device, xrcd);
	id->owns_xrcd_use = !err;
	return err;
}

static int choose_domain_of_target(struct cma_id *id, struct ibv_qp_init_attr_ex *attr)
{
	if (attr->qp_type != IBV_QPT_XRC_RECV)
		return 0;
	if (!(attr->comp_mask & IBV_QP_INIT_ATTR_XRCD)) {
		attr->comp_mask |= IBV_QP_INIT_ATTR_XRCD;
		attr->xrcd = NULL;
	}
	return choose_xrcd(id, &attr->xrcd);
}

static int create_qp(struct cma_id *id, struct ibv_qp_init_attr_ex *attr)
{
	struct ibv_qp *qp;
	int err;

	if (!id->device || id->id.qp)
		return EINVAL;
	if (!(attr->comp_mask & IBV_QP_INIT_ATTR_PD)) {
		attr->comp_mask |= IBV_QP_INIT_ATTR_PD;
		attr->pd = NULL;
	}
	err = choose_pd(id, &attr->pd);
	if (!err)
		err = choose_domain_of_target(id, attr);
	if (!err)
		err = create_queues(id, attr);
	if (err)
		return err;
	if (!attr->srq)
		attr->srq = id->id.srq;
	qp = ibv_create_qp_ex(id->id.verbs, attr);
	if (!qp) {
		err = errno;
		goto destroy_queues;
	}
	err = start(id, qp);
	if (err)
		goto destroy_qp;
	id->id.pd = attr->pd;
	id->id.qp = qp;
	return 0;

destroy_qp:
	ibv_destroy_qp(qp);
destroy_queues:
	destroy_queues(id);
	return err;
}

int rdma_create_qp_ex(struct rdma_cm_id *id, struct ibv_qp_init_attr_ex *attr)
{
	return cma_result(create_qp(to_cma_id(id), attr));
}

int rdma_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
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
	int err = create_qp(to_cma_id(id), &extended);

	if (err)
		return cma_result(err);
	attr->cap = extended.cap;
	attr->send_cq = extended.send_cq;
	attr->recv_cq = extended.recv_cq;
	return 0;
}

void rdma_destroy_qp(struct rdma_cm_id *id)
{
	if (!id->qp || ibv_destroy_qp(id->qp))
		return;
	id->qp = NULL;
	destroy_queues(to_cma_id(id));
}

static int choose_domain_of_srq(struct cma_id *id, struct ibv_srq_init_attr_ex *attr)
{
	if (!(attr->comp_mask & IBV_SRQ_INIT_ATTR_XRCD)) {
		attr->comp_mask |= IBV_SRQ_INIT_ATTR_XRCD;
		attr->xrcd = NULL;
	}
	return choose_xrcd(id, &attr->xrcd);
}

/* Its completions have a queue of the id's, as those of a receive queue would. */
static int create_srq(struct cma_id *id, struct ibv_srq_init_attr_ex *attr)
{
	bool own_queue = attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE &&
			 attr->srq_type == IBV_SRQT_XRC &&
			 !(attr->comp_mask & IBV_SRQ_INIT_ATTR_CQ);
	bool made_queue = !id->id.recv_cq;
	int err;

	if (!id->device || id->id.srq)
		return EINVAL;
	if (!(attr->comp_mask & IBV_SRQ_INIT_ATTR_PD)) {
		attr->comp_mask |= IBV_SRQ_INIT_ATTR_PD;
		attr->pd = NULL;
	}
	err = choose_pd(id, &attr->pd);
	if (!err && attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE && attr->srq_type == IBV_SRQT_XRC)
		err = choose_domain_of_srq(id, attr);
	if (!err && made_queue)
		err = create_queue(id, attr->attr.max_wr, &id->id.recv_cq_channel, &id->id.recv_cq);
	if (err)
		return err;
	if (own_queue) {
		attr->comp_mask |= IBV_SRQ_INIT_ATTR_CQ;
		attr->cq = id->id.recv_cq;
	}
	id->id.srq = ibv_create_srq_ex(id->id.verbs, attr);
	if (!id->id.srq) {
		err = errno;
		if (made_queue)
			destroy_queue(&id->id.recv_cq_channel, &id->id.recv_cq);
		return err;
	}
	id->id.pd = attr->pd;
	return 0;
}

int rdma_create_srq_ex(struct rdma_cm_id *id, struct ibv_srq_init_attr_ex *attr)
{
	return cma_result(create_srq(to_cma_id(id), attr));
}

/* An id for the receiving half of an XRC connection gets a shared queue that can take its messages.
 */
int rdma_create_srq(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	struct ibv_srq_init_attr_ex extended = {
		.srq_context = attr->srq_context,
		.attr = attr->attr,
		.comp_mask = IBV_SRQ_INIT_ATTR_PD,
		.pd = pd,
	};
	int err;

	if (id->qp_type == IBV_QPT_XRC_RECV) {
		extended.comp_mask |= IBV_SRQ_INIT_ATTR_TYPE;
		extended.srq_type = IBV_SRQT_XRC;
	}
	err = create_srq(to_cma_id(id), &extended);
	if (!err)
		attr->attr = extended.attr;
	return cma_result(err);
}

void rdma_destroy_srq(struct rdma_cm_id *id)
{
	if (!id->srq || ibv_destroy_srq(id->srq))
		return;
	id->srq = NULL;
	if (!id->qp)
		destroy_queues(to_cma_id(id));
}
