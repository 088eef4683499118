/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The queue pairs of ibv_xsrq_pingpong; see xsrq_link.h. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "common/report.h"
#include "xsrq_link.h"

enum { HOP_LIMIT = 64, RNR_TIMER = 12, ACK_TIMEOUT = 14, RETRIES = 7 };

static int make_receiver(struct xsrq_link *link, const struct xsrq_place *place)
{
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_XRC_RECV,
		.comp_mask = IBV_QP_INIT_ATTR_XRCD,
		.xrcd = place->xrcd,
	};

	link->receiver = ibv_create_qp_ex(place->pd->context, &attr);
	return link->receiver ? 0
			      : tool_error(errno, "cannot create a queue pair that receives (XRC)");
}

static int make_sender(struct xsrq_link *link, const struct xsrq_place *place)
{
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_XRC_SEND,
		.send_cq = place->cq,
		.cap = {.max_send_wr = 2, .max_send_sge = 1},
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = place->pd,
		.sq_sig_all = 1,
	};

	link->sender = ibv_create_qp_ex(place->pd->context, &attr);
	return link->sender ? 0 : tool_error(errno, "cannot create a queue pair that sends (XRC)");
}

static int modify(struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask, const char *state)
{
	int err = ibv_modify_qp(qp, attr, mask | IBV_QP_STATE);

	return err ? tool_error(err, "cannot bring QP 0x%06x to %s", qp->qp_num, state) : 0;
}

static int initialize(struct ibv_qp *qp, const struct xsrq_place *place)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = place->path.port->number};

	return modify(qp, &attr, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS, "INIT");
}

int xsrq_link_create(struct xsrq_link *link, const struct xsrq_place *place)
{
	uint32_t psn;
	int err = make_receiver(link, place);

	if (!err)
		err = make_sender(link, place);
	if (!err)
		err = initialize(link->receiver, place);
	if (!err)
		err = initialize(link->sender, place);
	if (err)
		return err;
	if (getrandom(&psn, sizeof(psn), 0) != sizeof(psn))
		return tool_error(errno, "cannot draw a random PSN");
	link->local = (struct xsrq_address){
		.lid = place->path.port->attr.lid,
		.receiver = link->receiver->qp_num,
		.sender = link->sender->qp_num,
		.psn = psn & 0xffffff,
		.srqn = place->srqn,
		.gid = place->path.port->gid,
	};
	return 0;
}

static int make_path(const struct xsrq_link *link, const struct pp_path *path,
		     struct ibv_ah_attr *attr)
{
	const struct tool_port *port = path->port;
	static const union ibv_gid none;
	bool has_gid = memcmp(&link->remote.gid, &none, sizeof(none)) != 0;

	*attr = (struct ibv_ah_attr){
		.dlid = link->remote.lid, .sl = path->sl, .port_num = port->number};
	if (port->gid_index >= 0 && has_gid) {
		attr->is_global = 1;
		attr->grh.dgid = link->remote.gid;
		attr->grh.sgid_index = (uint8_t)port->gid_index;
		attr->grh.hop_limit = HOP_LIMIT;
	} else if (port->attr.link_layer == IBV_LINK_LAYER_ETHERNET) {
		return tool_refuse("the peer gave no GID: start it with --gid-idx as well");
	}
	return 0;
}

/* Each half is told what IBTA annex A14 gives it, and no more. */
int xsrq_link_connect(struct xsrq_link *link, const struct xsrq_place *place)
{
	const int path = IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;
	const int responder = IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	const int requester = IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
			      IBV_QP_MAX_QP_RD_ATOMIC;
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = place->path.mtu,
		.dest_qp_num = link->remote.sender,
		.rq_psn = link->remote.psn,
		.sq_psn = link->local.psn,
		.max_dest_rd_atomic = 1,
		.max_rd_atomic = 1,
		.min_rnr_timer = RNR_TIMER,
		.timeout = ACK_TIMEOUT,
		.retry_cnt = RETRIES,
		.rnr_retry = RETRIES,
	};
	int err = make_path(link, &place->path, &attr.ah_attr);

	if (!err)
		err = modify(link->receiver, &attr, path | responder, "RTR");
	attr.dest_qp_num = link->remote.receiver;
	if (!err)
		err = modify(link->sender, &attr, path, "RTR");
	attr.qp_state = IBV_QPS_RTS;
	return err ? err : modify(link->sender, &attr, requester, "RTS");
}

int xsrq_link_destroy(struct xsrq_link *link)
{
	int err = link->sender ? ibv_destroy_qp(link->sender) : 0;
	int failed = link->receiver ? ibv_destroy_qp(link->receiver) : 0;

	err = err ? err : failed;
	pp_exchange_close(&link->exchange);
	return err ? tool_error(err, "cannot destroy a queue pair") : 0;
}
