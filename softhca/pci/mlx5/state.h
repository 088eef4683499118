/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An mlx5 adapter behind a PCI function: its registers, its event queues, and the objects that a
 * guest's driver has made with commands. All of it is touched with the engine lock held only.
 */
#ifndef SOFTHCA_PCI_MLX5_STATE_H
#define SOFTHCA_PCI_MLX5_STATE_H

#include "hw/mlx5/context.h"
#include "hw/mlx5/eqe.h"
#include "hw/mlx5/port_register.h"
#include "softhca/pci/adapter.h"
#include "softhca/pci/mlx5/table.h"

enum {
	MLX5_BAR_BYTES = 32 << 20,
	/* Pages below are the initialization segment's. */
	MLX5_FIRST_UAR = 16,
	MLX5_END_UAR = MLX5_BAR_BYTES / 4096,
	MLX5_MSIX_VECTORS = 8,
	MLX5_MAX_EQS = 64,
};

/* How far the driver has come with the adapter. */
enum mlx5_stage {
	MLX5_STAGE_OFF,
	MLX5_STAGE_ENABLED,	/* ENABLE_HCA */
	MLX5_STAGE_INITIALIZED, /* INIT_HCA */
};

struct mlx5_eq {
	struct mlx5_object object;
	struct queue_memory memory;
	uint8_t **pages; /* of `memory`, or NULL */
	uint32_t size;
	uint32_t producer, consumer; /* 24 bits */
	uint32_t vector;
	uint64_t events; /* types that come here */
	bool armed;
	bool overrun;	     /* an event that could not wait was lost */
	uint32_t users;	     /* CQs */
	struct list waiting; /* CQs whose event found the queue full */
	uint8_t context[MLX5_EQC_BYTES];
};

struct mlx5_pd {
	struct mlx5_object object;
	struct pd *pd;
};

struct mlx5_mkey {
	struct mlx5_object object; /* number: index, without the key's low byte */
	struct adapter *adapter;
	struct mr *mr;
	uint8_t *entries; /* of its list of pages, as the driver gave them; NULL: it has none */
	uint32_t num_entries;
	uint8_t context[MLX5_MKC_BYTES];
};

struct mlx5_cq {
	struct mlx5_object object;
	struct cq *cq;
	struct mlx5_eq *eq;
	struct list waiting; /* on eq->waiting */
	uint8_t **pages;
	uint8_t context[MLX5_CQC_BYTES];
};

struct mlx5_srq {
	struct mlx5_object object;
	struct srq *srq;
	uint8_t **pages;
	uint8_t context[MLX5_SRQC_BYTES];
};

struct mlx5_qp {
	struct mlx5_object object;
	struct qp *qp;
	struct pd *own_pd; /* of a UMR queue pair, for which the driver names none */
	uint8_t **pages;
	uint8_t context[MLX5_QPC_BYTES]; /* as given at creation */
};

struct adapter {
	struct pci_function *function;
	struct engine *engine;
	struct hca *hca; /* NULL if it could not be opened again after a reset */
	enum mlx5_stage stage;

	uint64_t command_queue; /* bus address */
	uint8_t nic_state;
	uint32_t health_counter;
	uint8_t node_description[MLX5_NODE_DESC_BYTES];
	uint32_t port_capabilities;
	uint32_t port_generation; /* of the fabric's adapter, as last seen */
	bool link_up;
	bool at_rest; /* dead, and its driver may know */

	struct mlx5_eq *event_queue[MLX5_EVENT_TYPES];
	struct mlx5_number_set uars, xrcds, transport_domains, eqns;
	struct mlx5_table eqs, pds, mkeys, cqs, srqs, qps;
};

/* ---- adapter.c ---- */
/* Ends all objects and begins anew with none. */
void mlx5_adapter_end_objects(struct adapter *adapter);
static inline bool mlx5_adapter_is_killed(const struct adapter *adapter)
{
	return !adapter->hca || adapter->hca->shared->killed;
}
/*
 * Whether the driver is to read that the adapter is dead. From then on the driver takes its memory
 * back without asking, so before it reads that, all ends that would still write there: a completion
 * of a request that is given up seconds later lands in what has become somebody else's page.
 */
bool mlx5_adapter_tells_death(struct adapter *adapter);

/* ---- registers.c ---- */
void mlx5_bar_read(struct adapter *adapter, unsigned int bar, uint64_t offset, void *data,
		   unsigned int bytes);
void mlx5_bar_write(struct adapter *adapter, unsigned int bar, uint64_t offset, const void *data,
		    unsigned int bytes);

/* ---- command_queue.c ---- */
/* Carries out the commands in the entries whose bits are set. */
void mlx5_command_queue_ring(struct adapter *adapter, uint32_t entries);

/* ---- eq.c ---- */
/* Puts an entry into the queue of its type, if the driver has made one, and raises the interrupt if
 * that is armed. What finds the queue full is lost, and said so. */
void mlx5_event_post(struct adapter *adapter, struct mlx5_eqe *eqe);
/* A completion event: waits for room. */
void mlx5_event_complete(struct mlx5_cq *cq);
/* The driver has consumed up to `consumer`, and wants to hear of more. */
void mlx5_eq_consumed(struct adapter *adapter, uint32_t eqn, uint32_t consumer);
void mlx5_eq_arm(struct adapter *adapter, uint32_t eqn, uint32_t consumer);

/* ---- events.c ---- */
extern const struct front_ops mlx5_front_ops;
void mlx5_event_command(struct adapter *adapter, uint32_t entries);
void mlx5_event_port(struct adapter *adapter, bool up);

/* ---- cq.c, qp.c: doorbells ---- */
void mlx5_cq_armed(struct adapter *adapter, uint32_t cqn);
void mlx5_qp_rung(struct adapter *adapter, uint32_t qpn);

/* ---- capabilities.c ---- */
extern const struct hca_limits mlx5_limits;

/* The identity that registers and commands tell. */
enum {
	MLX5_FIRMWARE_MAJOR = 12,
	MLX5_FIRMWARE_MINOR = 28,
	MLX5_FIRMWARE_SUBMINOR = 2006,
};

#endif
