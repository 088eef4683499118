/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "harness.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "softhca/fabric/fabric.h"
#include "softhca/pci/server.h"
#include "util/clock.h"

static const uint64_t PATIENCE_NS = 10 * NS_PER_S;

/* ---- the adapter ---- */

/* Nothing but its name is looked at as long as there are no objects. */
static const struct family_ops family = {.name = "mlx5"};

static int create(struct pci_function *function, struct engine *engine, struct adapter **created)
{
	static const struct hca_limits limits;
	struct adapter *adapter = calloc(1, sizeof(*adapter));
	int rc;

	if (!adapter)
		return ENOMEM;
	adapter->function = function;
	rc = hca_open(engine, &family, NULL, &limits, &adapter->hca);
	if (rc)
		free(adapter);
	else
		*created = adapter;
	return rc;
}

static void destroy(struct adapter *adapter)
{
	hca_close(adapter->hca);
	free(adapter);
}

static void reset(struct adapter *adapter)
{
	memset(adapter->registers, 0, sizeof(adapter->registers));
	adapter->resets++;
}

static void take_note(struct adapter *adapter, bool write, uint64_t offset, unsigned int bytes)
{
	if (adapter->num_notes < FAKE_MAX_NOTES)
		adapter->notes[adapter->num_notes++] = (struct fake_note){write, offset, bytes};
}

static void bar_read(struct adapter *adapter, unsigned int bar, uint64_t offset, void *data,
		     unsigned int bytes)
{
	if (bar != 0 || offset + bytes > FAKE_BAR0_BYTES)
		abort();
	take_note(adapter, false, offset, bytes);
	memcpy(data, adapter->registers + offset, bytes);
}

static void bar_write(struct adapter *adapter, unsigned int bar, uint64_t offset, const void *data,
		      unsigned int bytes)
{
	if (bar != 0 || offset + bytes > FAKE_BAR0_BYTES)
		abort();
	take_note(adapter, true, offset, bytes);
	memcpy(adapter->registers + offset, data, bytes);
	if (offset == FAKE_INTERRUPT_REGISTER)
		pci_interrupt(adapter->function, *(const uint8_t *)data);
}

static void port_changed(struct adapter *adapter)
{
	adapter->port_changes++;
}

const struct adapter_ops fake_adapter = {
	.family = "mlx5",
	.identity =
		{
			.vendor = 0x15b3,
			.device = 0x1013,
			.subsystem_vendor = 0x15b3,
			.subsystem = 0x0033,
			.revision = 7,
			.class_code = 0x020700,
			.msix_vectors = FAKE_VECTORS,
			.bar_bytes = {FAKE_BAR0_BYTES},
		},
	.create = create,
	.destroy = destroy,
	.reset = reset,
	.bar_read = bar_read,
	.bar_write = bar_write,
	.port_changed = port_changed,
};

/* ---- the world ---- */

static void *serve(void *arg)
{
	struct world *world = arg;

	world->result = server_run(world->function, world->server, world->stop_fd);
	shutdown(world->server, SHUT_RDWR);
	return NULL;
}

void world_create_function(struct world *world)
{
	struct fabric_options options = {.host = 1, .family = "mlx5", .port_type = FABRIC_PORT_IB};
	char name[32], reason[256];

	snprintf(name, sizeof(name), "unit-pci-%d", (int)getpid());
	options.name = name;
	memset(world, 0, sizeof(*world));
	world->client = world->server = world->stop_fd = -1;
	assert_int_equal(fabric_join(&options, &world->fabric, reason, sizeof(reason)), 0);
	assert_int_equal(engine_create(world->fabric, &world->engine), 0);
	assert_int_equal(function_create(world->engine, &fake_adapter, &world->function), 0);
}

void world_create(struct world *world)
{
	int ends[2];

	world_create_function(world);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	world->client = ends[0];
	world->server = ends[1];
	world->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(world->stop_fd >= 0);
	assert_int_equal(pthread_create(&world->thread, NULL, serve, world), 0);
}

int world_await_server(struct world *world)
{
	pthread_join(world->thread, NULL);
	close(world->server);
	world->server = -1;
	return world->result;
}

void world_destroy(struct world *world)
{
	if (world->client >= 0)
		close(world->client);
	if (world->server >= 0)
		world_await_server(world);
	if (world->stop_fd >= 0)
		close(world->stop_fd);
	function_destroy(world->function);
	engine_destroy(world->engine);
	fabric_leave(world->fabric);
}

/* ---- the client ---- */

void say(struct world *world, const void *bytes, size_t length, const int *files,
	 unsigned int num_files)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control;
	struct iovec vector = {(void *)(uintptr_t)bytes, length};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	if (num_files) {
		memset(&control, 0, sizeof(control));
		control.header.cmsg_len = CMSG_LEN(num_files * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.header), files, num_files * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(num_files * sizeof(int));
	}
	assert_int_equal(sendmsg(world->client, &message, MSG_NOSIGNAL), length);
}

