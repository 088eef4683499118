/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Management datagrams from user space: which adapters and ports there are, and agents that send
 * and receive MADs on them through /dev/infiniband/umadN. Functions return 0 or more, or a negative
 * errno, unless a line says otherwise.
 */
#ifndef _UMAD_H
#define _UMAD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include <sys/ioctl.h>

#include <infiniband/arch.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef __be16 be16_t;
typedef __be32 be32_t;
typedef __be64 be64_t;

#define UMAD_MAX_DEVICES 128
#define UMAD_ANY_PORT	 0 /* the first that is active */

/* Its halves are aligned as far as a MAD is, to four bytes. */
union umad_gid {
	uint8_t raw[16];
	__be16 raw_be16[8];
	struct {
		__be64 subnet_prefix;
		__be64 interface_id;
	} __attribute__((packed, aligned(4))) global;
};

/* Where a MAD goes, or comes from. */
typedef struct ib_mad_addr {
	__be32 qpn;
	__be32 qkey;
	__be16 lid;
	uint8_t sl;
	uint8_t path_bits;
	uint8_t grh_present;
	uint8_t gid_index;
	uint8_t hop_limit;
	uint8_t traffic_class;
	__extension__ union {
		uint8_t gid[16];
		union umad_gid ib_gid;
	};
	__be32 flow_label;
	uint16_t pkey_index;
	uint8_t reserved[6];
} ib_mad_addr_t;

/* What is read and written: this, then the MAD. */
typedef struct ib_user_mad {
	uint32_t agent_id;
	uint32_t status; /* of what came back: 0 or an errno, ETIMEDOUT for no answer */
	uint32_t timeout_ms;
	uint32_t retries;
	uint32_t length; /* with this header */
	ib_mad_addr_t addr;
	__extension__ uint8_t data[0];
} ib_user_mad_t;

#define IB_UMAD_ABI_VERSION	     5
#define IB_UMAD_ABI_DIR		     "/sys/class/infiniband_mad"
#define IB_UMAD_ABI_FILE	     "abi_version"

#define IB_IOCTL_MAGIC		     0x1b
#define IB_USER_MAD_REGISTER_AGENT   _IOWR(IB_IOCTL_MAGIC, 1, struct ib_user_mad_reg_req)
#define IB_USER_MAD_UNREGISTER_AGENT _IOW(IB_IOCTL_MAGIC, 2, uint32_t)
#define IB_USER_MAD_ENABLE_PKEY	     _IO(IB_IOCTL_MAGIC, 3)
#define IB_USER_MAD_REGISTER_AGENT2  _IOWR(IB_IOCTL_MAGIC, 4, struct ib_user_mad_reg_req2)

#define UMAD_CA_NAME_LEN	     20
#define UMAD_CA_MAX_PORTS	     10 /* 0 to 9 */
#define UMAD_CA_MAX_AGENTS	     32
#define UMAD_MAX_PORTS		     192

/* Where sysfs has them. */
#define SYS_INFINIBAND		     "/sys/class/infiniband"
#define SYS_INFINIBAND_MAD	     "/sys/class/infiniband_mad"
#define SYS_IB_MAD_PORT		     "port"
#define SYS_IB_MAD_DEV		     "ibdev"
#define SYS_CA_PORTS_DIR	     "ports"
#define SYS_NODE_TYPE		     "node_type"
#define SYS_CA_FW_VERS		     "fw_ver"
#define SYS_CA_HW_VERS		     "hw_rev"
#define SYS_CA_TYPE		     "hca_type"
#define SYS_CA_NODE_GUID	     "node_guid"
#define SYS_CA_SYS_GUID		     "sys_image_guid"
#define SYS_PORT_LMC		     "lid_mask_count"
#define SYS_PORT_SMLID		     "sm_lid"
#define SYS_PORT_SMSL		     "sm_sl"
#define SYS_PORT_LID		     "lid"
#define SYS_PORT_STATE		     "state"
#define SYS_PORT_PHY_STATE	     "phys_state"
#define SYS_PORT_CAPMASK	     "cap_mask"
#define SYS_PORT_RATE		     "rate"
#define SYS_PORT_GUID		     "port_guid"
#define SYS_PORT_GID		     "gids/0"
#define SYS_PORT_LINK_LAYER	     "link_layer"

typedef struct umad_port {
	char ca_name[UMAD_CA_NAME_LEN];
	int portnum;
	unsigned int base_lid;
	unsigned int lmc;
	unsigned int sm_lid;
	unsigned int sm_sl;
	unsigned int state;
	unsigned int phys_state;
	unsigned int rate; /* Gb/s */
	__be32 capmask;
	__be64 gid_prefix;
	__be64 port_guid;
	unsigned int pkeys_size;
	uint16_t *pkeys; /* the port's, until umad_release_port() */
	char link_layer[UMAD_CA_NAME_LEN];
} umad_port_t;

