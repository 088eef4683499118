/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Attributes of a queue pair: MODIFY_QP and QUERY_QP. */
#include <string.h>

#include "libibverbs/cmd/carrier.h"

static void pack_path(struct ib_uverbs_qp_dest *to, const struct ibv_ah_attr *from)
{
	memcpy(to->dgid, from->grh.dgid.raw, sizeof(to->dgid));
	to->flow_label = from->grh.flow_label;
	to->dlid = from->dlid;
	to->sgid_index = from->grh.sgid_index;
	to->hop_limit = from->grh.hop_limit;
	to->traffic_class = from->grh.traffic_class;
	to->sl = from->sl;
	to->src_path_bits = from->src_path_bits;
	to->static_rate = from->static_rate;
	to->is_global = from->is_global;
	to->port_num = from->port_num;
}

static void unpack_path(struct ibv_ah_attr *to, const struct ib_uverbs_qp_dest *from)
{
	memcpy(to->grh.dgid.raw, from->dgid, sizeof(from->dgid));
	to->grh.flow_label = from->flow_label;
	to->dlid = from->dlid;
	to->grh.sgid_index = from->sgid_index;
	to->grh.hop_limit = from->hop_limit;
	to->grh.traffic_class = from->traffic_class;
	to->sl = from->sl;
	to->src_path_bits = from->src_path_bits;
	to->static_rate = from->static_rate;
	to->is_global = from->is_global;
	to->port_num = from->port_num;
}

/* A member counts only under its bit: the application may have left the others uninitialised. */
static void pack_modify(struct ib_uverbs_modify_qp *in, const struct ibv_qp *qp,
			const struct ibv_qp_attr *attr, int mask)
{
	in->qp_handle = qp->handle;
	in->attr_mask = mask;
	if (mask & IBV_QP_STATE)
		in->qp_state = attr->qp_state;
	if (mask & IBV_QP_CUR_STATE)
		in->cur_qp_state = attr->cur_qp_state;
	if (mask & IBV_QP_EN_SQD_ASYNC_NOTIFY)
		in->en_sqd_async_notify = attr->en_sqd_async_notify;
	if (mask & IBV_QP_ACCESS_FLAGS)
		in->qp_access_flags = attr->qp_access_flags;
	if (mask & IBV_QP_PKEY_INDEX)
		in->pkey_index = attr->pkey_index;
	if (mask & IBV_QP_PORT)
		in->port_num = attr->port_num;
	if (mask & IBV_QP_QKEY)
		in->qkey = attr->qkey;
	if (mask & IBV_QP_AV)
		pack_path(&in->dest, &attr->ah_attr);
	if (mask & IBV_QP_PATH_MTU)
		in->path_mtu = attr->path_mtu;
	if (mask & IBV_QP_TIMEOUT)
		in->timeout = attr->timeout;
	if (mask & IBV_QP_RETRY_CNT)
		in->retry_cnt = attr->retry_cnt;
	if (mask & IBV_QP_RNR_RETRY)
		in->rnr_retry = attr->rnr_retry;
	if (mask & IBV_QP_RQ_PSN)
		in->rq_psn = attr->rq_psn;
	if (mask & IBV_QP_SQ_PSN)
		in->sq_psn = attr->sq_psn;
	if (mask & IBV_QP_MAX_QP_RD_ATOMIC)
		in->max_rd_atomic = attr->max_rd_atomic;
	if (mask & IBV_QP_MAX_DEST_RD_ATOMIC)
		in->max_dest_rd_atomic = attr->max_dest_rd_atomic;
	if (mask & IBV_QP_MIN_RNR_TIMER)
		in->min_rnr_timer = attr->min_rnr_timer;
	if (mask & IBV_QP_PATH_MIG_STATE)
		in->path_mig_state = attr->path_mig_state;
	if (mask & IBV_QP_DEST_QPN)
		in->dest_qp_num = attr->dest_qp_num;
	if (mask & IBV_QP_ALT_PATH) {
		pack_path(&in->alt_dest, &attr->alt_ah_attr);
		in->alt_pkey_index = attr->alt_pkey_index;
		in->alt_port_num = attr->alt_port_num;
		in->alt_timeout = attr->alt_timeout;
	}
}

