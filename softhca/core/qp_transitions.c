/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which attributes a queue pair needs and takes in each transition: IBTA vol. 1, 11.2.5.2, table of
 * "QP State Transition Properties", without the rows of RD, and annex A14 for the halves of an
 * extended reliable connection. Error and reset can be entered from anywhere, with no attribute.
 * Dynamic connections take what the programs that use them give, and their targets go as far as RTR
 * and not back. The management queue pairs are datagram ones that belong to a port from the
 * start and need not be told which. Raw packets, which are not the specification's, go by a port
 * and need nothing else. One for UMR goes from state to state and has no attributes.
 */
#include "softhca/core/internal.h"

enum { TYPES = 10 };

struct transition {
	enum qp_state from, to;
	struct {
		uint32_t required, optional;
		/* RC, UC, UD, management, XRC sending and receiving, DC initiator and target,
		 * raw packet, UMR */
	} attributes[TYPES];
};

/* A transition that there is not asks for what nobody has. */
#define NONE	       UINT32_MAX

#define INIT_CONNECTED (QP_PKEY_INDEX | QP_PORT | QP_ACCESS_FLAGS)
#define INIT_DATAGRAM  (QP_PKEY_INDEX | QP_PORT | QP_QKEY)
#define PARTITION      (QP_PKEY_INDEX | QP_QKEY)
#define PATH_UC	       (QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN)
#define PATH_RC	       (PATH_UC | QP_MAX_DEST_RD_ATOMIC | QP_MIN_RNR_TIMER)
#define RETRIES	       (QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY)
#define RUNNING_UC     (QP_CUR_STATE | QP_ACCESS_FLAGS | QP_ALT_PATH | QP_PATH_MIG_STATE)
#define RUNNING_RC     (RUNNING_UC | QP_MIN_RNR_TIMER)
#define RUNNING_UD     (QP_CUR_STATE | QP_QKEY)
#define DRAINED_UC     (QP_AV | QP_ACCESS_FLAGS | QP_PKEY_INDEX | QP_ALT_PATH | QP_PATH_MIG_STATE)
#define DRAINED_SEND   (DRAINED_UC | QP_PORT | RETRIES | QP_MAX_QP_RD_ATOMIC)
#define DRAINED_RECV   (DRAINED_UC | QP_PORT | QP_TIMEOUT | QP_MIN_RNR_TIMER | QP_MAX_DEST_RD_ATOMIC)
#define DRAINED_RC     (DRAINED_SEND | DRAINED_RECV)
#define START_SEND     (RETRIES | QP_SQ_PSN | QP_MAX_QP_RD_ATOMIC)
#define PATH_RUNNING   (QP_ALT_PATH | QP_ACCESS_FLAGS | QP_PKEY_INDEX)
/* What a half has no use for, yet programs have been seen to give it (perftest). */
#define UNUSED_SEND    (QP_MAX_DEST_RD_ATOMIC | QP_MIN_RNR_TIMER)
#define UNUSED_RECV    (QP_RETRY_CNT | QP_RNR_RETRY | QP_MAX_QP_RD_ATOMIC)

