/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Management datagrams that the driver asks the firmware to answer. There is no agent behind the
 * port: every one comes back with the status that its attribute is not supported, as IBTA vol. 1,
 * 13.4.7 has it, which drivers take for the absence of an extension.
 */
#include <string.h>

#include "softhca/pci/mlx5/commands.h"

#define MAD_METHOD HW_FIELD(0x00, 7, 0)
#define MAD_STATUS HW_FIELD(0x04, 31, 16)

enum {
	METHOD_RESPONSE = 0x80,
	STATUS_UNSUPPORTED_METHOD_ATTRIBUTE = 3 << 2,
};

enum mlx5_status mlx5_mad_ifc(struct mlx5_command *command)
{
	uint8_t *mad = command->out + MLX5_MAD_IFC_MAD_BYTE;

	if (hw_get(command->in, MLX5_MAD_IFC_PORT) != 1)
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "no such port");
	memcpy(mad, command->in + MLX5_MAD_IFC_MAD_BYTE, MLX5_MAD_IFC_MAD_BYTES);
	hw_set(mad, MAD_METHOD, hw_get(mad, MAD_METHOD) | METHOD_RESPONSE);
	hw_set(mad, MAD_STATUS, STATUS_UNSUPPORTED_METHOD_ATTRIBUTE);
	return MLX5_STATUS_OK;
}
