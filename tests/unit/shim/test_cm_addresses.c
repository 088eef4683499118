/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses, ports, routes and options of ids. Witness of the errnos: Linux, as in test_cm_ids.c.
 */
#include "cm_harness.h"

#include <endian.h>

/* Host 1 of the fabric, which this process is, and another one. */
static const char own[] = "10.77.0.1", absent[] = "10.77.0.9", own6[] = "fd48:4341:0:1::1";

static int bind4(int fd, uint32_t id, const char *text, uint16_t port)
{
	struct sockaddr_in address = cm_ip4(text, port);

	return cm_bind(fd, id, &address, sizeof(address));
}

static int bind6(int fd, uint32_t id, const char *text, uint16_t port)
{
	struct sockaddr_in6 address = cm_ip6(text, port);

	return cm_bind(fd, id, &address, sizeof(address));
}

static int resolve4(int fd, uint32_t id, const char *text)
{
	struct sockaddr_in address = cm_ip4(text, 7000);

	return cm_resolve(fd, id, &address, sizeof(address));
}

static int resolve_route(int fd, uint32_t id, uint32_t timeout_ms)
{
	struct rdma_ucm_resolve_route wire = {.id = id, .timeout_ms = timeout_ms};

	return cm_tell(fd, RDMA_USER_CM_CMD_RESOLVE_ROUTE, &wire);
}

static int set_option(int fd, uint32_t id, uint32_t level, uint32_t name, const void *value,
		      uint32_t length)
{
	struct rdma_ucm_set_option wire = {.optval = (uintptr_t)value,
					   .id = id,
					   .level = level,
					   .optname = name,
					   .optlen = length};

	return cm_tell(fd, RDMA_USER_CM_CMD_SET_OPTION, &wire);
}

static int set_flag(int fd, uint32_t id, uint32_t name, int value)
{
	return set_option(fd, id, RDMA_OPTION_ID, name, &value, sizeof(value));
}

static uint16_t port_of(int fd, uint32_t id)
{
	struct rdma_ucm_query_addr_resp answer = cm_addresses(fd, id);
	struct sockaddr_in address;

	memcpy(&address, &answer.src_addr, sizeof(address));
	return ntohs(address.sin_port);
}

static void bound_ids_have_device_address_and_port(void **state)
{
	struct rdma_ucm_query_addr_resp answer;
	struct sockaddr_in address;
	int fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 1);

	(void)state;
	answer = cm_addresses(fd, id);
	assert_int_equal(answer.src_size, 0);
	assert_int_equal(answer.node_guid, 0);
	assert_int_equal(bind4(fd, id, own, 0), 0);
	answer = cm_addresses(fd, id);
	assert_int_equal(answer.src_size, sizeof(address));
	memcpy(&address, &answer.src_addr, sizeof(address));
	assert_int_equal(address.sin_addr.s_addr, cm_ip4(own, 0).sin_addr.s_addr);
	assert_in_range(ntohs(address.sin_port), 32768, 60999);
	assert_int_equal(answer.port_num, 1);
	assert_int_equal(be64toh(answer.node_guid), 0x0248430000010100);
	/* Once only. */
	assert_int_equal(bind4(fd, id, own, 0), EINVAL);
	cm_close(fd);
}

static void wildcards_have_no_device(void **state)
{
	int fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 1);

	(void)state;
	assert_int_equal(bind6(fd, id, "::", 7471), 0);
	assert_int_equal(port_of(fd, id), 7471);
	assert_int_equal(cm_addresses(fd, id).port_num, 0);
	cm_close(fd);
}

