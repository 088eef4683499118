# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Our tools and libraries under valgrind's memcheck: nothing unset is used, nothing is touched that
is not there or not any more, and nothing is lost. Of two ends both are watched."""

import re

import pytest

from harness import BUILD, OWN

pytestmark = [pytest.mark.needs("softhca"), pytest.mark.skipif(
    "libasan" in open(OWN / "ibv_devinfo", "rb").read().decode("latin-1"),
    reason="ASan watches for the same, and not both can")]

MEMCHECK = ("valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect"
            " --errors-for-leak-kinds=definite,indirect ")
LIBRARIES = {"LD_LIBRARY_PATH": str(BUILD / "lib")}


def check(result):
    """Also what memcheck says without it being an error ends here."""
    assert result.status == 0 and not re.search(r"^==\d+==", result.output, re.MULTILINE), \
        repr(result)


@pytest.mark.parametrize("tool, port_type", (("ibv_devices", "ib"), ("ibv_devinfo -l", "ib"),
                                             ("ibv_devinfo -v", "ib"), ("ibv_devinfo -v", "eth")))
def test_tool(fabric, tool, port_type):
    check(fabric.run("%s%s/%s" % (MEMCHECK, OWN, tool), "--port-type " + port_type,
                     environment=LIBRARIES))


@pytest.mark.parametrize("options", ("-n 50", "-n 20 -e"))
@pytest.mark.parametrize("tool", ("rc", "uc", "ud", "srq", "xsrq"))
def test_ping_pong(fabric, tool, options):
    command = "%s%s/ibv_%s_pingpong %s" % (MEMCHECK, OWN, tool, options)
    for result in fabric.pair(command, command, environment=LIBRARIES):
        check(result)
