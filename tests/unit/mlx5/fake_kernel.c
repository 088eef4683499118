/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands without a kernel. */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>

#include "fake_kernel.h"
#include "fake_devx.h"
#include "fake_memory.h"

struct fake_kernel fake;

static const struct verbs_device_ops *device_ops;
static struct verbs_context_ops context_ops;
static int register_fd = -1;
static const size_t page_bytes = 4096;
static struct verbs_device fake_hca;

static struct ibv_context *fake_open_with(void *attributes);

void verbs_register_provider(const struct verbs_device_ops *ops, unsigned int interface)
{
	assert_int_equal(interface, VERBS_PROVIDER_INTERFACE);
	device_ops = ops;
}

void fake_reset(void)
{
	const struct mlx5_ib_alloc_ucontext_resp connectx4 = {
		.qp_tab_size = 1 << 18,
		.bf_reg_size = 512,
		.tot_bfregs = 16,
		.cache_line_size = 64,
		.max_sq_desc_sz = 1008,
		.max_rq_desc_sz = 512,
		.max_send_wqebb = 32768,
		.max_recv_wr = 32768,
		.max_srq_recv_wr = 32767,
		.num_ports = 2,
		.cqe_version = 1,
		.cmds_supp_uhw = 3,
		.log_uar_size = 12,
		.num_uars_per_page = 1,
		.num_dyn_bfregs = 512,
	};

	memset(&fake, 0, sizeof(fake));
	fake.ucontext = connectx4;
	fake.ucontext_max_request = SIZE_MAX;
}

struct ibv_context *fake_open(void)
{
	return fake_open_with(NULL);
}

/* Direct verbs come with attributes. */
struct ibv_context *verbs_open_device(struct ibv_device *device, void *private_data)
{
	(void)device;
	return fake_open_with(private_data);
}

static struct ibv_context *fake_open_with(void *attributes)
{
	struct verbs_context *context;

	fake_hca.ops = device_ops;

	register_fd = memfd_create("registers", 0);
	assert_true(register_fd >= 0);
	assert_int_equal(ftruncate(register_fd, (off_t)(FAKE_FILE_PAGES * page_bytes)), 0);
	fake.registers =
		mmap(NULL, FAKE_UAR_PAGES * page_bytes, PROT_READ, MAP_SHARED, register_fd, 0);
	assert_ptr_not_equal(fake.registers, MAP_FAILED);
	memset(&context_ops, 0, sizeof(context_ops));
	context = device_ops->alloc_context(&fake_hca.device, register_fd, attributes);
	if (!context) {
		int err = errno;

		munmap(fake.registers, FAKE_UAR_PAGES * page_bytes);
		close(register_fd);
		errno = err;
		return NULL;
	}
	return &context->context;
}

struct ibv_context *fake_import(void)
{
	static struct ibv_device device;
	struct verbs_context *context = device_ops->import_context(&device, register_fd);

	return context ? &context->context : NULL;
}

void fake_unimport(struct ibv_context *context)
{
	context_ops.free_context(context);
}

const struct verbs_context_ops *fake_ops(void)
{
	return &context_ops;
}

void fake_close(struct ibv_context *context)
{
	assert_int_equal(fake.objects, 0);
	context_ops.free_context(context);
	assert_int_equal(fake.uars_allocated, fake.uars_freed);
	munmap(fake.registers, FAKE_UAR_PAGES * page_bytes);
	close(register_fd);
}

uint8_t *fake_register(unsigned int page, unsigned int offset)
{
	return fake.registers + page * page_bytes + offset;
}

uint8_t *fake_rq(void)
{
	return (uint8_t *)(uintptr_t)fake.qp_request.buf_addr;
}

uint8_t *fake_sq(void)
{
	uint32_t rq_bytes = fake.qp_request.rq_wqe_count << fake.qp_request.rq_wqe_shift;

	if (fake.qp_request.sq_buf_addr)
		return (uint8_t *)(uintptr_t)fake.qp_request.sq_buf_addr;
	return fake_rq() + (fake.qp_request.rq_wqe_count ? rq_bytes : 0);
}

