/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flow rules: what goes to the kernel of their counters, and when. ESP actions. */

#include <errno.h>

#include "bench.h"

#include "providers/mlx5/flow.h"

static struct ibv_counters *counters;

static int open_counters(void **state)
{
	struct ibv_counters_init_attr attr = {};

	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_UD, 0);
	counters = mlx5_create_counters(bench.context, &attr);
	assert_non_null(counters);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(mlx5_destroy_counters(counters), 0);
	bench_close();
	return 0;
}

static int attach(enum ibv_counter_description what, uint32_t index, struct ibv_flow *flow)
{
	struct ibv_counter_attach_attr attr = {.counter_desc = what, .index = index};

	return mlx5_attach_counters_point_flow(counters, &attr, flow);
}

/* A rule with a specification of an odd size, so that what follows lies anywhere. */
struct rule {
	struct ibv_flow_attr attr;
	char specs[128];
	size_t end;
};

static void rule_add(struct rule *rule, const void *spec, uint16_t size)
{
	memcpy(rule->specs + rule->end, spec, size);
	rule->end += size;
	rule->attr.num_of_specs++;
}

static void rule_add_counters(struct rule *rule, struct ibv_counters *named)
{
	const struct ibv_flow_spec_counter_action spec = {
		.type = IBV_FLOW_SPEC_ACTION_COUNT, .size = sizeof(spec), .counters = named};

	rule_add(rule, &spec, sizeof(spec));
}

static struct rule make_rule(void)
{
	const struct {
		struct ibv_flow_spec_action_drop drop;
		char more[3];
	} odd = {.drop = {.type = IBV_FLOW_SPEC_ACTION_DROP, .size = 11}};
	struct rule rule = {.attr = {.type = IBV_FLOW_ATTR_NORMAL, .port = 1}};

	rule_add(&rule, &odd, 11);
	return rule;
}

static struct ibv_flow *create(struct rule *rule)
{
	errno = 0;
	return mlx5_create_flow(bench.qp, &rule->attr);
}

static void a_rule_without_counters_says_nothing_of_them(void **state)
{
	struct rule rule = make_rule();
	struct ibv_flow *flow = create(&rule);

	(void)state;
	assert_non_null(flow);
	assert_int_equal(fake.flow.num_descs, -1);
	assert_int_equal(mlx5_destroy_flow(flow), 0);
}

static void the_first_rule_tells_what_is_counted(void **state)
{
	struct rule rule = make_rule();
	struct ibv_flow *first, *second;

	(void)state;
	rule_add_counters(&rule, counters);
	assert_int_equal(attach(IBV_COUNTER_BYTES, 1, NULL), 0);
	assert_int_equal(attach(IBV_COUNTER_PACKETS, 0, NULL), 0);
	first = create(&rule);
	assert_non_null(first);
	assert_int_equal(fake.flow.num_descs, 2);
	assert_int_equal(fake.flow.descs[0].description, IBV_COUNTER_BYTES);
	assert_int_equal(fake.flow.descs[0].index, 1);
	assert_int_equal(fake.flow.descs[1].description, IBV_COUNTER_PACKETS);
	assert_int_equal(fake.flow.descs[1].index, 0);
	second = create(&rule);
	assert_non_null(second);
	assert_int_equal(fake.flow.num_descs, 0);
	assert_int_equal(attach(IBV_COUNTER_BYTES, 2, NULL), EBUSY);

	/* The kernel forgets it with the last rule. */
	assert_int_equal(mlx5_destroy_flow(first), 0);
	assert_int_equal(attach(IBV_COUNTER_BYTES, 2, NULL), EBUSY);
	assert_int_equal(mlx5_destroy_flow(second), 0);
	assert_int_equal(attach(IBV_COUNTER_BYTES, 2, NULL), 0);
	first = create(&rule);
	assert_non_null(first);
	assert_int_equal(fake.flow.num_descs, 3);
	assert_int_equal(mlx5_destroy_flow(first), 0);
}

