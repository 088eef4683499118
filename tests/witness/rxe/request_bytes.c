/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prints the send requests that the rxe provider below this program leaves in the ring it shares
 * with the kernel: a line for each, its name and its bytes. To be run with one library and the
 * other. The queue pairs are in error, so that the kernel flushes requests and sends none. What the
 * kernel writes into a request and what differs from run to run is left out.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <infiniband/verbs.h>

enum {
	PORT = 1,
	PSN = 100,
	INLINE_BYTES = 300, /* makes the elements of the send queue 512 bytes */
	ELEM_BYTES = 512,
	COMPARED_BYTES = 320,
	HEADER_BYTES = 384,
};

static struct ibv_context *context;
static struct ibv_pd *pd;
static struct ibv_cq *cq;
static struct ibv_mw *mw;
static struct ibv_mr *mr;
static struct ibv_ah *ah;
static uint8_t gid_index;
static char memory[8192];

#define NEED(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("%s is not so\n", #condition);                                      \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* The rings this process has mapped so far. */
static unsigned int shared_rings(char *starts[64])
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned int count = 0;
	char line[512];

	NEED(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (strstr(line, "rw-s") && strstr(line, "/uverbs") && count < 64)
			starts[count++] = (char *)strtoull(line, NULL, 16);
	}
	fclose(maps);
	return count;
}

static uint32_t word_at(const char *from, size_t offset)
{
	uint32_t word;

	memcpy(&word, from + offset, sizeof(word));
	return word;
}

/* Of the rings that are there now and were not before, the one with elements of that size. */
static char *new_send_ring(char *before[64], unsigned int count_before)
{
	char *now[64];
	unsigned int count = shared_rings(now);

	for (unsigned int i = 0; i < count; i++) {
		unsigned int j = 0;

		while (j < count_before && before[j] != now[i])
			j++;
		if (j == count_before && 1u << word_at(now[i], 0) == ELEM_BYTES)
			return now[i];
	}
	printf("no send ring of %d bytes an element\n", ELEM_BYTES);
	exit(1);
}

static void modify(struct ibv_qp *qp, enum ibv_qp_type type)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = PORT,
		.qkey = 1,
		.path_mtu = IBV_MTU_1024,
		.dest_qp_num = qp->qp_num,
		.rq_psn = PSN,
		.sq_psn = PSN,
		.timeout = 14,
		.retry_cnt = 1,
		.max_rd_atomic = 1,
		.max_dest_rd_atomic = 1,
		.ah_attr = {.port_num = PORT, .is_global = 1, .grh.sgid_index = gid_index},
	};
	bool ud = type == IBV_QPT_UD, rc = type == IBV_QPT_RC;

	NEED(!ibv_query_gid(context, PORT, gid_index, &attr.ah_attr.grh.dgid));
	NEED(!ibv_modify_qp(qp, &attr,
			    IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
				    (ud ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS)));
	attr.qp_state = IBV_QPS_RTR;
	NEED(!ibv_modify_qp(
		qp, &attr,
		IBV_QP_STATE |
			(ud ? 0 : IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN) |
			(rc ? IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER : 0)));
	attr.qp_state = IBV_QPS_RTS;
	NEED(!ibv_modify_qp(qp, &attr,
			    IBV_QP_STATE | IBV_QP_SQ_PSN |
				    (rc ? IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
						     IBV_QP_MAX_QP_RD_ATOMIC
					: 0)));
	attr.qp_state = IBV_QPS_ERR;
	NEED(!ibv_modify_qp(qp, &attr, IBV_QP_STATE));
}

static void blank(char *bytes, size_t from, size_t to)
{
	memset(bytes + from, 0, to - from);
}

/* rdma_user_rxe.h, struct rxe_send_wqe */
static void print(const char *name, const char *elem, const struct ibv_send_wr *wr, bool ud)
{
	char bytes[COMPARED_BYTES];

	memcpy(bytes, elem, sizeof(bytes));
	blank(bytes, 144, 152); /* status, state */
	blank(bytes, 160, 176); /* mask, first and last PSN, length of the acknowledgement */
	blank(bytes, 180, 184); /* has_rd_atomic */
	blank(bytes, 188, 196); /* resid, current piece */
	blank(bytes, 200, 208); /* offset in it, reserved */
	if (ud)
		blank(bytes, 36, 160); /* address handle, and an address there is none of */
	if (wr->send_flags & IBV_SEND_INLINE)
		blank(bytes, 196, 200); /* pieces there are none of */
	if (wr->opcode == IBV_WR_BIND_MW) {
		NEED(word_at(bytes, 40) == mr->lkey);
		NEED(word_at(bytes, 44) == mw->rkey);
		blank(bytes, 40, 48);
	}
	printf("%s ", name);
	for (size_t i = 0; i < sizeof(bytes); i++)
		printf("%02x", (unsigned char)bytes[i]);
	printf("\n");
}

/* Posts one request to a queue pair of its own, whose ring has the zeros of the kernel. */
static void show(const char *name, enum ibv_qp_type type, struct ibv_send_wr *wr)
{
	struct ibv_qp_init_attr init = {
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 4,
			.max_recv_wr = 1,
			.max_send_sge = 2,
			.max_recv_sge = 1,
			.max_inline_data = INLINE_BYTES},
		.qp_type = type,
	};
	char *before[64];
	unsigned int count = shared_rings(before);
	struct ibv_qp *qp = ibv_create_qp(pd, &init);
	struct ibv_send_wr *bad_wr;
	char *ring;

	NEED(qp);
	ring = new_send_ring(before, count);
	modify(qp, type);
	wr->wr_id = 0x0123456789abcdef;
	NEED(!ibv_post_send(qp, wr, &bad_wr));
	NEED(word_at(ring, 128) == 1);
	print(name, ring + HEADER_BYTES, wr, type == IBV_QPT_UD);
	NEED(!ibv_destroy_qp(qp));
}

