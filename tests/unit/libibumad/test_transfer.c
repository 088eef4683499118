/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Buffers and what is written and read, byte by byte, with a socket in the place of a port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <infiniband/umad_sa_mcm.h>
#include <infiniband/umad_str.h>

#define UNUSED (void)state

enum { HEADER = 64 };

static int ends[2];

static int setup(void **state)
{
	UNUSED;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends);
}

static int teardown(void **state)
{
	UNUSED;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void addresses_lie_where_the_kernel_looks(void **state)
{
	uint8_t buffer[HEADER + 256] = {0};
	ib_mad_addr_t grh = {.hop_limit = 0x40, .traffic_class = 0x20, .gid_index = 3};

	UNUSED;
	assert_int_equal(umad_size(), HEADER);
	assert_ptr_equal(umad_get_mad(buffer), buffer + HEADER);
	umad_set_addr(buffer, 0x1234, 1, 5, (int)0x80010000);
	assert_memory_equal(buffer + 20, "\x00\x00\x00\x01\x80\x01\x00\x00\x12\x34\x05", 11);
	umad_set_pkey(buffer, 0x0102);
	assert_int_equal(umad_get_pkey(buffer), 0x0102);
	assert_int_equal(buffer[56], 2);
	memset(grh.gid, 0xab, sizeof(grh.gid));
	grh.flow_label = 0xfffff;
	umad_set_grh(buffer, &grh);
	assert_memory_equal(buffer + 32, "\x01\x03\x40\x20\xab\xab", 6);
	assert_memory_equal(buffer + 52, "\x00\x0f\xff\xff", 4);
	umad_set_grh(buffer, NULL);
	assert_int_equal(buffer[32], 0);
	grh.flow_label = htobe32(7);
	umad_set_grh_net(buffer, &grh);
	assert_memory_equal(buffer + 52, "\x00\x00\x00\x07", 4);
	umad_set_addr_net(buffer, htobe16(9), htobe32(2), 0, 0);
	assert_memory_equal(buffer + 20, "\x00\x00\x00\x02\x00\x00\x00\x00\x00\x09", 10);
}

static void a_send_is_one_write(void **state)
{
	uint8_t buffer[HEADER + 256] = {0}, seen[512];
	uint32_t words[5];

	UNUSED;
	memset(umad_get_mad(buffer), 0x5a, 256);
	assert_int_equal(umad_send(ends[0], 4, buffer, 256, 1000, 3), 0);
	assert_int_equal(read(ends[1], seen, sizeof(seen)), HEADER + 256);
	memcpy(words, seen, sizeof(words));
	assert_int_equal(words[0], 4);
	assert_int_equal(words[2], 1000);
	assert_int_equal(words[3], 3);
	assert_int_equal(seen[HEADER + 255], 0x5a);
	assert_int_equal(umad_send(ends[0], 4, buffer, -1, 0, 0), -EINVAL);
	assert_int_equal(umad_send(-1, 4, buffer, 1, 0, 0), -EBADF);
}

static void a_receive_tells_agent_and_length(void **state)
{
	uint8_t sent[HEADER + 100] = {0}, buffer[HEADER + 256];
	ib_user_mad_t *header = (ib_user_mad_t *)(void *)sent;
	int length = 256;

	UNUSED;
	header->agent_id = 9;
	header->status = ETIMEDOUT;
	assert_int_equal(umad_recv(ends[0], buffer, &length, 0), -EAGAIN);
	assert_int_equal(umad_recv(ends[0], buffer, &length, 10), -ETIMEDOUT);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(write(ends[1], sent, sizeof(sent)), sizeof(sent));
	assert_int_equal(umad_poll(ends[0], 1000), 0);
	assert_int_equal(umad_recv(ends[0], buffer, &length, 1000), 9);
	assert_int_equal(length, 100);
	assert_int_equal(umad_status(buffer), ETIMEDOUT);
	/* Less than a header is nothing. */
	assert_int_equal(write(ends[1], sent, 10), 10);
	assert_int_equal(umad_recv(ends[0], buffer, &length, 1000), -EIO);
	length = -1;
	assert_int_equal(umad_recv(ends[0], buffer, &length, 0), -EINVAL);
}

static void packed_fields_come_apart(void **state)
{
	struct umad_sa_mcmember_record record = {.scope_state = 0xe0, .proxy_join = 0x80};
	uint32_t flow;
	uint8_t sl, hop, scope, join;

	UNUSED;
	umad_sa_mcm_get_sl_flow_hop(umad_sa_mcm_set_sl_flow_hop(7, 0x12345, 0x3f), &sl, &flow,
				    &hop);
	assert_int_equal(sl, 7);
	assert_int_equal(flow, 0x12345);
	assert_int_equal(hop, 0x3f);
	umad_sa_mcm_set_join_state(&record, UMAD_SA_MCM_JOIN_STATE_SEND_ONLY_FULL_MEMBER);
	umad_sa_mcm_get_scope_state(record.scope_state, &scope, &join);
	assert_int_equal(scope, UMAD_SA_MCM_ADDR_SCOPE_GLOBAL);
	assert_int_equal(join, 8);
	assert_int_equal(umad_sa_mcm_get_proxy_join(&record), 1);
	assert_int_equal(umad_sa_set_rate_mtu_or_life(UMAD_SA_SELECTOR_EXACTLY, 5), 0x85);
	assert_int_equal(umad_sa_get_rate_mtu_or_life(0x85), 5);
}

static void names_depend_on_the_class(void **state)
{
	UNUSED;
	assert_string_equal(umad_class_str(3), "SubnAdm");
	assert_string_equal(umad_class_str(0x30), "Vendor");
	assert_string_equal(umad_class_str(0x25), "Application");
	assert_string_equal(umad_class_str(0xff), "<unknown>");
	assert_string_equal(umad_method_str(3, 0x12), "GetTable");
	assert_string_equal(umad_method_str(1, 0x12), "<unknown>");
	assert_string_equal(umad_method_str(7, 3), "Send");
	assert_string_equal(umad_attribute_str(1, htobe16(0x15)), "PortInfo");
	assert_string_equal(umad_attribute_str(3, htobe16(0x35)), "PathRecord");
	assert_string_equal(umad_attribute_str(7, htobe16(0x10)), "ConnectRequest");
	assert_string_equal(umad_attribute_str(7, htobe16(1)), "ClassPortInfo");
	assert_string_equal(umad_common_mad_status_str(0), "Success");
	assert_string_equal(umad_common_mad_status_str(htobe16(1)), "Busy");
	assert_string_equal(umad_common_mad_status_str(htobe16(0xc)),
			    "Method/Attribute combo not supported");
	assert_string_equal(umad_sa_mad_status_str(htobe16(0x0300)), "No Records");
	assert_string_equal(umad_sa_mad_status_str(htobe16(0xff00)), "<unknown>");
}

static void messages_have_a_level(void **state)
{
	UNUSED;
	assert_int_equal(umad_debug(2), 2);
	assert_int_equal(umad_debug(-1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_lie_where_the_kernel_looks),
		cmocka_unit_test_setup_teardown(a_send_is_one_write, setup, teardown),
		cmocka_unit_test_setup_teardown(a_receive_tells_agent_and_length, setup, teardown),
		cmocka_unit_test(packed_fields_come_apart),
		cmocka_unit_test(names_depend_on_the_class),
		cmocka_unit_test(messages_have_a_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
