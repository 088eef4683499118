/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prints what the direct verbs of libmlx5 tell and make: capabilities, geometries, the bytes of a
 * DC initiator's requests, what is refused. Run once with stock libraries and once with ours, the
 * outputs must be equal. Numbers of queue pairs are masked, addresses only told apart.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <infiniband/mlx5dv.h>

#define DC_KEY 0x1122334455667788ull

static struct ibv_context *context;
static struct ibv_port_attr port;
static union ibv_gid own_gid;
static struct ibv_pd *pd;
static struct ibv_cq *cq;
static struct ibv_srq *srq;

static void need(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

/* ---- the device ---- */

static void capabilities(void)
{
	struct mlx5dv_context out = {
		.comp_mask = MLX5DV_CONTEXT_MASK_CQE_COMPRESION | MLX5DV_CONTEXT_MASK_SWP |
			     MLX5DV_CONTEXT_MASK_STRIDING_RQ | MLX5DV_CONTEXT_MASK_TUNNEL_OFFLOADS |
			     MLX5DV_CONTEXT_MASK_DYN_BFREGS |
			     MLX5DV_CONTEXT_MASK_CLOCK_INFO_UPDATE |
			     MLX5DV_CONTEXT_MASK_FLOW_ACTION_FLAGS |
			     MLX5DV_CONTEXT_MASK_HCA_CORE_CLOCK | MLX5DV_CONTEXT_MASK_DCI_STREAMS,
	};

	need(!mlx5dv_query_device(context, &out), "query_device");
	/* A flag that the stock library is too old to know. */
	out.flags &= ~(uint64_t)MLX5DV_CONTEXT_FLAGS_BLUEFLAME;
	printf("version %u flags %#llx mask %#llx\n", out.version, (unsigned long long)out.flags,
	       (unsigned long long)out.comp_mask);
	printf("compression %u %#x, parsing %#x %#x, tunnels %#x, registers %u\n",
	       out.cqe_comp_caps.max_num, out.cqe_comp_caps.supported_format,
	       out.sw_parsing_caps.sw_parsing_offloads, out.sw_parsing_caps.supported_qpts,
	       out.tunnel_offloads_caps, out.max_dynamic_bfregs);
	printf("strides %u %u %u %u %#x, actions %#x, streams %u %u\n",
	       out.striding_rq_caps.min_single_stride_log_num_of_bytes,
	       out.striding_rq_caps.max_single_stride_log_num_of_bytes,
	       out.striding_rq_caps.min_single_wqe_log_num_of_strides,
	       out.striding_rq_caps.max_single_wqe_log_num_of_strides,
	       out.striding_rq_caps.supported_qpts, out.flow_action_flags,
	       out.dci_streams_caps.max_log_num_concurent,
	       out.dci_streams_caps.max_log_num_errored);
	printf("clock %s, noted every %llu ns\n", out.hca_core_clock ? "mapped" : "not mapped",
	       (unsigned long long)out.max_clock_info_update_nsec);
}

static void clock_notes(void)
{
	struct mlx5dv_clock_info info = {};
	int err = mlx5dv_get_clock_info(context, &info);

	printf("clock info %d: mult %u shift %u mask %#llx\n", err, info.mult, info.shift,
	       (unsigned long long)info.mask);
}

static void openings(void)
{
	static const uint32_t flags[] = {0, MLX5DV_CONTEXT_FLAGS_DEVX};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct mlx5dv_context_attr attr = {.flags = flags[i]};
		struct ibv_context *opened = mlx5dv_open_device(context->device, &attr);

		printf("open with %#x: %s\n", flags[i], opened ? "open" : "refused");
		if (opened)
			ibv_close_device(opened);
	}
}

/* ---- completion queues ---- */

