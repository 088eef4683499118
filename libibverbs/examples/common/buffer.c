/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Registered memory of each kind; see buffer.h. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "report.h"

/* Adapters copy to and from their memory in units of this many bytes. */
enum { DEVICE_MEMORY_UNIT = 4 };

/* Found when wanted: the tools shall start on libraries of releases that lack them. */
static struct {
	__typeof__(ibv_alloc_buf) *alloc_buf;
	__typeof__(ibv_free_buf) *free_buf;
	__typeof__(ibv_reg_buf_mr) *reg_buf_mr;
} library;

static const char *device_name(const struct ibv_pd *pd)
{
	return ibv_get_device_name(pd->context->device);
}

static int check_odp(struct ibv_pd *pd, const struct pp_buffer_options *options)
{
	struct ibv_device_attr_ex attr;
	int err = ibv_query_device_ex(pd->context, NULL, &attr);
	uint32_t has = attr.odp_caps.per_transport_caps.rc_odp_caps;

	if (err)
		return tool_error(err, "cannot query what %s can do on demand", device_name(pd));
	if (!(attr.odp_caps.general_caps & IBV_ODP_SUPPORT) ||
	    (has & options->odp_needs) != options->odp_needs)
		return tool_error(EOPNOTSUPP, "%s has no on-demand paging for this traffic",
				  device_name(pd));
	if (options->kind == PP_MEMORY_ON_DEMAND_IMPLICIT &&
	    !(attr.odp_caps.general_caps & IBV_ODP_SUPPORT_IMPLICIT))
		return tool_error(EOPNOTSUPP, "%s has no implicit on-demand paging; --odp may work",
				  device_name(pd));
	return 0;
}

static int allocate_host(struct pp_buffer *buffer)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;
	int err = posix_memalign(&memory, page, buffer->size);

	if (err)
		return tool_error(err, "cannot allocate %zu bytes for messages", buffer->size);
	memset(memory, 0, buffer->size);
	buffer->memory = memory;
	return 0;
}

static int allocate_device(struct pp_buffer *buffer, struct ibv_pd *pd)
{
	struct ibv_alloc_dm_attr wish = {.length = buffer->size};
	struct ibv_device_attr_ex attr;
	int err = ibv_query_device_ex(pd->context, NULL, &attr);

	if (err)
		return tool_error(err, "cannot query the memory of %s", device_name(pd));
	if (!attr.max_dm_size)
		return tool_error(EOPNOTSUPP, "%s has no memory for applications (--dm)",
				  device_name(pd));
	if (attr.max_dm_size < buffer->size)
		return tool_error(ENOSPC, "%s has %llu bytes of memory, --size needs %zu",
				  device_name(pd), (unsigned long long)attr.max_dm_size,
				  buffer->size);
	buffer->dm = ibv_alloc_dm(pd->context, &wish);
	if (!buffer->dm)
		return tool_error(errno, "cannot allocate %zu bytes on %s", buffer->size,
				  device_name(pd));
	return 0;
}

static int allocate_unprotected(struct pp_buffer *buffer, struct ibv_pd *pd)
{
	library.alloc_buf = dlsym(RTLD_DEFAULT, "ibv_alloc_buf");
	library.free_buf = dlsym(RTLD_DEFAULT, "ibv_free_buf");
	library.reg_buf_mr = dlsym(RTLD_DEFAULT, "ibv_reg_buf_mr");
	if (!library.alloc_buf || !library.free_buf || !library.reg_buf_mr)
		return tool_error(EOPNOTSUPP, "this libibverbs does not allocate memory for %s",
				  device_name(pd));
	buffer->memory = library.alloc_buf(pd, buffer->size, &buffer->unprotected);
	if (!buffer->memory)
		return tool_error(errno, "cannot allocate %zu bytes that %s shares with the host",
				  buffer->size, device_name(pd));
	return 0;
}

static int allocate(struct pp_buffer *buffer, struct ibv_pd *pd)
{
	int err;

	switch (buffer->kind) {
	case PP_MEMORY_UNPROTECTED:
		return allocate_unprotected(buffer, pd);
	case PP_MEMORY_DEVICE:
		err = allocate_host(buffer);
		return err ? err : allocate_device(buffer, pd);
	default:
		return allocate_host(buffer);
	}
}

