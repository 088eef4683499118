/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The state machine of queue pairs (IBTA vol. 1, 10.3.1) with the attributes that each transition
 * requires and allows (11.2.5.2). Only what is certain is refused here: the types and transports
 * that the specification covers, attributes that it knows, and states that cannot have changed
 * behind our back.
 */
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

/* Short names: the states, and the attributes as the table groups them. */
enum {
	RESET = IBV_QPS_RESET,
	INIT = IBV_QPS_INIT,
	RTR = IBV_QPS_RTR,
	RTS = IBV_QPS_RTS,
	SQD = IBV_QPS_SQD,
	SQE = IBV_QPS_SQE,
};

enum {
	ACCESS = IBV_QP_ACCESS_FLAGS,
	PKEY = IBV_QP_PKEY_INDEX,
	PORT = IBV_QP_PORT,
	QKEY = IBV_QP_QKEY,
	ALT = IBV_QP_ALT_PATH,
	MIG = IBV_QP_PATH_MIG_STATE,
	RNR = IBV_QP_MIN_RNR_TIMER,
	AV = IBV_QP_AV,
	SQ_PSN = IBV_QP_SQ_PSN,
	NOTIFY = IBV_QP_EN_SQD_ASYNC_NOTIFY,
	/* The way to the peer, and where its packets start. */
	PEER = IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN,
	RESPONDER = IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER,
	REQUESTER = IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC,
	/* All of these; any other bit is the kernel's to judge. */
	CERTAIN = ACCESS | PKEY | PORT | QKEY | ALT | MIG | PEER | RESPONDER | REQUESTER | SQ_PSN |
		  NOTIFY,
};

enum column { COLUMN_RC, COLUMN_UC, COLUMN_UD, COLUMNS };

struct attributes {
	int required;
	int allowed; /* besides the required ones */
};

struct transition {
	int from, to; /* enum ibv_qp_state */
	struct attributes of[COLUMNS];
};

/* Three columns a transition: RC, UC, UD. Formatted by hand to stay a table. */
/* clang-format off */
static const struct transition transitions[] = {
	{RESET, INIT, {{PKEY | PORT | ACCESS, 0},
		       {PKEY | PORT | ACCESS, 0},
		       {PKEY | PORT | QKEY, 0}}},
	{INIT, INIT, {{0, PKEY | PORT | ACCESS},
		      {0, PKEY | PORT | ACCESS},
		      {0, PKEY | PORT | QKEY}}},
	{INIT, RTR, {{PEER | RESPONDER, ALT | ACCESS | PKEY},
		     {PEER, ALT | ACCESS | PKEY},
		     {0, PKEY | QKEY}}},
	{RTR, RTS, {{REQUESTER | SQ_PSN, ALT | ACCESS | RNR | MIG},
		    {SQ_PSN, ALT | ACCESS | MIG},
		    {SQ_PSN, QKEY}}},
	{RTS, RTS, {{0, ALT | ACCESS | RNR | MIG},
		    {0, ALT | ACCESS | MIG},
		    {0, QKEY}}},
	{RTS, SQD, {{0, NOTIFY},
		    {0, NOTIFY},
		    {0, NOTIFY}}},
	{SQD, RTS, {{0, ALT | ACCESS | RNR | MIG},
		    {0, ALT | ACCESS | MIG},
		    {0, QKEY}}},
	{SQD, SQD, {{0, PORT | AV | REQUESTER | RESPONDER | ALT | ACCESS | PKEY | MIG},
		    {0, AV | ALT | ACCESS | PKEY | MIG},
		    {0, PKEY | QKEY}}},
	{SQE, RTS, {{0, ACCESS},
		    {0, ACCESS},
		    {0, QKEY}}},
};
/* clang-format on */

static const struct transition *find_transition(int from, int to)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++)
		if (transitions[i].from == from && transitions[i].to == to)
			return &transitions[i];
	return NULL;
}

/*
 * iWARP queues have their own, smaller set, and raw and XRC ones are made of other parts. A queue
 * that several processes share can be in any state.
 */
static bool column_of(const struct ibv_qp *qp, enum column *column)
{
	if (qp->context->device->transport_type != IBV_TRANSPORT_IB)
		return false;
	switch (qp->qp_type) {
	case IBV_QPT_RC:
		*column = COLUMN_RC;
		return true;
	case IBV_QPT_UC:
		*column = COLUMN_UC;
		return true;
	case IBV_QPT_UD:
		*column = COLUMN_UD;
		return true;
	default:
		return false;
	}
}

static int check_values(const struct ibv_qp_attr *attr, int mask)
{
	if (mask & IBV_QP_STATE && (unsigned int)attr->qp_state > IBV_QPS_ERR)
		return EINVAL;
	if (mask & IBV_QP_CUR_STATE && (unsigned int)attr->cur_qp_state > IBV_QPS_ERR)
		return EINVAL;
	if (mask & PORT && !attr->port_num)
		return EINVAL;
	if (mask & IBV_QP_PATH_MTU &&
	    (attr->path_mtu < IBV_MTU_256 || attr->path_mtu > IBV_MTU_4096))
		return EINVAL;
	if (mask & MIG && (unsigned int)attr->path_mig_state > IBV_MIG_ARMED)
		return EINVAL;
	return 0;
}

int qp_transition_check(struct ibv_qp *qp, const struct ibv_qp_attr *attr, int attr_mask)
{
	enum ibv_qp_state from = attr_mask & IBV_QP_CUR_STATE ? attr->cur_qp_state : qp->state;
	enum ibv_qp_state to = attr_mask & IBV_QP_STATE ? attr->qp_state : from;
	const struct transition *transition;
	const struct attributes *wanted;
	enum column column;
	int certain;

	if (!column_of(qp, &column))
		return 0;
	if (check_values(attr, attr_mask))
		return explain_modify(EINVAL, qp, attr, attr_mask);
	/* Every state leads to these two, and an unknown one is not ours to judge. */
	if (to == IBV_QPS_RESET || to == IBV_QPS_ERR || from == IBV_QPS_UNKNOWN)
		return 0;
	transition = find_transition(from, to);
	if (!transition)
		return explain_transition(qp, from, to, attr_mask, -1, 0);
	wanted = &transition->of[column];
	certain = attr_mask & CERTAIN;
	if (wanted->required & ~attr_mask || certain & ~(wanted->required | wanted->allowed))
		return explain_transition(qp, from, to, certain, wanted->required, wanted->allowed);
	return 0;
}
