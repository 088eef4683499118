/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What all processes of a fabric see: hosts' adapters with their numbers, queue pairs, keys and
 * multicast groups, and the processes themselves. It lies in shared memory; whatever is read from
 * it is checked before it is used as an index or a size, since any process of the user may have
 * written it or died in the middle.
 *
 * An entry is written by the process that owns it, and read by all.
 */
#ifndef SOFTHCA_FABRIC_DIRECTORY_H
#define SOFTHCA_FABRIC_DIRECTORY_H

#include <stdatomic.h>
#include <stdint.h>

#include <linux/types.h>

enum {
	FABRIC_MAX_HCAS = 64,
	FABRIC_MAX_PROCESSES = 128,
	FABRIC_QPS = 1 << 16,  /* per HCA; QP number = counter bits above, index below */
	FABRIC_KEYS = 1 << 18, /* per HCA; key = index << 8 | variant */
	FABRIC_SRQS = 1 << 16, /* per HCA; numbered as queue pairs are */
	FABRIC_XRCDS = 256,    /* per HCA; number = index + 1 */
	FABRIC_GIDS = 16,
	FABRIC_PKEYS = 128,
	FABRIC_GROUPS = 1024,
	FABRIC_GROUP_MEMBERS = 64,
	FABRIC_FLOWS = 512,	/* per HCA */
	FABRIC_PORTS = 8192,	/* per HCA: bound by users of its connection manager */
	FABRIC_SERVICES = 1024, /* per HCA */
};

enum fabric_port_type {
	FABRIC_PORT_IB = 1,
	FABRIC_PORT_ETH = 2,
};

enum fabric_gid_type {
	FABRIC_GID_IB = 0,
	FABRIC_GID_ROCE_V1 = 1,
	FABRIC_GID_ROCE_V2 = 2,
};

/* One queue pair. `owner` is the process slot plus one, 0 when the number is free. The rest serves
 * routing, one-sided shortcuts and `softhca ps`. */
struct fabric_qp {
	_Atomic uint32_t owner;
	uint32_t qpn;
	uint8_t type;
	uint8_t state;
	uint8_t path_mtu;
	uint8_t remote_hca; /* 0xff: none or unknown */
	uint32_t remote_qpn;
	uint32_t access;
	uint32_t pdn;
	uint32_t send_psn;
	uint32_t recv_psn;
	uint32_t outstanding;
	uint32_t errors;
	uint64_t packets_sent;
	uint64_t packets_received;
} __attribute__((aligned(64)));

/* One memory key. The owner clears `key` and waits for who is in the middle of a shortcut on it
 * (hold.h) before it lets the memory go. */
struct fabric_key {
	_Atomic uint32_t key;	/* 0: free or being filled */
	_Atomic uint32_t owner; /* process slot plus one, 0 free */
	uint32_t pdn;
	uint32_t qpn; /* the only one that may use it, 0: all of the PD */
	uint32_t access;
	uint32_t linear; /* the memory is one range of the owner's address space */
	uint64_t iova;
	uint64_t length;
	uint64_t address; /* in the owner's address space */
} __attribute__((aligned(64)));

/* One shared receive queue. `owner` as of a queue pair. */
struct fabric_srq {
	_Atomic uint32_t owner;
	uint32_t srqn;
};

/* An XRC domain: all processes of the host that have opened it by the same file, or one alone.
 * Changed under the lock of the fabric's directory. */
struct fabric_xrcd {
	uint64_t device, inode;			     /* both 0: of no file */
	uint64_t holders[FABRIC_MAX_PROCESSES / 64]; /* one bit a slot; none: it is not there */
};

struct fabric_gid {
	uint8_t raw[16];
	uint8_t type; /* enum fabric_gid_type */
	uint8_t valid;
};

/* Headers that a frame has; a rule that asks for one by name wants it there. */
enum flow_header {
	FLOW_TAGGED = 1 << 0,
	FLOW_IP4 = 1 << 1,
	FLOW_IP6 = 1 << 2,
	FLOW_TCP = 1 << 3,
	FLOW_UDP = 1 << 4,
};

/*
 * What rules look at in a frame, in its byte order. Addresses of IPv4 stand in the first four
 * bytes. The words of a key are compared whole, so there is no padding.
 */
struct flow_key {
	uint8_t destination_mac[6];
	uint8_t source_mac[6];
	__be16 type;	 /* behind a VLAN tag */
	__be16 vlan;	 /* tag control information */
	uint8_t headers; /* enum flow_header */
	uint8_t protocol;
	uint8_t service; /* type of service, or traffic class */
	uint8_t reserved;
	__be32 flow_label;
	uint8_t source_ip[16];
	uint8_t destination_ip[16];
	__be16 source_port;
	__be16 destination_port;
	__be32 tunnel; /* VXLAN's network identifier in the upper 24 bits */
} __attribute__((aligned(8)));

_Static_assert(sizeof(struct flow_key) == 64, "a key is eight words");

/* Kinds of rules, numbered as in the kernel ABI. */
enum flow_kind {
	FLOW_NORMAL,
	FLOW_ALL_DEFAULT,	/* what no normal rule has taken */
	FLOW_MULTICAST_DEFAULT, /* of that, multicast and broadcast */
	FLOW_SNIFFER,		/* a copy of every frame that arrives */
};