__be32 *fake_qp_dbrec(void)
{
	return (__be32 *)(uintptr_t)fake.qp_request.db_addr;
}

uint8_t *fake_srq(void)
{
	return (uint8_t *)(uintptr_t)fake.srq_request.buf_addr;
}

__be32 *fake_srq_dbrec(void)
{
	return (__be32 *)(uintptr_t)fake.srq_request.db_addr;
}

uint8_t *fake_wq(void)
{
	return (uint8_t *)(uintptr_t)fake.wq_request.buf_addr;
}

__be32 *fake_wq_dbrec(void)
{
	return (__be32 *)(uintptr_t)fake.wq_request.db_addr;
}

__be32 *fake_cq_dbrec(void)
{
	return (__be32 *)(uintptr_t)fake.cq_request.db_addr;
}

void fake_cqe(uint32_t index, const uint8_t bytes[64])
{
	uint32_t cqes = fake.cq_cqes + 1;
	uint8_t *cqe = (uint8_t *)(uintptr_t)fake.cq_request.buf_addr +
		       (size_t)(index % cqes) * fake.cq_request.cqe_size +
		       fake.cq_request.cqe_size - 64;

	memcpy(cqe, bytes, 63);
	cqe[63] = (uint8_t)((bytes[63] & ~1) | (index / cqes & 1));
}

void fake_cqe_simple(uint32_t index, uint8_t opcode, uint16_t wqe_counter, uint32_t byte_cnt)
{
	bool version = fake.ucontext.cqe_version;
	uint8_t cqe[64] = {
		[33] = version ? (uint8_t)(fake.qp_request.uidx >> 16) : 0,
		[34] = version ? (uint8_t)(fake.qp_request.uidx >> 8) : 0,
		[35] = version ? (uint8_t)fake.qp_request.uidx : 0,
		[44] = (uint8_t)(byte_cnt >> 24),
		[45] = (uint8_t)(byte_cnt >> 16),
		[46] = (uint8_t)(byte_cnt >> 8),
		[47] = (uint8_t)byte_cnt,
		[57] = FAKE_QPN >> 16,
		[58] = FAKE_QPN >> 8 & 0xff,
		[59] = FAKE_QPN & 0xff,
		[60] = (uint8_t)(wqe_counter >> 8),
		[61] = (uint8_t)wqe_counter,
		[63] = (uint8_t)(opcode << 4),
	};

	fake_cqe(index, cqe);
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
	/* The tables hold function pointers only; a later one replaces what it names. */
	const void *const *from = (const void *const *)(const void *)ops;
	const void **to = (const void **)(void *)&context_ops;

	for (size_t i = 0; i < sizeof(*ops) / sizeof(*from); i++) {
		if (from[i])
			to[i] = from[i];
	}
	context->context.ops.alloc_mw = context_ops.alloc_mw;
	context->context.ops.bind_mw = context_ops.bind_mw;
	context->context.ops.dealloc_mw = context_ops.dealloc_mw;
	context->context.ops.poll_cq = context_ops.poll_cq;
	context->context.ops.post_send = context_ops.post_send;
	context->context.ops.post_recv = context_ops.post_recv;
	context->context.ops.post_srq_recv = context_ops.post_srq_recv;
	context->context.ops.req_notify_cq = context_ops.req_notify_cq;
}

void verbs_warn(const char *format, ...)
{
	(void)format;
}

int ibv_dontfork_range(void *base, size_t size)
{
	(void)base;
	(void)size;
	return 0;
}

int ibv_dofork_range(void *base, size_t size)
{
	(void)base;
	(void)size;
	return 0;
}

/* The table of IBTA rates, as much of it as the tests use. */
int ibv_rate_to_mbps(enum ibv_rate rate)
{
	switch (rate) {
	case IBV_RATE_2_5_GBPS:
		return 2500;
	case IBV_RATE_10_GBPS:
		return 10000;
	case IBV_RATE_14_GBPS:
		return 14062;
	case IBV_RATE_120_GBPS:
		return 120000;
	case IBV_RATE_200_GBPS:
		return 206250;
	default:
		return -1;
	}
}

