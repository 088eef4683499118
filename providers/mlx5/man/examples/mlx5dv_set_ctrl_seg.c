/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes a send of 64 bytes as it would stand in a ring. */
#include <stdio.h>

#include <infiniband/mlx5dv.h>

int main(void)
{
	struct {
		struct mlx5_wqe_ctrl_seg ctrl;
		struct mlx5_wqe_data_seg data;
	} request;
	const unsigned char *bytes = (const unsigned char *)&request;

	mlx5dv_set_ctrl_seg(&request.ctrl, 0, MLX5_OPCODE_SEND, 0, 0x123456,
			    MLX5_WQE_CTRL_CQ_UPDATE, sizeof(request) / 16, 0, 0);
	mlx5dv_set_data_seg(&request.data, 64, 0x100, 0x1000);
	for (unsigned int i = 0; i < sizeof(request); i++)
		printf("%02x%s", bytes[i], i % 16 == 15 ? "\n" : i % 4 == 3 ? " " : "");
	return 0;
}
