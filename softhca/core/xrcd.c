/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* XRC domains, as far as this process takes part in them. */
#include <errno.h>
#include <stdlib.h>

#include "softhca/core/internal.h"
#include "softhca/fabric/fabric.h"

static struct xrcd *find(const struct hca *hca, uint32_t xrcdn)
{
	list_for_each (node, &hca->xrcd_list) {
		struct xrcd *xrcd = list_entry(node, struct xrcd, link);

		if (xrcd->xrcdn == xrcdn)
			return xrcd;
	}
	return NULL;
}

static struct xrcd *add(struct hca *hca, uint32_t xrcdn)
{
	struct xrcd *xrcd = calloc(1, sizeof(*xrcd));

	if (!xrcd)
		return NULL;
	xrcd->hca = hca;
	xrcd->xrcdn = xrcdn;
	list_append(&hca->xrcd_list, &xrcd->link);
	return xrcd;
}

int xrcd_open(struct hca *hca, uint64_t device, uint64_t inode, unsigned int flags,
	      struct xrcd **opened)
{
	struct fabric *fabric = hca->engine->fabric;
	struct xrcd *xrcd;
	uint32_t xrcdn;
	int rc = fabric_xrcd_open(fabric, hca->shared, device, inode, flags, &xrcdn);

	if (rc)
		return rc;
	xrcd = find(hca, xrcdn);
	if (!xrcd)
		xrcd = add(hca, xrcdn);
	if (!xrcd) {
		fabric_xrcd_close(fabric, hca->shared, xrcdn);
		return ENOMEM;
	}
	xrcd->openers++;
	*opened = xrcd;
	return 0;
}

int xrcd_close(struct xrcd *xrcd)
{
	if (xrcd->openers == 1 && xrcd->users)
		return EBUSY;
	if (--xrcd->openers)
		return 0;
	fabric_xrcd_close(xrcd->hca->engine->fabric, xrcd->hca->shared, xrcd->xrcdn);
	list_remove(&xrcd->link);
	free(xrcd);
	return 0;
}
