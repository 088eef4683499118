/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts packets and bytes of a flow rule. */
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

/* A rule that counts frames with that destination, and drops them. */
static struct ibv_flow *count_and_drop(struct ibv_qp *qp, struct ibv_counters *counters)
{
	/* Specifications follow each other without a gap, whatever their alignment. */
	struct __attribute__((packed, aligned(8))) {
		struct ibv_flow_attr attr;
		struct ibv_flow_spec_eth eth;
		struct ibv_flow_spec_counter_action count;
		struct ibv_flow_spec_action_drop drop;
	} rule = {
		.attr = {.type = IBV_FLOW_ATTR_NORMAL,
			 .size = sizeof(rule),
			 .num_of_specs = 3,
			 .port = 1},
		.eth = {.type = IBV_FLOW_SPEC_ETH, .size = sizeof(rule.eth)},
		.count = {.type = IBV_FLOW_SPEC_ACTION_COUNT,
			  .size = sizeof(rule.count),
			  .counters = counters},
		.drop = {.type = IBV_FLOW_SPEC_ACTION_DROP, .size = sizeof(rule.drop)},
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

static void send_frame(struct ibv_qp *qp, struct ibv_cq *cq, const struct ibv_mr *mr)
{
	struct ibv_sge sge = {(uintptr_t)mr->addr, sizeof(frame), mr->lkey};
	struct ibv_send_wr *bad_wr, wr = {.opcode = IBV_WR_SEND,
					  .send_flags = IBV_SEND_SIGNALED,
					  .sg_list = &sge,
					  .num_sge = 1};
	struct ibv_wc wc;

	check(ibv_post_send(qp, &wr, &bad_wr), "ibv_post_send");
	while (!ibv_poll_cq(cq, 1, &wc))
		;
	if (wc.status != IBV_WC_SUCCESS)
		errx(1, "send: %s", ibv_wc_status_str(wc.status));
}

int main(void)
{
	static char memory[sizeof(frame)];
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 8, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_mr *mr = must(ibv_reg_mr(pd, memory, sizeof(memory), 0), "ibv_reg_mr");
	struct ibv_counters_init_attr init = {.comp_mask = 0};
	struct ibv_counters *counters =
		must(ibv_create_counters(context, &init), "ibv_create_counters");
	struct ibv_counter_attach_attr packets = {.counter_desc = IBV_COUNTER_PACKETS, .index = 0};
	struct ibv_counter_attach_attr bytes = {.counter_desc = IBV_COUNTER_BYTES, .index = 1};
	struct ibv_qp *qp = make_raw(pd, cq);
	struct ibv_flow *flow;
	uint64_t values[2];

	memcpy(memory, frame, sizeof(frame));
	check(ibv_attach_counters_point_flow(counters, &packets, NULL), "packets");
	check(ibv_attach_counters_point_flow(counters, &bytes, NULL), "bytes");
	flow = count_and_drop(qp, counters);
	for (int i = 0; i < 3; i++)
		send_frame(qp, cq, mr);
	/* Frames are on their way yet when they have been sent. */
	do
		check(ibv_read_counters(counters, values, 2, 0), "ibv_read_counters");
	while (values[0] < 3);
	printf("%llu packets, %llu bytes\n", (unsigned long long)values[0],
	       (unsigned long long)values[1]);

	check(ibv_destroy_flow(flow), "ibv_destroy_flow");
	check(ibv_destroy_counters(counters), "ibv_destroy_counters");
	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
