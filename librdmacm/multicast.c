/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Multicast groups: joined by the kernel, attached to the id's queue pair by its event. */
#include <stdlib.h>

#include "librdmacm/cma.h"

static int add_group(struct cma_id *id, const struct sockaddr *address, void *context,
		     struct cma_group **added)
{
	socklen_t length = cma_address_length(address);
	struct cma_group *group;

	if (!length)
		return EAFNOSUPPORT;
	group = calloc(1, sizeof(*group));
	if (!group)
		return ENOMEM;
	group->id = id;
	group->context = context;
	memcpy(&group->address, address, length);
	pthread_mutex_lock(&id->mutex);
	list_append(&id->groups, &group->link);
	pthread_mutex_unlock(&id->mutex);
	*added = group;
	return 0;
}

static void remove_group(struct cma_group *group)
{
	struct cma_id *id = group->id;

	pthread_mutex_lock(&id->mutex);
	list_remove(&group->link);
	pthread_mutex_unlock(&id->mutex);
	free(group);
}

static int join(struct cma_id *id, const struct sockaddr *address, uint32_t flags, void *context)
{
	struct ucma_abi_join_mcast command = {.id = id->handle, .join_flags = (__u16)flags};
	struct ucma_abi_create_id_resp answer;
	struct cma_group *group;
	int err = add_group(id, address, context, &group);

	if (err)
		return err;
	command.uid = (uintptr_t)group;
	command.addr_size = (__u16)cma_address_length(address);
	memcpy(&command.addr, address, command.addr_size);
	err = CMA_QUERY(id->id.channel->fd, UCMA_CMD_JOIN_MCAST, command, answer);
	if (err) {
		remove_group(group);
		return err;
	}
	group->handle = answer.id;
	return cma_id_wait(id);
}

int rdma_join_multicast(struct rdma_cm_id *id, struct sockaddr *addr, void *context)
{
	return cma_result(join(to_cma_id(id), addr, RDMA_MC_JOIN_FLAG_FULLMEMBER, context));
}

int rdma_join_multicast_ex(struct rdma_cm_id *id, struct rdma_cm_join_mc_attr_ex *attr,
			   void *context)
{
	const uint32_t needed = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS;

	if (attr->comp_mask >= RDMA_CM_JOIN_MC_ATTR_RESERVED)
		return cma_result(ENOTSUP);
	if ((attr->comp_mask & needed) != needed || !attr->addr ||
	    attr->join_flags >= RDMA_MC_JOIN_FLAG_RESERVED)
		return cma_result(EINVAL);
	return cma_result(join(to_cma_id(id), attr->addr, attr->join_flags, context));
}

int cma_group_joined(struct cma_group *group, const struct rdma_ud_param *param)
{
	struct ibv_qp *qp = group->id->id.qp;
	int err;

	group->mgid = param->ah_attr.grh.dgid;
	group->mlid = param->ah_attr.dlid;
	if (!qp)
		return 0;
	err = ibv_attach_mcast(qp, &group->mgid, group->mlid);
	group->attached = !err;
	return err;
}

static struct cma_group *find_group(struct cma_id *id, const struct sockaddr *address)
{
	struct cma_group *found = NULL;

	pthread_mutex_lock(&id->mutex);
	list_for_each (node, &id->groups) {
		struct cma_group *group = list_entry(node, struct cma_group, link);

		if (!memcmp(&group->address, address, cma_address_length(address))) {
			found = group;
			break;
		}
	}
	pthread_mutex_unlock(&id->mutex);
	return found;
}

static void await_acknowledgements(struct cma_group *group, uint32_t reported)
{
	struct cma_id *id = group->id;

	pthread_mutex_lock(&id->mutex);
	while (group->events_completed < reported)
		pthread_cond_wait(&id->cond, &id->mutex);
	pthread_mutex_unlock(&id->mutex);
}

int rdma_leave_multicast(struct rdma_cm_id *public, struct sockaddr *addr)
{
	struct cma_id *id = to_cma_id(public);
	struct cma_group *group = cma_address_length(addr) ? find_group(id, addr) : NULL;
	struct ucma_abi_destroy_id command = {0};
	struct ucma_abi_destroy_id_resp answer;
	int err;

	if (!group)
		return cma_result(EADDRNOTAVAIL);
	if (public->qp && group->attached)
		ibv_detach_mcast(public->qp, &group->mgid, group->mlid);
	command.id = group->handle;
	err = CMA_QUERY(public->channel->fd, UCMA_CMD_LEAVE_MCAST, command, answer);
	if (err)
		return cma_result(err);
	/* Of an id that waits the last event may be this group's. */
	if (id->waits && public->event) {
		rdma_ack_cm_event(public->event);
		public->event = NULL;
	}
	await_acknowledgements(group, answer.events_reported);
	remove_group(group);
	return 0;
}
