/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fake_provider.h"

#include <errno.h>
#include <stdlib.h>

#include "fake_kernel.h"

struct fake_private fake_private;
int fake_live_devices, fake_live_contexts;

static struct verbs_udata udata = {
	.in = fake_private.to_kernel,
	.in_len = sizeof(fake_private.to_kernel),
	.out = fake_private.from_kernel,
	.out_len = sizeof(fake_private.from_kernel),
};

/* Every create is this: memory, command, memory back when it failed. */
#define CREATE(type, object, call)                                                                 \
	type *object = calloc(1, sizeof(*object));                                                 \
	int err = call;                                                                            \
	if (err) {                                                                                 \
		free(object);                                                                      \
		errno = err;                                                                       \
		return NULL;                                                                       \
	}

#define DESTROY(object, call)                                                                      \
	int err = call;                                                                            \
	if (!err)                                                                                  \
		free(object);                                                                      \
	return err

static int query_device_ex(struct ibv_context *context,
			   const struct ibv_query_device_ex_input *input,
			   struct ibv_device_attr_ex *attr)
{
	uint64_t version;

	return ibv_cmd_query_device_any(context, input, attr, &version, NULL);
}

static struct ibv_pd *alloc_pd(struct ibv_context *context)
{
	CREATE(struct ibv_pd, pd, ibv_cmd_alloc_pd(context, pd, NULL));
	return pd;
}

static int dealloc_pd(struct ibv_pd *pd)
{
	DESTROY(pd, ibv_cmd_dealloc_pd(pd));
}

static struct ibv_mr *reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
			     unsigned int access)
{
	CREATE(struct verbs_mr, mr, ibv_cmd_reg_mr(pd, addr, length, iova, access, mr, NULL));
	return &mr->mr;
}

static int rereg_mr(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		    unsigned int access)
{
	return ibv_cmd_rereg_mr(to_verbs_mr(mr), flags, addr, length, (uintptr_t)addr, access, pd,
				NULL);
}

static int dereg_mr(struct ibv_mr *mr)
{
	DESTROY(to_verbs_mr(mr), ibv_cmd_dereg_mr(to_verbs_mr(mr)));
}

static struct ibv_cq *create_cq(struct ibv_context *context, int cqe, void *cq_context,
				struct ibv_comp_channel *channel, int comp_vector)
{
	CREATE(struct verbs_cq, cq,
	       ibv_cmd_create_cq(context, cqe, cq_context, channel, comp_vector, cq, &udata));
	return &cq->cq;
}

static struct ibv_cq_ex *create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	uint32_t flags = attr->flags & IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN
				 ? IB_UVERBS_CQ_FLAGS_IGNORE_OVERRUN
				 : 0;
	CREATE(struct verbs_cq, cq, ibv_cmd_create_cq_ex(context, attr, flags, cq, &udata));
	return &cq->cq_ex;
}

static int destroy_cq(struct ibv_cq *cq)
{
	DESTROY(to_verbs_cq(cq), ibv_cmd_destroy_cq(cq));
}

static struct ibv_srq *create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	CREATE(struct verbs_srq, srq, ibv_cmd_create_srq(pd, attr, srq, NULL));
	return &srq->srq;
}

static struct ibv_srq *create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr)
{
	CREATE(struct verbs_srq, srq, ibv_cmd_create_srq_ex(context, attr, srq, NULL));
	return &srq->srq;
}

static int get_srq_num(struct ibv_srq *srq, uint32_t *srq_num)
{
	*srq_num = to_verbs_srq(srq)->srq_num;
	return 0;
}

static struct ibv_xrcd *open_xrcd(struct ibv_context *context, struct ibv_xrcd_init_attr *attr)
{
	CREATE(struct verbs_xrcd, xrcd, ibv_cmd_open_xrcd(context, attr, xrcd, NULL));
	return &xrcd->xrcd;
}

static int close_xrcd(struct ibv_xrcd *xrcd)
{
	DESTROY(to_verbs_xrcd(xrcd), ibv_cmd_close_xrcd(to_verbs_xrcd(xrcd)));
}

