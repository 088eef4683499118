# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections a second, of our cmtime on our librdmacm beside Debian's on Debian's. Both meet the same
connection manager, softhca's, and take turns, since the machine's mood changes; the best turn of each
counts."""

import re

import harness

ADDRESS = "10.77.0.1"
TURNS = 3
# A turn that nobody spoiled; what is left of the machine's mood.
LIMIT = 0.8
WHOLE = {"own": harness.OWN, "stock": harness.STOCK}
MAKING = ("create id", "resolve addr", "resolve route", "create qp", "connect")
ENDING = ("disconnect", "destroy")


def seconds(output, steps):
    """What these steps of all connections have taken together."""
    took = dict(re.findall(r"^(\w[\w ]*?) *: +([\d.]+)", output, re.MULTILINE))
    return sum(float(took[step]) for step in steps) / 1000


def turn(programs, count):
    """Connections made, and ended, a second."""
    libraries = {"LD_LIBRARY_PATH": str(harness.BUILD / "lib") if programs == harness.OWN else ""}
    with harness.fabric() as fabric:
        server = fabric.start([programs / "cmtime"], "--host 1", libraries)
        harness.wait_for(lambda: "SERVICE" in fabric.ps(), "somebody listens",
                         alive=server.process)
        client = fabric.run([programs / "cmtime", "-s", ADDRESS, "-c", str(count)], "--host 2",
                            environment=libraries).ok()
        server.end()
    return tuple(count / seconds(client.output, steps) for steps in (MAKING, ENDING))


def compare(count):
    """Name, ours, stock's of each figure."""
    turns = {who: [] for who in WHOLE}
    for _ in range(TURNS):
        for who, programs in WHOLE.items():
            turns[who].append(turn(programs, count))
    best = {who: [max(figures) for figures in zip(*turns[who])] for who in WHOLE}
    return list(zip(("connections made a second", "connections ended a second"), best["own"],
                    best["stock"]))
