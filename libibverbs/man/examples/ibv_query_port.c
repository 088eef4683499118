/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prints the state of the first port of a device. */
#include <err.h>
#include <errno.h>
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
	struct ibv_port_attr port;
	uint64_t speed;
	int error;

	check(ibv_query_port(context, 1, &port), "ibv_query_port");
	printf("port 1: %s, LID %d, MTU %d, longest message %u bytes\n",
	       ibv_port_state_str(port.state), port.lid, 128 << port.active_mtu, port.max_msg_sz);
	error = ibv_query_port_speed(context, 1, &speed);
	if (!error)
		printf("%llu Mbit/s\n", (unsigned long long)speed * 100);
	else if (error != EOPNOTSUPP)
		check(error, "ibv_query_port_speed");
	ibv_close_device(context);
	return 0;
}
