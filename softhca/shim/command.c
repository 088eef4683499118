/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What all commands share: the tables, input and output, the checks before a handler runs. */
#include "softhca/shim/command.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "softhca/core/trace.h"
#include "softhca/shim/methods/commands.h"

#define ENTRY(in_, out_, handle_)                                                                  \
	{                                                                                          \
		.handle = handle_, .in_size = sizeof(in_), .out_size = sizeof(out_),               \
		.name = #handle_                                                                   \
	}
#define ENTRY_NO_OUT(in_, handle_)                                                                 \
	{                                                                                          \
		.handle = handle_, .in_size = sizeof(in_), .name = #handle_                        \
	}

static const struct command_entry classic[] = {
	[IB_USER_VERBS_CMD_GET_CONTEXT] =
		ENTRY(struct ib_uverbs_get_context, struct ib_uverbs_get_context_resp, get_context),
	[IB_USER_VERBS_CMD_QUERY_DEVICE] = ENTRY(struct ib_uverbs_query_device,
						 struct ib_uverbs_query_device_resp, query_device),
	[IB_USER_VERBS_CMD_QUERY_PORT] =
		ENTRY(struct ib_uverbs_query_port, struct ib_uverbs_query_port_resp, query_port),
	[IB_USER_VERBS_CMD_ALLOC_PD] =
		ENTRY(struct ib_uverbs_alloc_pd, struct ib_uverbs_alloc_pd_resp, alloc_pd),
	[IB_USER_VERBS_CMD_DEALLOC_PD] = ENTRY_NO_OUT(struct ib_uverbs_dealloc_pd, dealloc_pd),
	[IB_USER_VERBS_CMD_CREATE_AH] =
		ENTRY(struct ib_uverbs_create_ah, struct ib_uverbs_create_ah_resp, create_ah),
	[IB_USER_VERBS_CMD_DESTROY_AH] = ENTRY_NO_OUT(struct ib_uverbs_destroy_ah, destroy_ah),
	[IB_USER_VERBS_CMD_REG_MR] =
		ENTRY(struct ib_uverbs_reg_mr, struct ib_uverbs_reg_mr_resp, reg_mr),
	[IB_USER_VERBS_CMD_REREG_MR] =
		ENTRY(struct ib_uverbs_rereg_mr, struct ib_uverbs_rereg_mr_resp, rereg_mr),
	[IB_USER_VERBS_CMD_DEREG_MR] = ENTRY_NO_OUT(struct ib_uverbs_dereg_mr, dereg_mr),
	[IB_USER_VERBS_CMD_ALLOC_MW] =
		ENTRY(struct ib_uverbs_alloc_mw, struct ib_uverbs_alloc_mw_resp, alloc_mw),
	[IB_USER_VERBS_CMD_DEALLOC_MW] = ENTRY_NO_OUT(struct ib_uverbs_dealloc_mw, dealloc_mw),
	[IB_USER_VERBS_CMD_CREATE_COMP_CHANNEL] =
		ENTRY(struct ib_uverbs_create_comp_channel,
		      struct ib_uverbs_create_comp_channel_resp, create_comp_channel),
	[IB_USER_VERBS_CMD_CREATE_CQ] =
		ENTRY(struct ib_uverbs_create_cq, struct ib_uverbs_create_cq_resp, create_cq),
	[IB_USER_VERBS_CMD_RESIZE_CQ] =
		ENTRY(struct ib_uverbs_resize_cq, struct ib_uverbs_resize_cq_resp, resize_cq),
	[IB_USER_VERBS_CMD_DESTROY_CQ] =
		ENTRY(struct ib_uverbs_destroy_cq, struct ib_uverbs_destroy_cq_resp, destroy_cq),
	[IB_USER_VERBS_CMD_CREATE_QP] =
		ENTRY(struct ib_uverbs_create_qp, struct ib_uverbs_create_qp_resp, create_qp),
	[IB_USER_VERBS_CMD_QUERY_QP] =
		ENTRY(struct ib_uverbs_query_qp, struct ib_uverbs_query_qp_resp, query_qp),
	[IB_USER_VERBS_CMD_MODIFY_QP] = ENTRY_NO_OUT(struct ib_uverbs_modify_qp, modify_qp),
	[IB_USER_VERBS_CMD_DESTROY_QP] =
		ENTRY(struct ib_uverbs_destroy_qp, struct ib_uverbs_destroy_qp_resp, destroy_qp),
	[IB_USER_VERBS_CMD_ATTACH_MCAST] =
		ENTRY_NO_OUT(struct ib_uverbs_attach_mcast, attach_mcast),
	[IB_USER_VERBS_CMD_DETACH_MCAST] =
		ENTRY_NO_OUT(struct ib_uverbs_detach_mcast, detach_mcast),
	[IB_USER_VERBS_CMD_CREATE_SRQ] =
		ENTRY(struct ib_uverbs_create_srq, struct ib_uverbs_create_srq_resp, create_srq),
	[IB_USER_VERBS_CMD_MODIFY_SRQ] = ENTRY_NO_OUT(struct ib_uverbs_modify_srq, modify_srq),
	[IB_USER_VERBS_CMD_QUERY_SRQ] =
		ENTRY(struct ib_uverbs_query_srq, struct ib_uverbs_query_srq_resp, query_srq),
	[IB_USER_VERBS_CMD_DESTROY_SRQ] =
		ENTRY(struct ib_uverbs_destroy_srq, struct ib_uverbs_destroy_srq_resp, destroy_srq),
	[IB_USER_VERBS_CMD_CREATE_XSRQ] =
		ENTRY(struct ib_uverbs_create_xsrq, struct ib_uverbs_create_srq_resp, create_xsrq),
	[IB_USER_VERBS_CMD_OPEN_XRCD] =
		ENTRY(struct ib_uverbs_open_xrcd, struct ib_uverbs_open_xrcd_resp, open_xrcd),
	[IB_USER_VERBS_CMD_CLOSE_XRCD] = ENTRY_NO_OUT(struct ib_uverbs_close_xrcd, close_xrcd),
	[IB_USER_VERBS_CMD_OPEN_QP] =
		ENTRY(struct ib_uverbs_open_qp, struct ib_uverbs_create_qp_resp, open_qp),
};

