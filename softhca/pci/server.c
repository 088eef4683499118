/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "softhca/pci/server.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/trace.h"
#include "softhca/pci/function.h"
#include "softhca/pci/message.h"

struct server {
	struct pci_function *function;
	struct connection connection;
	bool greeted;
	struct vfio_user_message request;
	uint8_t answer[MESSAGE_MAX_BODY] __attribute__((aligned(8)));
	uint32_t answer_bytes;
};

static void answer_with(struct server *server, const void *body, size_t bytes)
{
	memcpy(server->answer, body, bytes);
	server->answer_bytes = (uint32_t)bytes;
}

/* ---- version ---- */

static const char capabilities[] = "{\"capabilities\":{\"max_msg_fds\":8,"
				   "\"max_data_xfer_size\":65536,\"pgsizes\":4096}}";

_Static_assert(VFIO_USER_MAX_FDS == 8 && VFIO_USER_MAX_TRANSFER == 65536 && VFIO_USER_PAGE == 4096,
	       "the capabilities say so");

/* What the client offers or asks for in its capabilities is nothing that we make use of: we send no
 * commands, and answer with no more bytes than it asks for. */
static int greet(struct server *server)
{
	const struct vfio_user_message *request = &server->request;
	struct vfio_user_version version;

	memcpy(&version, request->body, sizeof(version));
	if (server->greeted || version.major != 0 ||
	    (request->body_bytes > sizeof(version) && request->body[request->body_bytes - 1]))
		return EINVAL;
	server->greeted = true;
	version.minor = 0;
	memcpy(server->answer, &version, sizeof(version));
	memcpy(server->answer + sizeof(version), capabilities, sizeof(capabilities));
	server->answer_bytes = sizeof(version) + sizeof(capabilities);
	return 0;
}

/* ---- guest memory ---- */

static int map(struct server *server)
{
	struct vfio_user_message *request = &server->request;
	struct vfio_user_dma_map wanted;
	struct dma_range range;

	memcpy(&wanted, request->body, sizeof(wanted));
	if (wanted.argsz < sizeof(wanted) || !wanted.flags ||
	    wanted.flags & ~(uint32_t)(VFIO_USER_DMA_READ | VFIO_USER_DMA_WRITE) ||
	    request->num_files > 1)
		return EINVAL;
	range = (struct dma_range){
		.address = wanted.address,
		.bytes = wanted.size,
		.readable = wanted.flags & VFIO_USER_DMA_READ,
		.writable = wanted.flags & VFIO_USER_DMA_WRITE,
	};
	return function_map(server->function, &range, request->num_files ? request->files[0] : -1,
			    wanted.offset);
}

static int unmap(struct server *server)
{
	struct vfio_user_dma_unmap wanted;
	int rc = 0;

	memcpy(&wanted, server->request.body, sizeof(wanted));
	if (wanted.argsz < sizeof(wanted))
		return EINVAL;
	if (wanted.flags == VFIO_DMA_UNMAP_FLAG_ALL && !wanted.address && !wanted.size)
		function_unmap_all(server->function, &wanted.size);
	else if (wanted.flags)
		rc = EOPNOTSUPP;
	else
		rc = function_unmap(server->function, wanted.address, wanted.size, &wanted.size);
	answer_with(server, &wanted, sizeof(wanted));
	return rc;
}

/* ---- information ---- */

/* INTx, MSI and MSI-X; the first two are absent. Of errors and of its removal the function has
 * nothing to say, so the indexes for these do not exist. */
enum { NUM_IRQS = VFIO_PCI_MSIX_IRQ_INDEX + 1 };

static int get_info(struct server *server)
{
	const struct vfio_device_info info = {
		.argsz = offsetof(struct vfio_device_info, cap_offset),
		.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
		.num_regions = VFIO_PCI_NUM_REGIONS,
		.num_irqs = NUM_IRQS,
	};

	answer_with(server, &info, info.argsz);
	return 0;
}

static int get_region_info(struct server *server)
{
	struct vfio_region_info info;

	memcpy(&info, server->request.body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS)
		return EINVAL;
	info = (struct vfio_region_info){
		.argsz = sizeof(info),
		.index = info.index,
		.size = function_region_bytes(server->function, info.index),
	};
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	answer_with(server, &info, sizeof(info));
	return 0;
}

static int get_irq_info(struct server *server)
{
	struct vfio_irq_info info;

	memcpy(&info, server->request.body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= NUM_IRQS)
		return EINVAL;
	info.argsz = sizeof(info);
	info.count = function_num_vectors(server->function, info.index);
	info.flags = info.count ? VFIO_IRQ_INFO_EVENTFD : 0;
	answer_with(server, &info, sizeof(info));
	return 0;
}

/* ---- interrupts ---- */

static int set_events(struct server *server, const struct vfio_irq_set *set)
{
	struct vfio_user_message *request = &server->request;
	int rc = 0;

	/* No files at all take events away. */
	if (request->num_files && request->num_files != set->count)
		return EINVAL;
	for (uint32_t i = 0; i < set->count && !rc; i++)
		rc = function_set_event(server->function, set->start + i,
					request->num_files ? vfio_user_take_file(request, i) : -1);
	return rc;
}

