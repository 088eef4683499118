/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the files of librdmacm share: the private parts of ids and events, devices, and commands to
 * the kernel. Inside, functions return 0 or a positive errno; public ones return cma_result().
 */
#ifndef RDMACM_CMA_H
#define RDMACM_CMA_H

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <infiniband/ib.h>
#include <rdma/rdma_cma.h>
#include <rdma/rdma_cma_abi.h>
#include <rdma/rdma_verbs.h>

#include "util/list.h"

/* A device that ids are or have been bound to. It stays open until the process ends: programs keep
 * id->verbs longer than the id. */
struct cma_device {
	struct list link;
	struct ibv_context *verbs;
	__be64 guid;
	int index; /* -1: not known */
	/* For ids whose owner brings none; users are counted under the lock of devices. */
	struct ibv_pd *pd;
	unsigned int pd_users;
	struct ibv_xrcd *xrcd;
	unsigned int xrcd_users;
	uint8_t max_initiator_depth;
	uint8_t max_responder_resources;
};

struct cma_id {
	struct rdma_cm_id id;
	struct cma_device *device;
	uint32_t handle;
	bool waits; /* made without a channel: calls end with their event */
	bool owns_pd_use, owns_xrcd_use;
	/* From the request of a peer, or as agreed on. */
	uint8_t initiator_depth;
	uint8_t responder_resources;
	struct ibv_ece local_ece, remote_ece;
	/* Of a listener made by rdma_create_ep(): for the ids of requests. */
	struct ibv_qp_init_attr *qp_init_attr;
	/* Goes in front of the private data of a connect, from rdma_addrinfo. */
	void *connect_data;
	size_t connect_length;
	/* What rdma_resolve_addrinfo() has found of names, under the mutex. */
	struct rdma_addrinfo *addrinfo;
	struct list groups;
	/* Events that the application has acknowledged: destruction waits for them. */
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	uint32_t events_completed;
};

/* A multicast group that an id has joined, or is about to. */
struct cma_group {
	struct list link; /* on id->groups */
	struct cma_id *id;
	void *context;
	struct sockaddr_storage address;
	uint32_t handle;
	bool attached;
	union ibv_gid mgid;
	uint16_t mlid;
	uint32_t events_completed; /* under the id's mutex */
};

struct cma_event {
	struct rdma_cm_event event;
	uint8_t private_data[RDMA_MAX_PRIVATE_DATA];
	/* Who is told when it is acknowledged; for a connect request the listener. */
	struct cma_id *id;
	struct cma_group *group;
};

static inline struct cma_id *to_cma_id(struct rdma_cm_id *id)
{
	return (struct cma_id *)id;
}

static inline bool cma_is_datagram(const struct rdma_cm_id *id)
{
	return id->qp_type == IBV_QPT_UD;
}

/* The edge of the library. */
static inline int cma_result(int err)
{
	if (!err)
		return 0;
	errno = err;
	return -1;
}

/* command.c: fills in the header and writes the whole command. An answer is zero where the kernel
 * says nothing: an older one answers less. */
int cma_command(int fd, uint32_t number, void *command, size_t size, size_t response_size);
#define CMA_COMMAND(fd, number, command) cma_command(fd, number, &(command), sizeof(command), 0)
#define CMA_QUERY(fd, number, command, answer)                                                     \
	((command).response = (uintptr_t)memset(&(answer), 0, sizeof(answer)),                     \
	 cma_command(fd, number, &(command), sizeof(command), sizeof(answer)))
/* An open channel of the kernel's connection manager. */
int cma_open(int *fd);

/* device.c */
int cma_device_find(__be64 guid, int index, struct cma_device **device);
int cma_device_get_pd(struct cma_device *device, struct ibv_pd **pd);
void cma_device_put_pd(struct cma_device *device);
int cma_device_get_xrcd(struct cma_device *device, struct ibv_xrcd **xrcd);
void cma_device_put_xrcd(struct cma_device *device);

/* id.c */
int cma_id_new(struct rdma_event_channel *channel, void *context, enum rdma_port_space ps,
	       enum ibv_qp_type qp_type, struct cma_id **id);
void cma_id_free(struct cma_id *id);
int cma_id_create(struct rdma_event_channel *channel, struct cma_id **id, void *context,
		  enum rdma_port_space ps, enum ibv_qp_type qp_type);
/* Ends a call of an id that waits: with its event, or at once if it has a channel. */
int cma_id_wait(struct cma_id *id);

/* address.c: what the kernel knows of the id by now. */
int cma_query_address(struct cma_id *id);
int cma_query_gids(struct cma_id *id);
/* route.c */
int cma_query_path(struct cma_id *id);
socklen_t cma_address_length(const struct sockaddr *address);

/* qp.c: the states of a connection's queue pair. */
int cma_qp_to_rtr(struct cma_id *id, uint8_t responder_resources);
int cma_qp_to_rts(struct cma_id *id, uint8_t initiator_depth);
int cma_qp_to_error(struct cma_id *id);
int cma_qp_to_close(struct cma_id *id);

/* connect.c: the last step of the active side. */
int cma_finish_connect(struct cma_id *id);

/* addrinfo.c: a list of one's own. */
int cma_copy_addrinfo(const struct rdma_addrinfo *from, struct rdma_addrinfo **copied);
/* acm.c: adds what ibacm knows of the first address, if there is such a daemon. */
void cma_ask_daemon(struct rdma_addrinfo *info);

/* multicast.c */
int cma_group_joined(struct cma_group *group, const struct rdma_ud_param *param);

#endif
