/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Transitions of a queue pair: the usual way up, what is missing, what is too much. */
#include "open_fake.h"

static struct ibv_context *context;
static struct ibv_pd *pd;
static struct ibv_cq *cq;

static int setup_open(void **state)
{
	setup(state);
	context = open_fake();
	pd = ibv_alloc_pd(context);
	cq = ibv_create_cq(context, 10, NULL, NULL, 0);
	return !pd || !cq;
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_destroy_cq(cq) || ibv_dealloc_pd(pd) || ibv_close_device(context);
}

static struct ibv_qp *make_qp(enum ibv_qp_type type)
{
	struct ibv_qp_init_attr attr = {.qp_type = type, .send_cq = cq, .recv_cq = cq};

	return ibv_create_qp(pd, &attr);
}

/* Masks as programs use them; the traces of stock ping-pong have the same three for RC. */
static const struct {
	enum ibv_qp_type type;
	int init, rtr, rts;
} ways_up[] = {
	{IBV_QPT_RC, 0x39, 0x129181, 0x12e01},
	{IBV_QPT_UC, 0x39, 0x101181, 0x10001},
	{IBV_QPT_UD, 0x71, 0x1, 0x10001},
};

static void the_usual_way_up_is_open(void **state)
{
	struct ibv_qp_attr attr = {.port_num = 1, .path_mtu = IBV_MTU_1024};

	UNUSED;
	for (size_t i = 0; i < 3; i++) {
		struct ibv_qp *qp = make_qp(ways_up[i].type);

		assert_non_null(qp);
		assert_int_equal(qp->state, IBV_QPS_RESET);
		attr.qp_state = IBV_QPS_INIT;
		assert_int_equal(ibv_modify_qp(qp, &attr, ways_up[i].init), 0);
		attr.qp_state = IBV_QPS_RTR;
		assert_int_equal(ibv_modify_qp(qp, &attr, ways_up[i].rtr), 0);
		attr.qp_state = IBV_QPS_RTS;
		assert_int_equal(ibv_modify_qp(qp, &attr, ways_up[i].rts), 0);
		assert_int_equal(qp->state, IBV_QPS_RTS);
		attr.qp_state = IBV_QPS_ERR;
		assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), 0);
		attr.qp_state = IBV_QPS_RESET;
		assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), 0);
		assert_int_equal(qp->state, IBV_QPS_RESET);
		assert_int_equal(ibv_destroy_qp(qp), 0);
	}
}

static void each_required_attribute_is_missed(void **state)
{
	struct ibv_qp_attr attr = {.port_num = 1, .path_mtu = IBV_MTU_1024};

	UNUSED;
	for (size_t i = 0; i < 3; i++) {
		struct ibv_qp *qp = make_qp(ways_up[i].type);
		const int masks[] = {ways_up[i].init, ways_up[i].rtr, ways_up[i].rts};

		for (int step = 0; step < 3; step++) {
			attr.qp_state = IBV_QPS_INIT + step;
			for (int bit = 1; bit < 32; bit++)
				if (masks[step] >> bit & 1)
					assert_int_equal(
						ibv_modify_qp(qp, &attr, masks[step] & ~(1 << bit)),
						EINVAL);
			assert_int_equal(qp->state, IBV_QPS_RESET + step);
			assert_int_equal(ibv_modify_qp(qp, &attr, masks[step]), 0);
		}
		assert_int_equal(ibv_destroy_qp(qp), 0);
	}
}

static void attributes_out_of_place_are_refused(void **state)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = 1};
	struct ibv_qp *qp = make_qp(IBV_QPT_RC);

	UNUSED;
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x39 | IBV_QP_SQ_PSN), EINVAL);
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x39 | IBV_QP_QKEY), EINVAL);
	/* What the specification does not know is the kernel's to judge. */
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x39 | IBV_QP_RATE_LIMIT), 0);
	assert_int_equal(ibv_destroy_qp(qp), 0);
}

static void states_cannot_be_skipped(void **state)
{
	struct ibv_qp_attr attr = {.port_num = 1, .path_mtu = IBV_MTU_1024};
	struct ibv_qp *qp = make_qp(IBV_QPT_RC);
	unsigned int before = fake_kernel.commands;

	UNUSED;
	attr.qp_state = IBV_QPS_RTR;
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x129181), EINVAL);
	attr.qp_state = IBV_QPS_RTS;
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x12e01), EINVAL);
	attr.qp_state = 42;
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), EINVAL);
	assert_int_equal(fake_kernel.commands, before);
	assert_int_equal(ibv_destroy_qp(qp), 0);
}

