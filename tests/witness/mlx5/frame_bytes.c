/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prints what libmlx5 makes of verbs calls for Ethernet frames: ring geometry, the bytes of every
 * request and receive, doorbell records. As wqe_bytes.c, which has the other transports.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <infiniband/mlx5dv.h>

enum { FRAME_BYTES = 256 };

/* Where the frame lies is no business of the recording. */
static uint8_t *frame;
static int (*init_obj)(struct mlx5dv_obj *obj, uint64_t obj_type);
static struct ibv_context *context;
static struct ibv_pd *pd;
static struct ibv_cq *cq;
static struct ibv_mr *mr;

static void need(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static void print_bytes(const char *what, const uint8_t *at, size_t bytes)
{
	printf("%s", what);
	for (size_t i = 0; i < bytes; i++)
		printf("%s%02x", i % 16 == 0 ? "\n    " : i % 4 == 0 ? " " : "", at[i]);
	printf("\n");
}

struct subject {
	struct ibv_qp *qp;
	struct mlx5dv_qp rings;
	uint32_t printed; /* basic blocks */
};

static struct subject make_subject(struct ibv_qp_cap cap, uint16_t max_tso_header)
{
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = cq,
		.recv_cq = cq,
		.cap = cap,
		.qp_type = IBV_QPT_RAW_PACKET,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = pd,
		.max_tso_header = max_tso_header,
		.send_ops_flags = IBV_QP_EX_WITH_SEND,
	};
	struct ibv_qp_attr state = {.port_num = 1};
	struct subject subject = {};
	struct mlx5dv_obj obj = {.qp.out = &subject.rings};

	if (max_tso_header) {
		attr.comp_mask |= IBV_QP_INIT_ATTR_MAX_TSO_HEADER;
		attr.send_ops_flags |= IBV_QP_EX_WITH_TSO;
	}
	subject.qp = ibv_create_qp_ex(context, &attr);
	need(subject.qp, "create_qp_ex");
	obj.qp.in = subject.qp;
	need(!init_obj(&obj, MLX5DV_OBJ_QP), "init_obj");
	printf("raw: caps %u %u %u %u %u, send ring %u x %u, receive ring %u x %u\n",
	       attr.cap.max_send_wr, attr.cap.max_recv_wr, attr.cap.max_send_sge,
	       attr.cap.max_recv_sge, attr.cap.max_inline_data, subject.rings.sq.wqe_cnt,
	       subject.rings.sq.stride, subject.rings.rq.wqe_cnt, subject.rings.rq.stride);
	for (state.qp_state = IBV_QPS_INIT; state.qp_state <= IBV_QPS_RTS; state.qp_state++)
		need(!ibv_modify_qp(subject.qp, &state,
				    IBV_QP_STATE |
					    (state.qp_state == IBV_QPS_INIT ? IBV_QP_PORT : 0)),
		     "modify_qp");
	memset(subject.rings.sq.buf, 0, (size_t)subject.rings.sq.wqe_cnt * 64);
	return subject;
}

/* Data segments name the frame by address and key: those become its offset and a name. */
static void mask_data(uint8_t *segment)
{
	uint64_t addr = 0;

	for (int i = 8; i < 16; i++)
		addr = addr << 8 | segment[i];
	if (addr < (uintptr_t)frame || addr >= (uintptr_t)frame + FRAME_BYTES)
		return;
	addr -= (uintptr_t)frame;
	for (int i = 15; i >= 8; i--, addr >>= 8)
		segment[i] = (uint8_t)addr;
	memset(segment + 4, 0xaa, 4);
}

static void print_request(struct subject *subject)
{
	uint32_t count = subject->rings.sq.wqe_cnt;
	uint8_t *ring = subject->rings.sq.buf;
	uint8_t copy[64 * 16] = {};
	uint32_t ds = ring[(size_t)(subject->printed % count) * 64 + 7] & 0x3f;

	for (uint32_t at = 0; at < ds * 16; at += 16) {
		memcpy(copy + at, ring + ((size_t)subject->printed * 64 + at) % (count * 64), 16);
		mask_data(copy + at);
	}
	memset(copy + 4, 0, 3);
	print_bytes("  request", copy, (size_t)ds * 16);
	subject->printed += (ds + 3) / 4;
}

