/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys that requests fill and change: regions by the driver's UMR queue pair, windows by anybody's.
 */
#include <string.h>

#include "rig.h"

enum {
	RC = 0,
	UMR = 0xc,
	/* Mask bits of a UMR. */
	LENGTH = 1 << 0,
	PAGE_SIZE = 1 << 1,
	START = 1 << 6,
	PD = 1 << 7,
	KEY = 1 << 13,
	RIGHTS = 0x1f << 17,
	FREE = 1 << 29,
	REGISTER = LENGTH | PAGE_SIZE | START | PD | KEY | RIGHTS | FREE,
	/* Rights of a key in a UMR, and the first word of its context for CREATE_MKEY. */
	LOCAL = 3 << 10,
	REMOTE = 3 << 12,
	CAN_CHANGE = 1 << 15,
	PAGES = 1 << 8,
	KLM = 2 << 8,
	MADE_FREE = 1 << 30,
	/* Syndromes. */
	BIND_ERROR = 0x06,
	FLUSHED = 0x05, /* so ends what a queue pair has refused itself */
};

static const uint64_t ADDRESS = 0x7f0000100000;

/* A connected queue pair that talks to itself, and one for UMR on the same CQ. */
static struct {
	uint32_t pd, bus_key;
	struct made cq, qp, umr;
	unsigned int cqes, posted, umr_posted;
	uint64_t memory;
} bench;

static int start(void **state)
{
	uint64_t eq_buffer;

	if (guest_start_ready(state))
		return -1;
	memset(&bench, 0, sizeof(bench));
	bench.pd = call_alloc(0x800);
	bench.bus_key = make_bus_key(bench.pd);
	bench.cq = make_cq(make_eq(4, 1, 0, &eq_buffer), 4);
	bench.qp = make_qp(RC, bench.pd, bench.cq.number, 0);
	bench.umr = make_qp(UMR, 0, bench.cq.number, 0);
	connect_qp(bench.qp.number, RC, bench.qp.number);
	connect_qp(bench.umr.number, UMR, 0);
	bench.memory = guest_pages(4 * PAGE);
	return 0;
}

/* The next CQE's syndrome, 0 if it is a good one. */
static uint8_t completion(void)
{
	const uint8_t *cqe = guest_at(bench.cq.buffer) + bench.cqes++ % 16 * 64;

	assert_int_equal(cqe[63] & 1, (bench.cqes - 1) / 16 & 1);
	return cqe[63] >> 4 == 0xd ? cqe[0x37] : 0;
}

static uint8_t *next_wqe(struct made *qp, unsigned int *posted, unsigned int blocks)
{
	uint8_t *wqe = guest_at(qp->buffer) + (16 + *posted) * 64;

	assert_true(*posted + blocks <= 16);
	memset(wqe, 0, blocks * 64);
	put32(wqe, 0, *posted << 8);
	*posted += blocks;
	return wqe;
}

static void ring(struct made *qp, unsigned int posted, const uint8_t *wqe)
{
	put32(guest_at(qp->record), 4, posted);
	reg_write64((uint64_t)uar * PAGE + 0x800, get32(wqe, 0), get32(wqe, 4));
	settle();
}

struct change {
	uint32_t key, mask, rights, pd, log_page_size;
	uint8_t flags;
	bool free;
	uint64_t start, length;
	/* The list: how many units of 16 bytes, where it goes, and where it lies. */
	uint16_t units, first_unit;
	uint64_t list;
};

