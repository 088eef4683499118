/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Limits a queue pair to 80 Mbit/s, and sees how long it takes to write a megabyte. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
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
	static char memory[200000];
	struct ibv_mr *mr = must(ibv_reg_mr(pd, memory, sizeof(memory),
					    IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE),
				 "ibv_reg_mr");
	struct ibv_qp_rate_limit_attr limit = {.rate_limit = 80000};
	struct ibv_sge sge = {.addr = (uintptr_t)memory, .length = 100000, .lkey = mr->lkey};
	struct ibv_send_wr *bad, wr = {
					 .opcode = IBV_WR_RDMA_WRITE,
					 .send_flags = IBV_SEND_SIGNALED,
					 .sg_list = &sge,
					 .num_sge = 1,
					 .wr.rdma = {(uintptr_t)memory + 100000, mr->rkey},
				 };
	double start;
	int error;

	connect_to_itself(qp);
	error = ibv_modify_qp_rate_limit(qp, &limit);
	if (error == EOPNOTSUPP)
		errx(1, "this device does not limit rates of such queue pairs");
	check(error, "ibv_modify_qp_rate_limit");
	start = seconds();
	for (int i = 0; i < 10; i++)
		check(ibv_post_send(qp, &wr, &bad), "ibv_post_send");
	for (int i = 0; i < 10; i++)
		wait_for_completion(cq);
	/* The last of them has left when it may begin, after nine tenths. */
	printf("slower than 85 ms: %s\n", seconds() - start > 0.085 ? "yes" : "no");

	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
