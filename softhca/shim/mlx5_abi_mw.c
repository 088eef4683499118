/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What libmlx5 may say of a memory window: how many pieces it will stand for. */
#include <errno.h>

#include <rdma/mlx5-abi.h>

#include "softhca/shim/mlx5_abi.h"

int mlx5_abi_alloc_mw(struct driver_data *driver)
{
	/* The kernel's own header has no name for the answer. */
	struct {
		__u32 comp_mask;
		__u32 response_length;
	} answer = {0};
	struct mlx5_ib_alloc_mw request;
	int rc = driver_input(driver, &request, sizeof(request));

	if (rc)
		return rc;
	/* Windows of one piece, which every library means that says nothing. */
	if (request.comp_mask || request.reserved1 || request.reserved2 || request.num_klms > 1)
		return EOPNOTSUPP;
	answer.response_length =
		(uint32_t)(driver->out_room < sizeof(answer) ? driver->out_room : sizeof(answer));
	driver_output(driver, &answer, sizeof(answer));
	return 0;
}
