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

/* Types of which the same is asked. */
enum column {
	COLUMN_RC,
	COLUMN_UC,
	COLUMN_UD,
	COLUMN_MANAGEMENT,
	COLUMN_XRC_SEND,
	COLUMN_XRC_RECV,
	COLUMN_DCI,
	COLUMN_DCT,
	COLUMN_RAW_PACKET,
	COLUMN_UMR,
	COLUMNS,
};

/* Of a column that is left out nothing is asked, and nothing taken. */
struct transition {
	enum qp_state from, to;
	struct {
		uint32_t required, optional;
	} attributes[COLUMNS];
};

/* A transition that there is not asks for what nobody has. */
#define NONE	       UINT32_MAX

#define INIT_CONNECTED (QP_PKEY_INDEX | QP_PORT | QP_ACCESS_FLAGS)
#define INIT_DATAGRAM  (QP_PKEY_INDEX | QP_PORT | QP_QKEY)
#define PARTITION      (QP_PKEY_INDEX | QP_QKEY)
#define PATH_UC	       (QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN)
#define ANSWERS	       (QP_MAX_DEST_RD_ATOMIC | QP_MIN_RNR_TIMER)
#define PATH_RC	       (PATH_UC | ANSWERS)
#define RETRIES	       (QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY)
#define RUNNING_UC     (QP_CUR_STATE | QP_ACCESS_FLAGS | QP_ALT_PATH | QP_PATH_MIG_STATE)
#define RUNNING_RC     (RUNNING_UC | QP_MIN_RNR_TIMER)
#define RUNNING_UD     (QP_CUR_STATE | QP_QKEY)
#define DRAINED_UC     (QP_AV | QP_ACCESS_FLAGS | QP_PKEY_INDEX | QP_ALT_PATH | QP_PATH_MIG_STATE)
#define DRAINED_SEND   (DRAINED_UC | QP_PORT | RETRIES | QP_MAX_QP_RD_ATOMIC)
#define DRAINED_RECV   (DRAINED_UC | QP_PORT | QP_TIMEOUT | ANSWERS)
#define DRAINED_RC     (DRAINED_SEND | DRAINED_RECV)
#define START_SEND     (RETRIES | QP_SQ_PSN | QP_MAX_QP_RD_ATOMIC)
#define PATH_RUNNING   (QP_ALT_PATH | QP_ACCESS_FLAGS | QP_PKEY_INDEX)
/* What a half has no use for, yet programs have been seen to give it (perftest). */
#define UNUSED_SEND    ANSWERS
#define UNUSED_RECV    (QP_RETRY_CNT | QP_RNR_RETRY | QP_MAX_QP_RD_ATOMIC)

