/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Process slots, seen from the other files of the fabric; state.h has the rest. */
#ifndef SOFTHCA_FABRIC_PROCESS_H
#define SOFTHCA_FABRIC_PROCESS_H

struct fabric;
struct fabric_process;

/* Slots that have ever been used; those from there on are empty. */
unsigned int process_num_slots(const struct fabric *fabric);

/* In the child after a fork: takes the fabric off this process's list. Nothing shared changes. */
void process_forget(struct fabric *fabric);

/* Wakes the background thread of a process, whatever it waits for. */
void process_wake(struct fabric_process *process);

#endif
