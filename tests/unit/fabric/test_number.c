/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Adapters' identities, QP numbers, keys, PD numbers, groups. */
#include "harness.h"

#include <errno.h>
#include <string.h>

#include "softhca/fabric/directory.h"

static struct fabric_hca *open_hca(struct fabric *fabric, unsigned int *index)
{
	struct fabric_hca *hca = NULL;

	assert_int_equal(fabric_hca_open(fabric, "mlx5", &hca, index), 0);
	return hca;
}

/* ---- queue pairs ---- */

static void qp_numbers_are_not_special_and_not_reused_at_once(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_qp *qp = NULL;
	uint32_t last = 0, qpn = 0;
	struct fabric_hca *hca;
	unsigned int index;

	(void)state;
	hca = open_hca(fabric, &index);
	for (uint32_t i = 0; i < 3 * FABRIC_QPS; i++) {
		assert_int_equal(fabric_qp_reserve(fabric, hca, &qpn, &qp), 0);
		assert_in_range(qpn, 2, 0xfffffe);
		assert_int_not_equal(qpn, last);
		assert_ptr_equal(fabric_qp_find(hca, qpn), qp);
		assert_null(fabric_qp_find(hca, last));
		fabric_qp_release(fabric, hca, qp);
		last = qpn;
	}
	assert_null(fabric_qp_find(hca, qpn));
	fabric_leave(fabric);
}

static void qp_number_of_an_entry_changes_with_each_use(void **state)
{
	static uint8_t used[1 << 24];
	struct fabric *fabric = join(1);
	struct fabric_qp *qp;
	struct fabric_hca *hca;
	unsigned int index;
	uint32_t qpn;

	(void)state;
	memset(used, 0, sizeof(used));
	hca = open_hca(fabric, &index);
	for (uint32_t i = 0; i < 100 * 65000; i++) {
		assert_int_equal(fabric_qp_reserve(fabric, hca, &qpn, &qp), 0);
		fabric_qp_release(fabric, hca, qp);
		if (used[qpn]++)
			fail_msg("QP number 0x%x came back after %u others", qpn, i);
	}
	fabric_leave(fabric);
}

static void qp_numbers_run_out_and_come_back(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_qp *qp, *one = NULL;
	struct fabric_hca *hca;
	unsigned int index;
	uint32_t qpn, count = 0;

	(void)state;
	hca = open_hca(fabric, &index);
	while (fabric_qp_reserve(fabric, hca, &qpn, &qp) == 0) {
		one = qp;
		count++;
	}
	assert_int_equal(fabric_qp_reserve(fabric, hca, &qpn, &qp), ENOMEM);
	assert_in_range(count, FABRIC_QPS - 100, FABRIC_QPS);
	fabric_qp_release(fabric, hca, one);
	assert_int_equal(fabric_qp_reserve(fabric, hca, &qpn, &qp), 0);
	fabric_leave(fabric);
}

static void management_numbers_have_one_owner_a_host(void **state)
{
	struct fabric *first = join(1), *second = join(1), *other = join(2);
	unsigned int index;
	struct fabric_hca *hca[3] = {open_hca(first, &index), open_hca(second, &index),
				     open_hca(other, &index)};
	struct fabric_qp *qp, *same;

	(void)state;
	for (uint32_t qpn = 0; qpn < 2; qpn++) {
		assert_null(fabric_qp_find(hca[0], qpn));
		assert_int_equal(fabric_qp_reserve_management(first, hca[0], qpn, &qp), 0);
		assert_ptr_equal(fabric_qp_find(hca[0], qpn), qp);
		assert_int_equal(fabric_qp_reserve_management(first, hca[0], qpn, &same), EBUSY);
		assert_int_equal(fabric_qp_reserve_management(second, hca[1], qpn, &same), EBUSY);
		assert_int_equal(fabric_qp_reserve_management(other, hca[2], qpn, &same), 0);
		fabric_qp_release(first, hca[0], qp);
		assert_null(fabric_qp_find(hca[0], qpn));
		assert_int_equal(fabric_qp_reserve_management(second, hca[1], qpn, &same), 0);
	}
	/* What leaves gives back. */
	fabric_leave(second);
	assert_int_equal(fabric_qp_reserve_management(first, hca[0], 1, &qp), 0);
	fabric_leave(first);
	fabric_leave(other);
}

