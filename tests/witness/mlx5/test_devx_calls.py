# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of our libmlx5: for DEVX it calls the kernel's methods with the attributes and commands that
Debian's libmlx5 calls them with."""

import pytest

from harness import BUILD

PROGRAM = BUILD / "tests/bin/witness_mlx5_devx_calls"
STOCK_LIBRARIES = "/usr/lib/x86_64-linux-gnu"

pytestmark = pytest.mark.stock


def recording(fabric, libraries):
    output = fabric.run(str(PROGRAM), environment={"LD_LIBRARY_PATH": str(libraries)}).ok().output
    assert output.rstrip().endswith("complete")
    return output.splitlines()


def test_methods_equal_those_of_stock_libmlx5(fabric):
    stock = recording(fabric, STOCK_LIBRARIES)
    ours = recording(fabric, BUILD / "lib")
    assert len([line for line in stock if "method 0x1" in line]) > 70
    assert ours == stock
