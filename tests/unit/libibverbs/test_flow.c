/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows: each kind of specification as the kernel gets it, byte by byte, over both carriers. */
#include <endian.h>

#include "open_fake.h"

#include "libibverbs/command.h"

static struct ibv_context *context;
static struct ibv_qp qp;
static uint8_t sent[512];
static size_t sent_len;
static uint32_t number;

static int keep(const struct fake_command *command)
{
	number = command->number & ~(uint32_t)IB_USER_VERBS_CMD_FLAG_EXTENDED;
	sent_len = command->in_len;
	memcpy(sent, command->in, sent_len < sizeof(sent) ? sent_len : sizeof(sent));
	return fake_kernel_command(command);
}

static int open_with(void **state, bool has_ioctl)
{
	setup(state);
	fake_kernel.has_ioctl = has_ioctl;
	context = open_fake();
	qp = (struct ibv_qp){.context = context, .handle = 14, .qp_type = IBV_QPT_RAW_PACKET};
	fake_kernel.command = keep;
	return !context;
}

static int setup_ioctl(void **state)
{
	return open_with(state, true);
}

static int setup_write(void **state)
{
	return open_with(state, false);
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_close_device(context);
}

/* A rule with the specification behind it, as applications put it into memory. */
static int create(const void *spec, size_t spec_len, unsigned int count, struct ibv_flow *flow)
{
	char space[sizeof(struct ibv_flow_attr) + 256] __attribute__((aligned(8)));
	struct ibv_flow_attr attr = {
		.type = IBV_FLOW_ATTR_NORMAL,
		.size = sizeof(attr) + spec_len,
		.priority = 0x102,
		.num_of_specs = count,
		.port = 1,
		.flags = IBV_FLOW_ATTR_FLAGS_EGRESS,
	};

	assert_true(spec_len <= 256);
	memcpy(space, &attr, sizeof(attr));
	if (spec_len)
		memcpy(space + sizeof(attr), spec, spec_len);
	return ibv_cmd_create_flow(&qp, (struct ibv_flow_attr *)space, flow, NULL);
}

/* 24 bytes of head come before what the kernel must see of the specification. */
static void expect_spec(const void *spec, size_t spec_len, const uint8_t *want, size_t want_len)
{
	struct ibv_flow flow;

	assert_int_equal(create(spec, spec_len, 1, &flow), 0);
	assert_int_equal(sent[12], want_len);
	assert_int_equal(sent[16], 1);
	assert_int_equal(sent_len, 24 + want_len);
	assert_memory_equal(sent + 24, want, want_len);
}

static void the_head_of_a_rule(void **state)
{
	const uint8_t want[24] = {0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0,
				  0, 0, 2, 1, 0,  0, 0, 1, 4, 0, 0, 0};
	struct ibv_flow flow = {.comp_mask = 1};

	UNUSED;
	assert_int_equal(create(NULL, 0, 0, &flow), 0);
	assert_int_equal(number, IB_USER_VERBS_EX_CMD_CREATE_FLOW);
	assert_int_equal(sent_len, sizeof(want));
	assert_memory_equal(sent, want, sizeof(want));
	assert_ptr_equal(flow.context, context);
	assert_int_equal(flow.handle, 23);
	assert_int_equal(flow.comp_mask, 0);
	assert_int_equal(ibv_cmd_destroy_flow(&flow), 0);
	assert_int_equal(number, IB_USER_VERBS_EX_CMD_DESTROY_FLOW);
	assert_int_equal(sent[4], 23);
}

