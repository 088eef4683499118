# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What our tools for connections say when something is wrong: what it is about, and what can be done;
and that they end with it, also when the other side does."""

import pytest

import harness

pytestmark = pytest.mark.needs("softhca")

SERVER = "10.77.0.1"

# Said before anything is made.
COMMANDS = {
    "rping": "rping: one of -s and -c has to choose the side",
    "rping -s -c": "rping: one of -s and -c has to choose the side",
    "rping -c": "rping: a client wants the server's address (-a)",
    "rping -s -I 127.0.0.1": "rping: -I is the client's",
    "rping -s -S 22": "rping: -S takes a number from 23 to 65536, not '22'",
    "rping -s -p 65536": "rping: -p takes a number from 1 to 65535, not '65536'",
    "ucmatose -f ipx": "ucmatose: -f takes one of name|ip|ipv6|gid, not 'ipx'",
    "ucmatose -P udp": "ucmatose: -P takes one of tcp|ib, not 'udp'",
    "ucmatose -c 0": "ucmatose: -c takes a number from 1 to 100000, not '0'",
    "ucmatose -x": "ucmatose: there is no option -x",
    "ucmatose -s": "ucmatose: -s wants an argument",
    "ucmatose extra": "ucmatose: 'extra' is one argument too many",
    "udaddy -p 7": "udaddy: -p takes 0x111 for UDP or 0x2 for IPoIB, not 0x7",
    "mckey": "mckey: one of -m and -M has to name the group",
    "mckey -m 1.2.3": "mckey: -m takes an IP address, like 239.1.2.3, not '1.2.3'",
    "mckey -M ff12::1": "mckey: -M wants -b, which chooses the device",
    "mckey -M 1.2.3.4 -b 127.0.0.1": "mckey: -M takes a GID, like ff12::1, not '1.2.3.4'",
    "cmtime -L": "cmtime: -L, -m, -q and -S want -C, where the peers meet",
    "cmtime -C 127.0.0.1": "cmtime: -C wants -b or -B, which other peers connect to",
    "cmtime -b 127.0.0.1 -B lo": "cmtime: -b and -B both say where from",
    "cmtime -B nonesuch": "cmtime: the interface 'nonesuch' has no address",
    "cmtime -s 127.0.0.1 -C 127.0.0.1": "cmtime: -s names a server, -C peers that meet",
    "cmtime -C 127.0.0.1 -b 127.0.0.1 -S x -P 3": "cmtime: -S is for two peers, not 3",
    "rdma_xclient -c y": "rdma_xclient: -c takes one of r|x, not 'y'",
    "ucmatose -f ip -s localhost": "ucmatose: cannot find the address 'localhost'",
}

# Of a client, where nobody is a server.
ALONE = {
    "rping -c -a %s" % SERVER: "rping: nobody listens at 10.77.0.1 port 7174",
    "ucmatose -s %s" % SERVER: "ucmatose: nobody listens at 10.77.0.1 port 7471",
    "udaddy -s %s" % SERVER: "udaddy: nobody at 10.77.0.1 port 7174 takes datagrams",
    "rdma_client -s %s" % SERVER: "rdma_client: nobody listens at 10.77.0.1 port 7471",
    "rdma_xclient -s %s -c x" % SERVER: "rdma_xclient: nobody listens at 10.77.0.1 port 7471",
    "cmtime -s %s -c 3" % SERVER: "cmtime: 3 of 3 connections have failed",
    "ucmatose -s 10.77.0.9": "ucmatose: no RDMA device leads to 10.77.0.9 port 7471",
    "rping -c -a 192.0.2.1": "rping: cannot resolve the server's address: Network is unreachable",
    "ucmatose -b 192.0.2.1": "ucmatose: cannot bind to 192.0.2.1 port 7471",
    "udaddy -s %s -S 60000" % SERVER: "udaddy: a datagram has at most 4096 bytes here, not 60000",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_line_is_refused_with_its_reason(fabric, command):
    result = fabric.run("%s/%s" % (harness.OWN, command))
    assert result.status == 1 and COMMANDS[command] in result.output, result


def start_server(fabric, command):
    """Starts it on host 1 and waits until it listens."""
    server = fabric.start("%s/%s" % (harness.OWN, command), "--host 1 --trace")
    harness.wait_for(lambda: "rdma_ucm_listen: ok" in server.output(), "the server listens",
                     alive=server.process)
    return server


@pytest.mark.parametrize("command", ALONE)
def test_a_client_tells_whom_it_has_not_found(fabric, command):
    start_server(fabric, "rping -s -p 9")  # so that the host is there
    result = fabric.run("%s/%s" % (harness.OWN, command), "--host 2")
    assert result.status == 1 and ALONE[command] in result.output, result
    assert result.output.count("ucmatose: ") + result.output.count("rping: ") <= 1, result


@pytest.mark.parametrize("server, client, served, told", (
    ("ucmatose -S 100", "ucmatose -s %s -S 200", "ucmatose: the peer has left after",
     "ucmatose: a message has 100 bytes and not 200: both sides want the same -S"),
    ("ucmatose -S 300", "ucmatose -s %s -S 200", "ucmatose: ", "ucmatose: "),
    ("rping -s -S 100", "rping -c -a %s -S 200", "rping: the client pings with 200 bytes, -S takes 100",
     "rping: the server has left during ping 0"),
    ("cmtime -C {tcp} -b %s -L", "cmtime -C {tcp} -b 10.77.0.2 -L",
     "cmtime: all 2 peers listen: one has to be without -L", "cmtime: all 2 peers listen"),
))
def test_sides_that_disagree_say_so(fabric, server, client, served, told):
    tcp = "127.0.0.1 -p %d" % harness.free_port()
    if "%s" in server:
        server = server % SERVER
    first = start_server(fabric, server.format(tcp=tcp))
    client = client % SERVER if "%s" in client else client
    second = fabric.run("%s/%s" % (harness.OWN, client.format(tcp=tcp)), "--host 2")
    first = first.finish(40)
    assert second.status == 1 and told in second.output, (first, second)
    assert first.status == 1 and served in first.output, (first, second)
    fabric.check_nothing_left()


@pytest.mark.parametrize("server, client, told", (
    ("rping -s", "rping -c -a %s -v", "rping: the server has left during ping"),
    ("rping -s -q", "rping -c -q -a %s -v", "rping: the server has left during ping"),
))
def test_a_client_ends_when_its_server_dies(fabric, server, client, told):
    first = start_server(fabric, server)
    second = fabric.start("%s/%s" % (harness.OWN, client % SERVER), "--host 2")
    harness.wait_for(lambda: "rdma-ping-3:" in second.output(), "pings", alive=second.process)
    first.process.kill()
    second = second.finish(40)
    assert second.status == 1 and told in second.output[-2000:], second.output[-2000:]


def test_a_server_that_stays_outlives_its_clients(fabric):
    server = start_server(fabric, "rping -s -P")
    clients = [fabric.start("%s/rping -c -a %s -v" % (harness.OWN, SERVER), "--host 2")
               for _ in range(3)]
    for client in clients:
        harness.wait_for(lambda: "rdma-ping-3:" in client.output(), "pings", alive=client.process)
        client.process.kill()
    assert fabric.run("%s/rping -c -a %s -C 5" % (harness.OWN, SERVER), "--host 2").ok()
    assert server.process.poll() is None
