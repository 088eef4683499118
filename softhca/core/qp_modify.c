/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Modifying a queue pair: the transition, then every value, and only then the first change.
 * Alternate paths are refused: this adapter does not migrate.
 */
#include <errno.h>

#include "hw/wire/psn.h"
#include "hw/wire/address.h"
#include "softhca/core/internal.h"

enum {
	MAX_MTU_CODE = 5,
	MAX_TIMEOUT = 31,
	MAX_RETRIES = 7,
	MAX_RNR_TIMER = 31,
	MAX_SL = 15,
	MAX_FLOW_LABEL = 0xfffff,
	MAX_QPN = 0xffffff,
};

#define KNOWN_ACCESS                                                                               \
	(ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC |    \
	 ACCESS_MW_BIND)

static bool is_zero_gid(const uint8_t gid[16])
{
	for (unsigned int i = 0; i < 16; i++)
		if (gid[i])
			return false;
	return true;
}

static bool is_route_good(const struct hca *hca, const struct path *path)
{
	return path->sgid_index < FABRIC_GIDS && hca->shared->gids[path->sgid_index].valid &&
	       !wire_gid_is_multicast(path->dgid) && !is_zero_gid(path->dgid) &&
	       path->flow_label <= MAX_FLOW_LABEL;
}

/* Of a target, whose answers go where the requests came from: the port, and its own GID. */
static bool is_answer_path_good(const struct hca *hca, const struct path *path)
{
	return path->port == 1 && path->sl <= MAX_SL && path->flow_label <= MAX_FLOW_LABEL &&
	       (!path->grh ||
		(path->sgid_index < FABRIC_GIDS && hca->shared->gids[path->sgid_index].valid));
}

/* Path of a connected queue pair; datagrams carry theirs in each request. */
static bool is_path_good(const struct hca *hca, const struct path *path)
{
	if (path->port != 1 || path->sl > MAX_SL)
		return false;
	if (path->grh && !is_route_good(hca, path))
		return false;
	if (hca->shared->port_type == FABRIC_PORT_ETH)
		return path->grh;
	return path->dlid && path->dlid < WIRE_LID_MULTICAST;
}

static bool are_numbers_good(const struct hca *hca, const struct qp_attr *attr, uint32_t mask)
{
	const struct hca_limits *limits = &hca->limits;

	return !(
		(mask & QP_PORT && attr->port != 1) ||
		(mask & QP_PATH_MIG_STATE && attr->migration > MIGRATION_ARMED) ||
		(mask & QP_PKEY_INDEX && attr->pkey_index >= FABRIC_PKEYS) ||
		(mask & QP_PATH_MTU && (!attr->path_mtu || attr->path_mtu > MAX_MTU_CODE)) ||
		(mask & QP_DEST_QPN && attr->dest_qpn > MAX_QPN) ||
		(mask & QP_TIMEOUT && attr->timeout > MAX_TIMEOUT) ||
		(mask & QP_RETRY_CNT && attr->retry_count > MAX_RETRIES) ||
		(mask & QP_RNR_RETRY && attr->rnr_retry > MAX_RETRIES) ||
		(mask & QP_MIN_RNR_TIMER && attr->min_rnr_timer > MAX_RNR_TIMER) ||
		(mask & QP_ACCESS_FLAGS && attr->access & ~(uint32_t)KNOWN_ACCESS) ||
		(mask & QP_MAX_QP_RD_ATOMIC && attr->max_rd_atomic > limits->max_init_rd_atomic) ||
		(mask & QP_MAX_DEST_RD_ATOMIC && attr->max_dest_rd_atomic > limits->max_rd_atomic));
}

static bool has_pace(enum qp_type type)
{
	return type == QP_TYPE_RC || type == QP_TYPE_UC || type == QP_TYPE_UD;
}

static int check(const struct qp *qp, const struct qp_attr *attr, enum qp_state to, uint32_t mask)
{
	/* Queues keep their size. */
	if (mask & QP_CAP || (mask & QP_RATE_LIMIT && !has_pace(qp->type)))
		return EOPNOTSUPP;
	/* What the specification does not know of is not in its table. */
	if (mask & QP_RATE_LIMIT && (to != QP_RTS || attr->rate_limit > QP_MAX_RATE_LIMIT))
		return EINVAL;
	mask &= ~(uint32_t)QP_RATE_LIMIT;
	if (mask & QP_CUR_STATE && attr->current_state != qp->attr.state)
		return EINVAL;
	if (!qp_transition_allows(qp->type, qp->attr.state, to, mask) ||
	    !are_numbers_good(qp->hca, attr, mask))
		return EINVAL;
	if (mask & QP_ALT_PATH ||
	    (mask & QP_PATH_MIG_STATE && attr->migration != MIGRATION_MIGRATED))
		return EOPNOTSUPP;
	if (!(mask & QP_AV))
		return 0;
	if (qp_type_is_dynamic(qp->type))
		return is_answer_path_good(qp->hca, &attr->path) ? 0 : EINVAL;
	return is_path_good(qp->hca, &attr->path) ? 0 : EINVAL;
}

static void apply_path(struct qp_attr *to, const struct qp_attr *from, uint32_t mask)
{
	if (mask & QP_PKEY_INDEX)
		to->pkey_index = from->pkey_index;
	if (mask & QP_PORT)
		to->port = from->port;
	if (mask & QP_AV)
		to->path = from->path;
	if (mask & QP_PATH_MTU)
		to->path_mtu = from->path_mtu;
	if (mask & QP_DEST_QPN)
		to->dest_qpn = from->dest_qpn;
	if (mask & QP_QKEY)
		to->qkey = from->qkey;
}

/* Of PSNs the low 24 bits count, as on other adapters: programs draw them at random. */
static void apply_protocol(struct qp_attr *to, const struct qp_attr *from, uint32_t mask)
{
	if (mask & QP_ACCESS_FLAGS)
		to->access = from->access;
	if (mask & QP_RQ_PSN)
		to->rq_psn = from->rq_psn & WIRE_PSN_MASK;
	if (mask & QP_SQ_PSN)
		to->sq_psn = from->sq_psn & WIRE_PSN_MASK;
	if (mask & QP_MAX_QP_RD_ATOMIC)
		to->max_rd_atomic = from->max_rd_atomic;
	if (mask & QP_MAX_DEST_RD_ATOMIC)
		to->max_dest_rd_atomic = from->max_dest_rd_atomic;
	if (mask & QP_MIN_RNR_TIMER)
		to->min_rnr_timer = from->min_rnr_timer;
	if (mask & QP_TIMEOUT)
		to->timeout = from->timeout;
	if (mask & QP_RETRY_CNT)
		to->retry_count = from->retry_count;
	if (mask & QP_RNR_RETRY)
		to->rnr_retry = from->rnr_retry;
	if (mask & QP_RATE_LIMIT)
		to->rate_limit = from->rate_limit;
	if (mask & QP_EN_SQD_ASYNC_NOTIFY)
		to->sqd_async_notify = from->sqd_async_notify;
}

int qp_modify(struct qp *qp, const struct qp_attr *attr, uint32_t mask)
{
	enum qp_state to = mask & QP_STATE ? attr->state : qp->attr.state;
	int rc = check(qp, attr, to, mask);

	if (rc)
		return rc;
	/* Asked for with each stop anew. */
	if (to == QP_SQD && qp->attr.state != QP_SQD)
		qp->attr.sqd_async_notify = false;
	apply_path(&qp->attr, attr, mask);
	apply_protocol(&qp->attr, attr, mask);
	qp_enter_state(qp, to, mask);
	return 0;
}
