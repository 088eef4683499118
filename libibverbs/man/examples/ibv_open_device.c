/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opens the device named on the command line, or the first one. */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/verbs.h>

static struct ibv_device *find(struct ibv_device **list, const char *name)
{
	for (; *list; list++)
		if (!name || !strcmp(ibv_get_device_name(*list), name))
			return *list;
	errx(1, "no such RDMA device");
}

int main(int argc, char **argv)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *context;

	if (!list)
		err(1, "ibv_get_device_list");
	context = ibv_open_device(find(list, argc > 1 ? argv[1] : NULL));
	if (!context)
		err(1, "ibv_open_device");
	/* An open device outlives the list that it was found in. */
	ibv_free_device_list(list);
	printf("%s has %d completion vectors\n", ibv_get_device_name(context->device),
	       context->num_comp_vectors);
	if (ibv_close_device(context))
		err(1, "ibv_close_device");
	return 0;
}
