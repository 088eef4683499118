/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 64-bit byte order helpers of the verbs API, beside htonl() and htons() of the C library.
 */
#ifndef INFINIBAND_ARCH_H
#define INFINIBAND_ARCH_H

#include <stdint.h>

/* Some systems have these as macros of their own. */
#undef htonll
#undef ntohll

/* Host order to network order. By compiler builtins: <endian.h> is empty for strict ISO programs.
 */
static inline uint64_t htonll(uint64_t x)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap64(x);
#else
	return x;
#endif
}

/* Network order to host order. */
static inline uint64_t ntohll(uint64_t x)
{
	return htonll(x);
}

/* Lets programs test with #ifdef whether the pair exists. */
#define htonll htonll
#define ntohll ntohll

#endif
