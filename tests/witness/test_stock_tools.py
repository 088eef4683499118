# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of softhca's device side: Debian's ibverbs-utils on Debian's libibverbs and libmlx5 take
our device for an adapter. Witness of our tools' side: each against its stock counterpart."""

import subprocess

import pytest

from harness import OWN, STOCK

pytestmark = pytest.mark.stock


def stock(transport, options=""):
    return "%s/ibv_%s_pingpong %s" % (STOCK, transport, options)


def own(transport, options=""):
    return "%s/ibv_%s_pingpong %s" % (OWN, transport, options)


def test_stock_programs_use_stock_libraries(fabric):
    result = fabric.run("ldd %s/ibv_devinfo" % STOCK).ok()
    assert "/lib/x86_64-linux-gnu/libibverbs.so.1" in result.output


def test_devices(fabric):
    assert "mlx5_0" in fabric.run("%s/ibv_devices" % STOCK).ok().output


@pytest.mark.parametrize("port_type, layer", (("ib", "InfiniBand"), ("eth", "Ethernet")))
def test_devinfo_sees_what_ours_sees(fabric, port_type, layer):
    """The stock tool on stock libraries and ours on ours print the same attributes."""
    options = "--port-type " + port_type
    theirs = fabric.run("%s/ibv_devinfo -v" % STOCK, options).ok().output
    ours = fabric.run("%s/ibv_devinfo -v" % OWN, options).ok().output
    assert "PORT_ACTIVE" in theirs and layer in theirs

    def attributes(text):
        found = {}
        for line in text.splitlines():
            name, colon, value = line.partition(":")
            if colon and value.strip():
                found.setdefault(name.strip(), value.split())
        return found

    theirs, ours = attributes(theirs), attributes(ours)
    shared = set(theirs) & set(ours)
    assert len(shared) >= 40, sorted(shared)
    assert {name: theirs[name] for name in shared} == {name: ours[name] for name in shared}


@pytest.mark.parametrize("waiting", ("", "-e"), ids=("poll", "events"))
@pytest.mark.parametrize("transport", ("rc", "uc", "ud", "srq"))
def test_stock_pingpong(fabric, transport, waiting):
    fabric.pair(stock(transport, "-c " + waiting), stock(transport, "-c " + waiting))


@pytest.mark.parametrize("options", ("", "-e", "-s 100000", "-n 500", "-m 256"))
@pytest.mark.parametrize("port_type, gid", (("ib", ""), ("eth", "-g 0")))
def test_stock_xsrq_pingpong(fabric, options, port_type, gid):
    """Queue pairs, SRQ and domain of an extended reliable connection, one of them each way."""
    command = "%s/ibv_xsrq_pingpong %s %s" % (STOCK, options, gid)
    fabric.pair(command, command, "--host 1 --port-type " + port_type,
                "--host 2 --port-type " + port_type)


@pytest.mark.parametrize("size", (1, 4095, 4097, 1 << 20))
def test_stock_pingpong_sizes(fabric, size):
    command = stock("rc", "-c -n 200 -s %d" % size)
    fabric.pair(command, command)


def test_stock_pingpong_over_ethernet(fabric):
    command = stock("rc", "-c -g 0")
    fabric.pair(command, command, "--port-type eth")


def test_stock_pingpong_between_hosts(fabric):
    fabric.pair(stock("rc", "-c"), stock("rc", "-c"), "--host 1", "--host 2")


@pytest.mark.parametrize("transport", ("rc", "uc", "ud", "srq"))
@pytest.mark.parametrize("server, client", ((own, stock), (stock, own)),
                         ids=("own-serves", "stock-serves"))
def test_own_and_stock_together(fabric, transport, server, client):
    size = "-s 1024"  # the default for datagrams differs between releases
    fabric.pair(server(transport, size), client(transport, size))


@pytest.mark.parametrize("server, client", ((OWN, STOCK), (STOCK, OWN)),
                         ids=("own-serves", "stock-serves"))
@pytest.mark.parametrize("options", ("", "-e -n 50", "-s 10000"))
def test_own_and_stock_xsrq_together(fabric, server, client, options):
    fabric.pair("%s/ibv_xsrq_pingpong %s" % (server, options),
                "%s/ibv_xsrq_pingpong %s" % (client, options), "--host 1", "--host 2")


def test_unprivileged_user(fabric):
    """No root needed: the same as an ordinary user, in a fabric of that user's own."""
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env",
               "-u", "XDG_RUNTIME_DIR", str(OWN / "softhca"), "run", "--fabric", fabric.name,
               "--", str(STOCK / "ibv_devinfo")]
    result = subprocess.run(command, text=True, capture_output=True, timeout=60, check=False)
    assert result.returncode == 0 and "PORT_ACTIVE" in result.stdout, result