static struct ibv_mr *register_memory(struct pp_buffer *buffer, struct ibv_pd *pd)
{
	const int access = IBV_ACCESS_LOCAL_WRITE;

	switch (buffer->kind) {
	case PP_MEMORY_ON_DEMAND:
		return ibv_reg_mr(pd, buffer->memory, buffer->size, access | IBV_ACCESS_ON_DEMAND);
	case PP_MEMORY_ON_DEMAND_IMPLICIT:
		return ibv_reg_mr(pd, NULL, SIZE_MAX, access | IBV_ACCESS_ON_DEMAND);
	case PP_MEMORY_DEVICE:
		return ibv_reg_dm_mr(pd, buffer->dm, 0, buffer->size,
				     access | IBV_ACCESS_ZERO_BASED);
	case PP_MEMORY_UNPROTECTED:
		return library.reg_buf_mr(pd, buffer->unprotected, buffer->memory, buffer->size,
					  access);
	case PP_MEMORY_PINNED:
		break;
	}
	return ibv_reg_mr(pd, buffer->memory, buffer->size, access);
}

static int register_buffer(struct pp_buffer *buffer, struct ibv_pd *pd)
{
	buffer->mr = register_memory(buffer, pd);
	if (buffer->mr)
		return 0;
	if (errno == ENOMEM)
		return tool_error(ENOMEM,
				  "cannot register %zu bytes (is 'ulimit -l' large enough?)",
				  buffer->size);
	return tool_error(errno, "cannot register %zu bytes with %s", buffer->size,
			  device_name(pd));
}

static int prefetch(struct pp_buffer *buffer, struct ibv_pd *pd)
{
	struct ibv_sge whole = {.addr = (uintptr_t)buffer->memory,
				.length = (uint32_t)buffer->size,
				.lkey = buffer->mr->lkey};
	int err = ibv_advise_mr(pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, IBV_ADVISE_MR_FLAG_FLUSH,
				&whole, 1);

	return err ? tool_error(err, "%s cannot prefetch the buffer", device_name(pd)) : 0;
}

int pp_buffer_create(struct pp_buffer *buffer, struct ibv_pd *pd, size_t size,
		     const struct pp_buffer_options *options)
{
	int err = 0;

	*buffer = (struct pp_buffer){.kind = options->kind, .size = size};
	if (buffer->kind == PP_MEMORY_DEVICE)
		buffer->size =
			(size + DEVICE_MEMORY_UNIT - 1) / DEVICE_MEMORY_UNIT * DEVICE_MEMORY_UNIT;
	if (buffer->kind == PP_MEMORY_ON_DEMAND || buffer->kind == PP_MEMORY_ON_DEMAND_IMPLICIT)
		err = check_odp(pd, options);
	if (!err)
		err = allocate(buffer, pd);
	if (!err)
		err = register_buffer(buffer, pd);
	if (!err && options->prefetch)
		err = prefetch(buffer, pd);
	if (err)
		pp_buffer_destroy(buffer);
	return err;
}

int pp_buffer_destroy(struct pp_buffer *buffer)
{
	int err = buffer->mr ? ibv_dereg_mr(buffer->mr) : 0;

	if (err)
		return tool_error(err, "cannot deregister the buffer");
	if (buffer->dm)
		err = ibv_free_dm(buffer->dm);
	if (err)
		tool_error(err, "cannot free device memory");
	if (buffer->unprotected)
		library.free_buf(buffer->unprotected);
	else
		free(buffer->memory);
	*buffer = (struct pp_buffer){0};
	return err;
}

uint64_t pp_buffer_address(const struct pp_buffer *buffer, size_t offset)
{
	return buffer->kind == PP_MEMORY_DEVICE ? offset : (uintptr_t)buffer->memory + offset;
}

int pp_buffer_flush(struct pp_buffer *buffer)
{
	int err = 0;

	if (buffer->kind == PP_MEMORY_DEVICE)
		err = ibv_memcpy_to_dm(buffer->dm, 0, buffer->memory, buffer->size);
	return err ? tool_error(err, "cannot copy to device memory") : 0;
}

int pp_buffer_fetch(struct pp_buffer *buffer)
{
	int err = 0;

	if (buffer->kind == PP_MEMORY_DEVICE)
		err = ibv_memcpy_from_dm(buffer->memory, buffer->dm, 0, buffer->size);
	return err ? tool_error(err, "cannot copy from device memory") : 0;
}
