/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who of a host's processes takes what is sent to queue pair 1 of their adapter, which they have in
 * common: each says which services it listens to, and that it is there to answer. Senders look it
 * up, since packets go to processes.
 */
#ifndef SOFTHCA_FABRIC_SERVICE_H
#define SOFTHCA_FABRIC_SERVICE_H

#include "softhca/fabric/fabric.h"

/* This process answers for queue pair 1 of `hca`. */
void fabric_agent_enter(struct fabric *fabric, struct fabric_hca *hca);
void fabric_agent_leave(struct fabric *fabric, struct fabric_hca *hca);
bool fabric_agent_is(const struct fabric_hca *hca, unsigned int process);
/* One that lives, FABRIC_NOWHERE if there is none. */
uint32_t fabric_agent_any(struct fabric *fabric, struct fabric_hca *hca);

/* This process listens to the ids that are `id` in the bits of `mask`. EADDRINUSE if one of them is
 * taken, be it by this process; EINVAL for an id with bits outside the mask; ENOMEM: no place. */
int fabric_service_reserve(struct fabric *fabric, struct fabric_hca *hca, uint64_t id,
			   uint64_t mask, unsigned int *index);
void fabric_service_release(struct fabric_hca *hca, unsigned int index);
/* Slot of the process that listens to `id`, FABRIC_NOWHERE if none does. */
uint32_t fabric_service_find(struct fabric_hca *hca, uint64_t id);

#endif