/* Extended commands grow at their end: the sizes are what the first version of each had. */
static const struct command_entry extended[] = {
	[IB_USER_VERBS_EX_CMD_QUERY_DEVICE] =
		{
			.handle = ex_query_device,
			.in_size = sizeof(struct ib_uverbs_ex_query_device),
			.out_size = offsetof(struct ib_uverbs_ex_query_device_resp, odp_caps),
			.name = "ex_query_device",
		},
	[IB_USER_VERBS_EX_CMD_CREATE_CQ] = ENTRY(struct ib_uverbs_ex_create_cq,
						 struct ib_uverbs_ex_create_cq_resp, ex_create_cq),
	[IB_USER_VERBS_EX_CMD_MODIFY_CQ] =
		ENTRY_NO_OUT(struct ib_uverbs_ex_modify_cq, ex_modify_cq),
	[IB_USER_VERBS_EX_CMD_CREATE_QP] =
		{
			.handle = ex_create_qp,
			.in_size = offsetof(struct ib_uverbs_ex_create_qp, rwq_ind_tbl_handle),
			.out_size = sizeof(struct ib_uverbs_ex_create_qp_resp),
			.name = "ex_create_qp",
		},
	[IB_USER_VERBS_EX_CMD_MODIFY_QP] =
		{
			.handle = ex_modify_qp,
			.in_size = sizeof(struct ib_uverbs_modify_qp),
			.out_size = sizeof(struct ib_uverbs_ex_modify_qp_resp),
			.name = "ex_modify_qp",
		},
	[IB_USER_VERBS_EX_CMD_CREATE_FLOW] = ENTRY(
		struct ib_uverbs_create_flow, struct ib_uverbs_create_flow_resp, ex_create_flow),
	[IB_USER_VERBS_EX_CMD_DESTROY_FLOW] =
		ENTRY_NO_OUT(struct ib_uverbs_destroy_flow, ex_destroy_flow),
	[IB_USER_VERBS_EX_CMD_CREATE_WQ] = ENTRY(struct ib_uverbs_ex_create_wq,
						 struct ib_uverbs_ex_create_wq_resp, ex_create_wq),
	[IB_USER_VERBS_EX_CMD_MODIFY_WQ] =
		ENTRY_NO_OUT(struct ib_uverbs_ex_modify_wq, ex_modify_wq),
	[IB_USER_VERBS_EX_CMD_DESTROY_WQ] = ENTRY(
		struct ib_uverbs_ex_destroy_wq, struct ib_uverbs_ex_destroy_wq_resp, ex_destroy_wq),
	[IB_USER_VERBS_EX_CMD_CREATE_RWQ_IND_TBL] =
		ENTRY(struct ib_uverbs_ex_create_rwq_ind_table,
		      struct ib_uverbs_ex_create_rwq_ind_table_resp, ex_create_wq_table),
	[IB_USER_VERBS_EX_CMD_DESTROY_RWQ_IND_TBL] =
		ENTRY_NO_OUT(struct ib_uverbs_ex_destroy_rwq_ind_table, ex_destroy_wq_table),
};

