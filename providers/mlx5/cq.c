/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion queues: creation, resizing, arming, and taking out the CQEs of a dead queue. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rdma/mlx5-abi.h>

#include "hw/mlx5/doorbell.h"
#include "util/mmio.h"

#include "include/mlx5dv.h"

#include "allocator.h"
#include "bits.h"
#include "completion.h"
#include "context.h"
#include "cq.h"

enum {
	MAX_LOG_CQES = 24, /* the consumer index has so many bits */
};

/* Puts the CQ on a ring of empty CQEs. The consumer index stays as it is. */
static void use_ring(struct mlx5_cq *cq, const struct mlx5_buf *buf, uint8_t log_cqes)
{
	size_t cqe_bytes = (size_t)1 << cq->cqe_shift;

	cq->buf = *buf;
	cq->first = buf->addr + cqe_bytes - sizeof(struct mlx5_cqe64);
	cq->log_cqes = log_cqes;
	cq->mask = (1u << log_cqes) - 1;
}

/* Makes every entry one of the lap before, for a ring whose next CQE has the given index. */
static void empty_ring(const struct mlx5_buf *buf, uint8_t log_cqes, uint8_t cqe_shift,
		       uint32_t index)
{
	uint32_t mask = (1u << log_cqes) - 1;

	for (uint32_t end = index + mask + 1; index != end; index++) {
		char *cqe = buf->addr + ((size_t)((index & mask) + 1) << cqe_shift);
		uint8_t owner = ~(index >> log_cqes) & MLX5_CQE_OWNER_MASK;

		((struct mlx5_cqe64 *)(void *)cqe)[-1].op_own =
			mlx5_cqe_op_own(MLX5_CQE_INVALID, 0, owner);
	}
}

/* One CQE is always kept free, so that full and empty rings differ. 0 or EINVAL. */
static int log_cqes_for(uint32_t cqes, uint8_t *log_cqes)
{
	if (cqes == 0 || cqes >= 1u << MAX_LOG_CQES)
		return EINVAL;
	*log_cqes = (uint8_t)log2_floor((uint32_t)round_up_pow2(cqes + 1));
	return 0;
}

static int alloc_ring(struct mlx5_context *context, const struct mlx5_cq *cq, uint8_t log_cqes,
		      struct mlx5_buf *buf)
{
	return mlx5_queue_buf_alloc(buf, (size_t)1 << (log_cqes + cq->cqe_shift), context->cq_pages,
				    cq->domain, MLX5DV_RES_TYPE_CQ);
}

static struct mlx5_cq *alloc_cq(struct mlx5_context *context, uint16_t cqe_bytes, uint8_t log_cqes,
				bool locked, struct ibv_pd *domain)
{
	struct mlx5_cq *cq = aligned_alloc(64, align_up(sizeof(*cq), 64));
	struct mlx5_buf buf;
	int err;

	if (!cq)
		return NULL;
	memset(cq, 0, sizeof(*cq));
	cq->cqe_shift = (uint8_t)log2_floor(cqe_bytes);
	cq->last_number = MLX5_LAST_NONE;
	cq->arm_register = context->uars.cq_page + MLX5_CQ_DOORBELL;
	mlx5_lock_init(&cq->lock, locked);
	cq->domain = domain;

	err = alloc_ring(context, cq, log_cqes, &buf);
	if (err)
		goto free_cq;
	use_ring(cq, &buf, log_cqes);
	cq->dbrec = mlx5_queue_record_alloc(context, domain);
	if (!cq->dbrec) {
		err = ENOMEM;
		goto free_ring;
	}
	mlx5_domain_hold(domain);
	return cq;

free_ring:
	mlx5_queue_buf_free(&cq->buf);
free_cq:
	free(cq);
	errno = err;
	return NULL;
}

static void free_cq(struct mlx5_context *context, struct mlx5_cq *cq)
{
	mlx5_queue_record_free(context, cq->domain, cq->dbrec);
	mlx5_queue_buf_free(&cq->buf);
	mlx5_domain_release(cq->domain);
	free(cq);
}

