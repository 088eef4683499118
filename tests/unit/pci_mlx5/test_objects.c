/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lives of objects: made, used for traffic, asked about, and ended in the right order only. */
#include <string.h>

#include "rig.h"

enum { RC = 0, UC = 1, UD = 2, XRC = 3, QP0 = 7, QP1 = 8, UMR = 0xc };

static uint64_t eq_buffer;

struct bench {
	uint32_t pd, key, eqn;
	struct made cq, qp;
};

static struct bench make_bench(uint8_t type)
{
	struct bench bench = {.pd = call_alloc(0x800)};

	bench.key = make_bus_key(bench.pd);
	bench.eqn = make_eq(4, 1, 0, &eq_buffer);
	bench.cq = make_cq(bench.eqn, 4);
	bench.qp = make_qp(type, bench.pd, bench.cq.number, 0);
	return bench;
}

static uint32_t query_qp_state(uint32_t qpn)
{
	call_begin(0x50b, 0, 16, 464);
	put32(call.in, 8, qpn);
	assert_int_equal(call_run(), 0);
	return get32(call.out, 0x18) >> 28;
}

/* ---- work ---- */

static void post_receive(const struct made *qp, uint32_t key, uint64_t to, uint32_t bytes)
{
	uint8_t *wqe = guest_at(qp->buffer);

	put32(wqe, 0, bytes);
	put32(wqe, 4, key);
	put64(wqe, 8, to);
	put32(wqe, 16 + 4, 0x100);
	put32(guest_at(qp->record), 0, 1);
}

/* A signaled SEND with the immediate 0x01020304, and its doorbell. */
static void post_send(const struct made *qp, uint32_t key, uint64_t from, uint32_t bytes)
{
	uint8_t *wqe = guest_at(qp->buffer) + 16 * 64;

	put32(wqe, 0, 0x0b);
	put32(wqe, 4, qp->number << 8 | 2);
	put32(wqe, 8, 8);
	put32(wqe, 12, 0x01020304);
	put32(wqe, 16, bytes);
	put32(wqe, 20, key);
	put64(wqe, 24, from);
	put32(guest_at(qp->record), 4, 1);
	reg_write64((uint64_t)uar * PAGE + 0x800, get32(wqe, 0), get32(wqe, 4));
	settle();
}

static void send_to_itself_arrives_with_both_completions(void **state)
{
	struct bench bench = make_bench(RC);
	uint64_t from = guest_pages(PAGE), to = guest_pages(PAGE);
	const uint8_t *cqe = guest_at(bench.cq.buffer);

	(void)state;
	connect_qp(bench.qp.number, RC, bench.qp.number);
	assert_int_equal(query_qp_state(bench.qp.number), 3);
	strcpy((char *)guest_at(from), "round the corner");
	post_receive(&bench.qp, bench.key, to, 64);
	post_send(&bench.qp, bench.key, from, 17);
	assert_string_equal((char *)guest_at(to), "round the corner");
	/* Both have the owner bit of the first lap; either may come first. */
	assert_int_equal(cqe[63] & 1, 0);
	assert_int_equal(cqe[64 + 63] & 1, 0);
	if (cqe[63] >> 4 == 0)
		cqe += 64;
	assert_int_equal(cqe[63] >> 4, 3); /* SEND with immediate */
	assert_int_equal(get32(cqe, 0x24), 0x01020304);
	assert_int_equal(get32(cqe, 0x2c), 17);
	assert_int_equal(get32(cqe, 0x38) & 0xffffff, bench.qp.number);
}

static void armed_cq_has_an_event_and_an_interrupt_once(void **state)
{
	struct bench bench = make_bench(RC);
	uint64_t place = guest_pages(PAGE);
	const uint8_t *eqe = guest_at(eq_buffer);

	(void)state;
	connect_qp(bench.qp.number, RC, bench.qp.number);
	reg_write((uint64_t)uar * PAGE + 0x40, bench.eqn << 24);
	/* Sequence 1, any completion, consumer index 0. */
	put32(guest_at(bench.cq.record), 4, 1u << 28);
	reg_write64((uint64_t)uar * PAGE + 0x20, 1u << 28, bench.cq.number);
	assert_int_equal(eqe[63], 1);
	post_receive(&bench.qp, bench.key, place, 64);
	post_send(&bench.qp, bench.key, place, 8);
	assert_int_equal(eqe[63], 0);
	assert_int_equal(eqe[1], 0);
	assert_int_equal(get32(eqe, 0x38), bench.cq.number);
	assert_int_equal(eqe[64 + 63], 1);
	assert_int_equal(guest.interrupts[1], 1);
}