/* Odd entries of the GID table are RoCEv2, as in the table of a kernel. */
int _ibv_query_gid_ex(struct ibv_context *context, uint32_t port_num, uint32_t gid_index,
		      struct ibv_gid_entry *entry, uint32_t flags, size_t entry_size)
{
	(void)context;
	(void)flags;
	assert_int_equal(port_num, FAKE_ROCE_PORT);
	assert_true(entry_size >= sizeof(*entry));
	if (gid_index > 15)
		return ENODATA;
	memset(entry, 0, sizeof(*entry));
	entry->gid_type = gid_index & 1 ? IBV_GID_TYPE_ROCE_V2 : IBV_GID_TYPE_ROCE_V1;
	return 0;
}

/* Commands. */

int fake_created(void)
{
	int err = fake.fail_create;

	fake.fail_create = 0;
	fake.objects += !err;
	return err;
}

int fake_destroyed(void)
{
	assert_true(fake.objects > 0);
	fake.objects--;
	return 0;
}

void fake_keep(void *to, size_t size, const struct verbs_udata *udata)
{
	assert_non_null(udata);
	assert_int_equal(udata->in_len, size);
	memcpy(to, udata->in, size);
}

void fake_reply(const struct verbs_udata *udata, const void *from, size_t size)
{
	memset(udata->out, 0, udata->out_len);
	memcpy(udata->out, from, size < udata->out_len ? size : udata->out_len);
}

int ibv_cmd_get_context(struct verbs_context *context, const struct verbs_udata *udata)
{
	(void)context;
	fake.get_context_calls++;
	memset(&fake.ucontext_request, 0, sizeof(fake.ucontext_request));
	memcpy(&fake.ucontext_request, udata->in, udata->in_len);
	if (udata->in_len > fake.ucontext_max_request)
		return EINVAL;
	if (fake.refuse_devx && fake.ucontext_request.flags & MLX5_IB_ALLOC_UCTX_DEVX)
		return EPERM;
	fake_reply(udata, &fake.ucontext, sizeof(fake.ucontext));
	return 0;
}

int ibv_cmd_query_device_any(struct ibv_context *context,
			     const struct ibv_query_device_ex_input *input,
			     struct ibv_device_attr_ex *attr, uint64_t *raw_fw_version,
			     const struct verbs_udata *udata)
{
	(void)context;
	(void)input;
	*attr = fake.device;
	if (udata)
		fake_reply(udata, &fake.device_udata, sizeof(fake.device_udata));
	*raw_fw_version = (uint64_t)16 << 32 | 28 << 16 | 4512;
	return 0;
}

int ibv_cmd_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr)
{
	(void)context;
	if (port_num != FAKE_LID_PORT && port_num != FAKE_ROCE_PORT)
		return EINVAL;
	attr->link_layer =
		port_num == FAKE_ROCE_PORT ? IBV_LINK_LAYER_ETHERNET : IBV_LINK_LAYER_INFINIBAND;
	return 0;
}

int ibv_cmd_alloc_pd(struct ibv_context *context, struct ibv_pd *pd,
		     const struct verbs_udata *udata)
{
	const struct mlx5_ib_alloc_pd_resp response = {.pdn = 7};

	fake_reply(udata, &response, sizeof(response));
	pd->context = context;
	return fake_created();
}

int ibv_cmd_dealloc_pd(struct ibv_pd *pd)
{
	(void)pd;
	return fake_destroyed();
}

int ibv_cmd_create_cq(struct ibv_context *context, int cqe, void *cq_context,
		      struct ibv_comp_channel *channel, int comp_vector, struct verbs_cq *cq,
		      const struct verbs_udata *udata)
{
	const struct mlx5_ib_create_cq_resp response = {.cqn = FAKE_CQN};

	(void)comp_vector;
	fake_keep(&fake.cq_request, sizeof(fake.cq_request), udata);
	fake_reply(udata, &response, sizeof(response));
	fake.cq_cqes = (uint32_t)cqe;
	cq->cq.context = context;
	cq->cq.cq_context = cq_context;
	cq->cq.channel = channel;
	return fake_created();
}

