# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
import collections
import contextlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import world  # noqa: E402

_left_out = collections.Counter()


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes more than some seconds")
    config.addinivalue_line("markers", "stock: runs somebody else's programs")
    config.addinivalue_line("markers", "guest: boots a guest")
    config.addinivalue_line("markers", "needs(name, ...): what not every world has: see world.py")


def pytest_collection_modifyitems(config, items):
    """Leaves out what this world cannot run; the reasons are told at the end."""
    kept, left_out = [], []
    for item in items:
        needs = [need for mark in item.iter_markers("needs") for need in mark.args]
        reason = world.unmet(needs)
        (left_out if reason else kept).append(item)
        _left_out[reason] += 1
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def pytest_terminal_summary(terminalreporter):
    for reason, count in _left_out.items():
        if reason:
            terminalreporter.write_line("left out: %d tests: each %s" % (count, reason))


@pytest.fixture
def fabric():
    with contextlib.closing(world.bench()) as made:
        yield made