static void doorbell_in_halves_is_a_doorbell(void **state)
{
	struct bench bench = make_bench(RC);
	uint64_t place = guest_pages(PAGE);
	uint8_t *wqe = guest_at(bench.qp.buffer) + 16 * 64;

	(void)state;
	connect_qp(bench.qp.number, RC, bench.qp.number);
	post_receive(&bench.qp, bench.key, place, 64);
	put32(wqe, 0, 0x0a);
	put32(wqe, 4, bench.qp.number << 8 | 2);
	put32(wqe, 8, 8);
	put32(wqe, 16, 8);
	put32(wqe, 20, bench.key);
	put64(wqe, 24, place);
	put32(guest_at(bench.qp.record), 4, 1);
	reg_write((uint64_t)uar * PAGE + 0x900, get32(wqe, 0));
	reg_write((uint64_t)uar * PAGE + 0x904, get32(wqe, 4));
	settle();
	assert_int_equal(guest_at(bench.cq.buffer)[63] & 1, 0);
}

static void memory_beyond_the_guest_is_a_protection_error(void **state)
{
	struct bench bench = make_bench(RC);
	const uint8_t *cqe = guest_at(bench.cq.buffer);

	(void)state;
	connect_qp(bench.qp.number, RC, bench.qp.number);
	post_receive(&bench.qp, bench.key, guest_pages(PAGE), 64);
	post_send(&bench.qp, bench.key, GUEST_BASE + GUEST_BYTES - 4, 8);
	assert_int_equal(cqe[63] >> 4, 0xd);
	assert_int_equal(cqe[0x37], 0x04);
	assert_int_equal(query_qp_state(bench.qp.number), 6);
}

/* ---- page keys ---- */

static void key_of_pages_begins_anywhere_in_its_first_page(void **state)
{
	struct bench bench = make_bench(RC);
	uint64_t pages = guest_pages(3 * PAGE), to = guest_pages(PAGE);
	uint32_t key;

	(void)state;
	connect_qp(bench.qp.number, RC, bench.qp.number);
	/* In the guest's program at 0x7f0000123f00; its pages lie in reverse order. */
	begin_page_key(bench.pd, 0x7f0000123f00, PAGE, pages);
	put64(call.in, 0x110, pages + 2 * PAGE);
	put64(call.in, 0x118, pages);
	assert_int_equal(call_run(), 0);
	key = get32(call.out, 8) << 8 | 0x42;
	memset(guest_at(pages + 2 * PAGE + 0xf00), 'a', 0x100);
	memset(guest_at(pages), 'b', 0xf00);
	post_receive(&bench.qp, bench.key, to, PAGE);
	post_send(&bench.qp, key, 0x7f0000123f80, 0x100);
	for (unsigned int i = 0; i < 0x100; i++)
		assert_int_equal(guest_at(to)[i], i < 0x80 ? 'a' : 'b');
}

static void page_list_that_is_too_short_is_refused(void **state)
{
	uint32_t pd = call_alloc(0x800);

	(void)state;
	begin_page_key(pd, 0x1000, 3 * PAGE, guest_pages(3 * PAGE));
	put64(call.in, 0x10 + 0x18, 64ull << 20);
	assert_int_equal(call_run(), 0x50);
}

static void keys_of_other_keys_are_refused(void **state)
{
	uint32_t pd = call_alloc(0x800);

	(void)state;
	begin_page_key(pd, 0, PAGE, guest_pages(PAGE));
	put32(call.in, 0x10, 1u << 30 | 3u << 8); /* free, KSM */
	assert_int_equal(call_run(), 0x03);
	begin_page_key(pd, 0, PAGE, guest_pages(PAGE));
	put32(call.in, 0x10, 2u << 8); /* KLM */
	assert_int_equal(call_run(), 0x03);
}

/* ---- queue pairs ---- */

static void query_answers_right_after_creation(void **state)
{
	struct bench bench = make_bench(RC);

	(void)state;
	assert_int_equal(query_qp_state(bench.qp.number), 0);
	assert_int_equal(get32(call.out, 0x18 + 0x7c), bench.cq.number);
}

