/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A server and its client with ids whose calls wait: each in a thread of its own. */
#include <err.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rdma/rdma_cma.h>
#include <rdma/rdma_verbs.h>

enum { LENGTH = 64 };

/* Ends the program where a call has failed. */
static void check(int result, const char *call)
{
	if (result)
		err(1, "%s", call);
}

static struct rdma_cm_id *endpoint(const char *node, const char *service, int flags)
{
	const struct rdma_addrinfo hints = {.ai_flags = flags, .ai_port_space = RDMA_PS_TCP};
	struct ibv_qp_init_attr attr = {
		.cap = {.max_send_wr = 4, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1},
		.sq_sig_all = 1,
	};
	struct rdma_addrinfo *found;
	struct rdma_cm_id *id;
	int code = rdma_getaddrinfo(node, service, &hints, &found);

	if (code)
		errx(1, "rdma_getaddrinfo: %s", gai_strerror(code));
	check(rdma_create_ep(&id, found, NULL, &attr), "rdma_create_ep");
	rdma_freeaddrinfo(found);
	return id;
}

static struct ibv_mr *register_memory(struct rdma_cm_id *id, char *memory)
{
	struct ibv_mr *mr = rdma_reg_msgs(id, memory, LENGTH);

	if (!mr)
		err(1, "rdma_reg_msgs");
	return mr;
}

static void *serve(void *arg)
{
	struct rdma_cm_id *listener = arg, *id;
	char memory[LENGTH] = "";
	struct ibv_mr *mr;
	struct ibv_wc wc;

	check(rdma_get_request(listener, &id), "rdma_get_request");
	mr = register_memory(id, memory);
	check(rdma_post_recv(id, NULL, memory, LENGTH, mr), "rdma_post_recv");
	check(rdma_accept(id, NULL), "rdma_accept");
	if (rdma_get_recv_comp(id, &wc) < 0)
		err(1, "rdma_get_recv_comp");
	printf("received: %s\n", memory);
	check(rdma_dereg_mr(mr), "rdma_dereg_mr");
	rdma_destroy_ep(id);
	return NULL;
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "127.0.0.1";
	char memory[LENGTH] = "hello";
	struct rdma_cm_id *listener, *id;
	struct ibv_mr *mr;
	struct ibv_wc wc;
	pthread_t server;

	listener = endpoint(node, "7471", RAI_PASSIVE);
	check(rdma_listen(listener, 1), "rdma_listen");
	pthread_create(&server, NULL, serve, listener);

	id = endpoint(node, "7471", 0);
	mr = register_memory(id, memory);
	check(rdma_connect(id, NULL), "rdma_connect");
	check(rdma_post_send(id, NULL, memory, LENGTH, mr, 0), "rdma_post_send");
	if (rdma_get_send_comp(id, &wc) < 0)
		err(1, "rdma_get_send_comp");
	if (wc.status)
		errx(1, "the message: %s", ibv_wc_status_str(wc.status));
	pthread_join(server, NULL);
	check(rdma_dereg_mr(mr), "rdma_dereg_mr");
	rdma_destroy_ep(id);
	rdma_destroy_ep(listener);
	return 0;
}
