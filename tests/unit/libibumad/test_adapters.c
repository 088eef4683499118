/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Adapters, ports and files as sysfs has them: which is chosen, what is read, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <stdio.h>

#include <infiniband/umad.h>

#include "fake_tree.h"

#define UNUSED (void)state

static void put(const char *ca, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "class/infiniband/%s/%s", ca, file);
	fake_tree_put(path, text);
}

static void put_port(const char *ca, int port, const char *port_state, const char *layer)
{
	static const struct {
		const char *file, *text;
	} files[] = {
		{"lid", "0x12\n"},
		{"lid_mask_count", "3\n"},
		{"sm_lid", "0x7\n"},
		{"sm_sl", "2\n"},
		{"phys_state", "5: LinkUp\n"},
		{"rate", "100 Gb/sec (4X EDR)\n"},
		{"cap_mask", "0x02514868\n"},
		{"gids/0", "fe80:0000:0000:0000:0002:c903:00ab:cdef\n"},
		{"pkeys/0", "0xffff\n"},
		{"pkeys/1", "0x8001\n"},
	};
	char file[64];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(file, sizeof(file), "ports/%d/%s", port, files[i].file);
		put(ca, file, files[i].text);
	}
	snprintf(file, sizeof(file), "ports/%d/state", port);
	put(ca, file, port_state);
	snprintf(file, sizeof(file), "ports/%d/link_layer", port);
	put(ca, file, layer);
}

static void put_ca(const char *ca, const char *type)
{
	put(ca, "node_type", type);
	put(ca, "node_guid", "0002:c903:0011:2233\n");
	put(ca, "sys_image_guid", "0002:c903:0011:2230\n");
	put(ca, "fw_ver", "12.28.2006\n");
	put(ca, "hw_rev", "0\n");
	put(ca, "hca_type", "MT4115\n");
}

static int setup(void **state)
{
	UNUSED;
	fake_tree_create();
	put_ca("zeta_0", "1: CA\n");
	put_port("zeta_0", 1, "1: DOWN\n", "InfiniBand\n");
	put_port("zeta_0", 2, "4: ACTIVE\n", "InfiniBand\n");
	put_ca("alpha_0", "1: CA\n");
	put_port("alpha_0", 1, "2: INIT\n", "Ethernet\n");
	put_ca("iwarp_0", "4: RNIC\n");
	put_port("iwarp_0", 1, "4: ACTIVE\n", "Ethernet\n");
	fake_tree_put("class/infiniband_mad/abi_version", "5\n");
	fake_tree_put("class/infiniband_mad/umad7/ibdev", "zeta_0\n");
	fake_tree_put("class/infiniband_mad/umad7/port", "2\n");
	fake_tree_put("class/infiniband_mad/umad3/ibdev", "zeta_0\n");
	fake_tree_put("class/infiniband_mad/umad3/port", "1\n");
	return 0;
}

static int teardown(void **state)
{
	UNUSED;
	fake_tree_remove();
	return 0;
}

static void adapters_are_those_with_mads(void **state)
{
	char names[4][UMAD_CA_NAME_LEN];

	UNUSED;
	assert_int_equal(umad_get_cas_names(names, 4), 2);
	assert_string_equal(names[0], "alpha_0");
	assert_string_equal(names[1], "zeta_0");
	assert_int_equal(umad_get_cas_names(names, 1), 1);
}

static void lists_are_sorted_on_demand(void **state)
{
	struct umad_device_node *list = umad_get_ca_device_list();

	UNUSED;
	assert_non_null(list);
	assert_int_equal(umad_sort_ca_device_list(&list, 3), EINVAL);
	assert_int_equal(umad_sort_ca_device_list(&list, 2), 0);
	assert_string_equal(list->ca_name, "alpha_0");
	assert_string_equal(list->next->ca_name, "zeta_0");
	assert_null(list->next->next);
	umad_free_ca_device_list(list);
}

static void a_port_is_read_whole(void **state)
{
	umad_port_t port;

	UNUSED;
	assert_int_equal(umad_get_port("zeta_0", 2, &port), 0);
	assert_string_equal(port.ca_name, "zeta_0");
	assert_int_equal(port.portnum, 2);
	assert_int_equal(port.base_lid, 0x12);
	assert_int_equal(port.lmc, 3);
	assert_int_equal(port.sm_lid, 7);
	assert_int_equal(port.sm_sl, 2);
	assert_int_equal(port.state, 4);
	assert_int_equal(port.phys_state, 5);
	assert_int_equal(port.rate, 100);
	assert_int_equal(be32toh(port.capmask), 0x02514868);
	assert_true(be64toh(port.gid_prefix) == 0xfe80000000000000);
	assert_true(be64toh(port.port_guid) == 0x0002c90300abcdef);
	assert_int_equal(port.pkeys_size, 2);
	assert_int_equal(port.pkeys[1], 0x8001);
	assert_string_equal(port.link_layer, "InfiniBand");
	assert_int_equal(umad_release_port(&port), 0);
}

