/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages of communication management as values: what programs fill in and read. How they lie in a
 * MAD is hw/wire/cm.h. Names and meanings are those of IBTA vol. 1, 12.6; numbers are in host byte
 * order, GIDs as they lie.
 */
#ifndef SOFTHCA_CM_MESSAGE_H
#define SOFTHCA_CM_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

enum cm_message_type {
	CM_MESSAGE_REQ,
	CM_MESSAGE_MRA,
	CM_MESSAGE_REJ,
	CM_MESSAGE_REP,
	CM_MESSAGE_RTU,
	CM_MESSAGE_DREQ,
	CM_MESSAGE_DREP,
	CM_MESSAGE_SIDR_REQ,
	CM_MESSAGE_SIDR_REP,
	CM_MESSAGE_LAP,
	CM_MESSAGE_APR,
	CM_MESSAGE_TYPES,
};

/* Bytes of private data that a message of each type carries, all of them, always. */
enum {
	CM_REQ_PRIVATE = 92,
	CM_MRA_PRIVATE = 222,
	CM_REJ_PRIVATE = 148,
	CM_REP_PRIVATE = 196,
	CM_RTU_PRIVATE = 224,
	CM_DREQ_PRIVATE = 220,
	CM_DREP_PRIVATE = 224,
	CM_SIDR_REQ_PRIVATE = 216,
	CM_SIDR_REP_PRIVATE = 136,
	CM_LAP_PRIVATE = 168,
	CM_APR_PRIVATE = 148,
	CM_MAX_PRIVATE = 224,
	CM_INFORMATION = 72, /* additional information of REJ, APR and SIDR_REP */
};

/* 12.6.8 and on: transport service types, as REQ numbers them; XRC is 3 and extended type 1. */
enum cm_transport {
	CM_TRANSPORT_RC = 0,
	CM_TRANSPORT_UC = 1,
	CM_TRANSPORT_RD = 2,
	CM_TRANSPORT_XRC = 3,
};

/* 12.6.7.2. */
enum cm_reject_reason {
	CM_REJECT_NO_QP = 1,
	CM_REJECT_NO_EEC = 2,
	CM_REJECT_NO_RESOURCES = 3,
	CM_REJECT_TIMEOUT = 4,
	CM_REJECT_UNSUPPORTED = 5,
	CM_REJECT_INVALID_COMM_ID = 6,
	CM_REJECT_INVALID_COMM_INSTANCE = 7,
	CM_REJECT_INVALID_SERVICE_ID = 8,
	CM_REJECT_INVALID_TRANSPORT = 9,
	CM_REJECT_STALE = 10,
	CM_REJECT_NO_RDC = 11,
	CM_REJECT_INVALID_GID = 12,
	CM_REJECT_INVALID_LID = 13,
	CM_REJECT_INVALID_SL = 14,
	CM_REJECT_INVALID_TRAFFIC_CLASS = 15,
	CM_REJECT_INVALID_HOP_LIMIT = 16,
	CM_REJECT_INVALID_RATE = 17,
	CM_REJECT_INVALID_ALTERNATE_GID = 18,
	CM_REJECT_INVALID_ALTERNATE_LID = 19,
	CM_REJECT_INVALID_ALTERNATE_SL = 20,
	CM_REJECT_INVALID_ALTERNATE_TRAFFIC_CLASS = 21,
	CM_REJECT_INVALID_ALTERNATE_HOP_LIMIT = 22,
	CM_REJECT_INVALID_ALTERNATE_RATE = 23,
	CM_REJECT_PORT_REDIRECT = 24,
	CM_REJECT_INVALID_MTU = 26,
	CM_REJECT_INSUFFICIENT_RESOURCES = 27,
	CM_REJECT_CONSUMER = 28,
	CM_REJECT_INVALID_RNR_RETRY = 29,
	CM_REJECT_DUPLICATE_COMM_ID = 30,
	CM_REJECT_INVALID_CLASS_VERSION = 31,
	CM_REJECT_INVALID_FLOW_LABEL = 32,
	CM_REJECT_INVALID_ALTERNATE_FLOW_LABEL = 33,
};

/* What MRA and REJ say they are about. */
enum cm_subject {
	CM_ABOUT_REQ = 0,
	CM_ABOUT_REP = 1,
	CM_ABOUT_OTHER = 2, /* REJ: no message; MRA: a LAP */
};

/* 12.6.23.2, APR. */
enum cm_alternate_status {
	CM_ALTERNATE_ACCEPTED = 0,
	CM_ALTERNATE_INVALID_COMM_ID = 1,
	CM_ALTERNATE_UNSUPPORTED = 2,
	CM_ALTERNATE_REJECTED = 3,
};