const struct command_entry *command_find(uint32_t number, bool is_extended)
{
	const struct command_entry *table = is_extended ? extended : classic;
	size_t size = is_extended ? sizeof(extended) / sizeof(extended[0])
				  : sizeof(classic) / sizeof(classic[0]);

	return number < size && table[number].handle ? &table[number] : NULL;
}

void command_input(const struct command *command, void *to, size_t size)
{
	size_t given = command->in_length < size ? command->in_length : size;

	memcpy(to, command->in, given);
	memset((uint8_t *)to + given, 0, size - given);
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i])
			return false;
	return true;
}

int command_input_extended(const struct command *command, void *to, size_t size)
{
	command_input(command, to, size);
	if (command->in_length > size && !is_zero(command->in + size, command->in_length - size))
		return EOPNOTSUPP;
	return 0;
}

void command_output(struct command *command, const void *from, size_t size)
{
	command->out_length = size < command->out_room ? size : command->out_room;
	memcpy(command->out, from, command->out_length);
}

uint32_t command_output_length(const struct command *command, size_t size)
{
	return (uint32_t)(size < command->out_room ? size : command->out_room);
}

int driver_input(const struct driver_data *driver, void *to, size_t size)
{
	size_t given = driver->in_length < size ? driver->in_length : size;

	memset(to, 0, size);
	if (given)
		memcpy(to, driver->in, given);
	if (driver->in_length > size && !is_zero(driver->in + size, driver->in_length - size))
		return EOPNOTSUPP;
	return 0;
}

void driver_output(struct driver_data *driver, const void *from, size_t size)
{
	driver->out_length = size < driver->out_room ? size : driver->out_room;
	memcpy(driver->out, from, driver->out_length);
}

int command_run(const struct command_entry *entry, struct command *command)
{
	int rc;

	command->made = CREATED_NOTHING;
	if (command->in_length < entry->in_size || command->out_room < entry->out_size)
		return ENOSPC;
	if (entry->handle != get_context && !command->file->member)
		return EINVAL;
	if (file_is_gone(command->file))
		return EIO;
	rc = entry->handle(command);
	if (trace_on())
		trace_printf("command %s, in %zu+%zu, out %zu+%zu bytes: %s", entry->name,
			     command->in_length, command->driver.in_length, command->out_length,
			     command->driver.out_length, rc ? strerror(rc) : "ok");
	if (rc)
		creation_undo(&command->made, command->file);
	return rc;
}

void creation_undo(struct creation *made, struct shim_file *file)
{
	if (made->object)
		file_destroy_object(made->object);
	if (made->fd >= 0) {
		descriptor_closing(made->fd);
		syscall(SYS_close, made->fd);
	}
	if (made->context)
		file_close_context(file);
	*made = CREATED_NOTHING;
}