static int create_command(struct mlx5_context *context, struct mlx5_cq *cq,
			  const struct ibv_cq_init_attr_ex *attr)
{
	struct ibv_cq_init_attr_ex rounded = *attr;
	struct mlx5_ib_create_cq request = {
		.buf_addr = (uintptr_t)cq->buf.addr,
		.db_addr = (uintptr_t)cq->dbrec,
		.cqe_size = 1u << cq->cqe_shift,
	};
	struct mlx5_ib_create_cq_resp response;
	const struct verbs_udata udata = {
		.in = &request,
		.in_len = sizeof(request),
		.out = &response,
		.out_len = sizeof(response),
	};
	uint32_t flags = 0;
	int err;

	if (context->uars.dynamic) {
		request.flags |= MLX5_IB_CREATE_CQ_FLAGS_UAR_PAGE_INDEX;
		request.uar_page_index = (uint16_t)context->uars.cq_page_id;
	}
	if (attr->wc_flags &
	    (IBV_WC_EX_WITH_COMPLETION_TIMESTAMP | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK))
		flags |= IB_UVERBS_CQ_FLAGS_TIMESTAMP_COMPLETION;
	if (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS &&
	    attr->flags & IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN)
		flags |= IB_UVERBS_CQ_FLAGS_IGNORE_OVERRUN;

	/* The kernel adds the free CQE and rounds up by itself; it must come to our number. */
	rounded.cqe = cq->mask;
	err = flags ? ibv_cmd_create_cq_ex(&context->verbs.context, &rounded, flags, &cq->verbs,
					   &udata)
		    : ibv_cmd_create_cq(&context->verbs.context, (int)rounded.cqe,
					rounded.cq_context, rounded.channel,
					(int)rounded.comp_vector, &cq->verbs, &udata);
	if (err)
		return err;
	cq->verbs.cq.cqe = (int)cq->mask;
	cq->cqn = response.cqn;
	return 0;
}

static struct ibv_pd *domain_of(const struct ibv_cq_init_attr_ex *attr)
{
	return attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_PD ? attr->parent_domain : NULL;
}

static bool cq_needs_locks(struct mlx5_context *context, const struct ibv_cq_init_attr_ex *attr)
{
	if (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS &&
	    attr->flags & IBV_CREATE_CQ_ATTR_SINGLE_THREADED)
		return false;
	return mlx5_needs_locks(context, domain_of(attr));
}

static int check_cq_attr(const struct ibv_cq_init_attr_ex *attr, uint16_t cqe_bytes,
			 uint8_t *log_cqes)
{
	const uint32_t masks = IBV_CQ_INIT_ATTR_MASK_FLAGS | IBV_CQ_INIT_ATTR_MASK_PD;
	const uint32_t flags =
		IBV_CREATE_CQ_ATTR_SINGLE_THREADED | IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN;

	if (attr->comp_mask & ~masks)
		return EOPNOTSUPP;
	if (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS && attr->flags & ~flags)
		return EOPNOTSUPP;
	/* A plain protection domain says nothing about a CQ. */
	if (domain_of(attr) && !to_mlx5_pd(domain_of(attr))->protection)
		return EINVAL;
	if (cqe_bytes != 64 && cqe_bytes != 128) {
		verbs_warn("mlx5: a CQE has 64 or 128 bytes, and not %u", cqe_bytes);
		return EINVAL;
	}
	return log_cqes_for(attr->cqe, log_cqes);
}

static struct mlx5_cq *create(struct mlx5_context *context, const struct ibv_cq_init_attr_ex *attr,
			      uint16_t cqe_bytes, bool extended)
{
	struct mlx5_cq *cq;
	uint8_t log_cqes;
	int err;

	err = check_cq_attr(attr, cqe_bytes, &log_cqes);
	if (err)
		goto fail;
	cq = alloc_cq(context, cqe_bytes, log_cqes, cq_needs_locks(context, attr), domain_of(attr));
	if (!cq)
		return NULL;
	if (extended)
		err = mlx5_cq_set_ex(context, cq, attr->wc_flags);
	if (!err)
		err = create_command(context, cq, attr);
	if (err) {
		free_cq(context, cq);
		goto fail;
	}
	/* Nothing can complete before the application has the CQ, and after the command its size
	 * is known to be one the device has.
	 */
	empty_ring(&cq->buf, cq->log_cqes, cq->cqe_shift, 0);
	return cq;

fail:
	errno = err;
	return NULL;
}

