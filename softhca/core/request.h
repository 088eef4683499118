/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one request and the one completion: what a family's decoder makes of a WQE, what its encoder
 * turns into a CQE. Everything is in host byte order unless its type says otherwise.
 */
#ifndef SOFTHCA_CORE_REQUEST_H
#define SOFTHCA_CORE_REQUEST_H

#include <linux/types.h>

#include "softhca/core/types.h"

enum { REQUEST_MAX_SGE = 64 };

enum {
	TAGS_MAX_SGE = 1,		/* of a tagged receive */
	TAGS_MAX_RENDEZVOUS_BYTES = 64, /* of a message that asks for one */
};

/* One piece of local memory. `inline_data` is set for data that lies in the WQE itself: it needs no
 * key, is readable until the WQE completes, and `address` is unused. */
struct sge {
	uint64_t address;
	uint32_t length;
	uint32_t lkey;
	const void *inline_data;
};

enum request_opcode {
	REQUEST_SEND,
	REQUEST_SEND_IMM,
	REQUEST_SEND_INVALIDATE,
	REQUEST_WRITE,
	REQUEST_WRITE_IMM,
	REQUEST_READ,
	REQUEST_COMPARE_SWAP,
	REQUEST_FETCH_ADD,
	REQUEST_CHANGE_KEY,
	REQUEST_CHANGE_TAGS,
	/* A large TCP segment, to be cut into frames. */
	REQUEST_SEND_SEGMENTS,
	REQUEST_NOP,
};

enum request_flag {
	REQUEST_SIGNALED = 1 << 0,
	REQUEST_SOLICITED = 1 << 1,
	/* Wait until all earlier RDMA reads and atomics of this queue have completed. */
	REQUEST_FENCE = 1 << 2,
};

/* Where a datagram goes. */
struct ud_address {
	uint32_t qpn;
	uint32_t qkey;
	uint16_t dlid;
	uint8_t sl;
	uint8_t static_rate;
	uint8_t path_bits;
	bool grh;
	uint8_t sgid_index;
	uint8_t hop_limit;
	uint8_t traffic_class;
	uint32_t flow_label;
	uint8_t dgid[16];
};

/* What a request says of the key it changes; what it does not name stays as it is. */
enum key_property {
	KEY_LENGTH = 1 << 0,
	KEY_START = 1 << 1,
	KEY_PAGE_SIZE = 1 << 2,
	KEY_PD = 1 << 3,
	KEY_VARIANT = 1 << 4,
	KEY_QP = 1 << 5,
	KEY_FREE = 1 << 6,
	/* Pieces of memory that the key stands for: the request's own list, of which each element
	 * is a piece; or, of regions in pages, entries that lie where the list says. */
	KEY_TRANSLATION = 1 << 7,
};

enum { KEY_ANY_QP = 0xffffff };

struct key_change {
	uint32_t key;
	uint32_t properties;
	/* Rights: those of the mask are set to what `access` says. */
	uint32_t access, access_mask;
	uint64_t start, length;
	uint32_t pdn, qpn;
	uint8_t variant;
	uint8_t log_page_size;
	bool free;
	bool only_if_free; /* refused otherwise */
	bool only_if_used;
	bool only_if_this_qp; /* refused unless the key is for the queue pair of the request */
	uint32_t first_entry; /* of the translation, where the list goes, in bytes */
	bool list_elsewhere;  /* the request's elements say where the list lies, and are not it */
};

enum tag_operation { TAGS_SYNC, TAGS_ADD, TAGS_REMOVE };

/* What a request does to the tags of the queue pair's shared receive queue; the elements of one
 * that adds a tag are the receive. */
struct tag_change {
	enum tag_operation operation;
	uint16_t index;
	uint16_t handled;
	bool reports; /* `handled` unexpected messages */
	bool asks;    /* for a completion */
	uint64_t value, mask;
};

enum frame_offload {
	FRAME_NETWORK_CHECKSUM = 1 << 0,
	FRAME_TRANSPORT_CHECKSUM = 1 << 1,
};

/* What is done to a frame on its way out. */
struct frame_offloads {
	uint8_t flags;		/* enum frame_offload */
	uint16_t header_length; /* of segments: the part of the list that each begins with */
	uint16_t segment_bytes; /* what else each has at most */
};

