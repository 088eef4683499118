/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prints what libmlx5 makes of given verbs calls: ring geometry, the bytes of every work request,
 * doorbell records, address vectors. Run once with stock libraries and once with ours, the outputs
 * must be equal. Uses direct verbs to find the rings; QPNs and keys are masked, all else is fixed.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <infiniband/mlx5dv.h>

static int (*init_obj)(struct mlx5dv_obj *obj, uint64_t obj_type);
static struct ibv_context *context;
static struct ibv_pd *pd;
static struct ibv_cq *cq;
static struct ibv_port_attr port;
static union ibv_gid own_gid;

static void need(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static void print_bytes(const char *what, const void *memory, size_t bytes)
{
	const uint8_t *at = memory;

	printf("%s", what);
	for (size_t i = 0; i < bytes; i++)
		printf("%s%02x", i % 16 == 0 ? "\n    " : i % 4 == 0 ? " " : "", at[i]);
	printf("\n");
}

/* A QP under test and how far its send ring has been printed. */
struct subject {
	struct ibv_qp *qp;
	struct mlx5dv_qp rings;
	uint32_t printed; /* basic blocks */
	bool mask_keys;	  /* all but the byte that is the program's */
};

static void make_ready(struct ibv_qp *qp)
{
	bool connected = qp->qp_type != IBV_QPT_UD, responds = qp->qp_type == IBV_QPT_RC;
	bool reliable = responds || qp->qp_type == IBV_QPT_XRC_SEND;
	struct ibv_qp_attr init = {.qp_state = IBV_QPS_INIT, .port_num = 1, .qkey = 0x11111111};
	struct ibv_qp_attr rtr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_1024,
		.dest_qp_num = qp->qp_num,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = 12,
		.ah_attr = {.dlid = port.lid,
			    .port_num = 1,
			    .is_global = port.link_layer == IBV_LINK_LAYER_ETHERNET,
			    .grh = {.dgid = own_gid, .hop_limit = 1}},
	};
	struct ibv_qp_attr rts = {.qp_state = IBV_QPS_RTS,
				  .timeout = 14,
				  .retry_cnt = 7,
				  .rnr_retry = 7,
				  .max_rd_atomic = 1};
	int mask = IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT;

	mask |= connected ? IBV_QP_ACCESS_FLAGS : IBV_QP_QKEY;
	need(!ibv_modify_qp(qp, &init, mask), "to INIT");
	mask = IBV_QP_STATE;
	if (connected)
		mask |= IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;
	if (responds)
		mask |= IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	need(!ibv_modify_qp(qp, &rtr, mask), "to RTR");
	mask = IBV_QP_STATE | IBV_QP_SQ_PSN;
	if (reliable)
		mask |= IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
			IBV_QP_MAX_QP_RD_ATOMIC;
	need(!ibv_modify_qp(qp, &rts, mask), "to RTS");
}

static struct subject make_subject(enum ibv_qp_type type, struct ibv_qp_cap cap)
{
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = cq,
		.recv_cq = cq,
		.cap = cap,
		.qp_type = type,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = pd,
		.send_ops_flags = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM,
	};
	struct subject subject = {};
	struct mlx5dv_obj obj = {.qp.out = &subject.rings};

	if (type != IBV_QPT_UD)
		attr.send_ops_flags |= IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_LOCAL_INV |
				       IBV_QP_EX_WITH_BIND_MW;
	if (type == IBV_QPT_RC || type == IBV_QPT_XRC_SEND)
		attr.send_ops_flags |= IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP;
	subject.qp = ibv_create_qp_ex(context, &attr);
	need(subject.qp, "create_qp_ex");
	obj.qp.in = subject.qp;
	need(!init_obj(&obj, MLX5DV_OBJ_QP), "init_obj");
	printf("QP type %d: caps %u %u %u %u %u, send ring %u x %u, receive ring %u x %u\n", type,
	       attr.cap.max_send_wr, attr.cap.max_recv_wr, attr.cap.max_send_sge,
	       attr.cap.max_recv_sge, attr.cap.max_inline_data, subject.rings.sq.wqe_cnt,
	       subject.rings.sq.stride, subject.rings.rq.wqe_cnt, subject.rings.rq.stride);
	make_ready(subject.qp);
	return subject;
}

