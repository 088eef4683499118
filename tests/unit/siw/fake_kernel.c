/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands without a kernel. */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>

#include "fake_kernel.h"

enum {
	SQE_BYTES = 120,
	RQE_BYTES = 112,
	CQE_BYTES = 32,
};

struct fake_kernel fake;

static const struct verbs_device_ops *device_ops;
static struct verbs_context_ops context_ops;
static int file = -1;

void verbs_register_provider(const struct verbs_device_ops *ops, unsigned int interface)
{
	assert_int_equal(interface, VERBS_PROVIDER_INTERFACE);
	device_ops = ops;
}

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.num_cqe = fake.num_sqe = fake.num_rqe = fake.num_srqe = 4;
}

struct ibv_context *fake_open(void)
{
	static struct ibv_device device;
	struct verbs_context *context;

	file = memfd_create("rings", 0);
	assert_true(file >= 0);
	assert_int_equal(ftruncate(file, FAKE_FILE_BYTES), 0);
	fake.memory = mmap(NULL, FAKE_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	assert_ptr_not_equal(fake.memory, MAP_FAILED);
	memset(&context_ops, 0, sizeof(context_ops));
	context = device_ops->alloc_context(&device, file, NULL);
	assert_non_null(context);
	return &context->context;
}

void fake_close(struct ibv_context *context)
{
	assert_int_equal(fake.objects, 0);
	context_ops.free_context(context);
	munmap(fake.memory, FAKE_FILE_BYTES);
	close(file);
}

uint8_t *fake_sqe(uint32_t index)
{
	return fake.memory + FAKE_SQ_KEY + (size_t)index * SQE_BYTES;
}

uint8_t *fake_rqe(uint32_t index)
{
	return fake.memory + FAKE_RQ_KEY + (size_t)index * RQE_BYTES;
}

uint8_t *fake_srqe(uint32_t index)
{
	return fake.memory + FAKE_SRQ_KEY + (size_t)index * RQE_BYTES;
}

uint8_t *fake_cqe(uint32_t index)
{
	return fake.memory + FAKE_CQ_KEY + (size_t)index * CQE_BYTES;
}

uint32_t fake_cq_control(void)
{
	uint32_t word;

	memcpy(&word, fake_cqe(fake.num_cqe), sizeof(word));
	return word;
}

void fake_take_sqe(uint32_t index)
{
	memset(fake_sqe(index) + 8, 0, 2);
}

void fake_complete(uint32_t index, uint64_t id, uint8_t flags, uint8_t opcode, uint16_t status,
		   uint32_t bytes, uint32_t inval_stag)
{
	const uint64_t qpn = FAKE_QPN;
	uint8_t *cqe = fake_cqe(index);

	memcpy(cqe, &id, 8);
	cqe[9] = opcode;
	memcpy(cqe + 10, &status, 2);
	memcpy(cqe + 12, &bytes, 4);
	memset(cqe + 16, 0, 8);
	memcpy(cqe + 16, &inval_stag, 4);
	memcpy(cqe + 24, &qpn, 8);
	cqe[8] = flags;
}

/* The library's services. */

void *verbs_alloc_context(struct ibv_device *device, int cmd_fd, size_t size)
{
	struct verbs_context *context = calloc(1, size);

	assert_non_null(context);
	context->context.device = device;
	context->context.cmd_fd = cmd_fd;
	return context;
}

void verbs_free_context(struct verbs_context *context)
{
	free(context);
}

void verbs_set_ops(struct verbs_context *context, const struct verbs_context_ops *ops)
{
	context_ops = *ops;
	context->context.ops.poll_cq = ops->poll_cq;
	context->context.ops.post_send = ops->post_send;
	context->context.ops.post_recv = ops->post_recv;
	context->context.ops.post_srq_recv = ops->post_srq_recv;
	context->context.ops.req_notify_cq = ops->req_notify_cq;
}

/* Commands. */

static int created(void)
{
	int err = fake.fail_create;

	fake.fail_create = 0;
	fake.objects += !err;
	return err;
}

static int destroyed(void)
{
	assert_true(fake.objects > 0);
	fake.objects--;
	return 0;
}

static void reply(const struct verbs_udata *udata, const void *from, size_t size)
{
	assert_non_null(udata);
	assert_int_equal(udata->out_len, size);
	memcpy(udata->out, from, size);
}

int ibv_cmd_get_context(struct verbs_context *context, const struct verbs_udata *udata)
{
	const struct siw_uresp_alloc_ctx response = {.dev_id = 1};

	(void)context;
	reply(udata, &response, sizeof(response));
	return 0;
}

int ibv_cmd_query_device_any(struct ibv_context *context,
			     const struct ibv_query_device_ex_input *input,
			     struct ibv_device_attr_ex *attr, uint64_t *raw_fw_version,
			     const struct verbs_udata *udata)
{
	(void)context;
	(void)input;
	(void)attr;
	(void)udata;
	*raw_fw_version = (uint64_t)1 << 32 | 2 << 16 | 3;
	return 0;
}

int ibv_cmd_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr)
{
	(void)context;
	(void)attr;
	return port_num == 1 ? 0 : EINVAL;
}

