/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happens to connections, as events of their ids. */
#include <errno.h>
#include <string.h>

#include "softhca/shim/rdma_cm/ucm.h"

void ucm_take_private(struct rdma_ucm_event_resp *response, const struct cm_message *message,
		      uint32_t skipped, bool datagram)
{
	const uint8_t *data = (const uint8_t *)message->private.data + skipped;
	uint32_t length = message->private.length - skipped;

	if (datagram) {
		memcpy(response->param.ud.private_data, data, length);
		response->param.ud.private_data_len = (uint8_t)length;
	} else {
		memcpy(response->param.conn.private_data, data, length);
		response->param.conn.private_data_len = (uint8_t)length;
	}
}

static void take_reply(struct rdma_ucm_event_resp *response, const struct cm_message *message)
{
	const struct cm_rep *rep = &message->rep;
	struct rdma_ucm_conn_param *param = &response->param.conn;

	param->qp_num = rep->qpn;
	param->srq = rep->srq;
	/* As this end sees it. */
	param->responder_resources = rep->initiator_depth;
	param->initiator_depth = rep->responder_resources;
	param->flow_control = rep->flow_control;
	param->rnr_retry_count = rep->rnr_retry_count;
	response->ece.vendor_id = message->ece.vendor;
	response->ece.attr_mod = message->ece.options;
	ucm_take_private(response, message, 0, false);
}

static void report_response(struct ucm_id *id, const struct cm_message *message)
{
	struct ucm_event *event = ucm_event_new(id, UCM_EVENT_CONNECT_RESPONSE, 0);

	if (!event)
		return;
	take_reply(&event->response, message);
	ucm_event_post(event);
}

static void report_rejection(struct ucm_id *id, const struct cm_message *message)
{
	struct ucm_event *event = ucm_event_new(id, UCM_EVENT_REJECTED, message->rej.reason);

	if (!event)
		return;
	ucm_take_private(&event->response, message, 0, false);
	ucm_event_post(event);
}

/* Both ends may say that it is over; one has heard it once. */
static void report_end(struct ucm_id *id, int status)
{
	if (id->state != UCM_CONNECT)
		return;
	id->state = UCM_DISCONNECT;
	ucm_event_tell(id, UCM_EVENT_DISCONNECTED, status);
}

void ucm_connection_event(struct cm_connection *connection, void *arg, const struct cm_event *event)
{
	struct ucm_id *id = arg;

	(void)connection;
	switch (event->type) {
	case CM_EVENT_RESPONSE:
		report_response(id, event->message);
		break;
	case CM_EVENT_ESTABLISHED:
		ucm_event_tell(id, UCM_EVENT_ESTABLISHED, 0);
		break;
	case CM_EVENT_REJECTED:
		report_rejection(id, event->message);
		break;
	case CM_EVENT_UNREACHABLE:
		ucm_event_tell(id, UCM_EVENT_UNREACHABLE, -ETIMEDOUT);
		break;
	case CM_EVENT_DISCONNECTED:
		report_end(id, 0);
		break;
	case CM_EVENT_DISCONNECT_DONE:
		report_end(id, event->message ? 0 : -ETIMEDOUT);
		break;
	case CM_EVENT_TIME_WAIT_OVER:
		ucm_event_tell(id, UCM_EVENT_TIMEWAIT_EXIT, 0);
		break;
	default: /* A delay is nothing that an id has to know, others are not about connections. */
		break;
	}
}

static void report_service(struct ucm_id *id, const struct cm_message *message)
{
	struct ucm_event *event = ucm_event_new(id, UCM_EVENT_ESTABLISHED, 0);
	struct rdma_ucm_ud_param *param;

	if (!event)
		return;
	param = &event->response.param.ud;
	param->qp_num = message->sidr_rep.qpn;
	param->qkey = message->sidr_rep.qkey;
	ucm_path_to_ah(id, &id->path, &param->ah_attr);
	event->response.ece.vendor_id = message->ece.vendor;
	event->response.ece.attr_mod = message->ece.options;
	ucm_take_private(&event->response, message, 0, true);
	ucm_event_post(event);
}

static void report_refusal(struct ucm_id *id, const struct cm_message *message)
{
	struct ucm_event *event =
		ucm_event_new(id, UCM_EVENT_UNREACHABLE, message->sidr_rep.status);

	if (!event)
		return;
	ucm_take_private(&event->response, message, 0, true);
	ucm_event_post(event);
}

void ucm_sidr_event(struct cm_sidr *sidr, void *arg, const struct cm_event *event)
{
	struct ucm_id *id = arg;

	(void)sidr;
	if (event->type == CM_EVENT_SIDR_UNREACHABLE)
		ucm_event_tell(id, UCM_EVENT_UNREACHABLE, -ETIMEDOUT);
	else if (event->message->sidr_rep.status != CM_SIDR_SUCCESS)
		report_refusal(id, event->message);
	else
		report_service(id, event->message);
}
