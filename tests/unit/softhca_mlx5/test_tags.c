/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tag matching byte by byte: the requests are what stock libmlx5 44.0 wrote for ibv_post_srq_ops(),
 * the completions what it understood.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

static struct send_request request;

static int decode(const uint8_t *wqe, size_t length)
{
	rig_put(0, wqe, length);
	rig_ring(1);
	memset(&request, 0x55, sizeof(request));
	return softhca_mlx5_family.send_decode(&rig.qp, 0, &request);
}

/* ---- requests ---- */

/* IBV_WR_TAG_ADD, the fourth, signaled and with a count of 0x2345 unexpected messages. */
static const uint8_t added[64] = {
	0x00, 0x00, 0x00, 0x28, 0x12, 0x34, 0x56, 0x04, 0,    0,    0,	  0,	0,
	0,    0,    0,	  0x10, 0xc0, 0x00, 0x04, 0,	0,    0x23, 0x45, 0,	0,
	0,    0,    0,	  0,	0,    0,    0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
	0x88, 0xff, 0x00, 0xff, 0x00, 0xff, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0x64,
	0x00, 0x00, 0xbc, 0x00, 0x00, 0x00, 0x55, 0xb2, 0x5f, 0xd2, 0x00, 0xe0,
};

static void a_tag_is_added(void **state)
{
	(void)state;
	assert_int_equal(decode(added, sizeof(added)), 0);
	assert_int_equal(request.opcode, REQUEST_CHANGE_TAGS);
	assert_int_equal(request.units, 1);
	assert_int_equal(request.tags.operation, TAGS_ADD);
	assert_int_equal(request.tags.index, 4);
	assert_true(request.tags.asks);
	assert_true(request.tags.reports);
	assert_int_equal(request.tags.handled, 0x2345);
	assert_int_equal(request.tags.value, 0x1122334455667788);
	assert_int_equal(request.tags.mask, 0xff00ff00ff00ffff);
	assert_int_equal(request.num_sge, 1);
	assert_int_equal(request.length, 0x64);
	assert_int_equal(request.sge[0].length, 0x64);
	assert_int_equal(request.sge[0].lkey, 0xbc00);
	assert_int_equal(request.sge[0].address, 0x55b25fd200e0);
	/* It is the SRQ's CQ that hears of it. */
	assert_false(request.flags & REQUEST_SIGNALED);
}

static void a_tag_without_a_receive_has_an_end_mark(void **state)
{
	uint8_t wqe[sizeof(added)];

	(void)state;
	memcpy(wqe, added, sizeof(wqe));
	memset(wqe + 48, 0, 16);
	wqe[54] = 0x01;
	assert_int_equal(decode(wqe, sizeof(wqe)), 0);
	assert_int_equal(request.num_sge, 0);
	assert_int_equal(request.length, 0);
}

static void flags_are_asked_one_by_one(void **state)
{
	uint8_t wqe[sizeof(added)];

	(void)state;
	memcpy(wqe, added, sizeof(wqe));
	wqe[17] = 0;
	assert_int_equal(decode(wqe, sizeof(wqe)), 0);
	assert_false(request.tags.asks);
	assert_false(request.tags.reports);
	wqe[17] = 0x80;
	assert_int_equal(decode(wqe, sizeof(wqe)), 0);
	assert_true(request.tags.asks);
	assert_false(request.tags.reports);
}

/* IBV_WR_TAG_DEL of handle 1, and IBV_WR_TAG_SYNC with a count of 2. */
static const uint8_t removed[48] = {
	0x00, 0x00, 0x00, 0x28, 0x12, 0x34, 0x56, 0x03, [16] = 0x20, 0x80, 0x00, 0x01,
};
static const uint8_t synced[48] = {
	0x00, 0x00, 0x00, 0x28, 0x12, 0x34, 0x56, 0x03, [16] = 0x00, 0xc0, 0, 0, 0, 0, 0x00, 0x02,
};

static void a_tag_is_removed(void **state)
{
	(void)state;
	assert_int_equal(decode(removed, sizeof(removed)), 0);
	assert_int_equal(request.tags.operation, TAGS_REMOVE);
	assert_int_equal(request.tags.index, 1);
	assert_int_equal(request.num_sge, 0);
}

static void the_list_is_brought_up_to_date(void **state)
{
	(void)state;
	assert_int_equal(decode(synced, sizeof(synced)), 0);
	assert_int_equal(request.tags.operation, TAGS_SYNC);
	assert_true(request.tags.reports);
	assert_int_equal(request.tags.handled, 2);
}

static void what_no_driver_writes_is_refused(void **state)
{
	uint8_t wqe[80] = {0};

	(void)state;
	memcpy(wqe, added, sizeof(added));
	wqe[16] = 0x30;
	assert_int_equal(decode(wqe, sizeof(wqe)), EINVAL);
	wqe[16] = 0x10;
	wqe[7] = 2; /* cut short */
	assert_int_equal(decode(wqe, sizeof(wqe)), EINVAL);
	wqe[7] = 5; /* a second element */
	memcpy(wqe + 64, added + 48, 16);
	rig_ring(2);
	assert_int_equal(decode(wqe, sizeof(wqe)), EINVAL);
	wqe[7] = 4;
	wqe[48] = 0x80; /* inline data */
	assert_int_equal(decode(wqe, sizeof(wqe)), EINVAL);
	wqe[48] = 0;
	rig.qp.type = QP_TYPE_UC;
	assert_int_equal(decode(wqe, sizeof(wqe)), EINVAL);
}

