/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * MSI-X: the table and the pending bits in their BAR, and the eventfds that carry interrupts to the
 * client. Address and data of a message mean nothing here: who translates them is the client.
 *
 * A client may keep the table to itself, as QEMU does, and take the guest's masking into account
 * behind the eventfd. So the mask bit of an entry counts once it has been written, although it
 * reads as set before.
 */
#ifndef SOFTHCA_PCI_MSIX_H
#define SOFTHCA_PCI_MSIX_H

#include <stdbool.h>
#include <stdint.h>

enum { MSIX_MAX_VECTORS = 2048 };

struct msix_vector {
	uint32_t entry[4]; /* address low, high, data, control; little-endian */
	int event_fd;	   /* -1: none */
	bool masked;
	bool pending;
};

struct msix {
	struct msix_vector *vectors;
	unsigned int num_vectors;
	bool enabled;
	bool all_masked;
};

/* Where things are in the BAR, for a number of vectors. */
uint32_t msix_pba_offset(unsigned int vectors);
uint32_t msix_bar_bytes(unsigned int vectors);

/* 1 to MSIX_MAX_VECTORS. 0 or ENOMEM. */
int msix_init(struct msix *msix, unsigned int vectors);
void msix_end(struct msix *msix);
/* The table as after power-on; the eventfds, which are the client's, stay. */
void msix_reset(struct msix *msix);

/* While MSI-X is disabled interrupts are lost; while all are masked they are kept. */
void msix_set_state(struct msix *msix, bool enabled, bool all_masked);
void msix_raise(struct msix *msix, unsigned int vector);

/* Takes the file over; -1 for none. It must be one that a write cannot block for long: EINVAL
 * otherwise, and then it is closed as well. */
int msix_set_event(struct msix *msix, unsigned int vector, int event_fd);

/* 1, 2, 4 or 8 bytes inside the BAR, aligned. */
void msix_read(const struct msix *msix, uint32_t offset, void *data, unsigned int bytes);
void msix_write(struct msix *msix, uint32_t offset, const void *data, unsigned int bytes);

#endif
