/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fake family and front end, and worlds made of all the fakes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "fakes.h"

/* ---- family ---- */

static int accept_cq(const struct cq_params *params)
{
	return params->cqe_count ? 0 : EINVAL;
}

static int accept_srq(const struct srq_params *params)
{
	return params->wqe_count ? 0 : EINVAL;
}

static int accept_qp(const struct qp_params *params)
{
	return params->sq_units == 3 ? EINVAL : 0;
}

static int write_cqe(struct cq *cq, const struct qp *qp, const struct completion *completion)
{
	const struct fake_cq_record *record = cq->doorbell_record;

	(void)qp;
	(void)completion;
	if (cq->producer - record->consumer == cq->cqe_count)
		return EOVERFLOW;
	cq->producer++;
	return 0;
}

static int write_resize(struct cq *cq)
{
	return write_cqe(cq, NULL, NULL);
}

static void disarm(struct cq *cq)
{
	struct fake_cq_record *record = cq->doorbell_record;

	record->token = UINT32_MAX;
}

static struct cq_arm read_arm(const struct cq *cq)
{
	const struct fake_cq_record *record = cq->doorbell_record;

	return (struct cq_arm){record->token, record->solicited_only};
}

static uint32_t unpolled(const struct cq *cq)
{
	const struct fake_cq_record *record = cq->doorbell_record;

	return cq->producer - record->consumer;
}

static uint32_t srq_posted(const struct srq *srq)
{
	const struct fake_srq_record *record = srq->doorbell_record;

	return record->posted - srq->taken;
}

static int take_from_srq(struct srq *srq, struct recv_request *request)
{
	const struct fake_srq_record *record = srq->doorbell_record;

	if (!srq_posted(srq))
		return ENOENT;
	request->index = srq->taken++;
	if (!record->corrupt)
		return 0;
	srq->error = true;
	return EINVAL;
}

const struct family_ops fake_family = {
	.name = "fake",
	.cq_check = accept_cq,
	.srq_check = accept_srq,
	.qp_check = accept_qp,
	.srq_take = take_from_srq,
	.srq_posted = srq_posted,
	.cqe_write = write_cqe,
	.cqe_write_resize = write_resize,
	.cq_disarm = disarm,
	.cq_arm = read_arm,
	.cq_unpolled = unpolled,
};

/* ---- front end ---- */

struct fake_front_state fake_front;

static void on_cq_event(struct cq *cq)
{
	fake_front.cq_events++;
	fake_front.last_cq = cq;
}

static void on_async_event(struct hca *hca, enum async_event_type type,
			   enum async_event_scope scope, void *object)
{
	(void)hca;
	assert_true(fake_front.num_events < 16);
	fake_front.events[fake_front.num_events++] = (struct fake_event){type, scope, object};
}

const struct front_ops fake_front_ops = {
	.cq_event = on_cq_event,
	.async_event = on_async_event,
};

unsigned int fake_count_events(enum async_event_type type)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < fake_front.num_events; i++)
		count += fake_front.events[i].type == type;
	return count;
}

/* ---- worlds ---- */

const struct hca_limits fake_limits = {
	.max_qp = 64,
	.max_cq = 4,
	.max_srq = 2,
	.max_mr = 8,
	.max_mw = 8,
	.max_pd = 3,
	.max_qp_wr = 128,
	.max_sge = 4,
	.max_cqe = 255,
	.max_srq_wr = 64,
	.max_srq_sge = 4,
	.max_inline = 100,
	.max_rd_atomic = 16,
	.max_init_rd_atomic = 8,
	.max_mr_size = 1ull << 40,
};

void world_create(struct world *world)
{
	memset(&fake_transport, 0, sizeof(fake_transport));
	memset(&fake_front, 0, sizeof(fake_front));
	world->fabric = fake_fabric_create();
	assert_int_equal(engine_create(world->fabric, &world->engine), 0);
	assert_int_equal(
		hca_open(world->engine, &fake_family, &fake_front_ops, &fake_limits, &world->hca),
		0);
}

void world_destroy(struct world *world)
{
	hca_close(world->hca);
	engine_destroy(world->engine);
	fake_fabric_destroy(world->fabric);
}

struct pd *make_pd(struct world *world)
{
	struct pd *pd;

	assert_int_equal(pd_create(world->hca, &pd), 0);
	return pd;
}

struct cq *make_cq(struct world *world, uint32_t cqe_count, struct fake_cq_record *record)
{
	struct cq_params params = {
		.doorbell_record = record,
		.cqe_count = cqe_count,
		.has_channel = true,
	};
	struct cq *cq;

	assert_int_equal(cq_create(world->hca, &params, &cq), 0);
	return cq;
}

struct qp *make_qp(struct world *world, struct pd *pd, struct cq *cq, struct srq *srq,
		   enum qp_type type)
{
	struct qp_params params = {
		.type = type,
		.pd = pd,
		.send_cq = cq,
		.recv_cq = cq,
		.srq = srq,
	};
	struct qp *qp;

	assert_int_equal(qp_create(world->hca, &params, &qp), 0);
	return qp;
}

static void step(struct qp *qp, enum qp_state state, uint32_t mask, struct qp_attr *attr)
{
	attr->state = state;
	assert_int_equal(qp_modify(qp, attr, mask | QP_STATE), 0);
}

void bring_to(struct qp *qp, enum qp_state state, uint16_t dlid, uint32_t dest_qpn)
{
	struct qp_attr attr = {
		.port = 1,
		.path = {.port = 1, .dlid = dlid},
		.path_mtu = 3,
		.dest_qpn = dest_qpn,
		.access = ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC,
		.max_rd_atomic = 1,
		.max_dest_rd_atomic = 1,
	};
	bool ud = qp_type_is_datagram(qp->type), rc = qp->type == QP_TYPE_RC;

	if (state >= QP_INIT)
		step(qp, QP_INIT, QP_PKEY_INDEX | QP_PORT | (ud ? QP_QKEY : QP_ACCESS_FLAGS),
		     &attr);
	if (state >= QP_RTR)
		step(qp, QP_RTR,
		     ud ? 0
			: (QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN |
			   (rc ? QP_MAX_DEST_RD_ATOMIC | QP_MIN_RNR_TIMER : 0)),
		     &attr);
	if (state >= QP_RTS)
		step(qp, QP_RTS,
		     QP_SQ_PSN |
			     (rc ? QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY | QP_MAX_QP_RD_ATOMIC
				 : 0),
		     &attr);
	if (state > QP_RTS)
		step(qp, state, 0, &attr);
}
