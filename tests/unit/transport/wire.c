/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/wire/grh.h"
#include "softhca/fabric/hold.h"
#include "softhca/fabric/segment.h"

struct wire wire;

/* The clock of everything linked to this program; see the link options. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	now->tv_sec = (time_t)(wire.now_ns / 1000000000);
	now->tv_nsec = (long)(wire.now_ns % 1000000000);
	return 0;
}

static void set_gids(struct fabric_hca *hca, unsigned int index, enum fabric_port_type port_type)
{
	const uint8_t local[16] = {0xfe, 0x80, [15] = (uint8_t)(index + 1)};
	const uint8_t mapped[16] = {
		[10] = 0xff, 0xff, 192, 0, 2, (uint8_t)(index + 1),
	};

	memcpy(hca->gids[0].raw, local, 16);
	hca->gids[0].type = port_type == FABRIC_PORT_IB ? FABRIC_GID_IB : FABRIC_GID_ROCE_V1;
	hca->gids[0].valid = 1;
	if (port_type == FABRIC_PORT_IB)
		return;
	memcpy(hca->gids[1].raw, mapped, 16);
	hca->gids[1].type = FABRIC_GID_ROCE_V2;
	hca->gids[1].valid = 1;
}

void wire_open(enum fabric_port_type port_type)
{
	memset(&wire, 0, sizeof(wire));
	wire.room = 1024;
	wire.now_ns = 1000000000;
	for (unsigned int i = 0; i < WIRE_NODES; i++) {
		struct fabric_hca *hca = calloc(1, sizeof(*hca));

		if (!hca)
			abort();
		hca->port_type = (uint8_t)port_type;
		hca->lid = port_type == FABRIC_PORT_IB ? (uint16_t)(i + 1) : 0;
		hca->link_up = 1;
		hca->pkeys[0] = 0xffff;
		hca->pkeys[1] = 0x8123;
		hca->pkeys[2] = 0x0123;
		hca->next_qp = 0x10 * (i + 1);
		set_gids(hca, i, port_type);
		wire.hcas[i] = hca;
		wire.last[i] = &wire.first[i];
	}
}

void wire_close(void)
{
	for (unsigned int i = 0; i < WIRE_NODES; i++) {
		while (wire.first[i]) {
			struct sent_packet *packet = wire.first[i];

			wire.first[i] = packet->next;
			free(packet);
		}
		free(wire.delayed[i]);
		free(wire.hcas[i]);
	}
	for (unsigned int i = 0; i < wire.logged && i < WIRE_LOG; i++)
		free(wire.log[i]);
}

const uint8_t *packet_bth(const struct sent_packet *packet)
{
	return packet->bytes + (packet->head.flags & PACKET_GRH ? GRH_BYTES : 0);
}

uint8_t packet_opcode(const struct sent_packet *packet)
{
	return packet_bth(packet)[0];
}

uint32_t packet_psn(const struct sent_packet *packet)
{
	const uint8_t *bth = packet_bth(packet);

	return (uint32_t)bth[9] << 16 | (uint32_t)bth[10] << 8 | bth[11];
}

/* ---- packets ---- */

static struct sent_packet *copy_packet(const struct sent_packet *packet)
{
	struct sent_packet *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	memcpy(copy, packet, sizeof(*copy));
	copy->next = NULL;
	return copy;
}

static void enqueue(struct sent_packet *packet)
{
	unsigned int to = packet->to;

	*wire.last[to] = packet;
	wire.last[to] = &packet->next;
	wire.waiting[to]++;
	wire.enqueued[to]++;
	if (wire.delayed[to]) {
		struct sent_packet *late = wire.delayed[to];

		wire.delayed[to] = NULL;
		enqueue(late);
	}
}

static void transmit(const struct sent_packet *packet)
{
	enum fate fate = wire.judge ? wire.judge(wire.judge_arg, packet) : FATE_DELIVER;

	if (wire.logged < WIRE_LOG)
		wire.log[wire.logged++] = copy_packet(packet);
	if (fate == FATE_DROP || packet->to >= WIRE_NODES || wire.dead[packet->to])
		return;
	if (fate == FATE_DELAY && !wire.delayed[packet->to]) {
		wire.delayed[packet->to] = copy_packet(packet);
		return;
	}
	enqueue(copy_packet(packet));
	if (fate == FATE_DUPLICATE)
		enqueue(copy_packet(packet));
}

