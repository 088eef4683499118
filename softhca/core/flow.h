/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Flow rules: which frames a queue pair receives, and what becomes of them on the way. What a rule
 * looks for stands in the fabric's directory (fabric/flow.h), what it does here. Calls as in
 * object.h.
 */
#ifndef SOFTHCA_CORE_FLOW_H
#define SOFTHCA_CORE_FLOW_H

#include "softhca/core/counters.h"
#include "softhca/core/rss.h"
#include "softhca/fabric/flow.h"

enum {
	FLOW_MAX_PRIORITY = 15,
	FLOW_MAX_BINDINGS = COUNTERS_MAX,
};

struct flow {
	struct hca *hca;
	unsigned int index; /* in the directory and in hca->flows */
	struct qp *qp;	    /* a raw packet queue pair, or... */
	struct rss *rss;    /* ...one that spreads */
	uint32_t tag;	    /* 0: none */
	bool drop;
	struct counters *counters; /* or NULL */
	void *front;
};

struct flow_params {
	struct qp *qp;
	struct rss *rss;
	struct fabric_flow_rule rule; /* all but the QP number */
	uint32_t tag;
	bool drop;
	struct counters *counters;
	uint32_t num_bindings; /* 0 if the counters have them from an earlier rule */
	struct counter_binding bindings[FLOW_MAX_BINDINGS];
	void *front;
};

/* EOPNOTSUPP on a port that is not Ethernet's, EINVAL for a queue pair that takes no frames, ENOSPC
 * for a priority beyond FLOW_MAX_PRIORITY. */
int flow_create(struct hca *hca, const struct flow_params *params, struct flow **flow);
void flow_destroy(struct flow *flow);

/* A frame of so many bytes has come by. */
void flow_count(const struct flow *flow, uint32_t bytes);

#endif
