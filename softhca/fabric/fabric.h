/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The network between software HCAs. A fabric has a name and belongs to a user; it is a directory
 * and a shared-memory file in it. Packets travel in rings of shared memory, one for each ordered
 * pair of processes, and carry InfiniBand packets from GRH or BTH on. Faults and capture sit here:
 * what is dropped, doubled, delayed, reordered or corrupted on purpose never reaches the ring as it
 * was sent.
 *
 * Transmit and receive calls are made by one thread at a time (the engine lock's holder).
 */
#ifndef SOFTHCA_FABRIC_FABRIC_H
#define SOFTHCA_FABRIC_FABRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "softhca/fabric/directory.h"

struct fabric;

enum packet_flag {
	PACKET_GRH = 1 << 0,	   /* starts with a GRH; otherwise with the BTH */
	PACKET_MULTICAST = 1 << 1, /* for the members of the group in GRH (or dlid), not one QP */
	PACKET_ICRC = 1 << 2,	   /* ends with an invariant CRC that the receiver verifies */
	PACKET_ROCE_V1 = 1 << 3,   /* sent through a GID of RoCE v1; for captures */
	PACKET_FRAME = 1 << 4,	   /* a whole Ethernet frame, whose check sequence is the ICRC */
};

/* Head of a packet in a ring; the bytes follow. One cache line holds head, BTH and a small payload.
 */
struct packet {
	/* Bytes that follow. Written last: 0 means nothing is here yet. */
	_Atomic uint32_t length;
	uint8_t source_hca;
	uint8_t destination_hca;
	uint8_t sl;
	uint8_t flags;
	uint16_t slid;
	uint16_t dlid;
	uint32_t pad;
};

/* Space for a packet under construction. */
struct packet_slot {
	struct packet *packet; /* fill in all but length */
	uint8_t *bytes;	       /* room for as many as asked for */
	void *ring;	       /* private */
};

struct fabric_options {
	const char *name;   /* NULL: "default" */
	unsigned int host;  /* 1.. */
	const char *family; /* "mlx5" */
	enum fabric_port_type port_type;
	const char *faults;  /* specification, or NULL */
	const char *capture; /* file, or NULL */
};

/* What fabric_wait() came back for. */
enum fabric_wakeup {
	FABRIC_WOKEN,
	FABRIC_TIMED_OUT,
};

/* Joins the fabric, making it if need be, and clears away what dead processes left. On failure a
 * positive errno, and a sentence in `reason`. */
int fabric_join(const struct fabric_options *options, struct fabric **fabric, char *reason,
		size_t reason_size);
/* Leaves; prints the faults summary to stderr when faults were on. */
void fabric_leave(struct fabric *fabric);
/* The same when the process is exiting: nothing is freed or unmapped that other threads, which may
 * still be running, could look at without the engine lock. */
void fabric_depart(struct fabric *fabric);

/* In the child after a fork: forgets everything without touching what the parent shares. */
void fabric_forget(struct fabric *fabric);

/* The adapter of this process's host for a family; made on first use. */
int fabric_hca_open(struct fabric *fabric, const char *family, struct fabric_hca **hca,
		    unsigned int *index);
struct fabric_hca *fabric_hca_at(struct fabric *fabric, unsigned int index);

/* Slot of this process. */
unsigned int fabric_self(const struct fabric *fabric);
/* No shortcut may bypass packets between this process and `process`. */
bool fabric_packets_only(const struct fabric *fabric, unsigned int process);
/* False once the process of that slot is gone; looks at the system at most every few ms. */
bool fabric_process_alive(struct fabric *fabric, unsigned int process);
uint32_t fabric_process_pid(const struct fabric *fabric, unsigned int process);

/* ---- numbers ---- */
/* Reserves a QP number of `hca` for this process. ENOMEM when all are taken. */
int fabric_qp_reserve(struct fabric *fabric, struct fabric_hca *hca, uint32_t *qpn,
		      struct fabric_qp **qp);
/* The numbers 0 and 1, which the search never finds. EBUSY when taken, be it by this process. */
int fabric_qp_reserve_management(struct fabric *fabric, struct fabric_hca *hca, uint32_t qpn,
				 struct fabric_qp **qp);
void fabric_qp_release(struct fabric *fabric, struct fabric_hca *hca, struct fabric_qp *qp);
/* The entry behind a QP number, whoever owns it; NULL if the number is free. */
struct fabric_qp *fabric_qp_find(struct fabric_hca *hca, uint32_t qpn);

/* Reserves a key. The entry is filled by the caller and made valid by storing `key`. */
int fabric_key_reserve(struct fabric *fabric, struct fabric_hca *hca, uint8_t variant,
		       uint32_t *key, struct fabric_key **entry);
/* Invalidates and waits for initiators (of live processes) to let go; the entry stays reserved. */
void fabric_key_withdraw(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *entry);
/* The same, and frees it. */
void fabric_key_release(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *entry);
struct fabric_key *fabric_key_find(struct fabric_hca *hca, uint32_t key);
uint32_t fabric_pd_number(struct fabric_hca *hca);

/* Reserves an SRQ number for this process. ENOMEM when all are taken. */
int fabric_srq_reserve(struct fabric *fabric, struct fabric_hca *hca, uint32_t *srqn);
void fabric_srq_release(struct fabric_hca *hca, uint32_t srqn);
/* Slot of the process that an SRQ belongs to, FABRIC_NOWHERE if the number is free. */
uint32_t fabric_srq_owner(struct fabric_hca *hca, uint32_t srqn);

/* ---- XRC domains ---- */
enum fabric_xrcd_flag {
	FABRIC_XRCD_CREATE = 1 << 0,	/* if there is none yet; else EAGAIN */
	FABRIC_XRCD_EXCLUSIVE = 1 << 1, /* EINVAL if there is one */
};

/* This process holds the domain of that file from then on, or, with device and inode 0, a new one
 * that nobody else can find. ENOMEM when there are too many. */
int fabric_xrcd_open(struct fabric *fabric, struct fabric_hca *hca, uint64_t device, uint64_t inode,
		     unsigned int flags, uint32_t *xrcdn);
void fabric_xrcd_close(struct fabric *fabric, struct fabric_hca *hca, uint32_t xrcdn);

/* ---- addresses ---- */
/* Number of the adapter with this LID or GID on the same fabric; -1 if there is none. */
int fabric_hca_by_lid(struct fabric *fabric, uint16_t lid);
int fabric_hca_by_gid(struct fabric *fabric, const uint8_t gid[16]);
/* The same by the MAC of an Ethernet port. */
int fabric_hca_by_mac(struct fabric *fabric, const uint8_t mac[6]);
/* The same by the IP address of a host; IPv4 as mapped into IPv6. */
int fabric_hca_by_ip(struct fabric *fabric, const uint8_t ip[16]);

/* ---- multicast ---- */
int fabric_group_attach(struct fabric *fabric, unsigned int hca, uint32_t qpn,
			const uint8_t mgid[16], uint16_t mlid);
int fabric_group_detach(struct fabric *fabric, unsigned int hca, uint32_t qpn,
			const uint8_t mgid[16], uint16_t mlid);
/* Calls `member` for each member QP, `process` being its owner's slot, of the groups with that
 * MGID, if not NULL, and that MLID, if not 0. */
void fabric_group_for_each(struct fabric *fabric, const uint8_t *mgid, uint16_t mlid,
			   void (*member)(void *arg, unsigned int hca, uint32_t qpn,
					  unsigned int process),
			   void *arg);

/* ---- packets ---- */
/* A packet for a process is about to be made: asks for the line that it will be written to, which
 * the receiver keeps looking at, while there is other work to do. */
void fabric_send_prepare(struct fabric *fabric, unsigned int process);

/*
 * Space for a packet of `length` bytes to a process. 0, or EAGAIN when its ring is full: try again
 * in a later round. A packet for a dead process, a downed link or no process at all is accepted and
 * lost, as a wire would (process may be FABRIC_NOWHERE). EMSGSIZE beyond RING_MAX_PACKET.
 * One packet at a time: a packet begun and not ended is given up by beginning another.
 */
#define FABRIC_NOWHERE 0xffffffffu
int fabric_send_begin(struct fabric *fabric, unsigned int process, uint32_t length,
		      struct packet_slot *slot);
/* Publishes it, with `length` bytes (at most what was asked for). Does not wake anybody. */
void fabric_send_end(struct fabric *fabric, struct packet_slot *slot, uint32_t length);

/* Wakes the receivers of what has been sent since the last call, if they sleep and nobody drives
 * them. Once a round, not once a packet; also in rounds that sent nothing, since the wake of a
 * receiver that polls is put off and looked at again some 20 us later. */
void fabric_send_flush(struct fabric *fabric, uint64_t now_ns);

/*
 * How far traffic with a process has come. Once what had been sent to it has been taken out of the
 * ring by it (or it is dead), and what then lay in the ring from it has been taken out here, a
 * missing answer is a loss and not a receiver that did not run. Positions stand still while other
 * traffic goes on; those of a ring that does not exist have always been passed.
 */
uint64_t fabric_send_position(const struct fabric *fabric, unsigned int process);
bool fabric_send_passed(struct fabric *fabric, unsigned int process, uint64_t position);
uint64_t fabric_receive_end(const struct fabric *fabric, unsigned int process);
bool fabric_receive_passed(const struct fabric *fabric, unsigned int process, uint64_t position);

typedef void fabric_receive_fn(void *arg, const struct packet *packet, const uint8_t *bytes);

/* Hands over what has arrived, at most `budget` packets, fairly over the senders. `packet` is a
 * private copy; `bytes` lie in memory that the sender could still change, so headers are copied
 * before they are checked. Both are good during the call only. PACKET_ICRC has been dealt with. */
unsigned int fabric_receive(struct fabric *fabric, unsigned int budget, fabric_receive_fn *fn,
			    void *arg);
/* Whether anything waits; cheap, and may be asked by any thread. */
bool fabric_receive_pending(struct fabric *fabric);

/* Delayed or reordered packets that faults hold back are released when due; returns ns until the
 * next, UINT64_MAX if none. Called once a round when faults are on. */
uint64_t fabric_run_faults(struct fabric *fabric, uint64_t now_ns);
bool fabric_has_faults(const struct fabric *fabric);

/* ---- who drives ---- */
/* An application thread drives the engine now; cheap enough for every poll. */
void fabric_mark_polled(struct fabric *fabric, uint64_t now_ns);
void fabric_set_armed(struct fabric *fabric, bool armed);
/* Sleeps until something arrives, fabric_wake_self() is called (before or meanwhile), or the time
 * is over, at the longest; while application threads poll it comes back every millisecond. For one
 * thread at a time, without the engine lock. */
enum fabric_wakeup fabric_wait(struct fabric *fabric, uint64_t timeout_ns);
void fabric_wake_self(struct fabric *fabric);

#endif
