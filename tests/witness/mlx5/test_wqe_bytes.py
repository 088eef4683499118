# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of our mlx5 provider: for the same verbs calls it writes the bytes that Debian's libmlx5
writes, over both port types and with both kinds of register pages."""

import pytest

from harness import BUILD

PROGRAM = BUILD / "tests/bin/witness_mlx5_wqe_bytes"
DIRECT = BUILD / "tests/bin/witness_mlx5_dv_bytes"
STOCK_LIBRARIES = "/usr/lib/x86_64-linux-gnu"

pytestmark = pytest.mark.stock


def recording(fabric, libraries, options, uars, program=PROGRAM):
    environment = {"LD_LIBRARY_PATH": str(libraries), "SOFTHCA_UARS": uars}
    output = fabric.run(str(program), options, environment=environment).ok().output
    assert output.rstrip().endswith("complete")
    return output.splitlines()


@pytest.mark.parametrize("uars", ("dynamic", "static"))
@pytest.mark.parametrize("port_type", ("ib", "eth"))
def test_bytes_equal_those_of_stock_libmlx5(fabric, port_type, uars):
    options = "--port-type " + port_type
    stock = recording(fabric, STOCK_LIBRARIES, options, uars)
    ours = recording(fabric, BUILD / "lib", options, uars)
    assert len(stock) > 300
    assert ours == stock


@pytest.mark.parametrize("uars", ("dynamic", "static"))
@pytest.mark.parametrize("port_type", ("ib", "eth"))
def test_direct_verbs_equal_those_of_stock_libmlx5(fabric, port_type, uars):
    options = "--port-type " + port_type
    stock = recording(fabric, STOCK_LIBRARIES, options, uars, DIRECT)
    ours = recording(fabric, BUILD / "lib", options, uars, DIRECT)
    assert len(stock) > 100
    assert ours == stock


def test_the_two_recordings_come_from_two_libraries(fabric):
    for libraries in (STOCK_LIBRARIES, BUILD / "lib"):
        result = fabric.run("ldd %s" % PROGRAM, environment={"LD_LIBRARY_PATH": str(libraries)})
        assert "%s/libibverbs.so.1" % libraries in result.ok().output.replace("/lib/../lib", "/lib")
