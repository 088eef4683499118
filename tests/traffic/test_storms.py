# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections by the hundred: all are made, carry a message and end, on a good network and on a bad
one; what they took is given back, in both processes and in the fabric."""

import re
import signal

import pytest

from harness import BUILD, wait_for

pytestmark = pytest.mark.needs("faults")

SERVER = "10.77.0.1"
LIBRARIES = {"own": str(BUILD / "lib"), "stock": ""}


def start(fabric, what, options="", libraries="own"):
    return fabric.start("%s/tests/bin/storm %s" % (BUILD, what), options,
                        {"LD_LIBRARY_PATH": LIBRARIES[libraries]})


def start_server(fabric, total, options="", libraries="own"):
    server = start(fabric, "serve %s %d" % (SERVER, total), options + " --host 1", libraries)
    wait_for(lambda: "SERVICE" in fabric.ps(), "the server listens", alive=server.process)
    return server


def storm(fabric, count, rounds, options="", libraries="own", seconds=60):
    server = start_server(fabric, count * rounds, options, libraries)
    client = start(fabric, "connect %s %d %d" % (SERVER, count, rounds), options + " --host 2",
                   libraries)
    told = client.finish(seconds).ok().output
    assert told.count(": %d connections" % count) == rounds and "\nok\n" in told, told
    assert "\nok\n" in server.finish(seconds).ok().output
    fabric.check_nothing_left()


@pytest.mark.parametrize("libraries", ("own", pytest.param("stock", marks=pytest.mark.stock)))
@pytest.mark.parametrize("port_type", ("ib", "eth"))
def test_connections_give_back_what_they_took(fabric, port_type, libraries):
    storm(fabric, 100, 3, "--port-type " + port_type, libraries)


@pytest.mark.long
def test_a_thousand_at_a_time(fabric):
    storm(fabric, 1000, 10, seconds=300)


@pytest.mark.parametrize("faults", ("drop=5%", "dup=5%", "drop=5%,dup=5%,reorder=5%"))
def test_bad_networks_cost_only_time(fabric, faults):
    storm(fabric, 200, 1, "--fault " + faults)


def queue_pairs_of(fabric, host):
    return len(re.findall(r"^%d +0x\w{6} +RC " % host, fabric.ps(), re.MULTILINE))


def test_a_server_that_dies_before_it_answers_is_missed(fabric):
    server = start_server(fabric, 1)
    server.process.send_signal(signal.SIGSTOP)
    client = start(fabric, "connect %s 1 1" % SERVER, "--host 2")
    wait_for(lambda: queue_pairs_of(fabric, 2) == 10, "the client connects", alive=client.process)
    server.process.kill()
    result = client.finish(20)
    assert result.status == 2 and "unexpected: RDMA_CM_EVENT_UNREACHABLE" in result.output, result


def test_a_client_that_dies_is_forgotten(fabric):
    """The server hears of the end of every connection, and serves the next client."""
    server = start_server(fabric, 1000000)
    first = start(fabric, "connect %s 200 10000" % SERVER, "--host 2")
    wait_for(lambda: "round 1:" in first.output() and queue_pairs_of(fabric, 1) > 100,
             "the storm is on", alive=first.process)
    first.process.kill()
    wait_for(lambda: queue_pairs_of(fabric, 1) == 0, "no connection is left", alive=server.process)
    start(fabric, "connect %s 10 1" % SERVER, "--host 2").finish(20).ok()
    assert server.process.poll() is None, server.output()
