# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The RDMA devices that a guest may have. What happens inside the guest is in device/NAME."""


import siw


class Device:
    """`kernels` of which this device can be had."""

    kernels = ("6.1", "current")

    def modules(self, _cache, _kernel):
        """Files of modules that are no part of the kernel."""
        return []


class Rxe(Device):
    """The kernel's RoCEv2 over a network interface."""

    name = "rxe"


class Siw(Device):
    """The kernel's iWARP over TCP. Its module is built, which takes the kernel's own compiler."""

    name = "siw"
    kernels = ("6.1",)

    def modules(self, cache, kernel):
        return [cache.want(siw.Siw(kernel)) / "siw.ko"]


BY_NAME = {kind.name: kind for kind in (Rxe, Siw)}
