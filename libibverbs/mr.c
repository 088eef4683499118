/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory regions. The memory of a region is kept out of forked children before the device gets it
 * and given back after the device has let go of it; fork.c does that.
 */
#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

#undef ibv_reg_mr
#undef ibv_reg_mr_iova

/* On-demand memory is followed by the device through whatever the kernel does to its pages. */
static bool needs_fork_care(unsigned int access)
{
	return !(access & IBV_ACCESS_ON_DEMAND);
}

/* What no kernel accepts. Flags that this library does not know are the kernel's to judge. */
static int check_request(const char *verb, const void *addr, size_t length, unsigned int access)
{
	if (access & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC) &&
	    !(access & IBV_ACCESS_LOCAL_WRITE))
		return explain_access(verb, access);
	if ((uintptr_t)addr + length < (uintptr_t)addr)
		return explain(EINVAL, verb, "%zu bytes at %p reach beyond the last address",
			       length, addr);
	return 0;
}

/* Optional flags are wishes; a kernel that does not know the idea would refuse them. */
static unsigned int usable_access(struct ibv_context *context, unsigned int access)
{
	if (verbs_core_supports(context, IB_UVERBS_CORE_SUPPORT_OPTIONAL_MR_ACCESS))
		return access;
	return access & ~(unsigned int)IB_UVERBS_ACCESS_OPTIONAL_RANGE;
}

static void fill_in(struct ibv_mr *mr, struct ibv_pd *pd, void *addr, size_t length)
{
	mr->context = pd->context;
	mr->pd = pd;
	mr->addr = addr;
	mr->length = length;
}

/* Four public functions come to this. */
static const char reg_mr[] = "ibv_reg_mr";

struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
				unsigned int access)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);
	struct ibv_mr *mr;
	int err;

	if (!ops->reg_mr)
		return fail_null(explain_errno(EOPNOTSUPP, reg_mr, pd->context));
	err = check_request(reg_mr, addr, length, access);
	if (err)
		return fail_null(err);
	access = usable_access(pd->context, access);
	if (needs_fork_care(access)) {
		err = ibv_dontfork_range(addr, length);
		if (err)
			return fail_null(err);
	}
	mr = ops->reg_mr(pd, addr, length, iova, access);
	if (mr) {
		fill_in(mr, pd, addr, length);
		to_verbs_mr(mr)->access = access;
		return mr;
	}
	err = explain_registration(errno, reg_mr, pd->context, addr, length, access);
	if (needs_fork_care(access))
		ibv_dofork_range(addr, length);
	return fail_null(err);
}

struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t length, int access)
{
	return ibv_reg_mr_iova2(pd, addr, length, (uintptr_t)addr, access);
}

struct ibv_mr *ibv_reg_mr_iova(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
			       int access)
{
	return ibv_reg_mr_iova2(pd, addr, length, iova, access);
}

struct ibv_mr *ibv_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
				 int fd, int access)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);
	struct ibv_mr *mr;

	mr = ops->reg_dmabuf_mr ? ops->reg_dmabuf_mr(pd, offset, length, iova, fd,
						     usable_access(pd->context, access))
				: fail_null(EOPNOTSUPP);
	if (mr)
		fill_in(mr, pd, (void *)(uintptr_t)offset, length);
	return explained_pointer(mr, __func__, pd->context);
}

static const char reg_mr_ex[] = "ibv_reg_mr_ex";

