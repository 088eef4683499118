/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reasons of failures: that each names the verb, the attribute and the limit, that errno stays what
 * it was, that success leaves the last reason alone, and that threads have one each.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <infiniband/verbs_explain.h>

#include "open_fake.h"

static struct ibv_context *context;
static struct ibv_pd pd;
static int provider_error;
static const char *provider_says;
static uint32_t tags_of_the_device;

static int query_device(struct ibv_context *c, const struct ibv_query_device_ex_input *input,
			struct ibv_device_attr_ex *attr)
{
	(void)c, (void)input;
	attr->orig_attr.max_qp = 7;
	attr->orig_attr.max_qp_wr = 1000;
	attr->orig_attr.max_sge = 4;
	attr->orig_attr.max_cq = 8;
	attr->orig_attr.max_cqe = 2000;
	attr->orig_attr.max_srq = 9;
	attr->orig_attr.max_srq_wr = 3000;
	attr->orig_attr.max_srq_sge = 5;
	attr->tm_caps.max_num_tags = tags_of_the_device;
	attr->tm_caps.max_ops = 64;
	attr->orig_attr.max_mr_size = 1 << 20;
	attr->orig_attr.max_qp_rd_atom = 16;
	attr->orig_attr.max_qp_init_rd_atom = 8;
	attr->orig_attr.max_pkeys = 1;
	attr->orig_attr.phys_port_cnt = 1;
	return 0;
}

static int query_port(struct ibv_context *c, uint8_t port, struct ibv_port_attr *attr)
{
	(void)c;
	if (port != 1)
		return EINVAL;
	attr->gid_tbl_len = 2;
	attr->link_layer = IBV_LINK_LAYER_ETHERNET;
	return 0;
}

static void *refuse(void)
{
	if (provider_says)
		verbs_explain("%s", provider_says);
	errno = provider_error;
	return NULL;
}

static struct ibv_cq *create_cq(struct ibv_context *c, int cqe, void *cq_context,
				struct ibv_comp_channel *channel, int vector)
{
	static struct ibv_cq cq;

	(void)c, (void)cqe, (void)cq_context, (void)channel, (void)vector;
	return provider_error ? refuse() : &cq;
}

static struct ibv_qp *create_qp(struct ibv_pd *p, struct ibv_qp_init_attr *attr)
{
	(void)p, (void)attr;
	return refuse();
}

static struct ibv_srq *create_srq(struct ibv_pd *p, struct ibv_srq_init_attr *attr)
{
	(void)p, (void)attr;
	return refuse();
}

static struct ibv_srq *create_srq_ex(struct ibv_context *c, struct ibv_srq_init_attr_ex *attr)
{
	(void)c, (void)attr;
	return refuse();
}

static struct ibv_ah *create_ah(struct ibv_pd *p, struct ibv_ah_attr *attr)
{
	(void)p, (void)attr;
	return refuse();
}

static struct ibv_mr *reg_mr(struct ibv_pd *p, void *addr, size_t length, uint64_t iova,
			     unsigned int access)
{
	(void)p, (void)addr, (void)length, (void)iova, (void)access;
	return refuse();
}

static int modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask)
{
	(void)qp, (void)attr, (void)mask;
	return provider_error;
}

static int destroy_cq(struct ibv_cq *cq)
{
	(void)cq;
	return provider_error;
}

static const struct verbs_context_ops ops = {
	.query_device_ex = query_device,
	.query_port = query_port,
	.create_cq = create_cq,
	.create_qp = create_qp,
	.create_srq = create_srq,
	.create_srq_ex = create_srq_ex,
	.create_ah = create_ah,
	.reg_mr = reg_mr,
	.modify_qp = modify_qp,
	.destroy_cq = destroy_cq,
};

static int setup_refusing(void **state)
{
	setup(state);
	context = open_fake();
	if (!context)
		return 1;
	verbs_set_ops(verbs_get_ctx(context), &ops);
	pd = (struct ibv_pd){.context = context};
	provider_error = EINVAL;
	provider_says = NULL;
	return 0;
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_close_device(context);
}

#define assert_reason(text)                                                                        \
	do {                                                                                       \
		assert_non_null(strstr(ibv_explain_last_error(), text));                           \
	} while (0)

static void test_completion_queue_beyond_limit(void **state)
{
	UNUSED;
	assert_null(ibv_create_cq(context, 2001, NULL, NULL, 0));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ibv_explain_last_errno(), EINVAL);
	assert_string_equal(ibv_explain_last_error(),
			    "ibv_create_cq: cqe 2001 > device limit 2000");
}

