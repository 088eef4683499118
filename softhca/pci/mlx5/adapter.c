/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The adapter as a whole: its life, reset, and what the fabric does to its port. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/trace.h"
#include "softhca/mlx5/mlx5.h"
#include "softhca/pci/mlx5/commands.h"

enum {
	MELLANOX = 0x15b3,
	CONNECTX4 = 0x1013,
	CLASS_INFINIBAND = 0x020700,
	/* CapabilityMask of the port: IBTA vol. 1, 14.2.5.6. */
	CAP_SL_MAP = 1 << 6,
	CAP_SYSTEM_GUID = 1 << 11,
	CAP_EXTENDED_SPEEDS = 1 << 14,
	CAP_CLIENT_REREGISTER = 1 << 25,
};

/* ---- objects ---- */

static void begin_objects(struct adapter *adapter)
{
	memset(adapter->event_queue, 0, sizeof(adapter->event_queue));
	mlx5_table_init(&adapter->eqs);
	mlx5_table_init(&adapter->pds);
	mlx5_table_init(&adapter->mkeys);
	mlx5_table_init(&adapter->cqs);
	mlx5_table_init(&adapter->srqs);
	mlx5_table_init(&adapter->qps);
	mlx5_set_init(&adapter->uars, MLX5_FIRST_UAR, MLX5_END_UAR);
	mlx5_set_init(&adapter->xrcds, 1, MLX5_SET_NUMBERS);
	mlx5_set_init(&adapter->transport_domains, 1, MLX5_SET_NUMBERS);
	mlx5_set_init(&adapter->eqns, 1, MLX5_MAX_EQS);
}

/* The core's objects first: they lie in memory that these hold. */
static void end_objects(struct adapter *adapter)
{
	void *object;

	if (adapter->hca) {
		hca_close(adapter->hca);
		adapter->hca = NULL;
	}
	while ((object = mlx5_table_take(&adapter->qps)))
		mlx5_qp_free(object);
	while ((object = mlx5_table_take(&adapter->srqs)))
		mlx5_srq_free(object);
	while ((object = mlx5_table_take(&adapter->cqs)))
		mlx5_cq_free(object);
	while ((object = mlx5_table_take(&adapter->eqs)))
		mlx5_eq_free(object);
	while ((object = mlx5_table_take(&adapter->mkeys)))
		mlx5_mkey_free(object);
	while ((object = mlx5_table_take(&adapter->pds)))
		free(object);
}

static int open_hca(struct adapter *adapter)
{
	return hca_open(adapter->engine, &softhca_mlx5_family, &mlx5_front_ops, &mlx5_limits,
			&adapter->hca);
}

void mlx5_adapter_end_objects(struct adapter *adapter)
{
	int rc;

	end_objects(adapter);
	begin_objects(adapter);
	rc = open_hca(adapter);
	if (rc)
		trace_printf("adapter cannot be opened again: %s", strerror(rc));
}

bool mlx5_adapter_tells_death(struct adapter *adapter)
{
	if (!mlx5_adapter_is_killed(adapter))
		return false;
	if (!adapter->at_rest)
		mlx5_adapter_end_objects(adapter);
	adapter->at_rest = true;
	return true;
}

/* ---- life ---- */

static void power_on(struct adapter *adapter)
{
	const struct fabric_hca *port = adapter->hca->shared;

	adapter->stage = MLX5_STAGE_OFF;
	adapter->command_queue = 0;
	adapter->nic_state = 0;
	adapter->at_rest = false;
	adapter->port_capabilities =
		CAP_SL_MAP | CAP_SYSTEM_GUID | CAP_EXTENDED_SPEEDS | CAP_CLIENT_REREGISTER;
	adapter->port_generation = port->port_generation;
	adapter->link_up = port->link_up;
	memset(adapter->node_description, 0, sizeof(adapter->node_description));
	snprintf((char *)adapter->node_description, sizeof(adapter->node_description),
		 "softhca host %u", port->host);
}

static int create(struct pci_function *function, struct engine *engine, struct adapter **created)
{
	struct adapter *adapter = calloc(1, sizeof(*adapter));
	int rc;

	if (!adapter)
		return ENOMEM;
	adapter->function = function;
	adapter->engine = engine;
	begin_objects(adapter);
	rc = open_hca(adapter);
	/* An Ethernet port's driver would want a network interface behind it. */
	if (!rc && adapter->hca->shared->port_type != FABRIC_PORT_IB) {
		hca_close(adapter->hca);
		rc = EOPNOTSUPP;
	}
	if (rc) {
		free(adapter);
		return rc;
	}
	power_on(adapter);
	*created = adapter;
	return 0;
}

static void destroy(struct adapter *adapter)
{
	end_objects(adapter);
	free(adapter);
}

static void reset(struct adapter *adapter)
{
	mlx5_adapter_end_objects(adapter);
	if (adapter->hca)
		power_on(adapter);
}

/* ---- the port ---- */

/* Of a link that went there and back between two looks, both ways are told. A dead adapter tells
 * nothing: its driver finds out from the health buffer. */
static void port_changed(struct adapter *adapter)
{
	const struct fabric_hca *port = adapter->hca ? adapter->hca->shared : NULL;
	bool up, before = adapter->link_up;

	if (!port || port->killed || port->port_generation == adapter->port_generation)
		return;
	up = port->link_up;
	adapter->port_generation = port->port_generation;
	adapter->link_up = up;
	if (up == before)
		mlx5_event_port(adapter, !up);
	mlx5_event_port(adapter, up);
}

const struct adapter_ops softhca_mlx5_adapter = {
	.family = "mlx5",
	.identity =
		{
			.vendor = MELLANOX,
			.device = CONNECTX4,
			.subsystem_vendor = MELLANOX,
			.subsystem = 0x0001,
			.class_code = CLASS_INFINIBAND,
			.msix_vectors = MLX5_MSIX_VECTORS,
			.bar_bytes = {[0] = MLX5_BAR_BYTES},
		},
	.create = create,
	.destroy = destroy,
	.reset = reset,
	.bar_read = mlx5_bar_read,
	.bar_write = mlx5_bar_write,
	.port_changed = port_changed,
};
