/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the files of the connection manager share. A connection and a service id resolution are both
 * exchanges: ids, a way to the peer, and the message that was sent last, which is repeated until it
 * is answered or stands by as the answer to duplicates.
 */
#ifndef SOFTHCA_CM_INTERNAL_H
#define SOFTHCA_CM_INTERNAL_H

#include "softhca/cm/cm.h"
#include "softhca/cm/table.h"
#include "softhca/transport/management.h"

enum {
	/* The longest number that a field of response times can have. */
	CM_MAX_TIMEOUT = 31,
	CM_MAX_RETRIES = 15,
	CM_MAX_RETRY_COUNT = 7,
	CM_MAX_24_BITS = 0xffffff,
	/* 256 and 4096 bytes. */
	CM_MIN_MTU = 1,
	CM_MAX_MTU = 5,
	/* Of REP, what becomes of an alternate path. */
	CM_FAILOVER_UNSUPPORTED = 1,
	CM_FAILOVER_REJECTED = 2,
};

enum exchange_kind {
	EXCHANGE_CONNECTION,
	EXCHANGE_SIDR,
};

struct exchange;
/* What an exchange waited for has not come, or its time is over. */
typedef void expired_fn(struct exchange *exchange);

struct exchange {
	struct cm *cm;
	enum exchange_kind kind;
	uint32_t id;
	uint32_t remote_id; /* 0: not known */
	uint64_t transaction_id;
	struct table_link by_id, by_remote;
	struct list link;  /* on cm->exchanges */
	struct list timer; /* on cm->timers while it waits */
	struct route route;

	/* The last message, and how it is repeated. */
	enum cm_message_type type; /* CM_MESSAGE_TYPES: none yet */
	uint8_t mad[MAD_BYTES];
	bool repeating;
	bool sent; /* at least once */
	bool extended; /* this try, by the peer */
	uint8_t retries_left;
	uint64_t deadline_ns; /* when to look again */
	uint64_t try_ns;
	uint64_t try_end_ns;
	uint64_t probe_ns;
	uint64_t patient_until_ns;
	expired_fn *expired;
};

struct cm_connection {
	struct exchange exchange;
	cm_connection_fn *fn;
	void *arg;
	bool destroyed; /* by its user: ends by itself */
	bool peer_gone; /* nobody is left to talk to */
	bool wants_alternate;
	struct cm_agreement agreement;
	struct table_link by_qpn;
	struct list peer;     /* on cm->watched, once the peer is known */
	uint32_t process;     /* where the peer is, FABRIC_NOWHERE while that is not known */
	uint32_t process_pid; /* a slot may get another process */
	/* For messages of this end. */
	uint64_t response_ns;
	uint8_t max_retries;
};

struct cm_listener {
	struct cm *cm;
	uint64_t service_id, mask;
	const struct cm_listener_ops *ops;
	void *arg;
	unsigned int index; /* in the fabric's table */
	struct list link;
};

struct cm {
	struct agent agent;
	struct hca *hca;
	uint32_t next_serial;
	uint32_t next_psn;
	uint64_t next_transaction;
	struct table by_id;	/* every exchange */
	struct table by_remote; /* those whose peer has asked */
	struct table by_qpn;	/* connections, by the peer's queue pair */
	struct list exchanges, timers, listeners;
	struct list watched; /* connections whose peer may die */
	uint64_t next_look_ns;
	struct cm_counters counters;
};

static inline struct cm_connection *to_connection(struct exchange *exchange)
{
	return list_entry(exchange, struct cm_connection, exchange);
}

/* 4.096 us * 2^code. */
static inline uint64_t cm_code_ns(uint8_t code)
{
	return 4096ull << (code & CM_MAX_TIMEOUT);
}

/* ---- agent.c ---- */
/* A message by `route`, which is led to the process it is for. EAGAIN: try again later. */
int agent_send(struct cm *cm, struct route *route, const uint8_t mad[MAD_BYTES]);
/* Nobody listens to what this message asks for, so far. */
bool agent_is_early(struct cm *cm, struct route *route, const uint8_t mad[MAD_BYTES]);
/* The way back to where a message came from, and the way along a path. EINVAL: it begins at no
 * address of the adapter. */
void agent_route_back(struct cm *cm, const struct mad_source *source, struct route *route);
int agent_route_along(struct cm *cm, const struct cm_path *path, struct route *route);
/* Encodes, sends once and forgets. */
void agent_answer(struct cm *cm, const struct mad_source *source, const struct cm_message *message);
/* A message that nobody waits for. */
void agent_stray(struct cm *cm, const struct cm_message *message, const char *reason);
/* The source as users see it. */
struct cm_source agent_source(const struct mad_source *source);

