# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of our mlx5 provider: for the same verbs calls on Ethernet frames it writes the bytes that
Debian's libmlx5 writes, on adapters that want the start of each frame in the request and on others."""

import pytest

from harness import BUILD

PROGRAM = BUILD / "tests/bin/witness_mlx5_frame_bytes"
STOCK_LIBRARIES = "/usr/lib/x86_64-linux-gnu"

pytestmark = pytest.mark.stock


def recording(fabric, libraries, headers):
    environment = {"LD_LIBRARY_PATH": str(libraries), "SOFTHCA_HEADERS": headers}
    output = fabric.run(str(PROGRAM), "--port-type eth", environment=environment).ok().output
    assert output.rstrip().endswith("complete")
    return output.splitlines()


@pytest.mark.parametrize("headers", ("", "l2"))
def test_bytes_equal_those_of_stock_libmlx5(fabric, headers):
    stock = recording(fabric, STOCK_LIBRARIES, headers)
    ours = recording(fabric, BUILD / "lib", headers)
    assert len(stock) > 700
    assert ours == stock
