/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way back to a datagram's sender, and Ethernet addresses of GIDs. */
#include <arpa/inet.h>
#include <endian.h>
#include <netinet/ip.h>

#include "open_fake.h"

static struct ibv_context *context;

static int setup_open(void **state)
{
	setup(state);
	context = open_fake();
	return !context;
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_close_device(context);
}

static int ethernet_port(const struct fake_command *command)
{
	struct ib_uverbs_query_port_resp answer = {.gid_tbl_len = 3,
						   .link_layer = IBV_LINK_LAYER_ETHERNET};

	if (command->number != IB_USER_VERBS_CMD_QUERY_PORT)
		return fake_kernel_command(command);
	fake_answer(command->out, command->out_len, &answer, sizeof(answer));
	return 0;
}

static void a_local_datagram_is_answered_by_lid(void **state)
{
	struct ibv_wc wc = {.slid = 0x1234, .sl = 3, .dlid_path_bits = 1};
	struct ibv_ah_attr attr;

	UNUSED;
	assert_int_equal(ibv_init_ah_from_wc(context, 1, &wc, NULL, &attr), 0);
	assert_int_equal(attr.dlid, 0x1234);
	assert_int_equal(attr.sl, 3);
	assert_int_equal(attr.src_path_bits, 1);
	assert_int_equal(attr.port_num, 1);
	assert_int_equal(attr.is_global, 0);
}

static void a_grh_is_turned_around(void **state)
{
	struct ibv_wc wc = {.slid = 5, .wc_flags = IBV_WC_GRH};
	struct ibv_grh grh = {.version_tclass_flow = htobe32(6u << 28 | 0xab << 20 | 0x12345),
			      .next_hdr = 0x1b,
			      .hop_limit = 64};
	struct ibv_ah_attr attr;

	UNUSED;
	assert_int_equal(inet_pton(AF_INET6, "fe80::2:c903:0:9999", grh.sgid.raw), 1);
	assert_int_equal(inet_pton(AF_INET6, "fe80::2:c903:0:1003", grh.dgid.raw), 1);
	assert_int_equal(ibv_init_ah_from_wc(context, 1, &wc, &grh, &attr), 0);
	assert_int_equal(attr.is_global, 1);
	assert_memory_equal(&attr.grh.dgid, &grh.sgid, 16);
	assert_int_equal(attr.grh.sgid_index, 0);
	assert_int_equal(attr.grh.flow_label, 0x12345);
	assert_int_equal(attr.grh.traffic_class, 0xab);
}

static void a_destination_that_is_not_ours_has_no_way_back(void **state)
{
	struct ibv_wc wc = {.wc_flags = IBV_WC_GRH};
	struct ibv_grh grh = {.version_tclass_flow = htobe32(6u << 28), .next_hdr = 0x1b};
	struct ibv_ah_attr attr;

	UNUSED;
	assert_int_equal(inet_pton(AF_INET6, "fe80::1", grh.dgid.raw), 1);
	assert_int_equal(ibv_init_ah_from_wc(context, 1, &wc, &grh, &attr), -1);
	assert_int_equal(errno, ENOENT);
}

/* 192.168.77.2 to 192.168.77.1, UDP, checksum computed by hand from RFC 791. */
static const uint8_t ipv4_header[20] = {0x45, 0xb8, 0x00, 0x40, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
					0x1e, 0xa1, 0xc0, 0xa8, 0x4d, 0x02, 0xc0, 0xa8, 0x4d, 0x01};

static void an_ipv4_header_behind_an_ipv6_one_is_known_by_its_checksum(void **state)
{
	static const uint8_t sender[16] = {[10] = 0xff, 0xff, 192, 168, 77, 2};
	struct ibv_wc wc = {.wc_flags = IBV_WC_GRH};
	struct ibv_ah_attr attr;
	struct ibv_grh grh;

	UNUSED;
	fake_kernel.command = ethernet_port;
	memset(&grh, 0x66, sizeof(grh));
	memcpy((char *)&grh + 20, ipv4_header, sizeof(ipv4_header));
	assert_int_equal(ibv_init_ah_from_wc(context, 1, &wc, &grh, &attr), 0);
	assert_memory_equal(attr.grh.dgid.raw, sender, 16);
	assert_int_equal(attr.grh.sgid_index, 1);
	assert_int_equal(attr.grh.traffic_class, 0xb8);
	((char *)&grh)[30] ^= 1;
	assert_int_equal(ibv_init_ah_from_wc(context, 1, &wc, &grh, &attr), -1);
}

