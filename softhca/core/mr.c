/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory regions, and what all keys have in common. The entry in the shared key table is filled
 * first and made valid last; at the end the key goes first, then everybody in the middle of a
 * shortcut is waited for, then the memory.
 */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/internal.h"
#include "softhca/fabric/fabric.h"
#include "softhca/memory/guard.h"

/* ---- keys ---- */

static void count_key(struct mr *key, int change)
{
	struct hca *hca = key->hca;

	if (key->kind == KEY_REGION)
		hca->num_mr += (uint32_t)change;
	else
		hca->num_mw += (uint32_t)change;
	if (key->pd)
		key->pd->users += (uint32_t)change;
}

int key_new(struct hca *hca, struct pd *pd, enum key_kind kind, uint8_t variant,
	    struct mr **created)
{
	struct mr *key = calloc(1, sizeof(*key));
	int rc;

	if (!key)
		return ENOMEM;
	rc = fabric_key_reserve(hca->engine->fabric, hca->shared, variant, &key->key, &key->shared);
	if (rc) {
		free(key);
		return rc;
	}
	key->hca = hca;
	key->pd = pd;
	key->kind = kind;
	list_init(&key->windows);
	list_init(&key->bound);
	hca->mrs[(key->key >> 8) % FABRIC_KEYS] = key;
	list_append(kind == KEY_REGION ? &hca->mr_list : &hca->mw_list, &key->link);
	count_key(key, 1);
	*created = key;
	return 0;
}

void key_end(struct mr *key)
{
	struct hca *hca = key->hca;

	fabric_key_release(hca->engine->fabric, hca->shared, key->shared);
	hca->mrs[(key->key >> 8) % FABRIC_KEYS] = NULL;
	list_remove(&key->link);
	count_key(key, -1);
	free(key->pages);
	free(key);
}

/* Of a window of type 2 the queue pair counts as well. */
void key_publish(struct mr *key)
{
	struct fabric_key *shared = key->shared;
	const struct qp *qp = key->scope == key->pd ? NULL : key->scope;

	shared->pdn = key->pd->pdn;
	shared->qpn = qp ? qp->qpn : 0;
	shared->access = key->access;
	shared->linear = key->linear != NULL;
	shared->iova = key->iova;
	shared->length = key->length;
	shared->address = (uintptr_t)key->linear;
	atomic_store_explicit(&shared->key, key->key, memory_order_release);
}

void key_withdraw(struct mr *key)
{
	fabric_key_withdraw(key->hca->engine->fabric, key->hca->shared, key->shared);
}

/* ---- regions ---- */

static bool is_range(uint64_t start, uint64_t length)
{
	return length && start + (length - 1) >= start;
}

static bool has_place(const struct mr_params *params)
{
	if (!params->linear + !params->pages + !params->place != 2)
		return false;
	if (params->linear)
		return is_range((uintptr_t)params->linear, params->length);
	if (params->pages)
		return params->log_page_size < 64 &&
		       !((uint64_t)params->page_offset >> params->log_page_size) &&
		       is_range(params->page_offset, params->length);
	return true;
}

static int check_params(const struct hca *hca, const struct mr_params *params)
{
	uint32_t remote = ACCESS_REMOTE_WRITE | ACCESS_REMOTE_ATOMIC;

	if (params->free)
		return 0;
	if (!is_range(params->iova, params->length) || !has_place(params))
		return EINVAL;
	if (!params->place && params->length > hca->limits.max_mr_size)
		return EINVAL;
	/* IBTA vol. 1, 10.6.3: who lets others write must be able to write himself. */
	return params->access & remote && !(params->access & ACCESS_LOCAL_WRITE) ? EINVAL : 0;
}

static void describe(struct mr *mr, const struct mr_params *params)
{
	mr->iova = params->iova;
	mr->length = params->length;
	mr->linear = params->linear;
	mr->pages = params->pages;
	mr->place = params->place;
	mr->place_arg = params->place_arg;
	mr->log_page_size = params->log_page_size;
	mr->page_offset = params->page_offset;
	mr->front = params->front;
}

static int create(struct hca *hca, struct pd *pd, const struct mr_params *params,
		  struct mr **created)
{
	struct mr *mr;
	int rc = check_params(hca, params);

	if (!rc && hca->num_mr >= hca->limits.max_mr)
		rc = ENOMEM;
	/* The program may have put its own fault handlers in place since the last time. */
	if (!rc)
		rc = guard_install();
	if (!rc)
		rc = key_new(hca, pd, KEY_REGION, params->key_byte, &mr);
	if (rc)
		return rc;
	describe(mr, params);
	*created = mr;
	return 0;
}

int mr_create(struct pd *pd, const struct mr_params *params, struct mr **created)
{
	int rc = create(pd->hca, pd, params, created);

	if (rc)
		return rc;
	(*created)->access = params->access | ACCESS_LOCAL_READ;
	(*created)->scope = pd;
	key_publish(*created);
	return 0;
}

int mr_create_free(struct hca *hca, struct pd *pd, const struct mr_params *params,
		   struct mr **created)
{
	return create(hca, pd, params, created);
}

static void move_to_pd(struct mr *mr, struct pd *pd)
{
	if (pd)
		pd->users++;
	if (mr->pd)
		mr->pd->users--;
	mr->pd = pd;
}

int mr_change(struct mr *mr, struct pd *pd, const struct mr_params *params)
{
	int rc = check_params(mr->hca, params);

	if (rc)
		return rc;
	mw_unbind_region(mr);
	key_withdraw(mr);
	if (mr->pages != params->pages)
		free(mr->pages);
	describe(mr, params);
	move_to_pd(mr, pd);
	mr->key = (mr->key & ~(uint32_t)UINT8_MAX) | params->key_byte;
	mr->access = params->free ? 0 : params->access | ACCESS_LOCAL_READ;
	mr->scope = params->free ? NULL : pd;
	if (!params->free)
		key_publish(mr);
	return 0;
}

int mr_destroy(struct mr *mr)
{
	if (!list_empty(&mr->windows))
		return EBUSY;
	key_end(mr);
	return 0;
}
