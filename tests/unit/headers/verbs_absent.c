/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every call that a provider may leave out: asked for on a context without it, and on one of the
 * first ABI, it is refused with EOPNOTSUPP.
 */
#include "fake_context.h"

/* One object of each kind, all of one context. */
struct objects {
	struct ibv_context *context;
	struct ibv_pd pd;
	struct ibv_td td;
	struct ibv_xrcd xrcd;
	struct ibv_dm dm;
	struct ibv_cq cq;
	struct ibv_srq srq;
	struct ibv_wq wq;
	struct ibv_rwq_ind_table table;
	struct ibv_qp qp;
	struct ibv_flow flow;
	struct ibv_flow_action action;
	struct ibv_counters counters;
};

static struct objects objects_of(struct ibv_context *context)
{
	return (struct objects){
		.context = context,
		.pd.context = context,
		.td.context = context,
		.xrcd.context = context,
		.dm.context = context,
		.cq.context = context,
		.srq.context = context,
		.wq.context = context,
		.table.context = context,
		.qp.context = context,
		.flow.context = context,
		.action.context = context,
		.counters.context = context,
	};
}

#define assert_no_object(call)                                                                     \
	do {                                                                                       \
		errno = 0;                                                                         \
		assert_null(call);                                                                 \
		assert_int_equal(errno, EOPNOTSUPP);                                               \
	} while (0)

static void check_makers(struct objects *o)
{
	struct ibv_srq_init_attr_ex srq_attr = {.comp_mask = IBV_SRQ_INIT_ATTR_XRCD};
	struct ibv_qp_init_attr_ex qp_attr = {.comp_mask = IBV_QP_INIT_ATTR_XRCD};
	struct ibv_rwq_ind_table_init_attr table_attr = {0};
	struct ibv_parent_domain_init_attr domain_attr = {0};
	struct ibv_counters_init_attr counters_attr = {0};
	struct ibv_flow_action_esp_attr esp_attr = {0};
	struct ibv_xrcd_init_attr xrcd_attr = {0};
	struct ibv_cq_init_attr_ex cq_attr = {0};
	struct ibv_qp_open_attr open_attr = {0};
	struct ibv_wq_init_attr wq_attr = {0};
	struct ibv_alloc_dm_attr dm_attr = {0};
	struct ibv_td_init_attr td_attr = {0};
	struct ibv_flow_attr flow_attr = {0};

	assert_no_object(ibv_alloc_td(o->context, &td_attr));
	assert_no_object(ibv_alloc_parent_domain(o->context, &domain_attr));
	assert_no_object(ibv_open_xrcd(o->context, &xrcd_attr));
	assert_no_object(ibv_alloc_null_mr(&o->pd));
	assert_no_object(ibv_alloc_dm(o->context, &dm_attr));
	assert_no_object(ibv_reg_dm_mr(&o->pd, &o->dm, 0, 8, IBV_ACCESS_ZERO_BASED));
	assert_no_object(ibv_alloc_mw(&o->pd, IBV_MW_TYPE_1));
	assert_no_object(ibv_create_cq_ex(o->context, &cq_attr));
	assert_no_object(ibv_create_srq_ex(o->context, &srq_attr));
	assert_no_object(ibv_create_wq(o->context, &wq_attr));
	assert_no_object(ibv_create_rwq_ind_table(o->context, &table_attr));
	assert_no_object(ibv_create_qp_ex(o->context, &qp_attr));
	assert_no_object(ibv_open_qp(o->context, &open_attr));
	assert_no_object(ibv_create_flow(&o->qp, &flow_attr));
	assert_no_object(ibv_create_flow_action_esp(o->context, &esp_attr));
	assert_no_object(ibv_create_counters(o->context, &counters_attr));
}

static void check_others(struct objects *o)
{
	struct ibv_values_ex values = {.comp_mask = IBV_VALUES_MASK_RAW_CLOCK};
	struct ibv_counter_attach_attr attach_attr = {0};
	struct ibv_flow_action_esp_attr esp_attr = {0};
	struct ibv_qp_rate_limit_attr rate_attr = {0};
	struct ibv_modify_cq_attr cq_attr = {0};
	struct ibv_ops_wr op = {0}, *bad_op = NULL;
	struct ibv_wq_attr wq_attr = {0};
	struct ibv_sge sge = {0};
	uint32_t number;
	uint64_t value;

	assert_int_equal(ibv_query_rt_values_ex(o->context, &values), EOPNOTSUPP);
	assert_int_equal(ibv_dealloc_td(&o->td), EOPNOTSUPP);
	assert_int_equal(ibv_close_xrcd(&o->xrcd), EOPNOTSUPP);
	assert_int_equal(ibv_advise_mr(&o->pd, IBV_ADVISE_MR_ADVICE_PREFETCH, 0, &sge, 1),
			 EOPNOTSUPP);
	assert_int_equal(ibv_free_dm(&o->dm), EOPNOTSUPP);
	assert_int_equal(ibv_modify_cq(&o->cq, &cq_attr), EOPNOTSUPP);
	assert_int_equal(ibv_get_srq_num(&o->srq, &number), EOPNOTSUPP);
	assert_int_equal(ibv_post_srq_ops(&o->srq, &op, &bad_op), EOPNOTSUPP);
	assert_ptr_equal(bad_op, &op);
	assert_int_equal(ibv_modify_wq(&o->wq, &wq_attr), EOPNOTSUPP);
	assert_int_equal(ibv_destroy_wq(&o->wq), EOPNOTSUPP);
	assert_int_equal(ibv_destroy_rwq_ind_table(&o->table), EOPNOTSUPP);
	assert_int_equal(ibv_modify_qp_rate_limit(&o->qp, &rate_attr), EOPNOTSUPP);
	assert_int_equal(ibv_destroy_flow(&o->flow), EOPNOTSUPP);
	assert_int_equal(ibv_modify_flow_action_esp(&o->action, &esp_attr), EOPNOTSUPP);
	assert_int_equal(ibv_destroy_flow_action(&o->action), EOPNOTSUPP);
	assert_int_equal(ibv_destroy_counters(&o->counters), EOPNOTSUPP);
	assert_int_equal(ibv_attach_counters_point_flow(&o->counters, &attach_attr, NULL),
			 EOPNOTSUPP);
	assert_int_equal(ibv_read_counters(&o->counters, &value, 1, 0), EOPNOTSUPP);
}

static void calls_a_provider_left_empty_are_refused(void **state)
{
	struct verbs_context vctx;
	struct objects objects = objects_of(fake_context_reset(&vctx));

	(void)state;
	check_makers(&objects);
	check_others(&objects);
}

static void calls_on_a_context_of_the_first_abi_are_refused(void **state)
{
	struct verbs_context vctx;
	struct objects objects = objects_of(fake_plain_context_reset(&vctx));

	(void)state;
	check_makers(&objects);
	check_others(&objects);
}

/* The library's part; creating through it would hide that the extended call is absent. */
struct ibv_qp *ibv_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	(void)pd;
	(void)attr;
	fail_msg("an extended QP was created as a plain one");
	return NULL;
}

struct ibv_srq *ibv_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	(void)pd;
	(void)attr;
	fail_msg("an extended SRQ was created as a plain one");
	return NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_a_provider_left_empty_are_refused),
		cmocka_unit_test(calls_on_a_context_of_the_first_abi_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
