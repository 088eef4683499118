# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The softhca program itself: what it tells the programs it runs, and what its other commands show
and do while programs run."""

import re
import subprocess

import pytest

from harness import OWN, SANITIZED, wait_for

pytestmark = pytest.mark.needs("softhca")


def softhca(*arguments):
    return subprocess.run([OWN / "softhca", *arguments], text=True, capture_output=True, timeout=20)


def start_endless_pair(fabric):
    """A ping-pong between hosts 1 and 2 that does not end by itself."""
    command = "%s/ibv_rc_pingpong -n 100000000" % OWN
    server, client = fabric.start_pair(command, command, "--host 1", "--host 2")
    wait_for(lambda: fabric.received() > 1000, "traffic runs", alive=client.process)
    return server, client


def test_exit_status_is_the_commands(fabric):
    assert fabric.run(["sh", "-c", "exit 42"]).status == 42
    assert fabric.run(["/nonexistent/program"]).status == 127
    assert fabric.run(["/tmp"]).status == 126


def test_command_is_told_where_it_runs(fabric):
    output = fabric.run("env", "--host 7 --port-type eth --fault drop=1%").ok().output
    for line in ("SOFTHCA_FABRIC=" + fabric.name, "SOFTHCA_HOST=7", "SOFTHCA_PORT_TYPE=eth",
                 "SOFTHCA_DEVICE=mlx5", "SOFTHCA_FAULT=drop=1%"):
        assert line in output.splitlines(), output
    assert "LD_LIBRARY_PATH=" not in output
    assert "SOFTHCA_TRACE" not in output


def test_preloaded_libraries_stay(fabric):
    if SANITIZED:
        pytest.skip("the sanitizer's runtime must come before other preloaded libraries")
    output = fabric.run("env", environment={"LD_PRELOAD": "libm.so.6"}).ok().output
    assert re.search(r"^LD_PRELOAD=libm\.so\.6:.*/libsofthca-shim\.so$", output, re.MULTILINE)


@pytest.mark.parametrize("device", ("mlx4", "mthca"))
def test_missing_families_are_refused(fabric, device):
    result = fabric.run("true", "--device " + device)
    assert result.status == 125, repr(result)
    assert "device %s is not available" % device in result.output, repr(result)


@pytest.mark.parametrize("words", (
    ("--help",), ("run", "--help"), ("ps", "--help"), ("link", "--help"), ("fault", "--help"),
    ("list", "--help"),
))
def test_help_is_given(words):
    result = softhca(*words)
    assert result.returncode == 0 and result.stdout.startswith("Usage: softhca"), result


@pytest.mark.parametrize("words, says", (
    (("nosuch",), '"nosuch" is no command'),
    (("run",), "no COMMAND"),
    (("run", "--nosuch"), 'option "--nosuch"'),
    (("ps", "extra"), '"extra" is not an option'),
    (("link", "sideways"), 'either "up" or "down"'),
    (("fault", "drop=300%"), "fault drop=300%:"),
    (("fault", "--host", "x", "off"), 'host "x"'),
))
def test_mistakes_are_named(words, says):
    result = softhca(*words)
    assert result.returncode == 2 and says in result.stderr, result


def test_unused_fabric_is_empty(fabric):
    assert "is empty" in fabric.ps()
    for words in (("link", "down"), ("fault", "off")):
        result = softhca(*words, "--fabric", fabric.name)
        assert result.returncode == 1, result
        assert 'fabric "%s" is not in use' % fabric.name in result.stderr, result


def test_ps_shows_what_lives(fabric):
    server, client = start_endless_pair(fabric)
    shown = fabric.ps()
    for host, running in ((1, server), (2, client)):
        assert re.search(r"^%d +mlx5 +InfiniBand +0x\w+ +up" % host, shown, re.MULTILINE), shown
        assert re.search(r"^%d +%d +ibv_rc_pingpong" % (running.process.pid, host), shown,
                         re.MULTILINE), shown
        assert re.search(r"^%d +0x\w+ +RC +RTS +%d/0x" % (host, 3 - host), shown,
                         re.MULTILINE), shown
    assert fabric.name in softhca("list").stdout.split()
    for running in (server, client):
        running.process.kill()
        running.process.wait()
    assert "is empty" in fabric.ps()


def test_faults_of_running_programs_change(fabric):
    server, client = start_endless_pair(fabric)
    order = softhca("fault", "--fabric", fabric.name, "--host", "2", "drop=2%")
    assert order.returncode == 0, order
    assert "drop=2%" in fabric.ps()
    before = fabric.received()
    wait_for(lambda: fabric.received() > before + 1000, "traffic goes on", alive=client.process)
    assert softhca("fault", "--fabric", fabric.name, "off").returncode == 0
    assert "drop=2%" not in fabric.ps()
    missing = softhca("fault", "--fabric", fabric.name, "--host", "9", "off")
    assert missing.returncode == 1 and "9" in missing.stderr


def test_traffic_ends_when_the_link_stays_down(fabric):
    server, client = start_endless_pair(fabric)
    assert softhca("link", "down", "--fabric", fabric.name, "--host", "2").returncode == 0
    for running in (server, client):
        result = running.finish(60)
        assert result.status not in (0, None) and "killed" not in str(result.status), repr(result)
    assert "is empty" in fabric.ps()


def wait_for_loss(fabric, process):
    """Until a message is lost: look after look sees it under way and nothing arrive."""
    looks = []

    def lost():
        looks.append(re.findall(r" RC .* (\d+) +\d+ +\d+ +(\d+) +\d+$", fabric.ps(),
                                re.MULTILINE))
        return any(int(outstanding) for outstanding, received in looks[-1]) and \
            looks[-5:] == looks[-1:] * 5

    wait_for(lost, "a message is lost", alive=process)


def test_traffic_survives_a_short_loss_of_the_link(fabric):
    server, client = start_endless_pair(fabric)
    assert softhca("link", "down", "--fabric", fabric.name).returncode == 0
    wait_for_loss(fabric, client.process)
    before = fabric.received()
    assert softhca("link", "up", "--fabric", fabric.name).returncode == 0
    wait_for(lambda: fabric.received() > before + 1000, "traffic goes on", alive=client.process)