struct ibv_cq *mlx5_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			      struct ibv_comp_channel *channel, int comp_vector)
{
	const struct ibv_cq_init_attr_ex attr = {
		.cqe = (uint32_t)cqe,
		.cq_context = cq_context,
		.channel = channel,
		.comp_vector = (uint32_t)comp_vector,
	};
	struct mlx5_context *mlx5 = to_mlx5_context(context);
	struct mlx5_cq *cq = create(mlx5, &attr, mlx5->cqe_bytes, false);

	return cq ? &cq->verbs.cq : NULL;
}

struct ibv_cq_ex *mlx5_create_cq_sized(struct ibv_context *context,
				       struct ibv_cq_init_attr_ex *attr, uint16_t cqe_bytes)
{
	struct mlx5_cq *cq = create(to_mlx5_context(context), attr, cqe_bytes, true);

	return cq ? &cq->verbs.cq_ex : NULL;
}

struct ibv_cq_ex *mlx5_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	return mlx5_create_cq_sized(context, attr, to_mlx5_context(context)->cqe_bytes);
}

int mlx5_modify_cq(struct ibv_cq *cq, struct ibv_modify_cq_attr *attr)
{
	return ibv_cmd_modify_cq(cq, attr);
}

int mlx5_destroy_cq(struct ibv_cq *ibv_cq)
{
	struct mlx5_context *context = to_mlx5_context(ibv_cq->context);
	int err = ibv_cmd_destroy_cq(ibv_cq);

	if (!err)
		free_cq(context, to_mlx5_cq(ibv_cq));
	return err;
}

/* Copies a CQE to another place, whose lap of the ring it takes over. */
static void move_cqe(struct mlx5_cq *to_cq, uint32_t to, const struct mlx5_cqe64 *from,
		     uint8_t owner)
{
	struct mlx5_cqe64 *cqe = mlx5_cq_cqe(to_cq, to);
	size_t before = ((size_t)1 << to_cq->cqe_shift) - sizeof(*cqe);

	memcpy((char *)cqe - before, (const char *)from - before, before + sizeof(*cqe));
	cqe->op_own = (uint8_t)((from->op_own & ~MLX5_CQE_OWNER_MASK) | owner);
}

/* CQEs written and not yet consumed. */
static uint32_t pending(struct mlx5_cq *cq)
{
	uint32_t count = 0;

	while (count <= cq->mask && mlx5_cq_written(cq, cq->ci + count))
		count++;
	udma_from_device_barrier();
	return count;
}

static bool is_responder(const struct mlx5_cqe64 *cqe)
{
	uint8_t opcode = mlx5_cqe_opcode(cqe);

	return opcode != MLX5_CQE_REQ && opcode != MLX5_CQE_REQ_ERR;
}

/* By what the table of queues knows it: in CQEs of frames a flow tag has the place of the QPN. */
static bool is_of(const struct mlx5_cqe64 *cqe, const struct mlx5_resource *queue,
		  uint8_t cqe_version)
{
	if (cqe_version)
		return mlx5_cqe_srqn_uidx(cqe) == queue->number;
	if (queue->kind == MLX5_RESOURCE_SRQ)
		return is_responder(cqe) && mlx5_cqe_srqn_uidx(cqe) == queue->number;
	return mlx5_cqe_qpn(cqe) == queue->number;
}

void mlx5_cq_clean(struct mlx5_cq *cq, const struct mlx5_resource *queue, struct mlx5_srq *srq)
{
	uint8_t version = to_mlx5_context(cq->verbs.cq.context)->cqe_version;
	uint32_t freed = 0;

	/* From the newest to the oldest: what stays moves up over what goes. */
	for (uint32_t left = pending(cq); left; left--) {
		uint32_t index = cq->ci + left - 1;
		struct mlx5_cqe64 *cqe = mlx5_cq_cqe(cq, index);

		if (is_of(cqe, queue, version)) {
			if (srq && is_responder(cqe))
				mlx5_srq_free_entry(srq, be16toh(cqe->wqe_counter) &
								 (uint16_t)srq->mask);
			freed++;
		} else if (freed) {
			uint8_t owner = mlx5_cqe_owner(mlx5_cq_cqe(cq, index + freed));

			move_cqe(cq, index + freed, cqe, owner);
		}
	}
	if (freed) {
		cq->ci += freed;
		udma_release_to_device_barrier();
		cq->dbrec[MLX5_CQ_SET_CI] = mlx5_cq_set_ci(cq->ci);
	}
	if (cq->last == queue) {
		cq->last = NULL;
		cq->last_number = MLX5_LAST_NONE;
	}
}

