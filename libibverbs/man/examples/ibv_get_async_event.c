/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes what events wait, without waiting for more. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <infiniband/verbs.h>

/* Ends the program where a call that makes an object has made none. */
static void *must(void *object, const char *call)
{
	if (!object)
		err(1, "%s", call);
	return object;
}

static struct ibv_context *open_first(void)
{
	struct ibv_device **list = must(ibv_get_device_list(NULL), "ibv_get_device_list");
	struct ibv_context *context;

	if (!list[0])
		errx(1, "no RDMA device");
	context = must(ibv_open_device(list[0]), "ibv_open_device");
	ibv_free_device_list(list);
	return context;
}

int main(void)
{
	struct ibv_context *context = open_first();
	int flags = fcntl(context->async_fd, F_GETFL);
	struct ibv_async_event event;

	if (flags < 0 || fcntl(context->async_fd, F_SETFL, flags | O_NONBLOCK))
		err(1, "fcntl");
	while (!ibv_get_async_event(context, &event)) {
		printf("%s\n", ibv_event_type_str(event.event_type));
		ibv_ack_async_event(&event);
	}
	if (errno != EAGAIN)
		err(1, "ibv_get_async_event");
	puts("no more events");
	ibv_close_device(context);
	return 0;
}
