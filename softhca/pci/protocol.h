/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The vfio-user messages, as far as this server speaks them. Both ends are processes of one
 * machine, so numbers are in its byte order. Indexes and flags that are those of the kernel's VFIO
 * interface have their names from <linux/vfio.h>. Source: observation of QEMU 11.1 as the client.
 */
#ifndef SOFTHCA_PCI_PROTOCOL_H
#define SOFTHCA_PCI_PROTOCOL_H

#include <stdint.h>

enum vfio_user_command {
	VFIO_USER_VERSION = 1,
	VFIO_USER_DMA_MAP = 2,
	VFIO_USER_DMA_UNMAP = 3,
	VFIO_USER_DEVICE_GET_INFO = 4,
	VFIO_USER_DEVICE_GET_REGION_INFO = 5,
	VFIO_USER_DEVICE_GET_IRQ_INFO = 7,
	VFIO_USER_DEVICE_SET_IRQS = 8,
	VFIO_USER_REGION_READ = 9,
	VFIO_USER_REGION_WRITE = 10,
	VFIO_USER_DEVICE_RESET = 13,
};

struct vfio_user_header {
	uint16_t id; /* the sender's; a reply repeats id and command */
	uint16_t command;
	uint32_t size; /* with this header */
	uint32_t flags;
	uint32_t error; /* an errno, in replies with VFIO_USER_ERROR */
};

enum {
	VFIO_USER_TYPE_MASK = 0xf,
	VFIO_USER_TYPE_COMMAND = 0,
	VFIO_USER_TYPE_REPLY = 1,
	VFIO_USER_NO_REPLY = 1 << 4,
	VFIO_USER_ERROR = 1 << 5,
};

/* Followed by capabilities in JSON with a NUL at the end. */
struct vfio_user_version {
	uint16_t major, minor;
};

struct vfio_user_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset; /* in the file that comes with the message */
	uint64_t address;
	uint64_t size;
};

enum {
	VFIO_USER_DMA_READ = 1 << 0,
	VFIO_USER_DMA_WRITE = 1 << 1,
};

struct vfio_user_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t address;
	uint64_t size;
};

/* Of the region messages' replies as well; data follow. */
struct vfio_user_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

_Static_assert(sizeof(struct vfio_user_header) == 16, "header");
_Static_assert(sizeof(struct vfio_user_version) == 4, "version");
_Static_assert(sizeof(struct vfio_user_dma_map) == 32, "DMA map");
_Static_assert(sizeof(struct vfio_user_dma_unmap) == 24, "DMA unmap");
_Static_assert(sizeof(struct vfio_user_region_access) == 16, "region access");

/* What the server promises to take in a message. */
enum {
	VFIO_USER_MAX_FDS = 8,
	VFIO_USER_MAX_TRANSFER = 65536,
	VFIO_USER_PAGE = 4096,
};

#endif
