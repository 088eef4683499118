/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers of QPs, SRQs and PDs and the keys of an adapter, shared by the processes of its host.
 * Searches go round, so that a number that has been given back is the last to be given out again;
 * those of QPs and SRQs also change in their upper bits each time their entry is used.
 */
#include <errno.h>
#include <string.h>

#include "softhca/fabric/hca.h"
#include "softhca/fabric/hold.h"
#include "softhca/fabric/state.h"

enum {
	QPN_BITS = 24,
	QPN_MASK = (1 << QPN_BITS) - 1,
	QPN_STEP = FABRIC_QPS,
	SRQN_STEP = FABRIC_SRQS,
	KEY_SHIFT = 8,
	/* No search finds the entries below this, nor the last one: no QP number is then 0, 1 or
	 * 0xffffff, unless it was asked for, and no key 0 or the 0x100 that mlx drivers end lists
	 * with. */
	FIRST_ENTRY = 64,
	PD_MASK = 0xffffff,
};

/* Memory for the entry exists in the shared file: without, touching it could be fatal. */
static int back_entry(struct fabric *fabric, struct fabric_hca *hca, void *entry)
{
	size_t piece = (size_t)((char *)entry - (char *)hca) / STATE_BACKED_BYTES;
	uint64_t offset = (uint64_t)piece * STATE_BACKED_BYTES;
	uint64_t length = STATE_BACKED_BYTES;
	unsigned int index = 0;
	int error;

	while (fabric->hcas[index] != hca)
		index++;
	if (fabric->backed[index][piece])
		return 0;
	if (length > SEGMENT_HCA_SPAN - offset)
		length = SEGMENT_HCA_SPAN - offset;
	error = segment_reserve(fabric, segment_hca_offset(index) + offset, length);
	if (!error)
		fabric->backed[index][piece] = 1;
	return error;
}

static void raise_mark(_Atomic uint32_t *mark, uint32_t value)
{
	uint32_t old = atomic_load(mark);

	while (old < value && !atomic_compare_exchange_weak(mark, &old, value))
		;
}

static bool take(_Atomic uint32_t *owner, const struct fabric *fabric)
{
	uint32_t nobody = 0;

	return atomic_load_explicit(owner, memory_order_relaxed) == 0 &&
	       atomic_compare_exchange_strong(owner, &nobody, fabric->slot + 1);
}

/* ---- queue pairs ---- */

static uint32_t next_number(const struct fabric_hca *hca, const struct fabric_qp *qp,
			    uint32_t index)
{
	if (qp->qpn)
		return (qp->qpn + QPN_STEP) & QPN_MASK;
	return (hca->qp_variant * QPN_STEP + index) & QPN_MASK;
}

/* Begins a new life. */
static void fill_qp(struct fabric_hca *hca, struct fabric_qp *entry, uint32_t qpn)
{
	raise_mark(&hca->qps_used, (uint32_t)(entry - hca->qps) + 1);
	memset((char *)entry + offsetof(struct fabric_qp, type), 0,
	       sizeof(*entry) - offsetof(struct fabric_qp, type));
	entry->remote_hca = 0xff;
	entry->qpn = qpn;
}

int fabric_qp_reserve(struct fabric *fabric, struct fabric_hca *hca, uint32_t *qpn,
		      struct fabric_qp **qp)
{
	for (uint32_t tries = 0; tries < FABRIC_QPS; tries++) {
		uint32_t index = atomic_fetch_add(&hca->next_qp, 1) % FABRIC_QPS;
		struct fabric_qp *entry = &hca->qps[index];

		if (index < FIRST_ENTRY || index == FABRIC_QPS - 1)
			continue;
		if (back_entry(fabric, hca, entry))
			return ENOMEM;
		if (!take(&entry->owner, fabric))
			continue;
		*qpn = next_number(hca, entry, index);
		fill_qp(hca, entry, *qpn);
		*qp = entry;
		return 0;
	}
	return ENOMEM;
}

int fabric_qp_reserve_management(struct fabric *fabric, struct fabric_hca *hca, uint32_t qpn,
				 struct fabric_qp **qp)
{
	struct fabric_qp *entry = &hca->qps[qpn];

	if (back_entry(fabric, hca, entry))
		return ENOMEM;
	if (!take(&entry->owner, fabric))
		return EBUSY;
	fill_qp(hca, entry, qpn);
	*qp = entry;
	return 0;
}

