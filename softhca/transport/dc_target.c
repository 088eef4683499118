/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The target's half of dynamic connections. For each initiator there is a shadow of the target: a
 * queue pair without queues that has the target's attributes and objects, and one peer, as the
 * receiving half of a reliable connection has. So the rest of the transport need not know. What
 * goes wrong there ends that connection and leaves the target and its other initiators alone.
 */
#include "softhca/transport/dc.h"

#include <errno.h>
#include <stdlib.h>

#include "hw/wire/dceth.h"
#include "hw/wire/grh.h"

enum {
	BUCKETS = 64,
	/* So many initiators are remembered before somebody asks whether they still exist. */
	FIRST_SWEEP = 64,
};

struct connection {
	struct list link;
	uint8_t source_hca;
	uint64_t number;
	struct qp shadow; /* attr.dest_qpn is the initiator; ERR: over, until the next one */
	struct requester answers; /* for its route */
	struct responder responder;
};

struct dc_target {
	struct list buckets[BUCKETS]; /* of connections, by initiator */
	unsigned int count, sweep_at;
};

int dc_target_create(struct qp *qp)
{
	qp->target = calloc(1, sizeof(*qp->target));
	if (!qp->target)
		return ENOMEM;
	for (unsigned int i = 0; i < BUCKETS; i++)
		list_init(&qp->target->buckets[i]);
	qp->target->sweep_at = FIRST_SWEEP;
	return 0;
}

/* Nothing is lost: a receive that a message had begun to fill completes. */
static void flush(struct connection *connection)
{
	if (connection->responder.recv_held)
		message_fail_receive(&connection->responder, STATUS_FLUSHED);
	responder_forget(&connection->responder);
}

static void drop(struct dc_target *target, struct connection *connection)
{
	list_remove(&connection->shadow.pending);
	list_remove(&connection->responder.acks);
	list_remove(&connection->link);
	target->count--;
	free(connection);
}

void dc_target_forget(struct qp *qp)
{
	for (unsigned int i = 0; i < BUCKETS; i++) {
		list_for_each_safe (node, &qp->target->buckets[i]) {
			struct connection *connection = list_entry(node, struct connection, link);

			flush(connection);
			drop(qp->target, connection);
		}
	}
}

void dc_target_destroy(struct qp *qp)
{
	dc_target_forget(qp);
	free(qp->target);
	qp->target = NULL;
}

/* Initiators say no goodbye, so those that are no more have to be looked for. */
static void sweep(struct dc_target *target)
{
	for (unsigned int i = 0; i < BUCKETS; i++) {
		list_for_each_safe (node, &target->buckets[i]) {
			struct connection *connection = list_entry(node, struct connection, link);

			if (list_linked(&connection->shadow.pending) ||
			    list_linked(&connection->responder.acks))
				continue;
			route_look_up(&connection->answers.route, connection->shadow.hca);
			if (connection->answers.route.process != FABRIC_NOWHERE)
				continue;
			flush(connection);
			drop(target, connection);
		}
	}
	target->sweep_at = target->count < FIRST_SWEEP ? FIRST_SWEEP : 2 * target->count;
}

static struct list *bucket_of(struct dc_target *target, uint32_t initiator)
{
	return &target->buckets[initiator % BUCKETS];
}

static struct connection *find(struct dc_target *target, uint8_t source_hca, uint32_t initiator)
{
	list_for_each (node, bucket_of(target, initiator)) {
		struct connection *connection = list_entry(node, struct connection, link);

		if (connection->source_hca == source_hca &&
		    connection->shadow.attr.dest_qpn == initiator)
			return connection;
	}
	return NULL;
}

/* Answers go where the packet came from, otherwise as the target's attributes say. */
static void build_route(struct connection *connection, const struct arrival *arrival)
{
	struct qp *shadow = &connection->shadow;
	struct path path = shadow->attr.path;
	struct wire_grh grh;

	path.dlid = arrival->packet->slid;
	path.sl = arrival->packet->sl;
	path.grh = arrival->grh;
	if (arrival->grh) {
		memcpy(&grh, arrival->grh, sizeof(grh));
		memcpy(path.dgid, grh.sgid, sizeof(path.dgid));
	}
	route_build(&connection->answers.route, shadow, &path, shadow->attr.dest_qpn);
}

static void make_shadow(struct connection *connection, const struct qp *target, uint32_t initiator)
{
	struct qp *shadow = &connection->shadow;

	*shadow = *target;
	shadow->attr.dest_qpn = initiator;
	shadow->attr.max_dest_rd_atomic = RESPONDER_READS;
	shadow->requester = &connection->answers;
	shadow->responder = &connection->responder;
	shadow->target = NULL;
	list_init(&shadow->pending);
	list_init(&shadow->watched);
	list_init(&shadow->link);
	list_init(&shadow->groups);
	connection->answers.qp = shadow;
	list_init(&connection->answers.timer);
	connection->responder.qp = shadow;
	connection->responder.pd = target->pd;
	connection->responder.cq = target->recv_cq;
	connection->responder.srq = target->srq;
	list_init(&connection->responder.acks);
}

static struct connection *add(struct qp *qp, uint8_t source_hca, uint32_t initiator)
{
	struct connection *connection;

	if (qp->target->count >= qp->target->sweep_at)
		sweep(qp->target);
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return NULL;
	connection->source_hca = source_hca;
	make_shadow(connection, qp, initiator);
	list_append(bucket_of(qp->target, initiator), &connection->link);
	qp->target->count++;
	return connection;
}

/* The initiator has connected anew. A receive that it had begun to fill is good for its next
 * message. */
static void begin(struct connection *connection, const struct qp *target,
		  const struct wire_dceth *dceth, const struct arrival *arrival)
{
	struct responder *responder = &connection->responder;
	bool held = responder->recv_held;

	connection->number = be64toh(dceth->connection);
	connection->shadow.attr.state = target->attr.state;
	responder_start(responder, be32toh(dceth->first_psn));
	responder->recv_held = held;
	/* Nobody waits for a target's first packet. */
	responder->established = true;
	build_route(connection, arrival);
}

static bool takes_requests(const struct arrival *arrival)
{
	return message_operations[arrival->operation].kind != KIND_NONE;
}

void dc_target_receive(struct qp *qp, struct arrival *arrival)
{
	struct connection *connection;
	struct wire_dceth dceth;
	uint32_t initiator;

	if (qp->attr.state != QP_RTR || !takes_requests(arrival) ||
	    !arrival_take(arrival, &dceth, sizeof(dceth)))
		return;
	initiator = be32toh(dceth.source) & WIRE_QPN_MASK;
	connection = find(qp->target, arrival->packet->source_hca, initiator);
	if (!connection)
		connection = add(qp, arrival->packet->source_hca, initiator);
	/* Without memory, or late: it is as if it had been lost. */
	if (!connection || be64toh(dceth.connection) < connection->number)
		return;
	if (be64toh(dceth.connection) > connection->number)
		begin(connection, qp, &dceth, arrival);
	if (be64toh(dceth.access_key) == qp->access_key)
		responder_receive(&connection->responder, arrival);
	else
		responder_refuse_key(&connection->responder);
}

void dc_end_connection(struct responder *responder)
{
	if (responder->recv_held)
		message_fail_receive(responder, STATUS_FLUSHED);
	responder->message = KIND_NONE;
	responder->qp->attr.state = QP_ERR;
}
