/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cm_by_gid serve OWN_GID
 * cm_by_gid connect OWN_GID OWN_LID PEER_GID PEER_LID
 *
 * Connects where neither IP nor a subnet's manager is: addresses are GIDs (AF_IB), and the path is
 * given to the connection manager as ibacm would give it. A message goes to the server and back.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <infiniband/ib.h>
#include <infiniband/sa.h>
#include <rdma/rdma_cma.h>
#include <rdma/rdma_verbs.h>

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("line %d: %s is not so (%m)\n", __LINE__, #condition);              \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* Of the TCP port space (IBTA vol. 1, annex A11), port 7472. */
#define SERVICE_ID 0x0000000001061d30ull

enum { RESOLVE_MS = 5000, EXACTLY = 2 << 6, MTU_2048 = 4, RATE_10_GBPS = 3, LIFE_TIME = 14 };

static char message[64];
static struct rdma_event_channel *channel;

static struct sockaddr_ib address_of(const char *gid)
{
	struct sockaddr_ib address = {
		.sib_family = AF_IB,
		.sib_pkey = htobe16(0xffff),
		.sib_sid = htobe64(SERVICE_ID),
		.sib_sid_mask = ~0ull,
	};

	MUST(inet_pton(AF_INET6, gid, &address.sib_addr) == 1);
	return address;
}

static struct rdma_cm_id *expect(enum rdma_cm_event_type type)
{
	struct rdma_cm_event *event;
	struct rdma_cm_id *id;

	MUST(!rdma_get_cm_event(channel, &event));
	if (event->event != type) {
		printf("%s, status %d, instead of %s\n", rdma_event_str(event->event),
		       event->status, rdma_event_str(type));
		exit(1);
	}
	id = event->id;
	MUST(!rdma_ack_cm_event(event));
	return id;
}

static struct ibv_mr *make_qp(struct rdma_cm_id *id)
{
	struct ibv_qp_init_attr attr = {
		.cap = {.max_send_wr = 2, .max_recv_wr = 2, .max_send_sge = 1, .max_recv_sge = 1},
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = 1,
	};
	struct ibv_mr *mr;

	MUST(!rdma_create_qp(id, NULL, &attr));
	mr = rdma_reg_msgs(id, message, sizeof(message));
	MUST(mr && !rdma_post_recv(id, NULL, message, sizeof(message), mr));
	return mr;
}

static void complete(int (*get)(struct rdma_cm_id *id, struct ibv_wc *wc), struct rdma_cm_id *id)
{
	struct ibv_wc wc;

	MUST(get(id, &wc) == 1);
	MUST(wc.status == IBV_WC_SUCCESS);
}

static void let_go(struct rdma_cm_id *id, struct ibv_mr *mr)
{
	MUST(!rdma_dereg_mr(mr));
	rdma_destroy_qp(id);
	MUST(!rdma_destroy_id(id));
}

static void serve(const char *gid)
{
	struct sockaddr_ib address = address_of(gid);
	struct rdma_conn_param param = {.rnr_retry_count = 7};
	struct rdma_cm_id *listener, *id;
	struct ibv_mr *mr;

	MUST(!rdma_create_id(channel, &listener, NULL, RDMA_PS_TCP));
	MUST(!rdma_bind_addr(listener, (struct sockaddr *)&address));
	MUST(!rdma_listen(listener, 1));
	printf("listens\n");
	id = expect(RDMA_CM_EVENT_CONNECT_REQUEST);
	mr = make_qp(id);
	MUST(!rdma_accept(id, &param));
	MUST(expect(RDMA_CM_EVENT_ESTABLISHED) == id);
	complete(rdma_get_recv_comp, id);
	MUST(!rdma_post_send(id, NULL, message, sizeof(message), mr, 0));
	complete(rdma_get_send_comp, id);
	MUST(expect(RDMA_CM_EVENT_DISCONNECTED) == id);
	MUST(!rdma_disconnect(id));
	let_go(id, mr);
	MUST(!rdma_destroy_id(listener));
}

static void set_path(struct rdma_cm_id *id, const struct sockaddr_ib *own, const char *own_lid,
		     const struct sockaddr_ib *peer, const char *peer_lid)
{
	struct ibv_path_data data = {
		.flags = IBV_PATH_FLAG_GMP | IBV_PATH_FLAG_PRIMARY | IBV_PATH_FLAG_BIDIRECTIONAL,
		.path =
			{
				.slid = htobe16((uint16_t)strtoul(own_lid, NULL, 0)),
				.dlid = htobe16((uint16_t)strtoul(peer_lid, NULL, 0)),
				.reversible_numpath = IBV_PATH_RECORD_REVERSIBLE | 1,
				.pkey = htobe16(0xffff),
				.mtu = EXACTLY | MTU_2048,
				.rate = EXACTLY | RATE_10_GBPS,
				.packetlifetime = EXACTLY | LIFE_TIME,
			},
	};

	memcpy(&data.path.sgid, &own->sib_addr, sizeof(data.path.sgid));
	memcpy(&data.path.dgid, &peer->sib_addr, sizeof(data.path.dgid));
	MUST(!rdma_set_option(id, RDMA_OPTION_IB, RDMA_OPTION_IB_PATH, &data, sizeof(data)));
}

static void connect_to(char **names)
{
	struct sockaddr_ib own = address_of(names[0]), peer = address_of(names[2]);
	struct rdma_conn_param param = {.retry_count = 7, .rnr_retry_count = 7};
	struct rdma_cm_id *id;
	struct ibv_mr *mr;

	/* Of this end any port will do. */
	own.sib_sid = own.sib_sid_mask = 0;
	MUST(!rdma_create_id(channel, &id, NULL, RDMA_PS_TCP));
	MUST(!rdma_resolve_addr(id, (struct sockaddr *)&own, (struct sockaddr *)&peer, RESOLVE_MS));
	expect(RDMA_CM_EVENT_ADDR_RESOLVED);
	set_path(id, &own, names[1], &peer, names[3]);
	expect(RDMA_CM_EVENT_ROUTE_RESOLVED);
	mr = make_qp(id);
	MUST(!rdma_connect(id, &param));
	expect(RDMA_CM_EVENT_ESTABLISHED);
	strcpy(message, "there and back");
	MUST(!rdma_post_send(id, NULL, message, sizeof(message), mr, 0));
	complete(rdma_get_send_comp, id);
	complete(rdma_get_recv_comp, id);
	MUST(!strcmp(message, "there and back"));
	MUST(!rdma_disconnect(id));
	expect(RDMA_CM_EVENT_DISCONNECTED);
	let_go(id, mr);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	channel = rdma_create_event_channel();
	MUST(channel && argc > 2);
	if (!strcmp(argv[1], "serve"))
		serve(argv[2]);
	else if (argc > 5)
		connect_to(argv + 2);
	rdma_destroy_event_channel(channel);
	printf("ok\n");
	return 0;
}
