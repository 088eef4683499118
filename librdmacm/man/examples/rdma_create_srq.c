/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes an id with a shared receive queue, and posts a receive to it. */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>

#include <rdma/rdma_verbs.h>

/* Ends the program where a call has failed. */
static void check(int result, const char *call)
{
	if (result)
		err(1, "%s", call);
}

int main(int argc, char **argv)
{
	static char memory[64];
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct ibv_srq_init_attr shared = {.attr = {.max_wr = 4, .max_sge = 1}};
	struct ibv_qp_init_attr attr = {.cap = {.max_send_wr = 4, .max_send_sge = 1},
					.qp_type = IBV_QPT_RC};
	struct rdma_cm_id *id;
	struct ibv_mr *mr;

	inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &address.sin_addr);
	check(rdma_create_id(NULL, &id, NULL, RDMA_PS_TCP), "rdma_create_id");
	check(rdma_bind_addr(id, (struct sockaddr *)&address), "rdma_bind_addr");
	check(rdma_create_srq(id, NULL, &shared), "rdma_create_srq");
	check(rdma_create_qp(id, NULL, &attr), "rdma_create_qp");
	mr = rdma_reg_msgs(id, memory, sizeof(memory));
	if (!mr)
		err(1, "rdma_reg_msgs");
	check(rdma_post_recv(id, NULL, memory, sizeof(memory), mr), "rdma_post_recv");
	printf("the queue pair uses it: %s\n", id->qp->srq == id->srq ? "yes" : "no");

	rdma_destroy_qp(id);
	rdma_destroy_srq(id);
	check(rdma_dereg_mr(mr), "rdma_dereg_mr");
	check(rdma_destroy_id(id), "rdma_destroy_id");
	return 0;
}
