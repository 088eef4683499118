# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs programs that nobody of us wrote over our libraries, a server and its client."""

import re

from harness import BUILD, free_port, listeners, wait_for

OURS = {"LD_LIBRARY_PATH": str(BUILD / "lib")}
# Words by which these programs tell that something went wrong, though they may end with 0.
COMPLAINTS = re.compile(r"(?i)\b(error|fail(ed|ure)?|cannot|couldn't|unable|mismatch|abort(ed)?)\b")
# Where the connection manager finds host 1, which TCP knows nothing of.
FIRST_HOST = "10.77.0.1"


def _finish(first, second, seconds, words=COMPLAINTS):
    result = second.finish(seconds)
    served = first.finish(seconds if result.status == 0 else 5)
    assert result.status == 0 and served.status == 0, "client: %r\nserver: %r" % (result, served)
    assert not words.search(result.output), repr(result)
    return served, result


def pair(fabric, server, client, options="", environment=None, seconds=60):
    """Results of both, with {port} in their command lines replaced by one that is free. Both have to
    end well and complain of nothing."""
    environment = {**OURS, **(environment or {})}
    port = free_port()
    first = fabric.start(server.format(port=port), options, environment)
    wait_for(lambda: port in listeners(), "%s listens on %d" % (server, port), alive=first.process)
    second = fabric.start(client.format(port=port), options, environment)
    served, result = _finish(first, second, seconds)
    assert not COMPLAINTS.search(served.output), repr(served)
    return served, result


def connect(fabric, server, client, options="", seconds=60, words=COMPLAINTS):
    """The same for programs that listen by the connection manager, server and client on a host each.
    What the device is told stands among the server's words, so these are not looked at."""
    first = fabric.start(server, options + " --trace", OURS)
    wait_for(lambda: "rdma_ucm_listen: ok" in first.output(), "%s listens" % server,
             alive=first.process)
    second = fabric.start(client, options + " --host 2", OURS)
    return _finish(first, second, seconds, words)


def runs_over_ours(fabric, program, *libraries):
    """The program loads these libraries from our build, and finds every symbol."""
    listed = fabric.run("ldd -r %s" % program, environment=OURS).ok().output
    assert "undefined symbol" not in listed and "not found" not in listed, listed
    for library in libraries:
        assert "%s => %s/lib/%s" % (library, BUILD, library) in listed, listed