static struct ibv_sge two_pieces[2] = {
	{.addr = 0x1122334455667788, .length = 100, .lkey = 0x10203040},
	{.addr = 0x99aabbccddeeff00, .length = 1000, .lkey = 0x50607080},
};

static void show_rdma(const char *name, enum ibv_qp_type type, enum ibv_wr_opcode opcode,
		      unsigned int flags)
{
	struct ibv_send_wr wr = {
		.sg_list = two_pieces,
		.num_sge = 2,
		.opcode = opcode,
		.send_flags = flags,
	};

	/* Stock libraries copy what an opcode has no use for; the kernel does not look at it. */
	if (opcode == IBV_WR_SEND_WITH_IMM || opcode == IBV_WR_RDMA_WRITE_WITH_IMM)
		wr.imm_data = 0x78563412;
	if (opcode != IBV_WR_SEND && opcode != IBV_WR_SEND_WITH_IMM) {
		wr.wr.rdma.remote_addr = 0x0f1e2d3c4b5a6978;
		wr.wr.rdma.rkey = 0xc0ffee;
	}
	show(name, type, &wr);
}

static void show_atomic(const char *name, enum ibv_wr_opcode opcode)
{
	struct ibv_sge result = {.addr = 0x1000, .length = 8, .lkey = 0x33};
	struct ibv_send_wr wr = {
		.sg_list = &result,
		.num_sge = 1,
		.opcode = opcode,
		.send_flags = IBV_SEND_FENCE,
		.wr.atomic = {.remote_addr = 0x0f1e2d3c4b5a6978,
			      .compare_add = 0x1111222233334444,
			      .swap = opcode == IBV_WR_ATOMIC_CMP_AND_SWP ? 0x5555666677778888 : 0,
			      .rkey = 0xc0ffee},
	};

	show(name, IBV_QPT_RC, &wr);
}

static void show_inline(void)
{
	struct ibv_sge pieces[2] = {
		{.addr = (uintptr_t)memory + 1, .length = 77},
		{.addr = (uintptr_t)memory + 1001, .length = 23},
	};
	struct ibv_send_wr wr = {
		.sg_list = pieces,
		.num_sge = 2,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_INLINE | IBV_SEND_SIGNALED,
	};

	show("inline", IBV_QPT_RC, &wr);
}

static void show_datagram(void)
{
	struct ibv_send_wr wr = {
		.sg_list = two_pieces,
		.num_sge = 2,
		.opcode = IBV_WR_SEND_WITH_IMM,
		.send_flags = IBV_SEND_SOLICITED,
		.imm_data = 0x78563412,
		.wr.ud = {.ah = ah, .remote_qpn = 0x123456, .remote_qkey = 0x11223344},
	};

	show("datagram", IBV_QPT_UD, &wr);
}

static void show_invalidations(void)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_LOCAL_INV, .invalidate_rkey = 0xabcdef01};

	show("local-invalidate", IBV_QPT_RC, &wr);
	wr.opcode = IBV_WR_SEND_WITH_INV;
	wr.sg_list = two_pieces;
	wr.num_sge = 1;
	show("send-invalidate", IBV_QPT_RC, &wr);
}

static void show_window(void)
{
	struct ibv_send_wr wr = {
		.opcode = IBV_WR_BIND_MW,
		.bind_mw = {.mw = mw,
			    .rkey = 0x00112233,
			    .bind_info = {.mr = mr,
					  .addr = 0x0f1e2d3c4b5a6978,
					  .length = 0x1000,
					  .mw_access_flags = IBV_ACCESS_REMOTE_WRITE}},
	};

	show("bind-window", IBV_QPT_RC, &wr);
}

static void prepare(void)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_ah_attr attr = {.port_num = PORT, .is_global = 1};

	NEED(list && list[0]);
	context = ibv_open_device(list[0]);
	NEED(context);
	ibv_free_device_list(list);
	pd = ibv_alloc_pd(context);
	cq = ibv_create_cq(context, 64, NULL, NULL, 0);
	mw = ibv_alloc_mw(pd, IBV_MW_TYPE_2);
	mr = ibv_reg_mr(pd, memory, sizeof(memory), IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_MW_BIND);
	attr.grh.sgid_index = gid_index;
	NEED(!ibv_query_gid(context, PORT, gid_index, &attr.grh.dgid));
	ah = ibv_create_ah(pd, &attr);
	NEED(pd && cq && mw && mr && ah);
	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (char)(i * 7 + i / 256);
}

int main(int argc, char **argv)
{
	gid_index = argc == 2 ? (uint8_t)atoi(argv[1]) : 0;
	prepare();
	show_rdma("send", IBV_QPT_RC, IBV_WR_SEND, IBV_SEND_SIGNALED | IBV_SEND_SOLICITED);
	show_rdma("send-imm", IBV_QPT_UC, IBV_WR_SEND_WITH_IMM, 0);
	show_rdma("write", IBV_QPT_RC, IBV_WR_RDMA_WRITE, IBV_SEND_FENCE);
	show_rdma("write-imm", IBV_QPT_UC, IBV_WR_RDMA_WRITE_WITH_IMM, IBV_SEND_SOLICITED);
	show_rdma("read", IBV_QPT_RC, IBV_WR_RDMA_READ, IBV_SEND_SIGNALED);
	show_atomic("compare-swap", IBV_WR_ATOMIC_CMP_AND_SWP);
	show_atomic("fetch-add", IBV_WR_ATOMIC_FETCH_AND_ADD);
	show_inline();
	show_datagram();
	show_invalidations();
	show_window();
	return 0;
}
