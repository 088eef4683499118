/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One command in the course of being carried out, and the functions that do it, one for each
 * operation code and named after it. They answer with a status; a refusal has its reason on the
 * trace. Input and output lie in buffers of the adapter's own, so they do not change meanwhile; the
 * output begins as zeros.
 */
#ifndef SOFTHCA_PCI_MLX5_COMMANDS_H
#define SOFTHCA_PCI_MLX5_COMMANDS_H

#include "hw/mlx5/command.h"
#include "softhca/pci/mlx5/state.h"

struct mlx5_command {
	struct adapter *adapter;
	const uint8_t *in;
	uint8_t *out;
	uint32_t in_length, out_length; /* at least what the command's rule asks for */
	uint16_t opcode, op_mod;
	const char *reason; /* of a refusal */
};

/* Finds the command's function and calls it; writes the status into the output. */
void mlx5_command_execute(struct mlx5_command *command);

static inline enum mlx5_status mlx5_refuse(struct mlx5_command *command, enum mlx5_status status,
					   const char *reason)
{
	command->reason = reason;
	return status;
}

/* What a positive errno of the core means to a driver. */
enum mlx5_status mlx5_status_of(struct mlx5_command *command, int rc);

static inline uint32_t mlx5_command_number(const struct mlx5_command *command)
{
	return hw_get(command->in, MLX5_IN_NUMBER);
}

static inline const uint8_t *mlx5_command_context(const struct mlx5_command *command)
{
	return command->in + MLX5_CONTEXT_BYTE;
}

/* Looks up the object that the command is about, by the number in its usual place. */
static inline void *mlx5_command_object(const struct mlx5_command *command,
					const struct mlx5_table *table)
{
	return mlx5_table_find(table, mlx5_command_number(command));
}

typedef enum mlx5_status mlx5_command_fn(struct mlx5_command *command);

/* hca.c */
mlx5_command_fn mlx5_enable_hca, mlx5_disable_hca, mlx5_init_hca, mlx5_teardown_hca;
mlx5_command_fn mlx5_query_pages, mlx5_manage_pages, mlx5_query_adapter;
mlx5_command_fn mlx5_query_issi, mlx5_set_issi;
/* capabilities.c */
mlx5_command_fn mlx5_query_hca_cap, mlx5_set_hca_cap;
/* access_register.c */
mlx5_command_fn mlx5_access_reg;
/* vport.c */
mlx5_command_fn mlx5_query_hca_vport_context, mlx5_modify_hca_vport_context;
mlx5_command_fn mlx5_query_hca_vport_gid, mlx5_query_hca_vport_pkey;
/* mad.c */
mlx5_command_fn mlx5_mad_ifc;
/* numbers.c */
mlx5_command_fn mlx5_alloc_pd, mlx5_dealloc_pd, mlx5_alloc_uar, mlx5_dealloc_uar, mlx5_alloc_xrcd;
mlx5_command_fn mlx5_dealloc_xrcd, mlx5_alloc_transport_domain, mlx5_dealloc_transport_domain;
/* mkey.c */
mlx5_command_fn mlx5_create_mkey, mlx5_query_mkey, mlx5_destroy_mkey, mlx5_query_special_contexts;
/* eq.c */
mlx5_command_fn mlx5_create_eq, mlx5_query_eq, mlx5_destroy_eq;
/* cq.c */
mlx5_command_fn mlx5_create_cq, mlx5_query_cq, mlx5_modify_cq, mlx5_destroy_cq;
/* srq.c */
mlx5_command_fn mlx5_create_srq, mlx5_query_srq, mlx5_arm_rq, mlx5_destroy_srq;
/* qp.c */
mlx5_command_fn mlx5_create_qp, mlx5_query_qp, mlx5_destroy_qp;
/* qp_modify.c */
mlx5_command_fn mlx5_modify_qp;
/* mcg.c */
mlx5_command_fn mlx5_attach_to_mcg, mlx5_detach_from_mcg;

/* A request of the driver changes a region; front_ops.change_region. */
int mlx5_change_region(struct mr *mr, struct pd *pd, const struct qp *qp,
		       const struct send_request *request, struct mr_params *next);

/* The driver's half of ending an object: the core's is gone already or goes with it. */
void mlx5_eq_free(struct mlx5_eq *eq);
void mlx5_mkey_free(struct mlx5_mkey *mkey);
void mlx5_cq_free(struct mlx5_cq *cq);
void mlx5_srq_free(struct mlx5_srq *srq);
void mlx5_qp_free(struct mlx5_qp *qp);

#endif
