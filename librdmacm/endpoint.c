/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ids whose calls wait, made in one step from an rdma_addrinfo. */
#include <stdlib.h>

#include "librdmacm/cma.h"

enum { RESOLVE_TIMEOUT_MS = 2000 };

static int lead_to_peer(struct cma_id *id, const struct rdma_addrinfo *res)
{
	if (rdma_resolve_addr(&id->id, res->ai_src_addr, res->ai_dst_addr, RESOLVE_TIMEOUT_MS))
		return errno;
	if (res->ai_route_len && rdma_set_option(&id->id, RDMA_OPTION_IB, RDMA_OPTION_IB_PATH,
						 res->ai_route, res->ai_route_len))
		return errno;
	/* The kernel tells of a path that is given as of one that it has found. */
	if (res->ai_route_len)
		return cma_id_wait(id);
	return rdma_resolve_route(&id->id, RESOLVE_TIMEOUT_MS) ? errno : 0;
}

static int keep_connect_data(struct cma_id *id, const struct rdma_addrinfo *res)
{
	if (!res->ai_connect_len)
		return 0;
	id->connect_data = malloc(res->ai_connect_len);
	if (!id->connect_data)
		return ENOMEM;
	memcpy(id->connect_data, res->ai_connect, res->ai_connect_len);
	id->connect_length = res->ai_connect_len;
	return 0;
}

/* For the ids of requests, which have no other way to learn it. */
static int keep_qp_attr(struct cma_id *id, struct ibv_pd *pd, const struct ibv_qp_init_attr *attr)
{
	if (pd)
		id->id.pd = pd;
	if (!attr)
		return 0;
	id->qp_init_attr = malloc(sizeof(*attr));
	if (!id->qp_init_attr)
		return ENOMEM;
	*id->qp_init_attr = *attr;
	id->qp_init_attr->qp_type = id->id.qp_type;
	return 0;
}

static int complete(struct cma_id *id, const struct rdma_addrinfo *res, struct ibv_pd *pd,
		    struct ibv_qp_init_attr *attr)
{
	int err;

	if (res->ai_flags & RAI_PASSIVE) {
		if (rdma_bind_addr(&id->id, res->ai_src_addr))
			return errno;
		return keep_qp_attr(id, pd, attr);
	}
	err = lead_to_peer(id, res);
	if (!err)
		err = keep_connect_data(id, res);
	if (err || !attr)
		return err;
	attr->qp_type = id->id.qp_type;
	return rdma_create_qp(&id->id, pd, attr) ? errno : 0;
}

int rdma_create_ep(struct rdma_cm_id **result, struct rdma_addrinfo *res, struct ibv_pd *pd,
		   struct ibv_qp_init_attr *attr)
{
	struct cma_id *id;
	int err = cma_id_create(NULL, &id, NULL, (enum rdma_port_space)res->ai_port_space,
				(enum ibv_qp_type)res->ai_qp_type);

	if (err)
		return cma_result(err);
	err = complete(id, res, pd, attr);
	if (err) {
		rdma_destroy_ep(&id->id);
		return cma_result(err);
	}
	*result = &id->id;
	return 0;
}

void rdma_destroy_ep(struct rdma_cm_id *id)
{
	if (id->qp)
		rdma_destroy_qp(id);
	if (id->srq)
		rdma_destroy_srq(id);
	rdma_destroy_id(id);
}

/* The event stays with the new id, whose owner reads the peer's private data there. */
static int take_request(struct cma_id *listener, struct rdma_cm_id **result)
{
	struct rdma_cm_event *event;
	int err = 0;

	if (rdma_get_cm_event(listener->id.channel, &event))
		return errno;
	if (event->status)
		err = event->status < 0 ? -event->status : ECONNREFUSED;
	else if (event->event != RDMA_CM_EVENT_CONNECT_REQUEST)
		err = EINVAL;
	else if (rdma_migrate_id(event->id, NULL))
		err = errno;
	if (err) {
		if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST)
			rdma_destroy_id(event->id);
		rdma_ack_cm_event(event);
		return err;
	}
	event->id->event = event;
	*result = event->id;
	return 0;
}

static int give_qp(const struct cma_id *listener, struct rdma_cm_id *id)
{
	struct ibv_qp_init_attr attr;

	if (!listener->qp_init_attr)
		return 0;
	attr = *listener->qp_init_attr;
	return rdma_create_qp(id, listener->id.pd, &attr) ? errno : 0;
}

int rdma_get_request(struct rdma_cm_id *listen, struct rdma_cm_id **id)
{
	struct cma_id *listener = to_cma_id(listen);
	struct rdma_cm_id *taken = NULL;
	int err = listener->waits ? take_request(listener, &taken) : EINVAL;

	if (err)
		return cma_result(err);
	err = give_qp(listener, taken);
	if (err) {
		rdma_destroy_ep(taken);
		return cma_result(err);
	}
	*id = taken;
	return 0;
}