static void processes_of_a_host_share_its_numbers(void **state)
{
	struct fabric *first = join(1), *second = join(1), *other = join(2);
	unsigned int index[3];
	struct fabric_hca *hca[3] = {open_hca(first, &index[0]), open_hca(second, &index[1]),
				     open_hca(other, &index[2])};
	struct fabric_qp *qp, *found;
	uint32_t qpn;

	(void)state;
	assert_int_equal(index[0], index[1]);
	assert_int_not_equal(index[0], index[2]);
	assert_int_equal(fabric_qp_reserve(second, hca[1], &qpn, &qp), 0);
	found = fabric_qp_find(hca[0], qpn);
	assert_non_null(found);
	assert_int_equal(atomic_load(&found->owner), fabric_self(second) + 1);
	assert_null(fabric_qp_find(hca[2], qpn));
	fabric_leave(second);
	assert_null(fabric_qp_find(hca[0], qpn));
	fabric_leave(first);
	fabric_leave(other);
}

/* ---- keys and PDs ---- */

static void key_is_found_only_while_valid(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_key *entry;
	struct fabric_hca *hca;
	unsigned int index;
	uint32_t key;

	(void)state;
	hca = open_hca(fabric, &index);
	assert_int_equal(fabric_key_reserve(fabric, hca, 0x5a, &key, &entry), 0);
	assert_int_equal(key & 0xff, 0x5a);
	assert_null(fabric_key_find(hca, key));
	atomic_store(&entry->key, key);
	assert_ptr_equal(fabric_key_find(hca, key), entry);
	assert_null(fabric_key_find(hca, key ^ 1));
	fabric_key_release(fabric, hca, entry);
	assert_null(fabric_key_find(hca, key));
	fabric_leave(fabric);
}

static void keys_are_not_special_and_not_reused_at_once(void **state)
{
	struct fabric *fabric = join(1);
	struct fabric_key *entry;
	struct fabric_hca *hca;
	uint32_t key, last = 0;
	unsigned int index;

	(void)state;
	hca = open_hca(fabric, &index);
	for (uint32_t i = 0; i < 2 * FABRIC_KEYS; i++) {
		assert_int_equal(fabric_key_reserve(fabric, hca, 0, &key, &entry), 0);
		assert_true(key > 0x100);
		assert_int_not_equal(key, last);
		fabric_key_release(fabric, hca, entry);
		last = key;
	}
	assert_null(fabric_key_find(hca, 0));
	assert_null(fabric_key_find(hca, UINT32_MAX));
	fabric_leave(fabric);
}

static void pd_numbers_differ_between_processes_of_a_host(void **state)
{
	struct fabric *first = join(1), *second = join(1);
	unsigned int index;
	struct fabric_hca *one = open_hca(first, &index), *two = open_hca(second, &index);
	uint32_t pd = fabric_pd_number(one);

	(void)state;
	assert_int_not_equal(pd, 0);
	assert_int_not_equal(pd, fabric_pd_number(two));
	fabric_leave(first);
	fabric_leave(second);
}

/* ---- identity ---- */

static void infiniband_ports_have_their_addresses(void **state)
{
	const uint8_t prefix[8] = {0xfe, 0x80};
	struct fabric *one = join(1), *two = join(2);
	unsigned int index[2];
	struct fabric_hca *hca[2] = {open_hca(one, &index[0]), open_hca(two, &index[1])};
	uint8_t stranger[16] = {0xfe, 0x80, [15] = 1};

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(hca[i]->lid, 0);
		assert_memory_equal(hca[i]->gids[0].raw, prefix, sizeof(prefix));
		assert_int_equal(hca[i]->gids[0].type, FABRIC_GID_IB);
		assert_int_equal(hca[i]->pkeys[0], 0xffff);
		assert_int_equal(fabric_hca_by_lid(one, hca[i]->lid), index[i]);
		assert_int_equal(fabric_hca_by_gid(two, hca[i]->gids[0].raw), index[i]);
	}
	assert_int_not_equal(hca[0]->lid, hca[1]->lid);
	assert_true(hca[0]->node_guid != hca[1]->node_guid);
	assert_true(hca[0]->port_guid != hca[0]->node_guid);
	assert_int_equal(fabric_hca_by_lid(one, 0), -1);
	assert_int_equal(fabric_hca_by_lid(one, 999), -1);
	assert_int_equal(fabric_hca_by_gid(one, stranger), -1);
	fabric_leave(one);
	fabric_leave(two);
}

