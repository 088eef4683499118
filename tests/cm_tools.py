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
# of the client's.
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

CMTIME = [
    pair("cmtime", "cmtime -b {any}", "cmtime -s {server} -c 20", FAMILIES, stays=True),
    pair("cmtime-options", "cmtime -b {server} -p 7002",
         "cmtime -s {server} -p 7002 -b {client} -c 3 -r 5 -t 4000", stays=True),
]

PAIRS = RPING + UCMATOSE + UDADDY + RDMA_CLIENT + CMTIME
ALL = [(one, family, server, client) for one in PAIRS for family in one.families
       for server, client in WAYS]
NAMES = ["-".join((one.name, *rest)) for one, *rest in ALL]


def command(template, whose, addresses):
    """`addresses`: what the template's words in braces stand for."""
    return "%s/%s" % (harness.programs(whose), template.format(**addresses))


def said(output):
    """What a tool has told of its work, without the times that it took. Debian's rping server may say
    besides what it would have waited for."""
    measured = re.compile(r"^([a-z ]+:) [ \d.]+$")
    return [measured.sub(r"\1", line) for line in output.splitlines()
            if not line.startswith("wait for RDMA_READ_ADV state")]