static void print_new(struct subject *subject, const char *what)
{
	uint32_t posted = be32toh(subject->rings.dbrec[MLX5_SND_DBR]);
	struct ibv_wc wc;

	printf("%s\n", what);
	while (subject->printed != posted)
		print_request(subject);
	/* Keeps the ring free, and its padding as this program has left it. */
	while (ibv_poll_cq(cq, 1, &wc) == 0)
		;
	need(wc.status == IBV_WC_SUCCESS, ibv_wc_status_str(wc.status));
	printf("  opcode %d\n", wc.opcode);
	memset(subject->rings.sq.buf, 0, (size_t)subject->rings.sq.wqe_cnt * 64);
}

static struct ibv_sge piece(uint32_t at, uint32_t length)
{
	return (struct ibv_sge){.addr = (uintptr_t)frame + at, .length = length, .lkey = mr->lkey};
}

static void post(struct subject *subject, const char *what, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad_wr;

	wr->send_flags |= IBV_SEND_SIGNALED;
	need(!ibv_post_send(subject->qp, wr, &bad_wr), what);
	print_new(subject, what);
}

static void sends(void)
{
	struct subject subject = make_subject((struct ibv_qp_cap){.max_send_wr = 8,
								  .max_recv_wr = 4,
								  .max_send_sge = 3,
								  .max_recv_sge = 1,
								  .max_inline_data = 60},
					      0);
	struct ibv_sge whole = piece(0, 100);
	struct ibv_sge pieces[] = {piece(0, 14), piece(14, 3), piece(17, 43)};
	struct ibv_sge longer[] = {piece(0, 30), piece(30, 0), piece(30, 40)};
	struct ibv_send_wr wr = {.sg_list = &whole, .num_sge = 1, .opcode = IBV_WR_SEND};

	post(&subject, "one piece", &wr);
	wr.send_flags = IBV_SEND_IP_CSUM;
	post(&subject, "with checksums", &wr);
	wr.send_flags = IBV_SEND_FENCE | IBV_SEND_SOLICITED;
	wr.sg_list = pieces;
	wr.num_sge = 3;
	post(&subject, "three pieces, headers in all of them, fenced, solicited", &wr);
	wr.send_flags = 0;
	wr.sg_list = longer;
	post(&subject, "an empty piece", &wr);
	wr.send_flags = IBV_SEND_INLINE | IBV_SEND_IP_CSUM;
	wr.sg_list = pieces;
	post(&subject, "inline", &wr);
	wr.sg_list = longer;
	for (int round = 0; round < 20; round++)
		post(&subject, "inline, round the ring", &wr);
}

static void batches(void)
{
	struct subject subject = make_subject(
		(struct ibv_qp_cap){.max_send_wr = 8, .max_send_sge = 2, .max_inline_data = 100},
		54);
	struct ibv_sge pieces[] = {piece(0, 11), piece(11, 80)};
	struct ibv_data_buf bufs[] = {{.addr = frame, .length = 7},
				      {.addr = frame + 7, .length = 60}};
	struct ibv_qp_ex *ex = ibv_qp_to_qp_ex(subject.qp);

	for (int round = 0; round < 9; round++) {
		ibv_wr_start(ex);
		ex->wr_flags = IBV_SEND_IP_CSUM;
		ibv_wr_send(ex);
		ibv_wr_set_sge(ex, mr->lkey, (uintptr_t)frame, 90);
		ex->wr_flags = 0;
		ibv_wr_send(ex);
		ibv_wr_set_sge_list(ex, 2, pieces);
		ibv_wr_send(ex);
		ibv_wr_set_inline_data(ex, frame, 64);
		ibv_wr_send_tso(ex, frame, 54, 20);
		ibv_wr_set_sge(ex, mr->lkey, (uintptr_t)frame + 54, 70);
		ex->wr_flags = IBV_SEND_SIGNALED;
		ibv_wr_send(ex);
		ibv_wr_set_inline_data_list(ex, 2, bufs);
		need(!ibv_wr_complete(ex), "wr_complete");
		print_new(&subject, "batch");
	}
}

/* Each length of header. Not past the end of the ring, where stock libmlx5 loses its way. */
static void long_payloads(void)
{
	struct ibv_sge pieces[] = {piece(0, 30), piece(60, 90)};

	for (uint16_t header = 54; header <= 70; header++) {
		struct ibv_qp_cap cap = {.max_send_wr = 3, .max_send_sge = 2};
		struct subject subject = make_subject(cap, 70);
		struct ibv_send_wr wr = {.sg_list = pieces,
					 .num_sge = 1 + header % 2,
					 .opcode = IBV_WR_TSO,
					 .send_flags = header % 3 ? IBV_SEND_IP_CSUM : 0,
					 .tso = {.hdr = frame, .hdr_sz = header, .mss = 25}};

		post(&subject, "long payload", &wr);
	}
}

