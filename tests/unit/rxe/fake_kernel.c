/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands without a kernel. */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>

#include "fake_kernel.h"

/* rdma_user_rxe.h, struct rxe_queue_buf */
enum {
	LOG2_ELEM_SIZE = 0,
	INDEX_MASK = 4,
	PRODUCER_INDEX = 128,
	CONSUMER_INDEX = 256,
	DATA = 384,
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
	for (uint32_t i = 0; i < FAKE_RINGS; i++)
		fake.rings[i] = (struct fake_ring){
			.offset = (uint64_t)i * FAKE_RING_BYTES,
			.size = 4096,
			.log2_elem_size = i == FAKE_SQ ? 9 : 7,
			.index_mask = 3,
		};
	fake.ah_num = 5;
	fake.armed = -1;
}

struct ibv_context *fake_open(void)
{
	static struct ibv_device device;
	struct verbs_context *context;

	file = memfd_create("rings", 0);
	assert_true(file >= 0);
	assert_int_equal(ftruncate(file, FAKE_RINGS * FAKE_RING_BYTES), 0);
	fake.memory = mmap(NULL, FAKE_RINGS * FAKE_RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			   file, 0);
	assert_ptr_not_equal(fake.memory, MAP_FAILED);
	memset(&context_ops, 0, sizeof(context_ops));
	context = device_ops->alloc_context(&device, file, NULL);
	if (!context) {
		int err = errno;

		munmap(fake.memory, FAKE_RINGS * FAKE_RING_BYTES);
		close(file);
		errno = err;
		return NULL;
	}
	return &context->context;
}

void fake_close(struct ibv_context *context)
{
	assert_int_equal(fake.objects, 0);
	context_ops.free_context(context);
	munmap(fake.memory, FAKE_RINGS * FAKE_RING_BYTES);
	close(file);
}

static uint8_t *ring_memory(enum fake_ring_name ring)
{
	return fake.memory + (size_t)ring * FAKE_RING_BYTES;
}

static uint32_t word_at(enum fake_ring_name ring, size_t offset)
{
	uint32_t word;

	memcpy(&word, ring_memory(ring) + offset, sizeof(word));
	return word;
}

static void set_word(enum fake_ring_name ring, size_t offset, uint32_t word)
{
	memcpy(ring_memory(ring) + offset, &word, sizeof(word));
}

uint8_t *fake_elem(enum fake_ring_name ring, uint32_t index)
{
	return ring_memory(ring) + DATA + ((size_t)index << fake.rings[ring].log2_elem_size);
}

uint32_t fake_producer(enum fake_ring_name ring)
{
	return word_at(ring, PRODUCER_INDEX);
}

uint32_t fake_consumer(enum fake_ring_name ring)
{
	return word_at(ring, CONSUMER_INDEX);
}

void fake_set_producer(enum fake_ring_name ring, uint32_t index)
{
	set_word(ring, PRODUCER_INDEX, index);
}

void fake_set_consumer(enum fake_ring_name ring, uint32_t index)
{
	set_word(ring, CONSUMER_INDEX, index);
}

void fake_complete(enum fake_ring_name ring, uint32_t index, const uint8_t bytes[48])
{
	memcpy(fake_elem(ring, index), bytes, 48);
	fake_set_producer(ring, (index + 1) & fake.rings[ring].index_mask);
}

static struct mminfo make_ring(enum fake_ring_name ring)
{
	const struct fake_ring *made = &fake.rings[ring];

	memset(ring_memory(ring), 0, FAKE_RING_BYTES);
	set_word(ring, LOG2_ELEM_SIZE, made->log2_elem_size);
	set_word(ring, INDEX_MASK, made->index_mask);
	fake_set_producer(ring, made->start);
	fake_set_consumer(ring, made->start);
	return (struct mminfo){.offset = made->offset, .size = made->size};
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
	context->context.ops.alloc_mw = ops->alloc_mw;
	context->context.ops.bind_mw = ops->bind_mw;
	context->context.ops.dealloc_mw = ops->dealloc_mw;
	context->context.ops.poll_cq = ops->poll_cq;
	context->context.ops.post_send = ops->post_send;
	context->context.ops.post_recv = ops->post_recv;
	context->context.ops.post_srq_recv = ops->post_srq_recv;
	context->context.ops.req_notify_cq = ops->req_notify_cq;
}

/* GID 0 is 192.168.77.1, GID 1 is 2001:db8::1. */
int ibv_query_gid(struct ibv_context *context, uint8_t port_num, int index, union ibv_gid *gid)
{
	static const union ibv_gid gids[] = {
		{.raw = {[10] = 0xff, 0xff, 192, 168, 77, 1}},
		{.raw = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
	};

	(void)context;
	assert_int_equal(port_num, 1);
	if (index > 1) {
		errno = EINVAL;
		return -1;
	}
	*gid = gids[index];
	return 0;
}

int ibv_resolve_eth_l2_from_gid(struct ibv_context *context, struct ibv_ah_attr *attr,
				uint8_t eth_mac[6], uint16_t *vid)
{
	static const uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

	(void)context;
	(void)attr;
	assert_null(vid);
	memcpy(eth_mac, mac, sizeof(mac));
	return fake.fail_mac;
}

/* Commands. */

static int answer(void)
{
	int err = fake.fail;

	fake.fail = 0;
	return err;
}

static int created(void)
{
	int err = answer();

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
	(void)context;
	assert_null(udata);
	return answer();
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
	return answer();
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
	(void)addr;
	(void)length;
	(void)iova;
	(void)access;
	assert_null(udata);
	mr->mr.context = pd->context;
	return created();
}

int ibv_cmd_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova, int fd,
			  unsigned int access, struct verbs_mr *mr)
{
	(void)offset;
	(void)fd;
	return ibv_cmd_reg_mr(pd, NULL, length, iova, access, mr, NULL);
}

