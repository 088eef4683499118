/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames going out. A frame is gathered and finished aside, then a copy goes to each process that
 * has a rule for it: on the port with its destination MAC; on every port, one's own included, if it
 * is for a group or if no port has that MAC, as a switch floods what it does not know.
 */
#include <errno.h>
#include <string.h>

#include "softhca/core/trace.h"
#include "softhca/ethernet/ethernet.h"
#include "softhca/ethernet/headers.h"
#include "softhca/fabric/flow.h"
#include "softhca/memory/access.h"
#include "softhca/transport/requester.h"

enum {
	/* The largest TCP segment that an adapter takes to be cut. */
	MAX_SEGMENTED_BYTES = 256 * 1024,
	MAX_TARGETS = 2 * FABRIC_MAX_PROCESSES,
	FRAME_ROOM = ETHERNET_MAX_BYTES,
};

/* ---- requests ---- */

static bool is_segmented(const struct send_request *request)
{
	return request->opcode == REQUEST_SEND_SEGMENTS;
}

enum completion_status ethernet_judge(const struct send_request *request)
{
	const struct frame_offloads *frame = &request->frame;

	if (request->opcode == REQUEST_NOP)
		return STATUS_SUCCESS;
	if (!is_segmented(request))
		return request->length > ETHERNET_MAX_BYTES ||
				       request->length < sizeof(struct wire_ethernet)
			       ? STATUS_LOCAL_LENGTH
			       : STATUS_SUCCESS;
	if (!frame->segment_bytes || frame->header_length > HEADERS_BYTES ||
	    frame->header_length > request->length)
		return STATUS_LOCAL_QP_OPERATION;
	if (request->length - frame->header_length > MAX_SEGMENTED_BYTES ||
	    frame->header_length + (uint32_t)frame->segment_bytes > ETHERNET_MAX_BYTES)
		return STATUS_LOCAL_LENGTH;
	return STATUS_SUCCESS;
}

uint32_t ethernet_frames_of(const struct send_request *request)
{
	const struct frame_offloads *frame = &request->frame;
	uint32_t data = request->length - frame->header_length;

	if (!is_segmented(request) || !data)
		return 1;
	return (data + frame->segment_bytes - 1) / frame->segment_bytes;
}

/* ---- one frame ---- */

static enum completion_status gather(const struct qp *qp, const struct send_request *request,
				     uint64_t skip, uint8_t *to, uint32_t length)
{
	return memory_gather(qp->hca, qp->pd, request->sge, request->num_sge, skip, to, length);
}

static uint32_t pad(uint8_t *bytes, uint32_t length)
{
	if (length >= ETHERNET_MIN_BYTES)
		return length;
	memset(bytes + length, 0, ETHERNET_MIN_BYTES - length);
	return ETHERNET_MIN_BYTES;
}

static enum completion_status make_segment(const struct qp *qp, const struct send_request *request,
					   uint32_t number, uint8_t *bytes, uint32_t *length)
{
	const struct frame_offloads *frame = &request->frame;
	uint32_t header = frame->header_length;
	uint32_t skip = header + number * frame->segment_bytes;
	uint32_t left = request->length - skip;
	bool last = left <= frame->segment_bytes;
	uint32_t data = last ? left : frame->segment_bytes;
	enum completion_status status = gather(qp, request, 0, bytes, header);

	if (!status)
		status = gather(qp, request, skip, bytes + header, data);
	if (status)
		return status;
	*length = pad(bytes, header + data);
	return segment_adapt(bytes, header + data, number, frame->segment_bytes, last)
		       ? STATUS_SUCCESS
		       : STATUS_LOCAL_QP_OPERATION;
}

static enum completion_status make_whole(const struct qp *qp, const struct send_request *request,
					 uint8_t *bytes, uint32_t *length)
{
	enum completion_status status = gather(qp, request, 0, bytes, request->length);
	struct headers headers;

	if (status)
		return status;
	*length = pad(bytes, request->length);
	if (!request->frame.flags || !headers_parse(bytes, *length, &headers))
		return STATUS_SUCCESS;
	if (request->frame.flags & FRAME_NETWORK_CHECKSUM)
		network_checksum_set(bytes, &headers);
	if (request->frame.flags & FRAME_TRANSPORT_CHECKSUM)
		transport_checksum_set(bytes, &headers);
	return STATUS_SUCCESS;
}

