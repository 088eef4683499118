# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs that know nothing of RDMA, carried by librspreload: Debian's nc, iperf3, redis and curl,
and Python's web server. A carried server listens nowhere in the system, so a client that reaches it
has come by RDMA."""

import hashlib
import re
import shlex

import pytest

from harness import BUILD, free_port, listeners, wait_for

pytestmark = [pytest.mark.needs("softhca"), pytest.mark.stock]

CARRIED = {"LD_PRELOAD": str(BUILD / "lib/librspreload.so"),
           "LD_LIBRARY_PATH": str(BUILD / "lib")}
SIZE = 300_000


@pytest.fixture
def payload(tmp_path):
    path = tmp_path / "payload"
    path.write_bytes(b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(SIZE // 32)))
    return path


@pytest.fixture
def port():
    """Where a server is to be reached, and nobody listens in the system."""
    port = free_port()
    yield port
    assert port not in listeners()


def start(fabric, command, options=""):
    return fabric.start(command, options, CARRIED)


def run_until_served(fabric, server, command, options=""):
    """The client again and again until the server is there: nothing else tells. The result of the
    time that went well."""
    results = []

    def served():
        results.append(fabric.run(command, options, environment=CARRIED))
        return results[-1].status == 0

    try:
        wait_for(served, command, alive=server.process)
    except AssertionError as error:
        raise AssertionError("%s\n%r\n%s" % (error, results[-1], server.output())) from error
    return results[-1]


@pytest.mark.parametrize("options", ("", "--port-type eth", "--fault drop=1%"))
def test_web_page(fabric, port, payload, options):
    server = start(fabric, "/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory %s %d"
                   % (payload.parent, port), options)
    fetched = payload.with_name("fetched")
    run_until_served(fabric, server, "curl --silent --show-error --noproxy '*' --output %s "
                     "http://127.0.0.1:%d/payload" % (fetched, port), options)
    assert fetched.read_bytes() == payload.read_bytes()


def test_file_through_a_pair_of_nc(fabric, port, payload):
    received = payload.with_name("received")
    server = start(fabric, ["sh", "-c", "nc -l 127.0.0.1 %d >%s" % (port, shlex.quote(str(received)))])
    run_until_served(fabric, server, ["sh", "-c", "nc -N 127.0.0.1 %d <%s"
                                      % (port, shlex.quote(str(payload)))])
    server.finish(20).ok()
    assert received.read_bytes() == payload.read_bytes()


@pytest.mark.parametrize("direction", ("", "-R"))
def test_iperf3(fabric, port, direction):
    server = start(fabric, "iperf3 -s -1 -B 127.0.0.1 -p %d" % port)
    result = run_until_served(fabric, server, "iperf3 -c 127.0.0.1 -p %d -n 2M -P 2 %s"
                              % (port, direction))
    # Of the last data the receiver may learn only after it was asked what it has.
    received = re.search(r"^\[SUM\] .* ([\d.]+) MBytes .* receiver$", result.output, re.MULTILINE)
    assert float(received.group(1)) > 1.8, repr(result)
    server.finish(20).ok()


def test_redis(fabric, port, tmp_path):
    server = start(fabric, "redis-server --bind 127.0.0.1 --port %d --save '' --appendonly no --dir %s"
                   % (port, tmp_path))
    ask = "redis-cli -p %d " % port
    run_until_served(fabric, server, ask + "ping")
    assert fabric.run(ask + "set key %s" % ("v" * 5000),
                      environment=CARRIED).ok().output.strip() == "OK"
    assert fabric.run(ask + "get key", environment=CARRIED).ok().output.strip() == "v" * 5000
    assert fabric.run(ask + "-r 50 incr count",
                      environment=CARRIED).ok().output.split()[-1] == "50"
    loaded = fabric.run("redis-benchmark -p %d -n 2000 -c 10 -t set,get -q" % port,
                        environment=CARRIED).ok()
    assert loaded.output.count("requests per second") == 2


def test_program_without_a_carried_peer_goes_the_usual_way(fabric, payload):
    port = free_port()
    server = fabric.start("/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory %s %d"
                          % (payload.parent, port))
    wait_for(lambda: port in listeners(), "the server listens", alive=server.process)
    fetched = payload.with_name("fetched")
    fabric.run("curl --silent --show-error --noproxy '*' --output %s http://127.0.0.1:%d/payload"
               % (fetched, port), environment=CARRIED).ok()
    assert fetched.read_bytes() == payload.read_bytes()
