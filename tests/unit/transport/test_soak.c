/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two nodes do everything to each other at once, on a wire that drops, doubles and reorders,
 * through rings that fill up and receivers that are late. Every byte, every answer and every order
 * of completions is checked. Deterministic: a failure names its seed.
 */
#include <stdlib.h>

#include "node.h"

enum {
	SLOTS = 16,
	SLOT_BYTES = 8192,
	OPERATIONS = 1200, /* of each node, per seed */
	SEEDS = 12,
	/* Where things are in each node's memory. */
	SOURCES = 0,
	READ_FROM = 1 << 18,
	WRITTEN = 2 << 18,
	RECEIVED = 3 << 18,
	COUNTER = 4 << 18,
};

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 20) % limit;
}

struct operation {
	enum request_opcode opcode;
	uint32_t length;
	uint32_t seed;
	uint64_t count; /* atomics before this one */
	bool signaled;
};

/* One direction: what `node` has asked of its peer. */
struct direction {
	struct node *node, *peer;
	struct operation operations[OPERATIONS];
	unsigned int posted, completed;
	/* Of those that take a receive, in order. */
	unsigned int messages[OPERATIONS];
	unsigned int num_messages, received, receives_posted;
	uint64_t atomics;
};

static struct direction directions[2];

static bool takes_receive(enum request_opcode opcode)
{
	return opcode == REQUEST_SEND || opcode == REQUEST_SEND_IMM || opcode == REQUEST_WRITE_IMM;
}

static bool is_send(enum request_opcode opcode)
{
	return opcode == REQUEST_SEND || opcode == REQUEST_SEND_IMM;
}

static uint32_t random_length(void)
{
	switch (random_below(4)) {
	case 0:
		return random_below(16);
	case 1:
		return 256 * random_below(8);
	default:
		return random_below(SLOT_BYTES);
	}
}

static void choose(struct direction *direction, struct operation *operation)
{
	static const enum request_opcode opcodes[] = {
		REQUEST_SEND,	   REQUEST_SEND_IMM, REQUEST_WRITE,
		REQUEST_WRITE_IMM, REQUEST_READ,     REQUEST_FETCH_ADD,
	};

	operation->opcode = opcodes[random_below(6)];
	operation->length = random_length();
	operation->seed = random_below(1 << 30);
	operation->signaled = random_below(4) != 0 || direction->posted == OPERATIONS - 1 ||
			      direction->posted % 8 == 7;
	if (operation->opcode == REQUEST_FETCH_ADD) {
		operation->length = 8;
		operation->count = direction->atomics++;
	}
}

static uint32_t slot_offset(unsigned int number)
{
	return number % SLOTS * SLOT_BYTES;
}

static uint32_t remote_offset(const struct operation *operation, unsigned int number)
{
	if (operation->opcode == REQUEST_FETCH_ADD)
		return COUNTER;
	return (operation->opcode == REQUEST_READ ? READ_FROM : WRITTEN) + slot_offset(number);
}

static void post_operation(struct direction *direction)
{
	unsigned int number = direction->posted;
	struct operation *operation = &direction->operations[number];
	uint32_t offset = SOURCES + slot_offset(number), remote;
	struct send_request request;

	choose(direction, operation);
	remote = remote_offset(operation, number);
	if (operation->opcode == REQUEST_READ)
		fill(direction->peer->memory + remote, operation->length, operation->seed);
	else if (operation->opcode != REQUEST_FETCH_ADD)
		fill(direction->node->memory + offset, operation->length, operation->seed);
	request =
		make_remote(direction->node, operation->opcode, offset, operation->length, remote);
	request.flags = operation->signaled ? REQUEST_SIGNALED : 0;
	request.flags |= random_below(8) ? 0 : REQUEST_FENCE;
	request.immediate = htobe32(number);
	request.swap_or_add = 1;
	if (takes_receive(operation->opcode))
		direction->messages[direction->num_messages++] = number;
	direction->posted++;
	post_send(direction->node, &request);
}

/* What must be true once an operation has completed at its requester. */
static void check_completed(const struct direction *direction, unsigned int number)
{
	const struct operation *operation = &direction->operations[number];
	const uint8_t *local = direction->node->memory + SOURCES + slot_offset(number);
	const uint8_t *remote = direction->peer->memory + remote_offset(operation, number);
	uint64_t found;

	switch (operation->opcode) {
	case REQUEST_READ:
		expect_pattern(local, operation->length, operation->seed);
		break;
	case REQUEST_WRITE:
	case REQUEST_WRITE_IMM:
		expect_pattern(remote, operation->length, operation->seed);
		break;
	case REQUEST_FETCH_ADD:
		memcpy(&found, local, sizeof(found));
		assert_int_equal(found, operation->count);
		break;
	default:
		break;
	}
}

