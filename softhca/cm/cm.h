/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Communication management, where a kernel has its ib_cm: who may connect to whom, by MADs between
 * the queue pairs 1 of two adapters. It moves no queue pair through its states and resolves no
 * addresses; whoever uses it does. There are no alternate paths: who asks for one is told so.
 * Source: IBTA vol. 1, chapter 12.
 *
 * All calls are made with the engine lock held and none blocks; they return 0 or a positive errno,
 * and one that fails has changed nothing. Events come as calls under the same lock, from inside
 * engine rounds; what is called back may call everything here, and end the very object that the
 * event is about.
 */
#ifndef SOFTHCA_CM_CM_H
#define SOFTHCA_CM_CM_H

#include "softhca/cm/message.h"

struct cm;
struct cm_connection;
struct cm_listener;
struct cm_sidr;
struct hca;
struct qp;

/* ---- the manager of an adapter ---- */

/*
 * Becomes the agent of `hca` for queue pair 1. Front ends do it for each adapter they open: also
 * one without connections answers for services that are not there. EBUSY when the host's queue
 * pair 1 belongs to a kernel behind the PCI front end, or it has been done.
 */
int cm_attach(struct hca *hca, struct cm **cm);
/* Ends all that is left, without events; peers are told once, as far as the rings have room.
 * hca_close() does it too. */
void cm_detach(struct cm *cm);
/* NULL: cm_attach() has not been called. */
struct cm *cm_of(const struct hca *hca);

/* ---- events ---- */

enum cm_event_type {
	/* A connection that a listener gets: REQ. To be answered by cm_accept() or cm_reject(). */
	CM_EVENT_REQUEST,
	/* To who has connected: REP. The queue pair is made ready, and then cm_confirm() called. */
	CM_EVENT_RESPONSE,
	/* To who has accepted: RTU, or cm_notify_established(). */
	CM_EVENT_ESTABLISHED,
	/* The end of a connection that has not been: REJ. Also after CM_EVENT_RESPONSE. */
	CM_EVENT_REJECTED,
	/* No answer: all retries of REQ or REP are used up, or the peer's process is no more. No
	 * message, and the end of the connection. */
	CM_EVENT_UNREACHABLE,
	/* MRA: the answer takes longer; for information. */
	CM_EVENT_DELAYED,
	/* The peer disconnects (DREQ), or its process is no more (no message). To be answered by
	 * cm_disconnect_reply(), which does nothing in the second case. */
	CM_EVENT_DISCONNECTED,
	/* cm_disconnect() is through: DREP, or a DREQ that has crossed ours, or no answer (no
	 * message). Time wait begins. */
	CM_EVENT_DISCONNECT_DONE,
	/* Of a connection that has been, after the end of either kind: the queue pair may be used
	 * again. The last event of a connection. */
	CM_EVENT_TIME_WAIT_OVER,
	/* A SIDR_REQ that a listener gets, to be answered by cm_sidr_reply(). */
	CM_EVENT_SIDR_REQUEST,
	/* SIDR_REP, whatever its status; the object is done with. */
	CM_EVENT_SIDR_RESPONSE,
	CM_EVENT_SIDR_UNREACHABLE,
};

/* Where a message came from, for who has to answer in a way of its own. */
struct cm_source {
	uint16_t lid;
	uint8_t sl;
	bool has_gid; /* the packet had a GRH; the two are those of the packet */
	uint8_t gid[16];
	uint8_t own_gid[16];
	uint8_t traffic_class;
	uint32_t flow_label;
	uint16_t pkey; /* of the packet */
};

struct cm_event {
	enum cm_event_type type;
	/* As received, good during the call, with private data; NULL if no message was the reason.
	 */
	const struct cm_message *message;
	const struct cm_source *source; /* with `message` only */
};

typedef void cm_connection_fn(struct cm_connection *connection, void *arg,
			      const struct cm_event *event);
typedef void cm_sidr_fn(struct cm_sidr *sidr, void *arg, const struct cm_event *event);

/* ---- listeners ---- */

struct cm_listener_ops {
	/*
	 * CM_EVENT_REQUEST with a new connection, which belongs to the listener's owner from now
	 * on: cm_connection_set_user() says where its events go. One that cannot be taken is
	 * rejected and ended here.
	 */
	void (*request)(struct cm_listener *listener, void *arg, struct cm_connection *connection,
			const struct cm_event *event);
	/* CM_EVENT_SIDR_REQUEST, likewise. NULL: there is no such service. */
	void (*sidr_request)(struct cm_listener *listener, void *arg, struct cm_sidr *sidr,
			     const struct cm_event *event);
};

/*
 * Requests for services whose id is `service_id` in the bits of `mask` (all ones: that one) come
 * here, from the whole fabric. EADDRINUSE if it overlaps one that any process of the host listens
 * to on this adapter, EINVAL for bits outside the mask, ENOMEM when the adapter's table is full.
 */
int cm_listen(struct cm *cm, uint64_t service_id, uint64_t mask, const struct cm_listener_ops *ops,
	      void *arg, struct cm_listener **listener);
/* Connections that it got live on. */
void cm_unlisten(struct cm_listener *listener);

/* ---- connections ---- */

enum cm_state {
	CM_STATE_REQ_SENT,
	CM_STATE_REQ_RECEIVED, /* cm_accept() or cm_reject() is due */
	CM_STATE_REP_SENT,
	CM_STATE_REP_RECEIVED, /* cm_confirm() or cm_reject() is due */
	CM_STATE_ESTABLISHED,
	CM_STATE_DREQ_SENT,
	CM_STATE_DREQ_RECEIVED, /* cm_disconnect_reply() is due */
	CM_STATE_TIME_WAIT,
	CM_STATE_IDLE, /* over: only cm_destroy() is left */
};

