/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Address handles. Kernels since 5.15 keep the address themselves and answer CREATE_AH with a
 * number that requests name it by; older ones leave the answer alone and read the address vector
 * out of each request.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ah.h"

static bool is_mapped_ipv4(const union ibv_gid *gid)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(gid->raw, prefix, sizeof(prefix));
}

static uint8_t network_type(const union ibv_gid *gid)
{
	return is_mapped_ipv4(gid) ? RXE_NETWORK_TYPE_IPV4 : RXE_NETWORK_TYPE_IPV6;
}

static void set_ipv4(struct sockaddr_in *address, const union ibv_gid *gid)
{
	address->sin_family = AF_INET;
	memcpy(&address->sin_addr, gid->raw + 12, sizeof(address->sin_addr));
}

static void set_ipv6(struct sockaddr_in6 *address, const union ibv_gid *gid)
{
	address->sin6_family = AF_INET6;
	memcpy(&address->sin6_addr, gid->raw, sizeof(address->sin6_addr));
}

static void set_addresses(struct rxe_av *av, const union ibv_gid *sgid, const union ibv_gid *dgid)
{
	if (av->network_type == RXE_NETWORK_TYPE_IPV4) {
		set_ipv4(&av->sgid_addr._sockaddr_in, sgid);
		set_ipv4(&av->dgid_addr._sockaddr_in, dgid);
	} else {
		set_ipv6(&av->sgid_addr._sockaddr_in6, sgid);
		set_ipv6(&av->dgid_addr._sockaddr_in6, dgid);
	}
}

/* Both ends are reached by one IP version: that of the source GID. */
static int fill_av(struct ibv_pd *pd, struct rxe_av *av, struct ibv_ah_attr *attr)
{
	union ibv_gid sgid;

	if (ibv_query_gid(pd->context, attr->port_num, attr->grh.sgid_index, &sgid))
		return errno;
	if (network_type(&sgid) != network_type(&attr->grh.dgid))
		return EINVAL;
	av->port_num = attr->port_num;
	av->network_type = network_type(&sgid);
	memcpy(av->grh.dgid.raw, attr->grh.dgid.raw, sizeof(av->grh.dgid.raw));
	av->grh.flow_label = attr->grh.flow_label;
	av->grh.sgid_index = attr->grh.sgid_index;
	av->grh.hop_limit = attr->grh.hop_limit;
	av->grh.traffic_class = attr->grh.traffic_class;
	set_addresses(av, &sgid, &attr->grh.dgid);
	return ibv_resolve_eth_l2_from_gid(pd->context, attr, av->dmac, NULL);
}

static int create(struct ibv_pd *pd, struct rxe_ah *ah, struct ibv_ah_attr *attr)
{
	struct rxe_create_ah_resp response;
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err;

	err = ibv_cmd_create_ah(pd, attr, &ah->ibv_ah, &udata);
	if (err)
		return err;
	ah->ah_num = response.ah_num;
	if (ah->ah_num)
		return 0;
	err = fill_av(pd, &ah->av, attr);
	if (err)
		ibv_cmd_destroy_ah(&ah->ibv_ah);
	return err;
}

struct ibv_ah *rxe_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr)
{
	struct rxe_ah *ah;
	int err;

	/* RoCE has no LIDs: without a GID there is no destination. */
	if (!attr->is_global) {
		errno = EINVAL;
		return NULL;
	}
	ah = calloc(1, sizeof(*ah));
	if (!ah)
		return NULL;
	err = create(pd, ah, attr);
	if (!err)
		return &ah->ibv_ah;
	free(ah);
	errno = err;
	return NULL;
}

int rxe_destroy_ah(struct ibv_ah *ah)
{
	int err = ibv_cmd_destroy_ah(ah);

	if (!err)
		free(to_rxe_ah(ah));
	return err;
}
