/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The MAC address behind a GID of this host's own port. */
#include <err.h>
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
	struct ibv_ah_attr attr = {.port_num = 1, .is_global = 1};
	uint8_t mac[ETHERNET_LL_SIZE];
	uint16_t vlan;

	if (ibv_query_gid(context, 1, 0, &attr.grh.dgid))
		err(1, "ibv_query_gid");
	check(ibv_resolve_eth_l2_from_gid(context, &attr, mac, &vlan),
	      "ibv_resolve_eth_l2_from_gid");
	printf("%02x:%02x:%02x:%02x:%02x:%02x, %s VLAN\n", mac[0], mac[1], mac[2], mac[3], mac[4],
	       mac[5], vlan == 0xffff ? "no" : "with a");
	ibv_close_device(context);
	return 0;
}
