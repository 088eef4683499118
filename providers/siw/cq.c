/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion queues: creation, arming, destruction. */

#include <errno.h>
#include <stdlib.h>

#include "context.h"
#include "cq.h"

static int create_command(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr,
			  struct siw_cq *cq)
{
	struct siw_uresp_create_cq response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err;

	err = ibv_cmd_create_cq(context, (int)attr->cqe, attr->cq_context, attr->channel,
				(int)attr->comp_vector, &cq->verbs, &udata);
	if (err)
		return err;
	err = siw_map_ring(&cq->map, context, response.cq_key, response.num_cqe,
			   sizeof(struct siw_cqe), sizeof(struct siw_cq_ctrl));
	if (err) {
		ibv_cmd_destroy_cq(&cq->verbs.cq);
		return err;
	}
	cq->ring = cq->map.addr;
	cq->mask = response.num_cqe - 1;
	cq->control = (struct siw_cq_ctrl *)&cq->ring[response.num_cqe];
	cq->verbs.cq.cqe = (int)response.num_cqe;
	return 0;
}

static int check_attr(const struct ibv_cq_init_attr_ex *attr)
{
	/* There are no parent domains, and a CQ that overruns is broken. */
	if (attr->comp_mask & ~(uint32_t)IBV_CQ_INIT_ATTR_MASK_FLAGS)
		return EOPNOTSUPP;
	if (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS &&
	    attr->flags & ~(uint32_t)IBV_CREATE_CQ_ATTR_SINGLE_THREADED)
		return EOPNOTSUPP;
	return 0;
}

static struct siw_cq *create(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr,
			     bool extended)
{
	struct siw_cq *cq;
	int err;

	err = check_attr(attr);
	if (err)
		goto fail;
	cq = calloc(1, sizeof(*cq));
	if (!cq)
		return NULL;
	if (extended)
		err = siw_cq_set_ex(cq, attr->wc_flags);
	if (err)
		goto free_cq;
	err = pthread_mutex_init(&cq->mutex, NULL);
	if (err)
		goto free_cq;
	err = create_command(context, attr, cq);
	if (err)
		goto destroy_mutex;
	return cq;

destroy_mutex:
	pthread_mutex_destroy(&cq->mutex);
free_cq:
	free(cq);
fail:
	errno = err;
	return NULL;
}

struct ibv_cq *siw_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			     struct ibv_comp_channel *channel, int comp_vector)
{
	const struct ibv_cq_init_attr_ex attr = {
		.cqe = (uint32_t)cqe,
		.cq_context = cq_context,
		.channel = channel,
		.comp_vector = (uint32_t)comp_vector,
	};
	struct siw_cq *cq = create(context, &attr, false);

	return cq ? &cq->verbs.cq : NULL;
}

struct ibv_cq_ex *siw_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	struct siw_cq *cq = create(context, attr, true);

	return cq ? &cq->verbs.cq_ex : NULL;
}

/*
 * The kernel looks at the word after it has written a CQE, and clears it when it raises an event.
 * A poll that follows must not be done before the word is there: the CQE it would miss would bring
 * no event either.
 *
 * The word has a bit for solicited completions only, but the kernel (6.1, seen by
 * tests/guest/test_siw.py) raises no event for a receive that the peer has solicited. An event too
 * many costs a program a poll, one too few its life: every completion counts.
 */
int siw_req_notify_cq(struct ibv_cq *ibv_cq, int solicited_only)
{
	const uint32_t flags = SIW_NOTIFY_SOLICITED | SIW_NOTIFY_NEXT_COMPLETION;

	(void)solicited_only;
	__atomic_store_n(&to_siw_cq(ibv_cq)->control->flags, flags, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return 0;
}

int siw_destroy_cq(struct ibv_cq *ibv_cq)
{
	struct siw_cq *cq = to_siw_cq(ibv_cq);
	int err = ibv_cmd_destroy_cq(ibv_cq);

	if (err)
		return err;
	siw_unmap_ring(&cq->map);
	pthread_mutex_destroy(&cq->mutex);
	free(cq);
	return 0;
}
