/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the public verbs refuse before the provider sees it, and that a verb the provider lacks says
 * EOPNOTSUPP.
 */
#include "open_fake.h"

static struct ibv_context *context, elsewhere;
static struct ibv_pd pd, foreign_pd;
static struct ibv_cq cq;
static struct ibv_wq wq, foreign_wq;
static struct ibv_qp qp;
static struct verbs_counters counters;
static unsigned int calls;

/* A provider with everything, which only counts. */
#define MAKES(type, name, ...)                                                                     \
	static type *name(__VA_ARGS__)                                                             \
	{                                                                                          \
		static type object;                                                                \
                                                                                                   \
		calls++;                                                                           \
		return &object;                                                                    \
	}
#define DOES(name, ...)                                                                            \
	static int name(__VA_ARGS__)                                                               \
	{                                                                                          \
		calls++;                                                                           \
		return 0;                                                                          \
	}

#pragma GCC diagnostic ignored "-Wunused-parameter"
MAKES(struct ibv_wq, create_wq, struct ibv_context *c, struct ibv_wq_init_attr *attr)
DOES(modify_wq, struct ibv_wq *w, struct ibv_wq_attr *attr)
MAKES(struct ibv_rwq_ind_table, create_rwq_ind_table, struct ibv_context *c,
      struct ibv_rwq_ind_table_init_attr *attr)
MAKES(struct ibv_flow, create_flow, struct ibv_qp *q, struct ibv_flow_attr *attr)
MAKES(struct ibv_flow_action, create_flow_action_esp, struct ibv_context *c,
      struct ibv_flow_action_esp_attr *attr)
MAKES(struct ibv_counters, create_counters, struct ibv_context *c,
      struct ibv_counters_init_attr *attr)
DOES(attach_counters_point_flow, struct ibv_counters *c, struct ibv_counter_attach_attr *attr,
     struct ibv_flow *flow)
DOES(read_counters, struct ibv_counters *c, uint64_t *values, uint32_t count, uint32_t flags)
MAKES(struct ibv_dm, alloc_dm, struct ibv_context *c, struct ibv_alloc_dm_attr *attr)
MAKES(struct ibv_mr, reg_dm_mr, struct ibv_pd *p, struct ibv_dm *dm, uint64_t offset, size_t length,
      unsigned int access)
DOES(advise_mr, struct ibv_pd *p, enum ib_uverbs_advise_mr_advice advice, uint32_t flags,
     struct ibv_sge *list, uint32_t count)
MAKES(struct ibv_dmah, alloc_dmah, struct ibv_context *c, struct ibv_dmah_init_attr *attr)
MAKES(struct ibv_td, alloc_td, struct ibv_context *c, struct ibv_td_init_attr *attr)
MAKES(struct ibv_pd, alloc_parent_domain, struct ibv_context *c,
      struct ibv_parent_domain_init_attr *attr)
MAKES(struct ibv_mr, reg_mr_ex, struct ibv_pd *p, struct ibv_mr_init_attr *attr)
MAKES(struct ibv_qp, create_qp_ex, struct ibv_context *c, struct ibv_qp_init_attr_ex *attr)
MAKES(struct ibv_srq, create_srq_ex, struct ibv_context *c, struct ibv_srq_init_attr_ex *attr)
DOES(modify_cq, struct ibv_cq *c, struct ibv_modify_cq_attr *attr)
DOES(modify_qp_rate_limit, struct ibv_qp *q, struct ibv_qp_rate_limit_attr *attr)
MAKES(struct ibv_comp_cntr, create_comp_cntr, struct ibv_context *c,
      struct ibv_comp_cntr_init_attr *attr)
DOES(qp_attach_comp_cntr, struct ibv_qp *q, struct ibv_comp_cntr *counter,
     struct ibv_qp_attach_comp_cntr_attr *attr)

