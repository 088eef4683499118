/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is asked of ibacm, and what is believed of its answers. The daemon is the other end of a
 * socket pair. Requests are byte for byte those of Debian's librdmacm, which
 * tests/witness/test_ibacm.py has it send again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "librdmacm/acm.h"
#include "librdmacm/cma.h"

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
/* Seen by shared objects too: the sanitizers' runtime calls fopen, and the linker wraps that call.
 */
__attribute__((visibility("default"))) FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__real_fopen(const char *path, const char *mode);

static struct {
	bool absent;
	char port_file[32];
	struct sockaddr_storage called; /* where the library has connected to */
	uint8_t answer[2048];
	size_t answer_length;
	int end;
	uint8_t request[512];
	size_t request_length;
} daemon_state;

FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (strcmp(path, "/run/ibacm.port"))
		return __real_fopen(path, mode);
	if (daemon_state.port_file[0])
		return fmemopen(daemon_state.port_file, strlen(daemon_state.port_file), "r");
	errno = ENOENT;
	return NULL;
}

/* The answer waits in the socket before the library asks. */
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int ends[2];

	memcpy(&daemon_state.called, address, length);
	if (daemon_state.absent) {
		errno = ENOENT;
		return -1;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(dup2(ends[0], fd), fd);
	close(ends[0]);
	daemon_state.end = ends[1];
	if (daemon_state.answer_length)
		assert_int_equal(send(ends[1], daemon_state.answer, daemon_state.answer_length, 0),
				 daemon_state.answer_length);
	shutdown(ends[1], SHUT_WR);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&daemon_state, 0, sizeof(daemon_state));
	daemon_state.end = -1;
	return 0;
}

static struct rdma_addrinfo *ask_for(const char *node, int flags, struct sockaddr_in *source)
{
	struct rdma_addrinfo hints = {.ai_flags = flags, .ai_port_space = RDMA_PS_TCP};
	struct rdma_addrinfo *info;
	ssize_t length;

	if (source) {
		hints.ai_src_addr = (struct sockaddr *)source;
		hints.ai_src_len = sizeof(*source);
	}
	assert_int_equal(rdma_getaddrinfo(node, "7471", &hints, &info), 0);
	if (daemon_state.end < 0)
		return info;
	length = recv(daemon_state.end, daemon_state.request, sizeof(daemon_state.request), 0);
	daemon_state.request_length = length < 0 ? 0 : (size_t)length;
	close(daemon_state.end);
	return info;
}

/* Zeros follow to the length. */
static void request_is(const uint8_t *bytes, size_t length, size_t total)
{
	assert_int_equal(daemon_state.request_length, total);
	assert_memory_equal(daemon_state.request, bytes, length);
	for (size_t i = length; i < total; i++)
		assert_int_equal(daemon_state.request[i], 0);
}

static void ipv4_is_asked_for(void **state)
{
	static const uint8_t bytes[] = {1, 1, 0, 0, 0, 0, 88, 0, 0, 0, 0,   0, 0, 0,
					0, 0, 2, 0, 0, 0, 2,  0, 0, 0, 127, 0, 0, 1};
	const struct sockaddr_un *called = (struct sockaddr_un *)&daemon_state.called;

	(void)state;
	rdma_freeaddrinfo(ask_for("127.0.0.1", 0, NULL));
	request_is(bytes, sizeof(bytes), 88);
	assert_int_equal(called->sun_family, AF_UNIX);
	assert_string_equal(called->sun_path, "/run/ibacm.sock");
}

static void ipv6_is_asked_for(void **state)
{
	static const uint8_t bytes[] = {1, 1, 0, 0, 0, 0, 88, 0, 0, 0, 0,    0,	   0, 0,
					0, 0, 2, 0, 0, 0, 3,  0, 0, 0, 0xfe, 0x80, 0, 0,
					0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0,    1};

	(void)state;
	rdma_freeaddrinfo(ask_for("fe80::1", 0, NULL));
	request_is(bytes, sizeof(bytes), 88);
}

