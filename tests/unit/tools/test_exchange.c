/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TCP exchange: bytes on the connection, both address families, peers that misbehave. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libibverbs/examples/common/exchange.h"

static const struct pp_address address = {.lid = 1, .qpn = 0x48, .psn = 0xabcdef};
static const char bytes[52] = "0001:000048:abcdef:00000000000000000000000000000000";

/* One end of a connection as an exchange, the other for the test to play the peer with. */
static struct pp_exchange make_pair(int *peer)
{
	struct pp_exchange exchange = PP_EXCHANGE_CLOSED;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	exchange.peer = ends[0];
	*peer = ends[1];
	return exchange;
}

static void addresses_and_confirmation_are_these_bytes(void **state)
{
	struct pp_address two[] = {address, address};
	char got[2 * 52 + 5];
	int peer;
	struct pp_exchange exchange = make_pair(&peer);

	(void)state;
	assert_int_equal(pp_exchange_send(&exchange, two, 2), 0);
	assert_int_equal(pp_exchange_confirm(&exchange), 0);
	assert_int_equal(recv(peer, got, sizeof(got), MSG_WAITALL), sizeof(got));
	assert_memory_equal(got, bytes, 52);
	assert_memory_equal(got + 52, bytes, 52);
	assert_memory_equal(got + 104, "done", 5);
	close(peer);
	pp_exchange_close(&exchange);
}

static void addresses_that_arrive_in_pieces_are_put_together(void **state)
{
	struct pp_address got;
	int peer;
	struct pp_exchange exchange = make_pair(&peer);

	(void)state;
	assert_int_equal(send(peer, bytes, 20, 0), 20);
	assert_int_equal(send(peer, bytes + 20, 32, 0), 32);
	assert_int_equal(send(peer, "done", 5, 0), 5);
	assert_int_equal(pp_exchange_receive(&exchange, &got, 1), 0);
	assert_int_equal(got.psn, 0xabcdef);
	assert_int_equal(pp_exchange_await_confirmation(&exchange), 0);
	close(peer);
	pp_exchange_close(&exchange);
}

static void a_peer_that_leaves_or_talks_nonsense_is_an_error(void **state)
{
	struct pp_address got[2];
	int peer;
	struct pp_exchange exchange = make_pair(&peer);

	(void)state;
	assert_int_equal(send(peer, bytes, 52, 0), 52);
	assert_int_equal(
		send(peer, "GET / HTTP/1.1\r\nHost: pingpong.example.org:18515\r\n\r\n", 52, 0),
		52);
	assert_int_equal(pp_exchange_receive(&exchange, got, 2), EPROTO);
	close(peer);
	assert_int_equal(pp_exchange_receive(&exchange, got, 1), ECONNRESET);
	assert_int_not_equal(pp_exchange_await_confirmation(&exchange), 0);
	assert_int_not_equal(pp_exchange_send(&exchange, &address, 1), 0);
	pp_exchange_close(&exchange);
}

static void another_confirmation_is_an_error(void **state)
{
	int peer;
	struct pp_exchange exchange = make_pair(&peer);

	(void)state;
	assert_int_equal(send(peer, "gone", 5, 0), 5);
	assert_int_equal(pp_exchange_await_confirmation(&exchange), EPROTO);
	close(peer);
	pp_exchange_close(&exchange);
}

/* Listens on whatever port the kernel gives, so that tests may run side by side. */
static long port_of(const struct pp_exchange *exchange)
{
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);

	assert_int_equal(getsockname(exchange->listener, (struct sockaddr *)&own, &size), 0);
	return own.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&own)->sin6_port)
					 : ntohs(((struct sockaddr_in *)&own)->sin_port);
}

static void meet(const char *host)
{
	struct pp_exchange server = PP_EXCHANGE_CLOSED, client = PP_EXCHANGE_CLOSED;
	struct pp_address got;

	assert_int_equal(pp_exchange_listen(&server, 0), 0);
	assert_int_equal(pp_exchange_connect(&client, host, port_of(&server)), 0);
	assert_int_equal(pp_exchange_accept(&server), 0);
	assert_int_equal(server.listener, -1);
	assert_int_equal(pp_exchange_send(&client, &address, 1), 0);
	assert_int_equal(pp_exchange_receive(&server, &got, 1), 0);
	assert_int_equal(got.qpn, 0x48);
	pp_exchange_close(&client);
	pp_exchange_close(&server);
	assert_int_equal(server.peer, -1);
}

static void a_server_is_met_by_number(void **state)
{
	(void)state;
	meet("127.0.0.1");
}

/* A machine without /etc/hosts and a name server knows no names at all. */
static void a_server_is_met_by_name(void **state)
{
	struct addrinfo *found;

	(void)state;
	if (getaddrinfo("localhost", NULL, NULL, &found)) {
		print_message("this machine does not know the name localhost\n");
		skip();
	}
	freeaddrinfo(found);
	meet("localhost");
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
					.sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool there = fd >= 0 && !bind(fd, (struct sockaddr *)&loopback, sizeof(loopback));

	if (fd >= 0)
		close(fd);
	return there;
}

static void a_server_is_met_over_ipv6(void **state)
{
	(void)state;
	if (!has_ipv6()) {
		print_message("this machine has no IPv6 loopback address\n");
		skip();
	}
	meet("::1");
}

static void a_port_in_use_is_an_error(void **state)
{
	struct pp_exchange first = PP_EXCHANGE_CLOSED, second = PP_EXCHANGE_CLOSED;

	(void)state;
	assert_int_equal(pp_exchange_listen(&first, 0), 0);
	assert_int_equal(pp_exchange_listen(&second, port_of(&first)), EADDRINUSE);
	pp_exchange_close(&first);
	pp_exchange_close(&second);
}

static void an_unknown_host_is_an_error(void **state)
{
	struct pp_exchange client = PP_EXCHANGE_CLOSED;

	(void)state;
	assert_int_equal(pp_exchange_connect(&client, "no host has blanks", 1), EINVAL);
	pp_exchange_close(&client);
}

static void finishing_waits_for_the_peer_to_finish(void **state)
{
	char byte;
	int peer;
	struct pp_exchange exchange = make_pair(&peer);

	(void)state;
	shutdown(peer, SHUT_WR);
	pp_exchange_finish(&exchange);
	assert_int_equal(recv(peer, &byte, 1, 0), 0);
	close(peer);
	pp_exchange_close(&exchange);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_confirmation_are_these_bytes),
		cmocka_unit_test(addresses_that_arrive_in_pieces_are_put_together),
		cmocka_unit_test(a_peer_that_leaves_or_talks_nonsense_is_an_error),
		cmocka_unit_test(another_confirmation_is_an_error),
		cmocka_unit_test(a_server_is_met_by_number),
		cmocka_unit_test(a_server_is_met_by_name),
		cmocka_unit_test(a_server_is_met_over_ipv6),
		cmocka_unit_test(a_port_in_use_is_an_error),
		cmocka_unit_test(an_unknown_host_is_an_error),
		cmocka_unit_test(finishing_waits_for_the_peer_to_finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
