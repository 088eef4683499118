/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the functions of librdmacm. */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "rdmacm.h"

struct rdmacm rdmacm;

static void *library;

static void *function(const char *name)
{
	void *found = dlsym(library, name);

	if (!found) {
		fprintf(stderr, "librdmacm has no %s\n", name);
		exit(2);
	}
	return found;
}

void rdmacm_load(void)
{
	library = dlopen("librdmacm.so.1", RTLD_NOW);
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	*(void **)&rdmacm.getaddrinfo = function("rdma_getaddrinfo");
	*(void **)&rdmacm.freeaddrinfo = function("rdma_freeaddrinfo");
	*(void **)&rdmacm.create_ep = function("rdma_create_ep");
	*(void **)&rdmacm.destroy_ep = function("rdma_destroy_ep");
	*(void **)&rdmacm.create_qp_ex = function("rdma_create_qp_ex");
	*(void **)&rdmacm.destroy_qp = function("rdma_destroy_qp");
	*(void **)&rdmacm.listen = function("rdma_listen");
	*(void **)&rdmacm.get_request = function("rdma_get_request");
	*(void **)&rdmacm.accept = function("rdma_accept");
	*(void **)&rdmacm.connect = function("rdma_connect");
	*(void **)&rdmacm.disconnect = function("rdma_disconnect");
}
