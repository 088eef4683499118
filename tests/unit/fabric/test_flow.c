/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of flow rules: which of them have a frame, and in which order. */
#include "harness.h"

#include <errno.h>
#include <string.h>

#include "softhca/fabric/flow.h"
#include "softhca/fabric/state.h"

static struct fabric *fabric;
static struct fabric_hca *hca;

static int setup(void **state)
{
	unsigned int index;

	(void)state;
	fabric = join_with(1, FABRIC_PORT_ETH, NULL, NULL);
	return !fabric || fabric_hca_open(fabric, "mlx5", &hca, &index);
}

static int teardown(void **state)
{
	(void)state;
	fabric_leave(fabric);
	return 0;
}

static struct flow_key frame(uint8_t to, uint16_t type)
{
	return (struct flow_key){.destination_mac = {to}, .type = type};
}

/* A rule by the first byte of the destination, or by the type, or for everything. */
static unsigned int add(enum flow_kind kind, uint8_t priority, uint8_t to, uint16_t type)
{
	struct fabric_flow_rule rule = {
		.kind = kind,
		.priority = priority,
		.value = frame(to, type),
		.mask = frame(to ? 0xff : 0, type ? 0xffff : 0),
	};
	unsigned int index = UINT32_MAX;

	assert_int_equal(fabric_flow_add(fabric, hca, &rule, &index), 0);
	return index;
}

static unsigned int add_passing(uint8_t priority, uint8_t to)
{
	struct fabric_flow_rule rule = {
		.kind = FLOW_NORMAL,
		.priority = priority,
		.passes = true,
		.value = frame(to, 0),
		.mask = frame(0xff, 0),
	};
	unsigned int index;

	assert_int_equal(fabric_flow_add(fabric, hca, &rule, &index), 0);
	return index;
}

static uint64_t found;

static void note(void *arg, unsigned int index, unsigned int process)
{
	assert_ptr_equal(arg, &found);
	assert_int_equal(process, fabric_self(fabric));
	assert_true(index < 64);
	assert_false(found & 1ull << index);
	found |= 1ull << index;
}

static uint64_t rules_of(uint8_t to, uint16_t type)
{
	struct flow_key key = frame(to, type);

	found = 0;
	fabric_flow_for_each(hca, &key, note, &found);
	return found;
}

static uint64_t only(unsigned int index)
{
	return 1ull << index;
}

static void every_bit_of_a_key_counts(void **state)
{
	struct fabric_flow_rule rule = {.kind = FLOW_NORMAL};
	struct flow_key key;

	(void)state;
	for (unsigned int bit = 0; bit < sizeof(key) * 8; bit++) {
		unsigned int index;

		memset(&rule.value, 0x5a, sizeof(key));
		memset(&rule.mask, 0, sizeof(key));
		((uint8_t *)&rule.mask)[bit / 8] = (uint8_t)(1 << bit % 8);
		memcpy(&key, &rule.value, sizeof(key));
		assert_int_equal(fabric_flow_add(fabric, hca, &rule, &index), 0);
		found = 0;
		fabric_flow_for_each(hca, &key, note, &found);
		assert_int_equal(found, only(index));
		((uint8_t *)&key)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		found = 0;
		fabric_flow_for_each(hca, &key, note, &found);
		assert_int_equal(found, 0);
		memset(&key, 0xa5, sizeof(key));
		((uint8_t *)&key)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		fabric_flow_for_each(hca, &key, note, &found);
		assert_int_equal(found, only(index));
		fabric_flow_remove(hca, index);
	}
}

static void the_lowest_priority_and_then_the_oldest(void **state)
{
	unsigned int old = add(FLOW_NORMAL, 4, 2, 0);
	unsigned int young = add(FLOW_NORMAL, 4, 0, 7);
	unsigned int first;

	(void)state;
	assert_int_equal(rules_of(2, 7), only(old));
	assert_int_equal(rules_of(4, 7), only(young));
	first = add(FLOW_NORMAL, 3, 0, 7);
	assert_int_equal(rules_of(2, 7), only(first));
	fabric_flow_remove(hca, first);
	fabric_flow_remove(hca, old);
	assert_int_equal(rules_of(2, 7), only(young));
	fabric_flow_remove(hca, young);
	assert_int_equal(rules_of(2, 7), 0);
}

/* A place that has been given back is taken by a younger rule all the same. */
static void age_is_not_the_place(void **state)
{
	unsigned int place = add(FLOW_NORMAL, 0, 9, 0);
	unsigned int old = add(FLOW_NORMAL, 0, 2, 0), young;

	(void)state;
	fabric_flow_remove(hca, place);
	young = add(FLOW_NORMAL, 0, 0, 7);
	assert_int_equal(young, place);
	assert_int_equal(rules_of(2, 7), only(old));
	fabric_flow_remove(hca, old);
	fabric_flow_remove(hca, young);
}

