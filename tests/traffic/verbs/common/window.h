/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A memory window at one end of a connection, and what the other end can do through it. */
#ifndef TESTS_VERBS_WINDOW_H
#define TESTS_VERBS_WINDOW_H

#include "bed.h"

enum {
	WINDOW_START = 256,
	WINDOW_LENGTH = 128,
	WINDOW_RIGHTS = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ,
	WINDOW_REGION = ACCESS_ALL | IBV_ACCESS_MW_BIND,
};

/* End b has the window, end a is the one who uses it. */
struct window_bench {
	struct bed bed;
	struct pair pair;
	struct buffer source, target;
	struct ibv_sge sge; /* the first 32 bytes of the source */
	struct ibv_mw *mw;
};

void window_open(struct window_bench *bench, enum ibv_mw_type type, int access);
void window_close(struct window_bench *bench);
/* Another pair after one that an error has ended. */
void window_start_over(struct window_bench *bench);

/* Part of the target region. */
struct ibv_mw_bind_info window_info(const struct window_bench *bench, size_t offset,
				    uint32_t length, unsigned int access);

/* Of type 1: the completion, which may be an error; or a good one. */
struct ibv_wc window_bind_1(struct window_bench *bench, struct ibv_mw_bind_info info);
void window_give_1(struct window_bench *bench, struct ibv_mw_bind_info info);
/* Of type 2, whose key is its owner's business. */
void window_give_2(struct window_bench *bench, struct ibv_mw_bind_info info);
struct ibv_send_wr window_request_2(struct window_bench *bench, struct ibv_mw_bind_info info);

/* 32 bytes at an offset of the target, to or from the source. */
void window_write(struct window_bench *bench, size_t offset, uint32_t rkey,
		  enum ibv_wc_status meant);
void window_read(struct window_bench *bench, size_t offset, uint32_t rkey,
		 enum ibv_wc_status meant);

#endif
