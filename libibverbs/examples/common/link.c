/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One queue pair of a ping-pong; see link.h. */
#include <errno.h>

#include "link.h"
#include "report.h"

/*
 * Both sides have to use the same Q_Key; this is the one of Debian's ibv_ud_pingpong (observed in
 * its MODIFY_QP command). The timeout is 4.096 us * 2^14, 67 ms; RNR timer 12 is 0.64 ms and RNR
 * retry 7 means without end (IBTA vol. 1, 9.7.5.2.8 and 9.9.2.1).
 */
enum {
	UD_QKEY = 0x11111111,
	ACK_TIMEOUT = 14,
	RETRY_COUNT = 7,
	RNR_RETRY_FOREVER = 7,
	RNR_TIMER = 12,
	HOP_LIMIT = 64,
};

static int create_plain(struct pp_link *link, struct ibv_pd *pd,
			const struct pp_link_options *options, struct ibv_qp_cap cap)
{
	struct ibv_qp_init_attr init = {
		.send_cq = options->cq,
		.recv_cq = options->cq,
		.srq = options->srq,
		.cap = cap,
		.qp_type = options->type,
	};

	link->qp = ibv_create_qp(pd, &init);
	return link->qp ? 0 : errno;
}

static int create_extended(struct pp_link *link, struct ibv_pd *pd,
			   const struct pp_link_options *options, struct ibv_qp_cap cap)
{
	struct ibv_qp_init_attr_ex init = {
		.send_cq = options->cq,
		.recv_cq = options->cq,
		.srq = options->srq,
		.cap = cap,
		.qp_type = options->type,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = pd,
		.send_ops_flags = IBV_QP_EX_WITH_SEND,
	};

	link->qp = ibv_create_qp_ex(pd->context, &init);
	if (!link->qp)
		return errno;
	link->extended = ibv_qp_to_qp_ex(link->qp);
	return link->extended ? 0 : EOPNOTSUPP;
}

static int create_qp(struct pp_link *link, struct ibv_pd *pd, const struct pp_link_options *options)
{
	const char *name = ibv_get_device_name(pd->context->device);
	struct ibv_qp_cap cap = {
		.max_send_wr = 1,
		.max_recv_wr = options->srq ? 0 : options->rx_depth,
		.max_send_sge = 1,
		.max_recv_sge = options->srq ? 0 : 1,
	};
	int err = options->new_send ? create_extended(link, pd, options, cap)
				    : create_plain(link, pd, options, cap);

	if (err && options->new_send)
		return tool_error(
			err, "%s gives no queue pair with the ibv_wr_* calls (--new_send)", name);
	return err ? tool_error(err, "cannot create a queue pair with %u receives on %s",
				options->rx_depth, name)
		   : 0;
}

static int initialize(struct pp_link *link, const struct tool_port *port)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = port->number,
		.qkey = UD_QKEY,
	};
	int mask = IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT;
	int err;

	mask |= link->type == IBV_QPT_UD ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS;
	err = ibv_modify_qp(link->qp, &attr, mask);
	return err ? tool_error(err, "cannot bring QP 0x%06x to INIT", link->qp->qp_num) : 0;
}

/* What the queue pair takes inline is told by a query; a device that fails it gets none. */
static uint32_t query_inline(struct ibv_qp *qp)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	return ibv_query_qp(qp, &attr, IBV_QP_CAP, &init) ? 0 : init.cap.max_inline_data;
}

int pp_link_create(struct pp_link *link, struct ibv_pd *pd, const struct pp_link_options *options,
		   const struct tool_port *port)
{
	int err;

	*link = (struct pp_link){.type = options->type};
	err = create_qp(link, pd, options);
	if (!err)
		err = initialize(link, port);
	if (err) {
		pp_link_destroy(link);
		return err;
	}
	link->max_inline = query_inline(link->qp);
	link->local.lid = port->attr.lid;
	link->local.qpn = link->qp->qp_num;
	link->local.gid = port->gid;
	return 0;
}

/* With GIDs on both sides packets carry a GRH; on Ethernet they have to. */
static int make_ah_attr(const struct pp_link *link, const struct pp_path *path,
			struct ibv_ah_attr *attr)
{
	const struct tool_port *port = path->port;

	*attr = (struct ibv_ah_attr){
		.dlid = link->remote.lid, .sl = path->sl, .port_num = port->number};
	if (port->gid_index >= 0 && pp_address_has_gid(&link->remote)) {
		attr->is_global = 1;
		attr->grh.dgid = link->remote.gid;
		attr->grh.sgid_index = (uint8_t)port->gid_index;
		attr->grh.hop_limit = HOP_LIMIT;
		return 0;
	}
	if (port->attr.link_layer == IBV_LINK_LAYER_ETHERNET)
		return tool_refuse("the peer gave no GID: start it with --gid-idx as well");
	if (!link->remote.lid)
		return tool_refuse("the peer gave neither LID nor a usable GID; is it on the same "
				   "fabric?");
	return 0;
}

