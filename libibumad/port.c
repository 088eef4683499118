/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Open ports, and the agents on them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <infiniband/umad.h>

#include "umad_private.h"

int umad_init(void)
{
	return 0;
}

int umad_done(void)
{
	return 0;
}

static int check_abi(void)
{
	uint64_t version;
	int err = umad_read_number(&version, "class/infiniband_mad/" IB_UMAD_ABI_FILE);

	if (err) {
		umad_warn("no " SYS_INFINIBAND_MAD "; is ib_umad loaded?");
		return EOPNOTSUPP;
	}
	if (version == IB_UMAD_ABI_VERSION)
		return 0;
	umad_warn("the kernel's umad interface has version %u, not %d", (unsigned int)version,
		  IB_UMAD_ABI_VERSION);
	return EOPNOTSUPP;
}

static int open_file(const char *name, int port, int *fd)
{
	unsigned int number;
	char path[64];
	int err = umad_find_file(name, port, &number);

	if (err) {
		umad_warn("port %d of %s has no umad file", port, name);
		return err;
	}
	snprintf(path, sizeof(path), "/dev/infiniband/umad%u", number);
	*fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0) {
		err = errno;
		umad_warn("cannot open %s: %s", path, strerror(err));
		return err;
	}
	/* The layout of headers with a P_Key index, which has been the only one since 2.6.24. */
	err = umad_kernel_enable_pkey(*fd);
	if (err)
		close(*fd);
	return err;
}

int umad_open_port(const char *ca_name, int portnum)
{
	char name[UMAD_CA_NAME_LEN];
	int fd, err = check_abi();

	if (!err)
		err = umad_find_port(ca_name, portnum, name, &portnum);
	if (!err)
		err = open_file(name, portnum, &fd);
	return err ? -err : fd;
}

int umad_open_smi_port(const char *ca_name, int portnum)
{
	struct umad_ca_pair pair;
	int err = umad_get_smi_gsi_pair_by_ca_name(ca_name, (uint8_t)portnum, &pair, 1);

	return err ? err : umad_open_port(pair.smi_name, (int)pair.smi_preferred_port);
}

int umad_close_port(int portid)
{
	return close(portid) ? -errno : 0;
}

int umad_get_fd(int portid)
{
	return portid;
}

int umad_get_issm_path(const char *ca_name, int portnum, char path[], int max)
{
	char name[UMAD_CA_NAME_LEN];
	unsigned int number;
	int err = umad_find_port(ca_name, portnum, name, &portnum);

	if (!err)
		err = umad_find_file(name, portnum, &number);
	if (!err && snprintf(path, (size_t)max, "/dev/infiniband/issm%u", number) >= max)
		err = ENAMETOOLONG;
	return -err;
}

static void take_mask(struct umad_agent *agent, const long method_mask[16 / sizeof(long)])
{
	if (method_mask)
		memcpy(agent->method_mask, method_mask, sizeof(agent->method_mask));
}

static int register_agent(int portid, const struct umad_agent *agent)
{
	uint32_t id;
	int err = umad_kernel_register(portid, agent, &id);

	if (err)
		umad_warn("cannot register for class %#x: %s", agent->mgmt_class, strerror(err));
	return err ? -err : (int)id;
}

int umad_register(int portid, int mgmt_class, int mgmt_version, uint8_t rmpp_version,
		  long method_mask[16 / sizeof(long)])
{
	struct umad_agent agent = {.mgmt_class = (uint8_t)mgmt_class,
				   .mgmt_version = (uint8_t)mgmt_version,
				   .rmpp_version = rmpp_version};

	take_mask(&agent, method_mask);
	return register_agent(portid, &agent);
}

/* Vendors' classes of the second range; there is one version of them. */
int umad_register_oui(int portid, int mgmt_class, uint8_t rmpp_version, uint8_t oui[3],
		      long method_mask[16 / sizeof(long)])
{
	enum { FIRST = 0x30, LAST = 0x4f };
	struct umad_agent agent = {.mgmt_class = (uint8_t)mgmt_class,
				   .mgmt_version = 1,
				   .rmpp_version = rmpp_version,
				   .oui = {oui[0], oui[1], oui[2]}};

	if (mgmt_class < FIRST || mgmt_class > LAST)
		return -EINVAL;
	take_mask(&agent, method_mask);
	return register_agent(portid, &agent);
}

int umad_register2(int port_fd, struct umad_reg_attr *attr, uint32_t *agent_id)
{
	struct umad_agent agent;
	int err;

	if (!attr || !agent_id)
		return EINVAL;
	agent = (struct umad_agent){
		.mgmt_class = attr->mgmt_class,
		.mgmt_version = attr->mgmt_class_version,
		.rmpp_version = attr->rmpp_version,
		.oui = {(uint8_t)(attr->oui >> 16), (uint8_t)(attr->oui >> 8), (uint8_t)attr->oui},
		.method_mask = {attr->method_mask[0], attr->method_mask[1]},
		.flags = attr->flags,
	};
	err = umad_kernel_register2(port_fd, &agent, agent_id);
	if (!err)
		return 0;
	if (err != ENOTTY) {
		attr->flags = agent.flags;
		return err;
	}
	/* A kernel from before flags. */
	if (attr->flags) {
		attr->flags = 0;
		return EINVAL;
	}
	return umad_kernel_register(port_fd, &agent, agent_id);
}

int umad_unregister(int portid, int agentid)
{
	return -umad_kernel_unregister(portid, (uint32_t)agentid);
}
