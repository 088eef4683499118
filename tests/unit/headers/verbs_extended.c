/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every extended call reaches the member of struct verbs_context that is its own, with its
 * arguments in their places, and returns what that gives.
 */
#include "fake_context.h"

#define RESULT ((uintptr_t)0x1230)

static const char *called;
static uintptr_t args[5];

static uintptr_t note(const char *name, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d,
		      uintptr_t e)
{
	called = name;
	args[0] = a;
	args[1] = b;
	args[2] = c;
	args[3] = d;
	args[4] = e;
	return RESULT;
}

/* A provider's function that notes its name and its arguments. */
#define FAKE1(ret, name, t1)                                                                       \
	static ret name(t1 a)                                                                      \
	{                                                                                          \
		return (ret)note(#name, (uintptr_t)a, 0, 0, 0, 0);                                 \
	}
#define FAKE2(ret, name, t1, t2)                                                                   \
	static ret name(t1 a, t2 b)                                                                \
	{                                                                                          \
		return (ret)note(#name, (uintptr_t)a, (uintptr_t)b, 0, 0, 0);                      \
	}
#define FAKE3(ret, name, t1, t2, t3)                                                               \
	static ret name(t1 a, t2 b, t3 c)                                                          \
	{                                                                                          \
		return (ret)note(#name, (uintptr_t)a, (uintptr_t)b, (uintptr_t)c, 0, 0);           \
	}
#define FAKE4(ret, name, t1, t2, t3, t4)                                                           \
	static ret name(t1 a, t2 b, t3 c, t4 d)                                                    \
	{                                                                                          \
		return (ret)note(#name, (uintptr_t)a, (uintptr_t)b, (uintptr_t)c, (uintptr_t)d,    \
				 0);                                                               \
	}
#define FAKE5(ret, name, t1, t2, t3, t4, t5)                                                       \
	static ret name(t1 a, t2 b, t3 c, t4 d, t5 e)                                              \
	{                                                                                          \
		return (ret)note(#name, (uintptr_t)a, (uintptr_t)b, (uintptr_t)c, (uintptr_t)d,    \
				 (uintptr_t)e);                                                    \
	}

FAKE2(struct ibv_td *, alloc_td, struct ibv_context *, struct ibv_td_init_attr *)
FAKE1(int, dealloc_td, struct ibv_td *)
FAKE2(struct ibv_pd *, alloc_parent_domain, struct ibv_context *,
      struct ibv_parent_domain_init_attr *)
FAKE2(struct ibv_xrcd *, open_xrcd, struct ibv_context *, struct ibv_xrcd_init_attr *)
FAKE1(int, close_xrcd, struct ibv_xrcd *)
FAKE1(struct ibv_mr *, alloc_null_mr, struct ibv_pd *)
FAKE5(int, advise_mr, struct ibv_pd *, enum ib_uverbs_advise_mr_advice, uint32_t, struct ibv_sge *,
      uint32_t)
FAKE2(struct ibv_dm *, alloc_dm, struct ibv_context *, struct ibv_alloc_dm_attr *)
FAKE1(int, free_dm, struct ibv_dm *)
FAKE5(struct ibv_mr *, reg_dm_mr, struct ibv_pd *, struct ibv_dm *, uint64_t, size_t, unsigned int)
FAKE4(int, memcpy_to_dm, struct ibv_dm *, uint64_t, const void *, size_t)
FAKE4(int, memcpy_from_dm, void *, struct ibv_dm *, uint64_t, size_t)
FAKE2(struct ibv_mw *, alloc_mw, struct ibv_pd *, enum ibv_mw_type)
FAKE1(int, dealloc_mw, struct ibv_mw *)
FAKE2(int, modify_cq, struct ibv_cq *, struct ibv_modify_cq_attr *)
FAKE2(int, get_srq_num, struct ibv_srq *, uint32_t *)
FAKE3(int, post_srq_ops, struct ibv_srq *, struct ibv_ops_wr *, struct ibv_ops_wr **)
FAKE2(int, modify_wq, struct ibv_wq *, struct ibv_wq_attr *)
FAKE1(int, destroy_wq, struct ibv_wq *)
FAKE2(struct ibv_rwq_ind_table *, create_rwq_ind_table, struct ibv_context *,
      struct ibv_rwq_ind_table_init_attr *)
FAKE1(int, destroy_rwq_ind_table, struct ibv_rwq_ind_table *)
FAKE2(struct ibv_qp *, open_qp, struct ibv_context *, struct ibv_qp_open_attr *)
FAKE2(struct ibv_flow *, create_flow, struct ibv_qp *, struct ibv_flow_attr *)
FAKE1(int, destroy_flow, struct ibv_flow *)
FAKE2(struct ibv_flow_action *, create_flow_action_esp, struct ibv_context *,
      struct ibv_flow_action_esp_attr *)
FAKE2(int, modify_flow_action_esp, struct ibv_flow_action *, struct ibv_flow_action_esp_attr *)
FAKE1(int, destroy_flow_action, struct ibv_flow_action *)
FAKE2(struct ibv_counters *, create_counters, struct ibv_context *, struct ibv_counters_init_attr *)
FAKE1(int, destroy_counters, struct ibv_counters *)
FAKE3(int, attach_counters_point_flow, struct ibv_counters *, struct ibv_counter_attach_attr *,
      struct ibv_flow *)
FAKE4(int, read_counters, struct ibv_counters *, uint64_t *, uint32_t, uint32_t)

/* A context with all of them. */
static struct verbs_context vctx;
static struct ibv_context *context;

static int set_all(void **state)
{
	(void)state;
	context = fake_context_reset(&vctx);
	vctx.alloc_td = alloc_td;
	vctx.dealloc_td = dealloc_td;
	vctx.alloc_parent_domain = alloc_parent_domain;
	vctx.open_xrcd = open_xrcd;
	vctx.close_xrcd = close_xrcd;
	vctx.alloc_null_mr = alloc_null_mr;
	vctx.advise_mr = advise_mr;
	vctx.alloc_dm = alloc_dm;
	vctx.free_dm = free_dm;
	vctx.reg_dm_mr = reg_dm_mr;
	vctx.modify_cq = modify_cq;
	vctx.get_srq_num = get_srq_num;
	vctx.post_srq_ops = post_srq_ops;
	vctx.modify_wq = modify_wq;
	vctx.destroy_wq = destroy_wq;
	vctx.create_rwq_ind_table = create_rwq_ind_table;
	vctx.destroy_rwq_ind_table = destroy_rwq_ind_table;
	vctx.open_qp = open_qp;
	vctx.ibv_create_flow = create_flow;
	vctx.ibv_destroy_flow = destroy_flow;
	vctx.create_flow_action_esp = create_flow_action_esp;
	vctx.modify_flow_action_esp = modify_flow_action_esp;
	vctx.destroy_flow_action = destroy_flow_action;
	vctx.create_counters = create_counters;
	vctx.destroy_counters = destroy_counters;
	vctx.attach_counters_point_flow = attach_counters_point_flow;
	vctx.read_counters = read_counters;
	context->ops.alloc_mw = alloc_mw;
	context->ops.dealloc_mw = dealloc_mw;
	return 0;
}

/* The call must reach the function of that name with these arguments. */
#define assert_reaches(call, name, ...)                                                            \
	do {                                                                                       \
		const uintptr_t want[5] = {__VA_ARGS__};                                           \
		called = "nothing";                                                                \
		assert_true((uintptr_t)(call) == RESULT);                                          \
		assert_string_equal(called, name);                                                 \
		assert_memory_equal(args, want, sizeof(want));                                     \
	} while (0)

#define P(pointer) ((uintptr_t)(pointer))

static void domain_calls_reach_their_member(void **state)
{
	struct ibv_parent_domain_init_attr domain_attr = {0};
	struct ibv_xrcd_init_attr xrcd_attr = {0};
	struct ibv_td_init_attr td_attr = {0};
	struct ibv_xrcd xrcd = {context};
	struct ibv_td td = {context};

	(void)state;
	assert_reaches(ibv_alloc_td(context, &td_attr), "alloc_td", P(context), P(&td_attr));
	assert_reaches(ibv_dealloc_td(&td), "dealloc_td", P(&td));
	assert_reaches(ibv_alloc_parent_domain(context, &domain_attr), "alloc_parent_domain",
		       P(context), P(&domain_attr));
	assert_reaches(ibv_open_xrcd(context, &xrcd_attr), "open_xrcd", P(context), P(&xrcd_attr));
	assert_reaches(ibv_close_xrcd(&xrcd), "close_xrcd", P(&xrcd));
}

static void memory_calls_reach_their_member(void **state)
{
	struct ibv_dm dm = {
		.context = context, .memcpy_to_dm = memcpy_to_dm, .memcpy_from_dm = memcpy_from_dm};
	struct ibv_pd pd = {.context = context};
	struct ibv_mw mw = {.context = context};
	struct ibv_alloc_dm_attr attr = {0};
	struct ibv_sge sge = {0};
	char data[8] = {0};

	(void)state;
	assert_reaches(ibv_alloc_null_mr(&pd), "alloc_null_mr", P(&pd));
	assert_reaches(ibv_advise_mr(&pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, 2, &sge, 3),
		       "advise_mr", P(&pd), 1, 2, P(&sge), 3);
	assert_reaches(ibv_alloc_dm(context, &attr), "alloc_dm", P(context), P(&attr));
	assert_reaches(ibv_free_dm(&dm), "free_dm", P(&dm));
	assert_reaches(ibv_reg_dm_mr(&pd, &dm, 1, 2, 3), "reg_dm_mr", P(&pd), P(&dm), 1, 2, 3);
	assert_reaches(ibv_memcpy_to_dm(&dm, 1, data, 8), "memcpy_to_dm", P(&dm), 1, P(data), 8);
	assert_reaches(ibv_memcpy_from_dm(data, &dm, 1, 8), "memcpy_from_dm", P(data), P(&dm), 1,
		       8);
	assert_reaches(ibv_alloc_mw(&pd, IBV_MW_TYPE_2), "alloc_mw", P(&pd), IBV_MW_TYPE_2);
	assert_reaches(ibv_dealloc_mw(&mw), "dealloc_mw", P(&mw));
}

static void queue_calls_reach_their_member(void **state)
{
	struct ibv_rwq_ind_table_init_attr table_attr = {0};
	struct ibv_rwq_ind_table table = {.context = context};
	struct ibv_qp_open_attr open_attr = {0};
	struct ibv_modify_cq_attr cq_attr = {0};
	struct ibv_srq srq = {.context = context};
	struct ibv_cq cq = {.context = context};
	struct ibv_wq wq = {.context = context};
	struct ibv_ops_wr op = {0}, *bad_op;
	struct ibv_wq_attr wq_attr = {0};
	uint32_t number = 0;

	(void)state;
	assert_reaches(ibv_modify_cq(&cq, &cq_attr), "modify_cq", P(&cq), P(&cq_attr));
	assert_reaches(ibv_get_srq_num(&srq, &number), "get_srq_num", P(&srq), P(&number));
	assert_reaches(ibv_post_srq_ops(&srq, &op, &bad_op), "post_srq_ops", P(&srq), P(&op),
		       P(&bad_op));
	assert_reaches(ibv_modify_wq(&wq, &wq_attr), "modify_wq", P(&wq), P(&wq_attr));
	assert_reaches(ibv_destroy_wq(&wq), "destroy_wq", P(&wq));
	assert_reaches(ibv_create_rwq_ind_table(context, &table_attr), "create_rwq_ind_table",
		       P(context), P(&table_attr));
	assert_reaches(ibv_destroy_rwq_ind_table(&table), "destroy_rwq_ind_table", P(&table));
	assert_reaches(ibv_open_qp(context, &open_attr), "open_qp", P(context), P(&open_attr));
}

static void flow_calls_reach_their_member(void **state)
{
	struct ibv_counter_attach_attr attach_attr = {0};
	struct ibv_counters counters = {.context = context};
	struct ibv_counters_init_attr counters_attr = {0};
	struct ibv_flow_action action = {.context = context};
	struct ibv_flow_action_esp_attr esp_attr = {0};
	struct ibv_flow flow = {.context = context};
	struct ibv_qp qp = {.context = context};
	struct ibv_flow_attr flow_attr = {0};
	uint64_t values[3] = {0};

	(void)state;
	assert_reaches(ibv_create_flow(&qp, &flow_attr), "create_flow", P(&qp), P(&flow_attr));
	assert_reaches(ibv_destroy_flow(&flow), "destroy_flow", P(&flow));
	assert_reaches(ibv_create_flow_action_esp(context, &esp_attr), "create_flow_action_esp",
		       P(context), P(&esp_attr));
	assert_reaches(ibv_modify_flow_action_esp(&action, &esp_attr), "modify_flow_action_esp",
		       P(&action), P(&esp_attr));
	assert_reaches(ibv_destroy_flow_action(&action), "destroy_flow_action", P(&action));
	assert_reaches(ibv_create_counters(context, &counters_attr), "create_counters", P(context),
		       P(&counters_attr));
	assert_reaches(ibv_destroy_counters(&counters), "destroy_counters", P(&counters));
	assert_reaches(ibv_attach_counters_point_flow(&counters, &attach_attr, &flow),
		       "attach_counters_point_flow", P(&counters), P(&attach_attr), P(&flow));
	assert_reaches(ibv_read_counters(&counters, values, 3, 1), "read_counters", P(&counters),
		       P(values), 3, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(domain_calls_reach_their_member, set_all),
		cmocka_unit_test_setup(memory_calls_reach_their_member, set_all),
		cmocka_unit_test_setup(queue_calls_reach_their_member, set_all),
		cmocka_unit_test_setup(flow_calls_reach_their_member, set_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
