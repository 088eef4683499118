# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness: Debian's perftest on Debian's libraries, unmodified, on softhca."""

import pytest

from harness import STOCK

pytestmark = pytest.mark.stock


def both(fabric, command, **arguments):
    command = "%s/%s" % (STOCK, command)
    return fabric.pair(command, command, **arguments)


@pytest.mark.parametrize("tool", ("send_lat", "write_lat", "read_lat", "atomic_lat", "send_bw",
                                  "write_bw", "read_bw", "atomic_bw"))
def test_reliable(fabric, tool):
    _, client = both(fabric, "ib_%s -F -n 2000" % tool)
    assert "#bytes" in client.output


@pytest.mark.parametrize("tool", ("send_lat", "send_bw", "write_lat", "write_bw"))
def test_unreliable_connected(fabric, tool):
    both(fabric, "ib_%s -F -c UC -n 1000" % tool)


@pytest.mark.parametrize("tool", ("send_lat", "write_lat", "send_bw", "write_bw", "read_bw",
                                  "atomic_bw"))
def test_dynamically_connected(fabric, tool):
    _, client = both(fabric, "ib_%s -F -c DC -n 1000" % tool)
    assert "#bytes" in client.output


@pytest.mark.parametrize("tool", ("send_lat", "send_bw"))
def test_datagrams(fabric, tool):
    both(fabric, "ib_%s -F -c UD -n 1000" % tool)


@pytest.mark.parametrize("command", (
    "send_lat -s 8", "send_lat -e", "send_bw -s 65536", "send_bw -e", "send_bw -q 4", "write_lat",
    "write_bw -s 65536", "write_bw -q 4", "write_bw --use_old_post_send",
    "send_bw --use_old_post_send", "read_bw", "read_lat", "atomic_bw", "atomic_lat"))
def test_extended_reliable_connected(fabric, command):
    both(fabric, "ib_%s -F -c XRC -n 500" % command, options="--host 1", client_options="--host 2")


@pytest.mark.parametrize("tool", ("send_lat", "send_bw", "read_lat", "atomic_bw"))
def test_events(fabric, tool):
    both(fabric, "ib_%s -F -e -n 1000" % tool)


@pytest.mark.parametrize("options", ("-s 8", "-s 65536", "-s 1048576 -n 200", "-q 4", "-m 1024",
                                     "-b", "-l 4", "-Q 1", "-t 512 -s 2", "-r 16", "-I 0",
                                     "-A FETCH_AND_ADD", "-x 0"))
def test_options(fabric, options):
    tool = "ib_atomic_bw" if "-A" in options else "ib_send_bw"
    both(fabric, "%s -F -n 500 %s" % (tool, options))


@pytest.mark.parametrize("tool", ("send_bw", "send_lat -c UD", "write_lat", "write_bw", "read_bw"))
def test_on_demand_memory(fabric, tool):
    """Its options for UC and atomics it refuses together with this one."""
    _, client = both(fabric, "ib_%s --odp -F -n 1000" % tool)
    assert "#bytes" in client.output


def test_many_sizes(fabric):
    both(fabric, "ib_send_bw -F -a -n 100")


def test_over_ethernet(fabric):
    both(fabric, "ib_write_bw -F -n 500 -x 1", options="--port-type eth")


def test_dynamically_connected_over_ethernet(fabric):
    both(fabric, "ib_send_bw -F -c DC -n 300 -a", options="--port-type eth")


def test_between_hosts(fabric):
    both(fabric, "ib_read_bw -F -n 500", options="--host 1", client_options="--host 2")
