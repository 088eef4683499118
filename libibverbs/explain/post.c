/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a work request was not taken; called by providers, from the cold end of their posts. There
 * are programs that post until the queue is full, so here nothing is put in words before somebody
 * asks.
 */
#include <inttypes.h>

#include "libibverbs/explain/explain.h"

static uint64_t total_length(const struct ibv_sge *sg_list, int num_sge)
{
	uint64_t length = 0;

	for (int i = 0; i < num_sge; i++)
		length += sg_list[i].length;
	return length;
}

/* The list is the program's and may be gone when it asks; only inline data are measured. */
int verbs_explain_send(int err, const struct ibv_qp *qp, const struct ibv_send_wr *wr,
		       const struct ibv_qp_cap *cap)
{
	bool is_measured = wr->send_flags & IBV_SEND_INLINE && wr->num_sge > 0 &&
			   (uint32_t)wr->num_sge <= cap->max_send_sge;

	*explain_post_later(err) = (struct explain_post){
		.verb = "ibv_post_send",
		.err = err,
		.kind = EXPLAIN_SEND,
		.cap = *cap,
		.qp_type = qp->qp_type,
		.state = qp->state,
		.opcode = wr->opcode,
		.send_flags = wr->send_flags,
		.num_sge = wr->num_sge,
		.inline_length = is_measured ? total_length(wr->sg_list, wr->num_sge) : 0,
	};
	return err;
}

int verbs_explain_recv(int err, const char *verb, const struct ibv_qp *qp,
		       const struct ibv_recv_wr *wr, uint32_t max_wr, uint32_t max_sge)
{
	*explain_post_later(err) = (struct explain_post){
		.verb = verb,
		.err = err,
		.cap = {.max_recv_wr = max_wr, .max_recv_sge = max_sge},
		.state = qp ? qp->state : IBV_QPS_INIT,
		.num_sge = wr->num_sge,
	};
	return err;
}

int verbs_explain_ops(int err, const struct ibv_ops_wr *wr, uint32_t max_tags, uint32_t max_ops)
{
	*explain_post_later(err) = (struct explain_post){
		.verb = "ibv_post_srq_ops",
		.err = err,
		.kind = EXPLAIN_OPS,
		.cap = {.max_send_wr = max_ops},
		.num_sge = wr->opcode == IBV_WR_TAG_ADD ? wr->tm.add.num_sge : 0,
		.change = (int)wr->opcode,
		.handle = wr->tm.handle,
		.max_tags = max_tags,
	};
	return err;
}

static void explain_request(const struct explain_post *post)
{
	if (post->err == EOPNOTSUPP)
		explain(post->err, post->verb, "the device cannot do opcode %d (%s)",
			(int)post->opcode, ibv_wr_opcode_str(post->opcode));
	else
		explain(post->err, post->verb,
			"opcode %d (%s) with flags %#x and %d elements is no request of %s queue "
			"pairs",
			(int)post->opcode, ibv_wr_opcode_str(post->opcode), post->send_flags,
			post->num_sge, explain_qp_type(post->qp_type));
}

static void explain_send(const struct explain_post *post)
{
	if (post->state < IBV_QPS_RTS)
		explain(post->err, post->verb,
			"the queue pair is in %s, sends are taken from RTS on",
			explain_qp_state(post->state));
	else if (post->num_sge < 0 || (uint32_t)post->num_sge > post->cap.max_send_sge)
		explain(post->err, post->verb, "num_sge %d > max_send_sge %u", post->num_sge,
			post->cap.max_send_sge);
	else if (post->inline_length > post->cap.max_inline_data)
		explain(post->err, post->verb,
			"%" PRIu64 " bytes with IBV_SEND_INLINE > max_inline_data %u",
			post->inline_length, post->cap.max_inline_data);
	else if (post->err == ENOMEM)
		explain(post->err, post->verb,
			"the send queue is full: %u requests wait for their completions to be "
			"polled; is every so many of them IBV_SEND_SIGNALED?",
			post->cap.max_send_wr);
	else
		explain_request(post);
}

static void explain_recv(const struct explain_post *post)
{
	if (post->num_sge < 0 || (uint32_t)post->num_sge > post->cap.max_recv_sge)
		explain(post->err, post->verb, "num_sge %d > limit %u", post->num_sge,
			post->cap.max_recv_sge);
	else if (post->state == IBV_QPS_RESET)
		explain(post->err, post->verb,
			"the queue pair is in RESET, receives are taken from INIT on");
	else if (post->err == ENOMEM)
		explain(post->err, post->verb, "the receive queue is full: %u receives are posted",
			post->cap.max_recv_wr);
	else
		explain_errno(post->err, post->verb, NULL);
}

static void explain_ops(const struct explain_post *post)
{
	if (!post->max_tags)
		explain(post->err, post->verb, "the shared receive queue is not of IBV_SRQT_TM");
	else if (post->err == ENOMEM)
		explain(post->err, post->verb,
			"the list has no room (%u tags), or %u operations wait for their "
			"completions to be polled; is every so many of them IBV_OPS_SIGNALED?",
			post->max_tags, post->cap.max_send_wr);
	else if (post->change == IBV_WR_TAG_DEL)
		explain(post->err, post->verb, "handle %u is not that of a tag", post->handle);
	else if (post->change == IBV_WR_TAG_ADD)
		explain(post->err, post->verb, "num_sge %d is not the 0 or 1 that a tag has",
			post->num_sge);
	else
		explain(post->err, post->verb, "opcode %d is unknown", post->change);
}

void explain_post(const struct explain_post *post)
{
	switch (post->kind) {
	case EXPLAIN_SEND:
		explain_send(post);
		break;
	case EXPLAIN_RECV:
		explain_recv(post);
		break;
	case EXPLAIN_OPS:
		explain_ops(post);
		break;
	}
}
