# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Our rstream, riostream, udpong and rcopy with Debian's as the other end: over the system's sockets,
and over rsockets on softhca, where Debian's run on Debian's libraries."""

import pathlib
import socket
import struct

import pytest

import harness
import rsocket_tools
from rsocket_tools import cases, command, rows

pytestmark = pytest.mark.stock

LOOPBACK = "127.0.0.1"


def udp_ports():
    """UDP ports that somebody on this machine has."""
    lines = pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]
    return {int(line.split()[1].rsplit(":", 1)[1], 16) for line in lines}


class Sockets:
    """Programs as they are, on this machine's network."""

    def __init__(self):
        self.running = []
        self.port = harness.free_port()

    def start(self, words):
        self.running.append(harness.Running(words.split(), None))
        return self.running[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.running:
            one.end()


@pytest.fixture
def sockets():
    with Sockets() as made:
        yield made


def end_well(server, client):
    asked = client.finish(60)
    served = server.finish(60 if asked.status == 0 else 1)
    assert asked.status == 0 and served.status == 0, (asked, served)
    return served, asked


# ---- the system's sockets ----

def stream_over_tcp(sockets, one, server, client, how="-T s", server_how=""):
    options = "-p %d" % sockets.port
    first = sockets.start(command(one, server, "%s %s" % (options, server_how or how)))
    harness.wait_for(lambda: sockets.port in harness.listeners(), "server listens",
                     alive=first.process)
    second = sockets.start(command(one, client, "%s %s -s %s" % (options, how, LOOPBACK)))
    return end_well(first, second)


@pytest.mark.parametrize("one, server, client", **cases(rsocket_tools.STREAMS + rsocket_tools.POLLED))
def test_streams_over_tcp(sockets, one, server, client):
    for result in stream_over_tcp(sockets, one, server, client):
        assert rows(result.output) == [one.row], result


@pytest.mark.parametrize("server, client", rsocket_tools.WAYS)
def test_a_server_that_forks(sockets, server, client):
    one = rsocket_tools.pair("forks", "rstream", "-S 64 -I 3 -C 3", "custom 64 3 3 1.1k")
    served, asked = stream_over_tcp(sockets, one, server, client, server_how="-T f")
    assert rows(served.output) == rows(asked.output) == [one.row]


@pytest.mark.long
@pytest.mark.parametrize("server, client", (("own", "stock"), ("stock", "own")))
def test_plan_is_that_of_debian(sockets, server, client):
    """Without -S; -S all takes minutes, and its plan is a unit test's (tools_rsocket_plan)."""
    one = rsocket_tools.pair("plan", "rstream", "-T b", "")
    served, asked = stream_over_tcp(sockets, one, server, client)
    assert len(rows(served.output)) == 8
    assert rows(served.output) == rows(asked.output)


def datagrams_over_udp(sockets, one, server, client):
    options = "-T s -p %d" % sockets.port
    first = sockets.start(command(one, server, "%s -b %s" % (options, LOOPBACK)))
    harness.wait_for(lambda: sockets.port in udp_ports(), "server is bound", alive=first.process)
    return sockets.start(command(one, client, "%s -s %s" % (options, LOOPBACK))).finish(20)


@pytest.mark.parametrize("one, server, client", **cases(rsocket_tools.DATAGRAMS))
def test_datagrams_over_udp(sockets, one, server, client):
    result = datagrams_over_udp(sockets, one, server, client).ok()
    assert rows(result.output) == [one.row], result


# ---- single messages to udpong's server ----

LOGIN, START, DATA, ECHO, END = range(5)
PAYLOAD = bytes(range(56))


def message(operation, client=0, sequence=0, count=0, payload=bytes(8)):
    return struct.pack(">BBBBI", operation, client, sequence, 0, count) + payload


# What is sent by turns, and what comes back; None: nothing.
DIALOGUE = [
    (message(LOGIN), message(LOGIN)),
    (message(LOGIN), message(LOGIN, client=1)),
    (message(START, client=1, sequence=1, count=7), message(START, client=1, sequence=1, count=7)),
    (message(DATA, client=1, sequence=1, payload=PAYLOAD), None),
    (message(DATA, client=0, sequence=1, payload=PAYLOAD), None),
    (message(ECHO, client=1, sequence=2, payload=PAYLOAD),
     message(ECHO, client=1, sequence=2, payload=PAYLOAD)),
    (message(9, client=2, sequence=3), None),
    (message(END, client=1, sequence=200), message(END, client=1, sequence=200, count=2)),
    (message(END, client=0, sequence=3), message(END, client=0, sequence=3, count=1)),
    (message(START, client=1, payload=b""), message(START, client=1, payload=b"")),
    (message(END, client=1), message(END, client=1)),
    (message(ECHO, payload=bytes(2048)), message(ECHO, payload=bytes(2048))),
    (message(ECHO, payload=bytes(3000)), message(ECHO, payload=bytes(2048))),
]


@pytest.mark.parametrize("whose", rsocket_tools.WHOSE)
def test_udpong_answers_each_message_as_it_should(sockets, whose):
    one = rsocket_tools.pair("dialogue", "udpong", "-T s -T b", "")
    server = sockets.start(command(one, whose, "-b %s -p %d" % (LOOPBACK, sockets.port)))
    harness.wait_for(lambda: sockets.port in udp_ports(), "server is bound", alive=server.process)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(20)
        client.connect((LOOPBACK, sockets.port))
        for question, answer in DIALOGUE:
            client.send(question)
            if answer is not None:
                assert client.recv(4096) == answer


# ---- rsockets on softhca ----

def start_server(fabric, words):
    server = fabric.start("stdbuf -oL " + words, "--trace")
    harness.wait_for(lambda: "rdma_ucm_listen: ok" in server.output(), "server listens",
                     alive=server.process)
    return server


def stream_over_rsockets(fabric, one, server, client):
    port = "-p %d" % harness.free_port()
    first = start_server(fabric, command(one, server, port))
    second = fabric.start(command(one, client, "%s -s %s" % (port, LOOPBACK)))
    for result in end_well(first, second):
        assert rows(result.output) == [one.row], result
    fabric.check_nothing_left()


@pytest.mark.parametrize("one, server, client",
                         **cases(rsocket_tools.STREAMS + rsocket_tools.RDMA))
def test_streams_over_rsockets(fabric, one, server, client):
    stream_over_rsockets(fabric, one, server, client)


@pytest.mark.parametrize("one, server, client", **cases(
    rsocket_tools.POLLED, [way for way in rsocket_tools.WAYS if way[1] == "own"]))
def test_streams_that_are_polled(fabric, one, server, client):
    stream_over_rsockets(fabric, one, server, client)


@pytest.mark.parametrize("one, server, client", **cases(rsocket_tools.DATAGRAMS))
def test_datagrams_over_rsockets(fabric, one, server, client):
    port = harness.free_port()
    options = "-p %d" % port
    first = fabric.start(command(one, server, "%s -b %s" % (options, LOOPBACK)))
    harness.wait_for(lambda: port in udp_ports(), "server is bound", alive=first.process)
    result = fabric.run(command(one, client, "%s -s %s" % (options, LOOPBACK)), seconds=20)
    assert rows(result.ok().output) == [one.row], result


FILES = {"small": b"a short one\n", "pages": bytes(range(251)) * 1000}


@pytest.mark.parametrize("size", FILES)
@pytest.mark.parametrize("server, client", rsocket_tools.WAYS)
def test_files_over_rsockets(fabric, tmp_path, server, client, size):
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(FILES[size])
    source.chmod(0o640)
    one = rsocket_tools.pair("file", "rcopy", "", "")
    start_server(fabric, command(one, server, "-p 7427"))
    words = "%s %s:%s -p 7427" % (source, LOOPBACK, copy)
    fabric.run(command(one, client, words), seconds=20).ok()
    assert copy.read_bytes() == FILES[size]
    assert copy.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("server", rsocket_tools.WHOSE)
def test_an_empty_file_is_copied_too(fabric, tmp_path, server):
    """By our client; Debian's refuses to."""
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.touch()
    copy.write_text("something")
    one = rsocket_tools.pair("empty", "rcopy", "", "")
    start_server(fabric, command(one, server, ""))
    fabric.run(command(one, "own", "%s %s:%s" % (source, LOOPBACK, copy)), seconds=20).ok()
    assert copy.read_bytes() == b""


@pytest.mark.parametrize("server", rsocket_tools.WHOSE)
def test_a_server_says_why_it_cannot_open_a_file(fabric, tmp_path, server):
    (tmp_path / "source").write_text("something")
    one = rsocket_tools.pair("refused", "rcopy", "", "")
    start_server(fabric, command(one, server, ""))
    words = "%s/source %s:%s/nowhere/copy" % (tmp_path, LOOPBACK, tmp_path)
    result = fabric.run(command(one, "own", words), seconds=20)
    assert result.status == 1
    assert result.output == ("rcopy: the server cannot open '%s/nowhere/copy': No such file or "
                             "directory\n" % tmp_path)


def test_a_server_of_ours_takes_a_client_without_rdma(fabric, sockets):
    one = rsocket_tools.pair("either", "rstream", "-S 64 -I 3 -C 3", "custom 64 3 3 1.1k")
    server = start_server(fabric, command(one, "own", "-p %d" % sockets.port))
    harness.wait_for(lambda: sockets.port in harness.listeners(), "server listens by TCP, too",
                     alive=server.process)
    client = sockets.start(command(one, "stock", "-p %d -s %s -T s" % (sockets.port, LOOPBACK)))
    for result in end_well(server, client):
        assert rows(result.output) == [one.row], result