/* Posts a UMR on either queue pair; its syndrome. */
static uint8_t change_by(struct made *qp, unsigned int *posted, const struct change *change)
{
	uint8_t *wqe = next_wqe(qp, posted, change->units ? 3 : 2);

	put32(wqe, 0, get32(wqe, 0) | 0x25);
	put32(wqe, 4, qp->number << 8 | (change->units ? 9 : 8));
	put32(wqe, 8, 8);
	put32(wqe, 12, change->key);
	wqe[16] = change->flags | 0x10;
	put32(wqe, 20, (uint32_t)change->units << 16 | change->first_unit);
	put32(wqe, 28, change->mask);
	put32(wqe, 64, (change->free ? MADE_FREE : 0) | change->rights);
	put32(wqe, 68, 0xffffff00 | (change->key & 0xff));
	put32(wqe, 76, change->pd);
	put64(wqe, 80, change->start);
	put64(wqe, 88, change->length);
	put32(wqe, 120, change->log_page_size);
	put32(wqe, 128, change->units * 16u);
	put32(wqe, 132, bench.bus_key);
	put64(wqe, 136, change->list);
	ring(qp, *posted, wqe);
	return completion();
}

static uint8_t change(const struct change *change)
{
	return change_by(&bench.umr, &bench.umr_posted, change);
}

/* RDMA READ (0x10) or WRITE (8) of 8 bytes from the queue pair to itself; its syndrome. */
static uint8_t access_by(uint8_t opcode, uint32_t rkey, uint64_t remote, uint32_t lkey,
			 uint64_t local)
{
	uint8_t *wqe = next_wqe(&bench.qp, &bench.posted, 1);

	put32(wqe, 0, get32(wqe, 0) | opcode);
	put32(wqe, 4, bench.qp.number << 8 | 3);
	put32(wqe, 8, 8);
	put64(wqe, 16, remote);
	put32(wqe, 24, rkey);
	put32(wqe, 32, 8);
	put32(wqe, 36, lkey);
	put64(wqe, 40, local);
	ring(&bench.qp, bench.posted, wqe);
	return completion();
}

static uint8_t read_remote(uint32_t rkey, uint64_t remote)
{
	return access_by(0x10, rkey, remote, bench.bus_key, bench.memory + 3 * PAGE);
}

/* With room for eight pages, as a driver keeps them in store. */
static uint32_t make_free_key(uint32_t more)
{
	call_begin(0x200, 0, 0x110, 16);
	put32(call.in, 0x10 + 0x00, MADE_FREE | PAGES | CAN_CHANGE | more);
	put32(call.in, 0x10 + 0x04, 0xffffff00 | 0x42);
	put32(call.in, 0x10 + 0x34, 4);
	assert_int_equal(call_run(), 0);
	return get32(call.out, 8) << 8 | 0x42;
}

/* Two pages in reverse order, from the third byte unit of the list on. */
static struct change registration(uint32_t key)
{
	uint64_t list = guest_pages(PAGE);

	put64(guest_at(list), 0, (bench.memory + PAGE) | 3);
	put64(guest_at(list), 8, bench.memory | 3);
	return (struct change){
		.key = key,
		.mask = REGISTER,
		.rights = LOCAL | REMOTE,
		.pd = bench.pd,
		.log_page_size = 12,
		.flags = 1 << 5, /* only if free */
		.start = ADDRESS,
		.length = 2 * PAGE,
		.units = 4,
		.list = list,
	};
}

static void a_free_key_becomes_a_region(void **state)
{
	uint32_t key = make_free_key(0);
	struct change request = registration(key);

	(void)state;
	assert_int_equal(change(&request), 0);
	strcpy((char *)guest_at(bench.memory + PAGE), "page 1");
	strcpy((char *)guest_at(bench.memory), "page 2");
	assert_int_equal(read_remote(key, ADDRESS), 0);
	assert_string_equal((char *)guest_at(bench.memory + 3 * PAGE), "page 1");
	assert_int_equal(read_remote(key, ADDRESS + PAGE), 0);
	assert_string_equal((char *)guest_at(bench.memory + 3 * PAGE), "page 2");
	assert_int_equal(read_remote(key, ADDRESS + 2 * PAGE - 7), FLUSHED);
}

static void a_free_key_grants_nothing(void **state)
{
	uint32_t key = make_free_key(0);

	(void)state;
	assert_int_equal(read_remote(key, 0), FLUSHED);
}

