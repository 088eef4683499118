/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A PCI function: configuration space, interrupts, the guest's memory and the adapter's registers,
 * under the engine lock. What a client of VFIO can ask of a device is a call here; its messages are
 * the server's business. All calls take the lock themselves.
 */
#ifndef SOFTHCA_PCI_FUNCTION_H
#define SOFTHCA_PCI_FUNCTION_H

#include "softhca/pci/adapter.h"
#include "softhca/pci/config_space.h"
#include "softhca/pci/dma_table.h"
#include "softhca/pci/drive.h"
#include "softhca/pci/msix.h"

struct pci_function {
	struct engine *engine;
	const struct adapter_ops *ops;
	struct adapter *adapter;
	struct config_space config;
	struct msix msix;
	struct dma_table memory;
	struct drive drive;
};

/* Makes the function and its adapter, and drives the engine from then on. 0 or a positive errno. */
int function_create(struct engine *engine, const struct adapter_ops *ops,
		    struct pci_function **function);
void function_destroy(struct pci_function *function);
void function_reset(struct pci_function *function);

/* Regions and interrupts by their VFIO index; 0 bytes and 0 vectors for what is absent. */
uint64_t function_region_bytes(const struct pci_function *function, uint32_t region);
unsigned int function_num_vectors(const struct pci_function *function, uint32_t index);

/* EINVAL for what is not inside a region. Registers see aligned accesses of 1 to 8 bytes, as large
 * as possible and in order. */
int function_read(struct pci_function *function, uint32_t region, uint64_t offset, void *data,
		  uint32_t bytes);
int function_write(struct pci_function *function, uint32_t region, uint64_t offset,
		   const void *data, uint32_t bytes);

/* As the dma_table calls of these names. */
int function_map(struct pci_function *function, const struct dma_range *range, int fd,
		 uint64_t offset);
int function_unmap(struct pci_function *function, uint64_t address, uint64_t bytes,
		   uint64_t *unmapped);
void function_unmap_all(struct pci_function *function, uint64_t *unmapped);

/* As msix_set_event() and msix_raise(). */
int function_set_event(struct pci_function *function, unsigned int vector, int event_fd);
void function_trigger(struct pci_function *function, unsigned int vector);

#endif
