/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Layout of a fabric's shared file, and how a process comes to it. The file is sparse: a head that
 * is always mapped, then one part per adapter, then one ring per ordered pair of process slots, the
 * last two mapped when first needed.
 *
 * What changes the structure (slots, adapters, groups, faults) is done under the lock of the
 * fabric's directory, which the system drops for a process that dies.
 */
#ifndef SOFTHCA_FABRIC_SEGMENT_H
#define SOFTHCA_FABRIC_SEGMENT_H

#include <limits.h>
#include <sys/types.h>

#include "softhca/fabric/directory.h"
#include "softhca/fabric/ring.h"

enum {
	SEGMENT_MAGIC = 0x61486673, /* "sfHa" */
	/* Grows when the meaning of anything in the file changes; sizes are compared as well. */
	SEGMENT_VERSION = 8,
	SEGMENT_FAULT_CHARS = 160,
	SEGMENT_PAGE = 4096,
	SEGMENT_NAME_CHARS = 64,
};

/* Faults ordered at run time for the processes of a host. */
struct segment_fault {
	uint32_t host;	 /* 0: entry unused */
	uint32_t serial; /* grows with every order, so that a process acts on each once */
	char spec[SEGMENT_FAULT_CHARS];
};

struct segment {
	/* These three stay where they are in every version. */
	uint32_t magic;
	uint32_t version;
	uint64_t size;
	/* Inode of the PID namespace in which the processes below are numbered. */
	uint64_t pid_namespace;

	/* Grows whenever a link, an adapter's health or the faults of a host change: processes
	 * compare it on every send and look closer when it is not the one they know. */
	_Atomic uint32_t change __attribute__((aligned(64)));
	/* Slots below this have been in use; those above have never been touched. */
	_Atomic uint32_t num_slots;
	uint32_t fault_serial;
	struct segment_fault faults[FABRIC_MAX_HCAS];
	_Atomic uint32_t hca_in_use[FABRIC_MAX_HCAS];
	struct fabric_process processes[FABRIC_MAX_PROCESSES];
	struct fabric_group groups[FABRIC_GROUPS];
};

#define SEGMENT_ROUND(bytes)                                                                       \
	(((uint64_t)(bytes) + SEGMENT_PAGE - 1) & ~(uint64_t)(SEGMENT_PAGE - 1))
#define SEGMENT_HEAD_SPAN SEGMENT_ROUND(sizeof(struct segment))
#define SEGMENT_HCA_SPAN  SEGMENT_ROUND(sizeof(struct fabric_hca))
#define SEGMENT_RINGS	  (SEGMENT_HEAD_SPAN + FABRIC_MAX_HCAS * SEGMENT_HCA_SPAN)
#define SEGMENT_SIZE                                                                               \
	(SEGMENT_RINGS + (uint64_t)FABRIC_MAX_PROCESSES * FABRIC_MAX_PROCESSES * RING_SPAN)

struct fabric;

/* Where the fabric's files are, into `path` of at least PATH_MAX bytes. EINVAL and a reason for a
 * name that cannot be one. */
int segment_path(const char *name, char *path, char *reason, size_t reason_size);

/* Opens and locks the fabric's directory, making it if `create`; close() of the descriptor unlocks.
 * ENOENT when it does not exist. */
int segment_lock_path(const char *path, bool create, int *lock, char *reason, size_t reason_size);
int segment_lock(struct fabric *fabric, int *lock);
/* EWOULDBLOCK instead of waiting. */
int segment_trylock(struct fabric *fabric, int *lock);
void segment_unlock(int lock);

/* With the directory locked: opens and maps the head of the shared file. Without `create`, ENOENT
 * when there is none. A file nobody uses is replaced by a new one when `create`. */
int segment_open(struct fabric *fabric, bool create, char *reason, size_t reason_size);
/* With the directory locked: takes the file away, and the directory if nothing else is in it. */
void segment_remove(struct fabric *fabric);
/* Unmaps and closes; nothing shared changes. */
void segment_close(struct fabric *fabric);

/* Maps `length` bytes of the file at `offset` to `address` (NULL: anywhere). NULL and errno. */
void *segment_map(struct fabric *fabric, uint64_t offset, size_t length, void *address);
/* Makes sure the file has memory for the range, so that touching it cannot fail later. */
int segment_reserve(struct fabric *fabric, uint64_t offset, uint64_t length);
/* Gives the range's memory back; it reads as zeroes again. */
void segment_punch(struct fabric *fabric, uint64_t offset, uint64_t length);

static inline uint64_t segment_hca_offset(unsigned int hca)
{
	return SEGMENT_HEAD_SPAN + hca * SEGMENT_HCA_SPAN;
}

static inline uint64_t segment_ring_offset(unsigned int from, unsigned int to)
{
	return SEGMENT_RINGS + ((uint64_t)from * FABRIC_MAX_PROCESSES + to) * RING_SPAN;
}

/* Prints into `reason` if there is room for one; returns `error`. */
int fabric_explain(char *reason, size_t size, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
