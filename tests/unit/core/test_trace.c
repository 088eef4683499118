/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines of the trace, as they come out on stderr. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "fakes.h"
#include "softhca/core/trace.h"

static int saved_stderr, ends[2];
static char text[4096];

static int setup(void **state)
{
	(void)state;
	trace_enabled = true;
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	return pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0;
}

static int teardown(void **state)
{
	(void)state;
	trace_enabled = false;
	close(ends[0]);
	return 0;
}

/* Puts stderr back, and gives what was written without time and process. */
static const char *written(void)
{
	ssize_t length;
	char *start;
	int fields = 0;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(ends[1]);
	length = read(ends[0], text, sizeof(text) - 1);
	assert_true(length > 0);
	text[length] = '\0';
	for (start = text; fields < 2; start++)
		fields += *start == ' ';
	return start;
}

static void a_send_shows_its_fields(void **state)
{
	struct qp qp = {.qpn = 0x123, .type = QP_TYPE_RC};
	struct send_request request = {
		.opcode = REQUEST_WRITE_IMM,
		.flags = REQUEST_SIGNALED,
		.index = 7,
		.length = 24,
		.rkey = 0x500,
		.remote_address = 0x1000,
		.immediate = htobe32(0xcafe),
		.num_sge = 2,
		.sge = {{0x2000, 16, 0x600, NULL}, {0, 8, 0, "inline"}},
	};

	(void)state;
	trace_send(&qp, &request);
	assert_string_equal(written(),
			    "send qp=000123 index=7 WRITE_IMM length=24 signaled remote=0x1000 "
			    "rkey=0x500 imm=0xcafe 0x2000+16 lkey=0x600 inline:8\n");
}

static void a_failed_completion_names_its_status(void **state)
{
	struct qp qp = {.qpn = 0x123};
	struct cq cq = {.cqn = 4};
	struct completion completion = {
		.status = STATUS_REMOTE_ACCESS,
		.flags = COMPLETION_SEND,
		.opcode = REQUEST_READ,
		.index = 9,
	};

	(void)state;
	trace_completion(&cq, &qp, &completion);
	assert_string_equal(written(), "completion cq=4 qp=000123 send READ index=9 length=0: "
				       "remote access\n");
}

static void a_packet_shows_its_base_header(void **state)
{
	static const uint8_t bytes[16] = {0x04, 0x00, 0xff, 0xff, 0x00, 0x00,
					  0x12, 0x34, 0x80, 0x00, 0x00, 0x05};
	struct packet packet = {.source_hca = 1, .destination_hca = 2};

	(void)state;
	trace_packet("->", &packet, bytes, sizeof(bytes));
	assert_string_equal(written(), "packet -> hca 1->2 RC SEND_ONLY qp=001234 psn=000005 ack "
				       "pkey=ffff bytes=16\n");
}

static void a_packet_too_short_for_its_header_is_said_to_be(void **state)
{
	struct packet packet = {.flags = PACKET_GRH};
	static const uint8_t bytes[45];

	(void)state;
	trace_packet("<-", &packet, bytes, sizeof(bytes));
	assert_string_equal(written(), "packet <- short: 45 bytes\n");
}

static void a_line_too_long_is_cut_and_still_ends(void **state)
{
	char much[2000];
	const char *line;

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	trace_printf("%s", much);
	line = written();
	assert_int_equal(line[strlen(line) - 1], '\n');
	assert_int_equal(line[strlen(line) - 2], 'x');
	assert_true(strlen(text) <= 512);
}

static void nothing_is_written_while_it_is_off(void **state)
{
	(void)state;
	trace_enabled = false;
	trace_printf("not this");
	trace_enabled = true;
	trace_printf("but this");
	assert_string_equal(written(), "but this\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_send_shows_its_fields),
		TEST(a_failed_completion_names_its_status),
		TEST(a_packet_shows_its_base_header),
		TEST(a_packet_too_short_for_its_header_is_said_to_be),
		TEST(a_line_too_long_is_cut_and_still_ends),
		TEST(nothing_is_written_while_it_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
