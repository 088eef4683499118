# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What befalls a guest's adapter while requests are under way: its link goes, its driver is unloaded,
it fails, its process is killed. Programs are told and end by themselves, and so does the kernel's part:
no hang, no splat. verbs/disasters.c and verbs/link.c are the programs."""

import contextlib
import os
import re
import signal

import pytest

import harness
import kernel_log
import live
from harness import BUILD, wait_for

pytestmark = pytest.mark.guest

LIBRARIES = pytest.mark.parametrize("libraries", ("own", "stock"))
BUSYBOX = "/run/guest/busybox"


def environment(libraries, **more):
    return {"LD_LIBRARY_PATH": str(BUILD / "lib") if libraries == "own" else "", **more}


def program(subject, case):
    return "%s/tests/bin/verbs_%s %s" % (BUILD, subject, case)


def wait_until_said(running, line):
    wait_for(lambda: line in running.output().splitlines(), line, alive=running)


def ended_well(running, case, seconds=120):
    result = running.finish(seconds).ok()
    assert "ok " + case in result.output.splitlines(), repr(result)
    return result


class Site:
    """A guest as host 1 of a fabric."""

    def __init__(self, *options):
        self.fabric = harness.Fabric()
        self.guest = live.Guest("--device", "mlx5", "--fabric", self.fabric.name, *options)

    def start(self, libraries, subject, case, **more):
        return self.guest.start(program(subject, case), environment(libraries, **more))

    def start_running(self, libraries):
        running = self.start(libraries, "disasters", "adapter_is_lost")
        wait_until_said(running, "running")
        return running

    def check_log(self):
        log = self.guest.log()
        assert kernel_log.splats(log) == [], log

    def close(self):
        self.fabric.close()
        self.guest.close()


@pytest.fixture(scope="module")
def site():
    """One guest for all that it survives."""
    with contextlib.closing(Site()) as made:
        yield made


@pytest.fixture
def doomed():
    with contextlib.closing(Site("--adapter-may-die")) as made:
        yield made


@LIBRARIES
def test_link_goes_down_and_up(site, libraries):
    running = site.start(libraries, "link", "down_and_up")
    for said, direction in (("running", "down"), ("down", "up")):
        wait_until_said(running, said)
        site.fabric.order("link", direction, "--host", "1")
    ended_well(running, "down_and_up")
    site.check_log()


@LIBRARIES
def test_requests_are_given_up_when_the_link_stays_down(site, libraries):
    """The guest works on the memory of a program of this machine."""
    port = str(harness.free_port())
    far = site.fabric.start(program("disasters", "far_end"), "--host 2",
                            environment(libraries, OV_TCP_PORT=port))
    wait_for(lambda: "listening" in far.output(), "listening", alive=far.process)
    near = site.start(libraries, "disasters", "near_end", OV_TCP_PORT=port, OV_TCP_HOST="10.0.2.2")
    wait_until_said(near, "running")
    site.fabric.order("link", "down", "--host", "1")
    try:
        result = ended_well(near, "near_end")
    finally:
        site.fabric.order("link", "up", "--host", "1")
    ended_well(far, "far_end")
    assert "event IBV_EVENT_PORT_ERR" in result.output.splitlines(), repr(result)
    assert "given up" in result.output.splitlines(), repr(result)
    site.check_log()


@LIBRARIES
def test_driver_is_unloaded_and_loaded(site, libraries):
    """A program that has the device open loses it, and one that comes later finds the new one."""
    running = site.start_running(libraries)
    site.guest.run(BUSYBOX + " rmmod mlx5_ib", 60).ok()
    result = ended_well(running, "adapter_is_lost")
    assert result.output.count("event IBV_EVENT_DEVICE_FATAL\n") == 1, repr(result)
    assert "no RDMA device" in site.guest.run("%s/bin/ibv_devinfo" % BUILD).output.replace(
        "there is no", "no")
    site.guest.run(BUSYBOX + " insmod /run/guest/modules/*mlx5_ib.ko", 60).ok()
    wait_for(lambda: "PORT_ACTIVE" in site.guest.run("%s/bin/ibv_devinfo" % BUILD).output,
             "the port is active again")
    ended_well(site.start(libraries, "lists", "selective_signalling"), "selective_signalling")
    site.check_log()


@LIBRARIES
def test_adapter_fails(doomed, libraries):
    running = doomed.start_running(libraries)
    doomed.fabric.order("fault", "kill", "--host", "1")
    ended_well(running, "adapter_is_lost")
    doomed.check_log()


def adapter_process(fabric):
    """Of `softhca ps`, which lists the processes of each host."""
    return int(re.search(r"^(\d+) +1 +softhca", fabric.ps(), re.MULTILINE).group(1))


@LIBRARIES
def test_adapter_process_is_killed(libraries):
    """QEMU 11 may abort when a store meets the closed socket while it deals with that already; that
    says nothing of what a kernel does, which is tried again then."""
    for _ in range(4):
        with contextlib.closing(Site("--adapter-may-die")) as doomed:
            running = doomed.start_running(libraries)
            os.kill(adapter_process(doomed.fabric), signal.SIGKILL)
            result = running.finish(120)
            if "error_setv: Assertion" in result.output:
                continue
            assert "ok adapter_is_lost" in result.ok().output.splitlines(), repr(result)
            doomed.check_log()
            return
    pytest.skip("QEMU aborted each time that its device's process was killed")
