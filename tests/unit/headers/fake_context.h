/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A context as a provider would fill it, for tests of the inline calls: extended, of this release's
 * size, without a single call set.
 */
#ifndef TESTS_UNIT_HEADERS_FAKE_CONTEXT_H
#define TESTS_UNIT_HEADERS_FAKE_CONTEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <infiniband/verbs.h>

static inline struct ibv_context *fake_context_reset(struct verbs_context *vctx)
{
	memset(vctx, 0, sizeof(*vctx));
	vctx->sz = sizeof(*vctx);
	vctx->context.abi_compat = __VERBS_ABI_IS_EXTENDED;
	return &vctx->context;
}

/* A context of the first ABI. What lies around it is not for anybody to look at. */
static inline struct ibv_context *fake_plain_context_reset(struct verbs_context *vctx)
{
	struct ibv_context *context = fake_context_reset(vctx);

	context->abi_compat = NULL;
	return context;
}

#endif
