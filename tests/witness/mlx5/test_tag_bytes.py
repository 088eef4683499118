# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of our mlx5 provider: for the same changes of a list of tags it writes the requests that
Debian's libmlx5 writes, hands out the same handles and tells the same completions."""

import pytest

from harness import BUILD

PROGRAM = BUILD / "tests/bin/witness_mlx5_tag_bytes"
STOCK_LIBRARIES = "/usr/lib/x86_64-linux-gnu"

pytestmark = pytest.mark.stock


def recording(fabric, libraries):
    environment = {"LD_LIBRARY_PATH": str(libraries)}
    output = fabric.run(str(PROGRAM), environment=environment).ok().output
    assert output.rstrip().endswith("complete")
    return output.splitlines()


def test_bytes_equal_those_of_stock_libmlx5(fabric):
    stock = recording(fabric, STOCK_LIBRARIES)
    ours = recording(fabric, BUILD / "lib")
    assert len(stock) > 2000
    assert ours == stock
