# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Pairs of rstream, riostream, udpong and rcopy, by their options, for any device: server and client,
each of ours or of Debian's."""

import collections

import harness

WHOSE = ("own", "stock")
WAYS = [(server, client) for server in WHOSE for client in WHOSE]

# Options of both sides, and what both tables have of it but for times.
Pair = collections.namedtuple("Pair", "name tool options row")


def pair(name, tool, options, row):
    return Pair("%s-%s" % (tool, name), tool, options, tuple(row.split()))


STREAMS = [
    pair("byte", "rstream", "-S 1 -I 3 -C 2", "custom 1 2 3 12"),
    pair("kilobytes", "rstream", "-S 5000 -I 3 -C 4", "custom 4.8k 4 3 117k"),
    pair("megabyte", "rstream", "-S 1048576 -I 2 -C 1", "custom 1m 1 2 4m"),
    pair("size", "rstream", "-S 100", "custom 100 1k 1 195k"),
    pair("transfers", "rstream", "-C 20", "custom 1000 20 1 39k"),
    pair("verify", "rstream", "-T v -S 70001 -I 3 -C 3", "custom 68k 3 3 1.2m"),
    pair("blocking", "rstream", "-T b -S 3000 -I 9 -C 2", "custom 2.9k 2 9 105k"),
    pair("nonblocking", "rstream", "-T nonblocking -S 64 -C 1 -I 50", "custom 64 1 50 6.2k"),
    pair("buffers", "rstream", "-T b -B 65536 -k 7 -S 200000 -C 3 -T v", "custom 195k 3 1 1.1m"),
]
# With rsockets Debian's client fails now and then, whosever the server is.
POLLED = [pair("async", "rstream", "-T a -T verify -S 3000 -I 5 -C 2", "custom 2.9k 2 5 58k")]
# What is only for rsockets.
RDMA = [
    pair("inline", "rstream", "-i 32 -S 20 -I 10 -C 3", "custom 20 3 10 1.1k"),
    pair("resolve", "rstream", "-T resolve -S 300 -I 2 -C 2", "custom 300 2 2 2.3k"),
    pair("byte", "riostream", "-S 1 -I 300 -C 1", "custom 1 1 300 600"),
    pair("kilobytes", "riostream", "-S 5000 -I 3 -C 4", "custom 4.8k 4 3 117k"),
    pair("megabyte", "riostream", "-S 1048576 -I 2 -C 1", "custom 1m 1 2 4m"),
    pair("verify", "riostream", "-T v -S 70001 -I 3 -C 3", "custom 68k 3 3 1.2m"),
    pair("blocking", "riostream", "-T b -T v -S 3000 -I 9 -C 2", "custom 2.9k 2 9 105k"),
    pair("async", "riostream", "-T a -T v -S 3000 -I 5 -C 2", "custom 2.9k 2 5 58k"),
    pair("buffers", "riostream", "-T b -B 65536 -i 16 -S 200000 -C 3", "custom 195k 3 1 1.1m"),
]
# A server of udpong's runs on.
DATAGRAMS = [
    pair("shortest", "udpong", "-S 16 -C 5", "custom 16 5 80"),
    pair("size", "udpong", "-S 1500 -C 7", "custom 1.4k 7 10k"),
    pair("transfers", "udpong", "-C 20", "custom 1000 20 19k"),
    pair("echo", "udpong", "-T e -S 64 -C 30", "custom 64 60 3.7k"),
    pair("blocking", "udpong", "-T b -T e -S 700 -C 10", "custom 700 20 13k"),
    pair("async", "udpong", "-T a -S 700 -C 10", "custom 700 10 6.8k"),
]


def cases(pairs, ways=WAYS):
    """Arguments and names for pytest: each pair, each way round."""
    found = [(one, *way) for one in pairs for way in ways]
    return {"argvalues": found, "ids": ["-".join((one.name, *way)) for one, *way in found]}


def command(one, whose, options):
    return "%s/%s %s %s" % (harness.programs(whose), one.tool, one.options, options)


def rows(output):
    """The table in what a tool has printed, without times, and without what the device has traced."""
    lines = [line.split() for line in output.splitlines() if not line.startswith("softhca[")]
    heads = [line.index("time") for line in lines if line[:2] == ["name", "bytes"]]
    return [tuple(line[:heads[0]]) for line in lines
            if len(line) == heads[0] + 3 and line[0] != "name"] if heads else []
