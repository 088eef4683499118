/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of the queues that an adapter counts for itself; of keys and queue pairs the fabric has
 * them. Apart from the adapter, so that a queue needs nothing of the fabric. */
#include "softhca/core/internal.h"

uint32_t hca_free_number(const struct hca *hca, uint32_t *next,
			 bool (*is_taken)(const struct hca *hca, uint32_t number))
{
	uint32_t number;

	do
		number = ++*next & HCA_NUMBER_MASK;
	while (!number || (*next > HCA_NUMBER_MASK && is_taken(hca, number)));
	return number;
}
