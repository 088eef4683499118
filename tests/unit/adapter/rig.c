/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rig rig;

enum { RQ_STRIDE = 64, SQ_OFFSET = RIG_RQ_COUNT * RQ_STRIDE, CQE_BYTES = 64 };

/* ---- the front end ---- */

static void on_cq_event(struct cq *cq)
{
	(void)cq;
	rig.events++;
}

static void on_async_event(struct hca *hca, enum async_event_type type,
			   enum async_event_scope scope, void *object)
{
	(void)hca;
	(void)type;
	(void)scope;
	(void)object;
	rig.events++;
}

static const struct front_ops front = {.cq_event = on_cq_event, .async_event = on_async_event};

static const struct hca_limits limits = {
	.max_qp = 32768,
	.max_cq = 65536,
	.max_srq = 32768,
	.max_mr = 131072,
	.max_pd = 32768,
	.max_qp_wr = 32768,
	.max_sge = 30,
	.max_cqe = 4194303,
	.max_srq_wr = 32767,
	.max_srq_sge = 31,
	.max_inline = 512,
	.max_rd_atomic = 16,
	.max_init_rd_atomic = 16,
	.max_mcast_grp = 1024,
	.max_mcast_qp_attach = 64,
	.max_mr_size = 1ull << 36,
};

void rig_open(void)
{
	struct fabric_options options = {.host = 1, .family = "mlx5", .port_type = FABRIC_PORT_IB};
	char reason[512] = "", name[48];

	memset(&rig, 0, sizeof(rig));
	snprintf(name, sizeof(name), "unit-test-adapter-%d", (int)getpid());
	options.name = name;
	if (fabric_join(&options, &rig.fabric, reason, sizeof(reason)))
		fail_msg("join: %s", reason);
	assert_int_equal(engine_create(rig.fabric, &rig.engine), 0);
	rig.memory = aligned_alloc(RIG_PAGE, RIG_MEMORY);
	assert_non_null(rig.memory);
	memset(rig.memory, 0, RIG_MEMORY);
}

void rig_close(void)
{
	engine_destroy(rig.engine);
	fabric_leave(rig.fabric);
	free(rig.memory);
}

static uint8_t *place(void *arg, uint64_t address, bool writing, uint64_t *together)
{
	(void)writing;
	if (address >= RIG_MEMORY)
		return NULL;
	*together = RIG_PAGE - address % RIG_PAGE;
	return (uint8_t *)arg + address;
}

void rig_power_on(void)
{
	struct mr_params params = {.length = MR_WHOLE_SPACE,
				   .access = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE |
					     ACCESS_REMOTE_READ,
				   .place = place,
				   .place_arg = rig.memory,
				   .key_byte = 0x42};

	assert_int_equal(hca_open(rig.engine, &softhca_mlx5_family, &front, &limits, &rig.hca), 0);
	assert_int_equal(pd_create(rig.hca, &rig.pd), 0);
	assert_int_equal(mr_create(rig.pd, &params, &rig.mr), 0);
}

void rig_reset(void)
{
	hca_close(rig.hca);
	rig.hca = NULL;
}

/* ---- objects ---- */

static uint8_t *make_page(void)
{
	uint8_t *page = aligned_alloc(RIG_PAGE, RIG_PAGE);

	assert_non_null(page);
	memset(page, 0, RIG_PAGE);
	return page;
}

static struct queue_memory in_pages(uint8_t *const *pages)
{
	return (struct queue_memory){.pages = pages, .log_page_size = 12, .size = RIG_PAGE};
}

void guest_cq_make(struct guest_cq *cq, uint32_t cqe_count)
{
	struct cq_params params = {.cqe_count = cqe_count, .cqe_size = CQE_BYTES};

	memset(cq, 0, sizeof(*cq));
	cq->pages[0] = make_page();
	params.memory = in_pages(cq->pages);
	params.doorbell_record = cq->record;
	params.has_channel = true;
	assert_int_equal(cq_create(rig.hca, &params, &cq->cq), 0);
}

void guest_cq_forget(struct guest_cq *cq)
{
	free(cq->pages[0]);
}

void guest_qp_make(struct guest_qp *qp, enum qp_type type, struct cq *cq, struct srq *srq)
{
	struct qp_params params = {
		.type = type,
		.pd = rig.pd,
		.send_cq = cq,
		.recv_cq = cq,
		.srq = srq,
		.sq_offset = SQ_OFFSET,
		.sq_units = RIG_SQ_UNITS,
		.rq_count = srq ? 0 : RIG_RQ_COUNT,
		.rq_log_stride = 6,
		.max_send_wr = RIG_SQ_UNITS,
		.max_recv_wr = srq ? 0 : RIG_RQ_COUNT,
		.max_send_sge = 1,
		.max_recv_sge = 1,
		.user_index = MLX5_NO_USER_INDEX,
	};

	memset(qp, 0, sizeof(*qp));
	qp->pages[0] = make_page();
	params.memory = in_pages(qp->pages);
	params.doorbell_record = qp->record;
	assert_int_equal(qp_create(rig.hca, &params, &qp->qp), 0);
}