static int modify(struct pp_link *link, struct ibv_qp_attr *attr, int mask)
{
	int err = ibv_modify_qp(link->qp, attr, mask | IBV_QP_STATE);

	return err ? tool_error(err, "cannot bring QP 0x%06x to %s", link->qp->qp_num,
				attr->qp_state == IBV_QPS_RTR ? "RTR" : "RTS")
		   : 0;
}

static int ready_to_receive(struct pp_link *link, const struct pp_path *path,
			    const struct ibv_ah_attr *ah_attr)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = path->mtu,
		.dest_qp_num = link->remote.qpn,
		.rq_psn = link->remote.psn,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = RNR_TIMER,
		.ah_attr = *ah_attr,
	};
	int mask = 0;

	if (link->type != IBV_QPT_UD)
		mask = IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;
	if (link->type == IBV_QPT_RC)
		mask |= IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	return modify(link, &attr, mask);
}

static int ready_to_send(struct pp_link *link)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.timeout = ACK_TIMEOUT,
		.retry_cnt = RETRY_COUNT,
		.rnr_retry = RNR_RETRY_FOREVER,
		.sq_psn = link->local.psn,
		.max_rd_atomic = 1,
	};
	int mask = IBV_QP_SQ_PSN;

	if (link->type == IBV_QPT_RC)
		mask |= IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
			IBV_QP_MAX_QP_RD_ATOMIC;
	return modify(link, &attr, mask);
}

int pp_link_connect(struct pp_link *link, const struct pp_path *path)
{
	struct ibv_ah_attr ah_attr;
	int err = make_ah_attr(link, path, &ah_attr);

	if (!err)
		err = ready_to_receive(link, path, &ah_attr);
	if (!err)
		err = ready_to_send(link);
	if (err || link->type != IBV_QPT_UD)
		return err;
	link->ah = ibv_create_ah(link->qp->pd, &ah_attr);
	return link->ah ? 0 : tool_error(errno, "cannot create an address handle for the peer");
}

int pp_link_destroy(struct pp_link *link)
{
	int err = 0, failed;

	if (link->qp)
		err = ibv_destroy_qp(link->qp);
	if (err)
		tool_error(err, "cannot destroy QP 0x%06x", link->local.qpn);
	failed = link->ah ? ibv_destroy_ah(link->ah) : 0;
	if (failed)
		err = tool_error(failed, "cannot destroy the address handle");
	link->qp = NULL;
	link->ah = NULL;
	return err;
}

static int post_list(struct pp_link *link, uint64_t wr_id, const struct ibv_sge *data,
		     unsigned int flags)
{
	struct ibv_sge sge = *data;
	struct ibv_send_wr *bad, wr = {
					 .wr_id = wr_id,
					 .sg_list = &sge,
					 .num_sge = 1,
					 .opcode = IBV_WR_SEND,
					 .send_flags = flags,
				 };

	if (link->type == IBV_QPT_UD) {
		wr.wr.ud.ah = link->ah;
		wr.wr.ud.remote_qpn = link->remote.qpn;
		wr.wr.ud.remote_qkey = UD_QKEY;
	}
	return ibv_post_send(link->qp, &wr, &bad);
}

static int post_built(struct pp_link *link, uint64_t wr_id, const struct ibv_sge *data,
		      unsigned int flags)
{
	struct ibv_qp_ex *qp = link->extended;

	ibv_wr_start(qp);
	qp->wr_id = wr_id;
	qp->wr_flags = flags & ~(unsigned int)IBV_SEND_INLINE;
	ibv_wr_send(qp);
	if (link->type == IBV_QPT_UD)
		ibv_wr_set_ud_addr(qp, link->ah, link->remote.qpn, UD_QKEY);
	if (flags & IBV_SEND_INLINE)
		ibv_wr_set_inline_data(qp, (void *)(uintptr_t)data->addr, data->length);
	else
		ibv_wr_set_sge(qp, data->lkey, data->addr, data->length);
	return ibv_wr_complete(qp);
}

int pp_link_post_send(struct pp_link *link, uint64_t wr_id, const struct ibv_sge *data,
		      bool may_inline)
{
	unsigned int flags = IBV_SEND_SIGNALED;
	int err;

	if (may_inline && data->length <= link->max_inline)
		flags |= IBV_SEND_INLINE;
	err = link->extended ? post_built(link, wr_id, data, flags)
			     : post_list(link, wr_id, data, flags);
	return err ? tool_error(err, "cannot post a send on QP 0x%06x", link->local.qpn) : 0;
}