static void query_tells_what_was_modified(void **state)
{
	struct bench bench = make_bench(RC);
	uint16_t lid = own_lid();

	(void)state;
	connect_qp(bench.qp.number, RC, 0x4711);
	assert_int_equal(query_qp_state(bench.qp.number), 3);
	assert_int_equal(get32(call.out, 0x18 + 0x08) >> 29, 5);
	assert_int_equal(get32(call.out, 0x18 + 0x14) & 0xffffff, 0x4711);
	assert_int_equal(get32(call.out, 0x18 + 0x18 + 0x04) & 0xffff, lid);
	assert_int_equal(get32(call.out, 0x18 + 0x18 + 0x08) >> 27, 14);
	assert_int_equal(get32(call.out, 0x18 + 0x70) >> 16 & 0xff, 2u << 5 | 7);
	assert_int_equal(get32(call.out, 0x18 + 0x78), 0x123456);
	assert_int_equal(get32(call.out, 0x18 + 0x90) >> 13, 2u << 8 | 7);
	assert_int_equal(get32(call.out, 0x18 + 0x94), 12u << 24 | 0x123456);
}

static void query_tells_how_far_the_packets_have_come(void **state)
{
	struct bench bench = make_bench(RC);
	uint64_t place = guest_pages(2 * PAGE);

	(void)state;
	connect_qp(bench.qp.number, RC, bench.qp.number);
	post_receive(&bench.qp, bench.key, place, 2 * PAGE);
	post_send(&bench.qp, bench.key, place, PAGE + 1); /* two packets */
	query_qp_state(bench.qp.number);
	assert_int_equal(get32(call.out, 0x18 + 0x78), 0x123458);
	assert_int_equal(get32(call.out, 0x18 + 0x94), 12u << 24 | 0x123458);
}

static void management_queue_pairs_have_their_numbers(void **state)
{
	struct bench bench = make_bench(UD);

	(void)state;
	assert_int_equal(make_qp(QP0, bench.pd, bench.cq.number, 0).number, 0);
	assert_int_equal(make_qp(QP1, bench.pd, bench.cq.number, 0).number, 1);
	connect_qp(0, QP0, 0);
	connect_qp(1, QP1, 0);
	assert_int_equal(query_qp_state(1), 3);
}

static void umr_queue_pair_has_states_and_holds_its_cq(void **state)
{
	struct bench bench = make_bench(UD);
	struct made umr = make_qp(UMR, 0, bench.cq.number, 0);

	(void)state;
	connect_qp(umr.number, UMR, 0);
	assert_int_equal(query_qp_state(umr.number), 3);
	reg_write64((uint64_t)uar * PAGE + 0x800, 0x25, umr.number << 8 | 9);
	assert_int_equal(call_number(0x501, bench.qp.number), 0);
	assert_int_equal(call_number(0x401, bench.cq.number), 0x06);
	assert_int_equal(call_number(0x50a, umr.number), 0);
	assert_int_equal(query_qp_state(umr.number), 0);
	assert_int_equal(call_number(0x501, umr.number), 0);
	assert_int_equal(call_number(0x401, bench.cq.number), 0);
}

static void types_that_are_not_offered_are_refused(void **state)
{
	struct bench bench = make_bench(UD);
	static const uint8_t types[] = {XRC, 5, 6, 9, 0xff};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		struct made place = {.buffer = guest_pages(2048), .record = guest_pages(8)};

		call_begin(0x500, 0, 0x118, 16);
		put32(call.in, 0x18, (uint32_t)types[i] << 16);
		put32(call.in, 0x1c, bench.pd);
		put32(call.in, 0x18 + 0x08, 4u << 19 | 2u << 16 | 4u << 11);
		put32(call.in, 0x18 + 0x0c, uar);
		put32(call.in, 0x18 + 0x7c, bench.cq.number);
		put32(call.in, 0x18 + 0x9c, bench.cq.number);
		put64(call.in, 0x18 + 0xa0, place.record);
		put64(call.in, 0x110, place.buffer);
		assert_int_equal(call_run(), 0x03);
	}
}

