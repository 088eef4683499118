/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The file descriptors of a program that stand for something of ours: an open device, a completion
 * channel, an asynchronous event file, the connection manager. The libc hooks ask here whether a descriptor is one of them,
 * with one compare while no device is open.
 *
 * A program may close descriptors behind our back, and a fork leaves copies in the child. So a
 * descriptor counts as ours only while it still names the very file it was installed with.
 */
#ifndef SOFTHCA_SHIM_DESCRIPTOR_H
#define SOFTHCA_SHIM_DESCRIPTOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { DESCRIPTOR_SLOTS = 1 << 16 };

enum descriptor_kind {
	DESCRIPTOR_DEVICE,
	DESCRIPTOR_CHANNEL,
	DESCRIPTOR_UDMABUF,
	DESCRIPTOR_RDMA_CM,
};

/* The common part of what a descriptor can stand for. */
struct descriptor {
	enum descriptor_kind kind;
	/* Who uses it: each descriptor number, each command in progress, others as they need. */
	_Atomic uint32_t references;
	uint32_t numbers; /* how many descriptor numbers name it; under the table's lock */
	pid_t pid;	  /* that opened it; in a fork's child it is dead */
	dev_t device;
	ino_t inode;
	/* A number is going to be closed: by this one it is still found. Or NULL. */
	void (*before_closing)(struct descriptor *descriptor);
	/* A number goes, be it the last one; `fd` is still open. */
	void (*closing)(struct descriptor *descriptor, int fd, bool last);
	/* The last reference has gone. */
	void (*destroy)(struct descriptor *descriptor);
};

/* One more than the highest number ever installed; 0 in a program that opens no device. */
extern _Atomic uint32_t descriptor_limit;
extern struct descriptor *_Atomic descriptor_slots[DESCRIPTOR_SLOTS];

static inline bool descriptor_possible(int fd)
{
	return __builtin_expect(
		       (uint32_t)fd < atomic_load_explicit(&descriptor_limit, memory_order_relaxed),
		       0) &&
	       atomic_load_explicit(&descriptor_slots[fd], memory_order_relaxed);
}

/* Sets up the common part, with one reference for the caller; the rest is the owner's. */
void descriptor_init(struct descriptor *descriptor, enum descriptor_kind kind);
/* Makes `fd` name it, taking a reference. EMFILE when the number is too high to keep. */
int descriptor_install(struct descriptor *descriptor, int fd);

/* What `fd` names, with a reference to be given back; NULL if it is none of ours. */
struct descriptor *descriptor_get(int fd);
void descriptor_put(struct descriptor *descriptor);
/* It was opened by the process before a fork: only its number is left. */
bool descriptor_is_dead(const struct descriptor *descriptor);

/* `fd` is about to be closed, or replaced by dup2(). */
void descriptor_closing(int fd);
/* `to` has become a copy of `from`. */
void descriptor_duplicated(int from, int to);

/* Whether both numbers name the same one of ours. */
bool descriptor_same(int one, int other);
/* `fd`, which names none of ours yet, becomes another number of the open device with this very
 * file, if there is one: it is returned with a reference, else NULL. */
struct descriptor *descriptor_rejoin(int fd);

/* In the child after a fork. */
void descriptor_after_fork(void);

#endif
