# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""librdmacm on a stock kernel's connection manager, over rxe: tests/traffic/rdmacm, a case at a time.
The kernel is the witness of every command and of each event."""

import pathlib
import re

import pytest

import harness
from steps import Steps

pytestmark = pytest.mark.guest

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "traffic/rdmacm"
CASES = [(path.stem, case) for path in sorted(SOURCES.glob("*.c"))
         for case in re.findall(r"^CASE\((\w+)\)$", path.read_text(), re.MULTILINE)]
RUN = """
export OV_CM_ADDRESS=192.168.77.1
LD_LIBRARY_PATH=%(build)s/lib timeout 60 %(build)s/tests/bin/rdmacm_%(subject)s %(case)s
"""


@pytest.fixture(scope="module")
def rxe():
    steps = Steps()
    for subject, case in CASES:
        steps.add(case, RUN % {"build": harness.BUILD, "subject": subject, "case": case})
    steps.add("dmesg", "dmesg")
    return steps.run("--device", "rxe")


@pytest.mark.parametrize("case", [case for _, case in CASES])
def test_connections_are_what_they_should_be(rxe, case):
    assert "ok " + case in rxe[case].ok().output.splitlines()


def test_the_kernel_has_nothing_to_complain_about(rxe):
    assert not re.search(r"WARNING:|BUG:|Oops", rxe["dmesg"].ok().output)
