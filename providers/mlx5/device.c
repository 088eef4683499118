/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which devices are ours, and what device and ports can do. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/mlx5-abi.h>

#include "context.h"

#define MELLANOX(device) VERBS_MATCH_PCI(0x15b3, device, NULL)

static const struct verbs_match match_table[] = {
	VERBS_MATCH_DRIVER_ID(RDMA_DRIVER_MLX5, NULL),
	MELLANOX(0x1011), /* Connect-IB */
	MELLANOX(0x1012), /* Connect-IB VF */
	MELLANOX(0x1013), /* ConnectX-4 */
	MELLANOX(0x1014), /* ConnectX-4 VF */
	MELLANOX(0x1015), /* ConnectX-4 Lx */
	MELLANOX(0x1016), /* ConnectX-4 Lx VF */
	MELLANOX(0x1017), /* ConnectX-5 */
	MELLANOX(0x1018), /* ConnectX-5 VF */
	MELLANOX(0x1019), /* ConnectX-5 Ex */
	MELLANOX(0x101a), /* ConnectX-5 Ex VF */
	MELLANOX(0x101b), /* ConnectX-6 */
	MELLANOX(0x101c), /* ConnectX-6 VF */
	MELLANOX(0x101d), /* ConnectX-6 Dx */
	MELLANOX(0x101e), /* VF of the ConnectX family since 6 Dx */
	MELLANOX(0x101f), /* ConnectX-6 Lx */
	MELLANOX(0x1021), /* ConnectX-7 */
	MELLANOX(0x1023), /* ConnectX-8 */
	MELLANOX(0x1025), /* ConnectX-9 */
	MELLANOX(0xa2d2), /* BlueField */
	MELLANOX(0xa2d3), /* BlueField VF */
	MELLANOX(0xa2d6), /* BlueField-2 */
	MELLANOX(0xa2dc), /* BlueField-3 */
	MELLANOX(0xa2df), /* BlueField-4 */
	VERBS_MATCH_END,
};

static struct verbs_device *mlx5_alloc_device(const struct verbs_device_info *info,
					      const struct verbs_match *match)
{
	(void)info;
	(void)match;
	return calloc(1, sizeof(struct verbs_device));
}

static void mlx5_free_device(struct verbs_device *device)
{
	free(device);
}

const struct verbs_device_ops mlx5_device_ops = {
	.name = "mlx5",
	.driver_id = RDMA_DRIVER_MLX5,
	.abi_version_min = MLX5_IB_UVERBS_ABI_VERSION,
	.abi_version_max = MLX5_IB_UVERBS_ABI_VERSION,
	.match_table = match_table,
	.alloc_device = mlx5_alloc_device,
	.free_device = mlx5_free_device,
	.alloc_context = mlx5_alloc_context,
	.import_context = mlx5_import_context,
};

VERBS_PROVIDER(mlx5_device_ops)

int mlx5_query_device_ex(struct ibv_context *context, const struct ibv_query_device_ex_input *input,
			 struct ibv_device_attr_ex *attr)
{
	struct mlx5_context *mlx5 = to_mlx5_context(context);
	struct mlx5_ib_query_device_resp response = {};
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	bool has_udata = mlx5->udata_commands & MLX5_USER_CMDS_SUPP_UHW_QUERY_DEVICE;
	uint64_t version;
	int err;

	err = ibv_cmd_query_device_any(context, input, attr, &version, has_udata ? &udata : NULL);
	if (err)
		return err;
	snprintf(attr->orig_attr.fw_ver, sizeof(attr->orig_attr.fw_ver), "%u.%u.%04u",
		 (unsigned int)(version >> 32 & 0xffff), (unsigned int)(version >> 16 & 0xffff),
		 (unsigned int)(version & 0xffff));

	attr->tso_caps.max_tso = response.tso_caps.max_tso;
	attr->tso_caps.supported_qpts = response.tso_caps.supported_qpts;
	attr->rss_caps.rx_hash_fields_mask = response.rss_caps.rx_hash_fields_mask;
	attr->rss_caps.rx_hash_function = response.rss_caps.rx_hash_function;
	attr->packet_pacing_caps.qp_rate_limit_min = response.packet_pacing_caps.qp_rate_limit_min;
	attr->packet_pacing_caps.qp_rate_limit_max = response.packet_pacing_caps.qp_rate_limit_max;
	attr->packet_pacing_caps.supported_qpts = response.packet_pacing_caps.supported_qpts;
	return 0;
}

int mlx5_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr)
{
	int err = ibv_cmd_query_port(context, port_num, attr);

	if (!err)
		atomic_store_explicit(&to_mlx5_context(context)->link_layer[port_num],
				      attr->link_layer, memory_order_relaxed);
	return err;
}

int mlx5_port_is_ethernet(struct ibv_context *context, uint8_t port_num, bool *ethernet)
{
	struct mlx5_context *mlx5 = to_mlx5_context(context);
	struct ibv_port_attr attr = {};
	uint8_t layer = atomic_load_explicit(&mlx5->link_layer[port_num], memory_order_relaxed);

	if (layer == IBV_LINK_LAYER_UNSPECIFIED) {
		int err = mlx5_query_port(context, port_num, &attr);

		if (err)
			return err;
		layer = attr.link_layer;
	}
	*ethernet = layer == IBV_LINK_LAYER_ETHERNET;
	return 0;
}