static const struct verbs_context_ops everything = {
	.create_wq = create_wq,
	.modify_wq = modify_wq,
	.create_rwq_ind_table = create_rwq_ind_table,
	.create_flow = create_flow,
	.create_flow_action_esp = create_flow_action_esp,
	.create_counters = create_counters,
	.attach_counters_point_flow = attach_counters_point_flow,
	.read_counters = read_counters,
	.alloc_dm = alloc_dm,
	.reg_dm_mr = reg_dm_mr,
	.advise_mr = advise_mr,
	.alloc_dmah = alloc_dmah,
	.alloc_td = alloc_td,
	.alloc_parent_domain = alloc_parent_domain,
	.reg_mr_ex = reg_mr_ex,
	.create_qp_ex = create_qp_ex,
	.create_srq_ex = create_srq_ex,
	.modify_cq = modify_cq,
	.modify_qp_rate_limit = modify_qp_rate_limit,
	.create_comp_cntr = create_comp_cntr,
	.qp_attach_comp_cntr = qp_attach_comp_cntr,
};

static int setup_bare(void **state)
{
	setup(state);
	context = open_fake();
	pd = (struct ibv_pd){.context = context};
	foreign_pd = (struct ibv_pd){.context = &elsewhere};
	cq = (struct ibv_cq){.context = context};
	wq = (struct ibv_wq){.context = context};
	foreign_wq = (struct ibv_wq){.context = &elsewhere};
	qp = (struct ibv_qp){.context = context, .qp_type = IBV_QPT_RAW_PACKET};
	counters = (struct verbs_counters){.counters.context = context};
	calls = 0;
	return !context;
}

static int setup_everything(void **state)
{
	int err = setup_bare(state);

	if (!err)
		verbs_set_ops(verbs_get_ctx(context), &everything);
	return err;
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_close_device(context);
}

#define assert_refused(call, err)                                                                  \
	do {                                                                                       \
		unsigned int before = calls;                                                       \
                                                                                                   \
		errno = 0;                                                                         \
		assert_null(call);                                                                 \
		assert_int_equal(errno, err);                                                      \
		assert_int_equal(calls, before);                                                   \
	} while (0)
#define assert_error(call, err)                                                                    \
	do {                                                                                       \
		unsigned int before = calls;                                                       \
                                                                                                   \
		assert_int_equal(call, err);                                                       \
		assert_int_equal(calls, before);                                                   \
	} while (0)

static void work_queues(void **state)
{
	struct ibv_wq_init_attr attr = {.pd = &pd, .cq = &cq};
	struct ibv_wq_attr change = {.attr_mask = IBV_WQ_ATTR_STATE, .wq_state = IBV_WQS_RDY};

	UNUSED;
	assert_non_null(ibv_create_wq(context, &attr));
	attr.pd = &foreign_pd;
	assert_refused(ibv_create_wq(context, &attr), EINVAL);
	attr = (struct ibv_wq_init_attr){.pd = &pd};
	assert_refused(ibv_create_wq(context, &attr), EINVAL);
	attr = (struct ibv_wq_init_attr){.pd = &pd, .cq = &cq, .comp_mask = 1, .create_flags = 16};
	assert_refused(ibv_create_wq(context, &attr), EOPNOTSUPP);
	attr.comp_mask = IBV_WQ_INIT_ATTR_RESERVED;
	assert_refused(ibv_create_wq(context, &attr), EOPNOTSUPP);

	assert_int_equal(ibv_modify_wq(&wq, &change), 0);
	wq.state = IBV_WQS_ERR;
	assert_error(ibv_modify_wq(&wq, &change), EINVAL);
	change.attr_mask |= IBV_WQ_ATTR_CURR_STATE;
	change.curr_wq_state = IBV_WQS_UNKNOWN;
	assert_error(ibv_modify_wq(&wq, &change), EINVAL);
	change = (struct ibv_wq_attr){.attr_mask = IBV_WQ_ATTR_FLAGS, .flags_mask = 16};
	assert_error(ibv_modify_wq(&wq, &change), EOPNOTSUPP);
	change.attr_mask = 0;
	assert_error(ibv_modify_wq(&wq, &change), EINVAL);
}

