/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device: contexts, what it can do, and commands wrapped in an ioctl. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/shim/driver_abi.h"
#include "softhca/shim/methods/commands.h"
#include "softhca/shim/page.h"
#include "softhca/shim/shared_context.h"

enum {
	ATOMIC_CAP_HCA = 1, /* atomic against all accesses through this adapter */
	PAGE_SIZES = 0xfffff000u,
	/* On-demand paging, as verbs programs know the bits. */
	ODP_SUPPORT = 1 << 0,
	ODP_SUPPORT_IMPLICIT = 1 << 1,
	ODP_SEND = 1 << 0,
	ODP_RECV = 1 << 1,
	ODP_WRITE = 1 << 2,
	ODP_READ = 1 << 3,
	ODP_ATOMIC = 1 << 4,
	ODP_SRQ_RECV = 1 << 5,
	TAG_MATCHING_RC = 1 << 0, /* IBV_TM_CAP_RC */
	CORE_CLOCK_KHZ = 1000000, /* completions carry nanoseconds */
	DEVICE_CAPS = IB_UVERBS_DEVICE_CHANGE_PHY_PORT | IB_UVERBS_DEVICE_PORT_ACTIVE_EVENT |
		      IB_UVERBS_DEVICE_SYS_IMAGE_GUID | IB_UVERBS_DEVICE_RC_RNR_NAK_GEN |
		      IB_UVERBS_DEVICE_MEM_WINDOW | IB_UVERBS_DEVICE_MEM_WINDOW_TYPE_2B |
		      IB_UVERBS_DEVICE_MEM_MGT_EXTENSIONS | IB_UVERBS_DEVICE_XRC,
};

/* The driver's part first: it can refuse without the fabric having been touched. */
static int open_context(struct shim_file *file, struct driver_data *driver)
{
	struct membership *member;
	int rc;

	if (file->member)
		return EINVAL;
	rc = file->abi->open_context(file, driver);
	if (!rc)
		rc = membership_enter(&member);
	if (rc)
		return rc;
	engine_lock(member->engine);
	list_append(&member->files, &file->link);
	engine_unlock(member->engine);
	file->hca = member->hca;
	file->member = member;
	shared_context_publish(file);
	return 0;
}

int get_context(struct command *command)
{
	struct shim_file *file = command->file;
	struct ib_uverbs_get_context_resp answer = {.num_comp_vectors = FILE_COMP_VECTORS};
	struct channel *async;
	int fd;
	int rc = open_context(file, &command->driver);

	if (rc)
		return rc;
	command->made.context = true;
	rc = channel_create(file, sizeof(struct ib_uverbs_async_event_desc), &async, &fd);
	if (rc)
		return rc;
	engine_lock(file->member->engine);
	file->async = async;
	engine_unlock(file->member->engine);
	command->made.fd = fd;
	answer.async_fd = (uint32_t)fd;
	command_output(command, &answer, sizeof(answer));
	return 0;
}

static int put_context(struct attrs *attrs, uint16_t vectors_id, uint16_t support_id)
{
	uint64_t support =
		IB_UVERBS_CORE_SUPPORT_OPTIONAL_MR_ACCESS | IB_UVERBS_CORE_SUPPORT_ROBUST_UDATA;
	int rc = attr_put_u32(attrs, vectors_id, FILE_COMP_VECTORS);

	return rc ? rc : attr_put(attrs, support_id, &support, sizeof(support));
}

static int get_context_method(struct attrs *attrs)
{
	int rc = put_context(attrs, UVERBS_ATTR_GET_CONTEXT_NUM_COMP_VECTORS,
			     UVERBS_ATTR_GET_CONTEXT_CORE_SUPPORT);

	if (!rc)
		rc = open_context(attrs->file, &attrs->driver);
	attrs->made.context = !rc;
	return rc;
}

int query_context_method(struct attrs *attrs)
{
	return put_context(attrs, UVERBS_ATTR_QUERY_CONTEXT_NUM_COMP_VECTORS,
			   UVERBS_ATTR_QUERY_CONTEXT_CORE_SUPPORT);
}

static uint64_t firmware_version(const struct device_identity *identity)
{
	return (uint64_t)identity->firmware[0] << 32 | (uint64_t)identity->firmware[1] << 16 |
	       identity->firmware[2];
}

static void describe_device(const struct shim_file *file,
			    struct ib_uverbs_query_device_resp *answer)
{
	const struct hca_limits *limits = &file->hca->limits;
	const struct device_identity *identity =
		device_identity_find(file->abi->family, strlen(file->abi->family));

