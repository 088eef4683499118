/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Work requests in queues. An input is type and position of the queue pair, its doorbell records
 * and the content of its queues; whatever the decoders make of them lies inside the queue.
 */
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "supply.h"
#include "target.h"

/* As the rig makes them; the rest of it, which is large, no decoder changes. */
static struct qp new_qp;
static struct srq new_srq;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	rig_reset(NULL);
	new_qp = rig.qp;
	new_srq = rig.srq;
	return 0;
}

static void begin(void)
{
	rig.qp = new_qp;
	rig.srq = new_srq;
	memset(rig.queue, 0, sizeof(rig.queue));
	memset(rig.srq_queue, 0, sizeof(rig.srq_queue));
	memset(rig.qp_record, 0, sizeof(rig.qp_record));
	memset(rig.srq_record, 0, sizeof(rig.srq_record));
}

static void take(struct supply *supply, uint8_t *to, size_t length)
{
	length = length < supply->left ? length : supply->left;
	memcpy(to, supply->bytes, length);
	supply->bytes += length;
	supply->left -= length;
}

static void expect(bool condition)
{
	if (!condition)
		abort();
}

static void check_send(const struct send_request *request)
{
	const uint8_t *start = rig.queue + RIG_RQ_BYTES, *end = rig.queue + sizeof(rig.queue);
	uint64_t sum = 0;

	expect(request->num_sge <= REQUEST_MAX_SGE);
	for (unsigned int i = 0; i < request->num_sge; i++) {
		const struct sge *sge = &request->sge[i];
		const uint8_t *data = sge->inline_data;

		sum += sge->length;
		expect(!data ||
		       (data >= start && data <= end && sge->length <= (size_t)(end - data)));
	}
	expect(sum == request->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum qp_type types[] = {QP_TYPE_RC, QP_TYPE_UC, QP_TYPE_UD,
					     QP_TYPE_RAW_PACKET};
	static struct send_request request;
	static struct recv_request receive;
	struct supply supply = {.bytes = data, .left = size};
	uint32_t index;

	begin();
	rig.qp.type = types[supply_draw(&supply, 4)];
	rig.engine.strict = supply_draw(&supply, 2);
	index = supply_draw(&supply, 1 << 24);
	rig.qp.sq_consumer = index - supply_draw(&supply, RIG_SQ_UNITS);
	take(&supply, rig.qp_record, sizeof(rig.qp_record));
	take(&supply, rig.srq_record, sizeof(rig.srq_record));
	/* The request at the index first, for the rest is seldom there. */
	take(&supply, rig.queue + RIG_RQ_BYTES + index % RIG_SQ_UNITS * 64, 64);
	take(&supply, rig.srq_queue, sizeof(rig.srq_queue));
	take(&supply, rig.queue, RIG_RQ_BYTES);
	if (!softhca_mlx5_family.send_decode(&rig.qp, index, &request))
		check_send(&request);
	expect(request.units >= 1 && request.units <= RIG_SQ_UNITS);
	softhca_mlx5_family.recv_decode(&rig.qp, index, &receive);
	for (unsigned int i = 0; i < 2 * RIG_SRQ_COUNT; i++) {
		softhca_mlx5_family.srq_take(&rig.srq, &receive);
		expect(rig.srq.next < RIG_SRQ_COUNT);
	}
	return 0;
}
