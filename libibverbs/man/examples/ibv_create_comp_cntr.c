/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts the bytes that a queue pair writes to itself. */
#include <err.h>
#include <inttypes.h>
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
		.qp_access_flags = IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE,
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

static void wait_for_completion(struct ibv_cq *cq)
{
	struct ibv_wc wc;
	int found;

	while ((found = ibv_poll_cq(cq, 1, &wc)) == 0)
		;
	if (found < 0)
		errx(1, "ibv_poll_cq");
	if (wc.status)
		errx(1, "completion: %s", ibv_wc_status_str(wc.status));
}

int main(void)
{
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 16, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 16, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1},
	};
	struct ibv_qp *qp = must(ibv_create_qp(pd, &init), "ibv_create_qp");
	static char memory[8192];
	struct ibv_mr *mr = must(ibv_reg_mr(pd, memory, sizeof(memory),
					    IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE),
				 "ibv_reg_mr");
	struct ibv_comp_cntr_init_attr kind = {.type = IBV_COMP_CNTR_TYPE_BYTES};
	struct ibv_comp_cntr *bytes =
		must(ibv_create_comp_cntr(context, &kind), "ibv_create_comp_cntr");
	struct ibv_qp_attach_comp_cntr_attr what = {
		.op_mask = IBV_QP_ATTACH_COMP_CNTR_OP_RDMA_WRITE,
	};
	struct ibv_sge sge = {.addr = (uintptr_t)memory, .length = 1000, .lkey = mr->lkey};
	struct ibv_send_wr *bad, wr = {
					 .opcode = IBV_WR_RDMA_WRITE,
					 .sg_list = &sge,
					 .num_sge = 1,
					 .wr.rdma = {(uintptr_t)memory + 4096, mr->rkey},
				 };
	uint64_t written;

	/* Before the pair leaves its first state. */
	check(ibv_qp_attach_comp_cntr(qp, bytes, &what), "ibv_qp_attach_comp_cntr");
	connect_to_itself(qp);
	/* The completion of the last one tells of all. */
	for (int i = 0; i < 10; i++) {
		wr.send_flags = i == 9 ? IBV_SEND_SIGNALED : 0;
		check(ibv_post_send(qp, &wr, &bad), "ibv_post_send");
	}
	wait_for_completion(cq);
	check(ibv_read_comp_cntr(bytes, &written), "ibv_read_comp_cntr");
	printf("%" PRIu64 " bytes written\n", written);

	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_destroy_comp_cntr(bytes), "ibv_destroy_comp_cntr");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
