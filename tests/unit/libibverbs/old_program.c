/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A program of 2006: every verb it calls is bound to version IBVERBS_1.0, and what it gets back it
 * reads at the offsets of that time, which are numbers here and not our header's. It sends itself a
 * message with an immediate, writes and reads memory and loses a completion queue's event to no
 * one. Run over a stock library it must do the same.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLD(name) __asm__(".symver " #name ", " #name "@IBVERBS_1.0")
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno);  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* Objects are addresses; the attributes are written down as they were. */
struct sge {
	uint64_t addr;
	uint32_t length, lkey;
};

struct cap {
	uint32_t send_wr, recv_wr, send_sge, recv_sge, inline_data;
};

struct qp_init {
	void *context, *send_cq, *recv_cq, *srq;
	struct cap cap;
	int type, signal_all;
};

struct srq_init {
	void *context;
	uint32_t max_wr, max_sge, limit;
};

struct ah_attr {
	uint8_t dgid[16];
	uint32_t flow_label;
	uint8_t sgid_index, hop_limit, traffic_class;
	uint16_t dlid __attribute__((aligned(8)));
	uint8_t sl, src_path_bits, static_rate, is_global, port;
};

struct qp_attr {
	int state, cur_state, mtu, mig;
	uint32_t qkey, rq_psn, sq_psn, dest_qpn;
	int access;
	struct cap cap;
	struct ah_attr ah, alt_ah;
	uint16_t pkey_index, alt_pkey_index;
	uint8_t en_sqd, draining, max_rd, max_dest_rd, min_rnr, port, timeout, retry, rnr_retry;
	uint8_t alt_port, alt_timeout;
	uint32_t guard; /* rate_limit of today: must not be touched */
};

struct wr {
	struct wr *next;
	uint64_t id;
	struct sge *sge;
	int num_sge;
	int opcode, flags; /* of sends only, like everything behind */
	uint32_t imm;
	uint64_t remote_addr_or_ah;
	uint32_t rkey_or_qpn, qkey;
	uint64_t pad[2];
};

struct wc {
	uint64_t id;
	int status, opcode;
	uint32_t vendor_err, byte_len, imm, qp_num, src_qp;
	int flags;
	uint16_t pkey_index, slid;
	uint8_t sl, path_bits;
};

void **ibv_get_device_list(int *count);
void ibv_free_device_list(void **list);
const char *ibv_get_device_name(void *device);
uint64_t ibv_get_device_guid(void *device);
void *ibv_open_device(void *device);
int ibv_close_device(void *context);
int ibv_query_device(void *context, void *attr);
int ibv_query_port(void *context, uint8_t port, void *attr);
int ibv_query_gid(void *context, uint8_t port, int index, void *gid);
int ibv_query_pkey(void *context, uint8_t port, int index, uint16_t *pkey);
void *ibv_alloc_pd(void *context);
int ibv_dealloc_pd(void *pd);
void *ibv_reg_mr(void *pd, void *addr, size_t length, int access);
int ibv_dereg_mr(void *mr);
void *ibv_create_cq(void *context, int cqe, void *cq_context, void *channel, int vector);
int ibv_resize_cq(void *cq, int cqe);
int ibv_destroy_cq(void *cq);
int ibv_get_cq_event(void *channel, void **cq, void **cq_context);
void ibv_ack_cq_events(void *cq, unsigned int count);
void *ibv_create_srq(void *pd, struct srq_init *attr);
int ibv_modify_srq(void *srq, void *attr, int mask);
int ibv_query_srq(void *srq, uint32_t *attr);
int ibv_destroy_srq(void *srq);
void *ibv_create_qp(void *pd, struct qp_init *attr);
int ibv_query_qp(void *qp, struct qp_attr *attr, int mask, struct qp_init *init);
int ibv_modify_qp(void *qp, struct qp_attr *attr, int mask);
int ibv_destroy_qp(void *qp);
void *ibv_create_ah(void *pd, struct ah_attr *attr);
int ibv_destroy_ah(void *ah);
int ibv_attach_mcast(void *qp, void *gid, uint16_t lid);
int ibv_detach_mcast(void *qp, void *gid, uint16_t lid);
int ibv_get_async_event(void *context, void *event);
void ibv_ack_async_event(void *event);
void *ibv_create_comp_channel(void *context);
int ibv_destroy_comp_channel(void *channel);

