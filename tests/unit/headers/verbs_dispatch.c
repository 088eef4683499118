/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The fast calls reach the provider's functions with their arguments, and bring the result back.
 */
#include "fake_context.h"

static struct {
	unsigned int calls;
	const void *object;
	const void *arg;
	int number;
} last;

static int answer(const void *object, const void *arg, int number)
{
	last.calls++;
	last.object = object;
	last.arg = arg;
	last.number = number;
	return 1000 + (int)last.calls;
}

static int poll_cq(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc)
{
	return answer(cq, wc, num_entries);
}

static int req_notify_cq(struct ibv_cq *cq, int solicited_only)
{
	return answer(cq, NULL, solicited_only);
}

static int post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	*bad_wr = wr;
	return answer(qp, wr, 0);
}

static int post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	*bad_wr = wr;
	return answer(qp, wr, 0);
}

static int post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	*bad_wr = wr;
	return answer(srq, wr, 0);
}

static int post_wq_recv(struct ibv_wq *wq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	*bad_wr = wr;
	return answer(wq, wr, 0);
}

static int bind_mw(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *bind)
{
	(void)qp;
	return answer(mw, bind, 0);
}

static int start_poll(struct ibv_cq_ex *cq, struct ibv_poll_cq_attr *attr)
{
	return answer(cq, attr, 0);
}

static int next_poll(struct ibv_cq_ex *cq)
{
	return answer(cq, NULL, 0);
}

static void end_poll(struct ibv_cq_ex *cq)
{
	answer(cq, NULL, 0);
}

static __be32 read_imm_data(struct ibv_cq_ex *cq)
{
	return (__be32)answer(cq, NULL, 0);
}

/* Readers of one field each; the result tells which it was. */
#define READER(type, name, result)                                                                 \
	static type read_##name(struct ibv_cq_ex *cq)                                              \
	{                                                                                          \
		answer(cq, NULL, 0);                                                               \
		return result;                                                                     \
	}

READER(enum ibv_wc_opcode, opcode, IBV_WC_FETCH_ADD)
READER(uint32_t, vendor_err, 21)
READER(uint32_t, byte_len, 22)
READER(uint32_t, qp_num, 23)
READER(uint32_t, src_qp, 24)
READER(unsigned int, wc_flags, 25)
READER(uint32_t, slid, 26)
READER(uint8_t, sl, 27)
READER(uint8_t, dlid_path_bits, 28)
READER(uint64_t, completion_ts, 29)
READER(uint16_t, cvlan, 30)
READER(uint32_t, flow_tag, 31)
READER(uint64_t, completion_wallclock_ns, 32)

static void read_tm_info(struct ibv_cq_ex *cq, struct ibv_wc_tm_info *tm_info)
{
	answer(cq, tm_info, 0);
	tm_info->tag = 33;
}

static void assert_reached(int result, const void *object, const void *arg, int number)
{
	assert_int_equal(result, 1000 + last.calls);
	assert_ptr_equal(last.object, object);
	assert_ptr_equal(last.arg, arg);
	assert_int_equal(last.number, number);
}

static void completion_calls_reach_the_provider(void **state)
{
	struct verbs_context vctx;
	struct ibv_cq cq = {.context = fake_context_reset(&vctx)};
	struct ibv_wc wc[4] = {{0}};

	(void)state;
	vctx.context.ops.poll_cq = poll_cq;
	vctx.context.ops.req_notify_cq = req_notify_cq;
	assert_reached(ibv_poll_cq(&cq, 4, wc), &cq, wc, 4);
	assert_reached(ibv_req_notify_cq(&cq, 1), &cq, NULL, 1);
}

static void post_calls_reach_the_provider(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);
	struct ibv_qp qp = {.context = context};
	struct ibv_srq srq = {.context = context};
	struct ibv_wq wq = {.context = context, .post_recv = post_wq_recv};
	struct ibv_send_wr send = {0}, *bad_send = NULL;
	struct ibv_recv_wr recv = {0}, *bad_recv = NULL;

	(void)state;
	vctx.context.ops.post_send = post_send;
	vctx.context.ops.post_recv = post_recv;
	vctx.context.ops.post_srq_recv = post_srq_recv;
	assert_reached(ibv_post_send(&qp, &send, &bad_send), &qp, &send, 0);
	assert_ptr_equal(bad_send, &send);
	assert_reached(ibv_post_recv(&qp, &recv, &bad_recv), &qp, &recv, 0);
	assert_ptr_equal(bad_recv, &recv);
	assert_reached(ibv_post_srq_recv(&srq, &recv, &bad_recv), &srq, &recv, 0);
	assert_reached(ibv_post_wq_recv(&wq, &recv, &bad_recv), &wq, &recv, 0);
}