/* One request, which starts where the last one ended. Bytes beyond its size mean nothing. */
static void print_request(struct subject *subject)
{
	uint32_t count = subject->rings.sq.wqe_cnt;
	uint8_t *ring = subject->rings.sq.buf;
	uint8_t copy[16 * 64] = {};
	uint32_t ds = ring[(size_t)(subject->printed % count) * 64 + 7] & 0x3f;

	for (uint32_t at = 0; at < ds * 16; at += 16)
		memcpy(copy + at, ring + ((size_t)subject->printed * 64 + at) % (count * 64), 16);
	/* A window of type 2 has the number in its key as well. */
	if (copy[3] == MLX5_OPCODE_UMR && !memcmp(copy + 4, copy + 68, 3))
		memset(copy + 68, 0, 3);
	if (subject->mask_keys && copy[3] == MLX5_OPCODE_UMR) {
		memset(copy + 12, 0, 3);
		memset(copy + 132, 0, 3);
	}
	memset(copy + 4, 0, 3);
	print_bytes("  request", copy, (size_t)ds * 16);
	subject->printed += (ds + 3) / 4;
}

/* The padding behind inline data is whatever the ring had. */
static void clear_ring(struct subject *subject)
{
	memset(subject->rings.sq.buf, 0, (size_t)subject->rings.sq.wqe_cnt * 64);
}

static void print_new(struct subject *subject, const char *what)
{
	uint32_t posted = be32toh(subject->rings.dbrec[MLX5_SND_DBR]);

	printf("%s\n", what);
	while (subject->printed != posted)
		print_request(subject);
}

static void post(struct subject *subject, const char *what, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad_wr;

	need(!ibv_post_send(subject->qp, wr, &bad_wr), what);
	print_new(subject, what);
}

static struct ibv_ah *make_ah(bool global, uint8_t rate, uint32_t flow_label)
{
	struct ibv_ah_attr attr = {
		.dlid = port.lid,
		.sl = 3,
		.src_path_bits = 1,
		.static_rate = rate,
		.port_num = 1,
		.is_global = global,
		.grh = {.dgid = own_gid,
			.flow_label = flow_label,
			.hop_limit = 9,
			.traffic_class = 8,
			.sgid_index = port.link_layer == IBV_LINK_LAYER_ETHERNET},
	};
	struct ibv_ah *ah = ibv_create_ah(pd, &attr);

	need(ah, "create_ah");
	return ah;
}

static void name_srq(struct ibv_qp_ex *ex, enum ibv_qp_type type)
{
	if (type == IBV_QPT_XRC_SEND)
		ibv_wr_set_xrc_srqn(ex, 0x123456);
}

