/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All commands that there are: their names, the least lengths of their input and output, and what
 * must have come before. Everything else is refused as a bad operation, which is also what firmware
 * says that does not know a command.
 */
#include "softhca/pci/mlx5/commands.h"

#include <errno.h>

#include "softhca/core/trace.h"

enum {
	HEAD = 8, /* opcode and modifier, or status and syndrome */
	PLAIN = 16,
	NUMBER = 12,
	CONTEXT = MLX5_CONTEXT_BYTE + 0x40,
};

enum {
	OFF = MLX5_STAGE_OFF,
	ENABLED = MLX5_STAGE_ENABLED,
	INITIALIZED = MLX5_STAGE_INITIALIZED,
};

struct rule {
	uint16_t opcode;
	uint8_t stage;	 /* least */
	bool takes_away; /* allowed on an adapter that has been killed: it gives back only */
	uint16_t in_bytes, out_bytes;
	mlx5_command_fn *execute;
	const char *name;
};

#define RULE(name, stage, in, out, execute)                                                        \
	{                                                                                          \
		MLX5_##name, stage, false, in, out, execute, #name                                 \
	}
#define RULE_AWAY(name, stage, in, out, execute)                                                   \
	{                                                                                          \
		MLX5_##name, stage, true, in, out, execute, #name                                  \
	}

static const struct rule rules[] = {
	RULE(QUERY_HCA_CAP, ENABLED, PLAIN, 0x110, mlx5_query_hca_cap),
	RULE(QUERY_ADAPTER, INITIALIZED, HEAD, 0x110, mlx5_query_adapter),
	RULE(INIT_HCA, ENABLED, HEAD, HEAD, mlx5_init_hca),
	RULE_AWAY(TEARDOWN_HCA, ENABLED, HEAD, HEAD, mlx5_teardown_hca),
	RULE(ENABLE_HCA, OFF, HEAD, HEAD, mlx5_enable_hca),
	RULE_AWAY(DISABLE_HCA, ENABLED, HEAD, HEAD, mlx5_disable_hca),
	RULE(QUERY_PAGES, ENABLED, HEAD, PLAIN, mlx5_query_pages),
	RULE_AWAY(MANAGE_PAGES, ENABLED, PLAIN, PLAIN, mlx5_manage_pages),
	RULE(SET_HCA_CAP, ENABLED, 0x110, HEAD, mlx5_set_hca_cap),
	RULE(QUERY_ISSI, ENABLED, HEAD, 0x70, mlx5_query_issi),
	RULE(SET_ISSI, ENABLED, PLAIN, HEAD, mlx5_set_issi),
	RULE(CREATE_MKEY, INITIALIZED, MLX5_PAS_BYTE, NUMBER, mlx5_create_mkey),
	RULE(QUERY_MKEY, INITIALIZED, PLAIN, CONTEXT, mlx5_query_mkey),
	RULE_AWAY(DESTROY_MKEY, INITIALIZED, PLAIN, HEAD, mlx5_destroy_mkey),
	RULE(QUERY_SPECIAL_CONTEXTS, INITIALIZED, HEAD, PLAIN, mlx5_query_special_contexts),
	RULE(CREATE_EQ, INITIALIZED, MLX5_PAS_BYTE, NUMBER, mlx5_create_eq),
	RULE(QUERY_EQ, INITIALIZED, PLAIN, CONTEXT, mlx5_query_eq),
	RULE_AWAY(DESTROY_EQ, INITIALIZED, PLAIN, HEAD, mlx5_destroy_eq),
	RULE(CREATE_CQ, INITIALIZED, MLX5_PAS_BYTE, NUMBER, mlx5_create_cq),
	RULE(QUERY_CQ, INITIALIZED, PLAIN, CONTEXT, mlx5_query_cq),
	RULE(MODIFY_CQ, INITIALIZED, MLX5_PAS_BYTE, HEAD, mlx5_modify_cq),
	RULE_AWAY(DESTROY_CQ, INITIALIZED, PLAIN, HEAD, mlx5_destroy_cq),
	RULE(CREATE_QP, INITIALIZED, MLX5_PAS_BYTE, NUMBER, mlx5_create_qp),
	RULE(QUERY_QP, INITIALIZED, PLAIN, 0x100, mlx5_query_qp),
	RULE(RST2INIT_QP, INITIALIZED, 0x100, HEAD, mlx5_modify_qp),
	RULE(INIT2INIT_QP, INITIALIZED, 0x100, HEAD, mlx5_modify_qp),
	RULE(INIT2RTR_QP, INITIALIZED, 0x100, HEAD, mlx5_modify_qp),
	RULE(RTR2RTS_QP, INITIALIZED, 0x100, HEAD, mlx5_modify_qp),
	RULE(RTS2RTS_QP, INITIALIZED, 0x100, HEAD, mlx5_modify_qp),
	RULE(SQERR2RTS_QP, INITIALIZED, 0x100, HEAD, mlx5_modify_qp),
	RULE(SQD_RTS_QP, INITIALIZED, 0x100, HEAD, mlx5_modify_qp),
	RULE_AWAY(2ERR_QP, INITIALIZED, PLAIN, HEAD, mlx5_modify_qp),
	RULE_AWAY(2RST_QP, INITIALIZED, PLAIN, HEAD, mlx5_modify_qp),
	RULE_AWAY(DESTROY_QP, INITIALIZED, PLAIN, HEAD, mlx5_destroy_qp),
	RULE(MAD_IFC, INITIALIZED, 0x110, 0x110, mlx5_mad_ifc),
	RULE(CREATE_SRQ, INITIALIZED, MLX5_PAS_BYTE, NUMBER, mlx5_create_srq),
	RULE(QUERY_SRQ, INITIALIZED, PLAIN, CONTEXT, mlx5_query_srq),
	RULE(ARM_RQ, INITIALIZED, PLAIN, HEAD, mlx5_arm_rq),
	RULE_AWAY(DESTROY_SRQ, INITIALIZED, PLAIN, HEAD, mlx5_destroy_srq),
	RULE(QUERY_HCA_VPORT_CONTEXT, INITIALIZED, PLAIN, 0x210, mlx5_query_hca_vport_context),
	RULE(MODIFY_HCA_VPORT_CONTEXT, INITIALIZED, 0x100, HEAD, mlx5_modify_hca_vport_context),
	RULE(QUERY_HCA_VPORT_GID, INITIALIZED, PLAIN, PLAIN, mlx5_query_hca_vport_gid),
	RULE(QUERY_HCA_VPORT_PKEY, INITIALIZED, PLAIN, PLAIN, mlx5_query_hca_vport_pkey),
	RULE(ALLOC_PD, INITIALIZED, HEAD, NUMBER, mlx5_alloc_pd),
	RULE_AWAY(DEALLOC_PD, INITIALIZED, PLAIN, HEAD, mlx5_dealloc_pd),
	RULE(ALLOC_UAR, INITIALIZED, HEAD, NUMBER, mlx5_alloc_uar),
	RULE_AWAY(DEALLOC_UAR, INITIALIZED, PLAIN, HEAD, mlx5_dealloc_uar),
	RULE(ACCESS_REG, ENABLED, PLAIN, PLAIN, mlx5_access_reg),
	RULE(ATTACH_TO_MCG, INITIALIZED, 0x20, HEAD, mlx5_attach_to_mcg),
	RULE_AWAY(DETACH_FROM_MCG, INITIALIZED, 0x20, HEAD, mlx5_detach_from_mcg),
	RULE(ALLOC_XRCD, INITIALIZED, HEAD, NUMBER, mlx5_alloc_xrcd),
	RULE_AWAY(DEALLOC_XRCD, INITIALIZED, PLAIN, HEAD, mlx5_dealloc_xrcd),
	RULE(ALLOC_TRANSPORT_DOMAIN, INITIALIZED, HEAD, NUMBER, mlx5_alloc_transport_domain),
	RULE_AWAY(DEALLOC_TRANSPORT_DOMAIN, INITIALIZED, PLAIN, HEAD,
		  mlx5_dealloc_transport_domain),
};

