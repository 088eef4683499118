/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends itself two messages with tags: one that a receive waits for, and one that nobody expects.
 */
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/tm_types.h>
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

/* Says what the next completion of the shared queue is about. */
static void tell_next(struct ibv_cq_ex *cq)
{
	struct ibv_poll_cq_attr attr = {0};
	struct ibv_wc_tm_info info;
	unsigned int flags;
	int error;

	do
		error = ibv_start_poll(cq, &attr);
	while (error == ENOENT);
	check(error, "ibv_start_poll");
	flags = ibv_wc_read_wc_flags(cq);
	if (cq->status != IBV_WC_SUCCESS) {
		printf("failed: %s\n", ibv_wc_status_str(cq->status));
	} else if (ibv_wc_read_opcode(cq) == IBV_WC_TM_RECV) {
		ibv_wc_read_tm_info(cq, &info);
		printf("receive %llu, tag %#llx, %u bytes: %s\n", (unsigned long long)cq->wr_id,
		       (unsigned long long)info.tag, ibv_wc_read_byte_len(cq),
		       flags & IBV_WC_TM_MATCH ? "expected" : "unexpected");
	}
	ibv_end_poll(cq);
}

/* The tag goes in a header in front of the text. */
static void send_text(struct ibv_qp *qp, struct ibv_mr *mr, uint64_t tag, const char *text)
{
	struct ibv_tmh *header = mr->addr;
	struct ibv_sge sge = {(uintptr_t)header, (uint32_t)(sizeof(*header) + strlen(text) + 1),
			      mr->lkey};
	struct ibv_send_wr *bad, wr = {.sg_list = &sge, .num_sge = 1, .opcode = IBV_WR_SEND};
	struct ibv_wc wc;
	int count;

	*header = (struct ibv_tmh){.opcode = IBV_TMH_EAGER, .tag = htobe64(tag)};
	strcpy((char *)(header + 1), text);
	wr.send_flags = IBV_SEND_SIGNALED;
	check(ibv_post_send(qp, &wr, &bad), "ibv_post_send");
	do
		count = ibv_poll_cq(qp->send_cq, 1, &wc);
	while (!count);
	if (count < 0 || wc.status != IBV_WC_SUCCESS)
		errx(1, "the message was not sent");
}

/* A receive for messages of this tag. */
static void expect(struct ibv_srq *srq, struct ibv_sge *sge, uint64_t tag)
{
	struct ibv_ops_wr *bad, wr = {
					.opcode = IBV_WR_TAG_ADD,
					.flags = IBV_OPS_SIGNALED | IBV_OPS_TM_SYNC,
					.tm = {.unexpected_cnt = 0, /* so far */
					       .add = {.recv_wr_id = 7,
						       .sg_list = sge,
						       .num_sge = 1,
						       .tag = tag,
						       .mask = UINT64_MAX}},
				};

	check(ibv_post_srq_ops(srq, &wr, &bad), "ibv_post_srq_ops");
	printf("tag %#llx has handle %u\n", (unsigned long long)tag, wr.tm.handle);
}

int main(void)
{
	static char from[128], tagged[64], other[128];
	struct ibv_context *context = open_first();
	struct ibv_cq_init_attr_ex cq_init = {
		.cqe = 16,
		.wc_flags = IBV_WC_EX_WITH_BYTE_LEN | IBV_WC_EX_WITH_TM_INFO,
	};
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 8, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_cq_ex *tag_cq = must(ibv_create_cq_ex(context, &cq_init), "ibv_create_cq_ex");
	struct ibv_srq_init_attr_ex srq_init = {
		.attr = {.max_wr = 4, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_TM,
		.srq_type = IBV_SRQT_TM,
		.pd = pd,
		.cq = ibv_cq_ex_to_cq(tag_cq),
		.tm_cap = {.max_num_tags = 8, .max_ops = 4},
	};
	struct ibv_srq *srq = must(ibv_create_srq_ex(context, &srq_init), "ibv_create_srq_ex");
	struct ibv_qp_init_attr qp_init = {
		.qp_type = IBV_QPT_RC,
		.send_cq = cq,
		.recv_cq = cq,
		.srq = srq,
		.cap = {.max_send_wr = 2, .max_send_sge = 1},
	};
	struct ibv_qp *qp = must(ibv_create_qp(pd, &qp_init), "ibv_create_qp");
	struct ibv_mr *from_mr = must(ibv_reg_mr(pd, from, sizeof(from), 0), "ibv_reg_mr");
	struct ibv_mr *tagged_mr =
		must(ibv_reg_mr(pd, tagged, sizeof(tagged), IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");
	struct ibv_mr *other_mr =
		must(ibv_reg_mr(pd, other, sizeof(other), IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");
	struct ibv_sge tagged_sge = {(uintptr_t)tagged, sizeof(tagged), tagged_mr->lkey};
	struct ibv_sge other_sge = {(uintptr_t)other, sizeof(other), other_mr->lkey};
	struct ibv_recv_wr *bad, recv = {.wr_id = 1, .sg_list = &other_sge, .num_sge = 1};

	connect_to_itself(qp);
	check(ibv_post_srq_recv(srq, &recv, &bad), "ibv_post_srq_recv");
	expect(srq, &tagged_sge, 0x42);
	tell_next(tag_cq); /* the tag is in the list */

	send_text(qp, from_mr, 0x42, "hello");
	tell_next(tag_cq);
	printf("\"%s\", without a header\n", tagged);
	send_text(qp, from_mr, 0x43, "hello again");
	tell_next(tag_cq);
	printf("\"%s\", behind its header\n", other + sizeof(struct ibv_tmh));

	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_destroy_srq(srq), "ibv_destroy_srq");
	check(ibv_dereg_mr(other_mr), "ibv_dereg_mr");
	check(ibv_dereg_mr(tagged_mr), "ibv_dereg_mr");
	check(ibv_dereg_mr(from_mr), "ibv_dereg_mr");
	check(ibv_destroy_cq(ibv_cq_ex_to_cq(tag_cq)), "ibv_destroy_cq");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