static void source_comes_first(void **state)
{
	static const uint8_t head[] = {1, 1, 0, 0, 0, 0, 160, 0, 0, 0, 0,  0, 0, 0,
				       0, 0, 1, 0, 0, 0, 2,   0, 0, 0, 10, 0, 0, 9};
	static const uint8_t destination[] = {2, 0, 0, 0, 2, 0, 0, 0, 127, 0, 0, 1};
	struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000009)};

	(void)state;
	rdma_freeaddrinfo(ask_for("127.0.0.1", 0, &source));
	assert_int_equal(daemon_state.request_length, 160);
	assert_memory_equal(daemon_state.request, head, sizeof(head));
	assert_memory_equal(daemon_state.request + 88, destination, sizeof(destination));
}

static void a_program_in_haste_says_so(void **state)
{
	static const int flags[] = {RAI_NUMERICHOST, RAI_NOROUTE};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		setup(NULL);
		rdma_freeaddrinfo(ask_for("127.0.0.1", flags[i], NULL));
		assert_int_equal(daemon_state.request_length, 88);
		assert_int_equal(daemon_state.request[16], 2);
		assert_int_equal(daemon_state.request[19], 0x40);
	}
}

static void listeners_do_not_ask(void **state)
{
	(void)state;
	rdma_freeaddrinfo(ask_for("127.0.0.1", RAI_PASSIVE, NULL));
	assert_int_equal(daemon_state.called.ss_family, 0);
}

static void a_port_in_the_file_is_called(void **state)
{
	const struct sockaddr_in *called = (struct sockaddr_in *)&daemon_state.called;

	(void)state;
	strcpy(daemon_state.port_file, "6125\n");
	rdma_freeaddrinfo(ask_for("127.0.0.1", 0, NULL));
	assert_int_equal(called->sin_family, AF_INET);
	assert_int_equal(ntohs(called->sin_port), 6125);
	assert_int_equal(ntohl(called->sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(daemon_state.request_length, 88);
}

static void a_file_without_a_port_is_no_port(void **state)
{
	static const char *const contents[] = {"/run/ibacm.sock", "99999", "0", "-5", " "};

	(void)state;
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		setup(NULL);
		strcpy(daemon_state.port_file, contents[i]);
		rdma_freeaddrinfo(ask_for("127.0.0.1", 0, NULL));
		assert_int_equal(daemon_state.called.ss_family, AF_UNIX);
	}
}

static void without_a_daemon_all_is_as_it_was(void **state)
{
	struct rdma_addrinfo *info;

	(void)state;
	daemon_state.absent = true;
	info = ask_for("127.0.0.1", 0, NULL);
	assert_null(info->ai_route);
	assert_int_equal(info->ai_route_len, 0);
	assert_null(info->ai_src_addr);
	assert_non_null(info->ai_dst_addr);
	rdma_freeaddrinfo(info);
}

/* Header, then what `add` puts behind it; the length is told in the host's order. */
static void begin_answer(void)
{
	static const uint8_t header[16] = {1, 0x81, 0, 0, 0, 0, 16};

	memcpy(daemon_state.answer, header, sizeof(header));
	daemon_state.answer_length = sizeof(header);
}

static uint8_t *add(uint32_t flags, uint16_t type)
{
	struct acm_entry *entry =
		(struct acm_entry *)(daemon_state.answer + daemon_state.answer_length);
	struct acm_header *header = (struct acm_header *)daemon_state.answer;

	entry->flags = flags;
	entry->type = type;
	daemon_state.answer_length += sizeof(*entry);
	header->length = (uint16_t)daemon_state.answer_length;
	return entry->address;
}

static void a_route_is_taken(void **state)
{
	struct rdma_addrinfo *info;
	uint8_t *path;

	(void)state;
	begin_answer();
	path = add(0x2b, 0x10);
	for (uint8_t i = 0; i < 64; i++)
		path[i] = i;
	memset(add(0x04, 0x10), 7, 64);
	info = ask_for("127.0.0.1", 0, NULL);
	assert_int_equal(info->ai_route_len, 144);
	assert_memory_equal(info->ai_route, "\x2b\0\0\0\0\0\0\0\0\x01\x02", 11);
	assert_memory_equal((uint8_t *)info->ai_route + 8, path, 64);
	assert_memory_equal((uint8_t *)info->ai_route + 72, "\x04\0\0\0\0\0\0\0\x07", 9);
	rdma_freeaddrinfo(info);
}

static void a_route_that_nothing_could_leave_by_is_left(void **state)
{
	struct rdma_addrinfo *info;

	(void)state;
	begin_answer();
	add(0x04, 0x10);
	info = ask_for("127.0.0.1", 0, NULL);
	assert_null(info->ai_route);
	assert_int_equal(info->ai_route_len, 0);
	rdma_freeaddrinfo(info);
}

static void the_source_is_taken_unless_there_is_one(void **state)
{
	struct sockaddr_in chosen = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000009)};
	struct rdma_addrinfo *info;

	(void)state;
	begin_answer();
	memcpy(add(ACM_SOURCE, ACM_IPV6), "wrong family....", 16);
	memcpy(add(ACM_DESTINATION, ACM_IPV4), "\x0a\x09\x08\x06", 4);
	memcpy(add(ACM_SOURCE, ACM_IPV4), "\x0a\x09\x08\x07", 4);
	info = ask_for("127.0.0.1", 0, NULL);
	assert_int_equal(info->ai_src_len, sizeof(struct sockaddr_in));
	assert_memory_equal(info->ai_src_addr, "\x02\0\0\0\x0a\x09\x08\x07\0\0\0\0\0\0\0\0", 16);
	rdma_freeaddrinfo(info);

	info = ask_for("127.0.0.1", 0, &chosen);
	assert_memory_equal(info->ai_src_addr, &chosen, sizeof(chosen));
	rdma_freeaddrinfo(info);
}

