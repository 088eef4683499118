/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two queues on one channel, watched with poll() beside other files. */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/verbs.h>

/* Ends the program where a call that makes an object has made none. */
static void *must(void *object, const char *call)
{
	if (!object)
		err(1, "%s", call);
	return object;
}

/* Ends the program where a call that returns an errno value has failed. */
static void check(int error, const char *call)
{
	if (error)
		errx(1, "%s: %s", call, strerror(error));
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
	struct ibv_comp_channel *channel =
		must(ibv_create_comp_channel(context), "ibv_create_comp_channel");
	struct ibv_cq *first = must(ibv_create_cq(context, 8, NULL, channel, 0), "ibv_create_cq");
	struct ibv_cq *second = must(ibv_create_cq(context, 8, NULL, channel, 0), "ibv_create_cq");
	struct pollfd files[] = {{.fd = channel->fd, .events = POLLIN}};
	int ready = poll(files, 1, 10 /* ms */);

	if (ready < 0)
		err(1, "poll");
	printf("%d events wait\n", ready);
	printf("while queues use it: %s\n", strerror(ibv_destroy_comp_channel(channel)));
	check(ibv_destroy_cq(second), "ibv_destroy_cq");
	check(ibv_destroy_cq(first), "ibv_destroy_cq");
	check(ibv_destroy_comp_channel(channel), "ibv_destroy_comp_channel");
	ibv_close_device(context);
	return 0;
}
