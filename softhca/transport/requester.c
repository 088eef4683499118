/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the send queue to completion: WQEs are taken in order, get their sequence numbers, and are
 * completed in order. Source: IBTA vol. 1, 10.8.3 (ordering), 10.8.5 (completion), 9.7.3.
 */
#include "softhca/transport/dc.h"
#include "softhca/transport/tags.h"

#include <errno.h>

#include "softhca/core/trace.h"
#include "softhca/ethernet/ethernet.h"
#include "softhca/memory/access.h"

/* Which requests a transport knows, one bit each. */
static bool transport_has(enum qp_type type, enum request_opcode opcode)
{
	static const uint16_t opcodes[QP_TYPES] = {
		[QP_TYPE_RC] = 0xffff,
		[QP_TYPE_XRC_SEND] = 0xffff,
		[QP_TYPE_DCI] = 0xffff,
		[QP_TYPE_UC] = 1 << REQUEST_SEND | 1 << REQUEST_SEND_IMM | 1 << REQUEST_WRITE |
			       1 << REQUEST_WRITE_IMM | 1 << REQUEST_CHANGE_KEY | 1 << REQUEST_NOP,
		[QP_TYPE_UD] = 1 << REQUEST_SEND | 1 << REQUEST_SEND_IMM | 1 << REQUEST_NOP,
		[QP_TYPE_SMI] = 1 << REQUEST_SEND | 1 << REQUEST_NOP,
		[QP_TYPE_GSI] = 1 << REQUEST_SEND | 1 << REQUEST_NOP,
		[QP_TYPE_RAW_PACKET] =
			1 << REQUEST_SEND | 1 << REQUEST_SEND_SEGMENTS | 1 << REQUEST_NOP,
		[QP_TYPE_UMR] = 1 << REQUEST_CHANGE_KEY | 1 << REQUEST_NOP,
	};

	return opcodes[type] & 1u << opcode;
}

static bool is_atomic(uint8_t opcode)
{
	return opcode == REQUEST_COMPARE_SWAP || opcode == REQUEST_FETCH_ADD;
}

static bool awaits_response(uint8_t opcode)
{
	return opcode == REQUEST_READ || is_atomic(opcode);
}

static enum completion_status judge_datagram(const struct qp *qp,
					     const struct send_request *request)
{
	if (qp->type == QP_TYPE_RAW_PACKET)
		return ethernet_judge(request);
	return request->length > 1u << mtu_log(qp) ? STATUS_LOCAL_LENGTH : STATUS_SUCCESS;
}

/* What is wrong with a request before anything of it has been sent. */
static enum completion_status judge(const struct qp *qp, const struct send_request *request)
{
	if (!transport_has(qp->type, request->opcode))
		return STATUS_LOCAL_QP_OPERATION;
	if (qp_type_is_datagram(qp->type))
		return judge_datagram(qp, request);
	if (request->length > MAX_MESSAGE_BYTES)
		return STATUS_LOCAL_LENGTH;
	if (is_atomic(request->opcode) && request->length != 8)
		return STATUS_LOCAL_LENGTH;
	if (awaits_response(request->opcode) && !qp->attr.max_rd_atomic)
		return STATUS_LOCAL_QP_OPERATION;
	return STATUS_SUCCESS;
}

/* Whether there is a WQE at next_index, and its decoding is in `request`. */
static bool look_at_next(struct requester *requester, enum completion_status *status)
{
	struct qp *qp = requester->qp;
	const struct family_ops *family = qp->hca->family;
	uint32_t posted = family->send_producer(qp) - requester->next_index;

	if (!posted || posted > qp->sq_units)
		return false;
	if (requester->request_valid && requester->request_at == requester->next_index)
		return true;
	requester->request_at = requester->next_index;
	requester->request_valid = true;
	if (family->send_decode(qp, requester->next_index, &requester->request)) {
		requester->request_valid = false;
		*status = STATUS_LOCAL_QP_OPERATION;
		if (trace_on())
			trace_refused(qp, requester->next_index, "malformed send request");
	} else if (trace_on()) {
		trace_send(qp, &requester->request);
	}
	return true;
}

/* A request that may not start yet. */
static bool has_to_wait(const struct requester *requester)
{
	const struct send_request *request = &requester->request;

	if (!requester->reads)
		return false;
	if (request->flags & REQUEST_FENCE)
		return true;
	return awaits_response(request->opcode) &&
	       requester->reads >= requester->qp->attr.max_rd_atomic;
}

static uint32_t packets_for(const struct requester *requester, const struct send_request *request)
{
	if (qp_type_is_datagram(requester->qp->type))
		return requester->qp->type == QP_TYPE_RAW_PACKET ? ethernet_frames_of(request) : 1;
	if (is_atomic(request->opcode))
		return 1;
	return packets_of(request->length, mtu_log(requester->qp));
}

