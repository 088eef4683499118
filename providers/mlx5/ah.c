/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Address handles. The device knows none: the address vector travels in every UD WQE. The kernel is
 * asked only on Ethernet, where it resolves the destination's MAC address.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rdma/mlx5-abi.h>

#include "ah.h"
#include "context.h"

/* RoCEv2 (IBTA annex A17): UDP source ports are of the upper quarter, chosen by the flow. */
enum {
	ROCE_MIN_SOURCE_PORT = 0xc000,
	ROCE_SOURCE_PORT_MASK = 0x3fff,
};

static void fill_av(struct mlx5_wqe_av *av, const struct ibv_ah_attr *attr)
{
	av->stat_rate_sl = (uint8_t)(attr->static_rate << 4 | (attr->sl & 0xf));
	av->fl_mlid = attr->src_path_bits & MLX5_AV_PATH_BITS_MASK;
	av->rlid = htobe16(attr->dlid);
	if (!attr->is_global)
		return;
	av->tclass = attr->grh.traffic_class;
	av->hop_limit = attr->grh.hop_limit;
	av->grh_gid_fl = mlx5_av_grh_gid_fl(attr->grh.sgid_index, attr->grh.flow_label);
	memcpy(av->rgid, &attr->grh.dgid, sizeof(av->rgid));
}

/* Twenty bits of flow label onto fourteen of port; both ends of the label count. */
static uint16_t source_port(uint32_t flow_label)
{
	return ROCE_MIN_SOURCE_PORT | ((flow_label ^ (flow_label & MLX5_AV_FLOW_LABEL_MASK) >> 14) &
				       ROCE_SOURCE_PORT_MASK);
}

static int fill_ethernet(struct ibv_pd *pd, struct mlx5_ah *ah, const struct ibv_ah_attr *attr)
{
	struct mlx5_context *context = to_mlx5_context(pd->context);
	struct mlx5_ib_create_ah_resp response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err;

	/* RoCE has no LIDs: without a GID there is no destination. */
	if (!attr->is_global)
		return EINVAL;
	if (!(context->udata_commands & MLX5_USER_CMDS_SUPP_UHW_CREATE_AH))
		return EOPNOTSUPP;
	err = ibv_cmd_create_ah(pd, attr, &ah->ibv_ah, &udata);
	if (err)
		return err;
	ah->in_kernel = true;
	memcpy(ah->av.rmac, response.dmac, sizeof(ah->av.rmac));
	ah->av.rlid = htobe16(source_port(attr->grh.flow_label));
	/* Three bits of priority take the place of the service level. */
	ah->av.stat_rate_sl = (uint8_t)(attr->static_rate << 4 | (attr->sl & 7) << 1);
	return 0;
}

struct ibv_ah *mlx5_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr)
{
	struct mlx5_ah *ah;
	bool ethernet;
	int err;

	err = mlx5_port_is_ethernet(pd->context, attr->port_num, &ethernet);
	if (err)
		goto fail;
	ah = calloc(1, sizeof(*ah));
	if (!ah)
		return NULL;
	fill_av(&ah->av, attr);
	err = ethernet ? fill_ethernet(pd, ah, attr) : 0;
	if (!err)
		return &ah->ibv_ah;
	free(ah);
fail:
	errno = err;
	return NULL;
}

int mlx5_destroy_ah(struct ibv_ah *ibv_ah)
{
	struct mlx5_ah *ah = to_mlx5_ah(ibv_ah);
	int err = ah->in_kernel ? ibv_cmd_destroy_ah(ibv_ah) : 0;

	if (!err)
		free(ah);
	return err;
}