void wire_inject(unsigned int from, unsigned int to, const struct packet *head,
		 const uint8_t *bytes, uint32_t length)
{
	struct sent_packet packet = {.from = from, .to = to, .length = length};

	memcpy(&packet.head, head, sizeof(*head));
	memcpy(packet.bytes, bytes, length);
	enqueue(copy_packet(&packet));
}

static struct sent_packet stage;

int fabric_send_begin(struct fabric *fabric, unsigned int process, uint32_t length,
		      struct packet_slot *slot)
{
	if (length > WIRE_MAX_BYTES)
		return EMSGSIZE;
	if (process < WIRE_NODES && !wire.dead[process] && wire.waiting[process] >= wire.room)
		return EAGAIN;
	/* Whatever is not written shows. */
	memset(&stage, 0xee, sizeof(stage));
	stage.from = fabric->self;
	stage.to = process;
	slot->packet = &stage.head;
	slot->bytes = stage.bytes;
	return 0;
}

void fabric_send_end(struct fabric *fabric, struct packet_slot *slot, uint32_t length)
{
	(void)fabric;
	(void)slot;
	stage.length = length;
	transmit(&stage);
}

void fabric_send_prepare(struct fabric *fabric, unsigned int process)
{
	(void)fabric;
	(void)process;
}

void fabric_send_flush(struct fabric *fabric, uint64_t now_ns)
{
	(void)now_ns;
	(void)fabric;
}

uint64_t fabric_send_position(const struct fabric *fabric, unsigned int process)
{
	(void)fabric;
	return process < WIRE_NODES ? wire.enqueued[process] : 0;
}

bool fabric_send_passed(struct fabric *fabric, unsigned int process, uint64_t position)
{
	(void)fabric;
	return process >= WIRE_NODES || wire.dead[process] ||
	       wire.enqueued[process] - wire.waiting[process] >= position;
}

/* One queue for all senders, so none of them is passed before the others. */
uint64_t fabric_receive_end(const struct fabric *fabric, unsigned int process)
{
	(void)process;
	return wire.enqueued[fabric->self];
}

bool fabric_receive_passed(const struct fabric *fabric, unsigned int process, uint64_t position)
{
	(void)process;
	return wire.enqueued[fabric->self] - wire.waiting[fabric->self] >= position;
}

/* The payload is handed over where a read beyond it is an error that the sanitizer sees. */
static void hand_over(const struct sent_packet *sent, fabric_receive_fn *fn, void *arg)
{
	uint8_t *bytes = malloc(sent->length ? sent->length : 1);
	struct packet head;

	if (!bytes)
		abort();
	memcpy(&head, &sent->head, sizeof(head));
	atomic_init(&head.length, sent->length);
	memcpy(bytes, sent->bytes, sent->length);
	fn(arg, &head, bytes);
	free(bytes);
}

unsigned int fabric_receive(struct fabric *fabric, unsigned int budget, fabric_receive_fn *fn,
			    void *arg)
{
	unsigned int self = fabric->self, taken = 0;

	while (taken < budget && wire.first[self] && !wire.asleep[self]) {
		struct sent_packet *packet = wire.first[self];

		wire.first[self] = packet->next;
		if (!packet->next)
			wire.last[self] = &wire.first[self];
		wire.waiting[self]--;
		taken++;
		hand_over(packet, fn, arg);
		free(packet);
	}
	return taken;
}

bool fabric_receive_pending(struct fabric *fabric)
{
	return wire.first[fabric->self];
}

uint64_t fabric_run_faults(struct fabric *fabric, uint64_t now_ns)
{
	(void)fabric;
	(void)now_ns;
	return UINT64_MAX;
}

bool fabric_has_faults(const struct fabric *fabric)
{
	(void)fabric;
	return false;
}

void fabric_wake_self(struct fabric *fabric)
{
	(void)fabric;
}

/* ---- directory ---- */

unsigned int fabric_self(const struct fabric *fabric)
{
	return fabric->self;
}