static void only_own_addresses_can_be_bound(void **state)
{
	struct sockaddr_in address = cm_ip4(own, 0);
	struct rdma_ucm_bind_ip old = {0};
	int fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 1);

	(void)state;
	assert_int_equal(bind4(fd, id, absent, 0), EADDRNOTAVAIL);
	assert_int_equal(bind4(fd, id, "192.0.2.1", 0), EADDRNOTAVAIL);
	assert_int_equal(bind6(fd, id, "fe80::1", 0), EINVAL);
	assert_int_equal(cm_bind(fd, id, &address, sizeof(address) - 1), EINVAL);
	address.sin_family = AF_UNIX;
	assert_int_equal(cm_bind(fd, id, &address, sizeof(address)), EINVAL);
	old.id = id;
	assert_int_equal(cm_tell(fd, RDMA_USER_CM_CMD_BIND_IP, &old), EINVAL);
	/* None of them has left anything. */
	address.sin_family = AF_INET;
	memcpy(&old.addr, &address, sizeof(address));
	assert_int_equal(cm_tell(fd, RDMA_USER_CM_CMD_BIND_IP, &old), 0);
	id = cm_create(fd, RDMA_PS_TCP, 1);
	assert_int_equal(bind4(fd, id, "127.0.0.1", 0), 0);
	id = cm_create(fd, RDMA_PS_TCP, 1);
	assert_int_equal(bind6(fd, id, "::1", 0), 0);
	id = cm_create(fd, RDMA_PS_TCP, 1);
	assert_int_equal(bind6(fd, id, own6, 0), 0);
	cm_close(fd);
}

static void a_port_is_bound_once_in_its_space(void **state)
{
	int fd = cm_open();
	uint32_t one = cm_create(fd, RDMA_PS_TCP, 1), two = cm_create(fd, RDMA_PS_TCP, 2);
	uint32_t other_space = cm_create(fd, RDMA_PS_UDP, 3);

	(void)state;
	assert_int_equal(bind4(fd, one, own, 7471), 0);
	assert_int_equal(bind4(fd, two, own, 7471), EADDRINUSE);
	assert_int_equal(bind4(fd, two, "0.0.0.0", 7471), EADDRNOTAVAIL);
	assert_int_equal(bind4(fd, other_space, own, 7471), 0);
	assert_int_equal(bind4(fd, two, "127.0.0.1", 7471), 0);
	cm_destroy_id(fd, one, 0);
	cm_destroy_id(fd, two, 0);
	one = cm_create(fd, RDMA_PS_TCP, 1);
	assert_int_equal(bind4(fd, one, "0.0.0.0", 7471), 0);
	cm_close(fd);
}

static void ports_are_shared_by_those_who_agree(void **state)
{
	int fd = cm_open();
	uint32_t one = cm_create(fd, RDMA_PS_TCP, 1), two = cm_create(fd, RDMA_PS_TCP, 2);
	uint32_t three = cm_create(fd, RDMA_PS_TCP, 3);

	(void)state;
	assert_int_equal(set_flag(fd, one, RDMA_OPTION_ID_REUSEADDR, 1), 0);
	assert_int_equal(set_flag(fd, two, RDMA_OPTION_ID_REUSEADDR, 1), 0);
	assert_int_equal(bind4(fd, one, own, 7471), 0);
	assert_int_equal(bind4(fd, two, own, 7471), 0);
	assert_int_equal(bind4(fd, three, own, 7471), EADDRINUSE);
	assert_int_equal(set_flag(fd, one, RDMA_OPTION_ID_REUSEADDR, 1), 0);
	assert_int_equal(set_flag(fd, one, RDMA_OPTION_ID_REUSEADDR, 0), EINVAL);
	cm_close(fd);
}

static void wildcards_of_one_family_leave_the_other(void **state)
{
	int fd = cm_open();
	uint32_t one = cm_create(fd, RDMA_PS_TCP, 1), two = cm_create(fd, RDMA_PS_TCP, 2);

	(void)state;
	assert_int_equal(set_flag(fd, one, RDMA_OPTION_ID_AFONLY, 1), 0);
	assert_int_equal(bind6(fd, one, "::", 7471), 0);
	assert_int_equal(bind4(fd, two, "0.0.0.0", 7471), EADDRNOTAVAIL);
	assert_int_equal(set_flag(fd, two, RDMA_OPTION_ID_AFONLY, 1), 0);
	assert_int_equal(bind4(fd, two, "0.0.0.0", 7471), 0);
	cm_close(fd);
}