int ibv_cmd_rereg_mr(struct verbs_mr *mr, uint32_t flags, void *addr, size_t length, uint64_t iova,
		     unsigned int access, struct ibv_pd *pd, const struct verbs_udata *udata)
{
	(void)mr;
	(void)flags;
	(void)addr;
	(void)length;
	(void)iova;
	(void)access;
	(void)pd;
	(void)udata;
	return answer();
}

int ibv_cmd_dereg_mr(struct verbs_mr *mr)
{
	(void)mr;
	return destroyed();
}

int ibv_cmd_advise_mr(struct ibv_pd *pd, enum ib_uverbs_advise_mr_advice advice, uint32_t flags,
		      struct ibv_sge *sg_list, uint32_t num_sge)
{
	(void)pd;
	(void)advice;
	(void)flags;
	(void)sg_list;
	(void)num_sge;
	return answer();
}

int ibv_cmd_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type, struct ibv_mw *mw,
		     const struct verbs_udata *udata)
{
	assert_null(udata);
	mw->context = pd->context;
	mw->pd = pd;
	mw->type = type;
	mw->rkey = FAKE_MW_RKEY;
	return created();
}

int ibv_cmd_dealloc_mw(struct ibv_mw *mw)
{
	(void)mw;
	return destroyed();
}

int ibv_cmd_create_cq_ex(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr,
			 uint32_t flags, struct verbs_cq *cq, const struct verbs_udata *udata)
{
	const struct rxe_create_cq_resp response = {.mi = make_ring(FAKE_CQ)};

	assert_int_equal(flags, 0);
	reply(udata, &response, sizeof(response));
	cq->cq.context = context;
	cq->cq.cq_context = attr->cq_context;
	cq->cq.cqe = (int)attr->cqe;
	return created();
}

int ibv_cmd_resize_cq(struct ibv_cq *cq, int cqe, const struct verbs_udata *udata)
{
	const struct rxe_resize_cq_resp response = {.mi = make_ring(FAKE_RESIZED)};

	reply(udata, &response, sizeof(response));
	cq->cqe = cqe;
	return answer();
}

int ibv_cmd_req_notify_cq(struct ibv_cq *cq, int solicited_only)
{
	(void)cq;
	fake.armed = solicited_only;
	return 0;
}

int ibv_cmd_destroy_cq(struct ibv_cq *cq)
{
	(void)cq;
	return destroyed();
}

int ibv_cmd_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr, struct verbs_srq *srq,
		       const struct verbs_udata *udata)
{
	const struct rxe_create_srq_resp response = {.mi = make_ring(FAKE_SRQ),
						     .srq_num = FAKE_SRQN};

	(void)attr;
	reply(udata, &response, sizeof(response));
	srq->srq.context = pd->context;
	return created();
}

/* The answer to a resize goes where the command says, and every command says it. */
int ibv_cmd_modify_srq(struct ibv_srq *srq, const struct ibv_srq_attr *attr, int attr_mask,
		       const struct verbs_udata *udata)
{
	struct mminfo info;
	uint64_t address;

	(void)srq;
	(void)attr;
	assert_non_null(udata);
	assert_int_equal(udata->in_len, sizeof(address));
	if (!(attr_mask & IBV_SRQ_MAX_WR))
		return answer();
	memcpy(&address, udata->in, sizeof(address));
	info = make_ring(FAKE_RESIZED);
	memcpy((void *)(uintptr_t)address, &info, sizeof(info));
	return answer();
}

int ibv_cmd_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr,
		      const struct verbs_udata *udata)
{
	(void)srq;
	(void)attr;
	assert_null(udata);
	return answer();
}

int ibv_cmd_destroy_srq(struct verbs_srq *srq)
{
	(void)srq;
	return destroyed();
}

int ibv_cmd_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
			 struct verbs_qp *qp, const struct verbs_udata *udata)
{
	struct rxe_create_qp_resp response = {.sq_mi = make_ring(FAKE_SQ)};

	if (!attr->srq)
		response.rq_mi = make_ring(FAKE_RQ);
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
	assert_null(udata);
	return answer();
}

int ibv_cmd_modify_qp(struct ibv_qp *qp, const struct ibv_qp_attr *attr, int attr_mask,
		      const struct verbs_udata *udata)
{
	(void)qp;
	assert_int_equal(attr_mask, IBV_QP_STATE);
	assert_null(udata);
	fake.error_orders += attr->qp_state == IBV_QPS_ERR;
	return answer();
}

int ibv_cmd_destroy_qp(struct ibv_qp *qp)
{
	(void)qp;
	return destroyed();
}

int ibv_cmd_ring_send_queue(struct ibv_qp *qp)
{
	assert_int_equal(qp->qp_num, FAKE_QPN);
	fake.send_rings++;
	return fake.fail_ring;
}

int ibv_cmd_attach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	(void)qp;
	(void)gid;
	(void)lid;
	return answer();
}

int ibv_cmd_detach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	return ibv_cmd_attach_mcast(qp, gid, lid);
}

int ibv_cmd_create_ah(struct ibv_pd *pd, const struct ibv_ah_attr *attr, struct ibv_ah *ah,
		      const struct verbs_udata *udata)
{
	const struct rxe_create_ah_resp response = {.ah_num = fake.ah_num};

	(void)attr;
	reply(udata, &response, sizeof(response));
	ah->context = pd->context;
	ah->pd = pd;
	return created();
}

int ibv_cmd_destroy_ah(struct ibv_ah *ah)
{
	(void)ah;
	return destroyed();
}
