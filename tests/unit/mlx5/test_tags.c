/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tag matching: requests that change the list, byte by byte as stock libmlx5 44.0 writes them, and
 * what completions say and free. CQEs are the test's own.
 */
#include <errno.h>
#include <infiniband/tm_types.h>

#include "bench.h"
#include "providers/mlx5/tags.h"

enum { TAGS = 3, RECEIVES = 3, MANY_OPS = 32768 };

static struct ibv_cq_ex *cq_ex;
static uint32_t next_cqe;

static struct ibv_srq *create(uint32_t max_num_tags, uint32_t max_ops)
{
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = RECEIVES, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_TM,
		.srq_type = IBV_SRQT_TM,
		.pd = bench.pd,
		.cq = ibv_cq_ex_to_cq(cq_ex),
		.tm_cap = {.max_num_tags = max_num_tags, .max_ops = max_ops},
	};

	return mlx5_create_srq_ex(bench.context, &attr);
}

static void open_device(void)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 15,
		.wc_flags = IBV_CREATE_CQ_SUP_WC_FLAGS &
			    ~(uint64_t)IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK,
	};

	bench_open();
	cq_ex = mlx5_create_cq_ex(bench.context, &attr);
	assert_non_null(cq_ex);
	next_cqe = 0;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	open_device();
	bench.srq = create(TAGS, 4);
	assert_non_null(bench.srq);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (bench.srq)
		assert_int_equal(mlx5_destroy_srq(bench.srq), 0);
	bench.srq = NULL;
	assert_int_equal(mlx5_destroy_cq(ibv_cq_ex_to_cq(cq_ex)), 0);
	bench_close();
	assert_int_equal(fake.objects, 0);
	return 0;
}

/* ---- what programs do ---- */

static struct ibv_sge memory = {.addr = 0x1122334455667788, .length = 0x64, .lkey = 0xa1b2c3d4};

static struct ibv_ops_wr change(enum ibv_ops_wr_opcode opcode, uint64_t wr_id, int flags)
{
	return (struct ibv_ops_wr){.wr_id = wr_id, .opcode = opcode, .flags = flags};
}

static struct ibv_ops_wr addition(uint64_t wr_id)
{
	struct ibv_ops_wr wr = change(IBV_WR_TAG_ADD, wr_id, IBV_OPS_SIGNALED);

	wr.tm.add.recv_wr_id = 100 + wr_id;
	wr.tm.add.sg_list = &memory;
	wr.tm.add.num_sge = 1;
	wr.tm.add.tag = 0x8877665544332211;
	wr.tm.add.mask = 0xff00ff00ff00ffff;
	return wr;
}

static void post(struct ibv_ops_wr *wr, int expected)
{
	struct ibv_ops_wr *bad_wr = NULL;

	assert_int_equal(mlx5_post_srq_ops(bench.srq, wr, &bad_wr), expected);
	assert_ptr_equal(bad_wr, expected ? wr : NULL);
}

static void add(uint64_t wr_id, uint32_t place)
{
	struct ibv_ops_wr wr = addition(wr_id);

	wr.tm.handle = 99;
	post(&wr, 0);
	assert_int_equal(wr.tm.handle, place);
}

static void remove_tag(uint64_t wr_id, uint32_t handle, int flags)
{
	struct ibv_ops_wr wr = change(IBV_WR_TAG_DEL, wr_id, flags);

	wr.tm.handle = handle;
	post(&wr, 0);
}

/* ---- what the device does ---- */

enum { APPEND = 5, REMOVE = 6, NOOP = 7 };

static void land(const uint8_t cqe[64])
{
	fake_cqe(next_cqe++, cqe);
}

static void finish(uint8_t operation, uint16_t wqe, uint16_t unexpected, bool success)
{
	const uint8_t cqe[64] = {
		[0] = success ? 0x80 : 0,
		[4] = (uint8_t)(unexpected >> 8),
		[5] = (uint8_t)unexpected,
		[40] = 1,
		[41] = operation,
		[56] = 0x28,
		[60] = (uint8_t)(wqe >> 8),
		[61] = (uint8_t)wqe,
		[63] = 0x60,
	};

	land(cqe);
}

static void arrive(uint8_t operation, uint8_t opcode, uint16_t place, uint8_t length)
{
	const uint8_t cqe[64] = {
		[0] = IBV_TMH_EAGER,
		[4] = 0xca,
		0xfe,
		0xba,
		0xbe,
		1,
		2,
		3,
		4,
		5,
		6,
		7,
		8,
		[40] = 1,
		[41] = operation,
		[42] = (uint8_t)(place >> 8),
		[43] = (uint8_t)place,
		[47] = length,
		[57] = 0x00,
		0xaa,
		0xbb,
		[61] = (uint8_t)place,
		[63] = (uint8_t)(opcode << 4),
	};

	land(cqe);
}

