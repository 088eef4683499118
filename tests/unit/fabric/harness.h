/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tests of the fabric share: a fabric of their own, children, packets. */
#ifndef TESTS_FABRIC_HARNESS_H
#define TESTS_FABRIC_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/types.h>

#include "softhca/fabric/control.h"
#include "softhca/fabric/fabric.h"

/* Name of this test program's fabric. */
const char *fabric_name(void);

struct fabric *join(unsigned int host);
struct fabric *join_with(unsigned int host, enum fabric_port_type port_type, const char *faults,
			 const char *capture);

/* Runs `body` in a child, which ends with its result as exit status. */
pid_t start_child(int (*body)(void *arg), void *arg);
/* Waits, and requires status 0. */
void finish_child(pid_t child);
/* SIGKILL, and waits for its end. */
void kill_child(pid_t child);

/* Calls `condition` until it is true; fails the test after ten seconds. */
void wait_until(bool (*condition)(void *arg), void *arg);
/* The same in a child, which must not use cmocka: false after ten seconds. */
bool becomes(bool (*condition)(void *arg), void *arg);

/* Sends `length` bytes that say which packet it is; waits for room. False after ten seconds. */
bool send_numbered(struct fabric *fabric, unsigned int process, uint32_t number, uint32_t length);
/* Without waiting: what fabric_send_begin() says. */
int try_send(struct fabric *fabric, unsigned int process, const void *bytes, uint32_t length);
/* The number in a packet of send_numbered(), UINT32_MAX if its bytes are not right. */
uint32_t numbered(const struct packet *packet, const uint8_t *bytes);

#endif
