# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The RDMA devices that a guest may have. What happens inside the guest is in device/NAME."""


class Rxe:
    """The kernel's RoCEv2 over a network interface."""

    name = "rxe"


BY_NAME = {kind.name: kind for kind in (Rxe,)}
