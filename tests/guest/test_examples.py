# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The examples of the man pages on a real kernel's rxe: what they print on softhca they print there,
and those of memory windows run nowhere else."""

import re

import pytest

import harness
from steps import Steps

pytestmark = pytest.mark.guest

TABLE = harness.ROOT / "tests/unit/man/examples.txt"


def for_rxe():
    """Name and expected line of each example that is to run on rxe."""
    for line in TABLE.read_text().splitlines():
        name, kinds, pattern = line.split(None, 2)
        if not line.startswith("#") and "rxe" in kinds.split(","):
            yield name, pattern


EXAMPLES = dict(for_rxe())


@pytest.fixture(scope="module")
def ran():
    steps = Steps()
    for name in EXAMPLES:
        program = harness.BUILD / "tests/bin" / f"example_{name}"
        steps.add(name, f"LD_LIBRARY_PATH={harness.BUILD / 'lib'} timeout 60 {program}")
    return steps.run("--device", "rxe")


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_prints_what_it_says(ran, name):
    output = ran[name].ok().output
    assert re.search(f"^{EXAMPLES[name]}$", output, re.MULTILINE), output
