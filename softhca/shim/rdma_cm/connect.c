/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connecting, answering and disconnecting. What a request has to say about time is the kernel's:
 * 16 tries of 4 s.
 */
#include <errno.h>
#include <string.h>

#include "softhca/shim/identity.h"
#include "softhca/shim/rdma_cm/ip_header.h"
#include "softhca/shim/rdma_cm/ucm.h"

enum {
	RESPONSE_TIMEOUT = 20, /* 4.096 us << n */
	SIDR_TIMEOUT_MS = 4096,
	MAX_CM_RETRIES = 15,
	MAX_RETRIES = 7, /* of queue pairs */
	QPN_MASK = 0xffffff,
	MAX_PRIVATE_DATA = 255,
	REJECT_VENDOR_OPTION = 35, /* IBTA vol. 1, 12.6.7.2, beyond what the manager needs */
	EVENT_COMMUNICATION_ESTABLISHED = 4, /* as asynchronous events of queue pairs */
};

/* ---- CONNECT ---- */

struct private_data {
	uint8_t bytes[MAX_PRIVATE_DATA];
	struct cm_private given;
};

static int make_private(const struct ucm_id *id, const struct rdma_ucm_conn_param *param,
			struct private_data *private)
{
	struct ucm_ip_header header;
	uint32_t skip = id->dst.family == UCM_AF_IB ? 0 : sizeof(header);

	if (skip + param->private_data_len > sizeof(private->bytes))
		return EINVAL;
	if (skip) {
		ucm_ip_header_make(&header, &id->src, &id->dst);
		memcpy(private->bytes, &header, sizeof(header));
	}
	memcpy(private->bytes + skip, param->private_data, param->private_data_len);
	private->given = (struct cm_private){private->bytes, skip + param->private_data_len};
	return 0;
}

static uint8_t at_most(uint8_t value, uint8_t most)
{
	return value < most ? value : most;
}

static int transport_of(const struct ucm_id *id, enum cm_transport *transport)
{
	switch (id->qp_type) {
	case QP_TYPE_RC:
		*transport = CM_TRANSPORT_RC;
		return 0;
	case QP_TYPE_UC:
		*transport = CM_TRANSPORT_UC;
		return 0;
	case QP_TYPE_XRC_SEND:
		*transport = CM_TRANSPORT_XRC;
		return 0;
	default:
		return EINVAL;
	}
}

static int request_connection(struct ucm_id *id, const struct rdma_ucm_conn_param *param,
			      const struct cm_ece *ece, const struct cm_private *private)
{
	struct cm_req request = {
		.service_id = ucm_service_id(&id->dst, id->space),
		.qpn = id->qpn,
		.starting_psn = id->psn,
		.pkey = id->path.pkey,
		.responder_resources = param->responder_resources,
		.initiator_depth = param->initiator_depth,
		.remote_response_timeout = RESPONSE_TIMEOUT,
		.local_response_timeout = RESPONSE_TIMEOUT,
		.max_cm_retries = MAX_CM_RETRIES,
		.flow_control = param->flow_control,
		.srq = id->srq,
		.retry_count = at_most(param->retry_count, MAX_RETRIES),
		.rnr_retry_count = at_most(param->rnr_retry_count, MAX_RETRIES),
		.mtu = id->path.mtu,
	};
	int rc = transport_of(id, &request.transport);

	if (rc)
		return rc;
	ucm_path_to_cm(id, &request.primary);
	return cm_connect(cm_of(id->hca), &request, ece, private, ucm_connection_event, id,
			  &id->connection);
}

static int request_service(struct ucm_id *id, const struct cm_private *private)
{
	const struct cm_sidr_req request = {.service_id = ucm_service_id(&id->dst, id->space),
					    .pkey = id->path.pkey};
	struct cm_path path;

	ucm_path_to_cm(id, &path);
	return cm_sidr_request(cm_of(id->hca), &path, &request, SIDR_TIMEOUT_MS, MAX_CM_RETRIES,
			       private, ucm_sidr_event, id, &id->sidr);
}

int ucm_connect(struct ucm_call *call)
{
	struct private_data private;
	struct rdma_ucm_connect wire;
	struct cm_ece ece;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	if (!wire.conn_param.valid)
		return EINVAL;
	rc = ucm_id_get_bound(call->file, wire.id, &id);
	if (rc)
		return rc;
	if (id->state != UCM_ROUTE_RESOLVED)
		return EINVAL;
	id->qpn = wire.conn_param.qp_num & QPN_MASK;
	id->srq = wire.conn_param.srq;
	ece = (struct cm_ece){wire.ece.vendor_id, wire.ece.attr_mod};
	rc = make_private(id, &wire.conn_param, &private);
	if (!rc)
		rc = id->qp_type == QP_TYPE_UD
			     ? request_service(id, &private.given)
			     : request_connection(id, &wire.conn_param, &ece, &private.given);
	if (!rc)
		id->state = UCM_CONNECT;
	return rc;
}

