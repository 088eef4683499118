# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The stock driver of ConnectX on softhca's adapter, with our libraries and with Debian's, which are
the witness of the adapter."""

import re

import pytest

import kernel_log
import pingpongs
from steps import Steps

pytestmark = pytest.mark.guest


@pytest.fixture(scope="module", params=["6.1", pytest.param("current", marks=pytest.mark.long)])
def mlx5(request):
    steps = Steps()
    steps.add("own-devinfo", "$own/ibv_devinfo -v")
    steps.add("stock-devinfo", "$stock/ibv_devinfo -v")
    steps.add("maps", "$own/ibv_asyncwatch >watched 2>&1 & "
              "once 20 grep 'event FD' watched; cat /proc/$!/maps; kill $!")
    pingpongs.add(steps)
    steps.add("dmesg", "dmesg")
    return steps.run("--device", "mlx5", "--kernel", request.param)


def attributes(text):
    """Names with what is said of them."""
    found = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and value.strip():
            found.setdefault(name.strip(), value.split())
    return found


def test_port_is_active(mlx5):
    for library in pingpongs.LIBRARIES:
        described = mlx5[library + "-devinfo"].ok().output
        assert "PORT_ACTIVE" in described and "InfiniBand" in described


def test_both_libraries_see_the_same_device(mlx5):
    own, stock = (attributes(mlx5[library + "-devinfo"].ok().output)
                  for library in pingpongs.LIBRARIES)
    shared = set(own) & set(stock)
    assert len(shared) >= 40, sorted(shared)
    assert {name: own[name] for name in shared} == {name: stock[name] for name in shared}


def test_own_programs_run_on_own_libraries(mlx5):
    maps = mlx5["maps"].output
    libraries = set(re.findall(r"/\S*/lib(?:ibverbs|mlx5)[^/\s]*\.so\S*", maps))
    assert len(libraries) == 2 and not any(path.startswith("/usr") for path in libraries), maps
    assert re.search(r"/dev/infiniband/uverbs0", maps), maps


@pytest.mark.parametrize("library, transport, waiting", pingpongs.ALL)
def test_messages_pass(mlx5, library, transport, waiting):
    assert "100 iters" in mlx5[pingpongs.name(library, transport, waiting)].ok().output


def test_driver_has_nothing_to_complain_about(mlx5):
    log = mlx5["dmesg"].ok().output
    assert kernel_log.splats(log) == [] and kernel_log.mlx5_complaints(log) == [], log


def test_kernel_sees_the_link_of_a_card(mlx5):
    assert "8.0 GT/s PCIe x8 link" in mlx5["dmesg"].ok().output