static void options_are_checked(void **state)
{
	int fd = cm_open(), on = 1;
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 1), datagrams = cm_create(fd, RDMA_PS_UDP, 1);
	uint8_t byte = 14, too_much = 32;

	(void)state;
	assert_int_equal(set_option(fd, id, 9, 0, &byte, 1), ENOSYS);
	assert_int_equal(set_option(fd, id, RDMA_OPTION_ID, 99, &byte, 1), ENOSYS);
	assert_int_equal(set_option(fd, id, RDMA_OPTION_IB, 99, &byte, 1), ENOSYS);
	assert_int_equal(set_option(fd, id + 9, RDMA_OPTION_ID, 0, &byte, 1), ENOENT);
	assert_int_equal(set_option(fd, id, RDMA_OPTION_ID, 0, (void *)8, 1), EFAULT);
	assert_int_equal(set_option(fd, id, RDMA_OPTION_ID, 0, &byte, 1 << 20), EINVAL);
	assert_int_equal(set_option(fd, id, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, &byte, 1), 0);
	assert_int_equal(set_option(fd, id, RDMA_OPTION_ID, RDMA_OPTION_ID_TOS, &byte, 2), EINVAL);
	assert_int_equal(set_option(fd, id, RDMA_OPTION_ID, RDMA_OPTION_ID_REUSEADDR, &on, 1),
			 EINVAL);
	assert_int_equal(set_option(fd, id, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, &byte, 1),
			 0);
	assert_int_equal(
		set_option(fd, id, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, &too_much, 1),
		EINVAL);
	assert_int_equal(
		set_option(fd, datagrams, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, &byte, 1),
		EINVAL);
	cm_close(fd);
}

static void own_addresses_are_resolved(void **state)
{
	struct rdma_ucm_query wire = {.option = RDMA_USER_CM_QUERY_PATH};
	/* num_paths and a reserved word; of the path its flags, a reserved word and the record. */
	uint32_t paths[4 + 16];
	struct rdma_ucm_query_addr_resp answer;
	int fd = cm_open();
	uint32_t id = wire.id = cm_create(fd, RDMA_PS_TCP, 44);

	(void)state;
	assert_int_equal(resolve_route(fd, id, 100), EINVAL);
	assert_int_equal(resolve4(fd, id, own), 0);
	assert_int_equal(cm_event(fd, UCM_EVENT_ADDR_RESOLVED).uid, 44);
	assert_int_equal(resolve4(fd, id, own), EINVAL);
	answer = cm_addresses(fd, id);
	assert_int_equal(answer.dst_size, sizeof(struct sockaddr_in));
	assert_int_equal(answer.port_num, 1);
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_QUERY, &wire, &paths), 0);
	assert_int_equal(paths[0], 0);
	assert_int_equal(resolve_route(fd, id, 0), EINVAL);
	assert_int_equal(resolve_route(fd, id, 100), 0);
	cm_event(fd, UCM_EVENT_ROUTE_RESOLVED);
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_QUERY, &wire, &paths), 0);
	assert_int_equal(paths[0], 1);
	/* Source GID and destination GID are one here: of the only host. IBTA vol. 1, table 202. */
	assert_memory_equal(&paths[4 + 2], &paths[4 + 6], 16);
	wire.option = 99;
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_QUERY, &wire, &paths), ENOSYS);
	cm_destroy_id(fd, id, 2);
	cm_close(fd);
}

static void the_older_query_tells_the_same(void **state)
{
	struct rdma_ucm_query_route_resp answer;
	struct rdma_ucm_resolve_ip wire = {.timeout_ms = 10};
	struct rdma_ucm_query query = {0};
	struct sockaddr_in address = cm_ip4(own, 7000);
	int fd = cm_open();

	(void)state;
	query.id = wire.id = cm_create(fd, RDMA_PS_TCP, 1);
	memcpy(&wire.dst_addr, &address, sizeof(address));
	assert_int_equal(cm_tell(fd, RDMA_USER_CM_CMD_RESOLVE_IP, &wire), 0);
	cm_event(fd, UCM_EVENT_ADDR_RESOLVED);
	assert_int_equal(resolve_route(fd, wire.id, 100), 0);
	cm_event(fd, UCM_EVENT_ROUTE_RESOLVED);
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_QUERY_ROUTE, &query, &answer), 0);
	assert_int_equal(answer.num_paths, 1);
	assert_int_equal(answer.port_num, 1);
	assert_int_equal(answer.ib_route[0].dlid, answer.ib_route[0].slid);
	assert_int_equal(be16toh(answer.ib_route[0].pkey), 0xffff);
	assert_memory_equal(&answer.dst_addr, &address, sizeof(address));
	cm_close(fd);
}

