# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of both sides of the library's interface: our tools run on Debian's libibverbs and
libmlx5, and Debian's run on ours, all of them unmodified."""

import re

import pytest

from harness import BUILD, OWN, STOCK

pytestmark = pytest.mark.stock

STOCK_LIBIBVERBS = "/usr/lib/x86_64-linux-gnu/libibverbs.so.1"
TRANSPORTS = ("rc", "uc", "ud", "srq")


@pytest.fixture
def libraries(tmp_path):
    """LD_LIBRARY_PATH for either library. The stock one is found by a link: its own folder is
    searched last anyway, after the run path that our tools have."""
    (tmp_path / "libibverbs.so.1").symlink_to(STOCK_LIBIBVERBS)
    return {"own": {"LD_LIBRARY_PATH": str(BUILD / "lib")},
            "stock": {"LD_LIBRARY_PATH": str(tmp_path)}}


def loaded(fabric, program, environment):
    """Folder of the libibverbs that a program gets."""
    output = fabric.run("ldd %s" % program, environment=environment).ok().output
    return re.search(r"libibverbs\.so\.1 => (\S+)/libibverbs\.so\.1 ", output).group(1)


@pytest.mark.parametrize("tool", ["ibv_devices", "ibv_devinfo", "ibv_asyncwatch"] +
                         ["ibv_%s_pingpong" % transport for transport in TRANSPORTS + ("xsrq",)])
def test_the_other_library_is_loaded(fabric, libraries, tool):
    for folder, whose in ((OWN, "stock"), (STOCK, "own")):
        path = libraries[whose]["LD_LIBRARY_PATH"]
        assert loaded(fabric, folder / tool, libraries[whose]) == path


def test_own_devices_on_stock_libraries(fabric, libraries):
    result = fabric.run("%s/ibv_devices" % OWN, environment=libraries["stock"]).ok()
    assert "mlx5_0" in result.output


def test_stock_devices_on_own_libraries(fabric, libraries):
    result = fabric.run("%s/ibv_devices" % STOCK, environment=libraries["own"]).ok()
    assert "mlx5_0" in result.output


@pytest.mark.parametrize("port_type", ("ib", "eth"))
def test_own_devinfo_says_the_same_on_stock_libraries(fabric, libraries, port_type):
    options = "--port-type " + port_type
    said = {whose: fabric.run("%s/ibv_devinfo" % OWN, options, environment=environment).ok().output
            for whose, environment in libraries.items()}
    assert "PORT_ACTIVE" in said["own"] and said["own"] == said["stock"]


def test_stock_devinfo_wants_a_private_symbol(fabric, libraries):
    """It is the one stock tool that cannot run on ours: it calls a function that libibverbs keeps
    for the programs of its own release. The dynamic linker says so before the program starts."""
    result = fabric.run("%s/ibv_devinfo" % STOCK, environment=libraries["own"])
    assert result.status != 0 and "IBVERBS_PRIVATE_34" in result.output, repr(result)


@pytest.mark.parametrize("port_type, gid", (("ib", ""), ("eth", "-g 0")))
@pytest.mark.parametrize("waiting", ("", "-e"), ids=("poll", "events"))
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("folder, whose", ((OWN, "stock"), (STOCK, "own")),
                         ids=("own-on-stock", "stock-on-own"))
def test_pingpong_on_the_other_library(fabric, libraries, folder, whose, transport, waiting,
                                       port_type, gid):
    command = "%s/ibv_%s_pingpong -c -n 300 %s %s" % (folder, transport, waiting, gid)
    fabric.pair(command, command, "--port-type " + port_type, environment=libraries[whose])


@pytest.mark.parametrize("port_type, gid", (("ib", ""), ("eth", "-g 0")))
@pytest.mark.parametrize("waiting", ("", "-e"), ids=("poll", "events"))
@pytest.mark.parametrize("folder, whose", ((OWN, "stock"), (STOCK, "own"), (OWN, "own")),
                         ids=("own-on-stock", "stock-on-own", "own-on-own"))
def test_xsrq_pingpong(fabric, libraries, folder, whose, waiting, port_type, gid):
    command = "%s/ibv_xsrq_pingpong -n 300 %s %s" % (folder, waiting, gid)
    fabric.pair(command, command, "--host 1 --port-type " + port_type,
                "--host 2 --port-type " + port_type, environment=libraries[whose])


# What a program's surroundings can change below it: settings of the provider, and kernels that have
# no ioctl interface or hand out register pages the old way.
SETTINGS = ("MLX5_SINGLE_THREADED=1", "MLX5_CQE_SIZE=128", "MLX5_SHUT_UP_BF=1",
            "MLX5_SCATTER_TO_CQE=0", "MLX5_TOTAL_UUARS=8", "MLX5_NUM_LOW_LAT_UUARS=2",
            "MLX5_POST_SEND_PREFER_BF=0", "SOFTHCA_UARS=static", "SOFTHCA_UARS=dynamic",
            "SOFTHCA_ABI=write")


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("transport", ("rc", "ud", "srq"))
@pytest.mark.parametrize("whose", ("own", "stock"))
def test_settings(fabric, libraries, whose, transport, setting):
    name, value = setting.split("=")
    command = "%s/ibv_%s_pingpong -c -n 200" % (OWN if whose == "own" else STOCK, transport)
    fabric.pair(command, command, environment={name: value})


def test_device_is_the_same_to_a_kernel_without_ioctl(fabric, libraries):
    command = "%s/ibv_devinfo -v" % OWN
    today = fabric.run(command).ok().output
    old = fabric.run(command, environment={"SOFTHCA_ABI": "write"}).ok().output
    assert "PORT_ACTIVE" in old
    difference = set(today.splitlines()) ^ set(old.splitlines())
    assert not difference, difference


MEMORY_KINDS = ["rc %s" % options for options in ("-o", "-o -P", "-O", "-O -P", "-j", "-j -e")]
MEMORY_KINDS += ["srq -o", "srq -o -e"]


@pytest.mark.parametrize("options", MEMORY_KINDS)
@pytest.mark.parametrize("folder, whose", ((OWN, "own"), (OWN, "stock"), (STOCK, "own"),
                                           (STOCK, "stock")),
                         ids=("own", "own-on-stock", "stock-on-own", "stock"))
def test_pingpong_with_other_kinds_of_memory(fabric, libraries, folder, whose, options):
    """On-demand memory (-o, -O; prefetched with -P) and device memory (-j)."""
    transport, options = options.split(" ", 1)
    command = "%s/ibv_%s_pingpong -c -n 500 %s" % (folder, transport, options)
    for end in fabric.pair(command, command, environment=libraries[whose]):
        assert "iters in" in end.output


@pytest.mark.parametrize("folder, whose", ((OWN, "own"), (OWN, "stock"), (STOCK, "own"),
                                           (STOCK, "stock")),
                         ids=("own", "own-on-stock", "stock-on-own", "stock"))
def test_xsrq_pingpong_with_on_demand_memory(fabric, libraries, folder, whose):
    command = "%s/ibv_xsrq_pingpong -o -n 300" % folder
    fabric.pair(command, command, "--host 1", "--host 2", environment=libraries[whose])
