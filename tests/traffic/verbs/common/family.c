/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of each family. Of rxe: observed on Linux 6.1 with Debian's libraries. */
#include "family.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VENDOR_MELLANOX = 0x02c9, VENDOR_RXE = 0xffffff };

static const struct family mlx5 = {
	.name = "mlx5",
	.datagram_too_long = IBV_WC_LOC_LEN_ERR,
	.receive_of_refused_write = IBV_WC_WR_FLUSH_ERR,
	.inline_bytes = 800,
	.names_errors = true,
	.has_syndromes = true,
	.tells_responder_errors = true,
	.grants_exactly = true,
	.flushes_late_receives = true,
	.has_draining = true,
	.has_current_state = true,
	.checks_values = true,
	.resolves_peers = true,
};

/* The adapter behind the kernel's driver, which knows fewer steps between states: it refuses them
 * without asking the adapter. Observed on Linux 6.1 and 7.2. */
static const struct family mlx5_driver = {
	.name = "mlx5 of the kernel",
	.datagram_too_long = IBV_WC_LOC_LEN_ERR,
	.receive_of_refused_write = IBV_WC_WR_FLUSH_ERR,
	.inline_bytes = 800,
	.names_errors = true,
	.has_syndromes = true,
	.tells_responder_errors = true,
	.grants_exactly = true,
	.flushes_late_receives = true,
	.has_current_state = true,
	.checks_values = true,
	.resolves_peers = true,
	.no_draining = "the kernel's mlx5 driver has no way to drain a send queue",
	.no_xrc =
		"softhca's adapter for machines announces XRC, which drivers want, and refuses it",
	.no_bind_right =
		"keys of the kernel's mlx5 driver do not tell whether windows may be bound",
};

static const struct family rxe = {
	.name = "rxe",
	.datagram_too_long = IBV_WC_SUCCESS,
	.receive_of_refused_write = IBV_WC_REM_ACCESS_ERR,
	.inline_bytes = 400,
	.has_draining = true,
	.no_draining = "rxe does not repeat while it drains what met no receive before",
	.no_send_queue_error = "rxe has no state for an error of the send queue alone",
	.no_established_event = "rxe does not tell that communication is established",
	.no_last_receive_event = "rxe does not tell of the last receive from a shared queue",
	.no_controlled_qkeys = "rxe takes Q_Keys with the highest bit literally",
	.no_drop_of_long_datagrams = "rxe fails a receive that is too short for a datagram",
	.no_multicast = "rxe hears no multicast of its own port",
	.no_purge = "rxe leaves completions of queue pairs that are gone",
	.no_window_rules = "rxe judges windows its own way",
	.no_refused_invalidation = "rxe tells only the receiver that a key cannot be invalidated",
};

/* As tests/world.py has it. */
static bool is_kernel_world(void)
{
	const char *world = getenv("OV_WORLD");

	return world && !strcmp(world, "kernel");
}

const struct family *family_of(struct ibv_context *context)
{
	struct ibv_device_attr attr;

	CHECK_OK(ibv_query_device(context, &attr));
	if (attr.vendor_id == VENDOR_MELLANOX)
		return is_kernel_world() ? &mlx5_driver : &mlx5;
	if (attr.vendor_id == VENDOR_RXE && context->device->transport_type == IBV_TRANSPORT_IB)
		return &rxe;
	fail(__FILE__, __LINE__, "device %s: vendor 0x%x is of no family known here",
	     ibv_get_device_name(context->device), attr.vendor_id);
}

bool family_means(const struct family *family, enum ibv_wc_status status, enum ibv_wc_status meant)
{
	if (family->names_errors)
		return status == meant;
	switch (meant) {
	case IBV_WC_LOC_PROT_ERR:
	case IBV_WC_LOC_LEN_ERR:
	case IBV_WC_MW_BIND_ERR:
		return status == meant || status == IBV_WC_LOC_QP_OP_ERR;
	case IBV_WC_REM_INV_REQ_ERR:
		return status == meant || status == IBV_WC_REM_OP_ERR;
	default:
		return status == meant;
	}
}