bool fabric_packets_only(const struct fabric *fabric, unsigned int process)
{
	(void)fabric;
	(void)process;
	return !wire.direct;
}

bool fabric_process_alive(struct fabric *fabric, unsigned int process)
{
	(void)fabric;
	return process < WIRE_NODES && !wire.dead[process];
}

/* What the table of services asks of the rest of the fabric: one thread needs no lock, and the tests
 * say who is dead. */
int segment_lock(struct fabric *fabric, int *lock)
{
	(void)fabric;
	*lock = 0;
	return 0;
}

void segment_unlock(int lock)
{
	(void)lock;
}

unsigned int process_reap(struct fabric *fabric);

unsigned int process_reap(struct fabric *fabric)
{
	(void)fabric;
	return WIRE_NODES;
}

uint32_t fabric_process_pid(const struct fabric *fabric, unsigned int process)
{
	(void)fabric;
	(void)process;
	return (uint32_t)getpid();
}

int fabric_hca_open(struct fabric *fabric, const char *family, struct fabric_hca **hca,
		    unsigned int *index)
{
	(void)family;
	*hca = wire.hcas[fabric->self];
	*index = fabric->self;
	return 0;
}

struct fabric_hca *fabric_hca_at(struct fabric *fabric, unsigned int index)
{
	(void)fabric;
	return index < WIRE_NODES ? wire.hcas[index] : NULL;
}

int fabric_qp_reserve(struct fabric *fabric, struct fabric_hca *hca, uint32_t *qpn,
		      struct fabric_qp **qp)
{
	*qpn = ++hca->next_qp;
	*qp = &hca->qps[*qpn % FABRIC_QPS];
	(*qp)->qpn = *qpn;
	(*qp)->owner = fabric->self + 1;
	return 0;
}

int fabric_qp_reserve_management(struct fabric *fabric, struct fabric_hca *hca, uint32_t qpn,
				 struct fabric_qp **qp)
{
	if (hca->qps[qpn].owner)
		return EBUSY;
	*qp = &hca->qps[qpn];
	(*qp)->qpn = qpn;
	(*qp)->owner = fabric->self + 1;
	return 0;
}

void fabric_qp_release(struct fabric *fabric, struct fabric_hca *hca, struct fabric_qp *qp)
{
	(void)fabric;
	(void)hca;
	memset(qp, 0, sizeof(*qp));
}

struct fabric_qp *fabric_qp_find(struct fabric_hca *hca, uint32_t qpn)
{
	struct fabric_qp *qp = &hca->qps[qpn % FABRIC_QPS];

	return qp->owner && qp->qpn == qpn ? qp : NULL;
}

int fabric_key_reserve(struct fabric *fabric, struct fabric_hca *hca, uint8_t variant,
		       uint32_t *key, struct fabric_key **entry)
{
	uint32_t index = ++hca->next_key;

	*key = index << 8 | variant;
	*entry = &hca->keys[index];
	(*entry)->owner = fabric->self + 1;
	return 0;
}

void fabric_key_withdraw(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *entry)
{
	(void)fabric;
	(void)hca;
	entry->key = 0;
}

void fabric_key_release(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *entry)
{
	(void)fabric;
	(void)hca;
	memset(entry, 0, sizeof(*entry));
}

/* Two ends within one thread have nobody to wait for. */
void fabric_hold(struct fabric *fabric, unsigned int hca, uint32_t qpn, uint32_t key)
{
	(void)fabric;
	(void)hca;
	(void)qpn;
	(void)key;
}

void fabric_let_go(struct fabric *fabric)
{
	(void)fabric;
}

void fabric_qp_settle(struct fabric *fabric, struct fabric_hca *hca, struct fabric_qp *qp)
{
	(void)fabric;
	(void)hca;
	(void)qp;
}

struct fabric_key *fabric_key_find(struct fabric_hca *hca, uint32_t key)
{
	struct fabric_key *entry = &hca->keys[(key >> 8) % FABRIC_KEYS];

	return entry->key == key ? entry : NULL;
}

uint32_t fabric_pd_number(struct fabric_hca *hca)
{
	return ++hca->next_pd;
}

