# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Run in a guest after everything else: what its kernel thought of it. Commands that a firmware
refuses are logged, too, and many tests ask for what is refused; so here only losses count."""

import pytest

import kernel_log
import world

pytestmark = pytest.mark.needs("kernel")


@pytest.fixture(scope="module")
def log():
    return world.ask("dmesg")


def test_kernel_is_well(log):
    assert kernel_log.splats(log) == [], log


def test_adapter_always_answered(log):
    assert kernel_log.mlx5_losses(log) == [], log
