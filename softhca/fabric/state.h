/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one process knows about its fabric; private to softhca/fabric. */
#ifndef SOFTHCA_FABRIC_STATE_H
#define SOFTHCA_FABRIC_STATE_H

#include "softhca/fabric/segment.h"
#include "util/list.h"

struct capture;
struct faults;

enum {
	/* Reservation of file memory for tables of QPs and keys goes by pieces of this size. */
	STATE_BACKED_BYTES = 1 << 16,
	STATE_BACKED_PIECES = sizeof(struct fabric_hca) / STATE_BACKED_BYTES + 1,
	/* Slot of somebody who only looks: softhca ps. */
	STATE_NO_SLOT = FABRIC_MAX_PROCESSES,
};

struct fabric {
	/* ---- every packet ---- */
	struct segment *segment;
	struct fabric_process *own;
	/* Packets go straight to the ring while segment->change is this. */
	uint32_t undisturbed;
	unsigned int num_active;
	uint8_t active[FABRIC_MAX_PROCESSES]; /* slots whose rings may hold something */
	unsigned int next_active;
	uint64_t known_senders[FABRIC_MAX_PROCESSES / 64];
	/* Sent to and not yet flushed; flushed without a wake that may still be needed. */
	uint64_t unflushed[FABRIC_MAX_PROCESSES / 64];
	uint64_t deferred[FABRIC_MAX_PROCESSES / 64];
	bool any_deferred;
	bool is_fenced; /* by receivers before they sleep */
	struct capture *capture;
	struct outbound out[FABRIC_MAX_PROCESSES];
	struct inbound in[FABRIC_MAX_PROCESSES];

	/* ---- now and then ---- */
	struct faults *faults;	/* NULL: none at present */
	uint32_t fault_serial;	/* last order acted on */
	uint32_t looked_change; /* segment->change when links and faults were last taken over */
	bool disturbed;
	bool complained;	    /* of memory for rings */
	unsigned int stage_process; /* whom the packet in `stage` is for */
	uint64_t icrc_errors;
	uint64_t deferred_ns[FABRIC_MAX_PROCESSES];	   /* when it was last put off */
	uint64_t deferred_polled_ns[FABRIC_MAX_PROCESSES]; /* its polled_ns then */
	uint32_t seen_wake;
	_Atomic uint32_t deep_sleep;
	uint64_t checked_ns[FABRIC_MAX_PROCESSES];
	uint32_t found_dead[FABRIC_MAX_PROCESSES]; /* its pid */
	struct fabric_hca *hcas[FABRIC_MAX_HCAS];
	uint8_t backed[FABRIC_MAX_HCAS][STATE_BACKED_PIECES];

	/* ---- once ---- */
	unsigned int slot;
	unsigned int host;
	enum fabric_port_type port_type;
	int fd;
	dev_t device;
	ino_t inode;
	char name[SEGMENT_NAME_CHARS];
	char path[PATH_MAX];
	struct list link; /* fabrics of this process */
	/* Where a packet that goes nowhere, or not yet, is built. */
	_Alignas(RING_LINE) uint8_t stage[RING_MAX_PACKET + 2 * RING_LINE];
};

static inline bool fabric_is_undisturbed(const struct fabric *fabric)
{
	return atomic_load_explicit(&fabric->segment->change, memory_order_relaxed) ==
	       fabric->undisturbed;
}

/* ---- processes ---- */
int process_enter(struct fabric *fabric, char *reason, size_t reason_size);
void process_leave(struct fabric *fabric);
/* With the directory locked: frees what dead processes held; returns how many live. */
unsigned int process_reap(struct fabric *fabric);

/* ---- numbers, rules, groups and domains ---- */
/* Owner's slot of a queue pair, -1 if it has none that can be. */
int qp_owner(const struct fabric_qp *qp);
/* With the directory locked: takes away the rules of a process that is no more. */
void flow_forget_process(struct fabric_hca *hca, uint32_t owner);
/* The same for its services, and it answers for queue pair 1 no longer. */
void service_forget_process(struct fabric_hca *hca, uint32_t owner);
/* With the directory locked: takes a queue pair that is no more out of all groups. */
void group_forget_qp(struct fabric *fabric, unsigned int hca, uint32_t qpn);

/* With the directory locked: a process that is no more holds no domains. */
void xrcd_forget_process(struct fabric_hca *hca, unsigned int slot);

/* With the directory locked: a process that is no more has no ports. */
void port_forget_process(struct fabric_hca *hca, uint32_t owner);

/* ---- packets ---- */
/* Maps the ring to a process if it is not yet; 0, ENOSPC... */
int outbound_open(struct fabric *fabric, unsigned int process);
/* Maps the ring from a process. */
int inbound_open(struct fabric *fabric, unsigned int process);
/* Room for `span` bytes in the ring to a process that is there. 0, EAGAIN, ESRCH when it is gone.
 */
int outbound_room(struct fabric *fabric, unsigned int process, uint32_t span);

static inline void outbound_sent(struct fabric *fabric, unsigned int process)
{
	fabric->unflushed[process / 64] |= 1ull << process % 64;
}

/* ---- what keeps packets from the straight way ---- */
/* segment->change is not what it was: takes over links and faults. */
void disturbance_look(struct fabric *fabric);
/* Serial number of the latest order for our host, 0 if there was none. */
uint32_t disturbance_last_order(const struct fabric *fabric);
int detour_begin(struct fabric *fabric, unsigned int process, uint32_t length,
		 struct packet_slot *slot);
void detour_end(struct fabric *fabric, struct packet_slot *slot, uint32_t length);
/* A packet is built aside, for `process` or FABRIC_NOWHERE. */
void detour_stage(struct fabric *fabric, unsigned int process, struct packet_slot *slot);
/* Copies a packet into a ring that has room for it. */
void detour_put(struct fabric *fabric, unsigned int process, const struct packet *head,
		const uint8_t *bytes, uint32_t length);

#endif