static void expect(uint64_t wr_id, enum ibv_wc_status status, enum ibv_wc_opcode opcode,
		   unsigned int flags)
{
	struct ibv_poll_cq_attr attr = {};

	assert_int_equal(ibv_start_poll(cq_ex, &attr), 0);
	/* The entry stays as it is: a test that fails leaves nothing locked. */
	ibv_end_poll(cq_ex);
	assert_int_equal(cq_ex->wr_id, wr_id);
	assert_int_equal(cq_ex->status, status);
	assert_int_equal(ibv_wc_read_opcode(cq_ex), opcode);
	assert_int_equal(ibv_wc_read_wc_flags(cq_ex), flags);
}

/* ---- creation ---- */

static void creation_makes_a_queue_of_requests(void **state)
{
	(void)state;
	assert_int_equal(fake.qp_request.sq_wqe_count, 4);
	assert_int_equal(fake.qp_request.rq_wqe_count, 0);
	assert_int_not_equal(fake.qp_request.uidx, fake.srq_request.uidx);
}

static void as_many_requests_as_the_device_has_room_for(void **state)
{
	struct ibv_srq *srq = create(TAGS, MANY_OPS);

	(void)state;
	assert_non_null(srq);
	assert_int_equal(fake.qp_request.sq_wqe_count, MANY_OPS);
	assert_int_equal(mlx5_destroy_srq(srq), 0);
}

static void a_list_of_no_changes_refuses_them(void **state)
{
	struct ibv_srq *with_requests = bench.srq;
	struct ibv_ops_wr wr = addition(1);

	(void)state;
	bench.srq = create(TAGS, 0);
	assert_non_null(bench.srq);
	post(&wr, ENOMEM);
	assert_int_equal(mlx5_destroy_srq(bench.srq), 0);
	bench.srq = with_requests;
}

static void lists_that_cannot_be(void **state)
{
	unsigned int objects = fake.objects;

	(void)state;
	errno = 0;
	assert_null(create(0, 4));
	assert_int_equal(errno, EINVAL);
	assert_null(create(65536, 4));
	assert_int_equal(errno, EINVAL);
	assert_null(create(TAGS, 1u << 31));
	assert_int_equal(errno, EINVAL);
	fake.fail_create = ENOSPC;
	assert_null(create(TAGS, 4));
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(fake.objects, objects);
}

static void version_0_has_no_tags(void **state)
{
	(void)state;
	fake_reset();
	fake.ucontext.cqe_version = 0;
	open_device();
	assert_null(create(TAGS, 4));
	assert_int_equal(errno, EOPNOTSUPP);
}

static void a_queue_in_use_stays_whole(void **state)
{
	(void)state;
	bench_qp(IBV_QPT_RC, 0);
	assert_int_equal(mlx5_destroy_srq(bench.srq), EBUSY);
	add(1, 0);
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.qp = NULL;
}

/* ---- requests ---- */

static void an_addition(void **state)
{
	struct ibv_ops_wr wr = addition(1);

	(void)state;
	wr.flags |= IBV_OPS_TM_SYNC;
	wr.tm.unexpected_cnt = 0x12345;
	post(&wr, 0);
	expect_bytes(fake_sq(), "00000028 00aabb04 00000000 00000000"
				"10c00001 00002345 00000000 00000000"
				"8877665544332211 ff00ff00ff00ffff"
				"00000064 a1b2c3d4 1122334455667788");
	expect_bytes(fake_qp_dbrec(), "00000000 00000001");
}

static void an_addition_without_memory(void **state)
{
	struct ibv_ops_wr wr = addition(1);

	(void)state;
	wr.flags = 0;
	wr.tm.add.num_sge = 0;
	post(&wr, 0);
	expect_bytes(fake_sq(), "00000028 00aabb04 00000000 00000000"
				"10000001 00000000 00000000 00000000"
				"8877665544332211 ff00ff00ff00ffff"
				"00000000 00000100 0000000000000000");
}

static void a_removal(void **state)
{
	(void)state;
	add(1, 0);
	add(2, 1);
	remove_tag(3, 1, IBV_OPS_SIGNALED);
	expect_bytes(fake_sq() + 128, "00000228 00aabb03 00000000 00000000"
				      "20800001 00000000 00000000 00000000"
				      "0000000000000000 0000000000000000");
}

