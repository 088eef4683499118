# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Pairs of the tools for connections, by their options, for any device: server and client, each of
ours or of Debian's. What a tool prints may not depend on whose it is, nor on whose the other is."""

import collections
import re

import harness

WHOSE = ("own", "stock")
WAYS = [(server, client) for server in WHOSE for client in WHOSE]
FAMILIES = ("ipv4", "ipv6")

# What is said before the client can be started; None: somebody listens.
Pair = collections.namedtuple("Pair", "name server client families ready stays")


def pair(name, server, client, families=("ipv4",), ready=None, stays=False):
    return Pair(name, server, client, families, ready, stays)


# {server} is the address of the server's host, {any} the wildcard of its family, {client} the address
# of the client's, {tcp} one of the server's that TCP knows, and {port} a port for that.
RPING = [
    pair("rping", "rping -s -a {any} -v -V -C 20", "rping -c -a {server} -v -V -C 20",
         FAMILIES),
    pair("rping-sizes", "rping -s -a {server} -p 7005 -v -V -C 3 -S 30000",
         "rping -c -a {server} -p 7005 -v -V -C 3 -S 30000"),
    pair("rping-shortest", "rping -s -a {any} -v -V -C 12 -S 23",
         "rping -c -a {server} -v -V -C 12 -S 23"),
    pair("rping-own-qp", "rping -s -a {any} -q -v -C 5", "rping -c -a {server} -q -v -C 5"),
    pair("rping-source", "rping -s -a {any} -v -C 2", "rping -c -a {server} -I {client} -v -C 2"),
    pair("rping-stays", "rping -s -a {any} -P", "rping -c -a {server} -v -C 3", stays=True),
]

UCMATOSE = [
    pair("ucmatose", "ucmatose -b {any}", "ucmatose -s {server}", FAMILIES),
    pair("ucmatose-many", "ucmatose -b {server} -c 8 -C 20 -S 3000 -p 7001",
         "ucmatose -s {server} -c 8 -C 20 -S 3000 -p 7001"),
    pair("ucmatose-nothing", "ucmatose -b {any} -C 0", "ucmatose -s {server} -C 0"),
    pair("ucmatose-empty", "ucmatose -b {any} -S 0", "ucmatose -s {server} -S 0"),
    pair("ucmatose-migrate", "ucmatose -b {any} -m -c 3", "ucmatose -s {server} -m -c 3"),
    pair("ucmatose-options", "ucmatose -b {any} -P tcp",
         "ucmatose -s {server} -b {client} -P tcp -t 16 -a 15"),
    pair("ucmatose-ip", "ucmatose -b {server} -f ip", "ucmatose -s {server} -f ip"),
    pair("ucmatose-ipv6", "ucmatose -b {server} -f ipv6", "ucmatose -s {server} -f ipv6",
         ("ipv6",)),
]

UDADDY = [
    pair("udaddy", "udaddy -b {any}", "udaddy -s {server}", FAMILIES),
    pair("udaddy-many", "udaddy -b {server} -c 4 -C 20 -S 900",
         "udaddy -s {server} -c 4 -C 20 -S 900"),
    pair("udaddy-nothing", "udaddy -b {any} -C 0", "udaddy -s {server} -C 0"),
    pair("udaddy-options", "udaddy -b {any} -P udp -p 0x111",
         "udaddy -s {server} -b {client} -t 8 -P udp"),
]

RDMA_CLIENT = [
    pair("rdma_client", "rdma_server -s {any}", "rdma_client -s {server}", FAMILIES),
    pair("rdma_client-port", "rdma_server -s {server} -p 7999", "rdma_client -s {server} -p 7999"),
]

RDMA_XCLIENT = [
    pair("rdma_xclient", "rdma_xserver", "rdma_xclient -s {server}"),
    pair("rdma_xclient-options", "rdma_xserver -p 7998 -c r", "rdma_xclient -s {server} -p 7998 -c r"),
]

# For devices that are not emulated.
LARGE = [
    pair("rping-10000", "rping -s -a {any} -v -C 10000", "rping -c -a {server} -v -C 10000", FAMILIES),
    pair("cmtime-1000", "cmtime -b {any}", "cmtime -s {server} -c 1000", FAMILIES, stays=True),
]

