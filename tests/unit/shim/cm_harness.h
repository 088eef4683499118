/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Open files of the connection manager for the tests, and short ways to send commands. */
#ifndef TESTS_UNIT_SHIM_CM_HARNESS_H
#define TESTS_UNIT_SHIM_CM_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "softhca/shim/rdma_cm/ucm.h"

/* On a fabric of the test's own; not blocking. Returns the descriptor. */
int cm_open(void);
void cm_close(int fd);

/* A command with `length` bytes of input and room for `room` of output. 0 or errno. */
int cm_command(int fd, uint32_t number, const void *in, size_t length, size_t room);
/* The same, of a whole struct that has an answer: its address is filled in. */
#define cm_ask(fd, number, in, answer)                                                             \
	({                                                                                         \
		(in)->response = (uintptr_t)(answer);                                              \
		cm_command(fd, number, in, sizeof(*(in)), sizeof(*(answer)));                      \
	})
/* The same without an answer. */
#define cm_tell(fd, number, in) cm_command(fd, number, in, sizeof(*(in)), 0)

/* Those that must succeed. */
uint32_t cm_create(int fd, uint16_t space, uint64_t uid);
void cm_destroy_id(int fd, uint32_t id, uint32_t events_reported);
/* The next event, which must be there and of that type. */
struct rdma_ucm_event_resp cm_event(int fd, enum ucm_event_type type);
int cm_write_event(int fd, uint32_t id, uint32_t event, uint64_t argument);
bool cm_is_readable(int fd);
/* The same as cm_event() once it is there. */
void cm_await_readable(int fd);
struct rdma_ucm_event_resp cm_await_event(int fd, enum ucm_event_type type);
int cm_bind(int fd, uint32_t id, const void *address, size_t length);
int cm_resolve(int fd, uint32_t id, const void *address, size_t length);
struct rdma_ucm_query_addr_resp cm_addresses(int fd, uint32_t id);

struct sockaddr_in cm_ip4(const char *text, uint16_t port);
struct sockaddr_in6 cm_ip6(const char *text, uint16_t port);

/* ---- connections ---- */

/* Host 1 of the fabric, which the test is. */
#define CM_OWN "10.77.0.1"

enum {
	CM_PORT = 7471,
	CM_QPN = 0x123456, /* of who connects; who answers has the next one */
};

/* An id that listens, and one that knows the way to it. */
struct cm_ends {
	int fd;
	uint32_t listener, active, passive;
};

int cm_listen_at(int fd, uint32_t id, uint32_t backlog);
uint32_t cm_make_listener(int fd, uint16_t space, uint32_t backlog);
uint32_t cm_make_resolved(int fd, uint16_t space);
struct rdma_ucm_conn_param cm_param(const char *data);
int cm_connect_id(int fd, uint32_t id, struct rdma_ucm_conn_param param);
int cm_accept_id(int fd, uint32_t id, struct rdma_ucm_conn_param param, uint64_t uid);
int cm_confirm_id(int fd, uint32_t id);
int cm_reject_id(int fd, uint32_t id, uint8_t reason);
int cm_disconnect_id(int fd, uint32_t id);
int cm_notify_id(int fd, uint32_t id, uint32_t event);
int cm_attributes(int fd, uint32_t id, uint32_t state, struct ib_uverbs_qp_attr *attr);
struct cm_ends cm_open_ends(uint16_t space);

#endif