static void test_no_room_within_limits_names_what_may_be_short(void **state)
{
	UNUSED;
	provider_error = ENOMEM;
	assert_null(ibv_create_cq(context, 20, NULL, NULL, 0));
	assert_int_equal(errno, ENOMEM);
	assert_reason("RLIMIT_MEMLOCK");
	assert_reason("8 completion queues");
}

static void test_success_leaves_the_last_reason_alone(void **state)
{
	UNUSED;
	assert_null(ibv_create_cq(context, 2001, NULL, NULL, 0));
	provider_error = 0;
	assert_non_null(ibv_create_cq(context, 10, NULL, NULL, 0));
	assert_reason("cqe 2001");
}

static void test_what_was_told_can_be_forgotten(void **state)
{
	UNUSED;
	assert_null(ibv_create_cq(context, 2001, NULL, NULL, 0));
	ibv_explain_forget();
	assert_string_equal(ibv_explain_last_error(), "");
	assert_int_equal(ibv_explain_last_errno(), 0);
}

static void test_queue_pair_beyond_limits(void **state)
{
	static const struct {
		struct ibv_qp_cap cap;
		const char *reason;
	} cases[] = {
		{{.max_send_wr = 1001}, "max_send_wr 1001 > device limit 1000"},
		{{.max_recv_wr = 1002}, "max_recv_wr 1002 > device limit 1000"},
		{{.max_send_sge = 5}, "max_send_sge 5 > device limit 4"},
		{{.max_recv_sge = 6}, "max_recv_sge 6 > device limit 4"},
		{{.max_inline_data = 999}, "max_inline_data 999"},
	};
	struct ibv_cq cq = {.context = context};

	UNUSED;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ibv_qp_init_attr attr = {
			.send_cq = &cq, .recv_cq = &cq, .cap = cases[i].cap, .qp_type = IBV_QPT_RC};

		assert_null(ibv_create_qp(&pd, &attr));
		assert_int_equal(errno, EINVAL);
		assert_reason("ibv_create_qp: ");
		assert_reason(cases[i].reason);
	}
}

static void test_queue_pair_without_completion_queue(void **state)
{
	struct ibv_cq cq = {.context = context};
	struct ibv_qp_init_attr attr = {.recv_cq = &cq, .qp_type = IBV_QPT_UD};

	UNUSED;
	assert_null(ibv_create_qp(&pd, &attr));
	assert_string_equal(ibv_explain_last_error(),
			    "ibv_create_qp: send_cq is missing, UD queue pairs need both");
}

static void test_what_the_provider_says_comes_first(void **state)
{
	struct ibv_cq cq = {.context = context};
	struct ibv_qp_init_attr attr = {
		.send_cq = &cq, .recv_cq = &cq, .cap.max_send_wr = 5000, .qp_type = IBV_QPT_RC};

	UNUSED;
	provider_says = "max_inline_data 4096 > device limit 988";
	assert_null(ibv_create_qp(&pd, &attr));
	assert_string_equal(ibv_explain_last_error(),
			    "ibv_create_qp: max_inline_data 4096 > device limit 988");
	/* And is said once. */
	provider_says = NULL;
	assert_null(ibv_create_qp(&pd, &attr));
	assert_reason("max_send_wr 5000");
}

/* Direct verbs have no function of the library in front of them: what their provider says must not
 * wait for the next verb that fails. */
static void test_direct_verbs_take_what_their_provider_says(void **state)
{
	struct ibv_cq cq = {.context = context};

	UNUSED;
	verbs_explain("max_send_wr 9 > device limit 8");
	errno = EINVAL;
	assert_null(verbs_explained(NULL, "mlx5dv_create_qp", context));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(ibv_explain_last_error(),
			    "mlx5dv_create_qp: max_send_wr 9 > device limit 8");
	assert_ptr_equal(verbs_explained(&cq, "mlx5dv_create_cq", context), &cq);
	provider_error = EBUSY;
	assert_int_equal(ibv_destroy_cq(&cq), EBUSY);
	assert_null(strstr(ibv_explain_last_error(), "max_send_wr"));
}

static void test_shared_receive_queue_beyond_limits(void **state)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 3001, .max_sge = 1}};

	UNUSED;
	assert_null(ibv_create_srq(&pd, &attr));
	assert_reason("ibv_create_srq: max_wr 3001 > device limit 3000");
	attr.attr = (struct ibv_srq_attr){.max_wr = 1, .max_sge = 6};
	assert_null(ibv_create_srq(&pd, &attr));
	assert_reason("max_sge 6 > device limit 5");
}

