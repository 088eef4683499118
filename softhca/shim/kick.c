/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The wrapped calls: the hot path of every program that polls and posts. */
#include "softhca/shim/kick.h"

#include <errno.h>

#include "softhca/core/engine.h"
#include "softhca/shim/drive.h"
#include "softhca/shim/driver_abi.h"
#include "softhca/shim/wrapped.h"

/*
 * The CQ that this thread last found empty, and how many completions there had been before it
 * looked. As long as there are no more, looking again is in vain: a thread that waits then runs
 * round a very short loop. Now and then the provider is asked all the same, for what it may do
 * besides.
 */
static __thread struct {
	const struct verbs_cq *cq;
	uint32_t completions;
	unsigned int polls;
} empty;

enum { POLLS_PER_ASKING = 64 };

static bool found_empty_before(const struct verbs_cq *cq, uint32_t completions)
{
	return empty.cq == cq && empty.completions == completions &&
	       ++empty.polls % POLLS_PER_ASKING != 0;
}

/* Poll first: a program that finds completions is not kept waiting for others to arrive. */
int kick_poll_cq(struct verbs_cq *cq, int entries, struct verbs_wc *wc)
{
	const struct wrapped_context *wrapped = wrapped_find(cq->context);
	uint32_t completions;

	if (wrapped_is_dead(wrapped))
		return wrapped ? wrapped->poll_cq(cq, entries, wc) : -EINVAL;
	completions = drive_completions();
	if (!found_empty_before(cq, completions)) {
		int found = wrapped->poll_cq(cq, entries, wc);

		if (found != 0)
			return found;
		empty.cq = entries > 0 ? cq : NULL;
		empty.completions = completions;
	}
	wrapped_refit_modified();
	return drive_poll() ? wrapped->poll_cq(cq, entries, wc) : 0;
}

int kick_start_poll(struct verbs_cq *cq, void *attr)
{
	verbs_start_poll_fn *original =
		(verbs_start_poll_fn *)originals_find(&wrapped_originals, cq);
	int rc = original ? original(cq, attr) : EINVAL;

	wrapped_refit_modified();
	if (rc != ENOENT || wrapped_is_dead(wrapped_find(cq->context)) || !drive_poll())
		return rc;
	return original(cq, attr);
}

static void kick(const struct wrapped_context *wrapped, uint32_t qpn)
{
	struct qp *qp = wrapped_is_dead(wrapped) ? NULL : hca_find_qp(wrapped->hca, qpn);

	if (qp)
		drive_kick(qp);
}

/* Kicks after a failure as well: what stood before the bad request has been posted. */
int kick_post_send(void *queue, void *wr, void **bad_wr)
{
	const struct verbs_qp *qp = queue;
	const struct wrapped_context *wrapped = wrapped_find(qp->context);
	int rc;

	if (!wrapped) {
		*bad_wr = wr;
		return EINVAL;
	}
	rc = wrapped->post_send(queue, wr, bad_wr);
	kick(wrapped, qp->qp_num);
	return rc;
}

int kick_wr_complete(struct verbs_qp *qp)
{
	verbs_wr_complete_fn *original =
		(verbs_wr_complete_fn *)originals_find(&wrapped_originals, qp);
	int rc = original ? original(qp) : EINVAL;

	kick(wrapped_find(qp->context), qp->qp_num);
	return rc;
}

int kick_req_notify_cq(struct verbs_cq *cq, int solicited_only)
{
	const struct wrapped_context *wrapped = wrapped_find(cq->context);
	int rc = wrapped ? wrapped->req_notify_cq(cq, solicited_only) : EINVAL;

	wrapped_refit_modified();
	if (rc == 0 && !wrapped_is_dead(wrapped))
		drive_armed();
	return rc;
}

/* The reading itself is a load from memory, by the provider. */
int kick_query_clock(struct verbs_context_view *context, void *values)
{
	verbs_query_clock_fn *original =
		(verbs_query_clock_fn *)originals_find(&wrapped_originals, context);
	struct descriptor *device = original ? descriptor_get(context->cmd_fd) : NULL;

	if (device && device->kind == DESCRIPTOR_DEVICE) {
		struct shim_file *file = to_shim_file(device);

		file->abi->tick(&file->clock);
	}
	if (device)
		descriptor_put(device);
	return original ? original(context, values) : EINVAL;
}