static void only_type_1_windows_are_bound_by_call(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);
	struct ibv_mw mw = {.context = context, .type = IBV_MW_TYPE_1};
	struct ibv_qp qp = {.context = context};
	struct ibv_mw_bind bind = {0};
	unsigned int before;

	(void)state;
	vctx.context.ops.bind_mw = bind_mw;
	assert_reached(ibv_bind_mw(&qp, &mw, &bind), &mw, &bind, 0);
	before = last.calls;
	mw.type = IBV_MW_TYPE_2;
	assert_int_equal(ibv_bind_mw(&qp, &mw, &bind), EINVAL);
	assert_int_equal(last.calls, before);
}

static void extended_polling_reaches_the_queue(void **state)
{
	struct ibv_cq_ex cq = {.start_poll = start_poll,
			       .next_poll = next_poll,
			       .end_poll = end_poll,
			       .read_imm_data = read_imm_data};
	struct ibv_poll_cq_attr attr = {0};
	unsigned int before;

	(void)state;
	assert_reached(ibv_start_poll(&cq, &attr), &cq, &attr, 0);
	assert_reached(ibv_next_poll(&cq), &cq, NULL, 0);
	before = last.calls;
	ibv_end_poll(&cq);
	assert_int_equal(last.calls, before + 1);
	assert_reached((int)ibv_wc_read_imm_data(&cq), &cq, NULL, 0);
	assert_reached((int)ibv_wc_read_invalidated_rkey(&cq), &cq, NULL, 0);
	assert_ptr_equal(ibv_cq_ex_to_cq(&cq), &cq);
}

static void every_field_of_a_completion_has_its_reader(void **state)
{
	struct ibv_cq_ex cq = {.read_opcode = read_opcode,
			       .read_vendor_err = read_vendor_err,
			       .read_byte_len = read_byte_len,
			       .read_qp_num = read_qp_num,
			       .read_src_qp = read_src_qp,
			       .read_wc_flags = read_wc_flags,
			       .read_slid = read_slid,
			       .read_sl = read_sl,
			       .read_dlid_path_bits = read_dlid_path_bits,
			       .read_completion_ts = read_completion_ts,
			       .read_cvlan = read_cvlan,
			       .read_flow_tag = read_flow_tag,
			       .read_tm_info = read_tm_info,
			       .read_completion_wallclock_ns = read_completion_wallclock_ns};
	struct ibv_wc_tm_info info = {0};

	(void)state;
	assert_int_equal(ibv_wc_read_opcode(&cq), IBV_WC_FETCH_ADD);
	assert_int_equal(ibv_wc_read_vendor_err(&cq), 21);
	assert_int_equal(ibv_wc_read_byte_len(&cq), 22);
	assert_int_equal(ibv_wc_read_qp_num(&cq), 23);
	assert_int_equal(ibv_wc_read_src_qp(&cq), 24);
	assert_int_equal(ibv_wc_read_wc_flags(&cq), 25);
	assert_int_equal(ibv_wc_read_slid(&cq), 26);
	assert_int_equal(ibv_wc_read_sl(&cq), 27);
	assert_int_equal(ibv_wc_read_dlid_path_bits(&cq), 28);
	assert_int_equal(ibv_wc_read_completion_ts(&cq), 29);
	assert_int_equal(ibv_wc_read_cvlan(&cq), 30);
	assert_int_equal(ibv_wc_read_flow_tag(&cq), 31);
	assert_int_equal(ibv_wc_read_completion_wallclock_ns(&cq), 32);
	ibv_wc_read_tm_info(&cq, &info);
	assert_int_equal(info.tag, 33);
	assert_ptr_equal(last.object, &cq);
}

/* Programs read these members of a CQ without knowing whether it is extended. */
static void extended_queue_begins_like_a_plain_one(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct ibv_cq_ex, channel), offsetof(struct ibv_cq, channel));
	assert_int_equal(offsetof(struct ibv_cq_ex, cqe), offsetof(struct ibv_cq, cqe));
	assert_int_equal(offsetof(struct ibv_cq_ex, async_events_completed),
			 offsetof(struct ibv_cq, async_events_completed));
	assert_int_equal(offsetof(struct ibv_qp_ex, qp_base), 0);
	assert_int_equal(offsetof(struct ibv_qp_init_attr_ex, sq_sig_all),
			 offsetof(struct ibv_qp_init_attr, sq_sig_all));
	assert_int_equal(offsetof(struct ibv_srq_init_attr_ex, attr),
			 offsetof(struct ibv_srq_init_attr, attr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(completion_calls_reach_the_provider),
		cmocka_unit_test(post_calls_reach_the_provider),
		cmocka_unit_test(only_type_1_windows_are_bound_by_call),
		cmocka_unit_test(extended_polling_reaches_the_queue),
		cmocka_unit_test(every_field_of_a_completion_has_its_reader),
		cmocka_unit_test(extended_queue_begins_like_a_plain_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
