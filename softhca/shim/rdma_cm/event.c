/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events that wait to be read. The pipe behind the program's descriptor holds one byte while there
 * are any, so that it polls as readable exactly then.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/trace.h"
#include "softhca/shim/rdma_cm/ucm.h"
#include "softhca/shim/user.h"

/* Answers of kernels from before the last members end here. */
enum { LEAST_RESPONSE = offsetof(struct rdma_ucm_event_resp, reserved) };

static void set_readable(struct ucm_file *file, bool readable)
{
	char byte = 0;

	if (readable)
		syscall(SYS_write, file->pipe.write_fd, &byte, 1);
	else
		syscall(SYS_read, file->pipe.look_fd, &byte, 1);
}

static void append(struct ucm_file *file, struct ucm_event *event)
{
	bool first = list_empty(&file->events);

	list_append(&file->events, &event->link);
	if (first)
		set_readable(file, true);
	atomic_fetch_add(&file->posted, 1);
	syscall(SYS_futex, &file->posted, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void take_out(struct ucm_file *file, struct ucm_event *event)
{
	list_remove(&event->link);
	if (list_empty(&file->events))
		set_readable(file, false);
}

struct ucm_event *ucm_event_new(struct ucm_id *id, enum ucm_event_type type, int status)
{
	struct ucm_event *event;

	/* Whoever has not accepted it yet has no use for what becomes of it. */
	if (!id->uid)
		return NULL;
	event = calloc(1, sizeof(*event));
	if (!event)
		return NULL;
	event->id = id;
	event->response.uid = id->uid;
	event->response.id = id->number;
	event->response.event = type;
	event->response.status = (uint32_t)status;
	return event;
}

void ucm_event_post(struct ucm_event *event)
{
	trace_printf("rdma_cm: id %u event %u status %d", event->response.id, event->response.event,
		     (int)event->response.status);
	append(event->id->file, event);
}

void ucm_event_tell(struct ucm_id *id, enum ucm_event_type type, int status)
{
	struct ucm_event *event = ucm_event_new(id, type, status);

	if (event)
		ucm_event_post(event);
}

/* A request that nobody has read about, and that is destroyed all the same. */
void ucm_events_forget_request(const struct ucm_id *request)
{
	list_for_each_safe (node, &request->file->events) {
		struct ucm_event *event = list_entry(node, struct ucm_event, link);

		if (event->request != request)
			continue;
		event->id->backlog++;
		take_out(request->file, event);
		free(event);
	}
}

void ucm_events_forget(struct ucm_id *id, const struct ucm_group *group)
{
	struct ucm_file *file = id->file;

	list_for_each_safe (node, &file->events) {
		struct ucm_event *event = list_entry(node, struct ucm_event, link);
		struct ucm_id *request = event->request;

		if (event->id != id || (group && event->group != group))
			continue;
		take_out(file, event);
		free(event);
		if (!request)
			continue;
		/* This may take more off the list. */
		ucm_id_destroy(request);
		ucm_events_forget(id, group);
		return;
	}
}

void ucm_events_move(struct ucm_id *id, struct ucm_file *to)
{
	struct ucm_file *from = id->file;

	if (from == to)
		return;
	list_for_each_safe (node, &from->events) {
		struct ucm_event *event = list_entry(node, struct ucm_event, link);

		if (event->id != id)
			continue;
		take_out(from, event);
		if (event->request) {
			list_remove(&event->request->link);
			list_append(&to->ids, &event->request->link);
			event->request->file = to;
		}
		append(to, event);
	}
}

/* It counts as read once the program has got it. */
int ucm_get_event(struct ucm_call *call)
{
	struct ucm_file *file = call->file;
	struct rdma_ucm_get_event wire;
	struct ucm_event *event;
	size_t room = call->out_room;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	if (room < LEAST_RESPONSE)
		return ENOSPC;
	if (list_empty(&file->events))
		return EAGAIN;
	event = list_entry(file->events.next, struct ucm_event, link);
	rc = user_write(wire.response, &event->response,
			room < sizeof(event->response) ? room : sizeof(event->response));
	if (rc)
		return rc;
	if (call->waits)
		atomic_store(&file->reader_away, 1);
	take_out(file, event);
	event->id->events_reported++;
	if (event->group)
		event->group->events_reported++;
	if (event->request)
		event->id->backlog++;
	free(event);
	return 0;
}
