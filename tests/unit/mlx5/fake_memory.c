/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Replies about memory. Attributes are named by the literal numbers of rdma/mlx5_user_ioctl_cmds.h.
 */
#include <errno.h>

#include "fake_kernel.h"
#include "fake_memory.h"

enum { OBJECT_DEVICE = 0, OBJECT_PD = 1, OBJECT_DM = 14 };

struct fake_memory fake_memory;

static void reply_with(void *data, size_t len, const void *from, size_t size)
{
	assert_int_equal(len, size);
	memcpy(data, from, size);
}

static void reply_of_dm(uint16_t attr, void *data, size_t len)
{
	/* ALLOC has the place from 0x1000 on, QUERY from 0x1001 on with the length behind it. */
	switch (fake_memory.method == 0 ? attr : attr - 1) {
	case 0x1000:
		reply_with(data, len, &fake_memory.dm_start_offset, 8);
		break;
	case 0x1001:
		reply_with(data, len, &fake_memory.dm_page, 2);
		break;
	case 0x1002:
		reply_with(data, len, &fake_memory.dm_length, 8);
		break;
	default:
		fail_msg("attribute 0x%x of device memory", attr);
	}
}

static void reply(uint16_t attr, void *data, size_t len)
{
	if (fake_memory.object == OBJECT_DM) {
		reply_of_dm(attr, data, len);
		return;
	}
	assert_int_equal(attr, fake_memory.object == OBJECT_PD ? 0x1001 : 0x1000);
	if (fake_memory.object == OBJECT_PD)
		reply_with(data, len, &fake_memory.pdn, 4);
	else
		reply_with(data, len, &fake.ucontext, sizeof(fake.ucontext));
}

/* Handles come in, all else goes out. */
int fake_memory_method(const struct verbs_ioctl *call)
{
	fake_memory.object = call->hdr.object_id;
	fake_memory.method = call->hdr.method_id;
	for (unsigned int i = 0; i < call->num_attrs; i++) {
		const struct ib_uverbs_attr *attr = &call->hdr.attrs[i];

		if (attr->len)
			reply(attr->attr_id, (void *)(uintptr_t)attr->data, attr->len);
		else
			fake_memory.handle = (uint32_t)attr->data;
	}
	return fake_memory_run();
}

int fake_memory_run(void)
{
	int err = fake_memory.fail_run;

	fake_memory.fail_run = 0;
	return err;
}

int ibv_cmd_query_context(struct verbs_context *context, struct verbs_ioctl *call)
{
	(void)context;
	assert_int_equal(call->hdr.object_id, OBJECT_DEVICE);
	return fake_memory_method(call);
}

int ibv_cmd_alloc_dm(struct ibv_context *context, const struct ibv_alloc_dm_attr *attr,
		     struct ibv_dm *dm, struct verbs_ioctl *call)
{
	int err = fake_memory_method(call);

	(void)attr;
	dm->context = context;
	fake.objects += !err;
	return err;
}

int ibv_cmd_free_dm(struct ibv_dm *dm)
{
	int err = fake_memory_run();

	(void)dm;
	fake.objects -= !err;
	return err;
}

int ibv_cmd_reg_dm_mr(struct ibv_pd *pd, const struct ibv_dm *dm, uint64_t offset, size_t length,
		      unsigned int access, struct verbs_mr *mr)
{
	(void)pd;
	(void)dm;
	(void)offset;
	(void)length;
	(void)access;
	(void)mr;
	return EINVAL;
}

int ibv_cmd_alloc_dmabuf(struct ibv_context *context, uint64_t mmap_page, int *fd)
{
	(void)context;
	fake_memory.dmabuf_page = mmap_page;
	*fd = 1234;
	return fake_memory_run();
}

int ibv_cmd_reg_mr_ex(struct ibv_pd *pd, const struct ibv_mr_init_attr *attr, struct verbs_mr *mr,
		      const struct verbs_udata *udata)
{
	(void)pd;
	(void)mr;
	assert_null(udata);
	fake_memory.reg_attr = *attr;
	fake.objects++;
	return 0;
}

int ibv_cmd_query_mr(struct ibv_pd *pd, struct verbs_mr *mr, uint32_t mr_handle)
{
	mr->mr.pd = pd;
	mr->mr.handle = mr_handle;
	return fake_memory_run();
}

int ibv_cmd_advise_mr(struct ibv_pd *pd, enum ib_uverbs_advise_mr_advice advice, uint32_t flags,
		      struct ibv_sge *sg_list, uint32_t num_sge)
{
	(void)pd;
	(void)advice;
	(void)flags;
	(void)sg_list;
	(void)num_sge;
	return 0;
}

int ibv_cmd_alloc_dmah(struct ibv_context *context, const struct ibv_dmah_init_attr *attr,
		       struct verbs_dmah *dmah)
{
	(void)attr;
	dmah->dmah.context = context;
	return fake_memory_run();
}

int ibv_cmd_dealloc_dmah(struct verbs_dmah *dmah)
{
	(void)dmah;
	return fake_memory_run();
}
