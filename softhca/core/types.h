/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Vendor-free vocabulary of the software HCA: queue pair types and states, access rights, work and
 * completion codes. Values that cross the kernel ABI keep the numbers of the InfiniBand
 * specification and of uapi rdma/ib_user_verbs.h, so that front ends need no translation tables.
 */
#ifndef SOFTHCA_CORE_TYPES_H
#define SOFTHCA_CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum qp_type {
	/* The management queue pairs, of subnet and general services: one each on an adapter, and
	 * their numbers are these. */
	QP_TYPE_SMI = 0,
	QP_TYPE_GSI = 1,
	QP_TYPE_RC = 2,
	QP_TYPE_UC = 3,
	QP_TYPE_UD = 4,
	QP_TYPE_RAW_PACKET = 8,
	/* The two halves of an extended reliable connection. */
	QP_TYPE_XRC_SEND = 9,
	QP_TYPE_XRC_RECV = 10,
	/* Adapters' own types, which have no number there: initiators and targets of dynamic
	 * connections. */
	QP_TYPE_DCI = 11,
	QP_TYPE_DCT = 12,
	QP_TYPE_UMR = 13, /* of a kernel's driver: changes keys, sends nothing */
	QP_TYPES,
};

static inline bool qp_type_is_management(enum qp_type type)
{
	return type == QP_TYPE_SMI || type == QP_TYPE_GSI;
}

/* Unreliable datagrams, which come with a Q_Key and the number of who sent them. */
static inline bool qp_type_is_ud(enum qp_type type)
{
	return type == QP_TYPE_UD || qp_type_is_management(type);
}

/* Sends datagrams, which carry their address: a frame does as well. */
static inline bool qp_type_is_datagram(enum qp_type type)
{
	return 1u << type & (1u << QP_TYPE_UD | 1u << QP_TYPE_SMI | 1u << QP_TYPE_GSI |
			     1u << QP_TYPE_RAW_PACKET);
}

/* Requests are acknowledged, and sent again until they are. */
static inline bool qp_type_is_reliable(enum qp_type type)
{
	return 1u << type & (1u << QP_TYPE_RC | 1u << QP_TYPE_XRC_SEND | 1u << QP_TYPE_XRC_RECV |
			     1u << QP_TYPE_DCI | 1u << QP_TYPE_DCT);
}

/* Half a queue pair: one without receives takes responses only, one without sends requests only. */
static inline bool qp_type_only_sends(enum qp_type type)
{
	return type == QP_TYPE_XRC_SEND || type == QP_TYPE_DCI;
}

static inline bool qp_type_only_receives(enum qp_type type)
{
	return type == QP_TYPE_XRC_RECV || type == QP_TYPE_DCT;
}

/* Connected, but to no one peer. */
static inline bool qp_type_is_dynamic(enum qp_type type)
{
	return type == QP_TYPE_DCI || type == QP_TYPE_DCT;
}

enum qp_state {
	QP_RESET,
	QP_INIT,
	QP_RTR,
	QP_RTS,
	QP_SQD,
	QP_SQE,
	QP_ERR,
};

enum migration_state {
	MIGRATION_MIGRATED,
	MIGRATION_REARM,
	MIGRATION_ARMED,
};

/* Bits of a modify mask, numbered as the kernel ABI numbers attr_mask. */
enum qp_attr_mask {
	QP_STATE = 1 << 0,
	QP_CUR_STATE = 1 << 1,
	QP_EN_SQD_ASYNC_NOTIFY = 1 << 2,
	QP_ACCESS_FLAGS = 1 << 3,
	QP_PKEY_INDEX = 1 << 4,
	QP_PORT = 1 << 5,
	QP_QKEY = 1 << 6,
	QP_AV = 1 << 7,
	QP_PATH_MTU = 1 << 8,
	QP_TIMEOUT = 1 << 9,
	QP_RETRY_CNT = 1 << 10,
	QP_RNR_RETRY = 1 << 11,
	QP_RQ_PSN = 1 << 12,
	QP_MAX_QP_RD_ATOMIC = 1 << 13,
	QP_ALT_PATH = 1 << 14,
	QP_MIN_RNR_TIMER = 1 << 15,
	QP_SQ_PSN = 1 << 16,
	QP_MAX_DEST_RD_ATOMIC = 1 << 17,
	QP_PATH_MIG_STATE = 1 << 18,
	QP_CAP = 1 << 19,
	QP_DEST_QPN = 1 << 20,
	QP_RATE_LIMIT = 1 << 25,
};

