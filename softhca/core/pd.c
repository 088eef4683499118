/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Protection domains: a number that keys and queues must agree on. */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/internal.h"
#include "softhca/fabric/fabric.h"

static int create(struct hca *hca, uint32_t pdn, struct pd **created)
{
	struct pd *pd;

	if (hca->num_pd >= hca->limits.max_pd)
		return ENOMEM;
	pd = calloc(1, sizeof(*pd));
	if (!pd)
		return ENOMEM;
	pd->hca = hca;
	pd->pdn = pdn ? pdn : fabric_pd_number(hca->shared);
	list_append(&hca->pd_list, &pd->link);
	hca->num_pd++;
	*created = pd;
	return 0;
}

int pd_create(struct hca *hca, struct pd **created)
{
	return create(hca, 0, created);
}

int pd_adopt(struct hca *hca, uint32_t pdn, struct pd **created)
{
	return pdn ? create(hca, pdn, created) : EINVAL;
}

int pd_destroy(struct pd *pd)
{
	if (pd->users)
		return EBUSY;
	list_remove(&pd->link);
	pd->hca->num_pd--;
	free(pd);
	return 0;
}