OLD(ibv_get_device_list);
OLD(ibv_free_device_list);
OLD(ibv_get_device_name);
OLD(ibv_get_device_guid);
OLD(ibv_open_device);
OLD(ibv_close_device);
OLD(ibv_query_device);
OLD(ibv_query_port);
OLD(ibv_query_gid);
OLD(ibv_query_pkey);
OLD(ibv_alloc_pd);
OLD(ibv_dealloc_pd);
OLD(ibv_reg_mr);
OLD(ibv_dereg_mr);
OLD(ibv_create_cq);
OLD(ibv_resize_cq);
OLD(ibv_destroy_cq);
OLD(ibv_get_cq_event);
OLD(ibv_ack_cq_events);
OLD(ibv_create_srq);
OLD(ibv_modify_srq);
OLD(ibv_query_srq);
OLD(ibv_destroy_srq);
OLD(ibv_create_qp);
OLD(ibv_query_qp);
OLD(ibv_modify_qp);
OLD(ibv_destroy_qp);
OLD(ibv_create_ah);
OLD(ibv_destroy_ah);
OLD(ibv_attach_mcast);
OLD(ibv_detach_mcast);
OLD(ibv_get_async_event);
OLD(ibv_ack_async_event);
OLD(ibv_create_comp_channel);
OLD(ibv_destroy_comp_channel);

static void *pointer_at(const void *object, size_t offset)
{
	void *value;

	memcpy(&value, (const char *)object + offset, sizeof(value));
	return value;
}

static uint32_t number_at(const void *object, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const char *)object + offset, sizeof(value));
	return value;
}

/* The calls that were inline functions, by their place in the context's table. */
static int poll_cq(void *cq, struct wc *wc)
{
	int (*call)(void *, int, struct wc *) =
		(int (*)(void *, int, struct wc *))pointer_at(pointer_at(cq, 0), 64);

	return call(cq, 1, wc);
}

static int req_notify(void *cq)
{
	int (*call)(void *, int) = (int (*)(void *, int))pointer_at(pointer_at(cq, 0), 72);

	return call(cq, 0);
}

enum { POST_SRQ_RECV = 136, POST_SEND = 176, POST_RECV = 184 };

static int post(void *queue, size_t slot, struct wr *wr, struct wr **bad)
{
	int (*call)(void *, struct wr *, struct wr **) =
		(int (*)(void *, struct wr *, struct wr **))pointer_at(pointer_at(queue, 0), slot);

	return call(queue, wr, bad);
}

static void expect(void *cq, uint64_t id, struct wc *wc)
{
	int got;

	while (!(got = poll_cq(cq, wc)))
		;
	CHECK(got == 1);
	CHECK(wc->id == id);
	CHECK(!wc->status);
}

/* False over a stock library: its contexts of that version carry no descriptors, for one. */
static int whole;
static void *context, *pd, *channel, *cq, *srq, *mr;
static uint16_t lid;
static uint8_t gid[16];
static char memory[8192] __attribute__((aligned(4096)));

static void open_first(void)
{
	uint8_t attr[256], port[64];
	uint16_t pkey = 0;
	void **list;
	int count = 0;

	list = ibv_get_device_list(&count);
	CHECK(list && count && list[0] && !list[count]);
	CHECK(*ibv_get_device_name(list[0]));
	CHECK(ibv_get_device_guid(list[0]));
	context = ibv_open_device(list[0]);
	CHECK(context);
	CHECK(pointer_at(context, 0) == list[0]);
	CHECK(!ibv_query_device(context, attr));
	memset(port, 0xa5, sizeof(port));
	CHECK(!ibv_query_port(context, 1, port));
	CHECK(number_at(port, 0) == 4); /* active */
	CHECK(!whole || port[48] == 0xa5);
	memcpy(&lid, port + 34, sizeof(lid));
	CHECK(!ibv_query_gid(context, 1, 0, gid));
	CHECK(!ibv_query_pkey(context, 1, 0, &pkey));
	CHECK(pkey == 0xffff);
	ibv_free_device_list(list);
}

