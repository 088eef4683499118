/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The game of the ping-pongs between two threads: it ends, it keeps receives posted, it checks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "wire.h"

static struct wire wire;

static void play(const struct wire_game *game)
{
	int client, server;

	memset(&wire, 0, sizeof(wire));
	wire_play(&wire, game, &client, &server);
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
	assert_int_equal(wire.messages, 2 * game->iterations);
}

static void every_message_is_answered(void **state)
{
	(void)state;
	play(&(struct wire_game){.iterations = 100, .size = 64, .links = 1, .rx_depth = 8});
}

static void one_receive_is_enough_for_many_messages(void **state)
{
	(void)state;
	play(&(struct wire_game){.iterations = 100, .size = 64, .links = 1, .rx_depth = 1});
	assert_int_equal(wire.server.fewest_receives, 1);
	assert_int_equal(wire.client.fewest_receives, 1);
}

static void used_receives_are_replaced_at_once(void **state)
{
	(void)state;
	play(&(struct wire_game){.iterations = 100, .size = 64, .links = 1, .rx_depth = 32});
	assert_in_range(wire.server.fewest_receives, 31, 32);
}

static void iterations_are_shared_by_links(void **state)
{
	long sent = 0;

	(void)state;
	play(&(struct wire_game){.iterations = 50, .size = 64, .links = 4, .rx_depth = 4});
	for (int i = 0; i < 4; i++) {
		assert_in_range(wire.client.links[i].sent, 1, 47);
		sent += wire.client.links[i].sent;
	}
	assert_int_equal(sent, 50);
}

static void fewer_iterations_than_links_end_as_well(void **state)
{
	(void)state;
	play(&(struct wire_game){.iterations = 3, .size = 64, .links = 8, .rx_depth = 8});
}

/* All that is right passes: each way to check, sizes around words and pages, with and without SRQ.
 */
static void right_messages_pass_every_check(void **state)
{
	static const size_t sizes[] = {1, 7, 8, 9, 4095, 4096, 4097, 10000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (unsigned int ways = 0; ways < 10; ways++) {
			struct wire_game game = {
				.iterations = 20,
				.size = sizes[i],
				.links = ways < 5 ? 1 : 3,
				.rx_depth = 6,
				.client_checks = ways % 5 & 1,
				.server_checks = ways % 5 & 2,
			};

			if (ways % 5 == 4)
				game.client_checks = game.server_checks = game.numbered = true;
			play(&game);
		}
}

/* The last answer is the corrupted message: nobody waits for one that does not come. */
static void expect_found(bool numbered, uint32_t message, size_t byte)
{
	struct wire_game game = {.iterations = message,
				 .size = 5000,
				 .links = 1,
				 .rx_depth = 4,
				 .client_checks = true,
				 .server_checks = true,
				 .numbered = numbered};
	int client, server;

	memset(&wire, 0, sizeof(wire));
	wire.corrupt_message = 2 * message;
	wire.corrupt_byte = byte;
	wire_play(&wire, &game, &client, &server);
	assert_int_equal(server, 0);
	assert_int_equal(client, EBADMSG);
}

static void a_single_wrong_bit_is_found(void **state)
{
	static const size_t bytes[] = {0, 1, 4095, 4096, 4999};

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		expect_found(true, 9, bytes[i]);
		expect_found(false, 9, bytes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_answered),
		cmocka_unit_test(one_receive_is_enough_for_many_messages),
		cmocka_unit_test(used_receives_are_replaced_at_once),
		cmocka_unit_test(iterations_are_shared_by_links),
		cmocka_unit_test(fewer_iterations_than_links_end_as_well),
		cmocka_unit_test(right_messages_pass_every_check),
		cmocka_unit_test(a_single_wrong_bit_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
