/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends a datagram to itself and answers to where it came from. */
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

struct letter {
	struct ibv_grh grh; /* room for the route that the datagram came by */
	char text[64];
};

static void post_letter(struct ibv_qp *qp, struct letter *letter, uint32_t lkey)
{
	struct ibv_sge sge = {(uintptr_t)letter, sizeof(*letter), lkey};
	struct ibv_recv_wr *bad, wr = {.sg_list = &sge, .num_sge = 1};

	check(ibv_post_recv(qp, &wr, &bad), "ibv_post_recv");
}

static void send_text(struct ibv_qp *qp, struct ibv_ah *ah, uint32_t to, char *text, uint32_t lkey)
{
	struct ibv_sge sge = {(uintptr_t)text, 64, lkey};
	struct ibv_send_wr *bad,
		wr = {
			.sg_list = &sge,
			.num_sge = 1,
			.opcode = IBV_WR_SEND,
			.send_flags = IBV_SEND_SIGNALED,
			.wr.ud = {.ah = ah, .remote_qpn = to, .remote_qkey = 0x1234},
		};

	check(ibv_post_send(qp, &wr, &bad), "ibv_post_send");
}

/* On InfiniBand a LID is enough of an address, on Ethernet it takes a GID. */
static struct ibv_ah *handle_to_itself(struct ibv_pd *pd)
{
	struct ibv_port_attr port;
	struct ibv_ah_attr attr = {.port_num = 1};

	check(ibv_query_port(pd->context, 1, &port), "ibv_query_port");
	attr.dlid = port.lid;
	if (port.link_layer == IBV_LINK_LAYER_ETHERNET) {
		attr.is_global = 1;
		attr.grh.hop_limit = 1;
		if (ibv_query_gid(pd->context, 1, 0, &attr.grh.dgid))
			err(1, "ibv_query_gid");
	}
	return must(ibv_create_ah(pd, &attr), "ibv_create_ah");
}

int main(void)
{
	static struct letter letter;
	static char question[64] = "who is there?", answer[64] = "me";
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 8, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_UD,
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 2, .max_recv_wr = 2, .max_send_sge = 1, .max_recv_sge = 1},
	};
	struct ibv_qp *qp = must(ibv_create_qp(pd, &init), "ibv_create_qp");
	struct ibv_mr *in =
		must(ibv_reg_mr(pd, &letter, sizeof(letter), IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");
	struct ibv_mr *ask = must(ibv_reg_mr(pd, question, sizeof(question), 0), "ibv_reg_mr");
	struct ibv_mr *say = must(ibv_reg_mr(pd, answer, sizeof(answer), 0), "ibv_reg_mr");
	struct ibv_ah *there = handle_to_itself(pd), *back = NULL;

	make_ready(qp);
	post_letter(qp, &letter, in->lkey);
	send_text(qp, there, qp->qp_num, question, ask->lkey);
	for (int left = 4; left; left--) {
		struct ibv_wc wc = wait_for_one(cq);

		if (wc.opcode != IBV_WC_RECV)
			continue;
		printf("\"%s\" (%u bytes)\n", letter.text,
		       wc.byte_len - (uint32_t)sizeof(letter.grh));
		if (back)
			continue; /* that was the answer */
		back = must(ibv_create_ah_from_wc(pd, &wc, &letter.grh, 1),
			    "ibv_create_ah_from_wc");
		post_letter(qp, &letter, in->lkey);
		send_text(qp, back, wc.src_qp, answer, say->lkey);
	}

	check(ibv_destroy_ah(back), "ibv_destroy_ah");
	check(ibv_destroy_ah(there), "ibv_destroy_ah");
	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_dereg_mr(say), "ibv_dereg_mr");
	check(ibv_dereg_mr(ask), "ibv_dereg_mr");
	check(ibv_dereg_mr(in), "ibv_dereg_mr");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