/* One flow rule. `owner` is the process slot plus one, 0 when the place is free. */
struct fabric_flow {
	_Atomic uint32_t owner;
	_Atomic uint32_t valid; /* set last, cleared first */
	uint32_t serial;	/* grows with the age of the adapter: the older rule comes first */
	uint32_t qpn;
	uint8_t kind;	  /* enum flow_kind */
	uint8_t priority; /* 0 comes first */
	uint8_t passes;	  /* frames go on to later rules all the same */
	struct flow_key value, mask;
} __attribute__((aligned(64)));

enum fabric_port_flag {
	FABRIC_PORT_SHARED = 1 << 0,	 /* others that say so as well may have it too */
	FABRIC_PORT_ONE_FAMILY = 1 << 1, /* an IPv6 wildcard is none for IPv4 */
};

/* A port that is bound to an address. `owner` as of a queue pair; changed under the lock of the
 * fabric's directory, but for the end. */
struct fabric_port {
	_Atomic uint32_t owner;
	uint16_t space; /* port spaces do not know of each other */
	uint8_t flags;	/* enum fabric_port_flag */
	uint8_t family; /* of the address */
	uint64_t number;
	uint8_t address[16]; /* all zeroes: any */
};

/* A service that a process listens to: ids that are `id` in the bits of `mask`. `owner` as of a
 * flow rule. */
struct fabric_service {
	_Atomic uint32_t owner;
	_Atomic uint32_t valid; /* set last, cleared first */
	uint64_t id, mask;
};

/* A host's adapter of one family. */
struct fabric_hca {
	_Atomic uint32_t in_use;
	uint32_t host;
	char family[8];
	uint8_t port_type; /* enum fabric_port_type */
	uint8_t pad;
	uint16_t lid;
	_Atomic uint32_t link_up;
	_Atomic uint32_t killed;
	_Atomic uint32_t port_generation; /* grows with every change of link or killed */
	uint64_t node_guid;		  /* host byte order */
	uint64_t port_guid;
	uint8_t mac[6];
	uint8_t ipv4[4]; /* addresses by which hosts of the fabric connect to each other */
	uint8_t ipv6[16];
	struct fabric_gid gids[FABRIC_GIDS];
	uint16_t pkeys[FABRIC_PKEYS]; /* 0: empty */
	uint32_t qp_variant;	      /* upper bits of the first QP numbers */
	_Atomic uint32_t next_qp;     /* where the search for a free number starts */
	_Atomic uint32_t next_key;
	_Atomic uint32_t next_pd;
	_Atomic uint32_t next_srq;
	_Atomic uint32_t qps_used; /* entries below have been in use, those above never */
	_Atomic uint32_t keys_used;
	_Atomic uint32_t srqs_used;
	struct fabric_xrcd xrcds[FABRIC_XRCDS];
	_Atomic uint32_t flows_used;
	_Atomic uint32_t next_flow;
	struct fabric_flow flows[FABRIC_FLOWS]; /* Ethernet ports only */
	_Atomic uint32_t ports_used;
	_Atomic uint32_t next_port; /* where the search for a free one starts */
	struct fabric_port ports[FABRIC_PORTS];
	/* Processes that answer for queue pair 1, one bit a slot. */
	_Atomic uint64_t agents[FABRIC_MAX_PROCESSES / 64];
	_Atomic uint32_t services_used;
	struct fabric_service services[FABRIC_SERVICES];
	struct fabric_qp qps[FABRIC_QPS];
	struct fabric_key keys[FABRIC_KEYS];
	struct fabric_srq srqs[FABRIC_SRQS];
};

struct fabric_group_member {
	_Atomic uint32_t qpn_valid; /* bit 31: in use; low bits the QP number */
	uint8_t hca;
};

/* A multicast group, by MGID (and on IB ports MLID). */
struct fabric_group {
	_Atomic uint32_t in_use;
	uint16_t mlid;
	uint8_t mgid[16];
	struct fabric_group_member members[FABRIC_GROUP_MEMBERS];
};

/* A process that has opened an adapter. The first line is written by the process itself, now and
 * then; other processes read it after they have sent something. */
struct fabric_process {
	/* Last time an application thread drove the engine, CLOCK_MONOTONIC ns, coarse. */
	_Atomic uint64_t polled_ns;
	/* CQs armed for an event: packets for this process must wake its thread. */
	_Atomic uint32_t armed;
	/* The background thread sleeps on `wake` and wants to be woken. */
	_Atomic uint32_t asleep;
	/* Before it looks a last time and sleeps it makes all others fence (util/fence.h), so that
	 * senders need not. */
	uint32_t fences_senders;
	_Atomic uint32_t wake __attribute__((aligned(64))); /* futex word, grows */
	_Atomic uint32_t pid;				    /* 0: slot free */
	uint64_t start_time; /* of the process, /proc/PID/stat field 22: tells recycled pids */
	uint32_t hca_mask_low, hca_mask_high; /* which adapters it has open */
	/* Capture or faults are on here: no shortcuts to or from this process. */
	_Atomic uint32_t packets_only;
	char command[16];
	uint32_t host;
	/* Peers that have ever sent to this process, one bit a slot: whose rings to look at. */
	_Atomic uint64_t senders[FABRIC_MAX_PROCESSES / 64];
	/* What it carries out a shortcut on at this moment, 0: nothing. Written for every one. */
	_Atomic uint64_t hold __attribute__((aligned(64)));
} __attribute__((aligned(64)));

#endif