static const struct transition transitions[] = {
	{
		.from = QP_RESET,
		.to = QP_INIT,
		.attributes =
			{
				[COLUMN_RC] = {INIT_CONNECTED, 0},
				[COLUMN_UC] = {INIT_CONNECTED, 0},
				[COLUMN_UD] = {INIT_DATAGRAM, 0},
				[COLUMN_MANAGEMENT] = {PARTITION, QP_PORT},
				[COLUMN_XRC_SEND] = {INIT_CONNECTED, 0},
				[COLUMN_XRC_RECV] = {INIT_CONNECTED, 0},
				[COLUMN_DCI] = {QP_PKEY_INDEX | QP_PORT, 0},
				[COLUMN_DCT] = {INIT_CONNECTED, 0},
				[COLUMN_RAW_PACKET] = {QP_PORT, 0},
			},
	},
	{
		.from = QP_INIT,
		.to = QP_INIT,
		.attributes =
			{
				[COLUMN_RC] = {0, INIT_CONNECTED},
				[COLUMN_UC] = {0, INIT_CONNECTED},
				[COLUMN_UD] = {0, INIT_DATAGRAM},
				[COLUMN_MANAGEMENT] = {0, INIT_DATAGRAM},
				[COLUMN_XRC_SEND] = {0, INIT_CONNECTED},
				[COLUMN_XRC_RECV] = {0, INIT_CONNECTED},
				[COLUMN_DCI] = {0, QP_PKEY_INDEX | QP_PORT},
				[COLUMN_DCT] = {NONE, 0},
				[COLUMN_RAW_PACKET] = {0, QP_PORT},
			},
	},
	{
		.from = QP_INIT,
		.to = QP_RTR,
		.attributes =
			{
				[COLUMN_RC] = {PATH_RC, PATH_RUNNING},
				[COLUMN_UC] = {PATH_UC, PATH_RUNNING},
				[COLUMN_UD] = {0, PARTITION},
				[COLUMN_MANAGEMENT] = {0, PARTITION},
				[COLUMN_XRC_SEND] = {PATH_UC, PATH_RUNNING | UNUSED_SEND},
				[COLUMN_XRC_RECV] = {PATH_RC, PATH_RUNNING},
				[COLUMN_DCI] = {QP_PATH_MTU, QP_PKEY_INDEX | QP_PORT | QP_AV},
				[COLUMN_DCT] = {QP_MIN_RNR_TIMER | QP_AV | QP_PATH_MTU, 0},
			},
	},
	{
		.from = QP_RTR,
		.to = QP_RTS,
		.attributes =
			{
				[COLUMN_RC] = {START_SEND, RUNNING_RC},
				[COLUMN_UC] = {QP_SQ_PSN, RUNNING_UC},
				[COLUMN_UD] = {QP_SQ_PSN, RUNNING_UD},
				[COLUMN_MANAGEMENT] = {QP_SQ_PSN, RUNNING_UD},
				[COLUMN_XRC_SEND] = {START_SEND, RUNNING_UC},
				[COLUMN_XRC_RECV] = {QP_TIMEOUT | QP_SQ_PSN,
						     RUNNING_RC | UNUSED_RECV},
				[COLUMN_DCI] = {START_SEND, QP_MIN_RNR_TIMER},
				[COLUMN_DCT] = {NONE, 0},
				[COLUMN_RAW_PACKET] = {0, QP_CUR_STATE},
			},
	},
	{
		.from = QP_RTS,
		.to = QP_RTS,
		.attributes =
			{
				[COLUMN_RC] = {0, RUNNING_RC},
				[COLUMN_UC] = {0, RUNNING_UC},
				[COLUMN_UD] = {0, RUNNING_UD},
				[COLUMN_MANAGEMENT] = {0, RUNNING_UD},
				[COLUMN_XRC_SEND] = {0, RUNNING_UC},
				[COLUMN_XRC_RECV] = {0, RUNNING_RC},
				[COLUMN_DCI] = {0, QP_MIN_RNR_TIMER},
				[COLUMN_DCT] = {NONE, 0},
				[COLUMN_RAW_PACKET] = {0, QP_CUR_STATE},
			},
	},
	{
		.from = QP_RTS,
		.to = QP_SQD,
		.attributes =
			{
				[COLUMN_RC] = {0, QP_EN_SQD_ASYNC_NOTIFY},
				[COLUMN_UC] = {0, QP_EN_SQD_ASYNC_NOTIFY},
				[COLUMN_UD] = {0, QP_EN_SQD_ASYNC_NOTIFY},
				[COLUMN_MANAGEMENT] = {0, QP_EN_SQD_ASYNC_NOTIFY},
				[COLUMN_XRC_SEND] = {0, QP_EN_SQD_ASYNC_NOTIFY},
				[COLUMN_XRC_RECV] = {0, QP_EN_SQD_ASYNC_NOTIFY},
				[COLUMN_DCI] = {NONE, 0},
				[COLUMN_DCT] = {NONE, 0},
				[COLUMN_RAW_PACKET] = {0, QP_EN_SQD_ASYNC_NOTIFY},
			},
	},
	{
		.from = QP_SQD,
		.to = QP_SQD,
		.attributes =
			{
				[COLUMN_RC] = {0, DRAINED_RC},
				[COLUMN_UC] = {0, DRAINED_UC},
				[COLUMN_UD] = {0, PARTITION},
				[COLUMN_MANAGEMENT] = {0, PARTITION},
				[COLUMN_XRC_SEND] = {0, DRAINED_SEND},
				[COLUMN_XRC_RECV] = {0, DRAINED_RECV},
				[COLUMN_DCI] = {NONE, 0},
				[COLUMN_DCT] = {NONE, 0},
			},
	},
	{
		.from = QP_SQD,
		.to = QP_RTS,
		.attributes =
			{
				[COLUMN_RC] = {0, RUNNING_RC},
				[COLUMN_UC] = {0, RUNNING_UC},
				[COLUMN_UD] = {0, RUNNING_UD},
				[COLUMN_MANAGEMENT] = {0, RUNNING_UD},
				[COLUMN_XRC_SEND] = {0, RUNNING_UC},
				[COLUMN_XRC_RECV] = {0, RUNNING_RC},
				[COLUMN_DCI] = {NONE, 0},
				[COLUMN_DCT] = {NONE, 0},
				[COLUMN_RAW_PACKET] = {0, QP_CUR_STATE},
			},
	},
};

static enum column column(enum qp_type type)
{
	static const uint8_t columns[] = {
		[QP_TYPE_RC] = COLUMN_RC,
		[QP_TYPE_UC] = COLUMN_UC,
		[QP_TYPE_UD] = COLUMN_UD,
		[QP_TYPE_SMI] = COLUMN_MANAGEMENT,
		[QP_TYPE_GSI] = COLUMN_MANAGEMENT,
		[QP_TYPE_XRC_SEND] = COLUMN_XRC_SEND,
		[QP_TYPE_XRC_RECV] = COLUMN_XRC_RECV,
		[QP_TYPE_DCI] = COLUMN_DCI,
		[QP_TYPE_DCT] = COLUMN_DCT,
		[QP_TYPE_RAW_PACKET] = COLUMN_RAW_PACKET,
		[QP_TYPE_UMR] = COLUMN_UMR,
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
		enum column at = column(type);

		if (row->from == from && row->to == to)
			return fits(mask, row->attributes[at].required,
				    row->attributes[at].optional);
	}
	return false;
}
