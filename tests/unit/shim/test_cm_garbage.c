/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands of the connection manager in any order, with members that are right, wrong and at
 * random: each is answered, and none leaves anything behind that the next one stumbles over. The
 * seed is fixed, OV_SEED sets another.
 */
#include "cm_harness.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	COMMANDS = 30000,
	LIFE = 100, /* of a file, in commands */
	MOST_BYTES = 600,
	ANSWER_BYTES = 512,
	LIKELY_IDS = 5,
	ADDRESS_KINDS = 5,
};

static uint64_t state_of_chance;
static uint8_t answers[ANSWER_BYTES];

/* xorshift64*. */
static uint64_t chance(void)
{
	state_of_chance ^= state_of_chance >> 12;
	state_of_chance ^= state_of_chance << 25;
	state_of_chance ^= state_of_chance >> 27;
	return state_of_chance * 0x2545f4914f6cdd1dull;
}

static unsigned int below(unsigned int limit)
{
	return (unsigned int)(chance() >> 33) % limit;
}

static bool often(void)
{
	return below(8) != 0;
}

static uint32_t likely_id(void)
{
	return often() ? below(LIKELY_IDS) : (uint32_t)chance();
}

static uint64_t likely_pointer(void)
{
	return often() ? (uintptr_t)answers : chance() >> below(64);
}

static void put_address(void *to, uint16_t *size)
{
	struct sockaddr_in ip4 = cm_ip4(often() ? CM_OWN : "10.77.0.9", (uint16_t)(1 + below(2)));
	struct sockaddr_in6 ip6 =
		cm_ip6(often() ? "fd48:4341:0:1::1" : "::", (uint16_t)(1 + below(2)));

	switch (below(ADDRESS_KINDS)) {
	case 0:
		memcpy(to, &ip6, sizeof(ip6));
		*size = sizeof(ip6);
		break;
	case 1:
		ip4 = cm_ip4("239.77.1.1", 0);
		/* fall through */
	default:
		memcpy(to, &ip4, sizeof(ip4));
		*size = sizeof(ip4);
	}
	if (!often())
		*size = (uint16_t)below(200);
}

/* Members that decide how far a command gets; the rest is what it was, at random. */
static void make_plausible(uint32_t number, void *bytes)
{
	union {
		struct rdma_ucm_create_id create;
		struct rdma_ucm_destroy_id destroy;
		struct rdma_ucm_bind bind;
		struct rdma_ucm_resolve_addr resolve;
		struct rdma_ucm_resolve_route route;
		struct rdma_ucm_connect connect;
		struct rdma_ucm_accept accept;
		struct rdma_ucm_join_mcast join;
		struct rdma_ucm_set_option option;
		struct rdma_ucm_query query;
		uint8_t bytes[MOST_BYTES];
	} *wire = bytes;

	switch (number) {
	case RDMA_USER_CM_CMD_CREATE_ID:
		wire->create.ps = often() ? RDMA_PS_TCP : RDMA_PS_UDP;
		wire->create.uid = 1 + below(9);
		wire->create.response = likely_pointer();
		break;
	case RDMA_USER_CM_CMD_BIND:
		wire->bind.id = likely_id();
		wire->bind.reserved = 0;
		put_address(&wire->bind.addr, &wire->bind.addr_size);
		break;
	case RDMA_USER_CM_CMD_RESOLVE_ADDR:
		wire->resolve.id = likely_id();
		wire->resolve.reserved = 0;
		wire->resolve.src_size = 0;
		wire->resolve.timeout_ms = below(3);
		put_address(&wire->resolve.dst_addr, &wire->resolve.dst_size);
		break;
	case RDMA_USER_CM_CMD_CONNECT:
		wire->connect.id = likely_id();
		wire->connect.conn_param.private_data_len = (uint8_t)below(60);
		wire->connect.conn_param.valid = often();
		break;
	case RDMA_USER_CM_CMD_ACCEPT:
		wire->accept.id = likely_id();
		wire->accept.conn_param.private_data_len = (uint8_t)below(130);
		wire->accept.conn_param.valid = below(2);
		break;
	case RDMA_USER_CM_CMD_JOIN_MCAST:
		wire->join.id = likely_id();
		wire->join.join_flags = 0;
		wire->join.response = likely_pointer();
		put_address(&wire->join.addr, &wire->join.addr_size);
		break;
	case RDMA_USER_CM_CMD_SET_OPTION:
		wire->option.id = likely_id();
		wire->option.level = below(2);
		wire->option.optname = below(5);
		wire->option.optlen = below(80);
		wire->option.optval = likely_pointer();
		break;
	case RDMA_USER_CM_CMD_RESOLVE_ROUTE:
	case RDMA_USER_CM_CMD_LISTEN:
	case RDMA_USER_CM_CMD_REJECT:
	case RDMA_USER_CM_CMD_DISCONNECT:
	case RDMA_USER_CM_CMD_NOTIFY:
	case RDMA_USER_CM_CMD_WRITE_CM_EVENT:
		/* The id comes first. */
		wire->route.id = likely_id();
		break;
	default:
		/* An address, and then the id. */
		wire->query.response = likely_pointer();
		wire->query.id = likely_id();
		wire->query.option = below(5);
	}
}

/* Few ids and much done with them get furthest. */
static uint32_t choose_command(void)
{
	static const uint8_t far[] = {RDMA_USER_CM_CMD_RESOLVE_ADDR, RDMA_USER_CM_CMD_RESOLVE_ROUTE,
				      RDMA_USER_CM_CMD_CONNECT,	     RDMA_USER_CM_CMD_LISTEN,
				      RDMA_USER_CM_CMD_ACCEPT,	     RDMA_USER_CM_CMD_GET_EVENT,
				      RDMA_USER_CM_CMD_BIND,	     RDMA_USER_CM_CMD_CREATE_ID,
				      RDMA_USER_CM_CMD_CREATE_ID};
	uint32_t number = below(RDMA_USER_CM_CMD_WRITE_CM_EVENT + 2);

	if (number > RDMA_USER_CM_CMD_WRITE_CM_EVENT)
		return (uint32_t)chance();
	return below(2) ? number : far[below(sizeof(far))];
}

static void send_one(int fd)
{
	uint32_t number = choose_command();
	uint64_t bytes[MOST_BYTES / 8 + 1];
	size_t length = often() ? MOST_BYTES : below(MOST_BYTES);
	size_t room = often() ? ANSWER_BYTES : below(ANSWER_BYTES);
	int rc;

	for (size_t i = 0; i < sizeof(bytes) / 8; i++)
		bytes[i] = chance() >> below(64);
	make_plausible(number, bytes);
	rc = cm_command(fd, number, bytes, length, room);
	assert_in_range(rc, 0, 133);
}

static void any_command_is_answered(void **state)
{
	int fd = cm_open();

	(void)state;
	for (unsigned int i = 0; i < COMMANDS; i++) {
		send_one(fd);
		if (below(LIFE))
			continue;
		cm_close(fd);
		fd = cm_open();
	}
	cm_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_command_is_answered)};
	const char *seed = getenv("OV_SEED");

	state_of_chance = seed ? strtoull(seed, NULL, 0) : 20221;
	printf("OV_SEED=%llu\n", (unsigned long long)state_of_chance);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