# Where the device has such connections.
XRC = pair("rdma_xclient-xrc", "rdma_xserver -c x", "rdma_xclient -s {server} -c x")

# Datagrams may be lost, so that more are sent than waited for.
MCKEY = [
    pair("mckey", "mckey -m 239.1.2.3 -b {server} -C 1",
         "mckey -m 239.1.2.3 -b {client} -s -C 20", ready="receiving data"),
]

CMTIME = [
    pair("cmtime", "cmtime -b {any}", "cmtime -s {server} -c 20", FAMILIES, stays=True),
    pair("cmtime-options", "cmtime -b {server} -p 7002",
         "cmtime -s {server} -p 7002 -b {client} -c 3 -r 5 -t 4000", stays=True),
]

# What Debian's tools of this release do not have; and groups, which Debian's mckey joins in 3 s each.
OURS = [
    pair("rping-tos", "rping -s -a {any} -v -C 2", "rping -c -a {server} -t 32 -v -C 2"),
    pair("mckey-many", "mckey -m 239.1.2.4 -b {server} -c 3 -C 1 -S 700 -p 0x111",
         "mckey -m 239.1.2.4 -b {client} -s -c 2 -C 20 -S 700", ready="receiving data"),
    pair("mckey-joins", "mckey -m 239.1.2.5 -b {server} -C 0", "mckey -m 239.1.2.5 -o -s -C 0",
         ready="test complete"),
    pair("cmtime-peers", "cmtime -C {tcp} -b {server} -L -c 20 -p {port}",
         "cmtime -C {tcp} -b {client} -c 20 -p {port}", FAMILIES, ready="OOB root"),
    pair("cmtime-threads", "cmtime -C {tcp} -b {server} -c 30 -n 4 -P 2 -p {port}",
         "cmtime -C {tcp} -b {client} -L -c 30 -p {port}", ready="OOB root"),
    pair("cmtime-pretends", "cmtime -C {tcp} -b {server} -L -c 20 -m 200 -p {port}",
         "cmtime -C {tcp} -b {client} -c 20 -m 200 -p {port}", ready="OOB root"),
    pair("cmtime-numbers", "cmtime -C {tcp} -b {server} -L -c 5 -q 0x200000 -p {port}",
         "cmtime -C {tcp} -b {client} -c 5 -q 0x300000 -p {port}", ready="OOB root"),
    pair("cmtime-sockets", "cmtime -C {tcp} -b {tcp} -L -c 50 -S x -p {port}",
         "cmtime -C {tcp} -b {tcp} -c 50 -S x -p {port}", ready="OOB root"),
]

PAIRS = RPING + UCMATOSE + UDADDY + RDMA_CLIENT + RDMA_XCLIENT + MCKEY + CMTIME
ALL = [(one, family, server, client) for one in PAIRS for family in one.families
       for server, client in WAYS]
ALL += [(one, family, "own", "own") for one in OURS for family in one.families]
ALL_LARGE = [(one, family, server, client) for one in LARGE for family in one.families
             for server, client in WAYS]


def names(pairs):
    """Of tests."""
    return ["-".join((one.name, *rest)) for one, *rest in pairs]


# Debian's rping may wait for events of a channel that it has closed, and ends with 255 then.
CLOSED = "rdma_get_cm_event: Bad file descriptor"


def has_ended(one, whose, status, output):
    """Whether this server has ended as it should."""
    if one.stays:
        return status in (143, -15)
    return status == 0 or (whose == "stock" and CLOSED in output)


def command(template, whose, addresses):
    """`addresses`: what the template's words in braces stand for."""
    return "%s/%s" % (harness.programs(whose), template.format(**addresses))


def said(output):
    """What a tool has told of its work, without the times that it took, and by its name alone. Whether
    a rping still hears of the end, and what it would have waited for, is luck."""
    measured = re.compile(r"^([a-z ]+:) [ \d.]+$")
    luck = re.compile("(server|client) DISCONNECT EVENT|wait for RDMA_READ_ADV state|" + CLOSED)
    return [measured.sub(r"\1", line).replace(str(harness.OWN), str(harness.STOCK))
            for line in output.splitlines() if not luck.match(line)]