enum mlx5_status mlx5_status_of(struct mlx5_command *command, int rc)
{
	switch (rc) {
	case 0:
		return MLX5_STATUS_OK;
	case EBUSY:
		return mlx5_refuse(command, MLX5_STATUS_RESOURCE_BUSY, "in use");
	case ENOENT:
		return mlx5_refuse(command, MLX5_STATUS_BAD_RESOURCE, "no such object");
	case ENOMEM:
		return mlx5_refuse(command, MLX5_STATUS_EXCEED_LIMIT, "no more of these");
	case EOPNOTSUPP:
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "not supported");
	case EOVERFLOW:
		return mlx5_refuse(command, MLX5_STATUS_BAD_SIZE, "too many entries outstanding");
	default:
		return mlx5_refuse(command, MLX5_STATUS_BAD_PARAM, "values out of range");
	}
}

static const struct rule *find_rule(uint16_t opcode)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].opcode == opcode)
			return &rules[i];
	return NULL;
}

static enum mlx5_status run(struct mlx5_command *command, const struct rule *rule)
{
	if (!rule)
		return mlx5_refuse(command, MLX5_STATUS_BAD_OP, "not supported");
	if (mlx5_adapter_is_killed(command->adapter) && !rule->takes_away)
		return mlx5_refuse(command, MLX5_STATUS_INTERNAL_ERROR, "adapter is dead");
	/* All that there was to give back has been. */
	if (command->adapter->at_rest)
		return MLX5_STATUS_OK;
	if (!command->adapter->hca)
		return mlx5_refuse(command, MLX5_STATUS_INTERNAL_ERROR, "adapter is closed");
	if (command->adapter->stage < (enum mlx5_stage)rule->stage)
		return mlx5_refuse(command, MLX5_STATUS_BAD_SYS_STATE, "not initialized");
	if (command->in_length < rule->in_bytes)
		return mlx5_refuse(command, MLX5_STATUS_BAD_INPUT_LENGTH, "input too short");
	if (command->out_length < rule->out_bytes)
		return mlx5_refuse(command, MLX5_STATUS_BAD_OUTPUT_LENGTH, "output too short");
	return rule->execute(command);
}

/* The dword that holds a number, which most commands are about or return. */
static uint32_t shown(const uint8_t *bytes, uint32_t length)
{
	return length >= NUMBER ? hw_get(bytes, HW_FIELD(0x08, 31, 0)) : 0;
}

void mlx5_command_execute(struct mlx5_command *command)
{
	const struct rule *rule = find_rule(command->opcode);
	enum mlx5_status status = run(command, rule);

	hw_set(command->out, MLX5_OUT_STATUS, status);
	trace_printf("command %#05x %s op_mod=%#x in=%u out=%u %#x -> %#x status=%#x%s%s",
		     command->opcode, rule ? rule->name : "unknown", command->op_mod,
		     command->in_length, command->out_length,
		     shown(command->in, command->in_length),
		     shown(command->out, command->out_length), status, command->reason ? ": " : "",
		     command->reason ? command->reason : "");
}