static void a_list_comes_in_parts(void **state)
{
	uint32_t key = make_free_key(0);
	struct change request = registration(key), part = {.key = key,
							   .flags = 1 << 5,
							   .units = 2,
							   .first_unit = 2,
							   .list = guest_pages(PAGE)};

	(void)state;
	put64(guest_at(part.list), 0, (bench.memory + 2 * PAGE) | 3);
	assert_int_equal(change(&part), 0);
	put64(guest_at(request.list), 16, bench.memory + PAGE);
	put64(guest_at(request.list), 24, bench.memory + PAGE);
	request.units = 2;
	request.length = 5 * PAGE;
	assert_int_equal(change(&request), 0);
	strcpy((char *)guest_at(bench.memory + 2 * PAGE), "page 5");
	assert_int_equal(read_remote(key, ADDRESS + 4 * PAGE), 0);
	assert_string_equal((char *)guest_at(bench.memory + 3 * PAGE), "page 5");
}

static void rights_and_pd_change(void **state)
{
	uint32_t key = make_free_key(0), other_pd = call_alloc(0x800);
	struct change request = registration(key);

	(void)state;
	assert_int_equal(change(&request), 0);
	assert_int_equal(call_number(0x801, other_pd), 0);
	other_pd = call_alloc(0x800);
	request = (struct change){
		.key = key, .mask = RIGHTS | PD, .rights = LOCAL | 1 << 13, .pd = bench.pd};
	assert_int_equal(change(&request), 0);
	assert_int_equal(access_by(8, key, ADDRESS, bench.bus_key, bench.memory), 0);
	request.pd = other_pd;
	assert_int_equal(change(&request), 0);
	assert_int_equal(call_number(0x801, other_pd), 0x06);
	assert_int_equal(access_by(8, key, ADDRESS, bench.bus_key, bench.memory), FLUSHED);
}

static void a_revoked_key_is_worth_nothing_until_it_is_filled_again(void **state)
{
	uint32_t key = make_free_key(0);
	struct change request = registration(key);

	(void)state;
	assert_int_equal(change(&request), 0);
	request = (struct change){.key = key, .mask = FREE | PD, .free = true, .pd = bench.pd};
	assert_int_equal(change(&request), 0);
	request = registration((key & ~0xffu) | 0x43);
	assert_int_equal(change(&request), 0);
	assert_int_equal(read_remote((key & ~0xffu) | 0x43, ADDRESS), 0);
	assert_int_equal(read_remote(key, ADDRESS), FLUSHED);
	assert_int_equal(call_number(0x202, key >> 8), 0);
}

static void keys_that_came_with_their_list_change_as_well(void **state)
{
	struct change request;
	uint32_t key;

	(void)state;
	begin_page_key(bench.pd, ADDRESS, PAGE, bench.memory);
	put32(call.in, 0x10, LOCAL | PAGES | CAN_CHANGE);
	assert_int_equal(call_run(), 0);
	key = get32(call.out, 8) << 8 | 0x42;
	request = (struct change){.key = key, .mask = RIGHTS, .rights = LOCAL | REMOTE};
	assert_int_equal(change(&request), 0);
	assert_int_equal(read_remote(key, ADDRESS), 0);
}

static void refused(const struct change *request)
{
	assert_int_equal(change(request), BIND_ERROR);
	/* As the driver does: back to work by way of reset. */
	assert_int_equal(call_number(0x50a, bench.umr.number), 0);
	connect_qp(bench.umr.number, UMR, 0);
	bench.umr_posted = 0;
	put32(guest_at(bench.umr.record), 4, 0);
}