static void test_lists_of_tags_beyond_limits(void **state)
{
	struct ibv_cq cq = {.context = context};
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = 3001, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_TM,
		.srq_type = IBV_SRQT_TM,
		.pd = &pd,
		.cq = &cq,
		.tm_cap = {.max_num_tags = 32, .max_ops = 65},
	};

	UNUSED;
	tags_of_the_device = 31;
	assert_null(ibv_create_srq_ex(context, &attr));
	assert_int_equal(errno, EINVAL);
	assert_reason("ibv_create_srq_ex: max_num_tags 32 > device limit 31");
	attr.tm_cap.max_num_tags = 31;
	assert_null(ibv_create_srq_ex(context, &attr));
	assert_reason("max_ops 65 > device limit 64");
	attr.tm_cap.max_ops = 64;
	assert_null(ibv_create_srq_ex(context, &attr));
	assert_reason("max_wr 3001 > device limit 3000");
	attr.tm_cap.max_num_tags = 0;
	assert_null(ibv_create_srq_ex(context, &attr));
	assert_reason("max_num_tags is 0");
	tags_of_the_device = 0;
	provider_error = EOPNOTSUPP;
	assert_null(ibv_create_srq_ex(context, &attr));
	assert_reason("has no tag matching");
	assert_int_equal(ibv_explain_last_errno(), EOPNOTSUPP);
}

static void test_changes_of_tags_that_were_refused(void **state)
{
	struct ibv_ops_wr wr = {.opcode = IBV_WR_TAG_ADD, .tm = {.add.num_sge = 2}};

	UNUSED;
	assert_int_equal(verbs_explain_ops(EINVAL, &wr, 31, 64), EINVAL);
	assert_reason("ibv_post_srq_ops: num_sge 2 is not the 0 or 1 that a tag has");
	assert_int_equal(ibv_explain_last_errno(), EINVAL);
	verbs_explain_ops(ENOMEM, &wr, 31, 64);
	assert_reason("the list has no room (31 tags), or 64 operations wait");
	wr = (struct ibv_ops_wr){.opcode = IBV_WR_TAG_DEL, .tm.handle = 77};
	verbs_explain_ops(EINVAL, &wr, 31, 64);
	assert_reason("handle 77 is not that of a tag");
	wr.opcode = 9;
	verbs_explain_ops(EINVAL, &wr, 31, 64);
	assert_reason("opcode 9 is unknown");
	verbs_explain_ops(EINVAL, &wr, 0, 0);
	assert_reason("not of IBV_SRQT_TM");
}

static void test_remote_rights_need_the_local_one(void **state)
{
	char byte;

	UNUSED;
	assert_null(ibv_reg_mr(&pd, &byte, 1, IBV_ACCESS_REMOTE_ATOMIC));
	assert_string_equal(
		ibv_explain_last_error(),
		"ibv_reg_mr: IBV_ACCESS_REMOTE_ATOMIC needs IBV_ACCESS_LOCAL_WRITE as well");
}

static void test_memory_that_is_not_there(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char expected[64];

	UNUSED;
	assert_ptr_not_equal(two, MAP_FAILED);
	munmap(two + page, page);
	provider_error = EFAULT;
	assert_null(ibv_reg_mr(&pd, two + page, page, IBV_ACCESS_LOCAL_WRITE));
	assert_int_equal(errno, EFAULT);
	assert_reason("there is no memory at address 0x");
	assert_null(ibv_reg_mr(&pd, two + 16, page, IBV_ACCESS_LOCAL_WRITE));
	snprintf(expected, sizeof(expected), "only the first %zu are mapped", page - 16);
	assert_reason(expected);
	assert_int_equal(mprotect(two, page, PROT_READ), 0);
	assert_null(ibv_reg_mr(&pd, two, page, IBV_ACCESS_LOCAL_WRITE));
	assert_reason("is mapped read-only");
	munmap(two, page);
}

static void test_memory_that_may_not_be_locked(void **state)
{
	struct rlimit before, low = {64 << 10, 64 << 10};
	static char block[1 << 18];

	UNUSED;
	provider_error = ENOMEM;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	low.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &low), 0);
	assert_null(ibv_reg_mr(&pd, block, sizeof(block), IBV_ACCESS_LOCAL_WRITE));
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
	assert_int_equal(errno, ENOMEM);
	assert_reason("ibv_reg_mr: needs 256 KiB locked, RLIMIT_MEMLOCK is 64 KiB");
}

