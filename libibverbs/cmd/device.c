/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What can be asked of a device: its limits, its ports and its GID table. */
#include <string.h>

#include "libibverbs/cmd/carrier.h"
#include "libibverbs/cmd/context.h"

static void copy_limits(struct ibv_device_attr *attr, const struct ib_uverbs_query_device_resp *r)
{
	attr->node_guid = r->node_guid;
	attr->sys_image_guid = r->sys_image_guid;
	attr->max_mr_size = r->max_mr_size;
	attr->page_size_cap = r->page_size_cap;
	attr->vendor_id = r->vendor_id;
	attr->vendor_part_id = r->vendor_part_id;
	attr->hw_ver = r->hw_ver;
	attr->max_qp = r->max_qp;
	attr->max_qp_wr = r->max_qp_wr;
	attr->device_cap_flags = r->device_cap_flags;
	attr->max_sge = r->max_sge;
	attr->max_sge_rd = r->max_sge_rd;
	attr->max_cq = r->max_cq;
	attr->max_cqe = r->max_cqe;
	attr->max_mr = r->max_mr;
	attr->max_pd = r->max_pd;
	attr->max_qp_rd_atom = r->max_qp_rd_atom;
	attr->max_ee_rd_atom = r->max_ee_rd_atom;
	attr->max_res_rd_atom = r->max_res_rd_atom;
	attr->max_qp_init_rd_atom = r->max_qp_init_rd_atom;
	attr->max_ee_init_rd_atom = r->max_ee_init_rd_atom;
	attr->atomic_cap = r->atomic_cap;
	attr->max_ee = r->max_ee;
	attr->max_rdd = r->max_rdd;
	attr->max_mw = r->max_mw;
	attr->max_raw_ipv6_qp = r->max_raw_ipv6_qp;
	attr->max_raw_ethy_qp = r->max_raw_ethy_qp;
	attr->max_mcast_grp = r->max_mcast_grp;
	attr->max_mcast_qp_attach = r->max_mcast_qp_attach;
	attr->max_total_mcast_qp_attach = r->max_total_mcast_qp_attach;
	attr->max_ah = r->max_ah;
	attr->max_fmr = r->max_fmr;
	attr->max_map_per_fmr = r->max_map_per_fmr;
	attr->max_srq = r->max_srq;
	attr->max_srq_wr = r->max_srq_wr;
	attr->max_srq_sge = r->max_srq_sge;
	attr->max_pkeys = r->max_pkeys;
	attr->local_ca_ack_delay = r->local_ca_ack_delay;
	attr->phys_port_cnt = r->phys_port_cnt;
}

/* What an older kernel left out of its answer is zero, and zero means "not supported" throughout.
 */
static void copy_extended(struct ibv_device_attr_ex *attr,
			  const struct ib_uverbs_ex_query_device_resp *r)
{
	attr->odp_caps.general_caps = r->odp_caps.general_caps;
	attr->odp_caps.per_transport_caps.rc_odp_caps = r->odp_caps.per_transport_caps.rc_odp_caps;
	attr->odp_caps.per_transport_caps.uc_odp_caps = r->odp_caps.per_transport_caps.uc_odp_caps;
	attr->odp_caps.per_transport_caps.ud_odp_caps = r->odp_caps.per_transport_caps.ud_odp_caps;
	attr->xrc_odp_caps = r->xrc_odp_caps;
	attr->completion_timestamp_mask = r->timestamp_mask;
	attr->hca_core_clock = r->hca_core_clock;
	attr->device_cap_flags_ex = r->device_cap_flags_ex;
	attr->rss_caps.supported_qpts = r->rss_caps.supported_qpts;
	attr->rss_caps.max_rwq_indirection_tables = r->rss_caps.max_rwq_indirection_tables;
	attr->rss_caps.max_rwq_indirection_table_size = r->rss_caps.max_rwq_indirection_table_size;
	attr->max_wq_type_rq = r->max_wq_type_rq;
	attr->raw_packet_caps = r->raw_packet_caps;
	attr->tm_caps.max_rndv_hdr_size = r->tm_caps.max_rndv_hdr_size;
	attr->tm_caps.max_num_tags = r->tm_caps.max_num_tags;
	attr->tm_caps.flags = r->tm_caps.flags;
	attr->tm_caps.max_ops = r->tm_caps.max_ops;
	attr->tm_caps.max_sge = r->tm_caps.max_sge;
	attr->cq_mod_caps.max_cq_count = r->cq_moderation_caps.max_cq_moderation_count;
	attr->cq_mod_caps.max_cq_period = r->cq_moderation_caps.max_cq_moderation_period;
	attr->max_dm_size = r->max_dm_size;
}

static int query_extended(struct ibv_context *context, struct ib_uverbs_ex_query_device_resp *r,
			  const struct verbs_udata *udata)
{
	struct ib_uverbs_ex_query_device in = {};
	int err;

	err = command_run(context, COMMAND(EXTENDED(QUERY_DEVICE), &in, .out = r,
					   .out_len = sizeof(*r), .udata = udata));
	if (err)
		return err;
	if (r->response_length < sizeof(r->base) || r->response_length > sizeof(*r))
		return EIO;
	return 0;
}

static int query_classic(struct ibv_context *context, struct ib_uverbs_query_device_resp *r)
{
	struct ib_uverbs_query_device in = {};

	return command_run(context, COMMAND(IB_USER_VERBS_CMD_QUERY_DEVICE, &in, .out = r,
					    .out_len = sizeof(*r)));
}

