/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/pci/function.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/trace.h"

/* ---- life ---- */

static void port_changed(void *arg)
{
	struct pci_function *function = arg;

	function->ops->port_changed(function->adapter);
}

static int create_adapter(struct pci_function *function)
{
	int rc;

	engine_lock(function->engine);
	rc = function->ops->create(function, function->engine, &function->adapter);
	engine_unlock(function->engine);
	return rc;
}

static void destroy_adapter(struct pci_function *function)
{
	engine_lock(function->engine);
	function->ops->destroy(function->adapter);
	engine_unlock(function->engine);
}

static bool can_be(const struct pci_identity *identity)
{
	for (unsigned int bar = 0; bar < PCI_BARS; bar++) {
		uint64_t bytes = identity->bar_bytes[bar];

		if (bytes &&
		    (bar % 2 || bar == CONFIG_MSIX_BAR || bytes < 4096 || bytes & (bytes - 1)))
			return false;
	}
	return identity->msix_vectors >= 1 && identity->msix_vectors <= MSIX_MAX_VECTORS;
}

int function_create(struct engine *engine, const struct adapter_ops *ops,
		    struct pci_function **created)
{
	struct pci_function *function;
	int rc;

	if (!can_be(&ops->identity))
		return EINVAL;
	function = calloc(1, sizeof(*function));
	if (!function)
		return ENOMEM;
	function->engine = engine;
	function->ops = ops;
	config_space_init(&function->config, &ops->identity);
	dma_table_init(&function->memory);
	rc = msix_init(&function->msix, ops->identity.msix_vectors);
	if (rc)
		goto free_function;
	rc = create_adapter(function);
	if (rc)
		goto end_msix;
	rc = drive_begin(&function->drive, engine, port_changed, function);
	if (rc)
		goto destroy_adapter;
	*created = function;
	return 0;

destroy_adapter:
	destroy_adapter(function);
end_msix:
	msix_end(&function->msix);
	dma_table_end(&function->memory);
free_function:
	free(function);
	return rc;
}

void function_destroy(struct pci_function *function)
{
	drive_end(&function->drive);
	destroy_adapter(function);
	msix_end(&function->msix);
	dma_table_end(&function->memory);
	free(function);
}

static void reset(struct pci_function *function)
{
	trace_printf("pci: reset");
	function->ops->reset(function->adapter);
	config_space_init(&function->config, &function->ops->identity);
	msix_reset(&function->msix);
	dma_table_settle(&function->memory);
}

void function_reset(struct pci_function *function)
{
	engine_lock(function->engine);
	reset(function);
	engine_unlock(function->engine);
}

/* ---- regions ---- */

static uint64_t bar_bytes(const struct pci_function *function, uint32_t bar)
{
	if (bar == CONFIG_MSIX_BAR)
		return msix_bar_bytes(function->msix.num_vectors);
	return bar < PCI_BARS ? function->ops->identity.bar_bytes[bar] : 0;
}

uint64_t function_region_bytes(const struct pci_function *function, uint32_t region)
{
	return region == VFIO_PCI_CONFIG_REGION_INDEX ? CONFIG_SPACE_BYTES
						      : bar_bytes(function, region);
}

unsigned int function_num_vectors(const struct pci_function *function, uint32_t index)
{
	return index == VFIO_PCI_MSIX_IRQ_INDEX ? function->msix.num_vectors : 0;
}

static bool is_inside(const struct pci_function *function, uint32_t region, uint64_t offset,
		      uint32_t bytes)
{
	uint64_t size = function_region_bytes(function, region);

	return offset <= size && bytes <= size - offset;
}

/* The largest aligned access at `offset`. */
static unsigned int access_bytes(uint64_t offset, uint32_t left)
{
	unsigned int bytes = 8;

	while (bytes > left || offset % bytes)
		bytes /= 2;
	return bytes;
}

/* A function that does not decode memory leaves its reads to the bus, where nobody answers. */
static void read_bar(struct pci_function *function, unsigned int bar, uint64_t offset, void *data,
		     unsigned int bytes)
{
	if (!config_space_decodes_memory(&function->config))
		memset(data, 0xff, bytes);
	else if (bar == CONFIG_MSIX_BAR)
		msix_read(&function->msix, (uint32_t)offset, data, bytes);
	else
		function->ops->bar_read(function->adapter, bar, offset, data, bytes);
}

static void write_bar(struct pci_function *function, unsigned int bar, uint64_t offset,
		      const void *data, unsigned int bytes)
{
	if (!config_space_decodes_memory(&function->config))
		return;
	if (bar == CONFIG_MSIX_BAR)
		msix_write(&function->msix, (uint32_t)offset, data, bytes);
	else
		function->ops->bar_write(function->adapter, bar, offset, data, bytes);
}

