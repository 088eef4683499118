/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections over RDMA: an id stands for one end of a connection, or for a listener, much like a
 * socket; what happens to it is told by events of its channel. Functions return 0, or -1 with errno
 * set; those that start something end with an event, unless the id was made without a channel: then
 * they wait for it themselves.
 */
#ifndef RDMA_CMA_H
#define RDMA_CMA_H

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include <infiniband/sa.h>
#include <infiniband/verbs.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What has happened to an id: rdma_cm_event.event. */
enum rdma_cm_event_type {
	RDMA_CM_EVENT_ADDR_RESOLVED,
	RDMA_CM_EVENT_ADDR_ERROR,
	RDMA_CM_EVENT_ROUTE_RESOLVED,
	RDMA_CM_EVENT_ROUTE_ERROR,
	RDMA_CM_EVENT_CONNECT_REQUEST,	/* to a listener; the event's id is a new one */
	RDMA_CM_EVENT_CONNECT_RESPONSE, /* to ids whose queue pair is not the library's */
	RDMA_CM_EVENT_CONNECT_ERROR,
	RDMA_CM_EVENT_UNREACHABLE,
	RDMA_CM_EVENT_REJECTED,
	RDMA_CM_EVENT_ESTABLISHED,
	RDMA_CM_EVENT_DISCONNECTED,
	RDMA_CM_EVENT_DEVICE_REMOVAL,
	RDMA_CM_EVENT_MULTICAST_JOIN,
	RDMA_CM_EVENT_MULTICAST_ERROR,
	RDMA_CM_EVENT_ADDR_CHANGE,
	RDMA_CM_EVENT_TIMEWAIT_EXIT,
	RDMA_CM_EVENT_ADDRINFO_RESOLVED,
	RDMA_CM_EVENT_ADDRINFO_ERROR,
	RDMA_CM_EVENT_USER, /* of rdma_write_cm_event() */
	RDMA_CM_EVENT_INTERNAL,
};

/* What kind of service an id is about: IBTA annex A11, bytes 4 and 5 of a service ID. */
enum rdma_port_space {
	RDMA_PS_IPOIB = 0x0002,
	RDMA_PS_TCP = 0x0106, /* reliable connections */
	RDMA_PS_UDP = 0x0111, /* datagrams and multicast */
	RDMA_PS_IB = 0x013f,  /* any, chosen by the address */
};

/* Service IDs of addresses of family AF_IB. */
#define RDMA_IB_IP_PS_MASK   0xFFFFFFFFFFFF0000ULL
#define RDMA_IB_IP_PORT_MASK 0x000000000000FFFFULL
#define RDMA_IB_IP_PS_TCP    0x0000000001060000ULL
#define RDMA_IB_IP_PS_UDP    0x0000000001110000ULL
#define RDMA_IB_PS_IB	     0x00000000013F0000ULL

/* The Q_Key of datagrams in RDMA_PS_UDP. */
#define RDMA_UDP_QKEY	     0x01234567

struct rdma_ib_addr {
	union ibv_gid sgid;
	union ibv_gid dgid;
	__be16 pkey;
};

struct rdma_addr {
	__extension__ union {
		struct sockaddr src_addr;
		struct sockaddr_in src_sin;
		struct sockaddr_in6 src_sin6;
		struct sockaddr_storage src_storage;
	};
	__extension__ union {
		struct sockaddr dst_addr;
		struct sockaddr_in dst_sin;
		struct sockaddr_in6 dst_sin6;
		struct sockaddr_storage dst_storage;
	};
	union {
		struct rdma_ib_addr ibaddr;
	} addr;
};

struct rdma_route {
	struct rdma_addr addr;
	struct ibv_sa_path_rec *path_rec; /* num_paths of them, the id's */
	int num_paths;
};

/* Events of its ids; fd can be polled, and read by rdma_get_cm_event() only. */
struct rdma_event_channel {
	int fd;
};

struct rdma_cm_id {
	struct ibv_context *verbs; /* NULL until the id is bound to a device */
	struct rdma_event_channel *channel;
	void *context;	   /* the application's */
	struct ibv_qp *qp; /* of rdma_create_qp(), or the application's own business */
	struct rdma_route route;
	enum rdma_port_space ps;
	uint8_t port_num;
	/* Of ids without a channel: the event that the last call has ended with. */
	struct rdma_cm_event *event;
	/* What rdma_create_qp() has made, or has been given. */
	struct ibv_comp_channel *send_cq_channel;
	struct ibv_cq *send_cq;
	struct ibv_comp_channel *recv_cq_channel;
	struct ibv_cq *recv_cq;
	struct ibv_srq *srq;
	struct ibv_pd *pd;
	enum ibv_qp_type qp_type;
};

/* As much as both sides' devices can do: for the next two members. */
enum {
	RDMA_MAX_RESP_RES = 0xFF,
	RDMA_MAX_INIT_DEPTH = 0xFF,
};