/* Not posted all at once: the device works on them, and their CQEs are never polled. */
static void sends(enum ibv_qp_type type)
{
	static char text[64] = "0123456789abcdefghijklmnopqrstuvwxyz";
	/* The stock library makes a ring of receives even where there are none. */
	const uint32_t receives = type == IBV_QPT_XRC_SEND ? 0 : 8;
	struct subject subject =
		make_subject(type, (struct ibv_qp_cap){.max_send_wr = 32,
						       .max_recv_wr = receives,
						       .max_send_sge = 2,
						       .max_recv_sge = receives ? 2 : 0,
						       .max_inline_data = 64});
	struct ibv_sge pieces[] = {{.addr = 0x1111222233334444, .length = 16, .lkey = 0x55},
				   {.addr = 0x66, .length = 32, .lkey = 0x77}};
	struct ibv_sge inlined[] = {{.addr = (uintptr_t)text, .length = 33},
				    {.addr = (uintptr_t)text + 3, .length = 4}};
	struct ibv_sge empty = {.addr = 0x1, .length = 0, .lkey = 2};
	struct ibv_send_wr wr = {.sg_list = pieces, .num_sge = 2};
	struct ibv_qp_ex *ex = ibv_qp_to_qp_ex(subject.qp);
	struct ibv_ah *ah = NULL;

	if (type == IBV_QPT_UD) {
		ah = make_ah(true, IBV_RATE_2_5_GBPS, 0x12345);
		wr.wr.ud.ah = ah;
		wr.wr.ud.remote_qpn = 0x123;
		wr.wr.ud.remote_qkey = 0x11111111;
	}
	if (type == IBV_QPT_XRC_SEND)
		wr.qp_type.xrc.remote_srqn = 0xabcdef;
	clear_ring(&subject);
	wr.opcode = IBV_WR_SEND;
	post(&subject, "send", &wr);
	wr.opcode = IBV_WR_SEND_WITH_IMM;
	wr.imm_data = htobe32(0x01020304);
	wr.send_flags = IBV_SEND_SIGNALED | IBV_SEND_SOLICITED | IBV_SEND_FENCE;
	wr.num_sge = 0;
	post(&subject, "send with immediate, signaled, solicited, fenced, no data", &wr);
	wr.opcode = IBV_WR_SEND;
	wr.send_flags = IBV_SEND_INLINE;
	wr.sg_list = inlined;
	wr.num_sge = 2;
	post(&subject, "send inline", &wr);
	wr.sg_list = &empty;
	wr.num_sge = 1;
	post(&subject, "send inline, nothing", &wr);
	wr.send_flags = 0;
	post(&subject, "send an empty piece", &wr);

	ibv_wr_start(ex);
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_send_imm(ex, htobe32(5));
	if (ah)
		ibv_wr_set_ud_addr(ex, ah, 0x456, 0x22222222);
	name_srq(ex, type);
	ibv_wr_set_sge_list(ex, 2, pieces);
	ibv_wr_send(ex);
	if (ah)
		ibv_wr_set_ud_addr(ex, ah, 0x456, 0x22222222);
	name_srq(ex, type);
	ibv_wr_set_inline_data(ex, text, 13);
	need(!ibv_wr_complete(ex), "wr_complete");
	print_new(&subject, "batch: send with immediate, send inline");
	if (ah)
		return;

	wr.sg_list = pieces;
	wr.opcode = IBV_WR_RDMA_WRITE;
	wr.wr.rdma.remote_addr = 0x0102030405060708;
	wr.wr.rdma.rkey = 0xabcd;
	post(&subject, "write", &wr);
	wr.opcode = IBV_WR_RDMA_WRITE_WITH_IMM;
	post(&subject, "write with immediate", &wr);
	wr.opcode = IBV_WR_SEND_WITH_INV;
	wr.invalidate_rkey = 0xfeed;
	post(&subject, "send with invalidate", &wr);
	wr.opcode = IBV_WR_LOCAL_INV;
	wr.num_sge = 0;
	post(&subject, "local invalidate", &wr);
	wr.opcode = IBV_WR_SEND;
	post(&subject, "send behind it", &wr);
	post(&subject, "and the next", &wr);
	ibv_wr_start(ex);
	ibv_wr_local_inv(ex, 0x100);
	ibv_wr_rdma_write(ex, 0x9, 0x8);
	name_srq(ex, type);
	ibv_wr_set_sge(ex, 1, 2, 3);
	need(!ibv_wr_complete(ex), "wr_complete");
	print_new(&subject, "batch: local invalidate, write");
	if (type == IBV_QPT_UC)
		return;

	wr.num_sge = 1;
	wr.opcode = IBV_WR_RDMA_READ;
	post(&subject, "read", &wr);
	wr.opcode = IBV_WR_ATOMIC_CMP_AND_SWP;
	wr.wr.atomic.remote_addr = 0x1000;
	wr.wr.atomic.compare_add = 5;
	wr.wr.atomic.swap = 6;
	wr.wr.atomic.rkey = 7;
	post(&subject, "compare and swap", &wr);
	wr.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD;
	post(&subject, "fetch and add", &wr);
	ibv_wr_start(ex);
	ibv_wr_atomic_cmp_swp(ex, 7, 0x1000, 5, 6);
	name_srq(ex, type);
	ibv_wr_set_sge(ex, 0x55, 0x66, 8);
	need(!ibv_wr_complete(ex), "wr_complete");
	print_new(&subject, "batch: compare and swap");
}

