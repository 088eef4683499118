/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The transport that only counts what it is asked to do. */
#include "softhca/transport/transport.h"

#include "fakes.h"

struct fake_transport_state fake_transport;

int transport_qp_create(struct qp *qp)
{
	(void)qp;
	return fake_transport.create_rc;
}

void transport_qp_destroy(struct qp *qp)
{
	list_remove(&qp->pending);
}

void transport_qp_modified(struct qp *qp, enum qp_state old, uint32_t mask)
{
	(void)qp;
	fake_transport.modified++;
	fake_transport.last_old = old;
	fake_transport.last_mask = mask;
}

void transport_forget_srq(const struct srq *srq)
{
	fake_transport.forgotten = srq;
}

unsigned int transport_push(struct qp *qp)
{
	fake_transport.pushes++;
	if (fake_transport.on_push)
		fake_transport.on_push(qp);
	return 1;
}

unsigned int transport_flush(struct qp *qp)
{
	(void)qp;
	fake_transport.flushes++;
	return 0;
}

void transport_receive(struct hca *hca, const struct packet *packet, const uint8_t *bytes)
{
	(void)packet;
	(void)bytes;
	fake_transport.received++;
	fake_transport.received_by = hca;
}

void transport_send_acks(struct engine *engine)
{
	(void)engine;
}

void transport_run_timers(struct engine *engine)
{
	engine->next_timer_ns = UINT64_MAX;
}
