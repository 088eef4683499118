/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A sender of frames and two receivers that share them by flow rules. */
#ifndef TESTS_VERBS_FLOW_H
#define TESTS_VERBS_FLOW_H

#include "frame.h"

/* The sender's MAC, which is nobody's. */
extern const uint8_t flow_elsewhere[6];

/* Two receivers, each of which says what it has got. */
struct flow_bench {
	struct bed bed;
	uint8_t mac[6];
	struct station sender, first, second;
	struct frame_plan plan;
	uint8_t frame[FRAME_ROOM];
	uint32_t length;
};

void flow_open(struct flow_bench *bench);
void flow_close(struct flow_bench *bench);

/* From another port than the last time. */
void flow_send(struct flow_bench *bench);
/* The latest frame has come to the first receiver, or the second, or both, or neither. What has not
 * come by the time that another frame, which is known to come, is there does not come any more. */
void flow_expect(struct flow_bench *bench, bool first, bool second);

/* By source address, which is masked. */
struct rule rule_by_ip4(uint32_t source, uint32_t mask);
/* With another specification, by the ports of a transport. */
struct rule rule_with_ports(struct rule rule, enum ibv_flow_spec_type type, uint16_t source,
			    uint16_t destination);

#endif
