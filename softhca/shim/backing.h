/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What lies behind a memory region: memory of the program, held or looked up at each access, or a
 * file that is mapped for the region alone. Device memory is a file as well (methods/dm.c).
 */
#ifndef SOFTHCA_SHIM_BACKING_H
#define SOFTHCA_SHIM_BACKING_H

#include "softhca/core/object.h"
#include "softhca/shim/pin.h"

/* Of one region; harmless when zeroed. */
struct backing {
	struct pin pin;
	uint8_t *mapping; /* NULL: the memory is not ours to unmap */
	size_t mapped_bytes;
};

/* On-demand memory from address 0 and of this length is all there is and will be. */
#define BACKING_WHOLE_SPACE UINT64_MAX

/* Memory of the program by params->access: held, or with ACCESS_ON_DEMAND not even looked at.
 * Completes the place in `params`, whose length says how much. Errors as pin_memory(); EOVERFLOW
 * and EINVAL for on-demand memory that cannot be. */
int backing_program(struct backing *backing, uint64_t start, struct mr_params *params);

/*
 * `params->length` bytes of the file from `offset` on. EBADF: no open file. EINVAL: it cannot be
 * mapped with the rights asked for, or ends before the region does. The kernel takes dma-bufs only;
 * here memory files and others that can be mapped shared stand in for them.
 */
int backing_file(struct backing *backing, int fd, uint64_t offset, struct mr_params *params);

void backing_release(struct backing *backing);

#endif
