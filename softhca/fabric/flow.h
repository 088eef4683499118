/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Flow rules of Ethernet ports, of all processes of a host in one table, so that a rule of one
 * process stands before or behind those of another as on one adapter. Senders read it to learn
 * which processes want a frame, receivers to learn which of their rules has it.
 */
#ifndef SOFTHCA_FABRIC_FLOW_H
#define SOFTHCA_FABRIC_FLOW_H

#include "softhca/fabric/fabric.h"

struct fabric_flow_rule {
	enum flow_kind kind;
	uint8_t priority;
	bool passes;
	uint32_t qpn; /* for those who look at the fabric */
	struct flow_key value, mask;
};

/* The rule counts once this returns. ENOMEM when the table is full. */
int fabric_flow_add(struct fabric *fabric, struct fabric_hca *hca,
		    const struct fabric_flow_rule *rule, unsigned int *index);
void fabric_flow_remove(struct fabric_hca *hca, unsigned int index);

typedef void fabric_flow_fn(void *arg, unsigned int index, unsigned int process);

/*
 * Calls `fn` for each rule that has a frame with that key: sniffers; of the normal rules those that
 * let frames pass, up to the first that keeps it, and all that are the same rule as that one; the
 * defaults if none keeps it. Rules of the same priority come in the order in which they were made.
 */
void fabric_flow_for_each(struct fabric_hca *hca, const struct flow_key *key, fabric_flow_fn *fn,
			  void *arg);

#endif
