/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Joins a group, and leaves it. */
#include <arpa/inet.h>
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
	struct sockaddr_in address = {.sin_family = AF_INET}, group = {.sin_family = AF_INET};
	struct ibv_qp_init_attr attr = {
		.cap = {.max_send_wr = 4, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1},
		.qp_type = IBV_QPT_UD,
	};
	struct rdma_cm_id *id;

	inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &address.sin_addr);
	inet_pton(AF_INET, "239.1.2.3", &group.sin_addr);
	check(rdma_create_id(NULL, &id, NULL, RDMA_PS_UDP), "rdma_create_id");
	check(rdma_bind_addr(id, (struct sockaddr *)&address), "rdma_bind_addr");
	check(rdma_create_qp(id, NULL, &attr), "rdma_create_qp");
	check(rdma_join_multicast(id, (struct sockaddr *)&group, NULL), "rdma_join_multicast");
	printf("send to queue pair 0x%x with Q_Key 0x%x\n", id->event->param.ud.qp_num,
	       id->event->param.ud.qkey);
	check(rdma_leave_multicast(id, (struct sockaddr *)&group), "rdma_leave_multicast");
	rdma_destroy_qp(id);
	check(rdma_destroy_id(id), "rdma_destroy_id");
	return 0;
}
