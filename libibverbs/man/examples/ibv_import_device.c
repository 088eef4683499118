/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A child uses the domain and the region of its parent. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* What the child has to know. The descriptor goes with it. */
struct offer {
	uint32_t pd, mr;
};

static void send_offer(int socket, struct offer *offer, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = {0};
	struct iovec data = {offer, sizeof(*offer)};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) < 0)
		err(1, "sendmsg");
}

static int take_offer(int socket, struct offer *offer)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec data = {offer, sizeof(*offer)};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	int fd;

	if (recvmsg(socket, &message, 0) != sizeof(*offer))
		err(1, "recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void child(int socket)
{
	struct offer offer;
	int fd = take_offer(socket, &offer);
	struct ibv_context *context = must(ibv_import_device(fd), "ibv_import_device");
	struct ibv_pd *pd = must(ibv_import_pd(context, offer.pd), "ibv_import_pd");
	struct ibv_mr *mr = must(ibv_import_mr(pd, offer.mr), "ibv_import_mr");

	/* Queue pairs that are made in this domain can use the region's keys. */
	printf("a region of %zu bytes of another process\n", mr->length);
	fflush(stdout);
	ibv_unimport_mr(mr);
	ibv_unimport_pd(pd);
	ibv_close_device(context);
	_exit(0);
}

int main(void)
{
	static _Alignas(4096) char buffer[65536];
	struct ibv_context *context;
	struct offer offer;
	struct ibv_pd *pd;
	struct ibv_mr *mr;
	int sockets[2], status;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		err(1, "socketpair");
	if (!fork())
		child(sockets[1]);
	context = open_first();
	pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	mr = must(ibv_reg_mr(pd, buffer, sizeof(buffer), IBV_ACCESS_LOCAL_WRITE), "ibv_reg_mr");
	offer = (struct offer){pd->handle, mr->handle};
	send_offer(sockets[0], &offer, context->cmd_fd);
	wait(&status);
	check(ibv_dereg_mr(mr), "ibv_dereg_mr");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return status;
}