/* An interrupt is a write to memory, which takes a bus master. */
static void write_config(struct pci_function *function, uint32_t offset, const void *data,
			 uint32_t bytes)
{
	const struct config_space *config = &function->config;

	if (config_space_write(&function->config, offset, data, bytes))
		reset(function);
	msix_set_state(&function->msix, config_space_msix_enabled(config),
		       config_space_msix_masked(config) || !config_space_masters_bus(config));
}

int function_read(struct pci_function *function, uint32_t region, uint64_t offset, void *data,
		  uint32_t bytes)
{
	uint8_t *to = data;

	if (!is_inside(function, region, offset, bytes))
		return EINVAL;
	engine_lock(function->engine);
	if (region == VFIO_PCI_CONFIG_REGION_INDEX) {
		config_space_read(&function->config, (uint32_t)offset, to, bytes);
		bytes = 0;
	}
	while (bytes) {
		unsigned int piece = access_bytes(offset, bytes);

		read_bar(function, region, offset, to, piece);
		offset += piece;
		to += piece;
		bytes -= piece;
	}
	engine_unlock(function->engine);
	return 0;
}

int function_write(struct pci_function *function, uint32_t region, uint64_t offset,
		   const void *data, uint32_t bytes)
{
	const uint8_t *from = data;

	if (!is_inside(function, region, offset, bytes))
		return EINVAL;
	engine_lock(function->engine);
	if (region == VFIO_PCI_CONFIG_REGION_INDEX) {
		write_config(function, (uint32_t)offset, from, bytes);
		bytes = 0;
	}
	while (bytes) {
		unsigned int piece = access_bytes(offset, bytes);

		write_bar(function, region, offset, from, piece);
		offset += piece;
		from += piece;
		bytes -= piece;
	}
	drive_work(&function->drive);
	engine_unlock(function->engine);
	return 0;
}

/* ---- guest memory ---- */

int function_map(struct pci_function *function, const struct dma_range *range, int fd,
		 uint64_t offset)
{
	int rc;

	engine_lock(function->engine);
	rc = dma_table_map(&function->memory, range, fd, offset);
	trace_printf("pci: map 0x%llx bytes at 0x%llx%s%s%s: %s", (unsigned long long)range->bytes,
		     (unsigned long long)range->address, range->readable ? " read" : "",
		     range->writable ? " write" : "", fd < 0 ? ", no memory" : "",
		     rc ? strerror(rc) : "done");
	engine_unlock(function->engine);
	return rc;
}

int function_unmap(struct pci_function *function, uint64_t address, uint64_t bytes,
		   uint64_t *unmapped)
{
	int rc;

	engine_lock(function->engine);
	rc = dma_table_unmap(&function->memory, address, bytes, unmapped);
	trace_printf("pci: unmap 0x%llx bytes at 0x%llx: %s", (unsigned long long)bytes,
		     (unsigned long long)address, rc ? strerror(rc) : "done");
	engine_unlock(function->engine);
	return rc;
}

void function_unmap_all(struct pci_function *function, uint64_t *unmapped)
{
	engine_lock(function->engine);
	dma_table_unmap_all(&function->memory, unmapped);
	trace_printf("pci: unmap all");
	engine_unlock(function->engine);
}

uint8_t *pci_dma_place(struct pci_function *function, uint64_t address, bool writing,
		       uint64_t *together)
{
	if (!config_space_masters_bus(&function->config))
		return NULL;
	return dma_table_place(&function->memory, address, writing, together);
}

uint8_t *pci_dma(struct pci_function *function, uint64_t address, uint64_t bytes, bool writing)
{
	uint64_t together;
	uint8_t *place = pci_dma_place(function, address, writing, &together);

	return place && bytes <= together ? place : NULL;
}

/* ---- interrupts ---- */

void pci_interrupt(struct pci_function *function, unsigned int vector)
{
	msix_raise(&function->msix, vector);
}

int function_set_event(struct pci_function *function, unsigned int vector, int event_fd)
{
	int rc;

	engine_lock(function->engine);
	rc = msix_set_event(&function->msix, vector, event_fd);
	trace_printf("pci: vector %u %s", vector, event_fd < 0 ? "has no event" : "has an event");
	engine_unlock(function->engine);
	return rc;
}

void function_trigger(struct pci_function *function, unsigned int vector)
{
	engine_lock(function->engine);
	msix_raise(&function->msix, vector);
	engine_unlock(function->engine);
}