static void the_active_port_is_the_default(void **state)
{
	umad_port_t port;
	umad_ca_t ca;

	UNUSED;
	assert_int_equal(umad_get_port(NULL, UMAD_ANY_PORT, &port), 0);
	assert_string_equal(port.ca_name, "zeta_0");
	assert_int_equal(port.portnum, 2);
	umad_release_port(&port);
	assert_int_equal(umad_get_port("alpha_0", UMAD_ANY_PORT, &port), 0);
	assert_int_equal(port.portnum, 1);
	umad_release_port(&port);
	assert_int_equal(umad_get_ca(NULL, &ca), 0);
	assert_string_equal(ca.ca_name, "zeta_0");
	umad_release_ca(&ca);
}

static void an_adapter_has_its_ports(void **state)
{
	__be64 guids[8] = {0};
	umad_ca_t ca;

	UNUSED;
	assert_int_equal(umad_get_ca("zeta_0", &ca), 0);
	assert_int_equal(ca.numports, 2);
	assert_int_equal(ca.node_type, 1);
	assert_string_equal(ca.fw_ver, "12.28.2006");
	assert_string_equal(ca.ca_type, "MT4115");
	assert_true(be64toh(ca.node_guid) == 0x0002c90300112233);
	assert_true(be64toh(ca.system_guid) == 0x0002c90300112230);
	assert_null(ca.ports[0]);
	assert_int_equal(ca.ports[1]->state, 1);
	assert_int_equal(ca.ports[2]->state, 4);
	assert_int_equal(umad_release_ca(&ca), 0);
	assert_null(ca.ports[1]);
	assert_int_equal(umad_get_ca_portguids("zeta_0", guids, 8), 3);
	assert_true(!guids[0] && be64toh(guids[2]) == 0x0002c90300abcdef);
	assert_int_equal(umad_get_ca_portguids("zeta_0", guids, 2), 2);
}

static void what_is_not_there_is_refused(void **state)
{
	umad_port_t port;
	umad_ca_t ca;

	UNUSED;
	assert_int_equal(umad_get_port("nobody", 1, &port), -ENODEV);
	assert_int_equal(umad_get_port("../zeta_0", 1, &port), -ENODEV);
	assert_int_equal(umad_get_port("a name that is much too long for one", 1, &port), -ENODEV);
	assert_int_equal(umad_get_port("iwarp_0", 1, &port), -ENODEV);
	assert_int_equal(umad_get_port("zeta_0", 3, &port), -ENODEV);
	assert_int_equal(umad_get_port("zeta_0", 10, &port), -EINVAL);
	assert_int_equal(umad_get_port("zeta_0", -1, &port), -EINVAL);
	assert_int_equal(umad_get_ca("nobody", &ca), -ENODEV);
	assert_int_equal(umad_open_port("nobody", 1), -ENODEV);
}

static void files_belong_to_ports(void **state)
{
	char path[64];

	UNUSED;
	assert_int_equal(umad_get_issm_path("zeta_0", 2, path, sizeof(path)), 0);
	assert_string_equal(path, "/dev/infiniband/issm7");
	assert_int_equal(umad_get_issm_path("zeta_0", 1, path, sizeof(path)), 0);
	assert_string_equal(path, "/dev/infiniband/issm3");
	assert_int_equal(umad_get_issm_path("alpha_0", 1, path, sizeof(path)), -ENODEV);
	assert_int_equal(umad_get_issm_path("zeta_0", 1, path, 8), -ENAMETOOLONG);
	assert_int_equal(umad_open_port("alpha_0", 1), -ENODEV);
}

static void another_interface_is_refused(void **state)
{
	UNUSED;
	fake_tree_put("class/infiniband_mad/abi_version", "6\n");
	assert_int_equal(umad_open_port("zeta_0", 2), -EOPNOTSUPP);
	fake_tree_put("class/infiniband_mad/abi_version", NULL);
	assert_int_equal(umad_open_port("zeta_0", 2), -EOPNOTSUPP);
}

static void subnet_management_is_of_infiniband(void **state)
{
	struct umad_ca_pair pair, pairs[4];

	UNUSED;
	assert_int_equal(umad_get_smi_gsi_pair_by_ca_name("zeta_0", 2, &pair, 1), 0);
	assert_string_equal(pair.smi_name, "zeta_0");
	assert_string_equal(pair.gsi_name, "zeta_0");
	assert_int_equal(pair.smi_preferred_port, 2);
	assert_int_equal(umad_get_smi_gsi_pair_by_ca_name("alpha_0", 1, &pair, 1), -ENODEV);
	assert_int_equal(umad_get_smi_gsi_pair_by_ca_name("alpha_0", 1, &pair, 0), 0);
	assert_int_equal(umad_open_smi_port("alpha_0", 1), -ENODEV);
	assert_int_equal(umad_get_smi_gsi_pairs(pairs, 4), 2);
	assert_string_equal(pairs[1].gsi_name, "zeta_0");
	assert_int_equal(pairs[1].gsi_preferred_port, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(adapters_are_those_with_mads),
		TEST(lists_are_sorted_on_demand),
		TEST(a_port_is_read_whole),
		TEST(the_active_port_is_the_default),
		TEST(an_adapter_has_its_ports),
		TEST(what_is_not_there_is_refused),
		TEST(files_belong_to_ports),
		TEST(another_interface_is_refused),
		TEST(subnet_management_is_of_infiniband),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
