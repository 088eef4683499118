/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages of communication management. Source: IBTA vol. 1, 12.6 and 12.11 (tables of fields);
 * the vendor is of enhanced connection establishment. Fields are at byte offsets from
 * behind the header of the MAD, with the bits of the big-endian dword there; what is wider, and
 * GIDs and data, has its first byte only.
 */
#ifndef WIRE_CM_H
#define WIRE_CM_H

#include "hw/field.h"
#include "hw/wire/mad.h"

enum {
	CM_CLASS_VERSION = 2,
	/* attribute_id */
	CM_ATTRIBUTE_REQ = 0x0010,
	CM_ATTRIBUTE_MRA = 0x0011,
	CM_ATTRIBUTE_REJ = 0x0012,
	CM_ATTRIBUTE_REP = 0x0013,
	CM_ATTRIBUTE_RTU = 0x0014,
	CM_ATTRIBUTE_DREQ = 0x0015,
	CM_ATTRIBUTE_DREP = 0x0016,
	CM_ATTRIBUTE_SIDR_REQ = 0x0017,
	CM_ATTRIBUTE_SIDR_REP = 0x0018,
	CM_ATTRIBUTE_LAP = 0x0019,
	CM_ATTRIBUTE_APR = 0x001a,
};

/* Of every message but the SIDR ones, which have the request's id in the place of the first. */
#define CM_LOCAL_ID	      HW_FIELD(0, 31, 0)
#define CM_REMOTE_ID	      HW_FIELD(4, 31, 0) /* not in REQ */

/* ---- a path, relative to its first byte ---- */
#define CM_PATH_LOCAL_LID     HW_FIELD(0, 31, 16)
#define CM_PATH_REMOTE_LID    HW_FIELD(0, 15, 0)
#define CM_PATH_FLOW_LABEL    HW_FIELD(36, 31, 12)
#define CM_PATH_RATE	      HW_FIELD(36, 5, 0)
#define CM_PATH_TRAFFIC_CLASS HW_FIELD(40, 31, 24)
#define CM_PATH_HOP_LIMIT     HW_FIELD(40, 23, 16)
#define CM_PATH_SL	      HW_FIELD(40, 15, 12)
#define CM_PATH_SUBNET_LOCAL  HW_FIELD(40, 11, 11)
#define CM_PATH_ACK_TIMEOUT   HW_FIELD(40, 7, 3)
enum {
	CM_PATH_LOCAL_GID = 4,
	CM_PATH_REMOTE_GID = 20,
	CM_PATH_BYTES = 44,
};

/* ---- REQ ---- */
#define CM_REQ_VENDOR		       HW_FIELD(4, 23, 0)
#define CM_REQ_QKEY		       HW_FIELD(28, 31, 0)
#define CM_REQ_QPN		       HW_FIELD(32, 31, 8)
#define CM_REQ_RESPONDER_RESOURCES     HW_FIELD(32, 7, 0)
#define CM_REQ_INITIATOR_DEPTH	       HW_FIELD(36, 7, 0) /* behind the EE context's number */
#define CM_REQ_REMOTE_RESPONSE_TIMEOUT HW_FIELD(40, 7, 3)
#define CM_REQ_TRANSPORT	       HW_FIELD(40, 2, 1)
#define CM_REQ_FLOW_CONTROL	       HW_FIELD(40, 0, 0)
#define CM_REQ_STARTING_PSN	       HW_FIELD(44, 31, 8)
#define CM_REQ_LOCAL_RESPONSE_TIMEOUT  HW_FIELD(44, 7, 3)
#define CM_REQ_RETRY_COUNT	       HW_FIELD(44, 2, 0)
#define CM_REQ_PKEY		       HW_FIELD(48, 31, 16)
#define CM_REQ_MTU		       HW_FIELD(48, 15, 12)
#define CM_REQ_RNR_RETRY_COUNT	       HW_FIELD(48, 10, 8)
#define CM_REQ_MAX_CM_RETRIES	       HW_FIELD(48, 7, 4)
#define CM_REQ_SRQ		       HW_FIELD(48, 3, 3)
#define CM_REQ_EXTENDED_TRANSPORT      HW_FIELD(48, 2, 0)
enum {
	CM_REQ_SERVICE_ID = 8,
	CM_REQ_CA_GUID = 16,
	CM_REQ_PRIMARY = 52,
	CM_REQ_ALTERNATE = 96,
	CM_REQ_DATA = 140,
	/* CM_REQ_TRANSPORT 3 is one of CM_REQ_EXTENDED_TRANSPORT. */
	CM_EXTENDED_TRANSPORT_XRC = 1,
};

