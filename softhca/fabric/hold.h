/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who is in the middle of a one-sided shortcut. The initiator says in its own process slot which
 * queue pair and key it reaches through, and only then looks whether they permit it. The owner
 * first takes the permission back, and then waits until no process names the entry any more. One
 * of the two sees the other: all four accesses are in the one order of all.
 *
 * A hold is its process's own, so it ends with that process, and an entry that has been freed and
 * given out again owes nothing to its earlier life.
 */
#ifndef SOFTHCA_FABRIC_HOLD_H
#define SOFTHCA_FABRIC_HOLD_H

#include "softhca/fabric/fabric.h"

/* From now until fabric_let_go(), queue pair and key of adapter `hca` stay as they are found after
 * this call. Numbers that cannot be hold nothing. For the holder of the engine lock; one at a time,
 * and short: others wait for it. */
void fabric_hold(struct fabric *fabric, unsigned int hca, uint32_t qpn, uint32_t key);
void fabric_let_go(struct fabric *fabric);

/* Waits until what other processes carry out on this queue pair, by what they read of it before,
 * has come to its end. Those that die are not waited for; those that are stopped are. */
void fabric_qp_settle(struct fabric *fabric, struct fabric_hca *hca, struct fabric_qp *qp);
void fabric_key_settle(struct fabric *fabric, struct fabric_hca *hca, struct fabric_key *key);

#endif