/* ---- whose it is ---- */

struct targets {
	unsigned int count;
	struct {
		uint8_t hca, process;
	} list[MAX_TARGETS];
	/* While one port's rules are looked at. */
	struct fabric *fabric;
	uint8_t hca;
	unsigned int first;
};

/* Once to each process, however many of its rules have the frame. One that has died is noticed
 * here, and its rules do not stand before those of others any longer. */
static void add_target(void *arg, unsigned int index, unsigned int process)
{
	struct targets *targets = arg;

	(void)index;
	for (unsigned int i = targets->first; i < targets->count; i++)
		if (targets->list[i].process == process)
			return;
	if (targets->count == MAX_TARGETS || !fabric_process_alive(targets->fabric, process))
		return;
	targets->list[targets->count].hca = targets->hca;
	targets->list[targets->count++].process = (uint8_t)process;
}

static void look_at_port(struct fabric *fabric, unsigned int index, const struct flow_key *key,
			 struct targets *targets)
{
	struct fabric_hca *port = fabric_hca_at(fabric, index);

	if (!port || port->port_type != FABRIC_PORT_ETH)
		return;
	targets->hca = (uint8_t)index;
	targets->first = targets->count;
	fabric_flow_for_each(port, key, add_target, targets);
}

static void find_targets(struct fabric *fabric, const struct flow_key *key, struct targets *targets)
{
	bool group = key->destination_mac[0] & 1;
	int owner = group ? -1 : fabric_hca_by_mac(fabric, key->destination_mac);

	targets->fabric = fabric;
	targets->count = 0;
	if (owner >= 0) {
		look_at_port(fabric, (unsigned int)owner, key, targets);
		return;
	}
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++)
		look_at_port(fabric, i, key, targets);
}

/* ---- onto the wire ---- */

static int put(const struct qp *qp, unsigned int hca, uint32_t process, const uint8_t *bytes,
	       uint32_t length)
{
	struct fabric *fabric = qp_fabric(qp);
	struct packet_slot slot;
	int error = fabric_send_begin(fabric, process, length, &slot);

	if (error)
		return error;
	slot.packet->source_hca = (uint8_t)qp->hca->index;
	slot.packet->destination_hca = (uint8_t)hca;
	slot.packet->sl = 0;
	slot.packet->flags = PACKET_FRAME;
	slot.packet->slid = 0;
	slot.packet->dlid = 0;
	memcpy(slot.bytes, bytes, length);
	if (trace_on())
		trace_packet("->", slot.packet, bytes, length);
	fabric_send_end(fabric, &slot, length);
	return 0;
}

/* A frame for one process waits for room, as a link with flow control does; of one for many, those
 * who have no room go without. */
static int send_frame(const struct qp *qp, const uint8_t *bytes, uint32_t length)
{
	struct fabric *fabric = qp_fabric(qp);
	struct headers headers;
	struct targets targets;

	if (!headers_parse(bytes, length, &headers))
		return 0;
	find_targets(fabric, &headers.key, &targets);
	if (targets.count == 0)
		return put(qp, qp->hca->index, FABRIC_NOWHERE, bytes, length);
	if (targets.count == 1)
		return put(qp, targets.list[0].hca, targets.list[0].process, bytes, length);
	for (unsigned int i = 0; i < targets.count; i++)
		(void)put(qp, targets.list[i].hca, targets.list[i].process, bytes, length);
	return 0;
}

int ethernet_send(struct requester *requester, uint32_t number, enum completion_status *status)
{
	const struct send_request *request = &requester->request;
	const struct qp *qp = requester->qp;
	uint8_t bytes[FRAME_ROOM];
	uint32_t length;

	*status = is_segmented(request) ? make_segment(qp, request, number, bytes, &length)
					: make_whole(qp, request, bytes, &length);
	if (*status)
		return 0;
	return send_frame(qp, bytes, length) ? EAGAIN : 0;
}
