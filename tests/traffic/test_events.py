# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What happens to an adapter reaches the programs on it as asynchronous events, through the
libraries and tools of ours and of Debian."""

import re

import pytest

from harness import OWN, STOCK, wait_for

pytestmark = pytest.mark.needs("softhca")

# The stock tool leaves its output in a buffer.
WATCHERS = (pytest.param("%s/ibv_asyncwatch" % OWN, id="own"),
            pytest.param("stdbuf -oL %s/ibv_asyncwatch" % STOCK, id="stock",
                         marks=pytest.mark.stock))


def start_watcher(fabric, command, options=""):
    watcher = fabric.start(command, options)
    wait_for(lambda: "event FD" in watcher.output(), "events are watched", alive=watcher.process)
    return watcher


def events(watcher):
    """Names of the events so far, in order."""
    return [line.split()[1] for line in watcher.output().splitlines() if "event_type" in line]


def wait_for_events(watcher, *names):
    wait_for(lambda: len(events(watcher)) >= len(names), "%d events come" % len(names),
             alive=watcher.process)
    assert events(watcher) == list(names)


@pytest.mark.parametrize("port_type", ("ib", "eth"))
@pytest.mark.parametrize("command", WATCHERS)
def test_link_going_down_and_up_is_told(fabric, command, port_type):
    watcher = start_watcher(fabric, command, "--port-type " + port_type)
    fabric.order("link", "down")
    wait_for_events(watcher, "IBV_EVENT_PORT_ERR")
    fabric.order("link", "up")
    wait_for_events(watcher, "IBV_EVENT_PORT_ERR", "IBV_EVENT_PORT_ACTIVE")
    assert watcher.output().count("port 1") == 2


def test_port_state_follows_the_link(fabric):
    watcher = start_watcher(fabric, "%s/ibv_asyncwatch" % OWN)  # keeps the adapter alive
    for word, event, state in (("down", "IBV_EVENT_PORT_ERR", "PORT_DOWN"),
                               ("up", "IBV_EVENT_PORT_ACTIVE", "PORT_ACTIVE")):
        fabric.order("link", word)
        wait_for(lambda: event in events(watcher), event, alive=watcher.process)
        assert state in fabric.run("%s/ibv_devinfo" % OWN).ok().output


def test_link_of_another_host_is_no_event(fabric):
    here = start_watcher(fabric, "%s/ibv_asyncwatch" % OWN, "--host 1")
    there = start_watcher(fabric, "%s/ibv_asyncwatch" % OWN, "--host 2")
    fabric.order("link", "down", "--host", "2")
    wait_for_events(there, "IBV_EVENT_PORT_ERR")
    fabric.order("link", "down", "--host", "1")
    wait_for_events(here, "IBV_EVENT_PORT_ERR")


@pytest.mark.parametrize("command", WATCHERS)
def test_death_of_the_adapter_is_told(fabric, command):
    watcher = start_watcher(fabric, command)
    fabric.order("fault", "kill")
    wait_for_events(watcher, "IBV_EVENT_DEVICE_FATAL")


def test_death_of_the_adapter_ends_traffic(fabric):
    """The stock ping-pong has no limit to its patience when nothing of its own is under way."""
    command = "%s/ibv_rc_pingpong -n 100000000" % OWN
    server, client = fabric.start_pair(command, command, "--host 1", "--host 2")
    wait_for(lambda: fabric.received() > 1000, "traffic runs", alive=client.process)
    fabric.order("fault", "kill", "--host", "1")
    for running in (server, client):
        result = running.finish(60)
        assert isinstance(result.status, int) and result.status > 0, repr(result)
        assert re.search("retry|no completion", result.output), repr(result)
    assert "is empty" in fabric.ps()
