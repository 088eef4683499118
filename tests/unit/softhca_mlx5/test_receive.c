/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receive WQEs and shared receive queues, byte by byte. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

static struct recv_request request;

static const uint8_t two_pieces[64] = {
	0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x03, 0, 0, 0, 0, 0, 0, 0x10, 0x00,
	0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x04, 0, 0, 0, 0, 0, 0, 0x20, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0, 0, 0, 0, 0, 0, 0x00, 0x00, /* end */
	0x00, 0x00, 0x09, 0x00, 0x00, 0x00, 0x02, 0x05, 0, 0, 0, 0, 0, 0, 0x30, 0x00,
};

static void the_invalid_key_ends_the_list(void **state)
{
	(void)state;
	memcpy(rig.queue + 3 * 64, two_pieces, 64);
	assert_int_equal(softhca_mlx5_family.recv_decode(&rig.qp, 0x1000b, &request), 0);
	assert_int_equal(request.index, 0x1000b);
	assert_int_equal(request.num_sge, 2);
	assert_int_equal(request.length, 0x300);
	assert_int_equal(request.sge[0].address, 0x1000);
	assert_int_equal(request.sge[0].length, 0x100);
	assert_int_equal(request.sge[0].lkey, 0x203);
	assert_null(request.sge[0].inline_data);
	assert_int_equal(request.sge[1].address, 0x2000);
	assert_int_equal(request.sge[1].length, 0x200);
	assert_int_equal(request.sge[1].lkey, 0x204);
}

static void a_full_list_needs_no_end(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		memcpy(rig.queue + 16 * i, two_pieces, 16);
	assert_int_equal(softhca_mlx5_family.recv_decode(&rig.qp, 0, &request), 0);
	assert_int_equal(request.num_sge, 4);
	assert_int_equal(request.length, 0x400);
}

static void room_is_counted_up_to_the_longest_message(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		memcpy(rig.queue + 16 * i, two_pieces, 16);
		memset(rig.queue + 16 * i, 0, 4); /* 2 GB each */
	}
	assert_int_equal(softhca_mlx5_family.recv_decode(&rig.qp, 0, &request), 0);
	assert_int_equal(request.length, 0x80000000);
}

static void there_is_no_inline_data_to_receive_into(void **state)
{
	(void)state;
	memcpy(rig.queue, two_pieces, 64);
	rig.queue[16] = 0x80;
	assert_int_equal(softhca_mlx5_family.recv_decode(&rig.qp, 0, &request), EINVAL);
}

static void the_receive_counter_is_the_first_dword(void **state)
{
	(void)state;
	rig.qp_record[3] = 5;
	assert_int_equal(softhca_mlx5_family.recv_producer(&rig.qp), 5);
	rig.qp.rq_consumer = 4;
	assert_int_equal(softhca_mlx5_family.recv_producer(&rig.qp), 5);
	rig.qp_record[3] = 200; /* more than the queue holds */
	assert_int_equal(softhca_mlx5_family.recv_producer(&rig.qp), 4 + RIG_RQ_COUNT);
}

/* ---- shared ---- */

static void put_srq(unsigned int index, uint16_t next, uint8_t address_byte)
{
	uint8_t *wqe = rig.srq_queue + index * 64;

	memset(wqe, 0, 64);
	wqe[2] = (uint8_t)(next >> 8);
	wqe[3] = (uint8_t)next;
	wqe[18] = 0x01; /* 256 bytes */
	wqe[23] = 0x09; /* lkey */
	wqe[31] = address_byte;
	wqe[38] = 0x01; /* the end: lkey 0x100 */
}

static int take(void)
{
	return softhca_mlx5_family.srq_take(&rig.srq, &request);
}

static void an_srq_follows_its_chain(void **state)
{
	(void)state;
	put_srq(0, 2, 0xa0);
	put_srq(2, 1, 0xa2);
	put_srq(1, 3, 0xa1);
	assert_int_equal(take(), ENOENT);
	rig.srq_record[3] = 3;
	assert_int_equal(softhca_mlx5_family.srq_posted(&rig.srq), 3);
	assert_int_equal(take(), 0);
	assert_int_equal(request.index, 0);
	assert_int_equal(request.num_sge, 1);
	assert_int_equal(request.length, 256);
	assert_int_equal(request.sge[0].lkey, 9);
	assert_int_equal(request.sge[0].address, 0xa0);
	assert_int_equal(take(), 0);
	assert_int_equal(request.index, 2);
	assert_int_equal(request.sge[0].address, 0xa2);
	assert_int_equal(softhca_mlx5_family.srq_posted(&rig.srq), 1);
	assert_int_equal(take(), 0);
	assert_int_equal(request.index, 1);
	assert_int_equal(take(), ENOENT);
	assert_false(rig.srq.error);
}

static void a_chain_that_leaves_the_queue_is_an_error(void **state)
{
	(void)state;
	put_srq(0, RIG_SRQ_COUNT, 0xa0);
	rig.srq_record[3] = 2;
	assert_int_equal(take(), EINVAL);
	assert_int_equal(request.index, 0);
	assert_true(rig.srq.error);
	assert_int_equal(rig.srq.next, 0);
}

static void a_bad_wqe_does_not_end_the_srq(void **state)
{
	(void)state;
	put_srq(0, 1, 0xa0);
	put_srq(1, 2, 0xa1);
	rig.srq_queue[16] = 0x80; /* inline */
	rig.srq_record[3] = 2;
	assert_int_equal(take(), EINVAL);
	assert_int_equal(request.index, 0);
	assert_false(rig.srq.error);
	assert_int_equal(take(), 0);
	assert_int_equal(request.index, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_invalid_key_ends_the_list),
		TEST(a_full_list_needs_no_end),
		TEST(room_is_counted_up_to_the_longest_message),
		TEST(there_is_no_inline_data_to_receive_into),
		TEST(the_receive_counter_is_the_first_dword),
		TEST(an_srq_follows_its_chain),
		TEST(a_chain_that_leaves_the_queue_is_an_error),
		TEST(a_bad_wqe_does_not_end_the_srq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
