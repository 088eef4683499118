/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looks an address up with an id whose calls wait, and finds the device that leads there. */
#include <err.h>
#include <stdio.h>

#include <rdma/rdma_cma.h>

/* Ends the program where a call has failed. */
static void check(int result, const char *call)
{
	if (result)
		err(1, "%s", call);
}

int main(int argc, char **argv)
{
	struct rdma_addrinfo *found;
	struct rdma_cm_id *id;

	check(rdma_create_id(NULL, &id, NULL, RDMA_PS_TCP), "rdma_create_id");
	check(rdma_resolve_addrinfo(id, argc > 1 ? argv[1] : "127.0.0.1", "7471", NULL),
	      "rdma_resolve_addrinfo");
	check(rdma_query_addrinfo(id, &found), "rdma_query_addrinfo");
	check(rdma_resolve_addr(id, NULL, found->ai_dst_addr, 2000), "rdma_resolve_addr");
	printf("a device leads there: %s\n", id->verbs ? "yes" : "no");
	rdma_freeaddrinfo(found);
	check(rdma_destroy_id(id), "rdma_destroy_id");
	return 0;
}
