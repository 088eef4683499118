/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages into MADs and back; the formats are hw/wire/cm.h. */
#include "softhca/cm/message.h"

#include <endian.h>
#include <string.h>

#include "hw/wire/cm.h"

static const struct format {
	const char *name;
	uint16_t attribute;
	uint8_t data; /* where private data begins, which goes on to the end of its room */
	uint8_t data_bytes;
} formats[CM_MESSAGE_TYPES] = {
	[CM_MESSAGE_REQ] = {"REQ", CM_ATTRIBUTE_REQ, CM_REQ_DATA, CM_REQ_PRIVATE},
	[CM_MESSAGE_MRA] = {"MRA", CM_ATTRIBUTE_MRA, CM_MRA_DATA, CM_MRA_PRIVATE},
	[CM_MESSAGE_REJ] = {"REJ", CM_ATTRIBUTE_REJ, CM_REJ_DATA, CM_REJ_PRIVATE},
	[CM_MESSAGE_REP] = {"REP", CM_ATTRIBUTE_REP, CM_REP_DATA, CM_REP_PRIVATE},
	[CM_MESSAGE_RTU] = {"RTU", CM_ATTRIBUTE_RTU, CM_RTU_DATA, CM_RTU_PRIVATE},
	[CM_MESSAGE_DREQ] = {"DREQ", CM_ATTRIBUTE_DREQ, CM_DREQ_DATA, CM_DREQ_PRIVATE},
	[CM_MESSAGE_DREP] = {"DREP", CM_ATTRIBUTE_DREP, CM_DREP_DATA, CM_DREP_PRIVATE},
	[CM_MESSAGE_SIDR_REQ] = {"SIDR_REQ", CM_ATTRIBUTE_SIDR_REQ, CM_SIDR_REQ_DATA,
				 CM_SIDR_REQ_PRIVATE},
	[CM_MESSAGE_SIDR_REP] = {"SIDR_REP", CM_ATTRIBUTE_SIDR_REP, CM_SIDR_REP_DATA,
				 CM_SIDR_REP_PRIVATE},
	[CM_MESSAGE_LAP] = {"LAP", CM_ATTRIBUTE_LAP, CM_LAP_DATA, CM_LAP_PRIVATE},
	[CM_MESSAGE_APR] = {"APR", CM_ATTRIBUTE_APR, CM_APR_DATA, CM_APR_PRIVATE},
};