static int destroy_srq(struct ibv_srq *srq)
{
	DESTROY(to_verbs_srq(srq), ibv_cmd_destroy_srq(to_verbs_srq(srq)));
}

static struct ibv_qp *create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	CREATE(struct verbs_qp, qp, ibv_cmd_create_qp(pd, attr, qp, &udata));
	return &qp->qp;
}

static struct ibv_qp *create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr)
{
	CREATE(struct verbs_qp, qp, ibv_cmd_create_qp_ex(context, attr, qp, &udata));
	return &qp->qp;
}

static struct ibv_qp *open_qp(struct ibv_context *context, struct ibv_qp_open_attr *attr)
{
	CREATE(struct verbs_qp, qp, ibv_cmd_open_qp(context, attr, qp, NULL));
	return &qp->qp;
}

static int query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		    struct ibv_qp_init_attr *init_attr)
{
	return ibv_cmd_query_qp(qp, attr, attr_mask, init_attr, NULL);
}

static int modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask)
{
	return ibv_cmd_modify_qp(qp, attr, attr_mask, NULL);
}

static int destroy_qp(struct ibv_qp *qp)
{
	DESTROY(to_verbs_qp(qp), ibv_cmd_destroy_qp(qp));
}

static void free_context(struct ibv_context *context)
{
	fake_live_contexts--;
	verbs_free_context(verbs_get_ctx(context));
}

static const struct verbs_context_ops context_ops = {
	.free_context = free_context,
	.query_device_ex = query_device_ex,
	.query_port = ibv_cmd_query_port,
	.alloc_pd = alloc_pd,
	.dealloc_pd = dealloc_pd,
	.reg_mr = reg_mr,
	.rereg_mr = rereg_mr,
	.dereg_mr = dereg_mr,
	.create_cq = create_cq,
	.create_cq_ex = create_cq_ex,
	.destroy_cq = destroy_cq,
	.create_srq = create_srq,
	.create_srq_ex = create_srq_ex,
	.get_srq_num = get_srq_num,
	.open_xrcd = open_xrcd,
	.close_xrcd = close_xrcd,
	.destroy_srq = destroy_srq,
	.create_qp = create_qp,
	.create_qp_ex = create_qp_ex,
	.open_qp = open_qp,
	.query_qp = query_qp,
	.modify_qp = modify_qp,
	.destroy_qp = destroy_qp,
};

static struct verbs_context *alloc_context(struct ibv_device *device, int cmd_fd,
					   void *private_data)
{
	struct verbs_context *verbs = verbs_alloc_context(device, cmd_fd, sizeof(*verbs));
	int err;

	(void)private_data;
	if (!verbs)
		return NULL;
	err = ibv_cmd_get_context(verbs, NULL);
	if (err) {
		verbs_free_context(verbs);
		errno = err;
		return NULL;
	}
	verbs_set_ops(verbs, &context_ops);
	fake_live_contexts++;
	return verbs;
}

static struct verbs_device *alloc_device(const struct verbs_device_info *info,
					 const struct verbs_match *match)
{
	(void)info;
	(void)match;
	fake_live_devices++;
	return calloc(1, sizeof(struct verbs_device));
}

static void free_device(struct verbs_device *device)
{
	fake_live_devices--;
	free(device);
}

static const struct verbs_match match_table[] = {
	VERBS_MATCH_PCI(0x1234, 0x5678, NULL),
	VERBS_MATCH_DRIVER_ID(FAKE_DRIVER_ID, NULL),
	VERBS_MATCH_END,
};

static const struct verbs_device_ops device_ops = {
	.name = "fake",
	.driver_id = FAKE_DRIVER_ID,
	.abi_version_min = 1,
	.abi_version_max = 2,
	.match_table = match_table,
	.alloc_device = alloc_device,
	.free_device = free_device,
	.alloc_context = alloc_context,
};

void fake_provider_register(void)
{
	verbs_register_provider(&device_ops, VERBS_PROVIDER_INTERFACE);
}
