/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends a message to itself and keeps the end of it only: the null region takes the rest. */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/verbs.h>

/* Ends the program where a call that makes an object has made none. */
static void *must(void *object, const char *call)
{
	if (!object)
		err(1, "%s", call);
	return object;
}

/* Ends the program where a call that returns an errno value has failed. */
static void check(int error, const char *call)
{
	if (error)
		errx(1, "%s: %s", call, strerror(error));
}

static struct ibv_context *open_first(void)
{
	struct ibv_device **list = must(ibv_get_device_list(NULL), "ibv_get_device_list");
	struct ibv_context *context;

	if (!list[0])
		errx(1, "no RDMA device");
	context = must(ibv_open_device(list[0]), "ibv_open_device");
	ibv_free_device_list(list);
	return context;
}

/* Takes a reliable queue pair from RESET to RTS; the peer is the queue pair itself. */
static void connect_to_itself(struct ibv_qp *qp)
{
	struct ibv_port_attr port;
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = 1,
	};

	check(ibv_query_port(qp->context, 1, &port), "ibv_query_port");
	check(ibv_modify_qp(qp, &attr,
			    IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS),
	      "ibv_modify_qp to INIT");

	attr = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_RTR,
		.path_mtu = port.active_mtu,
		.dest_qp_num = qp->qp_num,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = 12,
		.ah_attr = {.dlid = port.lid, .port_num = 1},
	};
	if (port.link_layer == IBV_LINK_LAYER_ETHERNET) {
		attr.ah_attr.is_global = 1;
		attr.ah_attr.grh.hop_limit = 1;
		if (ibv_query_gid(qp->context, 1, 0, &attr.ah_attr.grh.dgid))
			err(1, "ibv_query_gid");
	}
	check(ibv_modify_qp(qp, &attr,
			    IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
				    IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
				    IBV_QP_MIN_RNR_TIMER),
	      "ibv_modify_qp to RTR");

	attr = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_RTS,
		.timeout = 14,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.max_rd_atomic = 1,
	};
	check(ibv_modify_qp(qp, &attr,
			    IBV_QP_STATE | IBV_QP_SQ_PSN | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
				    IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC),
	      "ibv_modify_qp to RTS");
}

/* Waits for the next completion, which must be a good one. */
static struct ibv_wc wait_for_one(struct ibv_cq *cq)
{
	struct ibv_wc wc;
	int count;

	do
		count = ibv_poll_cq(cq, 1, &wc);
	while (!count);
	if (count < 0)
		errx(1, "ibv_poll_cq failed");
	if (wc.status != IBV_WC_SUCCESS)
		errx(1, "request %llu: %s", (unsigned long long)wc.wr_id,
		     ibv_wc_status_str(wc.status));
	return wc;
}

/* The receive has two places, of which the first one is nowhere. */
static void receive_end_of(struct ibv_qp *qp, struct ibv_mr *mr, struct ibv_mr *null, char *text)
{
	struct ibv_sge message = {(uintptr_t)text, 12, mr->lkey};
	struct ibv_sge places[] = {{.length = 7, .lkey = null->lkey},
				   {(uintptr_t)text + 32, 5, mr->lkey}};
	struct ibv_recv_wr recv = {.sg_list = places, .num_sge = 2}, *bad_recv;
	struct ibv_send_wr send = {.sg_list = &message, .num_sge = 1, .opcode = IBV_WR_SEND}, *bad;

	check(ibv_post_recv(qp, &recv, &bad_recv), "ibv_post_recv");
	check(ibv_post_send(qp, &send, &bad), "ibv_post_send");
	wait_for_one(qp->recv_cq);
	printf("kept: \"%.5s\"\n", text + 32);
}

int main(void)
{
	static char buffer[64] = "hello, world";
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 4, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 2},
	};
	struct ibv_qp *qp = must(ibv_create_qp(pd, &init), "ibv_create_qp");
	struct ibv_mr *mr =
		must(ibv_reg_mr(pd, buffer, sizeof(buffer), IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");
	struct ibv_mr *null = must(ibv_alloc_null_mr(pd), "ibv_alloc_null_mr");

	connect_to_itself(qp);
	receive_end_of(qp, mr, null, buffer);

	check(ibv_dereg_mr(null), "ibv_dereg_mr");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
