/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opening an adapter, and closing it with whatever its user has left behind. */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/flow.h"
#include "softhca/core/internal.h"
#include "softhca/fabric/fabric.h"
#include "softhca/transport/management.h"

/* The tables are sparse: of their memory only what is used exists. */
static int allocate_tables(struct hca *hca)
{
	hca->qps = calloc(FABRIC_QPS, sizeof(struct qp *));
	hca->mrs = calloc(FABRIC_KEYS, sizeof(struct mr *));
	hca->srqs = calloc(FABRIC_SRQS, sizeof(struct srq *));
	hca->flows = calloc(FABRIC_FLOWS, sizeof(struct flow *));
	return hca->qps && hca->mrs && hca->srqs && hca->flows ? 0 : ENOMEM;
}

static void free_hca(struct hca *hca)
{
	free(hca->srqs);
	null_mr_destroy(hca);
	free(hca->flows);
	free(hca->mrs);
	free(hca->qps);
	free(hca);
}

static void init_lists(struct hca *hca)
{
	list_init(&hca->qp_list);
	list_init(&hca->cq_list);
	list_init(&hca->channel_cqs);
	list_init(&hca->srq_list);
	list_init(&hca->mr_list);
	list_init(&hca->mw_list);
	list_init(&hca->pd_list);
	list_init(&hca->xrcd_list);
	list_init(&hca->wq_list);
	list_init(&hca->wq_table_list);
	list_init(&hca->rss_list);
	list_init(&hca->counters_list);
}

static void enlist(struct engine *engine, struct hca *hca)
{
	engine->hcas[engine->num_hcas++] = hca;
	engine->hca_by_index[hca->index] = hca;
}

static void delist(struct engine *engine, struct hca *hca)
{
	unsigned int i = 0;

	engine->hca_by_index[hca->index] = NULL;
	while (engine->hcas[i] != hca)
		i++;
	engine->hcas[i] = engine->hcas[--engine->num_hcas];
}

int hca_open(struct engine *engine, const struct family_ops *family, const struct front_ops *front,
	     const struct hca_limits *limits, struct hca **opened)
{
	struct hca *hca;
	int rc;

	if (engine->num_hcas == sizeof(engine->hcas) / sizeof(engine->hcas[0]))
		return EMFILE;
	hca = calloc(1, sizeof(*hca));
	if (!hca)
		return ENOMEM;
	rc = allocate_tables(hca);
	if (!rc)
		rc = null_mr_create(hca);
	if (rc)
		goto free_hca;
	rc = fabric_hca_open(engine->fabric, family->name, &hca->shared, &hca->index);
	if (rc)
		goto free_hca;
	if (hca->index >= FABRIC_MAX_HCAS || engine->hca_by_index[hca->index]) {
		rc = EBUSY;
		goto free_hca;
	}
	hca->engine = engine;
	hca->family = family;
	hca->front = front;
	hca->limits = *limits;
	init_lists(hca);
	enlist(engine, hca);
	*opened = hca;
	return 0;

free_hca:
	free_hca(hca);
	return rc;
}

static void end_qps(struct hca *hca)
{
	list_for_each_safe (node, &hca->qp_list) {
		struct qp *qp = list_entry(node, struct qp, link);

		qp_leave_groups(qp);
		qp_destroy(qp);
	}
}

static void end_flows(struct hca *hca)
{
	for (unsigned int i = 0; i < FABRIC_FLOWS; i++)
		if (hca->flows[i])
			flow_destroy(hca->flows[i]);
	list_for_each_safe (node, &hca->counters_list)
		counters_destroy(list_entry(node, struct counters, link));
}

static void end_wqs(struct hca *hca)
{
	list_for_each_safe (node, &hca->rss_list)
		rss_destroy(list_entry(node, struct rss, link));
	list_for_each_safe (node, &hca->wq_table_list)
		wq_table_destroy(list_entry(node, struct wq_table, link));
	list_for_each_safe (node, &hca->wq_list)
		wq_destroy(list_entry(node, struct wq, link));
}

static void end_srqs(struct hca *hca)
{
	list_for_each_safe (node, &hca->srq_list)
		srq_destroy(list_entry(node, struct srq, link));
}

static void end_cqs(struct hca *hca)
{
	list_for_each_safe (node, &hca->cq_list)
		cq_destroy(list_entry(node, struct cq, link));
}

static void end_mws(struct hca *hca)
{
	list_for_each_safe (node, &hca->mw_list)
		mw_destroy(list_entry(node, struct mr, link));
}

static void end_mrs(struct hca *hca)
{
	list_for_each_safe (node, &hca->mr_list)
		mr_destroy(list_entry(node, struct mr, link));
}

/* The core's own users are gone by now; what still counts are the front end's, address handles and
 * the like, and those end with the adapter. */
static void end_pds(struct hca *hca)
{
	list_for_each_safe (node, &hca->pd_list) {
		struct pd *pd = list_entry(node, struct pd, link);

		pd->users = 0;
		pd_destroy(pd);
	}
}

static void end_xrcds(struct hca *hca)
{
	list_for_each_safe (node, &hca->xrcd_list) {
		struct xrcd *xrcd = list_entry(node, struct xrcd, link);

		xrcd->openers = 1;
		xrcd_close(xrcd);
	}
}

void hca_close(struct hca *hca)
{
	if (hca->agent)
		hca->agent->ops->close(hca->agent);
	end_flows(hca);
	end_qps(hca);
	end_wqs(hca);
	end_srqs(hca);
	end_cqs(hca);
	end_mws(hca);
	end_mrs(hca);
	end_pds(hca);
	end_xrcds(hca);
	delist(hca->engine, hca);
	free_hca(hca);
}
