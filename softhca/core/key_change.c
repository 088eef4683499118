/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests that change a key: windows are bound and freed, and on adapters whose front end knows
 * how, regions change rights, PD and place. What a request may not do is told with the status of a
 * failed bind; nothing has changed then.
 */
#include "softhca/core/internal.h"
#include "softhca/memory/lookup.h"

/* ---- windows ---- */

/* The pieces that a window stands for: one. A list is padded with empty ones. */
static const struct sge *single_piece(const struct send_request *request)
{
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

enum completion_status key_change(struct qp *qp, const struct send_request *request)
{
	struct mr *key = lookup_index(qp->hca, request->change.key);

	if (!key || key->kind == KEY_NULL)
		return STATUS_MW_BIND;
	if (key->kind != KEY_REGION)
		return change_window(qp, key, request);
	return STATUS_MW_BIND;
}
