/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Protection, thread and parent domains. A thread domain is a promise of the application that one
 * thread at a time works on what is made in it; queues made in a parent domain that has one do
 * without locks. A parent domain may have functions that give the memory of queues, too; see
 * allocator.h.
 */

#include <errno.h>
#include <stdlib.h>
#include <rdma/mlx5-abi.h>

#include "context.h"

struct ibv_pd *mlx5_alloc_pd(struct ibv_context *context)
{
	struct mlx5_ib_alloc_pd_resp response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	struct mlx5_pd *pd = calloc(1, sizeof(*pd));
	int err;

	if (!pd)
		return NULL;
	err = ibv_cmd_alloc_pd(context, &pd->ibv_pd, &udata);
	if (err) {
		free(pd);
		errno = err;
		return NULL;
	}
	pd->pdn = response.pdn;
	return &pd->ibv_pd;
}

/* An imported domain that nobody else has any more goes with its last parent domain. */
static void leave_protection(struct mlx5_pd *protection)
{
	if (atomic_fetch_sub(&protection->users, 1) == MLX5_PD_UNIMPORTED + 1)
		free(protection);
}

static int dealloc_parent_domain(struct mlx5_pd *domain)
{
	if (atomic_load(&domain->users))
		return EBUSY;
	if (domain->thread)
		atomic_fetch_sub(&domain->thread->users, 1);
	leave_protection(domain->protection);
	free(domain);
	return 0;
}

int mlx5_dealloc_pd(struct ibv_pd *ibv_pd)
{
	struct mlx5_pd *pd = to_mlx5_pd(ibv_pd);
	int err;

	if (pd->protection)
		return dealloc_parent_domain(pd);
	if (atomic_load(&pd->users))
		return EBUSY;
	err = ibv_cmd_dealloc_pd(ibv_pd);
	if (!err)
		free(pd);
	return err;
}

struct ibv_td *mlx5_alloc_td(struct ibv_context *context, struct ibv_td_init_attr *attr)
{
	struct mlx5_td *td;

	if (attr->comp_mask) {
		errno = EINVAL;
		return NULL;
	}
	td = calloc(1, sizeof(*td));
	if (!td)
		return NULL;
	td->ibv_td.context = context;
	return &td->ibv_td;
}

int mlx5_dealloc_td(struct ibv_td *ibv_td)
{
	struct mlx5_td *td = to_mlx5_td(ibv_td);

	if (atomic_load(&td->users))
		return EBUSY;
	free(td);
	return 0;
}

struct ibv_pd *mlx5_alloc_parent_domain(struct ibv_context *context,
					struct ibv_parent_domain_init_attr *attr)
{
	const uint32_t known =
		IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS | IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT;
	struct mlx5_pd *domain;

	/* Queues in memory that a confidential guest shares with its host are not supported. */
	if (attr->comp_mask & ~known) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	if (!attr->pd || to_mlx5_pd(attr->pd)->protection) {
		errno = EINVAL;
		return NULL;
	}
	domain = calloc(1, sizeof(*domain));
	if (!domain)
		return NULL;

	domain->ibv_pd.context = context;
	domain->ibv_pd.handle = attr->pd->handle;
	domain->protection = to_mlx5_pd(attr->pd);
	domain->pdn = domain->protection->pdn;
	atomic_fetch_add(&domain->protection->users, 1);
	if (attr->td) {
		domain->thread = to_mlx5_td(attr->td);
		atomic_fetch_add(&domain->thread->users, 1);
	}
	if (attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS) {
		domain->alloc = attr->alloc;
		domain->free = attr->free;
	}
	if (attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT)
		domain->pd_context = attr->pd_context;
	return &domain->ibv_pd;
}