int ibv_cmd_query_device_any(struct ibv_context *context,
			     const struct ibv_query_device_ex_input *input,
			     struct ibv_device_attr_ex *attr, uint64_t *raw_fw_version,
			     const struct verbs_udata *udata)
{
	struct ib_uverbs_ex_query_device_resp answer = {};
	int err;

	if (input && input->comp_mask)
		return EINVAL;
	err = query_extended(context, &answer, udata);
	if (is_unsupported(err)) {
		memset(&answer, 0, sizeof(answer));
		err = query_classic(context, &answer.base);
		answer.device_cap_flags_ex = answer.base.device_cap_flags;
	}
	if (err)
		return err;
	memset(attr, 0, sizeof(*attr));
	copy_limits(&attr->orig_attr, &answer.base);
	copy_extended(attr, &answer);
	attr->phys_port_cnt_ex = answer.base.phys_port_cnt;
	*raw_fw_version = answer.base.fw_ver;
	return 0;
}

static void copy_port(struct ibv_port_attr *attr, const struct ib_uverbs_query_port_resp *r)
{
	memset(attr, 0, sizeof(*attr));
	attr->state = r->state;
	attr->max_mtu = r->max_mtu;
	attr->active_mtu = r->active_mtu;
	attr->gid_tbl_len = r->gid_tbl_len;
	attr->port_cap_flags = r->port_cap_flags;
	attr->max_msg_sz = r->max_msg_sz;
	attr->bad_pkey_cntr = r->bad_pkey_cntr;
	attr->qkey_viol_cntr = r->qkey_viol_cntr;
	attr->pkey_tbl_len = r->pkey_tbl_len;
	attr->lid = r->lid;
	attr->sm_lid = r->sm_lid;
	attr->lmc = r->lmc;
	attr->max_vl_num = r->max_vl_num;
	attr->sm_sl = r->sm_sl;
	attr->subnet_timeout = r->subnet_timeout;
	attr->init_type_reply = r->init_type_reply;
	attr->active_width = r->active_width;
	attr->active_speed = r->active_speed;
	attr->phys_state = r->phys_state;
	attr->link_layer = r->link_layer;
	attr->flags = r->flags;
}

static int query_port_by_method(struct ibv_context *context, uint8_t port_num,
				struct ib_uverbs_query_port_resp_ex *answer)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_PORT);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_QUERY_PORT_PORT_NUM, port_num);
	verbs_ioctl_out(&call, UVERBS_ATTR_QUERY_PORT_RESP, answer, sizeof(*answer));
	return verbs_ioctl_run(context, &call);
}

static int query_port_classic(struct ibv_context *context, uint8_t port_num,
			      struct ib_uverbs_query_port_resp *answer)
{
	struct ib_uverbs_query_port in = {.port_num = port_num};

	return command_run(context, COMMAND(IB_USER_VERBS_CMD_QUERY_PORT, &in, .out = answer,
					    .out_len = sizeof(*answer)));
}

int ibv_cmd_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr)
{
	struct ib_uverbs_query_port_resp_ex answer = {};
	int err;

	err = query_port_by_method(context, port_num, &answer);
	if (err == EPROTONOSUPPORT)
		err = query_port_classic(context, port_num, &answer.legacy_resp);
	if (err)
		return err;
	if (answer.legacy_resp.gid_tbl_len > INT32_MAX)
		return EIO;
	copy_port(attr, &answer.legacy_resp);
	attr->port_cap_flags2 = answer.port_cap_flags2;
	attr->active_speed_ex = answer.active_speed_ex;
	return 0;
}

int ibv_cmd_query_gid_entry(struct ibv_context *context, uint32_t port_num, uint32_t index,
			    struct ib_uverbs_gid_entry *entry)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_GID_ENTRY);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_QUERY_GID_ENTRY_PORT, port_num);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_QUERY_GID_ENTRY_GID_INDEX, index);
	verbs_ioctl_in_u32(&call, UVERBS_ATTR_QUERY_GID_ENTRY_FLAGS, 0);
	verbs_ioctl_out(&call, UVERBS_ATTR_QUERY_GID_ENTRY_RESP_ENTRY, entry, sizeof(*entry));
	return verbs_ioctl_run(context, &call);
}

int ibv_cmd_query_gid_table(struct ibv_context *context, struct ib_uverbs_gid_entry *entries,
			    size_t max, size_t *count)
{
	uint64_t answered;
	struct verbs_ioctl call;
	int err;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_GID_TABLE);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_QUERY_GID_TABLE_ENTRY_SIZE, sizeof(*entries));
	verbs_ioctl_in_u32(&call, UVERBS_ATTR_QUERY_GID_TABLE_FLAGS, 0);
	verbs_ioctl_out(&call, UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES, entries,
			max * sizeof(*entries));
	verbs_ioctl_out(&call, UVERBS_ATTR_QUERY_GID_TABLE_RESP_NUM_ENTRIES, &answered,
			sizeof(answered));
	err = verbs_ioctl_run(context, &call);
	if (err)
		return err;
	if (answered > max)
		return EIO;
	*count = answered;
	return 0;
}

int ibv_cmd_query_port_speed(struct ibv_context *context, uint32_t port_num, uint64_t *speed)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_PORT_SPEED);
	verbs_ioctl_in_u64(&call, UVERBS_ATTR_QUERY_PORT_SPEED_PORT_NUM, port_num);
	verbs_ioctl_out(&call, UVERBS_ATTR_QUERY_PORT_SPEED_RESP, speed, sizeof(*speed));
	return verbs_ioctl_run(context, &call);
}