static void test_region_beyond_the_limit(void **state)
{
	static char block[(1 << 20) + 1];

	UNUSED;
	assert_null(ibv_reg_mr(&pd, block, sizeof(block), 0));
	assert_reason("length 1048577 > device limit 1048576");
}

static struct ibv_qp rc_in(enum ibv_qp_state qp_state)
{
	return (struct ibv_qp){.context = context, .qp_type = IBV_QPT_RC, .state = qp_state};
}

static void test_transitions_name_states_and_attributes(void **state)
{
	struct ibv_qp qp = rc_in(IBV_QPS_RESET);
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_RTS};

	UNUSED;
	assert_int_equal(ibv_modify_qp(&qp, &attr, IBV_QP_STATE), EINVAL);
	assert_string_equal(ibv_explain_last_error(),
			    "ibv_modify_qp: there is no way from RESET to RTS for RC queue pairs");
	attr = (struct ibv_qp_attr){.qp_state = IBV_QPS_INIT, .port_num = 1};
	assert_int_equal(ibv_modify_qp(&qp, &attr, IBV_QP_STATE | IBV_QP_PORT), EINVAL);
	assert_string_equal(ibv_explain_last_error(),
			    "ibv_modify_qp: RESET to INIT of RC queue pairs needs "
			    "IBV_QP_ACCESS_FLAGS | IBV_QP_PKEY_INDEX");
	assert_int_equal(ibv_modify_qp(&qp, &attr,
				       IBV_QP_STATE | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS |
					       IBV_QP_PKEY_INDEX | IBV_QP_QKEY),
			 EINVAL);
	assert_string_equal(ibv_explain_last_error(),
			    "ibv_modify_qp: RESET to INIT of RC queue pairs "
			    "does not take IBV_QP_QKEY");
}

static void test_values_are_held_against_their_bounds(void **state)
{
	struct ibv_qp qp = rc_in(IBV_QPS_RTR);
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS, .timeout = 14, .retry_cnt = 7, .max_rd_atomic = 9};
	int mask = IBV_QP_STATE | IBV_QP_SQ_PSN | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
		   IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC;

	UNUSED;
	assert_int_equal(ibv_modify_qp(&qp, &attr, mask), EINVAL);
	assert_string_equal(ibv_explain_last_error(),
			    "ibv_modify_qp: max_rd_atomic 9 is not within 0 to 8");
	attr.max_rd_atomic = 8;
	attr.retry_cnt = 8;
	assert_int_equal(ibv_modify_qp(&qp, &attr, mask), EINVAL);
	assert_reason("retry_cnt 8 is not within 0 to 7");
	assert_int_equal(qp.state, IBV_QPS_RTR);
}

static void test_paths_are_held_against_the_port(void **state)
{
	struct ibv_ah_attr attr = {.dlid = 1};

	UNUSED;
	assert_null(ibv_create_ah(&pd, &attr));
	assert_reason("ibv_create_ah: attr.port_num is 0");
	attr.port_num = 2;
	assert_null(ibv_create_ah(&pd, &attr));
	assert_reason("has no port 2");
	attr.port_num = 1;
	assert_null(ibv_create_ah(&pd, &attr));
	assert_reason("is Ethernet, where peers are addressed by GID");
	attr.is_global = 1;
	attr.grh.sgid_index = 2;
	assert_null(ibv_create_ah(&pd, &attr));
	assert_reason("attr.grh.sgid_index 2, the GID table of port 1 has 2 entries");
	assert_int_equal(ibv_explain_last_errno(), EINVAL);
}

static void test_busy_objects_name_their_users(void **state)
{
	struct ibv_cq cq = {.context = context};

	UNUSED;
	provider_error = EBUSY;
	assert_int_equal(ibv_destroy_cq(&cq), EBUSY);
	assert_reason("ibv_destroy_cq: Device or resource busy: queue pairs");
}

static void test_a_verb_that_is_missing_names_device_and_provider(void **state)
{
	UNUSED;
	assert_null(ibv_import_pd(context, 1));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_reason("ibv_import_pd: ");
	assert_reason(context->device->name);
	assert_reason("does not support it");
}

