/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls that choose between an extended call and the library's plain one, and those that check
 * their arguments. The library's functions stand here as fakes that note being called.
 */
#include "fake_context.h"

static const char *called;
static unsigned int access_seen;
static int device_ex_result;

static struct ibv_qp a_qp;
static struct ibv_srq a_srq;
static struct ibv_mr a_mr;
static struct ibv_wq a_wq;
static struct ibv_cq_ex a_cq;

/* the library's part */

int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *attr)
{
	(void)context;
	called = "query_device";
	attr->max_qp = 7;
	attr->phys_port_cnt = 2;
	return 0;
}

int(ibv_query_port)(struct ibv_context *context, uint8_t port_num,
		    struct _compat_ibv_port_attr *attr)
{
	(void)context;
	(void)port_num;
	called = "query_port";
	((struct ibv_port_attr *)attr)->lid = 9;
	return 0;
}

struct ibv_mr *(ibv_reg_mr)(struct ibv_pd *pd, void *addr, size_t length, int access)
{
	(void)pd;
	(void)addr;
	(void)length;
	called = "reg_mr";
	access_seen = (unsigned int)access;
	return &a_mr;
}

struct ibv_mr *(ibv_reg_mr_iova)(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
				 int access)
{
	(void)pd;
	(void)addr;
	(void)length;
	(void)iova;
	called = "reg_mr_iova";
	access_seen = (unsigned int)access;
	return &a_mr;
}

struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
				unsigned int access)
{
	(void)pd;
	(void)length;
	called = iova == (uintptr_t)addr ? "reg_mr_iova2 at its address" : "reg_mr_iova2";
	access_seen = access;
	return &a_mr;
}

struct ibv_qp *ibv_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	(void)pd;
	(void)attr;
	called = "create_qp";
	return &a_qp;
}

struct ibv_srq *ibv_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	(void)pd;
	(void)attr;
	called = "create_srq";
	return &a_srq;
}

/* the provider's part */

static int query_device_ex(struct ibv_context *context,
			   const struct ibv_query_device_ex_input *input,
			   struct ibv_device_attr_ex *attr, size_t attr_size)
{
	(void)context;
	(void)input;
	called = "query_device_ex";
	memset(attr, 0xff, attr_size);
	return device_ex_result;
}

static int query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr,
		      size_t attr_size)
{
	(void)context;
	(void)port_num;
	called = "query_port with a size";
	memset(attr, 0, attr_size);
	return 0;
}

static struct ibv_qp *create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr)
{
	(void)context;
	(void)attr;
	called = "create_qp_ex";
	return &a_qp;
}

static struct ibv_srq *create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr)
{
	(void)context;
	(void)attr;
	called = "create_srq_ex";
	return &a_srq;
}

static struct ibv_cq_ex *create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	(void)context;
	(void)attr;
	called = "create_cq_ex";
	return &a_cq;
}

static struct ibv_wq *create_wq(struct ibv_context *context, struct ibv_wq_init_attr *attr)
{
	(void)context;
	(void)attr;
	return &a_wq;
}

static int query_rt_values(struct ibv_context *context, struct ibv_values_ex *values)
{
	(void)context;
	(void)values;
	called = "query_rt_values";
	return 0;
}

static int modify_qp_rate_limit(struct ibv_qp *qp, struct ibv_qp_rate_limit_attr *attr)
{
	(void)qp;
	(void)attr;
	called = "modify_qp_rate_limit";
	return 0;
}

static int reset(void **state)
{
	(void)state;
	called = "nothing";
	access_seen = 0;
	device_ex_result = 0;
	errno = 0;
	return 0;
}

static void device_query_falls_back_where_the_call_is_absent(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);
	struct ibv_device_attr_ex attr;

	(void)state;
	memset(&attr, 0xff, sizeof(attr));
	assert_int_equal(ibv_query_device_ex(context, NULL, &attr), 0);
	assert_string_equal(called, "query_device");
	assert_int_equal(attr.orig_attr.max_qp, 7);
	assert_int_equal(attr.phys_port_cnt_ex, 2);
	assert_int_equal(attr.max_dm_size, 0);
}