static void a_report(void **state)
{
	struct ibv_ops_wr wr = change(IBV_WR_TAG_SYNC, 1, IBV_OPS_TM_SYNC);

	(void)state;
	wr.tm.unexpected_cnt = 2;
	post(&wr, 0);
	expect_bytes(fake_sq(), "00000028 00aabb03 00000000 00000000"
				"00400000 00000002 00000000 00000000");
}

static void a_list_of_requests_rings_once(void **state)
{
	struct ibv_ops_wr third = change(IBV_WR_TAG_SYNC, 3, 0), second = addition(2),
			  first = addition(1);

	(void)state;
	first.next = &second;
	second.next = &third;
	post(&first, 0);
	expect_bytes(fake_qp_dbrec(), "00000000 00000003");
	assert_int_equal(first.tm.handle, 0);
	assert_int_equal(second.tm.handle, 1);
}

static void what_cannot_be_posted_names_itself(void **state)
{
	struct ibv_ops_wr wr = addition(1), first = addition(2), *bad_wr = NULL;

	(void)state;
	wr.tm.add.num_sge = 2;
	post(&wr, EINVAL);
	wr.tm.add.num_sge = -1;
	post(&wr, EINVAL);
	wr = change(IBV_WR_TAG_DEL, 1, 0);
	wr.tm.handle = TAGS + 1;
	post(&wr, EINVAL);
	wr = change(IBV_WR_TAG_SYNC + 1, 1, 0);
	post(&wr, EINVAL);
	expect_bytes(fake_qp_dbrec(), "00000000 00000000");
	/* What stands before it has been posted. */
	first.next = &wr;
	assert_int_equal(mlx5_post_srq_ops(bench.srq, &first, &bad_wr), EINVAL);
	assert_ptr_equal(bad_wr, &wr);
	expect_bytes(fake_qp_dbrec(), "00000000 00000001");
}

static void other_shared_queues_have_no_list(void **state)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 3, .max_sge = 1}};
	struct ibv_srq *srq = mlx5_create_srq(bench.pd, &attr);
	struct ibv_ops_wr wr = addition(1), *bad_wr = NULL;

	(void)state;
	assert_non_null(srq);
	assert_int_equal(mlx5_post_srq_ops(srq, &wr, &bad_wr), EINVAL);
	assert_ptr_equal(bad_wr, &wr);
	assert_int_equal(mlx5_destroy_srq(srq), 0);
}

static void requests_wait_for_their_completions(void **state)
{
	struct ibv_ops_wr wr = change(IBV_WR_TAG_SYNC, 1, IBV_OPS_SIGNALED);

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		post(&wr, 0);
	post(&wr, ENOMEM);
	finish(NOOP, 2, 0, true);
	expect(1, IBV_WC_SUCCESS, IBV_WC_TM_SYNC, 0);
	for (unsigned int i = 0; i < 3; i++)
		post(&wr, 0);
	post(&wr, ENOMEM);
}

/* ---- completions of requests ---- */

static void requests_are_told_by_their_ids(void **state)
{
	struct ibv_ops_wr wr = change(IBV_WR_TAG_SYNC, 7, IBV_OPS_SIGNALED);

	(void)state;
	add(5, 0);
	remove_tag(6, 0, IBV_OPS_SIGNALED);
	post(&wr, 0);
	finish(APPEND, 0, 0, true);
	finish(REMOVE, 1, 0, true);
	finish(NOOP, 2, 0, true);
	expect(5, IBV_WC_SUCCESS, IBV_WC_TM_ADD, 0);
	expect(6, IBV_WC_SUCCESS, IBV_WC_TM_DEL, 0);
	expect(7, IBV_WC_SUCCESS, IBV_WC_TM_SYNC, 0);
}

static void a_tag_out_of_step_is_told(void **state)
{
	struct ibv_ops_wr wr = addition(1);

	(void)state;
	post(&wr, 0);
	finish(APPEND, 0, 3, true);
	expect(1, IBV_WC_SUCCESS, IBV_WC_TM_ADD, IBV_WC_TM_SYNC_REQ);
	wr.flags |= IBV_OPS_TM_SYNC;
	wr.tm.unexpected_cnt = 0x10003;
	post(&wr, 0);
	finish(APPEND, 1, 3, true);
	expect(1, IBV_WC_SUCCESS, IBV_WC_TM_ADD, 0);
}

static void a_removal_that_failed_is_told(void **state)
{
	(void)state;
	remove_tag(4, 2, IBV_OPS_SIGNALED);
	finish(REMOVE, 0, 0, false);
	expect(4, IBV_WC_TM_ERR, IBV_WC_TM_DEL, 0);
}

