/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A driver made by hand: guest memory, and commands given as bytes. Offsets are literal numbers, as
 * a driver's author would read them in the manual; nothing here knows hw/mlx5. Engine, fabric and
 * family are the real ones.
 */
#ifndef TESTS_PCI_MLX5_RIG_H
#define TESTS_PCI_MLX5_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "softhca/pci/adapter.h"

enum {
	GUEST_BASE = 0x10000000, /* bus address of the guest's memory */
	GUEST_BYTES = 16 << 20,
	GUEST_VECTORS = 32,
	PAGE = 4096,
};

struct guest {
	struct fabric *fabric;
	struct engine *engine;
	struct adapter *adapter;       /* alone.c */
	struct pci_function *function; /* whole.c */
	uint8_t *memory;
	int file;      /* whole.c: of the memory */
	uint64_t next; /* bus address of memory not yet given out */
	unsigned int interrupts[GUEST_VECTORS];
	uint64_t queue; /* bus address of the command queue */
};
extern struct guest guest;

/* As cmocka's setup and teardown. In alone.c the function only translates and counts interrupts, in
 * whole.c it is the real one, with bus mastering on. */
int guest_start(void **state);
int guest_stop(void **state);
/* Forgets what was given out, and tells the adapter where the command queue is. */
void guest_begin(void);
/* Queue pairs and keys that the fabric knows of. */
unsigned int guest_used_numbers(void);
/* The adapter brought up to INIT_HCA and one UAR. */
int guest_start_ready(void **state);

/* ---- memory ---- */
uint64_t guest_pages(uint64_t bytes); /* page-aligned, zeroed */
uint8_t *guest_at(uint64_t address);
void put32(uint8_t *base, unsigned int byte, uint32_t value);
void put64(uint8_t *base, unsigned int byte, uint64_t value);
uint32_t get32(const uint8_t *base, unsigned int byte);
uint64_t get64(const uint8_t *base, unsigned int byte);

/* ---- registers ---- */
/* Of BAR 0. */
void guest_read(uint64_t offset, uint8_t *bytes, unsigned int length);
void guest_write(uint64_t offset, const uint8_t *bytes, unsigned int length);
uint32_t reg_read(uint64_t offset);
void reg_write(uint64_t offset, uint32_t value);
void reg_write64(uint64_t offset, uint32_t high, uint32_t low);
/* Runs the engine until nothing moves. */
void settle(void);

/* ---- commands ---- */
struct call {
	uint8_t in[8192], out[8192];
	uint32_t in_length, out_length;
	uint8_t delivery; /* status byte of the entry */
};
extern struct call call;

/* Begins a command: zeroes `call`, puts in opcode and modifier. */
void call_begin(uint16_t opcode, uint16_t op_mod, uint32_t in_length, uint32_t out_length);
/* Gives it to the adapter; the command's status, or fails if it was not delivered. */
uint8_t call_run(void);
/* The same, without a requirement: call.delivery tells. */
void call_deliver(void);
/* Sees every command before it is delivered; NULL if nobody wants to. */
extern void (*call_witness)(void);
/* A command of 16 bytes with a number at 8. */
uint8_t call_number(uint16_t opcode, uint32_t number);
/* A command of 16 bytes that returns a number at 8; 0 status required. */
uint32_t call_alloc(uint16_t opcode);

/* ---- objects, made as the stock driver makes them ---- */
struct made {
	uint32_t number;
	uint64_t buffer, record;
};

extern uint32_t uar;
uint32_t make_eq(unsigned int log_size, unsigned int vector, uint64_t events, uint64_t *buffer);
struct made make_cq(uint32_t eqn, unsigned int log_size);
struct made make_qp(uint8_t type, uint32_t pd, uint32_t cqn, uint32_t srqn);
struct made make_srq(uint32_t pd, unsigned int log_size);
/* All guest memory by bus address; the key. */
uint32_t make_bus_key(uint32_t pd);
/* Fills `call` for CREATE_MKEY of pages. */
void begin_page_key(uint32_t pd, uint64_t start, uint64_t length, uint64_t pages);
/* Through INIT and RTR to RTS, to a peer of this port. */
void connect_qp(uint32_t qpn, uint8_t type, uint32_t remote);
uint16_t own_lid(void);

#endif
