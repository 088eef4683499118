/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of flow rules. It is read without a lock: an entry is filled before it is valid. */
#include "softhca/fabric/flow.h"

#include <errno.h>
#include <string.h>

#include "softhca/fabric/state.h"

enum { KEY_WORDS = sizeof(struct flow_key) / sizeof(uint64_t) };

static bool take(struct fabric_flow *flow, const struct fabric *fabric)
{
	uint32_t nobody = 0;

	return atomic_load_explicit(&flow->owner, memory_order_relaxed) == 0 &&
	       atomic_compare_exchange_strong(&flow->owner, &nobody, fabric_self(fabric) + 1);
}

static void raise_mark(_Atomic uint32_t *mark, uint32_t value)
{
	uint32_t old = atomic_load(mark);

	while (old < value && !atomic_compare_exchange_weak(mark, &old, value))
		;
}

int fabric_flow_add(struct fabric *fabric, struct fabric_hca *hca,
		    const struct fabric_flow_rule *rule, unsigned int *index)
{
	struct fabric_flow *flow;
	unsigned int i = 0;

	while (i < FABRIC_FLOWS && !take(&hca->flows[i], fabric))
		i++;
	if (i == FABRIC_FLOWS)
		return ENOMEM;
	flow = &hca->flows[i];
	flow->serial = atomic_fetch_add(&hca->next_flow, 1);
	flow->qpn = rule->qpn;
	flow->kind = (uint8_t)rule->kind;
	flow->priority = rule->priority;
	flow->passes = rule->passes;
	flow->value = rule->value;
	flow->mask = rule->mask;
	raise_mark(&hca->flows_used, i + 1);
	atomic_store_explicit(&flow->valid, 1, memory_order_release);
	*index = i;
	return 0;
}

static void clear(struct fabric_flow *flow)
{
	atomic_store(&flow->valid, 0);
	atomic_store(&flow->owner, 0);
}

void fabric_flow_remove(struct fabric_hca *hca, unsigned int index)
{
	clear(&hca->flows[index]);
}

static unsigned int used(const struct fabric_hca *hca)
{
	uint32_t count = atomic_load_explicit(&hca->flows_used, memory_order_acquire);

	return count < FABRIC_FLOWS ? count : FABRIC_FLOWS;
}

void flow_forget_process(struct fabric_hca *hca, uint32_t owner)
{
	for (unsigned int i = 0; i < used(hca); i++) {
		if (atomic_load_explicit(&hca->flows[i].owner, memory_order_relaxed) == owner)
			clear(&hca->flows[i]);
	}
}

/* ---- which rules have a frame ---- */

static uint64_t word_of(const struct flow_key *key, unsigned int index)
{
	uint64_t word;

	memcpy(&word, (const uint8_t *)key + index * sizeof(word), sizeof(word));
	return word;
}

static bool is_match(const struct fabric_flow *flow, const struct flow_key *key)
{
	uint64_t difference = 0;

	for (unsigned int i = 0; i < KEY_WORDS; i++)
		difference |=
			(word_of(key, i) ^ word_of(&flow->value, i)) & word_of(&flow->mask, i);
	return !difference;
}

static bool is_valid(const struct fabric_flow *flow)
{
	return atomic_load_explicit(&flow->valid, memory_order_acquire) == 1;
}

static bool comes_before(const struct fabric_flow *a, const struct fabric_flow *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return (int32_t)(a->serial - b->serial) < 0;
}

/* The normal rule that keeps the frame, or NULL. */
static const struct fabric_flow *find_keeper(const struct fabric_hca *hca,
					     const struct flow_key *key)
{
	const struct fabric_flow *keeper = NULL;

	for (unsigned int i = 0; i < used(hca); i++) {
		const struct fabric_flow *flow = &hca->flows[i];

		if (is_valid(flow) && flow->kind == FLOW_NORMAL && !flow->passes &&
		    is_match(flow, key) && (!keeper || comes_before(flow, keeper)))
			keeper = flow;
	}
	return keeper;
}

static bool is_same_rule(const struct fabric_flow *a, const struct fabric_flow *b)
{
	return a->priority == b->priority && memcmp(&a->value, &b->value, sizeof(a->value)) == 0 &&
	       memcmp(&a->mask, &b->mask, sizeof(a->mask)) == 0;
}

/* Those that let frames pass stand before the others of their priority. */
static bool has_frame(const struct fabric_flow *flow, const struct flow_key *key,
		      const struct fabric_flow *keeper)
{
	switch (flow->kind) {
	case FLOW_SNIFFER:
		return true;
	case FLOW_NORMAL:
		if (!flow->passes)
			return keeper && is_same_rule(flow, keeper);
		return (!keeper || flow->priority <= keeper->priority) && is_match(flow, key);
	case FLOW_ALL_DEFAULT:
		return !keeper;
	case FLOW_MULTICAST_DEFAULT:
		return !keeper && key->destination_mac[0] & 1;
	default:
		return false;
	}
}

void fabric_flow_for_each(struct fabric_hca *hca, const struct flow_key *key, fabric_flow_fn *fn,
			  void *arg)
{
	const struct fabric_flow *keeper = find_keeper(hca, key);

	for (unsigned int i = 0; i < used(hca); i++) {
		const struct fabric_flow *flow = &hca->flows[i];
		uint32_t owner = atomic_load_explicit(&flow->owner, memory_order_relaxed);

		if (is_valid(flow) && owner && owner <= FABRIC_MAX_PROCESSES &&
		    has_frame(flow, key, keeper))
			fn(arg, i, owner - 1);
	}
}
