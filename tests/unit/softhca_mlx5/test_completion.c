/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completions to CQEs, byte by byte; arm records; the shapes of queues. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

static void land(const struct completion *completion)
{
	assert_int_equal(softhca_mlx5_family.cqe_write(&rig.cq, &rig.qp, completion), 0);
}

static void a_send_completion(void **state)
{
	static const uint8_t expected[64] = {
		[34] = 0xab, [35] = 0xcd,			    /* user index */
		[46] = 0x10,					    /* byte count */
		[52] = 0x11, [53] = 0x22, [54] = 0x33, [55] = 0x44, /* time stamp */
		[56] = 0x10, [57] = 0x12, [58] = 0x34, [59] = 0x56, /* RDMA_READ, QPN */
		[60] = 0xff, [61] = 0xfe,			    /* WQE counter */
		[63] = 0x00,					    /* requester, owner 0 */
	};
	struct completion completion = {
		.flags = COMPLETION_SEND,
		.opcode = REQUEST_READ,
		.index = 0x1fffe,
		.length = 0x1000,
		.timestamp_ns = 0x11223344,
	};

	(void)state;
	land(&completion);
	assert_memory_equal(rig.cqes, expected, 64);
}

static void every_send_opcode_is_named(void **state)
{
	static const uint8_t opcodes[] = {
		[REQUEST_SEND] = 0x0a,
		[REQUEST_SEND_IMM] = 0x0b,
		[REQUEST_SEND_INVALIDATE] = 0x01,
		[REQUEST_WRITE] = 0x08,
		[REQUEST_WRITE_IMM] = 0x09,
		[REQUEST_READ] = 0x10,
		[REQUEST_COMPARE_SWAP] = 0x11,
		[REQUEST_FETCH_ADD] = 0x12,
		[REQUEST_CHANGE_KEY] = 0x25,
		[REQUEST_CHANGE_TAGS] = 0x28,
		[REQUEST_SEND_SEGMENTS] = 0x0e,
		[REQUEST_NOP] = 0x00,
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(opcodes); i++) {
		struct completion completion = {.flags = COMPLETION_SEND, .opcode = i};

		rig_reset(NULL);
		land(&completion);
		assert_int_equal(rig.cqes[56], opcodes[i]);
		assert_int_equal(rig.cqes[63] >> 4, 0);
	}
}

static void a_datagram_received_with_immediate(void **state)
{
	static const uint8_t expected[64] = {
		[17] = 0x05,					    /* path bits */
		[22] = 0x01, [23] = 0x02,			    /* source LID */
		[24] = 0x13, [25] = 0xab, [26] = 0xcd, [27] = 0xef, /* GRH, SL 3, source QP */
		[34] = 0xab, [35] = 0xcd, [36] = 0xca, [37] = 0xfe,
		[38] = 0xba, [39] = 0xbe, /* immediate */
		[47] = 0x2c,		  /* 44 bytes */
		[57] = 0x12, [58] = 0x34, [59] = 0x56, [61] = 0x07,
		[63] = 0x32, /* SEND_IMM received, solicited, owner 0 */
	};
	struct completion completion = {
		.flags = COMPLETION_IMMEDIATE | COMPLETION_GRH | COMPLETION_SOLICITED,
		.opcode = REQUEST_SEND_IMM,
		.index = 7,
		.length = 44,
		.remote_qpn = 0xabcdef,
		.slid = 0x102,
		.sl = 3,
		.path_bits = 5,
	};

	(void)state;
	memcpy(&completion.immediate, "\xca\xfe\xba\xbe", 4);
	land(&completion);
	assert_memory_equal(rig.cqes, expected, 64);
}

static void received_opcodes(void **state)
{
	static const struct {
		enum request_opcode opcode;
		uint8_t cqe;
	} rows[] = {
		{REQUEST_WRITE_IMM, 1},
		{REQUEST_SEND, 2},
		{REQUEST_SEND_IMM, 3},
	};

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct completion completion = {.opcode = rows[i].opcode};

		rig_reset(NULL);
		land(&completion);
		assert_int_equal(rig.cqes[63], rows[i].cqe << 4);
		assert_int_equal(rig.cqes[56], 0);
	}
}

