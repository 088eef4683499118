# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The RDMA devices that a guest may have. What happens inside the guest is in device/NAME."""


import adapter
import siw


class Device:
    """`kernels` of which this device can be had."""

    kernels = ("6.1", "current")

    def modules(self, _cache, _kernel):
        """Files of modules that are no part of the kernel."""
        return []

    def companion(self, _options, _build, _scratch, _host):
        """The program behind the device, running, if it takes one; see adapter.py."""
        return None


class Rxe(Device):
    """The kernel's RoCEv2 over a network interface."""

    name = "rxe"


class Siw(Device):
    """The kernel's iWARP over TCP. Its module is built, which takes the kernel's own compiler."""

    name = "siw"
    kernels = ("6.1",)

    def modules(self, cache, kernel):
        return [cache.want(siw.Siw(kernel)) / "siw.ko"]


class Mlx5(Device):
    """softhca's ConnectX."""

    name = "mlx5"

    def companion(self, options, build, scratch, host):
        return adapter.Adapter(self.name, options, build, scratch, host)


BY_NAME = {kind.name: kind for kind in (Rxe, Siw, Mlx5)}
