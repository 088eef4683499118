/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rig.h"

#include <string.h>

#include "softhca/core/object.h"
#include "softhca/fabric/fabric.h"

/* Layout of guest memory that commands use; what is given out lies behind. */
enum {
	QUEUE = 0,
	IN_CHAIN = 0x10000,
	OUT_CHAIN = 0x20000,
	FREE = 0x40000,
	BLOCK_STEP = 1024,
	BLOCK_DATA = 512,
	TOKEN = 0x5a,
};

struct guest guest;
struct call call;
uint32_t uar;
void (*call_witness)(void);

/* ---- memory ---- */

uint64_t guest_pages(uint64_t bytes)
{
	uint64_t address = guest.next;

	guest.next += (bytes + PAGE - 1) / PAGE * PAGE;
	assert_true(guest.next <= GUEST_BASE + GUEST_BYTES);
	return address;
}

uint8_t *guest_at(uint64_t address)
{
	assert_in_range(address, GUEST_BASE, GUEST_BASE + GUEST_BYTES - 1);
	return guest.memory + (address - GUEST_BASE);
}

void put32(uint8_t *base, unsigned int byte, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		base[byte + (unsigned int)i] = (uint8_t)(value >> (24 - 8 * i));
}

void put64(uint8_t *base, unsigned int byte, uint64_t value)
{
	put32(base, byte, (uint32_t)(value >> 32));
	put32(base, byte + 4, (uint32_t)value);
}

uint32_t get32(const uint8_t *base, unsigned int byte)
{
	return (uint32_t)base[byte] << 24 | (uint32_t)base[byte + 1] << 16 |
	       (uint32_t)base[byte + 2] << 8 | base[byte + 3];
}

uint64_t get64(const uint8_t *base, unsigned int byte)
{
	return (uint64_t)get32(base, byte) << 32 | get32(base, byte + 4);
}

/* ---- registers ---- */

uint32_t reg_read(uint64_t offset)
{
	uint8_t bytes[4];

	guest_read(offset, bytes, sizeof(bytes));
	return get32(bytes, 0);
}

void reg_write(uint64_t offset, uint32_t value)
{
	uint8_t bytes[4];

	put32(bytes, 0, value);
	guest_write(offset, bytes, sizeof(bytes));
}

void reg_write64(uint64_t offset, uint32_t high, uint32_t low)
{
	uint8_t bytes[8];

	put32(bytes, 0, high);
	put32(bytes, 4, low);
	guest_write(offset, bytes, sizeof(bytes));
}

void settle(void)
{
	engine_lock(guest.engine);
	while (engine_round(guest.engine))
		;
	engine_unlock(guest.engine);
}

/* ---- life ---- */

void guest_begin(void)
{
	guest.next = GUEST_BASE + FREE;
	guest.queue = GUEST_BASE + QUEUE;
	reg_write(0x10, (uint32_t)(guest.queue >> 32));
	reg_write(0x14, (uint32_t)guest.queue);
}

int guest_start_ready(void **state)
{
	int rc = guest_start(state);

	if (rc)
		return rc;
	assert_int_equal(call_number(0x104, 0), 0);
	assert_int_equal(call_number(0x102, 0), 0);
	uar = call_alloc(0x802);
	return 0;
}

unsigned int guest_used_numbers(void)
{
	struct fabric_hca *hca;
	unsigned int index, used = 0;

	assert_int_equal(fabric_hca_open(guest.fabric, "mlx5", &hca, &index), 0);
	for (uint32_t i = 0; i < hca->qps_used; i++)
		used += !!hca->qps[i].owner;
	for (uint32_t i = 0; i < hca->keys_used; i++)
		used += !!hca->keys[i].owner;
	return used;
}

/* ---- commands ---- */

void call_begin(uint16_t opcode, uint16_t op_mod, uint32_t in_length, uint32_t out_length)
{
	memset(&call, 0, sizeof(call));
	call.in_length = in_length;
	call.out_length = out_length;
	put32(call.in, 0, (uint32_t)opcode << 16);
	put32(call.in, 4, op_mod);
}

/* Blocks of 512 bytes at multiples of 1 KB, linked and numbered. */
static void make_chain(unsigned int place, const uint8_t *data, uint32_t length)
{
	for (uint32_t i = 0; i * BLOCK_DATA < length; i++) {
		uint8_t *block = guest.memory + place + i * BLOCK_STEP;
		uint32_t left = length - i * BLOCK_DATA;

		memset(block, 0, BLOCK_STEP);
		if (data)
			memcpy(block, data + i * BLOCK_DATA, left < BLOCK_DATA ? left : BLOCK_DATA);
		put64(block, 0x230, GUEST_BASE + place + (i + 1) * BLOCK_STEP);
		put32(block, 0x238, i);
		block[0x23d] = TOKEN;
	}
}