static void indirection_tables(void **state)
{
	struct ibv_wq *queues[] = {&wq, &foreign_wq};
	struct ibv_rwq_ind_table_init_attr attr = {.ind_tbl = queues};

	UNUSED;
	assert_non_null(ibv_create_rwq_ind_table(context, &attr));
	attr.log_ind_tbl_size = 1;
	assert_refused(ibv_create_rwq_ind_table(context, &attr), EINVAL);
	queues[1] = NULL;
	assert_refused(ibv_create_rwq_ind_table(context, &attr), EINVAL);
	attr.log_ind_tbl_size = 14;
	assert_refused(ibv_create_rwq_ind_table(context, &attr), EINVAL);
	attr = (struct ibv_rwq_ind_table_init_attr){.ind_tbl = queues, .comp_mask = 1};
	assert_refused(ibv_create_rwq_ind_table(context, &attr), EOPNOTSUPP);
}

static void flows_and_their_counters(void **state)
{
	struct ibv_flow_action_esp_attr esp_attr = {};
	struct ibv_counter_attach_attr attach = {};
	struct ibv_counters_init_attr init = {};
	struct ibv_flow foreign = {.context = &elsewhere};
	struct ibv_flow_attr attr = {};
	uint64_t value;

	UNUSED;
	assert_non_null(ibv_create_flow(&qp, &attr));
	qp.qp_type = IBV_QPT_RC;
	assert_refused(ibv_create_flow(&qp, &attr), EINVAL);
	attr.flags = 1 << 9;
	assert_refused(ibv_create_flow(&qp, &attr), EOPNOTSUPP);
	assert_refused(ibv_create_flow_action_esp(context, &esp_attr), EINVAL);
	esp_attr.comp_mask = 2;
	assert_refused(ibv_create_flow_action_esp(context, &esp_attr), EOPNOTSUPP);

	assert_non_null(ibv_create_counters(context, &init));
	init.comp_mask = 1;
	assert_refused(ibv_create_counters(context, &init), EOPNOTSUPP);
	assert_int_equal(ibv_attach_counters_point_flow(&counters.counters, &attach, NULL), 0);
	assert_error(ibv_attach_counters_point_flow(&counters.counters, &attach, &foreign), EINVAL);
	attach.counter_desc = (enum ibv_counter_description)2;
	assert_error(ibv_attach_counters_point_flow(&counters.counters, &attach, NULL), EINVAL);
	assert_int_equal(ibv_read_counters(&counters.counters, &value, 1, 1), 0);
	assert_error(ibv_read_counters(&counters.counters, &value, 0, 0), EINVAL);
	assert_error(ibv_read_counters(&counters.counters, &value, 1, 2), EOPNOTSUPP);
}

static void memory(void **state)
{
	struct ibv_alloc_dm_attr attr = {.length = 64};
	struct ibv_dm dm = {.context = context}, foreign = {.context = &elsewhere};
	struct ibv_dmah_init_attr dmah_attr = {.comp_mask = IBV_DMAH_INIT_ATTR_MASK_PH, .ph = 3};
	struct ibv_sge sge = {};

	UNUSED;
	assert_non_null(ibv_alloc_dm(context, &attr));
	attr.log_align_req = 64;
	assert_refused(ibv_alloc_dm(context, &attr), EINVAL);
	attr = (struct ibv_alloc_dm_attr){};
	assert_refused(ibv_alloc_dm(context, &attr), EINVAL);
	attr.comp_mask = 1;
	assert_refused(ibv_alloc_dm(context, &attr), EOPNOTSUPP);
	assert_non_null(ibv_reg_dm_mr(&pd, &dm, 0, 64, IBV_ACCESS_ZERO_BASED));
	assert_refused(ibv_reg_dm_mr(&pd, &dm, 0, 64, 0), EINVAL);
	assert_refused(ibv_reg_dm_mr(&pd, &foreign, 0, 64, IBV_ACCESS_ZERO_BASED), EINVAL);
	assert_refused(ibv_reg_dm_mr(&pd, &dm, UINT64_MAX, 64, IBV_ACCESS_ZERO_BASED), EINVAL);
	assert_int_equal(ibv_advise_mr(&pd, 0, 1, &sge, 1), 0);
	assert_error(ibv_advise_mr(&pd, 0, 2, &sge, 1), EOPNOTSUPP);
	assert_error(ibv_advise_mr(&pd, 3, 0, &sge, 1), EOPNOTSUPP);
	assert_error(ibv_advise_mr(&pd, 0, 0, &sge, 0), EINVAL);
	assert_non_null(ibv_alloc_dmah(context, &dmah_attr));
	dmah_attr.ph = 4;
	assert_refused(ibv_alloc_dmah(context, &dmah_attr), EINVAL);
	dmah_attr.comp_mask = 8;
	assert_refused(ibv_alloc_dmah(context, &dmah_attr), EOPNOTSUPP);
}