/* ---- places ---- */

static void fill_list(void)
{
	struct ibv_ops_wr wr = addition(9);

	for (unsigned int i = 0; i < TAGS; i++)
		add(i, i);
	post(&wr, ENOMEM);
	finish(APPEND, TAGS - 1, 0, true);
	expect(TAGS - 1, IBV_WC_SUCCESS, IBV_WC_TM_ADD, 0);
	post(&wr, ENOMEM);
}

static void matches_free_places_in_their_order(void **state)
{
	(void)state;
	fill_list();
	arrive(10, MLX5_CQE_RESP_SEND, 1, 40);
	expect(101, IBV_WC_SUCCESS, IBV_WC_TM_RECV, IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID);
	add(3, 3);
	expect_bytes(fake_sq() + 192 + 16, "1080 0001"); /* the place that follows */
	finish(APPEND, 3, 0, true);
	expect(3, IBV_WC_SUCCESS, IBV_WC_TM_ADD, 0);
	arrive(10, MLX5_CQE_RESP_SEND, 0, 40);
	expect(100, IBV_WC_SUCCESS, IBV_WC_TM_RECV, IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID);
	add(4, 1);
}

static void a_match_in_two_parts_frees_with_the_second(void **state)
{
	struct ibv_ops_wr wr = addition(9);

	(void)state;
	fill_list();
	arrive(1, MLX5_CQE_NO_PACKET, 2, 0);
	expect(102, IBV_WC_SUCCESS, IBV_WC_TM_RECV, IBV_WC_TM_MATCH);
	post(&wr, ENOMEM);
	arrive(2, MLX5_CQE_RESP_SEND, 2, 40);
	expect(102, IBV_WC_SUCCESS, IBV_WC_TM_RECV, IBV_WC_TM_DATA_VALID);
	post(&wr, 0);
}

static void what_is_left_to_the_program_frees(void **state)
{
	static const uint8_t operations[] = {9, 11, 12};

	(void)state;
	for (uint8_t i = 0; i < sizeof(operations); i++) {
		bool data = operations[i] != 12;

		add(i, i);
		arrive(operations[i], MLX5_CQE_RESP_SEND, i, 40);
		expect(100u + i, IBV_WC_TM_RNDV_INCOMPLETE, IBV_WC_TM_RECV,
		       data ? IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID : 0);
	}
	finish(APPEND, 2, 0, true);
	expect(2, IBV_WC_SUCCESS, IBV_WC_TM_ADD, 0);
	add(4, 3);
	add(5, 0);
}

static void removed_tags_free_when_it_is_known(void **state)
{
	struct ibv_ops_wr wr = addition(9);

	(void)state;
	fill_list();
	remove_tag(4, 1, IBV_OPS_SIGNALED);
	post(&wr, ENOMEM);
	finish(REMOVE, 3, 0, true);
	expect(4, IBV_WC_SUCCESS, IBV_WC_TM_DEL, 0);
	post(&wr, 0);
	assert_int_equal(wr.tm.handle, 3);
}

/* Its outcome follows from what came before the next completion. */
static void removals_that_nobody_tells_free_with_the_next(void **state)
{
	struct ibv_ops_wr sync = change(IBV_WR_TAG_SYNC, 8, IBV_OPS_SIGNALED), wr = addition(9);

	(void)state;
	fill_list();
	remove_tag(4, 1, 0);
	remove_tag(5, 1, 0);
	post(&sync, 0);
	finish(NOOP, 5, 0, true);
	expect(8, IBV_WC_SUCCESS, IBV_WC_TM_SYNC, 0);
	post(&wr, 0);
	post(&wr, ENOMEM);
}

static void a_match_that_was_faster_frees_once(void **state)
{
	struct ibv_ops_wr wr = addition(9);

	(void)state;
	fill_list();
	remove_tag(4, 1, IBV_OPS_SIGNALED);
	arrive(10, MLX5_CQE_RESP_SEND, 1, 40);
	finish(REMOVE, 3, 0, false);
	expect(101, IBV_WC_SUCCESS, IBV_WC_TM_RECV, IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID);
	expect(4, IBV_WC_TM_ERR, IBV_WC_TM_DEL, 0);
	post(&wr, 0);
	post(&wr, ENOMEM);
}

/* ---- messages ---- */

