/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Registers memory, forks, and uses the memory in the parent as before. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

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
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_mr *mr;
	void *buffer;
	pid_t child;
	int status;

	/* Before anything is registered. */
	check(ibv_fork_init(), "ibv_fork_init");
	context = open_first();
	pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	/* Whole pages: a child has none of them. */
	buffer = must(aligned_alloc(4096, 65536), "aligned_alloc");
	mr = must(ibv_reg_mr(pd, buffer, 65536, IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");

	child = fork();
	if (child < 0)
		err(1, "fork");
	if (!child)
		_exit(0); /* or execv() */
	memset(buffer, 1, 65536);
	if (waitpid(child, &status, 0) < 0)
		err(1, "waitpid");
	printf("fork protection: %s\n", ibv_is_fork_initialized() == IBV_FORK_UNNEEDED
						? "done by the kernel"
						: "done by the library");
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	free(buffer);
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