struct rdma_conn_param {
	const void *private_data;
	uint8_t private_data_len;
	uint8_t responder_resources; /* reads and atomics of the peer served at once */
	uint8_t initiator_depth;     /* reads and atomics of ours under way at once */
	uint8_t flow_control;
	uint8_t retry_count; /* accepting: ignored */
	uint8_t rnr_retry_count;
	/* Of queue pairs that are not the library's. */
	uint8_t srq;
	uint32_t qp_num;
};

struct rdma_ud_param {
	const void *private_data;
	uint8_t private_data_len;
	struct ibv_ah_attr ah_attr;
	uint32_t qp_num;
	uint32_t qkey;
};

struct rdma_cm_event {
	struct rdma_cm_id *id;
	struct rdma_cm_id *listen_id; /* of a connect request */
	enum rdma_cm_event_type event;
	int status; /* 0, a negative errno, or of a rejection the peer's reason */
	union {
		struct rdma_conn_param conn;
		struct rdma_ud_param ud;
		uint64_t arg; /* of rdma_write_cm_event() */
	} param;
};

/* rdma_addrinfo.ai_flags */
#define RAI_PASSIVE	0x00000001 /* for listening */
#define RAI_NUMERICHOST 0x00000002
#define RAI_NOROUTE	0x00000004
#define RAI_FAMILY	0x00000008 /* ai_family says how to read node */
#define RAI_SA		0x00000010 /* rdma_resolve_addrinfo(): ask the subnet */
#define RAI_DNS		0x00000020 /* and the domain name system */

struct rdma_addrinfo {
	int ai_flags;
	int ai_family;
	int ai_qp_type;	   /* enum ibv_qp_type */
	int ai_port_space; /* enum rdma_port_space */
	socklen_t ai_src_len;
	socklen_t ai_dst_len;
	struct sockaddr *ai_src_addr;
	struct sockaddr *ai_dst_addr;
	char *ai_src_canonname;
	char *ai_dst_canonname;
	size_t ai_route_len;
	void *ai_route;
	size_t ai_connect_len;
	void *ai_connect;
	struct rdma_addrinfo *ai_next;
};

/* Multicast with attributes. */
enum rdma_cm_join_mc_attr_mask {
	RDMA_CM_JOIN_MC_ATTR_ADDRESS = 1 << 0,
	RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS = 1 << 1,
	RDMA_CM_JOIN_MC_ATTR_RESERVED = 1 << 2,
};

enum rdma_cm_mc_join_flags {
	RDMA_MC_JOIN_FLAG_FULLMEMBER,
	RDMA_MC_JOIN_FLAG_SENDONLY_FULLMEMBER,
	RDMA_MC_JOIN_FLAG_RESERVED,
};

struct rdma_cm_join_mc_attr_ex {
	uint32_t comp_mask; /* enum rdma_cm_join_mc_attr_mask */
	uint32_t join_flags;
	struct sockaddr *addr;
};

/* rdma_set_option(): levels, and the options of each. */
enum {
	RDMA_OPTION_ID = 0,
	RDMA_OPTION_IB = 1,
};

enum {
	RDMA_OPTION_ID_TOS = 0,		/* uint8_t */
	RDMA_OPTION_ID_REUSEADDR = 1,	/* int, a boolean */
	RDMA_OPTION_ID_AFONLY = 2,	/* int, a boolean: IPv6 and not IPv4 */
	RDMA_OPTION_ID_ACK_TIMEOUT = 3, /* uint8_t: 4.096 us * 2^n */
};

enum {
	RDMA_OPTION_IB_PATH = 1, /* struct ibv_path_data[] */
};

/* ---- channels and ids ---- */

struct rdma_event_channel *rdma_create_event_channel(void);
/* All ids of the channel have been destroyed and their events acknowledged. */
void rdma_destroy_event_channel(struct rdma_event_channel *channel);

/* channel NULL: calls on the id wait for what they have started. */
int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id, void *context,
		   enum rdma_port_space ps);
/* Waits until the application has acknowledged all events of the id. */
int rdma_destroy_id(struct rdma_cm_id *id);
/* Moves the id and its events to another channel, or with NULL makes its calls wait. */
int rdma_migrate_id(struct rdma_cm_id *id, struct rdma_event_channel *channel);

/* An id with all that res says: bound, or its route resolved, with a queue pair if qp_init_attr is
 * given; its calls wait. */
int rdma_create_ep(struct rdma_cm_id **id, struct rdma_addrinfo *res, struct ibv_pd *pd,
		   struct ibv_qp_init_attr *qp_init_attr);
void rdma_destroy_ep(struct rdma_cm_id *id);

/* ---- addresses ---- */