static int trigger(struct server *server, const struct vfio_irq_set *set)
{
	const uint8_t *wanted = server->request.body + sizeof(*set);
	bool all = set->flags & VFIO_IRQ_SET_DATA_NONE;

	if (!all && server->request.body_bytes - sizeof(*set) < set->count)
		return EINVAL;
	for (uint32_t i = 0; i < set->count; i++)
		if (all || wanted[i])
			function_trigger(server->function, set->start + i);
	return 0;
}

static void disable(struct server *server)
{
	unsigned int count = function_num_vectors(server->function, VFIO_PCI_MSIX_IRQ_INDEX);

	for (unsigned int i = 0; i < count; i++)
		function_set_event(server->function, i, -1);
}

/* Vectors are masked by the guest, in the table, and not by the client. */
static int set_irqs(struct server *server)
{
	struct vfio_irq_set set;
	uint32_t data, count;

	memcpy(&set, server->request.body, sizeof(set));
	if (set.argsz < sizeof(set) || set.index >= NUM_IRQS)
		return EINVAL;
	data = set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	count = function_num_vectors(server->function, set.index);
	if (set.flags != (data | VFIO_IRQ_SET_ACTION_TRIGGER) || set.start > count ||
	    set.count > count - set.start)
		return EINVAL;
	if (data == VFIO_IRQ_SET_DATA_EVENTFD && set.count)
		return set_events(server, &set);
	if (data == VFIO_IRQ_SET_DATA_NONE && !set.count) {
		if (count)
			disable(server);
		return 0;
	}
	if (data == VFIO_IRQ_SET_DATA_NONE || data == VFIO_IRQ_SET_DATA_BOOL)
		return trigger(server, &set);
	return EINVAL;
}

/* ---- access ---- */

static int read_region(struct server *server)
{
	struct vfio_user_region_access access;

	memcpy(&access, server->request.body, sizeof(access));
	if (access.count > VFIO_USER_MAX_TRANSFER)
		return EINVAL;
	memcpy(server->answer, &access, sizeof(access));
	server->answer_bytes = (uint32_t)sizeof(access) + access.count;
	return function_read(server->function, access.region, access.offset,
			     server->answer + sizeof(access), access.count);
}

static int write_region(struct server *server)
{
	struct vfio_user_region_access access;

	memcpy(&access, server->request.body, sizeof(access));
	if (access.count != server->request.body_bytes - sizeof(access))
		return EINVAL;
	answer_with(server, &access, sizeof(access));
	return function_write(server->function, access.region, access.offset,
			      server->request.body + sizeof(access), access.count);
}

static int reset(struct server *server)
{
	function_reset(server->function);
	return 0;
}

/* ---- dispatch ---- */

static const struct handler {
	/* Fills the answer. 0 or the errno to answer with. */
	int (*handle)(struct server *server);
	uint32_t least_body;
} handlers[] = {
	[VFIO_USER_VERSION] = {greet, sizeof(struct vfio_user_version)},
	[VFIO_USER_DMA_MAP] = {map, sizeof(struct vfio_user_dma_map)},
	[VFIO_USER_DMA_UNMAP] = {unmap, sizeof(struct vfio_user_dma_unmap)},
	[VFIO_USER_DEVICE_GET_INFO] = {get_info, 0},
	[VFIO_USER_DEVICE_GET_REGION_INFO] = {get_region_info, sizeof(struct vfio_region_info)},
	[VFIO_USER_DEVICE_GET_IRQ_INFO] = {get_irq_info, sizeof(struct vfio_irq_info)},
	[VFIO_USER_DEVICE_SET_IRQS] = {set_irqs, sizeof(struct vfio_irq_set)},
	[VFIO_USER_REGION_READ] = {read_region, sizeof(struct vfio_user_region_access)},
	[VFIO_USER_REGION_WRITE] = {write_region, sizeof(struct vfio_user_region_access)},
	[VFIO_USER_DEVICE_RESET] = {reset, 0},
};

static int dispatch(struct server *server)
{
	const struct vfio_user_message *request = &server->request;
	uint32_t command = request->header.command;

	server->answer_bytes = 0;
	if (command >= sizeof(handlers) / sizeof(handlers[0]) || !handlers[command].handle)
		return EOPNOTSUPP;
	if (request->body_bytes < handlers[command].least_body ||
	    (!server->greeted && command != VFIO_USER_VERSION))
		return EINVAL;
	return handlers[command].handle(server);
}

static int answer(struct server *server, int error)
{
	const struct vfio_user_message *request = &server->request;

	if (!error)
		return vfio_user_reply(&server->connection, request, server->answer,
				       server->answer_bytes);
	trace_printf("pci: message %u of %u bytes refused: %s", request->header.command,
		     request->header.size, strerror(error));
	return vfio_user_refuse(&server->connection, request, error);
}

int server_run(struct pci_function *function, int socket, int stop_fd)
{
	struct server *server = calloc(1, sizeof(*server));
	int rc = 0;

	if (!server)
		return ENOMEM;
	server->function = function;
	server->connection = (struct connection){socket, stop_fd};
	while (!rc) {
		rc = vfio_user_receive(&server->connection, &server->request);
		if (!rc) {
			int error = dispatch(server);

			/* Before the answer: who has it may count on what it says. */
			vfio_user_close_files(&server->request);
			rc = answer(server, error);
		}
	}
	free(server);
	return rc == ENOTCONN ? 0 : rc;
}
