/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "ends.h"

#include "hw/wire/address.h"
#include "hw/wire/deth.h"
#include "hw/wire/mad.h"
#include "softhca/transport/management.h"

struct end ends[2];

/* ---- what is heard ---- */

void keep_heard(struct end *end, const struct cm_event *event)
{
	struct heard *heard = &end->heard[end->num_heard++];

	assert_true(end->num_heard <= HEARD);
	heard->type = event->type;
	heard->has_message = event->message;
	if (event->message) {
		heard->message = *event->message;
		memcpy(heard->private, event->message->private.data,
		       event->message->private.length);
		assert_non_null(event->source);
		heard->source = *event->source;
	}
	if (end->on_event)
		end->on_event(end, event->type);
}

static void on_connection(struct cm_connection *connection, void *arg, const struct cm_event *event)
{
	struct end *end = arg;

	end->connection = connection;
	keep_heard(end, event);
}

static void on_request(struct cm_listener *listener, void *arg, struct cm_connection *connection,
		       const struct cm_event *event)
{
	struct end *end = arg;

	assert_ptr_equal(listener, end->listener);
	cm_connection_set_user(connection, on_connection, end);
	end->connection = connection;
	keep_heard(end, event);
}

static void on_sidr_request(struct cm_listener *listener, void *arg, struct cm_sidr *sidr,
			    const struct cm_event *event)
{
	struct end *end = arg;

	assert_ptr_equal(listener, end->listener);
	end->sidr = sidr;
	keep_heard(end, event);
}

static const struct cm_listener_ops listener_ops = {
	.request = on_request,
	.sidr_request = on_sidr_request,
};

const struct heard *expect_heard(unsigned int index, enum cm_event_type type)
{
	struct end *end = &ends[index];

	assert_true(end->taken < end->num_heard);
	assert_int_equal(end->heard[end->taken].type, type);
	return &end->heard[end->taken++];
}

void expect_silence(unsigned int index)
{
	assert_int_equal(ends[index].taken, ends[index].num_heard);
}

enum cm_state state_of(unsigned int index)
{
	struct cm_agreement agreement;

	cm_connection_agreement(ends[index].connection, &agreement);
	return agreement.state;
}

/* ---- coming and going ---- */

void listen_again(void)
{
	assert_int_equal(cm_listen(ends[1].cm, SERVICE, UINT64_MAX, &listener_ops, &ends[1],
				   &ends[1].listener),
			 0);
}

static void open_on(enum fabric_port_type port_type)
{
	struct pair_options options = usual;

	options.port_type = port_type;
	pair_open(&options);
	memset(ends, 0, sizeof(ends));
	for (unsigned int i = 0; i < 2; i++) {
		wire.hcas[i]->node_guid = 0x0002c90300000010ull + i;
		assert_int_equal(cm_attach(nodes[i].hca, &ends[i].cm), 0);
	}
	listen_again();
}

int open_ends(void **state)
{
	(void)state;
	open_on(FABRIC_PORT_IB);
	return 0;
}

int open_ends_eth(void **state)
{
	(void)state;
	open_on(FABRIC_PORT_ETH);
	return 0;
}

/* Connections that are left end with the adapter. */
int close_ends(void **state)
{
	return close_pair(state);
}

/* ---- connecting ---- */

struct cm_req usual_request(void)
{
	bool ethernet = wire.hcas[0]->port_type == FABRIC_PORT_ETH;
	struct cm_req request = {
		.service_id = SERVICE,
		.qpn = 0x111111,
		.starting_psn = 0xabcdef,
		.pkey = 0xffff,
		.responder_resources = 4,
		.initiator_depth = 3,
		.remote_response_timeout = 20,
		.local_response_timeout = 20,
		.max_cm_retries = 3,
		.retry_count = 7,
		.rnr_retry_count = 6,
		.mtu = 5,
		.primary = {.local_lid = wire.hcas[0]->lid,
			    .remote_lid = wire.hcas[1]->lid,
			    .rate = 3,
			    .hop_limit = ethernet ? 64 : 0,
			    .subnet_local = !ethernet,
			    .ack_timeout = 14},
	};

	memcpy(request.primary.local_gid, wire.hcas[0]->gids[ethernet].raw, 16);
	memcpy(request.primary.remote_gid, wire.hcas[1]->gids[ethernet].raw, 16);
	return request;
}

struct cm_rep usual_reply(void)
{
	return (struct cm_rep){
		.qpn = 0x222222,
		.starting_psn = 0x123456,
		.responder_resources = 2,
		.initiator_depth = 4,
		.target_ack_delay = 15,
		.rnr_retry_count = 5,
	};
}

void connect_with(const struct cm_req *request, const struct cm_private *private)
{
	struct cm_req given = request ? *request : usual_request();

	assert_int_equal(cm_connect(ends[0].cm, &given, NULL, private, on_connection, &ends[0],
				    &ends[0].connection),
			 0);
}

void accept_with(const struct cm_rep *reply, const struct cm_private *private)
{
	struct cm_rep given = reply ? *reply : usual_reply();

	assert_int_equal(cm_accept(ends[1].connection, &given, NULL, private), 0);
}

void establish(void)
{
	connect_with(NULL, NULL);
	run();
	expect_heard(1, CM_EVENT_REQUEST);
	accept_with(NULL, NULL);
	run();
	expect_heard(0, CM_EVENT_RESPONSE);
	assert_int_equal(cm_confirm(ends[0].connection, NULL), 0);
	run();
	expect_heard(1, CM_EVENT_ESTABLISHED);
	expect_silence(0);
	expect_silence(1);
}

/* ---- the wire ---- */

/* Behind BTH and DETH. */
static const uint8_t *mad_of(const struct sent_packet *packet)
{
	return packet_bth(packet) + 12 + sizeof(struct wire_deth);
}

struct cm_message message_of(const struct sent_packet *packet)
{
	struct cm_message message;

	assert_null(cm_message_decode(mad_of(packet), &message));
	return message;
}

struct cm_message on_wire(unsigned int n)
{
	assert_true(n < wire.logged);
	return message_of(wire.log[n]);
}

unsigned int sent(unsigned int end, enum cm_message_type type)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < wire.logged; i++)
		if (wire.log[i]->from == end && on_wire(i).type == type)
			count++;
	return count;
}

void inject(unsigned int to, const struct cm_message *message)
{
	struct hca *hca = nodes[!to].hca;
	struct path path = {.dlid = wire.hcas[to]->lid, .hop_limit = 64};
	uint8_t mad[MAD_BYTES];
	struct route route;

	if (hca->shared->port_type == FABRIC_PORT_ETH) {
		path.grh = true;
		path.sgid_index = 1;
		memcpy(path.dgid, wire.hcas[to]->gids[1].raw, 16);
	}
	route_build_own(&route, hca, 0xffff, &path, MAD_QPN_GENERAL);
	route.process = to;
	cm_message_encode(message, mad);
	assert_int_equal(management_send(hca, &route, 0, mad), 0);
}