static void device_query_falls_back_where_the_kernel_cannot(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);
	struct ibv_device_attr_ex attr;

	(void)state;
	vctx.query_device_ex = query_device_ex;
	device_ex_result = EOPNOTSUPP;
	assert_int_equal(ibv_query_device_ex(context, NULL, &attr), 0);
	assert_string_equal(called, "query_device");
	assert_int_equal(attr.max_dm_size, 0);
	device_ex_result = EIO;
	assert_int_equal(ibv_query_device_ex(context, NULL, &attr), EIO);
	assert_string_equal(called, "query_device_ex");
}

static void device_query_refuses_unknown_input(void **state)
{
	struct ibv_query_device_ex_input input = {.comp_mask = 1};
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);
	struct ibv_device_attr_ex attr;

	(void)state;
	assert_int_equal(ibv_query_device_ex(context, &input, &attr), EINVAL);
	assert_string_equal(called, "nothing");
}

static void port_query_zeroes_what_an_old_call_leaves(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);
	struct ibv_port_attr attr;

	(void)state;
	memset(&attr, 0xff, sizeof(attr));
	assert_int_equal(ibv_query_port(context, 1, &attr), 0);
	assert_string_equal(called, "query_port");
	assert_int_equal(attr.lid, 9);
	assert_int_equal(attr.active_speed_ex, 0);
	vctx.query_port = query_port;
	assert_int_equal(ibv_query_port(context, 1, &attr), 0);
	assert_string_equal(called, "query_port with a size");
}

static void registration_uses_the_newer_symbol_for_optional_rights_only(void **state)
{
	unsigned int optional = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_RELAXED_ORDERING;
	struct ibv_pd pd = {0};
	char memory[8];

	(void)state;
	assert_ptr_equal(ibv_reg_mr(&pd, memory, 8, IBV_ACCESS_LOCAL_WRITE), &a_mr);
	assert_string_equal(called, "reg_mr");
	assert_int_equal(access_seen, IBV_ACCESS_LOCAL_WRITE);
	assert_ptr_equal(ibv_reg_mr(&pd, memory, 8, optional), &a_mr);
	assert_string_equal(called, "reg_mr_iova2 at its address");
	assert_int_equal(access_seen, optional);
	ibv_reg_mr_iova(&pd, memory, 8, 0, IBV_ACCESS_LOCAL_WRITE);
	assert_string_equal(called, "reg_mr_iova");
	ibv_reg_mr_iova(&pd, memory, 8, 0, optional);
	assert_string_equal(called, "reg_mr_iova2");
}

static void plain_qp_is_created_by_the_plain_call(void **state)
{
	struct ibv_qp_init_attr_ex attr = {.comp_mask = IBV_QP_INIT_ATTR_PD};
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);

	(void)state;
	vctx.create_qp_ex = create_qp_ex;
	assert_ptr_equal(ibv_create_qp_ex(context, &attr), &a_qp);
	assert_string_equal(called, "create_qp");
	attr.comp_mask |= IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
	assert_ptr_equal(ibv_create_qp_ex(context, &attr), &a_qp);
	assert_string_equal(called, "create_qp_ex");
}

static void plain_srq_is_created_by_the_plain_call(void **state)
{
	struct ibv_srq_init_attr_ex attr = {.comp_mask = IBV_SRQ_INIT_ATTR_PD};
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);

	(void)state;
	vctx.create_srq_ex = create_srq_ex;
	assert_ptr_equal(ibv_create_srq_ex(context, &attr), &a_srq);
	assert_string_equal(called, "create_srq");
	attr.comp_mask |= IBV_SRQ_INIT_ATTR_TYPE;
	attr.srq_type = IBV_SRQT_XRC;
	assert_ptr_equal(ibv_create_srq_ex(context, &attr), &a_srq);
	assert_string_equal(called, "create_srq_ex");
	attr.srq_type = IBV_SRQT_BASIC;
	assert_ptr_equal(ibv_create_srq_ex(context, &attr), &a_srq);
	assert_string_equal(called, "create_srq");
}

