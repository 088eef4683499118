/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who the device is and how much it takes: the first part of ibv_devinfo's output. */
#include <endian.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/names.h"
#include "devinfo.h"

/* The board's name is known to the kernel driver alone; a device without one has no such file. */
static void print_board(const struct ibv_device *device)
{
	char path[sizeof(device->ibdev_path) + sizeof("/board_id")], board[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/board_id", device->ibdev_path);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(board, sizeof(board), file)) {
		board[strcspn(board, "\n")] = '\0';
		devinfo_field(DEVINFO_DEVICE, "board_id", "%s", board);
	}
	fclose(file);
}

static void print_guid(const char *label, __be64 guid)
{
	uint64_t value = be64toh(guid);

	devinfo_field(DEVINFO_DEVICE, label, "%04x:%04x:%04x:%04x", (unsigned int)(value >> 48),
		      (unsigned int)(value >> 32) & 0xffff, (unsigned int)(value >> 16) & 0xffff,
		      (unsigned int)value & 0xffff);
}

void devinfo_print_identity(const struct ibv_device *device, const struct ibv_device_attr *attr)
{
	devinfo_field(DEVINFO_DEVICE, "transport", "%s (%d)",
		      tool_transport_name(device->transport_type), device->transport_type);
	devinfo_field(DEVINFO_DEVICE, "fw_ver", "%.*s", (int)sizeof(attr->fw_ver), attr->fw_ver);
	print_guid("node_guid", attr->node_guid);
	print_guid("sys_image_guid", attr->sys_image_guid);
	devinfo_field(DEVINFO_DEVICE, "vendor_id", "0x%04x", attr->vendor_id);
	devinfo_field(DEVINFO_DEVICE, "vendor_part_id", "%u", attr->vendor_part_id);
	devinfo_field(DEVINFO_DEVICE, "hw_ver", "0x%X", attr->hw_ver);
	print_board(device);
	devinfo_field(DEVINFO_DEVICE, "phys_port_cnt", "%u", attr->phys_port_cnt);
}

#define BIT(name)                                                                                  \
	{                                                                                          \
		IBV_DEVICE_##name, #name                                                           \
	}

static const struct devinfo_bit device_bits[] = {
	BIT(RESIZE_MAX_WR),
	BIT(BAD_PKEY_CNTR),
	BIT(BAD_QKEY_CNTR),
	BIT(RAW_MULTI),
	BIT(AUTO_PATH_MIG),
	BIT(CHANGE_PHY_PORT),
	BIT(UD_AV_PORT_ENFORCE),
	BIT(CURR_QP_STATE_MOD),
	BIT(SHUTDOWN_PORT),
	BIT(INIT_TYPE),
	BIT(PORT_ACTIVE_EVENT),
	BIT(SYS_IMAGE_GUID),
	BIT(RC_RNR_NAK_GEN),
	BIT(SRQ_RESIZE),
	BIT(N_NOTIFY_CQ),
	BIT(MEM_WINDOW),
	BIT(UD_IP_CSUM),
	BIT(XRC),
	BIT(MEM_MGT_EXTENSIONS),
	BIT(MEM_WINDOW_TYPE_2A),
	BIT(MEM_WINDOW_TYPE_2B),
	BIT(RC_IP_CSUM),
	BIT(RAW_IP_CSUM),
	BIT(MANAGED_FLOW_STEERING),
	{0, NULL},
};

struct limit {
	const char *label;
	size_t offset; /* of an int in struct ibv_device_attr */
};

#define LIMIT(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct ibv_device_attr, name)                                      \
	}

static const struct limit queue_limits[] = {
	LIMIT(max_sge),
	LIMIT(max_sge_rd),
	LIMIT(max_cq),
	LIMIT(max_cqe),
	LIMIT(max_mr),
	LIMIT(max_pd),
	LIMIT(max_qp_rd_atom),
	LIMIT(max_ee_rd_atom),
	LIMIT(max_res_rd_atom),
	LIMIT(max_qp_init_rd_atom),
	LIMIT(max_ee_init_rd_atom),
};

static const struct limit other_limits[] = {
	LIMIT(max_ee),
	LIMIT(max_rdd),
	LIMIT(max_mw),
	LIMIT(max_raw_ipv6_qp),
	LIMIT(max_raw_ethy_qp),
	LIMIT(max_mcast_grp),
	LIMIT(max_mcast_qp_attach),
	LIMIT(max_total_mcast_qp_attach),
	LIMIT(max_ah),
	LIMIT(max_fmr),
	LIMIT(max_map_per_fmr),
	LIMIT(max_srq),
	LIMIT(max_srq_wr),
	LIMIT(max_srq_sge),
};

static void print_limits(const struct ibv_device_attr *attr, const struct limit *limits,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int value;

		memcpy(&value, (const char *)attr + limits[i].offset, sizeof(value));
		devinfo_field(DEVINFO_DEVICE, limits[i].label, "%d", value);
	}
}

void devinfo_print_limits(const struct ibv_device_attr *attr)
{
	devinfo_field(DEVINFO_DEVICE, "max_mr_size", "0x%" PRIx64, attr->max_mr_size);
	devinfo_field(DEVINFO_DEVICE, "page_size_cap", "0x%" PRIx64, attr->page_size_cap);
	devinfo_field(DEVINFO_DEVICE, "max_qp", "%d", attr->max_qp);
	devinfo_field(DEVINFO_DEVICE, "max_qp_wr", "%d", attr->max_qp_wr);
	devinfo_field(DEVINFO_DEVICE, "device_cap_flags", "0x%08x", attr->device_cap_flags);
	devinfo_bits(attr->device_cap_flags, device_bits, NULL);
	print_limits(attr, queue_limits, sizeof(queue_limits) / sizeof(queue_limits[0]));
	devinfo_field(DEVINFO_DEVICE, "atomic_cap", "%s (%d)", tool_atomic_name(attr->atomic_cap),
		      attr->atomic_cap);
	print_limits(attr, other_limits, sizeof(other_limits) / sizeof(other_limits[0]));
	devinfo_field(DEVINFO_DEVICE, "max_pkeys", "%u", attr->max_pkeys);
	devinfo_field(DEVINFO_DEVICE, "local_ca_ack_delay", "%u", attr->local_ca_ack_delay);
}