static void a_rule_that_fails_has_told_nothing(void **state)
{
	struct rule rule = make_rule();
	struct ibv_flow *flow;

	(void)state;
	rule_add_counters(&rule, counters);
	assert_int_equal(attach(IBV_COUNTER_BYTES, 0, NULL), 0);
	fake.fail_create = EPERM;
	assert_null(create(&rule));
	assert_int_equal(errno, EPERM);
	flow = create(&rule);
	assert_non_null(flow);
	assert_int_equal(fake.flow.num_descs, 1);
	assert_int_equal(mlx5_destroy_flow(flow), 0);
}

static void places_are_given_once_and_before_the_rule(void **state)
{
	struct rule rule = make_rule();
	struct ibv_flow *flow = create(&rule);

	(void)state;
	assert_int_equal(attach(IBV_COUNTER_PACKETS, 4, NULL), 0);
	assert_int_equal(attach(IBV_COUNTER_BYTES, 4, NULL), EINVAL);
	assert_int_equal(attach(IBV_COUNTER_BYTES, 5, flow), EOPNOTSUPP);
	assert_int_equal(mlx5_destroy_flow(flow), 0);
}

static void counters_are_read(void **state)
{
	uint64_t values[3] = {};

	(void)state;
	assert_int_equal(mlx5_read_counters(counters, values, 3, 1), 0);
	assert_int_equal(values[0], 1);
	assert_int_equal(values[2], 21);
}

static void rules_that_make_no_sense(void **state)
{
	struct ibv_context other;
	struct ibv_counters foreign = {.context = &other};
	struct ibv_flow_spec_action_drop empty = {.type = IBV_FLOW_SPEC_ACTION_DROP};
	struct ibv_flow_spec_counter_action shorter = {.type = IBV_FLOW_SPEC_ACTION_COUNT,
						       .size = 8};
	struct rule rule = make_rule();

	(void)state;
	rule_add_counters(&rule, &foreign);
	assert_null(create(&rule));
	assert_int_equal(errno, EINVAL);
	rule = make_rule();
	rule_add_counters(&rule, NULL);
	assert_null(create(&rule));
	assert_int_equal(errno, EINVAL);
	rule = make_rule();
	rule_add_counters(&rule, counters);
	rule_add_counters(&rule, counters);
	assert_null(create(&rule));
	assert_int_equal(errno, EINVAL);
	rule = make_rule();
	rule_add(&rule, &empty, sizeof(empty));
	assert_null(create(&rule));
	assert_int_equal(errno, EINVAL);
	rule = make_rule();
	rule_add(&rule, &shorter, sizeof(shorter));
	assert_null(create(&rule));
	assert_int_equal(errno, EINVAL);
}

static void esp_is_the_devices_to_offer(void **state)
{
	struct ibv_flow_action_esp_attr attr = {};
	struct ibv_flow_action *action;

	(void)state;
	assert_null(mlx5_create_flow_action_esp(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	to_mlx5_context(bench.context)->flow_action_flags =
		MLX5_USER_ALLOC_UCONTEXT_FLOW_ACTION_FLAGS_ESP_AES_GCM;
	fake.fail_create = EINVAL;
	assert_null(mlx5_create_flow_action_esp(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	action = mlx5_create_flow_action_esp(bench.context, &attr);
	assert_non_null(action);
	assert_int_equal(mlx5_modify_flow_action_esp(action, &attr), 0);
	assert_int_equal(mlx5_destroy_flow_action(action), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_counters, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_rule_without_counters_says_nothing_of_them),
		TEST(the_first_rule_tells_what_is_counted),
		TEST(a_rule_that_fails_has_told_nothing),
		TEST(places_are_given_once_and_before_the_rule),
		TEST(counters_are_read),
		TEST(rules_that_make_no_sense),
		TEST(esp_is_the_devices_to_offer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
