/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends an Ethernet frame, and receives it by a rule for its destination. */
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

/* A frame to 02:01:02:03:04:05, of a type for experiments. */
static const char frame[60] = {0x02, 1, 2, 3, 4, 5, 0x02, 6, 7, 8, 9, 10, (char)0x88, (char)0xb5};

/* The rule: frames with that destination. Specifications follow without a gap. */
static struct ibv_flow *lead_here(struct ibv_qp *qp)
{
	struct {
		struct ibv_flow_attr attr;
		struct ibv_flow_spec_eth eth;
	} rule = {
		.attr = {.type = IBV_FLOW_ATTR_NORMAL,
			 .size = sizeof(rule),
			 .num_of_specs = 1,
			 .port = 1},
		.eth = {.type = IBV_FLOW_SPEC_ETH, .size = sizeof(rule.eth)},
	};

	memcpy(rule.eth.val.dst_mac, frame, 6);
	memset(rule.eth.mask.dst_mac, 0xff, 6);
	return must(ibv_create_flow(qp, &rule.attr), "ibv_create_flow");
}

/* A queue pair of Ethernet frames, ready to send. */
static struct ibv_qp *make_raw(struct ibv_pd *pd, struct ibv_cq *cq)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 4, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1},
	};
	struct ibv_qp *qp = must(ibv_create_qp(pd, &init), "ibv_create_qp");
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = 1};

	check(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_PORT), "ibv_modify_qp to INIT");
	attr.qp_state = IBV_QPS_RTR;
	check(ibv_modify_qp(qp, &attr, IBV_QP_STATE), "ibv_modify_qp to RTR");
	attr.qp_state = IBV_QPS_RTS;
	check(ibv_modify_qp(qp, &attr, IBV_QP_STATE), "ibv_modify_qp to RTS");
	return qp;
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

int main(void)
{
	static char memory[2][2048];
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 8, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_mr *mr =
		must(ibv_reg_mr(pd, memory, sizeof(memory), IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");
	struct ibv_qp *qp = make_raw(pd, cq);
	struct ibv_flow *flow = lead_here(qp);
	struct ibv_sge from = {(uintptr_t)memory[0], sizeof(frame), mr->lkey};
	struct ibv_sge into = {(uintptr_t)memory[1], sizeof(memory[1]), mr->lkey};
	struct ibv_recv_wr *bad_recv, recv = {.sg_list = &into, .num_sge = 1};
	struct ibv_send_wr *bad_send, send = {.opcode = IBV_WR_SEND,
					      .send_flags = IBV_SEND_SIGNALED,
					      .sg_list = &from,
					      .num_sge = 1};

	memcpy(memory[0], frame, sizeof(frame));
	check(ibv_post_recv(qp, &recv, &bad_recv), "ibv_post_recv");
	check(ibv_post_send(qp, &send, &bad_send), "ibv_post_send");
	for (int left = 2; left; left--) {
		struct ibv_wc wc = wait_for_one(cq);

		if (wc.opcode == IBV_WC_RECV)
			printf("received %u bytes, %s\n", wc.byte_len,
			       memcmp(memory[1], frame, sizeof(frame)) ? "others" : "the same");
	}

	check(ibv_destroy_flow(flow), "ibv_destroy_flow");
	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