static void changes_that_are_refused(void **state)
{
	uint32_t key = make_free_key(0);
	struct change good = registration(key), bad;

	(void)state;
	bad = good;
	bad.flags = 1 << 6; /* only if used */
	refused(&bad);
	bad = good;
	bad.pd = 0xfffff;
	refused(&bad);
	bad = good;
	bad.first_unit = 1; /* of 4, 4 are given */
	refused(&bad);
	bad = good;
	bad.length = 9 * PAGE;
	refused(&bad);
	bad = good;
	bad.length = 0;
	refused(&bad);
	bad = good;
	bad.start = UINT64_MAX - PAGE;
	refused(&bad);
	bad = good;
	bad.log_page_size = 3;
	refused(&bad);
	bad = good;
	bad.list = GUEST_BASE + GUEST_BYTES - 16;
	refused(&bad);
	bad = good;
	bad.key = bench.bus_key;
	refused(&bad);
	bad = good;
	bad.key = 0x12345678;
	refused(&bad);
	assert_int_equal(change(&good), 0);
	refused(&good);
}

/* A change of rights has the pages found anew, from the list as the adapter keeps it. */
static void expect_first_page(uint32_t key, const char *text)
{
	struct change rights = {.key = key, .mask = RIGHTS, .rights = LOCAL | REMOTE};

	assert_int_equal(change(&rights), 0);
	assert_int_equal(read_remote(key, ADDRESS), 0);
	assert_string_equal((char *)guest_at(bench.memory + 3 * PAGE), text);
}

static void refused_changes_leave_the_list_alone(void **state)
{
	uint32_t key = make_free_key(0);
	struct change request = registration(key), other;

	(void)state;
	strcpy((char *)guest_at(bench.memory + PAGE), "listed");
	strcpy((char *)guest_at(bench.memory), "refused");
	assert_int_equal(change(&request), 0);
	other = (struct change){.key = key,
				.mask = LENGTH,
				.length = 9 * PAGE,
				.units = 1,
				.list = guest_pages(PAGE)};
	put64(guest_at(other.list), 0, bench.memory | 3);
	refused(&other);
	expect_first_page(key, "listed");
	/* Others may write what the owner may not. */
	other.mask = RIGHTS;
	other.rights = REMOTE;
	refused(&other);
	expect_first_page(key, "listed");
	/* The second half of the list is not in memory. */
	other.rights = LOCAL | REMOTE;
	other.units = 2;
	other.list = GUEST_BASE + GUEST_BYTES - 16;
	put64(guest_at(other.list), 0, bench.memory | 3);
	refused(&other);
	expect_first_page(key, "listed");
}

static void keys_that_requests_may_not_change(void **state)
{
	struct change request;

	(void)state;
	begin_page_key(bench.pd, ADDRESS, PAGE, bench.memory);
	assert_int_equal(call_run(), 0);
	request = (struct change){
		.key = get32(call.out, 8) << 8 | 0x42, .mask = RIGHTS, .rights = LOCAL | REMOTE};
	refused(&request);
}

static void programs_change_no_regions(void **state)
{
	uint32_t key = make_free_key(0);
	struct change request = registration(key);

	(void)state;
	assert_int_equal(change_by(&bench.qp, &bench.posted, &request), BIND_ERROR);
	assert_int_equal(read_remote(key, ADDRESS), FLUSHED);
}

static uint32_t make_window(bool type_2)
{
	call_begin(0x200, 0, 0x110, 16);
	put32(call.in, 0x10 + 0x00, MADE_FREE | KLM | CAN_CHANGE | 1 << 10);
	put32(call.in, 0x10 + 0x04, 0xffffff00 | 0x10);
	put32(call.in, 0x10 + 0x0c, (type_2 ? 1u << 24 : 0) | bench.pd);
	put32(call.in, 0x10 + 0x34, 4);
	assert_int_equal(call_run(), 0);
	return get32(call.out, 8) << 8 | 0x10;
}

/* The key's next variant, and at its end what is the piece or says where the list lies. */
static uint8_t bind_by(uint8_t flags, unsigned int units, uint32_t key, uint32_t region,
		       uint64_t address, uint32_t length)
{
	uint8_t *wqe = next_wqe(&bench.qp, &bench.posted, 3);

	put32(wqe, 0, get32(wqe, 0) | 0x25);
	put32(wqe, 4, bench.qp.number << 8 | (8 + units));
	put32(wqe, 8, 8);
	put32(wqe, 12, key);
	wqe[16] = flags;
	put32(wqe, 20, 4u << 16);
	put32(wqe, 28, 0x203c2041);
	put32(wqe, 64, REMOTE);
	put32(wqe, 68, 0xffffff00 | ((key + 1) & 0xff));
	put64(wqe, 80, address);
	put64(wqe, 88, length);
	put32(wqe, 128, length);
	put32(wqe, 132, region);
	put64(wqe, 136, address);
	ring(&bench.qp, bench.posted, wqe);
	return completion();
}

