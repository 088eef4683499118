/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What nearly every case needs: an open device, registered memory, queue pairs that are connected
 * within the process or with another one, and waiting for completions. Everything checks itself.
 */
#ifndef TESTS_VERBS_BED_H
#define TESTS_VERBS_BED_H

#include <stddef.h>

#include <infiniband/verbs.h>

#include "check.h"
#include "family.h"

struct bed {
	struct ibv_context *context;
	struct ibv_pd *pd;
	struct ibv_device_attr device;
	const struct family *family;
	bool kernel; /* the driver of a real kernel stands before it, OV_WORLD says */
	struct ibv_port_attr port;
	uint8_t port_num;
	bool ethernet;
	uint8_t gid_index;
	union ibv_gid gid;
};

/* The device OV_DEVICE, or else the only one or the first; its port OV_PORT, or else 1; the GID
 * OV_GID_INDEX, or else 0, on Ethernet the first one of RoCE v2. */
void bed_open(struct bed *bed);
void bed_close(struct bed *bed);
/* This MTU, or the port's where that is smaller. */
enum ibv_mtu bed_mtu(const struct bed *bed, enum ibv_mtu wanted);
/* Bytes that a packet carries at most. */
uint32_t bed_packet_bytes(const struct bed *bed);

/* Registered memory. */
struct buffer {
	uint8_t *bytes;
	size_t size;
	struct ibv_mr *mr;
};

enum {
	ACCESS_NONE = 0,
	ACCESS_ALL = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ |
		     IBV_ACCESS_REMOTE_ATOMIC,
};

void buffer_make(struct buffer *buffer, struct ibv_pd *pd, size_t size, int access);
void buffer_free(struct buffer *buffer);
struct ibv_sge buffer_sge(const struct buffer *buffer, size_t offset, uint32_t length);
uint64_t buffer_address(const struct buffer *buffer, size_t offset);

/* Bytes that tell their position and the seed. */
void pattern_fill(void *bytes, size_t length, unsigned int seed);
#define CHECK_PATTERN(bytes, length, seed) check_pattern(__FILE__, __LINE__, bytes, length, seed)
void check_pattern(const char *file, int line, const void *bytes, size_t length, unsigned int seed);

/* How a queue pair is made and connected; end_plan() gives what most cases want. */
struct end_plan {
	enum ibv_qp_type type;
	uint32_t send_wr, recv_wr, send_sge, recv_sge, inline_bytes;
	int signal_all;
	struct ibv_pd *pd;		  /* NULL: that of the bed */
	struct ibv_cq *send_cq, *recv_cq; /* NULL: one is made, of cq_entries */
	struct ibv_srq *srq;
	int cq_entries;
	enum ibv_mtu mtu;
	int access;
	uint8_t timeout, retries, rnr_retries, rnr_timer, rd_atomic;
	uint16_t pkey_index;
	uint32_t qkey;
	uint32_t psn;
};

struct end_plan end_plan(enum ibv_qp_type type);

/* One end of a connection. */
struct end {
	const struct bed *bed;
	struct end_plan plan;
	struct ibv_cq *send_cq, *recv_cq;
	struct ibv_qp *qp;
	struct ibv_qp_ex *ex;
};

/* What the other end has to know. */
struct end_address {
	union ibv_gid gid;
	uint32_t qpn, psn;
	uint16_t lid;
};

void end_create(struct end *end, const struct bed *bed, const struct end_plan *plan);
void end_destroy(struct end *end);
struct end_address end_address(const struct end *end);
/* The steps of end_connect(). */
void end_to_init(struct end *end);
void end_to_rtr(struct end *end, const struct end_address *peer);
void end_to_rts(struct end *end);
void end_connect(struct end *end, const struct end_address *peer);
void end_reset(struct end *end);
void end_set_error(struct end *end);
enum ibv_qp_state end_state(const struct end *end);

/* The way from this bed's port to that port. */
struct ibv_ah_attr path_to(const struct bed *bed, const struct end_address *peer);
struct ibv_ah *ah_make(const struct bed *bed, const struct end_address *peer);

/* Two queue pairs of one process that are each other's peers. */
struct pair {
	struct end a, b;
};

void pair_make(struct pair *pair, const struct bed *bed, const struct end_plan *plan);
void pair_destroy(struct pair *pair);

/* Receives of one piece, into `buffer`. */
void post_receive(struct end *end, uint64_t wr_id, const struct buffer *buffer, size_t offset,
		  uint32_t length);

/* A request of one piece; the remote part is zero. To be completed and posted with post(). */
struct ibv_send_wr request(enum ibv_wr_opcode opcode, uint64_t wr_id, struct ibv_sge *sge);
#define post(end, wr) CHECK_OK(post_one(end, wr))
int post_one(struct end *end, struct ibv_send_wr *wr);

/* The next completion, waited for with a deadline. */
#define next_wc(cq) wait_wc(__FILE__, __LINE__, cq)
struct ibv_wc wait_wc(const char *file, int line, struct ibv_cq *cq);
/* The same, which has to be this one. */
#define expect_wc(cq, wr_id, status) wait_this_wc(__FILE__, __LINE__, cq, wr_id, status)
struct ibv_wc wait_this_wc(const char *file, int line, struct ibv_cq *cq, uint64_t wr_id,
			   enum ibv_wc_status status);
/* Nothing is in the queue. */
#define expect_empty(cq)	    CHECK_EQ(ibv_poll_cq(cq, 1, &(struct ibv_wc){0}), 0)

/* The next asynchronous event, acknowledged; others fail the case. */
#define expect_async(context, type) wait_async(__FILE__, __LINE__, context, type)
struct ibv_async_event wait_async(const char *file, int line, struct ibv_context *context,
				  enum ibv_event_type type);
/* Whether the descriptor is readable within the time. */
bool readable(int fd, int milliseconds);

#endif