/* As rxe delivers what it has sent itself. */
static void an_ipv4_header_alone_needs_no_checksum(void **state)
{
	struct ibv_wc wc = {.wc_flags = IBV_WC_GRH};
	struct ibv_ah_attr attr;
	struct ibv_grh grh = {0};

	UNUSED;
	fake_kernel.command = ethernet_port;
	memcpy((char *)&grh + 20, ipv4_header, sizeof(ipv4_header));
	memset((char *)&grh + 30, 0, 2);
	assert_int_equal(ibv_init_ah_from_wc(context, 1, &wc, &grh, &attr), 0);
	assert_int_equal(attr.grh.sgid_index, 1);
	assert_int_equal(attr.grh.traffic_class, 0xb8);
}

static void an_infiniband_port_has_no_ethernet_addresses(void **state)
{
	struct ibv_ah_attr attr = {.port_num = 1, .is_global = 1};
	uint8_t mac[6];

	UNUSED;
	assert_int_equal(ibv_resolve_eth_l2_from_gid(context, &attr, mac, NULL), EINVAL);
}

static void assert_mac(const char *gid, const uint8_t expected[6])
{
	struct ibv_ah_attr attr = {.port_num = 1, .is_global = 1};
	uint8_t mac[6];
	uint16_t vid;

	assert_int_equal(inet_pton(AF_INET6, gid, attr.grh.dgid.raw), 1);
	assert_int_equal(ibv_resolve_eth_l2_from_gid(context, &attr, mac, &vid), 0);
	assert_memory_equal(mac, expected, 6);
}

static void some_gids_tell_their_mac_themselves(void **state)
{
	UNUSED;
	fake_kernel.command = ethernet_port;
	assert_mac("fe80::5054:ff:fe12:3456", (const uint8_t[]){0x52, 0x54, 0, 0x12, 0x34, 0x56});
	assert_mac("ff02::1:ff12:3456", (const uint8_t[]){0x33, 0x33, 0xff, 0x12, 0x34, 0x56});
	assert_mac("::ffff:239.129.2.3", (const uint8_t[]){1, 0, 0x5e, 1, 2, 3});
}

static void an_ip_address_without_a_network_is_an_error(void **state)
{
	struct ibv_ah_attr attr = {.port_num = 1, .is_global = 1};
	uint8_t mac[6];

	UNUSED;
	attr.grh.sgid_index = 1;
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.168.77.9", attr.grh.dgid.raw), 1);
	/* The fake kernel has no netlink. */
	assert_int_equal(ibv_resolve_eth_l2_from_gid(context, &attr, mac, NULL), EPROTONOSUPPORT);
	attr.grh.sgid_index = 2;
	assert_int_equal(ibv_resolve_eth_l2_from_gid(context, &attr, mac, NULL), ENODATA);
}

static void a_provider_without_handles_makes_none(void **state)
{
	struct ibv_ah_attr attr = {.port_num = 1};
	struct ibv_pd *pd = ibv_alloc_pd(context);

	UNUSED;
	assert_null(ibv_create_ah(pd, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown_close)
	const struct CMUnitTest tests[] = {
		TEST(a_local_datagram_is_answered_by_lid),
		TEST(a_grh_is_turned_around),
		TEST(a_destination_that_is_not_ours_has_no_way_back),
		TEST(an_ipv4_header_behind_an_ipv6_one_is_known_by_its_checksum),
		TEST(an_ipv4_header_alone_needs_no_checksum),
		TEST(an_infiniband_port_has_no_ethernet_addresses),
		TEST(some_gids_tell_their_mac_themselves),
		TEST(an_ip_address_without_a_network_is_an_error),
		TEST(a_provider_without_handles_makes_none),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