static void values_out_of_range_are_refused(void **state)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT};
	struct ibv_qp *qp = make_qp(IBV_QPT_RC);

	UNUSED;
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x39), EINVAL); /* port 0 */
	attr.port_num = 1;
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x39), 0);
	attr.qp_state = IBV_QPS_RTR;
	attr.path_mtu = 6;
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x129181), EINVAL);
	attr.path_mtu = 0;
	assert_int_equal(ibv_modify_qp(qp, &attr, 0x129181), EINVAL);
	assert_int_equal(ibv_destroy_qp(qp), 0);
}

static void the_current_state_may_be_named(void **state)
{
	struct ibv_qp_attr attr = {.cur_qp_state = IBV_QPS_SQE, .qp_state = IBV_QPS_RTS};
	struct ibv_qp *qp = make_qp(IBV_QPT_UD);

	UNUSED;
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_CUR_STATE), 0);
	assert_int_equal(qp->state, IBV_QPS_RTS);
	assert_int_equal(ibv_destroy_qp(qp), 0);
}

static void a_query_corrects_the_state_we_remember(void **state)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	struct ibv_qp *qp = make_qp(IBV_QPT_RC);

	UNUSED;
	assert_int_equal(ibv_query_qp(qp, &attr, IBV_QP_STATE, &init), 0);
	assert_int_equal(attr.qp_state, IBV_QPS_INIT);
	assert_int_equal(qp->state, IBV_QPS_INIT);
	assert_int_equal(init.cap.max_send_wr, 16);
	assert_int_equal(init.sq_sig_all, 1);
	assert_ptr_equal(init.send_cq, cq);
	assert_int_equal(ibv_query_qp(qp, &attr, IBV_QP_RATE_LIMIT, &init), EOPNOTSUPP);
	assert_int_equal(ibv_destroy_qp(qp), 0);
}

static int impossible_state(const struct fake_command *command)
{
	struct ib_uverbs_query_qp_resp answer = {.qp_state = 99};

	if (command->number != IB_USER_VERBS_CMD_QUERY_QP)
		return fake_kernel_command(command);
	fake_answer(command->out, command->out_len, &answer, sizeof(answer));
	return 0;
}

static void a_state_that_does_not_exist_is_not_believed(void **state)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	struct ibv_qp *qp = make_qp(IBV_QPT_RC);

	UNUSED;
	fake_kernel.command = impossible_state;
	assert_int_equal(ibv_query_qp(qp, &attr, IBV_QP_STATE, &init), EIO);
	assert_int_equal(qp->state, IBV_QPS_RESET);
	assert_int_equal(ibv_destroy_qp(qp), 0);
}

static void iwarp_queues_are_the_kernels_affair(void **state)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_RTS};
	struct ibv_qp *qp = make_qp(IBV_QPT_RC);

	UNUSED;
	context->device->transport_type = IBV_TRANSPORT_IWARP;
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), 0);
	context->device->transport_type = IBV_TRANSPORT_IB;
	assert_int_equal(ibv_destroy_qp(qp), 0);
}

static void a_qp_needs_its_queues_and_a_type(void **state)
{
	struct ibv_qp_init_attr attr = {.qp_type = IBV_QPT_RC, .send_cq = cq};

	UNUSED;
	assert_null(ibv_create_qp(pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.recv_cq = cq;
	attr.qp_type = 77;
	assert_null(ibv_create_qp(pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.qp_type = IBV_QPT_XRC_RECV;
	assert_null(ibv_create_qp(pd, &attr));
	assert_int_equal(errno, EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown_close)
	const struct CMUnitTest tests[] = {
		TEST(the_usual_way_up_is_open),
		TEST(each_required_attribute_is_missed),
		TEST(attributes_out_of_place_are_refused),
		TEST(states_cannot_be_skipped),
		TEST(values_out_of_range_are_refused),
		TEST(the_current_state_may_be_named),
		TEST(a_query_corrects_the_state_we_remember),
		TEST(a_state_that_does_not_exist_is_not_believed),
		TEST(iwarp_queues_are_the_kernels_affair),
		TEST(a_qp_needs_its_queues_and_a_type),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
