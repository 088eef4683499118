/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the files of datagram sockets share. Datagrams go between UD queue pairs, one for each local
 * address in use; until a peer's is known they go by a UDP socket, with a header that tells ours.
 * Everything is under the socket's lock.
 */
#ifndef RSOCKET_DATAGRAM_H
#define RSOCKET_DATAGRAM_H

#include "librdmacm/rsocket/socket.h"

/* In front of what goes by UDP. */
struct rs_udp_header {
	__be32 tag;
	uint8_t version; /* of IP: 4 or 6 */
	uint8_t operation;
	uint8_t length; /* of the header: 16 or 28 */
	uint8_t reserved;
	__be32 qpn; /* the sender's */
	/* Of the sender, which nobody reads. For IPv6 a flow and what of the address has room. */
	uint8_t address[16];
};
static_assert(sizeof(struct rs_udp_header) == 28, "header over UDP");

enum {
	RS_UDP_TAG = 0x55555555,
	RS_UDP_IPV4_LENGTH = 16,
	RS_UDP_IPV6_LENGTH = 28,
	RS_QPN_MASK = 0xffffff,
};

/* In front of what goes between queue pairs: where it comes from. */
struct rs_datagram_header {
	uint8_t version;
	uint8_t length; /* 8 or 24 */
	__be16 port;
	union {
		__be32 ipv4;
		struct {
			__be32 flow;
			uint8_t address[16];
		} ipv6;
	};
};
static_assert(sizeof(struct rs_datagram_header) == 24, "header between queue pairs");

enum { RS_DATAGRAM_IPV4_LENGTH = 8, RS_DATAGRAM_IPV6_LENGTH = 24, RS_GRH_LENGTH = 40 };

enum {
	RS_PEER_BUCKETS = 64,
	RS_MAX_PEERS = 4096,
	RS_MAX_UDP_WAITING = 256, /* datagrams that came by UDP and wait to be received */
	RS_MIN_SLOTS = 64,
};

/* One that has arrived: in a slot of a queue pair, or, if that is NULL, in memory of its own. */
struct rs_datagram {
	struct list link;
	struct rs_pair *pair;
	const uint8_t *data;
	uint32_t length;
	struct sockaddr_storage from;
};

/* The queue pair of a local address. */
struct rs_pair {
	struct list link;
	struct sockaddr_storage address; /* with the port of the socket */
	struct rdma_cm_id *id;
	struct ibv_comp_channel *completions;
	struct ibv_cq *cq;
	struct ibv_mr *mr;	      /* slots to send from, then those to receive into */
	struct rs_datagram *arrivals; /* one a slot */
	uint32_t slot_size, mtu, max_inline;
	uint32_t sends, receives; /* slots */
	uint32_t sent, completed;
	struct rs_datagram_header header;
	bool armed;
};

struct rs_peer {
	struct list in_bucket;
	struct list in_age; /* the oldest is forgotten first */
	struct rs_datagrams *datagrams;
	struct sockaddr_storage address;
	struct rs_pair *pair;
	struct rdma_cm_id *id; /* its route is being found out */
	struct ibv_ah *ah;
	uint32_t qpn; /* 0: not known */
};

struct rs_datagrams {
	struct rs_socket *rs;
	int udp_fd;
	bool bound;
	struct sockaddr_storage own; /* as bound; the address may be none */
	bool connected;
	struct sockaddr_storage connected_to;
	struct list pairs;
	struct rdma_event_channel *channel; /* of routes being found out */
	unsigned int resolving;
	struct list buckets[RS_PEER_BUCKETS];
	struct list peers;
	unsigned int peer_count;
	struct list waiting; /* struct rs_datagram */
	unsigned int udp_waiting;
};

/* datagram_address.c */
bool rs_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
int rs_take_address(const struct rs_socket *rs, const struct sockaddr *from, socklen_t length,
		    struct sockaddr_storage *address);
socklen_t rs_address_length(const struct sockaddr_storage *address);
bool rs_address_is_any(const struct sockaddr_storage *address);
in_port_t *rs_port_of(struct sockaddr_storage *address);
size_t rs_udp_header_pack(struct rs_udp_header *header, enum rs_operation operation, uint32_t qpn,
			  const struct sockaddr_storage *address);
/* The length of the header; 0: it is none. */
size_t rs_udp_header_check(const struct rs_udp_header *header, size_t length);
void rs_datagram_header_pack(struct rs_datagram_header *header,
			     const struct sockaddr_storage *address);
/* The same, and who says so. */
size_t rs_datagram_header_check(const struct rs_datagram_header *header, size_t length,
				struct sockaddr_storage *from);

/* datagram_pair.c */
int rs_pair_for(struct rs_datagrams *datagrams, const struct sockaddr_storage *destination,
		struct rs_pair **pair);
void rs_pairs_free(struct rs_datagrams *datagrams);
int rs_pair_arm(struct rs_pair *pair);
void rs_pair_take_event(struct rs_pair *pair);
void rs_pair_progress(struct rs_datagrams *datagrams, struct rs_pair *pair);
bool rs_pair_may_send(const struct rs_pair *pair);
int rs_pair_send(struct rs_pair *pair, const struct rs_peer *peer, const struct iovec *iov,
		 int count, size_t length);
void rs_pair_give_back(struct rs_pair *pair, const struct rs_datagram *datagram);

/* datagram_peer.c */
struct rs_peer *rs_peer_find(struct rs_datagrams *datagrams,
			     const struct sockaddr_storage *address);
int rs_peer_get(struct rs_datagrams *datagrams, const struct sockaddr_storage *address,
		struct rs_peer **peer);
void rs_peer_learn(struct rs_peer *peer, uint32_t qpn);
void rs_peers_free(struct rs_datagrams *datagrams);
void rs_peer_events(struct rs_datagrams *datagrams);

/* datagram_udp.c */
int rs_udp_bind(struct rs_datagrams *datagrams);
int rs_udp_send(struct rs_datagrams *datagrams, const struct rs_peer *peer,
		enum rs_operation operation, const struct iovec *iov, int count);
void rs_udp_progress(struct rs_datagrams *datagrams);

/* datagram.c */
bool rs_datagram_welcome(const struct rs_datagrams *datagrams, const struct sockaddr_storage *from);

#endif
