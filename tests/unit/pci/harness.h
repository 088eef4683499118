/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A function with an adapter that only takes notes, on a fabric of its own, and a client that says
 * to its server whatever a test wants said.
 */
#ifndef TESTS_PCI_HARNESS_H
#define TESTS_PCI_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "softhca/core/engine.h"
#include "softhca/pci/function.h"
#include "softhca/pci/protocol.h"

enum {
	FAKE_VECTORS = 4,
	FAKE_BAR0_BYTES = 65536,
	/* A store of a vector's number here raises it. */
	FAKE_INTERRUPT_REGISTER = 0x8000,
	FAKE_MAX_NOTES = 64,
};

/* An access to a register of BAR 0, in the order they came. */
struct fake_note {
	bool write;
	uint64_t offset;
	unsigned int bytes;
};

/* Read and written with the engine lock held. */
struct adapter {
	struct pci_function *function;
	struct hca *hca;
	uint8_t registers[FAKE_BAR0_BYTES];
	struct fake_note notes[FAKE_MAX_NOTES];
	unsigned int num_notes;
	unsigned int resets;
	unsigned int port_changes;
};

extern const struct adapter_ops fake_adapter;

struct world {
	struct fabric *fabric;
	struct engine *engine;
	struct pci_function *function;
	/* The client's end, -1 once it has been closed; the server's; and what ends the server. */
	int client, server, stop_fd;
	pthread_t thread;
	int result; /* of server_run() */
	uint16_t last_id;
};

/* With a server, or with the function alone. */
void world_create(struct world *world);
void world_create_function(struct world *world);
void world_destroy(struct world *world);
/* Waits for the server to end by itself, and returns its result. */
int world_await_server(struct world *world);

/* A message as it is; `files` may be NULL. */
void say(struct world *world, const void *bytes, size_t length, const int *files,
	 unsigned int num_files);
/* A well-formed command; returns its id. */
uint16_t command(struct world *world, uint16_t number, const void *body, size_t length);
uint16_t command_with_files(struct world *world, uint16_t number, const void *body, size_t length,
			    const int *files, unsigned int num_files);
/* Takes the next answer, which must be to `id`: its errno, and at most `room` bytes of its body. */
int answer(struct world *world, uint16_t id, void *body, size_t room, size_t *length);
/* Command and answer in one; the body of the answer must be of `room` bytes unless it fails. */
int ask(struct world *world, uint16_t number, const void *body, size_t length, void *out,
	size_t room);
/* Has the server greeted, so that it takes the other commands. */
void greet(struct world *world);

int read_region(struct world *world, uint32_t region, uint64_t offset, void *data, uint32_t bytes);
int write_region(struct world *world, uint32_t region, uint64_t offset, const void *data,
		 uint32_t bytes);
/* Of configuration space. */
void write_config16(struct world *world, uint32_t offset, uint16_t value);
uint16_t read_config16(struct world *world, uint32_t offset);
/* Memory decoding and bus mastering on. */
void enable(struct world *world);

/* A file of that size in memory. */
int make_file(size_t bytes);
/* Events of an eventfd since the last look. */
uint64_t events(int event_fd);
/* Calls `condition` with the engine lock held until it is true; fails the test after 10 s. */
void wait_until(struct world *world, bool (*condition)(struct world *world));

#endif