/* Every way to describe memory has its bits; a provider that has the call gets them checked. */
static int check_attr(const struct ibv_pd *pd, const struct ibv_mr_init_attr *attr)
{
	const uint64_t known = IBV_REG_MR_MASK_IOVA | IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_FD |
			       IBV_REG_MR_MASK_FD_OFFSET | IBV_REG_MR_MASK_DMAH |
			       IBV_REG_MR_MASK_BUF;

	if (attr->comp_mask & ~known)
		return explain(EOPNOTSUPP, reg_mr_ex, "comp_mask %#llx has unknown bits",
			       (unsigned long long)attr->comp_mask);
	if (!(attr->comp_mask & (IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_FD | IBV_REG_MR_MASK_BUF)))
		return explain(EINVAL, reg_mr_ex, "comp_mask names no memory: addr, fd or buf");
	if (attr->comp_mask & IBV_REG_MR_MASK_FD && !(attr->comp_mask & IBV_REG_MR_MASK_FD_OFFSET))
		return explain(EINVAL, reg_mr_ex, "fd needs fd_offset");
	/* Memory is in one place; only a buffer of ours is named along with its address. */
	if (attr->comp_mask & IBV_REG_MR_MASK_FD &&
	    attr->comp_mask & (IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_BUF))
		return explain(EINVAL, reg_mr_ex, "fd does not go with addr or buf");
	if (attr->comp_mask & IBV_REG_MR_MASK_DMAH &&
	    (!attr->dmah || attr->dmah->context != pd->context))
		return explain(EINVAL, reg_mr_ex, "dmah is missing or of another context");
	if (attr->comp_mask & IBV_REG_MR_MASK_BUF &&
	    (!attr->buf || attr->buf->context != pd->context))
		return explain(EINVAL, reg_mr_ex, "buf is missing or of another context");
	return check_request(reg_mr_ex, attr->comp_mask & IBV_REG_MR_MASK_ADDR ? attr->addr : NULL,
			     attr->length, attr->access);
}

struct ibv_mr *ibv_reg_mr_ex(struct ibv_pd *pd, struct ibv_mr_init_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);
	uint64_t iova = attr->comp_mask & IBV_REG_MR_MASK_IOVA ? attr->iova : (uintptr_t)attr->addr;
	int err = check_attr(pd, attr);

	if (err)
		return fail_null(err);
	if ((attr->comp_mask & ~(uint64_t)IBV_REG_MR_MASK_IOVA) == IBV_REG_MR_MASK_ADDR)
		return ibv_reg_mr_iova2(pd, attr->addr, attr->length, iova, attr->access);
	return explained_pointer(ops->reg_mr_ex ? ops->reg_mr_ex(pd, attr) : fail_null(EOPNOTSUPP),
				 reg_mr_ex, pd->context);
}

static const char rereg_mr[] = "ibv_rereg_mr";

static int check_rereg(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		       unsigned int access)
{
	if (!flags || flags & ~IBV_REREG_MR_FLAGS_SUPPORTED)
		return explain(EINVAL, rereg_mr, "flags %#x are none or have unknown bits", flags);
	if (to_verbs_mr(mr)->type != VERBS_MR_TYPE_MR)
		return explain(EINVAL, rereg_mr, "the region is not of memory of the program");
	if (flags & IBV_REREG_MR_CHANGE_PD && (!pd || pd->context != mr->context))
		return explain(EINVAL, rereg_mr, "pd is missing or of another context");
	if (flags & IBV_REREG_MR_CHANGE_TRANSLATION && (!addr || !length))
		return explain(EINVAL, rereg_mr, "addr or length is 0");
	return flags & IBV_REREG_MR_CHANGE_ACCESS ? check_request(rereg_mr, NULL, 0, access) : 0;
}

/* The new state of the region, once the command has succeeded. */
static void take_rereg(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		       unsigned int access)
{
	if (flags & IBV_REREG_MR_CHANGE_TRANSLATION) {
		mr->addr = addr;
		mr->length = length;
	}
	if (flags & IBV_REREG_MR_CHANGE_PD)
		mr->pd = pd;
	if (flags & IBV_REREG_MR_CHANGE_ACCESS)
		to_verbs_mr(mr)->access = access;
}

