/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Joins a multicast group, sends to it, and receives that. */
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

/* Takes a datagram queue pair from RESET to RTS. */
static void make_ready(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = 1, .qkey = 0x1234};

	check(ibv_modify_qp(qp, &attr,
			    IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_QKEY),
	      "ibv_modify_qp to INIT");
	attr.qp_state = IBV_QPS_RTR;
	check(ibv_modify_qp(qp, &attr, IBV_QP_STATE), "ibv_modify_qp to RTR");
	attr.qp_state = IBV_QPS_RTS;
	check(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_SQ_PSN), "ibv_modify_qp to RTS");
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

/* A group of link scope. On a real subnet, LID and group come from the subnet administrator. */
static const union ibv_gid group = {.raw = {0xff, 0x12, 0x40, 0x1b, [15] = 0x77}};
static const uint16_t group_lid = 0xc001;

int main(void)
{
	static char buffer[sizeof(struct ibv_grh) + 8];
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 8, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_mr *mr =
		must(ibv_reg_mr(pd, buffer, sizeof(buffer), IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_UD,
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1},
	};
	struct ibv_qp *qp = must(ibv_create_qp(pd, &init), "ibv_create_qp");
	struct ibv_ah_attr route = {
		.dlid = group_lid,
		.is_global = 1,
		.grh = {.dgid = group, .hop_limit = 1},
		.port_num = 1,
	};
	struct ibv_ah *ah = must(ibv_create_ah(pd, &route), "ibv_create_ah");
	struct ibv_sge sge = {(uintptr_t)buffer, sizeof(buffer), mr->lkey};
	struct ibv_recv_wr *bad_recv, recv = {.sg_list = &sge, .num_sge = 1};
	struct ibv_send_wr *bad_send,
		send = {
			.opcode = IBV_WR_SEND,
			.send_flags = IBV_SEND_SIGNALED,
			.wr.ud = {.ah = ah, .remote_qpn = 0xffffff, .remote_qkey = 0x1234},
		};

	make_ready(qp);
	check(ibv_attach_mcast(qp, &group, group_lid), "ibv_attach_mcast");
	check(ibv_post_recv(qp, &recv, &bad_recv), "ibv_post_recv");
	check(ibv_post_send(qp, &send, &bad_send), "ibv_post_send");
	for (int left = 2; left; left--)
		if (wait_for_one(cq).opcode == IBV_WC_RECV)
			puts("received from the group");
	check(ibv_detach_mcast(qp, &group, group_lid), "ibv_detach_mcast");

	check(ibv_destroy_ah(ah), "ibv_destroy_ah");
	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
