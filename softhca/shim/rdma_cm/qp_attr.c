/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * INIT_QP_ATTR: what a queue pair needs to go into a state, as far as an id and its connection
 * know. Which attributes these are, and when they are known, is as the kernel has it.
 */
#include <errno.h>

#include "softhca/shim/identity.h"
#include "softhca/shim/rdma_cm/ucm.h"

enum { DEFAULT_PKEY_INDEX = 0 };

/* Before there is a connection, and for datagrams at any time. */
static void plain(const struct ucm_id *id, struct ib_uverbs_qp_attr *attr)
{
	attr->qp_attr_mask = QP_STATE | QP_PKEY_INDEX | QP_PORT;
	attr->port_num = PORT_NUMBER;
	attr->pkey_index = DEFAULT_PKEY_INDEX;
	if (id->qp_type == QP_TYPE_UD) {
		attr->qkey = UCM_DATAGRAM_QKEY;
		attr->qp_attr_mask |= QP_QKEY;
	} else {
		attr->qp_attr_mask |= QP_ACCESS_FLAGS;
	}
}

static int to_init(const struct cm_agreement *agreement, struct ib_uverbs_qp_attr *attr)
{
	if (agreement->state > CM_STATE_ESTABLISHED)
		return EINVAL;
	attr->qp_attr_mask = QP_STATE | QP_ACCESS_FLAGS | QP_PKEY_INDEX | QP_PORT;
	attr->qp_access_flags = ACCESS_REMOTE_WRITE;
	if (agreement->responder_resources)
		attr->qp_access_flags |= ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC;
	attr->port_num = PORT_NUMBER;
	attr->pkey_index = DEFAULT_PKEY_INDEX;
	return 0;
}

/* The peer's address and numbers are known to who has heard of it. */
static bool knows_peer(const struct cm_agreement *agreement)
{
	return agreement->state > CM_STATE_REQ_SENT && agreement->state <= CM_STATE_ESTABLISHED;
}

static int to_rtr(const struct ucm_id *id, const struct cm_agreement *agreement,
		  struct ib_uverbs_qp_attr *attr)
{
	if (!knows_peer(agreement))
		return EINVAL;
	attr->qp_attr_mask = QP_STATE | QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN;
	ucm_path_to_ah(id, &id->path, &attr->ah_attr);
	attr->path_mtu = agreement->mtu;
	attr->dest_qp_num = agreement->remote_qpn;
	attr->rq_psn = id->psn;
	if (id->qp_type == QP_TYPE_RC || id->qp_type == QP_TYPE_XRC_RECV) {
		attr->qp_attr_mask |= QP_MAX_DEST_RD_ATOMIC | QP_MIN_RNR_TIMER;
		attr->max_dest_rd_atomic = agreement->responder_resources;
	}
	return 0;
}

static int to_rts(const struct ucm_id *id, const struct cm_agreement *agreement,
		  struct ib_uverbs_qp_attr *attr)
{
	if (!knows_peer(agreement))
		return EINVAL;
	attr->qp_attr_mask = QP_STATE | QP_SQ_PSN;
	attr->sq_psn = agreement->remote_psn;
	if (id->qp_type == QP_TYPE_RC || id->qp_type == QP_TYPE_XRC_SEND) {
		attr->qp_attr_mask |= QP_RETRY_CNT | QP_RNR_RETRY | QP_MAX_QP_RD_ATOMIC;
		attr->retry_cnt = agreement->retry_count;
		attr->rnr_retry = agreement->rnr_retry_count;
		attr->max_rd_atomic = agreement->initiator_depth;
	}
	if (id->qp_type != QP_TYPE_UC) {
		attr->qp_attr_mask |= QP_TIMEOUT;
		attr->timeout = id->has_ack_timeout ? id->ack_timeout : agreement->path.ack_timeout;
	}
	return 0;
}

static int connected(const struct ucm_id *id, struct ib_uverbs_qp_attr *attr)
{
	struct cm_agreement agreement;

	cm_connection_agreement(id->connection, &agreement);
	switch (attr->qp_state) {
	case QP_INIT:
		return to_init(&agreement, attr);
	case QP_RTR:
		return to_rtr(id, &agreement, attr);
	case QP_RTS:
		return to_rts(id, &agreement, attr);
	default:
		return EINVAL;
	}
}

int ucm_init_qp_attr(struct ucm_call *call)
{
	struct ib_uverbs_qp_attr attr = {0};
	struct rdma_ucm_init_qp_attr wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	if (call->out_room < sizeof(attr))
		return ENOSPC;
	if (wire.qp_state > QP_ERR)
		return EINVAL;
	rc = ucm_id_get_bound(call->file, wire.id, &id);
	if (rc)
		return rc;
	attr.qp_state = wire.qp_state;
	if (id->connection)
		rc = connected(id, &attr);
	else
		plain(id, &attr);
	return rc ? rc : ucm_answer(call, wire.response, &attr, sizeof(attr));
}
