/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sending side of a queue pair: what has been taken from the send queue and not completed, how
 * far it has been sent and acknowledged, and when to do something about it.
 *
 *	head            cursor            tail
 *	 | sent            | to send        |     entries, oldest first
 *	unacked_psn      send_psn         next_psn
 *
 * sent_psn is how far send_psn has ever been.
 *
 * Sending again means moving the cursor back: a work request stays decodable until it completes,
 * and the PSN says how many bytes of it to skip.
 */
#ifndef SOFTHCA_TRANSPORT_REQUESTER_H
#define SOFTHCA_TRANSPORT_REQUESTER_H

#include "softhca/transport/packet.h"
#include "softhca/transport/transport.h"

enum {
	/* Packets that may be under way without an acknowledgement. Half of what a ring holds at
	 * the largest MTU, and small enough to stay in a core's cache. */
	REQUESTER_WINDOW = 128,
	/* At least every so many packets ask for an acknowledgement. */
	REQUESTER_ACK_INTERVAL = 16,
	/* One push takes and sends no more than this, so that other queue pairs get their turn. */
	REQUESTER_BUDGET = 512,
};

/* A request taken from the send queue. */
struct sent_request {
	uint32_t index;
	uint32_t units;
	uint32_t first_psn;
	uint32_t last_psn;
	uint32_t length;
	uint8_t opcode; /* enum request_opcode */
	uint8_t flags;	/* enum request_flag */
	/* enum completion_status; other than success: it has failed here, and completes so when
	 * all before it have completed. */
	uint8_t status;
	/* Takes no packets: completes in its turn. */
	bool local;
	/* The adapter's own, `index` is its number: see tags.h. */
	bool offloaded;
};

struct rendezvous_list;

struct requester {
	struct qp *qp;
	/* Entries by free-running number. */
	struct sent_request *entries;
	uint32_t entries_mask;
	uint32_t head, cursor, tail;
	uint32_t next_index; /* of the WQE to be taken next, as the family counts */
	uint32_t unacked_psn, send_psn, sent_psn, next_psn;
	/* Behind the last response that a read or atomic sent so far will have: what a read awaits
	 * does not fill the window. */
	uint32_t read_end_psn;
	uint32_t since_ack_request;
	uint32_t reads;	     /* reads and atomics among the entries */
	uint32_t request_at; /* entry or WQE that `request` is the decoding of */
	bool request_valid;
	bool failed;	  /* an entry has failed: nothing is taken behind it */
	bool rnr_waiting; /* nothing is sent until the receiver may be ready */
	bool paces;	  /* it has a rate limit */
	/* A NAK has been heeded: more of them about the same packet are late copies, until
	 * something is acknowledged or the timer speaks. */
	bool went_back;
	bool drained_told;    /* the drained event of this SQD has been raised */
	bool probing;	      /* the next packet goes on with the attempt, and starts none */
	uint8_t header_bytes; /* what the transport puts before the operation's own headers */
	uint8_t retries_left;
	uint8_t rnr_retries_left;
	uint64_t deadline_ns; /* UINT64_MAX: no timer */
	struct list timer;    /* on engine->timers */
	uint64_t packets_sent;
	uint64_t busy_until_ns; /* when all that was sent has left, at the rate of the queue pair */
	uint64_t pace_due_ns;	/* when the next request may be taken */
	struct list paced;	/* on engine->paced until then */
	struct rendezvous_list *rendezvous; /* NULL: tags are nothing to it */
	struct route route; /* RC and UC: to the connected queue pair; UD: of the last request */
	/* ---- cold ---- */
	/* When the retry timer was started, put off by the time for which it stood still. */
	uint64_t attempt_ns;
	uint64_t scheduled_ns; /* when deadline_ns was last set */
	uint64_t probe_ns;     /* interval to the next early retry */
	/* Behind what was sent before the timer ran, and behind what had come when that had been
	 * taken; see fabric_send_position(). */
	uint64_t sent_position, arrived_position;
	uint32_t sent_process;
	bool arrived_noted;
	struct ud_address address; /* UD and DC initiators: that `route` leads to */
	bool address_valid;
	/* DC initiators: the connection to `address`, and the first packet of it. */
	uint64_t access_key, connection;
	uint32_t connection_psn;
	bool response_valid;
	uint32_t response_at;
	struct send_request request;
	/* Where responses to the oldest read or atomic go. */
	struct send_request response;
};

static inline struct sent_request *requester_entry(struct requester *requester, uint32_t number)
{
	return &requester->entries[number & requester->entries_mask];
}

static inline struct fabric *qp_fabric(const struct qp *qp)
{
	return qp->hca->engine->fabric;
}

static inline bool qp_sends(const struct qp *qp)
{
	return qp->attr.state == QP_RTS || qp->attr.state == QP_SQD;
}

/* Has the engine come back to `qp` in this or the next round. */
static inline void qp_continue(struct qp *qp)
{
	if (!list_linked(&qp->pending))
		list_append(&qp->hca->engine->pending, &qp->pending);
}

/* requester.c: taking work, completing it. */
/* Puts the next WQE behind the tail. False when there is none, or it has to wait. */
bool requester_take(struct requester *requester);
/* Decodes `entry`, if it is not what `request` holds already. False: it has failed now. */
bool requester_decode(struct requester *requester, struct sent_request *entry);
/* Completes from the head on what has been acknowledged, or failed. */
void requester_retire(struct requester *requester);
/* Completes the oldest entry with `status`; the queue pair goes into error. */
void requester_fail(struct requester *requester, enum completion_status status);
/* Everything not completed has been completed by other means. */
void requester_forget(struct requester *requester);
void requester_start(struct requester *requester, uint32_t psn);
/* A request has failed without having been sent in full. */
void requester_spoil(struct requester *requester, struct sent_request *entry,
		     enum completion_status status);

/* pace.c: rate limits. */
/* Whether the next request may be taken now; else it is taken when it may. */
bool pace_allows(struct requester *requester);
/* requester->request has been taken. */
void pace_charge(struct requester *requester);
/* The rate has changed, or is none. */
void pace_stop(struct requester *requester);
/* Continues those who may send again, and brings engine->next_timer_ns forward to the others. */
void pace_run_timers(struct engine *engine);

/* transmit.c: requests into packets. */
unsigned int requester_push(struct requester *requester);

/* response.c: acknowledgements, read and atomic responses. */
void requester_receive(struct requester *requester, struct arrival *arrival);

/* retry.c: timers and going back. */
void requester_go_back(struct requester *requester);
void requester_timer_start(struct requester *requester);
void requester_timer_stop(struct requester *requester);
/* The peer has shown life: something was acknowledged. */
void requester_progress(struct requester *requester);
void requester_not_ready(struct requester *requester, uint8_t rnr_timer);
/* The peer lacks what unacked_psn says: goes back once, or fails when retries are used up. */
void requester_heed_loss(struct requester *requester);
uint64_t rnr_timer_ns(uint8_t code);

#endif
