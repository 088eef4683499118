/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the specifications of a flow rule say, read from the command that creates it. */
#ifndef SOFTHCA_SHIM_FLOW_SPEC_H
#define SOFTHCA_SHIM_FLOW_SPEC_H

#include "softhca/core/flow.h"

/* What a rule asks for besides a match; counters by their handle. */
struct flow_specs {
	struct flow_key value, mask;
	bool has_ethernet, has_tag, drop, counts;
	uint32_t tag;
	uint32_t counters;
};

/*
 * `count` specifications in `length` bytes. EINVAL for what contradicts itself, is cut short or
 * stands there twice; EOPNOTSUPP for headers and fields that the adapter cannot look at.
 */
int flow_specs_read(const uint8_t *bytes, size_t length, unsigned int count,
		    struct flow_specs *specs);

#endif
