/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The trace: decoded commands, requests, completions and packets, one line each on stderr, for
 * people who want to see what their program does. Off, each point costs one load and a branch that
 * is not taken.
 */
#ifndef SOFTHCA_CORE_TRACE_H
#define SOFTHCA_CORE_TRACE_H

#include "softhca/core/object.h"

struct packet;

/* Set before any engine runs, not changed while one does. */
extern bool trace_enabled;

static inline bool trace_on(void)
{
	return __builtin_expect(trace_enabled, 0);
}

/* One line with time and process before it; the newline is added. Nothing when the trace is off. */
void trace_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The following are called where trace_on(). */
void trace_send(const struct qp *qp, const struct send_request *request);
void trace_recv(const char *queue, uint32_t number, const struct recv_request *request);
/* A WQE that the strict device refuses, and why. */
void trace_refused(const struct qp *qp, uint32_t index, const char *reason);
void trace_completion(const struct cq *cq, const struct qp *qp,
		      const struct completion *completion);
void trace_frame_completion(const struct cq *cq, const struct wq *wq,
			    const struct frame_completion *completion);
void trace_tag_completion(const struct cq *cq, const struct qp *qp,
			  const struct completion *completion, const struct tag_note *note);
/* `direction` is "<-" or "->"; `bytes` the headers, `length` bytes with the payload. */
void trace_packet(const char *direction, const struct packet *packet, const uint8_t *bytes,
		  uint32_t length);
void trace_event(enum async_event_type type, uint32_t number);

const char *qp_state_name(enum qp_state state);

#endif