static void messages_that_nothing_fits_take_receives(void **state)
{
	struct ibv_recv_wr wr = {.wr_id = 70, .sg_list = &memory, .num_sge = 1}, *bad_wr;
	struct ibv_wc_tm_info info;

	(void)state;
	for (unsigned int i = 0; i < RECEIVES; i++, wr.wr_id++)
		assert_int_equal(mlx5_post_srq_recv(bench.srq, &wr, &bad_wr), 0);
	assert_int_equal(mlx5_post_srq_recv(bench.srq, &wr, &bad_wr), ENOMEM);
	arrive(3, MLX5_CQE_RESP_SEND, 1, 40);
	expect(71, IBV_WC_SUCCESS, IBV_WC_TM_RECV, 0);
	assert_int_equal(ibv_wc_read_byte_len(cq_ex), 40);
	assert_int_equal(ibv_wc_read_qp_num(cq_ex), 0xaabb);
	ibv_wc_read_tm_info(cq_ex, &info);
	assert_int_equal(info.tag, 0x0102030405060708);
	assert_int_equal(info.priv, 0xcafebabe);
	assert_int_equal(mlx5_post_srq_recv(bench.srq, &wr, &bad_wr), 0);
	arrive(4, MLX5_CQE_RESP_SEND_IMM, 3, 40);
	expect(73, IBV_WC_SUCCESS, IBV_WC_TM_NO_TAG, IBV_WC_WITH_IMM);
}

static void the_plain_poll_tells_the_same(void **state)
{
	struct ibv_cq *cq = ibv_cq_ex_to_cq(cq_ex);
	struct ibv_wc wc;

	(void)state;
	add(1, 0);
	finish(APPEND, 0, 1, true);
	arrive(1, MLX5_CQE_NO_PACKET, 0, 0);
	arrive(2, MLX5_CQE_RESP_SEND_IMM, 0, 40);
	assert_int_equal(ibv_poll_cq(cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 1);
	assert_int_equal(wc.status, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_TM_ADD);
	assert_int_equal(wc.wc_flags, IBV_WC_TM_SYNC_REQ);
	assert_int_equal(ibv_poll_cq(cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 101);
	assert_int_equal(wc.opcode, IBV_WC_TM_RECV);
	assert_int_equal(wc.wc_flags, IBV_WC_TM_MATCH);
	assert_int_equal(wc.qp_num, 0xaabb);
	assert_int_equal(ibv_poll_cq(cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 101);
	assert_int_equal(wc.byte_len, 40);
	assert_int_equal(wc.wc_flags, IBV_WC_TM_DATA_VALID | IBV_WC_WITH_IMM);
}

static void cqes_that_make_no_sense(void **state)
{
	struct ibv_cq *cq = ibv_cq_ex_to_cq(cq_ex);
	struct ibv_poll_cq_attr attr = {};
	struct ibv_wc wc;

	(void)state;
	arrive(10, MLX5_CQE_RESP_SEND, 1, 40); /* a place without a tag */
	assert_int_equal(ibv_start_poll(cq_ex, &attr), EIO);
	arrive(10, MLX5_CQE_RESP_SEND, TAGS + 1, 40); /* no place at all */
	assert_int_equal(ibv_start_poll(cq_ex, &attr), EIO);
	arrive(8, MLX5_CQE_NO_PACKET, 0, 0); /* unknown */
	assert_int_equal(ibv_poll_cq(cq, 1, &wc), -1);
	assert_int_equal(ibv_start_poll(cq_ex, &attr), ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(creation_makes_a_queue_of_requests),
		TEST(as_many_requests_as_the_device_has_room_for),
		TEST(a_list_of_no_changes_refuses_them),
		TEST(lists_that_cannot_be),
		cmocka_unit_test_teardown(version_0_has_no_tags, teardown),
		TEST(a_queue_in_use_stays_whole),
		TEST(an_addition),
		TEST(an_addition_without_memory),
		TEST(a_removal),
		TEST(a_report),
		TEST(a_list_of_requests_rings_once),
		TEST(what_cannot_be_posted_names_itself),
		TEST(other_shared_queues_have_no_list),
		TEST(requests_wait_for_their_completions),
		TEST(requests_are_told_by_their_ids),
		TEST(a_tag_out_of_step_is_told),
		TEST(a_removal_that_failed_is_told),
		TEST(matches_free_places_in_their_order),
		TEST(a_match_in_two_parts_frees_with_the_second),
		TEST(what_is_left_to_the_program_frees),
		TEST(removed_tags_free_when_it_is_known),
		TEST(removals_that_nobody_tells_free_with_the_next),
		TEST(a_match_that_was_faster_frees_once),
		TEST(messages_that_nothing_fits_take_receives),
		TEST(the_plain_poll_tells_the_same),
		TEST(cqes_that_make_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