/* Windows of both types over one region: bound, moved, freed; and what follows is fenced. */
static void windows(enum ibv_qp_type type)
{
	static char memory[4096];
	struct subject subject = make_subject(type, (struct ibv_qp_cap){.max_send_wr = 32,
									.max_recv_wr = 1,
									.max_send_sge = 1,
									.max_recv_sge = 1});
	struct ibv_mr *mr =
		ibv_reg_mr(pd, memory, sizeof(memory), IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_MW_BIND);
	struct ibv_mw *mw_1 = ibv_alloc_mw(pd, IBV_MW_TYPE_1);
	struct ibv_mw *mw_2 = ibv_alloc_mw(pd, IBV_MW_TYPE_2);
	struct ibv_mw_bind_info info = {.mr = mr,
					.addr = 0x0102030405060708,
					.length = 0x111,
					.mw_access_flags = IBV_ACCESS_REMOTE_READ};
	struct ibv_mw_bind bind = {.bind_info = info, .send_flags = IBV_SEND_SIGNALED};
	struct ibv_send_wr wr = {.opcode = IBV_WR_BIND_MW,
				 .bind_mw = {.mw = mw_2, .rkey = 0xabcd77, .bind_info = info}};
	struct ibv_qp_ex *ex = ibv_qp_to_qp_ex(subject.qp);

	need(mr && mw_1 && mw_2, "windows");
	subject.mask_keys = true;
	clear_ring(&subject);
	need(!ibv_bind_mw(subject.qp, mw_1, &bind), "bind_mw");
	print_new(&subject, "bind type 1 to read, signaled");
	bind.bind_info.mw_access_flags = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC;
	bind.bind_info.length = 1ull << 31;
	bind.send_flags = IBV_SEND_FENCE | IBV_SEND_SOLICITED;
	need(!ibv_bind_mw(subject.qp, mw_1, &bind), "bind_mw");
	print_new(&subject, "bind type 1 to write, fenced, solicited");
	bind.bind_info.length = 0;
	bind.send_flags = 0;
	need(!ibv_bind_mw(subject.qp, mw_1, &bind), "bind_mw");
	print_new(&subject, "bind type 1 to nothing");
	printf("key %#x\n", mw_1->rkey & 0xff);

	post(&subject, "bind type 2", &wr);
	wr.bind_mw.bind_info.mw_access_flags = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_ZERO_BASED;
	post(&subject, "bind type 2, zero based", &wr);
	wr.bind_mw.bind_info.length = 0;
	post(&subject, "bind type 2 to nothing", &wr);
	wr.bind_mw.mw = mw_1;
	wr.bind_mw.rkey = 0x22;
	wr.bind_mw.bind_info = info;
	post(&subject, "bind type 1 by a request", &wr);

	ibv_wr_start(ex);
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_bind_mw(ex, mw_2, 0x1234, &info);
	ibv_wr_send(ex);
	ibv_wr_set_sge(ex, 1, 2, 3);
	need(!ibv_wr_complete(ex), "wr_complete");
	print_new(&subject, "batch: bind type 2, send");
	/* Around the end of the ring, wherever it is in a bind's three blocks. */
	for (int i = 0; i < 40; i++) {
		struct ibv_send_wr *bad_wr;
		struct ibv_wc wc;

		wr.opcode = i % 7 ? IBV_WR_BIND_MW : IBV_WR_SEND;
		wr.bind_mw.mw = mw_2;
		wr.bind_mw.rkey = (uint32_t)i;
		while (ibv_poll_cq(cq, 1, &wc) > 0)
			;
		need(!ibv_post_send(subject.qp, &wr, &bad_wr), "post_send");
		print_new(&subject, "one of many");
	}
}