static void reserved_bits_are_refused_where_it_is_strict(void **state)
{
	static const uint8_t at[] = {16, 17, 20, 21, 24, 31};
	uint8_t wqe[sizeof(added)];

	(void)state;
	for (unsigned int i = 0; i < sizeof(at); i++) {
		memcpy(wqe, added, sizeof(wqe));
		wqe[at[i]] |= 1;
		rig.engine.strict = true;
		assert_int_equal(decode(wqe, sizeof(wqe)), EINVAL);
		rig.engine.strict = false;
		assert_int_equal(decode(wqe, sizeof(wqe)), 0);
	}
}

/* ---- completions ---- */

static void land(enum tag_event event, const struct completion *completion, bool success)
{
	struct tag_note note = {
		.event = event,
		.index = 0x0a0b,
		.unexpected = 0xc0de,
		.success = success,
		.header = {3, 0, 0, 0, 0xca, 0xfe, 0xba, 0xbe, 1, 2, 3, 4, 5, 6, 7, 8},
	};
	struct completion of_srq = *completion;

	rig.srq.cq = &rig.cq;
	rig.srq.user_index = 0x00face;
	of_srq.srq = &rig.srq;
	memset(rig.cqes, 0, sizeof(rig.cqes));
	rig.cq.producer = 0;
	assert_int_equal(softhca_mlx5_family.cqe_write_tag(&rig.cq, &rig.qp, &of_srq, &note), 0);
}

static void a_change_is_told_with_the_count(void **state)
{
	static const uint8_t operations[] = {[TAG_ADDED] = 5, [TAG_REMOVED] = 6, [TAG_SYNCED] = 7};
	uint8_t expected[64] = {
		[0] = 0x80,  [4] = 0xc0,  [5] = 0xde,  /* success, unexpected messages */
		[34] = 0xfa, [35] = 0xce,	       /* the SRQ's user index */
		[40] = 1,    [42] = 0x0a, [43] = 0x0b, /* tag matching, place */
		[56] = 0x28, [57] = 0x12, [58] = 0x34, [59] = 0x56, /* TAG_MATCHING, QPN */
		[61] = 0x07, [63] = 0x60, /* WQE counter, no packet, owner 0 */
	};
	const struct completion completion = {
		.flags = COMPLETION_SEND, .opcode = REQUEST_CHANGE_TAGS, .index = 7};

	(void)state;
	for (unsigned int event = TAG_ADDED; event <= TAG_SYNCED; event++) {
		land(event, &completion, true);
		expected[41] = operations[event];
		expected[0] = 0x80;
		assert_memory_equal(rig.cqes, expected, 64);
		land(event, &completion, false);
		expected[0] = 0;
		assert_memory_equal(rig.cqes, expected, 64);
	}
}

static void a_message_is_told_with_its_header(void **state)
{
	static const struct {
		enum tag_event event;
		uint8_t operation, opcode;
		bool header;
	} cases[] = {
		{TAG_UNTAGGED, 4, 2, true},	   {TAG_UNEXPECTED, 3, 2, true},
		{TAG_MATCHED, 1, 6, true},	   {TAG_FILLED, 2, 2, false},
		{TAG_MATCHED_FILLED, 10, 2, true}, {TAG_MATCHED_HEADERS, 11, 2, true},
		{TAG_CANCELED, 12, 2, false},
	};
	static const uint8_t header[16] = {3, 0, 0, 0, 0xca, 0xfe, 0xba, 0xbe,
					   1, 2, 3, 4, 5,    6,	   7,	 8};
	const struct completion completion = {
		.opcode = REQUEST_SEND,
		.index = 3,
		.length = 0x1234,
		.remote_qpn = 0xabcdef,
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t expected[64] = {
			[25] = 0xab, [26] = 0xcd, [27] = 0xef, /* source QP */
			[34] = 0xfa, [35] = 0xce, [40] = 1,    [42] = 0x0a,
			[43] = 0x0b, [46] = 0x12, [47] = 0x34, /* byte count */
			[57] = 0x12, [58] = 0x34, [59] = 0x56, [61] = 0x03,
		};

		land(cases[i].event, &completion, false);
		if (cases[i].header)
			memcpy(expected, header, sizeof(header));
		expected[41] = cases[i].operation;
		expected[63] = (uint8_t)(cases[i].opcode << 4);
		assert_memory_equal(rig.cqes, expected, 64);
	}
}

static void a_full_queue_has_no_room_for_tags(void **state)
{
	const struct completion completion = {.opcode = REQUEST_SEND, .srq = &rig.srq};
	const struct tag_note note = {.event = TAG_FILLED};

	(void)state;
	rig.srq.cq = &rig.cq;
	rig.cq.producer = RIG_CQES;
	assert_int_equal(softhca_mlx5_family.cqe_write_tag(&rig.cq, &rig.qp, &completion, &note),
			 EOVERFLOW);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tag_is_added),
		TEST(a_tag_without_a_receive_has_an_end_mark),
		TEST(flags_are_asked_one_by_one),
		TEST(a_tag_is_removed),
		TEST(the_list_is_brought_up_to_date),
		TEST(what_no_driver_writes_is_refused),
		TEST(reserved_bits_are_refused_where_it_is_strict),
		TEST(a_change_is_told_with_the_count),
		TEST(a_message_is_told_with_its_header),
		TEST(a_full_queue_has_no_room_for_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
