/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What tables.c has wrapped, as the wrapped calls of kick.c look it up: without a lock, so entries
 * are published last and pointers stored whole.
 */
#ifndef SOFTHCA_SHIM_WRAPPED_H
#define SOFTHCA_SHIM_WRAPPED_H

#include "softhca/shim/originals.h"
#include "softhca/shim/verbs_tables.h"

struct hca;

enum { MAX_WRAPPED_CONTEXTS = 64 };

/* A context with its own functions, as the provider had set them. */
struct wrapped_context {
	struct verbs_context_view *_Atomic context;
	struct hca *hca;
	verbs_poll_cq_fn *poll_cq;
	verbs_req_notify_fn *req_notify_cq;
	verbs_post_fn *post_send;
	int cmd_fd;
	/* Calls go straight through: it is the parent's, or the program is exiting. */
	_Atomic bool dead;
};

extern struct wrapped_context wrapped_contexts[MAX_WRAPPED_CONTEXTS];
/* An extended CQ's start_poll or QP's wr_complete; these differ from object to object. */
extern struct originals wrapped_originals;

/* NULL if it is not wrapped, or has been closed while a call was on its way. */
static inline struct wrapped_context *wrapped_find(const struct verbs_context_view *context)
{
	for (unsigned int i = 0; i < MAX_WRAPPED_CONTEXTS; i++)
		if (atomic_load_explicit(&wrapped_contexts[i].context, memory_order_acquire) ==
		    context)
			return &wrapped_contexts[i];
	return NULL;
}

static inline bool wrapped_is_dead(const struct wrapped_context *wrapped)
{
	return !wrapped || atomic_load_explicit(&wrapped->dead, memory_order_relaxed);
}

/* Extended QPs modified lately, which are to be patched once more; see tables.c. */
extern _Atomic unsigned int wrapped_num_refits;
void wrapped_refit_all(void);

static inline void wrapped_refit_modified(void)
{
	if (__builtin_expect(atomic_load_explicit(&wrapped_num_refits, memory_order_relaxed) != 0,
			     0))
		wrapped_refit_all();
}

#endif