	*answer = (struct ib_uverbs_query_device_resp){
		.fw_ver = firmware_version(identity),
		.node_guid = htobe64(file->hca->shared->node_guid),
		.sys_image_guid = htobe64(file->hca->shared->node_guid),
		.max_mr_size = limits->max_mr_size,
		.page_size_cap = PAGE_SIZES,
		.vendor_id = identity->vendor_id,
		.vendor_part_id = identity->vendor_part_id,
		.hw_ver = identity->hw_version,
		.max_qp = limits->max_qp,
		.max_qp_wr = limits->max_qp_wr,
		.device_cap_flags = DEVICE_CAPS,
		.max_sge = limits->max_sge,
		.max_sge_rd = limits->max_sge,
		.max_cq = limits->max_cq,
		.max_cqe = limits->max_cqe,
		.max_mr = limits->max_mr,
		.max_mw = limits->max_mw,
		.max_pd = limits->max_pd,
		.max_qp_rd_atom = limits->max_rd_atomic,
		.max_res_rd_atom = limits->max_rd_atomic * limits->max_qp,
		.max_qp_init_rd_atom = limits->max_init_rd_atomic,
		.atomic_cap = ATOMIC_CAP_HCA,
		.max_mcast_grp = limits->max_mcast_grp,
		.max_mcast_qp_attach = limits->max_mcast_qp_attach,
		.max_total_mcast_qp_attach = limits->max_mcast_grp * limits->max_mcast_qp_attach,
		.max_ah = limits->max_ah,
		.max_srq = limits->max_srq,
		.max_srq_wr = limits->max_srq_wr,
		.max_srq_sge = limits->max_srq_sge,
		.max_pkeys = FABRIC_PKEYS,
		.local_ca_ack_delay = PORT_ACK_DELAY,
		.phys_port_cnt = 1,
	};
}

int query_device(struct command *command)
{
	struct ib_uverbs_query_device_resp answer = {0};

	describe_device(command->file, &answer);
	command_output(command, &answer, sizeof(answer));
	return 0;
}

/* On-demand memory is reached in all ways (enum ibv_odp_transport_cap_bits). */
static const struct ib_uverbs_odp_caps odp_caps = {
	.general_caps = ODP_SUPPORT | ODP_SUPPORT_IMPLICIT,
	.per_transport_caps =
		{
			.rc_odp_caps = ODP_SEND | ODP_RECV | ODP_WRITE | ODP_READ | ODP_ATOMIC |
				       ODP_SRQ_RECV,
			.uc_odp_caps = ODP_SEND | ODP_RECV | ODP_WRITE | ODP_SRQ_RECV,
			.ud_odp_caps = ODP_SEND | ODP_RECV | ODP_SRQ_RECV,
		},
};

/* What Ethernet ports offer besides RoCE. */
static void describe_ethernet(const struct shim_file *file,
			      struct ib_uverbs_ex_query_device_resp *answer)
{
	const struct hca_limits *limits = &file->hca->limits;

	answer->base.device_cap_flags |=
		IB_UVERBS_DEVICE_RAW_IP_CSUM | IB_UVERBS_DEVICE_MANAGED_FLOW_STEERING;
	answer->device_cap_flags_ex |= IB_UVERBS_DEVICE_RAW_IP_CSUM |
				       IB_UVERBS_DEVICE_MANAGED_FLOW_STEERING |
				       IB_UVERBS_DEVICE_RAW_SCATTER_FCS;
	answer->rss_caps.supported_qpts = 1u << IB_UVERBS_QPT_RAW_PACKET;
	answer->rss_caps.max_rwq_indirection_tables = limits->max_wq_table;
	answer->rss_caps.max_rwq_indirection_table_size = RSS_MAX_TABLE;
	answer->max_wq_type_rq = limits->max_wq;
	answer->raw_packet_caps = IB_UVERBS_RAW_PACKET_CAP_CVLAN_STRIPPING |
				  IB_UVERBS_RAW_PACKET_CAP_SCATTER_FCS |
				  IB_UVERBS_RAW_PACKET_CAP_IP_CSUM;
}

static void describe_tag_matching(const struct shim_file *file, struct ib_uverbs_tm_caps *caps)
{
	const struct hca_limits *limits = &file->hca->limits;

	caps->max_rndv_hdr_size = TAGS_MAX_RENDEZVOUS_BYTES;
	caps->max_num_tags = limits->max_tags;
	caps->flags = TAG_MATCHING_RC;
	caps->max_ops = limits->max_tag_ops;
	caps->max_sge = TAGS_MAX_SGE;
}

