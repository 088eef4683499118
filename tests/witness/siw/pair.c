/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes and connects the two ends. */

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "pair.h"

static const char service[] = "7471";

static struct rdma_cm_id *endpoint(const char *address, int flags)
{
	const struct rdma_addrinfo hints = {
		.ai_flags = flags,
		.ai_qp_type = IBV_QPT_RC,
		.ai_port_space = RDMA_PS_TCP,
	};
	struct rdma_addrinfo *addresses;
	struct rdma_cm_id *id;

	CHECK(!rdmacm.getaddrinfo(address, service, &hints, &addresses));
	CHECK(!rdmacm.create_ep(&id, addresses, NULL, NULL));
	rdmacm.freeaddrinfo(addresses);
	return id;
}

static void make_end(struct end *end, struct rdma_cm_id *id, bool with_srq)
{
	struct ibv_srq_init_attr srq_attr = {.attr = {.max_wr = END_WR, .max_sge = END_SGE}};
	struct ibv_qp_init_attr_ex attr = {
		.cap = {.max_send_wr = END_WR,
			.max_recv_wr = END_WR,
			.max_send_sge = END_SGE,
			.max_recv_sge = END_SGE,
			.max_inline_data = 64},
		.qp_type = IBV_QPT_RC,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
	};

	end->id = id;
	end->pd = ibv_alloc_pd(id->verbs);
	CHECK(end->pd);
	end->channel = ibv_create_comp_channel(id->verbs);
	CHECK(end->channel);
	end->send_cq = ibv_create_cq(id->verbs, 4 * END_WR, NULL, NULL, 0);
	end->recv_cq = ibv_create_cq(id->verbs, 4 * END_WR, NULL, end->channel, 0);
	CHECK(end->send_cq && end->recv_cq);
	if (with_srq) {
		end->srq = ibv_create_srq(end->pd, &srq_attr);
		CHECK(end->srq);
	}
	attr.pd = end->pd;
	attr.send_cq = end->send_cq;
	attr.recv_cq = end->recv_cq;
	attr.srq = end->srq;
	CHECK(!rdmacm.create_qp_ex(id, &attr));
	end->qp = id->qp;
	end->memory = calloc(1, END_BYTES);
	CHECK(end->memory);
	end->mr = ibv_reg_mr(end->pd, end->memory, END_BYTES,
			     IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE |
				     IBV_ACCESS_REMOTE_READ);
	CHECK(end->mr);
}

static void destroy_end(struct end *end)
{
	rdmacm.destroy_qp(end->id);
	if (end->srq)
		CHECK(!ibv_destroy_srq(end->srq));
	CHECK(!ibv_destroy_cq(end->recv_cq) && !ibv_destroy_cq(end->send_cq));
	CHECK(!ibv_destroy_comp_channel(end->channel));
	CHECK(!ibv_dereg_mr(end->mr));
	CHECK(!ibv_dealloc_pd(end->pd));
	rdmacm.destroy_ep(end->id);
	free(end->memory);
}

void pair_make(struct pair *pair, const char *address, bool with_srq)
{
	memset(pair, 0, sizeof(*pair));
	pair->listener = endpoint(address, RAI_PASSIVE);
	CHECK(!rdmacm.listen(pair->listener, 1));
	make_end(&pair->client, endpoint(address, 0), false);
	pair->with_srq = with_srq;
}

static struct rdma_conn_param param = {
	.responder_resources = 4,
	.initiator_depth = 4,
	.retry_count = 7,
	.rnr_retry_count = 7,
};

static void *serve(void *arg)
{
	struct pair *pair = arg;
	struct rdma_cm_id *id;

	CHECK(!rdmacm.get_request(pair->listener, &id));
	make_end(&pair->server, id, pair->with_srq);
	CHECK(!rdmacm.accept(id, &param));
	return NULL;
}

void pair_connect(struct pair *pair)
{
	pthread_t server;

	CHECK(!pthread_create(&server, NULL, serve, pair));
	CHECK(!rdmacm.connect(pair->client.id, &param));
	CHECK(!pthread_join(server, NULL));
}

void pair_destroy(struct pair *pair)
{
	destroy_end(&pair->client);
	destroy_end(&pair->server);
	rdmacm.destroy_ep(pair->listener);
}

int end_post_send(struct end *end, enum ibv_wr_opcode opcode, unsigned int flags, uint64_t wr_id,
		  size_t offset, uint32_t length, const struct ibv_mr *remote, size_t remote_offset)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)end->memory + offset,
		.length = length,
		.lkey = end->mr->lkey,
	};
	struct ibv_send_wr wr = {
		.wr_id = wr_id,
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = opcode,
		.send_flags = flags,
	};
	struct ibv_send_wr *bad_wr;

	if (opcode == IBV_WR_SEND_WITH_INV) {
		wr.invalidate_rkey = remote->rkey;
	} else if (remote) {
		wr.wr.rdma.remote_addr = (uintptr_t)remote->addr + remote_offset;
		wr.wr.rdma.rkey = remote->rkey;
	}
	return ibv_post_send(end->qp, &wr, &bad_wr);
}

void end_post_recv(struct end *end, uint64_t wr_id, size_t offset, uint32_t length)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)end->memory + offset,
		.length = length,
		.lkey = end->mr->lkey,
	};
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = &sge, .num_sge = 1};
	struct ibv_recv_wr *bad_wr;

	if (end->srq)
		CHECK(!ibv_post_srq_recv(end->srq, &wr, &bad_wr));
	else
		CHECK(!ibv_post_recv(end->qp, &wr, &bad_wr));
}

struct ibv_wc end_expect(struct ibv_cq *cq, uint64_t wr_id, enum ibv_wc_status status)
{
	time_t deadline = time(NULL) + 10;
	struct ibv_wc wc;
	int count;

	do
		count = ibv_poll_cq(cq, 1, &wc);
	while (!count && time(NULL) < deadline);
	CHECK(count == 1);
	if (wc.wr_id != wr_id || wc.status != status)
		fprintf(stderr, "wr_id %llu status %s\n", (unsigned long long)wc.wr_id,
			ibv_wc_status_str(wc.status));
	CHECK(wc.wr_id == wr_id);
	CHECK(wc.status == status);
	return wc;
}

bool readable(int fd, int milliseconds)
{
	struct pollfd waited = {.fd = fd, .events = POLLIN};

	return poll(&waited, 1, milliseconds) == 1;
}
