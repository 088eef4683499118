/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the processes that have a device file in common know of it, kept in the file itself: which
 * context it is, and which objects each of them has made. A process that receives the descriptor
 * of another finds all of it there, and has an engine, handles and objects of its own.
 *
 * Each process has a seat, and the numbers of its handles begin with that, so that no two objects
 * of a context have the same. A row of entries belongs to each seat, written by its process alone.
 */
#ifndef SOFTHCA_SHIM_SHARED_CONTEXT_H
#define SOFTHCA_SHIM_SHARED_CONTEXT_H

#include "softhca/shim/file.h"

enum {
	SHARED_SEATS = 64,
	/* Handles of a seat that others can find; later ones are its process's own. */
	SHARED_HANDLES = 1 << 13,
	SHARED_SEAT_SHIFT = 24,
};

/* An object as others see it. */
struct shared_object {
	_Atomic uint32_t type;	  /* enum handle_type plus one, 0 none; the last to be written */
	uint32_t number;	  /* of the domain, or key of the region */
	uint64_t length, iova;	  /* of a region; length of device memory */
	uint32_t page, num_pages; /* of device memory */
	int32_t fd;		  /* of its file, in the process that made it */
	uint32_t pid;		  /* that one; filled in when it is found */
	uint32_t generation; /* of the entry, which is another one's when a number is given again */
} __attribute__((aligned(64)));

struct shared_context {
	/* Set when there is a context. */
	_Atomic uint64_t magic;
	uint64_t node_guid;
	char fabric[64], family[16];
	uint32_t static_bfregs, low_latency_bfregs;
	uint8_t dynamic_uars, cqe_version;
	_Atomic uint32_t seats; /* given so far */
	_Atomic uint32_t pids[SHARED_SEATS];
	/* Pages of the window of device memory: seat plus one of whoever has taken each, 0 none. */
	_Atomic uint8_t dm_owner[FILE_DM_PAGES];
	struct shared_object objects[SHARED_SEATS][SHARED_HANDLES];
};

/* Maps the part of the device file. 0 or a positive errno. */
int shared_context_map(struct shim_file *file);
void shared_context_unmap(struct shim_file *file);
/* The context exists: others may have it from now on. */
void shared_context_publish(struct shim_file *file);
/* Whether there is one. */
bool shared_context_is_one(const struct shared_context *shared);
/* Takes the context of a mapped file for this process: a seat, and what is known of it. EBADF: it
 * is no context of this fabric's adapter. ENFILE: no seat is left. */
int shared_context_join(struct shim_file *file);

/* Whether the process of this seat lives: one that has been killed gives nothing back. */
bool shared_context_is_seated(const struct shared_context *shared, uint32_t seat);

/* An object has been made, or changed; `object` without its type. */
void shared_object_put(const struct handle *handle, const struct shared_object *object);
void shared_object_drop(const struct handle *handle);
/* An object of another process of this context. */
bool shared_object_find(const struct shim_file *file, enum handle_type type, uint32_t number,
			struct shared_object *object);

/* Which of those that had the number it is, be its process alive or not; 0: there is none. */
uint32_t shared_object_generation(const struct shim_file *file, enum handle_type type,
				  uint32_t number);

#endif
