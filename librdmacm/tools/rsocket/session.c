/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs of tests over a connection; see session.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libibverbs/examples/common/report.h"
#include "report.h"
#include "session.h"

enum {
	SYNC_SIZE = 16,
	/* What the latency of small messages wants to be inline, where -i does not say. */
	USUAL_INLINE = 64,
};

static bool client(const struct rs_session *session)
{
	return session->link.wish->server;
}

/* ---- a test ---- */

static bool patterned(const struct rs_session *session, const struct rs_session_steps *steps)
{
	return session->verify && steps->pattern_before;
}

/* Debian's riostream takes the message into its mapped memory: where a marker is to be, in a test
 * of a few bytes, there has to be none. So the message is what our memory starts with. */
static int send_sync(struct rs_session *session, const struct rs_session_steps *steps)
{
	uint8_t message[SYNC_SIZE];

	memcpy(message, session->buffer, sizeof(message));
	if (patterned(session, steps))
		rs_pattern_fill(&session->pattern, message, sizeof(message));
	return rs_link_send(&session->link, message, sizeof(message));
}

static int receive_sync(struct rs_session *session, const struct rs_session_steps *steps)
{
	uint8_t message[SYNC_SIZE];
	int err = rs_link_receive(&session->link, message, sizeof(message));

	if (err || !patterned(session, steps))
		return err;
	return rs_pattern_check(&session->pattern, message, sizeof(message));
}

static int synchronize(struct rs_session *session, const struct rs_session_steps *steps)
{
	int err = client(session) ? send_sync(session, steps) : receive_sync(session, steps);

	if (err)
		return err;
	return client(session) ? receive_sync(session, steps) : send_sync(session, steps);
}

static int exchange(struct rs_session *session, const struct rs_session_steps *steps,
		    const struct rs_test *test)
{
	int (*first)(struct rs_session *, const struct rs_test *) = steps->push;
	int (*second)(struct rs_session *, const struct rs_test *) = steps->pull;
	int err = 0;

	if (!client(session)) {
		first = steps->pull;
		second = steps->push;
	}
	for (long i = 0; i < test->iterations && !err; i++) {
		err = first(session, test);
		if (!err)
			err = second(session, test);
	}
	return err;
}

static void report(const struct rs_test *test, double seconds)
{
	rs_report(&(struct rs_result){
		.name = test->name,
		.size = test->size,
		.transfers = test->transfers,
		.iterations = test->iterations,
		.messages = 2LL * test->transfers * test->iterations,
		.seconds = seconds,
	});
}

static int run_test(struct rs_session *session, const struct rs_session_steps *steps,
		    const struct rs_test *test)
{
	int err = steps->prepare ? steps->prepare(session, test) : 0;
	double start;

	if (err)
		return err;
	err = synchronize(session, steps);
	start = rs_clock();
	if (!err)
		err = exchange(session, steps, test);
	if (!err)
		report(test, rs_clock() - start);
	if (steps->finish)
		steps->finish(session, test);
	return err;
}

/* ---- a connection ---- */

/* What goes over one connection. */
struct part {
	const struct rs_test *tests;
	int count;
};

/* Closes the connection. */
static int run_part(struct rs_session *session, const struct rs_session_steps *steps,
		    const struct part *part)
{
	int err = 0;

	for (int i = 0; i < part->count && !err; i++)
		err = run_test(session, steps, &part->tests[i]);
	rs_link_close(&session->link);
	return err;
}

/* What a child has sent and received is counted on by the parent. */
static void skip(struct rs_session *session, const struct part *part)
{
	for (int i = 0; i < part->count; i++) {
		const struct rs_test *test = &part->tests[i];
		uint8_t bytes =
			(uint8_t)(SYNC_SIZE + test->size * test->transfers * test->iterations);

		session->pattern.sent += bytes;
		session->pattern.received += bytes;
	}
}

/* The parent has no part in the connection: it closes without a word to the peer. */
static int run_in_child(struct rs_session *session, const struct rs_session_steps *steps,
			const struct part *part)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child)
		exit(run_part(session, steps, part) ? EXIT_FAILURE : EXIT_SUCCESS);
	session->link.calls->close(session->link.fd);
	if (child < 0)
		return tool_error(errno, "cannot fork for a client");
	if (waitpid(child, &status, 0) < 0)
		return tool_error(errno, "cannot wait for a process");
	skip(session, part);
	/* A child that failed has said why. */
	if (WIFSIGNALED(status))
		return tool_refuse("signal %d has ended the client's process", WTERMSIG(status));
	return WEXITSTATUS(status) ? EIO : 0;
}

/* ---- a run ---- */

static int run_as_client(struct rs_session *session, const struct rs_session_wish *wish,
			 const struct rs_session_steps *steps, const struct part *part)
{
	int err = rs_link_connect(&session->link, &wish->link);

	return err ? err : run_part(session, steps, part);
}

static int run_as_server(struct rs_session *session, struct rs_listener *listener, bool fork,
			 const struct rs_session_steps *steps, const struct part *part)
{
	int err = rs_listener_accept(listener, &session->link);

	if (err)
		return err;
	return fork ? run_in_child(session, steps, part) : run_part(session, steps, part);
}

static int run_parts(struct rs_session *session, const struct rs_session_wish *wish,
		     const struct rs_session_steps *steps, struct rs_listener *listener)
{
	const struct rs_plan *plan = &session->plan;
	const struct part parts[] = {
		{plan->tests, plan->latency},
		{plan->tests + plan->latency, plan->count - plan->latency},
	};
	int err = 0;

	rs_report_head(plan->tests[0].iterations);
	for (int i = 0; i < 2 && !err; i++) {
		if (!parts[i].count)
			continue;
		if (wish->link.server)
			err = run_as_client(session, wish, steps, &parts[i]);
		else
			err = run_as_server(session, listener, wish->fork, steps, &parts[i]);
	}
	return err;
}

static int allocate(struct rs_session *session)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = ((size_t)session->plan.largest + page - 1) / page * page;

	session->buffer = aligned_alloc(page, size);
	if (!session->buffer)
		return tool_error(ENOMEM, "no memory for messages of %ld bytes (-S)",
				  session->plan.largest);
	memset(session->buffer, 0, size);
	return 0;
}

int rs_session_run(const struct rs_session_wish *asked, const struct rs_session_steps *steps)
{
	struct rs_session session = {.verify = asked->verify};
	struct rs_listener listener = {.count = 0};
	struct rs_session_wish wish = *asked;
	int err = rs_wish_check(&wish.link);

	if (!err)
		err = rs_plan_make(&session.plan, &wish.plan);
	if (!err)
		err = allocate(&session);
	if (err)
		return err;
	if (wish.link.inline_size < 0 && !wish.link.sockets && session.plan.latency)
		wish.link.inline_size = USUAL_INLINE;
	if (!wish.link.server)
		err = rs_listener_open(&listener, &wish.link);
	if (!err)
		err = run_parts(&session, &wish, steps, &listener);
	rs_listener_close(&listener);
	free(session.buffer);
	return err;
}
