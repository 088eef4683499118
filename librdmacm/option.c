/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Options of ids, and enhanced connection establishment. */
#include "librdmacm/cma.h"

int rdma_set_option(struct rdma_cm_id *id, int level, int optname, void *optval, size_t optlen)
{
	struct ucma_abi_set_option command = {
		.optval = (uintptr_t)optval,
		.id = to_cma_id(id)->handle,
		.level = (__u32)level,
		.optname = (__u32)optname,
		.optlen = (__u32)optlen,
	};

	if (optlen > UINT32_MAX || (optlen && !optval))
		return cma_result(EINVAL);
	return cma_result(CMA_COMMAND(id->channel->fd, UCMA_CMD_SET_OPTION, command));
}

int rdma_set_local_ece(struct rdma_cm_id *id, struct ibv_ece *ece)
{
	if (!id || id->qp || !ece || !ece->vendor_id || ece->comp_mask)
		return cma_result(EINVAL);
	to_cma_id(id)->local_ece = *ece;
	return 0;
}

int rdma_get_remote_ece(struct rdma_cm_id *id, struct ibv_ece *ece)
{
	if (id->qp || !ece)
		return cma_result(EINVAL);
	*ece = to_cma_id(id)->remote_ece;
	return 0;
}