static void pages_of_impossible_sizes_are_refused(void **state)
{
	uint32_t pd = call_alloc(0x800);
	uint64_t record = guest_pages(8);

	(void)state;
	for (uint32_t log = 30; log < 64; log++) {
		call_begin(0x700, 0, 0x110 + (log & 1) * 8, 16);
		put32(call.in, 0x10, 4u << 24);
		put32(call.in, 0x14, 2u << 24);
		put32(call.in, 0x18, 63u << 26);
		put32(call.in, 0x20, log << 24);
		put32(call.in, 0x28, pd);
		put64(call.in, 0x38, record);
		assert_int_not_equal(call_run(), 0);
	}
}

static void transition_from_another_state_is_a_bad_qp_state(void **state)
{
	struct bench bench = make_bench(RC);

	(void)state;
	call_begin(0x504, 0, 272, 16);
	put32(call.in, 8, bench.qp.number);
	assert_int_equal(call_run(), 0x10);
	assert_int_equal(query_qp_state(bench.qp.number), 0);
	assert_int_equal(call_number(0x507, bench.qp.number), 0);
	assert_int_equal(query_qp_state(bench.qp.number), 6);
	assert_int_equal(call_number(0x50a, bench.qp.number), 0);
	assert_int_equal(query_qp_state(bench.qp.number), 0);
}

/* ---- the rest ---- */

static void srq_serves_a_queue_pair_and_tells_when_it_runs_low(void **state)
{
	struct bench bench = make_bench(UD);
	uint64_t async_buffer, place = guest_pages(PAGE);
	uint32_t async = make_eq(4, 0, 1ull << 0x14, &async_buffer);
	struct made srq = make_srq(bench.pd, 4);
	struct made qp = make_qp(RC, bench.pd, bench.cq.number, srq.number);
	uint8_t *wqe = guest_at(srq.buffer);

	(void)state;
	reg_write((uint64_t)uar * PAGE + 0x40, async << 24);
	connect_qp(qp.number, RC, qp.number);
	for (unsigned int i = 0; i < 2; i++) {
		put32(wqe + i * 64, 16, 64);
		put32(wqe + i * 64, 20, bench.key);
		put64(wqe + i * 64, 24, place);
		put32(wqe + i * 64, 36, 0x100);
	}
	put32(guest_at(srq.record), 0, 2);
	call_begin(0x703, 1, 16, 16);
	put32(call.in, 8, srq.number);
	put32(call.in, 12, 2);
	assert_int_equal(call_run(), 0);
	/* Its buffer begins with sends: there are no receives of its own. */
	qp.buffer -= 16 * 64;
	post_send(&qp, bench.key, place, 8);
	assert_int_equal(guest_at(async_buffer)[1], 0x14);
	assert_int_equal(get32(guest_at(async_buffer), 0x38), srq.number);
	assert_int_equal(guest.interrupts[0], 1);
	call_begin(0x702, 0, 16, 0x110);
	put32(call.in, 8, srq.number);
	assert_int_equal(call_run(), 0);
	assert_int_equal(get32(call.out, 0x10 + 0x1c), 1); /* posted; armed no more */
}

static void objects_in_use_are_busy(void **state)
{
	struct bench bench = make_bench(RC);
	struct made srq = make_srq(bench.pd, 4);
	struct made qp = make_qp(RC, bench.pd, bench.cq.number, srq.number);

	(void)state;
	assert_int_equal(call_number(0x801, bench.pd), 0x06);
	assert_int_equal(call_number(0x401, bench.cq.number), 0x06);
	assert_int_equal(call_number(0x302, bench.eqn), 0x06);
	assert_int_equal(call_number(0x701, srq.number), 0x06);
	assert_int_equal(call_number(0x501, qp.number), 0);
	assert_int_equal(call_number(0x501, bench.qp.number), 0);
	assert_int_equal(call_number(0x701, srq.number), 0);
	assert_int_equal(call_number(0x401, bench.cq.number), 0);
	assert_int_equal(call_number(0x302, bench.eqn), 0);
	assert_int_equal(call_number(0x801, bench.pd), 0x06);
	assert_int_equal(call_number(0x202, bench.key >> 8), 0);
	assert_int_equal(call_number(0x801, bench.pd), 0);
}

static void ended_objects_are_no_objects(void **state)
{
	static const uint16_t destroy[] = {0x801, 0x803, 0x80f, 0x817, 0x202, 0x302,
					   0x401, 0x501, 0x701, 0x50a, 0x507};

	(void)state;
	for (size_t i = 0; i < sizeof(destroy) / sizeof(destroy[0]); i++)
		assert_int_equal(call_number(destroy[i], 0xfffff), 0x05);
}