/*
 * PRM, CQ resize: the device ends the old ring with a resize CQE and goes on in the new one behind
 * the same index. What was not consumed yet moves to the new ring, one place up, which puts it
 * right before what the device writes next.
 */
static int take_over(struct mlx5_cq *cq, struct mlx5_cq *bigger)
{
	struct mlx5_cqe64 *cqe;
	uint32_t index = cq->ci;

	for (;; index++) {
		cqe = index - cq->ci <= cq->mask ? mlx5_cq_written(cq, index) : NULL;
		if (!cqe)
			return EIO;
		udma_from_device_barrier();
		if (mlx5_cqe_opcode(cqe) == MLX5_CQE_RESIZE_CQ)
			return 0;
		move_cqe(bigger, index + 1, cqe, (index + 1) >> bigger->log_cqes & 1);
	}
}

static int resize_locked(struct mlx5_cq *cq, struct mlx5_buf *buf, uint8_t log_cqes)
{
	struct mlx5_ib_resize_cq request = {
		.buf_addr = (uintptr_t)buf->addr,
		.cqe_size = (uint16_t)(1u << cq->cqe_shift),
	};
	const struct verbs_udata udata = {.in = &request, .in_len = sizeof(request)};
	struct mlx5_cq resized = {.cqe_shift = cq->cqe_shift};
	struct mlx5_buf old = cq->buf;
	int err;

	if (pending(cq) >= 1u << log_cqes)
		return EINVAL;
	use_ring(&resized, buf, log_cqes);
	err = ibv_cmd_resize_cq(&cq->verbs.cq, (int)resized.mask, &udata);
	if (err)
		return err;

	/* The device is on the new ring now, whatever it left in the old one. */
	err = take_over(cq, &resized);
	use_ring(cq, buf, log_cqes);
	cq->verbs.cq.cqe = (int)cq->mask;
	cq->ci++;
	udma_release_to_device_barrier();
	cq->dbrec[MLX5_CQ_SET_CI] = mlx5_cq_set_ci(cq->ci);
	*buf = old;
	return err;
}

int mlx5_resize_cq(struct ibv_cq *ibv_cq, int cqe)
{
	struct mlx5_context *context = to_mlx5_context(ibv_cq->context);
	struct mlx5_cq *cq = to_mlx5_cq(ibv_cq);
	struct mlx5_buf buf;
	uint8_t log_cqes;
	int err;

	err = log_cqes_for((uint32_t)cqe, &log_cqes);
	if (err)
		return err;
	err = alloc_ring(context, cq, log_cqes, &buf);
	if (err)
		return err;

	mlx5_lock(&cq->lock);
	/* The resize CQE ends the old ring and takes an index, so the new one starts behind it. */
	empty_ring(&buf, log_cqes, cq->cqe_shift, cq->ci + 1);
	err = log_cqes == cq->log_cqes ? 0 : resize_locked(cq, &buf, log_cqes);
	mlx5_unlock(&cq->lock);
	/* The old ring if it worked, the new one if not. */
	mlx5_queue_buf_free(&buf);
	return err;
}

/*
 * Takes no lock: an application may ask for an event between ibv_start_poll() and ibv_end_poll().
 * A consumer index that is behind makes the event come at once, which is no harm.
 */
int mlx5_req_notify_cq(struct ibv_cq *ibv_cq, int solicited_only)
{
	struct mlx5_cq *cq = to_mlx5_cq(ibv_cq);
	uint32_t ci = __atomic_load_n(&cq->ci, __ATOMIC_RELAXED);
	__be32 arm = mlx5_cq_arm(__atomic_load_n(&cq->arm_sequence, __ATOMIC_RELAXED),
				 solicited_only ? MLX5_CQ_DB_REQ_NOT_SOL : MLX5_CQ_DB_REQ_NOT, ci);

	const __be32 words[2] = {arm, htobe32(cq->cqn)};
	uint64_t doorbell;

	memcpy(&doorbell, words, sizeof(doorbell));
	cq->dbrec[MLX5_CQ_ARM_DB] = arm;
	mmio_start();
	mmio_write64(cq->arm_register, doorbell);
	mmio_flush();
	return 0;
}

void mlx5_cq_event(struct ibv_cq *ibv_cq)
{
	__atomic_fetch_add(&to_mlx5_cq(ibv_cq)->arm_sequence, 1, __ATOMIC_RELAXED);
}
