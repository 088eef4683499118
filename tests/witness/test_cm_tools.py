# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Our tools for connections and Debian's on softhca, each as server and as client of the other, on two
hosts. Debian's run on Debian's libraries: they are the witness of our tools, of our librdmacm and of
softhca's connection manager."""

import functools
import pathlib
import tempfile

import pytest

import cm_tools
import harness

pytestmark = pytest.mark.stock

# Of host 1, where the server is, and host 2; TCP knows neither.
HOSTS = {
    "ipv4": {"server": "10.77.0.1", "client": "10.77.0.2", "any": "0.0.0.0"},
    "ipv6": {"server": "fd48:4341:0:1::1", "client": "fd48:4341:0:1::2", "any": "::0"},
}
LOOPBACK = {
    "ipv4": {"server": "127.0.0.1", "client": "127.0.0.1", "any": "0.0.0.0"},
    "ipv6": {"server": "::1", "client": "::1", "any": "::0"},
}
BASIC = [one for one in cm_tools.ALL if one[0].families == cm_tools.FAMILIES
         and one[0] not in cm_tools.OURS]


class Side:
    """One of two tools. Its standard output has a file of its own, because the other is for what the
    device is told, which says when a server listens."""

    def __init__(self, fabric, command, options, environment):
        self.file = tempfile.NamedTemporaryFile(prefix="openverbs-tool-")
        self.running = fabric.start(["sh", "-c", "exec stdbuf -oL %s >%s" % (command,
                                                                             self.file.name)],
                                    options + " --trace", environment)

    def told(self):
        return pathlib.Path(self.file.name).read_text()

    def wait_until_ready(self, text):
        harness.wait_for(lambda: text in self.told() if text
                         else "rdma_ucm_listen: ok" in self.running.output(),
                         "the server takes clients", alive=self.running.process)

    def finish(self, seconds):
        self.result = self.running.finish(seconds)
        return self.result.status

    def __repr__(self):
        return "%s\n%s" % (self.told(), self.result)


def run(one, whose, addresses, options, client_options, environment=None):
    """What the server and the client have said; both have ended as they should."""
    addresses = {**addresses, "tcp": "127.0.0.1", "port": harness.free_port()}
    with harness.fabric() as fabric:
        server = Side(fabric, cm_tools.command(one.server, whose[0], addresses), options,
                      environment)
        server.wait_until_ready(one.ready)
        client = Side(fabric, cm_tools.command(one.client, whose[1], addresses), client_options,
                      environment)
        status = client.finish(60)
        if one.stays or status:
            server.running.process.terminate()
        served = server.finish(20)
        assert status == 0, (client, server)
        assert cm_tools.has_ended(one, whose[0], served, server.result.output), (client, server)
        fabric.check_nothing_left()
        return cm_tools.said(server.told()), cm_tools.said(client.told())


@functools.lru_cache(None)
def between_stock_tools(one, family):
    return run(one, ("stock", "stock"), HOSTS[family], "--host 1", "--host 2")


@pytest.mark.parametrize("one, family, server, client", cm_tools.ALL,
                         ids=cm_tools.names(cm_tools.ALL))
def test_both_sides_agree(one, family, server, client):
    if (server, client) == ("stock", "stock"):
        assert between_stock_tools(one, family)
        return
    said = run(one, (server, client), HOSTS[family], "--host 1", "--host 2")
    if one not in cm_tools.OURS:
        assert said == between_stock_tools(one, family)


@pytest.mark.parametrize("one, family, server, client", BASIC, ids=cm_tools.names(BASIC))
def test_both_sides_agree_over_ethernet(one, family, server, client):
    said = run(one, (server, client), HOSTS[family], "--host 1 --port-type eth",
               "--host 2 --port-type eth")
    assert said == between_stock_tools(one, family)


@pytest.mark.parametrize("one, family, server, client", BASIC, ids=cm_tools.names(BASIC))
def test_both_sides_agree_on_one_host(one, family, server, client):
    said = run(one, (server, client), LOOPBACK[family], "", "")
    assert said == between_stock_tools(one, family)


@pytest.mark.long
@pytest.mark.parametrize("one, family, server, client", cm_tools.ALL_LARGE,
                         ids=cm_tools.names(cm_tools.ALL_LARGE))
def test_large_numbers(one, family, server, client):
    said = run(one, (server, client), HOSTS[family], "--host 1", "--host 2")
    assert said == between_stock_tools(one, family)


@pytest.mark.parametrize("server, client", cm_tools.WAYS)
def test_both_sides_agree_on_xrc(server, client):
    said = run(cm_tools.XRC, (server, client), HOSTS["ipv4"], "--host 1", "--host 2")
    assert said == between_stock_tools(cm_tools.XRC, "ipv4")


STOCK_PAIRS = [(one, family) for one in [*cm_tools.PAIRS, cm_tools.XRC] for family in one.families
               if one not in cm_tools.MCKEY]


@pytest.mark.parametrize("one, family", STOCK_PAIRS,
                         ids=["%s-%s" % (one.name, family) for one, family in STOCK_PAIRS])
def test_stock_tools_on_our_libraries(one, family):
    """Debian's tools, as they are, on our librdmacm and libibverbs."""
    said = run(one, ("stock", "stock"), HOSTS[family], "--host 1", "--host 2",
               {"LD_LIBRARY_PATH": str(harness.BUILD / "lib")})
    assert said == between_stock_tools(one, family)
