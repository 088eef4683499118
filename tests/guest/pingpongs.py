# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The ping-pongs as steps of a guest: every transport, waiting style and library, within the guest."""

import itertools
import re

TRANSPORTS = ("rc", "uc", "ud", "srq")
WAITING = ("", "-e")
LIBRARIES = ("own", "stock")
ALL = tuple(itertools.product(LIBRARIES, TRANSPORTS, WAITING))

# The library is that of the tools. The size is said because releases differ in their defaults.
PAIR = """
port=%(port)d
command="$%(library)s/ibv_%(transport)s_pingpong -p $port -s 1024 -n %(count)d %(options)s"
$command >server-$port 2>&1 &
once 20 grep -q :$(printf %%04X $port).*' 0A ' /proc/net/tcp /proc/net/tcp6 || exit 1
$command 127.0.0.1
client=$?
wait $! && [ $client = 0 ] || { cat server-$port; exit 1; }
"""


def name(library, transport, waiting):
    return "pingpong-%s-%s%s" % (library, transport, waiting)


def add(steps, options="", count=100):
    steps.add("folder", "mkdir -p /tmp/pingpongs")
    for port, (library, transport, waiting) in enumerate(ALL, 18600):
        steps.add(name(library, transport, waiting), "cd /tmp/pingpongs" + PAIR % {
            "port": port, "library": library, "transport": transport, "count": count,
            "options": "%s %s" % (options, waiting)})


def microseconds(result):
    """What an iteration took."""
    return float(re.search(r"([\d.]+) usec/iter", result.output).group(1))