/* Which failure it was tells the caller whether the region still stands and its memory is safe. */
int ibv_rereg_mr(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		 int access_flags)
{
	const struct verbs_context_ops *ops = context_ops(mr->context);
	unsigned int access = usable_access(mr->context, access_flags);
	bool moves =
		flags & IBV_REREG_MR_CHANGE_TRANSLATION && needs_fork_care(to_verbs_mr(mr)->access);
	void *old_addr = mr->addr;
	size_t old_length = mr->length;
	int err;

	err = check_rereg(mr, flags, pd, addr, length, access);
	if (!err && !ops->rereg_mr)
		err = explain_errno(EOPNOTSUPP, rereg_mr, mr->context);
	if (err) {
		errno = err;
		return IBV_REREG_MR_ERR_INPUT;
	}
	if (moves && (err = ibv_dontfork_range(addr, length))) {
		errno = err;
		return IBV_REREG_MR_ERR_DONT_FORK_NEW;
	}
	err = ops->rereg_mr(mr, flags, pd, addr, length, access);
	if (err) {
		bool stuck = moves && ibv_dofork_range(addr, length);

		errno = flags & IBV_REREG_MR_CHANGE_TRANSLATION
				? explain_registration(err, rereg_mr, mr->context, addr, length,
						       access)
				: explain_errno(err, rereg_mr, mr->context);
		return stuck ? IBV_REREG_MR_ERR_CMD_AND_DO_FORK_NEW : IBV_REREG_MR_ERR_CMD;
	}
	take_rereg(mr, flags, pd, addr, length, access);
	if (moves && (err = ibv_dofork_range(old_addr, old_length))) {
		errno = err;
		return IBV_REREG_MR_ERR_DO_FORK_OLD;
	}
	return 0;
}

int ibv_dereg_mr(struct ibv_mr *mr)
{
	const struct verbs_context_ops *ops = context_ops(mr->context);
	enum verbs_mr_type type = to_verbs_mr(mr)->type;
	unsigned int access = to_verbs_mr(mr)->access;
	void *addr = mr->addr;
	size_t length = mr->length;
	struct ibv_context *context = mr->context;
	int err = ops->dereg_mr ? ops->dereg_mr(mr) : EOPNOTSUPP;

	if (!err && type == VERBS_MR_TYPE_MR && needs_fork_care(access))
		ibv_dofork_range(addr, length);
	return explained(err, __func__, context);
}

int entry_advise_mr(struct ibv_pd *pd, enum ib_uverbs_advise_mr_advice advice, uint32_t flags,
		    struct ibv_sge *sg_list, uint32_t num_sge)
{
	static const char verb[] = "ibv_advise_mr";

	if (advice > IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT ||
	    flags & ~(uint32_t)IB_UVERBS_ADVISE_MR_FLAG_FLUSH)
		return explain(EOPNOTSUPP, verb, "advice %d or flags %#x are unknown", (int)advice,
			       flags);
	if (!sg_list || !num_sge)
		return explain(EINVAL, verb, "there are no elements");
	return explained(context_ops(pd->context)->advise_mr(pd, advice, flags, sg_list, num_sge),
			 verb, pd->context);
}

/* Peers know device memory by its offset and nothing else: it has no address. */
struct ibv_mr *entry_reg_dm_mr(struct ibv_pd *pd, struct ibv_dm *dm, uint64_t dm_offset,
			       size_t length, unsigned int access)
{
	static const char verb[] = "ibv_reg_dm_mr";
	int err = check_request(verb, NULL, 0, access);

	if (!err && (!dm || dm->context != pd->context))
		err = explain(EINVAL, verb, "dm is missing or of another context");
	if (!err && !(access & IBV_ACCESS_ZERO_BASED))
		err = explain(EINVAL, verb,
			      "device memory has no address: IBV_ACCESS_ZERO_BASED is needed");
	if (!err && dm_offset + length < dm_offset)
		err = explain(EINVAL, verb, "dm_offset and length reach beyond the last address");
	if (err)
		return fail_null(err);
	access = usable_access(pd->context, access);
	return explained_pointer(
		context_ops(pd->context)->reg_dm_mr(pd, dm, dm_offset, length, access), verb,
		pd->context);
}

struct ibv_mr *ibv_import_mr(struct ibv_pd *pd, uint32_t mr_handle)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);

	return explained_pointer(ops->import_mr ? ops->import_mr(pd, mr_handle)
						: fail_null(EOPNOTSUPP),
				 __func__, pd->context);
}

void ibv_unimport_mr(struct ibv_mr *mr)
{
	const struct verbs_context_ops *ops = context_ops(mr->context);

	if (ops->unimport_mr)
		ops->unimport_mr(mr);
}
