/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Field names and offsets are those of the PCI Local Bus and PCI Express base specifications, as
 * <linux/pci_regs.h> has them. */
#include "softhca/pci/config_space.h"

#include <endian.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "softhca/pci/msix.h"

enum {
	CAP_EXPRESS = 0x40,
	CAP_EXPRESS_BYTES = 0x3c,
	CAP_MSIX = 0x80,
	EXPRESS_VERSION = 2,
	/* 8 GT/s, eight lanes: what a ConnectX-4 trains to. */
	LINK_SPEED = 3,
	LINK_LANES = 8 << 4,
	LINK_SPEEDS = 0xe,
	PAYLOAD_256 = 1,
};

static void put8(struct config_space *config, uint32_t offset, uint8_t value, uint8_t writable)
{
	config->bytes[offset] = value;
	config->writable[offset] = writable;
}

static void put16(struct config_space *config, uint32_t offset, uint16_t value, uint16_t writable)
{
	value = htole16(value);
	writable = htole16(writable);
	memcpy(config->bytes + offset, &value, sizeof(value));
	memcpy(config->writable + offset, &writable, sizeof(writable));
}

static void put32(struct config_space *config, uint32_t offset, uint32_t value, uint32_t writable)
{
	value = htole32(value);
	writable = htole32(writable);
	memcpy(config->bytes + offset, &value, sizeof(value));
	memcpy(config->writable + offset, &writable, sizeof(writable));
}

static uint16_t get16(const struct config_space *config, uint32_t offset)
{
	uint16_t value;

	memcpy(&value, config->bytes + offset, sizeof(value));
	return le16toh(value);
}

/* ---- as after power-on ---- */

static void put_header(struct config_space *config, const struct pci_identity *identity)
{
	put16(config, PCI_VENDOR_ID, identity->vendor, 0);
	put16(config, PCI_DEVICE_ID, identity->device, 0);
	put16(config, PCI_COMMAND, 0,
	      PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
		      PCI_COMMAND_INTX_DISABLE);
	put16(config, PCI_STATUS, PCI_STATUS_CAP_LIST, 0);
	put32(config, PCI_CLASS_REVISION, identity->class_code << 8 | identity->revision, 0);
	put8(config, PCI_CACHE_LINE_SIZE, 0, 0xff);
	put16(config, PCI_SUBSYSTEM_VENDOR_ID, identity->subsystem_vendor, 0);
	put16(config, PCI_SUBSYSTEM_ID, identity->subsystem, 0);
	put8(config, PCI_CAPABILITY_LIST, CAP_EXPRESS, 0);
	/* No pin: there are no interrupts but MSI-X. */
	put8(config, PCI_INTERRUPT_LINE, 0, 0xff);
}

static void put_bars(struct config_space *config, const struct pci_identity *identity)
{
	for (unsigned int bar = 0; bar < CONFIG_MSIX_BAR; bar += 2) {
		uint64_t bytes = identity->bar_bytes[bar];
		uint32_t offset = PCI_BASE_ADDRESS_0 + 4 * bar;

		if (!bytes)
			continue;
		put32(config, offset, PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
		      (uint32_t)-bytes);
		put32(config, offset + 4, 0, (uint32_t)(-bytes >> 32));
	}
	put32(config, PCI_BASE_ADDRESS_0 + 4 * CONFIG_MSIX_BAR, PCI_BASE_ADDRESS_MEM_TYPE_32,
	      -msix_bar_bytes(identity->msix_vectors));
}

static void put_express(struct config_space *config)
{
	put8(config, CAP_EXPRESS + PCI_CAP_LIST_ID, PCI_CAP_ID_EXP, 0);
	put8(config, CAP_EXPRESS + PCI_CAP_LIST_NEXT, CAP_MSIX, 0);
	put16(config, CAP_EXPRESS + PCI_EXP_FLAGS, PCI_EXP_TYPE_ENDPOINT << 4 | EXPRESS_VERSION, 0);
	put32(config, CAP_EXPRESS + PCI_EXP_DEVCAP,
	      PAYLOAD_256 | PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 0);
	/* The bit that asks for a reset reads as zero. */
	put16(config, CAP_EXPRESS + PCI_EXP_DEVCTL,
	      PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ_512B,
	      (uint16_t)~PCI_EXP_DEVCTL_BCR_FLR);
	put32(config, CAP_EXPRESS + PCI_EXP_LNKCAP, LINK_SPEED | LINK_LANES, 0);
	put16(config, CAP_EXPRESS + PCI_EXP_LNKCTL, 0,
	      PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES);
	put16(config, CAP_EXPRESS + PCI_EXP_LNKSTA, LINK_SPEED | LINK_LANES, 0);
	put16(config, CAP_EXPRESS + PCI_EXP_DEVCTL2, 0, PCI_EXP_DEVCTL2_COMP_TIMEOUT);
	put32(config, CAP_EXPRESS + PCI_EXP_LNKCAP2, LINK_SPEEDS, 0);
}

static void put_msix(struct config_space *config, unsigned int vectors)
{
	put8(config, CAP_MSIX + PCI_CAP_LIST_ID, PCI_CAP_ID_MSIX, 0);
	put16(config, CAP_MSIX + PCI_MSIX_FLAGS, (uint16_t)(vectors - 1),
	      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	put32(config, CAP_MSIX + PCI_MSIX_TABLE, CONFIG_MSIX_BAR, 0);
	put32(config, CAP_MSIX + PCI_MSIX_PBA, msix_pba_offset(vectors) | CONFIG_MSIX_BAR, 0);
}

void config_space_init(struct config_space *config, const struct pci_identity *identity)
{
	_Static_assert(CAP_EXPRESS + CAP_EXPRESS_BYTES <= CAP_MSIX, "capabilities overlap");
	memset(config, 0, sizeof(*config));
	put_header(config, identity);
	put_bars(config, identity);
	put_express(config);
	put_msix(config, identity->msix_vectors);
}

/* ---- access ---- */

void config_space_read(const struct config_space *config, uint32_t offset, void *data,
		       uint32_t bytes)
{
	memcpy(data, config->bytes + offset, bytes);
}

bool config_space_write(struct config_space *config, uint32_t offset, const void *data,
			uint32_t bytes)
{
	const uint32_t reset_byte = CAP_EXPRESS + PCI_EXP_DEVCTL + 1;
	const uint8_t *from = data;

	for (uint32_t i = 0; i < bytes; i++) {
		uint8_t mask = config->writable[offset + i];
		uint8_t *byte = &config->bytes[offset + i];

		*byte = (uint8_t)((*byte & ~mask) | (from[i] & mask));
	}
	return offset <= reset_byte && reset_byte - offset < bytes &&
	       from[reset_byte - offset] & PCI_EXP_DEVCTL_BCR_FLR >> 8;
}

bool config_space_decodes_memory(const struct config_space *config)
{
	return get16(config, PCI_COMMAND) & PCI_COMMAND_MEMORY;
}

bool config_space_masters_bus(const struct config_space *config)
{
	return get16(config, PCI_COMMAND) & PCI_COMMAND_MASTER;
}

bool config_space_msix_enabled(const struct config_space *config)
{
	return get16(config, CAP_MSIX + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE;
}

bool config_space_msix_masked(const struct config_space *config)
{
	return get16(config, CAP_MSIX + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_MASKALL;
}