static void completion_queues(void)
{
	static const uint16_t sizes[] = {64, 128, 32, 100, 256};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct ibv_cq_init_attr_ex attr = {.cqe = 10};
		struct mlx5dv_cq_init_attr dv = {.comp_mask = MLX5DV_CQ_INIT_ATTR_MASK_CQE_SIZE,
						 .cqe_size = sizes[i]};
		struct ibv_cq_ex *made = mlx5dv_create_cq(context, &attr, &dv);
		struct mlx5dv_cq out = {};
		struct mlx5dv_obj obj = {.cq.out = &out};

		printf("CQE of %u bytes: %s\n", sizes[i], made ? "made" : strerror(errno));
		if (!made)
			continue;
		obj.cq.in = ibv_cq_ex_to_cq(made);
		need(!mlx5dv_init_obj(&obj, MLX5DV_OBJ_CQ), "init_obj");
		printf("  %u of %u bytes, register %s\n", out.cqe_cnt, out.cqe_size,
		       out.cq_uar ? "there" : "missing");
		ibv_destroy_cq(obj.cq.in);
	}
}

/* ---- other objects ---- */

/* The function had another meaning of one member in its first version. */
static void first_version(void)
{
	int (*first)(struct mlx5dv_obj * obj, uint64_t obj_type);
	struct mlx5dv_cq now = {}, then = {};
	struct mlx5dv_obj of_now = {.cq = {cq, &now}}, of_then = {.cq = {cq, &then}};

	*(void **)&first = dlvsym(RTLD_DEFAULT, "mlx5dv_init_obj", "MLX5_1.0");
	need(first && first != mlx5dv_init_obj, "first version");
	need(!mlx5dv_init_obj(&of_now, MLX5DV_OBJ_CQ), "init_obj");
	need(!first(&of_then, MLX5DV_OBJ_CQ), "init_obj of the first version");
	printf("the first version tells the place of the address: %s\n",
	       then.cqn == now.cqn && *(void **)then.cq_uar == now.cq_uar ? "yes" : "no");
}

static void device_memory(void)
{
	struct ibv_alloc_dm_attr attr = {.length = 256};
	struct mlx5dv_alloc_dm_attr kind = {.type = MLX5DV_DM_TYPE_MEMIC};
	struct mlx5dv_dm out = {};
	struct mlx5dv_obj obj = {.dm.out = &out};

	obj.dm.in = mlx5dv_alloc_dm(context, &attr, &kind);
	need(obj.dm.in, "alloc_dm");
	need(!mlx5dv_init_obj(&obj, MLX5DV_OBJ_DM), "init_obj");
	printf("device memory: %llu bytes, %s\n", (unsigned long long)out.length,
	       out.buf ? "mapped" : "not mapped");
	ibv_free_dm(obj.dm.in);
}

static void work_queue(void)
{
	struct ibv_wq_init_attr attr = {
		.wq_type = IBV_WQT_RQ, .max_wr = 10, .max_sge = 3, .pd = pd, .cq = cq};
	struct mlx5dv_wq_init_attr plain = {};
	struct mlx5dv_rwq out = {};
	struct mlx5dv_obj obj = {.rwq.out = &out};

	obj.rwq.in = mlx5dv_create_wq(context, &attr, &plain);
	printf("work queue: %s\n", obj.rwq.in ? "made" : "refused");
	if (!obj.rwq.in)
		return;
	need(!mlx5dv_init_obj(&obj, MLX5DV_OBJ_RWQ), "init_obj");
	printf("  %u entries of %u bytes, record %s\n", out.wqe_cnt, out.stride,
	       out.buf && out.dbrec ? "there" : "missing");
	ibv_destroy_wq(obj.rwq.in);
}

/* ---- dynamic connections ---- */

struct subject {
	struct ibv_qp *qp;
	struct ibv_qp_ex *ex;
	struct mlx5dv_qp_ex *dv;
	struct mlx5dv_qp rings;
	uint32_t printed; /* basic blocks */
};

static struct ibv_ah_attr path(void)
{
	return (struct ibv_ah_attr){
		.dlid = port.lid,
		.sl = 3,
		.src_path_bits = 1,
		.port_num = 1,
		.is_global = true,
		.grh = {.dgid = own_gid,
			.flow_label = 0x12345,
			.hop_limit = 9,
			.traffic_class = 8,
			.sgid_index = port.link_layer == IBV_LINK_LAYER_ETHERNET},
	};
}