int ibv_cmd_modify_qp(struct ibv_qp *qp, const struct ibv_qp_attr *attr, int attr_mask,
		      const struct verbs_udata *udata)
{
	struct ib_uverbs_ex_modify_qp in = {};
	struct ib_uverbs_ex_modify_qp_resp answer;

	pack_modify(&in.base, qp, attr, attr_mask);
	if (attr_mask & IBV_QP_RATE_LIMIT)
		in.rate_limit = attr->rate_limit;
	else if (!udata)
		return command_run(qp->context, COMMAND(IB_USER_VERBS_CMD_MODIFY_QP, &in.base));
	return command_run(qp->context,
			   COMMAND(EXTENDED(MODIFY_QP), &in, ANSWER(&answer), .udata = udata));
}

static void unpack_query(struct ibv_qp_attr *attr, const struct ib_uverbs_query_qp_resp *answer)
{
	memset(attr, 0, sizeof(*attr));
	attr->qp_state = answer->qp_state;
	attr->cur_qp_state = answer->cur_qp_state;
	attr->path_mtu = answer->path_mtu;
	attr->path_mig_state = answer->path_mig_state;
	attr->qkey = answer->qkey;
	attr->rq_psn = answer->rq_psn;
	attr->sq_psn = answer->sq_psn;
	attr->dest_qp_num = answer->dest_qp_num;
	attr->qp_access_flags = answer->qp_access_flags;
	attr->cap.max_send_wr = answer->max_send_wr;
	attr->cap.max_recv_wr = answer->max_recv_wr;
	attr->cap.max_send_sge = answer->max_send_sge;
	attr->cap.max_recv_sge = answer->max_recv_sge;
	attr->cap.max_inline_data = answer->max_inline_data;
	unpack_path(&attr->ah_attr, &answer->dest);
	unpack_path(&attr->alt_ah_attr, &answer->alt_dest);
	attr->pkey_index = answer->pkey_index;
	attr->alt_pkey_index = answer->alt_pkey_index;
	attr->sq_draining = answer->sq_draining;
	attr->max_rd_atomic = answer->max_rd_atomic;
	attr->max_dest_rd_atomic = answer->max_dest_rd_atomic;
	attr->min_rnr_timer = answer->min_rnr_timer;
	attr->port_num = answer->port_num;
	attr->timeout = answer->timeout;
	attr->retry_cnt = answer->retry_cnt;
	attr->rnr_retry = answer->rnr_retry;
	attr->alt_port_num = answer->alt_port_num;
	attr->alt_timeout = answer->alt_timeout;
}

int ibv_cmd_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		     struct ibv_qp_init_attr *init_attr, const struct verbs_udata *udata)
{
	struct ib_uverbs_query_qp in = {.qp_handle = qp->handle, .attr_mask = attr_mask};
	struct ib_uverbs_query_qp_resp answer;
	int err;

	/* The command has no room for it, so the answer would leave the field unset. */
	if (attr_mask & IBV_QP_RATE_LIMIT)
		return EOPNOTSUPP;
	err = command_run(qp->context, COMMAND(IB_USER_VERBS_CMD_QUERY_QP, &in, ANSWER(&answer),
					       .udata = udata));
	if (err)
		return err;
	if (answer.qp_state > IBV_QPS_UNKNOWN || answer.cur_qp_state > IBV_QPS_UNKNOWN)
		return EIO;
	unpack_query(attr, &answer);
	if (init_attr)
		*init_attr = (struct ibv_qp_init_attr){
			.qp_context = qp->qp_context,
			.send_cq = qp->send_cq,
			.recv_cq = qp->recv_cq,
			.srq = qp->srq,
			.cap = attr->cap,
			.qp_type = qp->qp_type,
			.sq_sig_all = answer.sq_sig_all,
		};
	return 0;
}
