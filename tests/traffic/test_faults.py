# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Losing, doubling, delaying and corrupting packets costs time and nothing else; a peer that dies
is noticed and leaves nothing behind."""

import re
import signal
import subprocess

import pytest

from harness import OWN, wait_for

FAULTS = "drop=1%,dup=0.5%,reorder=1%"


def pingpong(transport, options):
    return "%s/ibv_%s_pingpong -c %s" % (OWN, transport, options)


def done_to(output):
    """The faults summary: how many packets were dropped, duplicated, ..."""
    line = next(line for line in output.splitlines() if " dropped," in line)
    return {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", line)}


@pytest.mark.needs("faults")
@pytest.mark.parametrize("faults", ("drop=5%", "dup=5%", "reorder=5%", "corrupt=5%",
                                    "delay=200us:5%", FAULTS))
@pytest.mark.parametrize("transport", ("rc", "srq"))
def test_reliable_traffic_survives(fabric, transport, faults):
    command = pingpong(transport, "-n 1000" if transport == "rc" else "-n 100 -q 4")
    server, client = fabric.pair(command, command, "--fault " + faults, seconds=100)
    word = {"drop": "dropped", "dup": "duplicated", "reorder": "reordered",
            "corrupt": "corrupted", "delay": "delayed"}[faults.split("=")[0]]
    assert done_to(server.output)[word] + done_to(client.output)[word] > 0


@pytest.mark.needs("faults")
@pytest.mark.parametrize("size", (1, 5000, 100000))
def test_segmented_messages_survive(fabric, size):
    command = pingpong("rc", "-n 300 -s %d" % size)
    fabric.pair(command, command, "--fault " + FAULTS, seconds=100)


@pytest.mark.needs("faults")
@pytest.mark.long
def test_two_hundred_thousand_messages(fabric):
    command = pingpong("rc", "-n 200000")
    server, client = fabric.pair(command, command, "--fault " + FAULTS, seconds=400)
    done = done_to(client.output)
    assert done["dropped"] > 100 and done["duplicated"] > 50 and done["reordered"] > 100


def start_endless_pair(fabric, waiting):
    command = pingpong("rc", "-n 100000000 " + waiting)
    server, client = fabric.start_pair(command, command)
    # A server that has not sent anything yet would not miss its peer.
    wait_for(lambda: fabric.received() > 1000, "traffic runs", alive=client.process)
    return server, client


@pytest.mark.needs("haste")
@pytest.mark.parametrize("waiting", ("", "-e"), ids=("poll", "events"))
@pytest.mark.parametrize("victim", ("server", "client"))
def test_killed_peer_is_noticed(fabric, victim, waiting):
    server, client = start_endless_pair(fabric, waiting)
    dying, staying = (server, client) if victim == "server" else (client, server)
    # `softhca run` becomes the command, so this is the ping-pong itself.
    dying.process.send_signal(signal.SIGKILL)
    result = staying.finish(60)
    assert result.status not in (0, None) and "killed" not in str(result.status), repr(result)
    # A peer that dies between its acknowledgement and its next message leaves nothing outstanding
    # that could be given up; the tool then notices that nothing comes. What becomes of requests
    # that are under way for certain: verbs/death.c.
    assert re.search("retry|no completion", result.output.lower()), repr(result)
    left = fabric.ps()
    assert "RTS" not in left and "pingpong" not in left, left


def scheduled_state(process):
    """The kernel's letter for it: R running, S sleeping, T stopped."""
    with open("/proc/%d/stat" % process.pid) as file:
        return file.read().rsplit(")", 1)[1].split()[0]


@pytest.mark.parametrize("waiting", ("", "-e"), ids=("poll", "events"))
@pytest.mark.parametrize("victim", ("server", "client"))
def test_stopped_peer_is_waited_for(fabric, victim, waiting):
    """An adapter answers while the processor is in a debugger, so a stopped process is no dead one:
    the other one still waits when all its retries, of 67 ms each, would be over."""
    server, client = start_endless_pair(fabric, waiting)
    stopping, staying = (server, client) if victim == "server" else (client, server)
    stopping.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: scheduled_state(stopping.process) == "T", "stopped")
    with pytest.raises(subprocess.TimeoutExpired):
        staying.process.wait(1.5)
    stopping.process.send_signal(signal.SIGCONT)
    before = fabric.received()
    wait_for(lambda: fabric.received() > before + 1000, "traffic goes on", alive=staying.process)
    assert stopping.process.poll() is None