static void an_immediate_and_a_pkey_index_share_a_place(void **state)
{
	struct completion immediate = {
		.flags = COMPLETION_IMMEDIATE,
		.opcode = REQUEST_SEND_IMM,
		.immediate = htobe32(0x01020304),
	};
	struct completion partition = {.opcode = REQUEST_SEND, .pkey_index = 0x7f};

	(void)state;
	land(&immediate);
	land(&partition);
	assert_memory_equal(rig.cqes + 36, "\x01\x02\x03\x04", 4);
	assert_memory_equal(rig.cqes + 64 + 36, "\0\0\0\x7f", 4);
}

static void an_error_has_a_syndrome(void **state)
{
	static const uint8_t expected[64] = {
		[34] = 0xab, [35] = 0xcd,
		[54] = 0x88, [55] = 0x13, /* vendor syndrome; remote access */
		[56] = 0x08, [57] = 0x12,
		[58] = 0x34, [59] = 0x56, /* RDMA_WRITE, QPN */
		[61] = 0x03, [63] = 0xd0, /* requester error */
	};
	struct completion completion = {
		.status = STATUS_REMOTE_ACCESS,
		.flags = COMPLETION_SEND,
		.opcode = REQUEST_WRITE,
		.index = 3,
		.timestamp_ns = 5,
	};

	(void)state;
	land(&completion);
	assert_memory_equal(rig.cqes, expected, 64);
}

static void every_status_has_its_syndrome(void **state)
{
	static const struct {
		enum completion_status status;
		uint8_t syndrome;
	} rows[] = {
		{STATUS_LOCAL_LENGTH, 0x01},	 {STATUS_LOCAL_QP_OPERATION, 0x02},
		{STATUS_LOCAL_PROTECTION, 0x04}, {STATUS_FLUSHED, 0x05},
		{STATUS_MW_BIND, 0x06},		 {STATUS_BAD_RESPONSE, 0x10},
		{STATUS_LOCAL_ACCESS, 0x11},	 {STATUS_REMOTE_INVALID_REQUEST, 0x12},
		{STATUS_REMOTE_ACCESS, 0x13},	 {STATUS_REMOTE_OPERATION, 0x14},
		{STATUS_RETRY_EXCEEDED, 0x15},	 {STATUS_RNR_RETRY_EXCEEDED, 0x16},
		{STATUS_REMOTE_ABORTED, 0x22},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct completion completion = {.status = rows[i].status};

		rig_reset(NULL);
		land(&completion);
		assert_int_equal(rig.cqes[55], rows[i].syndrome);
		assert_int_equal(rig.cqes[63], 0xe0); /* responder error */
	}
}

static void version_0_names_the_srq_or_nothing(void **state)
{
	struct completion own = {.opcode = REQUEST_SEND};
	struct completion shared = {.opcode = REQUEST_SEND, .srq = &rig.srq};

	(void)state;
	rig.qp.user_index = 0xffffff;
	land(&own);
	land(&shared);
	assert_memory_equal(rig.cqes + 32, "\0\0\0\0", 4);
	assert_memory_equal(rig.cqes + 64 + 32, "\0\0\x07\x77", 4);
}

/* Of an SRQ with a CQ of its own: its own index, or number, and not the queue pair's. */
static void an_srq_with_its_own_cq_is_named_itself(void **state)
{
	struct completion completion = {.opcode = REQUEST_SEND, .srq = &rig.srq};
	struct completion failed = {.status = STATUS_FLUSHED, .srq = &rig.srq};

	(void)state;
	rig.qp.srq = NULL;
	rig.srq.cq = &rig.cq;
	rig.srq.user_index = 0x00123a;
	land(&completion);
	land(&failed);
	rig.srq.user_index = 0xffffff;
	land(&completion);
	assert_memory_equal(rig.cqes + 32, "\0\0\x12\x3a", 4);
	assert_memory_equal(rig.cqes + 64 + 32, "\0\0\x12\x3a", 4);
	assert_memory_equal(rig.cqes + 128 + 32, "\0\0\x07\x77", 4);
}