int ex_query_device(struct command *command)
{
	struct ib_uverbs_ex_query_device_resp answer = {
		.timestamp_mask = UINT64_MAX,
		.hca_core_clock = CORE_CLOCK_KHZ,
		.device_cap_flags_ex = DEVICE_CAPS,
		.cq_moderation_caps = {.max_cq_moderation_count = CQ_MAX_EVENT_COUNT,
				       .max_cq_moderation_period = CQ_MAX_EVENT_PERIOD_US},
		.odp_caps = odp_caps,
		.xrc_odp_caps = ODP_SEND | ODP_WRITE | ODP_READ | ODP_ATOMIC | ODP_SRQ_RECV,
		.max_dm_size = (uint64_t)FILE_DM_PAGES * PAGE_BYTES,
	};
	struct ib_uverbs_ex_query_device request;
	int rc = command_input_extended(command, &request, sizeof(request));

	if (rc)
		return rc;
	if (request.comp_mask || request.reserved)
		return EINVAL;
	describe_device(command->file, &answer.base);
	describe_tag_matching(command->file, &answer.tm_caps);
	if (command->file->hca->shared->port_type == FABRIC_PORT_ETH)
		describe_ethernet(command->file, &answer);
	answer.response_length = command_output_length(command, sizeof(answer));
	rc = command->file->abi->query_device(command->file, &command->driver);
	if (!rc)
		command_output(command, &answer, sizeof(answer));
	return rc;
}

static int invoke_write_method(struct attrs *attrs)
{
	struct command command = {.file = attrs->file, .driver = attrs->driver};
	uint8_t in[INPUT_BYTES];
	const struct command_entry *entry;
	uint64_t number;
	int rc = attr_get_u64(attrs, UVERBS_ATTR_WRITE_CMD, &number);

	if (rc)
		return rc;
	entry = command_find(number & IB_USER_VERBS_CMD_COMMAND_MASK,
			     number & IB_USER_VERBS_CMD_FLAG_EXTENDED);
	if (number & ~(uint64_t)(IB_USER_VERBS_CMD_COMMAND_MASK | IB_USER_VERBS_CMD_FLAG_EXTENDED))
		return EINVAL;
	if (!entry)
		return EOPNOTSUPP;
	command.in_length = attr_length(attrs, UVERBS_ATTR_CORE_IN);
	if (command.in_length > sizeof(in))
		return EOPNOTSUPP;
	rc = attr_get(attrs, UVERBS_ATTR_CORE_IN, in, command.in_length);
	command.in = in;
	command.out_room = attr_length(attrs, UVERBS_ATTR_CORE_OUT);
	if (command.out_room > COMMAND_BYTES)
		command.out_room = COMMAND_BYTES;
	if (!rc)
		rc = command_run(entry, &command);
	if (rc)
		return rc;
	attrs->made = command.made;
	attrs->driver = command.driver;
	return attr_put(attrs, UVERBS_ATTR_CORE_OUT, command.out, command.out_length);
}

static const struct attr_spec get_context_attrs[] = {
	{UVERBS_ATTR_GET_CONTEXT_NUM_COMP_VECTORS, ATTR_OUT, false, sizeof(uint32_t), 0},
	{UVERBS_ATTR_GET_CONTEXT_CORE_SUPPORT, ATTR_OUT, false, sizeof(uint64_t), 0},
	ATTR_UHW,
};

static const struct attr_spec query_context_attrs[] = {
	{UVERBS_ATTR_QUERY_CONTEXT_NUM_COMP_VECTORS, ATTR_OUT, false, sizeof(uint32_t), 0},
	{UVERBS_ATTR_QUERY_CONTEXT_CORE_SUPPORT, ATTR_OUT, false, sizeof(uint64_t), 0},
};

static const struct attr_spec invoke_write_attrs[] = {
	{UVERBS_ATTR_CORE_IN, ATTR_IN, false, 1, ATTR_ANY_LENGTH},
	{UVERBS_ATTR_CORE_OUT, ATTR_OUT, false, 0, 0},
	{UVERBS_ATTR_WRITE_CMD, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	ATTR_UHW,
};

const struct method_entry device_methods[] = {
	METHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_INVOKE_WRITE, invoke_write_attrs,
	       invoke_write_method, false),
	METHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_GET_CONTEXT, get_context_attrs,
	       get_context_method, false),
	METHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_CONTEXT, query_context_attrs,
	       query_context_method, true),
	{.handle = NULL},
};