/* ---- exchange.c ---- */
/* Takes an id and enters the lists. */
void exchange_begin(struct cm *cm, struct exchange *exchange, enum exchange_kind kind);
void exchange_end(struct exchange *exchange);
struct exchange *exchange_find(struct cm *cm, enum exchange_kind kind, uint32_t id);
void exchange_set_remote(struct exchange *exchange, uint32_t remote_id);
/* What is sent from here on is not about what was before. */
void exchange_renew(struct exchange *exchange);
/* The message, with the ids and the transaction of the exchange filled in, becomes its last one.
 * exchange_send() sends it once; exchange_repeat() until exchange_stop(), or calls `expired` after
 * one try and `retries` more of `try_ns`. */
void exchange_send(struct exchange *exchange, struct cm_message *message);
void exchange_repeat(struct exchange *exchange, struct cm_message *message, uint64_t try_ns,
		     uint8_t retries, expired_fn *expired);
/* Sends the last message again. */
void exchange_resend(struct exchange *exchange);
void exchange_stop(struct exchange *exchange);
/* Calls `expired` after that time. */
void exchange_wait(struct exchange *exchange, uint64_t ns, expired_fn *expired);
/* The peer needs longer: this try lasts that long from now. False if it has been told before. */
bool exchange_extend(struct exchange *exchange, uint64_t ns);
void exchange_run_timers(struct cm *cm, uint64_t now_ns);

/* ---- connection.c ---- */
struct cm_connection *connection_create(struct cm *cm);
void connection_free(struct cm_connection *connection);
void connection_event(struct cm_connection *connection, enum cm_event_type type,
		      const struct cm_message *message, const struct mad_source *source);
/* The peer has said what its id is, and then which its queue pair. */
void connection_set_peer_id(struct cm_connection *connection, uint32_t remote_id);
void connection_set_peer(struct cm_connection *connection, uint32_t remote_id, uint32_t qpn,
			 uint64_t ca_guid);
/* The one that a message with both ids is for. */
struct cm_connection *connection_for(struct cm *cm, const struct cm_message *message);
struct cm_connection *connection_by_remote(struct cm *cm, uint32_t remote_id, uint64_t ca_guid);
/* Another one is with that queue pair, of a process that is still there. */
bool connection_is_stale(struct cm *cm, uint32_t qpn, uint64_t ca_guid,
			 const struct cm_connection *but);
/* Those are lost: the peer has forgotten them. */
void connection_lose_stale(struct cm *cm, uint32_t qpn, uint64_t ca_guid);
/* It is over and the peer's queue pair free; what was sent last still answers duplicates. */
void connection_finish(struct cm_connection *connection);
/* The same, and its user, if there is one, gets to know. */
void connection_fail(struct cm_connection *connection, enum cm_event_type type,
		     const struct cm_message *message, const struct mad_source *source);
/* The peer is not there any more, and has not said goodbye. */
void connection_lose(struct cm_connection *connection);
void connection_enter_time_wait(struct cm_connection *connection);
/* expired_fn of REQ, REP and DREQ. */
void connection_unanswered(struct exchange *exchange);
/* 0, or EINVAL when there is more of it than the message has room for. */
int private_fill(struct cm_message *message, const struct cm_private *private);

/* ---- passive.c ---- */
void connection_establish(struct cm_connection *connection, const struct cm_message *message,
			  const struct mad_source *source);

/* ---- reject.c ---- */
/* REJ with the reason, in the state that it is in. EINVAL: too much to say. */
int connection_send_rej(struct cm_connection *connection, uint16_t reason, const void *information,
			uint8_t information_length, const struct cm_private *private);
/* The same of a message that belongs to no connection. */
void reject_message(struct cm *cm, const struct cm_message *rejected,
		    const struct mad_source *source, uint16_t reason);

/* ---- peer.c ---- */
void peer_watch(struct cm_connection *connection);
void peer_unwatch(struct cm_connection *connection);
/* Whether the process that it is, or was, with has come to its end. */
bool peer_is_gone(const struct cm_connection *connection);
/* Looks whose process is gone, when it is time to. */
void peer_look(struct cm *cm, uint64_t now_ns);

/* ---- what arrives, by message: active.c, passive.c, reject.c, ... ---- */
typedef void receive_fn(struct cm *cm, const struct cm_message *message,
			const struct mad_source *source);
receive_fn receive_req, receive_rtu;
receive_fn receive_rep;
receive_fn receive_mra, receive_rej;
receive_fn receive_dreq, receive_drep, receive_lap;
receive_fn receive_sidr_req, receive_sidr_rep;

/* ---- listener.c ---- */
struct cm_listener *listener_find(struct cm *cm, uint64_t service_id);

/* ---- sidr.c ---- */
void sidr_free(struct exchange *exchange);

#endif
