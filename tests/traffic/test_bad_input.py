# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a user can get wrong is answered with an error that names it, and with no leak (the same
tests run under ASan)."""

import shlex

import pytest

from harness import OWN, Running


@pytest.mark.parametrize("command, says", (
    ("ibv_devinfo -d nosuch0", "no RDMA device 'nosuch0'"),
    ("ibv_devinfo -i 7", "no port 7"),
    ("ibv_asyncwatch -d nosuch0", "no RDMA device 'nosuch0'"),
    ("ibv_rc_pingpong -d nosuch0", "no RDMA device 'nosuch0'"),
    ("ibv_rc_pingpong -i 9", "no port 9"),
    ("ibv_rc_pingpong -g 200 127.0.0.1", "GID 200"),
    ("ibv_rc_pingpong -m 1000", "--mtu 1000:"),
    ("ibv_rc_pingpong -r 100000000", "not '100000000'"),
    ("ibv_ud_pingpong -s 100000", "--size 100000:"),
    ("ibv_srq_pingpong -q 100000", "not '100000'"),
    ("ibv_rc_pingpong -p 70000", "not '70000'"),
    ("ibv_rc_pingpong --nosuch", "no option --nosuch"),
))
def test_wrong_option_is_named(fabric, command, says):
    result = fabric.run("%s/%s %s" % (OWN, command, fabric.address(command)), seconds=20)
    assert isinstance(result.status, int) and result.status > 0, repr(result)
    assert says in result.output, repr(result)


@pytest.mark.needs("softhca")
@pytest.mark.parametrize("options, says", (
    ("--fault drop=200%", "fault drop=200%:"),
    ("--fault nonsense=1", 'fault "nonsense"'),
    ("--host 0", 'host "0"'),
    ("--host 3001", 'host "3001"'),
    ("--host many", 'host "many"'),
    ("--port-type token-ring", 'port type "token-ring"'),
    ("--device nosuch", 'device "nosuch"'),
    ("--capture /nonexistent/folder/file", "cannot capture to /nonexistent/folder/file"),
))
def test_wrong_option_of_softhca_is_named(fabric, options, says):
    result = fabric.run("true", options, seconds=20)
    assert isinstance(result.status, int) and result.status > 0, repr(result)
    assert says in result.output, repr(result)


@pytest.mark.needs("softhca")
def test_command_that_is_not_there(fabric):
    result = fabric.run("nosuchprogram", seconds=20)
    assert result.status == 127 and "nosuchprogram" in result.output, repr(result)


def test_exit_status_is_the_commands(fabric):
    assert fabric.run(["sh", "-c", "exit 7"]).status == 7


def test_locked_memory_limit_is_respected(fabric):
    """As an ordinary user, since the limit does not bind root."""
    command = "%s/ibv_rc_pingpong -s 1000000" % OWN
    command = fabric.command_line("%s %s" % (command, fabric.address(command)))
    unprivileged = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                    *map(str, command)]
    result = Running(["sh", "-c", "ulimit -l 64; exec " + shlex.join(unprivileged)],
                     fabric.environment).finish(60)
    assert isinstance(result.status, int) and result.status > 0, repr(result)
    assert "memory" in result.output.lower() or "MR" in result.output, repr(result)