static void the_same_rule_is_one(void **state)
{
	unsigned int a = add(FLOW_NORMAL, 0, 2, 0), b = add(FLOW_NORMAL, 0, 2, 0);
	unsigned int c = add(FLOW_NORMAL, 1, 2, 0);

	(void)state;
	assert_int_equal(rules_of(2, 7), only(a) | only(b));
	fabric_flow_remove(hca, a);
	fabric_flow_remove(hca, b);
	assert_int_equal(rules_of(2, 7), only(c));
	fabric_flow_remove(hca, c);
}

static void those_that_pass_stand_before(void **state)
{
	unsigned int keeper = add(FLOW_NORMAL, 4, 2, 0), all = add(FLOW_ALL_DEFAULT, 0, 0, 0);
	unsigned int before = add_passing(3, 2), beside = add_passing(4, 2),
		     behind = add_passing(5, 2);

	(void)state;
	assert_int_equal(rules_of(2, 7), only(keeper) | only(before) | only(beside));
	fabric_flow_remove(hca, keeper);
	assert_int_equal(rules_of(2, 7), only(before) | only(beside) | only(behind) | only(all));
	fabric_flow_remove(hca, before);
	fabric_flow_remove(hca, beside);
	fabric_flow_remove(hca, behind);
	fabric_flow_remove(hca, all);
}

static void defaults_and_sniffers(void **state)
{
	unsigned int all = add(FLOW_ALL_DEFAULT, 0, 0, 0);
	unsigned int multicast = add(FLOW_MULTICAST_DEFAULT, 0, 0, 0);
	unsigned int sniffer = add(FLOW_SNIFFER, 0, 0, 0), normal = add(FLOW_NORMAL, 9, 2, 0);

	(void)state;
	assert_int_equal(rules_of(2, 7), only(normal) | only(sniffer));
	assert_int_equal(rules_of(4, 7), only(all) | only(sniffer));
	assert_int_equal(rules_of(5, 7), only(all) | only(multicast) | only(sniffer));
	fabric_flow_remove(hca, all);
	fabric_flow_remove(hca, multicast);
	fabric_flow_remove(hca, sniffer);
	fabric_flow_remove(hca, normal);
}

static void a_full_table_takes_no_more(void **state)
{
	struct fabric_flow_rule rule = {.kind = FLOW_NORMAL};
	unsigned int index;

	(void)state;
	for (unsigned int i = 0; i < FABRIC_FLOWS; i++)
		assert_int_equal(fabric_flow_add(fabric, hca, &rule, &index), 0);
	assert_int_equal(fabric_flow_add(fabric, hca, &rule, &index), ENOMEM);
	for (unsigned int i = 0; i < FABRIC_FLOWS; i++)
		fabric_flow_remove(hca, i);
	assert_int_equal(rules_of(0, 0), 0);
}

/* In a process of its own, which ends without a word. */
static int leave_a_rule(void *arg)
{
	struct fabric_flow_rule rule = {.kind = FLOW_ALL_DEFAULT};
	struct fabric_hca *own;
	struct fabric *mine;
	unsigned int index;

	(void)arg;
	fabric_forget(fabric);
	mine = join_with(1, FABRIC_PORT_ETH, NULL, NULL);
	if (!mine || fabric_hca_open(mine, "mlx5", &own, &index))
		return 1;
	return fabric_flow_add(mine, own, &rule, &index);
}

static void rules_of_the_dead_go(void **state)
{
	struct fabric *other;

	(void)state;
	finish_child(start_child(leave_a_rule, NULL));
	assert_int_not_equal(atomic_load(&hca->flows[0].owner), 0);
	/* Who comes next clears away. */
	other = join_with(2, FABRIC_PORT_ETH, NULL, NULL);
	assert_non_null(other);
	assert_int_equal(atomic_load(&hca->flows[0].owner), 0);
	fabric_leave(other);
}

static void macs_name_ports(void **state)
{
	static const uint8_t nobody[6] = {0x02, 'H', 'C', 0, 99, 1};

	(void)state;
	assert_ptr_equal(fabric_hca_at(fabric, (unsigned int)fabric_hca_by_mac(fabric, hca->mac)),
			 hca);
	assert_int_equal(fabric_hca_by_mac(fabric, nobody), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_of_a_key_counts),
		cmocka_unit_test(the_lowest_priority_and_then_the_oldest),
		cmocka_unit_test(age_is_not_the_place),
		cmocka_unit_test(the_same_rule_is_one),
		cmocka_unit_test(those_that_pass_stand_before),
		cmocka_unit_test(defaults_and_sniffers),
		cmocka_unit_test(a_full_table_takes_no_more),
		cmocka_unit_test(rules_of_the_dead_go),
		cmocka_unit_test(macs_name_ports),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
