/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Families of devices, and what tells them apart: their words for the same mistake, and departures
 * from the specification that are the driver's, so that no library can mend them. The cases are the
 * same for all.
 */
#ifndef TESTS_VERBS_FAMILY_H
#define TESTS_VERBS_FAMILY_H

#include <infiniband/verbs.h>

#include "check.h"

struct family {
	const char *name;
	/* A datagram larger than the port's MTU: told to its sender. */
	enum ibv_wc_status datagram_too_long;
	/* The receive that an RDMA write with immediate data would have taken, had it been allowed.
	 */
	enum ibv_wc_status receive_of_refused_write;
	/* As much inline data as is granted on request; no attribute tells it. */
	uint32_t inline_bytes;
	/* Names the kind of an error, and does not just say that an operation failed. */
	bool names_errors;
	/* Completions with errors carry a syndrome of the device. */
	bool has_syndromes;
	/* A responder that refuses a request raises an event. */
	bool tells_responder_errors;
	/* A query tells the sizes that creation granted, and not larger ones. */
	bool grants_exactly;
	/* A receive posted in the error state comes back. */
	bool flushes_late_receives;
	/* A queue pair can be told to drain its send queue. */
	bool has_draining;
	/* ibv_query_qp() fills cur_qp_state. */
	bool has_current_state;
	/* Looks at P_Key indices, at path MTUs that are none, at the number of reads to be taken.
	 */
	bool checks_values;
	/* An address handle to a RoCE peer needs an answer from there. */
	bool resolves_peers;
	/* Why something cannot be tested; NULL where it can. */
	const char *no_draining;
	const char *no_send_queue_error;
	const char *no_established_event;
	const char *no_last_receive_event;
	const char *no_controlled_qkeys;
	const char *no_drop_of_long_datagrams;
	const char *no_multicast;
	const char *no_purge;
	const char *no_refused_invalidation;
	const char *no_bind_right;
	const char *no_window_rules;
	const char *no_xrc; /* domains there are all the same */
};

/* That of the device; a device of an unknown family fails the case. */
const struct family *family_of(struct ibv_context *context);
/* Whether `status` is how the family says `meant`. */
bool family_means(const struct family *family, enum ibv_wc_status status, enum ibv_wc_status meant);

#endif