/* 12.11.2.2, SIDR_REP. */
enum cm_sidr_status {
	CM_SIDR_SUCCESS = 0,
	CM_SIDR_UNSUPPORTED = 1, /* no such service */
	CM_SIDR_REJECTED = 2,
	CM_SIDR_NO_QP = 3,
	CM_SIDR_REDIRECT = 4,
	CM_SIDR_UNSUPPORTED_VERSION = 5,
};

/* A path as its sender sees it: "local" is whoever sends the message. */
struct cm_path {
	uint16_t local_lid, remote_lid; /* 0 on Ethernet ports */
	uint8_t local_gid[16], remote_gid[16];
	uint32_t flow_label;
	uint8_t rate; /* enum of the static rates, as in path records */
	uint8_t traffic_class;
	uint8_t hop_limit; /* above 1: packets have a GRH */
	uint8_t sl;
	bool subnet_local;
	uint8_t ack_timeout; /* local ACK timeout of a QP on this path, 4.096 us << n */
};

struct cm_req {
	uint64_t service_id;
	uint64_t ca_guid; /* of the sender; filled in by cm_connect() */
	uint32_t qkey;
	uint32_t qpn;
	uint32_t starting_psn;
	uint16_t pkey;
	enum cm_transport transport;
	uint8_t responder_resources, initiator_depth;
	/* 4.096 us << n: how long the peer has for its answers, and this end for its. */
	uint8_t remote_response_timeout, local_response_timeout;
	uint8_t max_cm_retries; /* at most 15 */
	bool flow_control;
	bool srq;
	uint8_t retry_count, rnr_retry_count; /* at most 7 */
	uint8_t mtu;			      /* enum as in path records: 1 is 256 bytes */
	struct cm_path primary;
	struct cm_path alternate; /* all zeroes: none */
};

struct cm_mra {
	enum cm_subject subject;
	uint8_t service_timeout; /* 4.096 us << n */
};

struct cm_rej {
	enum cm_subject subject;
	uint16_t reason;
	uint8_t information_length;
	uint8_t information[CM_INFORMATION];
};

struct cm_rep {
	uint64_t ca_guid; /* filled in by cm_accept() */
	uint32_t qkey;
	uint32_t qpn;
	uint32_t starting_psn;
	uint8_t responder_resources, initiator_depth;
	uint8_t target_ack_delay; /* 4.096 us << n */
	uint8_t failover;	  /* 0 accepted, 1 not supported, 2 rejected */
	bool flow_control;
	bool srq;
	uint8_t rnr_retry_count;
};

struct cm_dreq {
	uint32_t remote_qpn;
};

struct cm_lap {
	uint32_t remote_qpn;
	uint8_t remote_response_timeout;
	struct cm_path path;
};

struct cm_apr {
	uint8_t status; /* enum cm_alternate_status, and others */
	uint8_t information_length;
	uint8_t information[CM_INFORMATION];
};

struct cm_sidr_req {
	uint64_t service_id;
	uint16_t pkey;
};

struct cm_sidr_rep {
	uint64_t service_id;
	uint32_t qpn;
	uint32_t qkey;
	uint8_t status; /* enum cm_sidr_status */
	uint8_t information_length;
	uint8_t information[CM_INFORMATION];
};

/* Enhanced connection establishment, of REQ, REP and SIDR_REP: which vendor, 24 bits, and the
 * options, which are in the attribute modifier. 0 and 0: none. */
struct cm_ece {
	uint32_t vendor;
	uint32_t options;
};

struct cm_private {
	const void *data;
	uint32_t length; /* what is there; behind it come zeroes */
};

/* One message. Of a received one, private data lies in the message and is as long as there is
 * room. */
struct cm_message {
	enum cm_message_type type;
	uint64_t transaction_id;
	uint32_t local_id;  /* the sender's; SIDR: the request id */
	uint32_t remote_id; /* the receiver's; not in REQ and SIDR */
	struct cm_ece ece;
	union {
		struct cm_req req;
		struct cm_mra mra;
		struct cm_rej rej;
		struct cm_rep rep;
		struct cm_dreq dreq;
		struct cm_lap lap;
		struct cm_apr apr;
		struct cm_sidr_req sidr_req;
		struct cm_sidr_rep sidr_rep;
	};
	struct cm_private private;
};

const char *cm_message_name(enum cm_message_type type);
uint32_t cm_message_private_size(enum cm_message_type type);

/* Into a MAD of 256 bytes. Values that their field has no room for are cut. */
void cm_message_encode(const struct cm_message *message, uint8_t mad[256]);
/* The reverse; private data stays in `mad`. NULL, or what is wrong with it. */
const char *cm_message_decode(const uint8_t mad[256], struct cm_message *message);

#endif