/* The address may be a wildcard and its port 0; the device is then known later. */
int rdma_bind_addr(struct rdma_cm_id *id, struct sockaddr *addr);
/* Finds the device that leads to dst_addr: RDMA_CM_EVENT_ADDR_RESOLVED. src_addr may be NULL. */
int rdma_resolve_addr(struct rdma_cm_id *id, struct sockaddr *src_addr, struct sockaddr *dst_addr,
		      int timeout_ms);
/* And the way there: RDMA_CM_EVENT_ROUTE_RESOLVED. */
int rdma_resolve_route(struct rdma_cm_id *id, int timeout_ms);

/* Network byte order; 0 if there is none. */
__be16 rdma_get_src_port(struct rdma_cm_id *id);
__be16 rdma_get_dst_port(struct rdma_cm_id *id);

static inline struct sockaddr *rdma_get_local_addr(struct rdma_cm_id *id)
{
	return &id->route.addr.src_addr;
}

static inline struct sockaddr *rdma_get_peer_addr(struct rdma_cm_id *id)
{
	return &id->route.addr.dst_addr;
}

/* The list is freed with rdma_freeaddrinfo(). Returns 0, or -1 or a code of getaddrinfo(3). */
int rdma_getaddrinfo(const char *node, const char *service, const struct rdma_addrinfo *hints,
		     struct rdma_addrinfo **res);
void rdma_freeaddrinfo(struct rdma_addrinfo *res);
/* The same without waiting: RDMA_CM_EVENT_ADDRINFO_RESOLVED, then the query. */
int rdma_resolve_addrinfo(struct rdma_cm_id *id, const char *node, const char *service,
			  const struct rdma_addrinfo *hints);
int rdma_query_addrinfo(struct rdma_cm_id *id, struct rdma_addrinfo **info);

/* ---- queue pairs ---- */

/* pd and the queues of the attributes may be NULL: then the library makes them. */
int rdma_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr *qp_init_attr);
int rdma_create_qp_ex(struct rdma_cm_id *id, struct ibv_qp_init_attr_ex *qp_init_attr);
void rdma_destroy_qp(struct rdma_cm_id *id);
/* For queue pairs of the application: attributes and mask for qp_attr->qp_state. */
int rdma_init_qp_attr(struct rdma_cm_id *id, struct ibv_qp_attr *qp_attr, int *qp_attr_mask);

/* ---- connections ---- */

int rdma_listen(struct rdma_cm_id *id, int backlog);
/* The next request to a listener without a channel; the new id's calls wait as well. */
int rdma_get_request(struct rdma_cm_id *listen, struct rdma_cm_id **id);
int rdma_connect(struct rdma_cm_id *id, struct rdma_conn_param *conn_param);
int rdma_accept(struct rdma_cm_id *id, struct rdma_conn_param *conn_param);
int rdma_reject(struct rdma_cm_id *id, const void *private_data, uint8_t private_data_len);
/* Because of the peer's ECE options. */
int rdma_reject_ece(struct rdma_cm_id *id, const void *private_data, uint8_t private_data_len);
/* After RDMA_CM_EVENT_CONNECT_RESPONSE, when the application has moved its queue pair. */
int rdma_establish(struct rdma_cm_id *id);
int rdma_disconnect(struct rdma_cm_id *id);
/* Passes on IBV_EVENT_COMM_EST of the queue pair. */
int rdma_notify(struct rdma_cm_id *id, enum ibv_event_type event);

int rdma_set_option(struct rdma_cm_id *id, int level, int optname, void *optval, size_t optlen);
int rdma_set_local_ece(struct rdma_cm_id *id, struct ibv_ece *ece);
int rdma_get_remote_ece(struct rdma_cm_id *id, struct ibv_ece *ece);

/* ---- multicast ---- */

int rdma_join_multicast(struct rdma_cm_id *id, struct sockaddr *addr, void *context);
int rdma_join_multicast_ex(struct rdma_cm_id *id, struct rdma_cm_join_mc_attr_ex *mc_join_attr,
			   void *context);
int rdma_leave_multicast(struct rdma_cm_id *id, struct sockaddr *addr);

/* ---- events ---- */

/* The event is acknowledged with rdma_ack_cm_event(), which frees it and what it points to. */
int rdma_get_cm_event(struct rdma_event_channel *channel, struct rdma_cm_event **event);
int rdma_ack_cm_event(struct rdma_cm_event *event);
const char *rdma_event_str(enum rdma_cm_event_type event);
/* Puts RDMA_CM_EVENT_USER into the id's channel. */
int rdma_write_cm_event(struct rdma_cm_id *id, enum rdma_cm_event_type event, int status,
			uint64_t arg);

/* ---- devices ---- */

/* All devices, open as long as the list is not freed; ended with NULL. */
struct ibv_context **rdma_get_devices(int *num_devices);
void rdma_free_devices(struct ibv_context **list);

#ifdef __cplusplus
}
#endif

#endif