static void the_owner_bit_turns_with_each_lap(void **state)
{
	struct completion completion = {.opcode = REQUEST_SEND};

	(void)state;
	for (uint32_t i = 0; i < 4 * RIG_CQES; i++) {
		rig.cq_record[3] = (uint8_t)i; /* consumed as they come */
		land(&completion);
		assert_int_equal(rig.cqes[i % RIG_CQES * 64 + 63] & 1, i / RIG_CQES % 2);
	}
}

static void a_full_ring_takes_no_more(void **state)
{
	struct completion completion = {.opcode = REQUEST_SEND};
	uint8_t before[sizeof(rig.cqes)];

	(void)state;
	for (int i = 0; i < RIG_CQES; i++)
		land(&completion);
	memcpy(before, rig.cqes, sizeof(before));
	assert_int_equal(softhca_mlx5_family.cqe_write(&rig.cq, &rig.qp, &completion), EOVERFLOW);
	assert_int_equal(softhca_mlx5_family.cqe_write_resize(&rig.cq), EOVERFLOW);
	assert_memory_equal(rig.cqes, before, sizeof(before));
	assert_int_equal(rig.cq.producer, RIG_CQES);
	rig.cq_record[3] = 1;
	land(&completion);
	rig.cq.ignore_overrun = true;
	land(&completion);
}

static void the_consumer_index_has_24_bits(void **state)
{
	(void)state;
	rig.cq.producer = 0x2000001;
	memcpy(rig.cq_record, "\x00\xff\xff\xff", 4);
	assert_int_equal(softhca_mlx5_family.cq_unpolled(&rig.cq), 2);
}

static void a_long_entry_is_its_second_half(void **state)
{
	struct completion completion = {.opcode = REQUEST_SEND, .length = 9};
	static const uint8_t zero[64];

	(void)state;
	rig.cq.cqe_size = 128;
	rig.cq.producer = 1;
	land(&completion);
	assert_memory_equal(rig.cqes, zero, 64);
	assert_memory_equal(rig.cqes + 128, zero, 64);
	assert_int_equal(rig.cqes[128 + 64 + 47], 9);
	assert_int_equal(rig.cqes[128 + 64 + 63], 0x20);
}

static void a_resize_entry_says_so(void **state)
{
	(void)state;
	rig.cq.producer = RIG_CQES;
	rig.cq_record[3] = RIG_CQES;
	assert_int_equal(softhca_mlx5_family.cqe_write_resize(&rig.cq), 0);
	assert_int_equal(rig.cqes[63], 0x51);
	assert_int_equal(rig.cq.producer, RIG_CQES + 1);
}

static void arm_records(void **state)
{
	struct cq_arm arm, other;

	(void)state;
	softhca_mlx5_family.cq_disarm(&rig.cq);
	other = softhca_mlx5_family.cq_arm(&rig.cq);
	memcpy(rig.cq_record + 4, "\x00\x00\x00\x00", 4); /* the first arming of all */
	arm = softhca_mlx5_family.cq_arm(&rig.cq);
	assert_int_not_equal(arm.token, other.token);
	assert_false(arm.solicited_only);
	memcpy(rig.cq_record + 4, "\x21\x00\x00\x05", 4); /* sequence 2, solicited only */
	other = softhca_mlx5_family.cq_arm(&rig.cq);
	assert_true(other.solicited_only);
	memcpy(rig.cq_record + 4, "\x31\x00\x00\x05", 4); /* the next sequence number */
	arm = softhca_mlx5_family.cq_arm(&rig.cq);
	assert_int_not_equal(arm.token, other.token);
}

/* ---- shapes ---- */

static struct qp_params good_qp(void)
{
	return (struct qp_params){
		.memory = {.linear = rig.queue, .size = sizeof(rig.queue)},
		.doorbell_record = rig.qp_record,
		.sq_offset = RIG_RQ_BYTES,
		.sq_units = RIG_SQ_UNITS,
		.rq_count = RIG_RQ_COUNT,
		.rq_log_stride = RIG_LOG_STRIDE,
	};
}

static void refuse_qp(struct qp_params params)
{
	assert_int_equal(softhca_mlx5_family.qp_check(&params), EINVAL);
}