static void receives(void)
{
	struct subject subject = make_subject(
		(struct ibv_qp_cap){
			.max_send_wr = 1, .max_recv_wr = 3, .max_send_sge = 1, .max_recv_sge = 3},
		0);
	struct ibv_wq_init_attr attr = {
		.wq_type = IBV_WQT_RQ, .max_wr = 5, .max_sge = 2, .pd = pd, .cq = cq};
	struct ibv_wq_attr ready = {.attr_mask = IBV_WQ_ATTR_STATE, .wq_state = IBV_WQS_RDY};
	struct ibv_sge pieces[] = {{.addr = 1, .length = 2, .lkey = 3},
				   {.addr = 4, .length = 5, .lkey = 6}};
	struct ibv_recv_wr two = {.sg_list = pieces, .num_sge = 2};
	struct ibv_recv_wr one = {.sg_list = pieces, .num_sge = 1, .next = &two};
	struct ibv_recv_wr *bad_wr;
	struct mlx5dv_rwq ring = {};
	struct mlx5dv_obj obj = {.rwq.out = &ring};

	need(!ibv_post_recv(subject.qp, &one, &bad_wr), "post_recv");
	print_bytes("receive ring", subject.rings.rq.buf, 64 + 48);
	print_bytes("record", (uint8_t *)subject.rings.dbrec, 4);

	obj.rwq.in = ibv_create_wq(context, &attr);
	need(obj.rwq.in, "create_wq");
	need(!init_obj(&obj, MLX5DV_OBJ_RWQ), "init_obj");
	printf("work queue: %u, stride %u\n", ring.wqe_cnt, ring.stride);
	need(!ibv_modify_wq(obj.rwq.in, &ready), "modify_wq");
	need(!ibv_post_wq_recv(obj.rwq.in, &one, &bad_wr), "post_wq_recv");
	print_bytes("work queue's ring", ring.buf, (size_t)ring.stride * 2);
	print_bytes("record", (uint8_t *)ring.dbrec, 4);
}

/* A receive of an INIT queue pair is shown to the device later. */
static void records(void)
{
	struct ibv_qp_init_attr attr = {
		.send_cq = cq,
		.recv_cq = cq,
		.cap = {.max_send_wr = 1, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1},
		.qp_type = IBV_QPT_RAW_PACKET};
	struct ibv_qp_attr state = {.qp_state = IBV_QPS_INIT, .port_num = 1};
	struct ibv_recv_wr wr = {}, *bad_wr;
	struct mlx5dv_qp rings = {};
	struct mlx5dv_obj obj = {.qp = {.out = &rings}};

	obj.qp.in = ibv_create_qp(pd, &attr);
	need(obj.qp.in, "create_qp");
	need(!init_obj(&obj, MLX5DV_OBJ_QP), "init_obj");
	need(!ibv_modify_qp(obj.qp.in, &state, IBV_QP_STATE | IBV_QP_PORT), "to INIT");
	need(!ibv_post_recv(obj.qp.in, &wr, &bad_wr), "post_recv");
	print_bytes("record in INIT", (uint8_t *)rings.dbrec, 4);
	state.qp_state = IBV_QPS_RTR;
	need(!ibv_modify_qp(obj.qp.in, &state, IBV_QP_STATE), "to RTR");
	print_bytes("record in RTR", (uint8_t *)rings.dbrec, 4);
}

static void geometries(void)
{
	for (uint32_t i = 1; i < 20; i++)
		make_subject((struct ibv_qp_cap){.max_send_wr = i * 7,
						 .max_recv_wr = i * 5,
						 .max_send_sge = 1 + i / 2,
						 .max_recv_sge = 1 + i / 2,
						 .max_inline_data = i * 20},
			     (uint16_t)(i % 2 * i * 9));
}

/* A TCP packet by its headers, so that the device can cut up what follows. */
static void fill_frame(void)
{
	for (size_t i = 0; i < FRAME_BYTES; i++)
		frame[i] = (uint8_t)i;
	frame[12] = 0x08;
	frame[13] = 0x00;
	frame[14] = 0x45;
	frame[20] = 0;
	frame[21] = 0;
	frame[23] = 6;
	frame[46] = 5 << 4;
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
	frame = calloc(1, FRAME_BYTES);
	need(frame, "calloc");
	fill_frame();
	mr = ibv_reg_mr(pd, frame, FRAME_BYTES, IBV_ACCESS_LOCAL_WRITE);
	need(mr, "reg_mr");

	sends();
	batches();
	long_payloads();
	receives();
	records();
	geometries();
	printf("complete\n");
	return 0;
}
