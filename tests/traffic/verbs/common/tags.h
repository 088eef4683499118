/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tag matching: end b of a pair receives by a shared queue with tags, end a sends to it. */
#ifndef TESTS_VERBS_TAGS_H
#define TESTS_VERBS_TAGS_H

#include <infiniband/tm_types.h>

#include "bed.h"

enum {
	TAGS = 10,
	TAGS_OPS = 8,
	TAGS_DEPTH = 16,
	/* Places in the buffer. */
	TAGS_SOURCE = 0,
	TAGS_DATA = 1 << 16,  /* of a rendezvous */
	TAGS_INBOX = 2 << 16, /* of ordinary receives, an eighth each */
	TAGS_BACK = 3 << 16,  /* what end a receives */
	TAGS_MEMORY = 4 << 16,
	TAGS_TAGGED = 5 << 16,
	TAGS_HEADER = sizeof(struct ibv_tmh),
	TAGS_HEADERS = TAGS_HEADER + sizeof(struct ibv_rvh),
	TAGS_PRIVATE = 0x12abcdef,
};

#define TAGS_ALL_BITS UINT64_MAX

struct tags_bench {
	struct bed bed;
	struct ibv_tm_caps caps;
	struct ibv_comp_channel *channel;
	struct ibv_cq_ex *cq;
	struct ibv_srq *srq;
	struct pair pair;
	struct buffer buffer;
	uint32_t unexpected; /* as the program counts them */
};

void tags_open(struct tags_bench *bench);
void tags_close(struct tags_bench *bench);
/* A queue as the bench's, or NULL and errno. */
struct ibv_srq *tags_srq_make(const struct tags_bench *bench, uint32_t max_num_tags,
			      uint32_t max_ops);

/* A tag for the first `length` bytes at TAGS_TAGGED, signaled and with the count; the receive has
 * the id 1000 beyond. Gives the errno, and the handle. */
struct ibv_ops_wr tags_addition(uint64_t wr_id, struct ibv_sge *sge, uint64_t tag, uint64_t mask);
int tags_post(struct tags_bench *bench, struct ibv_ops_wr *wr);
/* The same to its completion, which says that the list is in step; the handle. */
uint32_t tags_add(struct tags_bench *bench, uint64_t wr_id, uint64_t tag, uint64_t mask,
		  uint32_t length);
/* Of an opcode without a receive; gives the status it completed with. */
enum ibv_wc_status tags_change(struct tags_bench *bench, enum ibv_ops_wr_opcode opcode,
			       uint64_t wr_id, uint32_t handle);
/* Ordinary receives, of ids from `first` on. */
void tags_supply(struct tags_bench *bench, uint64_t first, unsigned int count);

/* From end a to end b: a header with TAGS_PRIVATE, and behind it `length` bytes with the pattern of
 * the seed; the sender sees it completed. */
void tags_send(struct tags_bench *bench, enum ibv_tmh_op operation, uint64_t tag, uint32_t length,
	       unsigned int seed);
/* Asks for a rendezvous of `length` bytes at TAGS_DATA, with as many bytes of the program's own. */
void tags_ask(struct tags_bench *bench, uint64_t tag, uint32_t length, uint32_t own);

/* A completion of the shared queue, read while it was the current one. */
struct tags_wc {
	uint64_t wr_id;
	enum ibv_wc_status status;
	enum ibv_wc_opcode opcode;
	unsigned int flags;
	uint32_t length, qp_num;
	struct ibv_wc_tm_info info;
};

#define tags_next(bench) tags_wait(__FILE__, __LINE__, bench)
struct tags_wc tags_wait(const char *file, int line, struct tags_bench *bench);
/* It has to be this one, and good. */
#define tags_expect(bench, wr_id, opcode, flags)                                                   \
	tags_wait_this(__FILE__, __LINE__, bench, wr_id, opcode, flags)
struct tags_wc tags_wait_this(const char *file, int line, struct tags_bench *bench, uint64_t wr_id,
			      enum ibv_wc_opcode opcode, unsigned int flags);
void tags_expect_empty(struct tags_bench *bench);

#endif