static void ethernet_ports_have_gids_of_both_versions(void **state)
{
	const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [13] = 77, [15] = 7};
	struct fabric *fabric = join_with(7, FABRIC_PORT_ETH, NULL, NULL);
	struct fabric_hca *hca;
	unsigned int index;

	(void)state;
	hca = open_hca(fabric, &index);
	assert_int_equal(hca->lid, 0);
	assert_int_equal(hca->gids[0].type, FABRIC_GID_ROCE_V1);
	assert_int_equal(hca->gids[1].type, FABRIC_GID_ROCE_V2);
	assert_memory_equal(hca->gids[0].raw, hca->gids[1].raw, 16);
	assert_memory_equal(hca->gids[3].raw, mapped, 16);
	assert_int_equal(hca->gids[3].type, FABRIC_GID_ROCE_V2);
	assert_memory_equal(hca->gids[4].raw, hca->ipv6, 16);
	assert_memory_equal(hca->gids[5].raw, hca->ipv6, 16);
	assert_int_equal(hca->gids[5].type, FABRIC_GID_ROCE_V2);
	assert_int_equal(hca->gids[6].valid, 0);
	assert_int_equal(fabric_hca_by_gid(fabric, mapped), index);
	fabric_leave(fabric);
}

static void port_type_of_a_host_is_one(void **state)
{
	struct fabric_options options = {
		.name = fabric_name(), .host = 1, .family = "mlx5", .port_type = FABRIC_PORT_ETH};
	struct fabric *fabric = join(1), *other = NULL;
	struct fabric_hca *hca;
	char reason[512] = "";
	unsigned int index;

	(void)state;
	hca = open_hca(fabric, &index);
	assert_int_equal(hca->port_type, FABRIC_PORT_IB);
	assert_int_equal(fabric_join(&options, &other, reason, sizeof(reason)), EBUSY);
	assert_non_null(strstr(reason, "host 1"));
	options.host = 2;
	assert_int_equal(fabric_join(&options, &other, reason, sizeof(reason)), 0);
	fabric_leave(fabric);
	fabric_leave(other);
}

/* ---- groups ---- */

struct members {
	unsigned int count;
	uint32_t last_qpn;
	unsigned int last_process;
};

static void note(void *arg, unsigned int hca, uint32_t qpn, unsigned int process)
{
	struct members *members = arg;

	(void)hca;
	members->count++;
	members->last_qpn = qpn;
	members->last_process = process;
}

static const uint8_t mgid[16] = {0xff, 0x12, 0x40, 0x1b, [15] = 1};

static void group_members_are_found_by_mgid_and_mlid(void **state)
{
	struct fabric *fabric = join(1);
	struct members members = {0};
	struct fabric_qp *qp[2];
	struct fabric_hca *hca;
	unsigned int index;
	uint32_t qpn[2];

	(void)state;
	hca = open_hca(fabric, &index);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fabric_qp_reserve(fabric, hca, &qpn[i], &qp[i]), 0);
		assert_int_equal(fabric_group_attach(fabric, index, qpn[i], mgid, 0xc007), 0);
		/* Twice is once. */
		assert_int_equal(fabric_group_attach(fabric, index, qpn[i], mgid, 0xc007), 0);
	}
	fabric_group_for_each(fabric, mgid, 0, note, &members);
	assert_int_equal(members.count, 2);
	assert_int_equal(members.last_process, fabric_self(fabric));
	fabric_group_for_each(fabric, NULL, 0xc007, note, &members);
	assert_int_equal(members.count, 4);
	assert_int_equal(fabric_group_detach(fabric, index, qpn[1], mgid, 0xc007), 0);
	assert_int_equal(fabric_group_detach(fabric, index, qpn[1], mgid, 0xc007), EINVAL);
	fabric_group_for_each(fabric, mgid, 0, note, &members);
	assert_int_equal(members.count, 5);
	assert_int_equal(members.last_qpn, qpn[0]);
	assert_int_equal(fabric_group_detach(fabric, index, qpn[0], mgid, 0xc007), 0);
	assert_int_equal(fabric_group_detach(fabric, index, qpn[0], mgid, 0xc007), EINVAL);
	fabric_group_for_each(fabric, mgid, 0, note, &members);
	assert_int_equal(members.count, 5);
	fabric_leave(fabric);
}

