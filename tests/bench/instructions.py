# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Instructions that a library executes for one call of the data path, ours beside Debian's libmlx5.

Both run the same program (instructions/instructions_bench.c) on the same softhca under callgrind;
what softhca executes on behalf of the adapter is left out, and so is the program. Counts do not
depend on the machine's mood, so here a missed aim is a failure."""

import pathlib
import re
import tempfile

import harness

LIMIT = 0.8
LIBRARIES = re.compile(r"/lib(ibverbs|mlx5)[-.][^/]*$")
SOFTHCA = re.compile(r"/libsofthca[^/]*$|/softhca$")
PROGRAM = re.compile(r"/instructions_bench$")
TRIGGER = re.compile(r"^desc: Trigger: Client Request: (.*)$", re.MULTILINE)


class Names:
    """callgrind writes a name once, as "(7) name", and later only its number."""

    def __init__(self):
        self._names = {}

    def __call__(self, text):
        number, _, name = text.partition(" ")
        if name:
            self._names[number] = name
        return self._names[number]


def library_cost(text):
    """What the libraries execute themselves, and what others do for them: softhca excepted."""
    names, owner, callee, after_call, cost = Names(), None, None, False, 0
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "ob":
            owner = names(value)
        elif key == "cob":
            callee = names(value)
        elif key == "calls":
            after_call = True
        elif re.match(r"[-+*\d]", line):
            count = int(line.split()[-1])
            if not LIBRARIES.search(owner):
                count = 0
            elif after_call and (LIBRARIES.search(callee or owner) or SOFTHCA.search(callee or owner)):
                count = 0
            cost += count
            callee, after_call = None, False
    return cost


def count(fabric, libraries):
    """{figure: instructions a call}"""
    with tempfile.TemporaryDirectory(prefix="openverbs-instructions-") as folder:
        command = ["valgrind", "--tool=callgrind", "--collect-atstart=no",
                   "--callgrind-out-file=%s/counts" % folder,
                   harness.BUILD / "bench" / "instructions_bench", "data_path"]
        environment = {"LD_LIBRARY_PATH": str(harness.BUILD / "lib") if libraries == "own" else ""}
        output = fabric.run(command, "", 200, environment).ok().output
        repeats = int(re.search(r"^repeats (\d+)$", output, re.MULTILINE).group(1))
        found = {}
        for file in pathlib.Path(folder).glob("counts.*"):
            text = file.read_text()
            trigger = TRIGGER.search(text)
            if trigger:
                found[trigger.group(1)] = library_cost(text) / repeats
    return found


def compare():
    """[(figure, own, stock)]"""
    with harness.fabric() as fabric:
        own, stock = count(fabric, "own"), count(fabric, "stock")
    assert own and own.keys() == stock.keys(), (own, stock)
    assert all(stock.values()) and all(own.values()), (own, stock)
    return [(figure, own[figure], stock[figure]) for figure in sorted(own)]
