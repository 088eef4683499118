/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Builder of RDMA_VERBS_IOCTL method calls, for libibverbs and for the driver methods of providers.
 * Attributes are added one by one to a structure on the stack; data behind pointers must stay valid
 * until verbs_ioctl_run() returns. A call with too many attributes fails with E2BIG when run.
 *
 *	struct verbs_ioctl call;
 *	unsigned int handle;
 *
 *	verbs_ioctl_begin(&call, UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC);
 *	handle = verbs_ioctl_new_handle(&call, UVERBS_ATTR_ALLOC_DM_HANDLE);
 *	verbs_ioctl_in_u64(&call, UVERBS_ATTR_ALLOC_DM_LENGTH, length);
 *	err = verbs_ioctl_run(context, &call);
 *	if (!err)
 *		dm->handle = verbs_ioctl_u32(&call, handle);
 */
#ifndef LIBIBVERBS_IOCTL_H
#define LIBIBVERBS_IOCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/rdma_user_ioctl_cmds.h>

struct ibv_context;

#define VERBS_IOCTL_MAX_ATTRS 30

struct verbs_ioctl {
	unsigned int num_attrs;
	int error;
	union {
		struct ib_uverbs_ioctl_hdr hdr;
		uint64_t space[3 + 2 * VERBS_IOCTL_MAX_ATTRS];
	};
};

/*
 * Driver-private data that travels with a core command. Either half may be empty. out is zeroed
 * before the command, so what an older kernel does not write reads as zero.
 */
struct verbs_udata {
	const void *in;
	size_t in_len;
	void *out;
	size_t out_len;
};

void verbs_ioctl_begin(struct verbs_ioctl *call, uint16_t object, uint16_t method);

/*
 * Data in: up to 8 bytes are copied into the attribute, more are pointed at. The kernel wants the
 * very size of an attribute; its "constants" are 64 bits wide whatever type they stand for.
 */
void verbs_ioctl_in(struct verbs_ioctl *call, uint16_t attr, const void *data, size_t len);
void verbs_ioctl_in_u32(struct verbs_ioctl *call, uint16_t attr, uint32_t value);
void verbs_ioctl_in_u64(struct verbs_ioctl *call, uint16_t attr, uint64_t value);
/* A choice of an enum attribute, with the data that belongs to that choice (may be empty). */
void verbs_ioctl_in_enum(struct verbs_ioctl *call, uint16_t attr, uint8_t choice, const void *data,
			 size_t len);
void verbs_ioctl_in_handle(struct verbs_ioctl *call, uint16_t attr, uint32_t handle);
void verbs_ioctl_in_handles(struct verbs_ioctl *call, uint16_t attr, const uint32_t *handles,
			    size_t count);
void verbs_ioctl_in_fd(struct verbs_ioctl *call, uint16_t attr, int fd);
/* Flags: nothing is sent for 0, so that a kernel without the attribute need not know it. */
void verbs_ioctl_in_flags(struct verbs_ioctl *call, uint16_t attr, uint64_t flags);

/* Data out. The buffer is zeroed first. */
void verbs_ioctl_out(struct verbs_ioctl *call, uint16_t attr, void *data, size_t len);
/* A new object or descriptor; the result is asked for with verbs_ioctl_u32() after the run. */
unsigned int verbs_ioctl_new_handle(struct verbs_ioctl *call, uint16_t attr);
unsigned int verbs_ioctl_new_fd(struct verbs_ioctl *call, uint16_t attr);

/* UVERBS_ATTR_UHW_IN and _OUT for methods that take both a core part and a driver part. */
void verbs_ioctl_udata(struct verbs_ioctl *call, const struct verbs_udata *udata);

/* The attribute added last may be ignored by a kernel that does not know it. */
void verbs_ioctl_optional(struct verbs_ioctl *call);

/*
 * 0 or errno. EPROTONOSUPPORT: this kernel has no such method or attribute, or takes commands by
 * write() only.
 */
int verbs_ioctl_run(struct ibv_context *context, struct verbs_ioctl *call);

uint32_t verbs_ioctl_u32(const struct verbs_ioctl *call, unsigned int index);
/* True when the kernel filled in the out attribute. */
bool verbs_ioctl_answered(const struct verbs_ioctl *call, unsigned int index);

#endif