static void groups_of_one_mgid_and_two_mlids_are_two(void **state)
{
	struct fabric *fabric = join(1);
	struct members members = {0};
	struct fabric_hca *hca;
	struct fabric_qp *qp;
	unsigned int index;
	uint32_t qpn;

	(void)state;
	hca = open_hca(fabric, &index);
	assert_int_equal(fabric_qp_reserve(fabric, hca, &qpn, &qp), 0);
	assert_int_equal(fabric_group_attach(fabric, index, qpn, mgid, 0xc001), 0);
	assert_int_equal(fabric_group_attach(fabric, index, qpn, mgid, 0xc002), 0);
	assert_int_equal(fabric_group_detach(fabric, index, qpn, mgid, 0xc002), 0);
	fabric_group_for_each(fabric, mgid, 0xc002, note, &members);
	assert_int_equal(members.count, 0);
	fabric_group_for_each(fabric, mgid, 0xc001, note, &members);
	assert_int_equal(members.count, 1);
	fabric_group_for_each(fabric, mgid, 0, note, &members);
	assert_int_equal(members.count, 2);
	fabric_leave(fabric);
}

static void group_without_an_mlid_hears_what_goes_to_any(void **state)
{
	struct fabric *fabric = join(1);
	struct members members = {0};
	struct fabric_hca *hca;
	struct fabric_qp *qp;
	unsigned int index;
	uint32_t qpn;

	(void)state;
	hca = open_hca(fabric, &index);
	assert_int_equal(fabric_qp_reserve(fabric, hca, &qpn, &qp), 0);
	assert_int_equal(fabric_group_attach(fabric, index, qpn, mgid, 0), 0);
	fabric_group_for_each(fabric, mgid, 0xc001, note, &members);
	assert_int_equal(members.count, 1);
	assert_int_equal(fabric_group_detach(fabric, index, qpn, mgid, 0xc001), EINVAL);
	assert_int_equal(fabric_group_detach(fabric, index, qpn, mgid, 0), 0);
	fabric_leave(fabric);
}

static void group_takes_no_more_than_it_holds(void **state)
{
	struct fabric *fabric = join(1);
	const uint8_t unicast[16] = {0xfe, 0x80};
	struct fabric_hca *hca;
	struct fabric_qp *qp;
	unsigned int index;
	uint32_t qpn;

	(void)state;
	hca = open_hca(fabric, &index);
	assert_int_equal(fabric_qp_reserve(fabric, hca, &qpn, &qp), 0);
	assert_int_equal(fabric_group_attach(fabric, index, qpn, unicast, 0xc001), EINVAL);
	for (uint32_t i = 0; i < FABRIC_GROUP_MEMBERS; i++)
		assert_int_equal(fabric_group_attach(fabric, index, 100 + i, mgid, 0xc001), 0);
	assert_int_equal(fabric_group_attach(fabric, index, 99, mgid, 0xc001), ENOMEM);
	fabric_leave(fabric);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qp_numbers_are_not_special_and_not_reused_at_once),
		cmocka_unit_test(qp_number_of_an_entry_changes_with_each_use),
		cmocka_unit_test(qp_numbers_run_out_and_come_back),
		cmocka_unit_test(management_numbers_have_one_owner_a_host),
		cmocka_unit_test(processes_of_a_host_share_its_numbers),
		cmocka_unit_test(key_is_found_only_while_valid),
		cmocka_unit_test(keys_are_not_special_and_not_reused_at_once),
		cmocka_unit_test(pd_numbers_differ_between_processes_of_a_host),
		cmocka_unit_test(infiniband_ports_have_their_addresses),
		cmocka_unit_test(ethernet_ports_have_gids_of_both_versions),
		cmocka_unit_test(port_type_of_a_host_is_one),
		cmocka_unit_test(group_members_are_found_by_mgid_and_mlid),
		cmocka_unit_test(groups_of_one_mgid_and_two_mlids_are_two),
		cmocka_unit_test(group_without_an_mlid_hears_what_goes_to_any),
		cmocka_unit_test(group_takes_no_more_than_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