int ibv_cmd_create_cq_ex(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr,
			 uint32_t flags, struct verbs_cq *cq, const struct verbs_udata *udata)
{
	(void)flags;
	return ibv_cmd_create_cq(context, (int)attr->cqe, attr->cq_context, attr->channel, 0, cq,
				 udata);
}

int ibv_cmd_resize_cq(struct ibv_cq *cq, int cqe, const struct verbs_udata *udata)
{
	(void)cq;
	fake_keep(&fake.resize_request, sizeof(fake.resize_request), udata);
	fake.on_resize();
	fake.cq_cqes = (uint32_t)cqe;
	fake.cq_request.buf_addr = fake.resize_request.buf_addr;
	return 0;
}

int ibv_cmd_modify_cq(struct ibv_cq *cq, const struct ibv_modify_cq_attr *attr)
{
	(void)cq;
	(void)attr;
	return 0;
}

int ibv_cmd_destroy_cq(struct ibv_cq *cq)
{
	(void)cq;
	return fake_destroyed();
}

int ibv_cmd_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr, struct verbs_srq *srq,
		       const struct verbs_udata *udata)
{
	const struct mlx5_ib_create_srq_resp response = {.srqn = FAKE_SRQN};

	(void)attr;
	fake_keep(&fake.srq_request, sizeof(fake.srq_request), udata);
	fake_reply(udata, &response, sizeof(response));
	srq->srq.context = pd->context;
	return fake_created();
}

int ibv_cmd_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr,
			  struct verbs_srq *srq, const struct verbs_udata *udata)
{
	const struct mlx5_ib_create_srq_resp response = {.srqn = FAKE_SRQN};

	fake_keep(&fake.srq_request, sizeof(fake.srq_request), udata);
	fake_reply(udata, &response, sizeof(response));
	srq->srq.context = context;
	srq->type = attr->srq_type;
	srq->xrcd = to_verbs_xrcd(attr->xrcd);
	srq->cq = attr->cq;
	return fake_created();
}

int ibv_cmd_open_xrcd(struct ibv_context *context, const struct ibv_xrcd_init_attr *attr,
		      struct verbs_xrcd *xrcd, const struct verbs_udata *udata)
{
	(void)attr;
	assert_null(udata);
	xrcd->xrcd.context = context;
	return fake_created();
}

int ibv_cmd_close_xrcd(struct verbs_xrcd *xrcd)
{
	(void)xrcd;
	fake.objects--;
	return 0;
}

int ibv_cmd_open_qp(struct ibv_context *context, const struct ibv_qp_open_attr *attr,
		    struct verbs_qp *qp, const struct verbs_udata *udata)
{
	assert_null(udata);
	qp->qp.context = context;
	qp->qp.qp_type = attr->qp_type;
	qp->qp.qp_num = attr->qp_num;
	return fake_created();
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
	return fake_destroyed();
}

int ibv_cmd_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
			 struct verbs_qp *qp, const struct verbs_udata *udata)
{
	const struct mlx5_ib_create_qp_resp response = {.bfreg_index = fake.bfreg_index};

	if (attr->comp_mask & IBV_QP_INIT_ATTR_IND_TABLE)
		fake_keep(&fake.rss_request, sizeof(fake.rss_request), udata);
	else
		fake_keep(&fake.qp_request, sizeof(fake.qp_request), udata);
	fake_reply(udata, &response, sizeof(response));
	qp->qp.context = context;
	qp->qp.send_cq = attr->send_cq;
	qp->qp.recv_cq = attr->recv_cq;
	qp->qp.srq = attr->srq;
	qp->qp.qp_type = attr->qp_type;
	qp->qp.qp_num = FAKE_QPN;
	return fake_created();
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
	if (udata)
		fake_reply(udata, &fake.modified, sizeof(fake.modified));
	return 0;
}

