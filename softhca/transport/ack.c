/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Acknowledgements owed. They are sent once at the end of a round, as one for all that has come: a
 * later one covers earlier ones, and by then whatever a NAK asks for may have come already. What
 * reads and atomics are owed goes first, since an acknowledgement would declare it lost.
 * Source: IBTA vol. 1, 9.7.5.1.1, 9.7.5.2.
 */
#include "softhca/transport/responder.h"

#include <errno.h>

static void join_acks(struct responder *responder)
{
	if (!list_linked(&responder->acks))
		list_append(&responder->qp->hca->engine->acks, &responder->acks);
}

void ack_owe(struct responder *responder)
{
	if (responder->owed == OWED_NAK)
		return;
	responder->owed = OWED_ACK;
	join_acks(responder);
}

void ack_owe_nak(struct responder *responder, uint8_t syndrome)
{
	responder->owed = OWED_NAK;
	responder->owed_syndrome = syndrome;
	responder->owed_psn = responder->expected_psn;
	join_acks(responder);
}

/* A response to the newest request says what an acknowledgement would. */
void ack_settle(struct responder *responder)
{
	if (responder->owed == OWED_ACK)
		responder->owed = OWED_NOTHING;
}

static int send_ack(struct responder *responder)
{
	bool nak = responder->owed == OWED_NAK;
	uint8_t syndrome =
		nak ? responder->owed_syndrome : (WIRE_SYNDROME_ACK | WIRE_CREDITS_UNLIMITED);
	struct wire_aeth aeth = {.syndrome_msn = ack_aeth(syndrome, responder->msn)};
	const struct route *route = &responder->qp->requester->route;
	struct packet_plan plan = {
		.opcode = qp_wire_transport(responder->qp) | WIRE_ACKNOWLEDGE,
		.psn = nak ? responder->owed_psn : psn_add(responder->expected_psn, -1u),
		.qpn = route->qpn,
		.extension_length = sizeof(aeth),
	};
	struct fabric *fabric = qp_fabric(responder->qp);
	struct packet_writer writer;

	if (packet_begin(fabric, route, &plan, &writer))
		return EAGAIN;
	memcpy(writer.extension, &aeth, sizeof(aeth));
	packet_end(fabric, &writer);
	return 0;
}

void transport_send_acks(struct engine *engine)
{
	list_for_each_safe (node, &engine->acks) {
		struct responder *responder = list_entry(node, struct responder, acks);

		if (responder->owed != OWED_NOTHING &&
		    (responder->num_responses || send_ack(responder))) {
			/* Stays on the list; the engine comes back for it. */
			qp_continue(responder->qp);
			continue;
		}
		responder->owed = OWED_NOTHING;
		list_remove(node);
	}
}