int fabric_srq_reserve(struct fabric *fabric, struct fabric_hca *hca, uint32_t *srqn)
{
	*srqn = ++hca->next_srq;
	hca->srqs[*srqn % FABRIC_SRQS].owner = fabric->self + 1;
	hca->srqs[*srqn % FABRIC_SRQS].srqn = *srqn;
	return 0;
}

void fabric_srq_release(struct fabric_hca *hca, uint32_t srqn)
{
	hca->srqs[srqn % FABRIC_SRQS].owner = 0;
}

uint32_t fabric_srq_owner(struct fabric_hca *hca, uint32_t srqn)
{
	const struct fabric_srq *srq = &hca->srqs[srqn % FABRIC_SRQS];

	return srq->owner && srq->srqn == srqn ? srq->owner - 1 : FABRIC_NOWHERE;
}

int fabric_xrcd_open(struct fabric *fabric, struct fabric_hca *hca, uint64_t device, uint64_t inode,
		     unsigned int flags, uint32_t *xrcdn)
{
	unsigned int i = 0;

	(void)fabric;
	(void)flags;
	while (hca->xrcds[i].holders[0] && (!inode || hca->xrcds[i].inode != inode))
		i++;
	hca->xrcds[i].device = device;
	hca->xrcds[i].inode = inode;
	hca->xrcds[i].holders[0] = 1;
	*xrcdn = i + 1;
	return 0;
}

void fabric_xrcd_close(struct fabric *fabric, struct fabric_hca *hca, uint32_t xrcdn)
{
	(void)fabric;
	hca->xrcds[xrcdn - 1].holders[0] = 0;
}

int fabric_hca_by_lid(struct fabric *fabric, uint16_t lid)
{
	(void)fabric;
	return lid >= 1 && lid <= WIRE_NODES && !wire.unknown[lid - 1] ? lid - 1 : -1;
}

int fabric_hca_by_gid(struct fabric *fabric, const uint8_t gid[16])
{
	(void)fabric;
	for (unsigned int i = 0; i < WIRE_NODES; i++)
		for (unsigned int j = 0; j < 2; j++)
			if (wire.hcas[i]->gids[j].valid &&
			    !memcmp(wire.hcas[i]->gids[j].raw, gid, 16))
				return (int)i;
	return -1;
}

int fabric_hca_by_mac(struct fabric *fabric, const uint8_t mac[6])
{
	(void)fabric;
	for (unsigned int i = 0; i < WIRE_NODES; i++)
		if (!memcmp(wire.hcas[i]->mac, mac, 6))
			return (int)i;
	return -1;
}

/* ---- multicast ---- */

int fabric_group_attach(struct fabric *fabric, unsigned int hca, uint32_t qpn,
			const uint8_t mgid[16], uint16_t mlid)
{
	(void)fabric;
	for (unsigned int i = 0; i < 16; i++) {
		if (wire.members[i].used)
			continue;
		wire.members[i].used = true;
		wire.members[i].hca = hca;
		wire.members[i].qpn = qpn;
		wire.members[i].mlid = mlid;
		memcpy(wire.members[i].mgid, mgid, 16);
		return 0;
	}
	return ENOMEM;
}

int fabric_group_detach(struct fabric *fabric, unsigned int hca, uint32_t qpn,
			const uint8_t mgid[16], uint16_t mlid)
{
	(void)fabric;
	for (unsigned int i = 0; i < 16; i++) {
		if (wire.members[i].used && wire.members[i].hca == hca &&
		    wire.members[i].qpn == qpn && wire.members[i].mlid == mlid &&
		    !memcmp(wire.members[i].mgid, mgid, 16)) {
			wire.members[i].used = false;
			return 0;
		}
	}
	return EINVAL;
}

void fabric_group_for_each(struct fabric *fabric, const uint8_t *mgid, uint16_t mlid,
			   void (*member)(void *arg, unsigned int hca, uint32_t qpn,
					  unsigned int process),
			   void *arg)
{
	(void)fabric;
	for (unsigned int i = 0; i < 16; i++)
		if (wire.members[i].used &&
		    (mgid ? !memcmp(wire.members[i].mgid, mgid, 16) : wire.members[i].mlid == mlid))
			member(arg, wire.members[i].hca, wire.members[i].qpn, wire.members[i].hca);
}