#define ENDS_WITH_MAD(data, bytes)                                                                 \
	_Static_assert(MAD_HEADER_BYTES + (int)(data) + (int)(bytes) == MAD_BYTES, #data)
ENDS_WITH_MAD(CM_REQ_DATA, CM_REQ_PRIVATE);
ENDS_WITH_MAD(CM_MRA_DATA, CM_MRA_PRIVATE);
ENDS_WITH_MAD(CM_REJ_DATA, CM_REJ_PRIVATE);
ENDS_WITH_MAD(CM_REP_DATA, CM_REP_PRIVATE);
ENDS_WITH_MAD(CM_RTU_DATA, CM_RTU_PRIVATE);
ENDS_WITH_MAD(CM_DREQ_DATA, CM_DREQ_PRIVATE);
ENDS_WITH_MAD(CM_DREP_DATA, CM_DREP_PRIVATE);
ENDS_WITH_MAD(CM_SIDR_REQ_DATA, CM_SIDR_REQ_PRIVATE);
ENDS_WITH_MAD(CM_SIDR_REP_DATA, CM_SIDR_REP_PRIVATE);
ENDS_WITH_MAD(CM_LAP_DATA, CM_LAP_PRIVATE);
ENDS_WITH_MAD(CM_APR_DATA, CM_APR_PRIVATE);

const char *cm_message_name(enum cm_message_type type)
{
	return (unsigned int)type < CM_MESSAGE_TYPES ? formats[type].name : "?";
}

uint32_t cm_message_private_size(enum cm_message_type type)
{
	return formats[type].data_bytes;
}

static uint8_t at_most(uint32_t value, uint8_t limit)
{
	return value < limit ? (uint8_t)value : limit;
}

/* ---- paths ---- */

static void put_path(uint8_t *at, const struct cm_path *path)
{
	hw_set(at, CM_PATH_LOCAL_LID, path->local_lid);
	hw_set(at, CM_PATH_REMOTE_LID, path->remote_lid);
	memcpy(at + CM_PATH_LOCAL_GID, path->local_gid, 16);
	memcpy(at + CM_PATH_REMOTE_GID, path->remote_gid, 16);
	hw_set(at, CM_PATH_FLOW_LABEL, path->flow_label);
	hw_set(at, CM_PATH_RATE, path->rate);
	hw_set(at, CM_PATH_TRAFFIC_CLASS, path->traffic_class);
	hw_set(at, CM_PATH_HOP_LIMIT, path->hop_limit);
	hw_set(at, CM_PATH_SL, path->sl);
	hw_set(at, CM_PATH_SUBNET_LOCAL, path->subnet_local);
	hw_set(at, CM_PATH_ACK_TIMEOUT, path->ack_timeout);
}

static void get_path(const uint8_t *at, struct cm_path *path)
{
	path->local_lid = (uint16_t)hw_get(at, CM_PATH_LOCAL_LID);
	path->remote_lid = (uint16_t)hw_get(at, CM_PATH_REMOTE_LID);
	memcpy(path->local_gid, at + CM_PATH_LOCAL_GID, 16);
	memcpy(path->remote_gid, at + CM_PATH_REMOTE_GID, 16);
	path->flow_label = hw_get(at, CM_PATH_FLOW_LABEL);
	path->rate = (uint8_t)hw_get(at, CM_PATH_RATE);
	path->traffic_class = (uint8_t)hw_get(at, CM_PATH_TRAFFIC_CLASS);
	path->hop_limit = (uint8_t)hw_get(at, CM_PATH_HOP_LIMIT);
	path->sl = (uint8_t)hw_get(at, CM_PATH_SL);
	path->subnet_local = hw_get(at, CM_PATH_SUBNET_LOCAL);
	path->ack_timeout = (uint8_t)hw_get(at, CM_PATH_ACK_TIMEOUT);
}

/* LAP has its path's parts in another order. */
static void put_lap(uint8_t *at, const struct cm_lap *lap)
{
	const struct cm_path *path = &lap->path;

	hw_set(at, CM_LAP_REMOTE_QPN, lap->remote_qpn);
	hw_set(at, CM_LAP_REMOTE_RESPONSE_TIMEOUT, lap->remote_response_timeout);
	hw_set(at, CM_LAP_LOCAL_LID, path->local_lid);
	hw_set(at, CM_LAP_REMOTE_LID, path->remote_lid);
	memcpy(at + CM_LAP_LOCAL_GID, path->local_gid, 16);
	memcpy(at + CM_LAP_REMOTE_GID, path->remote_gid, 16);
	hw_set(at, CM_LAP_FLOW_LABEL, path->flow_label);
	hw_set(at, CM_LAP_TRAFFIC_CLASS, path->traffic_class);
	hw_set(at, CM_LAP_HOP_LIMIT, path->hop_limit);
	hw_set(at, CM_LAP_RATE, path->rate);
	hw_set(at, CM_LAP_SL, path->sl);
	hw_set(at, CM_LAP_SUBNET_LOCAL, path->subnet_local);
	hw_set(at, CM_LAP_ACK_TIMEOUT, path->ack_timeout);
}

static void get_lap(const uint8_t *at, struct cm_lap *lap)
{
	struct cm_path *path = &lap->path;

	lap->remote_qpn = hw_get(at, CM_LAP_REMOTE_QPN);
	lap->remote_response_timeout = (uint8_t)hw_get(at, CM_LAP_REMOTE_RESPONSE_TIMEOUT);
	path->local_lid = (uint16_t)hw_get(at, CM_LAP_LOCAL_LID);
	path->remote_lid = (uint16_t)hw_get(at, CM_LAP_REMOTE_LID);
	memcpy(path->local_gid, at + CM_LAP_LOCAL_GID, 16);
	memcpy(path->remote_gid, at + CM_LAP_REMOTE_GID, 16);
	path->flow_label = hw_get(at, CM_LAP_FLOW_LABEL);
	path->traffic_class = (uint8_t)hw_get(at, CM_LAP_TRAFFIC_CLASS);
	path->hop_limit = (uint8_t)hw_get(at, CM_LAP_HOP_LIMIT);
	path->rate = (uint8_t)hw_get(at, CM_LAP_RATE);
	path->sl = (uint8_t)hw_get(at, CM_LAP_SL);
	path->subnet_local = hw_get(at, CM_LAP_SUBNET_LOCAL);
	path->ack_timeout = (uint8_t)hw_get(at, CM_LAP_ACK_TIMEOUT);
}

/* ---- REQ ---- */

static void put_req(uint8_t *at, const struct cm_req *req)
{
	hw_set64(at, CM_REQ_SERVICE_ID, req->service_id);
	hw_set64(at, CM_REQ_CA_GUID, req->ca_guid);
	hw_set(at, CM_REQ_QKEY, req->qkey);
	hw_set(at, CM_REQ_QPN, req->qpn);
	hw_set(at, CM_REQ_RESPONDER_RESOURCES, req->responder_resources);
	hw_set(at, CM_REQ_INITIATOR_DEPTH, req->initiator_depth);
	hw_set(at, CM_REQ_REMOTE_RESPONSE_TIMEOUT, req->remote_response_timeout);
	hw_set(at, CM_REQ_TRANSPORT, req->transport);
	hw_set(at, CM_REQ_EXTENDED_TRANSPORT,
	       req->transport == CM_TRANSPORT_XRC ? CM_EXTENDED_TRANSPORT_XRC : 0);
	hw_set(at, CM_REQ_FLOW_CONTROL, req->flow_control);
	hw_set(at, CM_REQ_STARTING_PSN, req->starting_psn);
	hw_set(at, CM_REQ_LOCAL_RESPONSE_TIMEOUT, req->local_response_timeout);
	hw_set(at, CM_REQ_RETRY_COUNT, req->retry_count);
	hw_set(at, CM_REQ_PKEY, req->pkey);
	hw_set(at, CM_REQ_MTU, req->mtu);
	hw_set(at, CM_REQ_RNR_RETRY_COUNT, req->rnr_retry_count);
	hw_set(at, CM_REQ_MAX_CM_RETRIES, req->max_cm_retries);
	hw_set(at, CM_REQ_SRQ, req->srq);
	put_path(at + CM_REQ_PRIMARY, &req->primary);
	put_path(at + CM_REQ_ALTERNATE, &req->alternate);
}

static void get_req(const uint8_t *at, struct cm_req *req)
{
	req->service_id = hw_get64(at, CM_REQ_SERVICE_ID);
	req->ca_guid = hw_get64(at, CM_REQ_CA_GUID);
	req->qkey = hw_get(at, CM_REQ_QKEY);
	req->qpn = hw_get(at, CM_REQ_QPN);
	req->responder_resources = (uint8_t)hw_get(at, CM_REQ_RESPONDER_RESOURCES);
	req->initiator_depth = (uint8_t)hw_get(at, CM_REQ_INITIATOR_DEPTH);
	req->remote_response_timeout = (uint8_t)hw_get(at, CM_REQ_REMOTE_RESPONSE_TIMEOUT);
	req->transport = (enum cm_transport)hw_get(at, CM_REQ_TRANSPORT);
	req->flow_control = hw_get(at, CM_REQ_FLOW_CONTROL);
	req->starting_psn = hw_get(at, CM_REQ_STARTING_PSN);
	req->local_response_timeout = (uint8_t)hw_get(at, CM_REQ_LOCAL_RESPONSE_TIMEOUT);
	req->retry_count = (uint8_t)hw_get(at, CM_REQ_RETRY_COUNT);
	req->pkey = (uint16_t)hw_get(at, CM_REQ_PKEY);
	req->mtu = (uint8_t)hw_get(at, CM_REQ_MTU);
	req->rnr_retry_count = (uint8_t)hw_get(at, CM_REQ_RNR_RETRY_COUNT);
	req->max_cm_retries = (uint8_t)hw_get(at, CM_REQ_MAX_CM_RETRIES);
	req->srq = hw_get(at, CM_REQ_SRQ);
	get_path(at + CM_REQ_PRIMARY, &req->primary);
	get_path(at + CM_REQ_ALTERNATE, &req->alternate);
}

/* ---- REP ---- */

static void put_rep(uint8_t *at, const struct cm_rep *rep, uint32_t vendor)
{
	hw_set(at, CM_REP_QKEY, rep->qkey);
	hw_set(at, CM_REP_QPN, rep->qpn);
	hw_set(at, CM_REP_VENDOR_HIGH, vendor >> 16);
	hw_set(at, CM_REP_VENDOR_MIDDLE, vendor >> 8);
	hw_set(at, CM_REP_VENDOR_LOW, vendor);
	hw_set(at, CM_REP_STARTING_PSN, rep->starting_psn);
	hw_set(at, CM_REP_RESPONDER_RESOURCES, rep->responder_resources);
	hw_set(at, CM_REP_INITIATOR_DEPTH, rep->initiator_depth);
	hw_set(at, CM_REP_TARGET_ACK_DELAY, rep->target_ack_delay);
	hw_set(at, CM_REP_FAILOVER, rep->failover);
	hw_set(at, CM_REP_FLOW_CONTROL, rep->flow_control);
	hw_set(at, CM_REP_RNR_RETRY_COUNT, rep->rnr_retry_count);
	hw_set(at, CM_REP_SRQ, rep->srq);
	hw_set64(at, CM_REP_CA_GUID, rep->ca_guid);
}

static void get_rep(const uint8_t *at, struct cm_rep *rep, uint32_t *vendor)
{
	rep->qkey = hw_get(at, CM_REP_QKEY);
	rep->qpn = hw_get(at, CM_REP_QPN);
	*vendor = hw_get(at, CM_REP_VENDOR_HIGH) << 16 | hw_get(at, CM_REP_VENDOR_MIDDLE) << 8 |
		  hw_get(at, CM_REP_VENDOR_LOW);
	rep->starting_psn = hw_get(at, CM_REP_STARTING_PSN);
	rep->responder_resources = (uint8_t)hw_get(at, CM_REP_RESPONDER_RESOURCES);
	rep->initiator_depth = (uint8_t)hw_get(at, CM_REP_INITIATOR_DEPTH);
	rep->target_ack_delay = (uint8_t)hw_get(at, CM_REP_TARGET_ACK_DELAY);
	rep->failover = (uint8_t)hw_get(at, CM_REP_FAILOVER);
	rep->flow_control = hw_get(at, CM_REP_FLOW_CONTROL);
	rep->rnr_retry_count = (uint8_t)hw_get(at, CM_REP_RNR_RETRY_COUNT);
	rep->srq = hw_get(at, CM_REP_SRQ);
	rep->ca_guid = hw_get64(at, CM_REP_CA_GUID);
}

/* ---- the others ---- */

static void put_rej(uint8_t *at, const struct cm_rej *rej)
{
	hw_set(at, CM_REJ_SUBJECT, rej->subject);
	hw_set(at, CM_REJ_INFORMATION_LENGTH, rej->information_length);
	hw_set(at, CM_REJ_REASON, rej->reason);
	memcpy(at + CM_REJ_INFORMATION, rej->information, CM_INFORMATION);
}

static void get_rej(const uint8_t *at, struct cm_rej *rej)
{
	rej->subject = (enum cm_subject)hw_get(at, CM_REJ_SUBJECT);
	rej->information_length = at_most(hw_get(at, CM_REJ_INFORMATION_LENGTH), CM_INFORMATION);
	rej->reason = (uint16_t)hw_get(at, CM_REJ_REASON);
	memcpy(rej->information, at + CM_REJ_INFORMATION, CM_INFORMATION);
}

static void put_apr(uint8_t *at, const struct cm_apr *apr)
{
	hw_set(at, CM_APR_INFORMATION_LENGTH, apr->information_length);
	hw_set(at, CM_APR_STATUS, apr->status);
	memcpy(at + CM_APR_INFORMATION, apr->information, CM_INFORMATION);
}

static void get_apr(const uint8_t *at, struct cm_apr *apr)
{
	apr->information_length = at_most(hw_get(at, CM_APR_INFORMATION_LENGTH), CM_INFORMATION);
	apr->status = (uint8_t)hw_get(at, CM_APR_STATUS);
	memcpy(apr->information, at + CM_APR_INFORMATION, CM_INFORMATION);
}

static void put_sidr_rep(uint8_t *at, const struct cm_sidr_rep *rep, uint32_t vendor)
{
	hw_set(at, CM_SIDR_REP_STATUS, rep->status);
	hw_set(at, CM_SIDR_REP_INFORMATION_LENGTH, rep->information_length);
	hw_set(at, CM_SIDR_REP_VENDOR_HIGH, vendor >> 8);
	hw_set(at, CM_SIDR_REP_VENDOR_LOW, vendor);
	hw_set(at, CM_SIDR_REP_QPN, rep->qpn);
	hw_set64(at, CM_SIDR_REP_SERVICE_ID, rep->service_id);
	hw_set(at, CM_SIDR_REP_QKEY, rep->qkey);
	memcpy(at + CM_SIDR_REP_INFORMATION, rep->information, CM_INFORMATION);
}

static void get_sidr_rep(const uint8_t *at, struct cm_sidr_rep *rep, uint32_t *vendor)
{
	rep->status = (uint8_t)hw_get(at, CM_SIDR_REP_STATUS);
	rep->information_length =
		at_most(hw_get(at, CM_SIDR_REP_INFORMATION_LENGTH), CM_INFORMATION);
	*vendor = hw_get(at, CM_SIDR_REP_VENDOR_HIGH) << 8 | hw_get(at, CM_SIDR_REP_VENDOR_LOW);
	rep->qpn = hw_get(at, CM_SIDR_REP_QPN);
	rep->service_id = hw_get64(at, CM_SIDR_REP_SERVICE_ID);
	rep->qkey = hw_get(at, CM_SIDR_REP_QKEY);
	memcpy(rep->information, at + CM_SIDR_REP_INFORMATION, CM_INFORMATION);
}

/* ---- all ---- */

static void put_fields(uint8_t *at, const struct cm_message *message)
{
	switch (message->type) {
	case CM_MESSAGE_REQ:
		hw_set(at, CM_REQ_VENDOR, message->ece.vendor);
		put_req(at, &message->req);
		break;
	case CM_MESSAGE_MRA:
		hw_set(at, CM_MRA_SUBJECT, message->mra.subject);
		hw_set(at, CM_MRA_SERVICE_TIMEOUT, message->mra.service_timeout);
		break;
	case CM_MESSAGE_REJ:
		put_rej(at, &message->rej);
		break;
	case CM_MESSAGE_REP:
		put_rep(at, &message->rep, message->ece.vendor);
		break;
	case CM_MESSAGE_DREQ:
		hw_set(at, CM_DREQ_REMOTE_QPN, message->dreq.remote_qpn);
		break;
	case CM_MESSAGE_SIDR_REQ:
		hw_set(at, CM_SIDR_REQ_PKEY, message->sidr_req.pkey);
		hw_set64(at, CM_SIDR_REQ_SERVICE_ID, message->sidr_req.service_id);
		break;
	case CM_MESSAGE_SIDR_REP:
		put_sidr_rep(at, &message->sidr_rep, message->ece.vendor);
		break;
	case CM_MESSAGE_LAP:
		put_lap(at, &message->lap);
		break;
	case CM_MESSAGE_APR:
		put_apr(at, &message->apr);
		break;
	case CM_MESSAGE_RTU:
	case CM_MESSAGE_DREP:
	case CM_MESSAGE_TYPES:
		break;
	}
}

static void get_fields(const uint8_t *at, struct cm_message *message)
{
	switch (message->type) {
	case CM_MESSAGE_REQ:
		message->ece.vendor = hw_get(at, CM_REQ_VENDOR);
		get_req(at, &message->req);
		break;
	case CM_MESSAGE_MRA:
		message->mra.subject = (enum cm_subject)hw_get(at, CM_MRA_SUBJECT);
		message->mra.service_timeout = (uint8_t)hw_get(at, CM_MRA_SERVICE_TIMEOUT);
		break;
	case CM_MESSAGE_REJ:
		get_rej(at, &message->rej);
		break;
	case CM_MESSAGE_REP:
		get_rep(at, &message->rep, &message->ece.vendor);
		break;
	case CM_MESSAGE_DREQ:
		message->dreq.remote_qpn = hw_get(at, CM_DREQ_REMOTE_QPN);
		break;
	case CM_MESSAGE_SIDR_REQ:
		message->sidr_req.pkey = (uint16_t)hw_get(at, CM_SIDR_REQ_PKEY);
		message->sidr_req.service_id = hw_get64(at, CM_SIDR_REQ_SERVICE_ID);
		break;
	case CM_MESSAGE_SIDR_REP:
		get_sidr_rep(at, &message->sidr_rep, &message->ece.vendor);
		break;
	case CM_MESSAGE_LAP:
		get_lap(at, &message->lap);
		break;
	case CM_MESSAGE_APR:
		get_apr(at, &message->apr);
		break;
	case CM_MESSAGE_RTU:
	case CM_MESSAGE_DREP:
	case CM_MESSAGE_TYPES:
		break;
	}
}

static bool has_remote_id(enum cm_message_type type)
{
	return type != CM_MESSAGE_REQ && type != CM_MESSAGE_SIDR_REQ && type != CM_MESSAGE_SIDR_REP;
}

/* The modifier is free for the options of who has a vendor. */
static bool has_options(enum cm_message_type type)
{
	return type == CM_MESSAGE_REQ || type == CM_MESSAGE_REP || type == CM_MESSAGE_SIDR_REP;
}

void cm_message_encode(const struct cm_message *message, uint8_t mad[MAD_BYTES])
{
	const struct format *format = &formats[message->type];
	uint8_t *at = mad + MAD_HEADER_BYTES;
	struct wire_mad header = {
		.base_version = MAD_BASE_VERSION,
		.management_class = MAD_CLASS_CM,
		.class_version = CM_CLASS_VERSION,
		.method = MAD_METHOD_SEND,
		.transaction_id = htobe64(message->transaction_id),
		.attribute_id = htobe16(format->attribute),
		.attribute_modifier =
			htobe32(has_options(message->type) ? message->ece.options : 0),
	};

	memset(mad, 0, MAD_BYTES);
	memcpy(mad, &header, sizeof(header));
	hw_set(at, CM_LOCAL_ID, message->local_id);
	if (has_remote_id(message->type))
		hw_set(at, CM_REMOTE_ID, message->remote_id);
	put_fields(at, message);
	if (message->private.length)
		memcpy(at + format->data, message->private.data,
		       at_most(message->private.length, format->data_bytes));
}

static const char *check_header(const struct wire_mad *header)
{
	if (header->base_version != MAD_BASE_VERSION)
		return "another version of MADs";
	if (header->management_class != MAD_CLASS_CM)
		return "not of communication management";
	if (header->class_version != CM_CLASS_VERSION)
		return "another version of communication management";
	if (header->method != MAD_METHOD_SEND)
		return "a method other than send";
	return NULL;
}

const char *cm_message_decode(const uint8_t mad[MAD_BYTES], struct cm_message *message)
{
	const uint8_t *at = mad + MAD_HEADER_BYTES;
	struct wire_mad header;
	unsigned int type = 0;
	const char *fault;

	memcpy(&header, mad, sizeof(header));
	fault = check_header(&header);
	if (fault)
		return fault;
	while (type < CM_MESSAGE_TYPES && formats[type].attribute != be16toh(header.attribute_id))
		type++;
	if (type == CM_MESSAGE_TYPES)
		return "no message of that number";
	memset(message, 0, sizeof(*message));
	message->type = (enum cm_message_type)type;
	message->transaction_id = be64toh(header.transaction_id);
	message->local_id = hw_get(at, CM_LOCAL_ID);
	if (has_remote_id(message->type))
		message->remote_id = hw_get(at, CM_REMOTE_ID);
	if (has_options(message->type))
		message->ece.options = be32toh(header.attribute_modifier);
	get_fields(at, message);
	message->private.data = at + formats[type].data;
	message->private.length = formats[type].data_bytes;
	if (type == CM_MESSAGE_REQ && message->req.transport == CM_TRANSPORT_XRC &&
	    hw_get(at, CM_REQ_EXTENDED_TRANSPORT) != CM_EXTENDED_TRANSPORT_XRC)
		return "a transport that there is not";
	return NULL;
}
