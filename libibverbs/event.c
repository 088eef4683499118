/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events: read from a descriptor, handed to the application, acknowledged by it. An object counts
 * its acknowledgements under its own mutex, because its destruction waits for them.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rdma/ib_user_verbs.h>

#include "libibverbs/cmd/context.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context)
{
	struct ibv_comp_channel *channel = calloc(1, sizeof(*channel));
	int err;

	if (!channel)
		return fail_null(explain(ENOMEM, __func__, "no memory"));
	/* This symbol is as old as the contexts of version IBVERBS_1.0. */
	context = compat_real_context(context);
	channel->context = context;
	err = ibv_cmd_create_comp_channel(context, &channel->fd);
	if (err) {
		free(channel);
		return fail_null(explain_errno(err, __func__, context));
	}
	return channel;
}

int ibv_destroy_comp_channel(struct ibv_comp_channel *channel)
{
	struct ibv_context *context = channel->context;
	bool busy;

	pthread_mutex_lock(&context->mutex);
	busy = channel->refcnt;
	pthread_mutex_unlock(&context->mutex);
	if (busy)
		return explain_errno(EBUSY, __func__, context);
	close(channel->fd);
	free(channel);
	return 0;
}

/* An event is read whole or not at all; 0 with errno untouched never happens. */
static int read_event(int fd, void *event, size_t size)
{
	ssize_t got = read(fd, event, size);

	if (got < 0)
		return -1;
	return (size_t)got == size ? 0 : fail_minus(EIO);
}

int ibv_get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **cq, void **cq_context)
{
	struct ib_uverbs_comp_event_desc event;

	if (read_event(channel->fd, &event, sizeof(event)))
		return -1;
	*cq = (struct ibv_cq *)(uintptr_t)event.cq_handle;
	*cq_context = (*cq)->cq_context;
	if (context_ops((*cq)->context)->cq_event)
		context_ops((*cq)->context)->cq_event(*cq);
	return 0;
}

static void acknowledge(pthread_mutex_t *mutex, pthread_cond_t *cond, uint32_t *count,
			unsigned int number)
{
	pthread_mutex_lock(mutex);
	*count += number;
	pthread_cond_signal(cond);
	pthread_mutex_unlock(mutex);
}

void ibv_ack_cq_events(struct ibv_cq *cq, unsigned int nevents)
{
	acknowledge(&cq->mutex, &cq->cond, &cq->comp_events_completed, nevents);
}

enum event_element event_element(enum ibv_event_type type)
{
	switch (type) {
	case IBV_EVENT_CQ_ERR:
		return ELEMENT_CQ;
	case IBV_EVENT_QP_FATAL:
	case IBV_EVENT_QP_REQ_ERR:
	case IBV_EVENT_QP_ACCESS_ERR:
	case IBV_EVENT_COMM_EST:
	case IBV_EVENT_SQ_DRAINED:
	case IBV_EVENT_PATH_MIG:
	case IBV_EVENT_PATH_MIG_ERR:
	case IBV_EVENT_QP_LAST_WQE_REACHED:
		return ELEMENT_QP;
	case IBV_EVENT_SRQ_ERR:
	case IBV_EVENT_SRQ_LIMIT_REACHED:
		return ELEMENT_SRQ;
	case IBV_EVENT_WQ_FATAL:
		return ELEMENT_WQ;
	default:
		return ELEMENT_PORT;
	}
}

int ibv_get_async_event(struct ibv_context *context, struct ibv_async_event *event)
{
	struct ib_uverbs_async_event_desc desc;

	if (read_event(context->async_fd, &desc, sizeof(desc)))
		return -1;
	memset(event, 0, sizeof(*event));
	event->event_type = desc.event_type;
	switch (event_element(event->event_type)) {
	case ELEMENT_CQ:
		event->element.cq = (struct ibv_cq *)(uintptr_t)desc.element;
		break;
	case ELEMENT_QP:
		event->element.qp = (struct ibv_qp *)(uintptr_t)desc.element;
		break;
	case ELEMENT_SRQ:
		event->element.srq = (struct ibv_srq *)(uintptr_t)desc.element;
		break;
	case ELEMENT_WQ:
		event->element.wq = (struct ibv_wq *)(uintptr_t)desc.element;
		break;
	case ELEMENT_PORT:
		event->element.port_num = desc.element;
		break;
	}
	if (context_ops(context)->async_event)
		context_ops(context)->async_event(context, event);
	return 0;
}

void ibv_ack_async_event(struct ibv_async_event *event)
{
	switch (event_element(event->event_type)) {
	case ELEMENT_CQ: {
		struct ibv_cq *cq = event->element.cq;

		acknowledge(&cq->mutex, &cq->cond, &cq->async_events_completed, 1);
		break;
	}
	case ELEMENT_QP: {
		struct ibv_qp *qp = event->element.qp;

		acknowledge(&qp->mutex, &qp->cond, &qp->events_completed, 1);
		break;
	}
	case ELEMENT_SRQ: {
		struct ibv_srq *srq = event->element.srq;

		acknowledge(&srq->mutex, &srq->cond, &srq->events_completed, 1);
		break;
	}
	case ELEMENT_WQ: {
		struct ibv_wq *wq = event->element.wq;

		acknowledge(&wq->mutex, &wq->cond, &wq->events_completed, 1);
		break;
	}
	case ELEMENT_PORT:
		break;
	}
}