static void absent_hosts_take_their_time(void **state)
{
	int fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 1);

	(void)state;
	assert_int_equal(resolve4(fd, id, "192.0.2.1"), ENETUNREACH);
	assert_int_equal(resolve4(fd, id, absent), 0);
	assert_int_equal((int)cm_await_event(fd, UCM_EVENT_ADDR_ERROR).status, -ETIMEDOUT);
	assert_int_equal(resolve4(fd, id, own), 0);
	cm_event(fd, UCM_EVENT_ADDR_RESOLVED);
	/* One that is given up while it waits. */
	id = cm_create(fd, RDMA_PS_TCP, 1);
	assert_int_equal(resolve4(fd, id, absent), 0);
	cm_destroy_id(fd, id, 0);
	cm_close(fd);
}

static void gids_are_addresses_of_their_own_family(void **state)
{
	struct rdma_ucm_query wire = {.option = RDMA_USER_CM_QUERY_GID};
	struct ucm_ib_address address = {.family = UCM_AF_IB}, found;
	struct rdma_ucm_query_addr_resp answer;
	int fd = cm_open();
	uint32_t id = cm_create(fd, RDMA_PS_TCP, 1);

	(void)state;
	assert_int_equal(resolve4(fd, id, own), 0);
	cm_event(fd, UCM_EVENT_ADDR_RESOLVED);
	wire.id = id;
	assert_int_equal(cm_ask(fd, RDMA_USER_CM_CMD_QUERY, &wire, &answer), 0);
	assert_int_equal(answer.dst_size, sizeof(found));
	memcpy(&found, &answer.dst_addr, sizeof(found));
	assert_int_equal(found.family, 27);
	/* RDMA_PS_TCP and port 7000, IBTA annex A11. */
	assert_int_equal(be64toh(found.service_id), 0x01061b58);
	memcpy(address.gid, found.gid, sizeof(address.gid));
	id = cm_create(fd, RDMA_PS_IB, 1);
	assert_int_equal(cm_resolve(fd, id, &address, sizeof(address)), 0);
	cm_event(fd, UCM_EVENT_ADDR_RESOLVED);
	assert_int_equal(cm_addresses(fd, id).src_size, sizeof(address));
	cm_close(fd);
}

static void nobody_keeps_records_of_services(void **state)
{
	struct rdma_ucm_resolve_ib_service wire = {.ibs = {.service_id = 1, .flags = 1}};
	int fd = cm_open();

	(void)state;
	wire.id = cm_create(fd, RDMA_PS_TCP, 1);
	assert_int_equal(cm_tell(fd, RDMA_USER_CM_CMD_RESOLVE_IB_SERVICE, &wire), EINVAL);
	assert_int_equal(bind4(fd, wire.id, own, 0), 0);
	assert_int_equal(cm_tell(fd, RDMA_USER_CM_CMD_RESOLVE_IB_SERVICE, &wire), 0);
	assert_int_equal((int)cm_event(fd, UCM_EVENT_ADDRINFO_ERROR).status, -ENODATA);
	cm_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_ids_have_device_address_and_port),
		cmocka_unit_test(wildcards_have_no_device),
		cmocka_unit_test(only_own_addresses_can_be_bound),
		cmocka_unit_test(a_port_is_bound_once_in_its_space),
		cmocka_unit_test(ports_are_shared_by_those_who_agree),
		cmocka_unit_test(wildcards_of_one_family_leave_the_other),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(own_addresses_are_resolved),
		cmocka_unit_test(the_older_query_tells_the_same),
		cmocka_unit_test(absent_hosts_take_their_time),
		cmocka_unit_test(gids_are_addresses_of_their_own_family),
		cmocka_unit_test(nobody_keeps_records_of_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
