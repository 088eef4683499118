/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the program needs of a librdmacm.so.1: only a connection manager can connect iWARP queue
 * pairs. The library is whichever the loader finds, so that somebody else's can be the witness;
 * layouts are those of its public ABI.
 */
#ifndef RDMACM_H
#define RDMACM_H

#include <infiniband/verbs.h>

struct rdma_cm_id {
	struct ibv_context *verbs;
	void *channel;
	void *context;
	struct ibv_qp *qp;
	char route[312];
	int ps;
	uint8_t port_num;
	void *event;
	struct ibv_comp_channel *send_cq_channel;
	struct ibv_cq *send_cq;
	struct ibv_comp_channel *recv_cq_channel;
	struct ibv_cq *recv_cq;
	struct ibv_srq *srq;
	struct ibv_pd *pd;
	int qp_type;
};
_Static_assert(sizeof(struct rdma_cm_id) == 416, "as compiled programs have it");

struct rdma_conn_param {
	const void *private_data;
	uint8_t private_data_len;
	uint8_t responder_resources;
	uint8_t initiator_depth;
	uint8_t flow_control;
	uint8_t retry_count;
	uint8_t rnr_retry_count;
	uint8_t srq;
	uint32_t qp_num;
};

struct rdma_addrinfo {
	int ai_flags;
	int ai_family;
	int ai_qp_type;
	int ai_port_space;
	char rest[80];
};
_Static_assert(sizeof(struct rdma_addrinfo) == 96, "as compiled programs have it");

enum {
	RAI_PASSIVE = 1,
	RDMA_PS_TCP = 0x0106,
};

struct rdmacm {
	int (*getaddrinfo)(const char *node, const char *service, const struct rdma_addrinfo *hints,
			   struct rdma_addrinfo **result);
	void (*freeaddrinfo)(struct rdma_addrinfo *addresses);
	int (*create_ep)(struct rdma_cm_id **id, struct rdma_addrinfo *addresses, struct ibv_pd *pd,
			 struct ibv_qp_init_attr *attr);
	void (*destroy_ep)(struct rdma_cm_id *id);
	int (*create_qp_ex)(struct rdma_cm_id *id, struct ibv_qp_init_attr_ex *attr);
	void (*destroy_qp)(struct rdma_cm_id *id);
	int (*listen)(struct rdma_cm_id *id, int backlog);
	int (*get_request)(struct rdma_cm_id *listener, struct rdma_cm_id **id);
	int (*accept)(struct rdma_cm_id *id, struct rdma_conn_param *param);
	int (*connect)(struct rdma_cm_id *id, struct rdma_conn_param *param);
	int (*disconnect)(struct rdma_cm_id *id);
};
extern struct rdmacm rdmacm;

/* Ends the program with a message when there is no such library. */
void rdmacm_load(void);

#endif
