/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of flow rules: a row of numbers, of which each rule bound to it adds to some. */
#ifndef SOFTHCA_CORE_COUNTERS_H
#define SOFTHCA_CORE_COUNTERS_H

#include "softhca/core/object.h"

enum { COUNTERS_MAX = 32 };

/* Numbered as in the kernel ABI, enum ib_counters_description. */
enum counter_kind {
	COUNTER_PACKETS,
	COUNTER_BYTES,
};

/* One number of a row, and what is counted there. */
struct counter_binding {
	enum counter_kind kind;
	uint32_t index;
};

/* What is counted comes with the first rule of the row, for all that follow, and goes with the
 * last. */
struct counters {
	struct hca *hca;
	uint32_t users; /* flows */
	uint32_t num_bindings;
	struct counter_binding bindings[COUNTERS_MAX];
	uint32_t count;	  /* the highest index bound so far, plus one */
	struct list link; /* on hca->counters_list */
	void *front;
	uint64_t values[COUNTERS_MAX];
};

int counters_create(struct hca *hca, void *front, struct counters **counters);
int counters_destroy(struct counters *counters); /* EBUSY while a flow counts with it */
/* EINVAL while no flow counts with it, or if there is not room for all. */
int counters_read(const struct counters *counters, uint64_t *values, uint32_t count);

#endif