static void unknown_bits_of_masks_are_refused(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);
	struct ibv_cq_init_attr_ex cq_attr = {.comp_mask = 1U << 31};
	struct ibv_values_ex values = {.comp_mask = IBV_VALUES_MASK_RESERVED};
	struct ibv_qp_rate_limit_attr rate = {.comp_mask = 1};
	struct ibv_qp qp = {.context = context};

	(void)state;
	vctx.create_cq_ex = create_cq_ex;
	vctx.query_rt_values = query_rt_values;
	vctx.modify_qp_rate_limit = modify_qp_rate_limit;
	assert_null(ibv_create_cq_ex(context, &cq_attr));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ibv_query_rt_values_ex(context, &values), EINVAL);
	assert_int_equal(ibv_modify_qp_rate_limit(&qp, &rate), EINVAL);
	assert_string_equal(called, "nothing");

	cq_attr.comp_mask = IBV_CQ_INIT_ATTR_MASK_FLAGS | IBV_CQ_INIT_ATTR_MASK_PD;
	assert_ptr_equal(ibv_create_cq_ex(context, &cq_attr), &a_cq);
	values.comp_mask = IBV_VALUES_MASK_RAW_CLOCK;
	assert_int_equal(ibv_query_rt_values_ex(context, &values), 0);
	rate.comp_mask = 0;
	assert_int_equal(ibv_modify_qp_rate_limit(&qp, &rate), 0);
}

static void new_work_queue_is_ready_for_events(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);
	struct ibv_wq_init_attr attr = {0};

	(void)state;
	vctx.create_wq = create_wq;
	memset(&a_wq, 0xff, sizeof(a_wq));
	assert_ptr_equal(ibv_create_wq(context, &attr), &a_wq);
	assert_int_equal(a_wq.events_completed, 0);
	assert_int_equal(pthread_mutex_trylock(&a_wq.mutex), 0);
	assert_int_equal(pthread_cond_signal(&a_wq.cond), 0);
}

static void window_key_counts_in_its_low_byte(void **state)
{
	(void)state;
	assert_int_equal(ibv_inc_rkey(0x12345600), 0x12345601);
	assert_int_equal(ibv_inc_rkey(0x123456ff), 0x12345600);
	assert_int_equal(ibv_inc_rkey(0xffffffff), 0xffffff00);
}

static void flow_label_folds_into_the_dynamic_ports(void **state)
{
	(void)state;
	assert_int_equal(ibv_flow_label_to_udp_sport(0), 0xc000);
	assert_int_equal(ibv_flow_label_to_udp_sport(1), 0xc001);
	assert_int_equal(ibv_flow_label_to_udp_sport(0x4001), 0xc000);
	assert_int_equal(ibv_flow_label_to_udp_sport(0xfffff), 0xffc0);
	assert_int_equal(ibv_flow_label_to_udp_sport(0xfff00000), 0xc000);
}

static void transport_masks_are_read_by_qp_type(void **state)
{
	(void)state;
	assert_int_equal(ibv_is_qpt_supported(1 << IBV_QPT_RC, IBV_QPT_RC), 1);
	assert_int_equal(ibv_is_qpt_supported(1 << IBV_QPT_RC, IBV_QPT_UD), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(device_query_falls_back_where_the_call_is_absent, reset),
		cmocka_unit_test_setup(device_query_falls_back_where_the_kernel_cannot, reset),
		cmocka_unit_test_setup(device_query_refuses_unknown_input, reset),
		cmocka_unit_test_setup(port_query_zeroes_what_an_old_call_leaves, reset),
		cmocka_unit_test_setup(registration_uses_the_newer_symbol_for_optional_rights_only,
				       reset),
		cmocka_unit_test_setup(plain_qp_is_created_by_the_plain_call, reset),
		cmocka_unit_test_setup(plain_srq_is_created_by_the_plain_call, reset),
		cmocka_unit_test_setup(unknown_bits_of_masks_are_refused, reset),
		cmocka_unit_test_setup(new_work_queue_is_ready_for_events, reset),
		cmocka_unit_test(window_key_counts_in_its_low_byte),
		cmocka_unit_test(flow_label_folds_into_the_dynamic_ports),
		cmocka_unit_test(transport_masks_are_read_by_qp_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
