/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events: read from the kernel, completed with what the library has to do at that point of a
 * connection, handed out, acknowledged. An event that the library's part of has failed for becomes
 * the error event of that step.
 */
#include <stdlib.h>

#include "libibverbs/marshal.h"
#include "librdmacm/cma.h"

static void take_conn(struct cma_event *event, const struct ucma_abi_conn_param *from)
{
	memcpy(event->private_data, from->private_data, sizeof(event->private_data));
	event->event.param.conn = (struct rdma_conn_param){
		.private_data = from->private_data_len ? event->private_data : NULL,
		.private_data_len = from->private_data_len,
		.responder_resources = from->responder_resources,
		.initiator_depth = from->initiator_depth,
		.flow_control = from->flow_control,
		.retry_count = from->retry_count,
		.rnr_retry_count = from->rnr_retry_count,
		.srq = from->srq,
		.qp_num = from->qp_num,
	};
}

static void take_ud(struct cma_event *event, const struct ucma_abi_ud_param *from)
{
	struct ib_uverbs_ah_attr ah_attr = from->ah_attr;

	memcpy(event->private_data, from->private_data, sizeof(event->private_data));
	event->event.param.ud = (struct rdma_ud_param){
		.private_data = from->private_data_len ? event->private_data : NULL,
		.private_data_len = from->private_data_len,
		.qp_num = from->qp_num,
		.qkey = from->qkey,
	};
	ibv_copy_ah_attr_from_kern(&event->event.param.ud.ah_attr, &ah_attr);
}

static void take_param(struct cma_event *event, const struct ucma_abi_event_resp *answer)
{
	if (cma_is_datagram(&event->id->id))
		take_ud(event, &answer->param.ud);
	else
		take_conn(event, &answer->param.conn);
}

static void fail(struct cma_event *event, enum rdma_cm_event_type type, int err)
{
	event->event.event = type;
	event->event.status = -err;
}

static void address_resolved(struct cma_event *event)
{
	int err = cma_query_address(event->id);

	if (!err)
		err = cma_query_gids(event->id);
	if (err)
		fail(event, RDMA_CM_EVENT_ADDR_ERROR, err);
}

static void route_resolved(struct cma_event *event)
{
	int err = cma_query_path(event->id);

	if (err)
		fail(event, RDMA_CM_EVENT_ROUTE_ERROR, err);
}

/* The new id has the listener's channel until it is accepted or moved. */
static int make_requested(struct cma_event *event, const struct ucma_abi_event_resp *answer,
			  struct cma_id **made)
{
	const struct rdma_cm_id *listener = &event->id->id;
	struct cma_id *id;
	int err = cma_id_new(listener->channel, listener->context, listener->ps, listener->qp_type,
			     &id);

	if (err)
		return err;
	id->handle = answer->id;
	err = cma_query_address(id);
	if (!err)
		err = cma_query_gids(id);
	if (!err && !cma_is_datagram(listener))
		err = cma_query_path(id);
	if (err) {
		rdma_destroy_id(&id->id);
		return err;
	}
	*made = id;
	return 0;
}

/* A peer that asked is told no by the kernel when the id cannot be made: the event is dropped. */
static int connect_request(struct cma_event *event, const struct ucma_abi_event_resp *answer)
{
	struct cma_id *id;
	int err = make_requested(event, answer, &id);

	if (err)
		return err;
	take_param(event, answer);
	if (!cma_is_datagram(&id->id)) {
		id->initiator_depth = event->event.param.conn.initiator_depth;
		id->responder_resources = event->event.param.conn.responder_resources;
	}
	id->remote_ece = (struct ibv_ece){.vendor_id = answer->ece.vendor_id,
					  .options = answer->ece.attr_mod};
	event->event.listen_id = &event->id->id;
	event->event.id = &id->id;
	return 0;
}

