/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion channels and asynchronous event files, and how objects report through the latter. */
#include <errno.h>

#include "softhca/shim/methods/commands.h"

int create_comp_channel(struct command *command)
{
	struct ib_uverbs_create_comp_channel_resp answer = {0};
	struct channel *channel;
	int fd;
	int rc = channel_create(command->file, sizeof(struct ib_uverbs_comp_event_desc), &channel,
				&fd);

	if (rc)
		return rc;
	/* The descriptor keeps it. */
	channel_put(channel);
	command->made.fd = fd;
	answer.fd = (uint32_t)fd;
	command_output(command, &answer, sizeof(answer));
	return 0;
}

static int alloc_async_method(struct attrs *attrs)
{
	struct shim_file *file = attrs->file;
	struct engine *engine = file->member->engine;
	struct channel *channel;
	int fd;
	int rc = channel_create(file, sizeof(struct ib_uverbs_async_event_desc), &channel, &fd);

	if (rc)
		return rc;
	attrs->made.fd = fd;
	engine_lock(engine);
	if (!file->async) {
		file->async = channel;
		channel = NULL;
	}
	engine_unlock(engine);
	channel_put(channel);
	return attr_put_number(attrs, UVERBS_ATTR_ASYNC_EVENT_ALLOC_FD_HANDLE, fd);
}

int async_source_open(struct async_source *async, struct shim_file *file, int event_fd,
		      uint64_t user_handle)
{
	async->user_handle = user_handle;
	if (event_fd >= 0)
		return channel_find(file, event_fd, sizeof(struct ib_uverbs_async_event_desc),
				    &async->channel);
	async->channel = file->async;
	if (async->channel)
		atomic_fetch_add(&async->channel->descriptor.references, 1);
	return 0;
}

void async_source_close(struct async_source *async)
{
	if (async->channel)
		channel_forget(async->channel, &async->source);
	channel_put(async->channel);
	async->channel = NULL;
}

void async_source_post(struct async_source *async, enum async_event_type type)
{
	struct ib_uverbs_async_event_desc event = {.element = async->user_handle,
						   .event_type = type};

	if (async->channel)
		channel_post(async->channel, &async->source, &event);
}

static void cq_event(struct cq *cq)
{
	struct cq_object *object = cq->front;
	struct ib_uverbs_comp_event_desc event = {.cq_handle = object->async.user_handle};

	if (object->channel)
		channel_post(object->channel, &object->completions, &event);
}

/* Whoever has it open hears of it. */
static void post_qp_event(struct qp_object *object, enum async_event_type type)
{
	async_source_post(&object->async, type);
	list_for_each (node, &object->sharers)
		async_source_post(&list_entry(node, struct qp_object, sharers)->async, type);
}

static void async_event(struct hca *hca, enum async_event_type type, enum async_event_scope scope,
			void *object)
{
	(void)hca;
	switch (scope) {
	case EVENT_SCOPE_QP:
		post_qp_event(((struct qp *)object)->front, type);
		break;
	case EVENT_SCOPE_CQ:
		async_source_post(&((struct cq_object *)((struct cq *)object)->front)->async, type);
		break;
	case EVENT_SCOPE_SRQ:
		async_source_post(&((struct srq_object *)((struct srq *)object)->front)->async,
				  type);
		break;
	case EVENT_SCOPE_WQ:
		async_source_post(&((struct wq_object *)((struct wq *)object)->front)->async, type);
		break;
	case EVENT_SCOPE_PORT:
		files_report(membership_current(), type, 1);
		break;
	case EVENT_SCOPE_DEVICE:
		files_report(membership_current(), type, 0);
		break;
	}
}

const struct front_ops shim_front_ops = {
	.cq_event = cq_event,
	.async_event = async_event,
};

static const struct attr_spec alloc_async_attrs[] = {
	{UVERBS_ATTR_ASYNC_EVENT_ALLOC_FD_HANDLE, ATTR_NEW_FD, true, 0, 0},
};

const struct method_entry channel_methods[] = {
	METHOD(UVERBS_OBJECT_ASYNC_EVENT, UVERBS_METHOD_ASYNC_EVENT_ALLOC, alloc_async_attrs,
	       alloc_async_method, true),
	{.handle = NULL},
};