static void cq_goes_on_in_a_larger_buffer(void **state)
{
	struct bench bench = make_bench(RC);
	uint64_t larger = guest_pages(64 * 64), place = guest_pages(PAGE);

	(void)state;
	connect_qp(bench.qp.number, RC, bench.qp.number);
	call_begin(0x403, 1, 0x110, 16);
	put32(call.in, 8, bench.cq.number);
	put32(call.in, 12, 7);
	put32(call.in, 0x10 + 0x0c, 6u << 24 | uar);
	put64(call.in, 0x110, larger);
	call.in_length += 8;
	assert_int_equal(call_run(), 0);
	assert_int_equal(guest_at(bench.cq.buffer)[63] >> 4, 5); /* the old ends with a sign */
	post_receive(&bench.qp, bench.key, place, 64);
	post_send(&bench.qp, bench.key, place, 8);
	/* The counter went on: the entry after the sign's place. */
	assert_int_equal(guest_at(larger)[64 + 63] & 1, 0);
	call_begin(0x402, 0, 16, 0x110);
	put32(call.in, 8, bench.cq.number);
	assert_int_equal(call_run(), 0);
	assert_int_equal(get32(call.out, 0x10 + 0x0c) >> 24, 6);
	assert_int_equal(get32(call.out, 0x10 + 0x2c), 3);
}

static uint8_t multicast(uint16_t opcode, uint32_t qpn, uint8_t last)
{
	static const uint8_t group[16] = {0xff, 0x12, 0x40, 0x1b, 0xff, 0xff};

	call_begin(opcode, 0, 32, 16);
	put32(call.in, 8, qpn);
	memcpy(call.in + 0x10, group, sizeof(group));
	call.in[0x1f] = last;
	return call_run();
}

static void groups_are_joined_and_left(void **state)
{
	struct bench bench = make_bench(UD);

	(void)state;
	connect_qp(bench.qp.number, UD, 0);
	assert_int_equal(multicast(0x806, bench.qp.number, 7), 0);
	assert_int_equal(call_number(0x501, bench.qp.number), 0x06);
	assert_int_equal(multicast(0x807, bench.qp.number, 8), 0x03);
	assert_int_equal(multicast(0x807, bench.qp.number, 7), 0);
	assert_int_equal(call_number(0x501, bench.qp.number), 0);
}

static void teardown_ends_what_the_driver_left(void **state)
{
	struct bench bench;

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		bench = make_bench(RC);
		make_qp(QP1, bench.pd, bench.cq.number, 0);
		make_qp(UMR, 0, bench.cq.number, 0);
		make_srq(bench.pd, 4);
		assert_int_equal(call_number(0x103, 0), 0);
		assert_int_equal(call_number(0x105, 0), 0);
		assert_int_equal(call_number(0x104, 0), 0);
		assert_int_equal(call_number(0x102, 0), 0);
		uar = call_alloc(0x802);
		assert_int_equal(call_number(0x501, bench.qp.number), 0x05);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, guest_start_ready, guest_stop)
	const struct CMUnitTest tests[] = {
		TEST(send_to_itself_arrives_with_both_completions),
		TEST(armed_cq_has_an_event_and_an_interrupt_once),
		TEST(doorbell_in_halves_is_a_doorbell),
		TEST(memory_beyond_the_guest_is_a_protection_error),
		TEST(key_of_pages_begins_anywhere_in_its_first_page),
		TEST(page_list_that_is_too_short_is_refused),
		TEST(keys_of_other_keys_are_refused),
		TEST(query_answers_right_after_creation),
		TEST(query_tells_what_was_modified),
		TEST(query_tells_how_far_the_packets_have_come),
		TEST(management_queue_pairs_have_their_numbers),
		TEST(umr_queue_pair_has_states_and_holds_its_cq),
		TEST(types_that_are_not_offered_are_refused),
		TEST(pages_of_impossible_sizes_are_refused),
		TEST(transition_from_another_state_is_a_bad_qp_state),
		TEST(srq_serves_a_queue_pair_and_tells_when_it_runs_low),
		TEST(objects_in_use_are_busy),
		TEST(ended_objects_are_no_objects),
		TEST(cq_goes_on_in_a_larger_buffer),
		TEST(groups_are_joined_and_left),
		TEST(teardown_ends_what_the_driver_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
