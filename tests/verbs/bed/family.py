# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Families of devices, and what tells them apart: their words for the same mistake, and departures
from the specification that are the driver's, so that no library can mend them. The tests are the
same for all. The C programs have theirs in tests/traffic/verbs/common/family.c."""
import dataclasses

import pyverbs.enums as e
import world

VENDOR_MELLANOX, VENDOR_RXE = 0x02c9, 0xffffff
# Of one mistake, what a family that does not name its kind may say instead.
GENERAL = {
    e.IBV_WC_LOC_PROT_ERR: e.IBV_WC_LOC_QP_OP_ERR,
    e.IBV_WC_LOC_LEN_ERR: e.IBV_WC_LOC_QP_OP_ERR,
    e.IBV_WC_MW_BIND_ERR: e.IBV_WC_LOC_QP_OP_ERR,
    e.IBV_WC_REM_INV_REQ_ERR: e.IBV_WC_REM_OP_ERR,
}


@dataclasses.dataclass(frozen=True)
class Family:
    name: str
    # Names the kind of an error, and does not just say that an operation failed.
    names_errors: bool = False
    # Completions with errors carry a syndrome of the device.
    has_syndromes: bool = False
    # A receive posted in the error state comes back.
    flushes_late_receives: bool = False
    # As much inline data as is granted on request; no attribute tells it.
    inline_bytes: int = 400
    # A query tells the sizes that creation granted, and not larger ones.
    grants_exactly: bool = False
    # Looks at P_Key indices, at path MTUs that are none, at the number of reads to be taken.
    checks_values: bool = False
    # Refuses timers and counts of repetitions that have no meaning, and unknown changes.
    checks_ranges: bool = False
    # The receive that an RDMA write with immediate data would have taken, had it been allowed.
    receive_of_refused_write: int = e.IBV_WC_REM_ACCESS_ERR
    # So the sender does not learn that a key could not be invalidated, and the receiver does.
    acknowledges_before_it_invalidates: bool = False
    # Why something cannot be tested; empty where it can.
    no_draining: str = ''
    no_resumption: str = ''
    no_error_from_reset: str = ''
    no_xrc: str = ''
    no_bind_right: str = ''
    no_window_bounds: str = ''
    no_send_queue_error: str = ''
    no_purge: str = ''

    def means(self, status, meant):
        """Whether `status` is how the family says `meant`."""
        return status == meant or not self.names_errors and status == GENERAL.get(meant)


MLX5 = Family('mlx5', names_errors=True, has_syndromes=True, flushes_late_receives=True,
              inline_bytes=800, grants_exactly=True, checks_values=True, checks_ranges=True,
              receive_of_refused_write=e.IBV_WC_WR_FLUSH_ERR)
MLX5_OF_THE_KERNEL = dataclasses.replace(
    MLX5, name="the kernel's mlx5", checks_ranges=False,
    no_draining="the kernel's mlx5 driver has no way to drain a send queue",
    no_bind_right="keys of the kernel's mlx5 driver do not say whether windows may be bound",
    no_xrc="softhca's adapter for machines announces XRC, which drivers want, and refuses it",
    no_error_from_reset='the kernel knows no step from RESET to the error state')
RXE = Family('rxe', acknowledges_before_it_invalidates=True,
             no_window_bounds='rxe looks at the bounds of the region only',
             no_resumption='rxe does not go on with what was posted while it drained',
             no_purge='rxe leaves completions of queue pairs that are gone',
             no_send_queue_error='rxe has no state for an error of the send queue alone',
             no_error_from_reset='the kernel knows no step from RESET to the error state')


def of(attr):
    """-> the family of a device with these attributes"""
    if attr.vendor_id == VENDOR_MELLANOX:
        return MLX5_OF_THE_KERNEL if world.KERNEL else MLX5
    assert attr.vendor_id == VENDOR_RXE, f'vendor {attr.vendor_id:#x} is of no family known here'
    return RXE
