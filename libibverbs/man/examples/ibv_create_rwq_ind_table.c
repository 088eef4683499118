/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Spreads received packets over two work queues by their IPv4 addresses. */
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

/* The hash is keyed, so that nobody else can tell which queue a packet goes to. */
static uint8_t key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67};

static struct ibv_qp *spread(struct ibv_context *context, struct ibv_pd *pd,
			     struct ibv_rwq_ind_table *table)
{
	struct ibv_qp_init_attr_ex init = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.comp_mask =
			IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_IND_TABLE | IBV_QP_INIT_ATTR_RX_HASH,
		.pd = pd,
		.rwq_ind_tbl = table,
		.rx_hash_conf = {.rx_hash_function = IBV_RX_HASH_FUNC_TOEPLITZ,
				 .rx_hash_key_len = sizeof(key),
				 .rx_hash_key = key,
				 .rx_hash_fields_mask =
					 IBV_RX_HASH_SRC_IPV4 | IBV_RX_HASH_DST_IPV4},
	};

	return must(ibv_create_qp_ex(context, &init), "ibv_create_qp_ex");
}

int main(void)
{
	struct ibv_context *context = open_first();
	struct ibv_pd *pd = must(ibv_alloc_pd(context), "ibv_alloc_pd");
	struct ibv_cq *cq = must(ibv_create_cq(context, 64, NULL, NULL, 0), "ibv_create_cq");
	struct ibv_wq_init_attr init = {
		.wq_type = IBV_WQT_RQ, .max_wr = 16, .max_sge = 1, .pd = pd, .cq = cq};
	struct ibv_wq_attr ready = {.attr_mask = IBV_WQ_ATTR_STATE, .wq_state = IBV_WQS_RDY};
	struct ibv_wq *wqs[2], *places[4];
	struct ibv_rwq_ind_table_init_attr table_init = {.log_ind_tbl_size = 2, .ind_tbl = places};
	struct ibv_rwq_ind_table *table;
	struct ibv_qp *qp;

	for (int i = 0; i < 2; i++) {
		wqs[i] = must(ibv_create_wq(context, &init), "ibv_create_wq");
		check(ibv_modify_wq(wqs[i], &ready), "ibv_modify_wq");
	}
	/* The first queue gets three times as much as the second. */
	for (int i = 0; i < 4; i++)
		places[i] = wqs[i == 3];
	table = must(ibv_create_rwq_ind_table(context, &table_init), "ibv_create_rwq_ind_table");
	qp = spread(context, pd, table);
	/* A flow rule for the pair starts the packets: see ibv_create_flow(3). */
	printf("a table of 4 places over 2 queues; in use: %s\n", strerror(ibv_destroy_wq(wqs[0])));

	check(ibv_destroy_qp(qp), "ibv_destroy_qp");
	check(ibv_destroy_rwq_ind_table(table), "ibv_destroy_rwq_ind_table");
	for (int i = 0; i < 2; i++)
		check(ibv_destroy_wq(wqs[i]), "ibv_destroy_wq");
	check(ibv_destroy_cq(cq), "ibv_destroy_cq");
	check(ibv_dealloc_pd(pd), "ibv_dealloc_pd");
	ibv_close_device(context);
	return 0;
}