/* ---- ACCEPT ---- */

static int accept_connection(struct ucm_id *id, const struct rdma_ucm_conn_param *param,
			     const struct cm_ece *ece)
{
	const struct cm_private private = {param->private_data, param->private_data_len};
	const struct cm_rep reply = {
		.qpn = id->qpn,
		.starting_psn = id->psn,
		.responder_resources = param->responder_resources,
		.initiator_depth = param->initiator_depth,
		.target_ack_delay = PORT_ACK_DELAY,
		.flow_control = param->flow_control,
		.srq = id->srq,
		.rnr_retry_count = at_most(param->rnr_retry_count, MAX_RETRIES),
	};

	return cm_accept(id->connection, &reply, ece, &private);
}

static int answer_service(struct ucm_id *id, const struct rdma_ucm_conn_param *param,
			  const struct cm_ece *ece)
{
	const struct cm_private private = {param->private_data, param->private_data_len};
	const struct cm_sidr_rep reply = {
		.qpn = id->qpn,
		.qkey = param->qkey ? param->qkey : UCM_DATAGRAM_QKEY,
		.status = CM_SIDR_SUCCESS,
	};

	return cm_sidr_reply(id->sidr, &reply, ece, &private);
}

/* Without parameters it is the one who has connected that says so: its queue pair is ready. */
static int accept_id(struct ucm_id *id, const struct rdma_ucm_accept *wire)
{
	const struct cm_ece ece = {wire->ece.vendor_id, wire->ece.attr_mod};

	if (id->sidr)
		return answer_service(id, &wire->conn_param, &ece);
	if (!id->connection)
		return EINVAL;
	return wire->conn_param.valid ? accept_connection(id, &wire->conn_param, &ece)
				      : cm_confirm(id->connection, NULL);
}

static int reject_id(struct ucm_id *id, uint16_t reason, const struct cm_private *private)
{
	const struct cm_sidr_rep rejection = {.status = CM_SIDR_REJECTED};

	if (id->sidr)
		return cm_sidr_reply(id->sidr, &rejection, NULL, private);
	return id->connection ? cm_reject(id->connection, reason, NULL, 0, private) : EINVAL;
}

int ucm_accept(struct ucm_call *call)
{
	struct rdma_ucm_accept wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	rc = ucm_id_get_bound(call->file, wire.id, &id);
	if (rc)
		return rc;
	if (id->state != UCM_CONNECT)
		return EINVAL;
	if (wire.conn_param.valid) {
		id->qpn = wire.conn_param.qp_num & QPN_MASK;
		id->srq = wire.conn_param.srq;
	}
	rc = accept_id(id, &wire);
	if (rc)
		reject_id(id, CM_REJECT_CONSUMER, NULL);
	else if (wire.conn_param.valid)
		id->uid = wire.uid;
	return rc;
}

/* ---- REJECT, DISCONNECT, NOTIFY ---- */

int ucm_reject(struct ucm_call *call)
{
	struct rdma_ucm_reject wire;
	struct cm_private private;
	struct ucm_id *id;
	uint16_t reason;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	reason = wire.reason ? wire.reason : CM_REJECT_CONSUMER;
	if (reason != CM_REJECT_CONSUMER && reason != REJECT_VENDOR_OPTION)
		return EINVAL;
	rc = ucm_id_get_bound(call->file, wire.id, &id);
	if (rc)
		return rc;
	private = (struct cm_private){wire.private_data, wire.private_data_len};
	return reject_id(id, reason, &private);
}

/* It begins the end, or answers the peer who has. */
int ucm_disconnect(struct ucm_call *call)
{
	struct rdma_ucm_disconnect wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	rc = ucm_id_get_bound(call->file, wire.id, &id);
	if (rc)
		return rc;
	if (!id->connection)
		return id->sidr ? 0 : EINVAL;
	if (cm_disconnect(id->connection, NULL))
		cm_disconnect_reply(id->connection, NULL);
	return 0;
}

int ucm_notify(struct ucm_call *call)
{
	struct rdma_ucm_notify wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	rc = ucm_id_get_bound(call->file, wire.id, &id);
	if (rc)
		return rc;
	if (!id->connection || wire.event != EVENT_COMMUNICATION_ESTABLISHED)
		return EINVAL;
	return cm_notify_established(id->connection);
}
