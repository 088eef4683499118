# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A guest and programs of this machine on one fabric: a stock kernel's driver on softhca's adapter at
one end, the shim at the other."""

import contextlib
import re

import pytest

import harness
import kernel_log
import live
from harness import OWN, STOCK, wait_for

pytestmark = pytest.mark.guest

# A TCP port of the guest, which has no other server there.
GUEST_PORT = 18600


class Joined:
    """A guest as host 1 and this machine's programs as host 2 of a fabric."""

    def __init__(self):
        self.fabric = harness.Fabric()
        self.forwarded = harness.free_port()
        self.guest = live.Guest("--device", "mlx5", "--fabric", self.fabric.name, "--forward",
                                "%d:%d" % (GUEST_PORT, self.forwarded))

    def close(self):
        self.fabric.close()
        self.guest.close()


@pytest.fixture(scope="module")
def joined():
    with contextlib.closing(Joined()) as made:
        yield made


def tool(folder, transport, options):
    return "%s/ibv_%s_pingpong -c -n 200 %s" % (folder, transport, options)


def guest_serves(joined, inside, outside, options=""):
    """Results of server and client. Whether it listens is asked in the guest, since a forwarded port
    always answers."""
    server = joined.guest.start("%s -p %d" % (inside, GUEST_PORT))
    waiting = "until grep -q ':%04X .* 0A ' /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done"
    joined.guest.run(waiting % GUEST_PORT, seconds=20).ok()
    client = joined.fabric.run("%s -p %d 127.0.0.1" % (outside, joined.forwarded),
                               "--host 2 " + options)
    return server.finish(60 if client.status == 0 else 5), client


def guest_calls(joined, inside, outside, options=""):
    port = harness.free_port()
    server = joined.fabric.start("%s -p %d" % (outside, port), "--host 2 " + options)
    wait_for(lambda: port in harness.listeners(), "server listens", alive=server.process)
    client = joined.guest.run("%s -p %d 10.0.2.2" % (inside, port))
    return server.finish(60 if client.status == 0 else 5), client


DIRECTIONS = pytest.mark.parametrize("direction", (guest_serves, guest_calls),
                                     ids=("guest-serves", "guest-calls"))


def both_end_well(results):
    for result in results:
        assert result.status == 0 and "200 iters" in result.output, results


@DIRECTIONS
@pytest.mark.parametrize("waiting", ("", "-e"), ids=("poll", "events"))
@pytest.mark.parametrize("transport", ("rc", "uc", "ud", "srq"))
def test_messages_pass(joined, direction, transport, waiting):
    command = tool(OWN, transport, waiting)
    both_end_well(direction(joined, command, command))


@DIRECTIONS
@pytest.mark.parametrize("inside, outside", ((STOCK, OWN), (OWN, STOCK), (STOCK, STOCK)),
                         ids=("stock-own", "own-stock", "stock-stock"))
def test_libraries_mix(joined, direction, inside, outside):
    both_end_well(direction(joined, tool(inside, "rc", "-e"), tool(outside, "rc", "-e")))


@DIRECTIONS
@pytest.mark.parametrize("size", (1, 4097, 100000))
def test_sizes(joined, direction, size):
    command = tool(OWN, "rc", "-s %d" % size)
    both_end_well(direction(joined, command, command))


@DIRECTIONS
@pytest.mark.parametrize("waiting", ("", "-e"), ids=("poll", "events"))
def test_losses_cost_time_only(joined, direction, waiting):
    """Both adapters lose packets: that of the guest and that of this machine."""
    command = tool(OWN, "rc", "-s 5000 " + waiting)
    joined.fabric.order("fault", "drop=1%", "--host", "1")
    try:
        results = direction(joined, command, command, "--fault drop=1%")
    finally:
        joined.fabric.order("fault", "off", "--host", "1")
    both_end_well(results)
    outside = results[direction is guest_serves].output
    assert re.search(r"faults: [1-9]\d* dropped", outside), outside


def test_driver_of_the_guest_is_content(joined):
    log = joined.guest.log()
    assert kernel_log.splats(log) == [] and kernel_log.mlx5_complaints(log) == [], log
