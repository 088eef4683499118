/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prints the GIDs of all ports of a device. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>

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
	static const char *const types[] = {"InfiniBand", "RoCE v1", "RoCE v2"};
	struct ibv_context *context = open_first();
	struct ibv_gid_entry entries[256];
	char text[INET6_ADDRSTRLEN];
	ssize_t count = ibv_query_gid_table(context, entries, 256, 0);

	if (count < 0)
		errx(1, "ibv_query_gid_table: %s", strerror((int)-count));
	for (ssize_t i = 0; i < count; i++)
		printf("port %u, index %u, %s: %s\n", entries[i].port_num, entries[i].gid_index,
		       types[entries[i].gid_type],
		       inet_ntop(AF_INET6, entries[i].gid.raw, text, sizeof(text)));
	ibv_close_device(context);
	return 0;
}