/* Half the sequence space is the most that can be told apart. */
static bool exceeds_sequence_space(const struct requester *requester, uint32_t packets)
{
	uint32_t outstanding = psn_distance(requester->unacked_psn, requester->next_psn);

	return outstanding && outstanding + packets >= WIRE_PSN_HALF;
}

static struct sent_request *append(struct requester *requester, enum completion_status status,
				   uint32_t packets)
{
	const struct send_request *request = &requester->request;
	struct sent_request *entry = requester_entry(requester, requester->tail++);

	*entry = (struct sent_request){
		.index = requester->next_index,
		.units = request->units ? request->units : 1,
		.first_psn = requester->next_psn,
		.last_psn = psn_add(requester->next_psn, packets - 1),
		.status = (uint8_t)status,
		.local = !packets,
	};
	requester->next_index += entry->units;
	requester->next_psn = psn_add(requester->next_psn, packets);
	if (status) {
		requester->failed = true;
		return entry;
	}
	entry->length = request->length;
	entry->opcode = (uint8_t)request->opcode;
	entry->flags = (uint8_t)request->flags;
	requester->reads += packets && awaits_response(entry->opcode);
	return entry;
}

static void complete(struct requester *requester, const struct sent_request *entry,
		     enum completion_status status)
{
	struct qp *qp = requester->qp;
	struct completion completion = {
		.status = status,
		.flags = COMPLETION_SEND,
		.opcode = entry->opcode,
		.index = entry->index,
		.length = entry->length,
		.timestamp_ns = qp->hca->engine->now_ns,
	};

	if (__builtin_expect(entry->offloaded, 0)) {
		rendezvous_complete(requester, entry->index, status);
		return;
	}
	qp->sq_consumer = entry->index + entry->units;
	cq_complete(qp->send_cq, qp, &completion);
}

/*
 * What was sent before has arrived: acknowledged, or, where nothing is, taken out of the ring. A
 * datagram has no memory to go to.
 */
static bool order_allows_shortcut(const struct requester *requester)
{
	struct fabric *fabric = qp_fabric(requester->qp);
	uint32_t process = requester->route.process;

	if (requester->head != requester->tail)
		return false;
	if (requester->qp->type == QP_TYPE_RC)
		return true;
	return requester->qp->type == QP_TYPE_UC &&
	       fabric_send_passed(fabric, process, fabric_send_position(fabric, process));
}

/*
 * The one-sided shortcut, tried where order allows it. True when the request has completed, well or
 * not; false when packets must carry it.
 */
static bool carry_out_directly(struct requester *requester)
{
	const struct send_request *request = &requester->request;
	enum completion_status status = STATUS_SUCCESS;
	int error;

	if (!order_allows_shortcut(requester))
		return false;
	if (request->opcode == REQUEST_WRITE)
		error = memory_direct_write(requester->qp, request, &status);
	else if (request->opcode == REQUEST_READ)
		error = memory_direct_read(requester->qp, request, &status);
	else
		return false;
	if (error && error != EFAULT)
		return false;

	append(requester, error ? status : STATUS_SUCCESS, 0);
	return true;
}

static bool takes_no_packets(enum request_opcode opcode)
{
	return opcode == REQUEST_NOP || opcode == REQUEST_CHANGE_KEY ||
	       opcode == REQUEST_CHANGE_TAGS;
}

/* What was sent before has been given its data, or has failed. */
static enum completion_status carry_out_here(struct requester *requester)
{
	if (requester->request.opcode == REQUEST_NOP)
		return STATUS_SUCCESS;
	if (requester->request.opcode == REQUEST_CHANGE_TAGS)
		return srq_change_tags(requester->qp, &requester->request);
	return key_change(requester->qp, &requester->request);
}

/* A request that nobody has posted. It has no place in the send queue, and is signaled so as to be
 * told when it completes. */
static bool take_rendezvous(struct requester *requester)
{
	struct sent_request *entry;
	uint32_t number, packets;

	if (!rendezvous_next(requester, &number) || has_to_wait(requester))
		return false;
	packets = packets_for(requester, &requester->request);
	if (exceeds_sequence_space(requester, packets))
		return false;
	rendezvous_taken(requester);
	entry = append(requester, STATUS_SUCCESS, packets);
	requester->next_index -= entry->units;
	entry->index = number;
	entry->flags = REQUEST_SIGNALED;
	entry->offloaded = true;
	return true;
}