static int to_state(struct ibv_qp *qp, enum ibv_qp_state state, int mask)
{
	struct ibv_qp_attr attr = {
		.qp_state = state,
		.port_num = 1,
		.path_mtu = IBV_MTU_1024,
		.ah_attr = path(),
		.min_rnr_timer = 12,
		.timeout = 14,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.max_rd_atomic = 1,
	};

	return ibv_modify_qp(qp, &attr, IBV_QP_STATE | mask);
}

static bool initiators_have_srq;

static struct ibv_qp *create(enum mlx5dv_dc_type type, struct ibv_qp_cap *cap, uint64_t ops,
			     uint32_t create_flags)
{
	bool target = type == MLX5DV_DCTYPE_DCT;
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = cq,
		.recv_cq = cq,
		.srq = target || initiators_have_srq ? srq : NULL,
		.cap = *cap,
		.qp_type = IBV_QPT_DRIVER,
		.comp_mask = IBV_QP_INIT_ATTR_PD | (ops ? IBV_QP_INIT_ATTR_SEND_OPS_FLAGS : 0),
		.pd = pd,
		.send_ops_flags = ops,
	};
	struct mlx5dv_qp_init_attr dv = {
		.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_DC,
		.dc_init_attr = {.dc_type = type, .dct_access_key = target ? DC_KEY : 0},
		.create_flags = create_flags,
	};
	struct ibv_qp *qp;

	if (create_flags)
		dv.comp_mask |= MLX5DV_QP_INIT_ATTR_MASK_QP_CREATE_FLAGS;
	qp = mlx5dv_create_qp(context, &attr, &dv);
	*cap = attr.cap;
	return qp;
}

static void print_request(struct subject *subject)
{
	uint32_t count = subject->rings.sq.wqe_cnt;
	const uint8_t *ring = subject->rings.sq.buf;
	uint8_t copy[16 * 64] = {};
	uint32_t ds = ring[(size_t)(subject->printed % count) * 64 + 7] & 0x3f;

	need(ds, "a request of some size");
	for (uint32_t at = 0; at < ds * 16; at += 16)
		memcpy(copy + at, ring + ((size_t)subject->printed * 64 + at) % (count * 64), 16);
	memset(copy + 4, 0, 3);
	for (uint32_t at = 0; at < ds * 16; at++)
		printf("%s%02x", at % 16 == 0 ? "\n    " : at % 4 == 0 ? " " : "", copy[at]);
	printf("\n");
	subject->printed += (ds + 3) / 4;
}

/* Begins a request and ends it; between lie its opener, its address and its data, each once: stock
 * libmlx5 counts them to know when a request is whole. */
#define REQUEST_TO(subject, what, opener, address, data)                                           \
	do {                                                                                       \
		ibv_wr_start((subject)->ex);                                                       \
		opener;                                                                            \
		address;                                                                           \
		data;                                                                              \
		need(!ibv_wr_complete((subject)->ex), "wr_complete");                              \
		print_new(subject, what);                                                          \
	} while (0)

#define REQUEST(subject, what, opener, data)                                                       \
	REQUEST_TO(subject, what, opener,                                                          \
		   mlx5dv_wr_set_dc_addr((subject)->dv, ah, 0x123456, DC_KEY), data)

static void print_new(struct subject *subject, const char *what)
{
	uint16_t posted = (uint16_t)be32toh(subject->rings.dbrec[MLX5_SND_DBR]);

	printf("%s", what);
	while ((uint16_t)subject->printed != posted)
		print_request(subject);
}

static struct subject make_initiator(struct ibv_qp_cap cap)
{
	const uint64_t ops = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM |
			     IBV_QP_EX_WITH_SEND_WITH_INV | IBV_QP_EX_WITH_RDMA_WRITE |
			     IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_RDMA_READ |
			     IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP |
			     IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD | IBV_QP_EX_WITH_LOCAL_INV;
	struct subject subject = {};
	struct mlx5dv_obj obj = {.qp.out = &subject.rings};

