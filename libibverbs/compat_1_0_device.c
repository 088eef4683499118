/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Version IBVERBS_1.0: devices, contexts and the events that arrive there. Open contexts are kept
 * in a list, for calls whose symbol has served both kinds of programs since then.
 */
#include <stdlib.h>

#include "libibverbs/compat_1_0.h"

/* Lives as long as the list it came in or a context opened from it. */
struct device {
	struct ibv_device_1_0 public;
	unsigned int references;
};

struct context {
	struct ibv_context_1_0 public;
	struct context *next;
};

/* What programs hold is the address of devices[0]. */
struct device_list {
	struct ibv_device **real;
	struct ibv_device_1_0 *devices[];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* references and contexts */
static struct context *contexts;

static void put_device(struct ibv_device_1_0 *public)
{
	struct device *device = (struct device *)public;
	bool last;

	pthread_mutex_lock(&mutex);
	last = !--device->references;
	pthread_mutex_unlock(&mutex);
	if (last)
		free(device);
}

static void free_list(struct device_list *list)
{
	for (size_t i = 0; list->devices[i]; i++)
		put_device(list->devices[i]);
	ibv_free_device_list(list->real);
	free(list);
}

COMPAT(struct ibv_device_1_0 **, ibv_get_device_list, int *num_devices)
{
	struct device_list *list;
	struct ibv_device **real;
	int count;

	if (num_devices)
		*num_devices = 0;
	real = ibv_get_device_list(&count);
	if (!real)
		return NULL;
	list = calloc(1, sizeof(*list) + ((size_t)count + 1) * sizeof(list->devices[0]));
	if (!list) {
		ibv_free_device_list(real);
		return fail_null(ENOMEM);
	}
	list->real = real;
	for (int i = 0; i < count; i++) {
		struct device *device = calloc(1, sizeof(*device));

		if (!device) {
			free_list(list);
			return fail_null(ENOMEM);
		}
		device->public.real_device = real[i];
		device->references = 1;
		list->devices[i] = &device->public;
	}
	if (num_devices)
		*num_devices = count;
	return list->devices;
}

COMPAT(void, ibv_free_device_list, struct ibv_device_1_0 **devices)
{
	free_list((struct device_list *)((char *)devices - offsetof(struct device_list, devices)));
}

COMPAT(const char *, ibv_get_device_name, struct ibv_device_1_0 *device)
{
	return ibv_get_device_name(device->real_device);
}

COMPAT(__be64, ibv_get_device_guid, struct ibv_device_1_0 *device)
{
	return ibv_get_device_guid(device->real_device);
}

static void enlist(struct context *context)
{
	pthread_mutex_lock(&mutex);
	((struct device *)context->public.device)->references++;
	context->next = contexts;
	contexts = context;
	pthread_mutex_unlock(&mutex);
}

static void delist(const struct context *context)
{
	struct context **at;

	pthread_mutex_lock(&mutex);
	for (at = &contexts; *at != context; at = &(*at)->next)
		;
	*at = context->next;
	pthread_mutex_unlock(&mutex);
}

struct ibv_context *compat_real_context(struct ibv_context *maybe)
{
	const struct context *context;

