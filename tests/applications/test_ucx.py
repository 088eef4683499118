# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Debian's UCX over our libraries. Its mlx5 transports fill rings and ring doorbells themselves, by
what mlx5dv tells them: they are witnesses of both sides of the queues."""

import re

import pytest

from application import OURS, pair, runs_over_ours
from harness import STOCK

pytestmark = pytest.mark.stock

MODULE = "/usr/lib/x86_64-linux-gnu/ucx/libuct_ib.so.0"
TRANSPORTS = ("rc_verbs", "ud_verbs", "rc_mlx5", "ud_mlx5", "dc_mlx5")
# Where the program itself rings, softhca sees it late: its own thread has to look.
ROUNDS = {"rc_verbs": 500, "ud_verbs": 500, "rc_mlx5": 10, "ud_mlx5": 10, "dc_mlx5": 10}


def perftest(fabric, transport, test, size, options=""):
    """How many iterations ucx_perftest has counted in its last line; while it runs it prints others."""
    command = ("%s/ucx_perftest -p {port} -d mlx5_0:1 -x %s -t %s -s %d -n %d -w 3 -f"
               % (STOCK, transport, test, size, ROUNDS[transport]))
    _, client = pair(fabric, command, command + " 127.0.0.1", options)
    counted, average = re.findall(r"(?m)^ +(\d+) +[\d.]+ +[\d.]+ +([\d.]+)", client.output)[-1]
    assert float(average) > 0, repr(client)
    return int(counted)


def test_runs_over_our_libraries(fabric):
    runs_over_ours(fabric, MODULE, "libibverbs.so.1", "libmlx5.so.1")


@pytest.mark.parametrize("port_type", ("ib", "eth"))
def test_finds_its_transports(fabric, port_type):
    told = fabric.run("%s/ucx_info -d" % STOCK, "--port-type " + port_type, environment=OURS).ok()
    found = re.findall(r"Transport: (\w+)\n# +Device: mlx5_0:1", told.output)
    assert sorted(found) == sorted(TRANSPORTS)
    assert " UCX  ERROR " not in told.output and " UCX  WARN " not in told.output


@pytest.mark.parametrize("test, size", (("am_lat", 64), ("am_bw", 64)))
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_messages(fabric, transport, test, size):
    assert perftest(fabric, transport, test, size) == ROUNDS[transport]


@pytest.mark.parametrize("test, size", (("put_lat", 64), ("put_bw", 8), ("get", 8), ("add_lat", 8),
                                        ("fadd", 8), ("cswap", 8)))
@pytest.mark.parametrize("transport", ("rc_verbs", "rc_mlx5", "dc_mlx5"))
def test_one_sided(fabric, transport, test, size):
    ways = " -D bcopy" if test == "get" else ""
    assert perftest(fabric, transport, test + ways, size) == ROUNDS[transport]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_over_ethernet(fabric, transport):
    assert perftest(fabric, transport, "am_lat", 64, "--port-type eth") == ROUNDS[transport]


@pytest.mark.parametrize("test", ("tag_lat", "tag_bw", "ucp_put_lat", "ucp_get", "ucp_fadd"))
def test_protocols(fabric, test):
    """The layer above, which chooses transports by itself among those of this device."""
    command = "%s/ucx_perftest -p {port} -t %s -s 8 -n 200 -w 3 -f" % (STOCK, test)
    _, client = pair(fabric, command, command + " 127.0.0.1",
                     environment={"UCX_NET_DEVICES": "mlx5_0:1", "UCX_TLS": "rc_v,ud_v"})
    assert re.search(r"(?m)^ +200 +[\d.]+", client.output), repr(client)
