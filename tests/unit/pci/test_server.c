/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The protocol as a client meets it: what is answered, what is refused, what ends the connection.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static struct world world;

static int setup(void **state)
{
	(void)state;
	world_create(&world);
	return 0;
}

static int setup_greeted(void **state)
{
	setup(state);
	greet(&world);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

/* ---- version ---- */

static void the_version_is_0_0_and_its_capabilities_end_with_a_nul(void **state)
{
	static const char request[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":16}}";
	uint8_t reply[512];
	size_t length;

	(void)state;
	assert_int_equal(answer(&world,
				command(&world, VFIO_USER_VERSION, request, sizeof(request)), reply,
				sizeof(reply), &length),
			 0);
	assert_true(length > 4);
	assert_memory_equal(reply, "\0\0\0\0{\"capabilities\":{", 21);
	assert_int_equal(reply[length - 1], 0);
	assert_int_equal(strlen((char *)reply + 4), length - 5);
}

static void a_later_minor_version_is_answered_with_ours(void **state)
{
	struct vfio_user_version version = {0, 9};
	uint8_t reply[512];
	size_t length;

	(void)state;
	assert_int_equal(answer(&world,
				command(&world, VFIO_USER_VERSION, &version, sizeof(version)),
				reply, sizeof(reply), &length),
			 0);
	memcpy(&version, reply, sizeof(version));
	assert_int_equal(version.minor, 0);
}

static int refusal(uint16_t number, const void *body, size_t length)
{
	return ask(&world, number, body, length, NULL, 0);
}

static void other_versions_are_refused(void **state)
{
	struct vfio_user_version version = {1, 0};

	(void)state;
	assert_int_equal(refusal(VFIO_USER_VERSION, &version, sizeof(version)), EINVAL);
	assert_int_equal(refusal(VFIO_USER_VERSION, &version, 2), EINVAL);
	assert_int_equal(refusal(VFIO_USER_VERSION, "\0\0\0\0{}", 6), EINVAL);
	greet(&world);
	version.major = 0;
	assert_int_equal(refusal(VFIO_USER_VERSION, &version, sizeof(version)), EINVAL);
}

static void nothing_is_answered_before_the_version(void **state)
{
	uint8_t byte;

	(void)state;
	assert_int_equal(refusal(VFIO_USER_DEVICE_GET_INFO, NULL, 0), EINVAL);
	assert_int_equal(read_region(&world, VFIO_PCI_CONFIG_REGION_INDEX, 0, &byte, 1), EINVAL);
	greet(&world);
	assert_int_equal(read_region(&world, VFIO_PCI_CONFIG_REGION_INDEX, 0, &byte, 1), 0);
}

/* ---- information ---- */

static void the_device_has_9_regions_and_3_kinds_of_interrupts(void **state)
{
	uint32_t info[4];

	(void)state;
	assert_int_equal(ask(&world, VFIO_USER_DEVICE_GET_INFO, NULL, 0, info, sizeof(info)), 0);
	assert_int_equal(info[0], 16);
	assert_int_equal(info[1], 3);
	assert_int_equal(info[2], 9);
	assert_int_equal(info[3], 3);
}

static void regions_have_the_sizes_of_what_is_there(void **state)
{
	static const uint64_t sizes[9] = {FAKE_BAR0_BYTES, 0, 0, 0, 8192, 0, 0, 4096, 0};

	(void)state;
	for (uint32_t i = 0; i < 9; i++) {
		struct vfio_region_info info = {.argsz = sizeof(info), .index = i}, reply;

		assert_int_equal(ask(&world, VFIO_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info),
				     &reply, sizeof(reply)),
				 0);
		assert_int_equal(reply.argsz, 32);
		assert_int_equal(reply.index, i);
		assert_int_equal(reply.size, sizes[i]);
		assert_int_equal(reply.flags, sizes[i] ? 3 : 0);
		assert_int_equal(reply.cap_offset, 0);
	}
}

static void only_msix_interrupts_are_there(void **state)
{
	for (uint32_t i = 0; i < 3; i++) {
		struct vfio_irq_info info = {.argsz = sizeof(info), .index = i}, reply;

		(void)state;
		assert_int_equal(ask(&world, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, sizeof(info),
				     &reply, sizeof(reply)),
				 0);
		assert_int_equal(reply.count, i == 2 ? FAKE_VECTORS : 0);
		assert_int_equal(reply.flags, i == 2 ? 1 : 0);
	}
}

static void information_on_what_does_not_exist_is_refused(void **state)
{
	struct vfio_region_info region = {.argsz = sizeof(region), .index = 9};
	struct vfio_irq_info irq = {.argsz = sizeof(irq), .index = 3};

	(void)state;
	assert_int_equal(refusal(VFIO_USER_DEVICE_GET_REGION_INFO, &region, sizeof(region)),
			 EINVAL);
	assert_int_equal(refusal(VFIO_USER_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq)), EINVAL);
	region.index = irq.index = UINT32_MAX;
	assert_int_equal(refusal(VFIO_USER_DEVICE_GET_REGION_INFO, &region, sizeof(region)),
			 EINVAL);
	assert_int_equal(refusal(VFIO_USER_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq)), EINVAL);
	region = (struct vfio_region_info){.argsz = 8};
	assert_int_equal(refusal(VFIO_USER_DEVICE_GET_REGION_INFO, &region, sizeof(region)),
			 EINVAL);
	assert_int_equal(refusal(VFIO_USER_DEVICE_GET_REGION_INFO, &region, 16), EINVAL);
}