	pthread_mutex_lock(&mutex);
	for (context = contexts; context; context = context->next)
		if ((const void *)context == maybe)
			maybe = context->public.real_context;
	pthread_mutex_unlock(&mutex);
	return maybe;
}

COMPAT(struct ibv_context_1_0 *, ibv_open_device, struct ibv_device_1_0 *device)
{
	struct context *context = calloc(1, sizeof(*context));
	struct ibv_context *real;

	if (!context)
		return fail_null(ENOMEM);
	real = ibv_open_device(device->real_device);
	if (!real) {
		free(context);
		return NULL;
	}
	context->public = (struct ibv_context_1_0){
		.device = device,
		.ops = compat_context_ops,
		.cmd_fd = real->cmd_fd,
		.async_fd = real->async_fd,
		.num_comp_vectors = real->num_comp_vectors,
		.real_context = real,
	};
	enlist(context);
	return &context->public;
}

COMPAT(int, ibv_close_device, struct ibv_context_1_0 *public)
{
	struct context *context = (struct context *)public;
	int result = ibv_close_device(public->real_context);

	if (result)
		return result;
	delist(context);
	put_device(public->device);
	free(context);
	return 0;
}

COMPAT(int, ibv_query_device, struct ibv_context_1_0 *context, struct ibv_device_attr *attr)
{
	return ibv_query_device(context->real_context, attr);
}

/* ibv_query_port() still writes the structure of that time and no more. */
COMPAT(int, ibv_query_port, struct ibv_context_1_0 *context, uint8_t port_num,
       struct _compat_ibv_port_attr *attr)
{
	return (ibv_query_port)(context->real_context, port_num, attr);
}

COMPAT(int, ibv_query_gid, struct ibv_context_1_0 *context, uint8_t port_num, int index,
       union ibv_gid *gid)
{
	return ibv_query_gid(context->real_context, port_num, index, gid);
}

COMPAT(int, ibv_query_pkey, struct ibv_context_1_0 *context, uint8_t port_num, int index,
       __be16 *pkey)
{
	return ibv_query_pkey(context->real_context, port_num, index, pkey);
}

/* The context pointer of each object below is the address of what the program knows it by. */
COMPAT(int, ibv_get_cq_event, struct ibv_comp_channel *channel, struct ibv_cq_1_0 **cq,
       void **cq_context)
{
	struct ibv_cq *real;
	void *old;

	if (ibv_get_cq_event(channel, &real, &old))
		return -1;
	*cq = old;
	*cq_context = (*cq)->cq_context;
	return 0;
}

COMPAT(void, ibv_ack_cq_events, struct ibv_cq_1_0 *cq, unsigned int nevents)
{
	ibv_ack_cq_events(cq->real_cq, nevents);
}

/* struct ibv_async_event has not changed but for whose addresses are in it. */
COMPAT(int, ibv_get_async_event, struct ibv_context_1_0 *context, struct ibv_async_event *event)
{
	if (ibv_get_async_event(context->real_context, event))
		return -1;
	switch (event_element(event->event_type)) {
	case ELEMENT_CQ:
		event->element.cq = event->element.cq->cq_context;
		break;
	case ELEMENT_QP:
		event->element.qp = event->element.qp->qp_context;
		break;
	case ELEMENT_SRQ:
		event->element.srq = event->element.srq->srq_context;
		break;
	case ELEMENT_WQ:
	case ELEMENT_PORT:
		break;
	}
	return 0;
}

COMPAT(void, ibv_ack_async_event, struct ibv_async_event *event)
{
	struct ibv_async_event real = *event;

	switch (event_element(event->event_type)) {
	case ELEMENT_CQ:
		real.element.cq = ((struct ibv_cq_1_0 *)event->element.cq)->real_cq;
		break;
	case ELEMENT_QP:
		real.element.qp = ((struct ibv_qp_1_0 *)event->element.qp)->real_qp;
		break;
	case ELEMENT_SRQ:
		real.element.srq = ((struct ibv_srq_1_0 *)event->element.srq)->real_srq;
		break;
	case ELEMENT_WQ:
	case ELEMENT_PORT:
		break;
	}
	ibv_ack_async_event(&real);
}

/*
 * Version IBVERBS_1.1: how the drivers of 2007 announced themselves. Their devices were found by a
 * sysfs library that is gone, and their tables fit nothing here. The call is there so that such a
 * file can be loaded, and does not make a provider of it.
 */
void compat_ibv_register_driver(const char *name, void *init);
__asm__(".symver compat_ibv_register_driver, ibv_register_driver@IBVERBS_1.1");
void compat_ibv_register_driver(const char *name, void *init)
{
	(void)init;
	verbs_warn("driver %s was made for a libibverbs of 2007: not used", name);
}
