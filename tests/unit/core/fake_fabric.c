/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fabric without rings: numbers and directory only. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fakes.h"

struct fake_fabric_state fake_fabric;

struct fabric *fake_fabric_create(void)
{
	struct fabric *fabric = mmap(NULL, sizeof(*fabric), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (fabric == MAP_FAILED)
		abort();
	memset(&fake_fabric, 0, sizeof(fake_fabric));
	fabric->pids[0] = (uint32_t)getpid();
	for (unsigned int i = 0; i < FAKE_HCAS; i++) {
		struct fabric_hca *hca = &fabric->hcas[i];

		hca->port_type = FABRIC_PORT_IB;
		hca->lid = (uint16_t)(i + 1);
		hca->link_up = 1;
		hca->gids[0].valid = 1;
		hca->gids[0].raw[15] = (uint8_t)(i + 1);
		hca->next_qp = 0x20;
		hca->next_key = 5;
	}
	return fabric;
}

void fake_fabric_destroy(struct fabric *fabric)
{
	munmap(fabric, sizeof(*fabric));
}

int fabric_hca_open(struct fabric *fabric, const char *family, struct fabric_hca **hca,
		    unsigned int *index)
{
	(void)family;
	*index = fake_fabric.opens;
	*hca = &fabric->hcas[*index];
	return 0;
}

struct fabric_hca *fabric_hca_at(struct fabric *fabric, unsigned int index)
{
	if (fake_fabric.on_hca_at)
		fake_fabric.on_hca_at();
	return index < FAKE_HCAS ? &fabric->hcas[index] : NULL;
}

unsigned int fabric_self(const struct fabric *fabric)
{
	(void)fabric;
	return fake_fabric.self;
}

bool fabric_packets_only(const struct fabric *fabric, unsigned int process)
{
	return fabric->packets_only[process];
}

bool fabric_process_alive(struct fabric *fabric, unsigned int process)
{
	return process < FAKE_PROCESSES && fabric->pids[process];
}

uint32_t fabric_process_pid(const struct fabric *fabric, unsigned int process)
{
	return fabric->pids[process];
}

int fabric_qp_reserve(struct fabric *fabric, struct fabric_hca *hca, uint32_t *qpn,
		      struct fabric_qp **qp)
{
	(void)fabric;
	*qpn = hca->next_qp++;
	*qp = &hca->qps[*qpn % FABRIC_QPS];
	(*qp)->owner = fake_fabric.self + 1;
	(*qp)->qpn = *qpn;
	return 0;
}

int fabric_qp_reserve_management(struct fabric *fabric, struct fabric_hca *hca, uint32_t qpn,
				 struct fabric_qp **qp)
{
	(void)fabric;
	if (hca->qps[qpn].owner)
		return EBUSY;
	*qp = &hca->qps[qpn];
	(*qp)->owner = fake_fabric.self + 1;
	(*qp)->qpn = qpn;
	return 0;
}

void fabric_qp_release(struct fabric *fabric, struct fabric_hca *hca, struct fabric_qp *qp)
{
	(void)fabric;
	(void)hca;
	qp->owner = 0;
}

struct fabric_qp *fabric_qp_find(struct fabric_hca *hca, uint32_t qpn)
{
	struct fabric_qp *qp = &hca->qps[qpn % FABRIC_QPS];

	return qp->owner && qp->qpn == qpn ? qp : NULL;
}

int fabric_key_reserve(struct fabric *fabric, struct fabric_hca *hca, uint8_t variant,
		       uint32_t *key, struct fabric_key **entry)
{
	uint32_t index = hca->next_key++;

	(void)fabric;
	*key = index << 8 | variant;
	*entry = &hca->keys[index];
	(*entry)->owner = fake_fabric.self + 1;
	return 0;
}

void fabric_key_withdraw(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *entry)
{
	entry->key = 0;
	fabric_key_settle(fabric, hca, entry);
}

void fabric_key_release(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *entry)
{
	fabric_key_withdraw(fabric, hca, entry);
	entry->owner = 0;
}

void fabric_hold(struct fabric *fabric, unsigned int hca, uint32_t qpn, uint32_t key)
{
	(void)hca;
	fabric->held_qpn[fake_fabric.self] = qpn;
	fabric->held_key[fake_fabric.self] = key;
	fabric->holds++;
}

void fabric_let_go(struct fabric *fabric)
{
	fabric->held_qpn[fake_fabric.self] = 0;
	fabric->held_key[fake_fabric.self] = 0;
}

void fabric_qp_settle(struct fabric *fabric, struct fabric_hca *hca, struct fabric_qp *qp)
{
	(void)fabric;
	(void)hca;
	fake_fabric.last_settled = qp;
	fake_fabric.settled_state = qp->state;
}

void fabric_key_settle(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *key)
{
	(void)fabric;
	(void)hca;
	fake_fabric.last_settled = key;
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
	(void)fabric;
	*srqn = ++hca->next_srq;
	hca->srqs[*srqn % FABRIC_SRQS].owner = fake_fabric.self + 1;
	hca->srqs[*srqn % FABRIC_SRQS].srqn = *srqn;
	return 0;
}

void fabric_srq_release(struct fabric_hca *hca, uint32_t srqn)
{
	hca->srqs[srqn % FABRIC_SRQS].owner = 0;
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
	for (int i = 0; i < FAKE_HCAS; i++)
		if (fabric->hcas[i].lid == lid)
			return i;
	return -1;
}

int fabric_hca_by_gid(struct fabric *fabric, const uint8_t gid[16])
{
	for (int i = 0; i < FAKE_HCAS; i++)
		if (!memcmp(fabric->hcas[i].gids[0].raw, gid, 16))
			return i;
	return -1;
}

int fabric_group_attach(struct fabric *fabric, unsigned int hca, uint32_t qpn,
			const uint8_t mgid[16], uint16_t mlid)
{
	(void)fabric;
	(void)hca;
	(void)qpn;
	(void)mgid;
	(void)mlid;
	fake_fabric.group_members++;
	return 0;
}

int fabric_group_detach(struct fabric *fabric, unsigned int hca, uint32_t qpn,
			const uint8_t mgid[16], uint16_t mlid)
{
	(void)fabric;
	(void)hca;
	(void)qpn;
	(void)mgid;
	(void)mlid;
	fake_fabric.group_members--;
	return 0;
}

unsigned int fabric_receive(struct fabric *fabric, unsigned int budget, fabric_receive_fn *fn,
			    void *arg)
{
	unsigned int count = fake_fabric.num_packets;

	(void)fabric;
	if (count > budget)
		count = budget;
	fake_fabric.num_packets = 0;
	for (unsigned int i = 0; i < count; i++)
		fn(arg, &fake_fabric.packets[i], (const uint8_t *)"");
	return count;
}

bool fabric_receive_pending(struct fabric *fabric)
{
	(void)fabric;
	return fake_fabric.num_packets;
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

void fabric_send_flush(struct fabric *fabric, uint64_t now_ns)
{
	(void)now_ns;
	(void)fabric;
}

void fabric_wake_self(struct fabric *fabric)
{
	(void)fabric;
	fake_fabric.wakes++;
}
