/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the index of the default partition key, for struct ibv_qp_attr. */
#include <endian.h>
#include <err.h>
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
	int index = ibv_get_pkey_index(context, 1, htobe16(0xffff));
	__be16 key;

	if (index < 0)
		err(1, "ibv_get_pkey_index");
	if (ibv_query_pkey(context, 1, index, &key))
		err(1, "ibv_query_pkey");
	printf("partition key 0x%04x is at index %d\n", be16toh(key), index);
	ibv_close_device(context);
	return 0;
}
