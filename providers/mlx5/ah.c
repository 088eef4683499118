/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Address handles. The device knows none: the address vector travels in every UD WQE. The kernel is
 * asked only on Ethernet, where it resolves the destination's MAC address.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <rdma/mlx5-abi.h>

#include "ah.h"
#include "context.h"

/* RoCEv2 (IBTA annex A17): UDP source ports are of the upper quarter, chosen by the flow. */
enum {
	ROCE_MIN_SOURCE_PORT = 0xc000,
	ROCE_SOURCE_PORT_MASK = 0x3fff,
};

/*
 * The device can hold back to nine rates, which are not in the order of their codes. A rate between
 * two of them gets the higher one; above the last there is no limit, which is code 0.
 */
static uint8_t rate_code(uint8_t static_rate)
{
	static const struct {
		int mbps;
		uint8_t code;
	} rates[] = {
		{2500, 7},   {5000, 10},  {10000, 8},  {20000, 11},  {30000, 9},
		{40000, 12}, {60000, 13}, {80000, 14}, {120000, 15},
	};
	int mbps = static_rate ? ibv_rate_to_mbps((enum ibv_rate)static_rate) : -1;

	for (size_t i = 0; mbps > 0 && i < sizeof(rates) / sizeof(rates[0]); i++) {
		if (mbps <= rates[i].mbps)
			return rates[i].code;
	}
	return 0;
}

static void fill_route(struct mlx5_wqe_av *av, const struct ibv_global_route *grh)
{
	av->tclass = grh->traffic_class;
	av->hop_limit = grh->hop_limit;
	av->grh_gid_fl = mlx5_av_grh_gid_fl(grh->sgid_index, grh->flow_label);
	memcpy(av->rgid, &grh->dgid, sizeof(av->rgid));
}

static void fill_infiniband(struct mlx5_wqe_av *av, const struct ibv_ah_attr *attr)
{
	av->stat_rate_sl = (uint8_t)(rate_code(attr->static_rate) << 4 | (attr->sl & 0xf));
	av->fl_mlid = attr->src_path_bits & MLX5_AV_PATH_BITS_MASK;
	av->rlid = htobe16(attr->dlid);
	if (attr->is_global)
		fill_route(av, &attr->grh);
}

/*
 * Twenty bits of flow label onto fourteen of port; both ends of the label count. Without a label
 * any port will do, and different ones spread the flows over the paths of a network.
 */
static uint16_t source_port(uint32_t flow_label)
{
	flow_label &= MLX5_AV_FLOW_LABEL_MASK;
	if (!flow_label && getrandom(&flow_label, sizeof(flow_label), GRND_NONBLOCK) < 0)
		return ROCE_MIN_SOURCE_PORT;
	return ROCE_MIN_SOURCE_PORT | ((flow_label ^ flow_label >> 14) & ROCE_SOURCE_PORT_MASK);
}

static int resolve_mac(struct ibv_pd *pd, struct mlx5_ah *ah, const struct ibv_ah_attr *attr)
{
	struct mlx5_context *context = to_mlx5_context(pd->context);
	struct mlx5_ib_create_ah_resp response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err;

	if (!(context->udata_commands & MLX5_USER_CMDS_SUPP_UHW_CREATE_AH))
		return EOPNOTSUPP;
	err = ibv_cmd_create_ah(pd, attr, &ah->ibv_ah, &udata);
	if (err)
		return err;
	ah->in_kernel = true;
	memcpy(ah->av.rmac, response.dmac, sizeof(ah->av.rmac));
	return 0;
}

static int fill_ethernet(struct ibv_pd *pd, struct mlx5_ah *ah, const struct ibv_ah_attr *attr)
{
	struct mlx5_wqe_av *av = &ah->av;
	struct ibv_gid_entry gid;
	int err;

	/* RoCE has no LIDs: without a GID there is no destination. */
	if (!attr->is_global)
		return EINVAL;
	err = ibv_query_gid_ex(pd->context, attr->port_num, attr->grh.sgid_index, &gid, 0);
	if (err)
		return err;
	/* Three bits of priority take the place of the service level. */
	av->stat_rate_sl = (uint8_t)(rate_code(attr->static_rate) << 4 | (attr->sl & 7) << 1);
	fill_route(av, &attr->grh);
	/* A route is there in any case, as the GRH or IP header of the packet; the bit is IB's. */
	av->grh_gid_fl &= ~htobe32(MLX5_AV_GRH);
	if (gid.gid_type == IBV_GID_TYPE_ROCE_V2)
		av->rlid = htobe16(source_port(attr->grh.flow_label));
	return resolve_mac(pd, ah, attr);
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
	if (ethernet)
		err = fill_ethernet(pd, ah, attr);
	else
		fill_infiniband(&ah->av, attr);
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
