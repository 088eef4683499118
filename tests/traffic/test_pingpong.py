# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Our ping-pongs on our libraries: every transport, waiting style, size, port type and host pair,
with every byte checked. On softhca that is logic only: the witnesses are in tests/witness."""

import pytest

from harness import OWN

TRANSPORTS = ("rc", "uc", "ud", "srq")


def pingpong(transport, options=""):
    return "%s/ibv_%s_pingpong -c %s" % (OWN, transport, options)


@pytest.mark.parametrize("waiting", ("", "-e"), ids=("poll", "events"))
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_messages_arrive_whole(fabric, transport, waiting):
    command = pingpong(transport, "-n %d %s" % (fabric.rounds(1000), waiting))
    server, client = fabric.pair(command, command)
    assert "iters in" in server.output and "iters in" in client.output


@pytest.mark.parametrize("size", (1, 2, 63, 64, 255, 1023, 1024, 1025, 4095, 4096, 4097, 70000,
                                  1 << 20))
@pytest.mark.parametrize("transport", ("rc", "uc"))
def test_sizes_around_segment_boundaries(fabric, transport, size):
    command = pingpong(transport, "-s %d -n %d" % (size, fabric.rounds(200)))
    fabric.pair(command, command)


@pytest.mark.parametrize("size", (1, 512, 2048, 4096))
def test_datagram_sizes(fabric, size):
    fabric.need_packet(size)
    command = pingpong("ud", "-s %d -n 200" % size)
    fabric.pair(command, command)


@pytest.mark.parametrize("mtu", (256, 512, 1024, 2048, 4096))
def test_path_mtus(fabric, mtu):
    fabric.need_packet(mtu)
    command = pingpong("rc", "-m %d -s 20000 -n %d" % (mtu, fabric.rounds(100)))
    fabric.pair(command, command)


@pytest.mark.needs("port types")
@pytest.mark.parametrize("waiting", ("", "-e"), ids=("poll", "events"))
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_over_ethernet_ports(fabric, transport, waiting):
    command = pingpong(transport, "-g 0 -n 500 " + waiting)
    server, client = fabric.pair(command, command, "--port-type eth")
    assert "GID ::\n" not in server.output + client.output


@pytest.mark.needs("port types")
@pytest.mark.parametrize("index", (0, 1, 2, 3))
def test_every_gid_of_an_ethernet_port(fabric, index):
    command = pingpong("rc", "-g %d -n 100" % index)
    fabric.pair(command, command, "--port-type eth")


@pytest.mark.parametrize("options", ("-N -c", pytest.param("-t", marks=pytest.mark.needs("mlx5")),
                                     pytest.param("-t -N -e", marks=pytest.mark.needs("mlx5"))))
def test_extended_queues_and_calls(fabric, options):
    command = "%s/ibv_rc_pingpong -n %d %s" % (OWN, fabric.rounds(500), options)
    for result in fabric.pair(command, command):
        assert "iters in" in result.output
        assert ("Average receive completion clock cycles" in result.output) == ("-t" in options)


@pytest.mark.needs("hosts")
@pytest.mark.parametrize("port_type", ("ib", "eth"))
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_between_hosts(fabric, transport, port_type):
    command = pingpong(transport, "-n 500" + (" -g 0" if port_type == "eth" else ""))
    server, client = fabric.pair(command, command, "--host 1 --port-type " + port_type,
                                 "--host 2 --port-type " + port_type)
    local = [line.split("LID ")[1].split(",")[0] for line in client.output.splitlines()
             if "address:" in line]
    if port_type == "ib":
        assert len(set(local)) == 2, "both hosts have LID %s" % local


def test_with_global_route(fabric):
    command = pingpong("rc", "-g 0 -n 200")
    fabric.pair(command, command)


def test_receive_queue_of_one(fabric):
    """Every second message meets an empty receive queue: RNR NAK and retry."""
    command = pingpong("rc", "-r 1 -n 50")
    fabric.pair(command, command)
