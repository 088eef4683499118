/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * General services where no queue pair 1 is: an agent in each of the host's processes takes the
 * MADs that are meant for it. Which of them, the sender finds out by what the MAD says.
 */
#ifndef SOFTHCA_TRANSPORT_MANAGEMENT_H
#define SOFTHCA_TRANSPORT_MANAGEMENT_H

#include "hw/wire/mad.h"
#include "softhca/transport/packet.h"

struct agent;

/* Where a MAD came from. */
struct mad_source {
	uint32_t qpn;
	uint16_t lid;
	uint16_t pkey; /* of the packet */
	uint8_t sl;
	bool has_header; /* `header` is that of the packet */
	bool roce_v1;
	struct wire_grh header;
};

/* Calls to an agent, under the engine lock. */
struct agent_ops {
	void (*receive)(struct agent *agent, const struct mad_source *source,
			const uint8_t mad[MAD_BYTES]);
	/* Runs what is due, and brings engine->next_timer_ns forward to what is next. */
	void (*run_timers)(struct agent *agent);
	/* The adapter is closed: the agent ends, and leaves hca->agent NULL. */
	void (*close)(struct agent *agent);
};

/* hca->agent. */
struct agent {
	const struct agent_ops *ops;
};

/* A packet for queue pair 1 of an adapter with an agent. */
void management_receive(struct hca *hca, struct arrival *arrival);

/* A route to queue pair 1 that leads to no process, since there is none: makes it lead to the agent
 * that this MAD, of which the first MANAGEMENT_LOOK_BYTES count, is for. */
enum { MANAGEMENT_LOOK_BYTES = MAD_HEADER_BYTES + 16 };
void management_route(struct route *route, struct fabric *fabric,
		      const uint8_t mad[MANAGEMENT_LOOK_BYTES]);

/* Whether somebody listens to the service that the MAD asks for; also true of one that asks for
 * none, and where a queue pair 1 is, or no adapter. */
bool management_is_served(const struct route *route, struct fabric *fabric,
			  const uint8_t mad[MANAGEMENT_LOOK_BYTES]);

/* The process that answers to an id of the adapter of that number, be it by its queue pair 1;
 * FABRIC_NOWHERE if there is none. */
uint32_t management_owner(struct fabric *fabric, int hca, uint32_t id);

/* Sends a MAD as from queue pair 1 of this adapter. EAGAIN when the ring is full. */
int management_send(struct hca *hca, const struct route *route, uint32_t psn,
		    const uint8_t mad[MAD_BYTES]);

/*
 * Ids of an agent's communication say in their upper bits whose they are: every answer comes with
 * the id of who is answered.
 */
enum { AGENT_ID_SHIFT = 24, AGENT_ID_MASK = (1 << AGENT_ID_SHIFT) - 1 };

static inline uint32_t agent_id(unsigned int process, uint32_t serial)
{
	return (process + 1) << AGENT_ID_SHIFT | (serial & AGENT_ID_MASK);
}

/* The process that has made an id, FABRIC_NOWHERE if none can have. */
static inline uint32_t agent_id_process(uint32_t id)
{
	return id >> AGENT_ID_SHIFT ? (id >> AGENT_ID_SHIFT) - 1 : FABRIC_NOWHERE;
}

#endif
