/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Configuration space: identity, BARs, a PCI Express and an MSI-X capability. Every bit that is not
 * said to be writable is read-only, and writing it is harmless, as on any function.
 */
#ifndef SOFTHCA_PCI_CONFIG_SPACE_H
#define SOFTHCA_PCI_CONFIG_SPACE_H

#include "softhca/pci/adapter.h"

enum {
	CONFIG_SPACE_BYTES = 4096,
	/* The BAR that holds the MSI-X table, at its start. */
	CONFIG_MSIX_BAR = 4,
};

struct config_space {
	uint8_t bytes[CONFIG_SPACE_BYTES];
	uint8_t writable[CONFIG_SPACE_BYTES]; /* a mask for each byte */
};

/* As after power-on; a BAR is sized by which of its bits can be written. */
void config_space_init(struct config_space *config, const struct pci_identity *identity);

/* Ranges have been checked by the caller. */
void config_space_read(const struct config_space *config, uint32_t offset, void *data,
		       uint32_t bytes);
/* True if the write asks for a function level reset. */
bool config_space_write(struct config_space *config, uint32_t offset, const void *data,
			uint32_t bytes);

/* ---- what the guest has switched on ---- */
bool config_space_decodes_memory(const struct config_space *config);
bool config_space_masters_bus(const struct config_space *config);
bool config_space_msix_enabled(const struct config_space *config);
/* All vectors at once. */
bool config_space_msix_masked(const struct config_space *config);

#endif
