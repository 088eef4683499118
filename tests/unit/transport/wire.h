/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A network in the hands of the test: stands in for softhca/fabric. Packets lie in queues until the
 * receiver's round; a judge decides about each one. Time stands still unless the test moves it.
 */
#ifndef TESTS_TRANSPORT_WIRE_H
#define TESTS_TRANSPORT_WIRE_H

#include "softhca/core/engine.h"
#include "softhca/fabric/fabric.h"

enum {
	WIRE_NODES = 3,
	WIRE_MAX_BYTES = 4096 + 128,
	WIRE_LOG = 4096,
};

/* A packet as it was sent. */
struct sent_packet {
	unsigned int from, to; /* processes */
	struct packet head;
	uint32_t length;
	uint8_t bytes[WIRE_MAX_BYTES];
	struct sent_packet *next;
};

enum fate {
	FATE_DELIVER,
	FATE_DROP,
	FATE_DUPLICATE,
	FATE_DELAY, /* behind the next packet to the same process */
};

typedef enum fate judge_fn(void *arg, const struct sent_packet *packet);

/* The wire and its directory; fabric handles of the nodes point into it. */
struct wire {
	struct fabric_hca *hcas[WIRE_NODES];
	struct sent_packet *first[WIRE_NODES], **last[WIRE_NODES];
	struct sent_packet *delayed[WIRE_NODES];
	unsigned int waiting[WIRE_NODES];
	uint64_t enqueued[WIRE_NODES]; /* ever */
	/* Limits and states that tests play with. */
	unsigned int room; /* packets a queue holds */
	bool asleep[WIRE_NODES];
	bool dead[WIRE_NODES];
	bool unknown[WIRE_NODES]; /* its LID leads nowhere */
	bool direct;		  /* one-sided shortcuts may be tried */
	judge_fn *judge;
	void *judge_arg;
	uint64_t now_ns;
	/* All packets ever sent, in order. */
	struct sent_packet *log[WIRE_LOG];
	unsigned int logged;
	struct {
		bool used;
		uint8_t mgid[16];
		uint16_t mlid;
		unsigned int hca;
		uint32_t qpn;
	} members[16];
};

struct fabric {
	unsigned int self;
};

extern struct wire wire;

void wire_open(enum fabric_port_type port_type);
void wire_close(void);
/* Puts a packet on the wire as if `from` had sent it. */
void wire_inject(unsigned int from, unsigned int to, const struct packet *head,
		 const uint8_t *bytes, uint32_t length);
/* Byte behind a GRH, if there is one. */
const uint8_t *packet_bth(const struct sent_packet *packet);
uint8_t packet_opcode(const struct sent_packet *packet);
uint32_t packet_psn(const struct sent_packet *packet);

#endif
