/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* XRC domains of an adapter: which there are, by which file, and which processes hold them. */
#include <errno.h>
#include <string.h>

#include "softhca/fabric/state.h"
#include "softhca/fabric/fabric.h"

static bool is_held(const struct fabric_xrcd *xrcd)
{
	for (unsigned int i = 0; i < FABRIC_MAX_PROCESSES / 64; i++)
		if (xrcd->holders[i])
			return true;
	return false;
}

static struct fabric_xrcd *find_of_file(struct fabric_hca *hca, uint64_t device, uint64_t inode)
{
	for (unsigned int i = 0; i < FABRIC_XRCDS; i++) {
		struct fabric_xrcd *xrcd = &hca->xrcds[i];

		if (is_held(xrcd) && xrcd->device == device && xrcd->inode == inode)
			return xrcd;
	}
	return NULL;
}

static struct fabric_xrcd *find_free(struct fabric_hca *hca)
{
	for (unsigned int i = 0; i < FABRIC_XRCDS; i++)
		if (!is_held(&hca->xrcds[i]))
			return &hca->xrcds[i];
	return NULL;
}

static int find_or_make(struct fabric_hca *hca, uint64_t device, uint64_t inode, unsigned int flags,
			struct fabric_xrcd **found)
{
	bool of_file = device || inode;
	struct fabric_xrcd *xrcd = of_file ? find_of_file(hca, device, inode) : NULL;

	if (xrcd && flags & FABRIC_XRCD_EXCLUSIVE)
		return EINVAL;
	if (!xrcd && of_file && !(flags & FABRIC_XRCD_CREATE))
		return EAGAIN;
	if (!xrcd) {
		xrcd = find_free(hca);
		if (!xrcd)
			return ENOMEM;
		xrcd->device = device;
		xrcd->inode = inode;
	}
	*found = xrcd;
	return 0;
}

int fabric_xrcd_open(struct fabric *fabric, struct fabric_hca *hca, uint64_t device, uint64_t inode,
		     unsigned int flags, uint32_t *xrcdn)
{
	struct fabric_xrcd *xrcd;
	int error, lock;

	error = segment_lock(fabric, &lock);
	if (error)
		return error;
	/* A domain ends with its last holder, who may have died unnoticed. */
	process_reap(fabric);
	error = find_or_make(hca, device, inode, flags, &xrcd);
	if (!error) {
		__atomic_fetch_or(&xrcd->holders[fabric->slot / 64], 1ull << fabric->slot % 64,
				  __ATOMIC_SEQ_CST);
		*xrcdn = (uint32_t)(xrcd - hca->xrcds) + 1;
	}
	segment_unlock(lock);
	return error;
}

/* What this process has set nobody else clears: no lock is needed, which could fail. */
void fabric_xrcd_close(struct fabric *fabric, struct fabric_hca *hca, uint32_t xrcdn)
{
	uint64_t *holders = &hca->xrcds[xrcdn - 1].holders[fabric->slot / 64];

	__atomic_fetch_and(holders, ~(1ull << fabric->slot % 64), __ATOMIC_SEQ_CST);
}

void xrcd_forget_process(struct fabric_hca *hca, unsigned int slot)
{
	for (unsigned int i = 0; i < FABRIC_XRCDS; i++)
		__atomic_fetch_and(&hca->xrcds[i].holders[slot / 64], ~(1ull << slot % 64),
				   __ATOMIC_SEQ_CST);
}
