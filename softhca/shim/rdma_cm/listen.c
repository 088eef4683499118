/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Listening, and the ids that come of it. A service id says port space and port only, so ids at
 * different addresses of a process may share one; which of them a request is for, its IP header
 * says.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/fabric/port.h"
#include "softhca/shim/rdma_cm/ip_header.h"
#include "softhca/shim/rdma_cm/ucm.h"

enum { MAX_BACKLOG = 1024 };

struct ucm_service {
	struct list link;
	uint64_t service_id;
	struct cm_listener *listener;
	struct list ids;
};

static struct list services = {&services, &services};

void ucm_services_forget(void)
{
	list_init(&services);
}

/* ---- requests ---- */

/* What a request says about itself. */
struct request {
	bool datagram;
	uint8_t qp_type; /* of who takes it */
	union ucm_address source, destination;
	uint32_t skipped; /* of its private data */
};

static uint8_t answering_qp_type(enum cm_transport transport)
{
	switch (transport) {
	case CM_TRANSPORT_UC:
		return QP_TYPE_UC;
	case CM_TRANSPORT_XRC:
		return QP_TYPE_XRC_RECV;
	default:
		return QP_TYPE_RC;
	}
}

/* Between GIDs there is no IP header, and what the addresses are the path says. */
static void name_by_gids(struct request *request, const struct cm_path *path, uint64_t service_id)
{
	request->source = request->destination = (union ucm_address){.family = UCM_AF_IB};
	if (path) {
		memcpy(request->source.ib.gid, path->remote_gid, 16);
		memcpy(request->destination.ib.gid, path->local_gid, 16);
	}
	request->destination.ib.service_id = htobe64(service_id);
	request->destination.ib.service_mask = ~0ull;
}

static bool is_between_gids(const struct ucm_service *service)
{
	return list_entry(service->ids.next, struct ucm_id, listening)->src.family == UCM_AF_IB;
}

static int read_request(const struct ucm_service *service, const struct cm_message *message,
			const struct cm_path *path, struct request *request)
{
	struct ucm_ip_header header;

	*request = (struct request){.datagram = message->type == CM_MESSAGE_SIDR_REQ};
	request->qp_type =
		request->datagram ? QP_TYPE_UD : answering_qp_type(message->req.transport);
	if (is_between_gids(service)) {
		name_by_gids(request, path, service->service_id);
		return 0;
	}
	memcpy(&header, message->private.data, sizeof(header));
	request->skipped = sizeof(header);
	return ucm_ip_header_read(&header, htobe16((uint16_t)service->service_id), &request->source,
				  &request->destination);
}

static bool is_for(const struct request *request, const struct ucm_id *id)
{
	uint8_t listens_at[16], wanted[16];

	if (id->qp_type != request->qp_type)
		return false;
	if (ucm_address_is_any(&id->src) && !id->own_family_only)
		return true;
	if (id->src.family != request->destination.family)
		return false;
	ucm_address_raw(&id->src, listens_at);
	ucm_address_raw(&request->destination, wanted);
	return ucm_address_is_any(&id->src) || !memcmp(listens_at, wanted, sizeof(wanted));
}

static struct ucm_id *find_listener(const struct ucm_service *service,
				    const struct request *request)
{
	list_for_each (node, &service->ids) {
		struct ucm_id *id = list_entry(node, struct ucm_id, listening);

		if (is_for(request, id))
			return id;
	}
	return NULL;
}

/* The id that a request becomes; the program names it when it accepts. */
static struct ucm_id *make_id(struct ucm_id *listener, const struct request *request,
			      const struct cm_path *path)
{
	struct ucm_id *id;

	if (ucm_id_create(listener->file, listener->space, request->qp_type, 0, &id))
		return NULL;
	id->hca = listener->file->member->hca;
	id->src = request->destination;
	id->dst = request->source;
	id->sgid_index = ucm_gid_index(&id->src, id->hca, (int)id->hca->index);
	id->tos = listener->tos;
	id->has_tos = listener->has_tos;
	ucm_path_from_cm(id, path);
	id->state = UCM_CONNECT;
	return id;
}

static void describe_request(struct rdma_ucm_event_resp *response, const struct cm_message *message)
{
	const struct cm_req *req = &message->req;

	response->param.conn = (struct rdma_ucm_conn_param){
		.qp_num = req->qpn,
		.srq = req->srq,
		/* As this end sees it. */
		.responder_resources = req->initiator_depth,
		.initiator_depth = req->responder_resources,
		.flow_control = req->flow_control,
		.retry_count = req->retry_count,
		.rnr_retry_count = req->rnr_retry_count,
	};
}