static const struct transition transitions[] = {
	{QP_RESET,
	 QP_INIT,
	 {{INIT_CONNECTED, 0},
	  {INIT_CONNECTED, 0},
	  {INIT_DATAGRAM, 0},
	  {PARTITION, QP_PORT},
	  {INIT_CONNECTED, 0},
	  {INIT_CONNECTED, 0},
	  {QP_PKEY_INDEX | QP_PORT, 0},
	  {INIT_CONNECTED, 0},
	  {QP_PORT, 0}}},
	{QP_INIT,
	 QP_INIT,
	 {{0, INIT_CONNECTED},
	  {0, INIT_CONNECTED},
	  {0, INIT_DATAGRAM},
	  {0, INIT_DATAGRAM},
	  {0, INIT_CONNECTED},
	  {0, INIT_CONNECTED},
	  {0, QP_PKEY_INDEX | QP_PORT},
	  {NONE, 0},
	  {0, QP_PORT}}},
	{QP_INIT,
	 QP_RTR,
	 {{PATH_RC, PATH_RUNNING},
	  {PATH_UC, PATH_RUNNING},
	  {0, PARTITION},
	  {0, PARTITION},
	  {PATH_UC, PATH_RUNNING | UNUSED_SEND},
	  {PATH_RC, PATH_RUNNING},
	  {QP_PATH_MTU, QP_PKEY_INDEX | QP_PORT | QP_AV},
	  {QP_MIN_RNR_TIMER | QP_AV | QP_PATH_MTU, 0},
	  {0, 0}}},
	{QP_RTR,
	 QP_RTS,
	 {{START_SEND, RUNNING_RC},
	  {QP_SQ_PSN, RUNNING_UC},
	  {QP_SQ_PSN, RUNNING_UD},
	  {QP_SQ_PSN, RUNNING_UD},
	  {START_SEND, RUNNING_UC},
	  {QP_TIMEOUT | QP_SQ_PSN, RUNNING_RC | UNUSED_RECV},
	  {START_SEND, QP_MIN_RNR_TIMER},
	  {NONE, 0},
	  {0, QP_CUR_STATE}}},
	{QP_RTS,
	 QP_RTS,
	 {{0, RUNNING_RC},
	  {0, RUNNING_UC},
	  {0, RUNNING_UD},
	  {0, RUNNING_UD},
	  {0, RUNNING_UC},
	  {0, RUNNING_RC},
	  {0, QP_MIN_RNR_TIMER},
	  {NONE, 0},
	  {0, QP_CUR_STATE}}},
	{QP_RTS,
	 QP_SQD,
	 {{0, QP_EN_SQD_ASYNC_NOTIFY},
	  {0, QP_EN_SQD_ASYNC_NOTIFY},
	  {0, QP_EN_SQD_ASYNC_NOTIFY},
	  {0, QP_EN_SQD_ASYNC_NOTIFY},
	  {0, QP_EN_SQD_ASYNC_NOTIFY},
	  {0, QP_EN_SQD_ASYNC_NOTIFY},
	  {NONE, 0},
	  {NONE, 0},
	  {0, QP_EN_SQD_ASYNC_NOTIFY}}},
	{QP_SQD,
	 QP_SQD,
	 {{0, DRAINED_RC},
	  {0, DRAINED_UC},
	  {0, PARTITION},
	  {0, PARTITION},
	  {0, DRAINED_SEND},
	  {0, DRAINED_RECV},
	  {NONE, 0},
	  {NONE, 0},
	  {0, 0}}},
	{QP_SQD,
	 QP_RTS,
	 {{0, RUNNING_RC},
	  {0, RUNNING_UC},
	  {0, RUNNING_UD},
	  {0, RUNNING_UD},
	  {0, RUNNING_UC},
	  {0, RUNNING_RC},
	  {NONE, 0},
	  {NONE, 0},
	  {0, QP_CUR_STATE}}},
};

static unsigned int column(enum qp_type type)
{
	static const uint8_t columns[] = {
		[QP_TYPE_RC] = 0,	  [QP_TYPE_UC] = 1,  [QP_TYPE_UD] = 2,
		[QP_TYPE_SMI] = 3,	  [QP_TYPE_GSI] = 3, [QP_TYPE_XRC_SEND] = 4,
		[QP_TYPE_XRC_RECV] = 5,	  [QP_TYPE_DCI] = 6, [QP_TYPE_DCT] = 7,
		[QP_TYPE_RAW_PACKET] = 8, [QP_TYPE_UMR] = 9,
	};

	return columns[type];
}

static bool fits(uint32_t mask, uint32_t required, uint32_t optional)
{
	return (mask & required) == required && !(mask & ~(required | optional));
}

/* What is reliable has no such state: its errors end the whole QP. */
static bool leaves_send_error(enum qp_type type, uint32_t mask)
{
	if (qp_type_is_reliable(type))
		return false;
	return fits(mask, 0,
		    QP_CUR_STATE | (qp_type_is_ud(type)	 ? QP_QKEY
				    : type == QP_TYPE_UC ? QP_ACCESS_FLAGS
							 : 0));
}

bool qp_transition_allows(enum qp_type type, enum qp_state from, enum qp_state to, uint32_t mask)
{
	mask &= ~(uint32_t)QP_STATE;
	if (to == QP_RESET || to == QP_ERR)
		return type != QP_TYPE_DCT && fits(mask, 0, 0);
	if (from == QP_SQE && to == QP_RTS)
		return leaves_send_error(type, mask);
	for (size_t i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++) {
		const struct transition *row = &transitions[i];
		unsigned int at = column(type);

		if (row->from == from && row->to == to)
			return fits(mask, row->attributes[at].required,
				    row->attributes[at].optional);
	}
	return false;
}
