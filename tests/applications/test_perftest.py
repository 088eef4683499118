# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Debian's perftest over our libraries: every tool on each transport that it has, by its own tables
of results. tests/witness/test_perftest.py has the same programs on Debian's libraries."""

import pytest

from application import FIRST_HOST, connect, pair, runs_over_ours
from harness import STOCK

pytestmark = pytest.mark.stock

TRANSPORTS = {
    "send": ("RC", "UC", "UD", "XRC", "DC"),
    "write": ("RC", "UC", "XRC", "DC"),
    "read": ("RC", "XRC", "DC"),
    "atomic": ("RC", "XRC", "DC"),
}
RUNS = [(operation, how, transport) for operation in TRANSPORTS for how in ("lat", "bw")
        for transport in TRANSPORTS[operation]]
# What is said besides on either kind of port.
PORTS = {"ib": "", "eth": " -x 1"}
ROUNDS = 20


def rows(result):
    """Bytes, iterations and the other figures of each line of the table."""
    lines = iter(result.output.splitlines())
    next(line for line in lines if line.lstrip().startswith("#bytes"))
    table = [line.split() for line in lines if line.strip() and not line.startswith("---")]
    return [(int(row[0]), int(row[1]), [float(figure) for figure in row[2:]]) for row in table]


def measure(fabric, tool, arguments, port_type="ib"):
    """Sizes and iterations of the table; no time and no rate in it may be 0."""
    command = "%s/ib_%s -F %s" % (STOCK, tool, arguments)
    options = "--port-type " + port_type
    if "-R" in arguments:
        _, client = connect(fabric, command, "%s %s" % (command, FIRST_HOST), options)
    else:
        command += " -p {port}" + PORTS[port_type]
        _, client = pair(fabric, command, command + " 127.0.0.1", options)
    measured = rows(client)
    assert all(figure > 0 for row in measured for figure in row[2][:1]), repr(client)
    return [row[:2] for row in measured]


@pytest.mark.parametrize("tool", sorted({"%s_%s" % run[:2] for run in RUNS}))
def test_runs_over_our_libraries(fabric, tool):
    runs_over_ours(fabric, STOCK / ("ib_" + tool), "libibverbs.so.1", "libmlx5.so.1",
                   "librdmacm.so.1")


@pytest.mark.parametrize("port_type", PORTS)
@pytest.mark.parametrize("operation, how, transport", RUNS)
def test_transports(fabric, operation, how, transport, port_type):
    size = 8 if operation == "atomic" else 1000 if transport == "UD" else 20000
    arguments = "-n %d -c %s" % (ROUNDS, transport)
    if operation != "atomic":
        arguments += " -s %d" % size
    assert measure(fabric, "%s_%s" % (operation, how), arguments, port_type) == [(size, ROUNDS)]


@pytest.mark.parametrize("tool, transport, most", (
    ("send_bw", "UD", 12),
    pytest.param("send_lat", "UD", 12, marks=pytest.mark.long),
    pytest.param("send_bw", "RC", 23, marks=pytest.mark.long),
    pytest.param("write_lat", "RC", 23, marks=pytest.mark.long),
    pytest.param("read_bw", "DC", 23, marks=pytest.mark.long)))
def test_all_sizes(fabric, tool, transport, most):
    """-a goes to the MTU or to 8 MB, by powers of two."""
    measured = measure(fabric, tool, "-a -n 5 -c " + transport)
    assert measured == [(1 << bit, 5) for bit in range(1, most + 1)]


@pytest.mark.parametrize("tool, transport", (
    ("send_lat", "RC"), ("send_bw", "RC"), ("send_lat", "UD"), ("send_bw", "XRC"), ("read_lat", "RC"),
    ("read_bw", "RC"), ("atomic_lat", "RC"), ("atomic_bw", "RC")))
def test_events(fabric, tool, transport):
    (row,) = measure(fabric, tool, "-e -n %d -c %s" % (ROUNDS, transport))
    assert row[1] == ROUNDS


@pytest.mark.parametrize("arguments, rounds", (
    ("-q 4 -s 65536", 4 * ROUNDS), ("-b", ROUNDS), ("-r 16", ROUNDS), ("-m 1024", ROUNDS),
    ("-l 4", ROUNDS), ("-Q 1", ROUNDS), ("--use_old_post_send", ROUNDS), ("--odp", ROUNDS),
    ("-I 400 -s 400", ROUNDS)))
def test_options(fabric, arguments, rounds):
    (row,) = measure(fabric, "send_bw", "-n %d %s" % (ROUNDS, arguments))
    assert row[1] == rounds


@pytest.mark.parametrize("port_type", PORTS)
@pytest.mark.parametrize("tool, transport", (
    ("send_lat", "RC"), ("send_bw", "RC"), ("send_lat", "UD"), ("send_bw", "UD"), ("write_lat", "RC"),
    ("write_bw", "RC"), ("read_lat", "RC"), ("read_bw", "RC"), ("atomic_lat", "RC"),
    ("atomic_bw", "RC")))
def test_connected_by_the_connection_manager(fabric, tool, transport, port_type):
    """-R, which perftest has for these two transports."""
    (row,) = measure(fabric, tool, "-R -n %d -c %s" % (ROUNDS, transport), port_type)
    assert row[1] == ROUNDS