/* Refused for good: there is nobody here; otherwise the asker may try again, as it will. */
static int take_request(const struct ucm_service *service, const struct cm_message *message,
			const struct cm_path *path, struct ucm_id **taken)
{
	struct ucm_id *listener, *id;
	struct ucm_event *event;
	struct request request;

	if (read_request(service, message, path, &request))
		return EINVAL;
	listener = find_listener(service, &request);
	if (!listener)
		return EINVAL;
	id = listener->backlog ? make_id(listener, &request, path) : NULL;
	event = id ? ucm_event_new(listener, UCM_EVENT_CONNECT_REQUEST, 0) : NULL;
	if (!event) {
		if (id)
			ucm_id_destroy(id);
		return ENOMEM;
	}
	listener->backlog--;
	event->request = id;
	event->response.id = id->number;
	if (!request.datagram)
		describe_request(&event->response, message);
	event->response.ece.vendor_id = message->ece.vendor;
	event->response.ece.attr_mod = message->ece.options;
	ucm_take_private(&event->response, message, request.skipped, request.datagram);
	ucm_event_post(event);
	*taken = id;
	return 0;
}

static void request_arrived(struct cm_listener *listener, void *arg,
			    struct cm_connection *connection, const struct cm_event *event)
{
	struct cm_agreement agreement;
	struct ucm_id *id;
	int rc;

	(void)listener;
	cm_connection_agreement(connection, &agreement);
	rc = take_request(arg, event->message, &agreement.path, &id);
	if (rc == ENOMEM) {
		cm_forget(connection);
	} else if (rc) {
		cm_reject(connection, CM_REJECT_CONSUMER, NULL, 0, NULL);
		cm_destroy(connection);
	} else {
		id->connection = connection;
		id->path.mtu = agreement.mtu;
		cm_connection_set_user(connection, ucm_connection_event, id);
	}
}

/* The way back along which a datagram has come. */
static struct cm_path path_back(const struct cm_source *source)
{
	struct cm_path path = {
		.remote_lid = source->lid,
		.sl = source->sl,
		.hop_limit = source->has_gid ? 0xff : 0,
		.traffic_class = source->traffic_class,
		.flow_label = source->flow_label,
	};

	memcpy(path.local_gid, source->own_gid, sizeof(path.local_gid));
	memcpy(path.remote_gid, source->gid, sizeof(path.remote_gid));
	return path;
}

static void sidr_arrived(struct cm_listener *listener, void *arg, struct cm_sidr *sidr,
			 const struct cm_event *event)
{
	struct cm_path path = path_back(event->source);
	struct ucm_id *id;
	int rc = take_request(arg, event->message, &path, &id);

	(void)listener;
	if (rc == ENOMEM)
		cm_sidr_forget(sidr);
	else if (rc)
		cm_sidr_destroy(sidr);
	else
		id->sidr = sidr;
}

static const struct cm_listener_ops listener_ops = {
	.request = request_arrived,
	.sidr_request = sidr_arrived,
};

/* ---- LISTEN ---- */

static struct ucm_service *find_service(uint64_t service_id)
{
	list_for_each (node, &services) {
		struct ucm_service *service = list_entry(node, struct ucm_service, link);

		if (service->service_id == service_id)
			return service;
	}
	return NULL;
}

static int open_service(struct cm *cm, uint64_t service_id, struct ucm_service **opened)
{
	struct ucm_service *service = calloc(1, sizeof(*service));
	int rc = service ? cm_listen(cm, service_id, ~0ull, &listener_ops, service,
				     &service->listener)
			 : ENOMEM;

	if (rc) {
		free(service);
		return rc;
	}
	service->service_id = service_id;
	list_init(&service->ids);
	list_append(&services, &service->link);
	*opened = service;
	return 0;
}

void ucm_unlisten(struct ucm_id *id)
{
	struct ucm_service *service = id->service;

	if (!service)
		return;
	list_remove(&id->listening);
	id->service = NULL;
	if (!list_empty(&service->ids))
		return;
	cm_unlisten(service->listener);
	list_remove(&service->link);
	free(service);
}

static int enter_service(struct ucm_id *id)
{
	uint64_t service_id = ucm_service_id(&id->src, id->space);
	struct cm *cm = cm_of(id->file->member->hca);
	struct ucm_service *service = find_service(service_id);
	int rc = 0;

	if (!service)
		rc = cm ? open_service(cm, service_id, &service) : ENODEV;
	if (rc)
		return rc;
	id->service = service;
	list_append(&service->ids, &id->listening);
	return 0;
}

/* Who listens has its port for itself. */
static int unshare_port(struct ucm_id *id)
{
	struct hca *hca = id->file->member->hca;

	return id->shares_port ? fabric_port_unshare(hca->engine->fabric, hca->shared, id->port)
			       : 0;
}

static int listen_at(struct ucm_id *id, uint32_t backlog)
{
	const union ucm_address any = {.family = AF_INET};
	int rc = id->state == UCM_IDLE ? ucm_bind(id, &any) : 0;

	if (!rc && id->state != UCM_BOUND)
		rc = EINVAL;
	if (!rc)
		rc = unshare_port(id);
	if (!rc)
		rc = enter_service(id);
	if (rc)
		return rc;
	id->shares_port = false;
	id->backlog = backlog;
	id->state = UCM_LISTEN;
	return 0;
}

int ucm_listen(struct ucm_call *call)
{
	struct rdma_ucm_listen wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	rc = ucm_id_get(call->file, wire.id, &id);
	if (rc)
		return rc;
	return listen_at(id,
			 wire.backlog && wire.backlog <= MAX_BACKLOG ? wire.backlog : MAX_BACKLOG);
}
