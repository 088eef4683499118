/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "attack.h"

#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct attack_counts attack_counts;

/* ---- choices ---- */

static bool chance(struct supply *supply, uint32_t one_in)
{
	return supply_draw(supply, one_in) == 0;
}

/* An address in the guest's memory, at its ends, or elsewhere. */
static uint64_t address(struct supply *supply)
{
	static const uint64_t odd[] = {0,
				       8,
				       WHOLE_NO_MEMORY,
				       WHOLE_READ_ONLY,
				       WHOLE_READ_ONLY + WHOLE_RANGE_BYTES - 64,
				       GUEST_BASE - 64,
				       GUEST_BASE + GUEST_BYTES - 64,
				       GUEST_BASE + GUEST_BYTES,
				       GUEST_BASE + WHOLE_RANGE_BYTES - 8,
				       UINT64_MAX - 63,
				       1ull << 63};

	if (chance(supply, 8))
		return odd[supply_draw(supply, sizeof(odd) / sizeof(odd[0]))];
	return GUEST_BASE + supply_draw(supply, GUEST_BYTES / 64) * 64ull;
}

/* Small numbers hit objects, addresses hit memory, the rest hits nothing. */
static uint32_t value(struct supply *supply)
{
	switch (supply_draw(supply, 6)) {
	case 0:
		return supply_draw(supply, 4);
	case 1:
		return supply_draw(supply, 256);
	case 2:
		return (uint32_t)address(supply);
	case 3:
		return 1u << supply_draw(supply, 32);
	case 4:
		return UINT32_MAX - supply_draw(supply, 4);
	default:
		return supply_draw(supply, 1u << 16) << 16 | supply_draw(supply, 1u << 16);
	}
}

/* ---- a good driver ---- */

enum { LENGTH = 700, WATCHED_EVENTS = 1 << 9 };

static void put_pointer(uint8_t *to, uint64_t from, uint32_t length, uint32_t key)
{
	put32(to, 0, length);
	put32(to, 4, key);
	put64(to, 8, from);
}

static void post_receive(const struct made *qp, uint32_t key, uint64_t buffer)
{
	uint8_t *wqe = guest_at(qp->buffer);

	put_pointer(wqe, buffer, 4096, key);
	put32(wqe, 16 + 4, 0x100); /* ends the list */
	put32(guest_at(qp->record), 0, 1);
}

static void post_send(const struct made *qp, uint32_t key, uint64_t buffer)
{
	uint8_t *wqe = guest_at(qp->buffer) + 1024;

	put32(wqe, 0, 0x0a);
	put32(wqe, 4, qp->number << 8 | 2);
	wqe[11] = 8; /* signaled */
	put_pointer(wqe + 16, buffer, LENGTH, key);
	put32(guest_at(qp->record), 4, 1);
	reg_write64((uint64_t)uar * PAGE + 0x800, 0x0a, qp->number << 8 | 2);
}

/* Entries of a CQ of which the first are the device's: their opcodes. */
static uint8_t completion(const struct made *cq, unsigned int slot)
{
	return guest_at(cq->buffer)[64 * slot + 63] >> 4;
}

/* From power-on to a message that has arrived. */
static void live(void)
{
	struct made cq, a, b;
	uint32_t pd, key, eqn;
	uint64_t buffer, eq;

	assert_int_equal(call_number(0x104, 0), 0);
	assert_int_equal(call_number(0x102, 0), 0);
	uar = call_alloc(0x802);
	pd = call_alloc(0x800);
	key = make_bus_key(pd);
	eqn = make_eq(6, 1, WATCHED_EVENTS | 1 << 5, &eq);
	cq = make_cq(eqn, 4);
	a = make_qp(0, pd, cq.number, 0);
	b = make_qp(0, pd, cq.number, 0);
	connect_qp(a.number, 0, b.number);
	connect_qp(b.number, 0, a.number);
	buffer = guest_pages(2 * PAGE);
	memset(guest_at(buffer), 0x6b, LENGTH);
	memset(guest_at(buffer + PAGE), 0, PAGE);
	post_receive(&b, key, buffer + PAGE);
	post_send(&a, key, buffer);
	settle();
	assert_memory_equal(guest_at(buffer), guest_at(buffer + PAGE), LENGTH);
	assert_int_equal(guest_at(buffer + PAGE)[LENGTH], 0);
	/* A send and a receive, in either order. */
	assert_int_equal(completion(&cq, 0) + completion(&cq, 1), 0 + 2);
}