struct send_request {
	enum request_opcode opcode;
	unsigned int flags;
	/* Position of the WQE in the queue, free running, as the family counts; `units` is how far
	 * the next one lies behind it. */
	uint32_t index;
	uint32_t units;
	uint32_t length;
	uint32_t rkey;
	uint64_t remote_address;
	__be32 immediate;
	uint32_t invalidate_rkey;
	/* Atomics: `swap_or_add` and `compare` of the request. */
	uint64_t swap_or_add;
	uint64_t compare;
	uint32_t remote_srqn; /* XRC: whose receives, keys and memory the request is about */
	struct ud_address ud; /* datagrams, and dynamic connections */
	uint64_t access_key;  /* that the target of a dynamic connection asks for */
	struct key_change change;
	struct tag_change tags;
	struct frame_offloads frame;
	unsigned int num_sge;
	struct sge sge[REQUEST_MAX_SGE];
};

struct recv_request {
	/* Named by the completion: position in the receive queue, or index of the SRQ's WQE. */
	uint32_t index;
	uint32_t length;
	unsigned int num_sge;
	struct sge sge[REQUEST_MAX_SGE];
};

struct srq;

enum completion_flag {
	COMPLETION_SEND = 1 << 0, /* of the send queue; otherwise of a receive queue or SRQ */
	COMPLETION_IMMEDIATE = 1 << 1,
	COMPLETION_GRH = 1 << 2,
	COMPLETION_SOLICITED = 1 << 3,
};

/* What a datagram had in front of its data, told in place of a service level on Ethernet. */
enum completion_header {
	COMPLETION_HEADER_GRH = 0,
	COMPLETION_HEADER_IP6 = 1,
	COMPLETION_HEADER_IP4 = 2,
};

struct completion {
	enum completion_status status;
	unsigned int flags;
	/* Of the request for send completions; for receives SEND*, or WRITE_IMM. */
	enum request_opcode opcode;
	const struct srq *srq; /* that the receive was taken from, or NULL */
	uint32_t index;
	uint32_t length;
	__be32 immediate;
	uint32_t invalidated_key; /* of a receive that was SEND_INVALIDATE */
	uint32_t remote_qpn;
	uint16_t slid;
	uint8_t sl;
	uint8_t path_bits;
	uint16_t pkey_index;
	uint64_t timestamp_ns;
};

/* What a completion says of tags; the number is how many unexpected messages there have been. */
enum tag_event {
	TAG_ADDED,
	TAG_REMOVED,
	TAG_SYNCED,
	TAG_UNTAGGED,	/* a message without a tag, or the end of a rendezvous */
	TAG_UNEXPECTED, /* a message that is left to the program */
	TAG_MATCHED,	/* its data is to come */
	TAG_FILLED,	/* the data of a match that was told before */
	TAG_MATCHED_FILLED,
	/* A rendezvous that is left to the program: its headers are in the tagged receive. */
	TAG_MATCHED_HEADERS,
	TAG_CANCELED, /* no more data will come for the match */
};

enum { TAG_HEADER_BYTES = 16 };

struct tag_note {
	enum tag_event event;
	uint16_t index;	     /* of the tag */
	uint16_t unexpected; /* for changes of the list */
	bool success;	     /* of a change */
	uint8_t header[TAG_HEADER_BYTES];
};

/* Headers that a frame was found to have, as completions tell. */
enum frame_network { FRAME_NETWORK_OTHER, FRAME_NETWORK_IP6, FRAME_NETWORK_IP4 };
enum frame_transport { FRAME_TRANSPORT_OTHER, FRAME_TRANSPORT_TCP, FRAME_TRANSPORT_UDP };

struct frame_completion {
	enum completion_status status;
	uint32_t index;
	uint32_t length;
	enum frame_network network;
	enum frame_transport transport;
	bool network_good, transport_good; /* checksums */
	bool tag_stripped;
	uint16_t vlan; /* the tag that was */
	uint32_t flow_tag;
	uint32_t hash;
	uint32_t hash_fields; /* enum rss_field; 0: nothing was hashed */
	uint64_t timestamp_ns;
};

#endif
