/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests that change a key: windows are bound and freed, and on adapters whose front end knows
 * how, regions change rights, PD and place. What a request may not do is told with the status of a
 * failed bind; nothing has changed then.
 */
#include "softhca/core/internal.h"
#include "softhca/memory/lookup.h"

/* ---- windows ---- */

/* The pieces that a window stands for: one. A list is padded with empty ones, and must be in the
 * request. */
static const struct sge *single_piece(const struct send_request *request)
{
	if (request->change.list_elsewhere)
		return NULL;
	for (unsigned int i = 1; i < request->num_sge; i++)
		if (request->sge[i].length)
			return NULL;
	return request->num_sge ? &request->sge[0] : NULL;
}

static enum completion_status bind_window(struct qp *qp, struct mr *mw,
					  const struct send_request *request)
{
	const uint32_t needed = KEY_LENGTH | KEY_START | KEY_FREE | KEY_TRANSLATION;
	const struct key_change *change = &request->change;
	const struct sge *piece = single_piece(request);
	struct mw_binding binding;

	if ((change->properties & needed) != needed || !piece || change->first_entry ||
	    piece->length < change->length)
		return STATUS_MW_BIND;
	/* The queue pair's number in the key is what makes it one of type 2. */
	if (change->properties & KEY_QP &&
	    change->qpn != (mw->kind == KEY_WINDOW_2 ? qp->qpn : KEY_ANY_QP))
		return STATUS_MW_BIND;
	if (change->properties & KEY_PD && change->pdn != qp->pd->pdn)
		return STATUS_MW_BIND;
	binding = (struct mw_binding){
		.variant = change->properties & KEY_VARIANT ? change->variant : (uint8_t)mw->key,
		.access = change->access & change->access_mask,
		.start = change->start,
		.length = change->length,
		.region_key = piece->lkey,
		.region_address = piece->address,
	};
	return mw_bind(qp, mw, &binding);
}

/* Windows of type 2 by who uses them; of type 1 by anybody in the PD, be they bound or not. */
static bool free_window(struct qp *qp, struct mr *mw, const struct key_change *change)
{
	if (mw->kind == KEY_WINDOW_2)
		return change->only_if_this_qp && mw_invalidate(qp, change->key);
	if (change->only_if_this_qp || mw->pd != qp->pd)
		return false;
	mw_unbind(mw);
	return true;
}

static enum completion_status change_window(struct qp *qp, struct mr *mw,
					    const struct send_request *request)
{
	const struct key_change *change = &request->change;

	if (change->only_if_free && mw->target)
		return STATUS_MW_BIND;
	if (!(change->properties & KEY_FREE) || !change->free)
		return bind_window(qp, mw, request);
	if (!free_window(qp, mw, change))
		return STATUS_MW_BIND;
	if (change->properties & KEY_VARIANT)
		mw->key = (mw->key & ~(uint32_t)UINT8_MAX) | change->variant;
	return STATUS_SUCCESS;
}

/* ---- regions ---- */

static struct pd *find_pd(const struct hca *hca, uint32_t pdn)
{
	list_for_each (node, &hca->pd_list) {
		struct pd *pd = list_entry(node, struct pd, link);

		if (pd->pdn == pdn)
			return pd;
	}
	return NULL;
}

/* The region as it will be, but for its place. */
static struct mr_params properties_of(const struct mr *mr, const struct key_change *change)
{
	struct mr_params next = {
		.iova = mr->iova,
		.length = mr->length,
		.access = (mr->access & ~change->access_mask) |
			  (change->access & change->access_mask),
		.linear = mr->linear,
		.pages = mr->pages,
		.place = mr->place,
		.place_arg = mr->place_arg,
		.log_page_size = mr->log_page_size,
		.page_offset = mr->page_offset,
		.key_byte = (uint8_t)mr->key,
		.free = !mr->scope,
		.front = mr->front,
	};

	if (change->properties & KEY_START)
		next.iova = change->start;
	if (change->properties & KEY_LENGTH)
		next.length = change->length;
	if (change->properties & KEY_PAGE_SIZE)
		next.log_page_size = change->log_page_size;
	if (change->properties & KEY_VARIANT)
		next.key_byte = change->variant;
	if (change->properties & KEY_FREE)
		next.free = change->free;
	return next;
}

static enum completion_status change_region(struct qp *qp, struct mr *mr,
					    const struct send_request *request)
{
	const struct key_change *change = &request->change;
	const struct front_ops *front = qp->hca->front;
	struct mr_params next = properties_of(mr, change);
	struct pd *pd = mr->pd;

	if (!qp->changes_regions || !front->change_region)
		return STATUS_MW_BIND;
	if ((change->only_if_free && mr->scope) || (change->only_if_used && !mr->scope))
		return STATUS_MW_BIND;
	if (change->properties & KEY_PD)
		pd = find_pd(qp->hca, change->pdn);
	if (!pd && !next.free)
		return STATUS_MW_BIND;
	return front->change_region(mr, pd, qp, request, &next) ? STATUS_MW_BIND : STATUS_SUCCESS;
}

enum completion_status key_change(struct qp *qp, const struct send_request *request)
{
	struct mr *key = lookup_index(qp->hca, request->change.key);

	if (!key || key->kind == KEY_NULL)
		return STATUS_MW_BIND;
	if (key->kind == KEY_REGION)
		return change_region(qp, key, request);
	return change_window(qp, key, request);
}
