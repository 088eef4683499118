/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * udpong's client: sends, and asks at the end how much of it has come. What wants an answer is sent
 * again until there is one, for datagrams get lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "libibverbs/examples/common/report.h"
#include "link.h"
#include "plan.h"
#include "report.h"
#include "udpong.h"

enum {
	LIST_LENGTH = 9, /* sizes that are tested without -S and -C: to 1.5 kB, what a frame has */
	USUAL_SIZE = 1000,
	USUAL_TRANSFERS = 1000,
	/* How long an answer may take before the question is repeated, and in all. */
	GREETING_MS = 1000,
	ANSWER_MS = 10,
	PATIENCE_S = 10,
};

struct client {
	struct rs_link link;
	uint8_t number;	  /* the server's name for this client */
	uint8_t sequence; /* of the last request */
	union {
		struct udpong_message message;
		uint8_t bytes[UDPONG_LONGEST];
	};
	uint8_t answer[UDPONG_LONGEST];
};

struct test {
	char name[16];
	long size, transfers;
	bool echo;
};

static const struct udpong_message *answered(const struct client *client)
{
	return (const void *)client->answer;
}

static int send_message(struct client *client, size_t size)
{
	const struct rs_link *link = &client->link;
	unsigned int calls = 0;
	ssize_t count;

	do {
		int err = rs_link_ready(link, POLLOUT, &calls);

		if (err)
			return err;
		count = link->calls->sendto(link->fd, client->bytes, size,
					    link->wish->blocking ? 0 : MSG_DONTWAIT, NULL, 0);
	} while (count < 0 && !rs_link_retry(errno));
	/* That nobody took an earlier one shows in the answers. */
	if (count < 0 && errno != ECONNREFUSED)
		return tool_error(errno, "cannot send %zu bytes", size);
	return 0;
}

/* Takes answers until there is the one to this request; ETIMEDOUT after a silence of timeout ms. */
static int take_answer(struct client *client, size_t size, int timeout)
{
	const struct rs_link *link = &client->link;

	for (;;) {
		int err = rs_link_wait(link, POLLIN, timeout);
		ssize_t count;

		if (err)
			return err;
		count = link->calls->recvfrom(link->fd, client->answer, size, MSG_DONTWAIT, NULL,
					      NULL);
		if (count < 0 && rs_link_retry(errno) && errno != ECONNREFUSED)
			return tool_error(errno, "cannot receive");
		if (count >= UDPONG_HEADER &&
		    answered(client)->operation == client->message.operation &&
		    answered(client)->sequence == client->sequence)
			return 0;
		if (count < 0 && errno == ECONNREFUSED)
			return ETIMEDOUT;
	}
}

static int ask(struct client *client, enum udpong_operation operation, size_t size, int timeout)
{
	double end = rs_clock() + PATIENCE_S;
	int err;

	client->message.operation = (uint8_t)operation;
	client->message.client = client->number;
	client->message.sequence = client->sequence;
	do {
		err = send_message(client, size);
		if (!err)
			err = take_answer(client, size, timeout);
	} while (err == ETIMEDOUT && rs_clock() < end);
	if (err == ETIMEDOUT)
		tool_refuse("the server does not answer for %d s: is it at that address (-s, -p), "
			    "and of the same kind of sockets (-T)?",
			    PATIENCE_S);
	return err;
}

static int log_in(struct client *client)
{
	int err = ask(client, UDPONG_LOGIN, UDPONG_SHORTEST, GREETING_MS);

	client->number = answered(client)->client;
	return err;
}

static int request(struct client *client, enum udpong_operation operation, size_t size, int timeout)
{
	client->sequence++;
	return ask(client, operation, size, timeout);
}

/* Data keeps the sequence number of the start. */
static int send_data(struct client *client, const struct test *test)
{
	int err = 0;

	client->message.operation = UDPONG_DATA;
	for (long i = 0; i < test->transfers && !err; i++)
		err = send_message(client, (size_t)test->size);
	return err;
}

static int send_echoes(struct client *client, const struct test *test)
{
	int err = 0;

	for (long i = 0; i < test->transfers && !err; i++)
		err = request(client, UDPONG_ECHO, (size_t)test->size, ANSWER_MS);
	return err;
}

/* Data that has not come was not transferred: the server has the count. Echoes have all come, and
 * the server has counted some twice that were sent again. */
static void report(const struct client *client, const struct test *test, double seconds)
{
	long come = test->echo ? 2 * test->transfers : ntohl(answered(client)->count);

	rs_report(&(struct rs_result){
		.name = test->name,
		.size = test->size,
		.transfers = come,
		.iterations = RS_NO_ITERATIONS,
		.messages = come,
		.seconds = seconds,
	});
}

static int run_test(struct client *client, const struct test *test)
{
	int err = request(client, UDPONG_START, UDPONG_SHORTEST, GREETING_MS);
	double start = rs_clock();

	if (!err)
		err = test->echo ? send_echoes(client, test) : send_data(client, test);
	if (!err)
		err = request(client, UDPONG_END, UDPONG_SHORTEST, ANSWER_MS);
	if (!err)
		report(client, test, rs_clock() - start);
	return err;
}

/* ---- which tests ---- */

static int run_one(struct client *client, const struct udpong_wish *wish)
{
	const struct test test = {
		.name = "custom",
		.size = wish->size < 0 ? USUAL_SIZE : wish->size,
		.transfers = wish->transfers < 0 ? USUAL_TRANSFERS : wish->transfers,
		.echo = wish->echo,
	};

	return run_test(client, &test);
}

static int run_listed(struct client *client, int i, bool echo)
{
	struct test test = {.size = rs_plan_size(i), .echo = echo};
	char text[8];

	rs_plan_format(test.size, text, sizeof(text));
	snprintf(test.name, sizeof(test.name), "%s_%s", text, echo ? "lat" : "bw");
	/* An echo takes a tenth as many for the same time, or so. */
	test.transfers = rs_plan_times(test.size) / (echo ? 10 : 1);
	return run_test(client, &test);
}

static int run_tests(struct client *client, const struct udpong_wish *wish)
{
	int err = 0;

	rs_report_head(RS_NO_ITERATIONS);
	if (wish->size >= 0 || wish->transfers >= 0)
		return run_one(client, wish);
	for (int i = 0; i < LIST_LENGTH && !err; i++)
		err = run_listed(client, i, true);
	for (int i = 0; i < LIST_LENGTH && !err; i++)
		err = run_listed(client, i, false);
	return err;
}

int udpong_ask(const struct udpong_wish *wish)
{
	static struct client client;
	int err = rs_link_connect(&client.link, &wish->link);

	if (err)
		return err;
	err = log_in(&client);
	if (!err)
		err = run_tests(&client, wish);
	client.link.calls->close(client.link.fd);
	return err;
}