	subject.qp = create(MLX5DV_DCTYPE_DCI, &cap, ops, 0);
	need(subject.qp, "create_qp");
	subject.ex = ibv_qp_to_qp_ex(subject.qp);
	subject.dv = mlx5dv_qp_ex_from_ibv_qp_ex(subject.ex);
	obj.qp.in = subject.qp;
	subject.rings.comp_mask = MLX5DV_QP_MASK_UAR_MMAP_OFFSET;
	need(!mlx5dv_init_obj(&obj, MLX5DV_OBJ_QP), "init_obj");
	printf("DCI: caps %u %u %u, ring %u x %u, register of %u\n", cap.max_send_wr,
	       cap.max_send_sge, cap.max_inline_data, subject.rings.sq.wqe_cnt,
	       subject.rings.sq.stride, subject.rings.bf.size);
	need(!to_state(subject.qp, IBV_QPS_INIT, IBV_QP_PKEY_INDEX | IBV_QP_PORT), "to INIT");
	need(!to_state(subject.qp, IBV_QPS_RTR, IBV_QP_PATH_MTU | IBV_QP_AV), "to RTR");
	need(!to_state(subject.qp, IBV_QPS_RTS,
		       IBV_QP_SQ_PSN | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
			       IBV_QP_MAX_QP_RD_ATOMIC),
	     "to RTS");
	memset(subject.rings.sq.buf, 0, (size_t)subject.rings.sq.wqe_cnt * 64);
	return subject;
}

static void requests(void)
{
	static char text[64] = "0123456789abcdefghijklmnopqrstuvwxyz";
	struct subject subject = make_initiator(
		(struct ibv_qp_cap){.max_send_wr = 32, .max_send_sge = 2, .max_inline_data = 64});
	struct ibv_sge pieces[] = {{.addr = 0x1111222233334444, .length = 16, .lkey = 0x55},
				   {.addr = 0x66, .length = 32, .lkey = 0x77}};
	struct ibv_ah_attr attr = path();
	struct ibv_ah *ah = ibv_create_ah(pd, &attr);
	struct ibv_qp_ex *ex = subject.ex;

	need(ah, "create_ah");
	/* Which one of its kind is up to library, kernel and number. */
	printf("register page among those from %#llx\n",
	       (unsigned long long)subject.rings.uar_mmap_offset & ~0xfffffull);
	REQUEST(&subject, "send", ibv_wr_send(ex), ibv_wr_set_sge_list(ex, 2, pieces));
	ex->wr_flags = IBV_SEND_SIGNALED | IBV_SEND_SOLICITED | IBV_SEND_FENCE;
	REQUEST(&subject, "send with immediate, flags", ibv_wr_send_imm(ex, htobe32(7)),
		ibv_wr_set_inline_data(ex, text, 33));
	ex->wr_flags = 0;
	REQUEST(&subject, "send with invalidate", ibv_wr_send_inv(ex, 0xfeed),
		ibv_wr_set_sge(ex, 1, 2, 3));
	REQUEST(&subject, "write", ibv_wr_rdma_write(ex, 0xabcd, 0x0102030405060708),
		ibv_wr_set_inline_data(ex, text, 3));
	REQUEST(&subject, "write with immediate",
		ibv_wr_rdma_write_imm(ex, 0xabcd, 0x0102030405060708, htobe32(9)),
		ibv_wr_set_sge(ex, 1, 2, 3));
	REQUEST(&subject, "read", ibv_wr_rdma_read(ex, 0xabcd, 0x0102030405060708),
		ibv_wr_set_sge_list(ex, 2, pieces));
	REQUEST(&subject, "compare and swap", ibv_wr_atomic_cmp_swp(ex, 7, 0x1000, 5, 6),
		ibv_wr_set_sge(ex, 0x55, 0x66, 8));
	REQUEST(&subject, "fetch and add", ibv_wr_atomic_fetch_add(ex, 7, 0x1000, 5),
		ibv_wr_set_sge(ex, 0x55, 0x66, 8));
	REQUEST_TO(&subject, "stream", ibv_wr_send(ex),
		   mlx5dv_wr_set_dc_addr_stream(subject.dv, ah, 0x654321, DC_KEY, 0x789a),
		   ibv_wr_set_sge(ex, 1, 2, 3));
	/* It goes nowhere, and has no address. */
	ibv_wr_start(ex);
	ibv_wr_local_inv(ex, 0x100);
	need(!ibv_wr_complete(ex), "wr_complete");
	print_new(&subject, "local invalidate");
	ibv_destroy_ah(ah);
}

