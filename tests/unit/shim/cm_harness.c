/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cm_harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "softhca/shim/environment.h"

int cm_open(void)
{
	char fabric[32];
	int fd;

	snprintf(fabric, sizeof(fabric), "unit-shim-%d", (int)getpid());
	setenv(SOFTHCA_ENV_FABRIC, fabric, 1);
	fd = ucm_open(O_RDWR | O_CLOEXEC | O_NONBLOCK);
	assert_true(fd >= 0);
	return fd;
}

void cm_close(int fd)
{
	descriptor_closing(fd);
	close(fd);
}

int cm_command(int fd, uint32_t number, const void *in, size_t length, size_t room)
{
	struct rdma_ucm_cmd_hdr header = {number, (uint16_t)length, (uint16_t)room};
	uint8_t bytes[1024];

	assert_true(sizeof(header) + length <= sizeof(bytes));
	memcpy(bytes, &header, sizeof(header));
	if (length)
		memcpy(bytes + sizeof(header), in, length);
	length += sizeof(header);
	return ucm_write(descriptor_get(fd), fd, bytes, length) == (ssize_t)length ? 0 : errno;
}

uint32_t cm_create(int fd, uint16_t space, uint64_t uid)
{
	struct rdma_ucm_create_id wire = {.uid = uid, .ps = space};
	struct rdma_ucm_create_id_resp answer = {.id = ~0u};

	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_CREATE_ID, &wire, &answer), 0);
	assert_int_not_equal(answer.id, ~0u);
	return answer.id;
}

void cm_destroy_id(int fd, uint32_t id, uint32_t events_reported)
{
	struct rdma_ucm_destroy_id wire = {.id = id};
	struct rdma_ucm_destroy_id_resp answer = {~0u};

	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_DESTROY_ID, &wire, &answer), 0);
	assert_int_equal(answer.events_reported, events_reported);
}

struct rdma_ucm_event_resp cm_event(int fd, enum ucm_event_type type)
{
	struct rdma_ucm_event_resp answer;
	struct rdma_ucm_get_event wire;

	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_GET_EVENT, &wire, &answer), 0);
	assert_int_equal(answer.event, type);
	return answer;
}

int cm_bind(int fd, uint32_t id, const void *address, size_t length)
{
	struct rdma_ucm_bind wire = {.id = id, .addr_size = (uint16_t)length};

	memcpy(&wire.addr, address, length);
	return cm_tell(fd, RDMA_USER_CM_CMD_BIND, &wire);
}

int cm_resolve(int fd, uint32_t id, const void *address, size_t length)
{
	struct rdma_ucm_resolve_addr wire = {
		.id = id, .timeout_ms = 10, .dst_size = (uint16_t)length};

	memcpy(&wire.dst_addr, address, length);
	return cm_tell(fd, RDMA_USER_CM_CMD_RESOLVE_ADDR, &wire);
}

struct rdma_ucm_query_addr_resp cm_addresses(int fd, uint32_t id)
{
	struct rdma_ucm_query wire = {.id = id, .option = RDMA_USER_CM_QUERY_ADDR};
	struct rdma_ucm_query_addr_resp answer;

	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_QUERY, &wire, &answer), 0);
	return answer;
}

struct sockaddr_in cm_ip4(const char *text, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
	return address;
}

struct sockaddr_in6 cm_ip6(const char *text, uint16_t port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
	return address;
}