/* As stock libmlx5 binds a window of type 1: one piece inline. */
static uint8_t bind_window(uint32_t key, uint32_t region, uint64_t address, uint32_t length)
{
	return bind_by(0x90, 4, key, region, address, length);
}

static void a_window_is_bound_to_a_region_of_the_driver(void **state)
{
	uint32_t key = make_free_key(0), window = make_window(false);
	struct change request = registration(key);

	(void)state;
	assert_int_equal(change(&request), 0);
	assert_int_equal(bind_window(window, key, ADDRESS + PAGE - 8, 16), 0);
	strcpy((char *)guest_at(bench.memory), "2");
	assert_int_equal(read_remote(window + 1, ADDRESS + PAGE), 0);
	assert_string_equal((char *)guest_at(bench.memory + 3 * PAGE), "2");
	assert_int_equal(call_number(0x202, key >> 8), 0x06);
	/* A region that changes takes its windows back. */
	request = (struct change){.key = key, .mask = RIGHTS, .rights = LOCAL};
	assert_int_equal(change(&request), 0);
	assert_int_equal(read_remote(window + 1, ADDRESS + PAGE), FLUSHED);
	assert_int_equal(call_number(0x202, key >> 8), 0);
	assert_int_equal(call_number(0x202, window >> 8), 0);
}

/* The list is four units at the address: it would be long enough for the piece itself. */
static void a_window_is_not_bound_to_its_list(void **state)
{
	uint32_t key = make_free_key(0), window = make_window(false);
	struct change request = registration(key);

	(void)state;
	assert_int_equal(change(&request), 0);
	assert_int_equal(bind_by(0x10, 1, window, key, ADDRESS, 16), BIND_ERROR);
	assert_int_equal(call_number(0x202, key >> 8), 0);
}

static void windows_of_type_2_are_told_by_a_bit(void **state)
{
	uint32_t key = make_free_key(0), window = make_window(true);
	struct change request = registration(key);

	(void)state;
	assert_int_equal(change(&request), 0);
	/* The request is one for type 1, and does not name the queue pair. */
	assert_int_equal(bind_window(window, key, ADDRESS, 16), 0);
	assert_int_equal(bind_window(window + 1, key, ADDRESS, 16), BIND_ERROR);
}

static void the_null_key_is_told(void **state)
{
	uint32_t key;

	(void)state;
	call_begin(0x203, 0, 16, 16);
	assert_int_equal(call_run(), 0);
	key = get32(call.out, 8);
	assert_int_not_equal(key, 0);
	strcpy((char *)guest_at(bench.memory), "gone");
	/* What is read from it is zero, what is written to it is gone. */
	assert_int_equal(access_by(8, bench.bus_key, bench.memory, key, 12345), FLUSHED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, guest_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_free_key_becomes_a_region),
		TEST(a_free_key_grants_nothing),
		TEST(a_list_comes_in_parts),
		TEST(rights_and_pd_change),
		TEST(a_revoked_key_is_worth_nothing_until_it_is_filled_again),
		TEST(keys_that_came_with_their_list_change_as_well),
		TEST(changes_that_are_refused),
		TEST(refused_changes_leave_the_list_alone),
		TEST(keys_that_requests_may_not_change),
		TEST(programs_change_no_regions),
		TEST(a_window_is_bound_to_a_region_of_the_driver),
		TEST(a_window_is_not_bound_to_its_list),
		TEST(windows_of_type_2_are_told_by_a_bit),
		TEST(the_null_key_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
