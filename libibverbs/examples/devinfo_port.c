/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A port of the device, with its GID table. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/names.h"
#include "common/report.h"
#include "devinfo.h"

#define CAP(name)                                                                                  \
	{                                                                                          \
		IBV_PORT_##name, #name                                                             \
	}

static const struct devinfo_bit cap_bits[] = {
	CAP(SM),
	CAP(NOTICE_SUP),
	CAP(TRAP_SUP),
	CAP(OPT_IPD_SUP),
	CAP(AUTO_MIGR_SUP),
	CAP(SL_MAP_SUP),
	CAP(MKEY_NVRAM),
	CAP(PKEY_NVRAM),
	CAP(LED_INFO_SUP),
	CAP(SYS_IMAGE_GUID_SUP),
	CAP(PKEY_SW_EXT_PORT_TRAP_SUP),
	CAP(EXTENDED_SPEEDS_SUP),
	CAP(CAP_MASK2_SUP),
	CAP(CM_SUP),
	CAP(SNMP_TUNNEL_SUP),
	CAP(REINIT_SUP),
	CAP(DEVICE_MGMT_SUP),
	CAP(VENDOR_CLASS_SUP),
	CAP(DR_NOTICE_SUP),
	CAP(CAP_MASK_NOTICE_SUP),
	CAP(BOOT_MGMT_SUP),
	CAP(LINK_LATENCY_SUP),
	CAP(CLIENT_REG_SUP),
	CAP(IP_BASED_GIDS),
	{0, NULL},
};

static const struct devinfo_bit cap2_bits[] = {
	CAP(SET_NODE_DESC_SUP),		  CAP(INFO_EXT_SUP),	   CAP(VIRT_SUP),
	CAP(SWITCH_PORT_STATE_TABLE_SUP), CAP(LINK_WIDTH_2X_SUP),  CAP(LINK_SPEED_HDR_SUP),
	CAP(LINK_SPEED_NDR_SUP),	  CAP(LINK_SPEED_XDR_SUP), {0, NULL},
};

static void print_summary(const struct ibv_port_attr *attr)
{
	devinfo_field(DEVINFO_PORT, "state", "%s (%d)", tool_port_state_name(attr->state),
		      attr->state);
	devinfo_field(DEVINFO_PORT, "max_mtu", "%s (%d)", tool_mtu_name(attr->max_mtu),
		      attr->max_mtu);
	devinfo_field(DEVINFO_PORT, "active_mtu", "%s (%d)", tool_mtu_name(attr->active_mtu),
		      attr->active_mtu);
	devinfo_field(DEVINFO_PORT, "sm_lid", "%u", attr->sm_lid);
	devinfo_field(DEVINFO_PORT, "port_lid", "%u", attr->lid);
	devinfo_field(DEVINFO_PORT, "port_lmc", "0x%02x", attr->lmc);
	devinfo_field(DEVINFO_PORT, "link_layer", "%s", tool_link_layer_name(attr->link_layer));
}

/* The wider field exists since XDR; older providers leave it zero. */
static uint32_t active_speed(const struct ibv_port_attr *attr)
{
	return attr->active_speed_ex ? attr->active_speed_ex : attr->active_speed;
}

static void print_details(const struct ibv_port_attr *attr)
{
	static const struct devinfo_bit flags[] = {{IBV_QPF_GRH_REQUIRED, "GRH_REQUIRED"},
						   {0, NULL}};

	devinfo_field(DEVINFO_PORT, "max_msg_sz", "0x%x", attr->max_msg_sz);
	devinfo_field(DEVINFO_PORT, "port_cap_flags", "0x%08x", attr->port_cap_flags);
	devinfo_bits(attr->port_cap_flags, cap_bits, NULL);
	devinfo_field(DEVINFO_PORT, "port_cap_flags2", "0x%04x", attr->port_cap_flags2);
	devinfo_bits(attr->port_cap_flags2, cap2_bits, NULL);
	devinfo_field(DEVINFO_PORT, "port_flags", "0x%02x", attr->flags);
	devinfo_bits(attr->flags, flags, NULL);
	devinfo_field(DEVINFO_PORT, "max_vl_num", "%s (%u)", tool_vl_count_name(attr->max_vl_num),
		      attr->max_vl_num);
	devinfo_field(DEVINFO_PORT, "bad_pkey_cntr", "0x%x", attr->bad_pkey_cntr);
	devinfo_field(DEVINFO_PORT, "qkey_viol_cntr", "0x%x", attr->qkey_viol_cntr);
	devinfo_field(DEVINFO_PORT, "sm_sl", "%u", attr->sm_sl);
	devinfo_field(DEVINFO_PORT, "pkey_tbl_len", "%u", attr->pkey_tbl_len);
	devinfo_field(DEVINFO_PORT, "gid_tbl_len", "%d", attr->gid_tbl_len);
	devinfo_field(DEVINFO_PORT, "subnet_timeout", "%u", attr->subnet_timeout);
	devinfo_field(DEVINFO_PORT, "init_type_reply", "%u", attr->init_type_reply);
	devinfo_field(DEVINFO_PORT, "active_width", "%sX (%u)", tool_width_name(attr->active_width),
		      attr->active_width);
	devinfo_field(DEVINFO_PORT, "active_speed", "%s (%u)", tool_speed_name(active_speed(attr)),
		      active_speed(attr));
	devinfo_field(DEVINFO_PORT, "phys_state", "%s (%u)",
		      tool_physical_state_name(attr->phys_state), attr->phys_state);
}

/* RoCE v2 GIDs are IP addresses and shown as such, the others as eight groups. */
static void print_gid(int index, const struct ibv_gid_entry *entry)
{
	const uint8_t *raw = entry->gid.raw;
	char label[16], text[INET6_ADDRSTRLEN];

	snprintf(label, sizeof(label), "GID[%3d]", index);
	if (entry->gid_type == IBV_GID_TYPE_ROCE_V2)
		inet_ntop(AF_INET6, raw, text, sizeof(text));
	else
		for (int i = 0; i < 8; i++)
			snprintf(text + 5 * i, 6, "%02x%02x%s", raw[2 * i], raw[2 * i + 1],
				 i < 7 ? ":" : "");
	devinfo_field(DEVINFO_PORT, label, "%s%s", text,
		      entry->gid_type == IBV_GID_TYPE_ROCE_V2	? ", RoCE v2"
		      : entry->gid_type == IBV_GID_TYPE_ROCE_V1 ? ", RoCE v1"
								: "");
}

static int print_gids(struct ibv_context *context, uint8_t number, int count)
{
	static const union ibv_gid empty;

	for (int index = 0; index < count; index++) {
		struct ibv_gid_entry entry;
		int err = ibv_query_gid_ex(context, number, (uint32_t)index, &entry, 0);

		if (err == ENODATA) /* an empty place */
			continue;
		if (err)
			return tool_error(err, "cannot read GID %d of port %u", index, number);
		if (memcmp(&entry.gid, &empty, sizeof(empty)))
			print_gid(index, &entry);
	}
	return 0;
}

int devinfo_print_port(struct ibv_context *context, uint8_t number, bool verbose)
{
	struct ibv_port_attr attr;
	int err = ibv_query_port(context, number, &attr);

	if (err)
		return tool_error(err, "cannot query port %u of %s", number,
				  ibv_get_device_name(context->device));
	printf("\t\tport:\t%u\n", number);
	print_summary(&attr);
	if (verbose) {
		print_details(&attr);
		err = print_gids(context, number, attr.gid_tbl_len);
	}
	putchar('\n');
	return err;
}
