/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The direct verbs of Amazon's adapters, for programs that bind them when they start, whatever
 * adapter they then use. There is no provider for such an adapter here: none of the objects that a
 * program can have is one of its, and every call says so.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include <infiniband/verbs.h>

struct efadv_device_attr;
struct efadv_ah_attr;
struct efadv_qp_init_attr;
struct efadv_cq_init_attr;
struct efadv_cq;

#define EXPORT __attribute__((visibility("default")))

EXPORT int efadv_query_device(struct ibv_context *context, struct efadv_device_attr *attr,
			      uint32_t inlen);
EXPORT int efadv_query_ah(struct ibv_ah *ah, struct efadv_ah_attr *attr, uint32_t inlen);
EXPORT struct ibv_qp *efadv_create_driver_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr,
					     uint32_t driver_qp_type);
EXPORT struct ibv_qp *efadv_create_qp_ex(struct ibv_context *context,
					 struct ibv_qp_init_attr_ex *attr,
					 struct efadv_qp_init_attr *efa_attr, uint32_t inlen);
EXPORT struct ibv_cq_ex *efadv_create_cq(struct ibv_context *context,
					 struct ibv_cq_init_attr_ex *attr,
					 struct efadv_cq_init_attr *efa_attr, uint32_t inlen);
EXPORT struct efadv_cq *efadv_cq_from_ibv_cq_ex(struct ibv_cq_ex *cq);

static void *not_ours(void)
{
	errno = EOPNOTSUPP;
	return NULL;
}

int efadv_query_device(struct ibv_context *context, struct efadv_device_attr *attr, uint32_t inlen)
{
	(void)context, (void)attr, (void)inlen;
	return EOPNOTSUPP;
}

int efadv_query_ah(struct ibv_ah *ah, struct efadv_ah_attr *attr, uint32_t inlen)
{
	(void)ah, (void)attr, (void)inlen;
	return EOPNOTSUPP;
}

struct ibv_qp *efadv_create_driver_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr,
				      uint32_t driver_qp_type)
{
	(void)pd, (void)attr, (void)driver_qp_type;
	return not_ours();
}

struct ibv_qp *efadv_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
				  struct efadv_qp_init_attr *efa_attr, uint32_t inlen)
{
	(void)context, (void)attr, (void)efa_attr, (void)inlen;
	return not_ours();
}

struct ibv_cq_ex *efadv_create_cq(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr,
				  struct efadv_cq_init_attr *efa_attr, uint32_t inlen)
{
	(void)context, (void)attr, (void)efa_attr, (void)inlen;
	return not_ours();
}

struct efadv_cq *efadv_cq_from_ibv_cq_ex(struct ibv_cq_ex *cq)
{
	(void)cq;
	return not_ours();
}