static void domains(void **state)
{
	struct ibv_parent_domain_init_attr attr = {.pd = &pd};
	struct ibv_td_init_attr td_attr = {.comp_mask = 1};
	struct ibv_td foreign = {.context = &elsewhere};

	UNUSED;
	assert_refused(ibv_alloc_td(context, &td_attr), EINVAL);
	assert_non_null(ibv_alloc_parent_domain(context, &attr));
	attr.td = &foreign;
	assert_refused(ibv_alloc_parent_domain(context, &attr), EINVAL);
	attr = (struct ibv_parent_domain_init_attr){.pd = &foreign_pd};
	assert_refused(ibv_alloc_parent_domain(context, &attr), EINVAL);
	attr = (struct ibv_parent_domain_init_attr){.pd = &pd, .comp_mask = 1};
	assert_refused(ibv_alloc_parent_domain(context, &attr), EINVAL);
	attr.comp_mask = 1 << 7;
	assert_refused(ibv_alloc_parent_domain(context, &attr), EOPNOTSUPP);
}

static void queues(void **state)
{
	struct ibv_modify_cq_attr cq_attr = {.attr_mask = IBV_CQ_ATTR_MODERATE};
	struct ibv_qp_rate_limit_attr rate = {.rate_limit = 1};
	struct ibv_comp_cntr_init_attr cc_attr = {};
	struct ibv_qp_attach_comp_cntr_attr attach = {.op_mask = 1};
	struct ibv_comp_cntr counter = {.context = context};

	UNUSED;
	assert_int_equal(ibv_modify_cq(&cq, &cq_attr), 0);
	cq_attr.attr_mask = 0;
	assert_error(ibv_modify_cq(&cq, &cq_attr), EINVAL);
	cq_attr.attr_mask = IBV_CQ_ATTR_RESERVED;
	assert_error(ibv_modify_cq(&cq, &cq_attr), EOPNOTSUPP);
	assert_int_equal(ibv_modify_qp_rate_limit(&qp, &rate), 0);
	rate.comp_mask = 1;
	assert_error(ibv_modify_qp_rate_limit(&qp, &rate), EINVAL);
	assert_non_null(ibv_create_comp_cntr(context, &cc_attr));
	cc_attr.flags = 1;
	assert_refused(ibv_create_comp_cntr(context, &cc_attr), EOPNOTSUPP);
	cc_attr = (struct ibv_comp_cntr_init_attr){.type = (enum ibv_comp_cntr_type)2};
	assert_refused(ibv_create_comp_cntr(context, &cc_attr), EINVAL);
	assert_int_equal(ibv_qp_attach_comp_cntr(&qp, &counter, &attach), 0);
	attach.op_mask = 0;
	assert_error(ibv_qp_attach_comp_cntr(&qp, &counter, &attach), EINVAL);
}

