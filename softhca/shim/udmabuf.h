/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A /dev/udmabuf for programs on machines without one: it makes dma-bufs of memory files. What it
 * gives is the memory file once more, which backing_file() takes for a dma-buf. Source: uapi
 * linux/udmabuf.h.
 */
#ifndef SOFTHCA_SHIM_UDMABUF_H
#define SOFTHCA_SHIM_UDMABUF_H

#include <stdbool.h>
#include <stdint.h>

bool udmabuf_is_path(const char *path);
/* As open(): the machine's own device, if it has one that this process may open, or a descriptor
 * that stands for ours. */
int udmabuf_open(int flags);
/* UDMABUF_CREATE with the request at that address: a descriptor, or -1 and errno. Of whole files
 * only: EOPNOTSUPP for parts. */
int udmabuf_create(uint64_t address);

#endif