static void geometries(void)
{
	for (uint32_t i = 1; i < 20; i++)
		make_initiator((struct ibv_qp_cap){.max_send_wr = i * 7,
						   .max_send_sge = 1 + i / 2,
						   .max_inline_data = i * 20});
}

static void print_made(const char *what, unsigned long long which, struct ibv_qp *qp)
{
	printf("%s %#llx: %s\n", what, which, qp ? "made" : strerror(errno));
	if (qp)
		ibv_destroy_qp(qp);
}

/* What can be asked for, bit by bit. */
static void offers(void)
{
	for (uint64_t bit = 1; bit <= IBV_QP_EX_WITH_ATOMIC_WRITE; bit <<= 1) {
		struct ibv_qp_cap cap = {.max_send_wr = 1, .max_send_sge = 1};

		/* Ours has no room for binds in an initiator's ring. */
		if (bit == IBV_QP_EX_WITH_BIND_MW)
			continue;
		print_made("DCI with calls", bit, create(MLX5DV_DCTYPE_DCI, &cap, bit, 0));
	}
	for (uint32_t flags = 0; flags <= 0x18; flags += 8) {
		struct ibv_qp_cap cap = {.max_send_wr = 1, .max_send_sge = 1};

		print_made("DCI with flags", flags, create(MLX5DV_DCTYPE_DCI, &cap, 0, flags));
		cap = (struct ibv_qp_cap){};
		print_made("DCT with flags", flags, create(MLX5DV_DCTYPE_DCT, &cap, 0, flags));
	}
}

static void misfits(void)
{
	struct ibv_qp_cap receives = {.max_recv_wr = 1, .max_recv_sge = 1};
	struct ibv_qp_cap sends = {.max_send_wr = 1, .max_send_sge = 1};
	struct ibv_srq *had = srq;

	print_made("DCI with receives", 0, create(MLX5DV_DCTYPE_DCI, &receives, 0, 0));
	initiators_have_srq = true;
	print_made("DCI with SRQ", 0, create(MLX5DV_DCTYPE_DCI, &sends, 0, 0));
	initiators_have_srq = false;
	print_made("DCT with sends", 0, create(MLX5DV_DCTYPE_DCT, &sends, 0, 0));
	srq = NULL;
	sends = (struct ibv_qp_cap){};
	print_made("DCT without SRQ", 0, create(MLX5DV_DCTYPE_DCT, &sends, 0, 0));
	srq = had;
	print_made("neither", 0, create((enum mlx5dv_dc_type)0, &sends, 0, 0));
}

int main(void)
{
	struct ibv_device **devices = ibv_get_device_list(NULL);
	struct ibv_srq_init_attr srq_attr = {.attr = {.max_wr = 5, .max_sge = 2}};

	need(devices && devices[0], "device");
	need(mlx5dv_is_supported(devices[0]), "device of mlx5");
	context = ibv_open_device(devices[0]);
	need(context, "open_device");
	ibv_free_device_list(devices);
	pd = ibv_alloc_pd(context);
	cq = ibv_create_cq(context, 500, NULL, NULL, 0);
	need(pd && cq, "PD and CQ");
	srq = ibv_create_srq(pd, &srq_attr);
	need(srq, "SRQ");
	need(!ibv_query_port(context, 1, &port), "query_port");
	need(!ibv_query_gid(context, 1, 0, &own_gid), "query_gid");

	capabilities();
	clock_notes();
	openings();
	completion_queues();
	first_version();
	device_memory();
	work_queue();
	requests();
	geometries();
	offers();
	misfits();
	printf("complete\n");
	return 0;
}