static void test_posts_are_explained_by_their_limits(void **state)
{
	const struct ibv_qp_cap cap = {.max_send_wr = 16, .max_send_sge = 2, .max_inline_data = 64};
	struct ibv_qp qp = rc_in(IBV_QPS_RTS);
	struct ibv_sge sge = {.length = 65};
	struct ibv_send_wr wr = {.sg_list = &sge, .num_sge = 3, .opcode = IBV_WR_SEND};

	UNUSED;
	assert_int_equal(verbs_explain_send(EINVAL, &qp, &wr, &cap), EINVAL);
	assert_reason("ibv_post_send: num_sge 3 > max_send_sge 2");
	wr.num_sge = 1;
	verbs_explain_send(ENOMEM, &qp, &wr, &cap);
	assert_reason("the send queue is full: 16 requests");
	wr.send_flags = IBV_SEND_INLINE;
	verbs_explain_send(ENOMEM, &qp, &wr, &cap);
	assert_reason("65 bytes with IBV_SEND_INLINE > max_inline_data 64");
	qp.state = IBV_QPS_INIT;
	verbs_explain_send(EINVAL, &qp, &wr, &cap);
	assert_reason("the queue pair is in INIT, sends are taken from RTS on");
}

static void test_completions_in_words(void **state)
{
	struct ibv_wc wc = {
		.wr_id = 0x2a, .status = IBV_WC_REM_ACCESS_ERR, .qp_num = 0x17, .vendor_err = 0x88};
	char text[512], small[8];
	int length;

	UNUSED;
	length = ibv_explain_wc(&wc, text, sizeof(text));
	assert_int_equal(length, strlen(text));
	assert_non_null(strstr(text,
			       "wr_id 0x2a of QP 0x17: remote access error (status 10, vendor "
			       "syndrome 0x88); usually the peer refused the rkey"));
	assert_int_equal(ibv_explain_wc(&wc, small, sizeof(small)), length);
	assert_string_equal(small, "wr_id 0");
	wc.status = IBV_WC_SUCCESS;
	ibv_explain_wc(&wc, text, sizeof(text));
	assert_string_equal(text, "wr_id 0x2a: success");
	/* Every error that a queue pair of today can have has a cause. */
	for (int status = IBV_WC_LOC_LEN_ERR; status <= IBV_WC_TM_ERR; status++) {
		wc.status = (enum ibv_wc_status)status;
		ibv_explain_wc(&wc, text, sizeof(text));
		if (status == IBV_WC_LOC_EEC_OP_ERR || status == IBV_WC_LOC_RDD_VIOL_ERR ||
		    status == IBV_WC_INV_EECN_ERR || status == IBV_WC_INV_EEC_STATE_ERR)
			continue; /* of reliable datagrams, which nobody has built */
		assert_non_null(strstr(text, "; usually "));
	}
	wc.status = (enum ibv_wc_status)999;
	ibv_explain_wc(&wc, text, sizeof(text));
	assert_non_null(strstr(text, "(status 999"));
}

static void *fails_nothing(void *state)
{
	UNUSED;
	return strdup(ibv_explain_last_error());
}

static void test_each_thread_has_its_own(void **state)
{
	pthread_t thread;
	void *text;

	UNUSED;
	assert_null(ibv_create_cq(context, 2001, NULL, NULL, 0));
	assert_int_equal(pthread_create(&thread, NULL, fails_nothing, NULL), 0);
	assert_int_equal(pthread_join(thread, &text), 0);
	assert_string_equal(text, "");
	free(text);
	assert_reason("cqe 2001");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup_refusing, teardown_close)
	const struct CMUnitTest tests[] = {
		TEST(completion_queue_beyond_limit),
		TEST(no_room_within_limits_names_what_may_be_short),
		TEST(success_leaves_the_last_reason_alone),
		TEST(what_was_told_can_be_forgotten),
		TEST(queue_pair_beyond_limits),
		TEST(queue_pair_without_completion_queue),
		TEST(what_the_provider_says_comes_first),
		TEST(direct_verbs_take_what_their_provider_says),
		TEST(shared_receive_queue_beyond_limits),
		TEST(lists_of_tags_beyond_limits),
		TEST(changes_of_tags_that_were_refused),
		TEST(remote_rights_need_the_local_one),
		TEST(memory_that_is_not_there),
		TEST(memory_that_may_not_be_locked),
		TEST(region_beyond_the_limit),
		TEST(transitions_name_states_and_attributes),
		TEST(values_are_held_against_their_bounds),
		TEST(paths_are_held_against_the_port),
		TEST(busy_objects_name_their_users),
		TEST(a_verb_that_is_missing_names_device_and_provider),
		TEST(posts_are_explained_by_their_limits),
		TEST(completions_in_words),
		TEST(each_thread_has_its_own),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