static void read_chain(unsigned int place, uint8_t *data, uint32_t length)
{
	for (uint32_t i = 0; i * BLOCK_DATA < length; i++) {
		uint32_t left = length - i * BLOCK_DATA;

		memcpy(data + i * BLOCK_DATA, guest.memory + place + i * BLOCK_STEP,
		       left < BLOCK_DATA ? left : BLOCK_DATA);
	}
}

void call_deliver(void)
{
	uint8_t *entry = guest_at(guest.queue);
	uint32_t in = call.in_length > 16 ? call.in_length - 16 : 0;
	uint32_t out = call.out_length > 16 ? call.out_length - 16 : 0;

	if (call_witness)
		call_witness();
	memset(entry, 0, 64);
	entry[0] = 7;
	put32(entry, 0x04, call.in_length);
	put64(entry, 0x08, in ? GUEST_BASE + IN_CHAIN : 0);
	memcpy(entry + 0x10, call.in, 16);
	put64(entry, 0x30, out ? GUEST_BASE + OUT_CHAIN : 0);
	put32(entry, 0x38, call.out_length);
	entry[0x3c] = TOKEN;
	entry[0x3f] = 1;
	make_chain(IN_CHAIN, call.in + 16, in);
	make_chain(OUT_CHAIN, NULL, out);
	reg_write(0x18, 1);
	memcpy(call.out, entry + 0x20, 16);
	read_chain(OUT_CHAIN, call.out + 16, out);
	call.delivery = entry[0x3f];
}

uint8_t call_run(void)
{
	call_deliver();
	assert_int_equal(call.delivery, 0);
	return call.out[0];
}

uint8_t call_number(uint16_t opcode, uint32_t number)
{
	call_begin(opcode, 0, 16, 16);
	put32(call.in, 8, number);
	return call_run();
}

uint32_t call_alloc(uint16_t opcode)
{
	assert_int_equal(call_number(opcode, 0), 0);
	return get32(call.out, 8);
}

/* ---- objects ---- */

static void list_pages(uint64_t buffer, uint64_t bytes)
{
	for (uint64_t i = 0; i * PAGE < bytes; i++) {
		put64(call.in, 0x110 + 8 * (unsigned int)i, buffer + i * PAGE);
		call.in_length += 8;
	}
}

uint32_t make_eq(unsigned int log_size, unsigned int vector, uint64_t events, uint64_t *buffer)
{
	uint64_t bytes = 64ull << log_size;

	*buffer = guest_pages(bytes);
	/* As the driver does: all entries are the device's. */
	for (uint64_t i = 0; i < bytes; i += 64)
		guest_at(*buffer)[i + 0x3f] = 1;
	call_begin(0x301, 0, 0x110, 16);
	put32(call.in, 0x10 + 0x0c, log_size << 24 | uar);
	put32(call.in, 0x10 + 0x14, vector);
	put64(call.in, 0x58, events);
	list_pages(*buffer, bytes);
	assert_int_equal(call_run(), 0);
	return get32(call.out, 8);
}

struct made make_cq(uint32_t eqn, unsigned int log_size)
{
	uint64_t bytes = 64ull << log_size;
	struct made cq = {.buffer = guest_pages(bytes), .record = guest_pages(8)};

	for (uint64_t i = 0; i < bytes; i += 64)
		guest_at(cq.buffer)[i + 63] = 0xf1;
	call_begin(0x400, 0, 0x110, 16);
	put32(call.in, 0x10 + 0x0c, log_size << 24 | uar);
	put32(call.in, 0x10 + 0x14, eqn);
	put64(call.in, 0x10 + 0x38, cq.record);
	list_pages(cq.buffer, bytes);
	assert_int_equal(call_run(), 0);
	cq.number = get32(call.out, 8);
	return cq;
}

/* 16 receives of 64 bytes, then 16 send blocks. */
struct made make_qp(uint8_t type, uint32_t pd, uint32_t cqn, uint32_t srqn)
{
	struct made qp = {.buffer = guest_pages(2048), .record = guest_pages(8)};