void guest_qp_forget(struct guest_qp *qp)
{
	free(qp->pages[0]);
}

static void step(struct guest_qp *qp, struct qp_attr *attr, enum qp_state state, uint32_t mask)
{
	attr->state = state;
	assert_int_equal(qp_modify(qp->qp, attr, mask | QP_STATE), 0);
}

void guest_qp_bring_to(struct guest_qp *qp, enum qp_state state, uint16_t dlid, uint32_t dest_qpn)
{
	struct qp_attr attr = {
		.path_mtu = 1,
		.qkey = 0x1234,
		.dest_qpn = dest_qpn,
		.access = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ,
		.path = {.dlid = dlid, .port = 1},
		.max_rd_atomic = 4,
		.max_dest_rd_atomic = 4,
		.min_rnr_timer = 31,
		.port = 1,
		.timeout = 20,
		.retry_count = 7,
		.rnr_retry = 7,
		.sqd_async_notify = true,
	};
	bool ud = qp_type_is_datagram(qp->qp->type), rc = qp->qp->type == QP_TYPE_RC;

	if (state == QP_RESET)
		return;
	step(qp, &attr, QP_INIT, QP_PKEY_INDEX | QP_PORT | (ud ? QP_QKEY : QP_ACCESS_FLAGS));
	if (state >= QP_RTR)
		step(qp, &attr, QP_RTR,
		     (ud ? 0 : QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN) |
			     (rc ? QP_MAX_DEST_RD_ATOMIC | QP_MIN_RNR_TIMER : 0));
	if (state >= QP_RTS)
		step(qp, &attr, QP_RTS,
		     QP_SQ_PSN |
			     (rc ? QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY | QP_MAX_QP_RD_ATOMIC
				 : 0));
	if (state == QP_SQD)
		step(qp, &attr, QP_SQD, QP_EN_SQD_ASYNC_NOTIFY);
	else if (state == QP_ERR)
		step(qp, &attr, QP_ERR, 0);
}

/* ---- requests ---- */

enum { READ = 0x10, SEND = 0x0a, SIGNALED = 8 };

static void put_dword(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint8_t *begin(struct guest_qp *qp, uint8_t opcode, uint32_t ds)
{
	uint8_t *wqe = qp->pages[0] + SQ_OFFSET + qp->posted % RIG_SQ_UNITS * 64u;

	memset(wqe, 0, 64);
	put_dword(wqe, (uint32_t)qp->posted << 8 | opcode);
	put_dword(wqe + 4, qp->qp->qpn << 8 | ds);
	wqe[11] = SIGNALED;
	return wqe + 16;
}

static void put_address(uint8_t *to, uint64_t address)
{
	put_dword(to, (uint32_t)(address >> 32));
	put_dword(to + 4, (uint32_t)address);
}

static void put_pointer(uint8_t *to, uint64_t address, uint32_t length)
{
	put_dword(to, length);
	put_dword(to + 4, rig.mr->key);
	put_address(to + 8, address);
}

static void finish(struct guest_qp *qp, unsigned int units)
{
	qp->posted = (uint16_t)(qp->posted + units);
	put_dword(qp->record + 4, qp->posted);
}

/* A datagram goes to itself. */
void guest_post_send(struct guest_qp *qp, uint64_t address, uint32_t length)
{
	bool ud = qp_type_is_datagram(qp->qp->type);
	uint8_t *next = begin(qp, SEND, ud ? 3 : 2);

	if (ud) {
		put_dword(next, qp->qp->attr.qkey);
		put_dword(next + 8, qp->qp->qpn);
		put_dword(next + 12, rig.hca->shared->lid);
		next += 16;
	}
	put_pointer(next, address, length);
	finish(qp, 1);
}

void guest_post_read(struct guest_qp *qp, uint64_t address, uint32_t length)
{
	uint8_t *next = begin(qp, READ, 3);

	put_address(next, address);
	put_dword(next + 8, rig.mr->key);
	put_pointer(next + 16, RIG_MEMORY / 2, length);
	finish(qp, 1);
}

void guest_post_nonsense(struct guest_qp *qp)
{
	begin(qp, 0xee, 1);
	finish(qp, 1);
}

void guest_post_recv(struct guest_qp *qp, uint64_t address, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		uint8_t *wqe = qp->pages[0] + i * RQ_STRIDE;

		put_pointer(wqe, address + i * 4096, 4096);
		put_dword(wqe + 16 + 4, 0x100);
	}
	put_dword(qp->record, count);
}
