/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tables of work queues, and the queue pairs that spread over them. */
#include "softhca/core/rss.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/internal.h"
#include "softhca/fabric/fabric.h"

/* ---- tables ---- */

static int check_table(const struct hca *hca, struct wq *const *wqs, uint32_t size)
{
	if (hca->shared->port_type != FABRIC_PORT_ETH)
		return EOPNOTSUPP;
	if (!size || size & (size - 1) || size > RSS_MAX_TABLE)
		return EINVAL;
	for (uint32_t i = 0; i < size; i++)
		if (!wqs[i] || wqs[i]->hca != hca || wqs[i]->qp)
			return EINVAL;
	return hca->num_wq_table >= hca->limits.max_wq_table ? ENOMEM : 0;
}

int wq_table_create(struct hca *hca, struct wq *const *wqs, uint32_t size, void *front,
		    struct wq_table **created)
{
	struct wq_table *table;
	int rc = check_table(hca, wqs, size);

	if (rc)
		return rc;
	table = calloc(1, sizeof(*table) + size * sizeof(struct wq *));
	if (!table)
		return ENOMEM;
	table->hca = hca;
	table->number = ++hca->next_wq_table & HCA_NUMBER_MASK;
	table->size = size;
	table->front = front;
	for (uint32_t i = 0; i < size; i++) {
		table->wqs[i] = wqs[i];
		wqs[i]->users++;
	}
	hca->num_wq_table++;
	list_append(&hca->wq_table_list, &table->link);
	*created = table;
	return 0;
}

int wq_table_destroy(struct wq_table *table)
{
	if (table->users)
		return EBUSY;
	for (uint32_t i = 0; i < table->size; i++)
		table->wqs[i]->users--;
	table->hca->num_wq_table--;
	list_remove(&table->link);
	free(table);
	return 0;
}

/* ---- queue pairs that spread ---- */

static int check_rss(const struct hca *hca, const struct rss_params *params)
{
	uint32_t fields = params->fields;

	if (hca->shared->port_type != FABRIC_PORT_ETH)
		return EOPNOTSUPP;
	if (!params->pd || params->pd->hca != hca || !params->table || params->table->hca != hca)
		return EINVAL;
	if (fields & ~(uint32_t)(RSS_IP4 | RSS_IP6 | RSS_TCP | RSS_UDP))
		return EOPNOTSUPP;
	/* uapi rdma/mlx5-abi.h: one kind of network, one kind of transport. */
	if ((fields & RSS_IP4 && fields & RSS_IP6) || (fields & RSS_TCP && fields & RSS_UDP))
		return EINVAL;
	if (!fields && params->table->size > 1)
		return EINVAL;
	return hca->num_qp >= hca->limits.max_qp ? ENOMEM : 0;
}

static void publish(const struct rss *rss)
{
	struct fabric_qp *shared = rss->shared;

	shared->qpn = rss->qpn;
	shared->type = QP_TYPE_RAW_PACKET;
	shared->pdn = rss->pd->pdn;
	__atomic_store_n(&shared->state, (uint8_t)QP_RTS, __ATOMIC_SEQ_CST);
}

int rss_create(struct hca *hca, const struct rss_params *params, struct rss **created)
{
	struct rss *rss;
	int rc = check_rss(hca, params);

	if (rc)
		return rc;
	rss = calloc(1, sizeof(*rss));
	if (!rss)
		return ENOMEM;
	rc = fabric_qp_reserve(hca->engine->fabric, hca->shared, &rss->qpn, &rss->shared);
	if (rc) {
		free(rss);
		return rc;
	}
	rss->hca = hca;
	rss->pd = params->pd;
	rss->table = params->table;
	rss->fields = params->fields;
	rss->front = params->front;
	memcpy(rss->key, params->key, sizeof(rss->key));
	rss->pd->users++;
	rss->table->users++;
	hca->num_qp++;
	list_append(&hca->rss_list, &rss->link);
	publish(rss);
	*created = rss;
	return 0;
}

int rss_destroy(struct rss *rss)
{
	struct hca *hca = rss->hca;

	if (rss->users)
		return EBUSY;
	list_remove(&rss->link);
	fabric_qp_release(hca->engine->fabric, hca->shared, rss->shared);
	hca->num_qp--;
	rss->table->users--;
	rss->pd->users--;
	free(rss);
	return 0;
}