static void take_completions(struct direction *direction)
{
	const struct completion *completion;

	while ((completion = take(&direction->node->send_cq))) {
		const struct operation *operation;

		assert_int_equal(completion->status, STATUS_SUCCESS);
		/* Those not signaled have completed with the next one that is. */
		do {
			operation = &direction->operations[direction->completed];
			check_completed(direction, direction->completed++);
		} while (!operation->signaled);
		assert_int_equal(completion->index, (direction->completed - 1) * UNITS);
		assert_int_equal(completion->opcode, operation->opcode);
	}
}

/* Receives of the peer. */
static void take_receives(struct direction *direction)
{
	const struct completion *completion;

	while ((completion = take(&direction->peer->recv_cq))) {
		unsigned int number = direction->messages[direction->received];
		const struct operation *operation = &direction->operations[number];
		const uint8_t *at =
			direction->peer->memory + RECEIVED + slot_offset(direction->received);

		assert_int_equal(completion->status, STATUS_SUCCESS);
		assert_int_equal(completion->index, direction->received);
		assert_int_equal(completion->opcode, operation->opcode);
		assert_int_equal(completion->length, operation->length);
		if (operation->opcode != REQUEST_SEND)
			assert_int_equal(be32toh(completion->immediate), number);
		if (is_send(operation->opcode))
			expect_pattern(at, operation->length, operation->seed);
		direction->received++;
	}
}

static void post_receives(struct direction *direction)
{
	while (direction->receives_posted - direction->received < SLOTS && random_below(3))
		post_recv(direction->peer, RECEIVED + slot_offset(direction->receives_posted++),
			  SLOT_BYTES);
}

static unsigned int fates[FATE_DELAY + 1];

static enum fate judge_randomly(void *arg, const struct sent_packet *packet)
{
	uint32_t dice = random_below(100);
	enum fate fate = FATE_DELIVER;

	(void)arg;
	(void)packet;
	if (dice < 3)
		fate = FATE_DROP;
	else if (dice < 5)
		fate = FATE_DUPLICATE;
	else if (dice < 8)
		fate = FATE_DELAY;
	fates[fate]++;
	return fate;
}

static void disturb(void)
{
	wire.room = 2 + random_below(200);
	wire.asleep[0] = random_below(20) == 0;
	wire.asleep[1] = random_below(20) == 0;
}

static void work(struct direction *direction)
{
	while (direction->posted < OPERATIONS && direction->posted - direction->completed < SLOTS &&
	       random_below(4))
		post_operation(direction);
	post_receives(direction);
	take_receives(direction);
	take_completions(direction);
}

static bool is_done(const struct direction *direction)
{
	return direction->completed == OPERATIONS && direction->received == direction->num_messages;
}

static void soak(uint64_t seed)
{
	struct pair_options options = usual;

	random_state = seed * 0x9e3779b97f4a7c15;
	options.psn[0] = 0xfffff0;
	options.mtu = (uint8_t)(1 + seed % 4);
	options.min_rnr_timer = 1;
	pair_open(&options);
	wire.judge = judge_randomly;
	memset(directions, 0, sizeof(directions));
	for (unsigned int i = 0; i < 2; i++) {
		directions[i].node = &nodes[i];
		directions[i].peer = &nodes[!i];
	}
	for (unsigned int steps = 0; !is_done(&directions[0]) || !is_done(&directions[1]);
	     steps++) {
		assert_true(steps < 1000000);
		disturb();
		work(&directions[0]);
		work(&directions[1]);
		run();
		run_for(random_below(300) * 1000);
	}
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(nodes[i].qp->attr.state, QP_RTS);
		assert_memory_equal(nodes[!i].memory + COUNTER, &directions[i].atomics, 8);
	}
	pair_close();
}

static void every_byte_arrives_on_a_bad_wire(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		print_message("seed %u\n", (unsigned int)seed);
		soak(seed);
	}
	assert_true(fates[FATE_DROP] > 1000);
	assert_true(fates[FATE_DUPLICATE] > 1000);
	assert_true(fates[FATE_DELAY] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_arrives_on_a_bad_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
