/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The receiving side of a queue pair: which packet is expected, the message in progress and the
 * receive it lands in, the answers that are owed.
 */
#ifndef SOFTHCA_TRANSPORT_RESPONDER_H
#define SOFTHCA_TRANSPORT_RESPONDER_H

#include "hw/wire/aeth.h"
#include "softhca/transport/requester.h"

enum operation_kind {
	KIND_NONE, /* no request, or no message in progress */
	KIND_SEND,
	KIND_WRITE,
	KIND_READ,
	KIND_ATOMIC,
};

enum operation_trait {
	OPERATION_STARTS = 1 << 0,
	OPERATION_ENDS = 1 << 1,
	OPERATION_IMMEDIATE = 1 << 2,
	OPERATION_INVALIDATE = 1 << 3,
};

struct operation {
	uint8_t kind;
	uint8_t traits;
};

/* What a packet did to its message. */
enum verdict {
	VERDICT_DONE,
	VERDICT_NO_RECEIVE,	 /* nothing changed; it may be sent again */
	VERDICT_INVALID_REQUEST, /* lengths or codes that do not fit */
	VERDICT_REMOTE_ACCESS,	 /* the key does not grant it */
	VERDICT_NO_SUCH_SRQ,	 /* the number names none that this queue pair may use */
	VERDICT_RECEIVE_TOO_SHORT,
	/* The receive, if there was one, has completed with an error. */
	VERDICT_LOCAL_FAULT,
};

enum owed {
	OWED_NOTHING,
	OWED_ACK,
	OWED_NAK, /* outranks acknowledgements until the packet it asks for has come */
};

/* A read or atomic response on its way out. */
struct read_response {
	uint32_t first_psn, next_psn, last_psn;
	uint32_t msn;
	uint32_t srqn; /* as of the request */
	uint32_t rkey;
	uint32_t length;
	uint64_t address;
	uint64_t original; /* of an atomic */
	bool atomic;
	bool again; /* to a duplicate: takes none of the resources that were agreed on */
};

/* An atomic that has been carried out, for answering its duplicates. */
struct atomic_result {
	uint32_t psn;
	uint32_t msn;
	uint64_t original;
	bool valid;
};

enum {
	/* Limits of responder resources; max_dest_rd_atomic is at most this. */
	RESPONDER_READS = 16,
	RESPONDER_QUEUE = 32, /* with room for duplicates */
};

struct responder {
	struct qp *qp;
	/* Where the message in progress may land: the queue pair's own, or those of the SRQ that
	 * its packets name, NULL before the first. */
	struct pd *pd;
	struct cq *cq;
	struct srq *srq;
	uint32_t expected_psn;
	uint32_t msn;
	uint8_t message;  /* enum operation_kind of the one in progress */
	bool nak_sent;	  /* for expected_psn; later packets are dropped in silence */
	bool established; /* the first packet has come */
	bool recv_held;	  /* `recv` has been taken from the queue and not completed */
	uint8_t owed;
	uint8_t owed_syndrome;
	uint32_t owed_psn;
	struct list acks;  /* on engine->acks */
	uint32_t received; /* bytes of the message so far */
	/* What is left of the write in progress. */
	uint32_t write_rkey;
	uint32_t write_left;
	uint64_t write_address;
	/* Responses to send, oldest first. */
	unsigned int num_responses;
	uint64_t packets_received;
	/* ---- cold ---- */
	unsigned int next_result;
	struct atomic_result results[RESPONDER_READS];
	struct read_response responses[RESPONDER_QUEUE];
	/* Of the receive that is held: a message of a queue with tags, and what is to be said of
	 * it. */
	bool tagged;
	struct tag_note note;
	struct recv_request recv;
};

static inline uint32_t responder_resources(const struct qp *qp)
{
	uint32_t resources = qp->attr.max_dest_rd_atomic;

	return resources < RESPONDER_READS ? resources : RESPONDER_READS;
}

static inline bool qp_receives(const struct qp *qp)
{
	return qp->attr.state >= QP_RTR && qp->attr.state <= QP_SQE;
}

/* responder.c: reliable connections. */
void responder_receive(struct responder *responder, struct arrival *arrival);
void responder_start(struct responder *responder, uint32_t psn);
void responder_forget(struct responder *responder);
/* Requests come to an end here: with a queue pair of one peer, that ends, too, and raises `event`
 * (-1: none). */
void responder_end(struct responder *responder, int event);
/* The packet's key is not the target's. */
void responder_refuse_key(struct responder *responder);
/* The first packet in RTR tells that the connection stands. */
void responder_establish(struct responder *responder);

/* uc.c: unreliable connections. */
void uc_receive(struct responder *responder, struct arrival *arrival);

/* xrc.c: what requests say beyond those of a connection of one's own. */
/* Takes the header that names an SRQ. False: the packet is too short. */
bool xrc_take_header(struct arrival *arrival);
/* The message in progress, or that which now begins, is for this SRQ. */
enum verdict xrc_choose_srq(struct responder *responder, uint32_t srqn);
/* Where the keys of a request for `srqn` are good, NULL if there is no such SRQ. */
const struct pd *xrc_find_pd(const struct responder *responder, uint32_t srqn);
/* The SRQ is about to end. */
void xrc_forget_srq(struct responder *responder, const struct srq *srq);

/* message.c: sends and writes, in whatever order the transport admits their packets. */
extern const struct operation message_operations[32];
enum verdict message_receive(struct responder *responder, struct arrival *arrival,
			     struct operation operation);
/* Takes a receive into responder->recv unless one is held. */
enum verdict message_take_receive(struct responder *responder);
/* Copies into the held receive's memory, `skip` bytes from its start. */
enum completion_status message_place(const struct responder *responder, uint64_t skip,
				     const void *from, uint32_t length);
/* What all completions of messages say; their number of bytes is that received so far. */
struct completion message_describe(const struct responder *responder,
				   const struct arrival *arrival);
/* Completes the held receive. */
void message_complete(struct responder *responder, const struct completion *completion);
/* The held receive completes with an error. */
void message_fail_receive(struct responder *responder, enum completion_status status);

/* read.c: RDMA reads and atomics. */
enum verdict read_receive(struct responder *responder, struct arrival *arrival);
enum verdict atomic_receive(struct responder *responder, struct arrival *arrival);
void read_receive_again(struct responder *responder, struct arrival *arrival);
void atomic_receive_again(struct responder *responder, struct arrival *arrival);
/* Sends what responses the ring has room for; returns how many packets. */
unsigned int read_push(struct responder *responder);

/* ack.c: acknowledgements owed. */
void ack_owe(struct responder *responder);
void ack_owe_nak(struct responder *responder, uint8_t syndrome);
void ack_settle(struct responder *responder);
/* AETH syndrome of a plain acknowledgement. */
static inline __be32 ack_aeth(uint8_t syndrome, uint32_t msn)
{
	return htobe32((uint32_t)syndrome << 24 | (msn & WIRE_PSN_MASK));
}

#endif