/* Each is a right answer but for one thing. */
static void a_wrong_answer_is_not_believed(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
	} wrongs[] = {
		{"version", 0, 2},
		{"operation", 1, 0x82},
		{"a request", 1, 0x01},
		{"status", 2, 3},
		{"tag", 8, 1},
		{"tag", 15, 1},
		{"less than a header", 6, 15},
		{"half an entry", 6, 87},
		{"no length", 6, 0},
		{"more than is sent", 7, 1},
		{"far too many", 7, 0x40},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct rdma_addrinfo *info;

		setup(NULL);
		begin_answer();
		add(0x2b, 0x10);
		daemon_state.answer[wrongs[i].at] = wrongs[i].value;
		info = ask_for("127.0.0.1", 0, NULL);
		if (info->ai_route)
			fail_msg("%s is believed", wrongs[i].what);
		rdma_freeaddrinfo(info);
	}
}

static void an_answer_may_end_anywhere(void **state)
{
	(void)state;
	for (size_t length = 0; length < 88; length++) {
		struct rdma_addrinfo *info;

		setup(NULL);
		begin_answer();
		add(0x2b, 0x10);
		daemon_state.answer_length = length;
		info = ask_for("127.0.0.1", 0, NULL);
		assert_null(info->ai_route);
		rdma_freeaddrinfo(info);
	}
}

/* 16 entries are read, 17 are not: the length says so, whatever is sent. */
static void an_answer_has_its_limit(void **state)
{
	(void)state;
	for (int count = 16; count <= 17; count++) {
		struct rdma_addrinfo *info;

		setup(NULL);
		begin_answer();
		for (int i = 0; i < count; i++)
			add(0x2b, 0x10);
		info = ask_for("127.0.0.1", 0, NULL);
		assert_int_equal(info->ai_route_len, count == 16 ? 16 * 72 : 0);
		rdma_freeaddrinfo(info);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ipv4_is_asked_for, setup),
		cmocka_unit_test_setup(ipv6_is_asked_for, setup),
		cmocka_unit_test_setup(source_comes_first, setup),
		cmocka_unit_test_setup(a_program_in_haste_says_so, setup),
		cmocka_unit_test_setup(listeners_do_not_ask, setup),
		cmocka_unit_test_setup(a_port_in_the_file_is_called, setup),
		cmocka_unit_test_setup(a_file_without_a_port_is_no_port, setup),
		cmocka_unit_test_setup(without_a_daemon_all_is_as_it_was, setup),
		cmocka_unit_test_setup(a_route_is_taken, setup),
		cmocka_unit_test_setup(a_route_that_nothing_could_leave_by_is_left, setup),
		cmocka_unit_test_setup(the_source_is_taken_unless_there_is_one, setup),
		cmocka_unit_test_setup(a_wrong_answer_is_not_believed, setup),
		cmocka_unit_test_setup(an_answer_may_end_anywhere, setup),
		cmocka_unit_test_setup(an_answer_has_its_limit, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
