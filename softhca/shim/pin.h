/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stands for what the kernel does when it pins memory of a program for an adapter: makes sure that
 * it is there, with the rights asked for, and accounts it against RLIMIT_MEMLOCK.
 */
#ifndef SOFTHCA_SHIM_PIN_H
#define SOFTHCA_SHIM_PIN_H

#include <stdbool.h>
#include <stdint.h>

struct pin {
	uint64_t pages;
};

/*
 * EFAULT: some of it is not mapped, or not writable when `writable`. ENOMEM: beyond the limit on
 * locked memory, and the process has no CAP_IPC_LOCK. EPERM: the limit is 0. EINVAL: empty, or
 * wraps around the address space.
 */
int pin_memory(struct pin *pin, uint64_t address, uint64_t length, bool writable);
/* Faults the pages in, as the first access would, without holding them. 0 or EFAULT. */
int pin_bring_in(uint64_t address, uint64_t length, bool writable);
/* Harmless on a zeroed pin. */
void pin_release(struct pin *pin);
/* In the child after a fork, which has nothing pinned. */
void pin_after_fork(void);

#endif
