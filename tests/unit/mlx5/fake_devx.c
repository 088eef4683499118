/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps what methods of DEVX carry. Which attributes go out is said by the literal numbers of uapi
 * rdma/mlx5_user_ioctl_cmds.h.
 */
#include "fake_devx.h"
#include "fake_kernel.h"

struct fake_devx fake_devx;

static bool goes_out(uint16_t object, uint16_t method, uint16_t attr)
{
	static const uint16_t out[][3] = {
		{0x1000, 0x1000, 0x1001}, {0x1000, 0x1002, 0x1001}, {0x1001, 0x1000, 0x1002},
		{0x1001, 0x1002, 0x1002}, {0x1001, 0x1003, 0x1002}, {0x1002, 0x1000, 0x1004},
		{0x1006, 0x1000, 0x1001}, {0x1006, 0x1000, 0x1002}, {0x1006, 0x1000, 0x1003},
		{0x1007, 0x1000, 0x1003},
	};

	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		if (out[i][0] == object && out[i][1] == method && out[i][2] == attr)
			return true;
	return false;
}

static void keep(struct fake_devx_attr *kept, const struct ib_uverbs_attr *attr)
{
	assert_true(attr->len <= sizeof(kept->bytes));
	kept->id = attr->attr_id;
	kept->len = attr->len;
	kept->flags = attr->flags;
	if (attr->len > sizeof(attr->data))
		memcpy(kept->bytes, (const void *)(uintptr_t)attr->data, attr->len);
	else
		memcpy(kept->bytes, &attr->data, sizeof(attr->data));
}

int fake_devx_run(struct verbs_ioctl *call)
{
	int err = fake_devx.fail;

	memset(fake_devx.attr, 0, sizeof(fake_devx.attr));
	fake_devx.calls++;
	fake_devx.object = call->hdr.object_id;
	fake_devx.method = call->hdr.method_id;
	fake_devx.num_attrs = call->num_attrs;
	fake_devx.fail = 0;
	assert_true(call->num_attrs <= FAKE_DEVX_ATTRS);
	for (unsigned int i = 0; i < call->num_attrs; i++) {
		struct ib_uverbs_attr *attr = &call->hdr.attrs[i];

		if (goes_out(fake_devx.object, fake_devx.method, attr->attr_id)) {
			fake_devx.attr[i].id = attr->attr_id;
			memcpy((void *)(uintptr_t)attr->data, fake_devx.out, attr->len);
			continue;
		}
		keep(&fake_devx.attr[i], attr);
		if (!err && !attr->len && !attr->data)
			attr->data = fake_devx.handle;
	}
	return err;
}

void fake_devx_was(uint16_t object, uint16_t method, unsigned int num_attrs)
{
	assert_int_equal(fake_devx.object, object);
	assert_int_equal(fake_devx.method, method);
	assert_int_equal(fake_devx.num_attrs, num_attrs);
}

static const struct fake_devx_attr *find(uint16_t id)
{
	for (unsigned int i = 0; i < fake_devx.num_attrs; i++)
		if (fake_devx.attr[i].id == id)
			return &fake_devx.attr[i];
	fail_msg("no attribute %#x", id);
	return NULL;
}

void fake_devx_had(uint16_t id, uint16_t len, uint64_t value)
{
	const struct fake_devx_attr *attr = find(id);

	assert_int_equal(attr->len, len);
	assert_int_equal(attr->flags, 1);
	assert_memory_equal(attr->bytes, &value, sizeof(value));
}

void fake_devx_carried(uint16_t id, const void *bytes, uint16_t len)
{
	const struct fake_devx_attr *attr = find(id);

	assert_int_equal(attr->len, len);
	assert_memory_equal(attr->bytes, bytes, len);
}
