/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An open uverbs device: what the kernel keeps per open file. Commands on it are serialised by its
 * lock, which is taken before the engine lock.
 */
#ifndef SOFTHCA_SHIM_FILE_H
#define SOFTHCA_SHIM_FILE_H

#include <pthread.h>
#include <sys/stat.h>

#include "softhca/shim/channel.h"
#include "softhca/shim/descriptor.h"
#include "softhca/shim/handle.h"
#include "softhca/shim/membership.h"

enum {
	/* Bytes of the device file that can be mapped: the offsets of all UAR pages lie below. Past
	 * its end a store to a mapped page would be a bus error. */
	FILE_MAP_BYTES = 1 << 30,
	/* UAR pages that a context may allocate. */
	FILE_DYNAMIC_UARS = 256,
	FILE_COMP_VECTORS = 2,
	/* Pages of device memory that a context may have. */
	FILE_DM_PAGES = 64,
};

/* Pages of the device file that tell the time, as this process writes them; NULL before GET_CONTEXT
 * and for families that have none. */
struct device_clock {
	void *timer;
	void *notes;
	void *context; /* the program's, whose clock reading has been wrapped */
};

struct shim_file {
	struct descriptor descriptor;
	int fd; /* the number it was opened with */
	pthread_mutex_t lock;
	struct membership *member; /* NULL before GET_CONTEXT */
	const struct driver_abi *abi;
	struct hca *hca;
	struct handle_table handles;
	struct channel *async; /* the first asynchronous event file made, the default of objects */
	struct event_source port_events;
	struct list link; /* on member->files, under the engine lock */
	/* Doorbell registers: either static ones, or UARs allocated one by one. */
	bool dynamic_uars;
	uint32_t static_bfregs, low_latency_bfregs;
	uint8_t cqe_version;
	uint8_t uar_used[FILE_DYNAMIC_UARS];
	struct device_clock clock;
	/* What other processes that have the file see; its seat in there. */
	struct shared_context *shared;
	uint32_t seat;
	struct list foreign; /* objects of theirs, used here (foreign.h) */
};

/* Opens the device with these open() flags; returns a descriptor number, or -1 and errno. */
int file_open(int flags);
/*
 * `fd` has come from another process, by a socket or otherwise, and names its open device: it
 * becomes an open device of this process, with the other's context. Returned with a reference; NULL
 * if it is nothing of the kind.
 */
struct descriptor *file_adopt(int fd);
/* In the child after a fork. */
void file_after_fork(void);
/* Whether a descriptor with this status may be a device that file_adopt() takes. */
bool file_looks_adoptable(const struct stat *status);
/* The open device behind a descriptor. */
struct shim_file *to_shim_file(struct descriptor *descriptor);

/* The adapter has died or the program is exiting: commands answer EIO. */
bool file_is_gone(const struct shim_file *file);

/* A zeroed object of `size` bytes with a handle; NULL when memory is out. */
void *file_new_object(struct shim_file *file, enum handle_type type, size_t size);
/* Takes an object back that has come to nothing. */
void file_drop_object(struct handle *handle);

/* Ends an object: its handle, the object in the core, events unread. As the kernel's destroy
 * commands: EBUSY while something uses it. `handle` is freed on success. */
int file_destroy_object(struct handle *handle);

/* Ends the context with all its objects. */
void file_close_context(struct shim_file *file);

/*
 * Where in the device file that lies which the program maps at `offset`. The notes of the clock
 * are each process's own: they are locked while they are written, and one that is stopped or killed
 * then would hold up the readers of all.
 */
uint64_t file_own_offset(const struct shim_file *file, uint64_t offset);

/* At each command: brings the clock up to date, and looks for the program's context, so that asking
 * for the time will do so. */
void file_keep_time(struct shim_file *file);
/* Brings the clocks of all contexts up to date; with the engine lock held. */
void files_tick(struct membership *member);

/* An asynchronous event of a port or the device, to every context; with the engine lock held. */
void files_report(struct membership *member, enum async_event_type type, uint32_t element);

#endif
