/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends a message from an initiator to a target of the same process. */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/mlx5dv.h>

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

	if (!list[0] || !mlx5dv_is_supported(list[0]))
		errx(1, "no device of mlx5");
	context = must(ibv_open_device(list[0]), "ibv_open_device");
	ibv_free_device_list(list);
	return context;
}

enum { KEY = 0x1234, LENGTH = 64 };

struct ends {
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_srq *srq;
	struct ibv_port_attr port;
	union ibv_gid gid;
};

static struct ibv_qp *make(struct ends *ends, enum mlx5dv_dc_type type)
{
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_DRIVER,
		.send_cq = ends->cq,
		.recv_cq = ends->cq,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = ends->pd,
	};
	struct mlx5dv_qp_init_attr half = {
		.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_DC,
		.dc_init_attr = {.dc_type = type},
	};

	if (type == MLX5DV_DCTYPE_DCT) {
		attr.srq = ends->srq;
		half.dc_init_attr.dct_access_key = KEY;
	} else {
		attr.cap.max_send_wr = 16;
		attr.cap.max_send_sge = 1;
		attr.comp_mask |= IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
		attr.send_ops_flags = IBV_QP_EX_WITH_SEND;
	}
	return must(mlx5dv_create_qp(ends->context, &attr, &half), "mlx5dv_create_qp");
}

static struct ibv_ah_attr own_path(const struct ends *ends)
{
	return (struct ibv_ah_attr){
		.dlid = ends->port.lid,
		.port_num = 1,
		.is_global = ends->port.link_layer == IBV_LINK_LAYER_ETHERNET,
		.grh = {.dgid = ends->gid, .hop_limit = 64},
	};
}

static void go(const struct ends *ends, struct ibv_qp *qp, enum ibv_qp_state state, int mask)
{
	struct ibv_qp_attr attr = {
		.qp_state = state,
		.port_num = 1,
		.path_mtu = IBV_MTU_1024,
		.ah_attr = own_path(ends),
		.min_rnr_timer = 12,
		.timeout = 14,
		.retry_cnt = 7,
		.rnr_retry = 7,
	};

	check(ibv_modify_qp(qp, &attr, IBV_QP_STATE | mask), "ibv_modify_qp");
}

static void receive(struct ends *ends, struct ibv_mr *mr)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)mr->addr + LENGTH, .length = LENGTH, .lkey = mr->lkey};
	struct ibv_recv_wr wr = {.sg_list = &sge, .num_sge = 1}, *bad;

	check(ibv_post_srq_recv(ends->srq, &wr, &bad), "ibv_post_srq_recv");
}

static void send_to(struct ibv_qp *initiator, struct ibv_ah *ah, uint32_t target, struct ibv_mr *mr)
{
	struct ibv_qp_ex *qp = ibv_qp_to_qp_ex(initiator);

	ibv_wr_start(qp);
	qp->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_send(qp);
	mlx5dv_wr_set_dc_addr(mlx5dv_qp_ex_from_ibv_qp_ex(qp), ah, target, KEY);
	ibv_wr_set_sge(qp, mr->lkey, (uintptr_t)mr->addr, LENGTH);
	check(ibv_wr_complete(qp), "ibv_wr_complete");
}

static void await(struct ibv_cq *cq, int completions)
{
	struct ibv_wc wc;

	while (completions) {
		int found = ibv_poll_cq(cq, 1, &wc);

		if (found < 0 || (found && wc.status))
			errx(1, "%s", found < 0 ? "ibv_poll_cq" : ibv_wc_status_str(wc.status));
		completions -= found;
	}
}

int main(void)
{
	static char memory[2 * LENGTH] = "hello, target";
	struct ibv_srq_init_attr srq_attr = {.attr = {.max_wr = 16, .max_sge = 1}};
	struct ends ends = {.context = open_first()};
	struct ibv_qp *initiator, *target;
	struct ibv_ah_attr path;
	struct ibv_ah *ah;
	struct ibv_mr *mr;

	check(ibv_query_port(ends.context, 1, &ends.port), "ibv_query_port");
	check(ibv_query_gid(ends.context, 1, 0, &ends.gid), "ibv_query_gid");
	ends.pd = must(ibv_alloc_pd(ends.context), "ibv_alloc_pd");
	ends.cq = must(ibv_create_cq(ends.context, 64, NULL, NULL, 0), "ibv_create_cq");
	ends.srq = must(ibv_create_srq(ends.pd, &srq_attr), "ibv_create_srq");
	mr = must(ibv_reg_mr(ends.pd, memory, sizeof(memory), IBV_ACCESS_LOCAL_WRITE),
		  "ibv_reg_mr");
	path = own_path(&ends);
	ah = must(ibv_create_ah(ends.pd, &path), "ibv_create_ah");

	target = make(&ends, MLX5DV_DCTYPE_DCT);
	go(&ends, target, IBV_QPS_INIT, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
	go(&ends, target, IBV_QPS_RTR, IBV_QP_MIN_RNR_TIMER | IBV_QP_AV | IBV_QP_PATH_MTU);
	initiator = make(&ends, MLX5DV_DCTYPE_DCI);
	go(&ends, initiator, IBV_QPS_INIT, IBV_QP_PKEY_INDEX | IBV_QP_PORT);
	go(&ends, initiator, IBV_QPS_RTR, IBV_QP_PATH_MTU);
	go(&ends, initiator, IBV_QPS_RTS,
	   IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
		   IBV_QP_MAX_QP_RD_ATOMIC);

	receive(&ends, mr);
	send_to(initiator, ah, target->qp_num, mr);
	await(ends.cq, 2);
	printf("received \"%s\"\n", memory + LENGTH);

	check(ibv_destroy_qp(initiator), "ibv_destroy_qp");
	check(ibv_destroy_qp(target), "ibv_destroy_qp");
	check(ibv_destroy_ah(ah), "ibv_destroy_ah");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_destroy_srq(ends.srq), "ibv_destroy_srq");
	check(ibv_destroy_cq(ends.cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(ends.pd), "ibv_dealloc_pd");
	ibv_close_device(ends.context);
	return 0;
}
