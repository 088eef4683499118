/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Ethernet address and VLAN that a GID is reached by, for providers that build frames' headers.
 */
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_vlan.h>
#include <linux/sockios.h>

#include "libibverbs/library.h"

#define NO_VLAN 0xffff

static bool is_mapped_ipv4(const union ibv_gid *gid)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(gid->raw, prefix, sizeof(prefix));
}

static bool is_multicast(const union ibv_gid *gid)
{
	return gid->raw[0] == 0xff || (is_mapped_ipv4(gid) && (gid->raw[12] & 0xf0) == 0xe0);
}

/* RFC 1112, 6.4 and RFC 2464, 7 */
static void multicast_mac(const union ibv_gid *gid, uint8_t mac[ETHERNET_LL_SIZE])
{
	if (is_mapped_ipv4(gid)) {
		const uint8_t ipv4[ETHERNET_LL_SIZE] = {
			0x01, 0x00, 0x5e, gid->raw[13] & 0x7f, gid->raw[14], gid->raw[15]};

		memcpy(mac, ipv4, sizeof(ipv4));
		return;
	}
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, gid->raw + 12, 4);
}

static bool is_link_local(const union ibv_gid *gid)
{
	static const uint8_t prefix[8] = {0xfe, 0x80};

	return !memcmp(gid->raw, prefix, sizeof(prefix));
}

/* The interface part is the MAC around ff:fe, or around the number of a VLAN (IBTA annex A16). */
static void link_local_mac(const union ibv_gid *gid, uint8_t mac[ETHERNET_LL_SIZE])
{
	memcpy(mac, gid->raw + 8, 3);
	memcpy(mac + 3, gid->raw + 13, 3);
	mac[0] ^= 2;
}

/* A name that is no VLAN interface is refused by the kernel, and means no VLAN. */
static uint16_t vlan_of(unsigned int ifindex)
{
	struct vlan_ioctl_args args = {.cmd = GET_VLAN_VID_CMD};
	uint16_t vid = NO_VLAN;
	int fd;

	_Static_assert(sizeof(args.device1) >= IF_NAMESIZE, "holds an interface name");
	if (!ifindex || !if_indextoname(ifindex, args.device1))
		return vid;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return vid;
	if (!ioctl(fd, SIOCGIFVLAN, &args))
		vid = args.u.VID;
	close(fd);
	return vid;
}

static uint16_t vlan_in_gid(const union ibv_gid *gid)
{
	uint16_t middle = gid->raw[11] << 8 | gid->raw[12];

	return middle < 0x1000 ? middle : NO_VLAN;
}

static int destination_mac(const union ibv_gid *dgid, const struct ibv_gid_entry *source,
			   uint8_t mac[ETHERNET_LL_SIZE])
{
	if (is_multicast(dgid)) {
		multicast_mac(dgid, mac);
		return 0;
	}
	if (is_link_local(dgid)) {
		link_local_mac(dgid, mac);
		return 0;
	}
	return neigh_resolve(dgid, &source->gid, source->ndev_ifindex, mac);
}

int ibv_resolve_eth_l2_from_gid(struct ibv_context *context, struct ibv_ah_attr *attr,
				uint8_t eth_mac[ETHERNET_LL_SIZE], uint16_t *vid)
{
	struct ibv_gid_entry source;
	int err;

	err = ibv_query_gid_ex(context, attr->port_num, attr->grh.sgid_index, &source, 0);
	if (err)
		return err;
	if (source.gid_type == IBV_GID_TYPE_IB)
		return EINVAL; /* no Ethernet on this port */
	err = destination_mac(&attr->grh.dgid, &source, eth_mac);
	if (err || !vid)
		return err;
	*vid = vlan_of(source.ndev_ifindex);
	if (*vid == NO_VLAN && is_link_local(&source.gid))
		*vid = vlan_in_gid(&source.gid);
	return 0;
}
