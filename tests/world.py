# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""In which world the tests run. By default it is softhca's. With OV_WORLD=kernel it is that of a real
kernel, inside a guest: programs are started as they are and use the device OV_DEVICE, and on Ethernet
its GID OV_GID_INDEX; both are told to the programs by the same variables."""

import functools
import os
import re
import subprocess

import harness

KERNEL = os.environ.get("OV_WORLD", "softhca") == "kernel"
DEVICE = os.environ.get("OV_DEVICE", "")
GID_INDEX = os.environ.get("OV_GID_INDEX", "")
FAMILY = re.match("mlx5|[a-z]+", DEVICE).group() if KERNEL else "mlx5"

# Of the needs that a test can be marked with, why this world does not meet them.
_KERNEL_LACKS = {
    "softhca": "wants softhca's own program or orders, which a guest has not",
    "faults": "wants packets lost on purpose, which only softhca does",
    "hosts": "wants several hosts, and a guest is one",
    "port types": "chooses the type of the port, which this device has already",
    "haste": "waits for a tool's patience of 30 s: a kernel acknowledges for the dead (death.c has the rest)",
    "shim": "is about kernels that the shim imitates, and this is a real one",
}
LACKS = _KERNEL_LACKS if KERNEL else {"kernel": "reads the log of a guest's kernel"}
if FAMILY != "mlx5":
    LACKS["mlx5"] = "is about a setting of the mlx5 provider"

# Emulated instructions take twenty to fifty times as long.
SLOWER = 20


def unmet(needs):
    """The reason for which a test with these needs cannot be, or None."""
    return next((LACKS[need] for need in needs if need in LACKS), None)


def port_types(all_types):
    """Of softhca's port types those that a test is to go through; None is the device's own."""
    return (None,) if KERNEL else all_types


def port_option(port_type):
    return "" if port_type is None else "--port-type " + port_type


def ask(*command):
    return subprocess.run(list(map(str, command)), text=True, capture_output=True,
                          check=True).stdout


@functools.lru_cache(None)
def largest_packet():
    described = ask(harness.OWN / "ibv_devinfo", "-d", DEVICE)
    return int(re.search(r"active_mtu:\s+(\d+)", described).group(1))


class Device(harness.Bench):
    """A device of the kernel for one test. What `softhca ps` tells comes from the kernel's resource
    tracking."""

    def __init__(self):
        super().__init__({})
        self._sequence = {}
        self._before = self._resources()

    def command_line(self, command, options="", softhca=None):
        assert not options, "a test with options of softhca is to be marked so"
        return harness.words(command)

    def address(self, command):
        words = harness.words(command)
        given = (("-d", DEVICE), ("-g", GID_INDEX)) if "pingpong" in words[0] else ()
        return " ".join("%s %s" % (option, value) for option, value in given
                        if value and option not in words)

    def rounds(self, wanted):
        return max(wanted // SLOWER, 10)

    @staticmethod
    def _resources():
        return ask("rdma", "resource", "show", DEVICE)

    def ps(self):
        return ask("rdma", "resource", "show", "qp", "link", DEVICE + "/1", "type", "RC")

    def received(self):
        """Packets that the RC queue pairs have received since this was asked first."""
        for qp, sequence in re.findall(r"lqpn (\d+).* rq-psn (\d+) ", self.ps()):
            last, total = self._sequence.get(qp, (int(sequence), 0))
            self._sequence[qp] = int(sequence), total + (int(sequence) - last) % (1 << 24)
        return sum(total for _, total in self._sequence.values())

    def _all_are_the_kernels(self):
        """Objects that the kernel made for itself tell the name of a module, in brackets."""
        counts = re.findall(r"(\w+) (\d+)", self._resources().partition(DEVICE + ":")[2])
        return counts and all(ask("rdma", "resource", "show", kind).count("comm [") == int(count)
                              for kind, count in counts)

    def check_nothing_left(self):
        """The kernel may finish what a process leaves a moment later. The current one makes a queue
        for itself when a region is first changed, and keeps it."""
        harness.wait_for(lambda: self._resources() == self._before or self._all_are_the_kernels(),
                         "the kernel's objects are what they were: " + self._before)

    def need_packet(self, size):
        import pytest  # here, because processes of tests/verbs/bed/far.py start without it
        if size > largest_packet():
            pytest.skip("%s takes packets of %d bytes at most" % (DEVICE, largest_packet()))


def bench():
    return Device() if KERNEL else harness.Fabric()