/*
 * Connects: sends a REQ along request->primary, to remote_lid on InfiniBand ports and remote_gid on
 * Ethernet ones, of which the local addresses must be the adapter's. Sent again until answered:
 * each try lasts remote_response_timeout and there are max_cm_retries more of them. EINVAL: an
 * address that is not this adapter's, a value beyond its field, too much private data. ENOMEM.
 */
int cm_connect(struct cm *cm, const struct cm_req *request, const struct cm_ece *ece,
	       const struct cm_private *private, cm_connection_fn *fn, void *arg,
	       struct cm_connection **connection);

/* Where the events of a connection go. Those of one without are lost. */
void cm_connection_set_user(struct cm_connection *connection, cm_connection_fn *fn, void *arg);

/*
 * The following answer what an event has asked for. EINVAL: not in this state, a value beyond its
 * field, or too much private data. `private` and `ece` may be NULL.
 */
/* REP, sent again until a RTU comes. */
int cm_accept(struct cm_connection *connection, const struct cm_rep *reply,
	      const struct cm_ece *ece, const struct cm_private *private);
/* RTU; the connection is established on this end. */
int cm_confirm(struct cm_connection *connection, const struct cm_private *private);
/* MRA: the answer will take at most 4.096 us << service_timeout. After a REQ or a REP. */
int cm_delay(struct cm_connection *connection, uint8_t service_timeout,
	     const struct cm_private *private);
/* REJ, in any state before established. `information` may be NULL. */
int cm_reject(struct cm_connection *connection, uint16_t reason, const void *information,
	      uint8_t information_length, const struct cm_private *private);
/* DREQ; EINVAL if not established. */
int cm_disconnect(struct cm_connection *connection, const struct cm_private *private);
/* DREP. */
int cm_disconnect_reply(struct cm_connection *connection, const struct cm_private *private);
/* Something has come by the queue pair: the peer must be established, whatever became of its RTU.
 * EISCONN when that is known, EINVAL in other states. */
int cm_notify_established(struct cm_connection *connection);
/* Says goodbye as the state demands (REJ or DREQ), and forgets the user at once: there are no
 * events from here on. What is left to answer duplicates ends by itself. */
void cm_destroy(struct cm_connection *connection);

/* Of a request that has just come: as if it never had, so that it counts as new when it is sent
 * again. Silent, for who has no room at the moment. */
void cm_forget(struct cm_connection *connection);

/* What has been agreed on, as this end sees it. What is not known yet is 0. */
struct cm_agreement {
	enum cm_state state;
	bool active; /* this end has connected */
	enum cm_transport transport;
	uint64_t service_id;
	uint32_t local_id, remote_id;
	uint32_t local_qpn, remote_qpn;
	/* What each of the two wants to receive first: the other one's send queue begins with it.
	 */
	uint32_t local_psn, remote_psn;
	uint32_t remote_qkey;
	uint64_t remote_ca_guid;
	/* Of this end, as it said itself, or as limited by what the peer said. */
	uint8_t responder_resources, initiator_depth;
	uint8_t mtu;
	uint8_t retry_count, rnr_retry_count;
	uint8_t target_ack_delay;
	bool remote_srq;
	uint16_t pkey;
	struct cm_path path; /* "local" is this end */
	struct cm_ece remote_ece;
};

void cm_connection_agreement(const struct cm_connection *connection,
			     struct cm_agreement *agreement);

/* ---- service ids to datagram queue pairs ---- */

/* Asks; sent again after each `timeout_ms`, `max_retries` times. Errors as of cm_connect(). */
int cm_sidr_request(struct cm *cm, const struct cm_path *path, const struct cm_sidr_req *request,
		    uint32_t timeout_ms, uint8_t max_retries, const struct cm_private *private,
		    cm_sidr_fn *fn, void *arg, struct cm_sidr **sidr);
/* Answers, once; later copies of the question get the same answer by themselves. */
int cm_sidr_reply(struct cm_sidr *sidr, const struct cm_sidr_rep *reply, const struct cm_ece *ece,
		  const struct cm_private *private);
/* Without events from here on; a question that was not answered is rejected. */
void cm_sidr_destroy(struct cm_sidr *sidr);

/* As cm_forget(), of a question that has just come. */
void cm_sidr_forget(struct cm_sidr *sidr);

/* ---- multicast ---- */

/* What an InfiniBand subnet's manager would say of a group: the same to all who ask. */
struct cm_group {
	uint16_t mlid; /* 0 on Ethernet ports */
	uint32_t qkey;
	uint16_t pkey;
	uint8_t mtu, rate, sl, hop_limit, traffic_class;
	uint32_t flow_label;
	uint8_t packet_life_time;
};

/* EINVAL: no multicast GID. A group has the Q_Key of rdma_cm's multicast, unless `qkey` (not 0) is
 * asked for. */
int cm_group_join(const struct cm *cm, const uint8_t mgid[16], uint32_t qkey,
		  struct cm_group *group);

/* ---- looking at it ---- */

struct cm_counters {
	uint64_t sent[CM_MESSAGE_TYPES], received[CM_MESSAGE_TYPES];
	uint64_t retried[CM_MESSAGE_TYPES], duplicates[CM_MESSAGE_TYPES];
	uint64_t malformed; /* nothing that could be understood */
	uint64_t stray;	    /* understood, but for nobody, or not in this state */
};

void cm_read_counters(const struct cm *cm, struct cm_counters *counters);

#endif
