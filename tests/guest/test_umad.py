# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""libibumad on a stock kernel's umad files: two agents talk by rxe's port. The kernel is the witness of
every call."""

import pytest

import harness
from steps import Steps

pytestmark = pytest.mark.guest

RUN = "LD_LIBRARY_PATH=%s/lib timeout 60 %s/tests/bin/umad_mads rxe0" % (harness.BUILD,
                                                                        harness.BUILD)


def test_agents_ask_and_answer():
    steps = Steps()
    steps.add("mads", "modprobe ib_umad 2>/dev/null; " + RUN)
    results = steps.run("--device", "rxe")
    assert results["mads"].ok().output.splitlines()[-1] == "as it should be"
