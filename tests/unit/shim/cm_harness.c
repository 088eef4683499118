/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cm_harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
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

int cm_write_event(int fd, uint32_t id, uint32_t event, uint64_t argument)
{
	struct rdma_ucm_write_cm_event wire = {.id = id, .event = event, .status = 5};

	wire.param.arg = argument;
	return cm_tell(fd, RDMA_USER_CM_CMD_WRITE_CM_EVENT, &wire);
}

bool cm_is_readable(int fd)
{
	struct pollfd wish = {.fd = fd, .events = POLLIN};

	return poll(&wish, 1, 0) == 1;
}

void cm_await_readable(int fd)
{
	struct pollfd wish = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&wish, 1, 10000), 1);
}

struct rdma_ucm_event_resp cm_await_event(int fd, enum ucm_event_type type)
{
	cm_await_readable(fd);
	return cm_event(fd, type);
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

/* ---- connections ---- */

int cm_listen_at(int fd, uint32_t id, uint32_t backlog)
{
	struct rdma_ucm_listen wire = {.id = id, .backlog = backlog};

	return cm_tell(fd, RDMA_USER_CM_CMD_LISTEN, &wire);
}

uint32_t cm_make_listener(int fd, uint16_t space, uint32_t backlog)
{
	struct sockaddr_in address = cm_ip4("0.0.0.0", CM_PORT);
	uint32_t id = cm_create(fd, space, 100);

	assert_int_equal(cm_bind(fd, id, &address, sizeof(address)), 0);
	assert_int_equal(cm_listen_at(fd, id, backlog), 0);
	return id;
}

uint32_t cm_make_resolved(int fd, uint16_t space)
{
	struct sockaddr_in address = cm_ip4(CM_OWN, CM_PORT);
	struct rdma_ucm_resolve_route wire = {.timeout_ms = 100};

	wire.id = cm_create(fd, space, 200);
	assert_int_equal(cm_resolve(fd, wire.id, &address, sizeof(address)), 0);
	cm_event(fd, UCM_EVENT_ADDR_RESOLVED);
	assert_int_equal(cm_tell(fd, RDMA_USER_CM_CMD_RESOLVE_ROUTE, &wire), 0);
	cm_event(fd, UCM_EVENT_ROUTE_RESOLVED);
	return wire.id;
}

struct rdma_ucm_conn_param cm_param(const char *data)
{
	struct rdma_ucm_conn_param param = {.qp_num = CM_QPN,
					    .valid = 1,
					    .responder_resources = 3,
					    .initiator_depth = 5,
					    .retry_count = 9,
					    .rnr_retry_count = 6};

	param.private_data_len = (uint8_t)strlen(data);
	memcpy(param.private_data, data, strlen(data));
	return param;
}

int cm_connect_id(int fd, uint32_t id, struct rdma_ucm_conn_param param)
{
	struct rdma_ucm_connect wire = {.conn_param = param, .id = id, .ece = {0x15b3, 7}};

	return cm_tell(fd, RDMA_USER_CM_CMD_CONNECT, &wire);
}

int cm_accept_id(int fd, uint32_t id, struct rdma_ucm_conn_param param, uint64_t uid)
{
	struct rdma_ucm_accept wire = {.uid = uid, .conn_param = param, .id = id};

	/* No two connections have one queue pair. */
	wire.conn_param.qp_num++;
	return cm_tell(fd, RDMA_USER_CM_CMD_ACCEPT, &wire);
}

int cm_confirm_id(int fd, uint32_t id)
{
	return cm_accept_id(fd, id, (struct rdma_ucm_conn_param){0}, 0);
}

int cm_reject_id(int fd, uint32_t id, uint8_t reason)
{
	struct rdma_ucm_reject wire = {
		.id = id, .reason = reason, .private_data_len = 2, .private_data = "no"};

	return cm_tell(fd, RDMA_USER_CM_CMD_REJECT, &wire);
}

int cm_disconnect_id(int fd, uint32_t id)
{
	struct rdma_ucm_disconnect wire = {id};

	return cm_tell(fd, RDMA_USER_CM_CMD_DISCONNECT, &wire);
}

int cm_notify_id(int fd, uint32_t id, uint32_t event)
{
	struct rdma_ucm_notify wire = {.id = id, .event = event};

	return cm_tell(fd, RDMA_USER_CM_CMD_NOTIFY, &wire);
}

int cm_attributes(int fd, uint32_t id, uint32_t state, struct ib_uverbs_qp_attr *attr)
{
	struct rdma_ucm_init_qp_attr wire = {.id = id, .qp_state = state};

	memset(attr, 0xee, sizeof(*attr));
	return cm_ask(fd, RDMA_USER_CM_CMD_INIT_QP_ATTR, &wire, attr);
}

struct cm_ends cm_open_ends(uint16_t space)
{
	struct cm_ends ends = {.fd = cm_open()};

	ends.listener = cm_make_listener(ends.fd, space, 4);
	ends.active = cm_make_resolved(ends.fd, space);
	return ends;
}
