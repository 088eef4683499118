/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rig.h"

#include <string.h>

struct rig rig;

int rig_reset(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.engine.strict = true;
	rig.hca.engine = &rig.engine;
	rig.adapter.port_type = FABRIC_PORT_IB;
	rig.hca.shared = &rig.adapter;
	rig.hca.family = &softhca_mlx5_family;
	rig.hca.mrs = rig.keys;
	rig.window.kind = KEY_WINDOW_1;
	rig.window.key = RIG_WINDOW;
	rig.keys[RIG_WINDOW >> 8] = &rig.window;
	rig.qp.hca = &rig.hca;
	rig.qp.qpn = RIG_QPN;
	rig.qp.type = QP_TYPE_RC;
	rig.qp.memory = (struct queue_memory){.linear = rig.queue, .size = sizeof(rig.queue)};
	rig.qp.doorbell_record = rig.qp_record;
	rig.qp.sq_offset = RIG_RQ_BYTES;
	rig.qp.sq_units = RIG_SQ_UNITS;
	rig.qp.rq_count = RIG_RQ_COUNT;
	rig.qp.rq_log_stride = RIG_LOG_STRIDE;
	rig.qp.user_index = 0x00abcd;
	rig.qp.srq = &rig.srq;
	rig.cq.hca = &rig.hca;
	rig.cq.memory = (struct queue_memory){.linear = rig.cqes, .size = sizeof(rig.cqes)};
	rig.cq.doorbell_record = rig.cq_record;
	rig.cq.cqe_count = RIG_CQES;
	rig.cq.cqe_size = 64;
	rig.srq.hca = &rig.hca;
	rig.srq.srqn = 0x000777;
	rig.srq.memory =
		(struct queue_memory){.linear = rig.srq_queue, .size = sizeof(rig.srq_queue)};
	rig.srq.doorbell_record = rig.srq_record;
	rig.srq.wqe_count = RIG_SRQ_COUNT;
	rig.srq.log_stride = RIG_LOG_STRIDE;
	return 0;
}

void rig_put(unsigned int slot, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		rig.queue[RIG_RQ_BYTES + (slot * 64 + i) % (RIG_SQ_UNITS * 64)] = bytes[i];
}

void rig_ring(uint16_t counter)
{
	rig.qp_record[6] = (uint8_t)(counter >> 8);
	rig.qp_record[7] = (uint8_t)counter;
}
