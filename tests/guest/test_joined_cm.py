# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A stock kernel's connection manager in a guest, on softhca's adapter, and the one of softhca run on
this machine, on one fabric: the kernel is the witness of the messages, their order and their times."""

import contextlib

import pytest

import harness
import kernel_log
import live
from harness import BUILD, OWN, wait_for

pytestmark = pytest.mark.guest

PROGRAM = "%s/tests/bin/cm_by_gid" % BUILD
ENVIRONMENT = {"LD_LIBRARY_PATH": str(BUILD / "lib")}
# GID and LID of hosts 1 and 2.
GUEST, MACHINE = ("fe80::248:4300:1:101", "0x11"), ("fe80::248:4300:2:101", "0x21")
CONNECT = "%s connect %s %s %s %s"


class Joined:
    """The guest is host 1."""

    def __init__(self):
        self.fabric = harness.Fabric()
        self.guest = live.Guest("--device", "mlx5", "--fabric", self.fabric.name)

    def close(self):
        self.guest.close()
        self.fabric.close()


@pytest.fixture(scope="module")
def joined():
    with contextlib.closing(Joined()) as made:
        yield made


def both_end_well(server, client):
    result = client.finish(60)
    served = server.finish(60 if result.status == 0 else 5)
    assert result.status == 0 and served.status == 0, (result, served)
    assert "ok\n" in result.output and "ok\n" in served.output


@pytest.mark.parametrize("options", ("", "--fault drop=10%"), ids=("good", "bad"))
def test_the_guest_connects(joined, options):
    server = joined.fabric.start([PROGRAM, "serve", MACHINE[0]], "--host 2 " + options, ENVIRONMENT)
    wait_for(lambda: "listens" in server.output(), "the server listens", alive=server.process)
    client = joined.guest.start(CONNECT % (PROGRAM, *GUEST, *MACHINE), ENVIRONMENT)
    both_end_well(server, client)


@pytest.mark.parametrize("options", ("", "--fault drop=10%"), ids=("good", "bad"))
def test_the_guest_is_connected_to(joined, options):
    server = joined.guest.start([PROGRAM, "serve", GUEST[0]], ENVIRONMENT)
    wait_for(lambda: "listens" in server.output(), "the server listens", alive=server.process)
    client = joined.fabric.start(CONNECT % (PROGRAM, *MACHINE, *GUEST), "--host 2 " + options,
                                 ENVIRONMENT)
    both_end_well(server, client)


def test_nobody_listens_in_the_guest(joined):
    client = joined.fabric.run(CONNECT % (PROGRAM, *MACHINE, *GUEST), "--host 2",
                               environment=ENVIRONMENT)
    assert client.status == 1 and "RDMA_CM_EVENT_REJECTED, status 8" in client.output, client


def test_nobody_listens_on_the_machine(joined):
    """Another program of host 2 is there to say so, as its kernel would."""
    bystander = joined.fabric.start("%s/rping -s -P -p 7999" % OWN, "--host 2")
    wait_for(lambda: "SERVICE" in joined.fabric.ps(), "it listens", alive=bystander.process)
    client = joined.guest.run(CONNECT % (PROGRAM, *GUEST, *MACHINE), environment=ENVIRONMENT)
    bystander.end()
    assert client.status == 1 and "RDMA_CM_EVENT_REJECTED, status 8" in client.output, client


def test_the_driver_of_the_guest_is_content(joined):
    log = joined.guest.log()
    assert kernel_log.splats(log) == [] and kernel_log.mlx5_complaints(log) == [], log