int ibv_cmd_alloc_pd(struct ibv_context *context, struct ibv_pd *pd,
		     const struct verbs_udata *udata)
{
	assert_null(udata);
	pd->context = context;
	return created();
}

int ibv_cmd_dealloc_pd(struct ibv_pd *pd)
{
	(void)pd;
	return destroyed();
}

int ibv_cmd_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova, unsigned int access,
		   struct verbs_mr *mr, const struct verbs_udata *udata)
{
	const struct siw_uresp_reg_mr response = {};

	(void)addr;
	(void)length;
	(void)iova;
	(void)access;
	assert_int_equal(udata->in_len, sizeof(fake.mr_request));
	memcpy(&fake.mr_request, udata->in, sizeof(fake.mr_request));
	reply(udata, &response, sizeof(response));
	mr->mr.context = pd->context;
	return created();
}

int ibv_cmd_dereg_mr(struct verbs_mr *mr)
{
	(void)mr;
	return destroyed();
}

int ibv_cmd_create_cq(struct ibv_context *context, int cqe, void *cq_context,
		      struct ibv_comp_channel *channel, int comp_vector, struct verbs_cq *cq,
		      const struct verbs_udata *udata)
{
	const struct siw_uresp_create_cq response = {
		.num_cqe = fake.num_cqe,
		.cq_key = FAKE_CQ_KEY,
	};

	(void)comp_vector;
	reply(udata, &response, sizeof(response));
	fake.cq_cqes = (uint32_t)cqe;
	cq->cq.context = context;
	cq->cq.cq_context = cq_context;
	cq->cq.channel = channel;
	return created();
}

int ibv_cmd_destroy_cq(struct ibv_cq *cq)
{
	(void)cq;
	return destroyed();
}

int ibv_cmd_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr, struct verbs_srq *srq,
		       const struct verbs_udata *udata)
{
	const struct siw_uresp_create_srq response = {
		.num_rqe = fake.num_srqe,
		.srq_key = FAKE_SRQ_KEY,
	};

	(void)attr;
	reply(udata, &response, sizeof(response));
	srq->srq.context = pd->context;
	return created();
}

int ibv_cmd_modify_srq(struct ibv_srq *srq, const struct ibv_srq_attr *attr, int attr_mask,
		       const struct verbs_udata *udata)
{
	(void)srq;
	(void)attr;
	(void)attr_mask;
	(void)udata;
	return 0;
}

int ibv_cmd_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr,
		      const struct verbs_udata *udata)
{
	(void)srq;
	(void)attr;
	(void)udata;
	return 0;
}

int ibv_cmd_destroy_srq(struct verbs_srq *srq)
{
	(void)srq;
	return destroyed();
}

int ibv_cmd_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
			 struct verbs_qp *qp, const struct verbs_udata *udata)
{
	const struct siw_uresp_create_qp response = {
		.num_sqe = fake.num_sqe,
		.num_rqe = fake.num_rqe,
		.sq_key = FAKE_SQ_KEY,
		.rq_key = FAKE_RQ_KEY,
	};

	reply(udata, &response, sizeof(response));
	qp->qp.context = context;
	qp->qp.send_cq = attr->send_cq;
	qp->qp.recv_cq = attr->recv_cq;
	qp->qp.srq = attr->srq;
	qp->qp.qp_type = attr->qp_type;
	qp->qp.qp_num = FAKE_QPN;
	return created();
}

int ibv_cmd_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		     struct ibv_qp_init_attr *init_attr, const struct verbs_udata *udata)
{
	(void)qp;
	(void)attr;
	(void)attr_mask;
	(void)init_attr;
	(void)udata;
	return 0;
}

int ibv_cmd_modify_qp(struct ibv_qp *qp, const struct ibv_qp_attr *attr, int attr_mask,
		      const struct verbs_udata *udata)
{
	(void)qp;
	(void)attr;
	(void)attr_mask;
	(void)udata;
	return 0;
}

int ibv_cmd_destroy_qp(struct ibv_qp *qp)
{
	(void)qp;
	return destroyed();
}

int ibv_cmd_ring_send_queue(struct ibv_qp *qp)
{
	assert_int_equal(qp->qp_num, FAKE_QPN);
	fake.rings++;
	if (fake.on_ring)
		fake.on_ring();
	return fake.fail_ring;
}
