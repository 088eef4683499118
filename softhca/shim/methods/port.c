/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ports and their GID tables. */
#include <errno.h>
#include <string.h>

#include <rdma/ib_user_ioctl_verbs.h>

#include "softhca/shim/identity.h"
#include "softhca/shim/methods/commands.h"

enum {
	SUBNET_TIMEOUT = 18,
	VLS_IB = 4,
	VLS_ETH = 1,
};

static void describe_port(const struct fabric_hca *hca, struct ib_uverbs_query_port_resp *answer)
{
	bool ib = hca->port_type == FABRIC_PORT_IB;
	bool active = port_is_active(hca);

	*answer = (struct ib_uverbs_query_port_resp){
		.port_cap_flags = port_capabilities(hca),
		.max_msg_sz = MAX_MESSAGE_BYTES,
		.gid_tbl_len = FABRIC_GIDS,
		.pkey_tbl_len = port_pkeys(hca),
		.lid = ib ? hca->lid : 0,
		.sm_lid = ib ? PORT_SM_LID : 0,
		.state = active ? PORT_STATE_ACTIVE : PORT_STATE_DOWN,
		.max_mtu = PORT_MTU_4096,
		.active_mtu = PORT_MTU_4096,
		.max_vl_num = ib ? VLS_IB : VLS_ETH,
		.subnet_timeout = ib ? SUBNET_TIMEOUT : 0,
		.active_width = PORT_WIDTH_4X,
		.active_speed = PORT_SPEED_EDR,
		.phys_state = active ? PORT_PHYSICAL_LINK_UP : PORT_PHYSICAL_POLLING,
		.link_layer = hca->port_type,
		.flags = ib ? 0 : IB_UVERBS_QPF_GRH_REQUIRED,
	};
}

int query_port(struct command *command)
{
	struct ib_uverbs_query_port request;
	struct ib_uverbs_query_port_resp answer = {0};

	command_input(command, &request, sizeof(request));
	if (request.port_num != PORT_NUMBER)
		return EINVAL;
	describe_port(command->file->hca->shared, &answer);
	command_output(command, &answer, sizeof(answer));
	return 0;
}

static int query_port_method(struct attrs *attrs)
{
	struct ib_uverbs_query_port_resp_ex answer = {.active_speed_ex = PORT_SPEED_EDR};
	uint8_t port;
	int rc = attr_get(attrs, UVERBS_ATTR_QUERY_PORT_PORT_NUM, &port, sizeof(port));

	if (!rc && port != PORT_NUMBER)
		rc = EINVAL;
	if (rc)
		return rc;
	describe_port(attrs->file->hca->shared, &answer.legacy_resp);
	return attr_put(attrs, UVERBS_ATTR_QUERY_PORT_RESP, &answer, sizeof(answer));
}

static void describe_gid(const struct fabric_hca *hca, unsigned int index,
			 struct ib_uverbs_gid_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	memcpy(entry->gid, hca->gids[index].raw, sizeof(entry->gid));
	entry->gid_index = index;
	entry->port_num = PORT_NUMBER;
	entry->gid_type = hca->gids[index].type;
}

/* Programs may know a shorter or longer entry than we do. */
static int put_gid_table(struct attrs *attrs, const struct ib_uverbs_gid_entry *entries,
			 size_t count, size_t entry_size)
{
	uint8_t table[FABRIC_GIDS * 2 * sizeof(*entries)] = {0};
	size_t step = entry_size < sizeof(*entries) ? entry_size : sizeof(*entries);

	if (entry_size > 2 * sizeof(*entries))
		return EOPNOTSUPP;
	for (size_t i = 0; i < count; i++)
		memcpy(table + i * entry_size, &entries[i], step);
	return attr_put_partly(attrs, UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES, table,
			       count * entry_size);
}

