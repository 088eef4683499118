/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a work request was not taken; called by providers, from the cold end of their posts. */
#include <inttypes.h>

#include "libibverbs/explain/explain.h"

static uint64_t total_length(const struct ibv_sge *sg_list, int num_sge)
{
	uint64_t length = 0;

	for (int i = 0; i < num_sge; i++)
		length += sg_list[i].length;
	return length;
}

static int explain_request(int err, const char *verb, const struct ibv_qp *qp,
			   const struct ibv_send_wr *wr, const struct ibv_qp_cap *cap)
{
	uint64_t length;

	if (wr->num_sge < 0 || (uint32_t)wr->num_sge > cap->max_send_sge)
		return explain(err, verb, "num_sge %d > max_send_sge %u", wr->num_sge,
			       cap->max_send_sge);
	length = total_length(wr->sg_list, wr->num_sge);
	if (wr->send_flags & IBV_SEND_INLINE && length > cap->max_inline_data)
		return explain(err, verb,
			       "%" PRIu64 " bytes with IBV_SEND_INLINE > max_inline_data %u",
			       length, cap->max_inline_data);
	if (err == EOPNOTSUPP)
		return explain(err, verb, "%s cannot do opcode %d (%s)", qp->context->device->name,
			       (int)wr->opcode, ibv_wr_opcode_str(wr->opcode));
	return explain(err, verb,
		       "opcode %d (%s) with flags %#x and %d elements is no request of %s "
		       "queue pairs",
		       (int)wr->opcode, ibv_wr_opcode_str(wr->opcode), wr->send_flags, wr->num_sge,
		       explain_qp_type(qp->qp_type));
}

int verbs_explain_send(int err, const struct ibv_qp *qp, const struct ibv_send_wr *wr,
		       const struct ibv_qp_cap *cap)
{
	static const char verb[] = "ibv_post_send";

	if (explain_by_provider(err, verb))
		return err;
	if (qp->state < IBV_QPS_RTS)
		return explain(err, verb, "the queue pair is in %s, sends are taken from RTS on",
			       explain_qp_state(qp->state));
	if (err == ENOMEM && !(wr->send_flags & IBV_SEND_INLINE))
		return explain(
			err, verb,
			"the send queue is full: %u requests wait for their completions to be "
			"polled; is every so many of them IBV_SEND_SIGNALED?",
			cap->max_send_wr);
	return explain_request(err, verb, qp, wr, cap);
}

int verbs_explain_recv(int err, const char *verb, const struct ibv_qp *qp,
		       const struct ibv_recv_wr *wr, uint32_t max_wr, uint32_t max_sge)
{
	if (explain_by_provider(err, verb))
		return err;
	if (wr->num_sge < 0 || (uint32_t)wr->num_sge > max_sge)
		return explain(err, verb, "num_sge %d > limit %u", wr->num_sge, max_sge);
	if (qp && qp->state == IBV_QPS_RESET)
		return explain(err, verb,
			       "the queue pair is in RESET, receives are taken from INIT on");
	if (err == ENOMEM)
		return explain(err, verb, "the receive queue is full: %u receives are posted",
			       max_wr);
	return explain_errno(err, verb, NULL);
}