/* ---- its commands, spoiled ---- */

enum { TAPE_LENGTH = 128, KEPT = 8 };

static struct call tape[TAPE_LENGTH];
static unsigned int tape_length;
/* The first ones, which make things and end none. */
static unsigned int tape_life;

static uint16_t opcode_of(const struct call *from)
{
	return (uint16_t)(get32(from->in, 0) >> 16);
}

static void record(void)
{
	assert_true(tape_length < TAPE_LENGTH);
	tape[tape_length++] = call;
}

/* A datagram queue pair, one of UMR, and one with a shared receive queue, with their friends. */
static void make_more(void)
{
	uint64_t eq;
	uint32_t pd = call_alloc(0x800),
		 eqn = make_eq(4, 2, 1 << 0x0a | 1 << 0x13 | 1 << 0x12, &eq);
	struct made cq = make_cq(eqn, 4), srq = make_srq(pd, 4), a, b;

	a = make_qp(0, pd, cq.number, srq.number);
	b = make_qp(0, pd, cq.number, srq.number);
	connect_qp(a.number, 0, b.number);
	connect_qp(b.number, 0, a.number);
	a = make_qp(2, pd, cq.number, 0);
	connect_qp(a.number, 2, 0);
	a = make_qp(0xc, 0, cq.number, 0);
	connect_qp(a.number, 0xc, 0);
	begin_page_key(pd, 0x1000, 3 * PAGE, GUEST_BASE + 0x80000);
	assert_int_equal(call_run(), 0);
}

static void record_plain(uint16_t opcode, uint16_t op_mod, uint32_t number)
{
	call_begin(opcode, op_mod, 272, 528);
	put32(call.in, 8, number);
	put32(call.in, 0x10, 1 << 16); /* the port, of registers */
	record();
}

