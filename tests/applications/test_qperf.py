# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Debian's qperf over our libraries: its tests of verbs, which it measures by time."""

import re

import pytest

from application import pair, runs_over_ours
from harness import STOCK

pytestmark = pytest.mark.stock

SECONDS = 1  # it takes whole ones
FIGURES = {
    "lat": ("latency",),
    "bw": ("bw", "send_bw", "recv_bw"),
    "mr": ("msg_rate",),
}
TESTS = (
    "rc_lat", "rc_bi_bw", "uc_lat", "uc_bw", "ud_lat", "ud_bw", "rc_rdma_read_lat",
    "rc_rdma_read_bw", "rc_rdma_write_poll_lat", "uc_rdma_write_bw", "rc_compare_swap_mr",
    "rc_fetch_add_mr")


def measure(fabric, test, options="", more=""):
    """The figures of the test, by name; qperf prints `name = number unit`."""
    _, client = pair(fabric, "%s/qperf -lp {port}" % STOCK,
                     "%s/qperf -lp {port} -t %d -uu%s 127.0.0.1 %s quit" % (STOCK, SECONDS, more, test),
                     options)
    assert re.search(r"(?m)^%s:$" % test, client.output), repr(client)
    return {name: float(value)
            for name, value in re.findall(r"(?m)^ +(\w+) += +([\d.]+)", client.output)}


def test_runs_over_our_libraries(fabric):
    runs_over_ours(fabric, STOCK / "qperf", "libibverbs.so.1")


@pytest.mark.parametrize("test", TESTS)
def test_verbs(fabric, test):
    figures = measure(fabric, test)
    wanted = FIGURES[test.rsplit("_", 1)[1]]
    assert figures and set(figures) <= set(wanted)
    assert all(value > 0 for value in figures.values())


@pytest.mark.parametrize("test", ("ver_rc_compare_swap", "ver_rc_fetch_add"))
def test_verified(fabric, test):
    """qperf compares what the atomic operations have left."""
    assert measure(fabric, test)["msg_rate"] > 0


@pytest.mark.parametrize("port_type", ("ib", "eth"))
@pytest.mark.parametrize("test", ("rc_lat", "rc_rdma_write_bw"))
def test_connected_by_the_connection_manager(fabric, test, port_type):
    """Without it qperf names no GID, so that Ethernet is left to this way."""
    figures = measure(fabric, test, "--port-type " + port_type, " -cm 1")
    assert figures and all(value > 0 for value in figures.values())
