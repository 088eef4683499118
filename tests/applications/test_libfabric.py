# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Debian's libfabric over our libraries: its verbs provider, by datagrams, by messages over connections
of the connection manager, and with reliability of its own above datagrams."""

import re

import pytest

from application import OURS, pair, runs_over_ours
from harness import STOCK

pytestmark = pytest.mark.stock

ROUNDS = 20


def test_runs_over_our_libraries(fabric):
    runs_over_ours(fabric, STOCK / "fi_pingpong", "libibverbs.so.1", "librdmacm.so.1", "libefa.so.1")


@pytest.mark.parametrize("port_type", ("ib", "eth"))
def test_finds_the_adapter(fabric, port_type):
    told = fabric.run("%s/fi_info -p verbs" % STOCK, "--port-type " + port_type,
                      environment=OURS).ok().output
    assert re.search(r"domain: mlx5_0\n +version: [\d.]+\n +type: FI_EP_MSG", told)
    assert re.search(r"domain: mlx5_0-dgram\n +version: [\d.]+\n +type: FI_EP_DGRAM", told)


@pytest.mark.parametrize("kind, provider, sizes", (
    ("dgram", "verbs", ("64", "256", "1k", "4k")),
    ("msg", "verbs", ("64", "256", "1k", "4k", "64k", "1m")),
    ("rdm", "verbs;ofi_rxd", ("64", "256", "1k", "4k", "64k", "1m")),
    ("rdm", "verbs;ofi_rxm", ("64", "256", "1k", "4k", "64k", "1m"))))
def test_pingpong(fabric, kind, provider, sizes):
    """-c: the program compares what it receives with what was sent."""
    command = "%s/fi_pingpong -c -e %s -p '%s' -I %d" % (STOCK, kind, provider, ROUNDS)
    for told in pair(fabric, command + " -B {port}", command + " -P {port} 127.0.0.1"):
        table = re.findall(r"(?m)^(\w+) +(\d+) +=(\d+) ", told.output)
        assert table == [(size, str(ROUNDS), str(ROUNDS)) for size in sizes], repr(told)