struct ibv_device *fake_device(void)
{
	fake_hca.ops = device_ops;
	return &fake_hca.device;
}

int ibv_cmd_destroy_qp(struct ibv_qp *qp)
{
	(void)qp;
	return fake_destroyed();
}

int ibv_cmd_attach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	(void)qp;
	(void)gid;
	(void)lid;
	return 0;
}

int ibv_cmd_detach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	return ibv_cmd_attach_mcast(qp, gid, lid);
}

int ibv_cmd_create_ah(struct ibv_pd *pd, const struct ibv_ah_attr *attr, struct ibv_ah *ah,
		      const struct verbs_udata *udata)
{
	struct mlx5_ib_create_ah_resp response = {.response_length = sizeof(response)};

	(void)pd;
	(void)attr;
	(void)ah;
	memcpy(response.dmac, fake.dmac, sizeof(response.dmac));
	fake_reply(udata, &response, sizeof(response));
	return fake_created();
}

int ibv_cmd_destroy_ah(struct ibv_ah *ah)
{
	(void)ah;
	return fake_destroyed();
}

int ibv_cmd_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova, unsigned int access,
		   struct verbs_mr *mr, const struct verbs_udata *udata)
{
	(void)pd;
	(void)addr;
	(void)length;
	(void)iova;
	(void)access;
	(void)mr;
	assert_null(udata);
	return fake_created();
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
	return 0;
}

int ibv_cmd_dereg_mr(struct verbs_mr *mr)
{
	(void)mr;
	return fake_destroyed();
}

int ibv_cmd_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type, struct ibv_mw *mw,
		     const struct verbs_udata *udata)
{
	int err = fake_created();

	assert_null(udata);
	*mw = (struct ibv_mw){.context = pd->context, .pd = pd, .rkey = FAKE_MW_RKEY, .type = type};
	return err;
}

int ibv_cmd_dealloc_mw(struct ibv_mw *mw)
{
	(void)mw;
	return fake_destroyed();
}

/* Methods, as the library's own builder makes them. */

const struct ib_uverbs_attr *fake_attr(const struct verbs_ioctl *call, uint16_t id)
{
	for (unsigned int i = 0; i < call->num_attrs; i++)
		if (call->hdr.attrs[i].attr_id == id)
			return &call->hdr.attrs[i];
	return NULL;
}

static void put(const struct verbs_ioctl *call, uint16_t id, const void *data, size_t len)
{
	const struct ib_uverbs_attr *attr = fake_attr(call, id);

	assert_non_null(attr);
	assert_int_equal(attr->len, len);
	memcpy((void *)(uintptr_t)attr->data, data, len);
}

/* The UAR object: attributes by number, as uapi rdma/mlx5_user_ioctl_cmds.h has them. */
static int run_uar(struct verbs_ioctl *call)
{
	uint32_t page = FAKE_DYNAMIC_PAGE + fake.uars_allocated, length = (uint32_t)page_bytes;
	uint64_t offset = page * page_bytes;

	assert_non_null(fake_attr(call, 0x1000));
	if (call->hdr.method_id == 0x1001) {
		fake.uars_freed++;
		return 0;
	}
	assert_int_equal(call->hdr.method_id, 0x1000);
	assert_true(page < FAKE_UAR_PAGES);
	assert_true(fake_attr(call, 0x1001)->data <= 1);
	put(call, 0x1002, &offset, sizeof(offset));
	put(call, 0x1003, &length, sizeof(length));
	put(call, 0x1004, &page, sizeof(page));
	fake.uars_allocated++;
	call->hdr.attrs[0].data = 1;
	return 0;
}

int verbs_ioctl_run(struct ibv_context *context, struct verbs_ioctl *call)
{
	(void)context;
	assert_int_equal(call->error, 0);
	if (call->hdr.object_id == 0x1008)
		return run_uar(call);
	return call->hdr.object_id >= 0x1000 ? fake_devx_run(call) : fake_memory_method(call);
}