static void make_objects(void)
{
	struct srq_init init = {.context = &srq, .max_wr = 16, .max_sge = 1};
	uint32_t srq_attr[3];

	pd = ibv_alloc_pd(context);
	CHECK(pd && pointer_at(pd, 0) == context);
	mr = ibv_reg_mr(pd, memory, sizeof(memory), 7);
	CHECK(mr && pointer_at(mr, 0) == context && pointer_at(mr, 8) == pd);
	CHECK(number_at(mr, 20) && number_at(mr, 24));
	cq = ibv_create_cq(context, 10, &lid, channel, 0);
	CHECK(cq && pointer_at(cq, 0) == context && pointer_at(cq, 8) == &lid);
	CHECK(number_at(cq, 20) >= 10);
	CHECK(!ibv_resize_cq(cq, 100));
	CHECK(!whole || number_at(cq, 20) >= 100);
	srq = ibv_create_srq(pd, &init);
	CHECK(srq && pointer_at(srq, 8) == &srq && pointer_at(srq, 16) == pd);
	CHECK(init.max_wr >= 16);
	CHECK(!ibv_query_srq(srq, srq_attr));
	CHECK(srq_attr[0] >= 16);
	errno = 0;
	CHECK(!ibv_create_cq(context, 0, NULL, NULL, 0) && errno == EINVAL);
}

static void *make_qp(int type, void *with_srq)
{
	struct qp_init init = {
		.context = &pd,
		.send_cq = cq,
		.recv_cq = cq,
		.srq = with_srq,
		.cap = {8, with_srq ? 0 : 8, 1, with_srq ? 0 : 1, 0},
		.type = type,
		.signal_all = 1,
	};
	void *qp = ibv_create_qp(pd, &init);

	CHECK(qp && pointer_at(qp, 0) == context && pointer_at(qp, 8) == &pd);
	CHECK(pointer_at(qp, 24) == cq && pointer_at(qp, 40) == with_srq);
	CHECK(number_at(qp, 52) && !number_at(qp, 56) && number_at(qp, 60) == (uint32_t)type);
	CHECK(init.cap.send_wr >= 8);
	return qp;
}

static void connect_rc(void *qp, uint32_t dest)
{
	struct qp_attr attr = {.state = 1, .port = 1, .access = 7};

	CHECK(!ibv_modify_qp(qp, &attr, 0x39));
	attr = (struct qp_attr){
		.state = 2, .mtu = 3, .dest_qpn = dest, .max_dest_rd = 1, .min_rnr = 12};
	attr.ah.dlid = lid;
	attr.ah.port = 1;
	CHECK(!ibv_modify_qp(qp, &attr, 0x1 | 0x80 | 0x100 | 0x1000 | 0x8000 | 0x20000 | 0x100000));
	attr = (struct qp_attr){.state = 3, .timeout = 14, .retry = 7, .rnr_retry = 7, .max_rd = 1};
	CHECK(!ibv_modify_qp(qp, &attr, 0x1 | 0x200 | 0x400 | 0x800 | 0x2000 | 0x10000));
	CHECK(!whole || number_at(qp, 56) == 3);
}

static void check_query(void *qp, uint32_t dest)
{
	struct qp_attr attr = {.guard = 0xa5a5a5a5};
	struct qp_init init;

	CHECK(!ibv_query_qp(qp, &attr, 1, &init));
	CHECK(attr.state == 3 && attr.dest_qpn == dest);
	CHECK(attr.guard == 0xa5a5a5a5);
	CHECK(init.context == &pd && init.send_cq == cq && init.type == 2);
}

/* The second queue pair receives from the shared queue; the event of it names the old objects. */
static void send_with_event(void *from)
{
	struct sge to = {(uintptr_t)memory + 4096, 64, number_at(mr, 20)};
	struct sge out = {(uintptr_t)memory, 64, number_at(mr, 20)};
	struct wr recv = {.id = 1, .sge = &to, .num_sge = 1};
	struct wr write = {.id = 3, .sge = &out, .num_sge = 1, .remote_addr_or_ah = to.addr + 64};
	struct wr send = {.next = &write, .id = 2, .sge = &out, .num_sge = 1, .opcode = 3};
	struct wr *bad = NULL;
	void *event_cq, *event_context;
	struct wc wc;

	strcpy(memory, "as in 2006");
	write.rkey_or_qpn = number_at(mr, 24);
	send.imm = 0x06200000;
	CHECK(!req_notify(cq));
	CHECK(!post(srq, POST_SRQ_RECV, &recv, &bad));
	CHECK(!post(from, POST_SEND, &send, &bad));
	if (channel) {
		CHECK(!ibv_get_cq_event(channel, &event_cq, &event_context));
		CHECK(event_cq == cq && event_context == &lid);
		ibv_ack_cq_events(cq, 1);
	}
	expect(cq, 1, &wc);
	CHECK(wc.opcode == 128 && wc.byte_len == 64 && wc.imm == 0x06200000);
	expect(cq, 2, &wc);
	expect(cq, 3, &wc);
	CHECK(!strcmp(memory + 4096, "as in 2006"));
	CHECK(!strcmp(memory + 4096 + 64, "as in 2006"));
}

