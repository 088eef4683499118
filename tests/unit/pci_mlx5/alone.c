/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A guest whose PCI function only translates and counts interrupts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"
#include "softhca/fabric/fabric.h"

/* ---- the function ---- */

uint8_t *pci_dma_place(struct pci_function *function, uint64_t address, bool writing,
		       uint64_t *together)
{
	uint64_t offset = address - GUEST_BASE;

	(void)function;
	(void)writing;
	if (offset >= GUEST_BYTES)
		return NULL;
	*together = GUEST_BYTES - offset;
	return guest.memory + offset;
}

uint8_t *pci_dma(struct pci_function *function, uint64_t address, uint64_t bytes, bool writing)
{
	uint64_t together;
	uint8_t *place = pci_dma_place(function, address, writing, &together);

	return place && bytes <= together ? place : NULL;
}

void pci_interrupt(struct pci_function *function, unsigned int vector)
{
	(void)function;
	assert_in_range(vector, 0, GUEST_VECTORS - 1);
	guest.interrupts[vector]++;
}

/* ---- registers ---- */

void guest_read(uint64_t offset, uint8_t *bytes, unsigned int length)
{
	engine_lock(guest.engine);
	softhca_mlx5_adapter.bar_read(guest.adapter, 0, offset, bytes, length);
	engine_unlock(guest.engine);
}

void guest_write(uint64_t offset, const uint8_t *bytes, unsigned int length)
{
	engine_lock(guest.engine);
	softhca_mlx5_adapter.bar_write(guest.adapter, 0, offset, bytes, length);
	engine_unlock(guest.engine);
}

/* ---- life ---- */

int guest_start(void **state)
{
	struct fabric_options options = {.host = 1, .family = "mlx5", .port_type = FABRIC_PORT_IB};
	char name[48], reason[256] = "";

	(void)state;
	memset(&guest, 0, sizeof(guest));
	snprintf(name, sizeof(name), "unit-pci-mlx5-%d", (int)getpid());
	options.name = name;
	if (fabric_join(&options, &guest.fabric, reason, sizeof(reason))) {
		fprintf(stderr, "%s\n", reason);
		return -1;
	}
	guest.memory = aligned_alloc(PAGE, GUEST_BYTES);
	if (!guest.memory || engine_create(guest.fabric, &guest.engine))
		return -1;
	memset(guest.memory, 0, GUEST_BYTES);
	engine_lock(guest.engine);
	assert_int_equal(softhca_mlx5_adapter.create(NULL, guest.engine, &guest.adapter), 0);
	engine_unlock(guest.engine);
	guest_begin();
	return 0;
}

int guest_stop(void **state)
{
	(void)state;
	engine_lock(guest.engine);
	softhca_mlx5_adapter.destroy(guest.adapter);
	engine_unlock(guest.engine);
	engine_destroy(guest.engine);
	fabric_leave(guest.fabric);
	free(guest.memory);
	return 0;
}