static void regions_by_attributes(void **state)
{
	struct ibv_dmah dmah = {.context = context}, foreign = {.context = &elsewhere};
	struct ibv_buf buf = {.context = context}, foreign_buf = {.context = &elsewhere};
	struct ibv_mr_init_attr attr = {
		.length = 64,
		.comp_mask = IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_DMAH,
		.addr = &buf,
		.dmah = &dmah,
		.buf = &buf,
	};

	UNUSED;
	assert_non_null(ibv_reg_mr_ex(&pd, &attr));
	attr.dmah = &foreign;
	assert_refused(ibv_reg_mr_ex(&pd, &attr), EINVAL);
	attr.comp_mask = IBV_REG_MR_MASK_FD | IBV_REG_MR_MASK_FD_OFFSET;
	assert_non_null(ibv_reg_mr_ex(&pd, &attr));
	attr.access = IBV_ACCESS_REMOTE_WRITE; /* without the local one */
	assert_refused(ibv_reg_mr_ex(&pd, &attr), EINVAL);
	attr.access = 0;
	attr.comp_mask |= IBV_REG_MR_MASK_ADDR;
	assert_refused(ibv_reg_mr_ex(&pd, &attr), EINVAL);
	assert_non_null(ibv_reg_buf_mr(&pd, &buf, &buf, 8, 0));
	assert_refused(ibv_reg_buf_mr(&pd, &foreign_buf, &buf, 8, 0), EINVAL);
}

static void parts_of_queue_pairs_and_shared_queues(void **state)
{
	struct ibv_rwq_ind_table table = {.context = context};
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.pd = &pd,
		.comp_mask =
			IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_IND_TABLE | IBV_QP_INIT_ATTR_RX_HASH,
		.rwq_ind_tbl = &table,
	};
	struct ibv_srq_init_attr_ex srq_attr = {
		.srq_type = IBV_SRQT_TM,
		.pd = &pd,
		.cq = &cq,
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_TM,
	};

	UNUSED;
	assert_non_null(ibv_create_qp_ex(context, &attr));
	attr.rx_hash_conf.rx_hash_key_len = 40;
	assert_refused(ibv_create_qp_ex(context, &attr), EINVAL);
	attr.rx_hash_conf.rx_hash_key_len = 0;
	table.context = &elsewhere;
	assert_refused(ibv_create_qp_ex(context, &attr), EINVAL);
	assert_non_null(ibv_create_srq_ex(context, &srq_attr));
	srq_attr.comp_mask &= ~(uint32_t)IBV_SRQ_INIT_ATTR_TM;
	assert_refused(ibv_create_srq_ex(context, &srq_attr), EINVAL);
}

static void a_verb_the_provider_lacks_is_not_supported(void **state)
{
	struct ibv_wq_init_attr wq_attr = {};
	struct ibv_alloc_dm_attr dm_attr = {};
	struct ibv_flow_attr flow_attr = {};
	struct ibv_modify_cq_attr cq_attr = {};
	struct ibv_dmah_init_attr dmah_attr = {.comp_mask = 8};
	uint64_t value;

	UNUSED;
	assert_refused(ibv_create_wq(context, &wq_attr), EOPNOTSUPP);
	assert_refused(ibv_alloc_dm(context, &dm_attr), EOPNOTSUPP);
	assert_refused(ibv_create_flow(&qp, &flow_attr), EOPNOTSUPP);
	assert_refused(ibv_alloc_dmah(context, &dmah_attr), EOPNOTSUPP);
	assert_refused(ibv_alloc_null_mr(&pd), EOPNOTSUPP);
	assert_error(ibv_modify_cq(&cq, &cq_attr), EOPNOTSUPP);
	assert_error(ibv_read_counters(&counters.counters, &value, 1, 0), EOPNOTSUPP);
	assert_error(ibv_advise_mr(&pd, 0, 0, NULL, 0), EOPNOTSUPP);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, setup_everything, teardown_close)
	const struct CMUnitTest tests[] = {
		HERE(work_queues),
		HERE(indirection_tables),
		HERE(flows_and_their_counters),
		HERE(memory),
		HERE(domains),
		HERE(queues),
		HERE(regions_by_attributes),
		HERE(parts_of_queue_pairs_and_shared_queues),
		cmocka_unit_test_setup_teardown(a_verb_the_provider_lacks_is_not_supported,
						setup_bare, teardown_close),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