typedef struct umad_ca {
	char ca_name[UMAD_CA_NAME_LEN];
	unsigned int node_type;
	int numports;
	char fw_ver[20];
	char ca_type[40];
	char hw_ver[20];
	__be64 node_guid;
	__be64 system_guid;
	umad_port_t *ports[UMAD_CA_MAX_PORTS]; /* by number; NULL: none */
} umad_ca_t;

/* Devices whose subnet management and general services are two devices to the system. */
struct umad_ca_pair {
	char smi_name[UMAD_CA_NAME_LEN];
	uint32_t smi_preferred_port;
	char gsi_name[UMAD_CA_NAME_LEN];
	uint32_t gsi_preferred_port;
};

struct umad_device_node {
	struct umad_device_node *next;
	const char *ca_name;
};

int umad_init(void);
int umad_done(void);

/* ---- adapters and ports ---- */

/* How many names were stored, at most max. */
int umad_get_cas_names(char cas[][UMAD_CA_NAME_LEN], int max);
/* GUIDs by port number, from 0 on; how many were stored. */
int umad_get_ca_portguids(const char *ca_name, __be64 *portguids, int max);
/* ca_name NULL: the first adapter with an active port. */
int umad_get_ca(const char *ca_name, umad_ca_t *ca);
int umad_release_ca(umad_ca_t *ca);
int umad_get_port(const char *ca_name, int portnum, umad_port_t *port);
int umad_release_port(umad_port_t *port);

/* A list that is freed as a whole; NULL with errno if there is none. */
struct umad_device_node *umad_get_ca_device_list(void);
void umad_free_ca_device_list(struct umad_device_node *head);
/* Sorts by name; `size` is its length, or 0. 0 or a positive errno. */
int umad_sort_ca_device_list(struct umad_device_node **head, size_t size);

/* How many pairs were stored. */
int umad_get_smi_gsi_pairs(struct umad_ca_pair cas[], size_t max);
int umad_get_smi_gsi_pair_by_ca_name(const char *devname, uint8_t portnum,
				     struct umad_ca_pair *ca_pair, unsigned int enforce_smi);

/* ---- ports to send and receive on ---- */

/* The file that a subnet manager keeps open, into path. */
int umad_get_issm_path(const char *ca_name, int portnum, char path[], int max);
/* A descriptor, which the functions below call portid. */
int umad_open_port(const char *ca_name, int portnum);
int umad_open_smi_port(const char *ca_name, int portnum);
int umad_close_port(int portid);
int umad_get_fd(int portid);

/* The number of an agent: what it is to receive of a class, and the answers to what it sends.
 * method_mask has a bit for each method, NULL for none. */
int umad_register(int portid, int mgmt_class, int mgmt_version, uint8_t rmpp_version,
		  long method_mask[16 / sizeof(long)]);
int umad_register_oui(int portid, int mgmt_class, uint8_t rmpp_version, uint8_t oui[3],
		      long method_mask[16 / sizeof(long)]);
int umad_unregister(int portid, int agentid);

enum {
	UMAD_USER_RMPP = 1 << 0, /* the program does multi-packet transactions by itself */
};

struct umad_reg_attr {
	uint8_t mgmt_class;
	uint8_t mgmt_class_version;
	uint32_t flags;
	uint64_t method_mask[2];
	uint32_t oui;
	uint8_t rmpp_version;
};

/* 0 or a positive errno; flags that are not known are told in attr->flags. */
int umad_register2(int port_fd, struct umad_reg_attr *attr, uint32_t *agent_id);

/* ---- transfer ---- */

/* `length` bytes of MAD lie behind the header. timeout_ms 0: no answer is waited for. */
int umad_send(int portid, int agentid, void *umad, int length, int timeout_ms, int retries);
/* The agent's number. *length is the room for the MAD, then its length. -ENOSPC: *length is the
 * room that is needed, and the MAD still waits. timeout_ms below 0 waits for ever, 0 as the
 * descriptor does. */
int umad_recv(int portid, void *umad, int *length, int timeout_ms);
/* 0: something is there to be read. */
int umad_poll(int portid, int timeout_ms);

/* ---- buffers ---- */

/* Bytes of the header. */
size_t umad_size(void);
void *umad_get_mad(void *umad);
int umad_status(void *umad);
ib_mad_addr_t *umad_get_mad_addr(void *umad);
/* mad_addr NULL: without a global route. */
int umad_set_grh_net(void *umad, void *mad_addr);
int umad_set_grh(void *umad, void *mad_addr);
int umad_set_addr_net(void *umad, __be16 dlid, __be32 dqp, int sl, __be32 qkey);
int umad_set_addr(void *umad, int dlid, int dqp, int sl, int qkey);
int umad_set_pkey(void *umad, int pkey_index);
int umad_get_pkey(void *umad);

static inline void *umad_alloc(int num, size_t size)
{
	return calloc((size_t)num, size);
}

static inline void umad_free(void *umad)
{
	free(umad);
}

/* ---- for people ---- */

/* Level of messages on stderr; the new one is returned. */
int umad_debug(int level);
/* To stderr. */
void umad_addr_dump(ib_mad_addr_t *addr);
void umad_dump(void *umad);

#ifdef __cplusplus
}
#endif

#endif
