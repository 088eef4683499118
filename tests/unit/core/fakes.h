/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stand-ins for what lies around the core: a fabric that is one piece of shared memory without
 * rings, a transport that only counts, a family whose records are plain structs, and a front end
 * that remembers its upcalls. Tests drive and inspect them by hand.
 */
#ifndef TESTS_UNIT_CORE_FAKES_H
#define TESTS_UNIT_CORE_FAKES_H

#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"
#include "softhca/fabric/hold.h"

enum { FAKE_HCAS = 2, FAKE_PROCESSES = 4 };

/* In shared memory, so that forked processes see the same adapters. */
struct fabric {
	struct fabric_hca hcas[FAKE_HCAS];
	_Atomic uint32_t pids[FAKE_PROCESSES];
	_Atomic uint32_t packets_only[FAKE_PROCESSES];
	_Atomic uint32_t held_qpn[FAKE_PROCESSES], held_key[FAKE_PROCESSES];
	_Atomic uint32_t holds; /* taken so far */
};

/* Of this process. */
struct fake_fabric_state {
	unsigned int self;	    /* slot */
	unsigned int opens;	    /* adapter that the next hca_open() gets */
	unsigned int group_members; /* attached now */
	_Atomic unsigned int wakes;
	uint8_t settled_state;	  /* of a queue pair, as it was published then */
	const void *last_settled; /* entry whose shortcuts were last waited for */
	/* Called by fabric_hca_at() if set: what other processes do meanwhile. */
	void (*on_hca_at)(void);
	/* Packets that the next round receives. */
	_Atomic unsigned int num_packets;
	struct packet packets[8];
};
extern struct fake_fabric_state fake_fabric;

struct fabric *fake_fabric_create(void);
void fake_fabric_destroy(struct fabric *fabric);

struct fake_transport_state {
	_Atomic unsigned int pushes;
	unsigned int flushes;
	unsigned int received;
	unsigned int modified;
	enum qp_state last_old;
	uint32_t last_mask;
	int create_rc;
	/* Called by transport_push() if set. */
	void (*on_push)(struct qp *qp);
	struct hca *received_by;
	const struct srq *forgotten; /* the last one */
};
extern struct fake_transport_state fake_transport;

/* Doorbell record of the fake family's CQs. */
struct fake_cq_record {
	uint32_t consumer;
	uint32_t token;
	bool solicited_only;
};

struct fake_srq_record {
	uint32_t posted;
	bool corrupt;
};

extern const struct family_ops fake_family;

struct fake_event {
	enum async_event_type type;
	enum async_event_scope scope;
	void *object;
};

struct fake_front_state {
	unsigned int cq_events;
	struct cq *last_cq;
	unsigned int num_events;
	struct fake_event events[16];
};
extern struct fake_front_state fake_front;
extern const struct front_ops fake_front_ops;
unsigned int fake_count_events(enum async_event_type type);

/* A fabric, an engine and an opened adapter, all fakes reset. */
struct world {
	struct fabric *fabric;
	struct engine *engine;
	struct hca *hca;
};

extern const struct hca_limits fake_limits;
void world_create(struct world *world);
void world_destroy(struct world *world);

/* Objects of the fake family; they succeed or fail the test. */
struct pd *make_pd(struct world *world);
struct cq *make_cq(struct world *world, uint32_t cqe_count, struct fake_cq_record *record);
struct qp *make_qp(struct world *world, struct pd *pd, struct cq *cq, struct srq *srq,
		   enum qp_type type);
/* Takes the QP to `state` the way a program would; the peer is `dest_qpn` at `dlid`. */
void bring_to(struct qp *qp, enum qp_state state, uint16_t dlid, uint32_t dest_qpn);

#endif