void fabric_qp_release(struct fabric *fabric, struct fabric_hca *hca, struct fabric_qp *qp)
{
	/* In reset, so that nobody takes the next owner's reservation for this life's. */
	__atomic_store_n(&qp->state, 0, __ATOMIC_SEQ_CST);
	fabric_qp_settle(fabric, hca, qp);
	atomic_store_explicit(&qp->owner, 0, memory_order_release);
}

int qp_owner(const struct fabric_qp *qp)
{
	uint32_t owner = atomic_load_explicit(&qp->owner, memory_order_acquire);

	return owner && owner <= FABRIC_MAX_PROCESSES ? (int)owner - 1 : -1;
}

struct fabric_qp *fabric_qp_find(struct fabric_hca *hca, uint32_t qpn)
{
	uint32_t index = qpn % FABRIC_QPS;
	struct fabric_qp *qp = &hca->qps[index];

	/* Entries that were never in use may have no memory yet. */
	if (index >= atomic_load_explicit(&hca->qps_used, memory_order_relaxed))
		return NULL;
	return qp_owner(qp) >= 0 && qp->qpn == qpn ? qp : NULL;
}

/* ---- shared receive queues ---- */

int fabric_srq_reserve(struct fabric *fabric, struct fabric_hca *hca, uint32_t *srqn)
{
	for (uint32_t tries = 0; tries < FABRIC_SRQS; tries++) {
		uint32_t index = atomic_fetch_add(&hca->next_srq, 1) % FABRIC_SRQS;
		struct fabric_srq *entry = &hca->srqs[index];

		if (index < FIRST_ENTRY)
			continue;
		if (back_entry(fabric, hca, entry))
			return ENOMEM;
		if (!take(&entry->owner, fabric))
			continue;
		raise_mark(&hca->srqs_used, index + 1);
		entry->srqn = entry->srqn ? (entry->srqn + SRQN_STEP) & QPN_MASK : index;
		*srqn = entry->srqn;
		return 0;
	}
	return ENOMEM;
}

void fabric_srq_release(struct fabric_hca *hca, uint32_t srqn)
{
	atomic_store_explicit(&hca->srqs[srqn % FABRIC_SRQS].owner, 0, memory_order_release);
}

uint32_t fabric_srq_owner(struct fabric_hca *hca, uint32_t srqn)
{
	uint32_t index = srqn % FABRIC_SRQS, owner;

	if (index >= atomic_load_explicit(&hca->srqs_used, memory_order_relaxed))
		return FABRIC_NOWHERE;
	owner = atomic_load_explicit(&hca->srqs[index].owner, memory_order_acquire);
	if (!owner || owner > FABRIC_MAX_PROCESSES || hca->srqs[index].srqn != srqn)
		return FABRIC_NOWHERE;
	return owner - 1;
}

/* ---- keys ---- */

int fabric_key_reserve(struct fabric *fabric, struct fabric_hca *hca, uint8_t variant,
		       uint32_t *key, struct fabric_key **entry)
{
	for (uint32_t tries = 0; tries < FABRIC_KEYS; tries++) {
		uint32_t index = atomic_fetch_add(&hca->next_key, 1) % FABRIC_KEYS;
		struct fabric_key *candidate = &hca->keys[index];

		if (index < FIRST_ENTRY)
			continue;
		if (back_entry(fabric, hca, candidate))
			return ENOMEM;
		if (!take(&candidate->owner, fabric))
			continue;
		raise_mark(&hca->keys_used, index + 1);
		*key = index << KEY_SHIFT | variant;
		*entry = candidate;
		return 0;
	}
	return ENOMEM;
}

void fabric_key_withdraw(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *entry)
{
	atomic_store(&entry->key, 0);
	fabric_key_settle(fabric, hca, entry);
}

void fabric_key_release(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *entry)
{
	fabric_key_withdraw(fabric, hca, entry);
	atomic_store_explicit(&entry->owner, 0, memory_order_release);
}

struct fabric_key *fabric_key_find(struct fabric_hca *hca, uint32_t key)
{
	uint32_t index = key >> KEY_SHIFT;

	if (key == 0 || index >= FABRIC_KEYS ||
	    index >= atomic_load_explicit(&hca->keys_used, memory_order_relaxed))
		return NULL;
	if (atomic_load_explicit(&hca->keys[index].key, memory_order_acquire) != key)
		return NULL;
	return &hca->keys[index];
}

/* 24 bits, as the mlx families number PDs; 0 is no PD. */
uint32_t fabric_pd_number(struct fabric_hca *hca)
{
	uint32_t number;

	do {
		number = atomic_fetch_add(&hca->next_pd, 1) & PD_MASK;
	} while (number == 0);
	return number;
}
