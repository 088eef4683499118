/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Nodes on the wire: the real core, memory and transport over a family whose queues are plain
 * arrays of requests. Work requests of two units make positions and counts differ.
 */
#ifndef TESTS_TRANSPORT_NODE_H
#define TESTS_TRANSPORT_NODE_H

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "softhca/core/engine.h"
#include "softhca/transport/transport.h"
#include "wire.h"

enum {
	QUEUE_DEPTH = 64,
	UNITS = 2, /* of each send request */
	MEMORY_BYTES = 1 << 21,
	COMPLETIONS = 8192,
	EVENTS = 16,
};

/* What the "application" of a queue pair posts. */
struct test_queue {
	struct send_request send[QUEUE_DEPTH];
	struct recv_request recv[QUEUE_DEPTH];
	uint32_t send_posted; /* in units */
	uint32_t recv_posted;
	bool corrupt; /* decoding fails from here on */
};

struct test_cq {
	struct cq *cq;
	struct completion list[COMPLETIONS];
	uint32_t qpn[COMPLETIONS];
	/* Of those that concern tags. */
	bool tagged[COMPLETIONS];
	struct tag_note notes[COMPLETIONS];
	unsigned int count, taken;
};

struct node {
	struct fabric fabric;
	struct engine *engine;
	struct hca *hca;
	struct pd *pd;
	struct test_cq send_cq, recv_cq;
	struct srq *srq;
	struct test_queue srq_queue;
	struct xrcd *xrcd;
	uint8_t *memory; /* all of it under one key, at its own address */
	struct mr *mr;
	struct qp *qp;
	struct test_queue queue;
	/* A second queue pair, where a test needs one. */
	struct qp *qp2;
	struct test_queue queue2;
	enum async_event_type events[EVENTS];
	unsigned int num_events;
};

/* Attributes of the connection, preset to something usual. */
struct pair_options {
	enum qp_type type;
	enum fabric_port_type port_type;
	uint8_t mtu;	 /* code */
	uint32_t psn[2]; /* each node's first */
	uint8_t timeout, retry_count, rnr_retry, min_rnr_timer, rd_atomic;
	uint8_t sgid_index;
	uint32_t access;
	bool srq, second, stop_at_rtr;
	bool xrc;     /* node 0 sends only, node 1 receives only, by an SRQ of its domain */
	bool unknown; /* node 1 has no address while the pair connects */
	bool tags;    /* node 1 receives by an SRQ with tags */
};

extern struct node nodes[2];
extern const struct pair_options usual;

void pair_open(const struct pair_options *options);
void pair_close(void);

/* Rounds on both nodes until nothing moves. */
void run(void);
/* Rounds while time passes, in steps that no timer can overtake. */
void run_for(uint64_t ns);
#define MS 1000000ull

/* Requests; memory offsets are those of the node's (local) or its peer's (remote) memory. */
struct send_request make_request(const struct node *node, enum request_opcode opcode,
				 uint32_t offset, uint32_t length);
struct send_request make_remote(const struct node *node, enum request_opcode opcode,
				uint32_t offset, uint32_t length, uint32_t remote_offset);
/* Signaled unless `flags` has been set to something else before. Returns the WQE's index. */
uint32_t post_send(struct node *node, const struct send_request *request);
uint32_t post_send_to(struct qp *qp, struct test_queue *queue, const struct send_request *request);
void post_recv(struct node *node, uint32_t offset, uint32_t length);

/* The next completion, or NULL. */
const struct completion *take(struct test_cq *cq);
void expect_success(struct test_cq *cq, uint32_t index);
void expect_status(struct test_cq *cq, uint32_t index, enum completion_status status);
void expect_nothing(struct test_cq *cq);
bool had_event(const struct node *node, enum async_event_type type);

/* Fills with a pattern that depends on position and seed. */
void fill(uint8_t *at, uint32_t length, uint32_t seed);
void expect_pattern(const uint8_t *at, uint32_t length, uint32_t seed);

/* Fixtures. */
int open_usual(void **state);
int close_pair(void **state);
#define TEST(open, name) cmocka_unit_test_setup_teardown(name, open, close_pair)

/* Judges. */
struct drop_plan {
	unsigned int from; /* packets sent by this process */
	unsigned int seen;
	uint64_t drop; /* bit n: the n-th of them */
	uint64_t duplicate;
	uint64_t delay;
};
enum fate judge_plan(void *arg, const struct sent_packet *packet);
void use_plan(struct drop_plan *plan);

#endif