uint16_t command_with_files(struct world *world, uint16_t number, const void *body, size_t length,
			    const int *files, unsigned int num_files)
{
	struct vfio_user_header header = {
		.id = ++world->last_id,
		.command = number,
		.size = (uint32_t)(sizeof(header) + length),
	};
	uint8_t *bytes = malloc(sizeof(header) + length);

	assert_non_null(bytes);
	memcpy(bytes, &header, sizeof(header));
	if (length)
		memcpy(bytes + sizeof(header), body, length);
	say(world, bytes, sizeof(header) + length, files, num_files);
	free(bytes);
	return header.id;
}

uint16_t command(struct world *world, uint16_t number, const void *body, size_t length)
{
	return command_with_files(world, number, body, length, NULL, 0);
}

static void receive(struct world *world, void *to, size_t bytes)
{
	if (bytes)
		assert_int_equal(recv(world->client, to, bytes, MSG_WAITALL), bytes);
}

int answer(struct world *world, uint16_t id, void *body, size_t room, size_t *length)
{
	struct vfio_user_header header;
	size_t bytes;

	receive(world, &header, sizeof(header));
	assert_int_equal(header.id, id);
	assert_int_equal(header.flags & VFIO_USER_TYPE_MASK, VFIO_USER_TYPE_REPLY);
	assert_true(header.size >= sizeof(header));
	bytes = header.size - sizeof(header);
	if (header.flags & VFIO_USER_ERROR) {
		assert_int_equal(bytes, 0);
		assert_int_not_equal(header.error, 0);
		return (int)header.error;
	}
	assert_int_equal(header.error, 0);
	assert_true(bytes <= room);
	receive(world, body, bytes);
	*length = bytes;
	return 0;
}

int ask(struct world *world, uint16_t number, const void *body, size_t length, void *out,
	size_t room)
{
	size_t received;
	int rc = answer(world, command(world, number, body, length), out, room, &received);

	if (!rc)
		assert_int_equal(received, room);
	return rc;
}

void greet(struct world *world)
{
	struct vfio_user_version version = {0, 0};
	uint8_t reply[512];
	size_t length;

	assert_int_equal(answer(world, command(world, VFIO_USER_VERSION, &version, sizeof(version)),
				reply, sizeof(reply), &length),
			 0);
}

int read_region(struct world *world, uint32_t region, uint64_t offset, void *data, uint32_t bytes)
{
	struct vfio_user_region_access access = {offset, region, bytes};
	uint8_t *reply = malloc(sizeof(access) + bytes);
	int rc;

	assert_non_null(reply);
	rc = ask(world, VFIO_USER_REGION_READ, &access, sizeof(access), reply,
		 sizeof(access) + bytes);
	if (!rc) {
		assert_memory_equal(reply, &access, sizeof(access));
		memcpy(data, reply + sizeof(access), bytes);
	}
	free(reply);
	return rc;
}

int write_region(struct world *world, uint32_t region, uint64_t offset, const void *data,
		 uint32_t bytes)
{
	struct vfio_user_region_access access = {offset, region, bytes}, reply;
	uint8_t *request = malloc(sizeof(access) + bytes);
	int rc;

	assert_non_null(request);
	memcpy(request, &access, sizeof(access));
	memcpy(request + sizeof(access), data, bytes);
	rc = ask(world, VFIO_USER_REGION_WRITE, request, sizeof(access) + bytes, &reply,
		 sizeof(reply));
	if (!rc)
		assert_memory_equal(&reply, &access, sizeof(access));
	free(request);
	return rc;
}

void write_config16(struct world *world, uint32_t offset, uint16_t value)
{
	assert_int_equal(write_region(world, VFIO_PCI_CONFIG_REGION_INDEX, offset, &value, 2), 0);
}

uint16_t read_config16(struct world *world, uint32_t offset)
{
	uint16_t value;

	assert_int_equal(read_region(world, VFIO_PCI_CONFIG_REGION_INDEX, offset, &value, 2), 0);
	return value;
}

void enable(struct world *world)
{
	write_config16(world, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* ---- files and waiting ---- */

int make_file(size_t bytes)
{
	int file = memfd_create("guest", MFD_CLOEXEC);

	assert_true(file >= 0);
	assert_int_equal(ftruncate(file, (off_t)bytes), 0);
	return file;
}

uint64_t events(int event_fd)
{
	uint64_t count = 0;

	if (read(event_fd, &count, sizeof(count)) < 0)
		assert_int_equal(errno, EAGAIN);
	return count;
}

void wait_until(struct world *world, bool (*condition)(struct world *world))
{
	uint64_t end_ns = clock_ns() + PATIENCE_NS;
	bool met = false;

	while (!met && clock_ns() < end_ns) {
		engine_lock(world->engine);
		met = condition(world);
		engine_unlock(world->engine);
		sched_yield();
	}
	assert_true(met);
}
