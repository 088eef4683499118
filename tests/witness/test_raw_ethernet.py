# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness: Debian's perftest for raw Ethernet on Debian's libraries, unmodified, on softhca. Its two
ends exchange frames and nothing else, so the server is waited for until its rule stands. It waits
itself for as many frames as the client sends, and frames without a receive are lost: it gets a queue
that holds all."""

import re
import subprocess

import pytest

from harness import STOCK, wait_for

pytestmark = [pytest.mark.stock, pytest.mark.needs("hosts"), pytest.mark.needs("port types")]

# As softhca makes them: host, then family.
MAC = {host: "02:48:43:00:%02x:01" % host for host in (1, 2)}
SECONDS = 40


def end(tool, role, host, options):
    peer = 3 - host
    return "%s/%s --%s -B %s -E %s %s" % (STOCK, tool, role, MAC[host], MAC[peer], options)


def run_both(fabric, tool, options, run_options="", hosts=(1, 2)):
    """The server, which runs on, and the client's result."""
    server, client = (end(tool, role, host, options)
                      for role, host in zip(("server", "client"), (1, 2)))
    first = fabric.start(server, "--port-type eth --host %d" % hosts[0])
    wait_for(lambda: MAC[1] in rules(fabric), "the server has its rule", alive=first.process)
    return first, fabric.run(client, "--port-type eth --host %d %s" % (hosts[1], run_options),
                             SECONDS)


def rules(fabric):
    """Destinations of the flow rules."""
    return re.findall(r"^\d+ +normal .* ([0-9a-f:]+)$", fabric.ps(), re.MULTILINE)


def both(fabric, tool, options, **more):
    first, second = run_both(fabric, tool, options, **more)
    served = first.finish(SECONDS)
    assert second.status == 0 and served.status == 0, "%r\n%r" % (served, second)
    fabric.check_nothing_left()
    return served, second


@pytest.mark.parametrize("size", (64, 100, 1024, 1500))
def test_bandwidth_between_hosts(fabric, size):
    served, _ = both(fabric, "raw_ethernet_bw", "-n 500 -r 512 -s %d" % size)
    assert re.search(r"^ %d +500 " % size, served.output, re.MULTILINE)


def test_latency_between_hosts(fabric):
    _, client = both(fabric, "raw_ethernet_lat", "-n 500 -s 128")
    assert re.search(r"^ 128 +500 ", client.output, re.MULTILINE)


@pytest.mark.parametrize("options", (
    "-J 10.1.1.1 -j 10.1.1.2 -K 2000 -k 2001",
    "-J 10.1.1.1 -j 10.1.1.2 -K 2000 -k 2001 --tcp",
    "--raw_ipv6 -J fe80::1 -j fe80::2 -K 2000 -k 2001",
    "-I 64 -s 64",
    "-l 4",
))
def test_kinds_of_frames(fabric, options):
    # Addresses and ports turn around for the other end.
    both(fabric, "raw_ethernet_bw", "-n 500 -r 512 " + options)


def test_within_a_host(fabric):
    """The frames go to a MAC that no port has, and the rule of a neighbour takes them."""
    both(fabric, "raw_ethernet_bw", "-n 500 -r 512 -s 200", hosts=(3, 3))


def received(fabric):
    """Frames that the server has received, as long as it lives."""
    return sum(map(int, re.findall(r"^1 .* RAW .* (\d+) +\d+$", fabric.ps(), re.MULTILINE)))


def test_losses(fabric):
    """Without a protocol above nothing brings back what is lost."""
    first, client = run_both(fabric, "raw_ethernet_bw", "-n 2000 -r 2048 -s 200",
                             run_options="--fault drop=50%,seed=1")
    assert client.status == 0, repr(client)
    dropped = int(re.search(r"faults: (\d+) dropped", client.output).group(1))
    assert 800 < dropped < 1200
    assert first.process.poll() is None
    wait_for(lambda: received(fabric) == 2000 - dropped, "the rest arrives")


def test_damage(fabric):
    """The check sequence does not hold: such frames are as good as lost."""
    first, client = run_both(fabric, "raw_ethernet_bw", "-n 500 -r 512 -s 200",
                             run_options="--fault corrupt=100%")
    assert client.status == 0, repr(client)
    assert "500 corrupted of 500" in client.output
    assert first.process.poll() is None and received(fabric) == 0


def test_a_link_that_is_down(fabric):
    server = fabric.start(end("raw_ethernet_bw", "server", 1, "-n 500 -r 512"),
                          "--port-type eth --host 1")
    wait_for(lambda: MAC[1] in rules(fabric), "the server has its rule", alive=server.process)
    fabric.order("link", "down", "--host", "1")
    client = fabric.run(end("raw_ethernet_bw", "client", 2, "-n 500"),
                        "--port-type eth --host 2", SECONDS)
    assert client.status == 0, repr(client)
    assert server.process.poll() is None and received(fabric) == 0


def test_capture(fabric, tmp_path):
    """Witness of the capture: Wireshark sees the frames as they are, and nothing behind them."""
    file = tmp_path / "frames.pcapng"
    _, client = run_both(fabric, "raw_ethernet_bw",
                         "-n 100 -r 512 -s 200 -J 10.1.1.1 -j 10.1.1.2 -K 2000 -k 2001",
                         run_options="--capture %s" % file)
    assert client.status == 0, repr(client)
    fields = ("frame.len", "eth.src", "eth.dst", "ip.src", "ip.dst", "udp.srcport", "udp.dstport",
              "eth.trailer", "eth.fcs")
    lines = subprocess.run(["tshark", "-r", file, "-T", "fields",
                            *(word for field in fields for word in ("-e", field))],
                           text=True, check=True, stderr=subprocess.DEVNULL,
                           stdout=subprocess.PIPE).stdout.splitlines()
    assert len(lines) == 100
    assert set(lines) == {"\t".join(("196", MAC[2], MAC[1], "10.1.1.2", "10.1.1.1", "2001", "2000",
                                     "", ""))}
