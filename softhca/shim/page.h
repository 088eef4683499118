/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The host's pages, of which memory is pinned, mapped and shared. */
#ifndef SOFTHCA_SHIM_PAGE_H
#define SOFTHCA_SHIM_PAGE_H

enum {
	LOG_PAGE_BYTES = 12,
	PAGE_BYTES = 1 << LOG_PAGE_BYTES,
};

#endif