/* With a queue pair of the library's making the connection is completed here. */
static void connect_response(struct cma_event *event, const struct ucma_abi_event_resp *answer)
{
	struct cma_id *id = event->id;
	int err;

	take_conn(event, &answer->param.conn);
	id->remote_ece = (struct ibv_ece){.vendor_id = answer->ece.vendor_id,
					  .options = answer->ece.attr_mod};
	if (!id->id.qp)
		return;
	err = cma_finish_connect(id);
	if (err)
		fail(event, RDMA_CM_EVENT_CONNECT_ERROR, err);
	else
		event->event.event = RDMA_CM_EVENT_ESTABLISHED;
}

static void group_joined(struct cma_event *event, const struct ucma_abi_event_resp *answer)
{
	int err;

	take_ud(event, &answer->param.ud);
	event->event.param.ud.private_data = event->group->context;
	if (event->event.status)
		return;
	err = cma_group_joined(event->group, &event->event.param.ud);
	if (err)
		fail(event, RDMA_CM_EVENT_MULTICAST_ERROR, err);
}

static void take_argument(struct cma_event *event, const struct ucma_abi_event_resp *answer)
{
	memcpy(&event->event.param.arg, answer->param.arg32, sizeof(event->event.param.arg));
}

/* The library's own, of a lookup of names: the argument says what the program is to be told. */
static void internal(struct cma_event *event, const struct ucma_abi_event_resp *answer)
{
	take_argument(event, answer);
	if (event->event.param.arg == RDMA_CM_EVENT_ADDRINFO_RESOLVED ||
	    event->event.param.arg == RDMA_CM_EVENT_ADDRINFO_ERROR) {
		event->event.event = (enum rdma_cm_event_type)event->event.param.arg;
		event->event.param.arg = 0;
	}
}

/* Not 0: there is nothing to tell, the next event is asked for. */
static int interpret(struct cma_event *event, const struct ucma_abi_event_resp *answer)
{
	switch (event->event.event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
		address_resolved(event);
		break;
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		route_resolved(event);
		break;
	case RDMA_CM_EVENT_CONNECT_REQUEST:
		return connect_request(event, answer);
	case RDMA_CM_EVENT_CONNECT_RESPONSE:
		connect_response(event, answer);
		break;
	case RDMA_CM_EVENT_REJECTED:
		take_param(event, answer);
		cma_qp_to_error(event->id);
		break;
	case RDMA_CM_EVENT_MULTICAST_JOIN:
	case RDMA_CM_EVENT_MULTICAST_ERROR:
		group_joined(event, answer);
		break;
	case RDMA_CM_EVENT_USER:
		take_argument(event, answer);
		break;
	case RDMA_CM_EVENT_INTERNAL:
		internal(event, answer);
		break;
	default:
		take_param(event, answer);
	}
	return 0;
}

/* What the kernel was told to give back with events: a group, or an id. */
static void name_object(struct cma_event *event, const struct ucma_abi_event_resp *answer)
{
	void *object = (void *)(uintptr_t)answer->uid;

	if (answer->event == RDMA_CM_EVENT_MULTICAST_JOIN ||
	    answer->event == RDMA_CM_EVENT_MULTICAST_ERROR) {
		event->group = object;
		event->id = event->group->id;
	} else {
		event->id = object;
	}
	event->event.id = &event->id->id;
	event->event.event = answer->event;
	event->event.status = (int)answer->status;
}

static void count(struct cma_event *event)
{
	struct cma_id *id = event->id;

	pthread_mutex_lock(&id->mutex);
	id->events_completed++;
	if (event->group)
		event->group->events_completed++;
	pthread_cond_broadcast(&id->cond);
	pthread_mutex_unlock(&id->mutex);
}

static int next_event(int fd, struct cma_event *event)
{
	struct ucma_abi_event_resp answer;
	struct ucma_abi_get_event command = {0};
	int err;

	for (;;) {
		memset(event, 0, sizeof(*event));
		memset(&answer, 0, sizeof(answer));
		err = CMA_QUERY(fd, UCMA_CMD_GET_EVENT, command, answer);
		if (err)
			return err;
		name_object(event, &answer);
		if (!interpret(event, &answer))
			return 0;
		count(event);
	}
}

