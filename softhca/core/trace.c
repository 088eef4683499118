/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The trace's lines: put together in a buffer and written at once, so that lines of different
 * threads and processes do not mix. */
#include "softhca/core/trace.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hw/wire/bth.h"
#include "hw/wire/opcode.h"
#include "hw/wire/psn.h"
#include "hw/wire/ethernet.h"
#include "softhca/core/wq.h"
#include "softhca/fabric/fabric.h"
#include "util/clock.h"

enum {
	LINE_BYTES = 512,
	GRH_BYTES = 40,
	/* Elements of a gather or scatter list that a line shows. */
	SHOWN_SGES = 4,
};

bool trace_enabled;

/* What did not fit is cut, the newline is kept. */
struct line {
	size_t length;
	char text[LINE_BYTES];
};

static void __attribute__((format(printf, 2, 0)))
vadd(struct line *line, const char *format, va_list args)
{
	size_t room = LINE_BYTES - 1 - line->length;
	int length = vsnprintf(line->text + line->length, room, format, args);

	if (length > 0)
		line->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void __attribute__((format(printf, 2, 3))) add(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vadd(line, format, args);
	va_end(args);
}

static void start(struct line *line)
{
	uint64_t now = clock_ns();

	line->length = 0;
	add(line, "softhca[%d] %llu.%06llu ", (int)getpid(), (unsigned long long)(now / NS_PER_S),
	    (unsigned long long)(now % NS_PER_S / NS_PER_US));
}

static void finish(struct line *line)
{
	line->text[line->length++] = '\n';
	if (write(STDERR_FILENO, line->text, line->length) < 0) {
		/* A trace that nobody reads is no reason to fail. */
	}
}

void trace_printf(const char *format, ...)
{
	struct line line;
	va_list args;

	if (!trace_on())
		return;
	start(&line);
	va_start(args, format);
	vadd(&line, format, args);
	va_end(args);
	finish(&line);
}

static const char *request_name(enum request_opcode opcode)
{
	static const char *const names[] = {
		[REQUEST_SEND] = "SEND",
		[REQUEST_SEND_IMM] = "SEND_IMM",
		[REQUEST_SEND_INVALIDATE] = "SEND_INVALIDATE",
		[REQUEST_WRITE] = "WRITE",
		[REQUEST_WRITE_IMM] = "WRITE_IMM",
		[REQUEST_READ] = "READ",
		[REQUEST_COMPARE_SWAP] = "COMPARE_SWAP",
		[REQUEST_FETCH_ADD] = "FETCH_ADD",
		[REQUEST_CHANGE_KEY] = "CHANGE_KEY",
		[REQUEST_CHANGE_TAGS] = "CHANGE_TAGS",
		[REQUEST_NOP] = "NOP",
		[REQUEST_SEND_SEGMENTS] = "SEND_SEGMENTS",
	};

	return names[opcode];
}

static const char *status_name(enum completion_status status)
{
	static const char *const names[] = {
		[STATUS_SUCCESS] = "success",
		[STATUS_LOCAL_LENGTH] = "local length",
		[STATUS_LOCAL_QP_OPERATION] = "local QP operation",
		[STATUS_LOCAL_EEC_OPERATION] = "local EEC operation",
		[STATUS_LOCAL_PROTECTION] = "local protection",
		[STATUS_FLUSHED] = "flushed",
		[STATUS_MW_BIND] = "memory window bind",
		[STATUS_BAD_RESPONSE] = "bad response",
		[STATUS_LOCAL_ACCESS] = "local access",
		[STATUS_REMOTE_INVALID_REQUEST] = "remote invalid request",
		[STATUS_REMOTE_ACCESS] = "remote access",
		[STATUS_REMOTE_OPERATION] = "remote operation",
		[STATUS_RETRY_EXCEEDED] = "retries exceeded",
		[STATUS_RNR_RETRY_EXCEEDED] = "RNR retries exceeded",
		[STATUS_LOCAL_RDD_VIOLATION] = "local RDD violation",
		[STATUS_REMOTE_INVALID_RD_REQUEST] = "remote invalid RD request",
		[STATUS_REMOTE_ABORTED] = "remote aborted",
		[STATUS_INVALID_EECN] = "invalid EECN",
		[STATUS_INVALID_EEC_STATE] = "invalid EEC state",
		[STATUS_FATAL] = "fatal",
		[STATUS_RESPONSE_TIMEOUT] = "response timeout",
		[STATUS_GENERAL] = "general",
		[STATUS_LOCAL_PAGE_FAULT] = "local protection, page fault",
	};

	return names[status];
}

const char *qp_state_name(enum qp_state state)
{
	static const char *const names[] = {
		[QP_RESET] = "RESET", [QP_INIT] = "INIT", [QP_RTR] = "RTR", [QP_RTS] = "RTS",
		[QP_SQD] = "SQD",     [QP_SQE] = "SQE",	  [QP_ERR] = "ERR",
	};

	return (unsigned int)state <= QP_ERR ? names[state] : "?";
}

static void add_sges(struct line *line, const struct sge *sge, unsigned int num_sge)
{
	for (unsigned int i = 0; i < num_sge && i < SHOWN_SGES; i++, sge++) {
		if (sge->inline_data)
			add(line, " inline:%u", sge->length);
		else
			add(line, " %#llx+%u lkey=%#x", (unsigned long long)sge->address,
			    sge->length, sge->lkey);
	}
	if (num_sge > SHOWN_SGES)
		add(line, " ... %u elements", num_sge);
}

static void add_operands(struct line *line, const struct send_request *request)
{
	switch (request->opcode) {
	case REQUEST_COMPARE_SWAP:
	case REQUEST_FETCH_ADD:
		add(line, " swap_add=%#llx compare=%#llx", (unsigned long long)request->swap_or_add,
		    (unsigned long long)request->compare);
		/* fall through */
	case REQUEST_WRITE:
	case REQUEST_WRITE_IMM:
	case REQUEST_READ:
		add(line, " remote=%#llx rkey=%#x", (unsigned long long)request->remote_address,
		    request->rkey);
		break;
	default:
		break;
	}
	if (request->opcode == REQUEST_SEND_IMM || request->opcode == REQUEST_WRITE_IMM)
		add(line, " imm=%#x", be32toh(request->immediate));
	if (request->opcode == REQUEST_SEND_INVALIDATE)
		add(line, " invalidate=%#x", request->invalidate_rkey);
}

static void add_tag_change(struct line *line, const struct tag_change *change)
{
	static const char *const names[] = {
		[TAGS_SYNC] = "sync",
		[TAGS_ADD] = "add",
		[TAGS_REMOVE] = "remove",
	};

	add(line, " %s place=%u%s", names[change->operation], change->index,
	    change->asks ? " told" : "");
	if (change->reports)
		add(line, " handled=%u", change->handled);
	if (change->operation == TAGS_ADD)
		add(line, " tag=%#llx mask=%#llx", (unsigned long long)change->value,
		    (unsigned long long)change->mask);
}

void trace_send(const struct qp *qp, const struct send_request *request)
{
	struct line line;

	start(&line);
	add(&line, "send qp=%06x index=%u %s length=%u%s%s%s", qp->qpn, request->index,
	    request_name(request->opcode), request->length,
	    request->flags & REQUEST_SIGNALED ? " signaled" : "",
	    request->flags & REQUEST_SOLICITED ? " solicited" : "",
	    request->flags & REQUEST_FENCE ? " fence" : "");
	add_operands(&line, request);
	if (request->opcode == REQUEST_CHANGE_TAGS)
		add_tag_change(&line, &request->tags);
	if (qp->type == QP_TYPE_XRC_SEND)
		add(&line, " to srq=%06x", request->remote_srqn);
	if (qp->type == QP_TYPE_DCI)
		add(&line, " to lid=%#x dct=%06x key=%#llx", request->ud.dlid, request->ud.qpn,
		    (unsigned long long)request->access_key);
	if (qp_type_is_ud(qp->type))
		add(&line, " to lid=%#x qp=%06x qkey=%#x", request->ud.dlid, request->ud.qpn,
		    request->ud.qkey);
	add_sges(&line, request->sge, request->num_sge);
	finish(&line);
}

void trace_recv(const char *queue, uint32_t number, const struct recv_request *request)
{
	struct line line;

	start(&line);
	add(&line, "recv %s=%06x index=%u length=%u", queue, number, request->index,
	    request->length);
	add_sges(&line, request->sge, request->num_sge);
	finish(&line);
}

void trace_refused(const struct qp *qp, uint32_t index, const char *reason)
{
	trace_printf("refused qp=%06x index=%u: %s", qp->qpn, index, reason);
}

void trace_completion(const struct cq *cq, const struct qp *qp, const struct completion *completion)
{
	struct line line;

	start(&line);
	add(&line, "completion cq=%u qp=%06x %s %s index=%u length=%u", cq->cqn, qp->qpn,
	    completion->flags & COMPLETION_SEND ? "send" : "recv", request_name(completion->opcode),
	    completion->index, completion->length);
	if (completion->flags & COMPLETION_IMMEDIATE)
		add(&line, " imm=%#x", be32toh(completion->immediate));
	if (!(completion->flags & COMPLETION_SEND) && completion->status == STATUS_SUCCESS)
		add(&line, " from=%06x slid=%#x", completion->remote_qpn, completion->slid);
	add(&line, ": %s", status_name(completion->status));
	finish(&line);
}

void trace_frame_completion(const struct cq *cq, const struct wq *wq,
			    const struct frame_completion *completion)
{
	trace_printf("completion cq=%u wq=%06x frame index=%u length=%u tag=%#x hash=%#x: %s",
		     cq->cqn, wq->wqn, completion->index, completion->length, completion->flow_tag,
		     completion->hash, status_name(completion->status));
}

void trace_tag_completion(const struct cq *cq, const struct qp *qp,
			  const struct completion *completion, const struct tag_note *note)
{
	static const char *const names[] = {
		[TAG_ADDED] = "ADDED",
		[TAG_REMOVED] = "REMOVED",
		[TAG_SYNCED] = "SYNCED",
		[TAG_UNTAGGED] = "UNTAGGED",
		[TAG_UNEXPECTED] = "UNEXPECTED",
		[TAG_MATCHED] = "MATCHED",
		[TAG_FILLED] = "FILLED",
		[TAG_MATCHED_FILLED] = "MATCHED_FILLED",
		[TAG_MATCHED_HEADERS] = "MATCHED_HEADERS",
		[TAG_CANCELED] = "CANCELED",
	};

	trace_printf("completion cq=%u qp=%06x tag %s place=%u index=%u length=%u%s", cq->cqn,
		     qp->qpn, names[note->event], note->index, completion->index,
		     completion->length,
		     note->event <= TAG_SYNCED && !note->success ? ": no such tag" : "");
}

/* ---- packets ---- */

static void trace_frame(const char *direction, const struct packet *packet, const uint8_t *bytes,
			uint32_t length)
{
	struct wire_ethernet frame;
	const uint8_t *to = frame.destination, *from = frame.source;

	if (length < sizeof(frame)) {
		trace_printf("frame %s short: %u bytes", direction, length);
		return;
	}
	memcpy(&frame, bytes, sizeof(frame));
	trace_printf("frame %s hca %u->%u %02x:%02x:%02x:%02x:%02x:%02x to "
		     "%02x:%02x:%02x:%02x:%02x:%02x type=%04x bytes=%u",
		     direction, packet->source_hca, packet->destination_hca, from[0], from[1],
		     from[2], from[3], from[4], from[5], to[0], to[1], to[2], to[3], to[4], to[5],
		     be16toh(frame.type), length);
}

static const char *operation_name(uint8_t opcode)
{
	static const char *const names[WIRE_OPERATION_MASK + 1] = {
		[WIRE_SEND_FIRST] = "SEND_FIRST",
		[WIRE_SEND_MIDDLE] = "SEND_MIDDLE",
		[WIRE_SEND_LAST] = "SEND_LAST",
		[WIRE_SEND_LAST_IMM] = "SEND_LAST_IMM",
		[WIRE_SEND_ONLY] = "SEND_ONLY",
		[WIRE_SEND_ONLY_IMM] = "SEND_ONLY_IMM",
		[WIRE_WRITE_FIRST] = "WRITE_FIRST",
		[WIRE_WRITE_MIDDLE] = "WRITE_MIDDLE",
		[WIRE_WRITE_LAST] = "WRITE_LAST",
		[WIRE_WRITE_LAST_IMM] = "WRITE_LAST_IMM",
		[WIRE_WRITE_ONLY] = "WRITE_ONLY",
		[WIRE_WRITE_ONLY_IMM] = "WRITE_ONLY_IMM",
		[WIRE_READ_REQUEST] = "READ_REQUEST",
		[WIRE_READ_RESPONSE_FIRST] = "READ_RESPONSE_FIRST",
		[WIRE_READ_RESPONSE_MIDDLE] = "READ_RESPONSE_MIDDLE",
		[WIRE_READ_RESPONSE_LAST] = "READ_RESPONSE_LAST",
		[WIRE_READ_RESPONSE_ONLY] = "READ_RESPONSE_ONLY",
		[WIRE_ACKNOWLEDGE] = "ACKNOWLEDGE",
		[WIRE_ATOMIC_ACKNOWLEDGE] = "ATOMIC_ACKNOWLEDGE",
		[WIRE_COMPARE_SWAP] = "COMPARE_SWAP",
		[WIRE_FETCH_ADD] = "FETCH_ADD",
		[WIRE_SEND_LAST_INVALIDATE] = "SEND_LAST_INVALIDATE",
		[WIRE_SEND_ONLY_INVALIDATE] = "SEND_ONLY_INVALIDATE",
	};
	const char *name = names[opcode & WIRE_OPERATION_MASK];

	return name ? name : "?";
}

static const char *transport_name(uint8_t opcode)
{
	switch (opcode & WIRE_TRANSPORT_MASK) {
	case WIRE_RC:
		return "RC";
	case WIRE_UC:
		return "UC";
	case WIRE_UD:
		return "UD";
	case WIRE_XRC:
		return "XRC";
	case WIRE_DC:
		return "DC";
	default:
		return "?";
	}
}

void trace_packet(const char *direction, const struct packet *packet, const uint8_t *bytes,
		  uint32_t length)
{
	uint32_t skip = packet->flags & PACKET_GRH ? GRH_BYTES : 0;
	struct wire_bth bth;

	if (packet->flags & PACKET_FRAME) {
		trace_frame(direction, packet, bytes, length);
		return;
	}
	if (length < skip + sizeof(bth)) {
		trace_printf("packet %s short: %u bytes", direction, length);
		return;
	}
	memcpy(&bth, bytes + skip, sizeof(bth));
	trace_printf("packet %s hca %u->%u %s %s qp=%06x psn=%06x%s%s pkey=%04x bytes=%u",
		     direction, packet->source_hca, packet->destination_hca,
		     transport_name(bth.opcode), operation_name(bth.opcode),
		     be32toh(bth.destination) & WIRE_QPN_MASK, be32toh(bth.ack_psn) & WIRE_PSN_MASK,
		     be32toh(bth.ack_psn) & WIRE_BTH_ACK_REQUEST ? " ack" : "", skip ? " grh" : "",
		     be16toh(bth.pkey), length);
}

void trace_event(enum async_event_type type, uint32_t number)
{
	static const char *const names[] = {
		[EVENT_CQ_ERROR] = "CQ_ERROR",
		[EVENT_QP_FATAL] = "QP_FATAL",
		[EVENT_QP_REQUEST_ERROR] = "QP_REQUEST_ERROR",
		[EVENT_QP_ACCESS_ERROR] = "QP_ACCESS_ERROR",
		[EVENT_COMM_ESTABLISHED] = "COMM_ESTABLISHED",
		[EVENT_SQ_DRAINED] = "SQ_DRAINED",
		[EVENT_PATH_MIGRATED] = "PATH_MIGRATED",
		[EVENT_PATH_MIGRATE_ERROR] = "PATH_MIGRATE_ERROR",
		[EVENT_DEVICE_FATAL] = "DEVICE_FATAL",
		[EVENT_PORT_ACTIVE] = "PORT_ACTIVE",
		[EVENT_PORT_ERROR] = "PORT_ERROR",
		[EVENT_LID_CHANGE] = "LID_CHANGE",
		[EVENT_PKEY_CHANGE] = "PKEY_CHANGE",
		[EVENT_SM_CHANGE] = "SM_CHANGE",
		[EVENT_SRQ_ERROR] = "SRQ_ERROR",
		[EVENT_SRQ_LIMIT_REACHED] = "SRQ_LIMIT_REACHED",
		[EVENT_QP_LAST_WQE_REACHED] = "QP_LAST_WQE_REACHED",
		[EVENT_CLIENT_REREGISTER] = "CLIENT_REREGISTER",
		[EVENT_GID_CHANGE] = "GID_CHANGE",
		[EVENT_WQ_FATAL] = "WQ_FATAL",
	};

	trace_printf("event %s of %06x", names[type], number);
}