/* What else a driver says; objects are named when it is said. */
static void record_more(void)
{
	static const uint16_t by_number[] = {
		0x100, 0x101, 0x103, 0x105, 0x107, 0x108, 0x109, 0x10a, 0x10b, 0x201, 0x202, 0x302,
		0x303, 0x401, 0x402, 0x501, 0x505, 0x506, 0x507, 0x508, 0x50a, 0x50b, 0x50e, 0x701,
		0x702, 0x703, 0x763, 0x764, 0x765, 0x801, 0x803, 0x80e, 0x80f, 0x816, 0x817};
	static const uint16_t registers[] = {0x5003, 0x5004, 0x500f, 0x6001, 0x7004};

	for (unsigned int i = 0; i < sizeof(by_number) / sizeof(by_number[0]); i++)
		record_plain(by_number[i], 0, 0);
	for (unsigned int i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		record_plain(0x805, registers[i] != 0x7004, registers[i]);
	record_plain(0x50d, 3, 1);	 /* MAD_IFC */
	call_begin(0x403, 1, 0x118, 16); /* MODIFY_CQ: a new size */
	put32(call.in, 0x0c, 7);
	put32(call.in, 0x1c, 6u << 24 | uar);
	put64(call.in, 0x110, GUEST_BASE + 0x90000);
	record();
	for (uint16_t opcode = 0x806; opcode <= 0x807; opcode++) { /* multicast groups */
		call_begin(opcode, 0, 32, 16);
		put32(call.in, 0x10, 0xff12401b);
		record();
	}
}

void attack_prepare(void)
{
	tape_length = 0;
	call_witness = record;
	live();
	make_more();
	tape_life = tape_length;
	record_more();
	call_witness = NULL;
	attack_check();
}

enum kind { PD, EQ, CQ, SRQ, QP, KEY, KINDS };

/* Of each kind the numbers that were given out last, and where queue pairs lie. */
static struct {
	struct made last[KINDS][KEPT];
	unsigned int given[KINDS];
} known;

/* Commands that give a number, with the field for a doorbell record; and the fields that take one.
 */
static const struct {
	uint16_t opcode;
	enum kind kind;
	uint16_t record;
} makers[] = {{0x800, PD, 0},	  {0x301, EQ, 0},    {0x400, CQ, 0x48},
	      {0x700, SRQ, 0x38}, {0x500, QP, 0xb8}, {0x200, KEY, 0}};

static const struct {
	uint16_t first, last;
	uint16_t byte;
	enum kind kind;
} takers[] = {
	{0x202, 0x202, 8, KEY},	  {0x201, 0x201, 8, KEY},   {0x302, 0x303, 8, EQ},
	{0x400, 0x400, 0x24, EQ}, {0x401, 0x403, 8, CQ},    {0x500, 0x500, 0x1c, PD},
	{0x500, 0x500, 0x94, CQ}, {0x500, 0x500, 0xb4, CQ}, {0x500, 0x500, 0xc4, SRQ},
	{0x501, 0x50e, 8, QP},	  {0x503, 0x503, 0x2c, QP}, {0x700, 0x700, 0x28, PD},
	{0x701, 0x703, 8, SRQ},	  {0x801, 0x801, 8, PD},    {0x806, 0x807, 8, QP},
};

static const struct made *any(struct supply *supply, enum kind kind)
{
	unsigned int count = known.given[kind] < KEPT ? known.given[kind] : KEPT;

	return count ? &known.last[kind][supply_draw(supply, count)] : NULL;
}

/* Above the number there may be flags. */
static void name_object(unsigned int byte, uint32_t number)
{
	put32(call.in, byte, (get32(call.in, byte) & 0xff000000) | (number & 0xffffff));
}

static void name_objects(struct supply *supply)
{
	uint16_t opcode = opcode_of(&call);

	for (unsigned int i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
		const struct made *made;

		if (opcode < takers[i].first || opcode > takers[i].last)
			continue;
		made = any(supply, takers[i].kind);
		if (made)
			name_object(takers[i].byte, made->number);
	}
}

static void keep_number(void)
{
	uint16_t opcode = opcode_of(&call);

	for (unsigned int i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		enum kind kind = makers[i].kind;

		if (makers[i].opcode == opcode)
			known.last[kind][known.given[kind]++ % KEPT] = (struct made){
				get32(call.out, 8), get64(call.in, 0x110),
				makers[i].record ? get64(call.in, makers[i].record) : 0};
	}
}

static void spoil(struct supply *supply)
{
	for (uint32_t count = supply_draw(supply, 4); count; count--) {
		uint32_t byte =
			4 * supply_draw(supply, call.in_length < 0x130 ? call.in_length / 4 : 0x4c);

		put32(call.in, byte, value(supply));
	}
	if (chance(supply, 16))
		call.in_length = supply_draw(supply, 0x400);
	if (chance(supply, 16))
		call.out_length = supply_draw(supply, 0x400);
}

static void deliver(void)
{
	call_deliver();
	attack_counts.commands++;
	if (call.delivery || call.out[0])
		return;
	attack_counts.carried_out++;
	keep_number();
}

static void replay_one(struct supply *supply)
{
	call = tape[supply_draw(supply, tape_length)];
	name_objects(supply);
	if (chance(supply, 2))
		spoil(supply);
	deliver();
}

/* From power-on to connections; of a driver that is up already, much is refused. */
static void replay_all(struct supply *supply)
{
	whole_enable();
	guest_begin();
	for (unsigned int i = 0; i < tape_life; i++) {
		call = tape[i];
		name_objects(supply);
		deliver();
	}
}

/* ---- a command queue that is none ---- */

static void garbage_entry(struct supply *supply)
{
	uint32_t slot = supply_draw(supply, 40);
	uint8_t *entry = guest_at(GUEST_BASE) + slot * 64;

	memcpy(entry + 0x10, tape[supply_draw(supply, tape_length)].in, 16);
	entry[0] = chance(supply, 8) ? (uint8_t)supply_draw(supply, 256) : 7;
	put32(entry, 0x04, chance(supply, 4) ? value(supply) : supply_draw(supply, 2048));
	put64(entry, 0x08, address(supply) & ~(uint64_t)(chance(supply, 8) ? 0 : 1023));
	put64(entry, 0x30, address(supply) & ~(uint64_t)(chance(supply, 8) ? 0 : 1023));
	put32(entry, 0x38, chance(supply, 4) ? value(supply) : supply_draw(supply, 2048));
	entry[0x3c] = (uint8_t)supply_draw(supply, 4);
	entry[0x3f] = (uint8_t)(1 | supply_draw(supply, 256));
	reg_write(0x18, 1u << slot % 32 | (chance(supply, 4) ? value(supply) : 0));
}

/* A block here and there that belongs to a chain, linked to itself or the next one. */
static void garbage_block(struct supply *supply)
{
	uint64_t place = GUEST_BASE + supply_draw(supply, GUEST_BYTES / 1024 - 1) * 1024ull;
	uint8_t *block = guest_at(place);

	put64(block, 0x230, chance(supply, 2) ? place + 1024 : address(supply));
	put32(block, 0x238, supply_draw(supply, 3));
	block[0x23d] = (uint8_t)supply_draw(supply, 4);
}

/* ---- registers ---- */

static bool in_memory(uint64_t place, uint64_t bytes)
{
	return place >= GUEST_BASE && place - GUEST_BASE <= GUEST_BYTES - bytes;
}

static void access_bar(struct supply *supply)
{
	static const uint32_t doorbells[] = {0x20, 0x24, 0x40, 0x48, 0x800, 0x804, 0x900, 0x904};
	uint8_t bytes[16];
	uint32_t length = 1 + supply_draw(supply, sizeof(bytes));
	uint32_t region = supply_draw(supply, 7);
	uint64_t size = function_region_bytes(guest.function, region), offset;

	switch (supply_draw(supply, 4)) {
	case 0:
		offset = supply_draw(supply, 0x2100);
		break;
	case 1:
		offset = (uint64_t)supply_draw(supply, 64) * PAGE +
			 doorbells[supply_draw(supply, 8)];
		break;
	case 2:
		offset = size - supply_draw(supply, 32);
		break;
	default:
		offset = supply_draw(supply, 1 << 25);
		break;
	}
	for (uint32_t i = 0; i < sizeof(bytes); i += 4)
		put32(bytes, i, value(supply));
	if (chance(supply, 4))
		function_read(guest.function, region, offset, bytes, length);
	else
		function_write(guest.function, region, offset, bytes, length);
}

/* An object's, or that of one there is not. */
static uint32_t number_of(struct supply *supply, enum kind kind)
{
	const struct made *made = any(supply, kind);

	return made && !chance(supply, 8) ? made->number : value(supply);
}

static void ring(struct supply *supply)
{
	static const uint16_t offsets[] = {0x40, 0x48, 0x20, 0x800, 0x900};
	uint64_t page = (uint64_t)(16 + supply_draw(supply, 2)) * PAGE;
	uint16_t offset = offsets[supply_draw(supply, 5)];

	if (offset == 0x40 || offset == 0x48)
		reg_write(page + offset,
			  number_of(supply, EQ) << 24 |
				  supply_draw(supply, chance(supply, 4) ? 1 << 24 : 64));
	else if (offset == 0x20)
		reg_write64(page + offset, value(supply), number_of(supply, CQ));
	else
		reg_write64(page + offset, value(supply), number_of(supply, QP) << 8);
}

/* Asks a CQ for an event, or tells that it was read. */
static void arm(struct supply *supply)
{
	const struct made *cq = any(supply, CQ);

	if (!cq || !in_memory(cq->record, 8))
		return;
	put32(guest_at(cq->record), supply_draw(supply, 2) ? 0 : 4,
	      supply_draw(supply, 8) << 28 | supply_draw(supply, 2) << 24 |
		      supply_draw(supply, chance(supply, 4) ? 1 << 24 : 16));
	reg_write64(16ull * PAGE + 0x20, value(supply), cq->number);
}

static void post_shared(struct supply *supply)
{
	const struct made *srq = any(supply, SRQ), *key = any(supply, KEY);
	uint32_t slot = supply_draw(supply, 16);
	uint8_t *wqe;

	if (!srq || !key || !in_memory(srq->buffer, 1024) || !in_memory(srq->record, 8))
		return;
	wqe = guest_at(srq->buffer) + slot * 64;
	put32(wqe, 0, chance(supply, 8) ? value(supply) : (slot + 1) % 16);
	put_pointer(wqe + 16, address(supply), supply_draw(supply, 8192), key->number << 8 | 0x17);
	put32(guest_at(srq->record), 0,
	      chance(supply, 8) ? value(supply) : get32(guest_at(srq->record), 0) + 1);
}

static void write_config(struct supply *supply)
{
	uint8_t bytes[8];
	uint32_t length = 1 + supply_draw(supply, sizeof(bytes));

	put32(bytes, 0, value(supply));
	put32(bytes, 4, value(supply));
	function_write(guest.function, VFIO_PCI_CONFIG_REGION_INDEX,
		       supply_draw(supply, chance(supply, 4) ? 4096 : 0x90), bytes, length);
	/* Else hardly anything that follows would be heard. */
	if (!chance(supply, 4))
		whole_enable();
}

static void change_vector(struct supply *supply)
{
	unsigned int vector = supply_draw(supply, 12);
	int file = chance(supply, 2) ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (vector < function_num_vectors(guest.function, VFIO_PCI_MSIX_IRQ_INDEX))
		function_set_event(guest.function, vector, file);
	if (file >= 0)
		close(file);
	function_trigger(guest.function, supply_draw(supply, 12));
}

/* ---- queues and memory ---- */

/* One segment after the other, of any kind. */
static void write_request(struct supply *supply, uint8_t *wqe, uint32_t index, uint32_t qpn)
{
	static const uint8_t codes[] = {0, 1, 8, 9, 0xa, 0xb, 0x10, 0x11, 0x12, 0x25};
	const struct made *key = any(supply, KEY), *peer = any(supply, QP);
	uint32_t segments = 1 + supply_draw(supply, 4);
	uint8_t code = chance(supply, 16) ? (uint8_t)supply_draw(supply, 256)
					  : codes[supply_draw(supply, 10)];

	put32(wqe, 0, index << 8 | code);
	put32(wqe, 4, qpn << 8 | (chance(supply, 16) ? supply_draw(supply, 256) : segments));
	put32(wqe, 8, chance(supply, 4) ? value(supply) : 8);
	put32(wqe, 12, value(supply));
	for (uint32_t i = 1; i < segments; i++) {
		uint32_t lkey = key && !chance(supply, 4) ? key->number << 8 | 0x17 : value(supply);

		if (chance(supply, 4))
			put64(wqe + 16 * i, 0, address(supply));
		else
			put32(wqe, 16 * i,
			      chance(supply, 4) ? value(supply) : supply_draw(supply, 8192));
		put32(wqe, 16 * i + 4, lkey);
		put64(wqe, 16 * i + 8, address(supply));
		if (chance(supply, 4) && peer)
			put32(wqe, 16 * i + 8, (lkey & 1) << 31 | peer->number);
	}
}

static void post(struct supply *supply)
{
	const struct made *qp = any(supply, QP);
	uint32_t posted;
	uint8_t *record_bytes;

	if (!qp || !in_memory(qp->buffer, 2048) || !in_memory(qp->record, 8))
		return;
	record_bytes = guest_at(qp->record);
	posted = get32(record_bytes, 4);
	write_request(supply, guest_at(qp->buffer) + 1024 + posted % 16 * 64, posted, qp->number);
	put32(record_bytes, 4, chance(supply, 16) ? value(supply) : (posted + 1) & 0xffff);
	if (chance(supply, 2)) {
		write_request(supply, guest_at(qp->buffer) + supply_draw(supply, 16) * 64, posted,
			      0);
		put32(record_bytes, 0,
		      chance(supply, 16) ? value(supply) : supply_draw(supply, 16));
	}
	attack_counts.requests++;
	reg_write64(16ull * PAGE + 0x800, posted << 8, qp->number << 8);
}

/* Queues, records and whatever lies about. */
static void scribble(struct supply *supply)
{
	for (uint32_t count = 1 + supply_draw(supply, 32); count; count--)
		put32(guest.memory, 4 * (0x10000 + supply_draw(supply, 0x20000)), value(supply));
}

static void unplug(struct supply *supply)
{
	uint64_t unmapped,
		place = GUEST_BASE + supply_draw(supply, WHOLE_RANGES) * WHOLE_RANGE_BYTES;

	if (chance(supply, 4))
		function_unmap_all(guest.function, &unmapped);
	else
		function_unmap(guest.function, place,
			       chance(supply, 4) ? value(supply) : WHOLE_RANGE_BYTES, &unmapped);
}

/* Back to its place, or elsewhere; what is mapped already is refused. */
static void plug(struct supply *supply)
{
	uint64_t number = supply_draw(supply, WHOLE_RANGES), pages = 1 + supply_draw(supply, 1024);

	if (chance(supply, 2))
		whole_map(GUEST_BASE + number * WHOLE_RANGE_BYTES, WHOLE_RANGE_BYTES,
			  number * WHOLE_RANGE_BYTES, true);
	else
		whole_map(address(supply) & ~(uint64_t)(PAGE - 1), pages * PAGE,
			  supply_draw(supply, GUEST_BYTES / PAGE - 1024) * (uint64_t)PAGE,
			  chance(supply, 2));
}

/* ---- steps ---- */

static void reset(struct supply *supply)
{
	(void)supply;
	function_reset(guest.function);
	whole_enable();
	guest_begin();
}

static void turn(struct supply *supply)
{
	(void)supply;
	settle();
}

/* What happens how often, of all weights together. */
static const struct {
	void (*act)(struct supply *supply);
	uint32_t weight;
} steps[] = {
	{replay_one, 60}, {post, 60},	      {post_shared, 10},  {arm, 20},
	{ring, 20},	  {turn, 20},	      {access_bar, 10},	  {scribble, 8},
	{plug, 8},	  {garbage_entry, 8}, {garbage_block, 8}, {write_config, 4},
	{replay_all, 4},  {change_vector, 4}, {unplug, 2},	  {reset, 1},
};

bool attack_step(struct supply *supply)
{
	uint32_t total = 0, choice;
	unsigned int i = 0;

	if (supply_has_ended(supply))
		return false;
	for (unsigned int j = 0; j < sizeof(steps) / sizeof(steps[0]); j++)
		total += steps[j].weight;
	for (choice = supply_draw(supply, total); choice >= steps[i].weight; i++)
		choice -= steps[i].weight;
	steps[i].act(supply);
	return true;
}

void attack_check(void)
{
	whole_check_private();
	whole_plug();
	assert_int_equal(guest_used_numbers(), 0);
	whole_clear();
	memset(&known, 0, sizeof(known));
	guest_begin();
	live();
	whole_plug();
	assert_int_equal(guest_used_numbers(), 0);
	guest_begin();
}