/* What fails is reported as the caller's own request. */
static void one_too_many(void *qp)
{
	struct wr wr[65], *bad = NULL;

	memset(wr, 0, sizeof(wr));
	for (int i = 0; i < 64; i++)
		wr[i].next = &wr[i + 1];
	CHECK(post(qp, POST_RECV, wr, &bad));
	CHECK(bad > wr && bad <= &wr[64]);
}

static void datagram(void)
{
	struct qp_attr attr = {.state = 1, .port = 1, .qkey = 0x11};
	struct ah_attr ah_attr = {.dlid = lid, .port = 1};
	struct sge to = {(uintptr_t)memory + 4096, 140, number_at(mr, 20)};
	struct sge out = {(uintptr_t)memory, 100, number_at(mr, 20)};
	struct wr recv = {.id = 11, .sge = &to, .num_sge = 1};
	struct wr send = {.id = 12, .sge = &out, .num_sge = 1, .opcode = 2, .qkey = 0x11};
	void *qp = make_qp(4, NULL), *ah = ibv_create_ah(pd, &ah_attr);
	struct wc one, two;
	struct wr *bad;

	CHECK(ah && pointer_at(ah, 0) == context && pointer_at(ah, 8) == pd);
	CHECK(!ibv_modify_qp(qp, &attr, 0x1 | 0x10 | 0x20 | 0x40));
	attr.state = 2;
	CHECK(!ibv_modify_qp(qp, &attr, 0x1));
	attr.state = 3;
	CHECK(!ibv_modify_qp(qp, &attr, 0x1 | 0x10000));
	send.remote_addr_or_ah = (uintptr_t)ah;
	send.rkey_or_qpn = number_at(qp, 52);
	CHECK(!post(qp, POST_RECV, &recv, &bad));
	CHECK(!post(qp, POST_SEND, &send, &bad));
	while (!poll_cq(cq, &one))
		;
	while (!poll_cq(cq, &two))
		;
	CHECK(!one.status && !two.status && one.id + two.id == 11 + 12);
	CHECK(!strcmp(memory + 4096 + 40, "as in 2006"));
	one_too_many(qp);
	CHECK(!ibv_destroy_ah(ah));
	CHECK(!ibv_destroy_qp(qp));
}

/* Another pair of eyes on the queue pair's error: an event whose element is the old object. */
static void async_event(void *qp)
{
	struct qp_attr attr = {.state = 6};
	struct pollfd ready = {.fd = (int)number_at(context, 228), .events = POLLIN};
	struct {
		void *element;
		int type;
	} event;

	CHECK(!ibv_modify_qp(qp, &attr, 1));
	CHECK(number_at(qp, 56) == 6);
	CHECK(poll(&ready, 1, 10000) == 1);
	CHECK(!ibv_get_async_event(context, &event));
	CHECK(event.type == 16); /* last WQE reached */
	CHECK(event.element == qp);
	ibv_ack_async_event(&event);
}

int main(int argc, char **argv)
{
	void *one, *two;

	whole = argc < 2 || strcmp(argv[1], "stock");
	open_first();
	if (whole) {
		channel = ibv_create_comp_channel(context);
		CHECK(channel);
	}
	make_objects();
	one = make_qp(2, NULL);
	two = make_qp(2, srq);
	connect_rc(one, number_at(two, 52));
	connect_rc(two, number_at(one, 52));
	check_query(two, number_at(one, 52));
	send_with_event(one);
	datagram();
	if (whole)
		async_event(two);
	CHECK(ibv_dealloc_pd(pd));
	CHECK(!ibv_destroy_qp(one));
	CHECK(!ibv_destroy_qp(two));
	CHECK(!ibv_destroy_srq(srq));
	CHECK(!ibv_destroy_cq(cq));
	if (channel)
		CHECK(!ibv_destroy_comp_channel(channel));
	CHECK(!ibv_dereg_mr(mr));
	CHECK(!ibv_dealloc_pd(pd));
	CHECK(!ibv_close_device(context));
	puts("the old program is content");
	return 0;
}
