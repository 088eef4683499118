/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's calls. Its header and infiniband/umad.h give one name to two structures, so they
 * meet in no file. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include <rdma/ib_user_mad.h>

#include "umad_private.h"

/* Subnet management is on queue pair 0, everything else on 1. */
static uint8_t queue_pair_of(uint8_t mgmt_class)
{
	enum { SUBNET_LID_ROUTED = 0x01, SUBNET_DIRECTED_ROUTE = 0x81 };

	return mgmt_class != SUBNET_LID_ROUTED && mgmt_class != SUBNET_DIRECTED_ROUTE;
}

int umad_kernel_register(int fd, const struct umad_agent *agent, uint32_t *id)
{
	struct ib_user_mad_reg_req request = {
		.qpn = queue_pair_of(agent->mgmt_class),
		.mgmt_class = agent->mgmt_class,
		.mgmt_class_version = agent->mgmt_version,
		.oui = {agent->oui[0], agent->oui[1], agent->oui[2]},
		.rmpp_version = agent->rmpp_version,
	};

	_Static_assert(sizeof(request.method_mask) == sizeof(agent->method_mask), "a bit a method");
	memcpy(request.method_mask, agent->method_mask, sizeof(request.method_mask));
	if (ioctl(fd, IB_USER_MAD_REGISTER_AGENT, &request))
		return errno;
	*id = request.id;
	return 0;
}

int umad_kernel_register2(int fd, struct umad_agent *agent, uint32_t *id)
{
	struct ib_user_mad_reg_req2 request = {
		.qpn = queue_pair_of(agent->mgmt_class),
		.mgmt_class = agent->mgmt_class,
		.mgmt_class_version = agent->mgmt_version,
		.flags = agent->flags,
		.method_mask = {agent->method_mask[0], agent->method_mask[1]},
		.oui = (uint32_t)agent->oui[0] << 16 | (uint32_t)agent->oui[1] << 8 | agent->oui[2],
		.rmpp_version = agent->rmpp_version,
	};
	int err = ioctl(fd, IB_USER_MAD_REGISTER_AGENT2, &request) ? errno : 0;

	/* A kernel that does not know a flag says which it knows. */
	agent->flags = request.flags;
	*id = request.id;
	return err;
}

int umad_kernel_unregister(int fd, uint32_t id)
{
	return ioctl(fd, IB_USER_MAD_UNREGISTER_AGENT, &id) ? errno : 0;
}

int umad_kernel_enable_pkey(int fd)
{
	return ioctl(fd, IB_USER_MAD_ENABLE_PKEY, NULL) ? errno : 0;
}