/* ---- MRA ---- */
#define CM_MRA_SUBJECT	       HW_FIELD(8, 31, 30)
#define CM_MRA_SERVICE_TIMEOUT HW_FIELD(8, 23, 19)
enum { CM_MRA_DATA = 10 };

/* ---- REJ ---- */
#define CM_REJ_SUBJECT		  HW_FIELD(8, 31, 30)
#define CM_REJ_INFORMATION_LENGTH HW_FIELD(8, 23, 17)
#define CM_REJ_REASON		  HW_FIELD(8, 15, 0)
enum { CM_REJ_INFORMATION = 12, CM_REJ_DATA = 84 };

/* ---- REP ---- */
#define CM_REP_QKEY		   HW_FIELD(8, 31, 0)
#define CM_REP_QPN		   HW_FIELD(12, 31, 8)
#define CM_REP_VENDOR_HIGH	   HW_FIELD(12, 7, 0)
#define CM_REP_VENDOR_MIDDLE	   HW_FIELD(16, 7, 0) /* behind the EE context's number */
#define CM_REP_STARTING_PSN	   HW_FIELD(20, 31, 8)
#define CM_REP_VENDOR_LOW	   HW_FIELD(20, 7, 0)
#define CM_REP_RESPONDER_RESOURCES HW_FIELD(24, 31, 24)
#define CM_REP_INITIATOR_DEPTH	   HW_FIELD(24, 23, 16)
#define CM_REP_TARGET_ACK_DELAY	   HW_FIELD(24, 15, 11)
#define CM_REP_FAILOVER		   HW_FIELD(24, 10, 9)
#define CM_REP_FLOW_CONTROL	   HW_FIELD(24, 8, 8)
#define CM_REP_RNR_RETRY_COUNT	   HW_FIELD(24, 7, 5)
#define CM_REP_SRQ		   HW_FIELD(24, 4, 4)
enum { CM_REP_CA_GUID = 28, CM_REP_DATA = 36 };

/* ---- RTU, DREQ, DREP ---- */
#define CM_DREQ_REMOTE_QPN HW_FIELD(8, 31, 8)
enum { CM_RTU_DATA = 8, CM_DREQ_DATA = 12, CM_DREP_DATA = 8 };

/* ---- LAP, APR ---- */
#define CM_LAP_REMOTE_QPN	       HW_FIELD(12, 31, 8)
#define CM_LAP_REMOTE_RESPONSE_TIMEOUT HW_FIELD(12, 7, 3)
#define CM_LAP_FLOW_LABEL	       HW_FIELD(56, 31, 12)
#define CM_LAP_TRAFFIC_CLASS	       HW_FIELD(56, 7, 0)
#define CM_LAP_HOP_LIMIT	       HW_FIELD(60, 31, 24)
#define CM_LAP_RATE		       HW_FIELD(60, 21, 16)
#define CM_LAP_SL		       HW_FIELD(60, 15, 12)
#define CM_LAP_SUBNET_LOCAL	       HW_FIELD(60, 11, 11)
#define CM_LAP_ACK_TIMEOUT	       HW_FIELD(60, 7, 3)
#define CM_LAP_LOCAL_LID	       HW_FIELD(20, 31, 16)
#define CM_LAP_REMOTE_LID	       HW_FIELD(20, 15, 0)
enum { CM_LAP_LOCAL_GID = 24, CM_LAP_REMOTE_GID = 40, CM_LAP_DATA = 64 };

#define CM_APR_INFORMATION_LENGTH HW_FIELD(8, 31, 24)
#define CM_APR_STATUS		  HW_FIELD(8, 23, 16)
enum { CM_APR_INFORMATION = 12, CM_APR_DATA = 84 };

/* ---- SIDR_REQ, SIDR_REP ---- */
#define CM_SIDR_REQ_PKEY HW_FIELD(4, 31, 16)
enum { CM_SIDR_REQ_SERVICE_ID = 8, CM_SIDR_REQ_DATA = 16 };

#define CM_SIDR_REP_STATUS	       HW_FIELD(4, 31, 24)
#define CM_SIDR_REP_INFORMATION_LENGTH HW_FIELD(4, 23, 16)
#define CM_SIDR_REP_VENDOR_HIGH	       HW_FIELD(4, 15, 0)
#define CM_SIDR_REP_QPN		       HW_FIELD(8, 31, 8)
#define CM_SIDR_REP_VENDOR_LOW	       HW_FIELD(8, 7, 0)
#define CM_SIDR_REP_QKEY	       HW_FIELD(20, 31, 0)
enum { CM_SIDR_REP_SERVICE_ID = 12, CM_SIDR_REP_INFORMATION = 24, CM_SIDR_REP_DATA = 96 };

#endif