bool requester_take(struct requester *requester)
{
	enum completion_status status = STATUS_SUCCESS;
	uint32_t packets;

	if (requester->failed || requester->tail - requester->head > requester->entries_mask)
		return false;
	if (__builtin_expect(requester->rendezvous != NULL, 0) && take_rendezvous(requester))
		return true;
	if (!look_at_next(requester, &status))
		return false;
	if (!status)
		status = judge(requester->qp, &requester->request);
	if (status) {
		append(requester, status, 0);
		return true;
	}
	if (has_to_wait(requester))
		return false;
	if (takes_no_packets(requester->request.opcode)) {
		append(requester, carry_out_here(requester), 0);
		return true;
	}
	if (__builtin_expect(requester->paces, 0) && !pace_allows(requester))
		return false;
	if (requester->qp->type == QP_TYPE_DCI && !dc_connect(requester))
		return false;
	if (carry_out_directly(requester)) {
		if (__builtin_expect(requester->paces, 0))
			pace_charge(requester);
		return true;
	}
	packets = packets_for(requester, &requester->request);
	if (exceeds_sequence_space(requester, packets))
		return false;
	append(requester, STATUS_SUCCESS, packets);
	if (__builtin_expect(requester->paces, 0))
		pace_charge(requester);
	return true;
}

void requester_spoil(struct requester *requester, struct sent_request *entry,
		     enum completion_status status)
{
	entry->status = (uint8_t)status;
	requester->failed = true;
}

bool requester_decode(struct requester *requester, struct sent_request *entry)
{
	struct qp *qp = requester->qp;

	if (__builtin_expect(entry->offloaded, 0)) {
		requester->request_valid = false;
		rendezvous_request(requester, entry->index, &requester->request);
		return true;
	}
	if (requester->request_valid && requester->request_at == entry->index)
		return true;
	requester->request_valid = false;
	if (qp->hca->family->send_decode(qp, entry->index, &requester->request) ||
	    requester->request.opcode != entry->opcode ||
	    requester->request.length != entry->length) {
		/* Somebody has written over a request that is not complete. */
		requester_spoil(requester, entry, STATUS_LOCAL_QP_OPERATION);
		return false;
	}
	requester->request_at = entry->index;
	requester->request_valid = true;
	return true;
}

static bool is_acknowledged(const struct requester *requester, const struct sent_request *entry)
{
	return entry->local || psn_before(entry->last_psn, requester->unacked_psn);
}

/* A send queue in state SQD has come to rest. */
static void tell_drained(struct requester *requester)
{
	struct qp *qp = requester->qp;

	if (qp->attr.state != QP_SQD || requester->head != requester->tail ||
	    requester->drained_told)
		return;
	requester->drained_told = true;
	if (qp->attr.sqd_async_notify)
		qp->hca->front->async_event(qp->hca, EVENT_SQ_DRAINED, EVENT_SCOPE_QP, qp);
}

void requester_retire(struct requester *requester)
{
	uint32_t reads = requester->reads;

	while (requester->head != requester->tail) {
		struct sent_request *entry = requester_entry(requester, requester->head);

		if (entry->status) {
			requester_fail(requester, entry->status);
			return;
		}
		if (!is_acknowledged(requester, entry))
			break;
		if (requester->cursor == requester->head)
			requester->cursor++;
		requester->head++;
		requester->reads -= awaits_response(entry->opcode) && !entry->local;
		if ((entry->flags & REQUEST_SIGNALED) || requester->qp->signal_all)
			complete(requester, entry, STATUS_SUCCESS);
		else
			requester->qp->sq_consumer = entry->index + entry->units;
	}
	requester->qp->shared->outstanding = requester->tail - requester->head;
	if (requester->reads != reads)
		qp_continue(requester->qp);
	tell_drained(requester);
}

void requester_fail(struct requester *requester, enum completion_status status)
{
	struct sent_request *entry = requester_entry(requester, requester->head);
	struct qp *qp = requester->qp;

	if (requester->head == requester->tail)
		return;
	if (requester->cursor == requester->head)
		requester->cursor++;
	requester->head++;
	qp->shared->errors++;
	requester_timer_stop(requester);
	complete(requester, entry, status);
	if (qp_type_is_reliable(qp->type))
		qp_set_error(qp, -1);
	else
		qp_set_send_error(qp);
}

void requester_forget(struct requester *requester)
{
	requester_timer_stop(requester);
	requester->head = requester->cursor = requester->tail;
	requester->unacked_psn = requester->next_psn;
	requester->send_psn = requester->sent_psn = requester->next_psn;
	requester->read_end_psn = requester->next_psn;
	requester->reads = 0;
	requester->failed = false;
	requester->rnr_waiting = false;
	requester->went_back = false;
	requester->request_valid = false;
	requester->response_valid = false;
	requester->address_valid = false;
}

void requester_start(struct requester *requester, uint32_t psn)
{
	requester->next_psn = psn & WIRE_PSN_MASK;
	requester_forget(requester);
	requester->retries_left = requester->qp->attr.retry_count;
	requester->rnr_retries_left = requester->qp->attr.rnr_retry;
}
