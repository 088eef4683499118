/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The life of ids: made, moved to another channel, waited for, destroyed. */
#include <stdlib.h>

#include "librdmacm/cma.h"

/* The library's half, without the kernel's. */
int cma_id_new(struct rdma_event_channel *channel, void *context, enum rdma_port_space ps,
	       enum ibv_qp_type qp_type, struct cma_id **created)
{
	struct cma_id *id = calloc(1, sizeof(*id));

	if (!id)
		return ENOMEM;
	id->waits = !channel;
	id->id.channel = channel ? channel : rdma_create_event_channel();
	if (!id->id.channel) {
		free(id);
		return errno;
	}
	id->id.context = context;
	id->id.ps = ps;
	id->id.qp_type = qp_type;
	list_init(&id->groups);
	pthread_mutex_init(&id->mutex, NULL);
	pthread_cond_init(&id->cond, NULL);
	*created = id;
	return 0;
}

void cma_id_free(struct cma_id *id)
{
	if (id->owns_pd_use)
		cma_device_put_pd(id->device);
	if (id->owns_xrcd_use)
		cma_device_put_xrcd(id->device);
	if (id->waits)
		rdma_destroy_event_channel(id->id.channel);
	pthread_cond_destroy(&id->cond);
	pthread_mutex_destroy(&id->mutex);
	free(id->id.route.path_rec);
	free(id->qp_init_attr);
	free(id->connect_data);
	rdma_freeaddrinfo(id->addrinfo);
	free(id);
}

int cma_id_create(struct rdma_event_channel *channel, struct cma_id **created, void *context,
		  enum rdma_port_space ps, enum ibv_qp_type qp_type)
{
	struct ucma_abi_create_id command = {.ps = (__u16)ps, .qp_type = (__u8)qp_type};
	struct ucma_abi_create_id_resp answer;
	struct cma_id *id;
	int err = cma_id_new(channel, context, ps, qp_type, &id);

	if (err)
		return err;
	command.uid = (uintptr_t)id;
	err = CMA_QUERY(id->id.channel->fd, UCMA_CMD_CREATE_ID, command, answer);
	if (err) {
		cma_id_free(id);
		return err;
	}
	id->handle = answer.id;
	*created = id;
	return 0;
}

int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id, void *context,
		   enum rdma_port_space ps)
{
	bool datagram = ps == RDMA_PS_IPOIB || ps == RDMA_PS_UDP;
	struct cma_id *created;
	int err = cma_id_create(channel, &created, context, ps, datagram ? IBV_QPT_UD : IBV_QPT_RC);

	if (!err)
		*id = &created->id;
	return cma_result(err);
}

/* Until the application has acknowledged as many as the kernel has given out. */
static void await_acknowledgements(struct cma_id *id, uint32_t reported)
{
	pthread_mutex_lock(&id->mutex);
	while (id->events_completed < reported)
		pthread_cond_wait(&id->cond, &id->mutex);
	pthread_mutex_unlock(&id->mutex);
}

static void forget_groups(struct cma_id *id)
{
	list_for_each_safe (node, &id->groups)
		free(list_entry(node, struct cma_group, link));
}

int rdma_destroy_id(struct rdma_cm_id *public)
{
	struct cma_id *id = to_cma_id(public);
	struct ucma_abi_destroy_id command = {.id = id->handle};
	struct ucma_abi_destroy_id_resp answer;
	int err = CMA_QUERY(public->channel->fd, UCMA_CMD_DESTROY_ID, command, answer);

	if (err)
		return cma_result(err);
	if (public->event)
		rdma_ack_cm_event(public->event);
	await_acknowledgements(id, answer.events_reported);
	forget_groups(id);
	cma_id_free(id);
	return 0;
}

/* The kernel moves the events that wait; those taken already must have been acknowledged. */
int rdma_migrate_id(struct rdma_cm_id *public, struct rdma_event_channel *channel)
{
	struct cma_id *id = to_cma_id(public);
	struct rdma_event_channel *to = channel ? channel : rdma_create_event_channel();
	struct ucma_abi_migrate_id command = {.id = id->handle, .fd = (__u32) public->channel->fd};
	struct ucma_abi_migrate_resp answer;
	int err;

	if (!to)
		return -1;
	err = CMA_QUERY(to->fd, UCMA_CMD_MIGRATE_ID, command, answer);
	if (err) {
		if (!channel)
			rdma_destroy_event_channel(to);
		return cma_result(err);
	}
	if (public->event) {
		rdma_ack_cm_event(public->event);
		public->event = NULL;
	}
	await_acknowledgements(id, answer.events_reported);
	if (id->waits)
		rdma_destroy_event_channel(public->channel);
	public->channel = to;
	id->waits = !channel;
	return 0;
}

/* A rejection has the peer's reason for its status, everything else a negative errno. */
static int status_errno(const struct rdma_cm_event *event)
{
	if (!event->status)
		return 0;
	return event->event == RDMA_CM_EVENT_REJECTED || event->status > 0 ? ECONNREFUSED
									   : -event->status;
}

int cma_id_wait(struct cma_id *id)
{
	if (!id->waits)
		return 0;
	if (id->id.event) {
		rdma_ack_cm_event(id->id.event);
		id->id.event = NULL;
	}
	if (rdma_get_cm_event(id->id.channel, &id->id.event))
		return errno;
	return status_errno(id->id.event);
}
