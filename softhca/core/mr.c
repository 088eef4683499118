/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory regions. The entry in the shared key table is filled first and made valid last; at the end
 * the key goes first, then everybody in the middle of a shortcut is waited for, then the memory.
 */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/internal.h"
#include "softhca/fabric/fabric.h"
#include "softhca/memory/guard.h"

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

	if (!is_range(params->iova, params->length) || !has_place(params))
		return EINVAL;
	if (!params->place && params->length > hca->limits.max_mr_size)
		return EINVAL;
	/* IBTA vol. 1, 10.6.3: who lets others write must be able to write himself. */
	if (params->access & remote && !(params->access & ACCESS_LOCAL_WRITE))
		return EINVAL;
	return hca->num_mr >= hca->limits.max_mr ? ENOMEM : 0;
}

static void publish(struct mr *mr)
{
	struct fabric_key *shared = mr->shared;

	shared->pdn = mr->pd->pdn;
	shared->access = mr->access;
	shared->linear = mr->linear != NULL;
	shared->iova = mr->iova;
	shared->length = mr->length;
	shared->address = (uintptr_t)mr->linear;
	atomic_store_explicit(&shared->key, mr->key, memory_order_release);
}

int mr_create(struct pd *pd, const struct mr_params *params, struct mr **created)
{
	struct hca *hca = pd->hca;
	struct mr *mr;
	int rc = check_params(hca, params);

	/* The program may have put its own fault handlers in place since the last time. */
	if (!rc)
		rc = guard_install();
	if (rc)
		return rc;
	mr = calloc(1, sizeof(*mr));
	if (!mr)
		return ENOMEM;
	rc = fabric_key_reserve(hca->engine->fabric, hca->shared, params->key_byte, &mr->key,
				&mr->shared);
	if (rc) {
		free(mr);
		return rc;
	}
	mr->hca = hca;
	mr->pd = pd;
	mr->iova = params->iova;
	mr->length = params->length;
	mr->access = params->access;
	mr->linear = params->linear;
	mr->pages = params->pages;
	mr->place = params->place;
	mr->place_arg = params->place_arg;
	mr->log_page_size = params->log_page_size;
	mr->page_offset = params->page_offset;
	hca->mrs[(mr->key >> 8) % FABRIC_KEYS] = mr;
	list_append(&hca->mr_list, &mr->link);
	hca->num_mr++;
	pd->users++;
	publish(mr);
	*created = mr;
	return 0;
}

int mr_destroy(struct mr *mr)
{
	struct hca *hca = mr->hca;

	fabric_key_release(hca->engine->fabric, hca->shared, mr->shared);
	hca->mrs[(mr->key >> 8) % FABRIC_KEYS] = NULL;
	list_remove(&mr->link);
	hca->num_mr--;
	mr->pd->users--;
	free(mr->pages);
	free(mr);
	return 0;
}
