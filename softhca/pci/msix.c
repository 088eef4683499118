/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/pci/msix.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	/* Table and pending bits lie on pages of their own, so that a client can map one without
	 * the other. */
	PAGE = 4096,
	CONTROL = PCI_MSIX_ENTRY_VECTOR_CTRL / 4,
	PENDING_WORD = 8,
};

static uint32_t up_to_page(uint32_t bytes)
{
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

static uint32_t table_bytes(unsigned int vectors)
{
	return vectors * PCI_MSIX_ENTRY_SIZE;
}

static uint32_t pba_bytes(unsigned int vectors)
{
	return (vectors + 63) / 64 * PENDING_WORD;
}

uint32_t msix_pba_offset(unsigned int vectors)
{
	return up_to_page(table_bytes(vectors));
}

uint32_t msix_bar_bytes(unsigned int vectors)
{
	uint32_t bytes = PAGE;

	while (bytes < msix_pba_offset(vectors) + pba_bytes(vectors))
		bytes *= 2;
	return bytes;
}

/* ---- life ---- */

int msix_init(struct msix *msix, unsigned int vectors)
{
	assert(vectors >= 1 && vectors <= MSIX_MAX_VECTORS);
	memset(msix, 0, sizeof(*msix));
	msix->vectors = calloc(vectors, sizeof(*msix->vectors));
	if (!msix->vectors)
		return ENOMEM;
	msix->num_vectors = vectors;
	for (unsigned int i = 0; i < vectors; i++)
		msix->vectors[i].event_fd = -1;
	msix_reset(msix);
	return 0;
}

void msix_end(struct msix *msix)
{
	for (unsigned int i = 0; i < msix->num_vectors; i++)
		if (msix->vectors[i].event_fd >= 0)
			close(msix->vectors[i].event_fd);
	free(msix->vectors);
	memset(msix, 0, sizeof(*msix));
}

void msix_reset(struct msix *msix)
{
	for (unsigned int i = 0; i < msix->num_vectors; i++) {
		struct msix_vector *vector = &msix->vectors[i];

		memset(vector->entry, 0, sizeof(vector->entry));
		vector->entry[CONTROL] = htole32(PCI_MSIX_ENTRY_CTRL_MASKBIT);
		vector->masked = false;
		vector->pending = false;
	}
	msix->enabled = false;
	msix->all_masked = false;
}

/* ---- interrupts ---- */

/* A full counter is no loss: whoever reads it learns of this interrupt, too. */
static void signal_client(const struct msix_vector *vector)
{
	const uint64_t one = 1;
	ssize_t written = write(vector->event_fd, &one, sizeof(one));

	(void)written;
}

static void deliver(struct msix *msix, struct msix_vector *vector)
{
	if (!vector->pending || !msix->enabled || msix->all_masked || vector->masked ||
	    vector->event_fd < 0)
		return;
	vector->pending = false;
	signal_client(vector);
}

void msix_set_state(struct msix *msix, bool enabled, bool all_masked)
{
	msix->enabled = enabled;
	msix->all_masked = all_masked;
	for (unsigned int i = 0; i < msix->num_vectors; i++) {
		if (!enabled)
			msix->vectors[i].pending = false;
		deliver(msix, &msix->vectors[i]);
	}
}

void msix_raise(struct msix *msix, unsigned int vector)
{
	if (vector >= msix->num_vectors || !msix->enabled)
		return;
	msix->vectors[vector].pending = true;
	deliver(msix, &msix->vectors[vector]);
}

int msix_set_event(struct msix *msix, unsigned int vector, int event_fd)
{
	int flags = event_fd < 0 ? 0 : fcntl(event_fd, F_GETFL);

	if (vector >= msix->num_vectors || flags < 0 ||
	    (event_fd >= 0 && fcntl(event_fd, F_SETFL, flags | O_NONBLOCK))) {
		if (event_fd >= 0)
			close(event_fd);
		return EINVAL;
	}
	if (msix->vectors[vector].event_fd >= 0)
		close(msix->vectors[vector].event_fd);
	msix->vectors[vector].event_fd = event_fd;
	deliver(msix, &msix->vectors[vector]);
	return 0;
}

/* ---- the BAR ---- */

static uint64_t pending_bits(const struct msix *msix, unsigned int first)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < 64 && first + i < msix->num_vectors; i++)
		bits |= (uint64_t)msix->vectors[first + i].pending << i;
	return htole64(bits);
}

void msix_read(const struct msix *msix, uint32_t offset, void *data, unsigned int bytes)
{
	uint32_t pba = msix_pba_offset(msix->num_vectors);

	memset(data, 0, bytes);
	if (offset < table_bytes(msix->num_vectors)) {
		const struct msix_vector *vector = &msix->vectors[offset / PCI_MSIX_ENTRY_SIZE];

		memcpy(data, (const uint8_t *)vector->entry + offset % PCI_MSIX_ENTRY_SIZE, bytes);
	} else if (offset >= pba && offset - pba < pba_bytes(msix->num_vectors)) {
		uint64_t bits = pending_bits(msix, (offset - pba) / PENDING_WORD * 64);

		memcpy(data, (const uint8_t *)&bits + offset % PENDING_WORD, bytes);
	}
}

void msix_write(struct msix *msix, uint32_t offset, const void *data, unsigned int bytes)
{
	uint32_t inside = offset % PCI_MSIX_ENTRY_SIZE;
	struct msix_vector *vector;

	if (offset >= table_bytes(msix->num_vectors))
		return;
	vector = &msix->vectors[offset / PCI_MSIX_ENTRY_SIZE];
	memcpy((uint8_t *)vector->entry + inside, data, bytes);
	vector->entry[0] &= htole32(~3u);
	vector->entry[CONTROL] &= htole32(PCI_MSIX_ENTRY_CTRL_MASKBIT);
	if (inside + bytes > PCI_MSIX_ENTRY_VECTOR_CTRL) {
		vector->masked = vector->entry[CONTROL] != 0;
		deliver(msix, vector);
	}
}