static void receives(void)
{
	struct subject subject = make_subject(IBV_QPT_RC, (struct ibv_qp_cap){.max_send_wr = 1,
									      .max_recv_wr = 3,
									      .max_send_sge = 1,
									      .max_recv_sge = 3});
	struct ibv_srq_init_attr srq_attr = {.attr = {.max_wr = 5, .max_sge = 2}};
	struct ibv_sge pieces[] = {{.addr = 1, .length = 2, .lkey = 3},
				   {.addr = 4, .length = 5, .lkey = 6}};
	struct ibv_recv_wr two = {.sg_list = pieces, .num_sge = 2};
	struct ibv_recv_wr one = {.sg_list = pieces, .num_sge = 1, .next = &two};
	struct ibv_recv_wr *bad_wr;
	struct mlx5dv_srq ring = {};
	struct mlx5dv_obj obj = {.srq.out = &ring};

	need(!ibv_post_recv(subject.qp, &one, &bad_wr), "post_recv");
	print_bytes("receive ring", subject.rings.rq.buf, 64 + 48);
	print_bytes("record", subject.rings.dbrec, 4);

	obj.srq.in = ibv_create_srq(pd, &srq_attr);
	need(obj.srq.in, "create_srq");
	need(!init_obj(&obj, MLX5DV_OBJ_SRQ), "init_obj");
	printf("SRQ: %u %u, stride %u, head %u, tail %u\n", srq_attr.attr.max_wr,
	       srq_attr.attr.max_sge, ring.stride, ring.head, ring.tail);
	need(!ibv_post_srq_recv(obj.srq.in, &one, &bad_wr), "post_srq_recv");
	print_bytes("SRQ ring", ring.buf, (size_t)ring.stride * 2);
	print_bytes("record", ring.dbrec, 4);
}

static void addresses(void)
{
	for (uint8_t rate = 0; rate < 20; rate++) {
		struct mlx5dv_ah out = {};
		struct mlx5dv_obj obj = {.ah.out = &out};

		obj.ah.in = make_ah(true, rate, 0x4321u * rate + 1);
		need(!init_obj(&obj, MLX5DV_OBJ_AH), "init_obj");
		print_bytes("address", out.av, sizeof(*out.av));
	}
}

static void geometries(void)
{
	static const enum ibv_qp_type types[] = {IBV_QPT_RC, IBV_QPT_UC, IBV_QPT_UD};

	for (uint32_t i = 1; i < 30; i++)
		make_subject(types[i % 3], (struct ibv_qp_cap){.max_send_wr = i * 7,
							       .max_recv_wr = i * 5,
							       .max_send_sge = 1 + i / 2,
							       .max_recv_sge = 1 + i / 2,
							       .max_inline_data = i * 20});
}

int main(void)
{
	struct ibv_device **devices = ibv_get_device_list(NULL);
	void *library = dlopen("libmlx5.so.1", RTLD_NOW);

	need(devices && devices[0], "device");
	need(library, "libmlx5.so.1");
	*(void **)&init_obj = dlsym(library, "mlx5dv_init_obj");
	need(init_obj, "mlx5dv_init_obj");
	context = ibv_open_device(devices[0]);
	need(context, "open_device");
	ibv_free_device_list(devices);
	pd = ibv_alloc_pd(context);
	cq = ibv_create_cq(context, 500, NULL, NULL, 0);
	need(pd && cq, "PD and CQ");
	need(!ibv_query_port(context, 1, &port), "query_port");
	need(!ibv_query_gid(context, 1, 0, &own_gid), "query_gid");

	sends(IBV_QPT_RC);
	sends(IBV_QPT_UC);
	sends(IBV_QPT_UD);
	sends(IBV_QPT_XRC_SEND);
	windows(IBV_QPT_RC);
	windows(IBV_QPT_UC);
	receives();
	addresses();
	geometries();
	printf("complete\n");
	return 0;
}