	call_begin(0x500, 0, 0x110, 16);
	put32(call.in, 0x18 + 0x00, (uint32_t)type << 16 | 3u << 11);
	put32(call.in, 0x18 + 0x04, pd);
	put32(call.in, 0x18 + 0x08, 4u << 19 | 2u << 16 | 4u << 11);
	put32(call.in, 0x18 + 0x0c, uar);
	put32(call.in, 0x18 + 0x10, 0xffffff);
	put32(call.in, 0x18 + 0x7c, cqn);
	put32(call.in, 0x18 + 0x9c, cqn);
	put64(call.in, 0x18 + 0xa0, qp.record);
	if (srqn)
		put32(call.in, 0x18 + 0xac, 1u << 24 | srqn);
	list_pages(qp.buffer, 2048);
	assert_int_equal(call_run(), 0);
	qp.number = get32(call.out, 8);
	return qp;
}

/* Receives of 64 bytes: a link and three places. */
struct made make_srq(uint32_t pd, unsigned int log_size)
{
	uint64_t bytes = 64ull << log_size;
	struct made srq = {.buffer = guest_pages(bytes), .record = guest_pages(8)};

	for (uint32_t i = 0; i < 1u << log_size; i++)
		put32(guest_at(srq.buffer), i * 64, (i + 1) & ((1u << log_size) - 1));
	call_begin(0x700, 0, 0x110, 16);
	put32(call.in, 0x10 + 0x00, log_size << 24);
	put32(call.in, 0x10 + 0x04, 2u << 24);
	put32(call.in, 0x10 + 0x18, pd);
	put64(call.in, 0x10 + 0x28, srq.record);
	list_pages(srq.buffer, bytes);
	assert_int_equal(call_run(), 0);
	srq.number = get32(call.out, 8);
	return srq;
}

uint32_t make_bus_key(uint32_t pd)
{
	call_begin(0x200, 0, 0x110, 16);
	put32(call.in, 0x10 + 0x00, 1u << 11 | 1u << 10);
	put32(call.in, 0x10 + 0x04, 0xffffff00 | 0x17);
	put32(call.in, 0x10 + 0x0c, 1u << 31 | pd);
	assert_int_equal(call_run(), 0);
	return get32(call.out, 8) << 8 | 0x17;
}

void begin_page_key(uint32_t pd, uint64_t start, uint64_t length, uint64_t pages)
{
	uint64_t bytes = (start % PAGE) + length;

	call_begin(0x200, 0, 0x110, 16);
	put32(call.in, 0x10 + 0x00, 0xfu << 10 | 1u << 8); /* all but atomics; pages */
	put32(call.in, 0x10 + 0x04, 0xffffff00 | 0x42);
	put32(call.in, 0x10 + 0x0c, pd);
	put64(call.in, 0x10 + 0x10, start);
	put64(call.in, 0x10 + 0x18, length);
	put32(call.in, 0x10 + 0x38, 12);
	list_pages(pages, bytes);
	put32(call.in, 0x60, (call.in_length - 0x110 + 15) / 16);
}

uint16_t own_lid(void)
{
	call_begin(0x762, 0, 16, 528);
	assert_int_equal(call_run(), 0);
	return (uint16_t)(get32(call.out, 0x10 + 0x60) >> 16);
}

static void modify(uint16_t opcode, uint32_t qpn, const uint8_t *context)
{
	call_begin(opcode, 0, 272, 16);
	put32(call.in, 8, qpn);
	memcpy(call.in + 0x18, context, 0xe8);
	assert_int_equal(call_run(), 0);
}

void connect_qp(uint32_t qpn, uint8_t type, uint32_t remote)
{
	uint8_t context[0xe8] = {0};
	uint16_t lid = own_lid();

	put32(context, 0x00, (uint32_t)type << 16 | 3u << 11);
	put32(context, 0x18 + 0x24, 1u << 16); /* port */
	put32(context, 0x90, 7u << 13);	       /* all remote accesses */
	put32(context, 0xa8, 0x11111111);      /* Q_Key */
	modify(0x502, qpn, context);
	put32(context, 0x08, 5u << 29 | 30u << 24);
	put32(context, 0x14, remote);
	put32(context, 0x18 + 0x04, lid);
	put32(context, 0x90, 2u << 21);
	put32(context, 0x94, 12u << 24 | 0x123456);
	modify(0x503, qpn, context);
	put32(context, 0x18 + 0x08, 14u << 27);
	put32(context, 0x70, 2u << 21 | 7u << 16 | 7u << 13);
	put32(context, 0x78, 0x123456);
	modify(0x504, qpn, context);
}