static void queues_must_lie_inside_their_memory(void **state)
{
	struct qp_params good = good_qp(), bad;

	(void)state;
	assert_int_equal(softhca_mlx5_family.qp_check(&good), 0);
	bad = good, bad.sq_units = 15, refuse_qp(bad);
	bad = good, bad.sq_units = 32, refuse_qp(bad);
	bad = good, bad.sq_units = 0x80000000, refuse_qp(bad);
	bad = good, bad.sq_offset += 64, refuse_qp(bad);
	bad = good, bad.sq_offset = SIZE_MAX - 63, refuse_qp(bad);
	bad = good, bad.sq_offset = 16, bad.sq_units = 1, refuse_qp(bad);
	bad = good, bad.rq_count = 7, refuse_qp(bad);
	bad = good, bad.rq_count = 0x80000000, refuse_qp(bad);
	bad = good, bad.rq_log_stride = 3, refuse_qp(bad);
	bad = good, bad.rq_log_stride = 11, refuse_qp(bad);
	bad = good, bad.rq_log_stride = 200, refuse_qp(bad);
	bad = good, bad.doorbell_record = NULL, refuse_qp(bad);
	bad = good, bad.doorbell_record = rig.qp_record + 4, refuse_qp(bad);
	bad = good, bad.memory.linear++, refuse_qp(bad);
	bad = good, bad.memory.linear = NULL, refuse_qp(bad);
	bad = good, bad.sq_units = 0, bad.rq_count = 0;
	assert_int_equal(softhca_mlx5_family.qp_check(&bad), 0);
}

static void completion_rings_must_lie_inside_their_memory(void **state)
{
	struct cq_params good = {
		.memory = {.linear = rig.cqes, .size = sizeof(rig.cqes)},
		.doorbell_record = rig.cq_record,
		.cqe_count = RIG_CQES,
		.cqe_size = 128,
	};
	struct cq_params bad;

	(void)state;
	assert_int_equal(softhca_mlx5_family.cq_check(&good), 0);
	bad = good, bad.cqe_count = 3;
	assert_int_equal(softhca_mlx5_family.cq_check(&bad), EINVAL);
	bad = good, bad.cqe_count = 8;
	assert_int_equal(softhca_mlx5_family.cq_check(&bad), EINVAL);
	bad = good, bad.cqe_count = 0;
	assert_int_equal(softhca_mlx5_family.cq_check(&bad), EINVAL);
	bad = good, bad.cqe_count = 1u << 31;
	assert_int_equal(softhca_mlx5_family.cq_check(&bad), EINVAL);
	bad = good, bad.cqe_size = 32;
	assert_int_equal(softhca_mlx5_family.cq_check(&bad), EINVAL);
}

static void shared_queues_need_room_for_their_link(void **state)
{
	struct srq_params good = {
		.memory = {.linear = rig.srq_queue, .size = sizeof(rig.srq_queue)},
		.doorbell_record = rig.srq_record,
		.wqe_count = RIG_SRQ_COUNT,
		.log_stride = RIG_LOG_STRIDE,
	};
	struct srq_params bad;

	(void)state;
	assert_int_equal(softhca_mlx5_family.srq_check(&good), 0);
	bad = good, bad.log_stride = 4;
	assert_int_equal(softhca_mlx5_family.srq_check(&bad), EINVAL);
	bad = good, bad.wqe_count = 8;
	assert_int_equal(softhca_mlx5_family.srq_check(&bad), EINVAL);
	bad = good, bad.wqe_count = 0;
	assert_int_equal(softhca_mlx5_family.srq_check(&bad), EINVAL);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_send_completion),
		TEST(every_send_opcode_is_named),
		TEST(a_datagram_received_with_immediate),
		TEST(received_opcodes),
		TEST(an_immediate_and_a_pkey_index_share_a_place),
		TEST(an_error_has_a_syndrome),
		TEST(every_status_has_its_syndrome),
		TEST(version_0_names_the_srq_or_nothing),
		TEST(an_srq_with_its_own_cq_is_named_itself),
		TEST(the_owner_bit_turns_with_each_lap),
		TEST(a_full_ring_takes_no_more),
		TEST(the_consumer_index_has_24_bits),
		TEST(a_long_entry_is_its_second_half),
		TEST(a_resize_entry_says_so),
		TEST(arm_records),
		TEST(queues_must_lie_inside_their_memory),
		TEST(completion_rings_must_lie_inside_their_memory),
		TEST(shared_queues_need_room_for_their_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
