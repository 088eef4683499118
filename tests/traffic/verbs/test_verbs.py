# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Verbs end to end: programs that test one subject each, once on our libraries and once, unchanged,
on Debian's. The second run is the witness that a case asks for what every application may expect;
what fails only in the first is our provider's or library's fault. No run leaves anything behind."""

import pathlib
import re

import pytest

from harness import BUILD

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = BUILD / "tests" / "bin"
LIBRARIES = (pytest.param("own"), pytest.param("stock", marks=pytest.mark.stock))
# Ports differ in how packets find their way.
# What older libraries let pass.
STRICTER = ("addresses_that_cannot_be",)
BOTH_PORTS = ("messages", "datagrams")


def cases(subject):
    return re.findall(r"^CASE\((\w+)\)$", (HERE / (subject + ".c")).read_text(), re.MULTILINE)


def environment(libraries):
    return {"LD_LIBRARY_PATH": str(BUILD / "lib") if libraries == "own" else ""}


def subjects():
    return sorted(path.stem for path in HERE.glob("*.c"))


def runs():
    for subject in subjects():
        for port in ("ib", "eth") if subject in BOTH_PORTS else ("ib",):
            for case in cases(subject):
                yield pytest.param(subject, case, port, id="-".join((subject, case, port)))


@pytest.mark.parametrize("libraries", LIBRARIES)
@pytest.mark.parametrize("subject, case, port", runs())
def test_verbs(fabric, subject, case, port, libraries):
    if libraries == "stock" and case in STRICTER:
        pytest.skip("stock libraries do not refuse it")
    result = fabric.run([PROGRAMS / ("verbs_" + subject), case], "--port-type " + port, 100,
                        environment(libraries))
    assert result.status == 0 and "ok " + case in result.output.splitlines(), repr(result)
    assert "is empty" in fabric.ps(), fabric.ps()