int rdma_get_cm_event(struct rdma_event_channel *channel, struct rdma_cm_event **result)
{
	struct cma_event *event;
	int err;

	if (!result)
		return cma_result(EINVAL);
	event = malloc(sizeof(*event));
	if (!event)
		return -1;
	err = next_event(channel->fd, event);
	if (err) {
		free(event);
		return cma_result(err);
	}
	*result = &event->event;
	return 0;
}

int rdma_ack_cm_event(struct rdma_cm_event *public)
{
	struct cma_event *event = (struct cma_event *)public;

	if (!event)
		return cma_result(EINVAL);
	count(event);
	free(event);
	return 0;
}

const char *rdma_event_str(enum rdma_cm_event_type event)
{
	static const char *const names[] = {
		[RDMA_CM_EVENT_ADDR_RESOLVED] = "RDMA_CM_EVENT_ADDR_RESOLVED",
		[RDMA_CM_EVENT_ADDR_ERROR] = "RDMA_CM_EVENT_ADDR_ERROR",
		[RDMA_CM_EVENT_ROUTE_RESOLVED] = "RDMA_CM_EVENT_ROUTE_RESOLVED",
		[RDMA_CM_EVENT_ROUTE_ERROR] = "RDMA_CM_EVENT_ROUTE_ERROR",
		[RDMA_CM_EVENT_CONNECT_REQUEST] = "RDMA_CM_EVENT_CONNECT_REQUEST",
		[RDMA_CM_EVENT_CONNECT_RESPONSE] = "RDMA_CM_EVENT_CONNECT_RESPONSE",
		[RDMA_CM_EVENT_CONNECT_ERROR] = "RDMA_CM_EVENT_CONNECT_ERROR",
		[RDMA_CM_EVENT_UNREACHABLE] = "RDMA_CM_EVENT_UNREACHABLE",
		[RDMA_CM_EVENT_REJECTED] = "RDMA_CM_EVENT_REJECTED",
		[RDMA_CM_EVENT_ESTABLISHED] = "RDMA_CM_EVENT_ESTABLISHED",
		[RDMA_CM_EVENT_DISCONNECTED] = "RDMA_CM_EVENT_DISCONNECTED",
		[RDMA_CM_EVENT_DEVICE_REMOVAL] = "RDMA_CM_EVENT_DEVICE_REMOVAL",
		[RDMA_CM_EVENT_MULTICAST_JOIN] = "RDMA_CM_EVENT_MULTICAST_JOIN",
		[RDMA_CM_EVENT_MULTICAST_ERROR] = "RDMA_CM_EVENT_MULTICAST_ERROR",
		[RDMA_CM_EVENT_ADDR_CHANGE] = "RDMA_CM_EVENT_ADDR_CHANGE",
		[RDMA_CM_EVENT_TIMEWAIT_EXIT] = "RDMA_CM_EVENT_TIMEWAIT_EXIT",
		[RDMA_CM_EVENT_ADDRINFO_RESOLVED] = "RDMA_CM_EVENT_ADDRINFO_RESOLVED",
		[RDMA_CM_EVENT_ADDRINFO_ERROR] = "RDMA_CM_EVENT_ADDRINFO_ERROR",
		[RDMA_CM_EVENT_USER] = "RDMA_CM_EVENT_USER",
		[RDMA_CM_EVENT_INTERNAL] = "RDMA_CM_EVENT_INTERNAL",
	};

	if ((unsigned int)event >= sizeof(names) / sizeof(names[0]))
		return "UNKNOWN EVENT";
	return names[event];
}

int rdma_write_cm_event(struct rdma_cm_id *id, enum rdma_cm_event_type event, int status,
			uint64_t arg)
{
	struct ucma_abi_write_cm_event command = {
		.id = to_cma_id(id)->handle, .event = event, .status = (__u32)status};

	command.param.arg = arg;
	return cma_result(CMA_COMMAND(id->channel->fd, UCMA_CMD_WRITE_CM_EVENT, command));
}
