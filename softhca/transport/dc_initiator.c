/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The initiator's half of dynamic connections: one target after the other. */
#include "softhca/transport/dc.h"

#include "hw/wire/dceth.h"
#include "softhca/transport/datagram.h"

static bool is_connected(const struct requester *requester)
{
	const struct send_request *request = &requester->request;

	return requester->address_valid && requester->access_key == request->access_key &&
	       datagram_same_address(&requester->address, &request->ud);
}

/* Numbers grow over the life of a queue pair and of the next one that gets its number, and no
 * initiator takes up a connection every nanosecond. */
static uint64_t next_connection(const struct requester *requester)
{
	uint64_t now = requester->qp->hca->engine->now_ns;

	return now > requester->connection ? now : requester->connection + 1;
}

bool dc_connect(struct requester *requester)
{
	if (is_connected(requester))
		return true;
	if (requester->unacked_psn != requester->next_psn)
		return false;
	datagram_build_route(requester, &requester->request.ud);
	requester->access_key = requester->request.access_key;
	requester->connection = next_connection(requester);
	requester->connection_psn = requester->next_psn;
	return true;
}

void dc_put_header(const struct requester *requester, uint8_t *to)
{
	struct wire_dceth dceth = {
		.access_key = htobe64(requester->access_key),
		.connection = htobe64(requester->connection),
		.source = htobe32(requester->qp->qpn),
		.first_psn = htobe32(requester->connection_psn),
	};

	memcpy(to, &dceth, sizeof(dceth));
}

bool dc_comes_from_target(const struct qp *qp, const struct arrival *arrival)
{
	const struct ud_address *address = &qp->requester->address;

	return qp->requester->address_valid &&
	       arrival_is_from(arrival, qp, address->dlid, address->dgid);
}
