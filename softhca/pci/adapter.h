/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What stands between the two halves of the PCI front end. The function (function.h) is the bus
 * side: a vfio-user server with configuration space, BARs, MSI-X and the guest's memory, of which
 * it knows no meaning. The adapter is the family's side: registers, firmware commands, contexts and
 * event queues, which end in calls of the core.
 *
 * All calls in either direction are made with the engine lock held, so neither side has locks of
 * its own. Whatever the guest writes is hostile: no value of it may end in more than a refused
 * command, a completion in error or a line on the trace.
 */
#ifndef SOFTHCA_PCI_ADAPTER_H
#define SOFTHCA_PCI_ADAPTER_H

#include "softhca/core/engine.h"

enum { PCI_BARS = 6 };

/* How the function presents itself in configuration space. */
struct pci_identity {
	uint16_t vendor, device;
	uint16_t subsystem_vendor, subsystem;
	uint8_t revision;
	uint32_t class_code; /* 24 bits: base class, subclass, interface */
	unsigned int msix_vectors;
	/* BARs 0 and 2 are 64-bit memory; a power of two each, 0: absent. BAR 4 is the function's
	 * own, for the MSI-X table. */
	uint64_t bar_bytes[PCI_BARS];
};

struct adapter;	     /* the family's own structure */
struct pci_function; /* the bus side */

struct adapter_ops {
	const char *family; /* "mlx5" */
	struct pci_identity identity;

	/* Opens an adapter that behaves as after a power-on reset; it opens its HCA on the engine.
	 * 0 or a positive errno. */
	int (*create)(struct pci_function *function, struct engine *engine,
		      struct adapter **adapter);
	/* Ends everything, whatever state the guest has left it in. */
	void (*destroy)(struct adapter *adapter);
	/* Function level reset: as after create(). */
	void (*reset)(struct adapter *adapter);

	/* A load or store of 1, 2, 4 or 8 bytes inside a BAR of the identity, naturally aligned,
	 * bytes in the order of addresses. Reads fill all of `data`. */
	void (*bar_read)(struct adapter *adapter, unsigned int bar, uint64_t offset, void *data,
			 unsigned int bytes);
	void (*bar_write)(struct adapter *adapter, unsigned int bar, uint64_t offset,
			  const void *data, unsigned int bytes);

	/* The fabric has changed the link, or killed the adapter (struct fabric_hca). */
	void (*port_changed)(struct adapter *adapter);
};

extern const struct adapter_ops softhca_mlx5_adapter;

/* ---- what the function does for its adapter ---- */

/* Guest memory at [address, address + bytes) as this process sees it: readable, and writable if
 * `writing`. NULL if any of it is unmapped, read-only when writing, or not one piece here, or if
 * the guest has not made the function a bus master. What has been handed out stays mapped until the
 * adapter has been reset or destroyed, also when the guest unmaps it. */
uint8_t *pci_dma(struct pci_function *function, uint64_t address, uint64_t bytes, bool writing);
/* The byte at `address` and in `*together` how many follow it in one piece; NULL if unmapped. */
uint8_t *pci_dma_place(struct pci_function *function, uint64_t address, bool writing,
		       uint64_t *together);

/* Raises an MSI-X vector; one that is masked stays pending. Out of range is ignored. */
void pci_interrupt(struct pci_function *function, unsigned int vector);

#endif
