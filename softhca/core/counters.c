/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of flow rules. */
#include "softhca/core/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/internal.h"

int counters_create(struct hca *hca, void *front, struct counters **created)
{
	struct counters *counters;

	if (hca->shared->port_type != FABRIC_PORT_ETH)
		return EOPNOTSUPP;
	counters = calloc(1, sizeof(*counters));
	if (!counters)
		return ENOMEM;
	counters->hca = hca;
	counters->front = front;
	list_append(&hca->counters_list, &counters->link);
	*created = counters;
	return 0;
}

int counters_destroy(struct counters *counters)
{
	if (counters->users)
		return EBUSY;
	list_remove(&counters->link);
	free(counters);
	return 0;
}

int counters_read(const struct counters *counters, uint64_t *values, uint32_t count)
{
	if (!counters->users || counters->count > count)
		return EINVAL;
	memcpy(values, counters->values, counters->count * sizeof(*values));
	return 0;
}
