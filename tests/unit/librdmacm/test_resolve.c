/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rdma_resolve_addrinfo() and rdma_query_addrinfo() above a kernel of the test's making, which
 * looks at the bytes of each command (uapi rdma/rdma_user_cm.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "librdmacm/cma.h"

int __wrap_cma_open(int *fd);
int __wrap_cma_command(int fd, uint32_t number, void *command, size_t size, size_t response_size);

enum {
	HANDLE = 0x51,
	CREATE_ID = 0,
	DESTROY_ID = 1,
	GET_EVENT = 12,
	QUERY = 19,
	RESOLVE_IB_SERVICE = 23,
	WRITE_CM_EVENT = 24
};

/* One event may wait to be read. */
static struct {
	uint64_t uid;
	uint32_t event, status, reported;
	uint64_t argument;
	bool waiting;
	int refuse_events; /* errno of a kernel that does not know the command */
	uint8_t service[96];
	int service_result;
	uint32_t records;
} kernel;

int __wrap_cma_open(int *fd)
{
	*fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return *fd < 0 ? errno : 0;
}

static uint64_t number_at(const void *command, size_t offset, size_t size)
{
	uint64_t number = 0;

	memcpy(&number, (const uint8_t *)command + offset, size);
	return number;
}

static void *answer_of(const void *command)
{
	return (void *)(uintptr_t)number_at(command, 8, 8);
}

static void give_event(uint8_t *answer)
{
	memcpy(answer, &kernel.uid, 8);
	memcpy(answer + 12, &kernel.event, 4);
	memcpy(answer + 16, &kernel.status, 4);
	memcpy(answer + 20, &kernel.argument, 8);
	kernel.waiting = false;
	kernel.reported++;
}

static int take_written_event(const void *command, size_t size)
{
	if (kernel.refuse_events)
		return kernel.refuse_events;
	assert_int_equal(size, 8 + 328);
	assert_int_equal(number_at(command, 8, 4), HANDLE);
	kernel.event = (uint32_t)number_at(command, 16, 4);
	kernel.status = (uint32_t)number_at(command, 20, 4);
	kernel.argument = number_at(command, 24, 8);
	kernel.waiting = true;
	return 0;
}

static int take_service(const void *command, size_t size)
{
	assert_int_equal(size, 8 + 88);
	memcpy(kernel.service, command, size);
	if (kernel.service_result)
		return kernel.service_result;
	kernel.event = 16;
	kernel.status = 0;
	kernel.argument = 0;
	kernel.waiting = true;
	return 0;
}

/* The record of a service: literal offsets of IBTA vol. 1, ServiceRecord, as the kernel copies it.
 */
static int give_records(const void *command, size_t room)
{
	uint8_t *answer = answer_of(command);

	assert_int_equal(number_at(command, 16, 4), HANDLE);
	assert_int_equal(number_at(command, 20, 4), 3);
	memcpy(answer, &kernel.records, 4);
	for (uint32_t i = 0; i < kernel.records && 8 + (i + 1) * 176 <= room; i++) {
		uint8_t *record = answer + 8 + i * 176;

		memcpy(record, "\0\0\0\0\x01\x3f\x12\x34", 8);
		record[7] = (uint8_t)i;
		memset(record + 8, 0xfe, 16);
		memcpy(record + 24, "\x80\x01", 2);
	}
	return 0;
}

int __wrap_cma_command(int fd, uint32_t number, void *command, size_t size, size_t response_size)
{
	static const uint32_t handle = HANDLE;

	assert_true(fd >= 0);
	switch (number) {
	case CREATE_ID:
		kernel.uid = number_at(command, 8, 8);
		memcpy((void *)(uintptr_t)number_at(command, 16, 8), &handle, 4);
		return 0;
	case DESTROY_ID:
		memcpy(answer_of(command), &kernel.reported, 4);
		return 0;
	case GET_EVENT:
		if (!kernel.waiting)
			return EAGAIN;
		give_event(answer_of(command));
		return 0;
	case QUERY:
		return give_records(command, response_size);
	case RESOLVE_IB_SERVICE:
		return take_service(command, size);
	case WRITE_CM_EVENT:
		return take_written_event(command, size);
	default:
		return EINVAL;
	}
}

struct bed {
	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
};

static struct bed open_bed(bool waits)
{
	struct bed bed = {0};

	memset(&kernel, 0, sizeof(kernel));
	if (!waits) {
		bed.channel = rdma_create_event_channel();
		assert_non_null(bed.channel);
	}
	assert_int_equal(rdma_create_id(bed.channel, &bed.id, NULL, RDMA_PS_TCP), 0);
	return bed;
}

static void close_bed(struct bed *bed)
{
	assert_int_equal(rdma_destroy_id(bed->id), 0);
	if (bed->channel)
		rdma_destroy_event_channel(bed->channel);
}

static void next_is(struct bed *bed, enum rdma_cm_event_type type, int status)
{
	struct rdma_cm_event *event;

	assert_int_equal(rdma_get_cm_event(bed->channel, &event), 0);
	assert_int_equal(event->event, type);
	assert_int_equal(event->status, status);
	assert_ptr_equal(event->id, bed->id);
	assert_int_equal(rdma_ack_cm_event(event), 0);
}

static const struct rdma_addrinfo names = {.ai_flags = RAI_DNS | RAI_NUMERICHOST,
					   .ai_port_space = RDMA_PS_TCP};
static const struct rdma_addrinfo services = {.ai_flags = RAI_SA};

/* Nothing of the list is shared with what the id keeps. */
static void has_loopback(struct bed *bed)
{
	struct rdma_addrinfo *info, *again;
	const struct sockaddr_in *address;

	assert_int_equal(rdma_query_addrinfo(bed->id, &info), 0);
	assert_int_equal(rdma_query_addrinfo(bed->id, &again), 0);
	assert_ptr_not_equal(info, again);
	assert_ptr_not_equal(info->ai_dst_addr, again->ai_dst_addr);
	rdma_freeaddrinfo(again);
	address = (struct sockaddr_in *)info->ai_dst_addr;
	assert_int_equal(info->ai_dst_len, sizeof(*address));
	assert_int_equal(address->sin_family, AF_INET);
	assert_int_equal(ntohl(address->sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(ntohs(address->sin_port), 7471);
	rdma_freeaddrinfo(info);
}

static void a_name_is_told_by_an_event(void **state)
{
	struct bed bed = open_bed(false);

	(void)state;
	assert_int_equal(rdma_resolve_addrinfo(bed.id, "127.0.0.1", "7471", &names), 0);
	assert_int_equal(kernel.event, 19);
	assert_int_equal(kernel.argument, 16);
	next_is(&bed, RDMA_CM_EVENT_ADDRINFO_RESOLVED, 0);
	has_loopback(&bed);
	close_bed(&bed);
}

static void names_are_what_no_hint_asks_for(void **state)
{
	struct bed bed = open_bed(false);

	(void)state;
	assert_int_equal(rdma_resolve_addrinfo(bed.id, "127.0.0.1", "7471", NULL), 0);
	next_is(&bed, RDMA_CM_EVENT_ADDRINFO_RESOLVED, 0);
	has_loopback(&bed);
	close_bed(&bed);
}

static void an_unknown_name_is_told_by_an_event(void **state)
{
	struct bed bed = open_bed(false);
	struct rdma_addrinfo *info;

	(void)state;
	assert_int_equal(rdma_resolve_addrinfo(bed.id, "no number", "7471", &names), 0);
	next_is(&bed, RDMA_CM_EVENT_ADDRINFO_ERROR, -ENOENT);
	assert_int_equal(rdma_query_addrinfo(bed.id, &info), -1);
	assert_int_equal(errno, ENODATA);
	close_bed(&bed);
}

static void an_id_that_waits_has_it_at_once(void **state)
{
	struct bed bed = open_bed(true);

	(void)state;
	assert_int_equal(rdma_resolve_addrinfo(bed.id, "127.0.0.1", "7471", &names), 0);
	assert_false(kernel.waiting);
	has_loopback(&bed);
	assert_int_equal(rdma_resolve_addrinfo(bed.id, "no number", "7471", &names), -1);
	assert_int_equal(errno, ENOENT);
	close_bed(&bed);
}

static void an_older_kernel_tells_no_events(void **state)
{
	struct bed bed = open_bed(false);
	struct rdma_addrinfo *info;

	(void)state;
	kernel.refuse_events = EINVAL;
	assert_int_equal(rdma_resolve_addrinfo(bed.id, "127.0.0.1", "7471", &names), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(rdma_query_addrinfo(bed.id, &info), -1);
	assert_int_equal(errno, ENODATA);
	close_bed(&bed);
}

static void service_is(uint64_t id, const char *name, uint32_t flags)
{
	uint8_t expected[64] = {0};

	memcpy(expected, name, strlen(name));
	assert_int_equal(number_at(kernel.service, 8, 4), HANDLE);
	assert_int_equal(number_at(kernel.service, 16, 8), id);
	assert_memory_equal(kernel.service + 24, expected, sizeof(expected));
	assert_int_equal(number_at(kernel.service, 88, 4), flags);
	assert_int_equal(number_at(kernel.service, 92, 4), 0);
}

static void a_service_is_asked_for_by_number_and_name(void **state)
{
	struct bed bed = open_bed(false);

	(void)state;
	assert_int_equal(rdma_resolve_addrinfo(bed.id, NULL, "0x13f1234", &services), 0);
	service_is(0x13f1234, "", 1);
	next_is(&bed, RDMA_CM_EVENT_ADDRINFO_RESOLVED, 0);
	assert_int_equal(rdma_resolve_addrinfo(bed.id, NULL, "files", &services), 0);
	service_is(0, "files", 2);
	next_is(&bed, RDMA_CM_EVENT_ADDRINFO_RESOLVED, 0);
	assert_int_equal(rdma_resolve_addrinfo(bed.id, "files", "7", &services), 0);
	service_is(7, "files", 3);
	next_is(&bed, RDMA_CM_EVENT_ADDRINFO_RESOLVED, 0);
	close_bed(&bed);
}

static void records_become_addresses(void **state)
{
	struct bed bed = open_bed(true);
	struct rdma_addrinfo *info;
	struct sockaddr_ib address;
	unsigned int count = 0;

	(void)state;
	kernel.records = 3;
	assert_int_equal(rdma_resolve_addrinfo(bed.id, NULL, "files", &services), 0);
	assert_int_equal(rdma_query_addrinfo(bed.id, &info), 0);
	for (const struct rdma_addrinfo *entry = info; entry; entry = entry->ai_next) {
		assert_int_equal(entry->ai_family, AF_IB);
		assert_int_equal(entry->ai_port_space, RDMA_PS_TCP);
		assert_int_equal(entry->ai_qp_type, IBV_QPT_RC);
		assert_int_equal(entry->ai_dst_len, 48);
		memcpy(&address, entry->ai_dst_addr, sizeof(address));
		assert_int_equal(be64toh(address.sib_sid), 0x13f1200 + count++);
		assert_int_equal(be16toh(address.sib_pkey), 0x8001);
		assert_int_equal(address.sib_addr.sib_raw[15], 0xfe);
	}
	assert_int_equal(count, 3);
	rdma_freeaddrinfo(info);
	close_bed(&bed);
}

/* More than there is room for are left out; none at all is an error. */
static void records_have_their_limits(void **state)
{
	struct bed bed = open_bed(true);
	struct rdma_addrinfo *info;
	unsigned int count = 0;

	(void)state;
	kernel.records = UINT32_MAX;
	assert_int_equal(rdma_query_addrinfo(bed.id, &info), 0);
	for (const struct rdma_addrinfo *entry = info; entry; entry = entry->ai_next)
		count++;
	assert_int_equal(count, 64);
	rdma_freeaddrinfo(info);
	kernel.records = 0;
	assert_int_equal(rdma_query_addrinfo(bed.id, &info), -1);
	assert_int_equal(errno, ENODATA);
	close_bed(&bed);
}

static void services_replace_names(void **state)
{
	struct bed bed = open_bed(true);
	struct rdma_addrinfo *info;

	(void)state;
	kernel.records = 1;
	assert_int_equal(rdma_resolve_addrinfo(bed.id, "127.0.0.1", "7471", &names), 0);
	assert_int_equal(rdma_resolve_addrinfo(bed.id, NULL, "files", &services), 0);
	assert_int_equal(rdma_query_addrinfo(bed.id, &info), 0);
	assert_int_equal(info->ai_family, AF_IB);
	rdma_freeaddrinfo(info);
	close_bed(&bed);
}

static void mistakes_are_refused(void **state)
{
	const struct rdma_addrinfo both = {.ai_flags = RAI_SA | RAI_DNS};
	static char longest[65];
	struct bed bed = open_bed(false);
	const struct {
		const char *node, *service;
		const struct rdma_addrinfo *hints;
		int err;
	} mistakes[] = {
		{"127.0.0.1", "7471", &both, EINVAL},
		{NULL, NULL, &services, EINVAL},
		{"a", "b", &services, EINVAL},
		{NULL, "", &services, EINVAL},
		{"", "7", &services, EINVAL},
		{NULL, longest, &services, EINVAL},
		{NULL, "99999999999999999999", &services, EINVAL},
	};

	(void)state;
	memset(longest, 'x', 64);
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		assert_int_equal(rdma_resolve_addrinfo(bed.id, mistakes[i].node,
						       mistakes[i].service, mistakes[i].hints),
				 -1);
		assert_int_equal(errno, mistakes[i].err);
		assert_false(kernel.waiting);
	}
	assert_int_equal(rdma_resolve_addrinfo(NULL, "a", "b", NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(rdma_query_addrinfo(bed.id, NULL), -1);
	assert_int_equal(errno, EINVAL);
	kernel.service_result = EOPNOTSUPP;
	assert_int_equal(rdma_resolve_addrinfo(bed.id, NULL, "files", &services), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	close_bed(&bed);
}

/* A program's own event of this kind stays what it is. */
static void other_events_of_the_kind_pass(void **state)
{
	struct bed bed = open_bed(false);
	struct rdma_cm_event *event;

	(void)state;
	assert_int_equal(rdma_write_cm_event(bed.id, RDMA_CM_EVENT_INTERNAL, 5, 0x1234567890), 0);
	assert_int_equal(rdma_get_cm_event(bed.channel, &event), 0);
	assert_int_equal(event->event, RDMA_CM_EVENT_INTERNAL);
	assert_int_equal(event->status, 5);
	assert_int_equal(event->param.arg, 0x1234567890);
	assert_int_equal(rdma_ack_cm_event(event), 0);
	close_bed(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_told_by_an_event),
		cmocka_unit_test(names_are_what_no_hint_asks_for),
		cmocka_unit_test(an_unknown_name_is_told_by_an_event),
		cmocka_unit_test(an_id_that_waits_has_it_at_once),
		cmocka_unit_test(an_older_kernel_tells_no_events),
		cmocka_unit_test(a_service_is_asked_for_by_number_and_name),
		cmocka_unit_test(records_become_addresses),
		cmocka_unit_test(records_have_their_limits),
		cmocka_unit_test(services_replace_names),
		cmocka_unit_test(mistakes_are_refused),
		cmocka_unit_test(other_events_of_the_kind_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
