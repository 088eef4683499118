/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory windows: keys that open part of a region to others. A bound window is an alias of the
 * region's memory; the region stays as long as windows are bound to it, or takes them back when it
 * changes. Source: IBTA vol. 1, 10.6.7 (windows), 10.6.7.2.3 (invalidation), 11.2.10.
 */
#include <errno.h>

#include "softhca/core/internal.h"
#include "softhca/memory/lookup.h"

/* ---- create and destroy ---- */

int mw_create(struct pd *pd, enum key_kind type, uint8_t key_byte, struct mr **mw)
{
	struct hca *hca = pd->hca;

	if (hca->num_mw >= hca->limits.max_mw)
		return ENOMEM;
	return key_new(hca, pd, type, key_byte, mw);
}

void mw_destroy(struct mr *mw)
{
	mw_unbind(mw);
	key_end(mw);
}

/* ---- unbind ---- */

void mw_unbind(struct mr *mw)
{
	if (!mw->target)
		return;
	key_withdraw(mw);
	list_remove(&mw->bound);
	mw->target = NULL;
	mw->scope = NULL;
	mw->access = 0;
	mw->length = 0;
	mw->linear = NULL;
	mw->place = NULL;
}

void mw_unbind_region(struct mr *mr)
{
	list_for_each_safe (node, &mr->windows)
		mw_unbind(list_entry(node, struct mr, bound));
}

void mw_unbind_qp(const struct qp *qp)
{
	list_for_each (node, &qp->hca->mw_list) {
		struct mr *mw = list_entry(node, struct mr, link);

		if (mw->scope == qp)
			mw_unbind(mw);
	}
}

/* ---- bind ---- */

/* A window's key is of no use in a list of local memory. */
enum { REMOTE_RIGHTS = ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC };

static uint8_t *place_in_target(void *window, uint64_t address, bool writing, uint64_t *together)
{
	const struct mr *mw = window;

	return lookup_place(mw->target, mw->target_address + (address - mw->iova), writing,
			    together);
}

static void show_memory(struct mr *mw)
{
	const struct mr *target = mw->target;

	if (target->linear) {
		mw->linear = target->linear + (mw->target_address - target->iova);
		return;
	}
	mw->place = place_in_target;
	mw->place_arg = mw;
}

/*
 * Who lets others write must be able to write himself, and the region must be one for windows. Its
 * own remote rights do not matter: IBTA vol. 1, 10.6.7.2.2.
 */
static bool allows(const struct mr *region, const struct mw_binding *binding)
{
	const uint32_t changing = ACCESS_REMOTE_WRITE | ACCESS_REMOTE_ATOMIC;

	if (region->kind != KEY_REGION || !(region->access & ACCESS_MW_BIND))
		return false;
	if (binding->access & changing && !(region->access & ACCESS_LOCAL_WRITE))
		return false;
	return binding->length && lookup_inside(region->iova, region->length,
						binding->region_address, binding->length);
}

enum completion_status mw_bind(struct qp *qp, struct mr *mw, const struct mw_binding *binding)
{
	struct mr *region = lookup_index(qp->hca, binding->region_key);

	if (mw->pd != qp->pd || !region || region->key != binding->region_key ||
	    region->scope != qp->pd || !allows(region, binding))
		return STATUS_MW_BIND;
	/* One of type 2 is in its user's hands until it has been invalidated. */
	if (mw->kind == KEY_WINDOW_2 && mw->target)
		return STATUS_MW_BIND;
	mw_unbind(mw);
	mw->key = (mw->key & ~(uint32_t)UINT8_MAX) | binding->variant;
	mw->iova = binding->start;
	mw->length = binding->length;
	mw->access = binding->access & REMOTE_RIGHTS;
	mw->scope = mw->kind == KEY_WINDOW_2 ? (const void *)qp : (const void *)mw->pd;
	mw->target = region;
	mw->target_address = binding->region_address;
	list_append(&region->windows, &mw->bound);
	show_memory(mw);
	key_publish(mw);
	return STATUS_SUCCESS;
}

bool mw_invalidate(struct qp *qp, uint32_t key)
{
	struct mr *mw = lookup_index(qp->hca, key);

	if (!mw || mw->key != key || mw->kind != KEY_WINDOW_2 || mw->scope != qp)
		return false;
	mw_unbind(mw);
	return true;
}
