# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes more than some seconds")
    config.addinivalue_line("markers", "stock: runs somebody else's programs")


@pytest.fixture
def fabric():
    with harness.fabric() as made:
        yield made
