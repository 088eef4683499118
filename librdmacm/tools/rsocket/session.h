/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A run of rstream or riostream: the tests of a plan, those of latency over one connection, the
 * others over another. Client and server agree before each test by a short message each way, and
 * then transfer by turns, the client first. Functions print what is wrong and return 0 or a
 * positive errno.
 */
#ifndef RS_SESSION_H
#define RS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "pattern.h"
#include "plan.h"

struct rs_session {
	struct rs_link link;
	struct rs_plan plan;
	struct rs_pattern pattern;
	bool verify;
	uint8_t *buffer; /* of the largest test */
	uint8_t marker;	 /* riostream: the last byte of the next message */
};

/* How the tools differ. All but push and pull may be NULL. */
struct rs_session_steps {
	int (*prepare)(struct rs_session *session, const struct rs_test *test);
	int (*push)(struct rs_session *session, const struct rs_test *test);
	int (*pull)(struct rs_session *session, const struct rs_test *test);
	void (*finish)(struct rs_session *session, const struct rs_test *test);
	bool pattern_before; /* what agrees before a test is part of the pattern, too */
};

struct rs_session_wish {
	struct rs_wish link;
	struct rs_plan_wish plan;
	bool verify, fork;
};

/* The whole run, as the client or the server. */
int rs_session_run(const struct rs_session_wish *asked, const struct rs_session_steps *steps);

#endif
