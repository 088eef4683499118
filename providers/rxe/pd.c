/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Protection domains. The device's part is all in the kernel; there is no private data. */

#include <errno.h>
#include <stdlib.h>

#include "context.h"

struct ibv_pd *rxe_alloc_pd(struct ibv_context *context)
{
	struct ibv_pd *pd = calloc(1, sizeof(*pd));
	int err;

	if (!pd)
		return NULL;
	err = ibv_cmd_alloc_pd(context, pd, NULL);
	if (err) {
		free(pd);
		errno = err;
		return NULL;
	}
	return pd;
}

int rxe_dealloc_pd(struct ibv_pd *pd)
{
	int err = ibv_cmd_dealloc_pd(pd);

	if (!err)
		free(pd);
	return err;
}
