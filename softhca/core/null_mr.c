/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The null region: reads of it give zeroes, what is written to it is gone. It has a key on every
 * adapter and every PD may use it, locally.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/internal.h"

enum { NULL_BYTES = 4096 };

/* What was written last is wiped when the place is asked for again. */
static uint8_t *null_place(void *zeroes, uint64_t address, bool writing, uint64_t *together)
{
	uint64_t offset = address % NULL_BYTES;

	(void)writing;
	memset(zeroes, 0, NULL_BYTES);
	*together = NULL_BYTES - offset;
	return (uint8_t *)zeroes + offset;
}

int null_mr_create(struct hca *hca)
{
	struct mr *mr = calloc(1, sizeof(*mr));
	void *zeroes = aligned_alloc(NULL_BYTES, NULL_BYTES);

	if (!mr || !zeroes) {
		free(zeroes);
		free(mr);
		return ENOMEM;
	}
	mr->hca = hca;
	mr->kind = KEY_NULL;
	mr->length = MR_WHOLE_SPACE;
	mr->key = HCA_NULL_KEY;
	mr->access = ACCESS_LOCAL_READ | ACCESS_LOCAL_WRITE;
	mr->scope = mr;
	mr->place = null_place;
	mr->place_arg = zeroes;
	list_init(&mr->windows);
	list_init(&mr->bound);
	hca->null_mr = mr;
	hca->mrs[HCA_NULL_KEY >> 8] = mr;
	return 0;
}

void null_mr_destroy(struct hca *hca)
{
	if (!hca->null_mr)
		return;
	free(hca->null_mr->place_arg);
	free(hca->null_mr);
}
