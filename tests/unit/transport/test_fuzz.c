/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets that nobody sends who behaves: those of real traffic with bytes changed, cut and
 * repeated. Whatever becomes of the connection, every work request completes once and in order, and
 * nothing is touched that no key grants (the sanitizers watch).
 */
#include "node.h"

enum { SEEDS = 150, STEPS = 60, RECEIVES = 32 };

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 20) % limit;
}

static void post_something(struct node *node)
{
	static const enum request_opcode opcodes[] = {
		REQUEST_SEND,	   REQUEST_SEND_IMM, REQUEST_SEND_INVALIDATE, REQUEST_WRITE,
		REQUEST_WRITE_IMM, REQUEST_READ,     REQUEST_COMPARE_SWAP,    REQUEST_FETCH_ADD,
	};
	enum request_opcode opcode = opcodes[random_below(8)];
	bool atomic = opcode == REQUEST_COMPARE_SWAP || opcode == REQUEST_FETCH_ADD;
	struct send_request request = make_remote(node, opcode, random_below(4096),
						  atomic	    ? 8
						  : random_below(2) ? random_below(40)
								    : random_below(4000),
						  random_below(512) * 8);

	/* Mostly, since it ends the connection. */
	if (opcode == REQUEST_SEND_INVALIDATE && random_below(8))
		request.opcode = REQUEST_SEND;
	if (node->qp->type == QP_TYPE_UD) {
		request.opcode = REQUEST_SEND;
		request.ud = (struct ud_address){.qpn = 0x11, .qkey = 0x11111111, .dlid = 1};
		request.ud.qpn += node == &nodes[0] ? 0x10 : 0;
		request.ud.dlid += node == &nodes[0];
	}
	if (node->queue.send_posted - node->qp->sq_consumer < (QUEUE_DEPTH - 1) * UNITS)
		post_send(node, &request);
}

/* A header that the fuzzer likes to change, or any byte. */
static uint32_t choose_byte(uint32_t length)
{
	uint32_t limit = random_below(2) ? 12 : random_below(2) ? 44 : length;

	return random_below(limit < length ? limit : length);
}

static void inject_mutation(void)
{
	struct sent_packet packet;

	if (!wire.logged)
		return;
	memcpy(&packet, wire.log[random_below(wire.logged)], sizeof(packet));
	for (unsigned int i = random_below(4); i; i--)
		packet.bytes[choose_byte(packet.length)] ^= (uint8_t)(1 + random_below(255));
	if (random_below(4) == 0)
		packet.length = random_below(packet.length + 1);
	if (random_below(4) == 0)
		packet.length &= ~3u;
	if (random_below(8) == 0)
		packet.head.flags ^= (uint8_t)(1 << random_below(2));
	if (packet.to < 2)
		wire_inject(packet.from, packet.to, &packet.head, packet.bytes, packet.length);
}

static void end(struct node *node)
{
	const struct qp_attr attr = {.state = QP_ERR};
	const struct completion *completion;
	uint32_t last = 0, receives = 0;

	assert_int_equal(qp_modify(node->qp, &attr, QP_STATE), 0);
	run();
	while ((completion = take(&node->send_cq))) {
		assert_true(last == 0 || completion->index + 1 > last);
		last = completion->index + 1;
	}
	assert_int_equal(node->qp->sq_consumer, node->queue.send_posted);
	while ((completion = take(&node->recv_cq)))
		assert_int_equal(completion->index, receives++);
	assert_int_equal(receives, RECEIVES);
}

static void fuzz(uint64_t seed, enum qp_type type)
{
	struct pair_options options = usual;

	random_state = seed * 0x9e3779b97f4a7c15;
	options.type = type;
	options.rnr_retry = 3;
	pair_open(&options);
	for (unsigned int i = 0; i < RECEIVES; i++) {
		post_recv(&nodes[0], 8192, 4096 + 40);
		post_recv(&nodes[1], 8192, 4096 + 40);
	}
	for (unsigned int step = 0; step < STEPS; step++) {
		post_something(&nodes[random_below(2)]);
		for (unsigned int i = random_below(4); i; i--)
			inject_mutation();
		if (random_below(2))
			run();
		if (random_below(8) == 0)
			run_for(5 * MS);
	}
	run_for(50 * MS);
	end(&nodes[0]);
	end(&nodes[1]);
	pair_close();
}

static void mutated_packets_break_connections_and_nothing_else(void **state)
{
	static const enum qp_type types[] = {QP_TYPE_RC, QP_TYPE_UC, QP_TYPE_UD};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		fuzz(seed, types[seed % 3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutated_packets_break_connections_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
