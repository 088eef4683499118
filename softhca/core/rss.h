/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Receive side scaling: tables of work queues, and the queue pairs that spread frames over one by a
 * hash of their headers. Such a queue pair only receives, and has no states. Calls as in object.h.
 */
#ifndef SOFTHCA_CORE_RSS_H
#define SOFTHCA_CORE_RSS_H

#include "softhca/core/wq.h"

enum {
	RSS_KEY_BYTES = 40,
	RSS_MAX_TABLE = 256,
};

/* Which parts of a frame are hashed: enum mlx5_rx_hash_fields of uapi rdma/mlx5-abi.h, which is
 * also ibv_rx_hash_fields. */
enum rss_field {
	RSS_SOURCE_IP4 = 1 << 0,
	RSS_DESTINATION_IP4 = 1 << 1,
	RSS_SOURCE_IP6 = 1 << 2,
	RSS_DESTINATION_IP6 = 1 << 3,
	RSS_SOURCE_TCP = 1 << 4,
	RSS_DESTINATION_TCP = 1 << 5,
	RSS_SOURCE_UDP = 1 << 6,
	RSS_DESTINATION_UDP = 1 << 7,
};

#define RSS_IP4 (RSS_SOURCE_IP4 | RSS_DESTINATION_IP4)
#define RSS_IP6 (RSS_SOURCE_IP6 | RSS_DESTINATION_IP6)
#define RSS_TCP (RSS_SOURCE_TCP | RSS_DESTINATION_TCP)
#define RSS_UDP (RSS_SOURCE_UDP | RSS_DESTINATION_UDP)

struct wq_table {
	struct hca *hca;
	uint32_t number;
	uint32_t size; /* a power of two */
	uint32_t users;
	struct list link; /* on hca->wq_table_list */
	void *front;
	struct wq *wqs[];
};

struct rss {
	struct hca *hca;
	struct pd *pd;
	struct wq_table *table;
	uint32_t fields; /* enum rss_field; 0: a table of one, nothing is hashed */
	uint8_t key[RSS_KEY_BYTES];
	uint32_t qpn;
	uint32_t users; /* flows */
	struct fabric_qp *shared;
	struct list link; /* on hca->rss_list */
	void *front;
};

struct rss_params {
	struct pd *pd;
	struct wq_table *table;
	uint32_t fields;
	const uint8_t *key; /* RSS_KEY_BYTES of it */
	void *front;
};

/* EINVAL unless `size` is a power of two up to RSS_MAX_TABLE. */
int wq_table_create(struct hca *hca, struct wq *const *wqs, uint32_t size, void *front,
		    struct wq_table **table);
int wq_table_destroy(struct wq_table *table); /* EBUSY while a queue pair spreads over it */

/* EINVAL for fields that exclude each other, and for none with a table of more than one. */
int rss_create(struct hca *hca, const struct rss_params *params, struct rss **rss);
int rss_destroy(struct rss *rss); /* EBUSY while a flow leads to it */

#endif