static void unknown_commands_are_refused(void **state)
{
	static const uint16_t unknown[] = {0, 6, 11, 12, 14, 15, 1000, UINT16_MAX};
	uint8_t body[64] = {0};

	(void)state;
	for (unsigned int i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(refusal(unknown[i], body, sizeof(body)), EOPNOTSUPP);
}

/* ---- framing ---- */

static struct vfio_user_header read_of_config(void *body)
{
	struct vfio_user_region_access access = {0, VFIO_PCI_CONFIG_REGION_INDEX, 4};

	memcpy(body, &access, sizeof(access));
	return (struct vfio_user_header){
		.id = 77, .command = VFIO_USER_REGION_READ, .size = 16 + sizeof(access)};
}

static void a_message_may_come_byte_by_byte(void **state)
{
	struct {
		struct vfio_user_header header;
		uint8_t body[16];
	} message;
	uint8_t reply[20];
	size_t length;

	(void)state;
	message.header = read_of_config(message.body);
	for (unsigned int i = 0; i < sizeof(message); i++)
		say(&world, (uint8_t *)&message + i, 1, NULL, 0);
	assert_int_equal(answer(&world, 77, reply, sizeof(reply), &length), 0);
	assert_memory_equal(reply + 16, "\xb3\x15\x13\x10", 4);
}

static void many_messages_may_come_at_once(void **state)
{
	enum { COUNT = 100 };
	struct {
		struct vfio_user_header header;
		uint8_t body[16];
	} messages[COUNT];
	uint8_t reply[20];
	size_t length;

	(void)state;
	for (uint16_t i = 0; i < COUNT; i++) {
		messages[i].header = read_of_config(messages[i].body);
		messages[i].header.id = i;
	}
	say(&world, messages, sizeof(messages), NULL, 0);
	for (uint16_t i = 0; i < COUNT; i++)
		assert_int_equal(answer(&world, i, reply, sizeof(reply), &length), 0);
}

static void who_wants_no_answer_gets_none(void **state)
{
	struct {
		struct vfio_user_header header;
		uint8_t body[16];
	} message;
	uint8_t reply[20];
	size_t length;

	(void)state;
	message.header = read_of_config(message.body);
	message.header.flags = VFIO_USER_NO_REPLY;
	say(&world, &message, sizeof(message), NULL, 0);
	message.header.command = 999;
	say(&world, &message, sizeof(message), NULL, 0);
	message.header = read_of_config(message.body);
	message.header.id = 78;
	say(&world, &message, sizeof(message), NULL, 0);
	assert_int_equal(answer(&world, 78, reply, sizeof(reply), &length), 0);
}

static void expect_end(int result)
{
	uint8_t byte;

	assert_int_equal(recv(world.client, &byte, 1, 0), 0);
	assert_int_equal(world_await_server(&world), result);
}

static void say_header(uint32_t size, uint32_t flags)
{
	struct vfio_user_header header = {
		.id = 1, .command = VFIO_USER_DEVICE_GET_INFO, .size = size, .flags = flags};

	say(&world, &header, sizeof(header), NULL, 0);
}

static void a_size_below_the_header_ends_the_connection(void **state)
{
	(void)state;
	say_header(15, 0);
	expect_end(EPROTO);
}

static void a_size_of_zero_ends_the_connection(void **state)
{
	(void)state;
	say_header(0, 0);
	expect_end(EPROTO);
}

static void a_size_beyond_what_was_agreed_ends_the_connection(void **state)
{
	(void)state;
	say_header(16 + 16 + VFIO_USER_MAX_TRANSFER + 1, 0);
	expect_end(EPROTO);
}

static void the_largest_size_ends_the_connection(void **state)
{
	(void)state;
	say_header(UINT32_MAX, 0);
	expect_end(EPROTO);
}

static void an_answer_from_the_client_ends_the_connection(void **state)
{
	(void)state;
	say_header(16, VFIO_USER_TYPE_REPLY);
	expect_end(EPROTO);
}

static void too_many_files_end_the_connection(void **state)
{
	struct vfio_user_header header = {.id = 1, .command = VFIO_USER_DMA_MAP, .size = 16};
	int files[9], file = make_file(4096);

	(void)state;
	for (unsigned int i = 0; i < 9; i++)
		files[i] = file;
	say(&world, &header, sizeof(header), files, 9);
	expect_end(EPROTO);
	close(file);
}

static void files_of_pieces_of_a_message_are_counted_together(void **state)
{
	struct vfio_user_header header = {.id = 1, .command = VFIO_USER_DMA_MAP, .size = 48};
	int files[5], file = make_file(4096);

	(void)state;
	for (unsigned int i = 0; i < 5; i++)
		files[i] = file;
	say(&world, &header, sizeof(header), files, 5);
	say(&world, "0123", 4, files, 5);
	expect_end(EPROTO);
	close(file);
}

static void a_client_that_goes_is_the_end_and_no_error(void **state)
{
	(void)state;
	shutdown(world.client, SHUT_WR);
	expect_end(0);
}

static void so_is_one_that_goes_in_the_middle_of_a_message(void **state)
{
	struct vfio_user_header header = {.id = 1, .command = VFIO_USER_REGION_WRITE, .size = 4000};

	(void)state;
	say(&world, &header, sizeof(header), NULL, 0);
	say(&world, "some", 4, NULL, 0);
	shutdown(world.client, SHUT_WR);
	expect_end(0);
}

static void so_is_one_that_goes_without_reading_its_answers(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		command(&world, VFIO_USER_DEVICE_GET_INFO, NULL, 0);
	close(world.client);
	world.client = -1;
	assert_int_equal(world_await_server(&world), 0);
}

static void stop(void)
{
	const uint64_t one = 1;

	assert_int_equal(write(world.stop_fd, &one, sizeof(one)), sizeof(one));
	assert_int_equal(world_await_server(&world), ECANCELED);
}

static void the_server_can_be_stopped_while_it_waits(void **state)
{
	(void)state;
	stop();
}

static void the_server_can_be_stopped_in_the_middle_of_a_message(void **state)
{
	(void)state;
	say(&world, "abcdef", 6, NULL, 0);
	stop();
}

static void the_server_can_be_stopped_while_nobody_reads_its_answers(void **state)
{
	struct vfio_user_header header = {
		.id = 1, .command = VFIO_USER_DEVICE_GET_INFO, .size = sizeof(header)};

	(void)state;
	while (send(world.client, &header, sizeof(header), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	stop();
}

/* ---- guest memory ---- */

static int map(uint32_t flags, uint64_t offset, uint64_t address, uint64_t size, const int *files,
	       unsigned int num_files)
{
	struct vfio_user_dma_map wanted = {sizeof(wanted), flags, offset, address, size};
	size_t length;

	return answer(&world,
		      command_with_files(&world, VFIO_USER_DMA_MAP, &wanted, sizeof(wanted), files,
					 num_files),
		      NULL, 0, &length);
}

static int unmap(uint32_t flags, uint64_t address, uint64_t size, struct vfio_user_dma_unmap *reply)
{
	struct vfio_user_dma_unmap wanted = {sizeof(wanted), flags, address, size};

	return ask(&world, VFIO_USER_DMA_UNMAP, &wanted, sizeof(wanted), reply, sizeof(*reply));
}

static uint8_t *guest(uint64_t address, uint64_t bytes)
{
	uint8_t *place;

	engine_lock(world.engine);
	place = pci_dma(world.function, address, bytes, true);
	engine_unlock(world.engine);
	return place;
}

static void memory_comes_with_its_file(void **state)
{
	struct vfio_user_dma_unmap reply;
	int file = make_file(4 * 4096);

	(void)state;
	enable(&world);
	assert_int_equal(pwrite(file, "guest", 5, 0x1010), 5);
	assert_int_equal(map(3, 0x1000, 0x100000, 0x2000, &file, 1), 0);
	close(file);
	assert_memory_equal(guest(0x100010, 0x1ff0), "guest", 5);
	assert_null(guest(0x100010, 0x1ff1));
	assert_int_equal(unmap(0, 0x100000, 0x2000, &reply), 0);
	assert_int_equal(reply.argsz, 24);
	assert_int_equal(reply.address, 0x100000);
	assert_int_equal(reply.size, 0x2000);
	assert_null(guest(0x100010, 1));
	assert_int_equal(unmap(0, 0x100000, 0x2000, &reply), ENOENT);
}

static void all_memory_can_be_unmapped_at_once(void **state)
{
	struct vfio_user_dma_unmap reply;
	int file = make_file(4096);

	(void)state;
	enable(&world);
	assert_int_equal(map(3, 0, 0, 0x1000, &file, 1), 0);
	assert_int_equal(map(3, 0, 0x5000, 0x1000, &file, 1), 0);
	close(file);
	assert_int_equal(unmap(VFIO_DMA_UNMAP_FLAG_ALL, 0, 0x1000, &reply), EOPNOTSUPP);
	assert_int_equal(unmap(VFIO_DMA_UNMAP_FLAG_ALL, 0, 0, &reply), 0);
	assert_int_equal(reply.size, 0x2000);
	assert_null(guest(0x5000, 1));
}

static void only_a_bus_master_reaches_memory(void **state)
{
	int file = make_file(4096);

	(void)state;
	assert_int_equal(map(3, 0, 0, 0x1000, &file, 1), 0);
	close(file);
	assert_null(guest(0, 1));
	enable(&world);
	assert_non_null(guest(0, 1));
}

static void impossible_maps_are_refused(void **state)
{
	struct vfio_user_dma_map half = {.argsz = sizeof(half), .flags = 3, .size = 0x1000};
	struct vfio_user_dma_unmap reply;
	int files[2] = {make_file(4096), make_file(4096)}, pipes[2];

	(void)state;
	enable(&world);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(map(0, 0, 0, 0x1000, files, 1), EINVAL);
	assert_int_equal(map(7, 0, 0, 0x1000, files, 1), EINVAL);
	assert_int_equal(map(3, 0, 0, 0x1000, files, 2), EINVAL);
	assert_int_equal(map(3, 0, 0, 0x2000, files, 1), EINVAL);
	assert_int_equal(map(3, 0x1000, 0, 0x1000, files, 1), EINVAL);
	assert_int_equal(map(3, 0, 0, UINT64_MAX, files, 1), EINVAL);
	assert_int_equal(map(3, 0, UINT64_MAX - 0xfff, 0x2000, files, 1), EINVAL);
	assert_int_equal(map(3, 0, 0, 0x1000, pipes, 1), EINVAL);
	assert_int_equal(refusal(VFIO_USER_DMA_MAP, &half, 31), EINVAL);
	half.argsz = 8;
	assert_int_equal(refusal(VFIO_USER_DMA_MAP, &half, sizeof(half)), EINVAL);
	assert_null(guest(0, 1));
	assert_int_equal(map(3, 0, 0, 0x1000, files, 1), 0);
	assert_int_equal(map(3, 0, 0, 0x1000, files, 1), EEXIST);
	assert_int_equal(unmap(1, 0, 0x1000, &reply), EOPNOTSUPP);
	assert_non_null(guest(0, 1));
	for (unsigned int i = 0; i < 2; i++) {
		close(files[i]);
		close(pipes[i]);
	}
}

static unsigned int num_open_files(void)
{
	unsigned int count = 0;

	for (int i = 0; i < 1024; i++)
		count += fcntl(i, F_GETFD) >= 0;
	return count;
}

static void files_that_nobody_asked_for_are_closed(void **state)
{
	unsigned int before;
	int file = make_file(4096);
	uint32_t info[4];
	size_t length;

	(void)state;
	before = num_open_files();
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(map(0, 0, 0, 0x1000, &file, 1), EINVAL);
		assert_int_equal(answer(&world,
					command_with_files(&world, VFIO_USER_DEVICE_GET_INFO, NULL,
							   0, &file, 1),
					info, sizeof(info), &length),
				 0);
	}
	assert_int_equal(num_open_files(), before);
	close(file);
}

/* ---- interrupts ---- */

static int set_irqs(uint32_t flags, uint32_t index, uint32_t start, uint32_t count,
		    const void *data, size_t data_bytes, const int *files, unsigned int num_files)
{
	const struct vfio_irq_set set = {
		.argsz = (uint32_t)(sizeof(set) + data_bytes),
		.flags = flags,
		.index = index,
		.start = start,
		.count = count,
	};
	uint8_t body[64];
	size_t length;

	assert_true(sizeof(set) + data_bytes <= sizeof(body));
	memcpy(body, &set, sizeof(set));
	if (data_bytes)
		memcpy(body + sizeof(set), data, data_bytes);
	return answer(&world,
		      command_with_files(&world, VFIO_USER_DEVICE_SET_IRQS, body,
					 sizeof(set) + data_bytes, files, num_files),
		      NULL, 0, &length);
}

enum { EVENTFD = 0x24, NONE = 0x21, BOOL = 0x22, MSIX = 2 };

static void enable_msix(void)
{
	enable(&world);
	write_config16(&world, 0x82, 0x8000);
}

static void interrupts_go_to_the_events_given(void **state)
{
	int event[2] = {eventfd(0, EFD_NONBLOCK), eventfd(0, EFD_NONBLOCK)};
	uint32_t vector = 2;

	(void)state;
	enable_msix();
	assert_int_equal(set_irqs(EVENTFD, MSIX, 1, 2, NULL, 0, event, 2), 0);
	assert_int_equal(write_region(&world, 0, FAKE_INTERRUPT_REGISTER, &vector, 4), 0);
	assert_int_equal(events(event[0]), 0);
	assert_int_equal(events(event[1]), 1);
	/* Taken away without files. */
	assert_int_equal(set_irqs(EVENTFD, MSIX, 1, 2, NULL, 0, NULL, 0), 0);
	assert_int_equal(write_region(&world, 0, FAKE_INTERRUPT_REGISTER, &vector, 4), 0);
	assert_int_equal(events(event[1]), 0);
	close(event[0]);
	close(event[1]);
}

static void a_client_can_trigger_and_disable(void **state)
{
	int event[4];

	(void)state;
	enable_msix();
	for (unsigned int i = 0; i < 4; i++)
		event[i] = eventfd(0, EFD_NONBLOCK);
	assert_int_equal(set_irqs(EVENTFD, MSIX, 0, 4, NULL, 0, event, 4), 0);
	assert_int_equal(set_irqs(NONE, MSIX, 1, 2, NULL, 0, NULL, 0), 0);
	assert_int_equal(set_irqs(BOOL, MSIX, 1, 3, "\1\0\1", 3, NULL, 0), 0);
	assert_int_equal(events(event[0]), 0);
	assert_int_equal(events(event[1]), 2);
	assert_int_equal(events(event[2]), 1);
	assert_int_equal(events(event[3]), 1);
	assert_int_equal(set_irqs(NONE, MSIX, 0, 0, NULL, 0, NULL, 0), 0);
	assert_int_equal(set_irqs(NONE, MSIX, 0, 4, NULL, 0, NULL, 0), 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(events(event[i]), 0);
		close(event[i]);
	}
}

static void absent_interrupts_can_be_disabled(void **state)
{
	(void)state;
	assert_int_equal(set_irqs(NONE, 0, 0, 0, NULL, 0, NULL, 0), 0);
	assert_int_equal(set_irqs(NONE, 1, 0, 0, NULL, 0, NULL, 0), 0);
}

static void impossible_interrupts_are_refused(void **state)
{
	int event = eventfd(0, EFD_NONBLOCK);
	int many[3] = {event, event, event};

	(void)state;
	assert_int_equal(set_irqs(EVENTFD, 0, 0, 1, NULL, 0, &event, 1), EINVAL);
	assert_int_equal(set_irqs(EVENTFD, 3, 0, 1, NULL, 0, &event, 1), EINVAL);
	assert_int_equal(set_irqs(EVENTFD, UINT32_MAX, 0, 1, NULL, 0, &event, 1), EINVAL);
	assert_int_equal(set_irqs(EVENTFD, MSIX, FAKE_VECTORS, 1, NULL, 0, &event, 1), EINVAL);
	assert_int_equal(set_irqs(EVENTFD, MSIX, 3, 2, NULL, 0, many, 2), EINVAL);
	assert_int_equal(set_irqs(EVENTFD, MSIX, UINT32_MAX, 2, NULL, 0, many, 2), EINVAL);
	assert_int_equal(set_irqs(EVENTFD, MSIX, 1, UINT32_MAX, NULL, 0, many, 2), EINVAL);
	assert_int_equal(set_irqs(EVENTFD, MSIX, 0, 2, NULL, 0, many, 3), EINVAL);
	assert_int_equal(set_irqs(EVENTFD, MSIX, 0, 3, NULL, 0, many, 2), EINVAL);
	assert_int_equal(set_irqs(EVENTFD, MSIX, 0, 0, NULL, 0, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(BOOL, MSIX, 0, 4, "\1\1\1", 3, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(0x20, MSIX, 0, 1, NULL, 0, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(0x27, MSIX, 0, 1, NULL, 0, NULL, 0), EINVAL);
	/* Masking is the guest's. */
	assert_int_equal(set_irqs(0x09, MSIX, 0, 1, NULL, 0, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(0x11, MSIX, 0, 1, NULL, 0, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(0x39, MSIX, 0, 1, NULL, 0, NULL, 0), EINVAL);
	close(event);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup_greeted, teardown)
#define UNGREETED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNGREETED(the_version_is_0_0_and_its_capabilities_end_with_a_nul),
		UNGREETED(a_later_minor_version_is_answered_with_ours),
		UNGREETED(other_versions_are_refused),
		UNGREETED(nothing_is_answered_before_the_version),
		TEST(the_device_has_9_regions_and_3_kinds_of_interrupts),
		TEST(regions_have_the_sizes_of_what_is_there),
		TEST(only_msix_interrupts_are_there),
		TEST(information_on_what_does_not_exist_is_refused),
		TEST(unknown_commands_are_refused),
		TEST(a_message_may_come_byte_by_byte),
		TEST(many_messages_may_come_at_once),
		TEST(who_wants_no_answer_gets_none),
		TEST(a_size_below_the_header_ends_the_connection),
		TEST(a_size_of_zero_ends_the_connection),
		TEST(a_size_beyond_what_was_agreed_ends_the_connection),
		TEST(the_largest_size_ends_the_connection),
		TEST(an_answer_from_the_client_ends_the_connection),
		TEST(too_many_files_end_the_connection),
		TEST(files_of_pieces_of_a_message_are_counted_together),
		TEST(a_client_that_goes_is_the_end_and_no_error),
		TEST(so_is_one_that_goes_in_the_middle_of_a_message),
		TEST(so_is_one_that_goes_without_reading_its_answers),
		TEST(the_server_can_be_stopped_while_it_waits),
		TEST(the_server_can_be_stopped_in_the_middle_of_a_message),
		TEST(the_server_can_be_stopped_while_nobody_reads_its_answers),
		TEST(memory_comes_with_its_file),
		TEST(all_memory_can_be_unmapped_at_once),
		TEST(only_a_bus_master_reaches_memory),
		TEST(impossible_maps_are_refused),
		TEST(files_that_nobody_asked_for_are_closed),
		TEST(interrupts_go_to_the_events_given),
		TEST(a_client_can_trigger_and_disable),
		TEST(absent_interrupts_can_be_disabled),
		TEST(impossible_interrupts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
