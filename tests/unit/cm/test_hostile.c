/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * MADs of strangers: whatever comes, what is established stays, what is not there is not made, and
 * memory is given back. Queue pair 1 is everybody's.
 */
#include <endian.h>
#include <stdlib.h>

#include "ends.h"
#include "hw/wire/opcode.h"
#include "hw/wire/deth.h"
#include "hw/wire/mad.h"

enum { BTH = 12, DETH = 8, HEADERS = BTH + DETH };

/* A packet as the other end would send it, with a MAD that is any 256 bytes. */
static uint32_t make_packet(const uint8_t *mad, uint8_t *bytes)
{
	const struct wire_deth deth = {
		.qkey = htobe32(WIRE_QKEY_GENERAL_SERVICES),
		.source = htobe32(1),
	};
	const uint8_t bth[BTH] = {WIRE_UD | WIRE_SEND_ONLY, 0x40, 0xff, 0xff, 0, 0, 0, 1};

	memcpy(bytes, bth, sizeof(bth));
	memcpy(bytes + BTH, &deth, sizeof(deth));
	memcpy(bytes + HEADERS, mad, MAD_BYTES);
	return HEADERS + MAD_BYTES;
}

static void throw(unsigned int to, const uint8_t *bytes, uint32_t length)
{
	struct packet head = {
		.destination_hca = (uint8_t)to,
		.source_hca = (uint8_t)!to,
		.slid = (uint16_t)(!to + 1),
		.dlid = (uint16_t)(to + 1),
	};

	wire_inject(!to, to, &head, bytes, length);
	run();
}

static void throw_mad(unsigned int to, const uint8_t *mad)
{
	uint8_t bytes[HEADERS + MAD_BYTES];

	throw(to, bytes, make_packet(mad, bytes));
}

static struct cm_counters counters(unsigned int end)
{
	struct cm_counters read;

	cm_read_counters(ends[end].cm, &read);
	return read;
}

static struct cm_message some_request(void)
{
	struct cm_message message = {
		.type = CM_MESSAGE_REQ, .local_id = 0x01aaaaaa, .req = usual_request()};

	return message;
}

/* ---- packets that no MAD comes in ---- */

static void other_packets_are_not_looked_at(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value;
	} changes[] = {
		/* an RC send, immediate data, another partition, other keys */
		{0, 0x04}, {0, 0x65}, {2, 0x7a}, {BTH, 0x00}, {BTH + 3, 0x01},
	};
	struct cm_message request = some_request();
	uint8_t mad[MAD_BYTES], bytes[HEADERS + MAD_BYTES];

	(void)state;
	cm_message_encode(&request, mad);
	for (unsigned int i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint32_t length = make_packet(mad, bytes);

		bytes[changes[i].at] = changes[i].value;
		throw(1, bytes, length);
	}
	for (uint32_t length = 0; length < HEADERS + MAD_BYTES; length += 4) {
		make_packet(mad, bytes);
		throw(1, bytes, length);
	}
	expect_silence(1);
	assert_int_equal(counters(1).received[CM_MESSAGE_REQ], 0);
	throw_mad(1, mad);
	expect_heard(1, CM_EVENT_REQUEST);
}

static void only_queue_pair_1_manages(void **state)
{
	struct cm_message request = some_request();
	uint8_t mad[MAD_BYTES], bytes[HEADERS + MAD_BYTES];
	uint32_t length;

	(void)state;
	cm_message_encode(&request, mad);
	length = make_packet(mad, bytes);
	bytes[BTH + 7] = 2;
	throw(1, bytes, length);
	expect_silence(1);
	assert_int_equal(counters(1).stray, 1);
}

static void what_is_not_understood_is_counted(void **state)
{
	uint8_t mad[MAD_BYTES] = {0};

	(void)state;
	throw_mad(1, mad);
	assert_int_equal(counters(1).malformed, 1);
	assert_int_equal(wire.logged, 0);
}

/* ---- anything ---- */

/* Messages of a connection that exists, from who is not its peer: every id but the right ones. */
static void strangers_do_not_end_connections(void **state)
{
	(void)state;
	establish();
	for (unsigned int type = 0; type < CM_MESSAGE_TYPES; type++) {
		for (unsigned int i = 0; i < 200; i++) {
			struct cm_message message = {
				.type = (enum cm_message_type)type,
				.local_id = (uint32_t)random(),
				.remote_id = i % 2 ? on_wire(1).local_id : (uint32_t)random(),
			};

			if (type == CM_MESSAGE_REJ && i % 4 == 1)
				message.local_id = 0;
			inject(1, &message);
			run();
		}
	}
	assert_int_equal(state_of(0), CM_STATE_ESTABLISHED);
	assert_int_equal(state_of(1), CM_STATE_ESTABLISHED);
	expect_silence(1);
}

/* Bits that flip in messages that were true. */
static void mutated_messages_do_no_harm(void **state)
{
	uint8_t mads[16][MAD_BYTES];
	unsigned int count;

	(void)state;
	establish();
	assert_int_equal(cm_disconnect(ends[0].connection, NULL), 0);
	run();
	for (count = 0; count < wire.logged; count++) {
		struct cm_message message = on_wire(count);

		cm_message_encode(&message, mads[count]);
	}
	srandom(3);
	for (unsigned int round = 0; round < 5000; round++) {
		uint8_t mad[MAD_BYTES];

		memcpy(mad, mads[round % count], MAD_BYTES);
		for (unsigned int flips = (unsigned int)random() % 4; flips; flips--)
			mad[random() % MAD_BYTES] ^= (uint8_t)(1 << random() % 8);
		throw_mad((unsigned int)random() % 2, mad);
		for (unsigned int i = 0; i < 2; i++)
			ends[i].num_heard = ends[i].taken = 0;
	}
}

static void noise_does_no_harm(void **state)
{
	uint8_t mad[MAD_BYTES];

	(void)state;
	srandom(4);
	establish();
	for (unsigned int round = 0; round < 5000; round++) {
		for (unsigned int i = 0; i < MAD_BYTES; i++)
			mad[i] = (uint8_t)random();
		memcpy(mad, "\1\7\2\3", 4);
		mad[16] = 0;
		mad[17] = (uint8_t)(0x10 + random() % 11);
		throw_mad(1, mad);
	}
	assert_int_equal(state_of(1), CM_STATE_ESTABLISHED);
	expect_silence(1);
	/* And who comes after that is served. */
	cm_destroy(ends[0].connection);
	run_for(100 * MS);
	expect_heard(1, CM_EVENT_DISCONNECTED);
	cm_destroy(ends[1].connection);
	run_for(100 * MS);
	establish();
}

/* Nothing is answered that is an answer: two ends never talk for ever. */
static void no_message_makes_two_ends_talk_for_ever(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < CM_MESSAGE_TYPES; type++) {
		struct cm_message message = {
			.type = (enum cm_message_type)type,
			.local_id = 0x01000000 + type,
			.remote_id = 0x02000000 + type,
		};
		unsigned int before = wire.logged;

		inject(1, &message);
		run_for(1000 * MS);
		assert_in_range(wire.logged - before, 1, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CM_TEST(other_packets_are_not_looked_at),
		CM_TEST(only_queue_pair_1_manages),
		CM_TEST(what_is_not_understood_is_counted),
		CM_TEST(strangers_do_not_end_connections),
		CM_TEST(mutated_messages_do_no_harm),
		CM_TEST(noise_does_no_harm),
		CM_TEST(no_message_makes_two_ends_talk_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