static void ethernet(void **state)
{
	const struct ibv_flow_spec_eth spec = {
		.type = IBV_FLOW_SPEC_ETH,
		.size = sizeof(spec),
		.val = {.dst_mac = {1, 2, 3, 4, 5, 6},
			.src_mac = {7, 8, 9, 10, 11, 12},
			.ether_type = htobe16(0x0d0e),
			.vlan_tag = htobe16(0x0f10)},
		.mask = {.dst_mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	};
	const uint8_t want[40] = {0x20, 0,    0,    0,	  40,	0,    0,    0,	  1,	2,
				  3,	4,    5,    6,	  7,	8,    9,    10,	  11,	12,
				  0x0d, 0x0e, 0x0f, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	UNUSED;
	expect_spec(&spec, sizeof(spec), want, sizeof(want));
}

static void both_kinds_of_ipv4_are_one(void **state)
{
	const struct ibv_flow_spec_ipv4 plain = {
		.type = IBV_FLOW_SPEC_IPV4,
		.size = sizeof(plain),
		.val = {.src_ip = htobe32(0x01020304), .dst_ip = htobe32(0x05060708)},
		.mask = {.src_ip = 0xffffffff},
	};
	const struct ibv_flow_spec_ipv4_ext ext = {
		.type = IBV_FLOW_SPEC_IPV4_EXT | IBV_FLOW_SPEC_INNER,
		.size = sizeof(ext),
		.val = {.src_ip = htobe32(0x01020304), .proto = 6, .tos = 7, .ttl = 8, .flags = 9},
		.mask = {.dst_ip = 0xffffffff, .flags = 1},
	};
	const uint8_t want_plain[32] = {0x30, 0, 0, 0, 32, 0, 0, 0, 1,	  2,	3,    4,
					5,    6, 7, 8, 0,  0, 0, 0, 0xff, 0xff, 0xff, 0xff};
	const uint8_t want_ext[32] = {0x30, 1, 0,    0,	   32,	 0,    0, 0, 1, 2, 3,
				      4,    0, 0,    0,	   0,	 6,    7, 8, 9, 0, 0,
				      0,    0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1};

	UNUSED;
	expect_spec(&plain, sizeof(plain), want_plain, sizeof(want_plain));
	expect_spec(&ext, sizeof(ext), want_ext, sizeof(want_ext));
}

static void ipv6(void **state)
{
	struct ibv_flow_spec_ipv6 spec = {.type = IBV_FLOW_SPEC_IPV6, .size = sizeof(spec)};
	uint8_t want[88] = {0x31, 0, 0, 0, 88};

	UNUSED;
	memset(&spec.val, 0xa5, sizeof(spec.val)); /* with the byte that has no name */
	memset(&spec.mask, 0x5a, sizeof(spec.mask));
	memset(want + 8, 0xa5, 39);
	memset(want + 48, 0x5a, 39);
	expect_spec(&spec, sizeof(spec), want, sizeof(want));
}

static void transport_and_tunnels(void **state)
{
	const struct ibv_flow_spec_tcp_udp udp = {
		.type = IBV_FLOW_SPEC_UDP,
		.size = sizeof(udp),
		.val = {.dst_port = htobe16(0x0102), .src_port = htobe16(0x0304)},
		.mask = {.dst_port = 0xffff},
	};
	const struct ibv_flow_spec_esp esp = {
		.type = IBV_FLOW_SPEC_ESP,
		.size = sizeof(esp),
		.val = {.spi = htobe32(0x01020304), .seq = htobe32(0x05060708)},
		.mask = {.seq = 0xffffffff},
	};
	const struct ibv_flow_spec_gre gre = {
		.type = IBV_FLOW_SPEC_GRE,
		.size = sizeof(gre),
		.val = {.c_ks_res0_ver = htobe16(0x0102),
			.protocol = htobe16(0x0304),
			.key = htobe32(0x05060708)},
		.mask = {.key = 0xffffffff},
	};
	struct ibv_flow_spec_tunnel tunnel = {
		.type = IBV_FLOW_SPEC_VXLAN_TUNNEL,
		.size = sizeof(tunnel),
		.val = {.tunnel_id = htobe32(0x01020304)},
		.mask = {.tunnel_id = 0xffffffff},
	};
	const uint8_t want_udp[] = {0x41, 0, 0, 0, 16, 0, 0, 0, 1, 2, 3, 4, 0xff, 0xff, 0, 0};
	const uint8_t want_esp[] = {0x34, 0, 0, 0, 24, 0, 0, 0, 1,    2,    3,	  4,
				    5,	  6, 7, 8, 0,  0, 0, 0, 0xff, 0xff, 0xff, 0xff};
	const uint8_t want_gre[] = {0x51, 0, 0, 0, 24, 0, 0, 0, 1,    2,    3,	  4,
				    5,	  6, 7, 8, 0,  0, 0, 0, 0xff, 0xff, 0xff, 0xff};
	uint8_t want_tunnel[] = {0x50, 0, 0, 0, 16, 0, 0, 0, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff};

	UNUSED;
	expect_spec(&udp, sizeof(udp), want_udp, sizeof(want_udp));
	expect_spec(&esp, sizeof(esp), want_esp, sizeof(want_esp));
	expect_spec(&gre, sizeof(gre), want_gre, sizeof(want_gre));
	expect_spec(&tunnel, sizeof(tunnel), want_tunnel, sizeof(want_tunnel));
	tunnel.type = IBV_FLOW_SPEC_MPLS; /* one layout */
	want_tunnel[0] = 0x60;
	expect_spec(&tunnel, sizeof(tunnel), want_tunnel, sizeof(want_tunnel));
}

static void actions(void **state)
{
	struct verbs_flow_action action = {.action.context = context, .handle = 0x41};
	struct verbs_counters counters = {.counters.context = context, .handle = 0x42};
	struct ibv_flow_spec_action_tag tag = {
		.type = IBV_FLOW_SPEC_ACTION_TAG, .size = sizeof(tag), .tag_id = 0x01020304};
	struct ibv_flow_spec_action_drop drop = {.type = IBV_FLOW_SPEC_ACTION_DROP,
						 .size = sizeof(drop)};
	struct ibv_flow_spec_action_handle handle = {.type = IBV_FLOW_SPEC_ACTION_HANDLE,
						     .size = sizeof(handle),
						     .action = &action.action};
	struct ibv_flow_spec_counter_action count = {.type = IBV_FLOW_SPEC_ACTION_COUNT,
						     .size = sizeof(count),
						     .counters = &counters.counters};
	const uint8_t want_tag[] = {0, 0x10, 0, 0, 16, 0, 0, 0, 4, 3, 2, 1, 0, 0, 0, 0};
	const uint8_t want_drop[] = {1, 0x10, 0, 0, 8, 0, 0, 0};
	const uint8_t want_handle[] = {2, 0x10, 0, 0, 16, 0, 0, 0, 0x41, 0, 0, 0, 0, 0, 0, 0};
	const uint8_t want_count[] = {3, 0x10, 0, 0, 16, 0, 0, 0, 0x42, 0, 0, 0, 0, 0, 0, 0};
	struct ibv_flow flow;

	UNUSED;
	expect_spec(&tag, sizeof(tag), want_tag, sizeof(want_tag));
	expect_spec(&drop, sizeof(drop), want_drop, sizeof(want_drop));
	expect_spec(&handle, sizeof(handle), want_handle, sizeof(want_handle));
	expect_spec(&count, sizeof(count), want_count, sizeof(want_count));
	action.action.context = NULL;
	assert_int_equal(create(&handle, sizeof(handle), 1, &flow), EINVAL);
	handle.action = NULL;
	assert_int_equal(create(&handle, sizeof(handle), 1, &flow), EINVAL);
	count.counters = NULL;
	assert_int_equal(create(&count, sizeof(count), 1, &flow), EINVAL);
}

/* A size of the application's may be more than we need, and odd. */
static void specifications_follow_each_other(void **state)
{
	struct ibv_flow_spec_eth eth = {.type = IBV_FLOW_SPEC_ETH, .size = 43};
	struct ibv_flow_spec_action_drop drop = {.type = IBV_FLOW_SPEC_ACTION_DROP,
						 .size = sizeof(drop)};
	char all[43 + sizeof(drop)] = {};
	struct ibv_flow flow;

	UNUSED;
	memcpy(all, &eth, sizeof(eth));
	memcpy(all + 43, &drop, sizeof(drop));
	assert_int_equal(create(all, sizeof(all), 2, &flow), 0);
	assert_int_equal(sent_len, 24 + 40 + 8);
	assert_int_equal(sent[24 + 4], 40);
	assert_int_equal(sent[24 + 40], 1);
	assert_int_equal(sent[24 + 41], 0x10);
}

static void what_is_no_specification_is_refused(void **state)
{
	struct ibv_flow_spec_eth eth = {.type = IBV_FLOW_SPEC_ETH, .size = sizeof(eth) - 1};
	unsigned int before = fake_kernel.commands;
	struct ibv_flow flow;

	UNUSED;
	assert_int_equal(create(&eth, sizeof(eth), 1, &flow), EINVAL);
	eth.size = 0;
	assert_int_equal(create(&eth, sizeof(eth), 1, &flow), EINVAL);
	eth.type = 0x77;
	assert_int_equal(create(&eth, sizeof(eth), 1, &flow), EOPNOTSUPP);
	assert_int_equal(fake_kernel.commands, before);
}

int main(void)
{
#define BOTH(name)                                                                                 \
	{#name " (ioctl)", name, setup_ioctl, teardown_close, NULL},                               \
	{                                                                                          \
#name " (write)", name, setup_write, teardown_close, NULL                          \
	}
	const struct CMUnitTest tests[] = {
		BOTH(the_head_of_a_rule),
		BOTH(ethernet),
		BOTH(both_kinds_of_ipv4_are_one),
		BOTH(ipv6),
		BOTH(transport_and_tunnels),
		BOTH(actions),
		BOTH(specifications_follow_each_other),
		BOTH(what_is_no_specification_is_refused),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