enum access_flag {
	ACCESS_LOCAL_WRITE = 1 << 0,
	ACCESS_REMOTE_WRITE = 1 << 1,
	ACCESS_REMOTE_READ = 1 << 2,
	ACCESS_REMOTE_ATOMIC = 1 << 3,
	ACCESS_MW_BIND = 1 << 4,
	ACCESS_ZERO_BASED = 1 << 5,
	ACCESS_ON_DEMAND = 1 << 6,
	ACCESS_HUGETLB = 1 << 7,
	ACCESS_RELAXED_ORDERING = 1 << 20,
	/* Not of the ABI: every region grants it, and no window. */
	ACCESS_LOCAL_READ = 1 << 30,
};

/* The longest message, as a port says of itself. */
#define MAX_MESSAGE_BYTES (1u << 30)

/* Work completion status, in the order that verbs programs know. */
enum completion_status {
	STATUS_SUCCESS,
	STATUS_LOCAL_LENGTH,
	STATUS_LOCAL_QP_OPERATION,
	STATUS_LOCAL_EEC_OPERATION,
	STATUS_LOCAL_PROTECTION,
	STATUS_FLUSHED,
	STATUS_MW_BIND,
	STATUS_BAD_RESPONSE,
	STATUS_LOCAL_ACCESS,
	STATUS_REMOTE_INVALID_REQUEST,
	STATUS_REMOTE_ACCESS,
	STATUS_REMOTE_OPERATION,
	STATUS_RETRY_EXCEEDED,
	STATUS_RNR_RETRY_EXCEEDED,
	STATUS_LOCAL_RDD_VIOLATION,
	STATUS_REMOTE_INVALID_RD_REQUEST,
	STATUS_REMOTE_ABORTED,
	STATUS_INVALID_EECN,
	STATUS_INVALID_EEC_STATE,
	STATUS_FATAL,
	STATUS_RESPONSE_TIMEOUT,
	STATUS_GENERAL,
	/* Not one of theirs: a local protection error that an on-demand page was the reason of. */
	STATUS_LOCAL_PAGE_FAULT,
};

/* Asynchronous events, numbered as the kernel ABI reports them. */
enum async_event_type {
	EVENT_CQ_ERROR,
	EVENT_QP_FATAL,
	EVENT_QP_REQUEST_ERROR,
	EVENT_QP_ACCESS_ERROR,
	EVENT_COMM_ESTABLISHED,
	EVENT_SQ_DRAINED,
	EVENT_PATH_MIGRATED,
	EVENT_PATH_MIGRATE_ERROR,
	EVENT_DEVICE_FATAL,
	EVENT_PORT_ACTIVE,
	EVENT_PORT_ERROR,
	EVENT_LID_CHANGE,
	EVENT_PKEY_CHANGE,
	EVENT_SM_CHANGE,
	EVENT_SRQ_ERROR,
	EVENT_SRQ_LIMIT_REACHED,
	EVENT_QP_LAST_WQE_REACHED,
	EVENT_CLIENT_REREGISTER,
	EVENT_GID_CHANGE,
	EVENT_WQ_FATAL,
};

/* What kind of object an asynchronous event names. */
enum async_event_scope {
	EVENT_SCOPE_QP,
	EVENT_SCOPE_CQ,
	EVENT_SCOPE_SRQ,
	EVENT_SCOPE_WQ,
	EVENT_SCOPE_PORT,
	EVENT_SCOPE_DEVICE,
};

#endif