static int query_gid_table_method(struct attrs *attrs)
{
	const struct fabric_hca *hca = attrs->file->hca->shared;
	struct ib_uverbs_gid_entry entries[FABRIC_GIDS];
	uint64_t entry_size, count = 0;
	uint32_t flags;
	int rc = attr_get_u64(attrs, UVERBS_ATTR_QUERY_GID_TABLE_ENTRY_SIZE, &entry_size);

	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_QUERY_GID_TABLE_FLAGS, &flags);
	if (!rc && (flags || !entry_size))
		rc = EINVAL;
	if (rc)
		return rc;
	for (unsigned int i = 0; i < FABRIC_GIDS; i++)
		if (hca->gids[i].valid)
			describe_gid(hca, i, &entries[count++]);
	if (attr_length(attrs, UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES) / entry_size < count)
		return EINVAL;
	rc = put_gid_table(attrs, entries, count, entry_size);
	return rc ? rc
		  : attr_put(attrs, UVERBS_ATTR_QUERY_GID_TABLE_RESP_NUM_ENTRIES, &count,
			     sizeof(count));
}

static int query_gid_entry_method(struct attrs *attrs)
{
	const struct fabric_hca *hca = attrs->file->hca->shared;
	struct ib_uverbs_gid_entry entry;
	uint32_t port, index, flags;
	int rc = attr_get_u32(attrs, UVERBS_ATTR_QUERY_GID_ENTRY_PORT, &port);

	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_QUERY_GID_ENTRY_GID_INDEX, &index);
	if (!rc)
		rc = attr_get_u32(attrs, UVERBS_ATTR_QUERY_GID_ENTRY_FLAGS, &flags);
	if (!rc && (flags || port != PORT_NUMBER || index >= FABRIC_GIDS))
		rc = EINVAL;
	if (!rc && !hca->gids[index].valid)
		rc = ENODATA;
	if (rc)
		return rc;
	describe_gid(hca, index, &entry);
	return attr_put(attrs, UVERBS_ATTR_QUERY_GID_ENTRY_RESP_ENTRY, &entry, sizeof(entry));
}

static const struct attr_spec query_port_attrs[] = {
	{UVERBS_ATTR_QUERY_PORT_PORT_NUM, ATTR_IN, true, sizeof(uint8_t), ATTR_ANY_LENGTH},
	{UVERBS_ATTR_QUERY_PORT_RESP, ATTR_OUT, true, sizeof(struct ib_uverbs_query_port_resp), 0},
};

static const struct attr_spec query_gid_table_attrs[] = {
	{UVERBS_ATTR_QUERY_GID_TABLE_ENTRY_SIZE, ATTR_IN, true, sizeof(uint64_t), sizeof(uint64_t)},
	{UVERBS_ATTR_QUERY_GID_TABLE_FLAGS, ATTR_IN, false, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES, ATTR_OUT, true, 0, 0},
	{UVERBS_ATTR_QUERY_GID_TABLE_RESP_NUM_ENTRIES, ATTR_OUT, true, sizeof(uint64_t), 0},
};

static const struct attr_spec query_gid_entry_attrs[] = {
	{UVERBS_ATTR_QUERY_GID_ENTRY_PORT, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_QUERY_GID_ENTRY_GID_INDEX, ATTR_IN, true, sizeof(uint32_t), sizeof(uint32_t)},
	{UVERBS_ATTR_QUERY_GID_ENTRY_FLAGS, ATTR_IN, false, sizeof(uint32_t), sizeof(uint64_t)},
	{UVERBS_ATTR_QUERY_GID_ENTRY_RESP_ENTRY, ATTR_OUT, true, 1, 0},
};

const struct method_entry port_methods[] = {
	METHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_PORT, query_port_attrs, query_port_method,
	       true),
	METHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_GID_TABLE, query_gid_table_attrs,
	       query_gid_table_method, true),
	METHOD(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_QUERY_GID_ENTRY, query_gid_entry_attrs,
	       query_gid_entry_method, true),
	{.handle = NULL},
};
