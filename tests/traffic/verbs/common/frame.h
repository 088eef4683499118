/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ethernet frames for the cases that send and receive them: raw packet queue pairs of one process,
 * which hear each other through their port, and frames put together byte by byte.
 */
#ifndef TESTS_VERBS_FRAME_H
#define TESTS_VERBS_FRAME_H

#include "bed.h"

enum {
	FRAME_ROOM = 2048, /* of each receive */
	FRAME_RECEIVES = 32,
	FRAME_SENDS = 64,
};

/* A raw packet queue pair that is ready, with receives posted; wr_id is the place in the buffer. */
struct station {
	const struct bed *bed;
	struct ibv_cq *cq; /* of receives */
	struct ibv_cq *send_cq;
	struct ibv_qp *qp;
	struct buffer in, out;
};

/* The port of the bed, which has to be Ethernet's, and its MAC, as its first GID tells. */
void frame_bed_open(struct bed *bed, uint8_t mac[6]);

void station_open(struct station *station, const struct bed *bed);
void station_close(struct station *station);
void station_post(struct station *station, uint64_t wr_id, uint32_t length);
/* Sends and waits until it is sent. */
void station_send(struct station *station, const void *frame, uint32_t length, unsigned int flags);
/* The next frame received, of which the length is in byte_len. */
struct ibv_wc station_receive(struct station *station, const uint8_t **frame);
/* The one that is sent to that destination comes here and nothing before it: so nothing else has
 * come. */
void station_expect(struct station *station, const void *frame, uint32_t length);

/* What is varied in the frames here. */
struct frame_plan {
	const uint8_t *to, *from;
	uint16_t vlan;	  /* 0: none */
	uint8_t version;  /* 4 or 6; 0: some other type */
	uint16_t type;	  /* of the others */
	uint8_t protocol; /* 6 or 17 */
	uint8_t source_ip[16], destination_ip[16];
	uint16_t source_port, destination_port;
	uint32_t payload;
	bool checksums; /* the right ones; else zero */
};

/* Returns the length. The payload is a pattern by the plan's ports. */
uint32_t frame_make(uint8_t *frame, const struct frame_plan *plan);
/* Where network and transport begin. */
uint32_t frame_network(const struct frame_plan *plan);
uint32_t frame_transport(const struct frame_plan *plan);
/* One's complement checksum of RFC 1071 over a frame's IPv4 header, and over its TCP or UDP. */
uint16_t frame_network_checksum(const uint8_t *frame, const struct frame_plan *plan);
uint16_t frame_transport_checksum(const uint8_t *frame, uint32_t length,
				  const struct frame_plan *plan);

/* A rule of up to three specifications, for a queue pair. */
struct rule {
	struct ibv_flow_attr attr;
	uint8_t specs[4 * 64];
} __attribute__((packed, aligned(8)));

struct rule rule_make(enum ibv_flow_attr_type type, uint16_t priority);
void rule_add(struct rule *rule, const void *spec, uint16_t size);
/* By destination MAC. */
struct rule rule_to(const uint8_t mac[6], uint16_t priority);
struct ibv_flow *rule_bind(struct ibv_qp *qp, struct rule *rule);

#endif
